package queue_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"nianbao/internal/postgres"
	"nianbao/internal/postgres/pgtest"
	"nianbao/internal/queue"
)

// drain works what is due with the one handler for kind "job".
func drain(t *testing.T, db *postgres.DB, handler queue.Handler) int {
	t.Helper()
	w := queue.NewWorker(db, map[string]queue.Handler{"job": handler}, queue.Options{})
	n, err := w.Drain(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func nothing(context.Context, queue.Job) error { return nil }

func TestDrainWorksWhatIsDueInOrder(t *testing.T) {
	db, clock := pgtest.NewAt(t, pgtest.DefaultNow)
	at := func(d time.Duration) time.Time { return pgtest.DefaultNow.Add(d) }
	enqueue(t, db,
		queue.New{Kind: "job", Payload: "third", RunAt: at(-time.Minute)},
		queue.New{Kind: "job", Payload: "second", RunAt: at(-time.Hour)},
		queue.New{Kind: "job", Payload: "first", Priority: -1},
		queue.New{Kind: "job", Payload: "tomorrow", RunAt: at(24 * time.Hour)},
		queue.New{Kind: "other", Payload: "not ours"},
	)
	var order []string
	record := func(_ context.Context, j queue.Job) error {
		order = append(order, string(j.Payload))
		return nil
	}
	w := queue.NewWorker(db, map[string]queue.Handler{"job": record}, queue.Options{Batch: 1})
	if n, err := w.Drain(t.Context()); n != 3 || err != nil {
		t.Errorf("worked %d, %v", n, err)
	}
	clock.Advance(24 * time.Hour)
	if n, err := w.Drain(t.Context()); n != 1 || err != nil {
		t.Errorf("a day later worked %d, %v", n, err)
	}
	if diff := cmp.Diff([]string{`"first"`, `"second"`, `"third"`, `"tomorrow"`}, order); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]map[queue.State]int{"other": {queue.Ready: 1}}, depth(t, db)); diff != "" {
		t.Error(diff)
	}
}

func TestDrainWorksWhatJobsEnqueue(t *testing.T) {
	db := pgtest.New(t)
	enqueue(t, db, queue.New{Kind: "job", Payload: 3})
	n := drain(t, db, func(ctx context.Context, j queue.Job) error {
		if string(j.Payload) == "0" {
			return nil
		}
		return postgres.InTx(ctx, db, func(tx *postgres.Tx) error {
			return queue.Enqueue(tx.Context(), tx, queue.New{Kind: "job", Payload: j.Payload[0] - '0' - 1})
		})
	})
	if n != 4 {
		t.Errorf("worked %d, want 4", n)
	}
}

func TestFailedJobWaitsLongerEachTime(t *testing.T) {
	db, clock := pgtest.NewAt(t, pgtest.DefaultNow)
	enqueue(t, db, queue.New{Kind: "job"})
	var waits []time.Duration
	for range 9 {
		if n := drain(t, db, func(context.Context, queue.Job) error { return errors.New("no \x00 luck") }); n != 1 {
			t.Fatalf("worked %d", n)
		}
		job := list(t, db, queue.Ready)[0]
		if job.LastError != "no  luck" {
			t.Fatalf("last error %q", job.LastError)
		}
		waits = append(waits, job.RunAt.Sub(clock.Now()))
		clock.Set(job.RunAt.Add(-time.Microsecond))
		if n := drain(t, db, nothing); n != 0 {
			t.Fatal("the job ran before its time")
		}
		clock.Set(job.RunAt)
	}
	s := time.Second
	want := []time.Duration{3 * s, 9 * s, 27 * s, 81 * s, 243 * s, 729 * s, 2187 * s, time.Hour, time.Hour}
	if diff := cmp.Diff(want, waits); diff != "" {
		t.Error(diff)
	}
	if n := drain(t, db, nothing); n != 1 || len(depth(t, db)) != 0 {
		t.Errorf("worked %d, left %v", n, depth(t, db))
	}
}

func TestHeldAndDeadJobsWaitForAPerson(t *testing.T) {
	db := pgtest.New(t)
	enqueue(t, db, queue.New{Kind: "job", Payload: "hold", UniqueKey: "h"}, queue.New{Kind: "job", Payload: "die"})
	work := func(_ context.Context, j queue.Job) error {
		if string(j.Payload) == `"hold"` {
			return fmt.Errorf("wrapped: %w", queue.Hold("字体缺少“𠮷”"))
		}
		return queue.Permanent(errors.New("address refused"))
	}
	if n := drain(t, db, work); n != 2 {
		t.Fatalf("worked %d", n)
	}
	if n := drain(t, db, work); n != 0 {
		t.Errorf("stopped jobs ran again")
	}
	held, dead := list(t, db, queue.Held), list(t, db, queue.Dead)
	if len(held) != 1 || held[0].LastError != "字体缺少“𠮷”" || len(dead) != 1 || dead[0].LastError != "address refused" {
		t.Fatalf("held %+v, dead %+v", held, dead)
	}
	enqueue(t, db, queue.New{Kind: "job", UniqueKey: "h"})
	if d := depth(t, db); d["job"][queue.Ready] != 0 {
		t.Error("the key of a held job did not keep out another")
	}
	err := postgres.InTx(t.Context(), db, func(tx *postgres.Tx) error {
		n, err := queue.Revive(tx.Context(), tx, "job", queue.Held)
		if n != 1 {
			t.Errorf("revived %d", n)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if n := drain(t, db, nothing); n != 1 {
		t.Errorf("after reviving worked %d", n)
	}
}

func TestPanicIsAFailure(t *testing.T) {
	db := pgtest.New(t)
	enqueue(t, db, queue.New{Kind: "job"})
	drain(t, db, func(context.Context, queue.Job) error { panic("out of ink") })
	if got := list(t, db, queue.Ready)[0].LastError; got != "the handler panicked: out of ink" {
		t.Errorf("last error %q", got)
	}
}

func TestLongErrorIsCutAtACharacter(t *testing.T) {
	db := pgtest.New(t)
	enqueue(t, db, queue.New{Kind: "job"})
	drain(t, db, func(context.Context, queue.Job) error { return errors.New("x" + strings.Repeat("字", 5000)) })
	got := list(t, db, queue.Ready)[0].LastError
	if len(got) > 2010 || !strings.HasSuffix(got, "字…") {
		t.Errorf("%d bytes, end %q", len(got), got[len(got)-6:])
	}
}

// Two workers on two pools, as two nodes have: each job is worked once.
func TestTwoWorkersShareTheWork(t *testing.T) {
	one := pgtest.New(t)
	two, err := postgres.Open(t.Context(), pgtest.URL(t, one), one.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer two.Close()
	const jobs = 200
	work := make([]queue.New, jobs)
	for i := range work {
		work[i] = queue.New{Kind: "job", Payload: i}
	}
	enqueue(t, one, work...)

	var mu sync.Mutex
	runs := make(map[uuid.UUID]int)
	ctx, stop := context.WithCancel(t.Context())
	handler := func(_ context.Context, j queue.Job) error {
		mu.Lock()
		defer mu.Unlock()
		if runs[j.ID]++; len(runs) == jobs {
			stop()
		}
		return nil
	}
	var wg sync.WaitGroup
	for _, db := range []*postgres.DB{one, two} {
		w := queue.NewWorker(db, map[string]queue.Handler{"job": handler}, queue.Options{Poll: time.Millisecond, Batch: 7})
		wg.Go(func() {
			if err := w.Run(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for id, n := range runs {
		if n != 1 {
			t.Errorf("job %s ran %d times", id, n)
		}
	}
	if d := depth(t, one); len(d) != 0 {
		t.Errorf("left %v", d)
	}
}

// A worker that dies leaves a running row; another gets the job when the lease ends, and the dead one, should it
// come back, has no say any more.
func TestLeaseAndFence(t *testing.T) {
	db := pgtest.New(t)
	enqueue(t, db, queue.New{Kind: "job"})
	hung, resume := make(chan struct{}), make(chan struct{})
	first := queue.NewWorker(db, map[string]queue.Handler{"job": func(_ context.Context, j queue.Job) error {
		close(hung)
		<-resume
		return errors.New("from the first attempt")
	}}, queue.Options{Lease: time.Hour}) // renewed every 20 minutes of the wall: not in this test
	finished := make(chan error)
	go func() { _, err := first.Drain(t.Context()); finished <- err }()
	<-hung

	var attempts []int
	second := queue.NewWorker(db, map[string]queue.Handler{"job": func(_ context.Context, j queue.Job) error {
		attempts = append(attempts, j.Attempt)
		if len(attempts) == 1 {
			return queue.Hold("second attempt says hold")
		}
		return nil
	}}, queue.Options{Lease: 50 * time.Millisecond})
	if n, err := second.Drain(t.Context()); n != 0 || err != nil {
		t.Fatalf("took a job whose lease lasts: %d, %v", n, err)
	}
	if _, err := db.ExecContext(t.Context(), `UPDATE job SET lease_until = lease_until - interval '61 minutes'`); err != nil {
		t.Fatal(err)
	}
	if n, err := second.Drain(t.Context()); n != 1 || err != nil {
		t.Fatalf("after the lease worked %d, %v", n, err)
	}
	close(resume)
	if err := <-finished; err != nil {
		t.Fatal(err)
	}
	held := list(t, db, queue.Held)
	if len(held) != 1 || held[0].LastError != "second attempt says hold" || !slices.Equal(attempts, []int{2}) {
		t.Errorf("the first attempt was heard: held %+v, attempts %v", held, attempts)
	}
}

// A leap of the clock ends no lease: what a worker still works on is taken a second time neither by itself nor by another.
func TestLeapOfTheClockDoesNotRepeatRunningJobs(t *testing.T) {
	db, clock := pgtest.NewAt(t, pgtest.DefaultNow)
	enqueue(t, db, queue.New{Kind: "job"})
	var runs atomic.Int32
	begun, resume := make(chan struct{}), make(chan struct{})
	w := queue.NewWorker(db, map[string]queue.Handler{"job": func(context.Context, queue.Job) error {
		if runs.Add(1) == 1 {
			close(begun)
		}
		<-resume
		return nil
	}}, queue.Options{Poll: time.Millisecond, Lease: time.Hour})
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { _ = w.Run(ctx) })
	<-begun
	clock.Advance(90 * 24 * time.Hour)
	other := queue.NewWorker(db, map[string]queue.Handler{"job": nothing}, queue.Options{Lease: time.Millisecond})
	if n, err := other.Drain(t.Context()); n != 0 || err != nil {
		t.Errorf("another worker got %d jobs, %v", n, err)
	}
	drained := make(chan error)
	go func() { _, err := w.Drain(t.Context()); drained <- err }()
	select {
	case err := <-drained:
		t.Errorf("Drain returned (%v) while a job ran", err)
	case <-time.After(50 * time.Millisecond):
	}
	close(resume)
	if err := <-drained; err != nil {
		t.Error(err)
	}
	stop()
	running.Wait()
	if runs.Load() != 1 || len(depth(t, db)) != 0 {
		t.Errorf("ran %d times, left %v", runs.Load(), depth(t, db))
	}
}

// The holder of a job renews its lease for as long as the handler runs; nobody else gets the job meanwhile.
func TestLongJobKeepsItsLease(t *testing.T) {
	db := pgtest.New(t)
	enqueue(t, db, queue.New{Kind: "job"})
	begun, resume := make(chan struct{}), make(chan struct{})
	holder := queue.NewWorker(db, map[string]queue.Handler{"job": func(ctx context.Context, _ queue.Job) error {
		close(begun)
		<-resume
		return context.Cause(ctx)
	}}, queue.Options{Lease: 3 * time.Second}) // renewed every second
	finished := make(chan error)
	go func() { _, err := holder.Drain(t.Context()); finished <- err }()
	<-begun
	other := queue.NewWorker(db, map[string]queue.Handler{"job": nothing}, queue.Options{Lease: time.Nanosecond})
	var until time.Time
	for range 3 {
		until = awaitLease(t, db, until)
		if n, err := other.Drain(t.Context()); n != 0 || err != nil {
			t.Fatalf("another worker got %d jobs, %v", n, err)
		}
	}
	close(resume)
	if err := <-finished; err != nil {
		t.Error(err)
	}
	if d := depth(t, db); len(d) != 0 {
		t.Errorf("left %v", d)
	}
}

// awaitLease waits until the one job's lease ends later than before, and gives its end.
func awaitLease(t *testing.T, db *postgres.DB, before time.Time) time.Time {
	t.Helper()
	for {
		var until time.Time
		if err := db.GetContext(t.Context(), &until, `SELECT lease_until FROM job`); err != nil {
			t.Fatal(err)
		}
		if until.After(before) {
			return until
		}
		time.Sleep(time.Millisecond)
	}
}

func TestLostLeaseEndsTheHandler(t *testing.T) {
	db := pgtest.New(t)
	enqueue(t, db, queue.New{Kind: "job"})
	cause := make(chan error, 1)
	w := queue.NewWorker(db, map[string]queue.Handler{"job": func(ctx context.Context, j queue.Job) error {
		if _, err := db.ExecContext(ctx, `UPDATE job SET attempt = attempt + 1 WHERE id = $1`, j.ID); err != nil {
			t.Error(err)
		}
		<-ctx.Done()
		cause <- context.Cause(ctx)
		return ctx.Err()
	}}, queue.Options{Lease: 30 * time.Millisecond})
	if _, err := w.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-cause; err == nil || !strings.Contains(err.Error(), "lease") {
		t.Errorf("cause %v", err)
	}
	if got := list(t, db, queue.Running); len(got) != 1 || got[0].Attempt != 2 {
		t.Errorf("the other attempt was touched: %+v", got)
	}
}

// The end of the program lets the running job finish and gives back the waiting ones with their attempts.
func TestRunEndsInOrder(t *testing.T) {
	db := pgtest.New(t)
	enqueue(t, db, queue.New{Kind: "job"}, queue.New{Kind: "job"}, queue.New{Kind: "job"})
	ctx, stop := context.WithCancel(t.Context())
	var runs atomic.Int32
	w := queue.NewWorker(db, map[string]queue.Handler{"job": func(ctx context.Context, _ queue.Job) error {
		runs.Add(1)
		stop()
		return ctx.Err() // nil: the handler's own context goes on for the grace time
	}}, queue.Options{Concurrency: 1, Batch: 3})
	if err := w.Run(ctx); err != nil {
		t.Fatal(err)
	}
	left := list(t, db, queue.Ready)
	if runs.Load() != 1 || len(left) != 2 || left[0].Attempt != 0 || left[1].Attempt != 0 {
		t.Errorf("ran %d, left %+v", runs.Load(), left)
	}
}

func TestHandlerThatDoesNotEndIsCutShort(t *testing.T) {
	db := pgtest.New(t)
	enqueue(t, db, queue.New{Kind: "job"})
	ctx, stop := context.WithCancel(t.Context())
	w := queue.NewWorker(db, map[string]queue.Handler{"job": func(ctx context.Context, _ queue.Job) error {
		stop()
		<-ctx.Done()
		return ctx.Err()
	}}, queue.Options{Grace: 20 * time.Millisecond})
	if err := w.Run(ctx); err != nil {
		t.Fatal(err)
	}
	if left := list(t, db, queue.Ready); len(left) != 1 || left[0].Attempt != 0 {
		t.Errorf("left %+v", left)
	}
}
