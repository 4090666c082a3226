package web

import (
	"github.com/labstack/echo/v4"

	"nianbao/internal/web"
	"nianbao/review"
)

// ActPage is one final act on a page of its own: what happens, to whom, from when, how it can be undone, then a plain
// button with the verb.
type ActPage struct {
	web.Page
	Summary      web.Summary
	Heading      string
	Facts        []web.Fact
	Quotes       []Quote // words of the organisation that the act answers
	Consequences []string
	Undo         string
	Action       string
	Choices      []DecisionChoice
	ChoiceName   string
	ChoiceLegend string
	ChoiceError  string
	Selects      []SelectField
	Fields       []web.TextField
	Areas        []web.TextField
	Button       string
	Grave        bool
	CancelHref   string
}

// SelectField is a labelled select.
type SelectField struct {
	ID, Name, Label, Error string
	Options                []Choice
}

// Quote is what somebody wrote, with who and when.
type Quote struct {
	By   string
	Text []string
}

func (p *Pages) renderAct(c echo.Context, page ActPage, form *web.Form) error {
	if !form.OK() {
		page.Refused, page.Summary = true, form.Summary("没有办成")
	}
	return p.App.Render(c, form.Status(), "desk/act", page)
}

func (p *Pages) reopenForm(c echo.Context) error { return p.showReopen(c, &web.Form{}) }

func (p *Pages) showReopen(c echo.Context, form *web.Form) error {
	kase, err := p.read(c)
	if err != nil {
		return err
	}
	if kase.State != review.Decided || kase.Outcome != review.Unqualified {
		return review.ErrNotUnqualified
	}
	if kase.Correction != nil {
		return review.ErrCorrectionFinal
	}
	page := ActPage{
		Page: p.App.NewPage(c, "重新审查"), Heading: "重新审查：" + kase.OrganisationName,
		Facts: []web.Fact{
			{Label: "报告", Value: kase.OrganisationName}, {Label: "信用代码", Value: kase.OrganisationUSCC, Code: true},
			{Label: "回执", Value: kase.ReceiptNo}, {Label: "现在的结论", Tag: web.Tag{Text: kase.Outcome.Label(), Tone: web.ToneError}},
			{Label: "作出", Value: kase.DecidedName + "，" + moment(kase.DecidedAt.Time)},
		},
		Consequences: []string{"不合格的结论不再有效，报告回到待审。", "从今天起另算审查期限；社会组织会得到通知。", "理由记入办理经过。"},
		Undo:         "不能撤销；须重新作出决定。",
		Action:       casePath(kase.SubmissionID) + "/reopening", Areas: []web.TextField{form.Field("reason", "重新审查的理由")},
		Button: "重新审查", CancelHref: casePath(kase.SubmissionID),
	}
	page.Crumbs = caseCrumbs(&kase, "重新审查")
	return p.renderAct(c, page, form)
}

func (p *Pages) reopen(c echo.Context) error {
	id, form, err := p.posted(c)
	if err != nil {
		return err
	}
	r, err := p.Reviews.Reopen(c.Request().Context(), review.Reopening{SubmissionID: id, Reason: text(form, "reason"), Actor: actor(c)})
	if refusal, ok := refused(err); ok {
		form.Refuse("reason", refusal.Detail())
		return p.showReopen(c, form)
	}
	if err != nil {
		return p.conflict(c, id, err, text(form, "reason"))
	}
	p.App.AddFlash(c, web.Flash{Text: "已回到待审，审查期限到" + web.DateFull(r.DueOn) + "。"})
	return web.SeeOther(c, casePath(id))
}

// home is where a role begins.
func (p *Pages) home(c echo.Context) error {
	switch {
	case isRole(c, roleReviewer):
		return web.SeeOther(c, "/desk/reviews")
	case isRole(c, roleApprover):
		return web.SeeOther(c, viewHref(viewProposed))
	case isRole(c, roleAdmin):
		return p.adminHome(c)
	}
	return web.SeeOther(c, sponsorPath)
}
