package postgres_test

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jmoiron/sqlx"
	"github.com/pressly/goose/v3"

	"nianbao/internal/postgres"
	"nianbao/internal/postgres/pgtest"
	"nianbao/migrations"
)

func TestSeveralNodesMigrateOnce(t *testing.T) {
	url := pgtest.Empty(t)
	var applied atomic.Int64
	var wg sync.WaitGroup
	for range 4 {
		db := open(t, url)
		wg.Go(func() {
			n, err := postgres.Migrate(t.Context(), db)
			if err != nil {
				t.Error(err)
			}
			applied.Add(int64(n))
		})
	}
	wg.Wait()
	states, err := postgres.MigrationStatus(t.Context(), open(t, url))
	if err != nil {
		t.Fatal(err)
	}
	if int(applied.Load()) != len(states) || len(states) == 0 {
		t.Errorf("applied %d of %d", applied.Load(), len(states))
	}
	for i, s := range states {
		if !s.Applied || s.AppliedAt.IsZero() || s.Version != int64(i+1) {
			t.Errorf("state %+v", s)
		}
	}
	if n, err := postgres.Migrate(t.Context(), open(t, url)); n != 0 || err != nil {
		t.Errorf("migrating again applied %d, %v", n, err)
	}
}

func TestMigrationStatusBeforeMigrating(t *testing.T) {
	states, err := postgres.MigrationStatus(t.Context(), open(t, pgtest.Empty(t)))
	if err != nil || len(states) == 0 {
		t.Fatalf("%d states, %v", len(states), err)
	}
	for _, s := range states {
		if s.Applied || s.Name == "" {
			t.Errorf("state %+v", s)
		}
	}
}

// Every migration can be taken back, leaves nothing, and can be applied again.
func TestMigrationsGoUpDownUp(t *testing.T) {
	db := pgtest.New(t)
	schema := describe(t, db.DB)
	pool := open(t, pgtest.URL(t, db)).DB.DB
	provider, err := goose.NewProvider(goose.DialectPostgres, pool, migrations.FS)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := provider.DownTo(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	if left := describe(t, db.DB); len(left) != 0 {
		t.Errorf("taking all back leaves %v", left)
	}
	if _, err := provider.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	if again := describe(t, db.DB); len(again) != len(schema) {
		t.Errorf("applied again there are %d objects, were %d", len(again), len(schema))
	}
}

// describe lists what the migrations made, goose's own table aside.
func describe(t *testing.T, db *sqlx.DB) []string {
	t.Helper()
	var names []string
	err := db.SelectContext(t.Context(), &names, `
		SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relname NOT LIKE 'goose%'
		UNION ALL SELECT proname::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace
		UNION ALL SELECT typname::text FROM pg_type WHERE typnamespace = 'public'::regnamespace AND typname NOT LIKE '%goose%'
		ORDER BY 1`)
	if err != nil {
		t.Fatal(err)
	}
	return names
}
