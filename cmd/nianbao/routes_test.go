package main

import (
	"bytes"
	"context"
	"fmt"
	"image/png"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"nianbao/filing"
	"nianbao/filing/attachment"
	"nianbao/internal/account"
	"nianbao/internal/event"
	"nianbao/internal/postgres/pgtest"
	"nianbao/internal/registry"
	"nianbao/internal/web"
	"nianbao/internal/web/webtest"
	"nianbao/internal/workday"
	"nianbao/review"
)

// town is the whole program over a database of its own: a city and its district, each with three organisations in a
// season; the city's first has a returned report, the second a conclusion, the third a prior notice.
type town struct {
	t    *testing.T
	node *node
	app  *web.App
	url  string
	city []registry.Organisation
	far  []registry.Organisation // of the district
	now  time.Time

	request string // for an extension, put by the city's first organisation
}

func newTown(t *testing.T) *town {
	t.Helper()
	w := &town{t: t, now: time.Date(2019, time.January, 5, 9, 0, 0, 0, workday.Shanghai)}
	db := pgtest.New(t)
	db.SetClock(func() time.Time { return w.now })
	e := &environment{ctx: t.Context(), wall: func() time.Time { return w.now }, data: t.TempDir(), log: slog.New(slog.DiscardHandler)}
	n, err := e.wire(&store{db: db, calendar: workday.Builtin()}, outside{PublicURL: "http://nianbao.example"})
	w.must(err)
	t.Cleanup(func() { w.must(n.Close()) })
	w.node = n
	w.populate()
	w.app, err = web.New(web.Config{DB: db, Log: e.log, PublicURL: "http://nianbao.example", Wall: e.wall, Ready: n.readyToServe, Site: site()})
	w.must(err)
	routes, err := n.routes(w.app)
	w.must(err)
	w.must(w.app.Mount(routes))
	server := httptest.NewServer(w.app.Handler())
	t.Cleanup(server.Close)
	w.url = server.URL
	return w
}

func (w *town) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// at moves the clock on and lets the job run as of then, if there is one.
func (w *town) at(month time.Month, day int, job string) {
	w.t.Helper()
	w.now = time.Date(2019, month, day, 0, 30, 0, 0, workday.Shanghai)
	if job != "" {
		_, err := w.node.driver.RunNow(w.t.Context(), job, w.now)
		w.must(err)
	}
	w.must(w.node.settle(w.t.Context()))
}

func (w *town) populate() {
	w.t.Helper()
	ctx := w.t.Context()

	opts := registry.ImportOptions{Actor: demoActor}
	_, err := registry.ImportAuthorities(ctx, w.node.db, strings.NewReader(demoAuthorities), opts)
	w.must(err)
	w.city, w.far = w.organisations(demoCity), w.organisations(demoDistrict)
	for _, authority := range []string{demoCity, demoDistrict} {
		_, err := w.node.filing.ImportSeason(ctx, strings.NewReader(fmt.Sprintf(demoSeason, authority, 2018, 2018, 2019, 2019)), demoActor)
		w.must(err)
	}

	w.at(time.January, 14, "open-seasons")
	for i, outcome := range map[int]review.Outcome{0: review.Return, 1: review.Pass} {
		w.decide(ctx, i, outcome)
	}
	asked, err := w.node.filing.AskFor(ctx, filing.Ask{OrganisationID: w.city[0].ID, Year: 2018, Kind: filing.RequestExtension,
		WishedDueOn: workday.NewDate(2019, time.May, 31), Reason: "审计未完成", Actor: event.Actor{Kind: event.ActorPerson, ID: "p", Name: "林晓"}})
	w.must(err)
	w.request = asked.ID.String()
	w.at(time.April, 1, "sweep-late")
	for _, role := range account.Roles()[1:] {
		sponsor := ""
		if role == account.RoleSponsor {
			sponsor = "试点市教育局"
		}
		webtest.Person(w.t, w.node.db, string(role)+"@city.example", role, account.Scope{AuthorityCode: demoCity, Sponsor: sponsor})
		webtest.Person(w.t, w.node.db, string(role)+"@far.example", role, account.Scope{AuthorityCode: demoDistrict, Sponsor: sponsor})
	}
	w.node.db.MustExec(`INSERT INTO sponsor_review (id, obligation_id, authority_code, organisation_id, report_year, sponsor, form, form_version,
			check_set_version, body, sha256, findings, warnings, attachments, sent_at, due_on, due_provisional, in_time, actor_kind, actor_id, actor_name)
		SELECT gen_random_uuid(), id, authority_code, organisation_id, report_year, '试点市教育局', form, 1, '', '{"values":{}}', repeat('a', 64),
			'[]', 0, '[]', now(), '2019-03-20', false, true, 'person', 'p', '林晓' FROM obligation WHERE organisation_id = $1`, w.city[0].ID)
	for i, org := range w.city {
		webtest.Person(w.t, w.node.db, fmt.Sprintf("filer%d@city.example", i), account.RoleFiler, account.Scope{OrganisationID: event.Ref(org.ID)})
	}
	webtest.Person(w.t, w.node.db, "filer@far.example", account.RoleFiler, account.Scope{OrganisationID: event.Ref(w.far[0].ID)})
}

func (w *town) organisations(authority string) []registry.Organisation {
	w.t.Helper()
	ctx := w.t.Context()
	orgs, err := registry.Sample(registry.SampleOptions{Count: 3, Seed: 1, Authority: authority})
	w.must(err)
	var file strings.Builder
	w.must(registry.WriteSampleCSV(&file, orgs))
	result, err := registry.ImportOrganisations(ctx, w.node.db, strings.NewReader(file.String()), registry.ImportOptions{Actor: demoActor})
	w.must(err)
	stored, err := registry.OrganisationsByID(ctx, w.node.db, result.Changed)
	w.must(err)
	for i, id := range result.Changed {
		orgs[i] = stored[id]
	}
	return orgs
}

// decide files the report of one of the city's organisations and decides on it.
func (w *town) decide(ctx context.Context, i int, outcome review.Outcome) {
	w.t.Helper()
	org := w.city[i]
	body, err := sampleBody(ctx, w.node.store, w.node.forms, sampleOf{org: org, year: 2018, seed: 1})
	w.must(err)
	var picture bytes.Buffer
	w.must(png.Encode(&picture, demoCover()))
	_, _, err = w.node.filing.PutAttachment(ctx, filing.PutAttachment{OrganisationID: org.ID, Year: 2018, Kind: attachment.Other, N: 1,
		Content: &picture, Actor: event.Actor{Kind: event.ActorPerson, ID: "p", Name: "林晓"}})
	w.must(err)
	receipt, err := w.node.filing.Submit(ctx, filing.Submit{OrganisationID: org.ID, Year: 2018, Body: body, IdempotencyKey: "1",
		Actor: event.Actor{Kind: event.ActorPerson, ID: "p", Name: "林晓"}})
	w.must(err)
	_, err = w.node.review.Decide(ctx, review.Decision{SubmissionID: receipt.SubmissionID, Outcome: outcome, Opinion: "请改正。",
		Actor: review.Actor{Actor: event.Actor{Kind: event.ActorPerson, ID: "r", Name: "何静"}, AuthorityCode: demoCity}})
	w.must(err)
	w.must(w.node.settle(ctx))
}

// one reads an id or a text of the city's data.
func (w *town) one(query string, args ...any) string {
	w.t.Helper()
	var value string
	w.must(w.node.db.GetContext(w.t.Context(), &value, query, args...))
	return value
}

// token is one of the city's first organisation.
func (w *town) token() string {
	w.t.Helper()
	token, err := account.IssueToken(w.t.Context(), w.node.db, account.NewToken{Role: account.RoleFiler, Name: "软件", Actor: demoActor,
		Scope: account.Scope{OrganisationID: event.Ref(w.city[0].ID)}})
	w.must(err)
	return token.ID.String()
}

// samples give every parameter of a path a value that belongs to the city or, on a filer's page, to the organisation.
func (w *town) samples() map[string]string {
	first, third := w.city[0].ID, w.city[2].ID
	submission := w.one(`SELECT id FROM submission WHERE organisation_id = $1`, first)
	listing := w.one(`SELECT id FROM listing WHERE organisation_id = $1`, third)
	file := w.one(`SELECT id FROM attachment WHERE organisation_id = $1`, first)
	sponsored := w.one(`SELECT id FROM sponsor_review WHERE organisation_id = $1`, first)
	return map[string]string{
		"/static/:hash": "0", "/static/:hash/*": "x",
		"/activate/:link": strings.Repeat("x", 43), "/account/email/:link": strings.Repeat("x", 43),
		"/account/people/:id": w.one(`SELECT id FROM membership WHERE organisation_id = $1`, first),
		"/account/tokens/:id": w.token(),
		"/verify/:code":       "XXXX-XXXX-XXXX",
		"/api/v1/forms/:form": "service-2004", "/api/v1/public/verify/:code": "XXXX-XXXX-XXXX",
		"/public/organisations/:uscc": string(w.city[0].USCC), "/api/v1/public/organisations/:uscc": string(w.city[0].USCC),
		"/api/v1/reports/:year": "2018", "/api/v1/reports/:year/submissions/:id": submission,
		"/api/v1/reports/:year/attachments/:kind": "other", "/api/v1/reports/:year/attachments/:kind/:n": "1",
		"/api/v1/reviews/:submission_id/attachments/:kind": "other", "/api/v1/reviews/:submission_id/attachments/:kind/:n": "1",
		"/filer/reports/:year/attachments/:id": file, "/filer/attachments/:id": file, "/desk/attachments/:id": file,
		"/api/v1/reviews/:submission_id": submission, "/api/v1/listings/:id": listing,
		"/api/v1/documents/:id": w.one(`SELECT id FROM document WHERE organisation_id = $1 LIMIT 1`, first),
		"/filer/reports/:year":  "2018", "/filer/reports/:year/sections/:section": "1", "/filer/reports/:year/submissions/:id": submission,
		"/desk/sponsor/:id": sponsored, "/desk/sponsor/:id/attachments/:file": file, "/api/v1/sponsor/reviews/:id": sponsored,
		"/filer/reports/:year/requests/:id": w.request, "/desk/requests/:id": w.request,
		"/api/v1/reports/:year/requests/:id": w.request, "/api/v1/filing-requests/:id": w.request,
		"/filer/messages/:id":  w.one(`SELECT id FROM delivery WHERE organisation_id = $1 AND channel = 'inbox' LIMIT 1`, first),
		"/filer/documents/:id": w.one(`SELECT id FROM document WHERE organisation_id = $1 LIMIT 1`, first),
		"/filer/listings/:id":  listing,
		"/desk/reviews/:id":    submission,
		"/desk/seasons/:id":    w.one(`SELECT id FROM season WHERE authority_code = $1`, demoCity),
		"/desk/documents/:id":  w.one(`SELECT id FROM document WHERE organisation_id = $1 LIMIT 1`, first),
		"/desk/messages/:id":   uuid.Nil.String(),
		"/desk/outbox/:id":     w.one(`SELECT id FROM delivery WHERE organisation_id = $1 AND channel = 'mail' LIMIT 1`, first),
		"/desk/listings/:id":   listing,
	}
}

// fill puts the samples into a path. A parameter without one fails the test: the matrix would have a hole.
func fill(t *testing.T, samples map[string]string, path string) (filled string, owned bool) {
	t.Helper()
	parts := strings.Split(path, "/")
	for i, part := range parts {
		if !strings.HasPrefix(part, ":") && part != "*" {
			continue
		}
		value, known := samples[strings.Join(strings.Split(path, "/")[:i+1], "/")]
		if !known {
			t.Errorf("%s: give the parameter %s a sample, so that the access of the route is tested", path, part)
		}
		parts[i] = value
		owned = owned || part == ":id" || part == ":submission_id"
	}
	return strings.Join(parts, "/"), owned
}

// visitor is somebody in the access matrix, signed in with a browser.
type visitor struct {
	name    string
	role    account.Role // "": nobody
	other   bool         // nothing of the city's, or of its first and third organisation, is theirs
	browser *webtest.Browser
}

func (w *town) visitors() []visitor {
	list := []visitor{{name: "nobody"}, {name: "filer1@city.example", role: account.RoleFiler, other: true},
		{name: "filer@far.example", role: account.RoleFiler, other: true}, {name: "filer0@city.example", role: account.RoleFiler}}
	for _, role := range account.Roles()[1:] {
		list = append(list, visitor{name: string(role) + "@far.example", role: role, other: true},
			visitor{name: string(role) + "@city.example", role: role})
	}
	for i := range list {
		list[i].browser = webtest.NewBrowser(w.t, w.url)
		if list[i].role != "" {
			list[i].browser.SignIn(list[i].name)
		}
	}
	return list
}

// TestEveryRouteHasItsRule walks the whole table with every role, own and other: nobody is sent to sign in, another
// role is refused, what belongs to somebody else is not there. A new route is in the table and so in this test.
func TestEveryRouteHasItsRule(t *testing.T) {
	w := newTown(t)
	if stray := w.app.Unruled(); len(stray) > 0 {
		t.Errorf("served without a rule: %v", stray)
	}
	samples, visitors := w.samples(), w.visitors()
	routes := w.app.Routes()
	// What signs people out comes last.
	slices.SortStableFunc(routes, func(a, b web.Route) int {
		return strings.Compare(fmt.Sprint(a.Path == "/sign-out"), fmt.Sprint(b.Path == "/sign-out"))
	})
	for _, route := range routes {
		path, owned := fill(t, samples, route.Path)
		for _, v := range visitors {
			got := v.call(route, path)
			if problem := judge(route, v, owned, got); problem != "" {
				t.Errorf("%s as %s: %d %s, %s", route.Name(), v.name, got.Status, got.Header.Get("Location"), problem)
			}
		}
	}
	if len(routes) < 90 {
		t.Errorf("only %d routes: the table is not whole", len(routes))
	}
}

func (v visitor) home() string {
	if v.role == "" {
		return "/sign-in"
	}
	return web.HomeOf(v.role)
}

func (v visitor) call(route web.Route, path string) webtest.Answer {
	if route.Method == http.MethodGet {
		return v.browser.Get(path)
	}
	if to := v.browser.Get(v.home()); to.Status == http.StatusSeeOther { // a page with the token for what is sent
		v.browser.Get(to.Header.Get("Location"))
	}
	if route.Method == http.MethodPost && !route.IsAPI() {
		return v.browser.Post(path, nil)
	}
	return v.browser.Send(route.Method, path)
}

// judge says what is wrong with an answer, "" if nothing.
func judge(route web.Route, v visitor, owned bool, got webtest.Answer) string {
	toSignIn := got.Status == http.StatusSeeOther && strings.HasPrefix(got.Header.Get("Location"), "/sign-in")
	switch {
	case got.Status >= http.StatusInternalServerError && route.Path != "/readyz":
		return "an internal error"
	case route.Access.IsAnyone():
		if got.Status == http.StatusUnauthorized || got.Status == http.StatusForbidden {
			return "refused, though it is for anyone"
		}
	case v.role == "":
		if got.Status != http.StatusUnauthorized && (route.IsAPI() || !toSignIn) {
			return "nobody must be told to sign in"
		}
	case !route.Access.Allows(account.Principal{Kind: account.KindPerson, ID: uuid.Max, Role: v.role}):
		if got.Status != http.StatusForbidden {
			return "another role must be refused"
		}
	case toSignIn && route.Path != "/sign-out" || got.Status == http.StatusUnauthorized || got.Status == http.StatusForbidden && route.Path != "/api/v1/reviews/:submission_id/approval":
		return "the role must be let in"
	case v.other && owned && got.Status != http.StatusNotFound:
		return "what is another's must not be there"
	}
	return ""
}
