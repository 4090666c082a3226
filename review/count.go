package review

import (
	"context"
	"fmt"
	"strings"
)

// MaxCount is where the numbers above a queue stop counting. Whoever has more before them than that needs to know that it
// is too much, not how much: to count three hundred thousand reviews exactly takes longer than the page may.
const MaxCount = 1000

// Tally is a number that stops at MaxCount.
type Tally struct {
	N    int  // 0 to MaxCount
	More bool // there are more than N
}

// Scan reads what a statement has counted, at most one more than MaxCount.
func (t *Tally) Scan(src any) error {
	n, ok := src.(int64)
	if !ok {
		return fmt.Errorf("a count is a whole number, not %T", src)
	}
	*t = Tally{N: min(int(n), MaxCount), More: n > MaxCount}
	return nil
}

// Plus is the number of both together.
func (t Tally) Plus(o Tally) Tally {
	n := t.N + o.N
	return Tally{N: min(n, MaxCount), More: t.More || o.More || n > MaxCount}
}

// Counts are the numbers of the supervisor's strip.
type Counts struct {
	Pending   Tally `db:"pending"`
	Unclaimed Tally `db:"unclaimed"`
	Mine      Tally `db:"mine"`
	Overdue   Tally `db:"overdue"` // windows that are over
	EndSoon   Tally `db:"end_soon"`
	Proposed  Tally `db:"proposed"`
}

// countQuery counts each number by itself, in the order of an index that has its rows side by side: only so does the
// planner go through that index and stop, instead of through the table.
var countQuery = countOf(
	[2]string{"pending", `state = 'pending'`},
	[2]string{"unclaimed", `state = 'pending' AND claimed_by IS NULL`},
	[2]string{"mine", `state = 'pending' AND claimed_by = $2`},
	[2]string{"overdue", `state IN ('pending', 'proposed') AND due_on < $3`},
	[2]string{"end_soon", `state IN ('pending', 'proposed') AND due_on BETWEEN $3 AND $4`},
	[2]string{"proposed", `state = 'proposed'`},
)

// countOf writes the statement from the name and the condition of each number.
func countOf(numbers ...[2]string) string {
	columns := make([]string, len(numbers))
	for i, n := range numbers {
		columns[i] = fmt.Sprintf(`(SELECT count(*) FROM (SELECT FROM review WHERE authority_code = $1 AND %s
			ORDER BY due_on, received_at, submission_id LIMIT %d) AS capped) AS %s`, n[1], MaxCount+1, n[0])
	}
	return "SELECT " + strings.Join(columns, ",\n")
}

// Count counts an authority's open reviews as of today; actorID is whose claims count as Mine.
func (s *Service) Count(ctx context.Context, authority, actorID string) (Counts, error) {
	today, soon := s.SoonUntil()
	var c Counts
	if err := s.db.GetContext(ctx, &c, countQuery, authority, actorID, today, soon); err != nil {
		return c, fmt.Errorf("count reviews of %s: %w", authority, err)
	}
	return c, nil
}
