package filing

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"nianbao/internal/postgres"
)

// AcceptedYear is a year for which a report was accepted, without the report.
type AcceptedYear struct {
	ReportYear int       `db:"report_year"`
	AcceptedAt time.Time `db:"accepted_at"`
	Imported   bool      `db:"imported"` // accepted elsewhere, before this system
}

// AcceptedYears lists the years of an organisation's accepted reports, the latest first.
func AcceptedYears(ctx context.Context, q postgres.Queryer, organisationID uuid.UUID) ([]AcceptedYear, error) {
	years := []AcceptedYear{}
	err := q.SelectContext(ctx, &years, `SELECT report_year, accepted_at, submission_id IS NULL AS imported
		FROM accepted_report WHERE organisation_id = $1 ORDER BY report_year DESC`, organisationID)
	if err != nil {
		return nil, fmt.Errorf("accepted years of %s: %w", organisationID, err)
	}
	return years, nil
}
