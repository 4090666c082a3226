package event

import (
	"context"
	"fmt"
)

// Settled tells whether, at this moment, every committed event has its position and every consumer of d has handled
// all of them or waits out a back-off, on whichever node. Time travel asks it before it moves on.
func (d *Dispatcher) Settled(ctx context.Context) (bool, error) {
	sequenced, err := d.sequenced(ctx)
	if err != nil || !sequenced {
		return false, err
	}
	stmt, err := d.db.Prepared(ctx, `
SELECT NOT EXISTS (
	SELECT FROM event_consumer c CROSS JOIN event_head h
	WHERE c.position < h.position AND (c.retry_at IS NULL OR c.retry_at <= $1))`)
	if err != nil {
		return false, fmt.Errorf("look whether consumers are done: %w", err)
	}
	var done bool
	if err := stmt.GetContext(ctx, &done, d.db.Now()); err != nil {
		return false, fmt.Errorf("look whether consumers are done: %w", err)
	}
	return done, nil
}

// sequenced tells whether every committed event has its position. The search costs something after a large batch, so
// the ends of the indexes are asked first, which say so at once in a log at rest.
func (d *Dispatcher) sequenced(ctx context.Context) (bool, error) {
	if waiting, err := NewSequencer(d.db).waiting(ctx); err != nil || !waiting {
		return !waiting, err
	}
	var all bool
	err := d.db.GetContext(ctx, &all, `
SELECT NOT EXISTS (
	SELECT FROM event e CROSS JOIN event_head h
	WHERE e.xid >= h.floor_xid AND NOT EXISTS (SELECT FROM event_position p WHERE p.event_id = e.id))`)
	if err != nil {
		return false, fmt.Errorf("look for events without position: %w", err)
	}
	return all, nil
}
