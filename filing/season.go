package filing

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"nianbao/internal/postgres"
	"nianbao/internal/registry"
	"nianbao/internal/workday"
)

// SeasonState says whether a season has opened. It never goes back.
type SeasonState string

// The states of a season.
const (
	SeasonPlanned SeasonState = "planned"
	SeasonOpen    SeasonState = "open"
)

// Season is one authority's reporting season for one year and some types.
type Season struct {
	ID            uuid.UUID
	AuthorityCode string
	ReportYear    int
	Regime        Regime
	RegisteredBy  workday.Date
	OpensOn       workday.Date
	DueOn         workday.Date // as announced; an obligation's own due day holds roll and extension
	LateUntil     workday.Date // zero: until the next season for the type opens
	State         SeasonState
	Rules         Rules
	Version       int // from 1; each change of the rules adds 1
	CreatedAt     time.Time
	UpdatedAt     time.Time
}

// seasonRow is a season as stored.
type seasonRow struct {
	ID            uuid.UUID       `db:"id"`
	AuthorityCode string          `db:"authority_code"`
	ReportYear    int             `db:"report_year"`
	Regime        Regime          `db:"regime"`
	RegisteredBy  workday.Date    `db:"registered_by"`
	OpensOn       workday.Date    `db:"opens_on"`
	DueOn         workday.Date    `db:"due_on"`
	LateUntil     workday.Date    `db:"late_until"`
	State         SeasonState     `db:"state"`
	Spec          json.RawMessage `db:"spec"`
	Version       int             `db:"version"`
	CreatedAt     time.Time       `db:"created_at"`
	UpdatedAt     time.Time       `db:"updated_at"`
}

const seasonColumns = `s.id, s.authority_code, s.report_year, s.regime, s.registered_by, s.opens_on, s.due_on,
	s.late_until, s.state, s.spec, s.version, s.created_at, s.updated_at`

func (r seasonRow) season() (Season, error) {
	rules, err := decodeRules(r.Spec)
	if err != nil {
		return Season{}, fmt.Errorf("season %s: %w", r.ID, err)
	}
	return Season{ID: r.ID, AuthorityCode: r.AuthorityCode, ReportYear: r.ReportYear, Regime: r.Regime,
		RegisteredBy: r.RegisteredBy, OpensOn: r.OpensOn, DueOn: r.DueOn, LateUntil: r.LateUntil, State: r.State,
		Rules: rules, Version: r.Version, CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt}, nil
}

// SeasonByID finds a season; ErrNotFound.
func SeasonByID(ctx context.Context, q postgres.Queryer, id uuid.UUID) (Season, error) {
	return oneSeason(ctx, q, `WHERE s.id = $1`, id)
}

// SeasonFor finds the season of an authority for a report year and type, planned or open; ErrNotFound.
func SeasonFor(ctx context.Context, q postgres.Queryer, authority string, year int, typ registry.Type) (Season, error) {
	return oneSeason(ctx, q, `JOIN season_type t ON t.season_id = s.id
		WHERE t.authority_code = $1 AND t.report_year = $2 AND t.type = $3`, authority, year, typ)
}

// Seasons lists an authority's seasons, the latest year first.
func Seasons(ctx context.Context, q postgres.Queryer, authority string) ([]Season, error) {
	return selectSeasons(ctx, q, `WHERE s.authority_code = $1 ORDER BY s.report_year DESC, s.opens_on, s.id`, authority)
}

func oneSeason(ctx context.Context, q postgres.Queryer, where string, args ...any) (Season, error) {
	list, err := selectSeasons(ctx, q, where, args...)
	if err != nil {
		return Season{}, err
	}
	if len(list) == 0 {
		return Season{}, ErrNotFound
	}
	return list[0], nil
}

func selectSeasons(ctx context.Context, q postgres.Queryer, where string, args ...any) ([]Season, error) {
	stmt, err := q.Prepared(ctx, `SELECT `+seasonColumns+` FROM season s `+where)
	if err != nil {
		return nil, fmt.Errorf("seasons: %w", err)
	}
	var rows []seasonRow
	if err := stmt.SelectContext(ctx, &rows, args...); err != nil {
		return nil, fmt.Errorf("seasons: %w", err)
	}
	list := make([]Season, len(rows))
	for i, row := range rows {
		if list[i], err = row.season(); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// nextOpenings gives the opening day of the authority's next season for each type
// that has one: the day on which late filing for this season ends by itself.
func nextOpenings(ctx context.Context, q postgres.Queryer, s Season) (map[registry.Type]workday.Date, error) {
	var rows []struct {
		Type    registry.Type `db:"type"`
		OpensOn workday.Date  `db:"opens_on"`
	}
	const query = `SELECT t.type, min(n.opens_on) AS opens_on FROM season_type t JOIN season n ON n.id = t.season_id
		WHERE t.authority_code = $1 AND t.report_year > $2 GROUP BY t.type`
	if err := q.SelectContext(ctx, &rows, query, s.AuthorityCode, s.ReportYear); err != nil {
		return nil, fmt.Errorf("next season after %d of %s: %w", s.ReportYear, s.AuthorityCode, err)
	}
	next := make(map[registry.Type]workday.Date, len(rows))
	for _, r := range rows {
		next[r.Type] = r.OpensOn
	}
	return next, nil
}
