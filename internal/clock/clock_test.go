package clock

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nianbao/internal/postgres"
	"nianbao/internal/postgres/pgtest"
	"nianbao/internal/workday"
)

// diary writes down, in order, which job ran as of when.
type diary struct {
	mu    sync.Mutex
	lines []string
}

func (d *diary) job(name, spec string) Job {
	return Job{Name: name, Spec: spec, Run: func(_ context.Context, now time.Time) (string, error) {
		d.add(name + " " + now.In(workday.Shanghai).Format("01-02 15:04"))
		return "done", nil
	}}
}

func (d *diary) add(line string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lines = append(d.lines, line)
}

func (d *diary) read() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]string(nil), d.lines...)
}

func at(month time.Month, day, hour, minute int) time.Time {
	return time.Date(2019, month, day, hour, minute, 0, 0, workday.Shanghai)
}

func newDriver(t testing.TB, db *postgres.DB, o Options, jobs ...Job) *Driver {
	t.Helper()
	o.Poll = 2 * time.Millisecond
	d, err := New(db, jobs, o)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// live runs d until the test ends or stop is called.
func live(t testing.TB, d *Driver) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := d.Run(ctx); err != nil {
			t.Error(err)
		}
	}()
	return sync.OnceFunc(func() { cancel(); <-done })
}

func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for range 5000 {
		if ok() {
			return
		}
		time.Sleep(2 * time.Millisecond)
	}
	t.Fatalf("did not happen: %s", what)
}

func TestNewRefuses(t *testing.T) {
	tests := map[string][]Job{
		"a broken schedule":     {{Name: "a", Spec: "61 * * * *"}},
		"a drifting schedule":   {{Name: "a", Spec: "@every 1h"}},
		"the same name again":   {{Name: "a", Spec: "5 0 * * *"}, {Name: "a", Spec: "6 0 * * *"}},
		"seconds in a schedule": {{Name: "a", Spec: "0 5 0 * * *"}},
	}
	for name, jobs := range tests {
		if _, err := New(nil, jobs, Options{}); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

func TestSchedulesAreInShanghai(t *testing.T) {
	db, clock := pgtest.NewAt(t, at(4, 1, 0, 0))
	clock.Set(time.Date(2019, 3, 31, 16, 0, 0, 0, time.UTC)) // midnight of 1 April in Shanghai
	d := newDriver(t, db, Options{}, (&diary{}).job("open-seasons", "5 0 * * *"), (&diary{}).job("remind", "0 8 * * *"))
	jobs := d.Jobs()
	if !jobs[0].Next.Equal(at(4, 1, 0, 5)) || !jobs[1].Next.Equal(at(4, 1, 8, 0)) {
		t.Errorf("next ticks %v, %v", jobs[0].Next, jobs[1].Next)
	}
}

func TestLiveTicksAndCatchUp(t *testing.T) {
	db, clock := pgtest.NewAt(t, at(4, 1, 12, 0))
	var log diary
	jobs := []Job{log.job("early", "5 0 * * *"), log.job("sweep", "10 0 * * *"), log.job("yearly", "0 3 1 1 *")}
	stop := live(t, newDriver(t, db, Options{}, jobs...))
	eventually(t, "catch-up at start", func() bool { return len(log.read()) == 3 })
	// In the order of the missed ticks, as of now.
	if diff := cmp.Diff([]string{"yearly 04-01 12:00", "early 04-01 12:00", "sweep 04-01 12:00"}, log.read()); diff != "" {
		t.Error(diff)
	}
	clock.Set(at(4, 2, 0, 5))
	eventually(t, "the tick of 2 April", func() bool { return len(log.read()) == 4 })
	clock.Set(at(4, 9, 0, 7)) // seven ticks of early, one of sweep missed a week long
	eventually(t, "the leap", func() bool { return len(log.read()) == 6 })
	stop()
	clock.Set(at(4, 9, 0, 30))
	stop = live(t, newDriver(t, db, Options{}, jobs...)) // a restart: only sweep of today is missing
	eventually(t, "catch-up at restart", func() bool { return len(log.read()) == 7 })
	stop()
	want := []string{"early 04-02 00:05", "sweep 04-09 00:07", "early 04-09 00:07", "sweep 04-09 00:30"}
	if diff := cmp.Diff(want, log.read()[3:]); diff != "" {
		t.Error(diff)
	}
}

func TestTickRunsOnceOverAllNodes(t *testing.T) {
	db, clock := pgtest.NewAt(t, at(4, 1, 0, 0))
	var log diary
	var stops []func()
	for range 4 {
		stops = append(stops, live(t, newDriver(t, db, Options{}, log.job("sweep", "10 * * * *"))))
	}
	eventually(t, "catch-up", func() bool { return len(log.read()) == 1 })
	for hour := range 10 {
		clock.Set(at(4, 1, hour, 10))
		eventually(t, fmt.Sprintf("hour %d", hour), func() bool { return len(log.read()) == hour+2 })
	}
	for _, stop := range stops {
		stop()
	}
	seen := map[string]int{}
	for _, line := range log.read() {
		if seen[line]++; seen[line] > 1 {
			t.Errorf("%s ran twice", line)
		}
	}
	if len(seen) != 11 {
		t.Errorf("ran %v", log.read())
	}
}

func TestFailureAndPanicAreRecordedAndRunAgain(t *testing.T) {
	for name, fail := range map[string]func() error{
		"error": func() error { return errors.New("no ink") },
		"panic": func() error { panic("no ink") },
	} {
		t.Run(name, func(t *testing.T) {
			db, clock := pgtest.NewAt(t, at(4, 1, 0, 10))
			var log diary
			first := true
			job := Job{Name: "sweep", Spec: "10 * * * *", Run: func(context.Context, time.Time) (string, error) {
				log.add("ran")
				if first {
					first = false
					return "half", fail()
				}
				return "whole", nil
			}}
			defer live(t, newDriver(t, db, Options{}, job))()
			recorded := func(planned time.Time) (summary, failure string) {
				err := db.QueryRowContext(t.Context(), `SELECT summary, error FROM clock_tick
WHERE job = 'sweep' AND planned_at = $1 AND finished_at IS NOT NULL`, planned).Scan(&summary, &failure)
				if err != nil {
					return "", ""
				}
				return summary, failure
			}
			eventually(t, "the failure recorded", func() bool {
				_, failure := recorded(at(4, 1, 0, 10))
				return strings.Contains(failure, "no ink")
			})
			clock.Set(at(4, 1, 1, 10))
			eventually(t, "the next tick recorded", func() bool {
				summary, failure := recorded(at(4, 1, 1, 10))
				return summary == "whole" && failure == ""
			})
		})
	}
}

func TestDeadNodesTickIsTakenOver(t *testing.T) {
	db, _ := pgtest.NewAt(t, at(4, 1, 0, 30))
	// A node that claimed the tick and died, and an older one that no longer matters.
	if _, err := db.ExecContext(t.Context(), `
INSERT INTO clock_tick (job, planned_at, node, started_at, lease_until) VALUES
	('sweep', $1, 'dead', $1, clock_timestamp() + interval '300 ms'),
	('sweep', $2, 'dead', $2, clock_timestamp() - interval '1 day')`, at(4, 1, 0, 10), at(3, 31, 0, 10)); err != nil {
		t.Fatal(err)
	}
	var log diary
	stop := live(t, newDriver(t, db, Options{Lease: 60 * time.Millisecond, Node: "alive"}, log.job("sweep", "10 0 * * *")))
	eventually(t, "the takeover", func() bool { return len(log.read()) == 1 })
	time.Sleep(150 * time.Millisecond) // several looks for dead ticks
	stop()
	var nodes []string
	if err := db.SelectContext(t.Context(), &nodes,
		`SELECT node FROM clock_tick WHERE finished_at IS NOT NULL ORDER BY planned_at`); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"alive"}, nodes); diff != "" || len(log.read()) != 1 {
		t.Errorf("finished by %v, ran %v", nodes, log.read())
	}
}

// TestLongJobKeepsItsTick: a job longer than its lease is not taken from a node that lives.
func TestLongJobKeepsItsTick(t *testing.T) {
	db, _ := pgtest.NewAt(t, at(4, 1, 0, 30))
	var log diary
	release := make(chan struct{})
	job := Job{Name: "sweep", Spec: "10 0 * * *", Run: func(context.Context, time.Time) (string, error) {
		log.add("ran")
		<-release
		return "", nil
	}}
	lease := Options{Lease: 400 * time.Millisecond}
	stop1, stop2 := live(t, newDriver(t, db, lease, job)), live(t, newDriver(t, db, lease, job))
	eventually(t, "the start", func() bool { return len(log.read()) == 1 })
	time.Sleep(1200 * time.Millisecond)
	close(release)
	stop1()
	stop2()
	if n := len(log.read()); n != 1 {
		t.Errorf("ran %d times", n)
	}
}

func TestRunNow(t *testing.T) {
	db, _ := pgtest.NewAt(t, at(4, 1, 12, 0))
	var log diary
	d := newDriver(t, db, Options{}, log.job("sweep", "10 0 * * *"))
	summary, err := d.RunNow(t.Context(), "sweep", at(5, 1, 9, 0))
	if err != nil || summary != "done" {
		t.Errorf("%q, %v", summary, err)
	}
	if diff := cmp.Diff([]string{"sweep 05-01 09:00"}, log.read()); diff != "" {
		t.Error(diff)
	}
	if _, err := d.RunNow(t.Context(), "tea", at(5, 1, 9, 0)); !errors.Is(err, ErrUnknownJob) {
		t.Errorf("unknown job: %v", err)
	}
	if _, err := d.Travel(t.Context(), at(5, 1, 9, 0)); !errors.Is(err, ErrNoDemo) {
		t.Errorf("journey without a demonstration: %v", err)
	}
}
