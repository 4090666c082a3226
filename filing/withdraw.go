package filing

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"nianbao/internal/event"
	"nianbao/internal/postgres"
)

// Withdraw asks to take a report back.
type Withdraw struct {
	OrganisationID uuid.UUID
	Year           int
	Reason         string // optional
	Actor          event.Actor
}

// Withdraw takes back a report whose review has not begun, which Service.OnWithdrawn
// decides. A first report goes back to open, a refiled one to returned; either
// way the draft is what was submitted, and the obligation can be overdue again.
// Of an accepted report it is the correction under review that is taken back.
func (s *Service) Withdraw(ctx context.Context, c Withdraw) (Obligation, error) {
	var moved Obligation
	err := postgres.InTx(ctx, s.db, func(tx *postgres.Tx) error {
		o, err := ObligationByYear(ctx, tx, c.OrganisationID, c.Year)
		if err != nil {
			return err
		}
		if o.CorrectionID.Valid {
			moved, err = s.withdrawCorrection(ctx, tx, o, c)
			return err
		}
		if o.Status != StatusSubmitted || !o.SubmissionID.Valid {
			return cannotWithdraw(o)
		}
		id := o.SubmissionID.UUID
		if err := s.OnWithdrawn(ctx, tx, id); err != nil {
			return err
		}
		sub, err := SubmissionByID(ctx, tx, id)
		if err != nil {
			return err
		}
		next, err := beforeSubmission(ctx, tx, o, sub)
		if err != nil {
			return err
		}
		moved, err = move{act: ActWithdraw, previous: o, next: next, event: event.Event{
			Kind: event.SubmissionWithdrawnKind, Actor: c.Actor, SubjectID: event.Ref(id),
			Data: event.SubmissionWithdrawn{Kind: KindReport, ReceiptNo: sub.ReceiptNo, Reason: c.Reason},
		}}.apply(ctx, tx)
		if err != nil {
			return err
		}
		if err := moveSubmission(ctx, tx, id, SubmissionSubmitted, SubmissionWithdrawn); err != nil {
			return err
		}
		if err := voidReceipt(ctx, tx, id, c.Actor); err != nil {
			return err
		}
		return restoreDraft(ctx, tx, id)
	})
	if err != nil {
		return Obligation{}, fmt.Errorf("withdraw report %d of %s: %w", c.Year, c.OrganisationID, err)
	}
	return moved, nil
}

// beforeSubmission is the obligation as it was before sub: returned if an
// earlier report was, else open.
func beforeSubmission(ctx context.Context, q postgres.Queryer, o Obligation, sub Submission) (Obligation, error) {
	earlier, err := PreviousSubmission(ctx, q, sub)
	switch {
	case err == nil:
		o.Status, o.SubmissionID = StatusReturned, event.Ref(earlier.ID)
	case errors.Is(err, ErrNotFound):
		o.Status, o.SubmissionID = StatusOpen, uuid.NullUUID{}
	default:
		return o, err
	}
	return o, nil
}

func cannotWithdraw(o Obligation) error {
	if o.Status.Concluded() {
		return &StateError{CodeAlreadyConcluded, fmt.Sprintf("%d年度报告已有审查结论，不能撤回。", o.ReportYear)}
	}
	return &StateError{CodeNotSubmitted, fmt.Sprintf("%d年度没有正在审查的报告，无需撤回。", o.ReportYear)}
}

// moveSubmission changes what became of a submission, guarded by what it was.
func moveSubmission(ctx context.Context, tx *postgres.Tx, id uuid.UUID, from, to SubmissionStatus) error {
	stmt, err := tx.Prepared(ctx, `UPDATE submission_standing SET status = $3, updated_at = $4 WHERE submission_id = $1 AND status = $2`)
	if err != nil {
		return fmt.Errorf("submission %s from %s to %s: %w", id, from, to, err)
	}
	res, err := stmt.ExecContext(ctx, id, from, to, tx.Now())
	if err != nil {
		return fmt.Errorf("submission %s from %s to %s: %w", id, from, to, err)
	}
	if n, err := res.RowsAffected(); err != nil {
		return fmt.Errorf("submission %s from %s to %s: %w", id, from, to, err)
	} else if n != 1 {
		return errChangedMeanwhile
	}
	return nil
}
