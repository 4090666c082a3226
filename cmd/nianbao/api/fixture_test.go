package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"gocloud.dev/blob"

	"nianbao/cmd/nianbao/api"
	"nianbao/filing"
	"nianbao/filing/check"
	"nianbao/filing/form"
	"nianbao/internal/account"
	"nianbao/internal/clock"
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
	"nianbao/review/publication"
)

// The two authorities of a world, each with organisations and a season of 2018 from 2019-01-14 to 2019-03-31.
const (
	city     = "440100"
	neighbor = "440300"
)

const year = 2018

// world is the whole stack of the API over a database of its own. Every answer is validated against openapi.yaml.
type world struct {
	t       testing.TB
	ctx     context.Context
	db      *postgres.DB
	clock   *pgtest.Clock
	filing  *filing.Service
	review  *review.Service
	listing *listing.Service
	blobs   *blob.Bucket
	forms   *form.Set
	app     *web.App
	url     string
	client  *http.Client
	orgs    []registry.Organisation // of the city: association, service, foundation in rotation
	far     registry.Organisation   // of the neighbour
	tokens  map[string]string
	travel  func(context.Context, time.Time) ([]clock.Ran, error)
}

// option changes a world before it stands.
type option func(*world)

func noon(day string) time.Time {
	at, err := time.ParseInLocation("2006-01-02 15:04", day+" 12:00", workday.Shanghai)
	if err != nil {
		panic(err)
	}
	return at
}

// newWorld stands at noon of the day, its seasons open where their day has come.
func newWorld(t testing.TB, today string, options ...option) *world {
	t.Helper()
	db, ticking := pgtest.NewAt(t, noon(today))
	w := &world{t: t, ctx: t.Context(), db: db, clock: ticking, tokens: map[string]string{}}
	for _, o := range options {
		o(w)
	}
	w.register()
	w.services()
	w.season(city, "")
	w.season(neighbor, "")
	w.serve()
	return w
}

func must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func (w *world) register() {
	w.t.Helper()
	authorities := "code,name,level,parent\n440100,试点市民政局,city,\n440300,邻市民政局,city,\n"
	must[registry.ImportResult](w.t)(registry.ImportAuthorities(w.ctx, w.db, strings.NewReader(authorities), registry.ImportOptions{Actor: event.System("test")}))
	for code, count := range map[string]int{city: 3, neighbor: 1} {
		sample := must[[]registry.Organisation](w.t)(registry.Sample(registry.SampleOptions{Count: count, Seed: 1, Authority: code}))
		var file bytes.Buffer
		if err := registry.WriteSampleCSV(&file, sample); err != nil {
			w.t.Fatal(err)
		}
		result := must[registry.ImportResult](w.t)(registry.ImportOrganisations(w.ctx, w.db, &file, registry.ImportOptions{Actor: event.System("test")}))
		if len(result.Refused) > 0 {
			w.t.Fatalf("refused: %v", result.Refused)
		}
		for _, o := range sample {
			org := must[registry.Organisation](w.t)(registry.OrganisationByUSCC(w.ctx, w.db, string(o.USCC)))
			if code == neighbor {
				w.far = org
			} else {
				w.orgs = append(w.orgs, org)
			}
		}
	}
}

func (w *world) services() {
	w.t.Helper()
	w.forms = must[*form.Set](w.t)(form.Default())
	checks := must[*check.Set](w.t)(check.Default())
	w.review = review.New(review.Config{DB: w.db, Forms: w.forms, Calendar: workday.Builtin})
	w.blobs = must[*blob.Bucket](w.t)(document.OpenBlobs(w.ctx, must[string](w.t)(document.BlobURL(w.t.TempDir()))))
	w.t.Cleanup(func() { _ = w.blobs.Close() })
	w.filing = filing.New(filing.Config{DB: w.db, Forms: w.forms, Checks: checks, Calendar: workday.Builtin, Blobs: w.blobs})
	w.listing = listing.New(listing.Config{DB: w.db, Calendar: workday.Builtin})
	w.filing.OnSubmitted, w.filing.OnWithdrawn = w.review.Open, w.review.Withdraw
}

// season imports the season of 2018, with further lines, and opens what is due.
func (w *world) season(authority, more string) {
	w.t.Helper()
	file := fmt.Sprintf("authority: %q\nreport_year: 2018\nregistered_by: 2018-12-31\nopens_on: 2019-01-14\ndue_on: 2019-03-31\n%s", authority, more)
	must[filing.SeasonResult](w.t)(w.filing.ImportSeason(w.ctx, strings.NewReader(file), event.System("test")))
	w.open()
}

func (w *world) open() {
	w.t.Helper()
	must[filing.OpenSummary](w.t)(w.filing.OpenSeasons(w.ctx, w.db.Now()))
}

func (w *world) config() api.Config {
	return api.Config{
		DB: w.db, Forms: w.forms, Calendar: workday.Builtin, Filing: w.filing, Review: w.review, Listing: w.listing,
		Public: publication.New(publication.Config{DB: w.db}), Blobs: w.blobs, Travel: w.travel,
	}
}

func (w *world) serve() {
	w.t.Helper()
	server := must[*api.Server](w.t)(api.New(w.config()))
	routes := must[[]web.Route](w.t)(server.Routes())
	cfg := webtest.Config(w.db)
	cfg.Log = slog.New(slog.NewTextHandler(failures{w.t}, &slog.HandlerOptions{Level: slog.LevelError}))
	w.app = must[*web.App](w.t)(web.New(cfg))
	if err := w.app.Mount(routes); err != nil {
		w.t.Fatal(err)
	}
	listening := httptest.NewServer(w.app.Handler())
	w.t.Cleanup(listening.Close)
	w.url, w.client = listening.URL, &http.Client{Transport: validating(w.t)}
}

// failures makes a test fail for every error that the server logs: no call may end in a 500.
type failures struct{ t testing.TB }

func (f failures) Write(line []byte) (int, error) {
	f.t.Errorf("the server logged: %s", line)
	return len(line), nil
}

// token is a role's bearer token for an organisation's USCC or an authority's code; the name tells two apart.
func (w *world) token(role account.Role, of, name string) string {
	w.t.Helper()
	key := string(role) + of + name
	if w.tokens[key] == "" {
		scope := account.Scope{AuthorityCode: of}
		if role == account.RoleFiler {
			org := must[registry.Organisation](w.t)(registry.OrganisationByUSCC(w.ctx, w.db, of))
			scope = account.Scope{OrganisationID: uuid.NullUUID{UUID: org.ID, Valid: true}}
		}
		t := must[account.Token](w.t)(account.IssueToken(w.ctx, w.db, account.NewToken{Role: role, Scope: scope, Name: name, Actor: event.System("test")}))
		w.tokens[key] = t.Plaintext
	}
	return w.tokens[key]
}

func (w *world) filer(i int) string {
	return w.token(account.RoleFiler, string(w.orgs[i].USCC), "filer")
}

func (w *world) reviewer() string { return w.token(account.RoleReviewer, city, "王审查") }

func (w *world) approver() string { return w.token(account.RoleApprover, city, "李复核") }

// report is a complete body of the organisation that brings no finding.
func (w *world) report(i int, seed uint64) []byte {
	w.t.Helper()
	org := w.orgs[i]
	f := must[*form.Form](w.t)(w.forms.Form(map[registry.Type]string{
		registry.TypeAssociation: "association-2004", registry.TypeService: "service-2004", registry.TypeFoundation: "foundation-2004",
	}[org.Type]))
	facts := filing.FactsOf(org)
	facts.Postcode, facts.ContactEmail = org.Postcode, org.ContactEmail
	return must[[]byte](w.t)(f.Encode(f.Sample(form.SampleOptions{
		Organisation: facts, Year: year, OpensOn: workday.NewDate(2019, 1, 14), Seed: seed,
	})))
}

// changed is a report with some values replaced; nil removes one.
func changed(t testing.TB, report []byte, values map[string]any) []byte {
	t.Helper()
	var body struct {
		Values map[string]any `json:"values"`
	}
	if err := json.Unmarshal(report, &body); err != nil {
		t.Fatal(err)
	}
	for key, v := range values {
		body.Values[key] = v
		if v == nil {
			delete(body.Values, key)
		}
	}
	return must[[]byte](t)(json.Marshal(body))
}

// theRenderer is read once; its fonts are large.
var theRenderer = sync.OnceValues(pdf.New)

// issue makes the documents that were ordered.
func (w *world) issue() {
	w.t.Helper()
	renderer := must[*pdf.Renderer](w.t)(theRenderer())
	signer := must[*document.Signer](w.t)(document.OwnSigner(w.t.TempDir(), "试点市民政局", w.db.Now()))
	issuer := &document.Issuer{DB: w.db, Renderer: renderer, Signer: signer, Blobs: w.blobs, PublicURL: "http://nianbao.example"}
	worker := queue.NewWorker(w.db, map[string]queue.Handler{document.IssueJob: issuer.Handle}, queue.Options{})
	must[int](w.t)(worker.Drain(w.ctx))
}

// sequence gives committed events their positions.
func (w *world) sequence() {
	w.t.Helper()
	sequencer := event.NewSequencer(w.db)
	for must[int](w.t)(sequencer.Step(w.ctx)) > 0 {
	}
}
