package review

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

// warnAt are the working days before the end of a window at which the reviewer's side is warned, the larger first.
var warnAt = []int{3, 1}

// windowBatch is how many reviews one transaction of the watch touches: short locks, and a failed batch costs little.
const windowBatch = 1000

// WindowSummary is what a pass over the windows did.
type WindowSummary struct {
	Warned    int
	Escalated int
}

func (w WindowSummary) String() string {
	return fmt.Sprintf("%d windows end soon, %d are over", w.Warned, w.Escalated)
}

// WatchWindows is the body of the job watch-windows: it warns of windows that end within 3 and within 1 working days
// and escalates those that are over, each review once for each. A missed day heals: a review that was never warned is
// warned for the nearest threshold only. Running it again changes nothing.
func (s *Service) WatchWindows(ctx context.Context, now time.Time) (WindowSummary, error) {
	var sum WindowSummary
	today := workday.DateOf(now)
	cal := s.calendar()
	days, err := s.openDueDays(ctx, cal.Due(today, warnAt[0]).Date)
	if err != nil {
		return sum, err
	}
	for _, day := range days {
		mark := windowMark{day: day, left: cal.Between(today, day), over: day.Before(today)}
		if mark.over {
			mark.column, mark.value, mark.unmarked = "escalated_at", now, "escalated_at IS NULL"
		} else {
			threshold, reached := thresholdFor(mark.left)
			if !reached {
				continue
			}
			mark.column, mark.value, mark.unmarked = "warned_days", threshold, "(warned_days IS NULL OR warned_days > $3)"
		}
		n, err := s.markWindows(ctx, mark)
		if mark.over {
			sum.Escalated += n
		} else {
			sum.Warned += n
		}
		if err != nil {
			return sum, err
		}
	}
	return sum, nil
}

// thresholdFor is the nearest threshold that a window with that many working days left has reached.
func thresholdFor(left int) (threshold int, reached bool) {
	for _, t := range warnAt {
		if left <= t {
			threshold, reached = t, true
		}
	}
	return threshold, reached
}

// openDueDays lists the last days of open windows up to and including the day, so that working days are counted once a
// day and in the calendar, not in SQL.
func (s *Service) openDueDays(ctx context.Context, until workday.Date) ([]workday.Date, error) {
	var days []workday.Date
	err := s.db.SelectContext(ctx, &days, `SELECT DISTINCT due_on FROM review
		WHERE state IN ('pending', 'proposed') AND due_on <= $1 ORDER BY due_on`, until)
	if err != nil {
		return nil, fmt.Errorf("watch windows: %w", err)
	}
	return days, nil
}

// windowMark is what is done to the open reviews of one last day.
type windowMark struct {
	day      workday.Date
	left     int  // working days; 0 or less once the window is over
	over     bool // the last day is past
	column   string
	value    any
	unmarked string // the condition for reviews that are not marked yet; $3 is value
}

// markWindows marks in batches and tells of each review with an event.
func (s *Service) markWindows(ctx context.Context, m windowMark) (int, error) {
	total := 0
	for {
		marked := 0
		err := postgres.InTx(ctx, s.db, func(tx *postgres.Tx) (err error) {
			marked, err = m.batch(ctx, tx)
			return err
		})
		total += marked
		if err != nil {
			return total, fmt.Errorf("watch windows that end on %s: %w", m.day, err)
		}
		if marked < windowBatch {
			return total, nil
		}
	}
}

type markedReview struct {
	Review
	ReceiptNo string `db:"receipt_no"`
}

func (m windowMark) batch(ctx context.Context, tx *postgres.Tx) (int, error) {
	var ids []uuid.UUID
	err := tx.SelectContext(ctx, &ids, `UPDATE review SET version = version + 1, `+m.column+` = $3
		WHERE submission_id = ANY (ARRAY(SELECT submission_id FROM review
			WHERE state IN ('pending', 'proposed') AND due_on = $1 AND `+m.unmarked+`
			ORDER BY submission_id LIMIT $2 FOR NO KEY UPDATE SKIP LOCKED)) RETURNING submission_id`,
		m.day, windowBatch, m.value)
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	var marked []markedReview
	err = tx.SelectContext(ctx, &marked, `SELECT `+reviewColumns+`, s.receipt_no FROM review r
		JOIN submission s ON s.id = r.submission_id WHERE r.submission_id = ANY ($1) ORDER BY r.submission_id`, pq.Array(ids))
	if err != nil {
		return 0, err
	}
	events := make([]event.Event, len(marked))
	for i := range marked {
		events[i] = m.event(&marked[i])
	}
	return len(marked), event.Append(ctx, tx, events...)
}

func (m windowMark) event(r *markedReview) event.Event {
	actor := event.Clock("watch-windows")
	if m.over {
		return r.eventOf(event.WindowEscalatedKind, actor, event.WindowEscalated{ReceiptNo: r.ReceiptNo, DueOn: r.DueOn,
			WorkingDaysOver: -m.left, ClaimedBy: r.ClaimedBy.String, ClaimedName: r.ClaimedName})
	}
	return r.eventOf(event.WindowWarnedKind, actor, event.WindowWarned{ReceiptNo: r.ReceiptNo, DueOn: r.DueOn,
		DueProvisional: r.DueProvisional, WorkingDaysLeft: m.left, ClaimedBy: r.ClaimedBy.String, ClaimedName: r.ClaimedName})
}
