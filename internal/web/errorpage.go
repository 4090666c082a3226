package web

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"nianbao/internal/account"
)

// ErrorPage says, in this order, what happened, whether anything was lost,
// what to do, and a number to quote.
type ErrorPage struct {
	Page
	Heading   string
	What      string
	Lost      string
	Next      []NextStep
	Reference string
}

// NextStep is a thing to do; with Href it is a link.
type NextStep struct{ Text, Href string }

// errorPage answers with a page; should even that fail, with a plain sentence.
func (a *App) errorPage(c echo.Context, p Problem) error {
	if c.Get(keyRoute) == nil { // no route was found, so nobody has asked yet who it is
		if err := a.authenticateSession(c); err != nil {
			a.cfg.Log.WarnContext(c.Request().Context(), "session for an error page", "request_id", p.RequestID, "error", err)
		}
	}
	page := ErrorPage{
		Page:      a.NewPage(c, titles[p.Status].title),
		Heading:   headings[p.Status],
		What:      p.Detail,
		Next:      nextSteps(c, p),
		Reference: p.RequestID,
	}
	if page.Heading == "" {
		page.Heading = p.Title
	}
	if p.Status >= http.StatusInternalServerError {
		page.What = "不是您的操作有误。没有完成的操作不会只做一半，之前保存的都在。"
		if !safeMethod(c.Request().Method) {
			page.Lost = "这次提交的内容没有存下，请返回上一页再提交一次。"
		}
	}
	if err := a.Render(c, p.Status, "error/error", page); err != nil {
		return c.String(p.Status, p.Title+"。"+p.Detail+"请求编号 "+p.RequestID)
	}
	return nil
}

// headings say what happened in a sentence; other statuses use their title.
var headings = map[int]string{
	http.StatusNotFound:            "没有这个页面",
	http.StatusUnauthorized:        "登录已过期",
	http.StatusForbidden:           "不能办理这一项",
	http.StatusInternalServerError: "系统出错，这次操作没有完成",
	http.StatusServiceUnavailable:  "系统正忙，这次操作没有完成",
	http.StatusTooManyRequests:     "请求太频繁，请稍后再试",
}

func nextSteps(c echo.Context, p Problem) []NextStep {
	home := NextStep{Text: "回到首页", Href: HomeOf(Principal(c).Role)}
	switch p.Status {
	case http.StatusUnauthorized:
		return []NextStep{{Text: "重新登录", Href: signInPath}}
	case http.StatusInternalServerError, http.StatusServiceUnavailable:
		return []NextStep{{Text: "过一分钟再试一次"}, {Text: "仍不行，请来电，报下面的请求编号"}, home}
	case http.StatusForbidden, http.StatusTooManyRequests, http.StatusConflict, http.StatusPreconditionFailed:
		return []NextStep{{Text: "返回上一页，刷新后再办"}, home}
	}
	return []NextStep{home}
}

// HomeOf is a role's first page; nobody's is the public one.
func HomeOf(r account.Role) string {
	switch r {
	case account.RoleFiler:
		return "/filer"
	case account.RoleReviewer, account.RoleApprover, account.RoleAdmin, account.RoleSponsor:
		return "/desk"
	}
	return "/"
}
