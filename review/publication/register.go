package publication

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"nianbao/filing"
	"nianbao/internal/money"
	"nianbao/internal/registry"
	"nianbao/internal/workday"
)

// Search asks for a page of the register.
type Search struct {
	Query         string // see registry.SearchOptions
	AuthorityCode string // "": all
	Limit         int    // 1 to 200
	Cursor        string // Next of the page before; "": the first page
}

// Found is one line of a search.
type Found struct {
	Organisation
	Authority Authority
	Status    registry.Status
	Standing  Standing
}

// SearchPage is one page in the order of the codes; Next is "" on the last one.
type SearchPage struct {
	Items []Found
	Next  string
}

// Search finds organisations by part of the name or the beginning of the code.
func (s *Service) Search(ctx context.Context, ask Search) (SearchPage, error) {
	opts := registry.SearchOptions{Query: ask.Query, Limit: ask.Limit, Cursor: ask.Cursor}
	if ask.AuthorityCode != "" {
		opts.AuthorityCodes = []string{ask.AuthorityCode}
	}
	found, err := registry.Search(ctx, s.db, opts)
	if err != nil {
		return SearchPage{}, err
	}
	ids := make([]uuid.UUID, len(found.Organisations))
	codes := make([]string, len(found.Organisations))
	for i, o := range found.Organisations {
		ids[i], codes[i] = o.ID, o.AuthorityCode
	}
	abnormal, err := s.abnormal(ctx, ids...)
	if err != nil {
		return SearchPage{}, err
	}
	names, err := s.authorities(ctx, codes...)
	if err != nil {
		return SearchPage{}, err
	}
	page := SearchPage{Items: make([]Found, len(found.Organisations)), Next: found.Next}
	for i, o := range found.Organisations {
		page.Items[i] = Found{Organisation: named(o), Authority: names[o.AuthorityCode], Status: o.Status, Standing: Normal}
		if abnormal[o.ID] {
			page.Items[i].Standing = Abnormal
		}
	}
	return page, nil
}

func named(o registry.Organisation) Organisation {
	return Organisation{USCC: string(o.USCC), Name: o.Name, Type: o.Type}
}

// abnormal tells which of the organisations are on the abnormal-activity list now.
func (s *Service) abnormal(ctx context.Context, ids ...uuid.UUID) (map[uuid.UUID]bool, error) {
	var listed []uuid.UUID
	err := s.db.SelectContext(ctx, &listed, `SELECT DISTINCT organisation_id FROM listing
		WHERE status = 'listed' AND organisation_id = ANY ($1::uuid[])`, pq.Array(ids))
	if err != nil {
		return nil, fmt.Errorf("standing of %d organisations: %w", len(ids), err)
	}
	set := make(map[uuid.UUID]bool, len(listed))
	for _, id := range listed {
		set[id] = true
	}
	return set, nil
}

func (s *Service) authorities(ctx context.Context, codes ...string) (map[string]Authority, error) {
	var rows []Authority
	err := s.db.SelectContext(ctx, &rows, `SELECT code, name FROM authority WHERE code = ANY ($1)`, pq.Array(codes))
	if err != nil {
		return nil, fmt.Errorf("names of authorities: %w", err)
	}
	byCode := make(map[string]Authority, len(rows))
	for _, a := range rows {
		byCode[a.Code] = a
	}
	return byCode, nil
}

// Entry is an organisation's public entry.
type Entry struct {
	Organisation
	Authority           Authority
	Status              registry.Status
	Standing            Standing
	RegisteredOn        workday.Date
	LegalRepresentative string
	RegisteredCapital   *money.Fen // nil where the register does not say
	BusinessScope       string
	RegistrationNo      string
	Domicile            string
	Sponsor             string
	Charity             bool
	PublicFundraising   bool
	Filings             []Filing // the latest year first
	Listings            []Row    // of the abnormal-activity list, the latest first; past ones too
	SpotChecks          []Row    // likewise of the spot-check list
}

// Filing is what the public sees of one year's report.
type Filing struct {
	ReportYear int
	Status     filing.Status
	DueOn      workday.Date
	Overdue    bool        // today
	ReceivedAt time.Time   // of the latest report, whatever was corrected since; zero: none was received
	Conclusion *Conclusion // the one in force; nil where none was issued
	// Corrections that took the report's place, the oldest first.
	Corrections []Correction
}

// Correction is what the public sees of a correction (更正): that and where, not why and not what stood there.
type Correction struct {
	CorrectedOn workday.Date
	Sections    []string // titles of the form's sections
}

// Conclusion is what the public sees of a conclusion.
type Conclusion struct {
	Document
	Outcome  string
	IssuedOn workday.Date
}

// Entry is the entry of the organisation with that code, in letters of either case; ErrNotFound.
func (s *Service) Entry(ctx context.Context, uscc string) (Entry, error) {
	o, err := registry.OrganisationByUSCC(ctx, s.db, strings.ToUpper(uscc))
	if errors.Is(err, registry.ErrNotFound) {
		return Entry{}, ErrNotFound
	}
	if err != nil {
		return Entry{}, err
	}
	names, err := s.authorities(ctx, o.AuthorityCode)
	if err != nil {
		return Entry{}, err
	}
	e := Entry{Organisation: named(o), Authority: names[o.AuthorityCode], Status: o.Status, Standing: Normal, RegisteredOn: o.RegisteredOn,
		LegalRepresentative: o.LegalRepresentative, RegisteredCapital: o.RegisteredCapital, BusinessScope: o.BusinessScope,
		RegistrationNo: o.RegistrationNo, Domicile: o.Domicile, Sponsor: o.Sponsor, Charity: o.Charity,
		PublicFundraising: o.PublicFundraising}
	if e.Filings, err = s.filings(ctx, o.ID); err != nil {
		return Entry{}, err
	}
	if e.Listings, err = s.rowsOf(ctx, AbnormalList, o.ID); err != nil {
		return Entry{}, err
	}
	if e.SpotChecks, err = s.rowsOf(ctx, SpotCheckList, o.ID); err != nil {
		return Entry{}, err
	}
	for _, l := range e.Listings {
		if l.EndedOn.IsZero() {
			e.Standing = Abnormal
		}
	}
	return e, nil
}

// filings reads an organisation's years. The conclusion is the one in force.
func (s *Service) filings(ctx context.Context, organisation uuid.UUID) ([]Filing, error) {
	var rows []struct {
		ReportYear   int            `db:"report_year"`
		Status       filing.Status  `db:"status"`
		DueOn        workday.Date   `db:"due_on"`
		OverdueAfter workday.Date   `db:"overdue_after"` // or the last day on which it is held: nobody is shown as late for a slow sponsor
		ReceivedAt   sql.NullTime   `db:"received_at"`
		Outcome      sql.NullString `db:"outcome"`
		Number       sql.NullString `db:"number"`
		VerifyCode   sql.NullString `db:"verify_code"`
		IssuedOn     workday.Date   `db:"issued_on"`
	}
	err := s.db.SelectContext(ctx, &rows, `SELECT o.report_year, o.status, o.due_on,
		CASE WHEN o.overdue_after IS NOT NULL THEN greatest(o.overdue_after, o.held_until) END AS overdue_after, sb.received_at,
		c.outcome, c.number, d.verify_code, c.issued_on
		FROM obligation o LEFT JOIN correction k ON k.submission_id = o.submission_id
		LEFT JOIN submission sb ON sb.id = coalesce(k.report_id, o.submission_id)
		LEFT JOIN (conclusion c JOIN document_order d ON d.id = c.id) ON c.obligation_id = o.id AND c.superseded_by IS NULL
		WHERE o.organisation_id = $1 ORDER BY o.report_year DESC`, organisation)
	if err != nil {
		return nil, fmt.Errorf("filing history of %s: %w", organisation, err)
	}
	today := workday.DateOf(s.db.Now())
	filings := make([]Filing, len(rows))
	for i, r := range rows {
		filings[i] = Filing{ReportYear: r.ReportYear, Status: r.Status, DueOn: r.DueOn, Overdue: filing.Overdue(r.OverdueAfter, today)}
		if r.ReceivedAt.Valid {
			filings[i].ReceivedAt = r.ReceivedAt.Time.In(workday.Shanghai)
		}
		if r.Number.Valid {
			filings[i].Conclusion = &Conclusion{Document{r.Number.String, r.VerifyCode.String}, r.Outcome.String, r.IssuedOn}
		}
	}
	return filings, s.addCorrections(ctx, organisation, filings)
}

// addCorrections reads the corrections that passed into the years that they are of.
func (s *Service) addCorrections(ctx context.Context, organisation uuid.UUID, filings []Filing) error {
	var rows []struct {
		ReportYear int            `db:"report_year"`
		AdoptedAt  time.Time      `db:"adopted_at"`
		Sections   pq.StringArray `db:"sections"`
	}
	err := s.db.SelectContext(ctx, &rows, `SELECT o.report_year, k.adopted_at, k.sections FROM correction k
		JOIN obligation o ON o.id = k.obligation_id WHERE o.organisation_id = $1 AND k.adopted_at IS NOT NULL ORDER BY k.adopted_at`, organisation)
	if err != nil {
		return fmt.Errorf("corrections of %s: %w", organisation, err)
	}
	for _, r := range rows {
		for i := range filings {
			if filings[i].ReportYear == r.ReportYear {
				filings[i].Corrections = append(filings[i].Corrections, Correction{workday.DateOf(r.AdoptedAt), r.Sections})
			}
		}
	}
	return nil
}
