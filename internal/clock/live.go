package clock

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// Run drives the jobs until ctx ends and returns nil. It begins by making good the latest tick of each job that no node
// has run, once; whatever fails is logged and tried again. The clock may leap forward at any time (time travel on
// another node, a machine that slept): of the ticks leapt over, the latest of each job is run.
func (d *Driver) Run(ctx context.Context) error {
	rescue := time.Now()
	for ctx.Err() == nil {
		if err := d.round(ctx); err != nil && ctx.Err() == nil {
			d.o.Log.ErrorContext(ctx, "clock: a round failed; the next makes it good", "error", err)
		}
		if time.Since(rescue) > d.o.Lease/2 {
			rescue = time.Now()
			if err := d.rescue(ctx); err != nil && ctx.Err() == nil {
				d.o.Log.ErrorContext(ctx, "clock: cannot look for dead nodes' ticks", "error", err)
			}
		}
		timer := time.NewTimer(d.o.Poll)
		select {
		case <-ctx.Done():
		case <-timer.C:
		}
		timer.Stop()
	}
	return nil
}

// dueTick is a tick whose time has come.
type dueTick struct {
	e       *entry
	planned time.Time
}

// round runs what has come due since the last one, in the order of the ticks.
func (d *Driver) round(ctx context.Context) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := d.db.Now()
	var due []dueTick
	for _, e := range d.entries {
		if planned := e.latest(e.seen, now); !planned.IsZero() {
			due = append(due, dueTick{e, planned})
		}
	}
	slices.SortStableFunc(due, func(a, b dueTick) int { return a.planned.Compare(b.planned) })
	for _, t := range due {
		if _, _, err := d.runTick(ctx, t.e, t.planned); err != nil {
			return err
		}
		t.e.seen = t.planned
	}
	return nil
}

// rescue runs the latest tick of each job again whose node died over it. An older one is past: its work is done by the
// later tick.
func (d *Driver) rescue(ctx context.Context) error {
	var dead []struct {
		Job       string    `db:"job"`
		PlannedAt time.Time `db:"planned_at"`
	}
	err := d.db.SelectContext(ctx, &dead, `
SELECT job, planned_at FROM clock_tick t
WHERE finished_at IS NULL AND lease_until < clock_timestamp()
	AND NOT EXISTS (SELECT FROM clock_tick later WHERE later.job = t.job AND later.planned_at > t.planned_at)
ORDER BY planned_at`)
	if err != nil {
		return fmt.Errorf("look for dead nodes' ticks: %w", err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, t := range dead {
		for _, e := range d.entries {
			if e.Name != t.Job {
				continue
			}
			d.o.Log.WarnContext(ctx, "clock: taking over the tick of a node that died", "job", t.Job, "planned", t.PlannedAt)
			if _, _, err := d.runTick(ctx, e, t.PlannedAt); err != nil {
				return err
			}
		}
	}
	return nil
}
