package postgres_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"

	"nianbao/internal/postgres"
	"nianbao/internal/postgres/pgtest"
)

// TestSwallowedErrorIsNoCommit: a use case that overlooks a failed statement must not be told that all is stored.
func TestSwallowedErrorIsNoCommit(t *testing.T) {
	db := withTable(t)
	runs := 0
	err := postgres.InTx(t.Context(), db, func(tx *postgres.Tx) error {
		runs++
		_ = insert(tx, 1)
		_ = insert(tx, 1) // refused, and nobody looks
		return nil
	})
	if err == nil || runs != 1 || count(t, db) != 0 {
		t.Errorf("%v after %d runs, %d rows; want an error", err, runs, count(t, db))
	}
}

// TestLostCommitIsNotRepeated: nobody knows whether it went through, and a second one might do everything twice.
func TestLostCommitIsNotRepeated(t *testing.T) {
	db := withTable(t)
	runs := 0
	err := postgres.InTx(t.Context(), db, func(tx *postgres.Tx) error {
		runs++
		var pid int
		if err := tx.GetContext(tx.Context(), &pid, `SELECT pg_backend_pid()`); err != nil {
			return err
		}
		if err := insert(tx, runs); err != nil {
			return err
		}
		execute(t, db, `SELECT pg_terminate_backend($1, 10000)`, pid)
		return nil
	})
	if err == nil || !strings.HasPrefix(err.Error(), "commit: ") || runs != 1 {
		t.Errorf("%v after %d runs, want the commit's error after one", err, runs)
	}
}

// TestConstraintsOfTheCommit: what is checked only at the end has its name all the same, and a conflict found there is
// tried again, since such a commit is known to have failed.
func TestConstraintsOfTheCommit(t *testing.T) {
	db := withTable(t)
	execute(t, db, `
		ALTER TABLE item ADD CONSTRAINT item_later FOREIGN KEY (n) REFERENCES parent DEFERRABLE INITIALLY DEFERRED;
		INSERT INTO parent VALUES (0);
		CREATE SEQUENCE tries;
		CREATE FUNCTION conflict() RETURNS trigger LANGUAGE plpgsql AS $$
			BEGIN IF nextval('tries') < 3 THEN RAISE 'conflict' USING ERRCODE = 'deadlock_detected'; END IF; RETURN NULL; END $$;
		CREATE CONSTRAINT TRIGGER late AFTER INSERT ON parent DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION conflict()`)
	runs := 0
	err := postgres.InTx(t.Context(), db, func(tx *postgres.Tx) error {
		runs++
		_, err := tx.ExecContext(tx.Context(), `INSERT INTO item (id, n) VALUES (1, 404)`)
		return err
	})
	if name, ok := postgres.Constraint(err); !ok || name != "item_later" || !postgres.IsForeignKey(err, "item_later") || runs != 1 {
		t.Errorf("constraint %q in %v after %d runs", name, err, runs)
	}
	runs = 0
	err = postgres.InTx(t.Context(), db, func(tx *postgres.Tx) error {
		runs++
		_, err := tx.ExecContext(tx.Context(), `INSERT INTO parent VALUES (7)`)
		return err
	})
	if err != nil || runs != 3 {
		t.Errorf("%v after %d runs, want success at the third", err, runs)
	}
}

// TestInTxEndsWhatItOpened, however the use case ends.
func TestInTxEndsWhatItOpened(t *testing.T) {
	db := withTable(t)
	cancelled, cancel := context.WithCancel(t.Context())
	err := postgres.InTx(cancelled, db, func(tx *postgres.Tx) error {
		err := insert(tx, 1)
		cancel() // the visitor closed the page
		return err
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("cut off: %v", err)
	}
	runs := 0
	if err := postgres.InTx(cancelled, db, func(*postgres.Tx) error { runs++; return nil }); !errors.Is(err, context.Canceled) || runs != 0 {
		t.Errorf("begun with an ended context: %v, %d runs", err, runs)
	}
	left := make(chan struct{})
	go func() { // as a test does that fails inside
		defer close(left)
		_ = postgres.InTx(t.Context(), db, func(tx *postgres.Tx) error {
			_ = insert(tx, 2)
			runtime.Goexit()
			return nil
		})
	}()
	<-left
	if n, inUse := count(t, db), db.Stats().InUse; n != 0 || inUse != 0 {
		t.Errorf("%d rows, %d connections in use; want none", n, inUse)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if err := postgres.InTx(t.Context(), db, func(*postgres.Tx) error { runs++; return nil }); err == nil || runs != 0 {
		t.Errorf("on a closed pool: %v, %d runs", err, runs)
	}
}

// TestLockTimeoutIsNotRepeated: it was waited for once already.
func TestLockTimeoutIsNotRepeated(t *testing.T) {
	url := pgtest.Empty(t)
	db, hasty := open(t, url), open(t, url+" lock_timeout=30ms")
	execute(t, db, `CREATE TABLE item (id int)`)
	runs := 0
	err := postgres.InTx(t.Context(), db, func(tx *postgres.Tx) error {
		if _, err := tx.ExecContext(tx.Context(), `LOCK TABLE item`); err != nil {
			return err
		}
		err := postgres.InTx(t.Context(), hasty, func(other *postgres.Tx) error { runs++; return insert(other, 1) })
		if err == nil || !strings.Contains(err.Error(), "lock timeout") {
			t.Errorf("waiting for a lock: %v", err)
		}
		return nil
	})
	if err != nil || runs != 1 {
		t.Errorf("%v after %d runs", err, runs)
	}
}

// TestPreparedInTransactions: the first use, the later ones and a broken text.
func TestPreparedInTransactions(t *testing.T) {
	db := withTable(t)
	const query = `INSERT INTO item (id) VALUES ($1)`
	for id := range 3 {
		err := postgres.InTx(t.Context(), db, func(tx *postgres.Tx) error {
			stmt, err := tx.Prepared(tx.Context(), query)
			if err != nil {
				return err
			}
			_, err = stmt.ExecContext(tx.Context(), id)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.Prepared(t.Context(), query); err != nil { // from now on cached
			t.Fatal(err)
		}
	}
	err := postgres.InTx(t.Context(), db, func(tx *postgres.Tx) error {
		stmt, err := tx.Prepared(tx.Context(), query)
		if err != nil {
			return err
		}
		if _, err := stmt.ExecContext(tx.Context(), 9); err != nil {
			return err
		}
		return errors.New("refused")
	})
	if err == nil || count(t, db) != 3 {
		t.Errorf("%v, %d rows; a cached statement must be part of the transaction", err, count(t, db))
	}
	err = postgres.InTx(t.Context(), db, func(tx *postgres.Tx) error {
		_, err := tx.Prepared(tx.Context(), `SELEKT 1`)
		return err
	})
	if err == nil || !strings.Contains(err.Error(), "prepare statement") {
		t.Errorf("a broken text: %v", err)
	}
}
