package publication

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"nianbao/internal/postgres"
	"nianbao/internal/workday"
	"nianbao/review/listing"
)

// List is one of the public lists.
type List string

// The lists.
const (
	AbnormalList  List = "abnormal-list"   // 活动异常名录
	SpotCheckList List = "spot-check-list" // 抽查监督名单
)

// Title is the list's name in Chinese.
func (l List) Title() string {
	if l == SpotCheckList {
		return "抽查监督名单"
	}
	return "活动异常名录"
}

// Query asks for a page of a list, in the order of authority and day of entry.
type Query struct {
	AuthorityCode string       // "": all
	On            workday.Date // as the list stood at the end of that day; zero: today
	Limit         int          // 1 to MaxPage; else 50
	Cursor        string       // Next of the page before; "": the first page
}

// MaxPage is the most that a page holds.
const MaxPage = 200

// Row is one organisation on a list for one year.
type Row struct {
	Organisation Organisation
	Authority    Authority
	ReportYear   int
	Ground       listing.Ground
	Basis        string
	ListedOn     workday.Date
	EndedOn      workday.Date // first day off the list; zero: still on it
	Document     *Document    // the decision, or the notice of the spot check
	id           uuid.UUID
}

// Page is one page of a list; Next is "" on the last one.
type Page struct {
	On    workday.Date // the day it tells of
	Items []Row
	Next  string
}

// source is where a list comes from: the columns that its pages are ordered by are an index of the table.
type source struct {
	table    string
	entered  string // the first day on the list
	left     string // the first day off it, null while on it
	document string
	ground   string // an SQL expression
	never    string // who was never on it; the condition of the index
}

var sources = map[List]source{
	AbnormalList: {table: "listing", entered: "listed_on", left: "ended_on", document: "decision_id", ground: "t.ground",
		never: "t.listed_on IS NOT NULL AND t.status <> 'annulled'"},
	SpotCheckList: {table: "spot_check", entered: "entered_on", left: "left_on", document: "document_id", ground: "'not_filed'", never: "true"},
}

// statement reads rows that meet the condition, in the given order. What a row is about is joined once the page is cut,
// so that a page costs what it holds.
func (s source) statement(condition, order string) string {
	return fmt.Sprintf(`SELECT p.id, p.authority_code AS "authority.code", coalesce(a.name, '') AS "authority.name", p.report_year, p.ground,
	p.basis, p.listed_on, p.ended_on, g.uscc AS "organisation.uscc", g.name AS "organisation.name", g.type AS "organisation.type",
	d.number, d.verify_code
FROM (SELECT t.id, t.authority_code, t.organisation_id, t.report_year, %[5]s AS ground, t.basis, t.%[2]s AS listed_on,
		t.%[3]s AS ended_on, t.%[4]s AS document_id
	FROM %[1]s t WHERE %[6]s AND %[7]s %[8]s) AS p
JOIN organisation g ON g.id = p.organisation_id
LEFT JOIN authority a ON a.code = p.authority_code
LEFT JOIN document_order d ON d.id = p.document_id`, s.table, s.entered, s.left, s.document, s.ground, s.never, condition, order)
}

// row is a Row as it is read.
type row struct {
	ID           uuid.UUID      `db:"id"`
	Organisation Organisation   `db:"organisation"`
	Authority    Authority      `db:"authority"`
	ReportYear   int            `db:"report_year"`
	Ground       listing.Ground `db:"ground"`
	Basis        string         `db:"basis"`
	ListedOn     workday.Date   `db:"listed_on"`
	EndedOn      workday.Date   `db:"ended_on"`
	Number       sql.NullString `db:"number"`
	VerifyCode   sql.NullString `db:"verify_code"`
}

func (r row) public() Row {
	out := Row{Organisation: r.Organisation, Authority: r.Authority, ReportYear: r.ReportYear, Ground: r.Ground, Basis: r.Basis,
		ListedOn: r.ListedOn, EndedOn: r.EndedOn, id: r.ID}
	if r.Number.Valid {
		out.Document = &Document{r.Number.String, r.VerifyCode.String}
	}
	return out
}

// Page reads a page of a list as it stood at the end of a day.
func (s *Service) Page(ctx context.Context, list List, ask Query) (Page, error) {
	limit := ask.Limit
	if limit < 1 || limit > MaxPage {
		limit = 50
	}
	return s.page(ctx, list, ask, limit)
}

func (s *Service) page(ctx context.Context, list List, ask Query, limit int) (Page, error) {
	if ask.On.IsZero() {
		ask.On = workday.DateOf(s.db.Now())
	}
	from, ok := sources[list]
	if !ok {
		return Page{}, fmt.Errorf("there is no list %q", list)
	}
	condition := fmt.Sprintf(`t.%s <= $1 AND (t.%[2]s IS NULL OR t.%[2]s > $1)`, from.entered, from.left)
	args := []any{ask.On}
	if ask.AuthorityCode != "" {
		args = append(args, ask.AuthorityCode)
		condition += fmt.Sprintf(` AND t.authority_code = $%d`, len(args))
	}
	if ask.Cursor != "" {
		after, err := parseCursor(ask.Cursor)
		if err != nil {
			return Page{}, err
		}
		args = append(args, after.authority, after.entered, after.id)
		n := len(args)
		condition += fmt.Sprintf(` AND (t.authority_code, t.%s, t.id) > ($%d, $%d, $%d)`, from.entered, n-2, n-1, n)
	}
	order := fmt.Sprintf(`ORDER BY t.authority_code, t.%s, t.id LIMIT %d`, from.entered, limit+1)
	rows, err := readRows(ctx, s.db, from.statement(condition, order)+` ORDER BY p.authority_code, p.listed_on, p.id`, args...)
	if err != nil {
		return Page{}, fmt.Errorf("read %s of %s: %w", list, ask.On, err)
	}
	page := Page{On: ask.On, Items: rows}
	if len(rows) > limit {
		page.Items = rows[:limit]
		page.Next = cursorAt(rows[limit-1])
	}
	return page, nil
}

// rowsOf reads all that an organisation ever had on a list, the latest first.
func (s *Service) rowsOf(ctx context.Context, list List, organisation uuid.UUID) ([]Row, error) {
	from := sources[list]
	query := from.statement(`t.obligation_id IN (SELECT id FROM obligation WHERE organisation_id = $1)`, ``) + ` ORDER BY p.listed_on DESC, p.id DESC`
	rows, err := readRows(ctx, s.db, query, organisation)
	if err != nil {
		return nil, fmt.Errorf("read %s of %s: %w", list, organisation, err)
	}
	return rows, nil
}

func readRows(ctx context.Context, q postgres.Queryer, query string, args ...any) ([]Row, error) {
	var rows []row
	if err := q.SelectContext(ctx, &rows, query, args...); err != nil {
		return nil, err
	}
	out := make([]Row, len(rows))
	for i, r := range rows {
		out[i] = r.public()
	}
	return out, nil
}

// place is where a page ended.
type place struct {
	authority string
	entered   workday.Date
	id        uuid.UUID
}

func cursorAt(r Row) string {
	return strings.Join([]string{r.Authority.Code, r.ListedOn.String(), r.id.String()}, "~")
}

func parseCursor(cursor string) (place, error) {
	part := strings.Split(cursor, "~")
	if len(part) != 3 {
		return place{}, ErrCursor
	}
	entered, dayErr := workday.ParseDate(part[1])
	id, idErr := uuid.Parse(part[2])
	if dayErr != nil || idErr != nil || len(part[0]) != 6 || strings.Trim(part[0], "0123456789") != "" {
		return place{}, ErrCursor
	}
	return place{part[0], entered, id}, nil
}

// ExportName is the file name of an exported list, such as abnormal-list-2019-04-30.csv.
func ExportName(list List, on workday.Date, now time.Time, extension string) string {
	if on.IsZero() {
		on = workday.DateOf(now)
	}
	return string(list) + "-" + on.String() + "." + extension
}
