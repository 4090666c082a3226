package filing

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"nianbao/internal/event"
	"nianbao/internal/postgres"
	"nianbao/internal/workday"
)

// Decision is what review tells filing about a submission, inside review's own
// transaction. Event is the event of the decision with its kind, actor, basis
// and data; filing fills in what it is about and appends it, so that no
// obligation moves without one. Review must not append it again.
type Decision struct {
	SubmissionID uuid.UUID
	Status       Status      // of ConcludeSubmission: one of the regime's conclusions
	Resubmit     workday.Due // of ReturnSubmission: from ResubmitBy; zero: by the due day only
	ResubmitDays int         // of ReturnSubmission: the working days that Resubmit was counted from
	Event        event.Event
}

// decided is the submission and obligation that a decision is about, both locked.
type decided struct {
	obligation Obligation
	regime     Regime
	submission Submission
}

// ReturnSubmission sends a report back: the obligation is returned and is owed
// until the later of its due day and the refile day. The draft becomes what was
// submitted. A report that is not under review is a *StateError. A correction
// that is sent back leaves the obligation as it is.
func ReturnSubmission(ctx context.Context, tx *postgres.Tx, d Decision) (Obligation, error) {
	found, err := lockDecided(ctx, tx, d.SubmissionID, StatusSubmitted)
	if err != nil {
		return Obligation{}, fmt.Errorf("return submission %s: %w", d.SubmissionID, err)
	}
	if found.isCorrection() {
		o, err := found.returnCorrection(ctx, tx, d.Event)
		if err != nil {
			return Obligation{}, fmt.Errorf("return correction %s: %w", d.SubmissionID, err)
		}
		return o, nil
	}
	next := found.obligation
	next.Status, next.ResubmitBy, next.ResubmitProvisional = StatusReturned, d.Resubmit.Date, d.Resubmit.Provisional
	next.ResubmitDays = d.ResubmitDays
	o, err := found.apply(ctx, tx, ActReturn, next, d.Event)
	if err == nil {
		err = restoreDraft(ctx, tx, d.SubmissionID)
	}
	if err != nil {
		return Obligation{}, fmt.Errorf("return submission %s: %w", d.SubmissionID, err)
	}
	return o, nil
}

// ConcludeSubmission ends the review with one of the regime's conclusions. An
// accepted report becomes the prior report of the next year. A correction takes
// the accepted report's place if it is accepted itself; else nothing changes.
func ConcludeSubmission(ctx context.Context, tx *postgres.Tx, d Decision) (Obligation, error) {
	found, err := lockDecided(ctx, tx, d.SubmissionID, StatusSubmitted)
	if err != nil {
		return Obligation{}, fmt.Errorf("conclude submission %s: %w", d.SubmissionID, err)
	}
	if !slices.Contains(found.regime.Conclusions(), d.Status) {
		return Obligation{}, fmt.Errorf("conclude submission %s: %q is no conclusion under %s", d.SubmissionID, d.Status, found.regime)
	}
	if found.isCorrection() {
		o, err := found.concludeCorrection(ctx, tx, d.Status, d.Event)
		if err != nil {
			return Obligation{}, fmt.Errorf("conclude correction %s: %w", d.SubmissionID, err)
		}
		return o, nil
	}
	next := found.obligation
	next.Status = d.Status
	o, err := found.apply(ctx, tx, ActConclude, next, d.Event)
	if err == nil && d.Status.Accepted() {
		err = accept(ctx, tx, d.SubmissionID)
	}
	if err != nil {
		return Obligation{}, fmt.Errorf("conclude submission %s: %w", d.SubmissionID, err)
	}
	return o, nil
}

// ReopenUnqualified puts an unqualified report under review again; the same
// submission counts. The caller has a reason on record.
func ReopenUnqualified(ctx context.Context, tx *postgres.Tx, d Decision) (Obligation, error) {
	found, err := lockDecided(ctx, tx, d.SubmissionID, StatusUnqualified)
	if err != nil {
		return Obligation{}, fmt.Errorf("reopen submission %s: %w", d.SubmissionID, err)
	}
	next := found.obligation
	next.Status = StatusSubmitted
	o, err := found.apply(ctx, tx, ActReopen, next, d.Event)
	if err != nil {
		return Obligation{}, fmt.Errorf("reopen submission %s: %w", d.SubmissionID, err)
	}
	return o, nil
}

// lockDecided reads the submission with its obligation, which stays locked, and
// wants it to be under review, or, for StatusUnqualified, to be what was found so.
func lockDecided(ctx context.Context, tx *postgres.Tx, id uuid.UUID, status Status) (*decided, error) {
	submission, err := SubmissionByID(ctx, tx, id)
	if err != nil {
		return nil, err
	}
	o, err := oneObligation(ctx, tx, `WHERE id = $1 FOR NO KEY UPDATE`, submission.ObligationID)
	if err != nil {
		return nil, err
	}
	season, err := SeasonByID(ctx, tx, o.SeasonID)
	if err != nil {
		return nil, err
	}
	found := &decided{obligation: o, regime: season.Regime, submission: submission}
	switch {
	case status == StatusUnqualified:
		if o.Status != status || o.SubmissionID.UUID != id {
			return nil, &StateError{CodeNotUnqualified, "只有结论为不合格的报告可以重新审查。"}
		}
	case !found.underReview():
		return nil, &StateError{CodeNotSubmitted, "该报告已不在审查中，可能已被撤回或已作出决定，请刷新后查看。"}
	}
	return found, nil
}

func (d *decided) apply(ctx context.Context, tx *postgres.Tx, act Act, next Obligation, e event.Event) (Obligation, error) {
	row, ok := find(act, d.obligation.Status, next.Status)
	if !ok {
		return next, &ForbiddenError{act, d.obligation.Status, next.Status}
	}
	e.SubjectID = event.Ref(d.submission.ID)
	o, err := move{act: act, previous: d.obligation, next: next, event: e}.apply(ctx, tx)
	if err != nil {
		return o, err
	}
	return o, moveSubmission(ctx, tx, d.submission.ID, d.submission.Status, row.submission)
}
