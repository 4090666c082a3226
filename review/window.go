package review

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"nianbao/filing"
	"nianbao/internal/event"
	"nianbao/internal/postgres"
	"nianbao/internal/workday"
)

// windowBatch is how many reviews one transaction of the watch touches: short locks, and a failed batch costs little.
const windowBatch = 1000

// WindowSummary is what a pass over the windows did.
type WindowSummary struct {
	Moved     int // followed the calendar
	Warned    int
	Escalated int
}

func (w WindowSummary) String() string {
	text := fmt.Sprintf("%d windows end soon, %d are over", w.Warned, w.Escalated)
	if w.Moved > 0 {
		text += fmt.Sprintf(", %d followed the calendar", w.Moved)
	}
	return text
}

// watcher is who acts in the event log.
var watcher = event.Clock("watch-windows")

// WatchWindows is the body of the job watch-windows: it brings provisional windows in line with the calendar, warns of
// windows that end within 3 and within 1 working days and escalates those that are over, each review once for each. A missed day
// heals: a review that was never warned is warned for the nearest threshold only. Running it again changes nothing. A
// review that cannot be marked is left out and told of in the error, which comes with what was done for the others.
func (s *Service) WatchWindows(ctx context.Context, now time.Time) (WindowSummary, error) {
	var sum WindowSummary
	var failed []error
	today, cal := workday.DateOf(now), s.calendar()
	var err error
	if sum.Moved, err = s.FollowCalendar(ctx, watcher); err != nil {
		failed = append(failed, err)
	}
	days, err := s.openDueDays(ctx, filing.WarnUntil(cal, today))
	if err != nil {
		return sum, errors.Join(append(failed, err)...)
	}
	for _, day := range days {
		mark, due := windowMarkFor(day, cal.Between(today, day), now)
		if !due {
			continue
		}
		n, err := s.markWindows(ctx, mark)
		if err != nil {
			failed = append(failed, fmt.Errorf("watch windows that end on %s: %w", day, err))
		}
		if mark.over {
			sum.Escalated += n
		} else {
			sum.Warned += n
		}
	}
	return sum, errors.Join(failed...)
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
	unmarked string // the condition for reviews that are not marked yet
}

// windowMarkFor says what is due for windows that end on the day, with that many working days left.
func windowMarkFor(day workday.Date, left int, now time.Time) (m windowMark, due bool) {
	m = windowMark{day: day, left: left, over: day.Before(workday.DateOf(now))}
	if m.over {
		m.column, m.value, m.unmarked = "escalated_at", now, "escalated_at IS NULL"
		return m, true
	}
	threshold, reached := filing.WarnThreshold(left)
	m.column, m.value, m.unmarked = "warned_days", threshold, fmt.Sprintf("(warned_days IS NULL OR warned_days > %d)", threshold)
	return m, reached
}

// markWindows marks in batches. Where one fails its reviews are marked one by one, so that a bad one stops no other.
func (s *Service) markWindows(ctx context.Context, m windowMark) (int, error) {
	var ids []uuid.UUID
	err := s.db.SelectContext(ctx, &ids, `SELECT submission_id FROM review
		WHERE state IN ('pending', 'proposed') AND due_on = $1 AND `+m.unmarked+` ORDER BY submission_id`, m.day)
	if err != nil {
		return 0, fmt.Errorf("find open reviews: %w", err)
	}
	return postgres.InBatches(ctx, s.db, ids, windowBatch, func(tx *postgres.Tx, ids []uuid.UUID) (int, error) {
		return m.apply(tx.Context(), tx, ids)
	})
}

type markedReview struct {
	Review
	ReceiptNo string `db:"receipt_no"`
}

// apply marks those of the reviews that are still open and unmarked and tells of each with an event. One that somebody
// is working on at this moment waits for the next pass.
func (m windowMark) apply(ctx context.Context, tx *postgres.Tx, ids []uuid.UUID) (int, error) {
	var marked []markedReview
	err := tx.SelectContext(ctx, &marked, `UPDATE review r SET version = r.version + 1, `+m.column+` = $2
		FROM submission s
		WHERE s.id = r.submission_id AND r.submission_id = ANY (ARRAY(SELECT submission_id FROM review
			WHERE submission_id = ANY ($3) AND due_on = $1 AND state IN ('pending', 'proposed') AND `+m.unmarked+`
			ORDER BY submission_id FOR NO KEY UPDATE SKIP LOCKED))
		RETURNING `+reviewColumns+`, s.receipt_no`, m.day, m.value, pq.Array(ids))
	if err != nil {
		return 0, fmt.Errorf("mark: %w", err)
	}
	slices.SortFunc(marked, func(a, b markedReview) int { return bytes.Compare(a.SubmissionID[:], b.SubmissionID[:]) })
	events := make([]event.Event, len(marked))
	for i := range marked {
		events[i] = m.event(&marked[i])
	}
	return len(marked), event.Append(ctx, tx, events...)
}

func (m windowMark) event(r *markedReview) event.Event {
	if m.over {
		return r.eventOf(event.WindowEscalatedKind, watcher, event.WindowEscalated{ReceiptNo: r.ReceiptNo, DueOn: r.DueOn,
			WorkingDaysOver: -m.left, ClaimedBy: r.ClaimedBy.String, ClaimedName: r.ClaimedName})
	}
	return r.eventOf(event.WindowWarnedKind, watcher, event.WindowWarned{ReceiptNo: r.ReceiptNo, DueOn: r.DueOn,
		DueProvisional: r.DueProvisional, WorkingDaysLeft: m.left, ClaimedBy: r.ClaimedBy.String, ClaimedName: r.ClaimedName})
}
