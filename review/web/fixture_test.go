package web_test

import (
	"context"
	"fmt"
	"html"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"gocloud.dev/blob"

	"nianbao/filing"
	"nianbao/filing/check"
	"nianbao/filing/form"
	"nianbao/internal/account"
	accountweb "nianbao/internal/account/web"
	"nianbao/internal/document"
	"nianbao/internal/document/pdf"
	"nianbao/internal/event"
	"nianbao/internal/postgres"
	"nianbao/internal/postgres/pgtest"
	"nianbao/internal/queue"
	"nianbao/internal/registry"
	"nianbao/internal/web"
	"nianbao/internal/web/webtest"
	"nianbao/internal/workday"
	"nianbao/review"
	"nianbao/review/listing"
	deskweb "nianbao/review/web"
)

const (
	city  = "440100"
	other = "440104"
)

// world is an authority with organisations, an open season, every service and the pages on a server.
type world struct {
	t        testing.TB
	db       *postgres.DB
	clock    *pgtest.Clock
	filing   *filing.Service
	reviews  *review.Service
	listings *listing.Service
	forms    *form.Set
	blobs    *blob.Bucket
	orgs     []registry.Organisation
	base     string
}

// newWorld stands at noon of the day given in the season of 2018, with extra lines in its file.
func newWorld(t testing.TB, today string, lines ...string) *world {
	t.Helper()
	db, clock := pgtest.NewAt(t, noon(t, today))
	forms, err := form.Default()
	must(t, err)
	checks, err := check.Default()
	must(t, err)
	blobs, err := document.OpenBlobs(t.Context(), "file://"+filepath.ToSlash(t.TempDir()))
	must(t, err)
	t.Cleanup(func() { _ = blobs.Close() })
	w := &world{t: t, db: db, clock: clock, forms: forms, blobs: blobs,
		filing:  filing.New(filing.Config{DB: db, Forms: forms, Checks: checks, Calendar: workday.Builtin}),
		reviews: review.New(review.Config{DB: db, Forms: forms, Calendar: workday.Builtin})}
	w.listings = listing.New(listing.Config{DB: db, Calendar: workday.Builtin})
	w.filing.OnSubmitted, w.filing.OnWithdrawn = w.reviews.Open, w.reviews.Withdraw
	db.MustExec(`INSERT INTO authority (code, name, level, number_prefix, created_at, updated_at)
		VALUES ($1, '试验市民政局', 'city', '试民社', now(), now()), ($2, '城东区民政局', 'county', '城民社', now(), now())`, city, other)
	w.addOrganisations(6)
	w.season(city, lines...)
	w.serve()
	return w
}

// people are those who can sign in; each is made when first wanted, since hashing a password takes its time.
var people = map[string]account.NewPerson{
	"lin@x.example":      {Name: "林审查", Role: account.RoleReviewer, Scope: account.Scope{AuthorityCode: city}},
	"wu@x.example":       {Name: "吴审查", Role: account.RoleReviewer, Scope: account.Scope{AuthorityCode: city}},
	"he@x.example":       {Name: "何复核", Role: account.RoleApprover, Scope: account.Scope{AuthorityCode: city}},
	"admin@x.example":    {Name: "管理员", Role: account.RoleAdmin, Scope: account.Scope{AuthorityCode: city}},
	"sponsor@x.example":  {Name: "主管", Role: account.RoleSponsor, Scope: account.Scope{AuthorityCode: city, Sponsor: bureau}},
	"nameless@x.example": {Name: "无名", Role: account.RoleSponsor, Scope: account.Scope{AuthorityCode: city}},
	"far@x.example":      {Name: "远审查", Role: account.RoleReviewer, Scope: account.Scope{AuthorityCode: other}},
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func noon(t testing.TB, day string) time.Time {
	t.Helper()
	at, err := time.ParseInLocation("2006-01-02 15:04", day+" 12:00", workday.Shanghai)
	must(t, err)
	return at
}

func (w *world) addOrganisations(count int) {
	w.t.Helper()
	orgs, err := registry.Sample(registry.SampleOptions{Count: count, Seed: 1, Authority: city})
	must(w.t, err)
	var csv strings.Builder
	must(w.t, registry.WriteSampleCSV(&csv, orgs))
	result, err := registry.ImportOrganisations(w.t.Context(), w.db, strings.NewReader(csv.String()), registry.ImportOptions{Actor: event.System("test")})
	must(w.t, err)
	if len(result.Refused) > 0 {
		w.t.Fatalf("register: %v", result.Refused)
	}
	for _, o := range orgs {
		stored, err := registry.OrganisationByUSCC(w.t.Context(), w.db, string(o.USCC))
		must(w.t, err)
		w.orgs = append(w.orgs, stored)
	}
}

func (w *world) season(authority string, lines ...string) {
	w.t.Helper()
	file := fmt.Sprintf("authority: %q\nreport_year: 2018\nregistered_by: 2018-12-31\nopens_on: 2019-01-14\ndue_on: 2019-03-31\n", authority)
	_, err := w.filing.ImportSeason(w.t.Context(), strings.NewReader(file+strings.Join(lines, "\n")), event.System("test"))
	must(w.t, err)
}

func (w *world) serve() {
	w.t.Helper()
	cfg := webtest.Config(w.db)
	wall := time.Now()
	cfg.Wall = func() time.Time { return wall }
	cfg.Site.Nav = map[web.Area][]web.NavItem{web.AreaDesk: deskweb.Nav()}
	app, err := web.New(cfg)
	must(w.t, err)
	must(w.t, app.Mount(append(accountweb.New(accountweb.Config{App: app, DB: w.db, Wall: cfg.Wall,
		Accounts: account.NewService(account.Config{DB: w.db})}).Routes(), w.pages(app).Routes()...)))
	server := httptest.NewServer(app.Handler())
	w.t.Cleanup(server.Close)
	w.base = server.URL
}

func (w *world) pages(app *web.App) *deskweb.Pages {
	return deskweb.New(deskweb.Config{App: app, DB: w.db, Filing: w.filing, Reviews: w.reviews, Listings: w.listings, Calendar: workday.Builtin, Blobs: w.blobs})
}

// body is a report without findings; change makes it another.
func (w *world) body(org registry.Organisation, year int, seed uint64, change func(form.Values)) []byte {
	w.t.Helper()
	f, err := w.forms.Form(string(org.Type) + "-2004")
	must(w.t, err)
	var prior form.Values
	if accepted, err := filing.AcceptedReport(w.t.Context(), w.db, org.ID, year-1); err == nil {
		decoded, _, err := f.Decode(accepted.Body, form.DefaultLimits)
		must(w.t, err)
		prior = decoded.Values
	}
	values := f.Sample(form.SampleOptions{Year: year, Seed: seed, OpensOn: workday.NewDate(year+1, 1, 14), Organisation: filing.FactsOf(org), Prior: prior})
	if change != nil {
		change(values)
	}
	body, err := f.Encode(values)
	must(w.t, err)
	return body
}

// accept stores last year's accepted report.
func (w *world) accept(org registry.Organisation, year int) {
	w.t.Helper()
	body := w.body(org, year, 7, nil)
	line := fmt.Sprintf(`{"uscc":%q,"report_year":%d,"form":%q,%s`, org.USCC, year, string(org.Type)+"-2004",
		strings.TrimPrefix(strings.ReplaceAll(string(body), "\n", ""), "{"))
	result, err := w.filing.ImportAccepted(w.t.Context(), strings.NewReader(line+"\n"), filing.ImportAccepted{Actor: event.System("test")})
	must(w.t, err)
	if len(result.Refused) > 0 {
		w.t.Fatalf("accepted report: %v", result.Refused)
	}
}

func (w *world) submit(org registry.Organisation, key string, change func(form.Values)) uuid.UUID {
	w.t.Helper()
	receipt, err := w.filing.Submit(w.t.Context(), filing.Submit{OrganisationID: org.ID, Year: 2018, Body: w.body(org, 2018, 1, change),
		IdempotencyKey: key, Actor: event.Actor{Kind: event.ActorPerson, ID: "p1", Name: "张三"}})
	must(w.t, err)
	return receipt.SubmissionID
}

// issue makes the ordered documents.
func (w *world) issue() {
	w.t.Helper()
	signer, err := document.OwnSigner(w.t.TempDir(), "试验市民政局", w.db.Now())
	must(w.t, err)
	renderer, err := pdf.New()
	must(w.t, err)
	issuer := &document.Issuer{DB: w.db, Renderer: renderer, Signer: signer, Blobs: w.blobs, PublicURL: "http://nianbao.example", Demonstration: true}
	_, err = queue.NewWorker(w.db, map[string]queue.Handler{document.IssueJob: issuer.Handle}, queue.Options{}).Drain(context.WithoutCancel(w.t.Context()))
	must(w.t, err)
}

func (w *world) browser(email string) *webtest.Browser {
	w.t.Helper()
	if w.count(`SELECT count(*) FROM person WHERE email = $1`, email) == 0 {
		p := people[email]
		p.Email, p.Actor = email, event.System("test")
		_, err := account.CreatePerson(w.t.Context(), w.db, p, webtest.Password)
		must(w.t, err)
	}
	b := webtest.NewBrowser(w.t, w.base)
	b.SignIn(email)
	return b
}

func casePath(id uuid.UUID) string { return "/desk/reviews/" + id.String() }

// page fetches a page that must be there and well formed.
func page(t testing.TB, b *webtest.Browser, path string) string {
	t.Helper()
	a := b.Get(path)
	if a.Status != 200 {
		t.Fatalf("%s: status %d", path, a.Status)
	}
	webtest.CheckHTML(t, path, []byte(a.Body))
	return a.Body
}

var hidden = regexp.MustCompile(`<input type="hidden" name="([a-z_]+)" value="([^"]*)">`)

// hiddenOf are the hidden fields of the page's form with that action, without the token.
func hiddenOf(body, action string) url.Values {
	_, rest, _ := strings.Cut(body, `action="`+action+`"`)
	rest, _, _ = strings.Cut(rest, "</form>")
	v := url.Values{}
	for _, m := range hidden.FindAllStringSubmatch(rest, -1) {
		if m[1] != "csrf_token" {
			v.Set(m[1], html.UnescapeString(m[2]))
		}
	}
	return v
}

func (w *world) count(query string, args ...any) (n int) {
	w.t.Helper()
	must(w.t, w.db.GetContext(w.t.Context(), &n, query, args...))
	return n
}
