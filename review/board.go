package review

import (
	"context"
	"fmt"

	"nianbao/filing"
	"nianbao/internal/registry"
	"nianbao/internal/workday"
)

// Board is a season in numbers, as of now.
type Board struct {
	Obligations map[registry.Type]map[filing.Status]int
	Overdue     map[registry.Type]int // of the open and returned ones
	UnderReview int                   // reviews that wait for a reviewer or an approver
	WindowsOver int                   // those of them whose window is over
}

// Bound counts who has to report: everybody with an obligation, the exempt left out.
func (b Board) Bound(t registry.Type) int {
	n := 0
	for status, count := range b.Obligations[t] {
		if status != filing.StatusExempt {
			n += count
		}
	}
	return n
}

// Standing counts the obligations with a report that stands.
func (b Board) Standing() int { return b.sum(filing.Status.Stands) }

// Concluded counts those with a conclusion.
func (b Board) Concluded() int { return b.sum(filing.Status.Concluded) }

func (b Board) sum(counts func(filing.Status) bool) int {
	n := 0
	for _, byStatus := range b.Obligations {
		for status, count := range byStatus {
			if counts(status) {
				n += count
			}
		}
	}
	return n
}

// BoardOf counts the obligations of a season and the reviews of their reports.
func (s *Service) BoardOf(ctx context.Context, season filing.Season) (Board, error) {
	b := Board{Obligations: map[registry.Type]map[filing.Status]int{}, Overdue: map[registry.Type]int{}}
	today := workday.DateOf(s.db.Now())
	var rows []struct {
		Type    registry.Type `db:"type"`
		Status  filing.Status `db:"status"`
		Count   int           `db:"n"`
		Overdue int           `db:"overdue"`
	}
	err := s.db.SelectContext(ctx, &rows, `SELECT type, status, count(*) AS n, count(*) FILTER (WHERE overdue_after < $2) AS overdue
		FROM obligation WHERE season_id = $1 GROUP BY type, status`, season.ID, today)
	if err != nil {
		return b, fmt.Errorf("count obligations of season %s: %w", season.ID, err)
	}
	for _, r := range rows {
		if b.Obligations[r.Type] == nil {
			b.Obligations[r.Type] = map[filing.Status]int{}
		}
		b.Obligations[r.Type][r.Status] = r.Count
		b.Overdue[r.Type] += r.Overdue
	}
	err = s.db.QueryRowxContext(ctx, `SELECT count(*), count(*) FILTER (WHERE r.due_on < $2)
		FROM review r JOIN obligation o ON o.id = r.obligation_id
		WHERE r.authority_code = $3 AND r.state IN ('pending', 'proposed') AND o.season_id = $1`,
		season.ID, today, season.AuthorityCode).Scan(&b.UnderReview, &b.WindowsOver)
	if err != nil {
		return b, fmt.Errorf("count reviews of season %s: %w", season.ID, err)
	}
	return b, nil
}
