package filing

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"nianbao/internal/event"
	"nianbao/internal/postgres"
	"nianbao/internal/workday"
)

// Days that were told before their year's holiday notice was out are provisional, and follow the calendar once it is.
// Due days do so in followSeason, refile days here, the windows of review and listing in those packages.

// calendarBatch is how many obligations one transaction corrects.
const calendarBatch = 1000

// followCalendar makes refile days that are still provisional again, by the rule that made them, and tells of each that
// moves. A refile day is never moved forwards to the organisation's disadvantage, see Corrected. Run again it changes nothing.
func (s *Service) followCalendar(ctx context.Context) (moved int, err error) {
	var ids []uuid.UUID
	err = s.db.SelectContext(ctx, &ids, `SELECT id FROM obligation WHERE status = 'returned' AND resubmit_provisional ORDER BY id`)
	if err != nil {
		return 0, fmt.Errorf("find provisional refile days: %w", err)
	}
	moved, err = postgres.InBatches(ctx, s.db, ids, calendarBatch, func(tx *postgres.Tx, ids []uuid.UUID) (int, error) {
		return s.correctRefileDays(tx.Context(), tx, ids)
	})
	if err != nil {
		return moved, fmt.Errorf("correct refile days: %w", err)
	}
	return moved, nil
}

// returnedObligation is an obligation whose refile day may move, with the instant from which it runs.
type returnedObligation struct {
	Obligation
	ReturnedAt time.Time `db:"returned_at"`
}

const lockProvisional = `SELECT b.id, b.authority_code, b.organisation_id, b.report_year, b.season_id, b.status, b.due_on, b.resubmit_by,
	b.resubmit_provisional, coalesce(b.resubmit_days, 0) AS resubmit_days, st.updated_at AS returned_at
FROM obligation b JOIN submission_standing st ON st.submission_id = b.submission_id AND st.status = 'returned'
WHERE b.id = ANY ($1) AND b.status = 'returned' AND b.resubmit_provisional
ORDER BY b.id FOR NO KEY UPDATE OF b`

const correctRefile = `UPDATE obligation b SET resubmit_by = u.resubmit_by, resubmit_provisional = u.provisional,
	overdue_after = u.overdue_after, version = b.version + 1, updated_at = $5
FROM unnest($1::uuid[], $2::date[], $3::boolean[], $4::date[]) AS u (id, resubmit_by, provisional, overdue_after)
WHERE b.id = u.id`

func (s *Service) correctRefileDays(ctx context.Context, tx *postgres.Tx, ids []uuid.UUID) (int, error) {
	var rows []returnedObligation
	if err := tx.SelectContext(ctx, &rows, lockProvisional, pq.Array(ids)); err != nil {
		return 0, fmt.Errorf("lock obligations: %w", err)
	}
	seasons := map[uuid.UUID]Season{}
	var changed, days, overdue []string
	var provisional []bool
	var events []event.Event
	for i := range rows {
		o := &rows[i]
		within, err := resubmitDays(ctx, tx, o.Obligation, seasons)
		if err != nil {
			return 0, err
		}
		due := Corrected(o.ResubmitBy, ResubmitBy(s.calendar(), o.ReturnedAt, within))
		if within == nil || due == (workday.Due{Date: o.ResubmitBy, Provisional: o.ResubmitProvisional}) {
			continue
		}
		changed, days, provisional = append(changed, o.ID.String()), append(days, due.Date.String()), append(provisional, due.Provisional)
		overdue = append(overdue, OverdueAfter(o.Status, o.DueOn, due.Date).String())
		if due.Date == o.ResubmitBy {
			continue // the notice only confirmed the day: nothing to tell
		}
		events = append(events, o.about(event.Event{Kind: event.ObligationRefileMovedKind, Actor: event.Clock("open-seasons"),
			Data: event.ObligationRefileMoved{ResubmitBy: due.Date, PreviousResubmitBy: o.ResubmitBy, ResubmitProvisional: due.Provisional}}))
	}
	if len(changed) == 0 {
		return 0, nil
	}
	_, err := tx.ExecContext(ctx, correctRefile, pq.Array(changed), pq.Array(days), pq.Array(provisional), pq.Array(overdue), tx.Now())
	if err != nil {
		return 0, fmt.Errorf("write refile days: %w", err)
	}
	return len(events), event.Append(ctx, tx, events...)
}

// resubmitDays are the working days that the obligation's refile day was counted from; where they are not on record, the
// season's, nil for none.
func resubmitDays(ctx context.Context, tx *postgres.Tx, o Obligation, seasons map[uuid.UUID]Season) (*int, error) {
	if o.ResubmitDays > 0 {
		return &o.ResubmitDays, nil
	}
	season, known := seasons[o.SeasonID]
	if !known {
		var err error
		if season, err = SeasonByID(ctx, tx, o.SeasonID); err != nil {
			return nil, err
		}
		seasons[o.SeasonID] = season
	}
	return season.Rules.ResubmitWithin, nil
}

// ReviewDueOf is the last day of a submission's review.
type ReviewDueOf struct {
	SubmissionID uuid.UUID
	Due          workday.Due
}

// MoveReviewDue says, beside the submissions, until when their reviews last now. Review calls it in the transaction that
// moves its windows and tells of it; the receipts keep the days that they told.
func MoveReviewDue(ctx context.Context, tx *postgres.Tx, moves ...ReviewDueOf) error {
	ids, days, provisional := make([]string, len(moves)), make([]string, len(moves)), make([]bool, len(moves))
	for i, m := range moves {
		ids[i], days[i], provisional[i] = m.SubmissionID.String(), m.Due.Date.String(), m.Due.Provisional
	}
	_, err := tx.ExecContext(ctx, `UPDATE submission_standing st SET review_due_on = u.due_on, review_due_provisional = u.provisional
		FROM unnest($1::uuid[], $2::date[], $3::boolean[]) AS u (id, due_on, provisional) WHERE st.submission_id = u.id`,
		pq.Array(ids), pq.Array(days), pq.Array(provisional))
	if err != nil {
		return fmt.Errorf("move the last day of %d reviews: %w", len(moves), err)
	}
	return nil
}
