package review

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"nianbao/filing"
	"nianbao/internal/event"
	"nianbao/internal/postgres"
	"nianbao/internal/workday"
)

// Decision is what a reviewer decides on a submission.
type Decision struct {
	SubmissionID uuid.UUID
	Outcome      Outcome
	Opinion      string // to the filer; needed for a return without remarks
	Remarks      []Remark
	Actor        Actor
}

// Result is where a decision leads.
type Result struct {
	Status filing.Status // of the obligation
	State  State         // of the review: proposed where an approver has to confirm
}

// Decide passes, returns or finds unqualified. An unclaimed review is claimed by it; one that is claimed by another,
// decided, or waiting for approval is a 409. Where the season asks for four eyes the decision is a proposal.
func (s *Service) Decide(ctx context.Context, d Decision) (Result, error) {
	p, err := s.examine(ctx, d)
	if err != nil {
		return Result{}, fmt.Errorf("decide on %s: %w", d.SubmissionID, err)
	}
	var result Result
	err = postgres.InTx(ctx, s.db, func(tx *postgres.Tx) (err error) {
		p := p // a retry begins from what was examined
		if p.review, err = lock(ctx, tx, d.SubmissionID, d.Actor.AuthorityCode); err != nil {
			return err
		}
		if p.review.State != Pending {
			return stateError(p.review.State)
		}
		if err := claim(ctx, tx, &p.review, d.Actor); err != nil {
			return err
		}
		if err := storeRemarks(ctx, tx, d.SubmissionID, p.remarks); err != nil {
			return err
		}
		if p.season.Rules.FourEyes {
			result, err = propose(ctx, tx, p)
			return err
		}
		result, err = s.settle(ctx, tx, p)
		return err
	})
	if err != nil {
		return Result{}, fmt.Errorf("decide on %s: %w", d.SubmissionID, err)
	}
	return result, nil
}

// examine reads what the decision is about and checks all that does not depend on the state of the review, in the
// order in which the API answers: not there before not allowed. It normalises the texts.
func (s *Service) examine(ctx context.Context, d Decision) (paper, error) {
	r, err := one(ctx, s.db, ofAuthority, d.SubmissionID, d.Actor.AuthorityCode)
	if err != nil {
		return paper{}, err
	}
	p, err := readPaper(ctx, s.db, r)
	if err != nil {
		return paper{}, err
	}
	if err := allowed(d.Outcome, p.season.Regime); err != nil {
		return paper{}, err
	}
	p.settlement = settlement{outcome: d.Outcome, actor: d.Actor.Actor}
	if p.opinion, err = readText("总体意见", d.Opinion, MaxOpinion); err != nil {
		return paper{}, err
	}
	reportForm, err := s.forms.Form(p.submission.Form)
	if err != nil {
		return paper{}, err
	}
	if p.remarks, err = readRemarks(reportForm, d.Remarks); err != nil {
		return paper{}, err
	}
	if d.Outcome == Return && p.opinion == "" && len(p.remarks) == 0 {
		return paper{}, ErrEmptyReturn
	}
	return p, nil
}

// settlement is a decision that stands, made by a reviewer or confirmed by an approver.
type settlement struct {
	outcome Outcome
	opinion string
	remarks []Remark
	actor   event.Actor
}

// settle carries a decision out: the review is decided, the obligation moves with its event, and what is to be issued
// is numbered and ordered, in that order, numbers last.
func (s *Service) settle(ctx context.Context, tx *postgres.Tx, p paper) (Result, error) {
	err := update(ctx, tx, p.review, `state = 'decided', outcome = $4, opinion = $5, decided_by = $6, decided_name = $7, decided_at = $8`,
		p.outcome, p.opinion, p.actor.ID, p.actor.Name, tx.Now())
	if err != nil {
		return Result{}, err
	}
	issue, err := p.issues(ctx, tx)
	if err != nil {
		return Result{}, err
	}
	told := event.ReviewDecided{Outcome: string(p.outcome), Kind: p.submission.Kind, ReceiptNo: p.submission.ReceiptNo,
		Remarks: len(p.remarks), ConclusionIssued: issue}
	var refile workday.Due
	var within int
	if p.outcome == Return && p.season.Rules.ResubmitWithin != nil && !p.isCorrection() { // a correction is never owed
		within = *p.season.Rules.ResubmitWithin
		refile = filing.ResubmitBy(s.calendar(), tx.Now(), &within)
		told.ResubmitBy, told.ResubmitProvisional = refile.Date, refile.Provisional
	}
	e := p.review.eventOf(event.ReviewDecidedKind, p.actor, told)
	e.Basis = p.season.Rules.Basis(filing.BasisConclusion, p.org.Type)
	o, err := moveObligation(ctx, tx, p.outcome, filing.Decision{SubmissionID: p.submission.ID, Resubmit: refile, ResubmitDays: within, Event: e})
	if err != nil {
		return Result{}, err
	}
	if p.outcome == Return && !p.isCorrection() {
		p.resubmit = lastDay(o, refile)
	}
	return Result{Status: o.Status, State: Decided}, s.issue(ctx, tx, p, issue)
}

// issue orders what goes out with a decision and, of a correction that takes the report's place, tells so.
func (s *Service) issue(ctx context.Context, tx *postgres.Tx, p paper, conclusion bool) error {
	if p.outcome == Return {
		return s.orderReturnNotice(ctx, tx, p)
	}
	previous, err := inForce(ctx, tx, p.review.ObligationID)
	if err == nil && conclusion {
		err = s.orderConclusion(ctx, tx, p)
	}
	if err == nil && p.isCorrection() && statuses[p.outcome].Accepted() {
		err = tellAdopted(ctx, tx, p, previous)
	}
	return err
}

func moveObligation(ctx context.Context, tx *postgres.Tx, o Outcome, d filing.Decision) (filing.Obligation, error) {
	if o == Return {
		return filing.ReturnSubmission(ctx, tx, d)
	}
	d.Status = statuses[o]
	return filing.ConcludeSubmission(ctx, tx, d)
}

// lastDay is the last day on which a report that was returned is not overdue, given its refile day (zero: none).
func lastDay(o filing.Obligation, refile workday.Due) workday.Due {
	last := filing.OverdueAfter(filing.StatusReturned, o.DueOn, refile.Date)
	return workday.Due{Date: last, Provisional: last == refile.Date && refile.Provisional || last == o.DueOn && o.DueProvisional}
}
