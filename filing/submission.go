package filing

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"nianbao/filing/check"
	"nianbao/internal/event"
	"nianbao/internal/postgres"
	"nianbao/internal/workday"
)

// Submission is one report as it was taken. All is immutable but Status and the last day of its review, which follows the
// calendar and a reopening; the receipt keeps the day that it told.
type Submission struct {
	ID                   uuid.UUID        `db:"id"`
	ObligationID         uuid.UUID        `db:"obligation_id"`
	AuthorityCode        string           `db:"authority_code"`
	OrganisationID       uuid.UUID        `db:"organisation_id"`
	ReportYear           int              `db:"report_year"`
	Ordinal              int              `db:"ordinal"` // from 1, within the obligation
	Kind                 string           `db:"kind"`    // KindReport or KindCorrection
	Form                 string           `db:"form"`
	FormVersion          int              `db:"form_version"`
	CheckSetVersion      string           `db:"check_set_version"` // "" where checks were switched off
	SHA256               string           `db:"sha256"`            // hex, of the exact body
	Warnings             int              `db:"warnings"`
	ReceiptNo            string           `db:"receipt_no"`
	ReceivedAt           time.Time        `db:"received_at"`
	ReviewDueOn          workday.Date     `db:"review_due_on"`
	ReviewDueProvisional bool             `db:"review_due_provisional"`
	ReviewDays           int              `db:"-"`           // of one just taken: the length of the window in working days
	ToldDueOn            workday.Date     `db:"told_due_on"` // on the receipt
	ToldDueProvisional   bool             `db:"told_due_provisional"`
	ActorKind            event.ActorKind  `db:"actor_kind"`
	ActorID              string           `db:"actor_id"`
	ActorName            string           `db:"actor_name"`
	Status               SubmissionStatus `db:"status"`
	StatusAt             time.Time        `db:"status_at"` // when it got Status; of one under review, when its last day moved last
}

// Receipt is what the filer gets for a submission.
type Receipt struct {
	SubmissionID uuid.UUID
	ReceiptNo    string // gapless per authority and report year, such as 2018-0000001
	ReceivedAt   time.Time
	ReviewDueOn  workday.Due
	SHA256       string // hex, of the exact body
}

// Receipt gives the submission's receipt.
func (s *Submission) Receipt() Receipt {
	return Receipt{SubmissionID: s.ID, ReceiptNo: s.ReceiptNo, ReceivedAt: s.ReceivedAt.In(workday.Shanghai),
		ReviewDueOn: workday.Due{Date: s.ToldDueOn, Provisional: s.ToldDueProvisional}, SHA256: s.SHA256}
}

const selectSubmission = `SELECT s.id, s.obligation_id, s.authority_code, s.organisation_id, s.report_year, s.ordinal, s.kind,
	s.form, s.form_version, s.check_set_version, s.sha256, s.warnings, s.receipt_no, s.received_at,
	coalesce(st.review_due_on, s.review_due_on) AS review_due_on,
	coalesce(st.review_due_provisional, s.review_due_provisional) AS review_due_provisional,
	s.review_due_on AS told_due_on, s.review_due_provisional AS told_due_provisional, s.actor_kind, s.actor_id, s.actor_name, st.status,
	st.updated_at AS status_at
FROM submission s JOIN submission_standing st ON st.submission_id = s.id `

// Report is an obligation with all that was submitted for it, the oldest first.
type Report struct {
	Obligation  Obligation
	Submissions []Submission
}

// ReportOf reads an organisation's report of a year; ErrNotFound.
func ReportOf(ctx context.Context, q postgres.Queryer, organisationID uuid.UUID, year int) (Report, error) {
	obligation, err := ObligationByYear(ctx, q, organisationID, year)
	if err != nil {
		return Report{}, err
	}
	report := Report{Obligation: obligation, Submissions: []Submission{}}
	err = q.SelectContext(ctx, &report.Submissions, selectSubmission+`WHERE s.obligation_id = $1 ORDER BY s.ordinal`, obligation.ID)
	if err != nil {
		return Report{}, fmt.Errorf("submissions of %s: %w", obligation.ID, err)
	}
	return report, nil
}

// SubmissionByID finds a submission; ErrNotFound.
func SubmissionByID(ctx context.Context, q postgres.Queryer, id uuid.UUID) (Submission, error) {
	return oneSubmission(ctx, q, `WHERE s.id = $1`, id)
}

// PreviousSubmission finds the one before, withdrawn ones left out, so that a
// reviewer sees what changed since; ErrNotFound for the first.
func PreviousSubmission(ctx context.Context, q postgres.Queryer, s Submission) (Submission, error) {
	return oneSubmission(ctx, q, `WHERE s.obligation_id = $1 AND s.ordinal < $2 AND st.status <> 'withdrawn'
		ORDER BY s.ordinal DESC LIMIT 1`, s.ObligationID, s.Ordinal)
}

func oneSubmission(ctx context.Context, q postgres.Queryer, where string, args ...any) (Submission, error) {
	var s Submission
	stmt, err := q.Prepared(ctx, selectSubmission+where)
	if err != nil {
		return s, fmt.Errorf("submission: %w", err)
	}
	err = stmt.GetContext(ctx, &s, args...)
	if postgres.IsNoRows(err) {
		return s, ErrNotFound
	}
	if err != nil {
		return s, fmt.Errorf("submission: %w", err)
	}
	return s, nil
}

// SubmissionBody is the stored body, byte for byte what the SHA-256 covers; ErrNotFound.
func SubmissionBody(ctx context.Context, q postgres.Queryer, id uuid.UUID) ([]byte, error) {
	return submissionJSON(ctx, q, `SELECT body FROM submission WHERE id = $1`, id)
}

// SubmissionFindings are the warnings that the report was taken with; ErrNotFound.
func SubmissionFindings(ctx context.Context, q postgres.Queryer, id uuid.UUID) ([]check.Finding, error) {
	data, err := submissionJSON(ctx, q, `SELECT findings FROM submission WHERE id = $1`, id)
	if err != nil {
		return nil, err
	}
	findings := []check.Finding{}
	if err := json.Unmarshal(data, &findings); err != nil {
		return nil, fmt.Errorf("findings of submission %s: %w", id, err)
	}
	return findings, nil
}

func submissionJSON(ctx context.Context, q postgres.Queryer, query string, id uuid.UUID) ([]byte, error) {
	var data []byte
	err := q.GetContext(ctx, &data, query, id)
	if postgres.IsNoRows(err) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("read submission %s: %w", id, err)
	}
	return data, nil
}
