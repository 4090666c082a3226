package listing

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"
	"golang.org/x/sync/errgroup"

	"nianbao/filing"
	"nianbao/internal/event"
	"nianbao/internal/postgres"
	"nianbao/internal/workday"
)

// SweepSummary is what a pass over the late filers did.
type SweepSummary struct {
	Notified   int // prior notices
	Listed     int // listed at once, where a season does so by law
	SpotChecks int // entries on the spot-check list
	Penalties  int // penalty cases opened
	Failed     int // obligations left out; the log says why
}

func (s SweepSummary) String() string {
	text := fmt.Sprintf("%d notices, %d listed at once, %d on the spot-check list, %d penalty cases",
		s.Notified, s.Listed, s.SpotChecks, s.Penalties)
	if s.Failed > 0 {
		text += fmt.Sprintf(", %d left out", s.Failed)
	}
	return text
}

func (s *SweepSummary) add(o SweepSummary) {
	s.Notified += o.Notified
	s.Listed += o.Listed
	s.SpotChecks += o.SpotChecks
	s.Penalties += o.Penalties
	s.Failed += o.Failed
}

// sweeper is who acts in the event log.
var sweeper = event.Clock("sweep-late")

// sweepWorkers is how many batches a sweep has under way: while the database works on one, the documents and events of
// the other are made. More would only wait for the numbers, which each batch holds from taking them to its commit.
const sweepWorkers = 2

// SweepLate is the body of the job sweep-late: each obligation that is overdue on the day of now gets what its season
// says, each once: the prior notice of a listing (or the listing, where the season lists at once), the entry on the
// spot-check list, and the penalty case. Run again, or on two nodes at once, it finds nothing left to do. An error means
// that the pass could not go on; what was done before it stands.
func (s *Service) SweepLate(ctx context.Context, now time.Time) (SweepSummary, error) {
	pass := sweep{Service: s, today: workday.DateOf(now), seasons: newSeasons(), told: map[uuid.UUID]bool{}}
	if err := pass.run(ctx); err != nil {
		return pass.sum, fmt.Errorf("sweep late filers of %s: %w", pass.today, err)
	}
	return pass.sum, nil
}

// sweep is one pass.
type sweep struct {
	*Service
	today   workday.Date
	seasons *seasons
	told    map[uuid.UUID]bool // seasons that cannot be read and were logged; of run alone

	mu  sync.Mutex
	sum SweepSummary
}

// run reads the late filers in their order and hands them out; no obligation is in two batches.
func (p *sweep) run(ctx context.Context) error {
	group, working := errgroup.WithContext(ctx) // ends with the first batch that cannot go on
	group.SetLimit(sweepWorkers)
	from := overdueKey{OverdueAfter: workday.NewDate(1, time.January, 1)}
	for working.Err() == nil {
		late, err := p.next(working, from)
		if err != nil {
			return errors.Join(group.Wait(), err)
		}
		if len(late) == 0 {
			break
		}
		ids := p.wanting(working, late)
		group.Go(func() error { return p.batch(working, ids) })
		from = late[len(late)-1].overdueKey
	}
	return errors.Join(group.Wait(), ctx.Err())
}

// batch does one batch in a transaction of its own.
func (p *sweep) batch(ctx context.Context, ids []uuid.UUID) error {
	failed, err := inBatch(ctx, p.Service, ids, func(tx *postgres.Tx, ids []uuid.UUID) (SweepSummary, error) {
		return p.act(tx.Context(), tx, ids)
	}, p.count)
	p.count(SweepSummary{Failed: failed})
	return err
}

func (p *sweep) count(s SweepSummary) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sum.add(s)
}

// overdueKey is a place in the order of the index of overdue obligations.
type overdueKey struct {
	OverdueAfter workday.Date `db:"overdue_after"`
	ID           uuid.UUID    `db:"id"`
}

// reached is what has come of a late obligation so far.
type reached struct {
	Noticed   bool `db:"noticed"` // a matter is open, or one has settled it
	OnList    bool `db:"on_list"`
	Penalised bool `db:"penalised"`
}

// wants tells whether the season asks for anything that has not come about.
func (r reached) wants(rule filing.LateRule) bool {
	return !r.Noticed || rule.SpotCheckList && !r.OnList || rule.PenaltyCase && !r.Penalised
}

type lateKey struct {
	overdueKey
	SeasonID uuid.UUID `db:"season_id"`
	reached
}

// reachedJoins looks up what came of obligation o. LIMIT keeps each look a look into an index: joined as sets, they
// would read the whole of three growing tables for every batch, and a sweep would no longer be linear.
const reachedJoins = `
LEFT JOIN LATERAL (SELECT true AS there FROM listing l WHERE l.obligation_id = o.id AND l.ground = 'not_filed'
	AND NOT (l.status = 'withdrawn' AND l.end_reason IN (` + passing + `)) LIMIT 1) AS n ON true
LEFT JOIN LATERAL (SELECT true AS there FROM spot_check c WHERE c.obligation_id = o.id LIMIT 1) AS c ON true
LEFT JOIN LATERAL (SELECT true AS there FROM penalty_case p WHERE p.obligation_id = o.id LIMIT 1) AS p ON true`

const reachedColumns = `coalesce(n.there, false) AS noticed, coalesce(c.there, false) AS on_list,
	coalesce(p.there, false) AS penalised`

const nextLate = `WITH o AS MATERIALIZED (
	SELECT overdue_after, id, season_id FROM obligation
	WHERE status IN ('open', 'returned') AND overdue_after < $1 AND (overdue_after, id) > ($2, $3)
		AND (held_until IS NULL OR held_until < $1)
	ORDER BY overdue_after, id LIMIT $4)
SELECT o.overdue_after, o.id, o.season_id, ` + reachedColumns + ` FROM o ` + reachedJoins + ` ORDER BY o.overdue_after, o.id`

// next reads the next obligations that are overdue today, in the order of their index.
func (p *sweep) next(ctx context.Context, from overdueKey) ([]lateKey, error) {
	var late []lateKey
	err := p.db.SelectContext(ctx, &late, nextLate, p.today, from.OverdueAfter, from.ID, batchSize)
	return late, err
}

// wanting picks those whose season asks for something more. The rest, the many that were dealt with on an earlier day,
// cost no lock and no write.
func (p *sweep) wanting(ctx context.Context, late []lateKey) []uuid.UUID {
	var ids []uuid.UUID
	for _, o := range late {
		season, err := p.seasons.of(ctx, p.db, o.SeasonID)
		switch {
		case err != nil:
			p.count(SweepSummary{Failed: 1})
			if !p.told[o.SeasonID] {
				p.told[o.SeasonID] = true
				p.log.ErrorContext(ctx, "late filing: a season's rules cannot be read", "season", o.SeasonID, "error", err)
			}
		case o.wants(season.Rules.Late):
			ids = append(ids, o.ID)
		}
	}
	return ids
}

const lockLate = `SELECT o.id, o.authority_code, o.organisation_id, o.season_id, o.report_year, o.type, o.due_on,
	st.updated_at AS returned_at, coalesce(a.name, '') AS authority, g.name AS organisation, g.uscc, g.type AS organisation_type,
	g.electronic_service, ` + reachedColumns + `
FROM obligation o
JOIN organisation g ON g.id = o.organisation_id
LEFT JOIN authority a ON a.code = o.authority_code
LEFT JOIN submission_standing st ON o.status = 'returned' AND st.submission_id = o.submission_id AND st.status = 'returned' ` + reachedJoins + `
WHERE o.id = ANY ($1::uuid[]) AND o.status IN ('open', 'returned') AND o.overdue_after < $2
	AND (o.held_until IS NULL OR o.held_until < $2)
ORDER BY o.id FOR NO KEY UPDATE OF o`

// act does for the obligations what their seasons ask for. They are locked first, so that a submission of the same
// moment either came before and takes its obligation out of the batch, or waits until the batch is done.
func (p *sweep) act(ctx context.Context, tx *postgres.Tx, ids []uuid.UUID) (SweepSummary, error) {
	var rows []lateFiler
	if err := tx.SelectContext(ctx, &rows, lockLate, pq.Array(ids), p.today); err != nil {
		return SweepSummary{}, err
	}
	var acts lateActs
	for i := range rows {
		season, err := p.seasons.of(ctx, tx, rows[i].SeasonID)
		if err != nil {
			return SweepSummary{}, err
		}
		acts.add(&rows[i], p.ruling(season))
	}
	return acts.write(ctx, tx, p.today)
}

// ruling is what a season means for a late filer today.
func (p *sweep) ruling(season *filing.Season) ruling {
	return ruling{rules: &season.Rules, today: p.today, answerBy: p.calendar().Due(p.today, season.Rules.Late.StatementWorkingDays)}
}
