package postgres

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"syscall"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"
)

// ErrNested refuses InTx inside InTx: a use case that calls another would commit half of itself.
var ErrNested = errors.New("a transaction is already open in this context")

const (
	maxConflictAttempts = 8               // for serialisation failures and deadlocks
	reconnectPatience   = 5 * time.Second // for a server that went away: a restart or a failover begun
)

// Tx is an open transaction. Its Now is the instant of its beginning and does not move.
type Tx struct {
	*sqlx.Tx
	db  *DB
	ctx context.Context // ends with the transaction
	now time.Time
}

// Now is the transaction's one instant, in Asia/Shanghai.
func (tx *Tx) Now() time.Time { return tx.now }

// Context is the caller's context marked with this transaction: InTx under it fails with ErrNested.
func (tx *Tx) Context() context.Context { return tx.ctx }

// Prepared is DB.Prepared for use inside the transaction; the statement ends with it. The first use of a text is
// prepared on the transaction's own connection while the cache is filled beside it.
func (tx *Tx) Prepared(ctx context.Context, query string) (*Statement, error) {
	if stmt, ok := tx.db.cached(query); ok {
		return &Statement{tx.StmtxContext(ctx, stmt.Stmt)}, nil
	}
	tx.db.warm(query)
	stmt, err := tx.PreparexContext(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("prepare statement: %w", err)
	}
	return &Statement{stmt}, nil
}

type txKey struct{}

// InTx runs fn in one transaction (read committed), commits if it returns nil and rolls back on an error or a panic.
// fn is run again after a serialisation failure, a deadlock, or a connection lost before the commit, so it must have
// no effect outside the database: no mail, file or HTTP. A connection lost during the commit is returned as it is,
// since nobody can know the outcome; the caller's idempotency key does.
func InTx(ctx context.Context, db *DB, fn func(tx *Tx) error) error {
	if ctx.Value(txKey{}) != nil {
		return ErrNested
	}
	started := time.Now()
	for attempt := 1; ; attempt++ {
		err := runTx(ctx, db, fn)
		if err == nil || !worthRetry(err, attempt, time.Since(started)) {
			return err
		}
		backoff := min(time.Duration(5<<min(attempt, 8))*time.Millisecond, 500*time.Millisecond)
		if pause(ctx, backoff/2+rand.N(backoff)) != nil {
			return err
		}
	}
}

func runTx(ctx context.Context, db *DB, fn func(tx *Tx) error) (err error) {
	raw, err := db.BeginTxx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin transaction: %w", err)
	}
	tx := &Tx{Tx: raw, db: db, ctx: context.WithValue(ctx, txKey{}, true), now: db.Now()}
	finished := false
	defer func() { // a panic in fn passes through here and goes on
		if finished {
			return
		}
		if rollback := raw.Rollback(); rollback != nil && !errors.Is(rollback, sql.ErrTxDone) && !lost(rollback) {
			err = errors.Join(err, fmt.Errorf("roll back: %w", rollback))
		}
	}()
	if err := fn(tx); err != nil {
		return err
	}
	finished = true
	if err := raw.Commit(); err != nil {
		return &commitError{err}
	}
	return nil
}

// commitError marks an error of the commit itself.
type commitError struct{ err error }

func (e *commitError) Error() string { return "commit: " + e.err.Error() }
func (e *commitError) Unwrap() error { return e.err }

func worthRetry(err error, attempt int, elapsed time.Duration) bool {
	if pq.As(err, pqerror.TRSerializationFailure, pqerror.TRDeadlockDetected) != nil {
		return attempt < maxConflictAttempts
	}
	if _, ok := errors.AsType[*commitError](err); ok {
		return false
	}
	return lost(err) && elapsed < reconnectPatience
}

// lost tells whether err says that the server is not there (any more): it was restarted, failed over, or killed.
func lost(err error) bool {
	if pq.As(err, pqerror.AdminShutdown, pqerror.CrashShutdown, pqerror.CannotConnectNow) != nil {
		return true
	}
	for _, gone := range []error{driver.ErrBadConn, sql.ErrConnDone, io.EOF, io.ErrUnexpectedEOF, syscall.ECONNREFUSED, syscall.ECONNRESET, syscall.EPIPE} {
		if errors.Is(err, gone) {
			return true
		}
	}
	op, ok := errors.AsType[*net.OpError](err)
	return ok && op.Op == "dial" && errors.Is(err, syscall.ENOENT) // the socket's file between two servers
}
