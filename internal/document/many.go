package document

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"nianbao/internal/counter"
	"nianbao/internal/id"
	"nianbao/internal/postgres"
	"nianbao/internal/queue"
)

// manyPriority puts documents that are ordered by the thousand behind those that single people wait for.
const manyPriority = 1

const insertOrders = `WITH ordered AS (
		INSERT INTO document_order (id, kind, authority_code, organisation_id, subject_id, number, verify_code, issued_on,
			supersedes_id, facts, created_at)
		SELECT id, kind, authority_code, organisation_id, subject_id, number, verify_code, issued_on, supersedes_id,
			facts::json, $11
		FROM unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::uuid[], $6::text[], $7::text[], $8::date[],
			$9::uuid[], $10::text[]) AS u (id, kind, authority_code, organisation_id, subject_id, number, verify_code,
			issued_on, supersedes_id, facts)
		RETURNING id)
	INSERT INTO document_standing (document_id, updated_at) SELECT id, $11 FROM ordered`

// PlaceAll orders many documents as Place does, with a handful of statements for all of them: one for the queue, one for
// each series of numbers, one for the orders. All numbers are given here, in the order of the slice within a series;
// Order.Number is not looked at. One order that makes no document refuses all: the caller tries again without it.
func PlaceAll(ctx context.Context, tx *postgres.Tx, orders []Order) ([]Ordered, error) {
	if len(orders) == 0 {
		return nil, nil
	}
	var c orderColumnsOf
	placed := make([]Ordered, len(orders))
	jobs := make([]queue.New, len(orders))
	for i, o := range orders {
		placedID, err := c.add(o, tx.Now())
		if err != nil {
			return nil, fmt.Errorf("order document %d of %d: %w", i+1, len(orders), err)
		}
		placed[i] = Ordered{ID: placedID, VerifyCode: newCode()}
		c.codes = append(c.codes, placed[i].VerifyCode)
		jobs[i] = queue.New{Kind: IssueJob, UniqueKey: placedID.String(), Payload: issuePayload{placedID}, Priority: manyPriority}
	}
	if err := queue.Enqueue(ctx, tx, jobs...); err != nil {
		return nil, fmt.Errorf("order %d documents: %w", len(orders), err)
	}
	if err := numberAll(ctx, tx, orders, placed); err != nil {
		return nil, fmt.Errorf("order %d documents: %w", len(orders), err)
	}
	numbers := make([]string, len(placed))
	for i := range placed {
		numbers[i] = placed[i].Number
	}
	_, err := tx.ExecContext(ctx, insertOrders, pq.Array(c.ids), pq.Array(c.kinds), pq.Array(c.authorities),
		pq.Array(c.organisations), pq.Array(c.subjects), pq.Array(numbers), pq.Array(c.codes), pq.Array(c.days),
		pq.Array(c.supersedes), pq.Array(c.facts), tx.Now())
	if err != nil {
		return nil, fmt.Errorf("order %d documents: %w", len(orders), err)
	}
	return placed, nil
}

// orderColumnsOf holds orders turned round, one slice a column, as unnest wants them.
type orderColumnsOf struct {
	ids, kinds, authorities, organisations, subjects, codes, days, facts []string
	supersedes                                                           []uuid.NullUUID
}

func (c *orderColumnsOf) add(o Order, now time.Time) (uuid.UUID, error) {
	if o.Facts == nil {
		return uuid.Nil, fmt.Errorf("%w: none", ErrFacts)
	}
	if err := checkFacts(o.Facts); err != nil {
		return uuid.Nil, err
	}
	facts, err := json.Marshal(o.Facts)
	if err != nil {
		return uuid.Nil, err
	}
	if o.ID == uuid.Nil {
		o.ID = id.New(now)
	}
	c.ids, c.kinds = append(c.ids, o.ID.String()), append(c.kinds, string(o.Facts.Kind()))
	c.authorities, c.organisations = append(c.authorities, o.AuthorityCode), append(c.organisations, o.OrganisationID.String())
	c.subjects, c.days = append(c.subjects, o.SubjectID.String()), append(c.days, o.IssuedOn.String())
	c.supersedes, c.facts = append(c.supersedes, o.SupersedesID), append(c.facts, string(facts))
	return o.ID, nil
}

// numberAll takes the numbers of each series in one step. The series go in order, so that two who number the same at
// once cannot wait for each other.
func numberAll(ctx context.Context, tx *postgres.Tx, orders []Order, placed []Ordered) error {
	members := map[counter.Series][]int{}
	for i, o := range orders {
		s := counter.Series{Authority: o.AuthorityCode, Kind: string(o.Facts.Kind()), Year: o.IssuedOn.Year()}
		members[s] = append(members[s], i)
	}
	series := slices.SortedFunc(maps.Keys(members), func(a, b counter.Series) int {
		return cmp.Or(cmp.Compare(a.Authority, b.Authority), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Year, b.Year))
	})
	prefixes, err := numberPrefixes(ctx, tx, series)
	if err != nil {
		return err
	}
	for _, s := range series {
		first, err := counter.NextN(ctx, tx, s, len(members[s]))
		if err != nil {
			return err
		}
		for n, i := range members[s] {
			placed[i].Number = FormatNumber(prefixes[s.Authority], Kind(s.Kind), s.Year, first+int64(n))
		}
	}
	return nil
}

// numberPrefixes reads the prefix of each authority among the series, before any number is taken.
func numberPrefixes(ctx context.Context, tx *postgres.Tx, series []counter.Series) (map[string]string, error) {
	prefixes := map[string]string{}
	stmt, err := tx.Prepared(ctx, `SELECT number_prefix FROM authority WHERE code = $1`)
	if err != nil {
		return nil, fmt.Errorf("prefixes of authorities: %w", err)
	}
	for _, s := range series {
		if _, known := prefixes[s.Authority]; known {
			continue
		}
		var prefix string
		if err := stmt.GetContext(ctx, &prefix, s.Authority); err != nil {
			return nil, fmt.Errorf("prefix of authority %s: %w", s.Authority, err)
		}
		prefixes[s.Authority] = prefix
	}
	return prefixes, nil
}
