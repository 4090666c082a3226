package listing

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"nianbao/internal/registry"
	"nianbao/internal/workday"
)

// SpotCheckStatus is where an entry of the spot-check list stands (contract §5).
type SpotCheckStatus string

// The statuses of an entry.
const (
	OnList    SpotCheckStatus = "on_list"
	Drawn     SpotCheckStatus = "drawn"
	Inspected SpotCheckStatus = "inspected"
	Cleared   SpotCheckStatus = "cleared"
)

// Label is the status in Chinese.
func (s SpotCheckStatus) Label() string {
	return map[SpotCheckStatus]string{OnList: "在名单上", Drawn: "已抽中", Inspected: "已检查", Cleared: "已移出"}[s]
}

// PenaltyStatus is where a penalty case stands (contract §5).
type PenaltyStatus string

// The statuses of a case.
const (
	PenaltyOpened   PenaltyStatus = "opened"
	PenaltyNotified PenaltyStatus = "notified"
	PenaltyDecided  PenaltyStatus = "decided"
	PenaltySpared   PenaltyStatus = "spared"
	PenaltyClosed   PenaltyStatus = "closed"
)

// Label is the status in Chinese.
func (s PenaltyStatus) Label() string {
	return map[PenaltyStatus]string{PenaltyOpened: "已立案", PenaltyNotified: "已告知", PenaltyDecided: "已决定",
		PenaltySpared: "不予处罚", PenaltyClosed: "已结案"}[s]
}

// SpotCheck is an entry of the spot-check list.
type SpotCheck struct {
	CaseFacts
	Status    SpotCheckStatus `db:"status"`
	EnteredOn workday.Date    `db:"day"`
	LeftOn    workday.Date    `db:"left_on"` // zero while on the list
}

// PenaltyCase is an opened penalty case.
type PenaltyCase struct {
	CaseFacts
	Status   PenaltyStatus `db:"status"`
	OpenedOn workday.Date  `db:"day"`
}

// CaseFacts are what a spot check and a penalty case both have.
type CaseFacts struct {
	ID               uuid.UUID     `db:"id"`
	ObligationID     uuid.UUID     `db:"obligation_id"`
	AuthorityCode    string        `db:"authority_code"`
	OrganisationID   uuid.UUID     `db:"organisation_id"`
	ReportYear       int           `db:"report_year"`
	Basis            string        `db:"basis"`
	DocumentID       uuid.NullUUID `db:"document_id"`
	Version          int           `db:"version"`
	OrganisationName string        `db:"organisation_name"`
	OrganisationUSCC string        `db:"organisation_uscc"`
	OrganisationType registry.Type `db:"organisation_type"`
}

// CaseQuery asks for a page of spot checks or penalty cases, the oldest first.
type CaseQuery struct {
	Owner
	Limit  int    // 1 to 200; else 50
	Cursor string // Next of the page before; "": the first page
}

const caseColumnList = `l.id, l.obligation_id, l.authority_code, l.organisation_id, l.report_year, l.basis, l.document_id,
	l.version, l.status, g.name AS organisation_name, g.uscc AS organisation_uscc, g.type AS organisation_type, `

// SpotChecks reads a page of the owner's entries of the spot-check list. next is "" on the last page.
func (s *Service) SpotChecks(ctx context.Context, ask CaseQuery) (items []SpotCheck, next string, err error) {
	items = []SpotCheck{}
	limit, err := s.cases(ctx, ask, &items, caseColumnList+`l.entered_on AS day, l.left_on FROM spot_check l`, `l.entered_on`)
	if err != nil {
		return nil, "", fmt.Errorf("list spot checks: %w", err)
	}
	if len(items) > limit {
		items = items[:limit]
		next = caseCursor(items[limit-1].EnteredOn, items[limit-1].ID)
	}
	return items, next, nil
}

// PenaltyCases reads a page of the owner's penalty cases. next is "" on the last page.
func (s *Service) PenaltyCases(ctx context.Context, ask CaseQuery) (items []PenaltyCase, next string, err error) {
	items = []PenaltyCase{}
	limit, err := s.cases(ctx, ask, &items, caseColumnList+`l.opened_on AS day FROM penalty_case l`, `l.opened_on`)
	if err != nil {
		return nil, "", fmt.Errorf("list penalty cases: %w", err)
	}
	if len(items) > limit {
		items = items[:limit]
		next = caseCursor(items[limit-1].OpenedOn, items[limit-1].ID)
	}
	return items, next, nil
}

func caseCursor(day workday.Date, id uuid.UUID) string { return day.String() + "~" + id.String() }

// cases reads one row more than the page holds, by key, and gives the page's size.
func (s *Service) cases(ctx context.Context, ask CaseQuery, into any, from, day string) (limit int, err error) {
	where, args := ask.where()
	if ask.Cursor != "" {
		text, id, _ := strings.Cut(ask.Cursor, "~")
		after, dayErr := workday.ParseDate(text)
		afterID, idErr := uuid.Parse(id)
		if dayErr != nil || idErr != nil {
			return 0, ErrCursor
		}
		args = append(args, after, afterID)
		where += ` AND (` + day + `, l.id) > ($2, $3)`
	}
	limit = pageLimit(ask.Limit)
	query := fmt.Sprintf(`SELECT %s JOIN organisation g ON g.id = l.organisation_id WHERE %s ORDER BY %s, l.id LIMIT %d`, from, where, day, limit+1)
	return limit, s.db.SelectContext(ctx, into, query, args...)
}
