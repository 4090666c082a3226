package listing

import (
	"context"
	"fmt"

	"nianbao/filing"
	"nianbao/internal/event"
	"nianbao/internal/id"
	"nianbao/internal/postgres"
	"nianbao/internal/workday"
)

// The outcomes of DecideListing.
const (
	OutcomeList     = "list"
	OutcomeWithdraw = "withdraw"
)

// MakeStatement takes the organisation's statement (陈述申辩) in answer to the prior notice, once. It is taken as long as
// the matter is only notified, also before service is on record and after the answer time: from then on the clock does
// not list, and a reviewer has to decide.
func (s *Service) MakeStatement(ctx context.Context, c Plea) (Listing, error) {
	l, err := s.plead(ctx, c, Notified, func(ctx context.Context, a act, text string) error {
		_, err := a.ExecContext(ctx, `INSERT INTO listing_statement (id, listing_id, text, received_at, actor_id, actor_name)
			VALUES ($1, $2, $3, $4, $5, $6)`, id.New(a.Now()), a.m.ID, text, a.Now(), c.Actor.ID, c.Actor.Name)
		if postgres.IsUnique(err, "listing_statement_once") {
			return ErrStatementMade
		}
		if err != nil {
			return err
		}
		if err := a.move(ctx, `statement_open = true`); err != nil {
			return err
		}
		return event.Append(ctx, a.Tx, a.m.event(event.ListingStatementKind, c.Actor, nil))
	})
	if err != nil {
		return Listing{}, fmt.Errorf("statement on listing %s: %w", c.ListingID, err)
	}
	return l, nil
}

// DecideListing lists the organisation or withdraws the matter. A listing has to wait for the end of the answer time
// unless a statement was made; it is refused where nothing is overdue, and where a report stands unless the season says
// that this does not end the matter. A withdrawal settles the obligation: there is no second notice.
func (s *Service) DecideListing(ctx context.Context, c Decision) (Listing, error) {
	if c.Outcome != OutcomeList && c.Outcome != OutcomeWithdraw {
		return Listing{}, ErrOutcome
	}
	l, err := s.decide(ctx, c, Notified, func(ctx context.Context, a act, c Decision) error {
		if c.Outcome == OutcomeWithdraw {
			return a.withdraw(ctx, c)
		}
		return s.list(ctx, a, c)
	})
	if err != nil {
		return Listing{}, fmt.Errorf("decide listing %s: %w", c.ListingID, err)
	}
	return l, nil
}

func (a *act) withdraw(ctx context.Context, c Decision) error {
	done := a.m.withdrawal(a.today, c.Actor, c.Reason)
	if err := a.answerStatement(ctx, c); err != nil {
		return err
	}
	if err := a.end(ctx, Withdrawn, EndDecided, done.order.ID); err != nil {
		return err
	}
	return issue(ctx, a.Tx, []paper{done})
}

func (s *Service) list(ctx context.Context, a act, c Decision) error {
	season, err := filing.SeasonByID(ctx, a.Tx, a.m.SeasonID)
	if err != nil {
		return err
	}
	a.m.waitForNotice(s.calendar(), season.Rules.Late)
	if err := a.m.mayBeListed(a.today, season.Rules.Late); err != nil {
		return err
	}
	facts := a.m.listingFacts(a.today)
	if a.m.ObligationStatus.Stands() && a.m.ReceivedAt.Valid {
		facts.FiledOn = workday.DateOf(a.m.ReceivedAt.Time)
	}
	if a.m.StatementOpen {
		statement, err := statementOf(ctx, a.Tx, a.m.ID)
		if err != nil {
			return err
		}
		facts.StatementOn, facts.StatementAnswer = workday.DateOf(statement.ReceivedAt), c.Reason
	}
	done := a.m.decision(a.today, c.Actor, facts)
	if err := a.answerStatement(ctx, c); err != nil {
		return err
	}
	err = a.move(ctx, `status = 'listed', listed_on = $5, decision_id = $6, statement_open = false`, a.today, done.order.ID)
	if err != nil {
		return err
	}
	return issue(ctx, a.Tx, []paper{done})
}

// mayBeListed says why a reviewer may not list on the day; nil if they may.
func (m *matter) mayBeListed(today workday.Date, late filing.LateRule) error {
	stands := m.ObligationStatus.Stands()
	switch {
	case stands && late.WithdrawIfFiled:
		return ErrReportStands
	case !stands && !m.overdue(today):
		return ErrNotOverdue
	case !m.NoticeInForce:
		return ErrNoticeNotInForce
	case m.ServedOn.IsZero():
		return ErrNotServed
	case !m.StatementOpen && !m.AnswerTimeOver(today):
		return answerTimeRuns(m.StatementDueOn)
	}
	return nil
}

// answerStatement records the decision on the statement, if one awaits it.
func (a *act) answerStatement(ctx context.Context, c Decision) error {
	if !a.m.StatementOpen {
		return nil
	}
	err := a.changeOne(ctx, `UPDATE listing_statement SET outcome = $2, reason = $3, decided_at = $4, decided_by = $5, decided_name = $6
		WHERE listing_id = $1 AND outcome IS NULL`, a.m.ID, c.Outcome, c.Reason, a.Now(), c.Actor.ID, c.Actor.Name)
	if err != nil {
		return fmt.Errorf("answer statement: %w", err)
	}
	return nil
}
