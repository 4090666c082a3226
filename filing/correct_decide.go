package filing

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"nianbao/internal/event"
	"nianbao/internal/postgres"
)

// A correction has its own standing. Whatever is decided on it, the obligation
// keeps its conclusion and its accepted report, unless the correction passes and
// takes their place.

func (d *decided) isCorrection() bool { return d.submission.Kind == KindCorrection }

// underReview tells whether the submission is the one that review decides on now.
func (d *decided) underReview() bool {
	if d.isCorrection() {
		return d.obligation.CorrectionID.UUID == d.submission.ID
	}
	return d.obligation.Status == StatusSubmitted && d.obligation.SubmissionID.UUID == d.submission.ID
}

// returnCorrection sends a correction back: nothing is owed, and the
// organisation may go on writing it.
func (d *decided) returnCorrection(ctx context.Context, tx *postgres.Tx, e event.Event) (Obligation, error) {
	next := d.obligation
	next.CorrectionID = uuid.NullUUID{}
	o, err := d.apply(ctx, tx, ActReturnCorrection, next, e)
	if err != nil {
		return o, err
	}
	return o, resumeCorrection(ctx, tx, d.submission.ID)
}

// concludeCorrection ends the review of a correction: an accepting conclusion
// puts it in the place of the accepted report, any other leaves all as it was.
func (d *decided) concludeCorrection(ctx context.Context, tx *postgres.Tx, status Status, e event.Event) (Obligation, error) {
	next := d.obligation
	next.CorrectionID = uuid.NullUUID{}
	if !status.Accepted() {
		return d.apply(ctx, tx, ActRefuseCorrection, next, e)
	}
	next.Status, next.SubmissionID = status, event.Ref(d.submission.ID)
	o, err := d.apply(ctx, tx, ActAdoptCorrection, next, e)
	if err != nil {
		return o, err
	}
	if _, err := tx.ExecContext(ctx, `UPDATE correction SET adopted_at = $2 WHERE submission_id = $1`, d.submission.ID, tx.Now()); err != nil {
		return o, fmt.Errorf("adopt correction: %w", err)
	}
	return o, accept(ctx, tx, d.submission.ID)
}

// withdrawCorrection takes back a correction whose review has not begun; it can
// be written on.
func (s *Service) withdrawCorrection(ctx context.Context, tx *postgres.Tx, o Obligation, c Withdraw) (Obligation, error) {
	id := o.CorrectionID.UUID
	if err := s.OnWithdrawn(ctx, tx, id); err != nil {
		return o, err
	}
	sub, err := SubmissionByID(ctx, tx, id)
	if err != nil {
		return o, err
	}
	next := o
	next.CorrectionID = uuid.NullUUID{}
	moved, err := move{act: ActWithdrawCorrection, previous: o, next: next, event: event.Event{
		Kind: event.SubmissionWithdrawnKind, Actor: c.Actor, SubjectID: event.Ref(id),
		Data: event.SubmissionWithdrawn{Kind: KindCorrection, ReceiptNo: sub.ReceiptNo, Reason: c.Reason},
	}}.apply(ctx, tx)
	if err != nil {
		return o, err
	}
	if err := moveSubmission(ctx, tx, id, SubmissionSubmitted, SubmissionWithdrawn); err != nil {
		return o, err
	}
	return moved, resumeCorrection(ctx, tx, id)
}
