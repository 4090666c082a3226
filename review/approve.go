package review

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"nianbao/filing"
	"nianbao/internal/event"
	"nianbao/internal/postgres"
	"nianbao/internal/workday"
)

// propose keeps a decision for the approver of a four-eyes season.
func propose(ctx context.Context, tx *postgres.Tx, p paper) (Result, error) {
	err := update(ctx, tx, p.review, `state = 'proposed', outcome = $4, opinion = $5, proposed_by = $6, proposed_name = $7, proposed_at = $8`,
		p.outcome, p.opinion, p.actor.ID, p.actor.Name, tx.Now())
	if err != nil {
		return Result{}, err
	}
	e := p.review.eventOf(event.ReviewProposedKind, p.actor, event.ReviewProposed{Outcome: string(p.outcome)})
	status, err := whileReviewed(ctx, tx, p.review)
	if err != nil {
		return Result{}, err
	}
	return Result{Status: status, State: Proposed}, event.Append(ctx, tx, e)
}

// Verdict is what an approver makes of a proposal.
type Verdict string

// The verdicts of an approval (复核).
const (
	Confirm  Verdict = "confirm"
	SendBack Verdict = "send_back"
)

// Approval is the second pair of eyes.
type Approval struct {
	SubmissionID uuid.UUID
	Verdict      Verdict
	Reason       string // needed to send back
	Actor        Actor
}

// Approve confirms a proposal, which then stands as decided, or sends it back to the reviewer with a reason. The
// proposer can never be the approver.
func (s *Service) Approve(ctx context.Context, a Approval) (Result, error) {
	var result Result
	err := postgres.InTx(ctx, s.db, func(tx *postgres.Tx) error {
		r, err := lock(ctx, tx, a.SubmissionID, a.Actor.AuthorityCode)
		if err != nil {
			return err
		}
		if err := a.examine(); err != nil {
			return err
		}
		switch {
		case r.State == Decided:
			return ErrAlreadyDecided
		case r.State != Proposed:
			return ErrNotProposed
		case r.ProposedBy.String == a.Actor.ID:
			return ErrOwnProposal
		}
		if a.Verdict == Confirm {
			result, err = s.confirm(ctx, tx, r, a.Actor.Actor)
			return err
		}
		result.State = Pending
		if result.Status, err = whileReviewed(ctx, tx, r); err != nil {
			return err
		}
		return sendBack(ctx, tx, r, a)
	})
	if err != nil {
		return Result{}, fmt.Errorf("approve %s: %w", a.SubmissionID, err)
	}
	return result, nil
}

// examine checks the approval itself and brings its reason into order.
func (a *Approval) examine() (err error) {
	if a.Verdict != Confirm && a.Verdict != SendBack {
		return ErrVerdict
	}
	if a.Reason, err = readText("理由", a.Reason, MaxOpinion); err != nil {
		return err
	}
	if a.Verdict == SendBack && a.Reason == "" {
		return ErrReasonMissing
	}
	return nil
}

func (s *Service) confirm(ctx context.Context, tx *postgres.Tx, r Review, actor event.Actor) (Result, error) {
	p, err := readPaper(ctx, tx, r)
	if err != nil {
		return Result{}, err
	}
	if err := allowed(r.Outcome, p.season.Regime); err != nil {
		return Result{}, err // the season was changed since it was proposed
	}
	remarks, err := RemarksOf(ctx, tx, r.SubmissionID)
	if err != nil {
		return Result{}, err
	}
	p.settlement = settlement{outcome: r.Outcome, opinion: r.Opinion, remarks: remarks, actor: actor}
	return s.settle(ctx, tx, p)
}

// sendBack makes the review pending again; its proposer keeps the claim, and outcome, opinion and remarks stay to be
// improved.
func sendBack(ctx context.Context, tx *postgres.Tx, r Review, a Approval) error {
	if err := update(ctx, tx, r, `state = 'pending'`); err != nil {
		return err
	}
	return event.Append(ctx, tx, r.eventOf(event.ReviewSentBackKind, a.Actor.Actor, event.ReviewSentBack{Reason: a.Reason}))
}

// Reopening takes up an unqualified report again.
type Reopening struct {
	SubmissionID uuid.UUID
	Reason       string
	Actor        Actor
}

// Reopen puts an unqualified report back under review, with a reason on record; a new window starts. A report with
// another conclusion is a 409.
func (s *Service) Reopen(ctx context.Context, o Reopening) (Review, error) {
	return s.change(ctx, o.SubmissionID, o.Actor, func(tx *postgres.Tx, r *Review) error {
		reason, err := readText("理由", o.Reason, MaxOpinion)
		if err != nil {
			return err
		}
		if reason == "" {
			return ErrReasonMissing
		}
		if r.State != Decided || r.Outcome != Unqualified {
			return ErrNotUnqualified
		}
		switch _, err := filing.CorrectionOf(ctx, tx, r.SubmissionID); {
		case err == nil:
			return ErrCorrectionFinal
		case !errors.Is(err, filing.ErrNotFound):
			return err
		}
		season, _, err := r.season(ctx, tx)
		if err != nil {
			return err
		}
		due := filing.ReviewDue(s.calendar(), tx.Now(), season.Rules.ReviewWindow)
		err = update(ctx, tx, *r, `state = 'pending', claimed_by = NULL, claimed_name = '', claimed_at = NULL,
			proposed_by = NULL, proposed_name = '', proposed_at = NULL,
			decided_by = NULL, decided_name = '', decided_at = NULL, warned_days = NULL, escalated_at = NULL,
			due_on = $4, due_provisional = $5, window_from = $6, window_days = $7`,
			due.Date, due.Provisional, workday.DateOf(tx.Now()), season.Rules.ReviewWindow)
		if err != nil {
			return err
		}
		if err := filing.MoveReviewDue(ctx, tx, filing.ReviewDueOf{SubmissionID: r.SubmissionID, Due: due}); err != nil {
			return err
		}
		e := r.eventOf(event.ReviewReopenedKind, o.Actor.Actor, event.ReviewReopened{Reason: reason})
		_, err = filing.ReopenUnqualified(ctx, tx, filing.Decision{SubmissionID: r.SubmissionID, Event: e})
		return err
	})
}
