package web

import (
	"context"
	"fmt"
	"net/http"

	"github.com/labstack/echo/v4"

	"nianbao/internal/web"
	"nianbao/internal/workday"
	"nianbao/review/listing"
)

// matterPath is the page of a matter.
func matterPath(m *listing.Matter) string { return "/desk/listings/" + m.ID.String() }

// actOn begins the page of one act on a matter.
func (p *Pages) actOn(c echo.Context, m *listing.Matter, title string) ActPage {
	page := ActPage{
		Page: p.App.NewPage(c, title), Heading: title + "：" + m.OrganisationName, Quotes: quotes(m), CancelHref: matterPath(m),
		Facts: append([]web.Fact{
			{Label: "社会组织", Value: m.OrganisationName}, {Label: "信用代码", Value: m.OrganisationUSCC, Code: true},
			{Label: "年度", Value: fmt.Sprintf("%d 年度", m.ReportYear)}, {Label: "状态", Tag: listingTag(m.Status)},
		}, matterFacts(m)...),
	}
	page.Crumbs = []web.Crumb{{Text: "名录", Href: "/desk/listings"}, {Text: m.OrganisationName, Href: matterPath(m)}, {Text: title}}
	return page
}

// finish leads back to the matter, shows a refused input at its field, or tells of a conflict.
func (p *Pages) finish(c echo.Context, m *listing.Matter, form *web.Form, outcome outcome) error {
	if refusal, ok := refused(outcome.err); ok {
		field := outcome.fields[refusal.Code()]
		if field == "" {
			field = "reason"
		}
		form.Refuse(field, refusal.Detail())
		return outcome.again(c, m, form)
	}
	if outcome.err != nil {
		return p.conflictAt(c, web.Link{Href: matterPath(m), Text: "看这件现在的状态"}, web.Link{Href: "/desk/listings", Text: "回到名录"},
			outcome.err, text(form, "reason"))
	}
	p.App.AddFlash(c, web.Flash{Text: outcome.said})
	return web.SeeOther(c, matterPath(m))
}

// outcome is what an act came to. Fields says at which field a refusal's code belongs, else at the reason.
type outcome struct {
	err    error
	said   string
	fields map[string]string
	again  func(echo.Context, *listing.Matter, *web.Form) error
}

// act reads the matter and the form of a POST, acts, and finishes.
func (p *Pages) act(c echo.Context, do func(ctx context.Context, m *listing.Matter, form *web.Form) outcome) error {
	m, err := p.readMatter(c)
	if err != nil {
		return err
	}
	form, err := web.ReadForm(c)
	if err != nil {
		return err
	}
	return p.finish(c, &m, form, do(c.Request().Context(), &m, form))
}

// show reads the matter and shows the form of an act for the first time.
func (p *Pages) show(c echo.Context, form func(echo.Context, *listing.Matter, *web.Form) error) error {
	m, err := p.readMatter(c)
	if err != nil {
		return err
	}
	return form(c, &m, &web.Form{})
}

func (p *Pages) serviceForm(c echo.Context) error { return p.show(c, p.showService) }

func (p *Pages) showService(c echo.Context, m *listing.Matter, form *web.Form) error {
	page := p.actOn(c, m, "登记送达")
	page.Action, page.Button = matterPath(m)+"/service", "登记送达"
	page.Consequences = []string{"送达记录不能修改或者删除，请核对日期。"}
	if m.Status == listing.Notified {
		page.Consequences = append(page.Consequences, "陈述申辩的期限从送达次日起算；期满没有陈述申辩、也没有补报的，系统自动列入。")
	}
	page.Undo = "不能撤销。"
	how := SelectField{ID: "f-how", Name: "how", Label: "送达方式", Error: form.ErrorOf("how")}
	for _, h := range listing.Hows() {
		if h == listing.ByInbox && !m.ElectronicService {
			continue
		}
		how.Options = append(how.Options, Choice{Value: string(h), Label: h.Label(), Selected: form.Get("how") == string(h)})
	}
	page.Selects = []SelectField{how}
	day := form.Field("served_on", "送达日期")
	day.Type = "date"
	if form.Values == nil {
		day.Value = p.App.Today().String()
	}
	proof := form.Field("proof", "送达证明")
	proof.Hint = "如邮件编号、签收人、公告网址。以电子邮件送达的必填。"
	page.Fields = []web.TextField{day, proof}
	return p.renderAct(c, page, form)
}

func (p *Pages) recordService(c echo.Context) error {
	return p.act(c, func(ctx context.Context, m *listing.Matter, form *web.Form) outcome {
		o := outcome{said: "已登记送达。", again: p.showService, fields: map[string]string{
			"bad_service": "how", "no_electronic_service": "how", "proof_missing": "proof", "bad_text": "proof", "text_too_long": "proof", "bad_date": "served_on",
		}}
		day, err := workday.ParseDate(form.Get("served_on"))
		if err != nil {
			o.err = web.NewError(http.StatusUnprocessableEntity, "bad_date", "请填写送达日期，如 2019-04-02")
			return o
		}
		_, o.err = p.Listings.RecordService(ctx, listing.Served{
			ListingID: m.ID, AuthorityCode: authority(c), How: listing.How(form.Get("how")), ServedOn: day, Proof: text(form, "proof"), Actor: actor(c).Actor,
		})
		if refusal, ok := refused(o.err); ok && o.fields[refusal.Code()] == "" {
			o.fields[refusal.Code()] = "served_on"
		}
		return o
	})
}

func (p *Pages) listingDecisionForm(c echo.Context) error { return p.show(c, p.showListingDecision) }

func (p *Pages) showListingDecision(c echo.Context, m *listing.Matter, form *web.Form) error {
	page := p.actOn(c, m, "决定列入或者终止")
	page.Action, page.Button = matterPath(m)+"/decision", "作出决定"
	page.ChoiceName, page.ChoiceLegend, page.ChoiceError = "outcome", "决定", form.ErrorOf("outcome")
	page.Choices = []DecisionChoice{
		{Value: listing.OutcomeWithdraw, Label: "终止，不予列入", Text: "发不予列入告知书。这一年度不再因同一事由列入。", On: form.Get("outcome") == listing.OutcomeWithdraw},
		{Value: listing.OutcomeList, Label: "列入活动异常名录", Text: "发列入决定书，当日公布。写明行政复议、行政诉讼的途径。", On: form.Get("outcome") == listing.OutcomeList, Grave: true},
	}
	page.Areas = []web.TextField{form.Field("reason", "理由，写入文书")}
	page.Consequences = []string{"文书编号、签章，发给社会组织。", "列入的，从当天起在公示页公布。"}
	page.Undo = "列入有错的可以撤销，视为从未列入；补报并核实后可以移出。终止后不能恢复。"
	return p.renderAct(c, page, form)
}

func (p *Pages) decideListing(c echo.Context) error {
	return p.decideOn(c, p.Listings.DecideListing, p.showListingDecision, map[string]string{
		listing.OutcomeList: "已决定：列入活动异常名录。", listing.OutcomeWithdraw: "已决定：终止，不予列入。",
	})
}

// decideOn makes the decision of the form by the use case. said tells of it by its outcome, "" for a form without any.
func (p *Pages) decideOn(c echo.Context, decide func(context.Context, listing.Decision) (listing.Listing, error),
	again func(echo.Context, *listing.Matter, *web.Form) error, said map[string]string) error {
	return p.act(c, func(ctx context.Context, m *listing.Matter, form *web.Form) outcome {
		made := listing.Decision{ListingID: m.ID, AuthorityCode: authority(c), Outcome: form.Get("outcome"), Reason: text(form, "reason"), Actor: actor(c).Actor}
		_, err := decide(ctx, made)
		return outcome{err: err, said: said[made.Outcome], again: again, fields: map[string]string{"outcome_not_allowed": "outcome"}}
	})
}

func (p *Pages) removalForm(c echo.Context) error { return p.show(c, p.showRemoval) }

func (p *Pages) showRemoval(c echo.Context, m *listing.Matter, form *web.Form) error {
	page := p.actOn(c, m, "决定移出")
	page.Action, page.Button = matterPath(m)+"/removal", "作出决定"
	page.ChoiceName, page.ChoiceLegend, page.ChoiceError = "outcome", "决定", form.ErrorOf("outcome")
	page.Choices = []DecisionChoice{
		{Value: listing.OutcomeRemove, Label: "移出", Text: "发移出决定书，从今天起不在名录上；列入和移出的记录仍然公布。", On: form.Get("outcome") == listing.OutcomeRemove},
		{Value: listing.OutcomeRefuse, Label: "不予移出", Text: "发不予移出决定书，仍在名录上。只能答复移出申请。", On: form.Get("outcome") == listing.OutcomeRefuse, Grave: true},
	}
	page.Areas = []web.TextField{form.Field("reason", "理由，写入文书")}
	page.Consequences = []string{"文书编号、签章，发给社会组织。", "移出的，公示页当天更新。"}
	page.Undo = "移出后不能恢复；再有法定情形的，另行列入。不予移出的，可以再申请。"
	return p.renderAct(c, page, form)
}

func (p *Pages) decideRemoval(c echo.Context) error {
	return p.decideOn(c, p.Listings.DecideRemoval, p.showRemoval, map[string]string{
		listing.OutcomeRemove: "已决定：移出。", listing.OutcomeRefuse: "已决定：不予移出。",
	})
}

func (p *Pages) annulForm(c echo.Context) error { return p.show(c, p.showAnnul) }

func (p *Pages) showAnnul(c echo.Context, m *listing.Matter, form *web.Form) error {
	page := p.actOn(c, m, "撤销列入")
	page.Action, page.Button, page.Grave = matterPath(m)+"/annulment", "撤销列入", true
	page.Areas = []web.TextField{form.Field("reason", "撤销的理由，写入文书")}
	page.Consequences = []string{
		"视为从未列入：公示页不再显示，查以前任何一天的名录也没有。", "列入决定书同时撤销，查验时显示已撤销；发撤销决定书。", "这一年度不再因同一事由列入。",
	}
	page.Undo = "不能撤销。补报后移出的，请用“决定移出”，不要用这里。"
	return p.renderAct(c, page, form)
}

func (p *Pages) annul(c echo.Context) error {
	return p.decideOn(c, p.Listings.Annul, p.showAnnul, map[string]string{"": "已撤销列入。"})
}
