// Package web owns the filer's pages: what is due, the report section by
// section, the check of the whole, submitting and the receipt, what came of it,
// messages, documents and the organisation's standing.
//
// It makes no rule and holds no SQL: days, states and findings come from the
// domain packages, and every read is for the organisation of whoever is signed
// in, so that another's year, message or document is not found. Invariants: a
// draft is changed one section at a time and never over what somebody else
// saved meanwhile; what a person typed is kept on the page even where it cannot
// be stored; every page works without script.
package web

import (
	"context"
	"net/http"
	"slices"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"
	"gocloud.dev/blob"

	"nianbao/filing"
	"nianbao/filing/form"
	"nianbao/internal/account"
	"nianbao/internal/document"
	"nianbao/internal/postgres"
	"nianbao/internal/web"
	"nianbao/internal/workday"
	"nianbao/notify"
	"nianbao/review/listing"
)

// Deps is what the pages work with; all of it is required.
type Deps struct {
	App      *web.App
	DB       *postgres.DB
	Filing   *filing.Service
	Listing  *listing.Service
	Forms    *form.Set
	Calendar func() *workday.Calendar // the calendar as it is known now
	Blobs    *blob.Bucket             // where the documents' PDFs lie
	Renderer document.Renderer        // draws the declaration page
}

// Pages are the filer's handlers.
type Pages struct {
	app      *web.App
	db       *postgres.DB
	filing   *filing.Service
	listing  *listing.Service
	forms    *form.Set
	calendar func() *workday.Calendar
	blobs    *blob.Bucket
	renderer document.Renderer
}

// Paths of the pages that others link to.
const (
	homePath     = "/filer"
	reportsPath  = "/filer/reports"
	messagesPath = "/filer/messages"
	filesPath    = "/filer/documents"
	listingsPath = "/filer/listings"
)

// reportBody is the largest form of a section: a report body of 2 MB, written
// as a browser writes it, three signs for a byte.
const reportBody = 3 * web.DefaultMaxBody

// Nav is the filer's menu, for the site's settings.
func Nav() []web.NavItem {
	return []web.NavItem{
		{Text: "首页", Href: homePath},
		{Text: "年度报告", Href: reportsPath},
		{Text: "消息", Href: messagesPath},
		{Text: "文书", Href: filesPath},
		{Text: "信用状况", Href: listingsPath},
	}
}

// Routes are the pages' lines of the route table.
func Routes(deps Deps) []web.Route {
	p := &Pages{app: deps.App, db: deps.DB, filing: deps.Filing, listing: deps.Listing, forms: deps.Forms,
		calendar: deps.Calendar, blobs: deps.Blobs, renderer: deps.Renderer}
	year := reportsPath + "/:year"
	routes := []web.Route{
		get(homePath, p.home),
		get(reportsPath, p.reports),
		get(year, p.report),
		get(year+"/tasks", p.tasks),
		get(year+"/sections/:section", p.section),
		post(year+"/sections/:section", p.saveSection),
		get(year+"/print", p.print),
		get(year+"/check", p.check),
		post(year+"/check", p.saveCheck),
		get(year+"/submit", p.submitForm),
		post(year+"/submit", p.submit),
		post(year+"/submit/ask", p.ask),
		get(year+"/return", p.repair),
		post(year+"/return", p.saveRepair),
		get(year+"/accepted", p.accepted),
		get(year+"/withdraw", p.withdrawForm),
		post(year+"/withdraw", p.withdraw),
		get(year+"/submissions/:id", p.submission),
		get(year+"/submissions/:id/body", p.submissionBody),
		get(year+"/submissions/:id/receipt", p.receipt),
		post(year+"/submissions/:id/receipt", p.orderReceipt),
		get(messagesPath, p.messages),
		get(messagesPath+"/:id", p.message),
		get(filesPath, p.documents),
		get(filesPath+"/:id", p.document),
	}
	routes = append(routes, p.workbookRoutes(year)...)
	routes = append(routes, p.requestRoutes(year)...)
	routes = append(routes, p.sponsorRoutes(year)...)
	routes = append(routes, p.correctionRoutes(year)...)
	routes = append(routes, p.attachmentRoutes(year)...)
	return append(routes, p.listingRoutes()...)
}

func get(path string, h echo.HandlerFunc) web.Route {
	return web.Route{Method: http.MethodGet, Path: path, Access: web.Roles(account.RoleFiler), Handler: h}
}

func post(path string, h echo.HandlerFunc) web.Route {
	return web.Route{Method: http.MethodPost, Path: path, Access: web.Roles(account.RoleFiler), MaxBody: reportBody, Handler: h}
}

// organisation is whose pages these are. The route lets only filers in, and a
// filer always has one; a token that has none sees nothing.
func organisation(c echo.Context) (uuid.UUID, error) {
	id := web.Principal(c).OrganisationID
	if !id.Valid {
		return uuid.Nil, web.ErrNotFound
	}
	return id.UUID, nil
}

// page is the layout's part with the number of unread messages in the menu.
func (p *Pages) page(c echo.Context, title string, crumbs ...web.Crumb) (web.Page, error) {
	page := p.app.NewPage(c, title)
	if len(crumbs) > 0 {
		page.Crumbs = slices.Concat(crumbs, []web.Crumb{{Text: title}})
	}
	id, err := organisation(c)
	if err != nil {
		return page, err
	}
	unread, err := notify.Unread(c.Request().Context(), p.db, id)
	if err != nil {
		return page, err
	}
	for i := range page.Nav {
		if page.Nav[i].Href == messagesPath {
			page.Nav[i].Count = unread
		}
	}
	return page, nil
}

// day is today by the program's clock.
func (p *Pages) day() workday.Date { return p.app.Today() }

// parseID reads an id of the path; what is none is not found.
func parseID(c echo.Context) (uuid.UUID, error) {
	id, err := uuid.Parse(c.Param("id"))
	if err != nil {
		return uuid.Nil, web.ErrNotFound
	}
	return id, nil
}

// requestContext is short for the context of the request.
func requestContext(c echo.Context) context.Context { return c.Request().Context() }
