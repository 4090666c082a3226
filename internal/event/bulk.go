package event

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"nianbao/internal/id"
	"nianbao/internal/postgres"
)

// Bulk appends one event for each row of a relation, without the rows ever leaving the database: 300,000 late filers
// are one statement.
type Bulk struct {
	Kind  Kind
	Actor Actor
	// From is what stands behind FROM: a table expression's name, or a parenthesised subquery with an alias. It must
	// yield the columns authority_code text, organisation_id uuid, obligation_id uuid, subject_id uuid,
	// report_year integer, basis text and data json, built with the keys of the kind's payload; in the case of no
	// payload '{}'. It is SQL: never put input into it.
	From string
	// With is the comma-separated list of common table expressions that From reads, without the word WITH; they may
	// change data, as in: moved AS (UPDATE … RETURNING …).
	With string
	// Args are the parameters that With and From use, $1 upwards.
	Args []any
}

// AppendFrom writes the events inside tx and says how many there were. All carry the kind's public mark, so a kind
// whose payload may be private cannot be appended this way.
func AppendFrom(ctx context.Context, tx *postgres.Tx, b Bulk) (int64, error) {
	insert, args, err := b.Insert(tx.Now())
	if err != nil {
		return 0, fmt.Errorf("append events in bulk: %w", err)
	}
	if strings.TrimSpace(b.With) != "" {
		insert = "WITH " + b.With + "\n" + insert
	}
	res, err := tx.ExecContext(ctx, insert, args...)
	if err != nil {
		return 0, fmt.Errorf("append %s in bulk: %w", b.Kind, err)
	}
	n, err := res.RowsAffected()
	if err != nil {
		return 0, fmt.Errorf("append %s in bulk: %w", b.Kind, err)
	}
	return n, nil
}

// Insert gives the bare INSERT … SELECT … FROM b.From and all its parameters (b.Args first), for statements that do
// more than append: it may stand as a data-changing table expression of its own.
func (b Bulk) Insert(at time.Time) (query string, args []any, err error) {
	meta, ok := Catalogue[b.Kind]
	if !ok {
		return "", nil, fmt.Errorf("event kind %q is not in the catalogue", b.Kind)
	}
	if _, mayBePrivate := meta.Data.(private); mayBePrivate {
		return "", nil, fmt.Errorf("event %s: its payload decides what is public, so it cannot be appended in bulk", b.Kind)
	}
	n := len(b.Args)
	p := func(i int, cast string) string { return "$" + strconv.Itoa(n+i) + "::" + cast }
	query = `INSERT INTO event (id, kind, public, at, actor_kind, actor_id, actor_name,
	authority_code, organisation_id, obligation_id, subject_id, report_year, basis, data)
SELECT ` + id.SQL(n+1) + `, ` + p(2, "text") + `, ` + p(3, "boolean") + `, ` + p(4, "timestamptz") + `,
	` + p(5, "text") + `, ` + p(6, "text") + `, ` + p(7, "text") + `,
	authority_code, organisation_id, obligation_id, subject_id, report_year, basis, data::json
FROM ` + b.From
	args = append(append([]any{}, b.Args...), at.UnixMilli(), string(b.Kind), meta.Public, at,
		string(b.Actor.Kind), b.Actor.ID, b.Actor.Name)
	return query, args, nil
}
