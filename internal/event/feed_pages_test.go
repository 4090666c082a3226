package event

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"nianbao/internal/postgres"
	"nianbao/internal/postgres/pgtest"
	"nianbao/internal/workday"
)

// TestPublicFeedPages: a reader that goes on from the last position it saw misses nothing and sees nothing twice,
// whatever comes in between, and no number of the public numbering is left out.
func TestPublicFeedPages(t *testing.T) {
	db := newDB(t)
	var want []string
	for n := range 17 {
		commit(t, db, claimed(), received(n), claimed())
		want = append(want, fmt.Sprintf("%d submission.received", n+1))
	}
	sequenceAll(t, db)
	for _, limit := range []int{1, 4, 17, 100} {
		var got []string
		for after := int64(0); ; {
			page, err := PublicFeed(t.Context(), db, after, limit)
			if err != nil || len(page) > limit {
				t.Fatalf("%d events for a limit of %d, %v", len(page), limit, err)
			}
			if len(page) == 0 {
				break
			}
			for _, e := range page {
				got = append(got, fmt.Sprintf("%d %s", e.Position, e.Kind))
			}
			after = page[len(page)-1].Position
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("pages of %d:\n%s", limit, diff)
		}
	}
	if page, err := PublicFeed(t.Context(), db, 17, 10); err != nil || page == nil || len(page) != 0 {
		t.Errorf("after the last: %v, %v", page, err)
	}
	commit(t, db, received(99))
	if page, err := PublicFeed(t.Context(), db, 17, 10); err != nil || len(page) != 0 {
		t.Errorf("an event without a position is in the feed: %v, %v", page, err)
	}
	sequenceAll(t, db)
	if page, err := PublicFeed(t.Context(), db, 17, 10); err != nil || len(page) != 1 || page[0].Position != 18 || page[0].Organisation != nil {
		t.Errorf("the next: %+v, %v", page, err)
	}
}

// TestAppendIsOneStatementInOrder: events appended together lie in the order given, under the transaction's instant
// unless they say their own.
func TestAppendIsOneStatementInOrder(t *testing.T) {
	now := time.Date(2019, 4, 1, 8, 0, 0, 0, workday.Shanghai)
	db, _ := pgtest.NewAt(t, now)
	own := received(2)
	own.ID, own.At = uuid.New(), now.Add(-time.Hour)
	commit(t, db)
	commit(t, db, received(1), own, claimed(), received(4))
	if n := sequenceAll(t, db); n != 4 {
		t.Fatalf("sequenced %d", n)
	}
	all := stored(t, db)
	if all[1].ID != own.ID || !all[1].At.Equal(own.At) || !all[0].At.Equal(now) {
		t.Errorf("own id %s, at %s and %s", all[1].ID, all[1].At, all[0].At)
	}
	var kinds []Kind
	for i, e := range all {
		kinds = append(kinds, e.Kind)
		if i > 0 && e.XID != all[0].XID {
			t.Errorf("event %d is of another transaction", i)
		}
	}
	if diff := cmp.Diff([]Kind{SubmissionReceivedKind, SubmissionReceivedKind, ReviewClaimedKind, SubmissionReceivedKind}, kinds); diff != "" {
		t.Error(diff)
	}
	err := postgres.InTx(t.Context(), db, func(tx *postgres.Tx) error { return Append(tx.Context(), tx, received(5), own) })
	if err == nil {
		t.Error("an id was taken twice")
	}
	if n := sequenceAll(t, db); n != 0 {
		t.Errorf("%d events of the refused call are in the log", n)
	}
}

// TestConsumersOfTwoNodes: two dispatchers work on the same consumers at once; each event is handled once and in order.
func TestConsumersOfTwoNodes(t *testing.T) {
	db := newDB(t)
	c := notes(t, db)
	const events = 240
	for n := range events {
		commit(t, db, received(n))
	}
	sequenceAll(t, db)
	var wait sync.WaitGroup
	for range 3 {
		wait.Go(func() {
			d := NewDispatcher(db, []Consumer{c}, quiet)
			for {
				if _, err := d.Step(t.Context()); err != nil {
					t.Error(err)
					return
				}
				states, err := Consumers(t.Context(), db)
				if err != nil || len(states) == 1 && states[0].Position == events {
					return
				}
			}
		})
	}
	wait.Wait()
	if diff := cmp.Diff(upTo(events), noted(t, db)); diff != "" {
		t.Error(diff)
	}
}

// TestBackOffGrowsToItsLimit: 1 s, 3 s, 9 s … and never more than five minutes.
func TestBackOffGrowsToItsLimit(t *testing.T) {
	db, clock := pgtest.NewAt(t, time.Date(2019, 4, 1, 8, 0, 0, 0, workday.Shanghai))
	c := Consumer{Name: "failing", Handle: func(context.Context, *postgres.Tx, Stored) error { return errors.New("boom") }}
	commit(t, db, received(1))
	sequenceAll(t, db)
	d := NewDispatcher(db, []Consumer{c}, quiet)
	for attempt, seconds := range []int{1, 3, 9, 27, 81, 243, 300, 300} {
		want := time.Duration(seconds) * time.Second
		dispatchAll(t, d)
		states, err := Consumers(t.Context(), db)
		if err != nil || len(states) != 1 || states[0].RetryAt == nil {
			t.Fatalf("%+v, %v", states, err)
		}
		if got := states[0].RetryAt.Sub(db.Now()); got != want || states[0].Attempts != attempt+1 || states[0].Behind != 1 {
			t.Errorf("failure %d: waits %s, want %s; %+v", attempt+1, got, want, states[0])
		}
		clock.Advance(want - time.Microsecond)
		dispatchAll(t, d)
		if again, err := Consumers(t.Context(), db); err != nil || again[0].Attempts != attempt+1 {
			t.Errorf("failure %d: tried again a microsecond too early, %v", attempt+1, err)
		}
		clock.Advance(time.Microsecond)
	}
}

// TestANewConsumerBeginsAtTheFirstEvent: a name that comes later hears everything that happened before.
func TestANewConsumerBeginsAtTheFirstEvent(t *testing.T) {
	db := newDB(t)
	c := notes(t, db)
	commit(t, db, received(1), claimed(), received(2))
	sequenceAll(t, db)
	dispatchAll(t, NewDispatcher(db, []Consumer{c}, quiet))
	late := c
	late.Name, late.Kinds = "late", []Kind{ReviewClaimedKind}
	commit(t, db, received(3))
	sequenceAll(t, db)
	dispatchAll(t, NewDispatcher(db, []Consumer{c, late}, quiet))
	if diff := cmp.Diff([]int64{1, 2, 3, 4, 2}, noted(t, db)); diff != "" {
		t.Error(diff)
	}
	states, err := Consumers(t.Context(), db)
	if err != nil || len(states) != 2 || states[0].Name != "late" || states[0].Position != 4 || states[1].Behind != 0 {
		t.Errorf("%+v, %v", states, err)
	}
}
