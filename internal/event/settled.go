package event

import (
	"context"
	"fmt"
)

// Settled tells whether, at this moment, every committed event has its position and every consumer of d has handled
// all of them or waits out a back-off, on whichever node. Time travel asks it before it moves on.
func (d *Dispatcher) Settled(ctx context.Context) (bool, error) {
	stmt, err := d.db.Prepared(ctx, `
SELECT NOT EXISTS (
	SELECT FROM event e CROSS JOIN event_head h
	WHERE e.xid >= h.floor_xid AND NOT EXISTS (SELECT FROM event_position p WHERE p.event_id = e.id))
AND NOT EXISTS (
	SELECT FROM event_consumer c CROSS JOIN event_head h
	WHERE c.position < h.position AND (c.retry_at IS NULL OR c.retry_at <= $1))`)
	if err != nil {
		return false, fmt.Errorf("look whether events are settled: %w", err)
	}
	var settled bool
	if err := stmt.GetContext(ctx, &settled, d.db.Now()); err != nil {
		return false, fmt.Errorf("look whether events are settled: %w", err)
	}
	return settled, nil
}
