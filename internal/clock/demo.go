package clock

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"

	"nianbao/internal/postgres"
	"nianbao/internal/workday"
)

// DemoClock is the clock of a demonstration. Its instant is told_at + (wall − wall_at) of the one row of demo_clock, so
// it runs at real speed between journeys, survives a restart, and is the same for every process on the data.
//
// Now asks the database, at most every maxAge, over a connection of its own: a transaction that holds the last free
// connection of the pool must be able to ask for the time. A journey ends by waiting out maxAge, so after its answer
// no process sees the old time any more.
type DemoClock struct {
	db   *postgres.DB
	wall func() time.Time

	mu      sync.Mutex
	conn    *sql.Conn
	toldAt  time.Time
	wallAt  time.Time
	readAt  time.Time // by the process's monotonic clock
	held    time.Time // while this process travels
	latest  time.Time // the clock never goes back
	started bool
}

// maxAge is how long a reading of the row holds good.
const maxAge = 20 * time.Millisecond

// readPatience bounds a reading; when it fails, the last one goes on.
const readPatience = 2 * time.Second

// NewDemoClock is the demonstration's clock on db, over the wall clock given. Without a row yet it shows the wall's
// time; Start writes it.
func NewDemoClock(db *postgres.DB, wall func() time.Time) *DemoClock {
	return &DemoClock{db: db, wall: wall}
}

// Start makes sure that the clock is stored and stands at notBefore or later; a zero notBefore asks for nothing, and
// then a first clock begins at the wall's time.
func (c *DemoClock) Start(ctx context.Context, notBefore time.Time) error {
	wall := c.wall()
	if notBefore.IsZero() {
		_, err := c.db.ExecContext(ctx, `
INSERT INTO demo_clock (told_at, wall_at) VALUES ($1, $1) ON CONFLICT (singleton) DO NOTHING`, wall)
		if err != nil {
			return fmt.Errorf("start the demonstration's clock: %w", err)
		}
	} else {
		_, err := c.db.ExecContext(ctx, `
INSERT INTO demo_clock AS c (told_at, wall_at) VALUES ($1, $2)
ON CONFLICT (singleton) DO UPDATE SET told_at = EXCLUDED.told_at, wall_at = EXCLUDED.wall_at
WHERE c.told_at + (EXCLUDED.wall_at - c.wall_at) < EXCLUDED.told_at`, notBefore, wall)
		if err != nil {
			return fmt.Errorf("start the demonstration's clock: %w", err)
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.read(ctx)
}

// Now is the demonstration's instant, in Asia/Shanghai. It never goes back within a process.
func (c *DemoClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.held
	if now.IsZero() {
		if time.Since(c.readAt) > maxAge {
			ctx, cancel := context.WithTimeout(context.Background(), readPatience)
			// A failed reading leaves the last one in force: the database will say the rest to whoever uses it.
			_ = c.read(ctx)
			cancel()
		}
		now = c.toldAt.Add(c.wall().Sub(c.wallAt))
		if !c.started {
			now = c.wall()
		}
	}
	if now.Before(c.latest) {
		now = c.latest
	}
	c.latest = now
	return now.In(workday.Shanghai)
}

// read takes the row over; c.mu is held.
func (c *DemoClock) read(ctx context.Context) error {
	asked := time.Now() // before the question, so that age is never understated
	if c.conn == nil {
		conn, err := c.db.Conn(ctx)
		if err != nil {
			return fmt.Errorf("read the demonstration's clock: %w", err)
		}
		c.conn = conn
	}
	var told, wall time.Time
	err := c.conn.QueryRowContext(ctx, `SELECT told_at, wall_at FROM demo_clock`).Scan(&told, &wall)
	if err != nil {
		c.readAt = asked
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		_ = c.conn.Close() // broken; the next reading takes another
		c.conn = nil
		return fmt.Errorf("read the demonstration's clock: %w", err)
	}
	c.toldAt, c.wallAt, c.readAt, c.started = told, wall, asked, true
	return nil
}

// hold makes the clock stand at instant in this process, and start from it in all others.
func (c *DemoClock) hold(ctx context.Context, instant time.Time) error {
	stmt, err := c.db.Prepared(ctx, `
INSERT INTO demo_clock (told_at, wall_at) VALUES ($1, $2)
ON CONFLICT (singleton) DO UPDATE SET told_at = EXCLUDED.told_at, wall_at = EXCLUDED.wall_at`)
	if err != nil {
		return fmt.Errorf("set the demonstration's clock: %w", err)
	}
	if _, err := stmt.ExecContext(ctx, instant, c.wall()); err != nil {
		return fmt.Errorf("set the demonstration's clock: %w", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.held = instant
	return nil
}

// release lets the clock run on from where it stands, once no process can believe an older reading.
func (c *DemoClock) release(ctx context.Context) error {
	timer := time.NewTimer(maxAge + 5*time.Millisecond)
	defer timer.Stop()
	<-timer.C
	c.mu.Lock()
	defer c.mu.Unlock()
	c.held = time.Time{}
	return c.read(ctx)
}

// Close gives the clock's connection back.
func (c *DemoClock) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.conn == nil {
		return nil
	}
	err := c.conn.Close()
	c.conn = nil
	return err
}
