package counter

import (
	"errors"
	"slices"
	"sync"
	"testing"

	"nianbao/internal/postgres"
	"nianbao/internal/postgres/pgtest"
)

func TestNextIsGaplessUnderRollbacks(t *testing.T) {
	db := pgtest.New(t)
	failure := errors.New("rolled back")
	var mu sync.Mutex
	var taken []int64
	var wait sync.WaitGroup
	for client := range 8 {
		wait.Go(func() {
			for i := range 20 {
				var n int64
				err := postgres.InTx(t.Context(), db, func(tx *postgres.Tx) (err error) {
					if n, err = Next(t.Context(), tx, "440100", "receipt", 2018); err == nil && (client+i)%3 == 0 {
						err = failure
					}
					return err
				})
				if err == nil {
					mu.Lock()
					taken = append(taken, n)
					mu.Unlock()
				} else if !errors.Is(err, failure) {
					t.Error(err)
				}
			}
		})
	}
	wait.Wait()
	slices.Sort(taken)
	for i, n := range taken {
		if n != int64(i+1) {
			t.Fatalf("number %d of %d is %d", i+1, len(taken), n)
		}
	}
}

func TestCountersAreApart(t *testing.T) {
	db := pgtest.New(t)
	for _, c := range []struct {
		authority, kind string
		year            int
		want            int64
	}{
		{"440100", "receipt", 2018, 1}, {"440100", "receipt", 2018, 2}, {"440100", "receipt", 2019, 1},
		{"440104", "receipt", 2018, 1}, {"440100", "conclusion", 2018, 1}, {"440100", "receipt", 2018, 3},
	} {
		err := postgres.InTx(t.Context(), db, func(tx *postgres.Tx) error {
			n, err := Next(t.Context(), tx, c.authority, c.kind, c.year)
			if err == nil && n != c.want {
				t.Errorf("%s %s %d: %d, want %d", c.authority, c.kind, c.year, n, c.want)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
