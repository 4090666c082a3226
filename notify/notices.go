package notify

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"nianbao/internal/event"
	"nianbao/internal/postgres"
	"nianbao/internal/workday"
)

// onListingNotified tells of the prior notice. Where the organisation agreed to electronic service, service is on
// record by now, so the message can name the day until which it may answer.
func (s *Service) onListingNotified(ctx context.Context, tx *postgres.Tx, e event.Stored) error {
	d, err := event.Read[event.ListingNotified](e)
	if err != nil {
		return err
	}
	var served struct {
		On          workday.Date `db:"served_on"`
		Due         workday.Date `db:"statement_due_on"`
		Provisional bool         `db:"statement_due_provisional"`
	}
	if err := tx.GetContext(ctx, &served, `
SELECT served_on, statement_due_on, statement_due_provisional FROM listing WHERE id = $1`, e.SubjectID); err != nil {
		return fmt.Errorf("read the listing: %w", err)
	}
	return s.tellOrganisation(ctx, tx, e, notice{kind: KindNotice, template: "prior_notice", document: event.Ref(d.DocumentID),
		letter: letter{ServedOn: served.On, Due: served.Due, Provisional: served.Provisional}})
}

// onServed tells of service by other ways than the inbox: there the message about the document itself is the service.
func (s *Service) onServed(ctx context.Context, tx *postgres.Tx, e event.Stored) error {
	d, err := event.Read[event.NoticeServed](e)
	if err != nil || d.How == "inbox" {
		return err
	}
	return s.tellOrganisation(ctx, tx, e, notice{kind: KindNotice, template: "served", document: event.Ref(d.DocumentID),
		letter: letter{DocumentKind: d.DocumentKind, How: d.How, ServedOn: d.ServedOn,
			Due: d.StatementDueOn, Provisional: d.StatementDueProvisional}})
}

func (s *Service) onListed(ctx context.Context, tx *postgres.Tx, e event.Stored) error {
	d, err := event.Read[event.ListingListed](e)
	if err != nil {
		return err
	}
	return s.tellOfAct(ctx, tx, e, "listed", d.ListedOn, event.Ref(d.DocumentID))
}

func (s *Service) onListingWithdrawn(ctx context.Context, tx *postgres.Tx, e event.Stored) error {
	d, err := event.Read[event.ListingWithdrawn](e)
	if err != nil {
		return err
	}
	return s.tellOfAct(ctx, tx, e, "listing_withdrawn", d.EndedOn, d.DocumentID)
}

func (s *Service) onRemoved(ctx context.Context, tx *postgres.Tx, e event.Stored) error {
	d, err := event.Read[event.ListingRemoved](e)
	if err != nil {
		return err
	}
	return s.tellOfAct(ctx, tx, e, "removed", d.EndedOn, d.DocumentID)
}

func (s *Service) onRemovalRefused(ctx context.Context, tx *postgres.Tx, e event.Stored) error {
	d, err := event.Read[event.ListingRemovalRefused](e)
	if err != nil {
		return err
	}
	return s.tellOrganisation(ctx, tx, e, notice{kind: KindNotice, template: "removal_refused", document: d.DocumentID,
		letter: letter{Reason: d.Reason}})
}

func (s *Service) onAnnulled(ctx context.Context, tx *postgres.Tx, e event.Stored) error {
	d, err := event.Read[event.ListingAnnulled](e)
	if err != nil {
		return err
	}
	return s.tellOfAct(ctx, tx, e, "annulled", d.EndedOn, uuid.NullUUID{})
}

func (s *Service) onSpotCheck(ctx context.Context, tx *postgres.Tx, e event.Stored) error {
	d, err := event.Read[event.SpotCheckEntered](e)
	if err != nil {
		return err
	}
	return s.tellOfAct(ctx, tx, e, "spot_check", d.EnteredOn, d.DocumentID)
}

func (s *Service) onPenaltyOpened(ctx context.Context, tx *postgres.Tx, e event.Stored) error {
	d, err := event.Read[event.PenaltyOpened](e)
	if err != nil {
		return err
	}
	return s.tellOfAct(ctx, tx, e, "penalty", d.OpenedOn, d.DocumentID)
}

// tellOfAct words an act that holds from a day on.
func (s *Service) tellOfAct(ctx context.Context, tx *postgres.Tx, e event.Stored, template string, on workday.Date, document uuid.NullUUID) error {
	return s.tellOrganisation(ctx, tx, e, notice{kind: KindNotice, template: template, document: document, letter: letter{On: on}})
}
