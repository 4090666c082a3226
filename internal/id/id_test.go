package id_test

import (
	"bytes"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"nianbao/internal/id"
	"nianbao/internal/postgres/pgtest"
)

func at(year int) time.Time { return time.Date(year, 3, 31, 23, 59, 59, 999_999_999, time.UTC) }

// instant reads the milliseconds that an id begins with.
func instant(u uuid.UUID) int64 {
	var ms int64
	for _, b := range u[:6] {
		ms = ms<<8 | int64(b)
	}
	return ms
}

func TestNewIsOfItsInstant(t *testing.T) {
	for _, year := range []int{1970, 2019, 2026, 2199} {
		u := id.New(at(year))
		if u.Version() != 7 || u.Variant() != uuid.RFC4122 {
			t.Errorf("%s is of version %d, variant %s", u, u.Version(), u.Variant())
		}
		if got, want := instant(u), at(year).UnixMilli(); got != want {
			t.Errorf("%s is of %d, want %d", u, got, want)
		}
	}
}

// TestNewRises: work that is enqueued in one transaction is done in that order.
func TestNewRises(t *testing.T) {
	last := id.New(at(2019))
	for range 100_000 {
		u := id.New(at(2019))
		if bytes.Compare(last[:], u[:]) >= 0 {
			t.Fatalf("%s comes after %s", u, last)
		}
		last = u
	}
	if later := id.New(at(2019).Add(time.Millisecond)); bytes.Compare(last[:], later[:]) >= 0 {
		t.Errorf("%s of a later instant comes after %s", last, later)
	}
}

func TestNewNeverRepeats(t *testing.T) {
	const workers, each = 8, 5000
	made := make(chan uuid.UUID, workers*each)
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for range each {
				made <- id.New(at(2019 + w%2)) // instants that take turns
			}
		})
	}
	wg.Wait()
	close(made)
	seen := map[uuid.UUID]bool{}
	for u := range made {
		if seen[u] {
			t.Fatalf("%s was made twice", u)
		}
		seen[u] = true
	}
}

func TestSQL(t *testing.T) {
	db := pgtest.New(t)
	var ids []uuid.UUID
	query := `SELECT ` + id.SQL(2) + ` FROM generate_series(1, $1::int)`
	if err := db.SelectContext(t.Context(), &ids, query, 500, at(2019).UnixMilli()); err != nil {
		t.Fatal(err)
	}
	seen := map[uuid.UUID]bool{}
	for _, u := range ids {
		if u.Version() != 7 || u.Variant() != uuid.RFC4122 || instant(u) != at(2019).UnixMilli() || seen[u] {
			t.Fatalf("%s: version %d, variant %s, instant %d, seen %v", u, u.Version(), u.Variant(), instant(u), seen[u])
		}
		seen[u] = true
	}
	if len(seen) != 500 {
		t.Errorf("%d ids", len(seen))
	}
}
