package pgtest_test

import (
	"sync"
	"testing"
	"time"

	"nianbao/internal/postgres"
	"nianbao/internal/postgres/pgtest"
)

func TestEachTestHasItsOwnDatabase(t *testing.T) {
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			db := pgtest.New(t)
			if _, err := db.ExecContext(t.Context(), `CREATE TABLE mine (n int)`); err != nil {
				t.Errorf("databases are not apart: %v", err)
			}
		})
	}
	wg.Wait()
}

func TestDatabaseIsMigrated(t *testing.T) {
	db := pgtest.New(t)
	states, err := postgres.MigrationStatus(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	if len(states) == 0 {
		t.Fatal("no migrations")
	}
	for _, s := range states {
		if !s.Applied {
			t.Errorf("%s is not applied", s.Name)
		}
	}
}

func TestClockStandsAndMoves(t *testing.T) {
	if got := pgtest.New(t).Now().Format(time.RFC3339); got != "2019-01-14T09:00:00+08:00" {
		t.Errorf("default now is %s", got)
	}
	db, clock := pgtest.NewAt(t, time.Date(2020, 2, 29, 16, 0, 0, 999, time.UTC))
	if got := db.Now().Format(time.RFC3339Nano); got != "2020-03-01T00:00:00+08:00" {
		t.Errorf("now is %s", got)
	}
	clock.Advance(time.Hour)
	if got := db.Now().Format(time.RFC3339Nano); got != "2020-03-01T01:00:00+08:00" {
		t.Errorf("after an hour now is %s", got)
	}
	clock.Set(pgtest.DefaultNow)
	if !db.Now().Equal(pgtest.DefaultNow) {
		t.Errorf("after Set now is %s", db.Now())
	}
}

func TestURLReachesTheSameDatabase(t *testing.T) {
	one := pgtest.New(t)
	if _, err := one.ExecContext(t.Context(), `CREATE TABLE shared_by_nodes (n int)`); err != nil {
		t.Fatal(err)
	}
	two, err := postgres.Open(t.Context(), pgtest.URL(t, one), one.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer two.Close()
	var n int
	if err := two.GetContext(t.Context(), &n, `SELECT count(*) FROM shared_by_nodes`); err != nil {
		t.Error(err)
	}
}
