package web_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"gocloud.dev/blob"
	"gocloud.dev/blob/memblob"
	"golang.org/x/net/html"

	"nianbao/filing"
	"nianbao/filing/check"
	"nianbao/filing/form"
	filerweb "nianbao/filing/web"
	"nianbao/internal/account"
	"nianbao/internal/document/pdf"
	"nianbao/internal/event"
	"nianbao/internal/postgres"
	"nianbao/internal/postgres/pgtest"
	"nianbao/internal/registry"
	"nianbao/internal/web"
	"nianbao/internal/web/webtest"
	"nianbao/internal/workday"
	"nianbao/review"
	"nianbao/review/listing"
)

const authority = "440100"

// reviewer decides in the tests.
var reviewer = review.Actor{Actor: event.Actor{Kind: event.ActorPerson, ID: "r1", Name: "李四"}, AuthorityCode: authority}

// world is an authority with an open season of 2018, one organisation of each
// type with a filer (filer0@…, filer1@…, filer2@…), and the pages on a server.
type world struct {
	t       testing.TB
	ctx     context.Context
	db      *postgres.DB
	clock   *pgtest.Clock
	forms   *form.Set
	filing  *filing.Service
	review  *review.Service
	listing *listing.Service
	blobs   *blob.Bucket
	server  *httptest.Server
	orgs    []registry.Organisation
}

// newWorld stands at noon of the day given.
func newWorld(t testing.TB, today string) *world {
	t.Helper()
	db, clock := pgtest.NewAt(t, noon(today))
	forms, err := form.Default()
	if err != nil {
		t.Fatal(err)
	}
	checks, err := check.Default()
	if err != nil {
		t.Fatal(err)
	}
	blobs := memblob.OpenBucket(nil)
	w := &world{t: t, ctx: t.Context(), db: db, clock: clock, forms: forms, blobs: blobs,
		filing:  filing.New(filing.Config{DB: db, Forms: forms, Checks: checks, Calendar: workday.Builtin, Blobs: blobs}),
		review:  review.New(review.Config{DB: db, Forms: forms, Calendar: workday.Builtin}),
		listing: listing.New(listing.Config{DB: db, Calendar: workday.Builtin})}
	t.Cleanup(func() { _ = w.blobs.Close() })
	w.filing.OnSubmitted, w.filing.OnWithdrawn = w.review.Open, w.review.Withdraw
	w.exec(`INSERT INTO authority (code, name, level, number_prefix, created_at, updated_at)
		VALUES ($1, '试验市民政局', 'city', '试民社', now(), now())`, authority)
	w.addOrganisations()
	w.openSeason()
	w.serve()
	return w
}

func noon(day string) time.Time {
	at, err := time.ParseInLocation("2006-01-02 15:04", day+" 12:00", workday.Shanghai)
	if err != nil {
		panic(err)
	}
	return at
}

func (w *world) exec(query string, args ...any) {
	w.t.Helper()
	if _, err := w.db.ExecContext(w.ctx, query, args...); err != nil {
		w.t.Fatalf("%s: %v", query, err)
	}
}

func (w *world) addOrganisations() {
	w.t.Helper()
	orgs, err := registry.Sample(registry.SampleOptions{Count: 3, Seed: 1, Authority: authority})
	if err != nil {
		w.t.Fatal(err)
	}
	for i := range orgs {
		o := &orgs[i]
		o.ID = uuid.Must(uuid.NewV7())
		w.exec(`INSERT INTO organisation (id, uscc, name, type, registered_on, authority_code, status, legal_representative,
				registered_capital_fen, business_scope, registration_no, domicile, postcode, contact_name, contact_phone, contact_email,
				sponsor, charity, public_fundraising, electronic_service, created_at, updated_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, true, now(), now())`,
			o.ID, o.USCC, o.Name, o.Type, o.RegisteredOn, o.AuthorityCode, o.Status, o.LegalRepresentative,
			o.RegisteredCapital, o.BusinessScope, o.RegistrationNo, o.Domicile, o.Postcode, o.ContactName, o.ContactPhone,
			o.ContactEmail, o.Sponsor, o.Charity, o.PublicFundraising)
		webtest.Person(w.t, w.db, "filer"+strconv.Itoa(i)+"@x.example", account.RoleFiler,
			account.Scope{OrganisationID: uuid.NullUUID{UUID: o.ID, Valid: true}})
	}
	w.orgs = orgs
}

func (w *world) openSeason() {
	w.t.Helper()
	const file = "authority: \"440100\"\nreport_year: 2018\nregistered_by: 2018-12-31\nopens_on: 2019-01-14\ndue_on: 2019-03-31\n"
	if _, err := w.filing.ImportSeason(w.ctx, strings.NewReader(file), event.System("test")); err != nil {
		w.t.Fatalf("import season: %v", err)
	}
}

func (w *world) serve() {
	w.t.Helper()
	cfg := webtest.Config(w.db)
	cfg.Site.Nav = map[web.Area][]web.NavItem{web.AreaFiler: filerweb.Nav()}
	renderer, err := pdf.New()
	if err != nil {
		w.t.Fatal(err)
	}
	app, server := webtest.Server(w.t, cfg)
	if err := app.Mount(filerweb.Routes(filerweb.Deps{App: app, DB: w.db, Filing: w.filing, Listing: w.listing,
		Forms: w.forms, Calendar: workday.Builtin, Blobs: w.blobs, Renderer: renderer})); err != nil {
		w.t.Fatal(err)
	}
	w.server = server
}

// org is the organisation of a type.
func (w *world) org(typ registry.Type) (registry.Organisation, string) {
	for i, o := range w.orgs {
		if o.Type == typ {
			return o, "filer" + strconv.Itoa(i) + "@x.example"
		}
	}
	w.t.Fatalf("no organisation of type %s", typ)
	return registry.Organisation{}, ""
}

// browser is signed in as a filer of the organisation of the type.
func (w *world) browser(typ registry.Type) *webtest.Browser {
	w.t.Helper()
	b := webtest.NewBrowser(w.t, w.server.URL)
	_, email := w.org(typ)
	b.SignIn(email)
	return b
}

// sample is a complete report of the organisation.
func (w *world) sample(org registry.Organisation, seed uint64) (*form.Form, form.Values) {
	w.t.Helper()
	f, err := w.forms.Form(map[registry.Type]string{registry.TypeAssociation: "association-2004",
		registry.TypeService: "service-2004", registry.TypeFoundation: "foundation-2004"}[org.Type])
	if err != nil {
		w.t.Fatal(err)
	}
	facts := filing.FactsOf(org)
	facts.Postcode, facts.ContactEmail = org.Postcode, org.ContactEmail
	return f, f.Sample(form.SampleOptions{Organisation: facts, Year: 2018, Seed: seed, OpensOn: workday.NewDate(2019, 1, 14)})
}

// submit files a complete report for the organisation without the pages.
func (w *world) submit(org registry.Organisation, seed uint64) filing.Receipt {
	w.t.Helper()
	f, values := w.sample(org, seed)
	body, err := f.Encode(values)
	if err != nil {
		w.t.Fatal(err)
	}
	receipt, err := w.filing.Submit(w.ctx, filing.Submit{OrganisationID: org.ID, Year: 2018, Body: body,
		IdempotencyKey: "k" + strconv.FormatUint(seed, 10), Actor: event.Actor{Kind: event.ActorPerson, ID: "p1", Name: "张三"}})
	if err != nil {
		w.t.Fatalf("submit: %v", err)
	}
	return receipt
}

func (w *world) decide(d review.Decision) {
	w.t.Helper()
	d.Actor = reviewer
	if _, err := w.review.Decide(w.ctx, d); err != nil {
		w.t.Fatalf("decide: %v", err)
	}
}

func (w *world) draft(org registry.Organisation) (filing.Draft, form.Values) {
	w.t.Helper()
	d, err := w.filing.Draft(w.ctx, org.ID, 2018)
	if err != nil {
		w.t.Fatal(err)
	}
	f, _ := w.sample(org, 1)
	decoded, problems, err := f.Decode(d.Body, form.DefaultLimits)
	if err != nil || len(problems) > 0 {
		w.t.Fatalf("the draft is malformed: %v %v", problems, err)
	}
	return d, decoded.Values
}

// formOn are the fields of the first form on a page that posts to action, as a
// browser would send them; buttons are left out.
func formOn(t testing.TB, page, action string) url.Values {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	var found *html.Node
	walk(root, func(n *html.Node) {
		if n.Data == "form" && found == nil && attr(n, "action") == action {
			found = n
		}
	})
	if found == nil {
		t.Fatalf("no form to %s on the page:\n%s", action, page)
	}
	fields := url.Values{}
	walk(found, func(n *html.Node) { readControl(fields, n) })
	return fields
}

func readControl(fields url.Values, n *html.Node) {
	name := attr(n, "name")
	if name == "" || name == "csrf_token" {
		return
	}
	switch n.Data {
	case "input":
		kind := attr(n, "type")
		if (kind == "radio" || kind == "checkbox") && !has(n, "checked") {
			return
		}
		fields.Add(name, attr(n, "value"))
	case "textarea":
		var text string
		if n.FirstChild != nil {
			text = strings.TrimPrefix(n.FirstChild.Data, "\n")
		}
		fields.Add(name, text)
	case "select":
		value := ""
		walk(n, func(o *html.Node) {
			if o.Data == "option" && has(o, "selected") {
				value = attr(o, "value")
			}
		})
		fields.Add(name, value)
	}
}

func walk(n *html.Node, visit func(*html.Node)) {
	if n.Type == html.ElementNode {
		visit(n)
	}
	for child := n.FirstChild; child != nil; child = child.NextSibling {
		walk(child, visit)
	}
}

func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, key string) bool {
	for _, a := range n.Attr {
		if a.Key == key {
			return true
		}
	}
	return false
}

// typed is how a person would type a value: grouped money, a date with slashes.
func typed(f *form.Field, value any) []string {
	switch v := value.(type) {
	case int64:
		text, _ := f.FormatInt(v)
		return []string{text}
	case string:
		return []string{v}
	case []string:
		return v
	}
	return nil
}

// fill puts the values of the fields of a section into what a page's form holds.
func fill(fields url.Values, s *form.Section, values form.Values) {
	put := func(path string, f *form.Field, value any) {
		if f.Computed() {
			return
		}
		fields.Del(path)
		for _, text := range typed(f, value) {
			fields.Add(path, text)
		}
	}
	for _, f := range s.Fields {
		switch {
		case len(f.CellFields()) > 0:
			for _, cell := range f.CellFields() {
				put(cell.Key, cell, values[cell.Key])
			}
		case f.Kind == form.KindTable:
			rows, filled := values.Rows(f.Key)
			fields.Set(f.Key+".rows", strconv.Itoa(len(rows)))
			fields.Del(f.Key + ".none")
			if filled && len(rows) == 0 {
				fields.Set(f.Key+".none", "1")
			}
			for i, row := range rows {
				for _, column := range f.Columns {
					put(f.Key+"["+strconv.Itoa(i)+"]."+column.Key, column, row[column.Key])
				}
			}
		case f.Kind == form.KindTableRow:
			row, _ := values[f.Key].(map[string]any)
			for _, column := range f.Columns {
				put(f.Key+"."+column.Key, column, row[column.Key])
			}
		default:
			put(f.Key, f, values[f.Key])
		}
	}
}

func encode(t testing.TB, f *form.Form, values form.Values) string {
	t.Helper()
	body, err := f.Encode(values)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func sha256Hex(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}
