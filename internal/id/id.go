// Package id is the one maker of the ids of rows: UUIDs of version 7 (RFC 9562), which begin with the instant at which
// they were made, so that the newest rows of a table lie together in its indexes.
//
// The instant is always the caller's, that of the transaction: under time travel it is not the wall's. Invariants: ids
// of one instant made one after another in one process rise in that order, and ids of several nodes never meet, because
// 73 of their bits are random.
package id

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"
)

// counterBits are the bits between the instant and the random rest; they count the ids of one millisecond.
const counterBits = 26

var (
	mu      sync.Mutex
	millis  int64  // the instant of the last id
	counter uint32 // of the last id, below 1<<counterBits
)

// New is an id of the instant at, counted in milliseconds since 1970.
func New(at time.Time) uuid.UUID {
	var id uuid.UUID
	var start [4]byte
	_, _ = rand.Read(id[10:]) // crypto/rand never fails
	_, _ = rand.Read(start[:])
	ms := at.UnixMilli()
	n := next(ms, binary.BigEndian.Uint32(start[:]))

	for i := range 6 {
		id[i] = byte(ms >> (8 * (5 - i)))
	}
	id[6] = 0x70 | byte(n>>22) // version 7
	id[7] = byte(n >> 14)
	id[8] = 0x80 | byte(n>>8)&0x3f // the variant of RFC 9562
	id[9] = byte(n)
	return id
}

// next counts on from the last id of the same millisecond. The first of a millisecond, and the one after the last
// number, begins anywhere in the lower half.
func next(ms int64, random uint32) uint32 {
	mu.Lock()
	defer mu.Unlock()
	if ms == millis && counter < 1<<counterBits-1 {
		counter++
	} else {
		millis, counter = ms, random>>(32-counterBits+1)
	}
	return counter
}

// SQL is the expression that makes such an id inside the database, one for each row it is evaluated for. parameter is
// the number of the statement's parameter that carries the instant in milliseconds since 1970 (time.Time.UnixMilli).
// Ids of one statement are in no order among themselves.
func SQL(parameter int) string {
	// The instant over the first 48 bits of a random UUID, whose version 4 becomes 7.
	return fmt.Sprintf(`encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid())
	PLACING substring(int8send($%d::bigint) FROM 3) FROM 1 FOR 6), 52, 1), 53, 1), 'hex')::uuid`, parameter)
}
