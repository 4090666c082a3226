package review

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"nianbao/filing"
	"nianbao/internal/id"
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
	if err := s.readRemark(ctx, &r); err != nil {
		return fmt.Errorf("add remark on %s: %w", r.SubmissionID, err)
	}
	return s.changeRemarks(ctx, r, func(remarks []Remark) ([]Remark, error) {
		if slices.Contains(remarks, r.Remark) {
			return remarks, nil
		}
		if len(remarks) >= MaxRemarks {
			return nil, tooManyRemarks()
		}
		return append(remarks, r.Remark), nil
	})
}

// readRemark checks the one remark against the form of a submission of the actor's authority.
func (s *Service) readRemark(ctx context.Context, r *Remarking) error {
	if _, err := one(ctx, s.db, ofAuthority, r.SubmissionID, r.Actor.AuthorityCode); err != nil {
		return err
	}
	sub, err := filing.SubmissionByID(ctx, s.db, r.SubmissionID)
	if err != nil {
		return err
	}
	reportForm, err := s.forms.Form(sub.Form)
	if err != nil {
		return err
	}
	return r.Remark.read(reportForm)
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

// storeRemarks puts remarks in place of those that a review has.
func storeRemarks(ctx context.Context, tx *postgres.Tx, submission uuid.UUID, remarks []Remark) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM remark WHERE submission_id = $1`, submission); err != nil {
		return fmt.Errorf("clear remarks: %w", err)
	}
	if len(remarks) == 0 {
		return nil
	}
	n := len(remarks)
	ids, keys, texts, bases := make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	for i, r := range remarks {
		ids[i], keys[i], texts[i], bases[i] = id.New(tx.Now()).String(), r.Key, r.Text, r.Basis
	}
	stmt, err := tx.Prepared(ctx, `INSERT INTO remark (id, submission_id, ordinal, key, text, basis)
		SELECT t.id, $1, t.ordinal, t.key, t.text, t.basis FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[])
			WITH ORDINALITY AS t (id, key, text, basis, ordinal)`)
	if err != nil {
		return fmt.Errorf("store remarks: %w", err)
	}
	if _, err := stmt.ExecContext(ctx, submission, pq.Array(ids), pq.Array(keys), pq.Array(texts), pq.Array(bases)); err != nil {
		return fmt.Errorf("store %d remarks: %w", n, err)
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

// remarksOfAll lists the remarks on several submissions.
func remarksOfAll(ctx context.Context, q postgres.Queryer, submissions []uuid.UUID) (map[uuid.UUID][]Remark, error) {
	var rows []struct {
		SubmissionID uuid.UUID `db:"submission_id"`
		Remark
	}
	err := q.SelectContext(ctx, &rows, `SELECT submission_id, key, text, basis FROM remark
		WHERE submission_id = ANY ($1) ORDER BY submission_id, ordinal`, pq.Array(submissions))
	if err != nil {
		return nil, fmt.Errorf("remarks on %d submissions: %w", len(submissions), err)
	}
	of := make(map[uuid.UUID][]Remark, len(submissions))
	for _, r := range rows {
		of[r.SubmissionID] = append(of[r.SubmissionID], r.Remark)
	}
	return of, nil
}
