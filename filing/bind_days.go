package filing

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"nianbao/internal/event"
	"nianbao/internal/registry"
	"nianbao/internal/workday"
)

// dayGroup is a set of obligations that have the same days, so that duedate.go
// computes once for all of them and one UPDATE writes the result. There are as
// many groups as there are different extensions and refile days.
type dayGroup struct {
	SeasonID       uuid.UUID    `db:"season_id"`
	Status         Status       `db:"status"`
	DueOn          workday.Date `db:"due_on"`
	DueProvisional bool         `db:"due_provisional"`
	ExtendedTo     workday.Date `db:"extended_to"`
	ResubmitBy     workday.Date `db:"resubmit_by"`
	Submitted      bool         `db:"submitted"` // a submission counts
}

const dayGroupColumns = `b.season_id, b.status, b.due_on, b.due_provisional, b.extended_to, b.resubmit_by,
	b.submission_id IS NOT NULL AS submitted`

// ofGroup picks the rows of a group by $1 … $7.
const ofGroup = `b.season_id = $1 AND b.status = $2 AND b.due_on = $3 AND b.due_provisional = $4
	AND b.extended_to IS NOT DISTINCT FROM $5::date AND b.resubmit_by IS NOT DISTINCT FROM $6::date
	AND (b.submission_id IS NOT NULL) = $7`

func (g dayGroup) args() []any {
	return []any{g.SeasonID, g.Status, g.DueOn, g.DueProvisional, g.ExtendedTo, g.ResubmitBy, g.Submitted}
}

func (b *binder) groups(ctx context.Context, where string, args ...any) ([]dayGroup, error) {
	var groups []dayGroup
	if err := b.tx.SelectContext(ctx, &groups, `SELECT DISTINCT `+dayGroupColumns+` FROM obligation b `+where, args...); err != nil {
		return nil, fmt.Errorf("group obligations by their days: %w", err)
	}
	return groups, nil
}

// followSeason brings due days, opening day and form of unconcluded obligations
// in line with the season and the calendar. A conclusion keeps its days as they
// were when it was given. It counts the due days that moved.
func (b *binder) followSeason(ctx context.Context) (int, error) {
	const follow = `UPDATE obligation b SET opens_on = $2, form = CASE WHEN b.status = 'submitted' THEN b.form ELSE t.form END,
			version = b.version + 1, updated_at = $3
		FROM season_type t
		WHERE b.season_id = $1 AND t.season_id = b.season_id AND t.type = b.type AND b.status IN ('open', 'returned', 'submitted')
			AND (b.opens_on <> $2 OR b.status <> 'submitted' AND b.form <> t.form)`
	if _, err := b.tx.ExecContext(ctx, follow, b.season.ID, b.season.OpensOn, b.tx.Now()); err != nil {
		return 0, fmt.Errorf("follow the season: %w", err)
	}
	groups, err := b.groups(ctx, `WHERE b.season_id = $1 AND b.status IN ('open', 'returned', 'submitted')`, b.season.ID)
	if err != nil {
		return 0, err
	}
	moved := 0
	for _, g := range groups {
		due := DueDay(b.cal, b.season.DueOn, g.ExtendedTo, b.season.Rules.DueRolls)
		if due.Date == g.DueOn && due.Provisional == g.DueProvisional {
			continue
		}
		n, err := b.moveDue(ctx, g, due)
		if err != nil {
			return 0, fmt.Errorf("move due days from %s to %s: %w", g.DueOn, due.Date, err)
		}
		moved += n
	}
	return moved, nil
}

func (b *binder) moveDue(ctx context.Context, g dayGroup, due workday.Due) (int, error) {
	const set = `UPDATE obligation b SET due_on = $8, due_provisional = $9, overdue_after = $10, version = b.version + 1, updated_at = $11
		WHERE ` + ofGroup
	args := append(g.args(), due.Date, due.Provisional, OverdueAfter(g.Status, due.Date, g.ResubmitBy), b.tx.Now())
	if due.Date == g.DueOn { // a holiday notice only confirmed the day: nothing to tell
		_, err := b.tx.ExecContext(ctx, set, args...)
		return 0, err
	}
	const with = `moved AS (` + set + ` RETURNING b.id, b.authority_code, b.organisation_id, b.report_year,
		json_build_object('due_on', b.due_on, 'previous_due_on', $3::date, 'due_provisional', b.due_provisional,
			'extension', false, 'reason', $12::text) AS data)`
	return b.bulk(ctx, event.ObligationDueChangedKind, "", with, append(args, "登记管理机关调整了本次报送的截止日。")...)
}

// reinstate gives back the obligation of organisations that were exempt by rule
// and are bound by this season now, from whichever season of the year they left.
// Who had a report returned owes the refiled one again.
func (b *binder) reinstate(ctx context.Context, typ registry.Type) (int, error) {
	s := b.season
	groups, err := b.groups(ctx, `JOIN organisation o ON o.id = b.organisation_id
		WHERE b.authority_code = $1 AND b.report_year = $2 AND b.status = 'exempt' AND b.exempt_by_rule AND b.type = $3
			AND o.status = 'active' AND o.registered_on <= $4`, s.AuthorityCode, s.ReportYear, typ, s.RegisteredBy)
	if err != nil {
		return 0, err
	}
	total := 0
	for _, g := range groups {
		to := StatusOpen
		if g.Submitted {
			to = StatusReturned
		}
		due := DueDay(b.cal, s.DueOn, g.ExtendedTo, s.Rules.DueRolls)
		const with = `moved AS (UPDATE obligation b SET status = $8, season_id = $9, form = $10, opens_on = $11, due_on = $12,
				due_provisional = $13, overdue_after = $14, exempt_reason = '', exempt_by_rule = false,
				version = b.version + 1, updated_at = $15
			FROM organisation o WHERE ` + ofGroup + ` AND b.exempt_by_rule AND b.type = $16 AND b.report_year = $17
				AND o.id = b.organisation_id AND o.status = 'active' AND o.registered_on <= $18
			RETURNING b.id, b.authority_code, b.organisation_id, b.report_year, json_build_object('form', b.form,
				'opens_on', b.opens_on, 'due_on', b.due_on, 'due_provisional', b.due_provisional) AS data)`
		args := append(g.args(), to, s.ID, s.Rules.Forms[typ], s.OpensOn, due.Date, due.Provisional,
			OverdueAfter(to, due.Date, g.ResubmitBy), b.tx.Now(), typ, s.ReportYear, s.RegisteredBy)
		n, err := b.bulk(ctx, event.ObligationCreatedKind, s.Rules.Basis(BasisReport, typ), with, args...)
		if err != nil {
			return 0, fmt.Errorf("reinstate obligations of type %s: %w", typ, err)
		}
		total += n
	}
	return total, nil
}
