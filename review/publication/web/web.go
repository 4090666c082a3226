// Package web owns the pages that anybody may read: the search of the register, an organisation's entry, the
// abnormal-activity list and the spot-check list as of a day, the verification of documents, and the description of the
// API.
//
// It shows what package publication lets out and nothing else: a field that is not in its structs cannot appear here.
// Invariants: no page needs a session or sets a cookie; an uploaded file is looked at and never kept.
package web

import (
	"crypto/x509"
	"net/http"
	"net/url"
	"time"

	"github.com/labstack/echo/v4"

	"nianbao/internal/postgres"
	"nianbao/internal/web"
	"nianbao/internal/workday"
	"nianbao/review/publication"
)

// Config is what the pages work with.
type Config struct {
	App    *web.App
	DB     *postgres.DB
	Public *publication.Service
	// Trusted are the certificates by which documents were and are signed.
	Trusted []*x509.Certificate
	// API is the OpenAPI description in YAML, as it is served beside the page.
	API []byte
	// Wall is the wall's clock, by which uploads are limited.
	Wall func() time.Time
}

// Pages are the public's handlers.
type Pages struct {
	Config
	docs    APIDoc
	uploads *web.Limiter
}

// Limits on the verification of files from one network address: reading one costs more than a page.
const (
	uploadBurst = 30
	uploadEvery = 2 * time.Second
	uploadKeys  = 20_000
	// maxUpload is far above any document that was ever issued.
	maxUpload = 10 << 20
)

// New makes the pages. The error says what in the API's description cannot be read.
func New(c Config) (*Pages, error) {
	docs, err := readAPI(c.API)
	if err != nil {
		return nil, err
	}
	return &Pages{Config: c, docs: docs, uploads: web.NewLimiter(uploadBurst, uploadEvery, uploadKeys, c.Wall)}, nil
}

// Routes are the pages' lines of the route table.
func (p *Pages) Routes() []web.Route {
	get := func(path string, h echo.HandlerFunc) web.Route {
		return web.Route{Method: http.MethodGet, Path: path, Access: web.Anyone(), Handler: h}
	}
	return []web.Route{
		get("/", p.home),
		get("/public/organisations", p.search),
		get("/public/organisations/:uscc", p.organisation),
		get("/public/abnormal-list", p.list(publication.AbnormalList)),
		get("/public/spot-check-list", p.list(publication.SpotCheckList)),
		get("/verify", p.verifyForm),
		get("/verify/:code", p.verifyCode),
		// A file is only looked at, so there is nothing that another site could make somebody change.
		{Method: http.MethodPost, Path: "/verify", Access: web.Anyone(), NoCSRF: true, MaxBody: maxUpload, Handler: p.verifyFile},
		get("/api/docs", p.apiDocs),
	}
}

// Nav is the public's menu.
func Nav() []web.NavItem {
	return []web.NavItem{
		{Text: "查机构", Href: "/"},
		{Text: "活动异常名录", Href: "/public/abnormal-list"},
		{Text: "抽查监督名单", Href: "/public/spot-check-list"},
		{Text: "验文书", Href: "/verify"},
		{Text: "数据接口", Href: "/api/docs"},
	}
}

// Pager leads through a list that is read by key: on, and back to the beginning.
type Pager struct{ First, Next string }

func pagerOf(c echo.Context, next string) Pager {
	var pager Pager
	if c.QueryParam("cursor") != "" {
		pager.First = withCursor(c, "")
	}
	if next != "" {
		pager.Next = withCursor(c, next)
	}
	return pager
}

// withCursor is the address as it is with another cursor.
func withCursor(c echo.Context, cursor string) string {
	q := url.Values{}
	for k, v := range c.QueryParams() {
		if k != "cursor" && len(v) > 0 && v[0] != "" {
			q[k] = v
		}
	}
	if cursor != "" {
		q.Set("cursor", cursor)
	}
	path := c.Request().URL.Path
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}

// asOf says as of when a page tells.
func (p *Pages) asOf() string { return moment(p.DB.Now()) }

func moment(t time.Time) string { return t.In(workday.Shanghai).Format("2006年1月2日 15:04") }
