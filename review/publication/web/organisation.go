package web

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"nianbao/internal/registry"
	"nianbao/internal/web"
	"nianbao/internal/workday"
	"nianbao/review/publication"
)

// OrganisationPage is an organisation's public entry.
type OrganisationPage struct {
	web.Page
	Search    SearchBox
	Name      string
	Tags      []web.Tag
	Facts     []web.Fact
	Scope     string
	Filings   []FilingRow
	Normal    bool
	Standing  string // 信用状况：正常
	Standings []web.Fact
	Listings  []ListingFacts
	AsOf      string
}

// FilingRow is one year's report.
type FilingRow struct {
	Year              int
	Status            web.Tag
	ReceivedOn, DueOn workday.Date
	Overdue           bool
	Number            string // of the conclusion
	VerifyHref        string
	IssuedOn          workday.Date
	Corrections       []string // 2019年6月3日更正：三、基本信息
}

// ListingFacts is one entry of a list, past or present.
type ListingFacts struct {
	List, State string
	Facts       []web.Fact
}

func (p *Pages) organisation(c echo.Context) error {
	entry, err := p.Public.Entry(c.Request().Context(), c.Param("uscc"))
	if err != nil {
		return err
	}
	page := OrganisationPage{
		Page: p.App.NewPage(c, entry.Name), Name: entry.Name, Tags: tagsOf(&entry), Facts: registerFacts(&entry), Scope: entry.BusinessScope,
		Normal: entry.Standing == publication.Normal, Standing: entry.Standing.Label(), Standings: standingFacts(&entry), AsOf: p.asOf(),
	}
	page.Crumbs = []web.Crumb{{Text: "查机构", Href: "/"}, {Text: entry.Name}}
	for i := range entry.Filings {
		page.Filings = append(page.Filings, filingRow(&entry.Filings[i]))
	}
	for i := range entry.Listings {
		page.Listings = append(page.Listings, listingFacts(publication.AbnormalList, &entry.Listings[i]))
	}
	for i := range entry.SpotChecks {
		page.Listings = append(page.Listings, listingFacts(publication.SpotCheckList, &entry.SpotChecks[i]))
	}
	return p.App.Render(c, http.StatusOK, "public/organisation", page)
}

func tagsOf(e *publication.Entry) []web.Tag {
	tags := []web.Tag{{Text: "登记状态：" + e.Status.Label(), Tone: statusTone(e.Status)}}
	if e.Charity {
		tags = append(tags, web.Tag{Text: "慈善组织"})
	}
	if e.PublicFundraising {
		tags = append(tags, web.Tag{Text: "有公开募捐资格"})
	}
	return tags
}

func statusTone(s registry.Status) string {
	if s == registry.StatusActive {
		return web.ToneOK
	}
	return web.ToneWarn
}

func registerFacts(e *publication.Entry) []web.Fact {
	facts := []web.Fact{
		{Label: "统一社会信用代码", Value: e.USCC, Code: true},
		{Label: "类型", Value: e.Type.Label()},
		{Label: "登记管理机关", Value: e.Authority.Name},
		{Label: "成立登记", Value: e.RegisteredOn.Chinese()},
		{Label: "法定代表人", Value: e.LegalRepresentative},
	}
	if e.RegisteredCapital != nil {
		facts = append(facts, web.Fact{Label: "注册资金", Value: e.RegisteredCapital.Grouped() + " 元"})
	}
	for _, f := range []web.Fact{{Label: "业务主管单位", Value: e.Sponsor}, {Label: "住所", Value: e.Domicile}, {Label: "登记证号", Value: e.RegistrationNo}} {
		if f.Value != "" {
			facts = append(facts, f)
		}
	}
	return facts
}

// standingFacts says for each list whether the organisation is on it.
func standingFacts(e *publication.Entry) []web.Fact {
	return []web.Fact{
		{Label: "异常名录", Value: onList(e.Listings)},
		{Label: "抽查名单", Value: onList(e.SpotChecks)},
	}
}

func onList(rows []publication.Row) string {
	for i := range rows {
		if rows[i].EndedOn.IsZero() {
			return rows[i].ListedOn.Chinese() + "列入"
		}
	}
	return "未列入"
}

func filingRow(f *publication.Filing) FilingRow {
	row := FilingRow{Year: f.ReportYear, Status: web.Tag{Text: f.Status.Label()}, DueOn: f.DueOn, Overdue: f.Overdue}
	if !f.ReceivedAt.IsZero() {
		row.ReceivedOn = workday.DateOf(f.ReceivedAt)
	}
	switch {
	case f.Overdue:
		row.Status = web.Tag{Text: "逾期未报送", Tone: web.ToneWarn}
	case f.Status.Accepted():
		row.Status.Tone = web.ToneOK
	case f.Status.Concluded():
		row.Status.Tone = web.ToneError
	}
	if f.Conclusion != nil {
		row.Number, row.VerifyHref, row.IssuedOn = f.Conclusion.Number, "/verify/"+f.Conclusion.VerifyCode, f.Conclusion.IssuedOn
	}
	for _, k := range f.Corrections {
		row.Corrections = append(row.Corrections, k.CorrectedOn.Chinese()+"更正："+strings.Join(k.Sections, "、"))
	}
	return row
}

func listingFacts(list publication.List, row *publication.Row) ListingFacts {
	l := ListingFacts{List: list.Title(), State: "在列", Facts: []web.Fact{
		{Label: "列入", Value: row.ListedOn.Chinese()}, {Label: "事由", Value: cause(row)}, {Label: "依据", Value: row.Basis},
	}}
	if !row.EndedOn.IsZero() {
		l.State = "已移出"
		l.Facts = append(l.Facts, web.Fact{Label: "移出", Value: row.EndedOn.Chinese()})
	}
	if row.Document != nil {
		l.Facts = append(l.Facts, web.Fact{Label: "文书", Value: row.Document.Number, Href: "/verify/" + row.Document.VerifyCode})
	}
	return l
}

// cause is the ground with the year it is about.
func cause(row *publication.Row) string {
	ground := row.Ground.Label()
	if ground == "" {
		ground = "未按照规定时限和要求报送年度报告"
	}
	if row.ReportYear > 0 {
		return fmt.Sprintf("%s（%d 年度）", ground, row.ReportYear)
	}
	return ground
}
