package counter

import (
	"context"
	"fmt"

	"nianbao/internal/postgres"
)

// NextN takes n ≥ 1 numbers of that authority, kind and year in one step and
// gives the first; the others follow it without a gap. The row stays locked
// until the transaction ends, as with Next.
func NextN(ctx context.Context, tx *postgres.Tx, s Series, n int) (first int64, err error) {
	if n < 1 {
		return 0, fmt.Errorf("next %s numbers of %s in %d: %d asked for", s.Kind, s.Authority, s.Year, n)
	}
	stmt, err := tx.Prepared(ctx, `INSERT INTO counter AS c (authority_code, kind, year, last) VALUES ($1, $2, $3, $4)
ON CONFLICT (authority_code, kind, year) DO UPDATE SET last = c.last + excluded.last RETURNING last`)
	if err != nil {
		return 0, fmt.Errorf("next %s numbers of %s in %d: %w", s.Kind, s.Authority, s.Year, err)
	}
	var last int64
	if err := stmt.GetContext(ctx, &last, s.Authority, s.Kind, s.Year, n); err != nil {
		return 0, fmt.Errorf("next %s numbers of %s in %d: %w", s.Kind, s.Authority, s.Year, err)
	}
	return last - int64(n) + 1, nil
}

// Series is what numbers are counted by.
type Series struct {
	Authority string
	Kind      string
	Year      int
}
