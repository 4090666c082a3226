package main

import (
	"errors"
	"fmt"

	"nianbao/internal/postgres"
)

type migrateCmd struct {
	Up     migrateUpCmd     `cmd:"" help:"Bring the schema up to this program's; several nodes may do so at once."`
	Status migrateStatusCmd `cmd:"" help:"List the migrations and whether they are applied."`
}

type migrateUpCmd struct{}

// Run applies what is missing. It does nothing twice.
func (*migrateUpCmd) Run(e *environment) error {
	s, err := e.connect(false)
	if err != nil {
		return err
	}
	applied, err := postgres.Migrate(e.ctx, s.db)
	if err == nil {
		fmt.Fprintf(e.stdout, "%d applied\n", applied)
	}
	return errors.Join(err, s.Close())
}

type migrateStatusCmd struct{}

// Run prints one line a migration.
func (*migrateStatusCmd) Run(e *environment) error {
	s, err := e.connect(false)
	if err != nil {
		return err
	}
	states, err := postgres.MigrationStatus(e.ctx, s.db)
	for _, m := range states {
		when := "pending"
		if m.Applied {
			when = "applied " + m.AppliedAt.Format("2006-01-02 15:04:05")
		}
		fmt.Fprintf(e.stdout, "%04d  %-24s  %s\n", m.Version, m.Name, when)
	}
	return errors.Join(err, s.Close())
}
