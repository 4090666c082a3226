package event

import (
	"bytes"
	"context"
	"fmt"

	"github.com/google/uuid"

	"nianbao/internal/postgres"
)

// Fault is what Verify found wrong at one place.
type Fault string

// The faults.
const (
	FaultChanged  Fault = "changed"  // the event, or its position's row, is not what was hashed
	FaultRemoved  Fault = "removed"  // a position or its event is missing
	FaultInserted Fault = "inserted" // a row that the sequencer did not write, or an event that it was never given
	FaultTail     Fault = "tail_cut" // the log ends before the recorded head
	FaultHead     Fault = "head"     // the recorded head does not agree with the last event
)

// Problem is one fault and where it lies.
type Problem struct {
	Fault    Fault
	Position int64         // 0 where the event has none
	EventID  uuid.NullUUID // where known
	Detail   string
}

// String is one line for an operator.
func (p Problem) String() string {
	if p.EventID.Valid {
		return fmt.Sprintf("%s at position %d (event %s): %s", p.Fault, p.Position, p.EventID.UUID, p.Detail)
	}
	return fmt.Sprintf("%s at position %d: %s", p.Fault, p.Position, p.Detail)
}

// VerifyResult is the outcome of an audit of the log.
type VerifyResult struct {
	Events   int64     // checked
	Position int64     // of the recorded head
	Hash     []byte    // of the recorded head; kept elsewhere, it also proves that the whole chain was not rewritten
	Problems []Problem // at most maxProblems, in the order of the log
	Omitted  int       // problems beyond those
}

// OK tells whether nothing is wrong.
func (r VerifyResult) OK() bool { return len(r.Problems) == 0 }

const (
	maxProblems = 100
	verifyBatch = 5000
)

// Verify goes through the whole log: positions without a gap, public positions without a gap, each hash anew from the
// one before it, the end against the recorded head, and no event that was passed over. It may run while events come
// in. What it cannot see alone is a log rewritten from some event to the end together with the head: for that,
// compare Position and Hash with a note of them kept elsewhere.
func Verify(ctx context.Context, q postgres.Queryer) (VerifyResult, error) {
	var h head
	if err := q.GetContext(ctx, &h, `SELECT position, public_position, hash, floor_xid FROM event_head`); err != nil {
		return VerifyResult{}, fmt.Errorf("verify events: read the head: %w", err)
	}
	v := verifier{previous: make([]byte, 32), result: VerifyResult{Position: h.Position, Hash: h.Hash}}
	for {
		rows, err := verifyRows(ctx, q, v.position, h.Position)
		if err != nil {
			return VerifyResult{}, fmt.Errorf("verify events: %w", err)
		}
		for _, r := range rows {
			v.check(r)
		}
		if len(rows) < verifyBatch {
			break
		}
	}
	v.end(h)
	if err := v.strays(ctx, q); err != nil {
		return VerifyResult{}, fmt.Errorf("verify events: %w", err)
	}
	return v.result, nil
}

// verifyRow is a position with its event; EventID is the position's, Stored.ID stays nil where the event is gone.
type verifyRow struct {
	EventID uuid.UUID `db:"event_id"`
	Hash    []byte    `db:"hash"`
	Found   bool      `db:"found"`
	Stored
}

func verifyRows(ctx context.Context, q postgres.Queryer, after, upTo int64) ([]verifyRow, error) {
	stmt, err := q.Prepared(ctx, `
SELECT p.event_id, p.hash, e.id IS NOT NULL AS found, p.position, p.public_position,
	coalesce(e.id, p.event_id) AS id, coalesce(e.ordinal, 0) AS ordinal, coalesce(e.xid, 0) AS xid,
	coalesce(e.kind, '') AS kind, coalesce(e.public, false) AS public, coalesce(e.at, 'epoch') AS at,
	coalesce(e.actor_kind, '') AS actor_kind, coalesce(e.actor_id, '') AS actor_id,
	coalesce(e.actor_name, '') AS actor_name, coalesce(e.authority_code, '') AS authority_code,
	e.organisation_id, e.obligation_id, e.subject_id, e.report_year, coalesce(e.basis, '') AS basis,
	coalesce(e.data, '{}') AS data
FROM event_position p LEFT JOIN event e ON e.id = p.event_id
WHERE p.position > $1 AND p.position <= $2
ORDER BY p.position LIMIT $3`)
	if err != nil {
		return nil, fmt.Errorf("read the log: %w", err)
	}
	var rows []verifyRow
	if err := stmt.SelectContext(ctx, &rows, after, upTo, verifyBatch); err != nil {
		return nil, fmt.Errorf("read the log: %w", err)
	}
	return rows, nil
}

// verifier walks the log. previous is the stored hash of the last row seen, so that one fault shows at its own place.
type verifier struct {
	result   VerifyResult
	position int64
	public   int64
	adrift   bool // after a gap, until a public position is seen again
	previous []byte
	scratch  []byte
}

func (v *verifier) add(p Problem) {
	if len(v.result.Problems) >= maxProblems {
		v.result.Omitted++
		return
	}
	v.result.Problems = append(v.result.Problems, p)
}

func (v *verifier) check(r verifyRow) {
	at := Problem{Position: r.Position, EventID: Ref(r.EventID)}
	gap := r.Position != v.position+1
	switch {
	case r.Position < 1:
		at.Fault, at.Detail = FaultInserted, "positions begin at 1"
		v.add(at)
		return
	case gap:
		v.add(Problem{Fault: FaultRemoved, Position: v.position + 1,
			Detail: fmt.Sprintf("positions %d to %d are missing", v.position+1, r.Position-1)})
	}
	v.position = r.Position
	v.result.Events++
	v.adrift = v.adrift || gap
	v.checkPublic(r)
	hash, scratch := chain(v.previous, r.Stored, v.scratch)
	v.scratch, v.previous = scratch, r.Hash
	switch {
	case !r.Found:
		at.Fault, at.Detail = FaultRemoved, "the event is missing"
		v.add(at)
	case gap: // the hash before it is gone, so this one cannot be checked
	case !bytes.Equal(hash, r.Hash):
		at.Fault, at.Detail = FaultChanged, "the event is not what was hashed"
		v.add(at)
	}
}

// checkPublic holds the public numbering against its rule: the next number exactly where the position has one. After a
// gap it takes up the numbering where it finds it.
func (v *verifier) checkPublic(r verifyRow) {
	if r.PublicPosition == nil {
		return
	}
	if *r.PublicPosition != v.public+1 && !v.adrift {
		v.add(Problem{Fault: FaultChanged, Position: r.Position, EventID: Ref(r.EventID),
			Detail: fmt.Sprintf("public position %d follows %d", *r.PublicPosition, v.public)})
	}
	v.public, v.adrift = *r.PublicPosition, false
}

func (v *verifier) end(h head) {
	switch {
	case v.position < h.Position:
		v.add(Problem{Fault: FaultTail, Position: v.position + 1,
			Detail: fmt.Sprintf("the log ends at %d, its head says %d", v.position, h.Position)})
	case !bytes.Equal(v.previous, h.Hash):
		v.add(Problem{Fault: FaultHead, Position: h.Position, Detail: "the head's hash is not that of the last event"})
	case v.public != h.PublicPosition && !v.adrift:
		v.add(Problem{Fault: FaultHead, Position: h.Position,
			Detail: fmt.Sprintf("the last public position is %d, the head says %d", v.public, h.PublicPosition)})
	}
}

// strays finds positions beyond the head, and events that the sequencer passed over long ago: neither comes from it.
func (v *verifier) strays(ctx context.Context, q postgres.Queryer) error {
	var beyond []struct {
		Position int64     `db:"position"`
		EventID  uuid.UUID `db:"event_id"`
	}
	if err := q.SelectContext(ctx, &beyond, `
SELECT p.position, p.event_id FROM event_position p CROSS JOIN event_head h
WHERE p.position > h.position OR p.position < 1 ORDER BY p.position LIMIT $1`, maxProblems); err != nil {
		return fmt.Errorf("look beyond the head: %w", err)
	}
	for _, b := range beyond {
		v.add(Problem{Fault: FaultInserted, Position: b.Position, EventID: Ref(b.EventID),
			Detail: "the position is outside the recorded log"})
	}
	var passed []uuid.UUID
	if err := q.SelectContext(ctx, &passed, `
SELECT e.id FROM event e CROSS JOIN event_head h
WHERE e.xid < h.floor_xid AND NOT EXISTS (SELECT FROM event_position p WHERE p.event_id = e.id)
ORDER BY e.ordinal LIMIT $1`, maxProblems); err != nil {
		return fmt.Errorf("look for events without position: %w", err)
	}
	for _, id := range passed {
		v.add(Problem{Fault: FaultInserted, EventID: Ref(id),
			Detail: "the event has no position although its transaction is long over: it was slipped in, or its position was removed"})
	}
	return nil
}
