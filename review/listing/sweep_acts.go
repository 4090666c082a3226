package listing

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"nianbao/filing"
	"nianbao/internal/document"
	"nianbao/internal/event"
	"nianbao/internal/id"
	"nianbao/internal/postgres"
	"nianbao/internal/registry"
	"nianbao/internal/workday"
)

// lateFiler is an overdue obligation with all that the documents about it state.
type lateFiler struct {
	ID                uuid.UUID     `db:"id"`
	AuthorityCode     string        `db:"authority_code"`
	OrganisationID    uuid.UUID     `db:"organisation_id"`
	SeasonID          uuid.UUID     `db:"season_id"`
	ReportYear        int           `db:"report_year"`
	Type              registry.Type `db:"type"` // as bound; decides the basis
	DueOn             workday.Date  `db:"due_on"`
	ReturnedAt        sql.NullTime  `db:"returned_at"` // of the report that was returned and not refiled
	Authority         string        `db:"authority"`
	Organisation      string        `db:"organisation"`
	USCC              string        `db:"uscc"`
	OrganisationType  registry.Type `db:"organisation_type"`
	ElectronicService bool          `db:"electronic_service"`
	reached
}

func (f *lateFiler) party() document.Party {
	return document.Party{Authority: f.Authority, Organisation: f.Organisation, USCC: f.USCC,
		OrganisationType: f.OrganisationType.Label(), ReportYear: f.ReportYear}
}

// returnedOn is the day of the return, zero if no report was returned.
func returnedOn(at sql.NullTime) workday.Date {
	if !at.Valid {
		return workday.Date{}
	}
	return workday.DateOf(at.Time)
}

// ruling is what a season means for its late filers on one day.
type ruling struct {
	rules    *filing.Rules
	today    workday.Date
	answerBy workday.Due // for a notice that is served today
}

// lateActs collects the acts of one batch, a slice for each table.
type lateActs struct {
	listings  []openedListing
	spots     []openedCase
	penalties []openedCase
}

// openedCase is a row to come of spot_check or penalty_case.
type openedCase struct {
	filer *lateFiler
	basis string
	paper paper
}

// openedListing is a row to come of listing.
type openedListing struct {
	openedCase
	immediate  bool
	answerDays int // working days to answer a notice
}

// add decides what is to be done for one late filer: three acts, each for itself.
func (a *lateActs) add(f *lateFiler, r ruling) {
	if !f.Noticed {
		a.listings = append(a.listings, r.listing(f))
	}
	if r.rules.Late.SpotCheckList && !f.OnList {
		basis := r.rules.Basis(filing.BasisSpotCheckList, f.Type)
		opened := r.open(f, basis, &document.SpotCheckFacts{Party: f.party(), DueOn: f.DueOn,
			ReturnedOn: returnedOn(f.ReturnedAt), EnteredOn: r.today, Basis: basis})
		opened.paper.act.Kind = event.SpotCheckEnteredKind
		opened.paper.act.Data = event.SpotCheckEntered{EnteredOn: r.today, DocumentID: event.Ref(opened.paper.order.ID)}
		a.spots = append(a.spots, opened)
	}
	if r.rules.Late.PenaltyCase && !f.Penalised {
		basis := r.rules.Basis(filing.BasisPenaltyCase, f.Type)
		opened := r.open(f, basis, &document.PenaltyFacts{Party: f.party(), DueOn: f.DueOn,
			ReturnedOn: returnedOn(f.ReturnedAt), OpenedOn: r.today, Basis: basis})
		opened.paper.act.Kind = event.PenaltyOpenedKind
		opened.paper.act.Data = event.PenaltyOpened{OpenedOn: r.today, DocumentID: event.Ref(opened.paper.order.ID)}
		a.penalties = append(a.penalties, opened)
	}
}

// listing opens the matter of the abnormal-activity list: by a prior notice, or by the listing itself where the season
// names the law that allows it.
func (r ruling) listing(f *lateFiler) openedListing {
	late := r.rules.Late
	if late.AbnormalList == filing.ListingImmediate {
		basis := r.rules.Basis(filing.BasisImmediate, f.Type)
		opened := r.open(f, basis, &document.ListingFacts{Party: f.party(), DueOn: f.DueOn,
			ReturnedOn: returnedOn(f.ReturnedAt), ListedOn: r.today, Basis: basis})
		opened.paper.act.Kind = event.ListingListedKind
		opened.paper.act.Data = event.ListingListed{Ground: string(GroundNotFiled), ListedOn: r.today, DocumentID: opened.paper.order.ID}
		return openedListing{openedCase: opened, immediate: true}
	}
	basis := r.rules.Basis(filing.BasisAbnormalList, f.Type)
	opened := r.open(f, basis, &document.PriorNoticeFacts{Party: f.party(), DueOn: f.DueOn,
		ReturnedOn: returnedOn(f.ReturnedAt), AsOf: r.today, StatementDays: late.StatementWorkingDays,
		WithdrawIfFiled: late.WithdrawIfFiled, Basis: basis})
	opened.paper.act.Kind = event.ListingNotifiedKind
	opened.paper.act.Data = event.ListingNotified{Ground: string(GroundNotFiled), NotifiedOn: r.today, DocumentID: opened.paper.order.ID}
	opened.paper.answerBy = r.answerBy
	return openedListing{openedCase: opened, answerDays: late.StatementWorkingDays}
}

// open begins an act on a late filer; the caller says what kind of event it is.
func (r ruling) open(f *lateFiler, basis string, facts document.Facts) openedCase {
	subject := id.New(r.today.Start())
	return openedCase{filer: f, basis: basis, paper: paper{
		inbox: f.ElectronicService,
		order: document.Order{ID: id.New(r.today.Start()), AuthorityCode: f.AuthorityCode, OrganisationID: f.OrganisationID, SubjectID: subject,
			IssuedOn: r.today, Facts: facts},
		act: event.Event{Actor: sweeper, AuthorityCode: f.AuthorityCode, OrganisationID: event.Ref(f.OrganisationID),
			ObligationID: event.Ref(f.ID), SubjectID: event.Ref(subject), ReportYear: f.ReportYear, Basis: basis},
	}}
}

// caseColumns holds rows to come turned round, one slice a column, as unnest wants them.
type caseColumns struct {
	ids, obligations, authorities, organisations, bases, documents []string
	years                                                          []int64
}

func (c *caseColumns) add(o *openedCase) {
	c.ids = append(c.ids, o.paper.order.SubjectID.String())
	c.obligations = append(c.obligations, o.filer.ID.String())
	c.authorities = append(c.authorities, o.filer.AuthorityCode)
	c.organisations = append(c.organisations, o.filer.OrganisationID.String())
	c.years = append(c.years, int64(o.filer.ReportYear))
	c.bases = append(c.bases, o.basis)
	c.documents = append(c.documents, o.paper.order.ID.String())
}

func (c *caseColumns) args(today workday.Date, tx *postgres.Tx) []any {
	return []any{pq.Array(c.ids), pq.Array(c.obligations), pq.Array(c.authorities), pq.Array(c.organisations),
		pq.Array(c.years), pq.Array(c.bases), pq.Array(c.documents), today, tx.Now()}
}

const fromCases = ` FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::uuid[], $5::integer[], $6::text[], $7::uuid[])
	AS u (id, obligation_id, authority_code, organisation_id, report_year, basis, document_id)`

const insertSpotChecks = `INSERT INTO spot_check (id, obligation_id, authority_code, organisation_id, report_year, basis, document_id,
	entered_on, created_at) SELECT u.*, $8, $9` + fromCases + ` ON CONFLICT (obligation_id) DO NOTHING RETURNING id`

const insertPenalties = `INSERT INTO penalty_case (id, obligation_id, authority_code, organisation_id, report_year, basis, document_id,
	opened_on, created_at) SELECT u.*, $8, $9` + fromCases + ` ON CONFLICT (obligation_id) DO NOTHING RETURNING id`

const insertListings = `INSERT INTO listing (id, obligation_id, authority_code, organisation_id, report_year, ground, basis,
	status, notified_on, notice_id, served_on, statement_due_on, statement_due_provisional, statement_days, listed_on,
	decision_id, created_at, updated_at)
SELECT u.id, u.obligation_id, u.authority_code, u.organisation_id, u.report_year, 'not_filed', u.basis,
	CASE WHEN u.immediate THEN 'listed' ELSE 'notified' END, $8, CASE WHEN NOT u.immediate THEN u.document_id END,
	CASE WHEN u.answer_by IS NOT NULL THEN $8::date END, u.answer_by, u.provisional, u.answer_days,
	CASE WHEN u.immediate THEN $8::date END, CASE WHEN u.immediate THEN u.document_id END, $9, $9
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::uuid[], $5::integer[], $6::text[], $7::uuid[], $10::boolean[],
	$11::date[], $12::boolean[], $13::integer[])
	AS u (id, obligation_id, authority_code, organisation_id, report_year, basis, document_id, immediate, answer_by, provisional,
	answer_days)
ON CONFLICT (organisation_id, ground, report_year) WHERE status IN ('notified', 'listed') DO NOTHING RETURNING id`

// write inserts the rows, tells of them and orders their documents. A row that another node was quicker with is left
// out, and with it its event and its document.
func (a *lateActs) write(ctx context.Context, tx *postgres.Tx, today workday.Date) (SweepSummary, error) {
	var sum SweepSummary
	listings, err := a.writeListings(ctx, tx, today, &sum)
	if err != nil {
		return sum, fmt.Errorf("open %d listings: %w", len(a.listings), err)
	}
	spots, err := writeCases(ctx, tx, today, insertSpotChecks, a.spots)
	if err != nil {
		return sum, fmt.Errorf("enter %d spot checks: %w", len(a.spots), err)
	}
	penalties, err := writeCases(ctx, tx, today, insertPenalties, a.penalties)
	if err != nil {
		return sum, fmt.Errorf("open %d penalty cases: %w", len(a.penalties), err)
	}
	sum.SpotChecks, sum.Penalties = len(spots), len(penalties)
	return sum, issue(ctx, tx, append(append(listings, spots...), penalties...))
}

func (a *lateActs) writeListings(ctx context.Context, tx *postgres.Tx, today workday.Date, sum *SweepSummary) ([]paper, error) {
	if len(a.listings) == 0 {
		return nil, nil
	}
	var c caseColumns
	immediate := make([]bool, len(a.listings))
	answerBy := make([]sql.NullString, len(a.listings))
	answerDays := make([]sql.NullInt64, len(a.listings))
	provisional := make([]bool, len(a.listings))
	for i := range a.listings {
		o := &a.listings[i]
		c.add(&o.openedCase)
		immediate[i] = o.immediate
		if o.paper.inbox && !o.immediate {
			answerBy[i] = sql.NullString{String: o.paper.answerBy.Date.String(), Valid: true}
			provisional[i] = o.paper.answerBy.Provisional
			answerDays[i] = sql.NullInt64{Int64: int64(o.answerDays), Valid: true}
		}
	}
	opened, err := returnedIDs(ctx, tx, insertListings, append(c.args(today, tx),
		pq.Array(immediate), pq.Array(answerBy), pq.Array(provisional), pq.Array(answerDays))...)
	if err != nil {
		return nil, err
	}
	var papers []paper
	for i := range a.listings {
		if o := &a.listings[i]; opened[o.paper.order.SubjectID] {
			papers = append(papers, o.paper)
			if o.immediate {
				sum.Listed++
			} else {
				sum.Notified++
			}
		}
	}
	return papers, nil
}

func writeCases(ctx context.Context, tx *postgres.Tx, today workday.Date, insert string, cases []openedCase) ([]paper, error) {
	if len(cases) == 0 {
		return nil, nil
	}
	var c caseColumns
	for i := range cases {
		c.add(&cases[i])
	}
	opened, err := returnedIDs(ctx, tx, insert, c.args(today, tx)...)
	if err != nil {
		return nil, err
	}
	var papers []paper
	for i := range cases {
		if opened[cases[i].paper.order.SubjectID] {
			papers = append(papers, cases[i].paper)
		}
	}
	return papers, nil
}

// returnedIDs runs a statement that returns ids.
func returnedIDs(ctx context.Context, tx *postgres.Tx, query string, args ...any) (map[uuid.UUID]bool, error) {
	var ids []uuid.UUID
	if err := tx.SelectContext(ctx, &ids, query, args...); err != nil {
		return nil, err
	}
	set := make(map[uuid.UUID]bool, len(ids))
	for _, id := range ids {
		set[id] = true
	}
	return set, nil
}
