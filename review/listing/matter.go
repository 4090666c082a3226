package listing

import (
	"cmp"
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

// matter is a listing, locked, with the obligation it is about, locked too, and all that its documents state.
type matter struct {
	Listing
	ObligationStatus  filing.Status  `db:"obligation_status"`
	OverdueAfter      workday.Date   `db:"overdue_after"`
	SeasonID          uuid.UUID      `db:"season_id"`
	Type              registry.Type  `db:"type"`
	DueOn             workday.Date   `db:"due_on"`
	ReturnedAt        sql.NullTime   `db:"returned_at"`
	ReceivedAt        sql.NullTime   `db:"received_at"` // of the latest report, whatever was corrected since
	Authority         string         `db:"authority"`
	Organisation      string         `db:"organisation"`
	USCC              string         `db:"uscc"`
	OrganisationType  registry.Type  `db:"organisation_type"`
	ElectronicService bool           `db:"electronic_service"`
	NoticeNumber      sql.NullString `db:"notice_number"`
	NoticeInForce     bool           `db:"notice_in_force"` // issued, and neither superseded nor revoked
	NoticeIssuedAt    sql.NullTime   `db:"notice_issued_at"`
	DecisionNumber    sql.NullString `db:"decision_number"`
}

// owner is whom a matter must belong to: an authority, an organisation or, for the clock, anybody.
type owner struct {
	authority    string
	organisation uuid.NullUUID
}

const lockObligations = `SELECT id FROM obligation WHERE id IN (SELECT l.obligation_id FROM listing l WHERE l.id = ANY ($1::uuid[])
	AND ($2 = '' OR l.authority_code = $2) AND ($3::uuid IS NULL OR l.organisation_id = $3)) ORDER BY id FOR NO KEY UPDATE`

const lockMatters = `SELECT ` + listingColumns + `, o.status AS obligation_status, o.overdue_after, o.season_id, o.type, o.due_on,
	st.updated_at AS returned_at, sb.received_at, coalesce(a.name, '') AS authority, g.name AS organisation, g.uscc,
	g.type AS organisation_type, g.electronic_service, n.number AS notice_number,
	coalesce(n.state = 'issued' AND ns.standing = 'in_force', false) AS notice_in_force, nd.created_at AS notice_issued_at,
	d.number AS decision_number
FROM listing l
JOIN obligation o ON o.id = l.obligation_id
JOIN organisation g ON g.id = l.organisation_id
LEFT JOIN authority a ON a.code = l.authority_code
LEFT JOIN document_order n ON n.id = l.notice_id
LEFT JOIN document nd ON nd.id = l.notice_id
LEFT JOIN document_standing ns ON ns.document_id = l.notice_id
LEFT JOIN document_order d ON d.id = l.decision_id
LEFT JOIN correction k ON k.submission_id = o.submission_id
LEFT JOIN submission sb ON sb.id = coalesce(k.report_id, o.submission_id)
LEFT JOIN submission_standing st ON o.status = 'returned' AND st.submission_id = o.submission_id AND st.status = 'returned'
WHERE l.id = ANY ($1::uuid[]) AND ($2 = '' OR l.authority_code = $2) AND ($3::uuid IS NULL OR l.organisation_id = $3)
ORDER BY l.id FOR NO KEY UPDATE OF l`

// lock locks the obligations and then the listings, and reads both as they are once locked: the second statement sees
// whatever a submission that held an obligation has committed.
func (by owner) lock(ctx context.Context, tx *postgres.Tx, ids ...uuid.UUID) ([]matter, error) {
	args := []any{pq.Array(ids), by.authority, by.organisation}
	if _, err := tx.ExecContext(ctx, lockObligations, args...); err != nil {
		return nil, fmt.Errorf("lock obligations: %w", err)
	}
	var matters []matter
	if err := tx.SelectContext(ctx, &matters, lockMatters, args...); err != nil {
		return nil, fmt.Errorf("lock listings: %w", err)
	}
	return matters, nil
}

// lockOne is lock for one person's act; ErrNotFound where the matter is not theirs.
func (by owner) lockOne(ctx context.Context, tx *postgres.Tx, id uuid.UUID) (*matter, error) {
	if by.authority == "" && !by.organisation.Valid {
		return nil, ErrNotFound // whoever belongs to nobody owns nothing
	}
	matters, err := by.lock(ctx, tx, id)
	if err != nil {
		return nil, err
	}
	if len(matters) == 0 {
		return nil, ErrNotFound
	}
	return &matters[0], nil
}

func (m *matter) party() document.Party {
	return document.Party{Authority: m.Authority, Organisation: m.Organisation, USCC: m.USCC,
		OrganisationType: m.OrganisationType.Label(), ReportYear: m.ReportYear}
}

// overdue tells whether the obligation is overdue on the day, by filing's rule.
func (m *matter) overdue(day workday.Date) bool { return filing.Overdue(m.OverdueAfter, day) }

// answerDays are the working days that the answer time was counted from, or the season's where they are not on record.
func (m *matter) answerDays(late filing.LateRule) int {
	return cmp.Or(m.StatementDays, late.StatementWorkingDays)
}

// waitForNotice moves the end of the answer time where the notice was issued after the day of its service: it was held,
// and until then there was nothing in the inbox to answer.
func (m *matter) waitForNotice(cal *workday.Calendar, late filing.LateRule) {
	if m.ServedOn.IsZero() || !m.NoticeIssuedAt.Valid {
		return
	}
	if issued := workday.DateOf(m.NoticeIssuedAt.Time); issued.After(m.ServedOn) {
		m.StatementDueOn = filing.Corrected(m.StatementDueOn, cal.Due(issued, m.answerDays(late))).Date
	}
}

// event begins an event about the matter.
func (m *matter) event(kind event.Kind, actor event.Actor, data any) event.Event {
	return event.Event{Kind: kind, Actor: actor, AuthorityCode: m.AuthorityCode, OrganisationID: event.Ref(m.OrganisationID),
		ObligationID: event.Ref(m.ObligationID), SubjectID: event.Ref(m.ID), ReportYear: m.ReportYear, Basis: m.Basis, Data: data}
}

// order begins a document about the matter, issued on the day.
func (m *matter) order(on workday.Date, facts document.Facts) document.Order {
	return document.Order{ID: id.New(on.Start()), AuthorityCode: m.AuthorityCode, OrganisationID: m.OrganisationID, SubjectID: m.ID,
		IssuedOn: on, Facts: facts}
}

// listingFacts are those of a decision to list on the day.
func (m *matter) listingFacts(on workday.Date) *document.ListingFacts {
	return &document.ListingFacts{Party: m.party(), DueOn: m.DueOn, ReturnedOn: returnedOn(m.ReturnedAt),
		NoticeNumber: m.NoticeNumber.String, ServedOn: m.ServedOn, ListedOn: on, Basis: m.Basis}
}

// withdrawal is the paper that ends the matter before any listing. It takes the place of the notice.
func (m *matter) withdrawal(on workday.Date, actor event.Actor, reason string) paper {
	order := m.order(on, &document.WithdrawalFacts{Party: m.party(), NoticeNumber: m.NoticeNumber.String, Reason: reason})
	order.SupersedesID = m.NoticeID
	return paper{order: order, inbox: m.ElectronicService, act: m.event(event.ListingWithdrawnKind, actor, event.ListingWithdrawn{
		Ground: string(m.Ground), Reason: reason, EndedOn: on, DocumentID: event.Ref(order.ID)})}
}

// decision is the paper that lists the organisation from the day on.
func (m *matter) decision(on workday.Date, actor event.Actor, facts *document.ListingFacts) paper {
	order := m.order(on, facts)
	return paper{order: order, inbox: m.ElectronicService, act: m.event(event.ListingListedKind, actor, event.ListingListed{
		Ground: string(m.Ground), ListedOn: on, DocumentID: order.ID})}
}
