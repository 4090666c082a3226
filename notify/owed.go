package notify

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"nianbao/internal/event"
	"nianbao/internal/postgres"
	"nianbao/internal/workday"
)

// owedBatch is how many obligations are told in one transaction.
const owedBatch = 500

// Summary is what a run of Remind did, in organisations.
type Summary struct {
	Opened   int // told for the first time that they must report
	Reminded int
	Failed   int // obligations that could not be told; the next run tries again
}

// String is the job's one line.
func (s Summary) String() string {
	return fmt.Sprintf("told %d organisations of the opening, reminded %d, failed %d", s.Opened, s.Reminded, s.Failed)
}

// owed is an obligation that still wants a report.
type owed struct {
	ID             uuid.UUID    `db:"id"`
	OrganisationID uuid.UUID    `db:"organisation_id"`
	ReportYear     int          `db:"report_year"`
	Returned       bool         `db:"returned"`
	By             workday.Date `db:"by"` // overdue after it
	Provisional    bool         `db:"provisional"`
	Day            int          `db:"day"` // the reminder's number: days before By
}

// remindSQL finds for each obligation that is still owed the reminder whose day has come last: the smallest number of
// the season's list that is no less than the days left. So a day that was missed heals, to that one reminder, and what
// was told already is left out. A reminder whose day came before the obligation took its present form (opened, bound
// late, extended, returned) is none: its message was that change's.
const remindSQL = `
SELECT o.id, o.organisation_id, o.report_year, o.status = 'returned' AS returned, o.overdue_after AS by,
	CASE WHEN o.status = 'returned' AND o.overdue_after = o.resubmit_by THEN o.resubmit_provisional
		ELSE o.due_provisional END AS provisional, r.day
FROM obligation o
JOIN season s ON s.id = o.season_id
CROSS JOIN LATERAL (
	SELECT min(d::integer) AS day
	FROM jsonb_array_elements_text(CASE jsonb_typeof(s.spec->'reminders_days_before') WHEN 'array'
		THEN s.spec->'reminders_days_before' ELSE '[]' END) d
	WHERE d::integer >= o.overdue_after - $1::date) r
WHERE o.status IN ('open', 'returned') AND o.overdue_after >= $1 AND o.opens_on <= $1 AND r.day IS NOT NULL
	AND o.overdue_after - r.day >= greatest(o.opens_on, (o.updated_at AT TIME ZONE 'Asia/Shanghai')::date)
	AND NOT EXISTS (SELECT FROM delivery d
		WHERE d.unique_key = 'reminder:' || o.id || ':' || to_char(o.overdue_after, 'YYYY-MM-DD') || ':' || r.day || ':inbox')
	AND o.id > $2
ORDER BY o.id LIMIT $3`

// openingSQL finds obligations that were never told of their opening: of one season, or of all where $4 is null. The
// second kind is for organisations bound after the opening, so it looks back a fortnight only.
const openingSQL = `
SELECT o.id, o.organisation_id, o.report_year, false AS returned, o.due_on AS by, o.due_provisional AS provisional, 0 AS day
FROM obligation o
WHERE o.status = 'open' AND o.overdue_after >= $1 AND o.opens_on <= $1
	AND CASE WHEN $4::uuid IS NULL THEN o.created_at > $1::date - interval '14 days' ELSE o.season_id = $4 END
	AND NOT EXISTS (SELECT FROM delivery d WHERE d.unique_key = 'opening:' || o.id || ':inbox')
	AND o.id > $2
ORDER BY o.id LIMIT $3`

// Remind tells every organisation that owes a report what is due as of now: the opening, where it was bound late, and
// the reminders of its season. Twice, late, or on two nodes it tells nothing twice. An obligation that fails is left
// for the next run and stops none of the others.
func (s *Service) Remind(ctx context.Context, now time.Time) (Summary, error) {
	today := workday.DateOf(now)
	var sum Summary
	opened, failed, err := s.tellOwed(ctx, openingSQL, []any{nil}, today, s.openingMessage)
	sum.Opened, sum.Failed = opened, failed
	if err != nil {
		return sum, fmt.Errorf("remind: %w", err)
	}
	reminded, failed, err := s.tellOwed(ctx, remindSQL, nil, today, s.reminderMessage)
	sum.Reminded, sum.Failed = reminded, sum.Failed+failed
	if err != nil {
		return sum, fmt.Errorf("remind: %w", err)
	}
	return sum, nil
}

// wording makes the message for one obligation.
type wording func(a addressee, o owed, today workday.Date) (message, error)

// tellOwed goes through the obligations of query in batches, a transaction each. A batch that fails is told one by one.
func (s *Service) tellOwed(ctx context.Context, query string, extra []any, today workday.Date, w wording) (told, failed int, err error) {
	after := uuid.Nil
	for {
		var list []owed
		args := append([]any{today, after, owedBatch}, extra...)
		if err := s.db.SelectContext(ctx, &list, query, args...); err != nil {
			return told, failed, fmt.Errorf("read obligations: %w", err)
		}
		if len(list) == 0 {
			return told, failed, nil
		}
		after = list[len(list)-1].ID
		if err := s.tellBatch(ctx, list, today, w); err == nil {
			told += len(list)
			continue
		}
		for _, o := range list {
			if err := s.tellBatch(ctx, []owed{o}, today, w); err != nil {
				if ctx.Err() != nil {
					return told, failed, ctx.Err()
				}
				failed++
				s.log.ErrorContext(ctx, "notify: an obligation could not be told", "obligation", o.ID, "error", err)
				continue
			}
			told++
		}
	}
}

func (s *Service) tellBatch(ctx context.Context, list []owed, today workday.Date, w wording) error {
	return postgres.InTx(ctx, s.db, func(tx *postgres.Tx) error { return s.tell(tx.Context(), tx, list, today, w) })
}

func (s *Service) tell(ctx context.Context, tx *postgres.Tx, list []owed, today workday.Date, w wording) error {
	ids := make([]uuid.UUID, len(list))
	for i, o := range list {
		ids[i] = o.OrganisationID
	}
	to, err := addressees(ctx, tx, ids...)
	if err != nil {
		return err
	}
	messages := make([]message, len(list))
	for i, o := range list {
		if messages[i], err = w(to[o.OrganisationID], o, today); err != nil {
			return err
		}
	}
	return s.post(ctx, tx, messages...)
}

func (s *Service) reminderMessage(a addressee, o owed, today workday.Date) (message, error) {
	m, err := s.owedMessage("reminder", a, o, today)
	m.kind = KindReminder
	m.key = fmt.Sprintf("reminder:%s:%s:%d", o.ID, o.By, o.Day)
	return m, err
}

func (s *Service) openingMessage(a addressee, o owed, today workday.Date) (message, error) {
	m, err := s.owedMessage("opening", a, o, today)
	m.kind, m.key = KindOpening, "opening:"+o.ID.String()
	return m, err
}

func (s *Service) owedMessage(name string, a addressee, o owed, today workday.Date) (message, error) {
	subject, body, err := render(name, letter{
		Organisation: a.Name, Authority: a.Authority, Year: o.ReportYear, Today: today, Link: s.filerLink(),
		Due: o.By, Provisional: o.Provisional, WorkingDays: s.calendar().Between(today, o.By), Returned: o.Returned,
	})
	return message{
		authority: a.AuthorityCode, organisation: event.Ref(a.ID), obligation: event.Ref(o.ID),
		mailTo: a.mailTo(), inbox: true, subject: subject, body: body,
	}, err
}

// tellOpening tells all obligations of the season that were not told, inside the consumer's transaction.
func (s *Service) tellOpening(ctx context.Context, tx *postgres.Tx, season uuid.UUID) error {
	today, after := workday.DateOf(tx.Now()), uuid.Nil
	for {
		var list []owed
		if err := tx.SelectContext(ctx, &list, openingSQL, today, after, owedBatch, season); err != nil {
			return fmt.Errorf("read the season's obligations: %w", err)
		}
		if len(list) == 0 {
			return nil
		}
		after = list[len(list)-1].ID
		if err := s.tell(ctx, tx, list, today, s.openingMessage); err != nil {
			return err
		}
	}
}
