package web

import (
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"nianbao/internal/account"
	"nianbao/internal/web"
)

// ActivatePage is where a one-time link leads: setting the password, for the
// first time or anew.
type ActivatePage struct {
	web.Page
	Summary  web.Summary
	Heading  string
	Name     string
	Email    string
	Action   string
	Password web.TextField
	Repeat   web.TextField
}

// AcceptPage is where an invitation leads who has an account already.
type AcceptPage struct {
	web.Page
	Name   string
	Email  string
	Body   string
	Action string
}

// LinkOverPage says that a link no longer holds.
type LinkOverPage struct{ web.Page }

func (p *Pages) activateForm(c echo.Context) error {
	invited, err := p.lookUp(c)
	if errors.Is(err, account.ErrLinkOver) {
		return p.linkOver(c)
	}
	if err != nil {
		return err
	}
	if invited.AcceptOnly {
		return p.app.Render(c, http.StatusOK, "account/accept", AcceptPage{Page: p.app.NewFormPage(c, "接受邀请"),
			Name: invited.Name, Email: invited.Email, Body: invited.Body, Action: c.Request().URL.EscapedPath()})
	}
	return p.app.Render(c, http.StatusOK, "account/activate", p.activatePage(c, invited, &web.Form{}))
}

// lookUp bounds guessing by network address, though 256 bits hardly need it.
func (p *Pages) lookUp(c echo.Context) (account.Invited, error) {
	if !p.byIP.Allow(c.RealIP()) {
		return account.Invited{}, web.ErrRateLimited
	}
	return account.LookUpLink(c.Request().Context(), p.db, c.Param("link"))
}

func (p *Pages) activatePage(c echo.Context, who account.Invited, form *web.Form) ActivatePage {
	heading := "设定密码"
	if who.Purpose == account.PurposeReset {
		heading = "设定新密码"
	}
	page := ActivatePage{
		Page:     p.app.NewFormPage(c, heading),
		Heading:  heading,
		Name:     who.Name,
		Email:    who.Email,
		Action:   c.Request().URL.EscapedPath(),
		Password: form.Field(passwordName, "新密码"),
		Repeat:   form.Field(repeatName, "再输一次"),
	}
	asPassword(&page.Password, newPassword)
	page.Password.Hint = "至少 10 个字符。"
	asPassword(&page.Repeat, newPassword)
	if !form.OK() {
		page.Refused = true
		page.Summary = form.Summary("密码没有设定")
	}
	return page
}

func (p *Pages) activate(c echo.Context) error {
	form, err := web.ReadForm(c)
	if err != nil {
		return err
	}
	invited, err := p.lookUp(c)
	if errors.Is(err, account.ErrLinkOver) {
		return p.linkOver(c)
	}
	if err != nil {
		return err
	}
	if invited.AcceptOnly {
		return p.accept(c)
	}
	if refusePassword(form, invited.Email); !form.OK() {
		return p.app.Render(c, form.Status(), "account/activate", p.activatePage(c, invited, form))
	}
	ctx := c.Request().Context()
	password := form.Get(passwordName)
	if _, err := account.Activate(ctx, p.db, c.Param("link"), password); errors.Is(err, account.ErrLinkOver) {
		return p.linkOver(c)
	} else if err != nil {
		return err
	}
	signedIn, err := account.SignIn(ctx, p.db, invited.Email, password)
	if err != nil {
		return err
	}
	return p.enter(c, signedIn, "")
}

// accept takes the yes to an invitation; the person signs in as ever.
func (p *Pages) accept(c echo.Context) error {
	if _, err := account.Accept(c.Request().Context(), p.db, c.Param("link")); errors.Is(err, account.ErrLinkOver) {
		return p.linkOver(c)
	} else if err != nil {
		return err
	}
	if web.Principal(c).IsZero() {
		return web.SeeOther(c, signInPath+"?accepted=1")
	}
	return web.SeeOther(c, choosePath)
}

func (p *Pages) linkOver(c echo.Context) error {
	page := LinkOverPage{Page: p.app.NewPage(c, "链接不能再用")}
	return p.app.Render(c, http.StatusGone, "account/link-over", page)
}
