package web

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"nianbao/filing"
	"nianbao/internal/web"
	"nianbao/internal/workday"
)

// WithdrawPage asks whether a report is to be taken back, and says what follows.
type WithdrawPage struct {
	web.Page
	Eyebrow string
	Heading string
	Effects []string
	Reason  web.TextField
	Action  string
	Back    string
}

func (p *Pages) withdrawForm(c echo.Context) error {
	y, err := p.readYear(c)
	if err != nil {
		return err
	}
	correction := y.obligation.CorrectionID.Valid
	if y.obligation.Status != filing.StatusSubmitted && !correction {
		return web.SeeOther(c, y.path(""))
	}
	page := WithdrawPage{Eyebrow: y.title(), Heading: "撤回已报送的报告", Action: y.path("/withdraw"), Back: y.path(""),
		Effects: withdrawEffects(y, p.day())}
	if correction {
		page.Heading, page.Effects = "撤回提出的更正", withdrawCorrectionEffects()
	}
	page.Reason = (&web.Form{}).Field("reason", "撤回的原因（选填）")
	if page.Page, err = p.page(c, "撤回报告", y.crumbs()...); err != nil {
		return err
	}
	return p.app.Render(c, http.StatusOK, "filer/withdraw", page)
}

// withdrawEffects says what a withdrawal means; the day by which the report is
// owed again is what the domain would make of it.
func withdrawEffects(y *year, today workday.Date) []string {
	owed := filing.OverdueAfter(filing.StatusOpen, y.obligation.DueOn, y.obligation.ResubmitBy)
	effects := []string{"报告回到草稿，可以修改后再报送。", "这次的回执作废，再报送会有新的回执号和新的审查期限。"}
	if filing.Overdue(owed, today) {
		return append(effects, "报送期限（"+web.DateFull(owed)+"）已过。撤回后在再次报送之前，算作逾期。")
	}
	return append(effects, "请在 "+web.DateFull(owed)+"24:00 前再次报送，当天算在内。")
}

func (p *Pages) withdraw(c echo.Context) error {
	y, err := p.readYear(c)
	if err != nil {
		return err
	}
	sent, err := web.ReadForm(c)
	if err != nil {
		return err
	}
	_, err = p.filing.Withdraw(requestContext(c), filing.Withdraw{OrganisationID: y.org.ID, Year: y.obligation.ReportYear,
		Reason: strings.TrimSpace(sent.Get("reason")), Actor: web.Principal(c).Actor()})
	if refused, ok := refusal(err); ok {
		p.app.AddFlash(c, web.Flash{Text: refused.Detail(), Warning: true})
		return web.SeeOther(c, y.path(""))
	}
	if err != nil {
		return err
	}
	text := "已撤回。报告回到草稿，修改后请重新报送。"
	if y.obligation.CorrectionID.Valid {
		text = "已撤回更正。可以继续更正，也可以放弃。"
	}
	p.app.AddFlash(c, web.Flash{Text: text})
	return web.SeeOther(c, y.path(""))
}
