// Package web owns the authority's pages: the queue of reports under review, the case, the decision and its approval,
// listing matters, the season's board, messages, the outbox and documents.
//
// It decides nothing and computes no date: every rule is asked of review, listing, filing, notify or document, and every
// query carries the signed-in authority, so that another's case is not found. Invariants: nothing final happens without a
// page of its own that says what will happen; every page works without script.
package web

import (
	"net/http"
	"strings"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"
	"gocloud.dev/blob"

	"nianbao/filing"
	"nianbao/filing/form"
	"nianbao/internal/account"
	"nianbao/internal/postgres"
	"nianbao/internal/web"
	"nianbao/internal/workday"
	"nianbao/review"
	"nianbao/review/listing"
)

// Config is what the pages work with.
type Config struct {
	App      *web.App
	DB       *postgres.DB
	Filing   *filing.Service
	Reviews  *review.Service
	Listings *listing.Service
	Calendar func() *workday.Calendar // the calendar as it is known now
	Blobs    *blob.Bucket             // where the issued documents lie
}

// Pages are the desk's handlers.
type Pages struct {
	Config
}

// New makes the pages.
func New(c Config) *Pages { return &Pages{c} }

// Who may do what at the desk. Looking is for the whole authority, acting for the role that answers for it.
var (
	staff     = web.Roles(account.RoleReviewer, account.RoleApprover, account.RoleAdmin)
	desk      = web.Roles(account.RoleReviewer, account.RoleApprover, account.RoleAdmin, account.RoleSponsor)
	reviewers = web.Roles(account.RoleReviewer)
	approvers = web.Roles(account.RoleApprover)
	admins    = web.Roles(account.RoleAdmin)
)

// Routes are the pages' lines of the route table.
func (p *Pages) Routes() []web.Route {
	get := func(path string, access web.Access, h echo.HandlerFunc) web.Route {
		return web.Route{Method: http.MethodGet, Path: path, Access: access, Handler: h}
	}
	post := func(path string, access web.Access, h echo.HandlerFunc) web.Route {
		return web.Route{Method: http.MethodPost, Path: path, Access: access, Handler: h, MaxBody: formSize}
	}
	return append(append(append(p.requestRoutes(), p.sponsorRoutes()...), p.fileRoute()), []web.Route{
		get("/desk", desk, p.home),
		get("/desk/reviews", staff, p.queue),
		post("/desk/reviews/next", reviewers, p.claimNext),
		get("/desk/reviews/:id", staff, p.showCase),
		post("/desk/reviews/:id/claim", reviewers, p.claim),
		post("/desk/reviews/:id/release", reviewers, p.release),
		post("/desk/reviews/:id/remarks", reviewers, p.addRemark),
		post("/desk/reviews/:id/remarks/remove", reviewers, p.removeRemark),
		post("/desk/reviews/:id/preview", reviewers, p.previewDecision),
		post("/desk/reviews/:id/edit", reviewers, p.edit),
		post("/desk/reviews/:id/decision", reviewers, p.decide),
		post("/desk/reviews/:id/approval/preview", approvers, p.previewApproval),
		post("/desk/reviews/:id/approval", approvers, p.approve),
		get("/desk/reviews/:id/reopening", reviewers, p.reopenForm),
		post("/desk/reviews/:id/reopening", reviewers, p.reopen),
		get("/desk/listings", staff, p.listings),
		get("/desk/listings/:id", staff, p.matter),
		get("/desk/listings/:id/service", reviewers, p.serviceForm),
		post("/desk/listings/:id/service", reviewers, p.recordService),
		get("/desk/listings/:id/decision", reviewers, p.listingDecisionForm),
		post("/desk/listings/:id/decision", reviewers, p.decideListing),
		get("/desk/listings/:id/removal", reviewers, p.removalForm),
		post("/desk/listings/:id/removal", reviewers, p.decideRemoval),
		get("/desk/listings/:id/annulment", reviewers, p.annulForm),
		post("/desk/listings/:id/annulment", reviewers, p.annul),
		get("/desk/spot-checks", staff, p.spotChecks),
		get("/desk/penalties", staff, p.penalties),
		get("/desk/seasons", staff, p.seasons),
		get("/desk/seasons/:id", staff, p.board),
		get("/desk/documents", staff, p.documents),
		get("/desk/documents/held", staff, p.held),
		get("/desk/documents/:id", staff, p.pdf),
		get("/desk/messages", staff, p.messages),
		get("/desk/messages/:id", staff, p.message),
		get("/desk/outbox", staff, p.outbox),
		post("/desk/outbox/:id/retry", admins, p.retry),
	}...)
}

// formSize is enough for the longest opinion in any encoding of a form.
const formSize = 128 << 10

// Nav is the desk's menu.
func Nav() []web.NavItem {
	all := []account.Role{account.RoleReviewer, account.RoleApprover, account.RoleAdmin}
	return []web.NavItem{
		{Text: "待审", Href: "/desk/reviews", Roles: all},
		{Text: "申请", Href: requestsPath, Roles: all},
		{Text: "名录", Href: "/desk/listings", Roles: all},
		{Text: "抽查", Href: "/desk/spot-checks", Roles: all},
		{Text: "处罚", Href: "/desk/penalties", Roles: all},
		{Text: "报送季", Href: "/desk/seasons", Roles: all},
		{Text: "文书", Href: "/desk/documents", Roles: all},
		{Text: "消息", Href: "/desk/messages", Roles: all},
		{Text: "发件箱", Href: "/desk/outbox", Roles: all},
		{Text: "送审", Href: sponsorPath, Roles: []account.Role{account.RoleSponsor}},
	}
}

// actor is who acts, and for which authority.
func actor(c echo.Context) review.Actor {
	who := web.Principal(c)
	return review.Actor{Actor: who.Actor(), AuthorityCode: who.AuthorityCode}
}

// authority is whose desk it is; every query is scoped by it.
func authority(c echo.Context) string { return web.Principal(c).AuthorityCode }

// isRole says what the page may offer; the route table decides what is let through.
func isRole(c echo.Context, r account.Role) bool { return web.Principal(c).Role == r }

// pathID reads the id in the path; what is no id is not found.
func pathID(c echo.Context) (uuid.UUID, error) {
	id, err := uuid.Parse(c.Param("id"))
	if err != nil {
		return id, web.ErrNotFound
	}
	return id, nil
}

// text is a posted field as it was typed: browsers send line ends as CRLF.
func text(f *web.Form, name string) string {
	return strings.TrimSpace(strings.ReplaceAll(f.Get(name), "\r\n", "\n"))
}

// paragraphs are the lines of a text that say something.
func paragraphs(s string) []string {
	var out []string
	for line := range strings.SplitSeq(s, "\n") {
		if line = strings.TrimSpace(line); line != "" {
			out = append(out, line)
		}
	}
	return out
}

// fieldOf is a field of the form by its key, with the section it stands in.
func fieldOf(f *form.Form, key string) (field *form.Field, section *form.Section) {
	field, ok := f.Field(key)
	if !ok {
		return nil, nil
	}
	section = field.Section
	if section == nil && field.Parent != nil {
		section = field.Parent.Section
	}
	return field, section
}
