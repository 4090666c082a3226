// Package counter owns the gapless numbers of receipts, conclusions and other
// official papers: one row per authority, kind and year.
//
// Invariants: a number is given out exactly once, in order and without a hole,
// because it becomes visible only when the transaction that took it commits; a
// rollback gives it back. The price is that everybody who numbers for the same
// authority, kind and year waits for that transaction, so callers take the
// number last. Nothing else may use counter rows.
package counter

import (
	"context"
	"fmt"

	"nianbao/internal/postgres"
)

// NextSQL takes the next number of ($1 authority, $2 kind, $3 year) and returns
// it as the column last. It is exported so that a statement that needs the
// number can carry it as a CTE and save a round trip under the lock.
const NextSQL = `INSERT INTO counter AS c (authority_code, kind, year, last) VALUES ($1, $2, $3, 1)
ON CONFLICT (authority_code, kind, year) DO UPDATE SET last = c.last + 1 RETURNING last`

// Next gives the next number, counting from 1, of that authority, kind and
// year. The row stays locked until the transaction ends: call it last.
func Next(ctx context.Context, tx *postgres.Tx, authority, kind string, year int) (int64, error) {
	stmt, err := tx.Prepared(ctx, NextSQL)
	if err != nil {
		return 0, fmt.Errorf("next %s number of %s in %d: %w", kind, authority, year, err)
	}
	var n int64
	if err := stmt.GetContext(ctx, &n, authority, kind, year); err != nil {
		return 0, fmt.Errorf("next %s number of %s in %d: %w", kind, authority, year, err)
	}
	return n, nil
}
