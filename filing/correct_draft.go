package filing

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"nianbao/internal/event"
	"nianbao/internal/postgres"
)

// CorrectionDraft says that a correction is being written in the obligation's
// draft, and why.
type CorrectionDraft struct {
	ObligationID uuid.UUID `db:"obligation_id"`
	Reason       string    `db:"reason"`
	StartedAt    time.Time `db:"started_at"`
	StartedBy    string    `db:"started_by"`
}

// CorrectionDraftOf finds the correction that is being written; ErrNotFound where none is.
func CorrectionDraftOf(ctx context.Context, q postgres.Queryer, obligationID uuid.UUID) (CorrectionDraft, error) {
	var d CorrectionDraft
	err := q.GetContext(ctx, &d, `SELECT obligation_id, reason, started_at, started_by FROM correction_draft WHERE obligation_id = $1`, obligationID)
	if postgres.IsNoRows(err) {
		return d, ErrNotFound
	}
	if err != nil {
		return d, fmt.Errorf("correction being written for %s: %w", obligationID, err)
	}
	return d, nil
}

// StartCorrection begins to write a correction.
type StartCorrection struct {
	OrganisationID uuid.UUID
	Year           int
	Reason         string
	Actor          event.Actor
}

// StartCorrection makes the accepted report the draft, which can be worked on
// from then as for a report that is owed. Where one is being written already
// only its reason changes. Refusals of the state are those of Correct.
func (s *Service) StartCorrection(ctx context.Context, c StartCorrection) (CorrectionDraft, error) {
	var d CorrectionDraft
	err := s.correcting(ctx, c.OrganisationID, c.Year, func(tx *postgres.Tx, o Obligation) error {
		reason, err := readReason(c.Reason)
		if err != nil {
			return err
		}
		if err := cannotCorrect(&o); err != nil {
			return err
		}
		var fresh bool
		err = tx.QueryRowContext(ctx, `INSERT INTO correction_draft AS d (obligation_id, reason, started_at, started_by) VALUES ($1, $2, $3, $4)
			ON CONFLICT (obligation_id) DO UPDATE SET reason = excluded.reason
			RETURNING d.obligation_id, d.reason, d.started_at, d.started_by, d.xmax = 0`, o.ID, reason, tx.Now(), c.Actor.Name).
			Scan(&d.ObligationID, &d.Reason, &d.StartedAt, &d.StartedBy, &fresh)
		if err != nil || !fresh {
			return err
		}
		return restoreDraft(ctx, tx, o.SubmissionID.UUID)
	})
	if err != nil {
		return CorrectionDraft{}, fmt.Errorf("start to correct report %d of %s: %w", c.Year, c.OrganisationID, err)
	}
	return d, nil
}

// AbandonCorrection throws away a correction that is being written; the draft
// is the accepted report again. Without one it is CodeNotCorrecting.
func (s *Service) AbandonCorrection(ctx context.Context, organisationID uuid.UUID, year int) error {
	err := s.correcting(ctx, organisationID, year, func(tx *postgres.Tx, o Obligation) error {
		result, err := tx.ExecContext(ctx, `DELETE FROM correction_draft WHERE obligation_id = $1`, o.ID)
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil {
			return err
		} else if n == 0 {
			return &StateError{CodeNotCorrecting, fmt.Sprintf("%d年度报告没有正在填写的更正。", year)}
		}
		return restoreDraft(ctx, tx, o.SubmissionID.UUID)
	})
	if err != nil {
		return fmt.Errorf("abandon correction %d of %s: %w", year, organisationID, err)
	}
	return nil
}

// correcting runs act on the organisation's obligation of the year, locked.
func (s *Service) correcting(ctx context.Context, organisationID uuid.UUID, year int, act func(tx *postgres.Tx, o Obligation) error) error {
	return postgres.InTx(ctx, s.db, func(tx *postgres.Tx) error {
		o, err := oneObligation(ctx, tx, `WHERE organisation_id = $1 AND report_year = $2 FOR NO KEY UPDATE`, organisationID, year)
		if err != nil {
			return err
		}
		return act(tx, o)
	})
}

// resumeCorrection makes a correction that was returned or withdrawn the one
// being written, as it was sent.
func resumeCorrection(ctx context.Context, tx *postgres.Tx, submissionID uuid.UUID) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO correction_draft (obligation_id, reason, started_at, started_by)
		SELECT k.obligation_id, k.reason, $2, s.actor_name FROM correction k JOIN submission s ON s.id = k.submission_id
		WHERE k.submission_id = $1 ON CONFLICT (obligation_id) DO NOTHING`, submissionID, tx.Now())
	if err != nil {
		return fmt.Errorf("resume correction %s: %w", submissionID, err)
	}
	return restoreDraft(ctx, tx, submissionID)
}
