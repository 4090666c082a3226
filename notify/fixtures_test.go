package notify

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"nianbao/internal/event"
	"nianbao/internal/postgres"
	"nianbao/internal/postgres/pgtest"
	"nianbao/internal/queue"
	"nianbao/internal/workday"
)

// world is a database with one authority and one season (report year 2018, due 31 March 2019).
type world struct {
	t      testing.TB
	db     *postgres.DB
	clock  *pgtest.Clock
	season uuid.UUID
	s      *Service
	sender *fakeSender
}

// fakeSender keeps what it was given, or fails with fail.
type fakeSender struct {
	mu   sync.Mutex
	sent []Mail
	fail func(m Mail) error
}

func (f *fakeSender) Send(_ context.Context, m Mail) error {
	if f.fail != nil {
		if err := f.fail(m); err != nil {
			return err
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.sent = append(f.sent, m)
	return nil
}

func day(month time.Month, d, hour int) time.Time {
	return time.Date(2019, month, d, hour, 0, 0, 0, workday.Shanghai)
}

func newWorld(t testing.TB, now time.Time) *world {
	t.Helper()
	db, clock := pgtest.NewAt(t, now)
	w := &world{t: t, db: db, clock: clock, season: uuid.New(), sender: &fakeSender{}}
	w.exec(`INSERT INTO authority (code, name, level, number_prefix, created_at, updated_at)
VALUES ('440100', '试验市民政局', 'city', '试民社', $1, $1)`, now)
	w.exec(`INSERT INTO season (id, authority_code, report_year, regime, registered_by, opens_on, due_on, state, spec, created_at, updated_at)
VALUES ($1, '440100', 2018, 'annual_report', '2018-12-31', '2019-01-14', '2019-03-31', 'open',
	'{"reminders_days_before": [30, 14, 7, 3, 1, 0]}', $2, $2)`, w.season, now)
	w.s = w.service(w.sender)
	return w
}

func (w *world) service(sender Sender) *Service {
	w.t.Helper()
	s, err := New(Config{DB: w.db, PublicURL: "https://nianbao.example/", Sender: sender,
		Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

func (w *world) exec(query string, args ...any) {
	w.t.Helper()
	if _, err := w.db.ExecContext(context.Background(), query, args...); err != nil {
		w.t.Fatalf("%s: %v", query, err)
	}
}

// organisation adds one with an obligation that is open since 14 January.
func (w *world) organisation(name string) (organisation, obligation uuid.UUID) {
	w.t.Helper()
	organisation, obligation = uuid.New(), uuid.New()
	w.exec(`INSERT INTO organisation (id, uscc, name, type, registered_on, authority_code, status, contact_email, created_at, updated_at)
VALUES ($1, $2, $3, 'association', '2010-01-01', '440100', 'active', $4, $5, $5)`,
		organisation, organisation.String()[:18], name, name+"@org.example", day(1, 1, 0))
	w.exec(`INSERT INTO obligation (id, authority_code, organisation_id, season_id, report_year, type, form, opens_on, due_on,
	overdue_after, created_at, updated_at)
VALUES ($1, '440100', $2, $3, 2018, 'association', 'association-2004', '2019-01-14', '2019-03-31', '2019-03-31', $4, $4)`,
		obligation, organisation, w.season, day(1, 14, 0))
	return organisation, obligation
}

// person adds somebody with a membership, activated or not.
func (w *world) person(email, role string, organisation uuid.UUID, activated bool) uuid.UUID {
	w.t.Helper()
	id, hash := uuid.New(), ""
	if activated {
		hash = "argon2id"
	}
	w.exec(`INSERT INTO person (id, email, name, password_hash, created_at, updated_at) VALUES ($1, $2, '某人', $3, now(), now())`, id, email, hash)
	if organisation != uuid.Nil {
		w.exec(`INSERT INTO membership (id, person_id, role, organisation_id, created_at) VALUES ($1, $2, $3, $4, now())`, uuid.New(), id, role, organisation)
	} else {
		w.exec(`INSERT INTO membership (id, person_id, role, authority_code, created_at) VALUES ($1, $2, $3, '440100', now())`, uuid.New(), id, role)
	}
	return id
}

// conclusion adds the row that a conclusion's document belongs to, under the document's id.
func (w *world) conclusion(document, organisation, obligation uuid.UUID) {
	w.t.Helper()
	submission := uuid.New()
	w.exec(`INSERT INTO submission (id, obligation_id, authority_code, organisation_id, report_year, ordinal, form, form_version,
	check_set_version, body, sha256, findings, receipt_no, received_at, review_due_on, review_due_provisional, actor_kind, actor_id, actor_name)
VALUES ($1, $2, '440100', $3, 2018, 1, 'association-2004', 1, '1', '{}', repeat('0', 64), '[]', '2018-0000001', now(), '2019-04-15', false, 'person', 'p', '某人')`,
		submission, obligation, organisation)
	w.exec(`INSERT INTO conclusion (id, submission_id, obligation_id, authority_code, organisation_id, report_year, outcome, number, issued_on, created_at)
VALUES ($1, $2, $3, '440100', $4, 2018, 'pass', '1号', '2019-04-02', now())`, document, submission, obligation, organisation)
}

// happen appends events and lets the consumer hear of them.
func (w *world) happen(events ...event.Event) {
	w.t.Helper()
	err := postgres.InTx(w.t.Context(), w.db, func(tx *postgres.Tx) error { return event.Append(tx.Context(), tx, events...) })
	if err != nil {
		w.t.Fatal(err)
	}
	w.hear()
}

func (w *world) hear() {
	w.t.Helper()
	d := event.NewDispatcher(w.db, []event.Consumer{w.s.Consumer()}, w.s.log)
	for {
		n, err := event.NewSequencer(w.db).Step(w.t.Context())
		if err != nil {
			w.t.Fatal(err)
		}
		m, err := d.Step(w.t.Context())
		if err != nil {
			w.t.Fatal(err)
		}
		if n+m == 0 {
			break
		}
	}
	states, err := event.Consumers(w.t.Context(), w.db)
	if err != nil || len(states) != 1 || states[0].LastError != "" {
		w.t.Fatalf("consumer: %+v, %v", states, err)
	}
}

// work runs the queue until nothing is due.
func (w *world) work(s *Service) int {
	w.t.Helper()
	n, err := queue.NewWorker(w.db, map[string]queue.Handler{JobKind: s.Handle}, queue.Options{}).Drain(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	return n
}

func (w *world) remind() Summary {
	w.t.Helper()
	sum, err := w.s.Remind(w.t.Context(), w.db.Now())
	if err != nil {
		w.t.Fatal(err)
	}
	return sum
}

// deliveries lists "kind channel state recipient", in the order they were written.
func (w *world) deliveries() []string {
	w.t.Helper()
	var list []Delivery
	if err := w.db.SelectContext(w.t.Context(), &list, `SELECT `+deliveryColumns+` FROM delivery ORDER BY created_at, unique_key`); err != nil {
		w.t.Fatal(err)
	}
	out := []string{}
	for _, d := range list {
		out = append(out, strings.TrimSpace(fmt.Sprintf("%s %s %s %s", d.Kind, d.Channel, d.State, d.Recipient)))
	}
	return out
}

func (w *world) event(kind event.Kind, organisation, obligation uuid.UUID, data any) event.Event {
	return event.Event{Kind: kind, Actor: event.System("test"), AuthorityCode: "440100", OrganisationID: event.Ref(organisation),
		ObligationID: event.Ref(obligation), SubjectID: event.Ref(uuid.New()), ReportYear: 2018, Data: data}
}

func sorted(lines []string) []string {
	slices.Sort(lines)
	return lines
}
