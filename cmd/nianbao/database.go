package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"nianbao/internal/clock"
	"nianbao/internal/event"
	"nianbao/internal/postgres"
	"nianbao/internal/registry"
	"nianbao/internal/workday"
)

// store is the opened database of one command, with the clock that holds there.
type store struct {
	db       *postgres.DB
	private  *postgres.Private // nil with a database URL
	demo     *clock.DemoClock  // nil unless the data is a demonstration
	calendar *workday.Calendar // built-in and imported notices
}

// commandActor is who acts when an operator runs a command.
func commandActor(command string) event.Actor { return event.System(command) }

// dataDir is the data folder as an absolute path.
func (e *environment) dataDir() (string, error) {
	dir, err := filepath.Abs(e.data)
	if err != nil {
		return "", fmt.Errorf("data folder %s: %w", e.data, err)
	}
	return dir, nil
}

// open gives the database of --database-url or, without one, the private server of the data folder, which it joins or
// starts. An empty database is migrated first; one that is behind the program is refused, since only serve and
// `migrate up` change a schema in use.
func (e *environment) open() (*store, error) {
	s, err := e.connect(false)
	if err != nil {
		return nil, err
	}
	if err := s.prepare(e.ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	if err := s.adopt(e.ctx, e.wall); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// openIfServed is open for commands that only look something up: nil where no serve runs on the data folder and no URL
// was given, so that they never start PostgreSQL.
func (e *environment) openIfServed() (*store, error) {
	if e.databaseURL == "" {
		dir, err := e.dataDir()
		if err != nil {
			return nil, err
		}
		if !postgres.Serving(dir) {
			return nil, nil //nolint:nilnil // "no database at hand" is an answer here, not a failure
		}
	}
	return e.open()
}

// connect opens the pool and nothing more.
func (e *environment) connect(serve bool) (*store, error) {
	s := &store{}
	url := e.databaseURL
	if url == "" {
		dir, err := e.dataDir()
		if err != nil {
			return nil, err
		}
		s.private, err = postgres.StartPrivate(e.ctx, postgres.PrivateOptions{DataDir: dir, Serve: serve, Log: e.log})
		if err != nil {
			return nil, err
		}
		url = s.private.URL()
	}
	db, err := postgres.Open(e.ctx, url, e.wall)
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	s.db = db
	return s, nil
}

// prepare migrates an empty database and refuses one that is behind.
func (s *store) prepare(ctx context.Context) error {
	states, err := postgres.MigrationStatus(ctx, s.db)
	if err != nil {
		return err
	}
	applied, open := 0, 0
	for _, state := range states {
		if state.Applied {
			applied++
		} else {
			open++
		}
	}
	switch {
	case open == 0:
		return nil
	case applied == 0:
		_, err := postgres.Migrate(ctx, s.db)
		return err
	default:
		return fmt.Errorf("the database lacks %d migrations of this program: run nianbao migrate up", open)
	}
}

// adopt takes over what the data says of itself: a demonstration's clock and the imported calendar.
func (s *store) adopt(ctx context.Context, wall func() time.Time) error {
	demo, err := isDemo(ctx, s.db)
	if err != nil {
		return err
	}
	if demo {
		s.demo = clock.NewDemoClock(s.db, wall)
		s.db.SetClock(s.demo.Now)
	}
	s.calendar, err = registry.LoadCalendar(ctx, s.db)
	return err
}

// Close ends the use of the database, and stops the private server if nobody else uses it.
func (s *store) Close() error {
	var err error
	if s.demo != nil {
		err = s.demo.Close()
	}
	if s.db != nil {
		err = errors.Join(err, s.db.Close())
	}
	if s.private != nil {
		err = errors.Join(err, s.private.Close())
	}
	return err
}

// isDemo tells whether the data is a demonstration.
func isDemo(ctx context.Context, db *postgres.DB) (bool, error) {
	var demo bool
	err := db.GetContext(ctx, &demo, `SELECT demo FROM instance`)
	if errors.Is(err, sql.ErrNoRows) {
		return false, errors.New("the database has no instance row: it was not made by nianbao migrate up")
	}
	if err != nil {
		return false, fmt.Errorf("read what the data is: %w", err)
	}
	return demo, nil
}

// with opens the database for one piece of work and closes it again.
func (e *environment) with(work func(s *store) error) error {
	s, err := e.open()
	if err != nil {
		return err
	}
	return errors.Join(work(s), s.Close())
}
