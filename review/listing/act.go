package listing

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"nianbao/internal/document"
	"nianbao/internal/event"
	"nianbao/internal/postgres"
	"nianbao/internal/workday"
)

// Decision is what a reviewer decides on a matter.
type Decision struct {
	ListingID     uuid.UUID
	AuthorityCode string
	Outcome       string // see the use case
	Reason        string // goes into the document
	Actor         event.Actor
}

// Plea is what an organisation puts forward on a matter of its own.
type Plea struct {
	ListingID      uuid.UUID
	OrganisationID uuid.UUID
	Text           string
	Actor          event.Actor
}

// one runs a person's act on one matter in a transaction, with the matter and its obligation locked, and gives the
// matter as it is afterwards.
func (s *Service) one(ctx context.Context, by owner, id uuid.UUID, do func(ctx context.Context, a act) error) (Listing, error) {
	var after Listing
	err := postgres.InTx(ctx, s.db, func(tx *postgres.Tx) error {
		m, err := by.lockOne(tx.Context(), tx, id)
		if err != nil {
			return err
		}
		if err := do(tx.Context(), act{Tx: tx, m: m, today: workday.DateOf(tx.Now())}); err != nil {
			return err
		}
		after, err = byID(tx.Context(), tx, id)
		return err
	})
	return after, err
}

// decide runs a reviewer's decision on a matter of the authority that is in the status, with its reason in order.
func (s *Service) decide(ctx context.Context, c Decision, in Status, do func(ctx context.Context, a act, c Decision) error) (Listing, error) {
	reason, err := clean(c.Reason, maxReason, ErrReasonMissing)
	if err != nil {
		return Listing{}, err
	}
	c.Reason = reason
	return s.one(ctx, owner{authority: c.AuthorityCode}, c.ListingID, func(ctx context.Context, a act) error {
		if err := a.m.mustBe(in); err != nil {
			return err
		}
		return do(ctx, a, c)
	})
}

// plead runs what an organisation puts forward on a matter of its own that is in the status, with its text in order.
func (s *Service) plead(ctx context.Context, c Plea, in Status, do func(ctx context.Context, a act, text string) error) (Listing, error) {
	text, err := clean(c.Text, maxText, ErrTextMissing)
	if err != nil {
		return Listing{}, err
	}
	return s.one(ctx, owner{organisation: event.Ref(c.OrganisationID)}, c.ListingID, func(ctx context.Context, a act) error {
		if err := a.m.mustBe(in); err != nil {
			return err
		}
		return do(ctx, a, text)
	})
}

// mustBe refuses an act that belongs to another status.
func (l *Listing) mustBe(in Status) error {
	switch {
	case l.Status == in:
		return nil
	case in == Notified:
		return ErrNotNotified
	}
	return ErrNotListed
}

// act is a person's act on a matter in its transaction.
type act struct {
	*postgres.Tx
	m     *matter
	today workday.Date
}

// move changes the matter, guarded by the status and version that were read; set uses parameters from $5 on.
func (a *act) move(ctx context.Context, set string, args ...any) error {
	stmt, err := a.Prepared(ctx, `UPDATE listing SET version = version + 1, updated_at = $4, `+set+`
		WHERE id = $1 AND status = $2 AND version = $3`)
	if err != nil {
		return fmt.Errorf("change listing: %w", err)
	}
	result, err := stmt.ExecContext(ctx, append([]any{a.m.ID, a.m.Status, a.m.Version, a.Now()}, args...)...)
	if err != nil {
		return fmt.Errorf("change listing %s: %w", a.m.ID, err)
	}
	if n, err := result.RowsAffected(); err != nil || n != 1 {
		return fmt.Errorf("change listing %s: %d rows, %w", a.m.ID, n, ErrChangedMeanwhile)
	}
	return nil
}

// end moves the matter to a status that it does not leave.
func (a *act) end(ctx context.Context, to Status, why EndReason, document uuid.UUID) error {
	return a.move(ctx, `status = $5, ended_on = $6, end_reason = $7, end_document_id = $8, statement_open = false`,
		to, a.today, why, document)
}

// paper is a document about the matter with the act it tells of; the caller fills in the event's kind and data.
func (a *act) paper(actor event.Actor, facts document.Facts) paper {
	return paper{order: a.m.order(a.today, facts), inbox: a.m.ElectronicService, act: a.m.event("", actor, nil)}
}

// changeOne runs a statement that must change exactly one row.
func (a *act) changeOne(ctx context.Context, query string, args ...any) error {
	result, err := a.ExecContext(ctx, query, args...)
	if err != nil {
		return err
	}
	if n, err := result.RowsAffected(); err != nil || n != 1 {
		return fmt.Errorf("%d rows, %w", n, ErrChangedMeanwhile)
	}
	return nil
}
