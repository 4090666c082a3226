package event

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"nianbao/internal/postgres"
	"nianbao/internal/workday"
)

// PublicOrganisation is an organisation as the public sees it.
type PublicOrganisation struct {
	USCC string `json:"uscc"`
	Name string `json:"name"`
	Type string `json:"type"`
}

// PublicEvent is an event as it leaves by the public feed: no actor, and of the payload only what the catalogue names.
type PublicEvent struct {
	Position      int64               `json:"position"` // gapless, of the public numbering
	ID            uuid.UUID           `json:"id"`
	Kind          Kind                `json:"kind"`
	Title         string              `json:"title"`
	At            time.Time           `json:"at"`
	AuthorityCode string              `json:"authority,omitempty"`
	Organisation  *PublicOrganisation `json:"organisation,omitempty"`
	ReportYear    int                 `json:"report_year,omitempty"`
	Basis         string              `json:"basis,omitempty"`
	Data          map[string]any      `json:"data"`
}

type publicRow struct {
	Position      int64           `db:"public_position"`
	ID            uuid.UUID       `db:"id"`
	Kind          Kind            `db:"kind"`
	At            time.Time       `db:"at"`
	AuthorityCode string          `db:"authority_code"`
	ReportYear    int             `db:"report_year"`
	Basis         string          `db:"basis"`
	Data          json.RawMessage `db:"data"`
	USCC          *string         `db:"uscc"`
	Name          *string         `db:"name"`
	Type          *string         `db:"type"`
}

// PublicFeed reads up to limit public events after the public position given, in order. It reads table organisation
// beside its own, for the name as it is today.
func PublicFeed(ctx context.Context, q postgres.Queryer, after int64, limit int) ([]PublicEvent, error) {
	var rows []publicRow
	err := q.SelectContext(ctx, &rows, `
SELECT p.public_position, e.id, e.kind, e.at, e.authority_code, coalesce(e.report_year, 0) AS report_year, e.basis,
	e.data, o.uscc, o.name, o.type
FROM event_position p
JOIN event e ON e.id = p.event_id
LEFT JOIN organisation o ON o.id = e.organisation_id
WHERE p.public_position > $1
ORDER BY p.public_position LIMIT $2`, after, limit)
	if err != nil {
		return nil, fmt.Errorf("read the public feed after %d: %w", after, err)
	}
	events := make([]PublicEvent, len(rows))
	for i, r := range rows {
		if events[i], err = r.public(); err != nil {
			return nil, fmt.Errorf("read public event %d: %w", r.Position, err)
		}
	}
	return events, nil
}

func (r publicRow) public() (PublicEvent, error) {
	meta := Catalogue[r.Kind]
	e := PublicEvent{
		Position: r.Position, ID: r.ID, Kind: r.Kind, Title: meta.Title, At: r.At.In(workday.Shanghai),
		AuthorityCode: r.AuthorityCode, ReportYear: r.ReportYear, Basis: r.Basis, Data: map[string]any{},
	}
	if r.USCC != nil {
		e.Organisation = &PublicOrganisation{USCC: *r.USCC, Name: *r.Name, Type: *r.Type}
	}
	var all map[string]any
	if err := json.Unmarshal(r.Data, &all); err != nil {
		return e, fmt.Errorf("decode payload: %w", err)
	}
	for _, name := range meta.PublicData {
		if v, ok := all[name]; ok {
			e.Data[name] = v
		}
	}
	return e, nil
}
