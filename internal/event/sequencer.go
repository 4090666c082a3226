package event

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/lib/pq"

	"nianbao/internal/postgres"
)

const (
	// sequenceBatch is how many events are read, hashed and written at a time.
	sequenceBatch = 5000
	// sequencePass bounds one Step, so that the head is moved and seen at least every second or two.
	sequencePass = 10 * sequenceBatch
)

// Sequencer gives committed events their position, public position and hash. Any number of them may run: the row lock
// on event_head lets one work while the others return at once.
//
// Why nothing is missed: an event carries its transaction's id. A pass first reads the snapshot's xmin, below which
// every transaction is over, then takes all visible events from floor_xid on that have no position yet. If it took
// them all, nothing below xmin can ever appear again, and the floor moves up to it. A transaction that stays open
// holds the floor back, never the others' positions.
type Sequencer struct {
	db *postgres.DB
}

// NewSequencer is a sequencer on db.
func NewSequencer(db *postgres.DB) *Sequencer { return &Sequencer{db: db} }

// head is the row of event_head: the end of the chain.
type head struct {
	Position       int64  `db:"position"`
	PublicPosition int64  `db:"public_position"`
	Hash           []byte `db:"hash"`
	Floor          int64  `db:"floor_xid"`
}

// window is what the database says of running transactions: all below Xmin are over, none visible is at Xmax or above.
type window struct {
	Xmin int64 `db:"xmin"`
	Xmax int64 `db:"xmax"`
}

// Step gives positions to the events that are committed and have none, at most sequencePass of them, and says how many
// those were. 0 means that there was nothing to do or that another node is at it.
func (s *Sequencer) Step(ctx context.Context) (n int, err error) {
	if waiting, err := s.waiting(ctx); err != nil || !waiting {
		return 0, err
	}
	err = postgres.InTx(ctx, s.db, func(tx *postgres.Tx) error {
		n, err = pass(tx.Context(), tx)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("sequence events: %w", err)
	}
	return n, nil
}

// waiting tells, from the ends of two indexes, whether any event may lack its position; an idle log costs no write.
func (s *Sequencer) waiting(ctx context.Context) (bool, error) {
	stmt, err := s.db.Prepared(ctx, `
SELECT floor_xid = 0 OR floor_xid > pg_snapshot_xmax(pg_current_snapshot())::text::bigint
	OR floor_xid <= coalesce((SELECT max(xid) FROM event
		WHERE xid < pg_snapshot_xmax(pg_current_snapshot())::text::bigint), -1)
FROM event_head`)
	if err != nil {
		return false, fmt.Errorf("look for events without position: %w", err)
	}
	var waiting bool
	if err := stmt.GetContext(ctx, &waiting); err != nil {
		return false, fmt.Errorf("look for events without position: %w", err)
	}
	return waiting, nil
}

func pass(ctx context.Context, tx *postgres.Tx) (int, error) {
	var h head
	err := tx.GetContext(ctx, &h, `
SELECT position, public_position, hash, floor_xid FROM event_head FOR UPDATE SKIP LOCKED`)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("lock the head: %w", err)
	}
	// A statement of its own, before the scan: whatever is over now is visible to the scan's later snapshot.
	var w window
	if err := tx.GetContext(ctx, &w, `
SELECT pg_snapshot_xmin(s)::text::bigint AS xmin, pg_snapshot_xmax(s)::text::bigint AS xmax
FROM pg_current_snapshot() s`); err != nil {
		return 0, fmt.Errorf("read the snapshot: %w", err)
	}
	if err := openScan(ctx, tx, h, w); err != nil {
		return 0, err
	}
	var n int
	for n < sequencePass {
		got, err := sequence(ctx, tx, &h)
		if err != nil {
			return 0, err
		}
		n += got
		if got < sequenceBatch { // all of them
			h.Floor = w.Xmin
			break
		}
	}
	return n, h.save(ctx, tx)
}

// openScan declares the cursor over the events without position, in the order of their insertion.
//
// The scan looks only at transactions below the ids that the server has given out, because after a restore into
// another cluster old events carry ids of the old one. A floor from there, or 0, means: look at everything once.
func openScan(ctx context.Context, tx *postgres.Tx, h head, w window) error {
	where := fmt.Sprintf("e.xid >= %d AND e.xid < pg_snapshot_xmax(pg_current_snapshot())::text::bigint AND ", h.Floor)
	if h.Floor == 0 || h.Floor > w.Xmax {
		where = ""
	}
	_, err := tx.ExecContext(ctx, `
DECLARE unsequenced NO SCROLL CURSOR FOR
SELECT `+eventColumns+`
FROM event e
WHERE `+where+`NOT EXISTS (SELECT FROM event_position p WHERE p.event_id = e.id)
ORDER BY e.ordinal`)
	if err != nil {
		return fmt.Errorf("look for events without position: %w", err)
	}
	return nil
}

// sequence fetches one batch from the cursor and writes its positions; h moves along.
func sequence(ctx context.Context, tx *postgres.Tx, h *head) (int, error) {
	var events []Stored
	if err := tx.SelectContext(ctx, &events, fmt.Sprintf("FETCH %d FROM unsequenced", sequenceBatch)); err != nil {
		return 0, fmt.Errorf("read events: %w", err)
	}
	if len(events) == 0 {
		return 0, nil
	}
	var (
		positions = make([]int64, len(events))
		ids       = make([]string, len(events))
		publics   = make([]sql.NullInt64, len(events))
		hashes    = make([][]byte, len(events))
		scratch   []byte
	)
	for i := range events {
		e := &events[i]
		h.Position++
		e.Position = h.Position
		if e.Public {
			h.PublicPosition++
			public := h.PublicPosition
			e.PublicPosition = &public
			publics[i] = sql.NullInt64{Int64: public, Valid: true}
		}
		h.Hash, scratch = chain(h.Hash, *e, scratch)
		positions[i], ids[i], hashes[i] = e.Position, e.ID.String(), h.Hash
	}
	_, err := tx.ExecContext(ctx, `
INSERT INTO event_position (position, event_id, public_position, hash)
SELECT * FROM unnest($1::bigint[], $2::uuid[], $3::bigint[], $4::bytea[])`,
		pq.Array(positions), pq.Array(ids), pq.Array(publics), pq.Array(hashes))
	if err != nil {
		return 0, fmt.Errorf("write positions: %w", err)
	}
	return len(events), nil
}

func (h head) save(ctx context.Context, tx *postgres.Tx) error {
	_, err := tx.ExecContext(ctx, `
UPDATE event_head SET position = $1, public_position = $2, hash = $3, floor_xid = $4`,
		h.Position, h.PublicPosition, h.Hash, h.Floor)
	if err != nil {
		return fmt.Errorf("move the head: %w", err)
	}
	return nil
}

// AfterRestore makes the next pass look at the whole log once. A restored database has events whose transaction ids
// come from another cluster; restore calls this before anything else runs.
func AfterRestore(ctx context.Context, tx *postgres.Tx) error {
	if _, err := tx.ExecContext(ctx, `UPDATE event_head SET floor_xid = 0`); err != nil {
		return fmt.Errorf("reset the sequencer after a restore: %w", err)
	}
	return nil
}
