package clock

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nianbao/internal/event"
	"nianbao/internal/postgres"
	"nianbao/internal/postgres/pgtest"
	"nianbao/internal/queue"
	"nianbao/internal/workday"
)

// wall is a wall clock that tests move.
type wall struct {
	mu  sync.Mutex
	now time.Time
}

func (w *wall) Now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *wall) advance(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

func newWall() *wall { return &wall{now: time.Date(2026, 11, 21, 10, 0, 0, 0, workday.Shanghai)} }

// demo is a node of a demonstration on a database of its own connection pool.
func demo(t testing.TB, url string, w *wall, start time.Time) (*postgres.DB, *DemoClock) {
	t.Helper()
	db, err := postgres.Open(t.Context(), url, w.Now)
	if err != nil {
		t.Fatal(err)
	}
	c := NewDemoClock(db, w.Now)
	if err := c.Start(t.Context(), start); err != nil {
		t.Fatal(err)
	}
	db.SetClock(c.Now)
	t.Cleanup(func() { _, _ = c.Close(), db.Close() })
	return db, c
}

func newDemo(t testing.TB, start time.Time) (*postgres.DB, *DemoClock) {
	t.Helper()
	return demo(t, pgtest.URL(t, pgtest.New(t)), newWall(), start)
}

func TestDemoClockRunsAtRealSpeedAndIsStored(t *testing.T) {
	url, w := pgtest.URL(t, pgtest.New(t)), newWall()
	_, c := demo(t, url, w, at(1, 14, 9, 0))
	check := func(c *DemoClock, want time.Time) {
		t.Helper()
		if got := c.Now(); !got.Equal(want) {
			t.Errorf("clock shows %v, want %v", got, want)
		}
	}
	check(c, at(1, 14, 9, 0))
	w.advance(90 * time.Minute)
	check(c, at(1, 14, 10, 30))
	_, joined := demo(t, url, w, time.Time{}) // another command on the same data
	check(joined, at(1, 14, 10, 30))
	_, earlier := demo(t, url, w, at(1, 1, 0, 0)) // --clock before the stored time
	check(earlier, at(1, 14, 10, 30))
	_, later := demo(t, url, w, at(2, 1, 8, 0)) // --clock after it
	check(later, at(2, 1, 8, 0))
	time.Sleep(2 * maxAge)
	check(c, at(2, 1, 8, 0))
	w.advance(-time.Hour) // the machine's clock was put right
	check(c, at(2, 1, 8, 0))
}

func TestDemoClockWithoutTimeBeginsAtTheWalls(t *testing.T) {
	w := newWall()
	_, c := demo(t, pgtest.URL(t, pgtest.New(t)), w, time.Time{})
	if got := c.Now(); !got.Equal(w.Now()) {
		t.Errorf("clock shows %v, want %v", got, w.Now())
	}
}

// TestDemoClockInsideTransactions: with every connection of the pool in a transaction, the time must still be had.
func TestDemoClockInsideTransactions(t *testing.T) {
	db, _ := newDemo(t, at(1, 14, 9, 0))
	var wg sync.WaitGroup
	for range 40 {
		wg.Go(func() {
			err := postgres.InTx(t.Context(), db, func(tx *postgres.Tx) error {
				time.Sleep(2 * maxAge)
				_ = db.Now()
				_, err := tx.ExecContext(tx.Context(), `SELECT 1`)
				return err
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func TestTravelRunsEveryTickInOrder(t *testing.T) {
	db, c := newDemo(t, at(3, 30, 9, 0))
	var log diary
	var d *Driver
	after := func(context.Context) error {
		log.add("after " + db.Now().Format("01-02 15:04"))
		return nil
	}
	d = newDriver(t, db, Options{Demo: c, AfterTick: after},
		log.job("open", "5 0 * * *"), log.job("twin", "5 0 * * *"), log.job("remind", "0 8 * * *"))
	ran, err := d.Travel(t.Context(), at(4, 1, 0, 5))
	if err != nil {
		t.Fatal(err)
	}
	wantRan := []Ran{
		{Job: "open", At: at(3, 31, 0, 5), Summary: "done"}, {Job: "twin", At: at(3, 31, 0, 5), Summary: "done"},
		{Job: "remind", At: at(3, 31, 8, 0), Summary: "done"},
		{Job: "open", At: at(4, 1, 0, 5), Summary: "done"}, {Job: "twin", At: at(4, 1, 0, 5), Summary: "done"},
	}
	if diff := cmp.Diff(wantRan, ran); diff != "" {
		t.Error(diff)
	}
	wantLog := []string{"after 03-30 09:00",
		"open 03-31 00:05", "after 03-31 00:05", "twin 03-31 00:05", "after 03-31 00:05",
		"remind 03-31 08:00", "after 03-31 08:00",
		"open 04-01 00:05", "after 04-01 00:05", "twin 04-01 00:05", "after 04-01 00:05", "after 04-01 00:05"}
	if diff := cmp.Diff(wantLog, log.read()); diff != "" {
		t.Error(diff)
	}
	if now := db.Now(); !now.Equal(at(4, 1, 0, 5)) {
		t.Errorf("the clock stands at %v", now)
	}
	if _, err := d.Travel(t.Context(), at(3, 31, 0, 0)); !errors.Is(err, ErrBackwards) {
		t.Errorf("backwards: %v", err)
	}
	ran, err = d.Travel(t.Context(), at(4, 1, 0, 5)) // to where it stands
	if err != nil || len(ran) != 0 {
		t.Errorf("ran %v, %v", ran, err)
	}
}

func TestTravelGoesOnAfterAFailedJob(t *testing.T) {
	db, c := newDemo(t, at(3, 30, 9, 0))
	job := Job{Name: "sweep", Spec: "10 0 * * *", Run: func(context.Context, time.Time) (string, error) {
		return "", errors.New("no ink")
	}}
	ran, err := newDriver(t, db, Options{Demo: c}, job).Travel(t.Context(), at(4, 1, 9, 0))
	if err != nil || len(ran) != 2 || ran[0].Error != "no ink" {
		t.Errorf("ran %+v, %v", ran, err)
	}
}

func TestTravelStopsWhereWorkCannotBeDone(t *testing.T) {
	db, c := newDemo(t, at(3, 30, 9, 0))
	after := func(context.Context) error {
		if db.Now().After(at(3, 31, 0, 0)) {
			return errors.New("no paper")
		}
		return nil
	}
	ran, err := newDriver(t, db, Options{Demo: c, AfterTick: after}, (&diary{}).job("sweep", "10 0 * * *")).
		Travel(t.Context(), at(4, 5, 9, 0))
	if err == nil || len(ran) != 1 {
		t.Errorf("ran %+v, %v", ran, err)
	}
	if now := db.Now(); !now.Equal(at(3, 31, 0, 10)) {
		t.Errorf("the clock stands at %v", now)
	}
}

// TestTravelDoesQueuedWorkOnTheWay: a job that fails twice is tried again at its own time, before the next tick.
func TestTravelDoesQueuedWorkOnTheWay(t *testing.T) {
	db, c := newDemo(t, at(3, 30, 9, 0))
	var log diary
	worker := queue.NewWorker(db, map[string]queue.Handler{"mail": func(_ context.Context, j queue.Job) error {
		log.add(fmt.Sprintf("try %d at %s", j.Attempt, db.Now().Format("01-02 15:04")))
		if j.Attempt < 3 {
			return errors.New("busy")
		}
		return nil
	}}, queue.Options{})
	enqueue := Job{Name: "remind", Spec: "0 8 31 3 *", Run: func(ctx context.Context, _ time.Time) (string, error) {
		return "", postgres.InTx(ctx, db, func(tx *postgres.Tx) error {
			return queue.Enqueue(tx.Context(), tx, queue.New{Kind: "mail"})
		})
	}}
	settle := Settle(func(context.Context) (bool, error) { return true, nil }, worker.Drain)
	if _, err := newDriver(t, db, Options{Demo: c, AfterTick: settle}, enqueue).Travel(t.Context(), at(4, 1, 9, 0)); err != nil {
		t.Fatal(err)
	}
	want := []string{"try 1 at 03-31 08:00", "try 2 at 03-31 08:01", "try 3 at 03-31 08:02"}
	if diff := cmp.Diff(want, log.read()); diff != "" {
		t.Error(diff)
	}
}

// TestNinetyDaysAreQuick travels a quarter with the real number of jobs and nothing to do, events and queue included.
// The limit is wide; the figure is what the log shows.
func TestNinetyDaysAreQuick(t *testing.T) {
	db, c := newDemo(t, at(1, 14, 9, 0))
	idle := func(context.Context, time.Time) (string, error) { return "nothing was due", nil }
	var jobs []Job
	for i, spec := range []string{"5 0 * * *", "10 0 * * *", "20 0 * * *", "30 0 * * *", "0 8 * * *"} {
		jobs = append(jobs, Job{Name: fmt.Sprint("job-", i), Spec: spec, Run: idle})
	}
	sequencer := event.NewSequencer(db)
	dispatcher := event.NewDispatcher(db, []event.Consumer{{Name: "notify"}, {Name: "listing"}}, newDriver(t, db, Options{}).o.Log)
	worker := queue.NewWorker(db, map[string]queue.Handler{"mail": nil}, queue.Options{})
	d := newDriver(t, db, Options{Demo: c,
		AfterTick: Settle(dispatcher.Settled, sequencer.Step, dispatcher.Step, worker.Drain)}, jobs...)
	started := time.Now()
	ran, err := d.Travel(t.Context(), at(1, 14, 9, 0).AddDate(0, 0, 90))
	if err != nil || len(ran) != 450 {
		t.Fatalf("ran %d, %v", len(ran), err)
	}
	took := time.Since(started)
	t.Logf("450 ticks in %v, %v each", took, took/450)
	if took > 60*time.Second {
		t.Errorf("ninety idle days took %v", took)
	}
}

// TestTwoNodesTravel: one node travels while both drive the clock live; every tick runs once, in order, and afterwards
// both show the new time at once.
func TestTwoNodesTravel(t *testing.T) {
	url, w := pgtest.URL(t, pgtest.New(t)), newWall()
	dbA, clockA := demo(t, url, w, at(3, 1, 0, 0))
	dbB, clockB := demo(t, url, w, at(3, 1, 0, 0))
	var log diary
	jobs := []Job{log.job("sweep", "10 0 * * *"), log.job("remind", "0 8 * * *")}
	a, b := newDriver(t, dbA, Options{Demo: clockA}, jobs...), newDriver(t, dbB, Options{Demo: clockB}, jobs...)
	stopA, stopB := live(t, a), live(t, b)
	eventually(t, "catch-up", func() bool { return len(log.read()) == 2 })
	if _, err := a.Travel(t.Context(), at(3, 31, 12, 0)); err != nil {
		t.Fatal(err)
	}
	if now := clockB.Now(); !now.Equal(at(3, 31, 12, 0)) {
		t.Errorf("the other node still shows %v", now)
	}
	stopA()
	stopB()
	var want []string
	for day := 1; day <= 31; day++ {
		want = append(want, fmt.Sprintf("sweep 03-%02d 00:10", day), fmt.Sprintf("remind 03-%02d 08:00", day))
	}
	if diff := cmp.Diff(want, log.read()[2:]); diff != "" {
		t.Error(diff)
	}
}

func TestTwoJourneysAtOnce(t *testing.T) {
	url, w := pgtest.URL(t, pgtest.New(t)), newWall()
	dbA, clockA := demo(t, url, w, at(3, 1, 0, 0))
	dbB, clockB := demo(t, url, w, at(3, 1, 0, 0))
	arrived, release := make(chan struct{}), make(chan struct{})
	slow := Job{Name: "sweep", Spec: "10 0 2 3 *", Run: func(context.Context, time.Time) (string, error) {
		close(arrived)
		<-release
		return "", nil
	}}
	done := make(chan error)
	go func() {
		_, err := newDriver(t, dbA, Options{Demo: clockA}, slow).Travel(t.Context(), at(3, 5, 0, 0))
		done <- err
	}()
	<-arrived
	b := newDriver(t, dbB, Options{Demo: clockB}, slow)
	if _, err := b.Travel(t.Context(), at(3, 9, 0, 0)); !errors.Is(err, ErrTravelling) {
		t.Errorf("a second journey: %v", err)
	}
	close(release)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if _, err := b.Travel(t.Context(), at(3, 9, 0, 0)); err != nil {
		t.Errorf("after the first journey: %v", err)
	}
}
