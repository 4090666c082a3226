package queue

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"nianbao/internal/postgres"
)

// fence names one attempt at one job; what it says counts only while that attempt holds the job.
type fence struct {
	id      uuid.UUID
	attempt int
}

func (j Job) fence() fence { return fence{j.ID, j.Attempt} }

// claimJobs takes what is due, and what a dead worker left behind when its lease ended ($5: what this very worker still
// works on). A lease measures the life of a worker, so it runs by the database's own clock: a demonstration's clock that
// leaps over a day must not take a job from the node that is working on it.
const claimJobs = `
	UPDATE job SET state = 'running', attempt = attempt + 1, lease_until = clock_timestamp() + $3 * interval '1 microsecond'
	WHERE id = ANY (ARRAY(
		SELECT id FROM job
		WHERE state = 'ready' AND run_at <= $1 AND kind = ANY ($2)
		ORDER BY priority, run_at, id LIMIT $4 FOR UPDATE SKIP LOCKED
	) || ARRAY(
		SELECT id FROM job
		WHERE state = 'running' AND lease_until < clock_timestamp() AND kind = ANY ($2) AND id <> ALL ($5::uuid[])
		ORDER BY lease_until LIMIT $4 FOR UPDATE SKIP LOCKED
	))
	RETURNING ` + columns

func claim(ctx context.Context, db *postgres.DB, kinds []string, limit int, lease time.Duration, busy []string) ([]Job, error) {
	stmt, err := db.Prepared(ctx, claimJobs)
	if err != nil {
		return nil, fmt.Errorf("claim jobs: %w", err)
	}
	var jobs []Job
	err = stmt.SelectContext(ctx, &jobs, db.Now(), pq.Array(kinds), lease.Microseconds(), limit, pq.Array(busy))
	if err != nil {
		return nil, fmt.Errorf("claim jobs: %w", err)
	}
	slices.SortFunc(jobs, func(a, b Job) int { // RETURNING promises no order
		return cmp.Or(cmp.Compare(a.Priority, b.Priority), a.RunAt.Compare(b.RunAt), slices.Compare(a.ID[:], b.ID[:]))
	})
	return jobs, nil
}

// ending records how an attempt at a job ended. False: the fence no longer holds the job, and nothing was changed.
type ending func(ctx context.Context, db *postgres.DB, f fence) (bool, error)

// finish says that the job is done.
func finish(ctx context.Context, db *postgres.DB, f fence) (bool, error) {
	return guarded(ctx, db, `DELETE FROM job WHERE id = $1 AND attempt = $2 AND state = 'running'`, f)
}

// maxReason bounds, in bytes, what an error may fill of a row.
const maxReason = 2000

// settleAs ends an attempt without the job being done: ready again at runAt, held, or dead.
func settleAs(state State, runAt time.Time, reason string) ending {
	return func(ctx context.Context, db *postgres.DB, f fence) (bool, error) {
		return guarded(ctx, db, `
			UPDATE job SET state = $3, run_at = $4, last_error = $5, lease_until = NULL
			WHERE id = $1 AND attempt = $2 AND state = 'running'`, f, state, runAt, postgres.Text(reason, maxReason))
	}
}

// giveBack undoes a claim whose handler did not run, or was cut short by the end of the program.
func giveBack(ctx context.Context, db *postgres.DB, f fence) (bool, error) {
	return guarded(ctx, db, `
		UPDATE job SET state = 'ready', attempt = attempt - 1, lease_until = NULL
		WHERE id = $1 AND attempt = $2 AND state = 'running'`, f)
}

// renew lengthens the leases of the fences that still hold, and gives the ids of those.
func renew(ctx context.Context, db *postgres.DB, fences []fence, lease time.Duration) (map[uuid.UUID]bool, error) {
	ids, attempts := make([]string, len(fences)), make([]int64, len(fences))
	for i, f := range fences {
		ids[i], attempts[i] = f.id.String(), int64(f.attempt)
	}
	var held []uuid.UUID
	err := db.SelectContext(ctx, &held, `
		UPDATE job j SET lease_until = clock_timestamp() + $3 * interval '1 microsecond'
		FROM unnest($1::uuid[], $2::integer[]) AS u (id, attempt)
		WHERE j.id = u.id AND j.attempt = u.attempt AND j.state = 'running'
		RETURNING j.id`, pq.Array(ids), pq.Array(attempts), lease.Microseconds())
	if err != nil {
		return nil, fmt.Errorf("renew leases: %w", err)
	}
	still := make(map[uuid.UUID]bool, len(held))
	for _, id := range held {
		still[id] = true
	}
	return still, nil
}

// countHeldByOthers counts the running jobs of these kinds whose lease lasts and that are not in busy.
func countHeldByOthers(ctx context.Context, db *postgres.DB, kinds, busy []string) (int, error) {
	var n int
	err := db.GetContext(ctx, &n, `
		SELECT count(*) FROM job
		WHERE state = 'running' AND lease_until >= clock_timestamp() AND kind = ANY ($1) AND id <> ALL ($2::uuid[])`,
		pq.Array(kinds), pq.Array(busy))
	if err != nil {
		return 0, fmt.Errorf("count running jobs: %w", err)
	}
	return n, nil
}

func guarded(ctx context.Context, db *postgres.DB, query string, f fence, args ...any) (bool, error) {
	stmt, err := db.Prepared(ctx, query)
	if err != nil {
		return false, err
	}
	result, err := stmt.ExecContext(ctx, append([]any{f.id, f.attempt}, args...)...)
	if err != nil {
		return false, err
	}
	n, err := result.RowsAffected()
	return n == 1, err
}
