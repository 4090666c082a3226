package web

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"nianbao/internal/registry"
	"nianbao/internal/web"
	"nianbao/review/publication"
)

// pageSize is how many rows a public page shows.
const pageSize = 50

// HomePage is the public's first page: the search, and where else to look.
type HomePage struct {
	web.Page
	Search SearchBox
}

// SearchBox is the search field, which stays on every page about organisations.
type SearchBox struct{ Query string }

// SearchPage lists what a search found.
type SearchPage struct {
	web.Page
	Search  SearchBox
	Heading string
	Rows    []FoundRow
	Pager   Pager
	Empty   web.Empty
}

// FoundRow is an organisation that was found.
type FoundRow struct {
	Href, Name, USCC, Type, Authority, Status string
	Standing                                  web.Tag
}

func (p *Pages) home(c echo.Context) error {
	page := HomePage{Page: p.App.NewPage(c, "查机构")}
	return p.App.Render(c, http.StatusOK, "public/home", page)
}

func (p *Pages) search(c echo.Context) error {
	query := strings.TrimSpace(c.QueryParam("q"))
	if query == "" {
		return web.SeeOther(c, "/")
	}
	found, err := p.Public.Search(c.Request().Context(), publication.Search{
		Query: query, AuthorityCode: c.QueryParam("authority"), Limit: pageSize, Cursor: c.QueryParam("cursor"),
	})
	if err != nil {
		return err
	}
	page := SearchPage{
		Page: p.App.NewPage(c, "查询结果"), Search: SearchBox{query}, Heading: "“" + query + "”的查询结果", Pager: pagerOf(c, found.Next),
		Empty: web.Empty{Text: "没有找到。请用名称中连续的两三个字，或者完整的统一社会信用代码再试。"},
	}
	for _, f := range found.Items {
		page.Rows = append(page.Rows, FoundRow{
			Href: organisationHref(f.USCC), Name: f.Name, USCC: f.USCC, Type: f.Type.Label(), Authority: f.Authority.Name,
			Status: f.Status.Label(), Standing: standingTag(f.Standing),
		})
	}
	return p.App.Render(c, http.StatusOK, "public/search", page)
}

func organisationHref(uscc string) string { return "/public/organisations/" + url.PathEscape(uscc) }

func standingTag(s publication.Standing) web.Tag {
	if s == publication.Normal {
		return web.Tag{}
	}
	return web.Tag{Text: s.Label(), Tone: web.ToneWarn}
}

// AuthorityChoice is an option of the filter by authority.
type AuthorityChoice struct {
	Code, Name string
	Selected   bool
}

func (p *Pages) authorities(c echo.Context, selected string) ([]AuthorityChoice, error) {
	all, err := registry.Authorities(c.Request().Context(), p.DB)
	if err != nil {
		return nil, err
	}
	choices := make([]AuthorityChoice, len(all))
	for i, a := range all {
		choices[i] = AuthorityChoice{Code: a.Code, Name: a.Name, Selected: a.Code == selected}
	}
	return choices, nil
}
