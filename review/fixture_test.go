package review

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"nianbao/filing"
	"nianbao/filing/form"
	"nianbao/internal/event"
	"nianbao/internal/postgres"
	"nianbao/internal/postgres/pgtest"
	"nianbao/internal/registry"
	"nianbao/internal/workday"
)

const (
	authority = "440100"
	elsewhere = "440104" // another authority
)

// The people of the tests. The stranger works for another authority, nobody for none.
var (
	filer    = event.Actor{Kind: event.ActorPerson, ID: "p-filer", Name: "张三"}
	first    = person("p-first", "李四", authority)
	second   = person("p-second", "王五", authority)
	approver = person("p-approver", "赵六", authority)
	stranger = person("p-stranger", "钱七", elsewhere)
	nobody   = person("p-nobody", "孙八", "")
)

func person(id, name, authority string) Actor {
	return Actor{Actor: event.Actor{Kind: event.ActorPerson, ID: id, Name: name}, AuthorityCode: authority}
}

// world is an authority with an open season, organisations that may file, and a clock.
type world struct {
	t      testing.TB
	ctx    context.Context
	db     *postgres.DB
	clock  *pgtest.Clock
	filing *filing.Service
	svc    *Service
	orgs   []registry.Organisation
	cal    *workday.Calendar // as it is known now
	keys   int
}

// newWorld opens the season of 2018, with lines added to its file, at noon of the day given.
func newWorld(t testing.TB, today string, count int, season ...string) *world {
	t.Helper()
	db, clock := pgtest.NewAt(t, noon(today))
	forms, err := form.Default()
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, ctx: t.Context(), db: db, clock: clock, cal: workday.Builtin()}
	w.filing = filing.New(filing.Config{DB: db, Forms: forms, Calendar: w.calendar})
	w.svc = New(Config{DB: db, Forms: forms, Calendar: w.calendar})
	w.filing.OnSubmitted, w.filing.OnWithdrawn = w.svc.Open, w.svc.Withdraw
	w.exec(`INSERT INTO authority (code, name, level, number_prefix, created_at, updated_at) VALUES
		($1, '试点市民政局', 'city', '试民社', now(), now()), ($2, '试点区民政局', 'county', '试区民社', now(), now())`, authority, elsewhere)
	w.addOrganisations(count)
	file := "authority: \"440100\"\nreport_year: 2018\nregistered_by: 2018-12-31\nopens_on: 2019-01-14\ndue_on: 2019-03-31\n"
	if _, err := w.filing.ImportSeason(w.ctx, strings.NewReader(file+strings.Join(season, "\n")+"\n"), event.System("test")); err != nil {
		t.Fatalf("import season: %v", err)
	}
	return w
}

func (w *world) calendar() *workday.Calendar { return w.cal }

func (w *world) addOrganisations(count int) {
	w.t.Helper()
	orgs, err := registry.Sample(registry.SampleOptions{Count: count, Seed: 1, Authority: authority})
	if err != nil {
		w.t.Fatal(err)
	}
	for i := range orgs {
		o := &orgs[i]
		o.ID = uuid.Must(uuid.NewV7())
		w.exec(`INSERT INTO organisation (id, uscc, name, type, registered_on, authority_code, status, legal_representative,
				registered_capital_fen, business_scope, created_at, updated_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, now(), now())`,
			o.ID, o.USCC, o.Name, o.Type, o.RegisteredOn, o.AuthorityCode, o.Status, o.LegalRepresentative, o.RegisteredCapital, o.BusinessScope)
	}
	w.orgs = orgs
}

func noon(day string) time.Time {
	at, err := time.ParseInLocation("2006-01-02 15:04", day+" 12:00", workday.Shanghai)
	if err != nil {
		panic(err)
	}
	return at
}

func date(day string) workday.Date {
	d, err := workday.ParseDate(day)
	if err != nil {
		panic(err)
	}
	return d
}

func (w *world) at(day string) { w.clock.Set(noon(day)) }

func (w *world) exec(query string, args ...any) {
	w.t.Helper()
	if _, err := w.db.ExecContext(w.ctx, query, args...); err != nil {
		w.t.Fatalf("%s: %v", query, err)
	}
}

func (w *world) count(query string, args ...any) (n int) {
	w.t.Helper()
	if err := w.db.GetContext(w.ctx, &n, query, args...); err != nil {
		w.t.Fatalf("%s: %v", query, err)
	}
	return n
}

// body is a whole report of the organisation; edit may change its values.
func (w *world) body(org registry.Organisation, year int, edit func(form.Values)) []byte {
	w.t.Helper()
	f, err := w.svc.forms.Form(string(org.Type) + "-2004")
	if err != nil {
		w.t.Fatal(err)
	}
	values := f.Sample(form.SampleOptions{Year: year, Seed: 1, OpensOn: workday.NewDate(year+1, 1, 14), Organisation: form.Organisation{
		USCC: string(org.USCC), Name: org.Name, LegalRepresentative: org.LegalRepresentative,
		BusinessScope: org.BusinessScope, RegisteredCapital: org.RegisteredCapital, RegisteredOn: org.RegisteredOn}})
	if edit != nil {
		edit(values)
	}
	body, err := f.Encode(values)
	if err != nil {
		w.t.Fatal(err)
	}
	return body
}

// submit files the report of an organisation and gives the submission's id.
func (w *world) submit(org registry.Organisation) uuid.UUID {
	w.t.Helper()
	return w.submitBody(org, w.body(org, 2018, nil))
}

func (w *world) submitBody(org registry.Organisation, body []byte) uuid.UUID {
	w.t.Helper()
	w.keys++
	receipt, err := w.filing.Submit(w.ctx, filing.Submit{OrganisationID: org.ID, Year: 2018, Body: body,
		IdempotencyKey: fmt.Sprintf("key-%d", w.keys), Actor: filer})
	if err != nil {
		w.t.Fatalf("submit report of %s: %v", org.Name, err)
	}
	return receipt.SubmissionID
}

func (w *world) withdraw(org registry.Organisation) error {
	_, err := w.filing.Withdraw(w.ctx, filing.Withdraw{OrganisationID: org.ID, Year: 2018, Actor: filer})
	return err
}

func (w *world) decide(id uuid.UUID, outcome Outcome, by Actor) (Result, error) {
	return w.svc.Decide(w.ctx, Decision{SubmissionID: id, Outcome: outcome, Opinion: "请核对资产负债表。", Actor: by})
}

func (w *world) mustDecide(id uuid.UUID, outcome Outcome, by Actor) Result {
	w.t.Helper()
	result, err := w.decide(id, outcome, by)
	if err != nil {
		w.t.Fatalf("decide %s: %v", outcome, err)
	}
	return result
}

func (w *world) approve(id uuid.UUID, verdict Verdict, by Actor) (Result, error) {
	return w.svc.Approve(w.ctx, Approval{SubmissionID: id, Verdict: verdict, Reason: "请补充依据。", Actor: by})
}

func (w *world) obligation(org registry.Organisation) filing.Obligation {
	w.t.Helper()
	o, err := filing.ObligationByYear(w.ctx, w.db, org.ID, 2018)
	if err != nil {
		w.t.Fatalf("obligation of %s: %v", org.Name, err)
	}
	return o
}

func (w *world) review(id uuid.UUID) Review {
	w.t.Helper()
	r, err := one(w.ctx, w.db, `WHERE r.submission_id = $1`, id)
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

func (w *world) caseOf(id uuid.UUID) Case {
	w.t.Helper()
	c, err := w.svc.Case(w.ctx, id, authority)
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

// must fails the test on an error.
func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// codeOf is the code of a refusal, "" for none. Every refusal must carry an error status and a Chinese detail.
func codeOf(t testing.TB, err error) string {
	t.Helper()
	if err == nil {
		return ""
	}
	var refusal interface {
		error
		HTTPStatus() int
		Code() string
		Detail() string
	}
	if !errors.As(err, &refusal) {
		t.Fatalf("not a refusal: %v", err)
	}
	if refusal.HTTPStatus() < 400 || refusal.HTTPStatus() > 499 || !strings.HasSuffix(refusal.Detail(), "。") {
		t.Errorf("refusal %d %s: %q", refusal.HTTPStatus(), refusal.Code(), refusal.Detail())
	}
	return refusal.Code()
}

func wantCode(t testing.TB, err error, code string) {
	t.Helper()
	if got := codeOf(t, err); got != code {
		t.Errorf("refusal %q (%v), want %q", got, err, code)
	}
}
