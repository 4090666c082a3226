package filing

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"nianbao/internal/event"
	"nianbao/internal/postgres"
	"nianbao/internal/registry"
	"nianbao/internal/workday"
)

// Obligation is one organisation's duty to report for one year. Its days are
// as duedate.go computed them when they were last written.
type Obligation struct {
	ID                  uuid.UUID     `db:"id"`
	AuthorityCode       string        `db:"authority_code"` // at creation; never rewritten
	OrganisationID      uuid.UUID     `db:"organisation_id"`
	SeasonID            uuid.UUID     `db:"season_id"`
	ReportYear          int           `db:"report_year"`
	Type                registry.Type `db:"type"`
	Form                string        `db:"form"`
	Status              Status        `db:"status"`
	OpensOn             workday.Date  `db:"opens_on"`
	DueOn               workday.Date  `db:"due_on"`
	DueProvisional      bool          `db:"due_provisional"`
	ExtendedTo          workday.Date  `db:"extended_to"` // zero: no extension of its own
	ExtensionReason     string        `db:"extension_reason"`
	ResubmitBy          workday.Date  `db:"resubmit_by"` // of the last return; zero: none, or by the due day only
	ResubmitProvisional bool          `db:"resubmit_provisional"`
	ResubmitDays        int           `db:"resubmit_days"` // working days that ResubmitBy was counted from; 0: not on record
	OverdueAfter        workday.Date  `db:"overdue_after"` // zero while nothing is owed
	HeldUntil           workday.Date  `db:"held_until"`    // no consequences of being late up to this day; zero: not held
	ExemptReason        string        `db:"exempt_reason"`
	ExemptByRule        bool          `db:"exempt_by_rule"` // and so comes back when the rule binds again
	SubmissionID        uuid.NullUUID `db:"submission_id"`  // the latest report that was not withdrawn; once corrected, the correction
	CorrectionID        uuid.NullUUID `db:"correction_id"`  // the correction under review; the report stands as accepted meanwhile
	Submissions         int           `db:"submissions"`    // ever received, withdrawn ones too
	Version             int           `db:"version"`
	CreatedAt           time.Time     `db:"created_at"`
	UpdatedAt           time.Time     `db:"updated_at"`
}

// Overdue tells whether the obligation is overdue on the day.
func (o *Obligation) Overdue(day workday.Date) bool { return Overdue(o.OverdueAfter, day) }

// about fills an event's references to the obligation.
func (o *Obligation) about(e event.Event) event.Event {
	e.AuthorityCode = o.AuthorityCode
	e.OrganisationID = event.Ref(o.OrganisationID)
	e.ObligationID = event.Ref(o.ID)
	e.ReportYear = o.ReportYear
	return e
}

const obligationColumns = `id, authority_code, organisation_id, season_id, report_year, type, form, status, opens_on,
	due_on, due_provisional, extended_to, extension_reason, resubmit_by, resubmit_provisional,
	coalesce(resubmit_days, 0) AS resubmit_days, overdue_after, held_until, exempt_reason, exempt_by_rule, submission_id, correction_id, submissions, version, created_at, updated_at`

// ObligationsOf lists an organisation's obligations, the latest year first.
func ObligationsOf(ctx context.Context, q postgres.Queryer, organisationID uuid.UUID) ([]Obligation, error) {
	list := []Obligation{}
	const query = `SELECT ` + obligationColumns + ` FROM obligation WHERE organisation_id = $1 ORDER BY report_year DESC`
	if err := q.SelectContext(ctx, &list, query, organisationID); err != nil {
		return nil, fmt.Errorf("obligations of %s: %w", organisationID, err)
	}
	return list, nil
}

// ObligationByYear finds an organisation's obligation for a report year; ErrNotFound.
func ObligationByYear(ctx context.Context, q postgres.Queryer, organisationID uuid.UUID, year int) (Obligation, error) {
	return oneObligation(ctx, q, `WHERE organisation_id = $1 AND report_year = $2`, organisationID, year)
}

// ObligationByID finds an obligation; ErrNotFound.
func ObligationByID(ctx context.Context, q postgres.Queryer, id uuid.UUID) (Obligation, error) {
	return oneObligation(ctx, q, `WHERE id = $1`, id)
}

// lockObligation reads an authority's obligation and holds it until the transaction ends; ErrNotFound.
func lockObligation(ctx context.Context, tx *postgres.Tx, authority string, id uuid.UUID) (Obligation, error) {
	return oneObligation(ctx, tx, `WHERE authority_code = $1 AND id = $2 FOR NO KEY UPDATE`, authority, id)
}

func oneObligation(ctx context.Context, q postgres.Queryer, where string, args ...any) (Obligation, error) {
	var o Obligation
	stmt, err := q.Prepared(ctx, `SELECT `+obligationColumns+` FROM obligation `+where)
	if err != nil {
		return o, fmt.Errorf("obligation: %w", err)
	}
	err = stmt.GetContext(ctx, &o, args...)
	if postgres.IsNoRows(err) {
		return o, ErrNotFound
	}
	if err != nil {
		return o, fmt.Errorf("obligation: %w", err)
	}
	return o, nil
}

// move is one guarded change of an obligation's status. next holds the fields
// as they are to be; previous the status and version they are moved from.
type move struct {
	act      Act
	previous Obligation
	next     Obligation // Status, ResubmitBy and its like, ExemptReason, ExemptByRule, SubmissionID, CorrectionID, Submissions count
	event    event.Event
}

const moveSQL = `UPDATE obligation SET status = $4, overdue_after = $5, resubmit_by = $6, resubmit_provisional = $7,
	exempt_reason = $8, exempt_by_rule = $9, submission_id = $10, submissions = $11, version = version + 1, updated_at = $12,
	resubmit_days = nullif($13::integer, 0), correction_id = $14
WHERE id = $1 AND status = $2 AND version = $3`

// apply moves the obligation and appends the event. It is the only code that
// writes a single obligation's status; bind.go and bind_days.go have the set-based counterpart.
// The error is a *ForbiddenError outside the table, errChangedMeanwhile if the
// status or version is no longer what it was.
func (m move) apply(ctx context.Context, tx *postgres.Tx) (Obligation, error) {
	o := m.next
	if !Can(m.act, m.previous.Status, o.Status) {
		return o, &ForbiddenError{m.act, m.previous.Status, o.Status}
	}
	o.OverdueAfter = OverdueAfter(o.Status, o.DueOn, o.ResubmitBy)
	stmt, err := tx.Prepared(ctx, moveSQL)
	if err != nil {
		return o, fmt.Errorf("%s obligation %s: %w", m.act, o.ID, err)
	}
	res, err := stmt.ExecContext(ctx, o.ID, m.previous.Status, m.previous.Version, o.Status, o.OverdueAfter, o.ResubmitBy,
		o.ResubmitProvisional, o.ExemptReason, o.ExemptByRule, o.SubmissionID, o.Submissions, tx.Now(), o.ResubmitDays, o.CorrectionID)
	if err != nil {
		return o, fmt.Errorf("%s obligation %s: %w", m.act, o.ID, err)
	}
	if n, err := res.RowsAffected(); err != nil {
		return o, fmt.Errorf("%s obligation %s: %w", m.act, o.ID, err)
	} else if n != 1 {
		return o, errChangedMeanwhile
	}
	o.Version, o.UpdatedAt = m.previous.Version+1, tx.Now()
	if err := event.Append(ctx, tx, o.about(m.event)); err != nil {
		return o, fmt.Errorf("%s obligation %s: %w", m.act, o.ID, err)
	}
	return o, nil
}

// ObligationQuery asks for a page of an authority's obligations of one year.
type ObligationQuery struct {
	AuthorityCode string
	ReportYear    int
	Status        Status       // "": any
	OverdueOn     workday.Date // only those overdue on the day; zero: all
	Limit         int          // 1 to 200; else 50
	Cursor        string       // of the page before; "": the first page
}

// ObligationPage is a page in the order of status and age. Next is "" on the last one.
type ObligationPage struct {
	Items []Obligation
	Next  string
}

// ListObligations reads a page by key, so that deep pages cost what the
// first costs. A cursor that no page gave out is ErrCursor.
func ListObligations(ctx context.Context, q postgres.Queryer, ask ObligationQuery) (ObligationPage, error) {
	if ask.Limit < 1 || ask.Limit > 200 {
		ask.Limit = 50
	}
	afterStatus, afterID, err := parseObligationCursor(ask.Cursor)
	if err != nil {
		return ObligationPage{}, err
	}
	where := `authority_code = $1 AND report_year = $2 AND (status, id) > ($3, $4)`
	args := []any{ask.AuthorityCode, ask.ReportYear, afterStatus, afterID, ask.Limit + 1}
	if ask.Status != "" {
		args = append(args, ask.Status)
		where += fmt.Sprintf(` AND status = $%d`, len(args))
	}
	if !ask.OverdueOn.IsZero() {
		args = append(args, ask.OverdueOn)
		// Only who owes a report can be overdue; saying so spares reading all others.
		where += fmt.Sprintf(` AND overdue_after < $%d AND status IN ('open', 'returned')`, len(args))
	}
	page := ObligationPage{Items: []Obligation{}}
	query := `SELECT ` + obligationColumns + ` FROM obligation WHERE ` + where + ` ORDER BY status, id LIMIT $5`
	if err := q.SelectContext(ctx, &page.Items, query, args...); err != nil {
		return page, fmt.Errorf("list obligations of %s for %d: %w", ask.AuthorityCode, ask.ReportYear, err)
	}
	if len(page.Items) > ask.Limit {
		page.Items = page.Items[:ask.Limit]
		last := page.Items[ask.Limit-1]
		page.Next = string(last.Status) + "~" + last.ID.String()
	}
	return page, nil
}

func parseObligationCursor(cursor string) (Status, uuid.UUID, error) {
	if cursor == "" {
		return "", uuid.Nil, nil
	}
	status, id, ok := strings.Cut(cursor, "~")
	parsed, err := uuid.Parse(id)
	if !ok || err != nil || !Status(status).Valid() {
		return "", uuid.Nil, ErrCursor
	}
	return Status(status), parsed, nil
}
