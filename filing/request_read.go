package filing

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"nianbao/internal/postgres"
	"nianbao/internal/registry"
)

func oneRequest(ctx context.Context, q postgres.Queryer, where string, args ...any) (Request, error) {
	var r Request
	err := q.GetContext(ctx, &r, `SELECT `+requestColumns+` FROM filing_request q `+where, args...)
	if postgres.IsNoRows(err) {
		return r, ErrRequestNotFound
	}
	if err != nil {
		return r, fmt.Errorf("read request: %w", err)
	}
	return r, nil
}

// RequestsOf lists what was asked for an obligation, the latest first.
func RequestsOf(ctx context.Context, q postgres.Queryer, obligationID uuid.UUID) ([]Request, error) {
	list := []Request{}
	err := q.SelectContext(ctx, &list, `SELECT `+requestColumns+` FROM filing_request q
		WHERE q.obligation_id = $1 ORDER BY q.received_at DESC, q.id DESC`, obligationID)
	if err != nil {
		return nil, fmt.Errorf("requests of %s: %w", obligationID, err)
	}
	return list, nil
}

// RequestItem is a request with who asks and where its obligation stands now.
type RequestItem struct {
	Request
	OrganisationName string        `db:"organisation_name"`
	OrganisationUSCC string        `db:"organisation_uscc"`
	OrganisationType registry.Type `db:"organisation_type"`
	ObligationStatus Status        `db:"obligation_status"`
}

const selectRequestItem = `SELECT ` + requestColumns + `, o.name AS organisation_name, o.uscc AS organisation_uscc,
	o.type AS organisation_type, b.status AS obligation_status
FROM filing_request q JOIN organisation o ON o.id = q.organisation_id JOIN obligation b ON b.id = q.obligation_id `

// RequestOfAuthority finds a request put to the authority; ErrRequestNotFound.
func RequestOfAuthority(ctx context.Context, q postgres.Queryer, authority string, id uuid.UUID) (RequestItem, error) {
	var r RequestItem
	err := q.GetContext(ctx, &r, selectRequestItem+`WHERE q.id = $1 AND q.authority_code = $2`, id, authority)
	if postgres.IsNoRows(err) {
		return r, ErrRequestNotFound
	}
	if err != nil {
		return r, fmt.Errorf("read request %s: %w", id, err)
	}
	return r, nil
}

// RequestQuery asks for a page of an authority's requests: pending ones by
// their age, the oldest first; others the latest first.
type RequestQuery struct {
	AuthorityCode string
	Status        RequestStatus // "": pending
	Kind          RequestKind   // "": both
	Limit         int           // 1 to 200; else 50
	Cursor        string        // of the page before; "": the first page
}

// RequestPage is one page; Next is "" on the last one.
type RequestPage struct {
	Items []RequestItem
	Next  string
}

// requestPosition is a place in a list of requests.
type requestPosition struct {
	ReceivedAt time.Time `json:"r"`
	ID         uuid.UUID `json:"i"`
}

// ListRequests reads a page by key. A cursor that no page gave out is ErrCursor.
func ListRequests(ctx context.Context, q postgres.Queryer, ask RequestQuery) (RequestPage, error) {
	if ask.Limit < 1 || ask.Limit > 200 {
		ask.Limit = 50
	}
	if ask.Status == "" {
		ask.Status = RequestPending
	}
	compare, order := ">", ""
	if ask.Status != RequestPending {
		compare, order = "<", " DESC"
	}
	where, args := `WHERE q.authority_code = $1 AND q.status = $2`, []any{ask.AuthorityCode, ask.Status}
	if ask.Kind != "" {
		args = append(args, ask.Kind)
		where += fmt.Sprintf(` AND q.kind = $%d`, len(args))
	}
	if ask.Cursor != "" {
		from, err := parseRequestCursor(ask.Cursor)
		if err != nil {
			return RequestPage{}, err
		}
		args = append(args, from.ReceivedAt, from.ID)
		where += fmt.Sprintf(` AND (q.received_at, q.id) %s ($%d, $%d)`, compare, len(args)-1, len(args))
	}
	args = append(args, ask.Limit+1)
	page := RequestPage{Items: []RequestItem{}}
	query := selectRequestItem + where + fmt.Sprintf(` ORDER BY q.received_at%s, q.id%s LIMIT $%d`, order, order, len(args))
	if err := q.SelectContext(ctx, &page.Items, query, args...); err != nil {
		return page, fmt.Errorf("requests to %s: %w", ask.AuthorityCode, err)
	}
	if len(page.Items) > ask.Limit {
		page.Items = page.Items[:ask.Limit]
		last := &page.Items[ask.Limit-1]
		raw, err := json.Marshal(requestPosition{last.ReceivedAt, last.ID})
		if err != nil {
			return page, fmt.Errorf("cursor of requests: %w", err)
		}
		page.Next = base64.RawURLEncoding.EncodeToString(raw)
	}
	return page, nil
}

func parseRequestCursor(cursor string) (requestPosition, error) {
	var p requestPosition
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil || json.Unmarshal(raw, &p) != nil || p.ID == uuid.Nil {
		return p, ErrCursor
	}
	return p, nil
}

// CountRequests counts an authority's requests by their status.
func CountRequests(ctx context.Context, q postgres.Queryer, authority string) (map[RequestStatus]int, error) {
	var rows []struct {
		Status RequestStatus `db:"status"`
		N      int           `db:"n"`
	}
	err := q.SelectContext(ctx, &rows, `SELECT status, count(*) AS n FROM filing_request WHERE authority_code = $1 GROUP BY status`, authority)
	if err != nil {
		return nil, fmt.Errorf("count requests to %s: %w", authority, err)
	}
	counts := make(map[RequestStatus]int, len(rows))
	for _, r := range rows {
		counts[r.Status] = r.N
	}
	return counts, nil
}
