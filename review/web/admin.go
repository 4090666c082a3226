package web

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"nianbao/filing"
	"nianbao/internal/account"
	"nianbao/internal/document"
	"nianbao/internal/web"
	"nianbao/notify"
)

// The roles, short.
const (
	roleReviewer = account.RoleReviewer
	roleApprover = account.RoleApprover
	roleAdmin    = account.RoleAdmin
)

// AdminPage is the administrator's first page: what waits for somebody, and where things are.
type AdminPage struct {
	web.Page
	Now     string
	Strip   []StripItem
	Seasons []SeasonRow
}

func (p *Pages) adminHome(c echo.Context) error {
	ctx := c.Request().Context()
	counts, err := p.Reviews.Count(ctx, authority(c), actor(c).ID)
	if err != nil {
		return err
	}
	held, err := document.HeldOrders(ctx, p.DB, authority(c), heldLimit)
	if err != nil {
		return err
	}
	waiting, err := notify.Outbox(ctx, p.DB, authority(c), notify.Page{Limit: outboxShown})
	if err != nil {
		return err
	}
	failed := 0
	for i := range waiting {
		if waiting[i].State == "failed" {
			failed++
		}
	}
	seasons, err := filing.Seasons(ctx, p.DB, authority(c))
	if err != nil {
		return err
	}
	page := AdminPage{Page: p.App.NewPage(c, "首页"), Now: p.now(), Strip: []StripItem{
		tallied(counts.Pending, StripItem{Label: "待审", Sub: "等审查员决定", Href: "/desk/reviews?state=pending"}),
		tallied(counts.Overdue, StripItem{Label: "审查超期", Sub: "审查期限已过", Href: viewHref(viewOverdue), Tone: "over"}),
		tallied(counts.Proposed, StripItem{Label: "待复核", Sub: "等复核人确认", Href: viewHref(viewProposed)}),
		{Count: len(held), Label: "文书待处理", Sub: "不能照实打印", Href: "/desk/documents/held", Tone: toneOf(len(held), "over")},
		{Count: len(waiting) - failed, Label: "等待发送", Sub: "发件箱", Href: "/desk/outbox"},
		{Count: failed, Label: "没有送达", Sub: "不再自动重发", Href: "/desk/outbox?state=failed", Tone: toneOf(failed, "over")},
	}}
	for i := range seasons {
		page.Seasons = append(page.Seasons, seasonRow(&seasons[i]))
	}
	return p.App.Render(c, http.StatusOK, "desk/admin", page)
}

// outboxShown is how many mails of the outbox the first page counts; with more it is the outbox itself that tells.
const outboxShown = 1000

func toneOf(n int, tone string) string {
	if n == 0 {
		return ""
	}
	return tone
}
