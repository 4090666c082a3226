package listing

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
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

const authority = "440100"

var (
	filer    = event.Actor{Kind: event.ActorPerson, ID: "p1", Name: "张三"}
	reviewer = event.Actor{Kind: event.ActorPerson, ID: "r1", Name: "李四"}
)

// world is an authority with organisations under an open season of report year 2018, due on Sunday, 31 March 2019.
type world struct {
	t      testing.TB
	ctx    context.Context
	db     *postgres.DB
	clock  *pgtest.Clock
	filing *filing.Service
	svc    *Service
	orgs   []registry.Organisation
	cal    *workday.Calendar // as it is known now
}

// newWorld has count organisations that agreed to electronic service. rules are lines of the season file.
func newWorld(t testing.TB, count int, rules ...string) *world {
	t.Helper()
	db, clock := pgtest.NewAt(t, noon("2019-01-14"))
	forms, err := form.Default()
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, ctx: t.Context(), db: db, clock: clock, cal: workday.Builtin()}
	w.filing = filing.New(filing.Config{DB: db, Forms: forms, Calendar: w.calendar})
	w.svc = New(Config{DB: db, Calendar: w.calendar, Log: slog.New(slog.DiscardHandler)})
	w.exec(`INSERT INTO authority (code, name, level, number_prefix, created_at, updated_at)
		VALUES ($1, '试点市民政局', 'city', '试民社', now(), now()), ('440104', '试点区民政局', 'county', '试区民社', now(), now())`, authority)
	w.addOrganisations(count)
	w.importSeason(rules...)
	return w
}

func (w *world) calendar() *workday.Calendar { return w.cal }

func noon(day string) time.Time { return at(day, 12, 0) }

func at(day string, hour, minute int) time.Time {
	d := date(day)
	return time.Date(d.Year(), d.Month(), d.Day(), hour, minute, 0, 0, workday.Shanghai)
}

func date(day string) workday.Date {
	d, err := workday.ParseDate(day)
	if err != nil {
		panic(err)
	}
	return d
}

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

func (w *world) addOrganisations(count int) {
	w.t.Helper()
	orgs, err := registry.Sample(registry.SampleOptions{Count: count, Seed: 1, Authority: authority})
	if err != nil {
		w.t.Fatal(err)
	}
	for i := range orgs {
		orgs[i].ID = uuid.Must(uuid.NewV7())
	}
	w.orgs = orgs
	err = postgres.InTx(w.ctx, w.db, func(tx *postgres.Tx) error {
		for _, o := range orgs {
			_, err := tx.ExecContext(w.ctx, `INSERT INTO organisation (id, uscc, name, type, registered_on, authority_code, status,
				contact_name, contact_phone, contact_email, electronic_service, created_at, updated_at)
				VALUES ($1, $2, $3, $4, $5, $6, $7, '联系人甲', '020-1', 'a@b.example', true, now(), now())`,
				o.ID, o.USCC, o.Name, o.Type, o.RegisteredOn, o.AuthorityCode, o.Status)
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) importSeason(rules ...string) {
	w.t.Helper()
	file := "authority: \"440100\"\nreport_year: 2018\nregistered_by: 2018-12-31\nopens_on: 2019-01-14\ndue_on: 2019-03-31\n" +
		strings.Join(rules, "\n") + "\n"
	if _, err := w.filing.ImportSeason(w.ctx, strings.NewReader(file), event.System("test")); err != nil {
		w.t.Fatalf("import season: %v", err)
	}
}

func (w *world) at(day string) { w.clock.Set(noon(day)) }

// sweep runs the pass at 00:10 of the day.
func (w *world) sweep(day string) SweepSummary {
	w.t.Helper()
	w.clock.Set(at(day, 0, 10))
	sum, err := w.svc.SweepLate(w.ctx, w.clock.Now())
	if err != nil {
		w.t.Fatalf("sweep on %s: %v", day, err)
	}
	return sum
}

// advance runs the pass at 00:20 of the day.
func (w *world) advance(day string) AdvanceSummary {
	w.t.Helper()
	w.clock.Set(at(day, 0, 20))
	sum, err := w.svc.AdvanceListings(w.ctx, w.clock.Now())
	if err != nil {
		w.t.Fatalf("advance on %s: %v", day, err)
	}
	return sum
}

// issueAll makes all ordered documents stand, as the queue would.
func (w *world) issueAll() {
	w.exec(`UPDATE document_order SET state = 'issued' WHERE state = 'ordered'`)
}

func (w *world) obligation(i int) filing.Obligation {
	w.t.Helper()
	o, err := filing.ObligationByYear(w.ctx, w.db, w.orgs[i].ID, 2018)
	if err != nil {
		w.t.Fatal(err)
	}
	return o
}

func (w *world) submit(i int) uuid.UUID {
	w.t.Helper()
	receipt, err := w.filing.Submit(w.ctx, filing.Submit{OrganisationID: w.orgs[i].ID, Year: 2018, Body: []byte(`{"values":{}}`),
		IdempotencyKey: uuid.NewString(), Actor: filer})
	if err != nil {
		w.t.Fatalf("submit: %v", err)
	}
	return receipt.SubmissionID
}

// sendBack returns a submission; zero: to be refiled by the due day only.
func (w *world) sendBack(submission uuid.UUID, by workday.Date) {
	w.t.Helper()
	err := postgres.InTx(w.ctx, w.db, func(tx *postgres.Tx) error {
		_, err := filing.ReturnSubmission(tx.Context(), tx, filing.Decision{SubmissionID: submission, Resubmit: workday.Due{Date: by},
			Event: event.Event{Kind: event.ReviewDecidedKind, Actor: reviewer, Data: event.ReviewDecided{Outcome: "return"}}})
		return err
	})
	if err != nil {
		w.t.Fatalf("return: %v", err)
	}
}

func (w *world) conclude(submission uuid.UUID, status filing.Status) {
	w.t.Helper()
	err := postgres.InTx(w.ctx, w.db, func(tx *postgres.Tx) error {
		_, err := filing.ConcludeSubmission(tx.Context(), tx, filing.Decision{SubmissionID: submission, Status: status,
			Event: event.Event{Kind: event.ReviewDecidedKind, Actor: reviewer, Data: event.ReviewDecided{Outcome: string(status)}}})
		return err
	})
	if err != nil {
		w.t.Fatalf("conclude: %v", err)
	}
}

// matters are the organisation's, the oldest first.
func (w *world) matters(i int) []Item {
	w.t.Helper()
	page, err := w.svc.Listings(w.ctx, Query{Owner: Owner{OrganisationID: event.Ref(w.orgs[i].ID)}})
	if err != nil {
		w.t.Fatal(err)
	}
	return page.Items
}

// open is the organisation's only matter that is still notified or listed.
func (w *world) open(i int) Item {
	w.t.Helper()
	var found []Item
	for _, m := range w.matters(i) {
		if m.Status == Notified || m.Status == Listed {
			found = append(found, m)
		}
	}
	if len(found) != 1 {
		w.t.Fatalf("organisation %d has %d open matters", i, len(found))
	}
	return found[0]
}

// statuses tells how many matters there are in each status.
func (w *world) statuses() string {
	w.t.Helper()
	var text string
	err := w.db.GetContext(w.ctx, &text, `SELECT coalesce(string_agg(status || ' ' || n, ', ' ORDER BY status), '')
		FROM (SELECT status, count(*) AS n FROM listing GROUP BY status) AS s`)
	if err != nil {
		w.t.Fatal(err)
	}
	return text
}

func (w *world) events(kind event.Kind) int {
	w.t.Helper()
	return w.count(`SELECT count(*) FROM event WHERE kind = $1`, kind)
}

func (w *world) decide(i int, outcome string) (Listing, error) {
	return w.svc.DecideListing(w.ctx, Decision{ListingID: w.open(i).ID, AuthorityCode: authority, Outcome: outcome,
		Reason: "经核实，理由不成立。", Actor: reviewer})
}

func (w *world) plead(i int) (Listing, error) {
	return w.svc.MakeStatement(w.ctx, Plea{ListingID: w.open(i).ID, OrganisationID: w.orgs[i].ID, Text: "报告已按时寄出。", Actor: filer})
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

// wantCode wants a refusal with that status and code, and a Chinese detail.
func wantCode(t testing.TB, err error, status int, code string) {
	t.Helper()
	var refusal *Error
	if !errors.As(err, &refusal) {
		t.Errorf("error %v, want %d %s", err, status, code)
		return
	}
	if refusal.HTTPStatus() != status || refusal.Code() != code || refusal.Detail() == "" {
		t.Errorf("refusal %s, want %s", fmt.Sprint(refusal.HTTPStatus(), " ", refusal.Code()), fmt.Sprint(status, " ", code))
	}
}
