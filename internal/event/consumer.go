package event

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/lib/pq"

	"nianbao/internal/postgres"
)

const (
	// consumeBatch is how many events a consumer handles in one transaction.
	consumeBatch = 100
	// longestBackoff is the most a failing consumer waits before it tries again.
	longestBackoff = 5 * time.Minute
	// maxReason bounds, in bytes, what a failure may fill of the consumer's row.
	maxReason = 2000
)

// Consumer is a named reader of the log.
type Consumer struct {
	// Name keeps the cursor. A new name begins at the first event, so a consumer is never renamed.
	Name string
	// Kinds are what it wants to hear of; empty means everything.
	Kinds []Kind
	// Handle does the consumer's writes for e in tx. The cursor moves in the same transaction, so these writes happen
	// exactly once. It may be run again for the same event after a rollback: nothing outside the database is allowed.
	Handle func(ctx context.Context, tx *postgres.Tx, e Stored) error
}

// Dispatcher runs consumers over the sequenced events. Any number may run: the row of a consumer is locked while it
// works, and others pass on.
type Dispatcher struct {
	db        *postgres.DB
	consumers []Consumer
	log       *slog.Logger
}

// NewDispatcher is a dispatcher for consumers on db.
func NewDispatcher(db *postgres.DB, consumers []Consumer, log *slog.Logger) *Dispatcher {
	return &Dispatcher{db: db, consumers: consumers, log: log}
}

// ConsumerState is where a consumer stands.
type ConsumerState struct {
	Name      string     `db:"name"`
	Position  int64      `db:"position"`   // everything up to it is handled
	Behind    int64      `db:"behind"`     // sequenced events after it, wanted or not
	Attempts  int        `db:"attempts"`   // failures in a row at FailedAt
	FailedAt  *int64     `db:"failed_at"`  // the event it cannot get over
	RetryAt   *time.Time `db:"retry_at"`   // when it tries again
	LastError string     `db:"last_error"` // for the operator
}

// Consumers lists where each consumer stands, by name.
func Consumers(ctx context.Context, q postgres.Queryer) ([]ConsumerState, error) {
	var states []ConsumerState
	err := q.SelectContext(ctx, &states, `
SELECT c.name, c.position, h.position - c.position AS behind, c.attempts, c.failed_at, c.retry_at, c.last_error
FROM event_consumer c CROSS JOIN event_head h
ORDER BY c.name`)
	if err != nil {
		return nil, fmt.Errorf("list event consumers: %w", err)
	}
	return states, nil
}

// Step lets each consumer handle one batch and says how many events were handled. A handler's error stops its consumer
// before that event until the back-off is over; it is logged and stays visible in Consumers, and is not Step's error.
func (d *Dispatcher) Step(ctx context.Context) (n int, err error) {
	for _, c := range d.consumers {
		handled, cErr := d.step(ctx, c)
		n += handled
		if cErr != nil {
			err = errors.Join(err, fmt.Errorf("event consumer %s: %w", c.Name, cErr))
		}
	}
	return n, err
}

// handlerError is the failure of a handler at one event, as against one of the dispatcher's own statements.
type handlerError struct {
	position int64
	err      error
}

func (e *handlerError) Error() string { return fmt.Sprintf("at event %d: %v", e.position, e.err) }
func (e *handlerError) Unwrap() error { return e.err }

func (d *Dispatcher) step(ctx context.Context, c Consumer) (int, error) {
	if due, err := d.due(ctx, c); err != nil || !due {
		return 0, err
	}
	n, err := d.batch(ctx, c, 0)
	failed, ok := errors.AsType[*handlerError](err)
	if !ok {
		return n, err
	}
	// The batch is rolled back. What came before the failing event is handled again, then the failure is noted.
	n, err = d.batch(ctx, c, failed.position)
	if again, ok := errors.AsType[*handlerError](err); ok {
		return 0, d.note(ctx, c, again)
	}
	if err != nil {
		return n, err
	}
	return n, d.note(ctx, c, failed)
}

// due tells, without a lock or a write, whether c has anything to read now; it makes the cursor if there is none.
func (d *Dispatcher) due(ctx context.Context, c Consumer) (bool, error) {
	stmt, err := d.db.Prepared(ctx, `
SELECT c.position < h.position AND (c.retry_at IS NULL OR c.retry_at <= $2)
FROM event_consumer c CROSS JOIN event_head h WHERE c.name = $1`)
	if err != nil {
		return false, fmt.Errorf("read cursor: %w", err)
	}
	var due bool
	err = stmt.GetContext(ctx, &due, c.Name, d.db.Now())
	if errors.Is(err, sql.ErrNoRows) {
		_, err = d.db.ExecContext(ctx, `INSERT INTO event_consumer (name) VALUES ($1) ON CONFLICT DO NOTHING`, c.Name)
		due = true
	}
	if err != nil {
		return false, fmt.Errorf("read cursor: %w", err)
	}
	return due, nil
}

// batch handles the next events of c in one transaction, up to but not including position before (0: no bound), and
// moves the cursor. Another node's lock, or nothing to do, is 0.
func (d *Dispatcher) batch(ctx context.Context, c Consumer, before int64) (n int, err error) {
	err = postgres.InTx(ctx, d.db, func(tx *postgres.Tx) error {
		n = 0
		cursor, ok, err := lockCursor(tx.Context(), tx, c.Name)
		if err != nil || !ok {
			return err
		}
		events, upTo, err := next(tx.Context(), tx, c, cursor, before)
		if err != nil {
			return err
		}
		for _, e := range events {
			if err := d.handle(tx, c, e); err != nil {
				return &handlerError{position: e.Position, err: err}
			}
		}
		n = len(events)
		return moveCursor(tx.Context(), tx, c.Name, upTo)
	})
	if err != nil {
		return 0, err
	}
	return n, nil
}

// handle runs the handler; a panic is an error like any other, or one event would end the program again and again.
func (d *Dispatcher) handle(tx *postgres.Tx, c Consumer, e Stored) (err error) {
	defer func() {
		if p := recover(); p != nil {
			d.log.ErrorContext(tx.Context(), "event consumer panicked", "consumer", c.Name, "position", e.Position,
				"panic", p, "stack", string(debug.Stack()))
			err = fmt.Errorf("the handler panicked: %v", p)
		}
	}()
	return c.Handle(tx.Context(), tx, e)
}

func lockCursor(ctx context.Context, tx *postgres.Tx, name string) (cursor int64, ok bool, err error) {
	err = tx.GetContext(ctx, &cursor, `
SELECT position FROM event_consumer
WHERE name = $1 AND (retry_at IS NULL OR retry_at <= $2)
FOR UPDATE SKIP LOCKED`, name, tx.Now())
	if errors.Is(err, sql.ErrNoRows) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, fmt.Errorf("lock cursor: %w", err)
	}
	return cursor, true, nil
}

// next reads the events after cursor that c wants, and the position up to which nothing else is wanted.
func next(ctx context.Context, tx *postgres.Tx, c Consumer, cursor, before int64) ([]Stored, int64, error) {
	// Read first: what is sequenced after this waits for the next batch.
	var upTo int64
	if err := tx.GetContext(ctx, &upTo, `SELECT position FROM event_head`); err != nil {
		return nil, 0, fmt.Errorf("read the head: %w", err)
	}
	if before > 0 {
		upTo = min(upTo, before-1)
	}
	stmt, err := tx.Prepared(ctx, `
SELECT p.position, p.public_position, `+eventColumns+`
FROM event_position p JOIN event e ON e.id = p.event_id
WHERE p.position > $1 AND p.position <= $2 AND (cardinality($3::text[]) = 0 OR e.kind = ANY ($3))
ORDER BY p.position LIMIT $4`)
	if err != nil {
		return nil, 0, fmt.Errorf("read events: %w", err)
	}
	var events []Stored
	if err := stmt.SelectContext(ctx, &events, cursor, upTo, pq.Array(words(c.Kinds)), consumeBatch); err != nil {
		return nil, 0, fmt.Errorf("read events: %w", err)
	}
	if len(events) == consumeBatch {
		upTo = events[consumeBatch-1].Position
	}
	return events, max(upTo, cursor), nil
}

func words(kinds []Kind) []string {
	out := make([]string, len(kinds))
	for i, k := range kinds {
		out[i] = string(k)
	}
	return out
}

func moveCursor(ctx context.Context, tx *postgres.Tx, name string, to int64) error {
	_, err := tx.ExecContext(ctx, `
UPDATE event_consumer SET position = $2,
	attempts   = CASE WHEN failed_at <= $2 THEN 0 ELSE attempts END,
	retry_at   = CASE WHEN failed_at <= $2 THEN NULL ELSE retry_at END,
	last_error = CASE WHEN failed_at <= $2 THEN '' ELSE last_error END,
	failed_at  = CASE WHEN failed_at <= $2 THEN NULL ELSE failed_at END
WHERE name = $1`, name, to)
	if err != nil {
		return fmt.Errorf("move cursor: %w", err)
	}
	return nil
}

// note records the failure at the event where c stands and when it tries again: 1 s, 3 s, 9 s … 5 minutes.
func (d *Dispatcher) note(ctx context.Context, c Consumer, failed *handlerError) error {
	d.log.ErrorContext(ctx, "event consumer failed; it stays before this event and tries again",
		"consumer", c.Name, "position", failed.position, "error", failed.err)
	now := d.db.Now()
	_, err := d.db.ExecContext(ctx, `
UPDATE event_consumer SET attempts = attempts + 1, failed_at = $2, last_error = $3,
	retry_at = $4::timestamptz + least(interval '1 second' * power(3, least(attempts, 10)), $5 * interval '1 second')
WHERE name = $1 AND position < $2 AND (retry_at IS NULL OR retry_at <= $4)`,
		c.Name, failed.position, postgres.Text(failed.err.Error(), maxReason), now, longestBackoff.Seconds())
	if err != nil {
		return fmt.Errorf("note the failure at event %d: %w", failed.position, err)
	}
	return nil
}
