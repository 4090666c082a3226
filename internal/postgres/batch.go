package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"
)

// InBatches runs do on the rows with those ids, at most size of them in one
// transaction, and adds up what it counts. Where a batch fails its rows are
// done one by one, so that a bad one stops no other; the error names each. It
// ends early only with the context.
func InBatches(ctx context.Context, db *DB, ids []uuid.UUID, size int, do func(tx *Tx, ids []uuid.UUID) (int, error)) (int, error) {
	one := func(batch []uuid.UUID) (n int, err error) {
		err = InTx(ctx, db, func(tx *Tx) (err error) {
			n, err = do(tx, batch)
			return err
		})
		if err != nil {
			return 0, err
		}
		return n, nil
	}
	total := 0
	var failed []error
	for batch := range slices.Chunk(ids, size) {
		n, err := one(batch)
		total += n
		if err == nil {
			continue
		}
		if ctx.Err() != nil {
			return total, errors.Join(append(failed, err)...)
		}
		for _, id := range batch {
			n, err := one([]uuid.UUID{id})
			total += n
			if err != nil {
				failed = append(failed, fmt.Errorf("row %s: %w", id, err))
			}
		}
	}
	return total, errors.Join(failed...)
}
