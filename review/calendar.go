package review

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"nianbao/filing"
	"nianbao/internal/event"
	"nianbao/internal/postgres"
	"nianbao/internal/workday"
)

// FollowCalendar makes the open windows whose last day is still provisional again, by filing's rule and from the day they
// run from, and tells of each that moves. A window is the reviewer's own time: it follows the calendar either way, and
// the warnings of one that moves begin anew. Run again, or by two at once, it changes nothing. It is part of
// watch-windows; the command that imports a calendar does not wait for the night.
func (s *Service) FollowCalendar(ctx context.Context, actor event.Actor) (moved int, err error) {
	var ids []uuid.UUID
	err = s.db.SelectContext(ctx, &ids, `SELECT submission_id FROM review
		WHERE due_provisional AND state IN ('pending', 'proposed') ORDER BY submission_id`)
	if err != nil {
		return 0, fmt.Errorf("find provisional windows: %w", err)
	}
	moved, err = postgres.InBatches(ctx, s.db, ids, windowBatch, func(tx *postgres.Tx, ids []uuid.UUID) (int, error) {
		return s.correctWindows(tx.Context(), tx, ids, actor)
	})
	if err != nil {
		return moved, fmt.Errorf("correct windows: %w", err)
	}
	return moved, nil
}

// provisionalWindow is an open review, locked, whose last day may move.
type provisionalWindow struct {
	Review
	ReceiptNo string    `db:"receipt_no"`
	SeasonID  uuid.UUID `db:"season_id"`
}

const lockProvisional = `SELECT ` + reviewColumns + `, s.receipt_no, o.season_id
FROM review r JOIN submission s ON s.id = r.submission_id JOIN obligation o ON o.id = r.obligation_id
WHERE r.submission_id = ANY ($1) AND r.due_provisional AND r.state IN ('pending', 'proposed')
ORDER BY r.submission_id FOR NO KEY UPDATE OF r`

const correctWindow = `UPDATE review r SET due_on = u.due_on, due_provisional = u.provisional, version = r.version + 1,
	warned_days = CASE WHEN r.due_on = u.due_on THEN r.warned_days END,
	escalated_at = CASE WHEN r.due_on = u.due_on THEN r.escalated_at END
FROM unnest($1::uuid[], $2::date[], $3::boolean[]) AS u (id, due_on, provisional)
WHERE r.submission_id = u.id`

func (s *Service) correctWindows(ctx context.Context, tx *postgres.Tx, ids []uuid.UUID, actor event.Actor) (int, error) {
	var rows []provisionalWindow
	if err := tx.SelectContext(ctx, &rows, lockProvisional, pq.Array(ids)); err != nil {
		return 0, fmt.Errorf("lock reviews: %w", err)
	}
	seasonDays := map[uuid.UUID]int{}
	var changed, days []string
	var provisional []bool
	var moves []filing.ReviewDueOf
	var events []event.Event
	for i := range rows {
		r := &rows[i]
		due, err := s.windowEnd(ctx, tx, r, seasonDays)
		if err != nil {
			return 0, err
		}
		if due == (workday.Due{Date: r.DueOn, Provisional: r.DueProvisional}) {
			continue
		}
		changed, days, provisional = append(changed, r.SubmissionID.String()), append(days, due.Date.String()), append(provisional, due.Provisional)
		moves = append(moves, filing.ReviewDueOf{SubmissionID: r.SubmissionID, Due: due})
		if due.Date == r.DueOn {
			continue // the notice only confirmed the day: nothing to tell
		}
		events = append(events, r.eventOf(event.WindowMovedKind, actor, event.WindowMoved{ReceiptNo: r.ReceiptNo,
			DueOn: due.Date, PreviousDueOn: r.DueOn, DueProvisional: due.Provisional}))
	}
	if len(changed) == 0 {
		return 0, nil
	}
	if _, err := tx.ExecContext(ctx, correctWindow, pq.Array(changed), pq.Array(days), pq.Array(provisional)); err != nil {
		return 0, fmt.Errorf("write windows: %w", err)
	}
	if err := filing.MoveReviewDue(ctx, tx, moves...); err != nil {
		return 0, err
	}
	return len(events), event.Append(ctx, tx, events...)
}

// windowEnd is the last day of the window as the calendar is known now. seasonDays remembers the seasons' windows, for
// reviews whose own is not on record.
func (s *Service) windowEnd(ctx context.Context, tx *postgres.Tx, r *provisionalWindow, seasonDays map[uuid.UUID]int) (workday.Due, error) {
	n := r.WindowDays
	if n == 0 {
		n = seasonDays[r.SeasonID]
	}
	if n == 0 {
		season, err := filing.SeasonByID(ctx, tx, r.SeasonID)
		if err != nil {
			return workday.Due{}, err
		}
		n = season.Rules.ReviewWindow
		seasonDays[r.SeasonID] = n
	}
	from := r.ReceivedAt
	if !r.WindowFrom.IsZero() {
		from = r.WindowFrom.Start()
	}
	return filing.ReviewDue(s.calendar(), from, n), nil
}
