package event

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// Stored is an event as it lies in the log, with its place there.
type Stored struct {
	Position       int64  `db:"position"`
	PublicPosition *int64 `db:"public_position"` // nil for an event that is not public

	ID             uuid.UUID       `db:"id"`
	Ordinal        int64           `db:"ordinal"`
	XID            int64           `db:"xid"`
	Kind           Kind            `db:"kind"`
	Public         bool            `db:"public"`
	At             time.Time       `db:"at"`
	ActorKind      ActorKind       `db:"actor_kind"`
	ActorID        string          `db:"actor_id"`
	ActorName      string          `db:"actor_name"`
	AuthorityCode  string          `db:"authority_code"`
	OrganisationID uuid.NullUUID   `db:"organisation_id"`
	ObligationID   uuid.NullUUID   `db:"obligation_id"`
	SubjectID      uuid.NullUUID   `db:"subject_id"`
	ReportYear     *int64          `db:"report_year"`
	Basis          string          `db:"basis"`
	Data           json.RawMessage `db:"data"`
}

// eventColumns are the columns of table event, alias e, that Stored wants; json keeps data byte for byte.
const eventColumns = `e.id, e.ordinal, e.xid, e.kind, e.public, e.at, e.actor_kind, e.actor_id, e.actor_name,
	e.authority_code, e.organisation_id, e.obligation_id, e.subject_id, e.report_year, e.basis, e.data`

// Actor is who did it.
func (s Stored) Actor() Actor { return Actor{Kind: s.ActorKind, ID: s.ActorID, Name: s.ActorName} }

// Year is the report year, 0 for none.
func (s Stored) Year() int {
	if s.ReportYear == nil {
		return 0
	}
	return int(*s.ReportYear)
}

// Read decodes the payload into T, which must be the type that the catalogue names for the event's kind.
func Read[T any](s Stored) (T, error) {
	var data T
	if _, ok := Catalogue[s.Kind].Data.(T); !ok {
		return data, fmt.Errorf("read event %d: the payload of %s is no %T", s.Position, s.Kind, data)
	}
	if err := json.Unmarshal(s.Data, &data); err != nil {
		return data, fmt.Errorf("read event %d (%s): %w", s.Position, s.Kind, err)
	}
	return data, nil
}
