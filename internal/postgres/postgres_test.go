package postgres_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"nianbao/internal/postgres"
	"nianbao/internal/postgres/pgtest"
)

func open(t *testing.T, url string) *postgres.DB {
	t.Helper()
	db, err := postgres.Open(t.Context(), url, func() time.Time { return pgtest.DefaultNow })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// withTable opens a database with a table for the test to play with.
func withTable(t *testing.T) *postgres.DB {
	t.Helper()
	db := open(t, pgtest.Empty(t))
	execute(t, db, `
		CREATE TABLE parent (id int CONSTRAINT parent_key PRIMARY KEY);
		CREATE TABLE item (
			id     int CONSTRAINT item_key PRIMARY KEY,
			parent int CONSTRAINT item_parent REFERENCES parent,
			n      int NOT NULL DEFAULT 0 CONSTRAINT item_n_positive CHECK (n >= 0)
		)`)
	return db
}

func execute(t *testing.T, db *postgres.DB, query string, args ...any) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), query, args...); err != nil {
		t.Fatal(err)
	}
}

func count(t *testing.T, db *postgres.DB) int {
	t.Helper()
	var n int
	if err := db.GetContext(t.Context(), &n, `SELECT count(*) FROM item`); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestSessionSettings(t *testing.T) {
	url := pgtest.Empty(t)
	setting := func(db *postgres.DB, name string) string {
		var value string
		if err := db.GetContext(t.Context(), &value, `SELECT current_setting($1)`, name); err != nil {
			t.Fatal(err)
		}
		return value
	}
	db := open(t, url)
	for name, want := range map[string]string{
		"TimeZone": "Asia/Shanghai", "application_name": "nianbao", "statement_timeout": "2min", "lock_timeout": "10s",
		"idle_in_transaction_session_timeout": "1min",
	} {
		if got := setting(db, name); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
	db = open(t, url+" statement_timeout=7s application_name=other")
	if got := setting(db, "statement_timeout"); got != "7s" {
		t.Errorf("the URL's statement_timeout was replaced by %s", got)
	}
	if got := setting(db, "application_name"); got != "other" {
		t.Errorf("the URL's application_name was replaced by %s", got)
	}
}

func TestOpenNamesWhatIsWrong(t *testing.T) {
	for _, url := range []string{"postgres://127.0.0.1:1/x?connect_timeout=1", "host=/nowhere user=x dbname=x", "sslmode=maybe", "://"} {
		if db, err := postgres.Open(t.Context(), url, time.Now); err == nil {
			t.Errorf("%q opened: %v", url, db.Close())
		} else if !strings.Contains(err.Error(), "database") {
			t.Errorf("%q: %v", url, err)
		}
	}
}

func TestPreparedIsKept(t *testing.T) {
	db := withTable(t)
	const query = `SELECT $1::int + 1`
	first, err := db.Prepared(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			again, err := db.Prepared(t.Context(), query)
			if err != nil || again != first {
				t.Errorf("prepared anew: %v", err)
				return
			}
			var n int
			if err := again.GetContext(t.Context(), &n, 41); err != nil || n != 42 {
				t.Errorf("got %d, %v", n, err)
			}
		})
	}
	wg.Wait()
	if _, err := db.Prepared(t.Context(), `SELEKT`); err == nil {
		t.Error("a syntax error was prepared")
	}
}

// Every connection is in a transaction that prepares a new text: none may need one more connection for that.
func TestPreparedInTransactionsNeedsNoFurtherConnection(t *testing.T) {
	db := withTable(t)
	db.SetMaxOpenConns(3)
	var inside, done sync.WaitGroup
	inside.Add(3)
	for i := range 3 {
		done.Go(func() {
			err := postgres.InTx(t.Context(), db, func(tx *postgres.Tx) error {
				inside.Done()
				inside.Wait()
				for j := range 2 {
					stmt, err := tx.Prepared(tx.Context(), fmt.Sprintf(`INSERT INTO item (id) VALUES ($1 + %d)`, 10*i))
					if err != nil {
						return err
					}
					if _, err := stmt.ExecContext(tx.Context(), j); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	done.Wait()
	if n := count(t, db); n != 6 {
		t.Errorf("%d rows, want 6", n)
	}
}

func TestConstraintNames(t *testing.T) {
	db := withTable(t)
	execute(t, db, `INSERT INTO item (id) VALUES (1)`)
	tests := []struct{ query, constraint string }{
		{`INSERT INTO item (id) VALUES (1)`, "item_key"},
		{`INSERT INTO item (id, parent) VALUES (2, 9)`, "item_parent"},
		{`INSERT INTO item (id, n) VALUES (2, -1)`, "item_n_positive"},
		{`INSERT INTO item (id) VALUES ('x')`, ""},
	}
	for _, tt := range tests {
		_, err := db.ExecContext(t.Context(), tt.query)
		err = fmt.Errorf("wrapped: %w", err)
		name, ok := postgres.Constraint(err)
		if name != tt.constraint || ok != (tt.constraint != "") {
			t.Errorf("%s: constraint %q, %t", tt.query, name, ok)
		}
		if got, want := postgres.IsUnique(err, "item_key"), tt.constraint == "item_key"; got != want {
			t.Errorf("%s: unique %t", tt.query, got)
		}
		if got, want := postgres.IsForeignKey(err, "item_parent"), tt.constraint == "item_parent"; got != want {
			t.Errorf("%s: foreign key %t", tt.query, got)
		}
	}
	if _, ok := postgres.Constraint(errors.New("pq: something else")); ok {
		t.Error("an error of another kind has a constraint")
	}
	var n int
	if err := db.GetContext(t.Context(), &n, `SELECT n FROM item WHERE id = 404`); !postgres.IsNoRows(err) {
		t.Errorf("no rows: %v", err)
	}
}
