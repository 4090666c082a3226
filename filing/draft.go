package filing

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"nianbao/filing/check"
	"nianbao/filing/form"
	"nianbao/internal/event"
	"nianbao/internal/postgres"
)

// Draft is what a filer has written so far. Version is the ETag; 0 means that
// nothing was saved yet and Body is an empty report. What people did with it
// stands beside the body: Settled and SavedSections.
type Draft struct {
	Version       int            `db:"version"`
	Body          []byte         `db:"body"`
	UpdatedAt     time.Time      `db:"updated_at"`
	UpdatedBy     string         `db:"updated_by"`
	Settled       pq.StringArray `db:"settled"`        // keys that somebody typed, changed or confirmed
	SavedSections pq.StringArray `db:"saved_sections"` // sections saved by their button
	Submitted     bool           `db:"submitted"`      // the report was submitted at least once
}

const emptyBody = `{"values": {}}`

// SaveDraft asks to store a draft.
type SaveDraft struct {
	OrganisationID uuid.UUID
	Year           int
	Body           []byte
	IfMatch        *int     // the version that the filer saw; nil: whatever is there
	Settled        []string // keys that are typed, changed or confirmed by this save; nil: all that the body holds
	Section        string   // the section that is saved by its button, if any
	Actor          event.Actor
}

// Draft reads the draft. It stays readable after the report was submitted.
func (s *Service) Draft(ctx context.Context, organisationID uuid.UUID, year int) (Draft, error) {
	t, err := s.find(ctx, lookup{organisationID: organisationID, year: year})
	if err != nil {
		return Draft{}, err
	}
	if t.planned() {
		return Draft{}, t.notOpen()
	}
	return readDraft(ctx, s.db, t.obligation.ID)
}

func readDraft(ctx context.Context, q postgres.Queryer, obligationID uuid.UUID) (Draft, error) {
	var d Draft
	err := q.GetContext(ctx, &d, `SELECT body, version, updated_at, updated_by, settled, saved_sections,
			EXISTS (SELECT FROM submission WHERE obligation_id = $1) AS submitted
		FROM draft WHERE obligation_id = $1`, obligationID)
	if postgres.IsNoRows(err) {
		return Draft{Body: []byte(emptyBody)}, nil
	}
	if err != nil {
		return d, fmt.Errorf("draft of %s: %w", obligationID, err)
	}
	return d, nil
}

// saveSQL stores a draft if the obligation still owes a report ($5: its status
// as it was read), or no correction was submitted, and the version is the one seen. No row: one of the two is not so.
const saveSQL = `INSERT INTO draft (obligation_id, body, version, updated_at, updated_by, settled, saved_sections)
SELECT b.id, $2, 1, $3, $4, $7, $8 FROM (SELECT id FROM obligation WHERE id = $1 AND status = $5
	AND correction_id IS NULL FOR SHARE) b
WHERE $6::int IS NULL OR $6 = 0 OR EXISTS (SELECT FROM draft WHERE obligation_id = $1)
ON CONFLICT (obligation_id) DO UPDATE SET body = excluded.body, version = draft.version + 1,
	updated_at = excluded.updated_at, updated_by = excluded.updated_by,
	settled = ARRAY(SELECT unnest(draft.settled) UNION SELECT unnest(excluded.settled) ORDER BY 1),
	saved_sections = ARRAY(SELECT unnest(draft.saved_sections) UNION SELECT unnest(excluded.saved_sections) ORDER BY 1)
	WHERE $6::int IS NULL OR draft.version = $6
RETURNING version, settled, saved_sections`

// SaveDraft stores a draft, which may be incomplete but never malformed: an
// unreadable body is a *form.BodyError, an unknown key or a value of the wrong
// kind a *CheckError. It is refused with a *StateError unless a report is owed
// and taken or a correction is being written, and with ErrStale if the draft is no longer the version seen.
func (s *Service) SaveDraft(ctx context.Context, d SaveDraft) (Draft, error) {
	t, err := s.find(ctx, lookup{organisationID: d.OrganisationID, year: d.Year})
	if err != nil {
		return Draft{}, err
	}
	values, err := s.readable(t, d.Body)
	if err != nil {
		return Draft{}, err
	}
	settled, sections := d.marks(values)
	if err := t.writeRefusal(ctx, s.db, s.db.Now()); err != nil {
		return Draft{}, err
	}
	saved := Draft{Body: d.Body, UpdatedBy: d.Actor.Name}
	err = postgres.InTx(ctx, s.db, func(tx *postgres.Tx) error {
		saved.UpdatedAt = tx.Now()
		stmt, err := tx.Prepared(ctx, saveSQL)
		if err != nil {
			return err
		}
		err = stmt.GetContext(ctx, &saved, t.obligation.ID, string(d.Body), tx.Now(), d.Actor.Name,
			t.obligation.Status, d.IfMatch, settled, sections)
		if !postgres.IsNoRows(err) {
			return err
		}
		now, err := ObligationByID(ctx, tx, t.obligation.ID)
		if err == nil && now.Status != t.obligation.Status {
			return cannotFileOr(now.Status, d.Year)
		}
		if err == nil && now.CorrectionID.Valid {
			return correctionPending(d.Year)
		}
		if err == nil {
			return ErrStale
		}
		return err
	})
	if err != nil {
		return Draft{}, fmt.Errorf("save draft %d of %s: %w", d.Year, d.OrganisationID, err)
	}
	return saved, nil
}

// marks are what a save leaves beside the body. A program that stores a draft
// stands for every value in it; a page says which ones a person meant.
func (d SaveDraft) marks(values form.Values) (settled, sections pq.StringArray) {
	settled, sections = d.Settled, pq.StringArray{}
	if d.Settled == nil {
		settled = slices.Sorted(maps.Keys(values))
	}
	if settled == nil {
		settled = pq.StringArray{}
	}
	if d.Section != "" {
		sections = append(sections, d.Section)
	}
	return settled, sections
}

// cannotFileOr is the refusal for a status that moved meanwhile.
func cannotFileOr(s Status, year int) error {
	if s.Owed() {
		return errChangedMeanwhile
	}
	return cannotFile(year, s)
}

// readable reads the body and refuses what is no report of the form at all.
func (s *Service) readable(t *target, body []byte) (form.Values, error) {
	f, err := s.forms.Form(t.obligation.Form)
	if err != nil {
		return nil, err
	}
	decoded, problems, err := f.Decode(body, form.DefaultLimits)
	if err != nil {
		return nil, err
	}
	if len(problems) == 0 {
		return decoded.Values, nil
	}
	findings := make([]check.Finding, len(problems))
	for i, p := range problems {
		findings[i] = check.Finding{Check: problemCheck(p.Code), Severity: check.Error, Keys: []string{p.Key},
			Message: p.Message, Remedy: p.Remedy, Basis: "“" + f.Title + "”填写要求"}
	}
	return nil, &CheckError{Findings: findings, draft: true}
}

func problemCheck(code string) string {
	switch code {
	case form.ProblemUnknownKey:
		return check.CodeUnknown
	case form.ProblemOption, form.ProblemRepeat:
		return check.CodeOption
	case form.ProblemRows:
		return check.CodeRows
	case form.ProblemCharacter:
		return check.CodeCharacter
	}
	return check.CodeKind
}

// restoreDraft makes a submission's body the draft again, so that a report that
// was returned or withdrawn goes on from what was submitted.
func restoreDraft(ctx context.Context, tx *postgres.Tx, submissionID uuid.UUID) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO draft (obligation_id, body, version, updated_at, updated_by)
		SELECT obligation_id, body, 1, $2, actor_name FROM submission WHERE id = $1
		ON CONFLICT (obligation_id) DO UPDATE SET body = excluded.body, version = draft.version + 1,
			updated_at = excluded.updated_at, updated_by = excluded.updated_by`, submissionID, tx.Now())
	if err != nil {
		return fmt.Errorf("restore draft from submission %s: %w", submissionID, err)
	}
	return nil
}
