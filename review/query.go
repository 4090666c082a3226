package review

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"golang.org/x/text/unicode/norm"

	"nianbao/internal/registry"
	"nianbao/internal/workday"
)

// conditions collects a WHERE clause; every value is a parameter.
type conditions struct {
	where []string
	args  []any
}

// add takes a condition whose question marks stand for the values in turn.
func (c *conditions) add(condition string, values ...any) {
	for _, v := range values {
		c.args = append(c.args, v)
		condition = strings.Replace(condition, "?", fmt.Sprintf("$%d", len(c.args)), 1)
	}
	c.where = append(c.where, condition)
}

// The orders of a queue, each that of an index.
const (
	byWindow   = " ORDER BY r.due_on, r.received_at, r.submission_id"
	byDecision = " ORDER BY r.decided_at DESC, r.submission_id DESC"
)

// statement writes the query; one row more than the limit tells whether there is a next page.
func (q Query) statement() (query string, args []any, limit int, err error) {
	if q.State == "" {
		q.State = Pending
	}
	if !q.State.Valid() || q.Type != "" && !slices.Contains(registry.Types(), q.Type) {
		return "", nil, 0, ErrFilter
	}
	var c conditions
	c.add("r.authority_code = ?", q.AuthorityCode)
	if q.Open {
		c.add("r.state IN ('pending', 'proposed')")
	} else {
		c.add("r.state = '" + string(q.State) + "'") // a word of ours, written out so that it matches a partial index
	}
	q.filter(&c)
	if err := q.from(&c); err != nil {
		return "", nil, 0, err
	}
	limit = q.Limit
	if limit < 1 || limit > MaxPage {
		limit = defaultPage
	}
	order := byWindow
	if q.decided() {
		order = byDecision
	}
	c.args = append(c.args, limit+1)
	return selectItem + strings.Join(c.where, " AND ") + order + fmt.Sprintf(" LIMIT $%d", len(c.args)), c.args, limit, nil
}

func (q Query) filter(c *conditions) {
	if q.ClaimedBy != "" {
		c.add("r.claimed_by = ?", q.ClaimedBy)
	}
	if q.Unclaimed {
		c.add("r.claimed_by IS NULL")
	}
	if !q.DueFrom.IsZero() {
		c.add("r.due_on >= ?", q.DueFrom)
	}
	if !q.DueBefore.IsZero() {
		c.add("r.due_on < ?", q.DueBefore)
	}
	if q.Type != "" {
		c.add("o.type = ?", q.Type)
	}
	for _, part := range searchParts(q.Search) {
		c.search(part)
	}
}

// decided tells whether the page is of decided reviews, which have an order of their own.
func (q Query) decided() bool { return !q.Open && q.State == Decided }

// codeBeginning is the beginning of a USCC, three characters or more.
var codeBeginning = regexp.MustCompile(`\A[0-9A-HJ-NPQRTUWXY]{3,18}\z`)

// search wants a part of a name, or the beginning of a code, by the rules of the register's search: the index knows
// pairs of characters, so a single one finds the names that begin with it.
func (c *conditions) search(part string) {
	like := "%" + escapeLike(part) + "%"
	upper := strings.ToUpper(part)
	switch {
	case codeBeginning.MatchString(upper):
		c.add("(o.uscc >= ? AND o.uscc <= ? OR bigrams(o.name) @> bigrams(?) AND o.name LIKE ?)",
			upper, upper+strings.Repeat("Y", 18), part, like)
	case utf8.RuneCountInString(part) == 1:
		c.add("o.name LIKE ?", like[1:])
	default:
		c.add("bigrams(o.name) @> bigrams(?) AND o.name LIKE ?", part, like)
	}
}

// What a search looks at; more is cut off.
const (
	maxSearchRunes = 100
	maxSearchParts = 6
)

// searchParts brings what was typed into the form in which names are stored, and splits it at blanks.
func searchParts(typed string) []string {
	runes := []rune(norm.NFC.String(strings.ToValidUTF8(strings.ReplaceAll(typed, "\x00", ""), "")))
	parts := strings.Fields(string(runes[:min(len(runes), maxSearchRunes)]))
	return parts[:min(len(parts), maxSearchParts)]
}

// escapeLike makes the characters that LIKE reads as patterns stand for themselves.
func escapeLike(s string) string {
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(s)
}

// position is a place in the order of a queue.
type position struct {
	DueOn      workday.Date `json:"d,omitzero"`
	ReceivedAt time.Time    `json:"r,omitzero"`
	DecidedAt  time.Time    `json:"z,omitzero"` // alone, of decided reviews
	ID         uuid.UUID    `json:"i"`
}

func (q Query) positionOf(i *Item) position {
	if q.decided() {
		return position{DecidedAt: i.DecidedAt.Time, ID: i.SubmissionID}
	}
	return position{DueOn: i.DueOn, ReceivedAt: i.ReceivedAt, ID: i.SubmissionID}
}

func (p position) cursor() string {
	text, err := json.Marshal(p)
	if err != nil {
		return "" // dates, times and an id always have a JSON form
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

// from begins after the place that the cursor tells; ErrCursor for one that no page of this order gave out.
func (q Query) from(c *conditions) error {
	if q.Cursor == "" {
		return nil
	}
	var p position
	text, err := base64.RawURLEncoding.DecodeString(q.Cursor)
	if err != nil || json.Unmarshal(text, &p) != nil || p.ID == uuid.Nil || p.DueOn.IsZero() != q.decided() || p.DecidedAt.IsZero() == q.decided() {
		return ErrCursor
	}
	if q.decided() {
		c.add("(r.decided_at, r.submission_id) < (?, ?)", p.DecidedAt, p.ID)
	} else {
		c.add("(r.due_on, r.received_at, r.submission_id) > (?, ?, ?)", p.DueOn, p.ReceivedAt, p.ID)
	}
	return nil
}
