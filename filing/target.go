package filing

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"nianbao/filing/check"
	"nianbao/filing/form"
	"nianbao/internal/postgres"
	"nianbao/internal/registry"
	"nianbao/internal/workday"
)

// target is what a filer's call is about: the organisation, its obligation for
// the year and the season, read in one statement so that all of it agrees.
type target struct {
	org        registry.Organisation
	obligation Obligation // the zero value while the season is only planned
	season     Season
	period     FilingPeriod
	prior      *Accepted   // last year's accepted report, nil if there is none or it was not asked for
	remembered *remembered // what the idempotency key stands for, nil if it is new
}

// planned tells that the season is known for the organisation but has not opened.
func (t *target) planned() bool { return t.obligation.ID == uuid.Nil }

// remembered is an answer given before under the same key.
type remembered struct {
	bodySHA256 string
	receipt    Receipt
}

// answer gives the remembered receipt for the same body, else ErrIdempotencyConflict.
func (r *remembered) answer(bodySHA256 string) (Receipt, error) {
	if r.bodySHA256 != bodySHA256 {
		return Receipt{}, ErrIdempotencyConflict
	}
	return r.receipt, nil
}

// lookup says what a target is wanted for.
type lookup struct {
	organisationID uuid.UUID
	year           int
	key            string // idempotency key, "" for none
	prior          bool   // last year's accepted report too
}

type targetRow struct {
	Org         registry.Organisation `db:"o"`
	Obligation  Obligation            `db:"b"`
	Season      seasonRow             `db:"s"`
	NextOpensOn workday.Date          `db:"next_opens_on"`
	PriorForm   sql.NullString        `db:"prior_form"`
	PriorBody   []byte                `db:"prior_body"`
	KeyBody     sql.NullString        `db:"key_body"`
	KeySub      uuid.NullUUID         `db:"key_submission"`
	ReceiptNo   sql.NullString        `db:"receipt_no"`
	ReceiptSHA  sql.NullString        `db:"receipt_sha256"`
	ReceivedAt  sql.NullTime          `db:"received_at"`
	ReviewDue   workday.Date          `db:"review_due_on"`
	ReviewProv  sql.NullBool          `db:"review_due_provisional"`
}

const targetSQL = `SELECT
	o.id AS "o.id", o.uscc AS "o.uscc", o.name AS "o.name", o.type AS "o.type", o.registered_on AS "o.registered_on",
	o.authority_code AS "o.authority_code", o.status AS "o.status", o.legal_representative AS "o.legal_representative",
	o.registered_capital_fen AS "o.registered_capital_fen", o.business_scope AS "o.business_scope",
	o.registration_no AS "o.registration_no", o.domicile AS "o.domicile", o.contact_name AS "o.contact_name",
	o.contact_phone AS "o.contact_phone", o.sponsor AS "o.sponsor", o.charity AS "o.charity",
	o.public_fundraising AS "o.public_fundraising",
	b.id AS "b.id", b.authority_code AS "b.authority_code", b.organisation_id AS "b.organisation_id",
	b.season_id AS "b.season_id", b.report_year AS "b.report_year", b.type AS "b.type", b.form AS "b.form",
	b.status AS "b.status", b.opens_on AS "b.opens_on", b.due_on AS "b.due_on", b.due_provisional AS "b.due_provisional",
	b.extended_to AS "b.extended_to", b.resubmit_by AS "b.resubmit_by", b.resubmit_provisional AS "b.resubmit_provisional",
	b.overdue_after AS "b.overdue_after", b.held_until AS "b.held_until", b.submission_id AS "b.submission_id", b.correction_id AS "b.correction_id", b.submissions AS "b.submissions",
	b.version AS "b.version",
	s.id AS "s.id", s.authority_code AS "s.authority_code", s.report_year AS "s.report_year", s.regime AS "s.regime",
	s.opens_on AS "s.opens_on", s.due_on AS "s.due_on", s.late_until AS "s.late_until", s.state AS "s.state", s.spec AS "s.spec",
	s.version AS "s.version",
	(SELECT min(n.opens_on) FROM season_type t JOIN season n ON n.id = t.season_id
		WHERE t.authority_code = b.authority_code AND t.report_year > b.report_year AND t.type = b.type) AS next_opens_on,
	p.form AS prior_form, p.body AS prior_body,
	i.body_sha256 AS key_body, i.submission_id AS key_submission, r.receipt_no, r.sha256 AS receipt_sha256, r.received_at, r.review_due_on,
	r.review_due_provisional
FROM obligation b
JOIN organisation o ON o.id = b.organisation_id
JOIN season s ON s.id = b.season_id
LEFT JOIN accepted_report p ON $4 AND p.organisation_id = b.organisation_id AND p.report_year = b.report_year - 1
LEFT JOIN idempotency i ON i.organisation_id = b.organisation_id AND i.report_year = b.report_year AND i.key = $3
LEFT JOIN submission r ON r.id = i.submission_id
WHERE b.organisation_id = $1 AND b.report_year = $2`

// find reads the target. A year whose season is known for the organisation but
// has not opened gives a planned target, any other year without an obligation ErrNotFound.
func (s *Service) find(ctx context.Context, l lookup) (*target, error) {
	stmt, err := s.db.Prepared(ctx, targetSQL)
	if err != nil {
		return nil, fmt.Errorf("find report %d of %s: %w", l.year, l.organisationID, err)
	}
	var row targetRow
	err = stmt.GetContext(ctx, &row, l.organisationID, l.year, l.key, l.prior)
	if postgres.IsNoRows(err) {
		return s.findPlanned(ctx, l)
	}
	if err != nil {
		return nil, fmt.Errorf("find report %d of %s: %w", l.year, l.organisationID, err)
	}
	season, err := row.Season.season()
	if err != nil {
		return nil, err
	}
	t := &target{org: row.Org, obligation: row.Obligation, season: season, period: FilingPeriod{
		OpensOn: row.Obligation.OpensOn, LateUntil: season.LateUntil, NextOpensOn: row.NextOpensOn,
		OverdueAfter: row.Obligation.OverdueAfter, HeldUntil: row.Obligation.HeldUntil}}
	if row.PriorForm.Valid {
		t.prior = &Accepted{Form: row.PriorForm.String, Body: row.PriorBody}
	}
	if row.KeySub.Valid {
		earlier := Submission{ID: row.KeySub.UUID, ReceiptNo: row.ReceiptNo.String, ReceivedAt: row.ReceivedAt.Time,
			ToldDueOn: row.ReviewDue, ToldDueProvisional: row.ReviewProv.Bool, SHA256: row.ReceiptSHA.String}
		t.remembered = &remembered{row.KeyBody.String, earlier.Receipt()}
	}
	return t, nil
}

// findPlanned looks for a season that will bind the organisation but gave it no obligation yet.
func (s *Service) findPlanned(ctx context.Context, l lookup) (*target, error) {
	org, err := registry.OrganisationByID(ctx, s.db, l.organisationID)
	if errors.Is(err, registry.ErrNotFound) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	season, err := SeasonFor(ctx, s.db, org.AuthorityCode, l.year, org.Type)
	if err != nil {
		return nil, err
	}
	if !season.Rules.Binds(org) {
		return nil, ErrNotFound
	}
	t := &target{org: org, season: season}
	t.obligation.Form, t.obligation.OpensOn, t.obligation.ReportYear = season.Rules.Forms[org.Type], season.OpensOn, l.year
	return t, nil
}

// refusal says why no report is taken now, nil if one is.
func (t *target) refusal(now time.Time) error {
	day := workday.DateOf(now)
	switch {
	case t.planned() || day.Before(t.period.OpensOn):
		return t.notOpen()
	case !t.obligation.Status.Owed():
		return cannotFile(t.obligation.ReportYear, t.obligation.Status)
	case !t.period.Takes(day):
		return &StateError{CodeNotOpen, fmt.Sprintf("%d年度报告的补报期已于%s结束，不再接收报告。请联系登记管理机关。",
			t.obligation.ReportYear, t.period.LastDay().Chinese())}
	}
	return nil
}

// writeRefusal says why the draft and its files cannot be worked on now, nil if
// they can: while a report is owed and taken, or a correction is being written.
func (t *target) writeRefusal(ctx context.Context, q postgres.Queryer, now time.Time) error {
	o := &t.obligation
	if !o.Status.Accepted() {
		return t.refusal(now)
	}
	if o.CorrectionID.Valid {
		return correctionPending(o.ReportYear)
	}
	_, err := CorrectionDraftOf(ctx, q, o.ID)
	if errors.Is(err, ErrNotFound) {
		return cannotFile(o.ReportYear, o.Status)
	}
	return err
}

func (t *target) notOpen() error {
	if t.planned() && t.season.State == SeasonOpen { // it came onto the register after the opening, or after late filing ended
		return &StateError{CodeNotOpen, fmt.Sprintf("%d年度报告的报送名单中还没有你单位。名单每日更新，请次日再办理；仍不能办理的，请联系登记管理机关。",
			t.season.ReportYear)}
	}
	return &StateError{CodeNotOpen, fmt.Sprintf("%d年度报告将于%s开始报送，请届时再办理。",
		t.obligation.ReportYear, t.obligation.OpensOn.Chinese())}
}

// FormContext is what decides which parts of a form apply to an organisation:
// who was registered in the report year has no year before it to report.
func FormContext(registeredOn workday.Date, reportYear int, rules *Rules) form.Context {
	return form.Context{PartySection: rules.PartySection, FirstYear: registeredOn.Year() >= reportYear}
}

// FactsOf are the register's facts that form checks compare a report with.
func FactsOf(org registry.Organisation) check.Facts {
	return check.Facts{
		USCC: string(org.USCC), Name: org.Name, RegistrationNo: org.RegistrationNo,
		LegalRepresentative: org.LegalRepresentative, Domicile: org.Domicile, BusinessScope: org.BusinessScope,
		Sponsor: org.Sponsor, ContactName: org.ContactName, ContactPhone: org.ContactPhone,
		RegisteredCapital: org.RegisteredCapital, RegisteredOn: org.RegisteredOn,
		Charity: org.Charity, PublicFundraising: org.PublicFundraising,
	}
}
