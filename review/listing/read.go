package listing

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"nianbao/internal/document"
	"nianbao/internal/postgres"
	"nianbao/internal/registry"
	"nianbao/internal/workday"
)

// Owner says whose matters are read: exactly one of the two is set. One that belongs to somebody else is not there.
type Owner struct {
	AuthorityCode  string
	OrganisationID uuid.NullUUID
}

// Item is a matter with whom it concerns and its documents.
type Item struct {
	Listing
	OrganisationName string        `db:"organisation_name"`
	OrganisationUSCC string        `db:"organisation_uscc"`
	OrganisationType registry.Type `db:"organisation_type"`
	// RemovalDueOn is the day by which an application for removal is to be decided; zero: none waits.
	RemovalDueOn          workday.Date `db:"removal_due_on"`
	RemovalDueProvisional bool         `db:"removal_due_provisional"`
	Documents             []Paper      `db:"-"` // the oldest first
}

// Paper is a document of a matter, from its order on.
type Paper struct {
	ID         uuid.UUID         `db:"id"`
	SubjectID  uuid.UUID         `db:"subject_id"`
	Kind       document.Kind     `db:"kind"`
	Number     string            `db:"number"`
	VerifyCode string            `db:"verify_code"`
	IssuedOn   workday.Date      `db:"issued_on"`
	SHA256     string            `db:"sha256"` // of the PDF; "" until it stands
	Standing   document.Standing `db:"standing"`
	How        How               `db:"how"`       // how it was served; "": not on record
	ServedOn   workday.Date      `db:"served_on"` // zero: not on record
}

// Query asks for a page of matters, in the order of status and age.
type Query struct {
	Owner
	Status Status // "": any
	Limit  int    // 1 to 200; else 50
	Cursor string // Next of the page before; "": the first page
}

// Page is one page; Next is "" on the last one.
type Page struct {
	Items []Item
	Next  string
}

const selectItems = `SELECT ` + listingColumns + `, g.name AS organisation_name, g.uscc AS organisation_uscc, g.type AS organisation_type,
	r.due_on AS removal_due_on, coalesce(r.due_provisional, false) AS removal_due_provisional
FROM listing l JOIN organisation g ON g.id = l.organisation_id
LEFT JOIN listing_removal r ON r.listing_id = l.id AND r.outcome IS NULL WHERE `

// Listings reads a page by key, so that deep pages cost what the first one costs.
func (s *Service) Listings(ctx context.Context, ask Query) (Page, error) {
	where, args := ask.where()
	if ask.Status != "" {
		args = append(args, ask.Status)
		where += fmt.Sprintf(` AND l.status = $%d`, len(args))
	}
	if ask.Cursor != "" {
		status, id, ok := strings.Cut(ask.Cursor, "~")
		after, err := uuid.Parse(id)
		if !ok || err != nil || !Status(status).Valid() {
			return Page{}, ErrCursor
		}
		args = append(args, status, after)
		where += fmt.Sprintf(` AND (l.status, l.id) > ($%d, $%d)`, len(args)-1, len(args))
	}
	limit := pageLimit(ask.Limit)
	page := Page{Items: []Item{}}
	query := selectItems + where + fmt.Sprintf(` ORDER BY l.status, l.id LIMIT %d`, limit+1)
	if err := s.db.SelectContext(ctx, &page.Items, query, args...); err != nil {
		return Page{}, fmt.Errorf("list listings: %w", err)
	}
	if len(page.Items) > limit {
		page.Items = page.Items[:limit]
		last := page.Items[limit-1]
		page.Next = string(last.Status) + "~" + last.ID.String()
	}
	if err := attachPapers(ctx, s.db, page.Items); err != nil {
		return Page{}, err
	}
	return page, nil
}

// where limits listings to the owner's. An organisation's few are found by its obligations, which are indexed by it.
func (o Owner) where() (condition string, args []any) {
	if o.OrganisationID.Valid {
		return `l.obligation_id IN (SELECT id FROM obligation WHERE organisation_id = $1)`, []any{o.OrganisationID}
	}
	return `l.authority_code = $1`, []any{o.AuthorityCode}
}

func pageLimit(asked int) int {
	if asked < 1 || asked > 200 {
		return 50
	}
	return asked
}

// attachPapers reads the documents of all items with one query.
func attachPapers(ctx context.Context, q postgres.Queryer, items []Item) error {
	ids := make([]uuid.UUID, len(items))
	for i := range items {
		ids[i] = items[i].ID
	}
	papers, err := papersOf(ctx, q, ids)
	if err != nil {
		return err
	}
	for i := range items {
		items[i].Documents = papers[items[i].ID]
	}
	return nil
}

func papersOf(ctx context.Context, q postgres.Queryer, subjects []uuid.UUID) (map[uuid.UUID][]Paper, error) {
	bySubject := make(map[uuid.UUID][]Paper, len(subjects))
	if len(subjects) == 0 {
		return bySubject, nil
	}
	var papers []Paper
	err := q.SelectContext(ctx, &papers, `SELECT o.id, o.subject_id, o.kind, o.number, o.verify_code, o.issued_on,
		coalesce(d.sha256, '') AS sha256, st.standing, coalesce(sv.how, '') AS how, sv.served_on
		FROM document_order o JOIN document_standing st ON st.document_id = o.id
		LEFT JOIN document d ON d.id = o.id LEFT JOIN service sv ON sv.document_id = o.id
		WHERE o.subject_id = ANY ($1::uuid[]) ORDER BY o.created_at, o.id`, pq.Array(subjects))
	if err != nil {
		return nil, fmt.Errorf("documents of %d listings: %w", len(subjects), err)
	}
	for _, p := range papers {
		bySubject[p.SubjectID] = append(bySubject[p.SubjectID], p)
	}
	return bySubject, nil
}

func byID(ctx context.Context, q postgres.Queryer, id uuid.UUID) (Listing, error) {
	var l Listing
	err := q.GetContext(ctx, &l, `SELECT `+listingColumns+` FROM listing l WHERE l.id = $1`, id)
	if err != nil {
		return l, fmt.Errorf("read listing %s: %w", id, err)
	}
	return l, nil
}
