package listing

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/google/uuid"

	"nianbao/filing"
	"nianbao/internal/postgres"
	"nianbao/internal/registry"
	"nianbao/internal/workday"
)

// Statement is what an organisation put forward against a listing. It is never public.
type Statement struct {
	Text        string       `db:"text"`
	ReceivedAt  time.Time    `db:"received_at"`
	ActorName   string       `db:"actor_name"`
	Outcome     string       `db:"outcome"` // "" while undecided
	Reason      string       `db:"reason"`
	DecidedAt   sql.NullTime `db:"decided_at"`
	DecidedName string       `db:"decided_name"`
}

// Removal is an application to be taken off the list. It is never public.
type Removal struct {
	Text           string       `db:"text"`
	AppliedAt      time.Time    `db:"applied_at"`
	DueOn          workday.Date `db:"due_on"` // the authority decides by then
	DueProvisional bool         `db:"due_provisional"`
	ActorName      string       `db:"actor_name"`
	Outcome        string       `db:"outcome"` // "" while undecided
	Reason         string       `db:"reason"`
	DecidedAt      sql.NullTime `db:"decided_at"`
	DecidedName    string       `db:"decided_name"`
}

// Matter is one listing with everything that its page shows.
type Matter struct {
	Item
	ElectronicService bool              // the organisation agreed to service by the inbox
	Obligation        filing.Obligation // as it stands now
	Statement         *Statement        // nil if none was made
	Removals          []Removal         // the oldest first
}

// Matter reads one matter of the owner's; ErrNotFound.
func (s *Service) Matter(ctx context.Context, by Owner, id uuid.UUID) (Matter, error) {
	where, args := by.where()
	items := []Item{}
	if err := s.db.SelectContext(ctx, &items, selectItems+where+` AND l.id = $2`, append(args, id)...); err != nil {
		return Matter{}, fmt.Errorf("read listing %s: %w", id, err)
	}
	if len(items) == 0 {
		return Matter{}, ErrNotFound
	}
	if err := attachPapers(ctx, s.db, items); err != nil {
		return Matter{}, err
	}
	m := Matter{Item: items[0], Removals: []Removal{}}
	org, err := registry.OrganisationByID(ctx, s.db, m.OrganisationID)
	if err != nil {
		return Matter{}, fmt.Errorf("read listing %s: %w", id, err)
	}
	m.ElectronicService = org.ElectronicService
	if m.Obligation, err = filing.ObligationByID(ctx, s.db, m.ObligationID); err != nil {
		return Matter{}, fmt.Errorf("read listing %s: %w", id, err)
	}
	statement, err := statementOf(ctx, s.db, id)
	if err == nil {
		m.Statement = &statement
	} else if !postgres.IsNoRows(err) {
		return Matter{}, err
	}
	err = s.db.SelectContext(ctx, &m.Removals, `SELECT text, applied_at, due_on, due_provisional, actor_name,
		coalesce(outcome, '') AS outcome, reason, decided_at, decided_name
		FROM listing_removal WHERE listing_id = $1 ORDER BY applied_at, id`, id)
	if err != nil {
		return Matter{}, fmt.Errorf("applications of listing %s: %w", id, err)
	}
	return m, nil
}

// statementOf reads the statement on a listing; no rows where none was made.
func statementOf(ctx context.Context, q postgres.Queryer, listing uuid.UUID) (Statement, error) {
	var st Statement
	err := q.GetContext(ctx, &st, `SELECT text, received_at, actor_name, coalesce(outcome, '') AS outcome, reason, decided_at,
		decided_name FROM listing_statement WHERE listing_id = $1`, listing)
	if err != nil {
		return st, fmt.Errorf("statement on listing %s: %w", listing, err)
	}
	return st, nil
}
