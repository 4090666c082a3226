package clock

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// runTick claims the tick of e at planned and runs it. ok is false where another node has it or had it.
func (d *Driver) runTick(ctx context.Context, e *entry, planned time.Time) (ran Ran, ok bool, err error) {
	ok, err = d.claim(ctx, e.Name, planned)
	if err != nil || !ok {
		return Ran{}, false, err
	}
	stop := d.keepLease(ctx, e.Name, planned)
	ran = Ran{Job: e.Name, At: planned}
	var jobErr error
	ran.Summary, jobErr = d.call(ctx, e, d.db.Now())
	stop()
	if jobErr != nil {
		ran.Error = jobErr.Error()
		d.o.Log.ErrorContext(ctx, "clock: job failed; it runs again at its next tick", "job", e.Name, "planned", planned, "error", jobErr)
	} else {
		d.o.Log.InfoContext(ctx, "clock: job ran", "job", e.Name, "planned", planned, "summary", ran.Summary)
	}
	if ctx.Err() != nil {
		// Cut short by the end of the program: the lease runs out and the tick is run again.
		return ran, true, ctx.Err()
	}
	return ran, true, d.finish(ctx, ran)
}

// claim writes the tick's row, or takes over that of a node whose lease is over. One statement decides.
func (d *Driver) claim(ctx context.Context, job string, planned time.Time) (bool, error) {
	stmt, err := d.db.Prepared(ctx, `
INSERT INTO clock_tick AS t (job, planned_at, node, started_at, lease_until)
VALUES ($1, $2, $3, $4, clock_timestamp() + $5 * interval '1 microsecond')
ON CONFLICT (job, planned_at) DO UPDATE
SET node = EXCLUDED.node, started_at = EXCLUDED.started_at, lease_until = EXCLUDED.lease_until
WHERE t.finished_at IS NULL AND t.lease_until < clock_timestamp()
RETURNING true`)
	if err != nil {
		return false, fmt.Errorf("claim tick of %s: %w", job, err)
	}
	var won bool
	err = stmt.GetContext(ctx, &won, job, planned, d.o.Node, d.db.Now(), d.o.Lease.Microseconds())
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("claim tick of %s: %w", job, err)
	}
	return won, nil
}

// keepLease renews the tick's lease until stop is called.
func (d *Driver) keepLease(ctx context.Context, job string, planned time.Time) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		every := time.NewTicker(d.o.Lease / 3)
		defer every.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-every.C:
			}
			_, err := d.db.ExecContext(ctx, `
UPDATE clock_tick SET lease_until = clock_timestamp() + $4 * interval '1 microsecond'
WHERE job = $1 AND planned_at = $2 AND node = $3 AND finished_at IS NULL`, job, planned, d.o.Node, d.o.Lease.Microseconds())
			if err != nil && ctx.Err() == nil {
				d.o.Log.WarnContext(ctx, "clock: cannot renew a tick's lease", "job", job, "error", err)
			}
		}
	}()
	return func() { cancel(); <-done }
}

// finish records how the run ended, unless another node has taken the tick over meanwhile.
func (d *Driver) finish(ctx context.Context, ran Ran) error {
	stmt, err := d.db.Prepared(ctx, `
UPDATE clock_tick SET finished_at = $4, summary = $5, error = $6
WHERE job = $1 AND planned_at = $2 AND node = $3 AND finished_at IS NULL`)
	if err != nil {
		return fmt.Errorf("record tick of %s: %w", ran.Job, err)
	}
	_, err = stmt.ExecContext(ctx, ran.Job, ran.At, d.o.Node, d.db.Now(), ran.Summary, ran.Error)
	if err != nil {
		return fmt.Errorf("record tick of %s: %w", ran.Job, err)
	}
	return nil
}

// finished tells whether the tick has been run to its end, by whichever node.
func (d *Driver) finished(ctx context.Context, job string, planned time.Time) (bool, error) {
	var done bool
	err := d.db.GetContext(ctx, &done,
		`SELECT finished_at IS NOT NULL FROM clock_tick WHERE job = $1 AND planned_at = $2`, job, planned)
	if err != nil {
		return false, fmt.Errorf("look at the tick of %s: %w", job, err)
	}
	return done, nil
}

// lookbacks are how far before now the latest tick is searched, the shortest first: hourly to yearly schedules.
var lookbacks = []time.Duration{time.Hour, 25 * time.Hour, 8 * 24 * time.Hour, 32 * 24 * time.Hour, 367 * 24 * time.Hour}

// latest is the latest tick of e at or before now and after after; zero if there is none.
func (e *entry) latest(after, now time.Time) time.Time {
	for _, back := range lookbacks {
		from := now.Add(-back)
		if from.Before(after) {
			from = after
		}
		var found time.Time
		for t := e.schedule.Next(from); !t.IsZero() && !t.After(now); t = e.schedule.Next(t) {
			found = t
		}
		if !found.IsZero() || from.Equal(after) {
			return found
		}
	}
	return time.Time{}
}
