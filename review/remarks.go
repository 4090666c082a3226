package review

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"nianbao/internal/postgres"
)

// Remarking adds one remark to a pending review, or takes one away.
type Remarking struct {
	SubmissionID uuid.UUID
	Remark       Remark
	Actor        Actor
}

// AddRemark notes a remark on a pending review before it is decided; an unclaimed review is claimed by it. The filer
// does not see it until the decision. Noting the same remark twice keeps one.
func (s *Service) AddRemark(ctx context.Context, r Remarking) error {
	d := Decision{SubmissionID: r.SubmissionID, Remarks: []Remark{r.Remark}, Actor: r.Actor}
	if err := s.examineRemarks(ctx, &d); err != nil {
		return fmt.Errorf("add remark on %s: %w", r.SubmissionID, err)
	}
	return s.changeRemarks(ctx, r, func(remarks []Remark) ([]Remark, error) {
		if slices.Contains(remarks, d.Remarks[0]) {
			return remarks, nil
		}
		if len(remarks) >= MaxRemarks {
			return nil, tooManyRemarks()
		}
		return append(remarks, d.Remarks[0]), nil
	})
}

// RemoveRemark takes a remark off a pending review; one that is not there is no error.
func (s *Service) RemoveRemark(ctx context.Context, r Remarking) error {
	return s.changeRemarks(ctx, r, func(remarks []Remark) ([]Remark, error) {
		return slices.DeleteFunc(remarks, func(have Remark) bool { return have == r.Remark }), nil
	})
}

// changeRemarks rewrites the remarks of a review that is the actor's or, by this, becomes it.
func (s *Service) changeRemarks(ctx context.Context, r Remarking, edit func([]Remark) ([]Remark, error)) error {
	_, err := s.change(ctx, r.SubmissionID, r.Actor, func(tx *postgres.Tx, rev *Review) error {
		if rev.State != Pending {
			return stateError(rev.State)
		}
		if err := claim(ctx, tx, rev, r.Actor); err != nil {
			return err
		}
		remarks, err := RemarksOf(ctx, tx, rev.SubmissionID)
		if err != nil {
			return err
		}
		if remarks, err = edit(remarks); err != nil {
			return err
		}
		return storeRemarks(ctx, tx, rev.SubmissionID, remarks)
	})
	return err
}
