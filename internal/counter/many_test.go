package counter

import (
	"testing"

	"nianbao/internal/postgres"
	"nianbao/internal/postgres/pgtest"
)

func TestNextNGoesOnWhereNextStopped(t *testing.T) {
	db := pgtest.New(t)
	series := Series{"440100", "prior_notice", 2019}
	err := postgres.InTx(t.Context(), db, func(tx *postgres.Tx) error {
		for _, step := range []struct {
			n    int
			want int64
		}{{3, 1}, {1, 4}, {2000, 5}} {
			first, err := NextN(t.Context(), tx, series, step.n)
			if err != nil || first != step.want {
				t.Errorf("first of %d is %d (%v), want %d", step.n, first, err, step.want)
			}
		}
		if n, err := Next(t.Context(), tx, "440100", "prior_notice", 2019); err != nil || n != 2005 {
			t.Errorf("the next single number is %d (%v), want 2005", n, err)
		}
		if _, err := NextN(t.Context(), tx, series, 0); err == nil {
			t.Error("no numbers at all were given out without an error")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
