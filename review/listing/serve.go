package listing

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"nianbao/filing"
	"nianbao/internal/document"
	"nianbao/internal/event"
	"nianbao/internal/id"
	"nianbao/internal/postgres"
	"nianbao/internal/workday"
)

// Service of a document by other ways than the inbox is put on record by a reviewer.

// Served tells how and when the matter's latest document reached the organisation.
type Served struct {
	ListingID     uuid.UUID
	AuthorityCode string
	How           How
	ServedOn      workday.Date // from the day of the document to today
	Proof         string       // such as the number of the posting; asked for where How is ByMail
	Actor         event.Actor
}

// RecordService puts on record that the matter's latest document was served: the prior notice while it is only
// notified, which starts the answer time; the decision while it is listed; what ended it afterwards. Service is recorded
// once a document (ErrAlreadyServed).
func (s *Service) RecordService(ctx context.Context, c Served) (Listing, error) {
	if !c.How.Valid() {
		return Listing{}, ErrHow
	}
	if c.Proof != "" || c.How == ByMail {
		proof, err := clean(c.Proof, maxReason, ErrProofMissing)
		if err != nil {
			return Listing{}, err
		}
		c.Proof = proof
	}
	l, err := s.one(ctx, owner{authority: c.AuthorityCode}, c.ListingID, func(ctx context.Context, a act) error {
		return s.recordService(ctx, a, c)
	})
	if err != nil {
		return Listing{}, fmt.Errorf("record service for listing %s: %w", c.ListingID, err)
	}
	return l, nil
}

func (s *Service) recordService(ctx context.Context, a act, c Served) error {
	if c.How == ByInbox && !a.m.ElectronicService {
		return ErrNoElectronicService
	}
	order, err := document.OrderByID(ctx, a.Tx, a.m.latestDocument())
	if err != nil {
		return err
	}
	if c.ServedOn.Before(order.IssuedOn) || c.ServedOn.After(a.today) {
		return servedOutside(order.IssuedOn, a.today)
	}
	_, err = a.ExecContext(ctx, `INSERT INTO service (id, document_id, organisation_id, how, served_on, proof, actor_kind,
		actor_id, actor_name, recorded_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		id.New(a.Now()), order.ID, a.m.OrganisationID, c.How, c.ServedOn, c.Proof, string(c.Actor.Kind), c.Actor.ID, c.Actor.Name, a.Now())
	if postgres.IsUnique(err, "service_once") {
		return ErrAlreadyServed
	}
	if err != nil {
		return err
	}
	served := event.NoticeServed{DocumentID: order.ID, DocumentKind: string(order.Kind), How: string(c.How), ServedOn: c.ServedOn}
	if a.m.Status == Notified {
		season, err := filing.SeasonByID(ctx, a.Tx, a.m.SeasonID)
		if err != nil {
			return err
		}
		days := season.Rules.Late.StatementWorkingDays
		due := s.calendar().Due(c.ServedOn, days)
		err = a.move(ctx, `served_on = $5, statement_due_on = $6, statement_due_provisional = $7, statement_days = $8`,
			c.ServedOn, due.Date, due.Provisional, days)
		if err != nil {
			return err
		}
		served.StatementDueOn, served.StatementDueProvisional = due.Date, due.Provisional
	}
	return event.Append(ctx, a.Tx, a.m.event(event.NoticeServedKind, c.Actor, served))
}

// latestDocument is what has to be served now.
func (l *Listing) latestDocument() uuid.UUID {
	switch {
	case l.EndDocumentID.Valid:
		return l.EndDocumentID.UUID
	case l.DecisionID.Valid:
		return l.DecisionID.UUID
	}
	return l.NoticeID.UUID
}
