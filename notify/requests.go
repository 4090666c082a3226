package notify

import (
	"context"
	"fmt"

	"nianbao/filing"
	"nianbao/internal/event"
	"nianbao/internal/postgres"
)

// onRequestReceived tells the desk that an organisation asks for something.
func (s *Service) onRequestReceived(ctx context.Context, tx *postgres.Tx, e event.Stored) error {
	d, err := event.Read[event.RequestReceived](e)
	if err != nil {
		return err
	}
	return s.tellDesk(ctx, tx, e, deskNote{kind: KindRequest, template: "request_received",
		letter: letter{Asked: filing.RequestKind(d.Kind).Label(), Due: d.WishedDueOn}})
}

// onRequestDecided tells the organisation, with the reason as it stands on the request.
func (s *Service) onRequestDecided(ctx context.Context, tx *postgres.Tx, e event.Stored) error {
	d, err := event.Read[event.RequestDecided](e)
	if err != nil {
		return err
	}
	l := letter{Asked: filing.RequestKind(d.Kind).Label(), Outcome: d.Outcome, Due: d.DueOn}
	if err := tx.GetContext(ctx, &l.Reason, `SELECT decision_reason FROM filing_request WHERE id = $1`, e.SubjectID); err != nil {
		return fmt.Errorf("read the decision on the request: %w", err)
	}
	return s.tellOrganisation(ctx, tx, e, notice{kind: KindRequest, template: "request_decided", letter: l})
}
