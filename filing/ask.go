package filing

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/google/uuid"

	"nianbao/internal/event"
	"nianbao/internal/postgres"
	"nianbao/internal/workday"
)

// AskToSubmit is an editor who may not submit, and asks those who may.
type AskToSubmit struct {
	OrganisationID uuid.UUID
	Year           int
	Actor          event.Actor
}

// CodeAlreadyAsked says that the responsible people were asked today already.
const CodeAlreadyAsked = "already_asked"

// AskToSubmit tells, by an event that messages follow from, that the report
// waits for a responsible person. Once a day for a report, and only while one
// is owed and taken: else it is a *StateError.
func (s *Service) AskToSubmit(ctx context.Context, c AskToSubmit) error {
	t, err := s.find(ctx, lookup{organisationID: c.OrganisationID, year: c.Year})
	if err != nil {
		return err
	}
	if err := t.refusal(s.db.Now()); err != nil {
		return err
	}
	err = postgres.InTx(ctx, s.db, func(tx *postgres.Tx) error {
		o, err := lockObligation(ctx, tx, t.obligation.AuthorityCode, t.obligation.ID)
		if err != nil {
			return err
		}
		if !o.Status.Owed() {
			return cannotFile(o.ReportYear, o.Status)
		}
		at, err := AskedToSubmit(ctx, tx, o.ID)
		if err != nil {
			return err
		}
		if !at.IsZero() {
			return &StateError{CodeAlreadyAsked, "今天已经提醒过负责人，请明天再提醒，或者当面告知。"}
		}
		return event.Append(ctx, tx, o.about(event.Event{Kind: event.SubmissionAskedKind, Actor: c.Actor,
			Data: event.SubmissionAsked{By: c.Actor.Name}}))
	})
	if err != nil {
		return fmt.Errorf("ask to submit report %d of %s: %w", c.Year, c.OrganisationID, err)
	}
	return nil
}

// clockReader reads and knows the time.
type clockReader interface {
	postgres.Queryer
	Now() time.Time
}

// AskedToSubmit is when somebody asked today that the report be submitted; zero if nobody did.
func AskedToSubmit(ctx context.Context, q clockReader, obligationID uuid.UUID) (time.Time, error) {
	var at sql.NullTime
	err := q.GetContext(ctx, &at, `SELECT max(at) FROM event WHERE obligation_id = $1 AND kind = $2 AND at >= $3`,
		obligationID, event.SubmissionAskedKind, workday.DateOf(q.Now()).Start())
	if err != nil {
		return time.Time{}, fmt.Errorf("when submission of %s was asked for: %w", obligationID, err)
	}
	return at.Time, nil
}
