package listing

import (
	"context"
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

// FollowCalendar makes days that were told before their year's holiday notice was out again, by the rule that made them,
// and tells of each that moves: the end of the time to answer a prior notice, never before the day that the organisation
// was told (filing.Corrected), and the authority's own time to decide on an application, which follows the calendar
// either way. Run again, or by two at once, it changes nothing. It is part of advance-listings; the command that imports
// a calendar does not wait for the night.
func (s *Service) FollowCalendar(ctx context.Context, actor event.Actor) (moved int, err error) {
	moved, failed, err := s.followCalendar(ctx, actor)
	if err == nil && failed > 0 {
		err = fmt.Errorf("follow the calendar: %d matters left out; the log says why", failed)
	}
	return moved, err
}

func (s *Service) followCalendar(ctx context.Context, actor event.Actor) (moved, failed int, err error) {
	pass := correction{Service: s, actor: actor, seasons: newSeasons()}
	err = pass.run(ctx, `SELECT id FROM listing WHERE status = 'notified' AND statement_due_provisional ORDER BY id`, pass.answerTimes)
	if err == nil {
		err = pass.run(ctx, `SELECT id FROM listing_removal WHERE outcome IS NULL AND due_provisional ORDER BY id`, pass.removalTimes)
	}
	if err != nil {
		err = fmt.Errorf("follow the calendar: %w", err)
	}
	return pass.moved, pass.failed, err
}

// correction is one pass.
type correction struct {
	*Service
	actor         event.Actor
	seasons       *seasons
	moved, failed int
}

// run does the rows that the query finds, in batches.
func (p *correction) run(ctx context.Context, provisional string, do func(tx *postgres.Tx, ids []uuid.UUID) (int, error)) error {
	var ids []uuid.UUID
	if err := p.db.SelectContext(ctx, &ids, provisional); err != nil {
		return err
	}
	for batch := range slices.Chunk(ids, batchSize) {
		failed, err := inBatch(ctx, p.Service, batch, do, func(n int) { p.moved += n })
		p.failed += failed
		if err != nil {
			return err
		}
	}
	return nil
}

// correctedDays holds days to write turned round, one slice a column, and the events of those that moved.
type correctedDays struct {
	ids, days   []string
	provisional []bool
	events      []event.Event
}

// add takes the day as it is now, unless it is as it was; told, about it, is kept only where the day moved.
func (c *correctedDays) add(id uuid.UUID, was, now workday.Due, told event.Event) {
	if was == now {
		return
	}
	c.ids, c.days = append(c.ids, id.String()), append(c.days, now.Date.String())
	c.provisional = append(c.provisional, now.Provisional)
	if was.Date != now.Date {
		told.Data = event.ListingTimeMoved{DueOn: now.Date, PreviousDueOn: was.Date, DueProvisional: now.Provisional}
		c.events = append(c.events, told)
	}
}

// write runs the update, which has the columns as $1 to $3, and counts the days that moved.
func (c *correctedDays) write(ctx context.Context, tx *postgres.Tx, update string, args ...any) (int, error) {
	if len(c.ids) == 0 {
		return 0, nil
	}
	if _, err := tx.ExecContext(ctx, update, append([]any{pq.Array(c.ids), pq.Array(c.days), pq.Array(c.provisional)}, args...)...); err != nil {
		return 0, fmt.Errorf("write %d days: %w", len(c.ids), err)
	}
	return len(c.events), event.Append(ctx, tx, c.events...)
}

const correctedRows = ` FROM unnest($1::uuid[], $2::date[], $3::boolean[]) AS u (id, due_on, provisional) WHERE l.id = u.id`

// answerTimes corrects the ends of answer times; they run from service.
func (p *correction) answerTimes(tx *postgres.Tx, ids []uuid.UUID) (int, error) {
	ctx := tx.Context()
	matters, err := owner{}.lock(ctx, tx, ids...)
	if err != nil {
		return 0, err
	}
	var days correctedDays
	for i := range matters {
		m := &matters[i]
		if m.Status != Notified || !m.StatementDueProvisional {
			continue
		}
		season, err := p.seasons.of(ctx, tx, m.SeasonID)
		if err != nil {
			return 0, err
		}
		due := filing.Corrected(m.StatementDueOn, p.calendar().Due(m.ServedOn, m.answerDays(season.Rules.Late)))
		days.add(m.ID, workday.Due{Date: m.StatementDueOn, Provisional: m.StatementDueProvisional}, due,
			m.event(event.ListingAnswerMovedKind, p.actor, nil))
	}
	return days.write(ctx, tx, `UPDATE listing l SET statement_due_on = u.due_on, statement_due_provisional = u.provisional,
		version = l.version + 1, updated_at = $4`+correctedRows, tx.Now())
}

// openApplication is an application for removal, locked, with what its event is about.
type openApplication struct {
	ID             uuid.UUID    `db:"id"`
	AppliedAt      time.Time    `db:"applied_at"`
	DueOn          workday.Date `db:"due_on"`
	DueProvisional bool         `db:"due_provisional"`
	Listing        Listing      `db:"l"`
}

const lockApplications = `SELECT r.id, r.applied_at, r.due_on, r.due_provisional, l.id AS "l.id", l.obligation_id AS "l.obligation_id",
	l.authority_code AS "l.authority_code", l.organisation_id AS "l.organisation_id", l.report_year AS "l.report_year", l.basis AS "l.basis"
FROM listing_removal r JOIN listing l ON l.id = r.listing_id
WHERE r.id = ANY ($1::uuid[]) AND r.outcome IS NULL AND r.due_provisional ORDER BY r.id FOR NO KEY UPDATE OF r`

// removalTimes corrects the days by which the authority decides on applications; they run from the application.
func (p *correction) removalTimes(tx *postgres.Tx, ids []uuid.UUID) (int, error) {
	ctx := tx.Context()
	var open []openApplication
	if err := tx.SelectContext(ctx, &open, lockApplications, pq.Array(ids)); err != nil {
		return 0, fmt.Errorf("lock applications: %w", err)
	}
	var days correctedDays
	for i := range open {
		r := &open[i]
		about := matter{Listing: r.Listing}
		days.add(r.ID, workday.Due{Date: r.DueOn, Provisional: r.DueProvisional},
			p.calendar().Due(workday.DateOf(r.AppliedAt), RemovalWorkingDays),
			about.event(event.ListingRemovalMovedKind, p.actor, nil))
	}
	return days.write(ctx, tx, `UPDATE listing_removal l SET due_on = u.due_on, due_provisional = u.provisional`+correctedRows)
}
