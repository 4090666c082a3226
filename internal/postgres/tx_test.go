package postgres_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"nianbao/internal/postgres"
	"nianbao/internal/postgres/pgtest"
)

func insert(tx *postgres.Tx, id int) error {
	_, err := tx.ExecContext(tx.Context(), `INSERT INTO item (id) VALUES ($1)`, id)
	return err
}

func TestInTxCommitsOrRollsBack(t *testing.T) {
	db := withTable(t)
	if err := postgres.InTx(t.Context(), db, func(tx *postgres.Tx) error { return insert(tx, 1) }); err != nil {
		t.Fatal(err)
	}
	refused := errors.New("refused")
	err := postgres.InTx(t.Context(), db, func(tx *postgres.Tx) error { return errors.Join(insert(tx, 2), refused) })
	if !errors.Is(err, refused) {
		t.Errorf("got %v", err)
	}
	func() {
		defer func() {
			if p := recover(); p != "panic of the use case" {
				t.Errorf("recovered %v", p)
			}
		}()
		_ = postgres.InTx(t.Context(), db, func(tx *postgres.Tx) error {
			if err := insert(tx, 3); err != nil {
				t.Error(err)
			}
			panic("panic of the use case")
		})
	}()
	if n := count(t, db); n != 1 {
		t.Errorf("%d rows, want the committed one", n)
	}
	if inUse := db.Stats().InUse; inUse != 0 {
		t.Errorf("%d connections still in use", inUse)
	}
}

func TestInTxRefusesNesting(t *testing.T) {
	db := withTable(t)
	err := postgres.InTx(t.Context(), db, func(tx *postgres.Tx) error {
		return postgres.InTx(tx.Context(), db, func(*postgres.Tx) error { return nil })
	})
	if !errors.Is(err, postgres.ErrNested) {
		t.Errorf("got %v", err)
	}
}

func TestTxSeesOneInstant(t *testing.T) {
	db := withTable(t)
	clock := &pgtest.Clock{}
	clock.Set(pgtest.DefaultNow)
	db.SetClock(clock.Now)
	err := postgres.InTx(t.Context(), db, func(tx *postgres.Tx) error {
		clock.Advance(time.Hour)
		if !tx.Now().Equal(pgtest.DefaultNow) {
			t.Errorf("the instant moved to %s", tx.Now())
		}
		if !db.Now().Equal(pgtest.DefaultNow.Add(time.Hour)) {
			t.Errorf("the pool's clock stands at %s", db.Now())
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestInTxRetriesConflicts(t *testing.T) {
	db := withTable(t)
	conflict := func(tx *postgres.Tx) error {
		_, err := tx.ExecContext(tx.Context(), `DO $$ BEGIN RAISE 'conflict' USING ERRCODE = 'serialization_failure'; END $$`)
		return err
	}
	runs := 0
	err := postgres.InTx(t.Context(), db, func(tx *postgres.Tx) error {
		if runs++; runs < 4 {
			return errors.Join(insert(tx, runs), conflict(tx))
		}
		return insert(tx, runs)
	})
	if err != nil || runs != 4 || count(t, db) != 1 {
		t.Errorf("%v after %d runs, %d rows", err, runs, count(t, db))
	}
	runs = 0
	if err := postgres.InTx(t.Context(), db, func(tx *postgres.Tx) error { runs++; return conflict(tx) }); err == nil || runs != 8 {
		t.Errorf("%v after %d runs, want an error after 8", err, runs)
	}
	runs = 0
	ctx, cancel := context.WithCancel(t.Context())
	err = postgres.InTx(ctx, db, func(tx *postgres.Tx) error { runs++; defer cancel(); return conflict(tx) })
	if err == nil || runs != 1 {
		t.Errorf("%v after %d runs, want an error after the caller gave up", err, runs)
	}
}

// Two transactions lock two rows in opposite order; PostgreSQL ends one, which then succeeds as well.
func TestInTxOutlastsADeadlock(t *testing.T) {
	db := withTable(t)
	execute(t, db, `INSERT INTO item (id) VALUES (1), (2)`)
	add := func(tx *postgres.Tx, id int) error {
		_, err := tx.ExecContext(tx.Context(), `UPDATE item SET n = n + 1 WHERE id = $1`, id)
		return err
	}
	var both, wg sync.WaitGroup
	both.Add(2)
	for _, order := range [][2]int{{1, 2}, {2, 1}} {
		var met sync.Once
		wg.Go(func() {
			err := postgres.InTx(t.Context(), db, func(tx *postgres.Tx) error {
				if err := add(tx, order[0]); err != nil {
					return err
				}
				met.Do(func() { both.Done(); both.Wait() })
				return add(tx, order[1])
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	var sum int
	if err := db.GetContext(t.Context(), &sum, `SELECT sum(n) FROM item`); err != nil || sum != 4 {
		t.Errorf("sum %d, %v; want 4", sum, err)
	}
}

func TestInTxOutlastsALostConnection(t *testing.T) {
	db := withTable(t)
	runs := 0
	err := postgres.InTx(t.Context(), db, func(tx *postgres.Tx) error {
		if runs++; runs == 1 {
			var pid int
			if err := tx.GetContext(tx.Context(), &pid, `SELECT pg_backend_pid()`); err != nil {
				return err
			}
			execute(t, db, `SELECT pg_terminate_backend($1, 10000)`, pid)
		}
		return insert(tx, runs)
	})
	if err != nil || runs != 2 || count(t, db) != 1 {
		t.Errorf("%v after %d runs, %d rows", err, runs, count(t, db))
	}
}
