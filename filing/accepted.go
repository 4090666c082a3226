package filing

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"nianbao/internal/postgres"
)

// Accepted is a report that was accepted, here or elsewhere: its closing
// figures are next year's opening figures.
type Accepted struct {
	Form         string        `db:"form"`
	Body         []byte        `db:"body"`
	SubmissionID uuid.NullUUID `db:"submission_id"` // not valid: imported
	AcceptedAt   time.Time     `db:"accepted_at"`
}

// AcceptedReport finds an organisation's accepted report of a year; ErrNotFound.
func AcceptedReport(ctx context.Context, q postgres.Queryer, organisationID uuid.UUID, year int) (Accepted, error) {
	var a Accepted
	err := q.GetContext(ctx, &a, `SELECT form, body, submission_id, accepted_at FROM accepted_report
		WHERE organisation_id = $1 AND report_year = $2`, organisationID, year)
	if postgres.IsNoRows(err) {
		return a, ErrNotFound
	}
	if err != nil {
		return a, fmt.Errorf("accepted report %d of %s: %w", year, organisationID, err)
	}
	return a, nil
}

// accept makes a submission the accepted report of its year, in place of an imported or corrected one.
func accept(ctx context.Context, tx *postgres.Tx, submissionID uuid.UUID) error {
	stmt, err := tx.Prepared(ctx, `INSERT INTO accepted_report (organisation_id, report_year, form, body, submission_id, accepted_at)
		SELECT organisation_id, report_year, form, body, id, $2 FROM submission WHERE id = $1
		ON CONFLICT (organisation_id, report_year) DO UPDATE SET form = excluded.form, body = excluded.body,
			submission_id = excluded.submission_id, accepted_at = excluded.accepted_at`)
	if err != nil {
		return fmt.Errorf("accept submission %s: %w", submissionID, err)
	}
	if _, err := stmt.ExecContext(ctx, submissionID, tx.Now()); err != nil {
		return fmt.Errorf("accept submission %s: %w", submissionID, err)
	}
	return nil
}
