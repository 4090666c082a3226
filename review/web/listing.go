package web

import (
	"fmt"
	"net/http"

	"github.com/labstack/echo/v4"

	"nianbao/internal/account"
	"nianbao/internal/document"
	"nianbao/internal/web"
	"nianbao/internal/workday"
	"nianbao/review/listing"
)

// ListingsPage lists the matters of the abnormal-activity list.
type ListingsPage struct {
	web.Page
	Views []ViewLink
	Rows  []ListingRow
	Pager Pager
}

// ListingRow is one matter.
type ListingRow struct {
	Href, Organisation, Sub string
	Year                    int
	Status                  web.Tag
	Waits                   string // what is to be done next, and until when; of a matter that ended, how
	NotifiedOn, ListedOn    workday.Date
}

// MatterPage is one matter with its documents and what can be done.
type MatterPage struct {
	web.Page
	Organisation, Sub string
	Status            web.Tag
	Waits             string
	Facts             []web.Fact
	Papers            []PaperRow
	Quotes            []Quote
	Actions           []web.Link
}

// PaperRow is a document of a matter with its service.
type PaperRow struct {
	DocumentRow
	Ready   bool
	Service string
}

// CasesPage lists spot checks or penalty cases.
type CasesPage struct {
	web.Page
	Heading, Lead, DayHead string
	Rows                   []CaseRow
	Pager                  Pager
}

// CaseRow is one of them.
type CaseRow struct {
	Organisation, Sub string
	Year              int
	Status            web.Tag
	Day               workday.Date
	Basis             string
	Href              string // of its document
}

// owner scopes every query about listings.
func owner(c echo.Context) listing.Owner { return listing.Owner{AuthorityCode: authority(c)} }

var listingStatuses = []listing.Status{listing.Notified, listing.Listed, listing.Withdrawn, listing.Removed, listing.Annulled}

func (p *Pages) listings(c echo.Context) error {
	ask := listing.Query{Owner: owner(c), Limit: pageSize, Cursor: c.QueryParam("cursor")}
	if s := listing.Status(c.QueryParam("status")); s.Valid() {
		ask.Status = s
	}
	list, err := p.Listings.Listings(c.Request().Context(), ask)
	if err != nil {
		return err
	}
	page := ListingsPage{Page: p.App.NewPage(c, "活动异常名录"), Pager: pagerOf(c, list.Next)}
	page.Views = []ViewLink{{Text: "全部", Href: "/desk/listings", Current: ask.Status == ""}}
	for _, s := range listingStatuses {
		page.Views = append(page.Views, ViewLink{Text: s.Label(), Href: "/desk/listings?status=" + string(s), Current: s == ask.Status})
	}
	for i := range list.Items {
		page.Rows = append(page.Rows, p.listingRow(&list.Items[i]))
	}
	return p.App.Render(c, http.StatusOK, "desk/listings", page)
}

func (p *Pages) listingRow(l *listing.Item) ListingRow {
	return ListingRow{
		Href: "/desk/listings/" + l.ID.String(), Organisation: l.OrganisationName,
		Sub: l.OrganisationType.Label() + " · " + l.OrganisationUSCC, Year: l.ReportYear, Status: listingTag(l.Status),
		Waits: p.waits(l), NotifiedOn: l.NotifiedOn, ListedOn: l.ListedOn,
	}
}

func listingTag(s listing.Status) web.Tag {
	switch s {
	case listing.Notified:
		return web.Tag{Text: s.Label(), Tone: web.ToneNow}
	case listing.Listed:
		return web.Tag{Text: s.Label(), Tone: web.ToneWarn}
	case listing.Withdrawn, listing.Removed, listing.Escalated, listing.Annulled:
	}
	return web.Tag{Text: s.Label()}
}

// waits says whose turn it is, "" where it is nobody's; of a matter that ended, how it did.
func (p *Pages) waits(l *listing.Item) string {
	switch {
	case l.StatementOpen:
		return "有陈述申辩，等待决定"
	case !l.RemovalDueOn.IsZero():
		return "有移出申请，最迟" + web.DateFull(l.RemovalDueOn) + "决定" + provisional(l.RemovalDueProvisional)
	case l.Status == listing.Listed:
		return ""
	case l.Status != listing.Notified:
		return l.EndReason.Label()
	case l.ServedOn.IsZero():
		return "告知书还没有送达记录"
	case l.AnswerTimeOver(p.App.Today()):
		return "答复期已过，系统将按时列入"
	}
	return "答复期到" + web.DateFull(l.StatementDueOn) + provisional(l.StatementDueProvisional)
}

// provisional marks a day that no holiday notice covers yet.
func provisional(yes bool) string {
	if yes {
		return "（日历未定，可能调整）"
	}
	return ""
}

func (p *Pages) matter(c echo.Context) error {
	m, err := p.readMatter(c)
	if err != nil {
		return err
	}
	page := MatterPage{
		Page: p.App.NewPage(c, m.OrganisationName), Organisation: m.OrganisationName,
		Sub:    fmt.Sprintf("%s　%s　%d 年度", m.OrganisationType.Label(), m.OrganisationUSCC, m.ReportYear),
		Status: listingTag(m.Status), Facts: matterFacts(&m), Quotes: quotes(&m),
	}
	if m.EndedOn.IsZero() { // how it ended stands among the facts
		page.Waits = p.waits(&m.Item)
	}
	page.Crumbs = []web.Crumb{{Text: "名录", Href: "/desk/listings"}, {Text: m.OrganisationName}}
	for i := range m.Documents {
		page.Papers = append(page.Papers, paperRow(&m.Documents[i]))
	}
	if isRole(c, account.RoleReviewer) {
		page.Actions = actions(&m)
	}
	return p.App.Render(c, http.StatusOK, "desk/listing", page)
}

func (p *Pages) readMatter(c echo.Context) (listing.Matter, error) {
	id, err := pathID(c)
	if err != nil {
		return listing.Matter{}, err
	}
	return p.Listings.Matter(c.Request().Context(), owner(c), id)
}

func matterFacts(m *listing.Matter) []web.Fact {
	facts := []web.Fact{
		{Label: "事由", Value: m.Ground.Label()}, {Label: "依据", Value: m.Basis},
		{Label: "报送义务", Value: m.Obligation.Status.Label(), Note: "截止日 " + web.DateFull(m.Obligation.DueOn)},
		{Label: "启动", Value: m.NotifiedOn.Chinese()},
	}
	if m.NoticeID.Valid {
		served := web.Fact{Label: "告知书送达", Value: "没有记录", Note: "没有送达记录的，不会列入"}
		if !m.ServedOn.IsZero() {
			served = web.Fact{Label: "告知书送达", Value: m.ServedOn.Chinese(), Note: "陈述申辩到" + web.DateFull(m.StatementDueOn) + "，当天算在内" + provisional(m.StatementDueProvisional)}
		}
		facts = append(facts, served)
	}
	agreed := "没有同意电子送达"
	if m.ElectronicService {
		agreed = "同意电子送达"
	}
	facts = append(facts, web.Fact{Label: "送达约定", Value: agreed})
	if !m.ListedOn.IsZero() {
		facts = append(facts, web.Fact{Label: "列入", Value: m.ListedOn.Chinese()})
	}
	if !m.EndedOn.IsZero() {
		facts = append(facts, web.Fact{Label: "结束", Value: m.EndedOn.Chinese(), Note: m.EndReason.Label()})
	}
	return facts
}

func quotes(m *listing.Matter) []Quote {
	var out []Quote
	if s := m.Statement; s != nil {
		out = append(out, Quote{By: "陈述申辩，" + s.ActorName + "，" + moment(s.ReceivedAt), Text: paragraphs(s.Text)})
		if s.Outcome != "" {
			out = append(out, Quote{By: "对陈述申辩的决定，" + s.DecidedName, Text: paragraphs(s.Reason)})
		}
	}
	for i := range m.Removals {
		r := &m.Removals[i]
		out = append(out, Quote{By: "移出申请，" + r.ActorName + "，" + moment(r.AppliedAt) + "，最迟" + web.DateFull(r.DueOn) + "决定" + provisional(r.DueProvisional), Text: paragraphs(r.Text)})
		if r.Outcome != "" {
			out = append(out, Quote{By: "对移出申请的决定，" + r.DecidedName, Text: paragraphs(r.Reason)})
		}
	}
	return out
}

func paperRow(d *listing.Paper) PaperRow {
	row := PaperRow{
		DocumentRow: DocumentRow{Href: "/desk/documents/" + d.ID.String(), Title: d.Kind.Title(), Number: d.Number, Meta: d.IssuedOn.Chinese() + "签发"},
		Ready:       d.SHA256 != "", Service: "没有送达记录",
	}
	if d.Standing != document.InForce {
		row.Meta += "，" + d.Standing.ChineseFor(d.Kind)
	}
	if !d.ServedOn.IsZero() {
		row.Service = d.ServedOn.Chinese() + "，" + d.How.Label()
	}
	return row
}

// actions are the acts that the status leaves open; the domain has the last word.
func actions(m *listing.Matter) []web.Link {
	path := "/desk/listings/" + m.ID.String()
	var links []web.Link
	if n := len(m.Documents); n > 0 && m.Documents[n-1].ServedOn.IsZero() {
		links = append(links, web.Link{Href: path + "/service", Text: "登记" + m.Documents[n-1].Kind.Title() + "的送达"})
	}
	switch m.Status {
	case listing.Notified:
		links = append(links, web.Link{Href: path + "/decision", Text: "决定列入或者终止"})
	case listing.Listed:
		links = append(links, web.Link{Href: path + "/removal", Text: "决定移出"}, web.Link{Href: path + "/annulment", Text: "撤销错误的列入"})
	case listing.Withdrawn, listing.Removed, listing.Escalated, listing.Annulled:
	}
	return links
}

func (p *Pages) spotChecks(c echo.Context) error {
	list, next, err := p.Listings.SpotChecks(c.Request().Context(), listing.CaseQuery{Owner: owner(c), Limit: pageSize, Cursor: c.QueryParam("cursor")})
	if err != nil {
		return err
	}
	page := CasesPage{
		Page: p.App.NewPage(c, "抽查监督名单"), Heading: "抽查监督名单", Lead: "没有按规定报送年度报告的，逾期当天列入，马上公布。", DayHead: "列入", Pager: pagerOf(c, next),
	}
	for i := range list {
		row := caseRow(&list[i].CaseFacts)
		row.Status, row.Day = web.Tag{Text: list[i].Status.Label()}, list[i].EnteredOn
		page.Rows = append(page.Rows, row)
	}
	return p.App.Render(c, http.StatusOK, "desk/cases", page)
}

func (p *Pages) penalties(c echo.Context) error {
	list, next, err := p.Listings.PenaltyCases(c.Request().Context(), listing.CaseQuery{Owner: owner(c), Limit: pageSize, Cursor: c.QueryParam("cursor")})
	if err != nil {
		return err
	}
	page := CasesPage{
		Page: p.App.NewPage(c, "行政处罚案件"), Heading: "行政处罚案件", Lead: "没有按规定报送年度报告的，立案后依法调查、告知、决定。立案不是处罚。", DayHead: "立案", Pager: pagerOf(c, next),
	}
	for i := range list {
		row := caseRow(&list[i].CaseFacts)
		row.Status, row.Day = web.Tag{Text: list[i].Status.Label()}, list[i].OpenedOn
		page.Rows = append(page.Rows, row)
	}
	return p.App.Render(c, http.StatusOK, "desk/cases", page)
}

func caseRow(f *listing.CaseFacts) CaseRow {
	row := CaseRow{Organisation: f.OrganisationName, Sub: f.OrganisationType.Label() + " · " + f.OrganisationUSCC, Year: f.ReportYear, Basis: f.Basis}
	if f.DocumentID.Valid {
		row.Href = "/desk/documents/" + f.DocumentID.UUID.String()
	}
	return row
}
