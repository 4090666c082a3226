package filing

import (
	"context"
	"errors"
	"fmt"
	"time"

	"nianbao/internal/event"
	"nianbao/internal/id"
	"nianbao/internal/postgres"
	"nianbao/internal/registry"
	"nianbao/internal/workday"
)

// Bound counts what one pass of binding did to obligations.
type Bound struct {
	Opened     bool // the season opened in this pass
	Created    int
	Reinstated int // exempt by rule, bound again
	Exempted   int // open or returned, not bound any more
	DueChanged int
}

// Total is how many obligations the pass touched.
func (b Bound) Total() int { return b.Created + b.Reinstated + b.Exempted + b.DueChanged }

func (b *Bound) add(o Bound) {
	b.Created += o.Created
	b.Reinstated += o.Reinstated
	b.Exempted += o.Exempted
	b.DueChanged += o.DueChanged
}

// OpenSummary is what OpenSeasons did.
type OpenSummary struct {
	Seasons int // looked at
	Opened  int
	Failed  int
	Bound
	RefileDays int // days to refile by that followed the calendar
}

func (s OpenSummary) String() string {
	text := fmt.Sprintf("%d seasons, %d opened; obligations: %d created, %d reinstated, %d exempted, %d due days changed; %d seasons failed",
		s.Seasons, s.Opened, s.Created, s.Reinstated, s.Exempted, s.DueChanged, s.Failed)
	if s.RefileDays > 0 {
		text += fmt.Sprintf("; %d refile days followed the calendar", s.RefileDays)
	}
	return text
}

// OpenSeasons is the body of the job open-seasons: it opens each season whose
// opening day has come by now and brings the obligations of every open season
// in line with the season's rule, the register and the calendar, in one
// transaction a season; refile days follow the calendar in batches.
// Run again it changes nothing. One season that fails does not stop the others;
// the error names each.
func (s *Service) OpenSeasons(ctx context.Context, now time.Time) (OpenSummary, error) {
	today := workday.DateOf(now)
	due, err := selectSeasons(ctx, s.db, `WHERE s.state = 'open' OR s.opens_on <= $1 ORDER BY s.opens_on, s.id`, today)
	if err != nil {
		return OpenSummary{}, fmt.Errorf("open seasons: %w", err)
	}
	summary := OpenSummary{Seasons: len(due)}
	var failed error
	for _, season := range due {
		bound, err := s.bindSeason(ctx, season, today)
		if err != nil {
			summary.Failed++
			failed = errors.Join(failed, fmt.Errorf("open season %d of %s: %w", season.ReportYear, season.AuthorityCode, err))
			if ctx.Err() != nil {
				break
			}
			continue
		}
		if bound.Opened {
			summary.Opened++
		}
		summary.add(bound)
	}
	summary.RefileDays, err = s.followCalendar(ctx)
	return summary, errors.Join(failed, err)
}

func (s *Service) bindSeason(ctx context.Context, season Season, today workday.Date) (bound Bound, err error) {
	err = postgres.InTx(ctx, s.db, func(tx *postgres.Tx) error {
		locked, err := oneSeason(ctx, tx, `WHERE s.id = $1 FOR UPDATE`, season.ID)
		if err != nil {
			return err
		}
		bound, err = s.bind(ctx, tx, &locked, today, event.Clock("open-seasons"))
		return err
	})
	return bound, err
}

// bind opens the season if its day has come and makes its obligations exactly
// those that the rule gives. The caller holds the season's row, so that of two
// nodes one does the work and the other finds nothing left. The order matters:
// who is bound again comes back before missing obligations are created, and
// both carry the new due day.
func (s *Service) bind(ctx context.Context, tx *postgres.Tx, season *Season, today workday.Date, actor event.Actor) (Bound, error) {
	var bound Bound
	if season.State == SeasonPlanned {
		if season.OpensOn.After(today) {
			return bound, nil
		}
		if _, err := tx.ExecContext(ctx, `UPDATE season SET state = 'open', updated_at = $2 WHERE id = $1`, season.ID, tx.Now()); err != nil {
			return bound, fmt.Errorf("open season: %w", err)
		}
		season.State, bound.Opened = SeasonOpen, true
	}
	next, err := nextOpenings(ctx, tx, *season)
	if err != nil {
		return bound, err
	}
	b := binder{tx: tx, season: season, cal: s.calendar(), actor: actor}
	for _, step := range []struct {
		count *int
		run   func(context.Context) (int, error)
	}{{&bound.Exempted, b.exemptEnded}, {&bound.Exempted, b.exemptUnbound}, {&bound.DueChanged, b.followSeason}} {
		n, err := step.run(ctx)
		if err != nil {
			return bound, err
		}
		*step.count += n
	}
	for _, typ := range season.Rules.Types {
		period := FilingPeriod{OpensOn: season.OpensOn, LateUntil: season.LateUntil, NextOpensOn: next[typ], OverdueAfter: b.due().Date}
		if !period.Takes(today) {
			continue // nobody could file it any more
		}
		n, err := b.reinstate(ctx, typ)
		if err != nil {
			return bound, err
		}
		bound.Reinstated += n
		if n, err = b.create(ctx, typ); err != nil {
			return bound, err
		}
		bound.Created += n
	}
	if bound.Opened {
		err = b.appendOpened(ctx, bound)
	}
	return bound, err
}

// binder carries one pass over one season.
type binder struct {
	tx     *postgres.Tx
	season *Season
	cal    *workday.Calendar
	actor  event.Actor
}

// due is the due day of an obligation without an extension of its own.
func (b *binder) due() workday.Due {
	return DueDay(b.cal, b.season.DueOn, workday.Date{}, b.season.Rules.DueRolls)
}

func (b *binder) appendOpened(ctx context.Context, bound Bound) error {
	due := b.due()
	return event.Append(ctx, b.tx, event.Event{
		Kind: event.SeasonOpenedKind, Actor: b.actor, AuthorityCode: b.season.AuthorityCode,
		SubjectID: event.Ref(b.season.ID), ReportYear: b.season.ReportYear,
		Data: event.SeasonOpened{Regime: string(b.season.Regime), Types: typeWords(b.season.Rules.Types),
			OpensOn: b.season.OpensOn, DueOn: due.Date, DueProvisional: due.Provisional, Obligations: bound.Created + bound.Reinstated},
	})
}

// bulk appends one event for each row of the table expression "moved" that with
// defines; moved has authority_code, organisation_id, id, report_year and data.
func (b *binder) bulk(ctx context.Context, kind event.Kind, basis, with string, args ...any) (int, error) {
	args = append(args, basis)
	n, err := event.AppendFrom(ctx, b.tx, event.Bulk{
		Kind: kind, Actor: b.actor, With: with, Args: args,
		From: fmt.Sprintf(`(SELECT authority_code, organisation_id, id AS obligation_id, NULL::uuid AS subject_id, report_year,
			$%d::text AS basis, data FROM moved) AS e`, len(args)),
	})
	return int(n), err
}

// createSQL gives every organisation of the type that the season binds, and
// that has no obligation for the year yet, its obligation. Ids are UUIDv7.
var createSQL = `moved AS (
	INSERT INTO obligation (id, authority_code, organisation_id, season_id, report_year, type, form, status, opens_on,
		due_on, due_provisional, overdue_after, created_at, updated_at)
	SELECT ` + id.SQL(1) + `,
		o.authority_code, o.id, $2, $3, o.type, $4, 'open', $5, $6, $7, $8, $9, $9
	FROM organisation o
	WHERE o.authority_code = $10 AND o.type = $11 AND o.status = 'active' AND o.registered_on <= $12
		AND NOT EXISTS (SELECT FROM obligation b WHERE b.organisation_id = o.id AND b.report_year = $3)
	ORDER BY o.id
	ON CONFLICT ON CONSTRAINT obligation_once DO NOTHING
	RETURNING id, authority_code, organisation_id, report_year, json_build_object('form', form, 'opens_on', opens_on,
		'due_on', due_on, 'due_provisional', due_provisional) AS data)`

func (b *binder) create(ctx context.Context, typ registry.Type) (int, error) {
	s, due := b.season, b.due()
	n, err := b.bulk(ctx, event.ObligationCreatedKind, s.Rules.Basis(BasisReport, typ), createSQL,
		b.tx.Now().UnixMilli(), s.ID, s.ReportYear, s.Rules.Forms[typ], s.OpensOn, due.Date, due.Provisional,
		OverdueAfter(StatusOpen, due.Date, workday.Date{}), b.tx.Now(), s.AuthorityCode, typ, s.RegisteredBy)
	if err != nil {
		return 0, fmt.Errorf("create obligations of type %s: %w", typ, err)
	}
	return n, nil
}

// exemptSQL ends what is owed for the rows that a condition picks; a report that stands keeps its obligation.
const exemptSQL = `moved AS (
	UPDATE obligation b SET status = 'exempt', overdue_after = NULL, exempt_by_rule = true, exempt_reason = %s,
		version = b.version + 1, updated_at = $2
	FROM organisation o
	WHERE b.season_id = $1 AND b.status IN ('open', 'returned') AND o.id = b.organisation_id AND %s
	RETURNING b.id, b.authority_code, b.organisation_id, b.report_year, json_build_object('reason', b.exempt_reason) AS data)`

// exemptEnded exempts organisations that are no longer on the register.
func (b *binder) exemptEnded(ctx context.Context) (int, error) {
	with := fmt.Sprintf(exemptSQL, `CASE o.status WHEN 'revoked' THEN $4::text ELSE $3::text END`, `o.status <> 'active'`)
	n, err := b.bulk(ctx, event.ObligationExemptedKind, "", with, b.season.ID, b.tx.Now(),
		"社会组织已注销登记，不再负有报送义务。", "社会组织已被撤销登记，不再负有报送义务。")
	if err != nil {
		return 0, fmt.Errorf("exempt organisations that ended: %w", err)
	}
	return n, nil
}

// exemptUnbound exempts organisations that the season's rule does not bind after
// all: registered too late as now known, or of a type no longer in the season.
// The authority is not looked at: an organisation that moves to another
// authority in the middle of a season finishes the year where it was bound.
func (b *binder) exemptUnbound(ctx context.Context) (int, error) {
	with := fmt.Sprintf(exemptSQL, `CASE WHEN o.registered_on > $3 THEN $4::text ELSE $5::text END`,
		`(o.registered_on > $3 OR NOT EXISTS (SELECT FROM season_type t WHERE t.season_id = b.season_id AND t.type = b.type))`)
	n, err := b.bulk(ctx, event.ObligationWithdrawnKind, "", with, b.season.ID, b.tx.Now(), b.season.RegisteredBy,
		fmt.Sprintf("登记日期晚于%s，不在本次报送范围内。", b.season.RegisteredBy.Chinese()), "本次报送不再包括该类社会组织。")
	if err != nil {
		return 0, fmt.Errorf("exempt organisations that are not bound: %w", err)
	}
	return n, nil
}
