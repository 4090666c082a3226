package filing

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"nianbao/internal/event"
	"nianbao/internal/postgres"
	"nianbao/internal/workday"
)

// sponsorBatch is how many reviews one transaction of the watch touches.
const sponsorBatch = 1000

// SponsorWatchSummary is what a pass over the reports with sponsors did.
type SponsorWatchSummary struct{ Warned, Passed int }

func (w SponsorWatchSummary) String() string {
	return fmt.Sprintf("%d answers of sponsors are due soon, %d are overdue", w.Warned, w.Passed)
}

var sponsorWatcher = event.Clock("watch-sponsors")

// WatchSponsors is the body of the job watch-sponsors: it warns sponsors whose
// day is within 3 and within 1 working days, and tells of those whose day is
// over, each report once for each. Nothing is decided for a sponsor: it can still
// answer, and the organisation can submit without. A missed day heals; running
// it again changes nothing. A review that cannot be marked is left out and told
// of in the error.
func (s *Service) WatchSponsors(ctx context.Context, now time.Time) (SponsorWatchSummary, error) {
	var sum SponsorWatchSummary
	today, cal := workday.DateOf(now), s.calendar()
	var days []workday.Date
	err := s.db.SelectContext(ctx, &days, `SELECT DISTINCT due_on FROM sponsor_review
		WHERE status = 'pending' AND passed_at IS NULL AND due_on <= $1 ORDER BY due_on`, WarnUntil(cal, today))
	if err != nil {
		return sum, fmt.Errorf("watch sponsors: %w", err)
	}
	var failed []error
	for _, day := range days {
		mark, due := sponsorMarkFor(day, cal.Between(today, day), now)
		if !due {
			continue
		}
		n, err := s.markSponsors(ctx, mark)
		if err != nil {
			failed = append(failed, fmt.Errorf("watch sponsors whose day is %s: %w", day, err))
		}
		if mark.over {
			sum.Passed += n
		} else {
			sum.Warned += n
		}
	}
	return sum, errors.Join(failed...)
}

// sponsorMark is what is done to the pending reviews of one day.
type sponsorMark struct {
	day      workday.Date
	left     int // working days
	over     bool
	set      string // the column, with the value as $2
	value    any
	unmarked string // the condition for reviews that are not marked yet
}

// sponsorMarkFor says what is due for that day, with that many working days left.
func sponsorMarkFor(day workday.Date, left int, now time.Time) (m sponsorMark, due bool) {
	m = sponsorMark{day: day, left: left, over: day.Before(workday.DateOf(now))}
	if m.over {
		m.set, m.value, m.unmarked = "passed_at", now, "passed_at IS NULL"
		return m, true
	}
	threshold, due := WarnThreshold(left)
	m.set, m.value, m.unmarked = "warned_days", threshold, fmt.Sprintf("(warned_days IS NULL OR warned_days > %d)", threshold)
	return m, due
}

const pendingOfOwed = `v.status = 'pending' AND v.due_on = $1 AND
	EXISTS (SELECT FROM obligation b WHERE b.id = v.obligation_id AND b.status IN ('open', 'returned')) AND `

func (s *Service) markSponsors(ctx context.Context, m sponsorMark) (int, error) {
	var ids []uuid.UUID
	err := s.db.SelectContext(ctx, &ids, `SELECT v.id FROM sponsor_review v WHERE `+pendingOfOwed+m.unmarked+` ORDER BY v.id`, m.day)
	if err != nil {
		return 0, fmt.Errorf("find reports with sponsors: %w", err)
	}
	return postgres.InBatches(ctx, s.db, ids, sponsorBatch, func(tx *postgres.Tx, ids []uuid.UUID) (int, error) {
		return m.apply(tx.Context(), tx, ids)
	})
}

type markedSponsor struct {
	SponsorReview
	HeldUntil workday.Date `db:"held_until"` // of the obligation, where it is later than its last day anyway
}

// apply marks those that still wait and are unmarked, and tells of each. One
// that somebody answers at this moment waits for the next pass.
func (m sponsorMark) apply(ctx context.Context, tx *postgres.Tx, ids []uuid.UUID) (int, error) {
	var marked []markedSponsor
	err := tx.SelectContext(ctx, &marked, `UPDATE sponsor_review v SET `+m.set+` = $2 FROM obligation o
		WHERE o.id = v.obligation_id AND v.id = ANY (ARRAY(SELECT v.id FROM sponsor_review v
			WHERE v.id = ANY ($3) AND `+pendingOfOwed+m.unmarked+` ORDER BY v.id FOR NO KEY UPDATE SKIP LOCKED))
		RETURNING `+sponsorColumns+`, CASE WHEN o.held_until > o.overdue_after THEN o.held_until END AS held_until`, m.day, m.value, pq.Array(ids))
	if err != nil {
		return 0, fmt.Errorf("mark: %w", err)
	}
	slices.SortFunc(marked, func(a, b markedSponsor) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	events := make([]event.Event, len(marked))
	for i := range marked {
		v := &marked[i].SponsorReview
		if m.over {
			events[i] = v.event(event.SponsorPassedKind, sponsorWatcher, event.SponsorPassed{Sponsor: v.Sponsor, DueOn: v.DueOn, HeldUntil: marked[i].HeldUntil})
		} else {
			events[i] = v.event(event.SponsorWarnedKind, sponsorWatcher, event.SponsorWarned{Sponsor: v.Sponsor, DueOn: v.DueOn,
				DueProvisional: v.DueProvisional, WorkingDaysLeft: m.left})
		}
	}
	return len(marked), event.Append(ctx, tx, events...)
}
