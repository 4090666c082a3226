package filing

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"reflect"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"nianbao/filing/form"
	"nianbao/internal/event"
	"nianbao/internal/postgres"
)

// The kinds of submission.
const (
	KindReport     = "report"
	KindCorrection = "correction" // 更正 of an accepted report
)

// The codes that refuse a correction for the state of the report: 409.
const (
	CodeNotAccepted       = "not_accepted"       // there is no accepted report to correct
	CodeCorrectionPending = "correction_pending" // one is under review
	CodeNotCorrecting     = "not_correcting"     // none is being written
)

// ErrNothingCorrected says that a correction is what was accepted already.
var ErrNothingCorrected = &Error{http.StatusUnprocessableEntity, "nothing_corrected", "更正的内容与已有结论的报告完全相同，没有需要更正的地方。"}

// Correct asks to take a correction of an accepted report.
type Correct struct {
	OrganisationID uuid.UUID
	Year           int
	Reason         string       // needed, at most MaxReason characters; the reviewer sees it, the public does not
	Body           []byte       // the whole report as it should be; stored byte for byte
	IdempotencyKey string       // as for Submit, from the same keys
	Declaration    *Declaration // under which it is made; nil where a program corrects
	Actor          event.Actor
}

// Correct takes a correction: a submission of its own with checks, receipt
// number and review window. The obligation keeps its conclusion and its accepted
// report until the correction passes itself. Refusals come as from Submit; of
// the state they are CodeNotAccepted, CodeAlreadySubmitted and
// CodeCorrectionPending.
func (s *Service) Correct(ctx context.Context, c Correct) (Receipt, error) {
	if !validKey(c.IdempotencyKey) {
		return Receipt{}, ErrBadIdempotencyKey
	}
	sum := sha256.Sum256(c.Body)
	whole := sha256.New() // the key stands for the reason too
	_, _ = fmt.Fprintf(whole, "correction\x00%s\x00", c.Reason)
	_, _ = whole.Write(c.Body)
	receipt, err := s.takeUp(ctx, taking{
		Submit: Submit{OrganisationID: c.OrganisationID, Year: c.Year, Body: c.Body, IdempotencyKey: c.IdempotencyKey,
			Declaration: c.Declaration, Actor: c.Actor},
		sha256: hex.EncodeToString(sum[:]), keySHA256: hex.EncodeToString(whole.Sum(nil)), correction: &correcting{reason: c.Reason},
	})
	if err != nil {
		return Receipt{}, fmt.Errorf("correct report %d of %s: %w", c.Year, c.OrganisationID, err)
	}
	return receipt, nil
}

// correcting is what makes a submission on its way in a correction.
type correcting struct {
	reason   string
	sections []string // titles of those that differ from the accepted report
}

// examineCorrection compares the correction with the accepted report. Where
// there is none the state refuses it later.
func (s *Service) examineCorrection(ctx context.Context, t taking) error {
	o := &t.target.obligation
	if !o.Status.Accepted() || !o.SubmissionID.Valid {
		return nil
	}
	accepted, err := SubmissionBody(ctx, s.db, o.SubmissionID.UUID)
	if err != nil {
		return err
	}
	f, err := s.forms.Form(o.Form)
	if err != nil {
		return err
	}
	before, _, err := f.Decode(accepted, form.DefaultLimits)
	if err != nil {
		return fmt.Errorf("read the accepted report: %w", err)
	}
	after, _, err := f.Decode(t.Body, form.DefaultLimits)
	if err != nil {
		return err
	}
	t.correction.sections = changedSections(f, before.Values, after.Values)
	if len(t.correction.sections) == 0 {
		return ErrNothingCorrected
	}
	return nil
}

// changedSections lists the titles of the sections in which two reports differ, in the order of the form.
func changedSections(f *form.Form, before, after form.Values) []string {
	var titles []string
	told := map[*form.Section]bool{}
	for _, field := range f.ValueFields() {
		key, section := field.FullKey(), field.Section
		if section == nil && field.Parent != nil {
			section = field.Parent.Section
		}
		if section == nil || told[section] || reflect.DeepEqual(before[key], after[key]) {
			continue
		}
		told[section] = true
		titles = append(titles, section.Title)
	}
	return titles
}

// correctionRefusal says why no correction is taken now, nil if one is.
func (t *target) correctionRefusal() error {
	if t.planned() {
		return t.notOpen()
	}
	return cannotCorrect(&t.obligation)
}

func cannotCorrect(o *Obligation) error {
	switch {
	case o.CorrectionID.Valid:
		return correctionPending(o.ReportYear)
	case o.Status == StatusSubmitted:
		return &StateError{CodeAlreadySubmitted, fmt.Sprintf("%d年度报告正在审查，还不能更正。请在审查开始前撤回，或者等待审查结果。", o.ReportYear)}
	case !o.Status.Accepted() || !o.SubmissionID.Valid:
		return &StateError{CodeNotAccepted, fmt.Sprintf("%d年度报告的状态为“%s”，没有可以更正的合格报告。", o.ReportYear, o.Status.Label())}
	}
	return nil
}

func correctionPending(year int) *StateError {
	return &StateError{CodeCorrectionPending, fmt.Sprintf("%d年度报告的更正正在审查。请等待审查结果，或者在审查开始前撤回。", year)}
}

// storeCorrection puts down what the submission corrects; what was being
// written for it is done with.
func storeCorrection(ctx context.Context, tx *postgres.Tx, t taking, submissionID uuid.UUID) error {
	o := &t.target.obligation
	_, err := tx.ExecContext(ctx, `INSERT INTO correction (submission_id, obligation_id, corrects_id, report_id, reason, sections)
		VALUES ($1, $2, $3, coalesce((SELECT report_id FROM correction WHERE submission_id = $3), $3), $4, $5)`,
		submissionID, o.ID, o.SubmissionID.UUID, t.correction.reason, pq.Array(t.correction.sections))
	if err != nil {
		return fmt.Errorf("store correction: %w", err)
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM correction_draft WHERE obligation_id = $1`, o.ID); err != nil {
		return fmt.Errorf("end the correction's draft: %w", err)
	}
	return nil
}

// Correction is what a submission of the kind correction corrects, and why.
type Correction struct {
	SubmissionID uuid.UUID      `db:"submission_id"`
	ObligationID uuid.UUID      `db:"obligation_id"`
	CorrectsID   uuid.UUID      `db:"corrects_id"` // the submission that was accepted when it was made
	ReportID     uuid.UUID      `db:"report_id"`   // the report that was accepted first
	Reason       string         `db:"reason"`
	Sections     pq.StringArray `db:"sections"`   // titles of the sections that differ, in the form's order
	AdoptedAt    *time.Time     `db:"adopted_at"` // when it took the accepted one's place; nil: it did not
}

const selectCorrection = `SELECT k.submission_id, k.obligation_id, k.corrects_id, k.report_id, k.reason, k.sections, k.adopted_at FROM correction k `

// CorrectionOf finds what a submission corrects; ErrNotFound for one that corrects nothing.
func CorrectionOf(ctx context.Context, q postgres.Queryer, submissionID uuid.UUID) (Correction, error) {
	var c Correction
	err := q.GetContext(ctx, &c, selectCorrection+`WHERE k.submission_id = $1`, submissionID)
	if postgres.IsNoRows(err) {
		return c, ErrNotFound
	}
	if err != nil {
		return c, fmt.Errorf("correction %s: %w", submissionID, err)
	}
	return c, nil
}

// CorrectionsOf lists the corrections of an obligation, the oldest first.
func CorrectionsOf(ctx context.Context, q postgres.Queryer, obligationID uuid.UUID) ([]Correction, error) {
	list := []Correction{}
	err := q.SelectContext(ctx, &list, selectCorrection+`JOIN submission s ON s.id = k.submission_id
		WHERE k.obligation_id = $1 ORDER BY s.ordinal`, obligationID)
	if err != nil {
		return nil, fmt.Errorf("corrections of %s: %w", obligationID, err)
	}
	return list, nil
}
