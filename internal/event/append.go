package event

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"reflect"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"nianbao/internal/id"
	"nianbao/internal/postgres"
)

const appendSQL = `
INSERT INTO event (id, kind, public, at, actor_kind, actor_id, actor_name,
	authority_code, organisation_id, obligation_id, subject_id, report_year, basis, data)
SELECT id, kind, public, at, actor_kind, actor_id, actor_name,
	authority_code, organisation_id, obligation_id, subject_id, report_year, basis, data::json
FROM unnest($1::uuid[], $2::text[], $3::boolean[], $4::timestamptz[], $5::text[], $6::text[], $7::text[],
	$8::text[], $9::uuid[], $10::uuid[], $11::uuid[], $12::integer[], $13::text[], $14::text[])
	WITH ORDINALITY AS t (id, kind, public, at, actor_kind, actor_id, actor_name,
	authority_code, organisation_id, obligation_id, subject_id, report_year, basis, data, n)
ORDER BY n`

// Append writes events inside tx, in their order, with one statement. It fills ID and At (tx.Now) where they are not
// set; whether an event is public comes from the catalogue and the payload. A kind outside the catalogue, a payload of
// another type than the kind's, or an actor without a kind is an error: the log must stay readable for ever.
func Append(ctx context.Context, tx *postgres.Tx, events ...Event) error {
	if len(events) == 0 {
		return nil
	}
	var c columns
	for i, e := range events {
		if err := c.add(e, tx.Now()); err != nil {
			return fmt.Errorf("append event %d of %d: %w", i+1, len(events), err)
		}
	}
	stmt, err := tx.Prepared(ctx, appendSQL)
	if err != nil {
		return fmt.Errorf("append events: %w", err)
	}
	if _, err := stmt.ExecContext(ctx, c.args()...); err != nil {
		return fmt.Errorf("append %d events: %w", len(events), err)
	}
	return nil
}

// columns holds events turned round, one slice a column, as unnest wants them.
type columns struct {
	ids, kinds, ats, actorKinds, actorIDs, actorNames []string
	authorities, bases, data                          []string
	publics                                           []bool
	organisations, obligations, subjects              []sql.NullString
	years                                             []sql.NullInt64
}

func (c *columns) add(e Event, now time.Time) error {
	public, data, err := encode(e)
	if err != nil {
		return err
	}
	if e.At.IsZero() {
		e.At = now
	}
	if e.ID == uuid.Nil {
		e.ID = id.New(e.At)
	}
	c.ids = append(c.ids, e.ID.String())
	c.kinds = append(c.kinds, string(e.Kind))
	c.publics = append(c.publics, public)
	c.ats = append(c.ats, e.At.Format(time.RFC3339Nano))
	c.actorKinds = append(c.actorKinds, string(e.Actor.Kind))
	c.actorIDs = append(c.actorIDs, e.Actor.ID)
	c.actorNames = append(c.actorNames, e.Actor.Name)
	c.authorities = append(c.authorities, e.AuthorityCode)
	c.organisations = append(c.organisations, nullable(e.OrganisationID))
	c.obligations = append(c.obligations, nullable(e.ObligationID))
	c.subjects = append(c.subjects, nullable(e.SubjectID))
	c.years = append(c.years, sql.NullInt64{Int64: int64(e.ReportYear), Valid: e.ReportYear != 0})
	c.bases = append(c.bases, e.Basis)
	c.data = append(c.data, string(data))
	return nil
}

func (c *columns) args() []any {
	return []any{
		pq.Array(c.ids), pq.Array(c.kinds), pq.Array(c.publics), pq.Array(c.ats), pq.Array(c.actorKinds),
		pq.Array(c.actorIDs), pq.Array(c.actorNames), pq.Array(c.authorities), pq.Array(c.organisations),
		pq.Array(c.obligations), pq.Array(c.subjects), pq.Array(c.years), pq.Array(c.bases), pq.Array(c.data),
	}
}

// encode checks e against the catalogue and gives its public mark and its payload as JSON ({} for none).
func encode(e Event) (public bool, data []byte, err error) {
	meta, ok := Catalogue[e.Kind]
	if !ok {
		return false, nil, fmt.Errorf("event kind %q is not in the catalogue", e.Kind)
	}
	switch e.Actor.Kind {
	case ActorPerson, ActorToken, ActorClock, ActorSystem:
	default:
		return false, nil, fmt.Errorf("event %s: actor kind %q is unknown", e.Kind, e.Actor.Kind)
	}
	if got, want := reflect.TypeOf(e.Data), reflect.TypeOf(meta.Data); got != want {
		return false, nil, fmt.Errorf("event %s: payload is %v, the catalogue wants %v", e.Kind, got, want)
	}
	if e.Data == nil {
		return meta.Public, []byte("{}"), nil
	}
	data, err = json.Marshal(e.Data)
	if err != nil {
		return false, nil, fmt.Errorf("event %s: encode payload: %w", e.Kind, err)
	}
	p, ok := e.Data.(private)
	return meta.Public && !(ok && p.Private()), data, nil
}

func nullable(id uuid.NullUUID) sql.NullString {
	return sql.NullString{String: id.UUID.String(), Valid: id.Valid}
}
