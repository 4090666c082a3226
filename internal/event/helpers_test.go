package event

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"testing"
	"time"

	"github.com/google/uuid"

	"nianbao/internal/postgres"
	"nianbao/internal/postgres/pgtest"
)

var errAbandoned = errors.New("abandoned")

var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

// received is a public event, told apart by its receipt number.
func received(n int) Event {
	return Event{
		Kind: SubmissionReceivedKind, Actor: Actor{Kind: ActorPerson, ID: "p1", Name: "王芳"},
		AuthorityCode: "440100", ReportYear: 2018, SubjectID: Ref(uuid.New()),
		Data: SubmissionReceived{Kind: "report", Ordinal: 1, ReceiptNo: fmt.Sprintf("R%05d", n)},
	}
}

// claimed is an event that is not public.
func claimed() Event {
	return Event{Kind: ReviewClaimedKind, Actor: Actor{Kind: ActorPerson, ID: "r1", Name: "李明"}, AuthorityCode: "440100"}
}

func commit(t testing.TB, db *postgres.DB, events ...Event) {
	t.Helper()
	err := postgres.InTx(t.Context(), db, func(tx *postgres.Tx) error {
		return Append(tx.Context(), tx, events...)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// open begins a transaction with events in it; the caller ends it.
func open(t testing.TB, db *postgres.DB, events ...Event) (finish func(commit bool)) {
	t.Helper()
	ready, end, done := make(chan error), make(chan bool), make(chan error)
	go func() {
		done <- postgres.InTx(context.Background(), db, func(tx *postgres.Tx) error {
			err := Append(tx.Context(), tx, events...)
			ready <- err
			if err == nil && !<-end {
				return errAbandoned
			}
			return err
		})
	}()
	if err := <-ready; err != nil {
		t.Fatal(err)
	}
	return func(commit bool) {
		t.Helper()
		end <- commit
		if err := <-done; (err == nil) != commit {
			t.Fatalf("end of transaction: %v", err)
		}
	}
}

func sequenceAll(t testing.TB, db *postgres.DB) int {
	t.Helper()
	total := 0
	for {
		n, err := NewSequencer(db).Step(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			return total
		}
		total += n
	}
}

// passFloor steps until the floor is over every event. Other tests' transactions on the same server hold it back for
// as long as they run.
func passFloor(t testing.TB, db *postgres.DB) {
	t.Helper()
	sequenceAll(t, db)
	for range 1000 {
		waiting, err := NewSequencer(db).waiting(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if !waiting {
			return
		}
		sequenceAll(t, db)
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("the floor does not pass the last event")
}

func mustVerify(t testing.TB, db *postgres.DB) VerifyResult {
	t.Helper()
	r, err := Verify(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// stored reads the whole sequenced log.
func stored(t testing.TB, db *postgres.DB) []Stored {
	t.Helper()
	var all []Stored
	err := db.SelectContext(t.Context(), &all, `
SELECT p.position, p.public_position, `+eventColumns+`
FROM event_position p JOIN event e ON e.id = p.event_id ORDER BY p.position`)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// tamper runs SQL as the owner with the guards off, as someone with the keys to the database would.
func tamper(t testing.TB, db *postgres.DB, statements ...string) {
	t.Helper()
	err := postgres.InTx(t.Context(), db, func(tx *postgres.Tx) error {
		for _, s := range append([]string{`SET LOCAL session_replication_role = replica`}, statements...) {
			if _, err := tx.ExecContext(tx.Context(), s); err != nil {
				return fmt.Errorf("%s: %w", s, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func newDB(t testing.TB) *postgres.DB { return pgtest.New(t) }
