package event

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nianbao/internal/postgres"
	"nianbao/internal/postgres/pgtest"
	"nianbao/internal/workday"
)

// notes is a consumer that writes down what it saw, in the database, so that doubles and losses show.
func notes(t testing.TB, db *postgres.DB) Consumer {
	t.Helper()
	if _, err := db.ExecContext(t.Context(),
		`CREATE TABLE IF NOT EXISTS noted (n bigserial, consumer text, position bigint)`); err != nil {
		t.Fatal(err)
	}
	return Consumer{Name: "notes", Handle: func(ctx context.Context, tx *postgres.Tx, e Stored) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO noted (consumer, position) VALUES ('notes', $1)`, e.Position)
		return err
	}}
}

func noted(t testing.TB, db *postgres.DB) []int64 {
	t.Helper()
	var out []int64
	if err := db.SelectContext(t.Context(), &out, `SELECT position FROM noted ORDER BY n`); err != nil {
		t.Fatal(err)
	}
	return out
}

func upTo(n int64) []int64 {
	var out []int64
	for i := int64(1); i <= n; i++ {
		out = append(out, i)
	}
	return out
}

func dispatchAll(t testing.TB, d *Dispatcher) {
	t.Helper()
	for {
		n, err := d.Step(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			return
		}
	}
}

func TestConsumerSeesEachEventOnceInOrder(t *testing.T) {
	db := newDB(t)
	c := notes(t, db)
	for n := range 250 {
		commit(t, db, received(n))
	}
	sequenceAll(t, db)
	nodes := []*Dispatcher{NewDispatcher(db, []Consumer{c}, quiet), NewDispatcher(db, []Consumer{c}, quiet)}
	var wg sync.WaitGroup
	for _, d := range nodes {
		wg.Go(func() {
			for range 200 {
				if _, err := d.Step(t.Context()); err != nil {
					t.Error(err)
				}
				if ok, err := d.Settled(t.Context()); ok && err == nil {
					return
				}
			}
		})
	}
	wg.Wait()
	dispatchAll(t, nodes[0])
	if diff := cmp.Diff(upTo(250), noted(t, db)); diff != "" {
		t.Error(diff)
	}
}

func TestConsumerWantsOnlyItsKinds(t *testing.T) {
	db := newDB(t)
	c := notes(t, db)
	c.Kinds = []Kind{ReviewClaimedKind}
	for n := range 300 {
		commit(t, db, received(n))
	}
	commit(t, db, claimed())
	sequenceAll(t, db)
	d := NewDispatcher(db, []Consumer{c}, quiet)
	dispatchAll(t, d)
	if diff := cmp.Diff([]int64{301}, noted(t, db)); diff != "" {
		t.Error(diff)
	}
	states, err := Consumers(t.Context(), db)
	if err != nil || len(states) != 1 || states[0].Position != 301 || states[0].Behind != 0 {
		t.Errorf("states %+v, %v", states, err)
	}
}

func TestFailingConsumerStaysAndShows(t *testing.T) {
	db, clock := pgtest.NewAt(t, time.Date(2019, 4, 1, 8, 0, 0, 0, workday.Shanghai))
	good := notes(t, db)
	broken := true
	failing := Consumer{Name: "failing", Handle: func(ctx context.Context, tx *postgres.Tx, e Stored) error {
		if broken && e.Position == 3 {
			return errors.New("boom")
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO noted (consumer, position) VALUES ('failing', $1)`, e.Position)
		return err
	}}
	for n := range 5 {
		commit(t, db, received(n))
	}
	sequenceAll(t, db)
	d := NewDispatcher(db, []Consumer{failing, good}, quiet)
	dispatchAll(t, d)
	if diff := cmp.Diff([]int64{1, 2, 1, 2, 3, 4, 5}, noted(t, db)); diff != "" {
		t.Errorf("the good consumer must go on, the failing one stop before 3: %s", diff)
	}
	state := func() ConsumerState {
		states, err := Consumers(t.Context(), db)
		if err != nil {
			t.Fatal(err)
		}
		return states[0]
	}
	s := state()
	if s.Position != 2 || s.Attempts != 1 || s.FailedAt == nil || *s.FailedAt != 3 || !strings.Contains(s.LastError, "boom") {
		t.Errorf("state after the first failure: %+v", s)
	}
	if ok, err := d.Settled(t.Context()); err != nil || !ok {
		t.Errorf("a consumer in back-off must not hold up time travel: %v, %v", ok, err)
	}
	dispatchAll(t, d)
	if s := state(); s.Attempts != 1 {
		t.Errorf("it tried again before its time: %+v", s)
	}
	clock.Advance(2 * time.Second)
	dispatchAll(t, d)
	if s := state(); s.Attempts != 2 || s.Position != 2 || !s.RetryAt.Equal(db.Now().Add(3*time.Second)) {
		t.Errorf("state after the second failure: %+v", s)
	}
	clock.Advance(3 * time.Second)
	broken = false
	dispatchAll(t, d)
	if s := state(); s.Attempts != 0 || s.FailedAt != nil || s.LastError != "" || s.Position != 5 {
		t.Errorf("state after the repair: %+v", s)
	}
	if diff := cmp.Diff([]int64{1, 2, 1, 2, 3, 4, 5, 3, 4, 5}, noted(t, db)); diff != "" {
		t.Error(diff)
	}
}

// TestPanicAndStrangeErrorsAreNoted: neither a panic nor an error that no text column takes may stop the program, or let
// the consumer run at the event without a pause.
func TestPanicAndStrangeErrorsAreNoted(t *testing.T) {
	for name, fail := range map[string]func() error{
		"panic":               func() error { panic("boom") },
		"zero byte":           func() error { return errors.New("boom\x00\xff" + strings.Repeat("长", 5000)) },
		"panic with an error": func() error { panic(errors.New("boom")) },
	} {
		t.Run(name, func(t *testing.T) {
			db := newDB(t)
			c := Consumer{Name: "failing", Handle: func(context.Context, *postgres.Tx, Stored) error { return fail() }}
			commit(t, db, received(1))
			sequenceAll(t, db)
			dispatchAll(t, NewDispatcher(db, []Consumer{c}, quiet))
			states, err := Consumers(t.Context(), db)
			if err != nil || len(states) != 1 || states[0].Attempts != 1 || !strings.Contains(states[0].LastError, "boom") || len(states[0].LastError) > 2100 {
				t.Errorf("states %+v, %v", states, err)
			}
		})
	}
}

// TestBrokenStatementInHandler: PostgreSQL aborts the whole transaction on it; what came before must still be kept.
func TestBrokenStatementInHandler(t *testing.T) {
	db := newDB(t)
	c := notes(t, db)
	note := c.Handle
	c.Handle = func(ctx context.Context, tx *postgres.Tx, e Stored) error {
		if e.Position == 2 {
			_, err := tx.ExecContext(ctx, `SELECT 1/0`)
			return err
		}
		return note(ctx, tx, e)
	}
	commit(t, db, received(1), received(2), received(3))
	sequenceAll(t, db)
	dispatchAll(t, NewDispatcher(db, []Consumer{c}, quiet))
	if diff := cmp.Diff([]int64{1}, noted(t, db)); diff != "" {
		t.Error(diff)
	}
}

func TestSettled(t *testing.T) {
	db := newDB(t)
	d := NewDispatcher(db, []Consumer{notes(t, db)}, quiet)
	check := func(when string, want bool) {
		t.Helper()
		if got, err := d.Settled(t.Context()); err != nil || got != want {
			t.Errorf("%s: settled = %v, %v", when, got, err)
		}
	}
	dispatchAll(t, d)
	check("empty", true)
	commit(t, db, received(1))
	check("not sequenced", false)
	sequenceAll(t, db)
	check("not handled", false)
	dispatchAll(t, d)
	check("handled", true)
}

func TestPublicFeedShowsOnlyWhatIsPublic(t *testing.T) {
	db, _ := pgtest.NewAt(t, time.Date(2019, 4, 1, 8, 0, 0, 0, workday.Shanghai))
	if _, err := db.ExecContext(t.Context(), `
INSERT INTO authority (code, name, level, number_prefix, created_at, updated_at)
VALUES ('440100', '试验市民政局', 'city', '试民社', now(), now());
INSERT INTO organisation (id, uscc, name, type, registered_on, authority_code, status, contact_email, created_at, updated_at)
VALUES ('0190a000-0000-7000-8000-000000000001', '51440100MJK1A2B31L', '试验协会', 'association', '2010-01-01', '440100',
	'active', 'secret@org.example', now(), now())`); err != nil {
		t.Fatal(err)
	}
	e := received(1)
	if err := e.OrganisationID.Scan("0190a000-0000-7000-8000-000000000001"); err != nil {
		t.Fatal(err)
	}
	commit(t, db, claimed(), e, Event{Kind: ListingAnnulledKind, Actor: System("x"),
		Data: ListingAnnulled{Ground: "not_filed", EndedOn: workday.NewDate(2019, 4, 1), Reason: "内部理由"}})
	sequenceAll(t, db)
	page, err := PublicFeed(t.Context(), db, 0, 10)
	if err != nil || len(page) != 2 {
		t.Fatalf("feed %+v, %v", page, err)
	}
	want := &PublicOrganisation{USCC: "51440100MJK1A2B31L", Name: "试验协会", Type: "association"}
	if diff := cmp.Diff(want, page[0].Organisation); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]any{"kind": "report"}, page[0].Data); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]any{"ground": "not_filed", "ended_on": "2019-04-01"}, page[1].Data); diff != "" {
		t.Error(diff)
	}
	if page, err = PublicFeed(t.Context(), db, 1, 10); err != nil || len(page) != 1 || page[0].Position != 2 {
		t.Errorf("after 1: %+v, %v", page, err)
	}
}

func TestRunCarriesEventsToConsumers(t *testing.T) {
	db := newDB(t)
	d := NewDispatcher(db, []Consumer{notes(t, db)}, quiet)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); Run(ctx, db, d, time.Millisecond, quiet) }()
	commit(t, db, received(1), received(2))
	for i := 0; len(noted(t, db)) < 2; i++ {
		if i > 5000 {
			t.Fatal("the consumer heard nothing")
		}
		time.Sleep(2 * time.Millisecond)
	}
	stop()
	<-done
}
