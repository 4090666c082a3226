package review

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"nianbao/internal/registry"
	"nianbao/internal/workday"
)

// MaxPage is the most that a page of the queue holds.
const MaxPage = 200

// defaultPage is a page's size where none is asked for.
const defaultPage = 50

// Query asks for a page of an authority's reviews, those whose window ends first at the top.
type Query struct {
	AuthorityCode string
	State         State         // "": pending
	Open          bool          // pending and proposed alike, whatever State says
	Search        string        // part of the organisation's name, or its USCC
	Type          registry.Type // "": all
	ClaimedBy     string        // actor id; "": anyone's and nobody's
	Unclaimed     bool          // only those that nobody has claimed
	DueFrom       workday.Date  // only windows that end on the day or later; zero: all
	DueBefore     workday.Date  // only windows that end before the day; zero: all
	Limit         int           // 1 to MaxPage, else 50
	Cursor        string        // Next of the page before; "": the first page
}

// Item is a line of the queue.
type Item struct {
	Review
	ReceiptNo        string        `db:"receipt_no"`
	OrganisationName string        `db:"organisation_name"`
	OrganisationUSCC string        `db:"organisation_uscc"`
	OrganisationType registry.Type `db:"organisation_type"`
	// WorkingDaysLeft counts from tomorrow through the last day; negative once the window is over.
	WorkingDaysLeft int `db:"-"`
}

// Page is one page of the queue; Next is "" on the last one.
type Page struct {
	Items []Item
	Next  string
}

// Queue reads a page by key, so that deep pages cost what the first one costs.
func (s *Service) Queue(ctx context.Context, ask Query) (Page, error) {
	sql, args, limit, err := ask.statement()
	if err != nil {
		return Page{}, err
	}
	page := Page{Items: []Item{}}
	if err := s.db.SelectContext(ctx, &page.Items, sql, args...); err != nil {
		return Page{}, fmt.Errorf("review queue of %s: %w", ask.AuthorityCode, err)
	}
	if len(page.Items) > limit {
		page.Items = page.Items[:limit]
		page.Next = position{last(page.Items).DueOn, last(page.Items).ReceivedAt, last(page.Items).SubmissionID}.cursor()
	}
	today, cal := workday.DateOf(s.db.Now()), s.calendar()
	for i := range page.Items {
		page.Items[i].WorkingDaysLeft = cal.Between(today, page.Items[i].DueOn)
	}
	return page, nil
}

func last(items []Item) *Item { return &items[len(items)-1] }

const selectItem = `SELECT ` + reviewColumns + `, s.receipt_no, o.name AS organisation_name, o.uscc AS organisation_uscc,
	o.type AS organisation_type
FROM review r JOIN submission s ON s.id = r.submission_id JOIN organisation o ON o.id = r.organisation_id
WHERE `

// statement writes the query; one row more than the limit tells whether there is a next page.
func (q Query) statement() (sql string, args []any, limit int, err error) {
	var where []string
	add := func(condition string, values ...any) {
		for _, v := range values {
			args = append(args, v)
			condition = strings.Replace(condition, "?", fmt.Sprintf("$%d", len(args)), 1)
		}
		where = append(where, condition)
	}
	if q.State == "" {
		q.State = Pending
	}
	add("r.authority_code = ?", q.AuthorityCode)
	if !q.Open {
		add("r.state = ?", q.State)
	}
	if q.Open || q.State == Pending || q.State == Proposed {
		where = append(where, "r.state IN ('pending', 'proposed')") // the condition of the queue's index
	}
	if q.ClaimedBy != "" {
		add("r.claimed_by = ?", q.ClaimedBy)
	}
	if q.Unclaimed {
		where = append(where, "r.claimed_by IS NULL")
	}
	if !q.DueFrom.IsZero() {
		add("r.due_on >= ?", q.DueFrom)
	}
	if !q.DueBefore.IsZero() {
		add("r.due_on < ?", q.DueBefore)
	}
	if q.Type != "" {
		add("o.type = ?", q.Type)
	}
	if search := strings.TrimSpace(q.Search); search != "" {
		add("(o.uscc = upper(?) OR bigrams(o.name) @> bigrams(?) AND o.name LIKE ?)", search, search, "%"+escapeLike(search)+"%")
	}
	if q.Cursor != "" {
		from, err := parseCursor(q.Cursor)
		if err != nil {
			return "", nil, 0, err
		}
		add("(r.due_on, r.received_at, r.submission_id) > (?, ?, ?)", from.DueOn, from.ReceivedAt, from.ID)
	}
	limit = q.Limit
	if limit < 1 || limit > MaxPage {
		limit = defaultPage
	}
	args = append(args, limit+1)
	return selectItem + strings.Join(where, " AND ") +
		fmt.Sprintf(" ORDER BY r.due_on, r.received_at, r.submission_id LIMIT $%d", len(args)), args, limit, nil
}

// escapeLike makes the characters that LIKE reads as patterns stand for themselves.
func escapeLike(s string) string {
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(s)
}

// position is a place in the queue's order.
type position struct {
	DueOn      workday.Date `json:"d"`
	ReceivedAt time.Time    `json:"r"`
	ID         uuid.UUID    `json:"i"`
}

func (p position) cursor() string {
	text, err := json.Marshal(p)
	if err != nil {
		return "" // a date, a time and an id always have a JSON form
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

func parseCursor(cursor string) (position, error) {
	var p position
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil || json.Unmarshal(text, &p) != nil || p.DueOn.IsZero() || p.ID == uuid.Nil {
		return p, ErrCursor
	}
	return p, nil
}

// Counts are the numbers of the supervisor's strip.
type Counts struct {
	Pending   int `db:"pending"`
	Unclaimed int `db:"unclaimed"`
	Mine      int `db:"mine"`
	Overdue   int `db:"overdue"` // windows that are over
	EndSoon   int `db:"end_soon"`
	Proposed  int `db:"proposed"`
}

// SoonWorkingDays is how many working days before its end a window counts as ending soon.
const SoonWorkingDays = 2

// SoonUntil gives today and the last day of a window that counts as ending soon.
func (s *Service) SoonUntil() (today, until workday.Date) {
	today = workday.DateOf(s.db.Now())
	return today, s.calendar().Due(today, SoonWorkingDays).Date
}

// Count counts an authority's open reviews as of today; actorID is whose claims count as Mine.
func (s *Service) Count(ctx context.Context, authority, actorID string) (Counts, error) {
	today, soon := s.SoonUntil()
	var c Counts
	err := s.db.GetContext(ctx, &c, `SELECT
		count(*) FILTER (WHERE state = 'pending') AS pending,
		count(*) FILTER (WHERE state = 'pending' AND claimed_by IS NULL) AS unclaimed,
		count(*) FILTER (WHERE state = 'pending' AND claimed_by = $2) AS mine,
		count(*) FILTER (WHERE due_on < $3) AS overdue,
		count(*) FILTER (WHERE due_on BETWEEN $3 AND $4) AS end_soon,
		count(*) FILTER (WHERE state = 'proposed') AS proposed
		FROM review WHERE authority_code = $1 AND state IN ('pending', 'proposed')`, authority, actorID, today, soon)
	if err != nil {
		return c, fmt.Errorf("count reviews of %s: %w", authority, err)
	}
	return c, nil
}
