package event

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nianbao/internal/postgres"
)

func receipts(t testing.TB, db *postgres.DB) []string {
	t.Helper()
	var out []string
	for _, e := range stored(t, db) {
		data, err := Read[SubmissionReceived](e)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, data.ReceiptNo)
	}
	return out
}

// TestOutOfOrderCommits commits the first transaction last: its event comes last, and nothing waits for it.
func TestOutOfOrderCommits(t *testing.T) {
	db := newDB(t)
	finish1 := open(t, db, received(1))
	finish2 := open(t, db, received(2))
	commit(t, db, received(3))
	if n := sequenceAll(t, db); n != 1 {
		t.Fatalf("sequenced %d while two transactions are open, want 1", n)
	}
	finish2(true)
	commit(t, db, received(4))
	if n := sequenceAll(t, db); n != 2 {
		t.Fatalf("sequenced %d, want 2", n)
	}
	finish1(true)
	if n := sequenceAll(t, db); n != 1 {
		t.Fatalf("the long transaction's event: sequenced %d, want 1", n)
	}
	if diff := cmp.Diff([]string{"R00003", "R00002", "R00004", "R00001"}, receipts(t, db)); diff != "" {
		t.Error(diff)
	}
	if r := mustVerify(t, db); !r.OK() {
		t.Errorf("verify: %v", r.Problems)
	}
}

func TestRolledBackEventsLeaveNoHole(t *testing.T) {
	db := newDB(t)
	finish := open(t, db, received(1), received(2))
	commit(t, db, received(3), claimed(), received(4))
	finish(false)
	commit(t, db, received(5))
	sequenceAll(t, db)
	var positions, public []int64
	for _, e := range stored(t, db) {
		positions = append(positions, e.Position)
		if e.PublicPosition != nil {
			public = append(public, *e.PublicPosition)
		}
	}
	if diff := cmp.Diff([]int64{1, 2, 3, 4}, positions); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]int64{1, 2, 3}, public); diff != "" {
		t.Error(diff)
	}
}

// TestIdleSequencerWritesNothing: once all is sequenced, a step must not even lock.
func TestIdleSequencerWritesNothing(t *testing.T) {
	db := newDB(t)
	commit(t, db, received(1))
	passFloor(t, db)
	waiting, err := NewSequencer(db).waiting(t.Context())
	if err != nil || waiting {
		t.Errorf("waiting = %v, %v", waiting, err)
	}
}

// TestManyWritersTwoSequencers runs 50,000 events from writers that end in random order past two sequencers and a
// reader of the feed, who must never see a position before a lower one.
func TestManyWritersTwoSequencers(t *testing.T) {
	db := newDB(t)
	const writers, transactions, each = 6, 140, 60 // 50,400 events
	var wg sync.WaitGroup
	var written atomic.Int64
	for w := range writers {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(uint64(w), 7))
			for i := range transactions {
				events := make([]Event, each)
				for k := range events {
					events[k] = received((w*transactions+i)*each + k)
					if random.IntN(3) == 0 {
						events[k] = claimed()
					}
				}
				finish := open(t, db, events...)
				ok := random.IntN(10) > 0
				finish(ok)
				if ok {
					written.Add(each)
				}
			}
		})
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()

	var background sync.WaitGroup
	for range 2 {
		background.Go(func() {
			for last := false; !last; {
				select {
				case <-done:
					last = true
				default:
				}
				if _, err := NewSequencer(db).Step(t.Context()); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	background.Go(func() { readFeed(t, db, done) })
	background.Wait()
	sequenceAll(t, db)

	r := mustVerify(t, db)
	if !r.OK() || r.Events != written.Load() {
		t.Errorf("verify: %d events of %d written, problems %v", r.Events, written.Load(), r.Problems)
	}
}

// readFeed follows the public feed as a client does and holds it to: each position is the one after the last.
func readFeed(t *testing.T, db *postgres.DB, done <-chan struct{}) {
	var at int64
	for {
		select {
		case <-done:
			return
		default:
		}
		page, err := PublicFeed(t.Context(), db, at, 200)
		if err != nil {
			t.Error(err)
			return
		}
		for _, e := range page {
			if e.Position != at+1 {
				t.Errorf("public position %d follows %d", e.Position, at)
				return
			}
			at = e.Position
		}
	}
}

// TestLargeBacklogTakesSeveralPasses: the floor must not move before a pass has seen everything.
func TestLargeBacklogTakesSeveralPasses(t *testing.T) {
	db := newDB(t)
	err := postgres.InTx(t.Context(), db, func(tx *postgres.Tx) error {
		_, err := AppendFrom(tx.Context(), tx, Bulk{Kind: ReviewClaimedKind, Actor: System("test"), From: `
			(SELECT '440100' AS authority_code, NULL::uuid AS organisation_id, NULL::uuid AS obligation_id,
			NULL::uuid AS subject_id, NULL::integer AS report_year, '' AS basis, '{}' AS data
			FROM generate_series(1, 60000)) q`})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	n, err := NewSequencer(db).Step(t.Context())
	if err != nil || n != sequencePass {
		t.Fatalf("first pass %d, %v", n, err)
	}
	if n := sequenceAll(t, db); n != 60000-sequencePass {
		t.Errorf("the rest was %d", n)
	}
	if r := mustVerify(t, db); !r.OK() || r.Events != 60000 {
		t.Errorf("verify: %+v", r)
	}
}

// TestRestoredLog gives the log transaction ids from another cluster, far ahead of this one's.
func TestRestoredLog(t *testing.T) {
	db := newDB(t)
	commit(t, db, received(1), received(2))
	tamper(t, db, `UPDATE event SET xid = xid + 1000000000`)
	sequenceAll(t, db)
	commit(t, db, received(3))
	tamper(t, db, `UPDATE event SET xid = xid + 1000000000 WHERE ordinal = 3`,
		`UPDATE event_head SET floor_xid = floor_xid + 1000000000`)
	commit(t, db, received(4))
	sequenceAll(t, db)
	commit(t, db, received(5))
	sequenceAll(t, db)
	if diff := cmp.Diff([]string{"R00001", "R00002", "R00003", "R00004", "R00005"}, receipts(t, db)); diff != "" {
		t.Error(diff)
	}
	if r := mustVerify(t, db); !r.OK() {
		t.Errorf("verify: %v", r.Problems)
	}
	if err := postgres.InTx(t.Context(), db, func(tx *postgres.Tx) error { return AfterRestore(tx.Context(), tx) }); err != nil {
		t.Fatal(err)
	}
	if n := sequenceAll(t, db); n != 0 {
		t.Errorf("a whole pass found %d new events", n)
	}
}
