package filing

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"nianbao/internal/event"
	"nianbao/internal/id"
	"nianbao/internal/postgres"
	"nianbao/internal/registry"
	"nianbao/internal/workday"
)

// SeasonOutcome says what an import did to the season itself.
type SeasonOutcome string

// The outcomes of an import.
const (
	SeasonCreated   SeasonOutcome = "created"
	SeasonChanged   SeasonOutcome = "changed"
	SeasonUnchanged SeasonOutcome = "unchanged"
)

// SeasonResult is what ImportSeason did.
type SeasonResult struct {
	Season  Season
	Outcome SeasonOutcome
	Changes []string // "key: from → to", where it changed
	Bound   Bound    // what became of the obligations

	previousDueOn workday.Date // before a change of the due day, for the event
}

// ImportSeason takes in a season file. A season is known by its authority,
// report year and types: a file that names a type which a season of that year
// already covers changes that season, else it is a new one. The obligations of
// an open season follow at once, and a season whose opening day has come opens
// at once. The same file again changes nothing and leaves no event.
//
// A bad file is a *FileError. So is a change that cannot be made any more: once
// a season is open its regime stays and its opening day cannot move into the future.
func (s *Service) ImportSeason(ctx context.Context, r io.Reader, actor event.Actor) (SeasonResult, error) {
	rules, err := ReadRules(r, s.forms)
	if err != nil {
		return SeasonResult{}, err
	}
	var result SeasonResult
	err = postgres.InTx(ctx, s.db, func(tx *postgres.Tx) error {
		result, err = takeSeason(ctx, tx, rules)
		if err != nil {
			return err
		}
		today := workday.DateOf(tx.Now())
		result.Bound, err = s.bind(ctx, tx, &result.Season, today, actor)
		if err != nil {
			return err
		}
		return appendSeasonEvent(ctx, tx, result, actor)
	})
	if err != nil {
		return SeasonResult{}, fmt.Errorf("import season %d of %s: %w", rules.ReportYear, rules.Authority, err)
	}
	return result, nil
}

func takeSeason(ctx context.Context, tx *postgres.Tx, rules Rules) (SeasonResult, error) {
	// The authority's row is held, so that two imports of a season that is new to both make one of it.
	var code string
	err := tx.GetContext(ctx, &code, `SELECT code FROM authority WHERE code = $1 FOR NO KEY UPDATE`, rules.Authority)
	if postgres.IsNoRows(err) {
		return SeasonResult{}, &FileError{[]string{fmt.Sprintf("authority: there is no authority %s; import it first", rules.Authority)}}
	}
	if err != nil {
		return SeasonResult{}, err
	}
	existing, err := selectSeasons(ctx, tx, `WHERE s.id IN (SELECT season_id FROM season_type
		WHERE authority_code = $1 AND report_year = $2 AND type = ANY ($3)) ORDER BY s.id FOR UPDATE`,
		rules.Authority, rules.ReportYear, pq.Array(rules.Types))
	if err != nil {
		return SeasonResult{}, err
	}
	switch len(existing) {
	case 0:
		return insertSeason(ctx, tx, rules)
	case 1:
		return updateSeason(ctx, tx, existing[0], rules)
	}
	return SeasonResult{}, &FileError{[]string{fmt.Sprintf(
		"types: more than one season of %d covers these types; name the types of one of them", rules.ReportYear)}}
}

func insertSeason(ctx context.Context, tx *postgres.Tx, rules Rules) (SeasonResult, error) {
	seasonID := id.New(tx.Now())
	spec, err := json.Marshal(rules)
	if err != nil {
		return SeasonResult{}, err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO season (id, authority_code, report_year, regime, registered_by, opens_on,
			due_on, late_until, spec, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)`,
		seasonID, rules.Authority, rules.ReportYear, rules.Regime, rules.RegisteredBy, rules.OpensOn, rules.DueOn,
		rules.LateUntil, string(spec), tx.Now())
	if err != nil {
		return SeasonResult{}, fmt.Errorf("insert season: %w", err)
	}
	if err := writeTypes(ctx, tx, seasonID, rules); err != nil {
		return SeasonResult{}, err
	}
	season, err := SeasonByID(ctx, tx, seasonID)
	return SeasonResult{Season: season, Outcome: SeasonCreated}, err
}

func updateSeason(ctx context.Context, tx *postgres.Tx, old Season, rules Rules) (SeasonResult, error) {
	before, err := json.Marshal(old.Rules)
	if err != nil {
		return SeasonResult{}, err
	}
	after, err := json.Marshal(rules)
	if err != nil {
		return SeasonResult{}, err
	}
	changes, err := diffJSON(before, after)
	if err != nil || len(changes) == 0 {
		return SeasonResult{Season: old, Outcome: SeasonUnchanged}, err
	}
	if err := refuseLateChange(old, rules, workday.DateOf(tx.Now())); err != nil {
		return SeasonResult{}, err
	}
	_, err = tx.ExecContext(ctx, `UPDATE season SET regime = $2, registered_by = $3, opens_on = $4, due_on = $5,
			late_until = $6, spec = $7, version = version + 1, updated_at = $8 WHERE id = $1`,
		old.ID, rules.Regime, rules.RegisteredBy, rules.OpensOn, rules.DueOn, rules.LateUntil, string(after), tx.Now())
	if err != nil {
		return SeasonResult{}, fmt.Errorf("update season: %w", err)
	}
	if err := writeTypes(ctx, tx, old.ID, rules); err != nil {
		return SeasonResult{}, err
	}
	season, err := SeasonByID(ctx, tx, old.ID)
	return SeasonResult{Season: season, Outcome: SeasonChanged, Changes: changes, previousDueOn: old.DueOn}, err
}

// refuseLateChange keeps what cannot change once organisations have been told.
func refuseLateChange(old Season, rules Rules, today workday.Date) error {
	if old.State != SeasonOpen {
		return nil
	}
	var problems []string
	if rules.Regime != old.Regime {
		problems = append(problems, fmt.Sprintf("regime: the season is open as %s; its conclusions cannot change their words", old.Regime))
	}
	if rules.OpensOn.After(today) {
		problems = append(problems, fmt.Sprintf("opens_on: the season has been open since %s; it cannot open again on %s", old.OpensOn, rules.OpensOn))
	}
	if problems != nil {
		return &FileError{problems}
	}
	return nil
}

func writeTypes(ctx context.Context, tx *postgres.Tx, season uuid.UUID, rules Rules) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM season_type WHERE season_id = $1 AND type <> ALL ($2)`, season, pq.Array(rules.Types))
	if err != nil {
		return fmt.Errorf("drop types of season: %w", err)
	}
	for _, typ := range rules.Types {
		_, err := tx.ExecContext(ctx, `INSERT INTO season_type (authority_code, report_year, type, season_id, form)
				VALUES ($1, $2, $3, $4, $5) ON CONFLICT ON CONSTRAINT season_type_once DO UPDATE SET form = excluded.form`,
			rules.Authority, rules.ReportYear, typ, season, rules.Forms[typ])
		if err != nil {
			return fmt.Errorf("write type %s of season: %w", typ, err)
		}
	}
	return nil
}

func appendSeasonEvent(ctx context.Context, tx *postgres.Tx, r SeasonResult, actor event.Actor) error {
	e := event.Event{Actor: actor, AuthorityCode: r.Season.AuthorityCode, SubjectID: event.Ref(r.Season.ID), ReportYear: r.Season.ReportYear}
	switch r.Outcome {
	case SeasonCreated:
		e.Kind = event.SeasonImportedKind
		e.Data = event.SeasonImported{Regime: string(r.Season.Regime), Types: typeWords(r.Season.Rules.Types),
			OpensOn: r.Season.OpensOn, DueOn: r.Season.DueOn}
	case SeasonChanged:
		e.Kind = event.SeasonChangedKind
		e.Data = event.SeasonChanged{Changed: r.Changes, DueOn: r.Season.DueOn, PreviousDueOn: r.previousDueOn,
			Obligations: r.Bound.Total()}
	default:
		return nil
	}
	return event.Append(ctx, tx, e)
}

func typeWords(types []registry.Type) []string {
	words := make([]string, len(types))
	for i, t := range types {
		words[i] = string(t)
	}
	return words
}

// diffJSON compares two JSON objects leaf by leaf and tells each change as "key: from → to".
func diffJSON(before, after []byte) ([]string, error) {
	from, to := map[string]string{}, map[string]string{}
	for _, side := range []struct {
		data   []byte
		leaves map[string]string
	}{{before, from}, {after, to}} {
		var v map[string]any
		if err := json.Unmarshal(side.data, &v); err != nil {
			return nil, fmt.Errorf("compare rules: %w", err)
		}
		flatten("", v, side.leaves)
	}
	keys := slices.Collect(maps.Keys(from))
	for key := range to {
		if _, both := from[key]; !both {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	var changes []string
	for _, key := range keys {
		if from[key] != to[key] {
			changes = append(changes, fmt.Sprintf("%s: %s → %s", key, orNone(from[key]), orNone(to[key])))
		}
	}
	return changes, nil
}

func flatten(prefix string, v map[string]any, leaves map[string]string) {
	for key, value := range v {
		if prefix != "" {
			key = prefix + "." + key
		}
		switch value := value.(type) {
		case map[string]any:
			flatten(key, value, leaves)
		case string:
			leaves[key] = value
		default: // lists, numbers, booleans, null: as JSON writes them
			text, _ := json.Marshal(value) // came from JSON, so it goes back
			leaves[key] = string(text)
		}
	}
}

func orNone(s string) string {
	if s == "" {
		return "(none)"
	}
	return s
}
