package event

import (
	"context"
	"log/slog"
	"time"

	"nianbao/internal/postgres"
)

// Run sequences and dispatches on this node until ctx ends, looking every time the interval has passed and going on at
// once only after a full batch: under load, what arrives within an interval shares one transaction of the sequencer and
// one of each consumer, instead of a transaction for every few events. Failures of the database are logged and outlasted.
func Run(ctx context.Context, db *postgres.DB, d *Dispatcher, every time.Duration, log *slog.Logger) {
	sequencer := NewSequencer(db)
	for ctx.Err() == nil {
		sequenced, err := sequencer.Step(ctx)
		if err != nil && ctx.Err() == nil {
			log.ErrorContext(ctx, "events: cannot sequence", "error", err)
		}
		handled, dErr := d.Step(ctx)
		if dErr != nil && ctx.Err() == nil {
			log.ErrorContext(ctx, "events: cannot dispatch", "error", dErr)
		}
		if err == nil && dErr == nil && (sequenced >= sequenceBatch || handled >= consumeBatch) {
			continue
		}
		timer := time.NewTimer(every)
		select {
		case <-ctx.Done():
		case <-timer.C:
		}
		timer.Stop()
	}
}
