package review

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"
	"golang.org/x/text/unicode/norm"

	"nianbao/filing"
	"nianbao/internal/event"
	"nianbao/internal/postgres"
	"nianbao/internal/workday"
)

// Limits of a decision's texts, in characters.
const (
	MaxOpinion     = 5000
	MaxRemark      = 2000
	MaxRemarkBasis = 500
	MaxRemarks     = 200
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
	if err := s.examine(ctx, &d); err != nil {
		return Result{}, fmt.Errorf("decide on %s: %w", d.SubmissionID, err)
	}
	var result Result
	err := postgres.InTx(ctx, s.db, func(tx *postgres.Tx) error {
		r, err := lock(ctx, tx, d.SubmissionID, d.Actor.AuthorityCode)
		if err != nil {
			return err
		}
		if r.State != Pending {
			return stateError(r.State)
		}
		season, _, err := r.season(ctx, tx)
		if err != nil {
			return err
		}
		if err := allowed(d.Outcome, season.Regime); err != nil {
			return err
		}
		if err := claim(ctx, tx, &r, d.Actor); err != nil {
			return err
		}
		if err := storeRemarks(ctx, tx, r.SubmissionID, d.Remarks); err != nil {
			return err
		}
		if season.Rules.FourEyes {
			result, err = propose(ctx, tx, r, d)
			return err
		}
		result, err = s.settle(ctx, tx, r, settlement{outcome: d.Outcome, opinion: d.Opinion, remarks: d.Remarks, actor: d.Actor.Actor})
		return err
	})
	if err != nil {
		return Result{}, fmt.Errorf("decide on %s: %w", d.SubmissionID, err)
	}
	return result, nil
}

// examine checks what can be checked without a lock, and normalises the texts.
func (s *Service) examine(ctx context.Context, d *Decision) error {
	if outcomeLabels[d.Outcome] == "" {
		return &Error{http.StatusUnprocessableEntity, "outcome_not_allowed", "不认识的决定。请选择合格、退回或不合格。"}
	}
	d.Opinion = clean(d.Opinion)
	if utf8.RuneCountInString(d.Opinion) > MaxOpinion {
		return tooLong("总体意见", MaxOpinion)
	}
	if len(d.Remarks) > MaxRemarks {
		return tooManyRemarks()
	}
	if d.Outcome == Return && d.Opinion == "" && len(d.Remarks) == 0 {
		return ErrEmptyReturn
	}
	return s.examineRemarks(ctx, d)
}

// examineRemarks wants every remark to say something about a field that the form has.
func (s *Service) examineRemarks(ctx context.Context, d *Decision) error {
	if len(d.Remarks) == 0 {
		return nil
	}
	sub, err := s.submission(ctx, d.SubmissionID, d.Actor.AuthorityCode)
	if err != nil {
		return err
	}
	reportForm, err := s.forms.Form(sub.Form)
	if err != nil {
		return err
	}
	d.Remarks = slices.Clone(d.Remarks)
	for i := range d.Remarks {
		r := &d.Remarks[i]
		r.Key, r.Text, r.Basis = strings.TrimSpace(r.Key), clean(r.Text), clean(r.Basis)
		if r.Text == "" {
			return badRemark(i+1, "没有内容，请填写或删除。")
		}
		if utf8.RuneCountInString(r.Text) > MaxRemark || utf8.RuneCountInString(r.Basis) > MaxRemarkBasis {
			return badRemark(i+1, fmt.Sprintf("太长：内容不超过%d字，依据不超过%d字。", MaxRemark, MaxRemarkBasis))
		}
		if r.Key == "" {
			continue
		}
		if _, known := reportForm.Field(r.Key); !known {
			return badRemark(i+1, fmt.Sprintf("针对的项目“%s”不在报告表中，请核对。", r.Key))
		}
	}
	return nil
}

func clean(s string) string { return strings.TrimSpace(norm.NFC.String(s)) }

// submission reads the submission of a review of that authority.
func (s *Service) submission(ctx context.Context, id uuid.UUID, authority string) (filing.Submission, error) {
	if _, err := one(ctx, s.db, `WHERE r.submission_id = $1 AND r.authority_code = $2`, id, authority); err != nil {
		return filing.Submission{}, err
	}
	return filing.SubmissionByID(ctx, s.db, id)
}

func allowed(o Outcome, regime filing.Regime) error {
	outcomes := Outcomes(regime)
	if slices.Contains(outcomes, o) {
		return nil
	}
	labels := make([]string, len(outcomes))
	for i, each := range outcomes {
		labels[i] = each.Label()
	}
	return wrongOutcome(o, strings.Join(labels, "、"))
}

// storeRemarks replaces the remarks of a review that is being decided; an approver who sent it back leaves old ones.
func storeRemarks(ctx context.Context, tx *postgres.Tx, id uuid.UUID, remarks []Remark) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM remark WHERE submission_id = $1`, id); err != nil {
		return fmt.Errorf("clear remarks: %w", err)
	}
	for i, r := range remarks {
		remarkID, err := uuid.NewV7()
		if err != nil {
			return fmt.Errorf("remark id: %w", err)
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO remark (id, submission_id, ordinal, key, text, basis) VALUES ($1, $2, $3, $4, $5, $6)`,
			remarkID, id, i+1, r.Key, r.Text, r.Basis)
		if err != nil {
			return fmt.Errorf("store remark %d: %w", i+1, err)
		}
	}
	return nil
}

// RemarksOf lists the remarks on a submission in the reviewer's order.
func RemarksOf(ctx context.Context, q postgres.Queryer, submissionID uuid.UUID) ([]Remark, error) {
	remarks := []Remark{}
	err := q.SelectContext(ctx, &remarks, `SELECT key, text, basis FROM remark WHERE submission_id = $1 ORDER BY ordinal`, submissionID)
	if err != nil {
		return nil, fmt.Errorf("remarks on %s: %w", submissionID, err)
	}
	return remarks, nil
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
func (s *Service) settle(ctx context.Context, tx *postgres.Tx, r Review, d settlement) (Result, error) {
	err := update(ctx, tx, r, `state = 'decided', outcome = $4, opinion = $5, decided_by = $6, decided_name = $7, decided_at = $8`,
		d.outcome, d.opinion, d.actor.ID, d.actor.Name, tx.Now())
	if err != nil {
		return Result{}, err
	}
	season, org, err := r.season(ctx, tx)
	if err != nil {
		return Result{}, err
	}
	sub, err := filing.SubmissionByID(ctx, tx, r.SubmissionID)
	if err != nil {
		return Result{}, err
	}
	issue := Issues(season, d.outcome)
	told := event.ReviewDecided{
		Outcome: string(d.outcome), Kind: sub.Kind, ReceiptNo: sub.ReceiptNo, Remarks: len(d.remarks), ConclusionIssued: issue,
	}
	paper := paper{review: r, season: season, org: org, submission: sub, settlement: d}
	if d.outcome == Return {
		paper.resubmit = filing.ResubmitBy(s.calendar(), tx.Now(), season.Rules.ResubmitWithin)
		told.ResubmitBy, told.ResubmitProvisional = paper.resubmit.Date, paper.resubmit.Provisional
	}
	e := r.eventOf(event.ReviewDecidedKind, d.actor, told)
	e.Basis = season.Rules.Basis(filing.BasisConclusion, org.Type)
	o, err := s.moveObligation(ctx, tx, d.outcome, filing.Decision{SubmissionID: r.SubmissionID, Resubmit: paper.resubmit, Event: e})
	if err != nil {
		return Result{}, err
	}
	switch {
	case d.outcome == Return:
		paper.resubmit = workday.Due{Date: o.OverdueAfter, Provisional: o.ResubmitProvisional || o.DueProvisional}
		err = s.orderReturnNotice(ctx, tx, paper)
	case issue:
		err = s.orderConclusion(ctx, tx, paper)
	}
	return Result{Status: o.Status, State: Decided}, err
}

func (s *Service) moveObligation(ctx context.Context, tx *postgres.Tx, o Outcome, d filing.Decision) (filing.Obligation, error) {
	if o == Return {
		return filing.ReturnSubmission(ctx, tx, d)
	}
	d.Status = statuses[o]
	return filing.ConcludeSubmission(ctx, tx, d)
}
