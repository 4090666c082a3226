package filing

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/google/uuid"

	"nianbao/internal/event"
	"nianbao/internal/postgres"
	"nianbao/internal/workday"
)

// The outcomes of a decision on a request.
const (
	OutcomeGrant  = "grant"
	OutcomeRefuse = "refuse"
)

// DecideRequest grants or refuses a request.
type DecideRequest struct {
	AuthorityCode string
	RequestID     uuid.UUID
	Outcome       string       // grant or refuse
	DueOn         workday.Date // of an extension: another day than the one wished for; zero: that one
	Reason        string       // needed to refuse
	Basis         string       // legal basis, optional
	Actor         event.Actor
}

// DecideRequest decides, and in the same transaction extends or exempts by the
// acts that own those rules. Of two who decide at once one wins, the other gets
// request_ended. Where the obligation has moved on meanwhile, so that there is
// nothing to grant, granting is a *StateError and only a refusal is left.
func (s *Service) DecideRequest(ctx context.Context, d DecideRequest) (Request, error) {
	found, err := RequestOfAuthority(ctx, s.db, d.AuthorityCode, d.RequestID)
	if err != nil {
		return Request{}, err
	}
	if err := d.read(found.Kind); err != nil {
		return Request{}, err
	}
	var r Request
	err = postgres.InTx(ctx, s.db, func(tx *postgres.Tx) (err error) {
		r, err = s.decideRequest(ctx, tx, found.Request, d)
		return err
	})
	if err != nil {
		return Request{}, fmt.Errorf("decide on request %s: %w", d.RequestID, err)
	}
	return r, nil
}

// read checks the decision itself and brings its texts into order.
func (d *DecideRequest) read(kind RequestKind) (err error) {
	if d.Outcome != OutcomeGrant && d.Outcome != OutcomeRefuse {
		return ErrRequestOutcome
	}
	if d.Reason, err = readText("理由", d.Reason, MaxReason); err != nil {
		return err
	}
	if d.Basis, err = readText("依据", d.Basis, MaxBasis); err != nil {
		return err
	}
	if d.Outcome == OutcomeRefuse && d.Reason == "" {
		return ErrReasonMissing
	}
	if kind != RequestExtension || d.Outcome != OutcomeGrant {
		d.DueOn = workday.Date{}
	}
	return nil
}

func (s *Service) decideRequest(ctx context.Context, tx *postgres.Tx, found Request, d DecideRequest) (Request, error) {
	if _, err := lockObligation(ctx, tx, found.AuthorityCode, found.ObligationID); err != nil {
		return Request{}, err
	}
	r, err := oneRequest(ctx, tx, `WHERE q.id = $1 FOR NO KEY UPDATE`, found.ID)
	if err != nil {
		return Request{}, err
	}
	if r.Status != RequestPending {
		return Request{}, requestEnded(r.Status)
	}
	r.Status, r.DecisionReason, r.Basis = RequestRefused, d.Reason, d.Basis
	r.DecidedBy, r.DecidedName = sql.NullString{String: d.Actor.ID, Valid: true}, d.Actor.Name
	r.EndedAt = sql.NullTime{Time: tx.Now(), Valid: true}
	told := event.RequestDecided{Kind: string(r.Kind), Outcome: string(RequestRefused)}
	if d.Outcome == OutcomeGrant {
		r.Status, told.Outcome = RequestGranted, string(RequestGranted)
		if r.GrantedDueOn, err = s.grant(ctx, tx, r, d); err != nil {
			return Request{}, err
		}
		told.DueOn = r.GrantedDueOn
	}
	if err := endRequest(ctx, tx, r); err != nil {
		return Request{}, err
	}
	return r, event.Append(ctx, tx, r.event(event.RequestDecidedKind, d.Actor, told))
}

// grant does what was asked for and gives the due day of an extension. The
// organisation's reason is the act's, unless the authority gave one.
func (s *Service) grant(ctx context.Context, tx *postgres.Tx, r Request, d DecideRequest) (workday.Date, error) {
	reason := d.Reason
	if reason == "" {
		reason = r.Reason
	}
	if r.Kind == RequestExemption {
		_, err := exempt(ctx, tx, Exempt{AuthorityCode: r.AuthorityCode, ObligationID: r.ObligationID, Reason: reason, Actor: d.Actor})
		return workday.Date{}, err
	}
	to := d.DueOn
	if to.IsZero() {
		to = r.WishedDueOn
	}
	o, err := s.extend(ctx, tx, Extend{AuthorityCode: r.AuthorityCode, ObligationID: r.ObligationID, To: to, Reason: reason, Actor: d.Actor}, true)
	return o.DueOn, err
}
