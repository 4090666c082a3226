package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/labstack/echo/v4"

	"nianbao/internal/web"
	"nianbao/internal/workday"
	"nianbao/review/listing"
)

// MatterPage is one matter of the abnormal-activity list, from the notice on.
type MatterPage struct {
	web.Page
	Heading   string
	Eyebrow   string
	Tag       web.Tag
	Now       string // what is so, and what can be done until when
	Due       Due
	ShowDue   bool
	Acts      []NextStep
	Facts     []web.Fact
	Papers    []PaperLine
	Statement *PleaView
	Removals  []PleaView
}

// PaperLine is a document of the matter; Href is empty while it is made.
type PaperLine struct {
	Title, Meta, Service string
	Href, Verify         string
}

// PleaView is a statement or an application with its answer.
type PleaView struct {
	Title, When string
	Text        []string
	Answer      []string
}

// readMatter finds the matter in the path, if it is the organisation's.
func (p *Pages) readMatter(c echo.Context) (listing.Matter, error) {
	id, err := organisation(c)
	if err != nil {
		return listing.Matter{}, err
	}
	matter, err := parseID(c)
	if err != nil {
		return listing.Matter{}, err
	}
	return p.listing.Matter(requestContext(c), owner(id), matter)
}

func matterTitle(m *listing.Matter) string { return yearTitle(m.ReportYear) + "：" + m.Ground.Label() }

func yearTitle(year int) string { return fmt.Sprintf("%d 年度报告", year) }

func matterPath(m *listing.Matter) string { return listingsPath + "/" + m.ID.String() }

func matterCrumbs(m *listing.Matter) []web.Crumb {
	return []web.Crumb{{Text: "信用状况", Href: listingsPath}, {Text: yearTitle(m.ReportYear), Href: matterPath(m)}}
}

func (p *Pages) matter(c echo.Context) error {
	m, err := p.readMatter(c)
	if err != nil {
		return err
	}
	page := MatterPage{Heading: matterTitle(&m), Eyebrow: "活动异常名录", Tag: matterTag(&m.Listing), Facts: matterFacts(&m),
		Papers: paperLines(m.Documents), Statement: statementView(m.Statement)}
	for _, r := range m.Removals {
		page.Removals = append(page.Removals, removalView(r))
	}
	p.matterNow(&m, &page)
	page.Page, err = p.page(c, page.Heading, web.Crumb{Text: "信用状况", Href: listingsPath})
	if err != nil {
		return err
	}
	return p.app.Render(c, http.StatusOK, "filer/matter", page)
}

// matterNow says what is so and what the organisation can do.
func (p *Pages) matterNow(m *listing.Matter, page *MatterPage) {
	report := NextStep{Heading: "报送年度报告", Href: (&year{obligation: m.Obligation}).path(""), Button: "去报送"}
	switch m.Status {
	case listing.Notified:
		page.Now = "还没有列入。" + answerWords(&m.Listing, p.day())
		if due := m.StatementDueOn; !due.IsZero() && !m.AnswerTimeOver(p.day()) && m.Statement == nil {
			page.ShowDue, page.Due = true, newDue(p.calendar(), p.day(), due, "提出陈述申辩")
		}
		if m.Statement == nil {
			page.Acts = append(page.Acts, NextStep{Heading: "提出陈述申辩", Text: "认为不应当列入的，可以说明事实和理由，只能提一次。",
				Href: matterPath(m) + "/statement", Button: "提出陈述申辩"})
		}
		if m.Obligation.Status.Owed() {
			report.Text = "仍可报送。是否因此不再列入，由登记管理机关按本报送季的规定办理。"
			page.Acts = append(page.Acts, report)
		}
	case listing.Listed:
		page.Now = "已于" + m.ListedOn.Chinese() + "列入，并向社会公示。"
		if m.Obligation.Status.Owed() {
			report.Text = "履行报送义务之后，可以申请移出。"
			page.Acts = append(page.Acts, report)
		}
		if n := len(m.Removals); n > 0 && m.Removals[n-1].Outcome == "" {
			page.Now += "移出申请正在核实，最迟" + web.DateFull(m.Removals[n-1].DueOn) + "答复" + provisional(m.Removals[n-1].DueProvisional) + "。"
		} else {
			page.Acts = append(page.Acts, NextStep{Heading: "申请移出", Text: fmt.Sprintf("改正之后提出，登记管理机关在 %d 个工作日内核实决定。", listing.RemovalWorkingDays),
				Href: matterPath(m) + "/removal", Button: "申请移出"})
		}
	case listing.Withdrawn, listing.Removed, listing.Escalated, listing.Annulled:
		page.Now = m.Status.Label() + "，" + m.EndedOn.Chinese() + "。" + m.EndReason.Label() + "。"
	}
}

func matterFacts(m *listing.Matter) []web.Fact {
	facts := []web.Fact{{Label: "事由", Value: m.Ground.Label()}, {Label: "依据", Value: m.Basis}}
	add := func(label string, d workday.Date) {
		if !d.IsZero() {
			facts = append(facts, web.Fact{Label: label, Value: d.Chinese()})
		}
	}
	add("告知日期", m.NotifiedOn)
	if m.NoticeID.Valid && m.ServedOn.IsZero() {
		facts = append(facts, web.Fact{Label: "送达日期", Value: "还没有送达记录", Note: "没有送达记录，不会列入。"})
	}
	add("送达日期", m.ServedOn)
	if !m.StatementDueOn.IsZero() {
		facts = append(facts, web.Fact{Label: "陈述申辩截止", Value: web.DateFull(m.StatementDueOn) + provisional(m.StatementDueProvisional)})
	}
	add("列入日期", m.ListedOn)
	add("结束日期", m.EndedOn)
	return facts
}

func paperLines(papers []listing.Paper) []PaperLine {
	var lines []PaperLine
	for _, paper := range papers {
		line := PaperLine{Title: paper.Kind.Title(), Meta: paper.Number + " · " + paper.IssuedOn.Chinese(), Service: "还没有送达记录"}
		if !paper.ServedOn.IsZero() {
			line.Service = paper.ServedOn.Chinese() + paper.How.Label()
		}
		if paper.SHA256 != "" {
			line.Href, line.Verify = filesPath+"/"+paper.ID.String(), verifyPath(paper.VerifyCode)
		}
		lines = append(lines, line)
	}
	return lines
}

func statementView(s *listing.Statement) *PleaView {
	if s == nil {
		return nil
	}
	view := &PleaView{Title: "陈述申辩", When: stampShort(s.ReceivedAt) + "，" + s.ActorName, Text: paragraphs(s.Text)}
	switch s.Outcome {
	case listing.OutcomeList:
		view.Answer = []string{"没有采纳。" + s.Reason}
	case listing.OutcomeWithdraw:
		view.Answer = []string{"已采纳，不予列入。" + s.Reason}
	}
	return view
}

func removalView(r listing.Removal) PleaView {
	view := PleaView{Title: "移出申请", When: stampShort(r.AppliedAt) + "，" + r.ActorName, Text: paragraphs(r.Text)}
	switch r.Outcome {
	case listing.OutcomeRemove:
		view.Answer = []string{"同意移出。" + r.Reason}
	case listing.OutcomeRefuse:
		view.Answer = []string{"不同意移出。" + r.Reason}
	}
	return view
}

// PleaPage is where a statement or an application is written; sending it is an
// act of its own, on a page of its own.
type PleaPage struct {
	web.Page
	Eyebrow string
	Heading string
	Effects []string
	Summary web.Summary
	Action  string
	Back    string
	Label   string
	Hint    string
	Text    string
	Error   string
	Button  string
}

const pleaField = "text"

func (p *Pages) statementForm(c echo.Context) error {
	m, err := p.readMatter(c)
	if err != nil {
		return err
	}
	if m.Status != listing.Notified || m.Statement != nil {
		return web.SeeOther(c, matterPath(&m))
	}
	return p.renderPlea(c, statementPage(&m, p.day()), &m, &web.Form{})
}

func statementPage(m *listing.Matter, today workday.Date) PleaPage {
	return PleaPage{Eyebrow: matterTitle(m), Heading: "提出陈述申辩", Action: matterPath(m) + "/statement", Back: matterPath(m),
		Label: "事实和理由", Hint: "写明不应当列入的事实、理由和依据。", Button: "提出陈述申辩",
		Effects: []string{answerWords(&m.Listing, today), "提出之后、登记管理机关决定之前，不会列入。", "只能提出一次，提出后不能修改。"}}
}

func (p *Pages) removalForm(c echo.Context) error {
	m, err := p.readMatter(c)
	if err != nil {
		return err
	}
	if m.Status != listing.Listed {
		return web.SeeOther(c, matterPath(&m))
	}
	return p.renderPlea(c, p.removalPage(&m), &m, &web.Form{})
}

func (p *Pages) removalPage(m *listing.Matter) PleaPage {
	due := p.calendar().Due(p.day(), listing.RemovalWorkingDays)
	page := PleaPage{Eyebrow: matterTitle(m), Heading: "申请移出活动异常名录", Action: matterPath(m) + "/removal", Back: matterPath(m),
		Label: "申请的理由", Hint: "写明已经怎样改正，例如何时补报了年度报告。", Button: "申请移出", Effects: []string{
			"今天提出的，登记管理机关最迟" + web.DateFull(due.Date) + "决定" + provisional(due.Provisional) + "。",
			"依据：" + listing.BasisRemoval + "。"}}
	if m.Obligation.Status.Owed() {
		page.Effects = append(page.Effects, yearTitle(m.ReportYear)+"还没有报送。请先报送，再申请移出。")
	}
	return page
}

func (p *Pages) renderPlea(c echo.Context, page PleaPage, m *listing.Matter, sent *web.Form) error {
	page.Text, page.Error = sent.Get(pleaField), sent.ErrorOf(pleaField)
	var err error
	if page.Page, err = p.page(c, page.Heading, matterCrumbs(m)...); err != nil {
		return err
	}
	if !sent.OK() {
		page.Refused, page.Summary = true, sent.Summary("没有提出")
	}
	return p.app.Render(c, sent.Status(), "filer/plea", page)
}

func (p *Pages) makeStatement(c echo.Context) error {
	return p.plead(c, pleading{done: "陈述申辩已提出，登记管理机关会作出决定并告知。",
		act: p.listing.MakeStatement, page: func(m *listing.Matter) PleaPage { return statementPage(m, p.day()) }})
}

func (p *Pages) applyRemoval(c echo.Context) error {
	return p.plead(c, pleading{done: "移出申请已提出。", act: p.listing.ApplyRemoval, page: p.removalPage})
}

// pleading is an act of an organisation on its matter.
type pleading struct {
	act  func(ctx context.Context, plea listing.Plea) (listing.Listing, error)
	page func(m *listing.Matter) PleaPage
	done string
}

func (p *Pages) plead(c echo.Context, what pleading) error {
	m, err := p.readMatter(c)
	if err != nil {
		return err
	}
	sent, err := web.ReadForm(c)
	if err != nil {
		return err
	}
	_, err = what.act(requestContext(c), listing.Plea{ListingID: m.ID, OrganisationID: m.OrganisationID,
		Text: sent.Get(pleaField), Actor: web.Principal(c).Actor()})
	if refused, ok := refusal(err); ok {
		p.app.AddFlash(c, web.Flash{Text: refused.Detail(), Warning: true})
		return web.SeeOther(c, matterPath(&m))
	}
	var wrong *listing.Error
	if errors.As(err, &wrong) && wrong.HTTPStatus() == http.StatusUnprocessableEntity {
		sent.Refuse(pleaField, wrong.Detail())
		return p.renderPlea(c, what.page(&m), &m, sent)
	}
	if err != nil {
		return err
	}
	p.app.AddFlash(c, web.Flash{Text: what.done})
	return web.SeeOther(c, matterPath(&m))
}
