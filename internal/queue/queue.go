// Package queue is the background work: what must be done once a transaction has committed, such as a mail or the
// PDF of a conclusion, is enqueued in that transaction and worked soon after by any node, until it is done.
//
// It owns the table job and knows nothing of what the jobs mean. Invariants:
//
//   - a job is worked at least once: its handler must be idempotent by the job's id;
//   - one worker at a time holds a job, by a lease that it renews while the handler runs; a worker that dies loses it
//     when the lease ends. The attempt number is the fence: who lost a job can no longer say how it ended;
//   - a finished job's row is deleted, so a unique key only keeps out what is still waiting, held or dead;
//   - all delays are of the injected clock: time travel works what falls due on the way.
package queue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"nianbao/internal/id"
	"nianbao/internal/postgres"
)

// State says who acts next on a job.
type State string

// The states of a job. A job that is done has no row any more.
const (
	Ready   State = "ready"   // a worker, once its time has come
	Running State = "running" // the worker that holds its lease
	Held    State = "held"    // a person: something outside must be put right first, see Hold
	Dead    State = "dead"    // nobody, unless a person revives it, see Permanent
)

// Job is one piece of work as its handler gets it.
type Job struct {
	ID        uuid.UUID       `db:"id"`
	Kind      string          `db:"kind"`
	UniqueKey string          `db:"unique_key"` // "" if it has none
	Payload   json.RawMessage `db:"payload"`
	State     State           `db:"state"`
	Priority  int             `db:"priority"`
	RunAt     time.Time       `db:"run_at"`
	Attempt   int             `db:"attempt"` // 1 on the first run
	LastError string          `db:"last_error"`
	CreatedAt time.Time       `db:"created_at"`
}

// New is work to enqueue.
type New struct {
	Kind      string
	UniqueKey string    // the same kind and key while a job with them waits is no second job; "" for none
	Payload   any       // becomes JSON
	RunAt     time.Time // zero: at once
	Priority  int       // lower runs first; 0 is usual
	Held      string    // not empty: it waits for a person from the start, who is told this; see Hold
}

const insertJobs = `
	INSERT INTO job (id, kind, unique_key, payload, priority, run_at, created_at, state, last_error)
	SELECT u.id, u.kind, nullif(u.unique_key, ''), u.payload::json, u.priority, u.run_at, $8,
		CASE u.held WHEN '' THEN 'ready' ELSE 'held' END, u.held
	FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::smallint[], $6::timestamptz[], $7::text[])
	     AS u (id, kind, unique_key, payload, priority, run_at, held)
	ON CONFLICT (kind, unique_key) WHERE unique_key IS NOT NULL DO NOTHING`

// Enqueue adds jobs in the caller's transaction: they exist if it commits. A job whose kind and unique key already
// wait is left out silently.
func Enqueue(ctx context.Context, tx *postgres.Tx, jobs ...New) error {
	if len(jobs) == 0 {
		return nil
	}
	var ids, kinds, keys, payloads, times, holds []string
	var priorities []int64
	for _, j := range jobs {
		payload, err := json.Marshal(j.Payload)
		if err != nil {
			return fmt.Errorf("enqueue %s: %w", j.Kind, err)
		}
		runAt := j.RunAt
		if runAt.IsZero() {
			runAt = tx.Now()
		}
		ids, kinds, keys = append(ids, id.New(tx.Now()).String()), append(kinds, j.Kind), append(keys, j.UniqueKey)
		payloads, times = append(payloads, string(payload)), append(times, runAt.Format(time.RFC3339Nano))
		priorities, holds = append(priorities, int64(j.Priority)), append(holds, j.Held)
	}
	stmt, err := tx.Prepared(ctx, insertJobs)
	if err != nil {
		return fmt.Errorf("enqueue: %w", err)
	}
	_, err = stmt.ExecContext(ctx, pq.Array(ids), pq.Array(kinds), pq.Array(keys), pq.Array(payloads),
		pq.Array(priorities), pq.Array(times), pq.Array(holds), tx.Now())
	if err != nil {
		return fmt.Errorf("enqueue %d jobs: %w", len(jobs), err)
	}
	return nil
}

// Depth counts the jobs by kind and state.
func Depth(ctx context.Context, q postgres.Queryer) (map[string]map[State]int, error) {
	var rows []struct {
		Kind  string `db:"kind"`
		State State  `db:"state"`
		N     int    `db:"n"`
	}
	err := q.SelectContext(ctx, &rows, `SELECT kind, state, count(*) AS n FROM job GROUP BY kind, state`)
	if err != nil {
		return nil, fmt.Errorf("count jobs: %w", err)
	}
	depth := make(map[string]map[State]int)
	for _, r := range rows {
		if depth[r.Kind] == nil {
			depth[r.Kind] = make(map[State]int)
		}
		depth[r.Kind][r.State] = r.N
	}
	return depth, nil
}

const columns = `id, kind, coalesce(unique_key, '') AS unique_key, payload, state, priority, run_at, attempt, last_error, created_at`

// List gives the jobs of a state, the oldest first, for a person to look at.
func List(ctx context.Context, q postgres.Queryer, state State, limit int) ([]Job, error) {
	var jobs []Job
	err := q.SelectContext(ctx, &jobs, `SELECT `+columns+` FROM job WHERE state = $1 ORDER BY created_at, id LIMIT $2`, state, limit)
	if err != nil {
		return nil, fmt.Errorf("list %s jobs: %w", state, err)
	}
	return jobs, nil
}

// Revive makes the held or dead jobs of a kind ready again, once a person has put right what stopped them, and says how
// many. Their count of attempts starts anew.
func Revive(ctx context.Context, tx *postgres.Tx, kind string, state State) (int, error) {
	if state != Held && state != Dead {
		return 0, fmt.Errorf("revive %s: %s jobs need no reviving", kind, state)
	}
	result, err := tx.ExecContext(ctx,
		`UPDATE job SET state = 'ready', attempt = 0, run_at = $3 WHERE kind = $1 AND state = $2`, kind, state, tx.Now())
	if err != nil {
		return 0, fmt.Errorf("revive %s: %w", kind, err)
	}
	n, err := result.RowsAffected()
	return int(n), err
}

// Hold is what a handler returns when a person must act before it makes sense to try again, such as setting up a mail
// server or giving the font a character. The reason is shown to them.
func Hold(reason string) error { return &outcome{state: Held, err: errors.New(reason)} }

// Permanent is what a handler returns when trying again can never help; err says why.
func Permanent(err error) error { return &outcome{state: Dead, err: err} }

// outcome ends a job's tries without it being done.
type outcome struct {
	state State
	err   error
}

func (o *outcome) Error() string { return o.err.Error() }
func (o *outcome) Unwrap() error { return o.err }

// maxBackoff is the longest pause between two tries of a job that fails.
const maxBackoff = time.Hour

// backoff is the pause after the given attempt failed: 3, 9, 27, … seconds, at most an hour.
func backoff(attempt int) time.Duration {
	d := time.Second
	for range attempt {
		if d *= 3; d >= maxBackoff {
			return maxBackoff
		}
	}
	return d
}
