package listing

import (
	"context"
	"fmt"

	"nianbao/internal/document"
	"nianbao/internal/event"
	"nianbao/internal/id"
	"nianbao/internal/postgres"
	"nianbao/internal/workday"
)

// The outcomes of DecideRemoval.
const (
	OutcomeRemove = "remove"
	OutcomeRefuse = "refuse"
)

// ApplyRemoval takes the organisation's application to be taken off the list (移出申请). The authority has
// RemovalWorkingDays to decide. While one application is undecided there is no second.
func (s *Service) ApplyRemoval(ctx context.Context, c Plea) (Listing, error) {
	l, err := s.plead(ctx, c, Listed, func(ctx context.Context, a act, text string) error {
		due := s.calendar().Due(a.today, RemovalWorkingDays)
		_, err := a.ExecContext(ctx, `INSERT INTO listing_removal (id, listing_id, text, applied_at, due_on, due_provisional, actor_id,
			actor_name) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
			id.New(a.Now()), a.m.ID, text, a.Now(), due.Date, due.Provisional, c.Actor.ID, c.Actor.Name)
		if postgres.IsUnique(err, "listing_removal_one_open") {
			return ErrRemovalPending
		}
		if err != nil {
			return err
		}
		return event.Append(ctx, a.Tx, a.m.event(event.ListingRemovalAppliedKind, c.Actor,
			event.ListingRemovalApplied{DueOn: due.Date, DueProvisional: due.Provisional}))
	})
	if err != nil {
		return Listing{}, fmt.Errorf("apply for removal of listing %s: %w", c.ListingID, err)
	}
	return l, nil
}

// DecideRemoval takes the organisation off the list from today on, with or without an application, or refuses one.
func (s *Service) DecideRemoval(ctx context.Context, c Decision) (Listing, error) {
	if c.Outcome != OutcomeRemove && c.Outcome != OutcomeRefuse {
		return Listing{}, ErrOutcome
	}
	l, err := s.decide(ctx, c, Listed, func(ctx context.Context, a act, c Decision) error {
		applied, err := a.answerApplications(ctx, c)
		switch {
		case err != nil:
			return err
		case c.Outcome == OutcomeRemove:
			return a.remove(ctx, c, applied)
		case applied.IsZero():
			return ErrNoApplication
		}
		return a.refuse(ctx, c, applied)
	})
	if err != nil {
		return Listing{}, fmt.Errorf("decide removal of listing %s: %w", c.ListingID, err)
	}
	return l, nil
}

// answerApplications records the decision on the open application and gives the day it was made, zero for none.
func (a *act) answerApplications(ctx context.Context, c Decision) (workday.Date, error) {
	var at []struct {
		AppliedOn workday.Date `db:"applied_on"`
	}
	err := a.SelectContext(ctx, &at, `UPDATE listing_removal SET outcome = $2, reason = $3, decided_at = $4, decided_by = $5,
		decided_name = $6 WHERE listing_id = $1 AND outcome IS NULL
		RETURNING (applied_at AT TIME ZONE 'Asia/Shanghai')::date AS applied_on`,
		a.m.ID, c.Outcome, c.Reason, a.Now(), c.Actor.ID, c.Actor.Name)
	if err != nil {
		return workday.Date{}, fmt.Errorf("answer application: %w", err)
	}
	if len(at) == 0 {
		return workday.Date{}, nil
	}
	return at[0].AppliedOn, nil
}

func (a *act) remove(ctx context.Context, c Decision, applied workday.Date) error {
	done := a.paper(c.Actor, &document.RemovalFacts{Party: a.m.party(), DecisionNumber: a.m.DecisionNumber.String,
		ListedOn: a.m.ListedOn, AppliedOn: applied, Reason: c.Reason, RemovedOn: a.today, Basis: BasisRemoval})
	done.act.Kind, done.act.Basis = event.ListingRemovedKind, BasisRemoval
	done.act.Data = event.ListingRemoved{Ground: string(a.m.Ground), EndedOn: a.today, DocumentID: event.Ref(done.order.ID)}
	if err := a.end(ctx, Removed, EndRemoved, done.order.ID); err != nil {
		return err
	}
	// At once, not only when the PDF of the removal stands: from today on nobody may rely on the listing decision.
	if err := document.Supersede(ctx, a.Tx, a.m.DecisionID.UUID, done.order.ID, c.Actor); err != nil {
		return err
	}
	return issue(ctx, a.Tx, []paper{done})
}

func (a *act) refuse(ctx context.Context, c Decision, applied workday.Date) error {
	done := a.paper(c.Actor, &document.RefusalFacts{Party: a.m.party(), DecisionNumber: a.m.DecisionNumber.String,
		ListedOn: a.m.ListedOn, AppliedOn: applied, Reason: c.Reason, Basis: BasisRemoval})
	done.act.Kind, done.act.Basis = event.ListingRemovalRefusedKind, BasisRemoval
	done.act.Data = event.ListingRemovalRefused{Reason: c.Reason, DocumentID: event.Ref(done.order.ID)}
	if err := a.move(ctx, `status = 'listed'`); err != nil {
		return err
	}
	return issue(ctx, a.Tx, []paper{done})
}

// Annul undoes a listing that was wrong, as if it never was: it vanishes from the public list of every day, and its
// decision is revoked. The obligation brings about no other matter. c.Outcome is not looked at.
func (s *Service) Annul(ctx context.Context, c Decision) (Listing, error) {
	l, err := s.decide(ctx, c, Listed, func(ctx context.Context, a act, c Decision) error { return a.annul(ctx, c) })
	if err != nil {
		return Listing{}, fmt.Errorf("annul listing %s: %w", c.ListingID, err)
	}
	return l, nil
}

func (a *act) annul(ctx context.Context, c Decision) error {
	c.Outcome = OutcomeRemove // an application that waits has what it asked for
	if _, err := a.answerApplications(ctx, c); err != nil {
		return err
	}
	done := a.paper(c.Actor, &document.AnnulmentFacts{Party: a.m.party(), DecisionNumber: a.m.DecisionNumber.String,
		ListedOn: a.m.ListedOn, Reason: c.Reason})
	done.act.Kind, done.act.Basis = event.ListingAnnulledKind, ""
	done.act.Data = event.ListingAnnulled{Ground: string(a.m.Ground), EndedOn: a.today, Reason: c.Reason}
	if err := a.end(ctx, Annulled, EndAnnulled, done.order.ID); err != nil {
		return err
	}
	if err := document.Revoke(ctx, a.Tx, a.m.DecisionID.UUID, "列入决定已依法撤销。", c.Actor); err != nil {
		return err
	}
	return issue(ctx, a.Tx, []paper{done})
}
