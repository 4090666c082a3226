package review

import (
	"context"
	"fmt"

	"nianbao/internal/registry"
	"nianbao/internal/workday"
)

// MaxPage is the most that a page of the queue holds.
const MaxPage = 200

// defaultPage is a page's size where none is asked for.
const defaultPage = 50

// Query asks for a page of an authority's reviews: those whose window ends first at the top, of decided ones the latest
// decision.
type Query struct {
	AuthorityCode string
	State         State         // "": pending
	Open          bool          // pending and proposed alike, whatever State says
	Search        string        // parts of the organisation's name, or the beginning of its USCC
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
	Kind             string        `db:"kind"` // of the submission: filing.KindReport or filing.KindCorrection
	OrganisationName string        `db:"organisation_name"`
	OrganisationUSCC string        `db:"organisation_uscc"`
	OrganisationType registry.Type `db:"organisation_type"`
	// WorkingDaysLeft counts from tomorrow through the last day; negative once working days have gone since.
	WorkingDaysLeft int `db:"-"`
}

// Page is one page of the queue; Next is "" on the last one.
type Page struct {
	Items []Item
	Next  string
}

// Queue reads a page by key, so that deep pages cost what the first one costs, and rows that come in between are
// neither repeated nor skipped. ErrFilter and ErrCursor refuse what no page offers.
func (s *Service) Queue(ctx context.Context, ask Query) (Page, error) {
	query, args, limit, err := ask.statement()
	if err != nil {
		return Page{}, err
	}
	page := Page{Items: []Item{}}
	if err := s.db.SelectContext(ctx, &page.Items, query, args...); err != nil {
		return Page{}, fmt.Errorf("review queue of %s: %w", ask.AuthorityCode, err)
	}
	if len(page.Items) > limit {
		page.Items = page.Items[:limit]
		page.Next = ask.positionOf(&page.Items[limit-1]).cursor()
	}
	today, cal := workday.DateOf(s.db.Now()), s.calendar()
	for i := range page.Items {
		page.Items[i].WorkingDaysLeft = cal.Between(today, page.Items[i].DueOn)
	}
	return page, nil
}

const selectItem = `SELECT ` + reviewColumns + `, s.receipt_no, s.kind, o.name AS organisation_name, o.uscc AS organisation_uscc,
	o.type AS organisation_type
FROM review r JOIN submission s ON s.id = r.submission_id JOIN organisation o ON o.id = r.organisation_id
WHERE `

// SoonWorkingDays is how many working days before its end a window counts as ending soon.
const SoonWorkingDays = 2

// SoonUntil gives today and the last day of a window that counts as ending soon.
func (s *Service) SoonUntil() (today, until workday.Date) {
	today = workday.DateOf(s.db.Now())
	return today, s.calendar().Due(today, SoonWorkingDays).Date
}
