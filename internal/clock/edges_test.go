package clock

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nianbao/internal/postgres/pgtest"
	"nianbao/internal/workday"
)

// TestLatestTick: the last tick that has come, counted in Shanghai's days whatever zone an instant is written in.
func TestLatestTick(t *testing.T) {
	day := func(d int, hour, minute int) time.Time { return at(time.April, d, hour, minute) }
	utc := func(d, hour, minute, second int) time.Time {
		return time.Date(2019, time.April, d, hour, minute, second, 0, time.UTC)
	}
	for _, tc := range []struct {
		name, spec string
		after, now time.Time
		want       time.Time
	}{
		{"at the very instant", "5 0 * * *", time.Time{}, day(2, 0, 5), day(2, 0, 5)},
		{"a second before", "5 0 * * *", time.Time{}, utc(1, 16, 4, 59), day(1, 0, 5)},
		{"just after midnight", "5 0 * * *", time.Time{}, day(2, 0, 0), day(1, 0, 5)},
		{"midnight itself", "0 0 * * *", time.Time{}, utc(1, 16, 0, 0), day(2, 0, 0)},
		{"a second before midnight", "0 0 * * *", time.Time{}, utc(1, 15, 59, 59), day(1, 0, 0)},
		{"dealt with already", "5 0 * * *", day(2, 0, 5), day(2, 23, 59), time.Time{}},
		{"the latest of many missed", "5 0 * * *", day(2, 0, 5), day(9, 12, 0), day(9, 0, 5)},
		{"dealt with later than now: the clock was put right", "5 0 * * *", day(9, 0, 5), day(8, 12, 0), time.Time{}},
		{"weekly", "0 3 * * 1", time.Time{}, day(7, 12, 0), day(1, 3, 0)},
		{"monthly, the last of the month before", "0 3 31 * *", time.Time{}, day(30, 12, 0), at(time.March, 31, 3, 0)},
		{"yearly", "0 3 1 5 *", time.Time{}, day(30, 12, 0), time.Date(2018, time.May, 1, 3, 0, 0, 0, workday.Shanghai)},
		{"the leap day, too long ago", "0 3 29 2 *", time.Time{}, day(30, 12, 0), time.Time{}},
	} {
		e := newDriver(t, nil, Options{}, Job{Name: "a", Spec: tc.spec}).entries[0]
		if got := e.latest(tc.after, tc.now); !got.Equal(tc.want) {
			t.Errorf("%s: %s, want %s", tc.name, got, tc.want)
		}
	}
}

// TestTickTakenOverIsRecordedOnce: a node that comes back from a long pause finds its tick taken, and must not write
// its own end over the other's.
func TestTickTakenOverIsRecordedOnce(t *testing.T) {
	db, clock := pgtest.NewAt(t, at(4, 1, 0, 10))
	tick := clock.Now()
	slow := newDriver(t, db, Options{Node: "slow"}, (&diary{}).job("sweep", "10 0 * * *"))
	quick := newDriver(t, db, Options{Node: "quick"}, (&diary{}).job("sweep", "10 0 * * *"))
	claim := func(d *Driver, want bool) {
		t.Helper()
		if got, err := d.claim(t.Context(), "sweep", tick); err != nil || got != want {
			t.Fatalf("%s claims: %v, %v; want %v", d.o.Node, got, err, want)
		}
	}
	claim(slow, true)
	claim(quick, false)
	claim(slow, false) // not even the one who has it
	if _, err := db.ExecContext(t.Context(), `UPDATE clock_tick SET lease_until = clock_timestamp() - interval '1 s'`); err != nil {
		t.Fatal(err)
	}
	claim(quick, true)
	if done, err := quick.finished(t.Context(), "sweep", tick); err != nil || done {
		t.Errorf("finished %v, %v while it runs", done, err)
	}
	for _, d := range []*Driver{slow, quick, slow} {
		if err := d.finish(t.Context(), Ran{Job: "sweep", At: tick, Summary: "by " + d.o.Node}); err != nil {
			t.Fatal(err)
		}
	}
	var summary string
	if err := db.GetContext(t.Context(), &summary, `SELECT summary FROM clock_tick WHERE finished_at IS NOT NULL`); err != nil || summary != "by quick" {
		t.Errorf("recorded %q, %v; want the end by quick", summary, err)
	}
	claim(slow, false) // finished is finished
	if done, err := slow.finished(t.Context(), "sweep", tick); err != nil || !done {
		t.Errorf("finished %v, %v", done, err)
	}
	if _, err := slow.finished(t.Context(), "sweep", tick.Add(time.Hour)); err == nil {
		t.Error("a tick that never was is finished")
	}
}

// TestEndOfTheProgramLeavesTheTick: a job cut short is not recorded as done; another node makes it good.
func TestEndOfTheProgramLeavesTheTick(t *testing.T) {
	db, _ := pgtest.NewAt(t, at(4, 1, 0, 30))
	arrived := make(chan struct{})
	job := Job{Name: "sweep", Spec: "10 0 * * *", Run: func(ctx context.Context, _ time.Time) (string, error) {
		close(arrived)
		<-ctx.Done()
		return "half", ctx.Err()
	}}
	stop := live(t, newDriver(t, db, Options{Node: "first", Lease: 80 * time.Millisecond}, job))
	<-arrived
	stop()
	var open int
	if err := db.GetContext(t.Context(), &open, `SELECT count(*) FROM clock_tick WHERE finished_at IS NULL`); err != nil || open != 1 {
		t.Errorf("%d open ticks, %v; want the one cut short", open, err)
	}
	var log diary
	stop = live(t, newDriver(t, db, Options{Node: "second", Lease: 80 * time.Millisecond}, log.job("sweep", "10 0 * * *")))
	eventually(t, "the tick made good", func() bool { return len(log.read()) == 1 })
	stop()
}

// TestRoundsGoOnAfterTheDatabaseWasAway: the driver says so in its log and makes the tick good afterwards.
func TestRoundsGoOnAfterTheDatabaseWasAway(t *testing.T) {
	db, _ := pgtest.NewAt(t, at(4, 1, 0, 30))
	if _, err := db.ExecContext(t.Context(), `ALTER TABLE clock_tick RENAME TO away`); err != nil {
		t.Fatal(err)
	}
	var log, told diary
	stop := live(t, newDriver(t, db, Options{Log: slog.New(lines{&told}), Lease: 4 * time.Millisecond}, log.job("sweep", "10 0 * * *")))
	eventually(t, "the failures told", func() bool {
		all := strings.Join(told.read(), "\n")
		return strings.Contains(all, "a round failed") && strings.Contains(all, "cannot look for dead nodes' ticks")
	})
	if _, err := db.ExecContext(t.Context(), `ALTER TABLE away RENAME TO clock_tick`); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the tick made good", func() bool { return len(log.read()) >= 1 })
	stop()
}

// lines is a log handler that keeps messages.
type lines struct{ d *diary }

func (l lines) Enabled(context.Context, slog.Level) bool      { return true }
func (l lines) Handle(_ context.Context, r slog.Record) error { l.d.add(r.Message); return nil }
func (l lines) WithAttrs([]slog.Attr) slog.Handler            { return l }
func (l lines) WithGroup(string) slog.Handler                 { return l }

// TestDemoClockOutlivesItsConnection: the last reading goes on at real speed, and the next connection is read again.
func TestDemoClockOutlivesItsConnection(t *testing.T) {
	url, w := pgtest.URL(t, pgtest.New(t)), newWall()
	db, c := demo(t, url, w, at(1, 14, 9, 0))
	other, _ := demo(t, url, w, time.Time{})
	if _, err := other.ExecContext(t.Context(), `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()`); err != nil {
		t.Fatal(err)
	}
	time.Sleep(2 * maxAge)
	w.advance(time.Minute)
	if got := c.Now(); !got.Equal(at(1, 14, 9, 1)) {
		t.Errorf("with the connection cut the clock shows %v", got)
	}
	if _, err := other.ExecContext(t.Context(), `UPDATE demo_clock SET told_at = told_at + interval '1 day'`); err != nil {
		t.Fatal(err)
	}
	time.Sleep(2 * maxAge)
	_ = c.Now() // takes a new connection at the latest here
	time.Sleep(2 * maxAge)
	if got := c.Now(); !got.Equal(at(1, 15, 9, 1)) {
		t.Errorf("afterwards the clock shows %v", got)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); err != nil {
		t.Errorf("closing again: %v", err)
	}
	if got := db.Now(); got.Before(at(1, 15, 9, 1)) {
		t.Errorf("after the end the clock shows %v", got)
	}
}

// TestDemoClockBeforeItsStart shows the wall's time, so that a log has one; never one of year 1.
func TestDemoClockBeforeItsStart(t *testing.T) {
	w := newWall()
	c := NewDemoClock(pgtest.New(t), w.Now)
	defer func() { _ = c.Close() }()
	if got := c.Now(); !got.Equal(w.Now()) || got.Location() != workday.Shanghai {
		t.Errorf("the clock shows %v", got)
	}
}

// TestTravelWaitsForTheOtherNode: a tick that another node has in hand is waited for, not run again and not listed.
func TestTravelWaitsForTheOtherNode(t *testing.T) {
	url, w := pgtest.URL(t, pgtest.New(t)), newWall()
	db, c := demo(t, url, w, at(3, 1, 0, 0))
	var log diary
	d := newDriver(t, db, Options{Demo: c}, log.job("sweep", "10 0 * * *"))
	there := newDriver(t, db, Options{Node: "there"}, (&diary{}).job("sweep", "10 0 * * *"))
	tick := at(3, 1, 0, 10)
	if ok, err := there.claim(t.Context(), "sweep", tick); err != nil || !ok {
		t.Fatal(ok, err)
	}
	ended := make(chan error, 1)
	time.AfterFunc(60*time.Millisecond, func() {
		ended <- there.finish(context.WithoutCancel(t.Context()), Ran{Job: "sweep", At: tick, Summary: "there"})
	})
	ran, err := d.Travel(t.Context(), at(3, 2, 12, 0))
	if err := errors.Join(err, <-ended); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]Ran{{Job: "sweep", At: at(3, 2, 0, 10), Summary: "done"}}, ran); diff != "" {
		t.Errorf("ran here -want +got:\n%s", diff)
	}
	if diff := cmp.Diff([]string{"sweep 03-02 00:10"}, log.read()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestTravelThatIsGivenUp leaves the clock where it came to, running, and the way free.
func TestTravelThatIsGivenUp(t *testing.T) {
	db, c := newDemo(t, at(3, 1, 0, 0))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	job := Job{Name: "sweep", Spec: "10 0 * * *", Run: func(_ context.Context, now time.Time) (string, error) {
		if now.Equal(at(3, 3, 0, 10)) {
			cancel()
		}
		return "done", nil
	}}
	d := newDriver(t, db, Options{Demo: c}, job)
	ran, err := d.Travel(ctx, at(3, 31, 12, 0))
	if !errors.Is(err, context.Canceled) || len(ran) != 3 {
		t.Errorf("ran %d, %v; want three and that it was given up", len(ran), err)
	}
	if now := db.Now(); !now.Equal(at(3, 3, 0, 10)) {
		t.Errorf("the clock stands at %v", now)
	}
	if ran, err = d.Travel(t.Context(), at(3, 4, 12, 0)); err != nil || len(ran) != 1 {
		t.Errorf("the next journey: ran %+v, %v", ran, err)
	}
}

func TestSettle(t *testing.T) {
	broken := errors.New("no ink")
	left := map[string]int{"mail": 3, "pdf": 1}
	var did []string
	step := func(name string) func(context.Context) (int, error) {
		return func(context.Context) (int, error) {
			if left[name] == 0 {
				return 0, nil
			}
			left[name]--
			did = append(did, name)
			return 1, nil
		}
	}
	asked := 0
	settled := func(context.Context) (bool, error) { asked++; return asked == 3, nil }
	if err := Settle(settled, step("mail"), step("pdf"))(t.Context()); err != nil || asked != 3 {
		t.Errorf("%v after asking %d times", err, asked)
	}
	if diff := cmp.Diff([]string{"mail", "pdf", "mail", "mail"}, did); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	yes := func(context.Context) (bool, error) { return true, nil }
	if err := Settle(yes, func(context.Context) (int, error) { return 0, broken })(t.Context()); !errors.Is(err, broken) {
		t.Errorf("a broken step: %v", err)
	}
	if err := Settle(func(context.Context) (bool, error) { return false, broken })(t.Context()); !errors.Is(err, broken) {
		t.Errorf("a broken look: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	never := func(context.Context) (bool, error) { return false, nil }
	if err := Settle(never)(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("work that never rests: %v", err)
	}
}

// TestJobsOfOneInstantKeepTheTablesOrder, also where they were missed together.
func TestJobsOfOneInstantKeepTheTablesOrder(t *testing.T) {
	db, clock := pgtest.NewAt(t, at(4, 1, 9, 0))
	var log diary
	var jobs []Job
	for i := range 6 {
		jobs = append(jobs, log.job(fmt.Sprint("job-", i), "5 0 * * *"))
	}
	d := newDriver(t, db, Options{}, jobs...)
	for day := 1; day <= 2; day++ {
		clock.Set(at(4, day, 9, 0))
		if err := d.round(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	var want []string
	for day := 1; day <= 2; day++ {
		for i := range 6 {
			want = append(want, fmt.Sprintf("job-%d 04-%02d 09:00", i, day))
		}
	}
	if diff := cmp.Diff(want, log.read()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if _, err := d.RunNow(t.Context(), "job-3", at(4, 2, 9, 0)); err != nil || len(log.read()) != 13 {
		t.Errorf("by hand: %v, %d runs", err, len(log.read()))
	}
}
