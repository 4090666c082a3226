package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"nianbao/migrations"
)

// MigrationState is one migration of the program and whether the database has it.
type MigrationState struct {
	Version   int64
	Name      string    // file name
	Applied   bool      //
	AppliedAt time.Time // zero if not applied
}

// Migrate brings the schema up to the program's, each file in a transaction, and says how many it applied. Several
// nodes may do so at once on an empty database: one applies, the others wait.
func Migrate(ctx context.Context, db *DB) (applied int, err error) {
	err = withProvider(db, func(p *goose.Provider) error {
		results, err := p.Up(ctx)
		applied = len(results)
		return err
	})
	if err != nil {
		return applied, fmt.Errorf("migrate the database: %w", err)
	}
	return applied, nil
}

// MigrationStatus lists the program's migrations in order. It changes nothing but goose's own table.
func MigrationStatus(ctx context.Context, db *DB) ([]MigrationState, error) {
	var states []MigrationState
	err := withProvider(db, func(p *goose.Provider) error {
		status, err := p.Status(ctx)
		for _, s := range status {
			states = append(states, MigrationState{
				Version:   s.Source.Version,
				Name:      s.Source.Path,
				Applied:   s.State == goose.StateApplied,
				AppliedAt: s.AppliedAt,
			})
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("migration status: %w", err)
	}
	return states, nil
}

// withProvider runs fn on connections of its own, without the limits on statements: an index over millions of rows
// takes its time.
func withProvider(db *DB, fn func(*goose.Provider) error) (err error) {
	session, err := newSession(db.url)
	if err != nil {
		return err
	}
	pool, err := session.patient().open()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, pool.Close()) }()
	// Tried every second for five minutes: longer than any migration of another node should take.
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300))
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, pool, migrations.FS, goose.WithSessionLocker(locker))
	if err != nil {
		return err
	}
	return fn(provider)
}
