package filing

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"nianbao/filing/check"
	"nianbao/filing/form"
	"nianbao/internal/event"
	"nianbao/internal/postgres"
	"nianbao/internal/postgres/pgtest"
	"nianbao/internal/registry"
	"nianbao/internal/workday"
)

var filer = event.Actor{Kind: event.ActorPerson, ID: "p1", Name: "张三"}

// world is an authority with organisations, a service and a clock.
type world struct {
	t     testing.TB
	ctx   context.Context
	db    *postgres.DB
	clock *pgtest.Clock
	svc   *Service
	orgs  []registry.Organisation
	cal   *workday.Calendar // as it is known now
}

const authority = "440100"

// newWorld has count sample organisations (association, service, foundation in
// rotation) and stands at noon of the day given.
func newWorld(t testing.TB, today string, count int) *world {
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
	w := &world{t: t, ctx: t.Context(), db: db, clock: clock, cal: workday.Builtin()}
	w.svc = New(Config{DB: db, Forms: forms, Checks: checks, Calendar: w.calendar})
	w.exec(`INSERT INTO authority (code, name, level, number_prefix, created_at, updated_at)
		VALUES ($1, '试点市民政局', 'city', '试民社', now(), now()), ('440104', '试点区民政局', 'county', '试区民社', now(), now())`, authority)
	w.addOrganisations(count, 1)
	return w
}

func (w *world) calendar() *workday.Calendar { return w.cal }

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

func (w *world) addOrganisations(count int, seed uint64) {
	w.t.Helper()
	orgs, err := registry.Sample(registry.SampleOptions{Count: count, Seed: seed, Authority: authority})
	if err != nil {
		w.t.Fatal(err)
	}
	for i := range orgs {
		o := &orgs[i]
		o.ID = uuid.Must(uuid.NewV7())
		w.exec(`INSERT INTO organisation (id, uscc, name, type, registered_on, authority_code, status, legal_representative,
				registered_capital_fen, business_scope, registration_no, domicile, postcode, contact_name, contact_phone, contact_email,
				sponsor, charity, public_fundraising, created_at, updated_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, now(), now())`,
			o.ID, o.USCC, o.Name, o.Type, o.RegisteredOn, o.AuthorityCode, o.Status, o.LegalRepresentative,
			o.RegisteredCapital, o.BusinessScope, o.RegistrationNo, o.Domicile, o.Postcode, o.ContactName, o.ContactPhone,
			o.ContactEmail, o.Sponsor, o.Charity, o.PublicFundraising)
	}
	w.orgs = append(w.orgs, orgs...)
}

// seasonFile is the season of 2018 with lines added or replaced: "key: value", top level only.
func seasonFile(lines ...string) string {
	keys := []string{"authority", "report_year", "registered_by", "opens_on", "due_on"}
	values := map[string]string{"authority": `"440100"`, "report_year": "2018", "registered_by": "2018-12-31",
		"opens_on": "2019-01-14", "due_on": "2019-03-31"}
	for _, line := range lines {
		key, value, _ := strings.Cut(line, ": ")
		if _, known := values[key]; !known {
			keys = append(keys, key)
		}
		values[key] = value
	}
	var b strings.Builder
	for _, key := range keys {
		fmt.Fprintf(&b, "%s: %s\n", key, values[key])
	}
	return b.String()
}

func (w *world) importSeason(lines ...string) SeasonResult {
	w.t.Helper()
	result, err := w.svc.ImportSeason(w.ctx, strings.NewReader(seasonFile(lines...)), event.System("test"))
	if err != nil {
		w.t.Fatalf("import season: %v", err)
	}
	return result
}

func (w *world) at(day string) { w.clock.Set(noon(day)) }

// body is a report of the organisation that brings no finding; seed varies it.
func (w *world) body(org registry.Organisation, year int, seed uint64) []byte {
	w.t.Helper()
	f, err := w.svc.forms.Form(defaultForms[org.Type])
	if err != nil {
		w.t.Fatal(err)
	}
	body, err := f.Encode(f.Sample(form.SampleOptions{Year: year, Seed: seed, OpensOn: workday.NewDate(year+1, 1, 14),
		Organisation: form.Organisation{USCC: string(org.USCC), Name: org.Name, RegistrationNo: org.RegistrationNo,
			LegalRepresentative: org.LegalRepresentative, Domicile: org.Domicile, Postcode: org.Postcode,
			BusinessScope: org.BusinessScope, Sponsor: org.Sponsor, ContactName: org.ContactName,
			ContactPhone: org.ContactPhone, ContactEmail: org.ContactEmail, RegisteredCapital: org.RegisteredCapital,
			RegisteredOn: org.RegisteredOn, Charity: org.Charity, PublicFundraising: org.PublicFundraising}}))
	if err != nil {
		w.t.Fatal(err)
	}
	return body
}

func (w *world) submit(org registry.Organisation, key string) (Receipt, error) {
	w.t.Helper()
	return w.svc.Submit(w.ctx, Submit{OrganisationID: org.ID, Year: 2018, Body: w.body(org, 2018, 1), IdempotencyKey: key, Actor: filer})
}

func (w *world) mustSubmit(org registry.Organisation, key string) Receipt {
	w.t.Helper()
	receipt, err := w.submit(org, key)
	if err != nil {
		w.t.Fatalf("submit: %v", err)
	}
	return receipt
}

func (w *world) obligation(org registry.Organisation) Obligation {
	w.t.Helper()
	o, err := ObligationByYear(w.ctx, w.db, org.ID, 2018)
	if err != nil {
		w.t.Fatalf("obligation of %s: %v", org.Name, err)
	}
	return o
}

// decide calls a decision of review in a transaction.
func (w *world) decide(f func(context.Context, *postgres.Tx, Decision) (Obligation, error), d Decision) (o Obligation, err error) {
	w.t.Helper()
	d.Event.Actor = event.Actor{Kind: event.ActorPerson, ID: "r1", Name: "李四"}
	err = postgres.InTx(w.ctx, w.db, func(tx *postgres.Tx) error {
		o, err = f(w.ctx, tx, d)
		return err
	})
	return o, err
}

func (w *world) sendBack(submission uuid.UUID, by string) Obligation {
	w.t.Helper()
	o, err := w.decide(ReturnSubmission, Decision{SubmissionID: submission, Resubmit: workday.Due{Date: day(by)},
		Event: event.Event{Kind: event.ReviewDecidedKind, Data: event.ReviewDecided{Outcome: "return"}}})
	if err != nil {
		w.t.Fatalf("return: %v", err)
	}
	return o
}

func (w *world) conclude(submission uuid.UUID, status Status) (Obligation, error) {
	w.t.Helper()
	return w.decide(ConcludeSubmission, Decision{SubmissionID: submission, Status: status,
		Event: event.Event{Kind: event.ReviewDecidedKind, Data: event.ReviewDecided{Outcome: string(status)}}})
}

// events counts the events of each kind.
func (w *world) events() map[event.Kind]int {
	w.t.Helper()
	var rows []struct {
		Kind event.Kind `db:"kind"`
		N    int        `db:"n"`
	}
	if err := w.db.SelectContext(w.ctx, &rows, `SELECT kind, count(*) AS n FROM event GROUP BY kind`); err != nil {
		w.t.Fatal(err)
	}
	counts := map[event.Kind]int{}
	for _, r := range rows {
		counts[r.Kind] = r.N
	}
	return counts
}

func (w *world) count(query string, args ...any) (n int) {
	w.t.Helper()
	if err := w.db.GetContext(w.ctx, &n, query, args...); err != nil {
		w.t.Fatalf("%s: %v", query, err)
	}
	return n
}

// wantCode wants a refusal with that HTTP status and code, and a Chinese detail.
func wantCode(t testing.TB, err error, status int, code string) {
	t.Helper()
	var refusal interface {
		error
		HTTPStatus() int
		Code() string
		Detail() string
	}
	if !errors.As(err, &refusal) {
		t.Fatalf("error %v, want %d %s", err, status, code)
	}
	if refusal.HTTPStatus() != status || refusal.Code() != code || refusal.Detail() == "" {
		t.Errorf("refusal %d %s (%s), want %d %s", refusal.HTTPStatus(), refusal.Code(), refusal.Detail(), status, code)
	}
}
