// Package clock is the one driver of the clock's jobs, live and in time travel: ticks come from cron's schedules over
// the program's injected clock, each tick runs once over all nodes, and a tick that was missed is made good.
//
// It does not own what a job does; a job's body lies in its domain package and does "what is due as of now", so a
// second run changes nothing and a late one heals. It owns the tables clock_tick and demo_clock.
//
// Invariants:
//   - The row of a tick decides which node runs it. A node that dies loses it when its lease is over. Leases are the
//     database server's own time: they tell living processes from dead ones and are never compared with instants of
//     the domain.
//   - A job that fails or panics is recorded with its error and runs again at its next tick.
//   - Time travel stops at every tick in order, with the demonstration's clock standing at that instant.
package clock

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime/debug"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/robfig/cron/v3"

	"nianbao/internal/postgres"
	"nianbao/internal/workday"
)

// Job is one line of the clock's table.
type Job struct {
	Name        string
	Spec        string // cron's five fields, in Asia/Shanghai; never more often than hourly
	Description string // one line for `job list`
	// Run does what is due as of now and says in one line what that was. It must be harmless to run twice.
	Run func(ctx context.Context, now time.Time) (summary string, err error)
}

// Ran is one run of a job.
type Ran struct {
	Job     string    `json:"job"`
	At      time.Time `json:"at"`
	Summary string    `json:"summary"`
	Error   string    `json:"error,omitempty"`
}

// ErrUnknownJob is asking for a job that is not in the table.
var ErrUnknownJob = errors.New("there is no such job")

// Options of a Driver; zero values take the defaults named.
type Options struct {
	Log   *slog.Logger  // default: none
	Node  string        // this node's name in clock_tick: host, process and a random part
	Lease time.Duration // after this a dead node's tick is another's: 30 s. Renewed at a third of it
	Poll  time.Duration // how often the clock is looked at, since it may leap: a second
	Demo  *DemoClock    // nil: no time travel
	// AfterTick does everything that follows from a tick (sequencer, consumers, due work) before time travel goes on;
	// see Settle. Live, the node's own loops do that.
	AfterTick func(ctx context.Context) error
}

func (o Options) withDefaults() Options {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Node == "" {
		host, err := os.Hostname()
		if err != nil {
			host = "node"
		}
		o.Node = host + "/" + strconv.Itoa(os.Getpid()) + "/" + uuid.NewString()[:8]
	}
	if o.Lease <= 0 {
		o.Lease = 30 * time.Second
	}
	if o.Poll <= 0 {
		o.Poll = time.Second
	}
	if o.AfterTick == nil {
		o.AfterTick = func(context.Context) error { return nil }
	}
	return o
}

// Driver runs the jobs.
type Driver struct {
	db      *postgres.DB
	o       Options
	entries []*entry
	mu      sync.Mutex // held while ticks are run: live rounds and journeys take turns
}

// entry is a job with its schedule. seen is the latest tick that this node has dealt with.
type entry struct {
	Job
	schedule cron.Schedule
	seen     time.Time
	guarded  cron.Job // Run inside cron's chain
	run      func()   // what guarded calls; set for each run
}

// New makes a driver for jobs, which run in the order of the table when their ticks coincide.
func New(db *postgres.DB, jobs []Job, o Options) (*Driver, error) {
	d := &Driver{db: db, o: o.withDefaults()}
	names := make(map[string]bool, len(jobs))
	for _, j := range jobs {
		if names[j.Name] {
			return nil, fmt.Errorf("clock: job %s is in the table twice", j.Name)
		}
		names[j.Name] = true
		e, err := d.entry(j)
		if err != nil {
			return nil, fmt.Errorf("clock: job %s: %w", j.Name, err)
		}
		d.entries = append(d.entries, e)
	}
	return d, nil
}

func (d *Driver) entry(j Job) (*entry, error) {
	schedule, err := cron.ParseStandard("CRON_TZ=Asia/Shanghai " + j.Spec)
	if err != nil {
		return nil, fmt.Errorf("schedule %q: %w", j.Spec, err)
	}
	if _, ok := schedule.(*cron.SpecSchedule); !ok {
		return nil, fmt.Errorf("schedule %q does not follow the wall clock, so nodes could not agree on its ticks", j.Spec)
	}
	e := &entry{Job: j, schedule: schedule}
	// Skip outside Recover: the other way round a panic would leave the job marked as running for ever.
	log := cronLog{d.o.Log.With("job", j.Name)}
	e.guarded = cron.NewChain(cron.SkipIfStillRunning(log), cron.Recover(log)).Then(cron.FuncJob(func() { e.run() }))
	return e, nil
}

// Jobs lists the table with each job's next tick.
func (d *Driver) Jobs() []Scheduled {
	now := d.db.Now()
	var list []Scheduled
	for _, e := range d.entries {
		list = append(list, Scheduled{Job: e.Job, Next: e.schedule.Next(now).In(workday.Shanghai)})
	}
	return list
}

// Scheduled is a job and when its next tick is.
type Scheduled struct {
	Job
	Next time.Time
}

// RunNow runs a job once, as of asOf, outside its schedule and without a tick of its own. Whoever asks for another
// instant than the clock's first sets the database's clock to it, so that what is written carries it too.
func (d *Driver) RunNow(ctx context.Context, name string, asOf time.Time) (summary string, err error) {
	at := slices.IndexFunc(d.entries, func(e *entry) bool { return e.Name == name })
	if at < 0 {
		return "", fmt.Errorf("%w: %s", ErrUnknownJob, name)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.call(ctx, d.entries[at], asOf)
}

// errSkipped is a run left out because the last one of the job has not ended.
var errSkipped = errors.New("the last run is still going on")

// call runs the job's body inside cron's chain and turns a panic into an error.
func (d *Driver) call(ctx context.Context, e *entry, now time.Time) (summary string, err error) {
	err = errSkipped
	e.run = func() {
		defer func() {
			if r := recover(); r != nil {
				err = fmt.Errorf("panic: %v", r)
				d.o.Log.ErrorContext(ctx, "clock: job panicked", "job", e.Name, "panic", r, "stack", string(debug.Stack()))
			}
		}()
		summary, err = e.Run(ctx, now)
	}
	e.guarded.Run()
	return summary, err
}

// cronLog gives cron's messages to slog.
type cronLog struct{ log *slog.Logger }

func (l cronLog) Info(msg string, kv ...any) { l.log.Info("clock: "+msg, kv...) }
func (l cronLog) Error(err error, msg string, kv ...any) {
	l.log.Error("clock: "+msg, append([]any{"error", err}, kv...)...)
}
