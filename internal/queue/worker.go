package queue

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"nianbao/internal/postgres"
)

// Handler does one job. It must be idempotent by job.ID, since a job whose worker died is done again. nil: done. Hold or
// Permanent: stop trying. Any other error: try again after a pause that grows. ctx ends when the program has no more
// patience or the lease was lost; what the handler does after that may be done by another at the same time.
type Handler func(ctx context.Context, job Job) error

// Options of a Worker; zero values take the defaults named.
type Options struct {
	Batch       int           // jobs claimed at once: 20
	Concurrency int           // handlers at once: 4
	Lease       time.Duration // a dead worker's jobs wait this long, by the wall: a minute. Renewed at a third of it
	Poll        time.Duration // how often an idle worker looks: half a second
	Grace       time.Duration // what running handlers get when the program ends: ten seconds
	Log         *slog.Logger  // default: none
}

func (o Options) withDefaults() Options {
	if o.Batch <= 0 {
		o.Batch = 20
	}
	if o.Concurrency <= 0 {
		o.Concurrency = 4
	}
	if o.Lease <= 0 {
		o.Lease = time.Minute
	}
	if o.Poll <= 0 {
		o.Poll = 500 * time.Millisecond
	}
	if o.Grace <= 0 {
		o.Grace = 10 * time.Second
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

// Worker works the jobs whose kinds it has handlers for. Run and Drain may go on at the same time, and any number of
// workers may share a database.
type Worker struct {
	db       *postgres.DB
	handlers map[string]Handler
	kinds    []string
	o        Options
	slots    chan struct{} // one for each handler that may run
	claiming sync.Mutex    // held from a claim until its jobs are in claimed

	mu      sync.Mutex
	claimed map[uuid.UUID]*claimedJob
	settled chan struct{} // closed and replaced whenever a claimed job ends
}

// claimedJob is a job that this worker holds; cancel ends its handler's context.
type claimedJob struct {
	fence  fence
	cancel context.CancelCauseFunc
}

// errLeaseLost is the cause of a handler's context ending because another worker has the job now.
var errLeaseLost = errors.New("the lease on the job was lost")

// errEnding is the cause of a handler's context ending because the program does.
var errEnding = errors.New("the program is ending")

// NewWorker makes a worker; Run or Drain set it to work. Jobs of other kinds than handlers names are left to others.
func NewWorker(db *postgres.DB, handlers map[string]Handler, o Options) *Worker {
	o = o.withDefaults()
	return &Worker{
		db:       db,
		handlers: maps.Clone(handlers),
		kinds:    slices.Sorted(maps.Keys(handlers)),
		o:        o,
		slots:    make(chan struct{}, o.Concurrency),
		claimed:  make(map[uuid.UUID]*claimedJob),
		settled:  make(chan struct{}),
	}
}

// Run works until ctx ends, then lets running handlers finish for the grace time, gives back what did not begin, and
// returns nil. Errors of the database are logged and outlasted.
func (w *Worker) Run(ctx context.Context) error {
	work, end := context.WithCancelCause(context.WithoutCancel(ctx))
	defer end(nil)
	renewals := w.keepLeases(work)
	for ctx.Err() == nil {
		n, settled, err := w.step(ctx, work)
		if err != nil && ctx.Err() == nil {
			w.o.Log.Error("queue: cannot claim jobs", "error", err)
		}
		if err == nil && n > 0 {
			continue
		}
		if w.full() {
			wait(ctx, settled, time.Hour)
		} else {
			wait(ctx, nil, w.o.Poll)
		}
	}
	w.awaitIdle(context.WithoutCancel(ctx), w.o.Grace)
	end(errEnding)
	w.awaitIdle(context.WithoutCancel(ctx), w.o.Grace)
	<-renewals
	return nil
}

// Drain works all jobs that are due as of the clock, and those that they enqueue, until none is left, and says how many
// it worked. Time travel calls it at every stop. A job that fails waits for its next time as usual. Jobs that another
// worker holds are waited for, no longer than a lease.
func (w *Worker) Drain(ctx context.Context) (int, error) {
	work, end := context.WithCancelCause(ctx)
	renewals := w.keepLeases(work)
	defer func() { end(nil); <-renewals }()
	total, patience := 0, time.Now().Add(w.o.Lease)
	for {
		n, settled, err := w.step(ctx, work)
		total += n
		if err != nil {
			w.awaitIdle(context.WithoutCancel(ctx), w.o.Grace)
			return total, err
		}
		if n > 0 {
			continue
		}
		if len(w.busy()) > 0 {
			wait(ctx, settled, time.Hour)
		} else {
			others, err := countHeldByOthers(ctx, w.db, w.kinds, nil)
			if err != nil || others == 0 || time.Now().After(patience) {
				return total, err
			}
			wait(ctx, nil, 20*time.Millisecond)
		}
		if err := ctx.Err(); err != nil {
			w.awaitIdle(context.WithoutCancel(ctx), w.o.Grace)
			return total, err
		}
	}
}

// step claims what fits and sets it going: until ctx ends a claimed job may begin, until work ends it may run. settled
// closes when a job that was claimed before the step ends.
func (w *Worker) step(ctx, work context.Context) (n int, settled <-chan struct{}, err error) {
	w.claiming.Lock()
	defer w.claiming.Unlock()
	w.mu.Lock()
	settled = w.settled
	room := w.o.Batch - len(w.claimed)
	w.mu.Unlock()
	if room <= 0 {
		return 0, settled, nil
	}
	jobs, err := claim(ctx, w.db, w.kinds, room, w.o.Lease, w.busy())
	if err != nil {
		return 0, settled, err
	}
	for _, job := range jobs {
		w.begin(ctx, work, job)
	}
	return len(jobs), settled, nil
}

// begin works a claimed job beside the caller, as soon as a slot is free.
func (w *Worker) begin(ctx, work context.Context, job Job) {
	work, cancel := context.WithCancelCause(work)
	w.mu.Lock()
	w.claimed[job.ID] = &claimedJob{job.fence(), cancel}
	w.mu.Unlock()
	go func() {
		defer w.forget(job, cancel)
		select {
		case w.slots <- struct{}{}:
			defer func() { <-w.slots }()
		case <-ctx.Done():
		case <-work.Done():
		}
		if ctx.Err() != nil || work.Err() != nil {
			w.record(work, job, giveBack)
			return
		}
		w.conclude(work, job, w.handle(work, job))
	}()
}

func (w *Worker) forget(job Job, cancel context.CancelCauseFunc) {
	cancel(nil)
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.claimed, job.ID)
	close(w.settled)
	w.settled = make(chan struct{})
}

// handle runs the handler; a panic is an error like any other.
func (w *Worker) handle(ctx context.Context, job Job) (err error) {
	defer func() {
		if p := recover(); p != nil {
			w.o.Log.Error("queue: handler panicked", "kind", job.Kind, "job", job.ID, "panic", p, "stack", string(debug.Stack()))
			err = fmt.Errorf("the handler panicked: %v", p)
		}
	}()
	return w.handlers[job.Kind](ctx, job)
}

// conclude decides what becomes of a job whose handler returned err.
func (w *Worker) conclude(work context.Context, job Job, err error) {
	log := w.o.Log.With("kind", job.Kind, "job", job.ID, "attempt", job.Attempt)
	end := finish
	if o, ok := errors.AsType[*outcome](err); ok {
		log.Warn("queue: job waits for a person", "state", o.state, "reason", o.Error())
		end = settleAs(o.state, job.RunAt, o.Error())
	} else if err != nil && work.Err() != nil { // not the job's fault
		end = giveBack
	} else if err != nil {
		pause := backoff(job.Attempt)
		log.Warn("queue: job failed", "error", err, "again_in", pause)
		end = settleAs(Ready, w.db.Now().Add(pause), err.Error())
	}
	w.record(work, job, end)
}

// record writes how an attempt ended, for a while even after the program was told to end.
func (w *Worker) record(work context.Context, job Job, end ending) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(work), w.o.Grace)
	defer cancel()
	held, err := end(ctx, w.db, job.fence())
	switch {
	case err != nil: // the lease ends and the job is done again
		w.o.Log.Error("queue: cannot record how a job ended", "kind", job.Kind, "job", job.ID, "error", err)
	case !held:
		w.o.Log.Warn("queue: another worker took the job over", "kind", job.Kind, "job", job.ID)
	}
}

// keepLeases renews the leases of the claimed jobs until ctx ends; done closes then.
func (w *Worker) keepLeases(ctx context.Context) (done <-chan struct{}) {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for wait(ctx, nil, w.o.Lease/3) {
			if err := w.renewLeases(ctx); err != nil && ctx.Err() == nil {
				w.o.Log.Error("queue: cannot renew leases", "error", err)
			}
		}
	}()
	return ended
}

func (w *Worker) renewLeases(ctx context.Context) error {
	w.mu.Lock()
	claimed := slices.Collect(maps.Values(w.claimed))
	w.mu.Unlock()
	if len(claimed) == 0 {
		return nil
	}
	fences := make([]fence, len(claimed))
	for i, c := range claimed {
		fences[i] = c.fence
	}
	still, err := renew(ctx, w.db, fences, w.o.Lease)
	if err != nil {
		return err
	}
	for _, c := range claimed {
		if !still[c.fence.id] {
			c.cancel(errLeaseLost) // or it has just ended, and the cancel does nothing
		}
	}
	return nil
}

// busy lists the ids of the claimed jobs.
func (w *Worker) busy() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	ids := make([]string, 0, len(w.claimed))
	for id := range w.claimed {
		ids = append(ids, id.String())
	}
	return ids
}

func (w *Worker) full() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.claimed) >= w.o.Batch
}

// awaitIdle waits until no job is claimed, at most for patience.
func (w *Worker) awaitIdle(ctx context.Context, patience time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for ctx.Err() == nil {
		w.mu.Lock()
		settled, idle := w.settled, len(w.claimed) == 0
		w.mu.Unlock()
		if idle {
			return
		}
		wait(ctx, settled, patience)
	}
}

// wait returns after d, when event closes, or when ctx ends; false in the last case.
func wait(ctx context.Context, event <-chan struct{}, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-event:
	case <-ctx.Done():
	}
	return ctx.Err() == nil
}
