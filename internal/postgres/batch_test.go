package postgres_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"nianbao/internal/postgres"
)

func TestInBatches(t *testing.T) {
	db := withTable(t)
	ids := make([]uuid.UUID, 7)
	for i := range ids {
		ids[i] = uuid.New()
	}
	bad := errors.New("a bad row")
	var sizes []int
	n, err := postgres.InBatches(t.Context(), db, ids, 3, func(tx *postgres.Tx, batch []uuid.UUID) (int, error) {
		sizes = append(sizes, len(batch))
		for _, id := range batch {
			if err := insert(tx, slices.Index(ids, id)); err != nil {
				return 0, err
			}
			if id == ids[4] {
				return 1, bad
			}
		}
		return len(batch), nil
	})
	if n != 6 || !errors.Is(err, bad) || !strings.Contains(err.Error(), ids[4].String()) {
		t.Errorf("%d done (%v), want all but the bad one, and that one named", n, err)
	}
	if want := []int{3, 3, 1, 1, 1, 1}; !slices.Equal(sizes, want) {
		t.Errorf("batches of %v, want %v", sizes, want)
	}
	if got := count(t, db); got != 6 {
		t.Errorf("%d rows, want 6: what failed is undone", got)
	}
	if n, err := postgres.InBatches(t.Context(), db, nil, 3, nil); n != 0 || err != nil {
		t.Errorf("no rows: %d, %v", n, err)
	}
}

func TestInBatchesEndsWithItsContext(t *testing.T) {
	db := withTable(t)
	ctx, cancel := context.WithCancel(t.Context())
	calls := 0
	_, err := postgres.InBatches(ctx, db, []uuid.UUID{uuid.New(), uuid.New(), uuid.New()}, 1, func(*postgres.Tx, []uuid.UUID) (int, error) {
		calls++
		cancel()
		return 0, errors.New("interrupted")
	})
	if err == nil || calls != 1 {
		t.Errorf("%d calls (%v), want one and an error", calls, err)
	}
}
