package notify

import (
	"context"
	"fmt"

	"nianbao/internal/event"
	"nianbao/internal/postgres"
	"nianbao/internal/workday"
)

// A holiday notice may move days that were told as provisional. An organisation hears of those that it has to keep; the
// authority's own windows only show the new day.

// onRefileMoved tells of another day to refile by, where that is the day that counts.
func (s *Service) onRefileMoved(ctx context.Context, tx *postgres.Tx, e event.Stored) error {
	d, err := event.Read[event.ObligationRefileMoved](e)
	if err != nil {
		return err
	}
	var overdueAfter workday.Date
	err = tx.GetContext(ctx, &overdueAfter, `SELECT overdue_after FROM obligation WHERE id = $1`, e.ObligationID)
	if err != nil && !postgres.IsNoRows(err) {
		return fmt.Errorf("read the obligation: %w", err)
	}
	if overdueAfter != d.ResubmitBy {
		return nil // refiled, exempt, or the due day is the later one
	}
	return s.tellTimeMoved(ctx, tx, e, letter{Which: "退回后重新报送的截止日",
		Due: d.ResubmitBy, Provisional: d.ResubmitProvisional, Previous: d.PreviousResubmitBy})
}

// onAnswerTimeMoved tells of another last day to answer a prior notice.
func (s *Service) onAnswerTimeMoved(ctx context.Context, tx *postgres.Tx, e event.Stored) error {
	d, err := event.Read[event.ListingTimeMoved](e)
	if err != nil {
		return err
	}
	return s.tellTimeMoved(ctx, tx, e, letter{Which: "列入事项陈述申辩的截止日",
		Due: d.DueOn, Provisional: d.DueProvisional, Previous: d.PreviousDueOn})
}

func (s *Service) tellTimeMoved(ctx context.Context, tx *postgres.Tx, e event.Stored, l letter) error {
	return s.tellOrganisation(ctx, tx, e, notice{kind: KindDueChanged, template: "time_moved", letter: l})
}
