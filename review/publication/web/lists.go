package web

import (
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"nianbao/internal/web"
	"nianbao/internal/workday"
	"nianbao/review/publication"
)

// ListPage is a public list as it stood at the end of a day.
type ListPage struct {
	web.Page
	Heading     string
	Lead        string
	Path        string
	On          workday.Date
	Today       bool
	DateError   string
	Authorities []AuthorityChoice
	Rows        []ListRow
	Pager       Pager
	CSV, XLSX   string
	Empty       web.Empty
}

// ListRow is one organisation on the list.
type ListRow struct {
	Href, Name, USCC, Type, Authority string
	Cause, Basis                      string
	ListedOn, EndedOn                 workday.Date
	Number, VerifyHref                string
}

var leads = map[publication.List]string{
	publication.AbnormalList:  "没有按照规定时限和要求报送年度报告等情形的社会组织，经告知后列入。补报并核实后移出。",
	publication.SpotCheckList: "没有按照规定报送年度报告的社会组织，登记管理机关将对其抽查监督。",
}

func (p *Pages) list(list publication.List) echo.HandlerFunc {
	return func(c echo.Context) error { return p.showList(c, list) }
}

func (p *Pages) showList(c echo.Context, list publication.List) error {
	ask := publication.Query{AuthorityCode: c.QueryParam("authority"), Limit: pageSize, Cursor: c.QueryParam("cursor"), On: p.App.Today()}
	page := ListPage{Page: p.App.NewPage(c, list.Title()), Heading: list.Title(), Lead: leads[list], Path: "/public/" + string(list)}
	status := http.StatusOK
	if typed := c.QueryParam("on"); typed != "" {
		on, err := workday.ParseDate(typed)
		switch {
		case err != nil:
			page.DateError, status = "日期要写成 2019-04-30 这样", http.StatusBadRequest
		case on.After(ask.On):
			page.DateError, status = "只能查到今天为止", http.StatusBadRequest
		default:
			ask.On = on
		}
	}
	found, err := p.Public.Page(c.Request().Context(), list, ask)
	if err != nil {
		return err
	}
	if page.Authorities, err = p.authorities(c, ask.AuthorityCode); err != nil {
		return err
	}
	page.On, page.Today, page.Refused = ask.On, ask.On == p.App.Today(), page.DateError != ""
	page.Pager = pagerOf(c, found.Next)
	page.CSV, page.XLSX = exportHref(list, "csv", ask), exportHref(list, "xlsx", ask)
	page.Empty = web.Empty{Text: "这一天" + list.Title() + "上没有社会组织。"}
	for i := range found.Items {
		page.Rows = append(page.Rows, listRow(&found.Items[i]))
	}
	return p.App.Render(c, status, "public/list", page)
}

// exportHref is the address of the whole list as a file, with the same day and authority.
func exportHref(list publication.List, extension string, ask publication.Query) string {
	q := url.Values{"on": {ask.On.String()}}
	if ask.AuthorityCode != "" {
		q.Set("authority", ask.AuthorityCode)
	}
	return "/api/v1/public/" + string(list) + "." + extension + "?" + q.Encode()
}

func listRow(r *publication.Row) ListRow {
	row := ListRow{
		Href: organisationHref(r.Organisation.USCC), Name: r.Organisation.Name, USCC: r.Organisation.USCC, Type: r.Organisation.Type.Label(),
		Authority: r.Authority.Name, Cause: cause(r), Basis: r.Basis, ListedOn: r.ListedOn, EndedOn: r.EndedOn,
	}
	if r.Document != nil {
		row.Number, row.VerifyHref = r.Document.Number, "/verify/"+r.Document.VerifyCode
	}
	return row
}
