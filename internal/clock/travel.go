package clock

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"
)

var (
	// ErrBackwards refuses a journey into the past.
	ErrBackwards = errors.New("the clock goes only forward")
	// ErrTravelling refuses a journey while another is under way.
	ErrTravelling = errors.New("another journey is under way")
	// ErrNoDemo refuses a journey outside a demonstration.
	ErrNoDemo = errors.New("only a demonstration's clock can be moved")
)

// travelLock is the key of the session lock that keeps journeys of several nodes apart. It ends with its connection.
const travelLock = 0x6e69616e62616f // "nianbao"

// maxRetryStops bounds the stops for queued work between two ticks: a mail server that is down for a quarter of a year
// is not called thousands of times on the way.
const maxRetryStops = 24

// Travel moves the demonstration's clock forward to the instant to. On the way it stops at every tick of every job, in
// order, with the clock standing at that instant, runs the job and then everything that follows from it. Queued work
// that comes due between ticks is done at the next full minute. It says which jobs ran here; a tick that another node
// ran first is waited for and not listed. On an error the clock stays where the journey had come to.
func (d *Driver) Travel(ctx context.Context, to time.Time) (ran []Ran, err error) {
	if d.o.Demo == nil {
		return nil, ErrNoDemo
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	unlock, err := d.lockTravel(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	at := d.o.Demo.Now()
	if to.Before(at) {
		return nil, ErrBackwards
	}
	defer func() {
		if releaseErr := d.o.Demo.release(context.WithoutCancel(ctx)); releaseErr != nil {
			err = errors.Join(err, releaseErr)
		}
	}()
	return d.journey(ctx, at, to)
}

func (d *Driver) lockTravel(ctx context.Context) (unlock func(), err error) {
	conn, err := d.db.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("begin journey: %w", err)
	}
	var got bool
	if err := conn.QueryRowContext(ctx, `SELECT pg_try_advisory_lock($1)`, travelLock).Scan(&got); err != nil || !got {
		if err == nil {
			err = ErrTravelling
		}
		return nil, errors.Join(err, conn.Close())
	}
	return func() {
		if _, err := conn.ExecContext(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock($1)`, travelLock); err != nil {
			// The connection must not go back to the pool with the lock on it.
			_ = conn.Raw(func(any) error { return driver.ErrBadConn })
		}
		_ = conn.Close()
	}, nil
}

// journey stops at everything from at to the instant to, then stands there.
func (d *Driver) journey(ctx context.Context, at, to time.Time) (ran []Ran, err error) {
	if err := d.stand(ctx, at); err != nil {
		return nil, err
	}
	retryStops := 0
	for {
		tick := d.nextTick(at)
		until := to
		if !tick.IsZero() && tick.Before(to) {
			until = tick
		}
		if retryStops < maxRetryStops {
			due, ok, err := d.nextWork(ctx, at, until)
			if err != nil {
				return ran, err
			}
			if ok {
				retryStops++
				if err := d.stand(ctx, due); err != nil {
					return ran, err
				}
				at = due
				continue
			}
		}
		if tick.IsZero() || tick.After(to) {
			return ran, d.stand(ctx, to)
		}
		retryStops = 0
		here, err := d.stopAtTick(ctx, tick)
		ran = append(ran, here...)
		if err != nil {
			return ran, err
		}
		at = tick
	}
}

// stand sets the clock to instant and does all that is due then.
func (d *Driver) stand(ctx context.Context, instant time.Time) error {
	if err := d.o.Demo.hold(ctx, instant); err != nil {
		return err
	}
	if err := d.o.AfterTick(ctx); err != nil {
		return fmt.Errorf("work due at %s: %w", instant.Format(time.RFC3339), err)
	}
	return nil
}

// nextTick is the first tick of any job after at; zero if there is none.
func (d *Driver) nextTick(at time.Time) (tick time.Time) {
	for _, e := range d.entries {
		if t := e.schedule.Next(at); !t.IsZero() && (tick.IsZero() || t.Before(tick)) {
			tick = t
		}
	}
	return tick
}

// stopAtTick runs every job that has a tick at this instant, in the order of the table.
func (d *Driver) stopAtTick(ctx context.Context, tick time.Time) (ran []Ran, err error) {
	if err := d.o.Demo.hold(ctx, tick); err != nil {
		return nil, err
	}
	for _, e := range d.entries {
		if !e.schedule.Next(tick.Add(-time.Second)).Equal(tick) {
			continue
		}
		r, here, err := d.runTickHereOrThere(ctx, e, tick)
		if here {
			ran = append(ran, r)
		}
		if err != nil {
			return ran, err
		}
		e.seen = tick
		if err := d.o.AfterTick(ctx); err != nil {
			return ran, fmt.Errorf("what follows from %s at %s: %w", e.Name, tick.Format(time.RFC3339), err)
		}
	}
	return ran, nil
}

// runTickHereOrThere runs the tick, or waits until the node that has it is done or dead.
func (d *Driver) runTickHereOrThere(ctx context.Context, e *entry, tick time.Time) (r Ran, here bool, err error) {
	for {
		r, here, err = d.runTick(ctx, e, tick)
		if err != nil || here {
			return r, here, err
		}
		done, err := d.finished(ctx, e.Name, tick)
		if err != nil || done {
			return Ran{}, false, err
		}
		if err := pause(ctx, 5*time.Millisecond); err != nil {
			return Ran{}, false, err
		}
	}
}

// nextWork is the first full minute after at, and before until, at which queued work or a failed consumer is due again;
// it reads the tables job and event_consumer.
func (d *Driver) nextWork(ctx context.Context, at, until time.Time) (time.Time, bool, error) {
	stmt, err := d.db.Prepared(ctx, `
SELECT least((SELECT min(run_at) FROM job WHERE state = 'ready' AND run_at > $1),
	(SELECT min(retry_at) FROM event_consumer WHERE retry_at > $1))`)
	if err != nil {
		return time.Time{}, false, fmt.Errorf("look for work on the way: %w", err)
	}
	var due sql.NullTime
	if err := stmt.GetContext(ctx, &due, at); err != nil {
		return time.Time{}, false, fmt.Errorf("look for work on the way: %w", err)
	}
	if !due.Valid {
		return time.Time{}, false, nil
	}
	minute := due.Time.Truncate(time.Minute)
	if minute.Before(due.Time) {
		minute = minute.Add(time.Minute)
	}
	return minute, minute.Before(until), nil
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
