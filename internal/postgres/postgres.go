// Package postgres is the only way to the database: the pool with its injected clock, transactions, prepared
// statements, constraint errors, migrations, and the private server that the program runs when no URL is given.
//
// It does not own any table or any SQL of the domain. Invariants: a connection never goes through a pooler (see
// ErrPooler); a session counts in Asia/Shanghai; a transaction sees one instant, that of its beginning; whoever needs
// the time of something stored asks DB.Now or Tx.Now, never SQL's now().
package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"

	"nianbao/internal/workday"
)

// Queryer is what a read needs; *DB and *Tx satisfy it, so that a read runs inside or outside a transaction.
type Queryer interface {
	sqlx.ExtContext
	GetContext(ctx context.Context, dest any, query string, args ...any) error
	SelectContext(ctx context.Context, dest any, query string, args ...any) error
	Prepared(ctx context.Context, query string) (*Statement, error)
	Now() time.Time
}

var (
	_ Queryer = (*DB)(nil)
	_ Queryer = (*Tx)(nil)
)

// DB is a pool of connections with the program's clock and a cache of prepared statements. Safe for concurrent use.
type DB struct {
	*sqlx.DB
	url   string
	clock atomic.Pointer[func() time.Time]

	mu         sync.RWMutex
	statements map[string]*Statement // by text
	warming    map[string]bool       // being prepared in the background for transactions to come
}

// Open connects to the server at url (postgres://… or key=value form, several hosts allowed), waits for one that is
// still starting, and refuses a connection pooler with ErrPooler. now is the program's clock: the wall's, the
// demonstration's or a test's. Connections: four a core, at least eight; more only adds waiting.
func Open(ctx context.Context, url string, now func() time.Time) (*DB, error) {
	session, err := newSession(url)
	if err != nil {
		return nil, err
	}
	pool, err := session.open()
	if err != nil {
		return nil, err
	}
	conns := min(max(8, 4*runtime.NumCPU()), 64)
	pool.SetMaxOpenConns(conns)
	pool.SetMaxIdleConns(conns)
	pool.SetConnMaxIdleTime(5 * time.Minute)

	if err := session.check(ctx, pool); err != nil {
		return nil, errors.Join(err, pool.Close())
	}
	db := &DB{
		DB:         sqlx.NewDb(pool, "postgres"),
		url:        url,
		statements: make(map[string]*Statement),
		warming:    make(map[string]bool),
	}
	db.SetClock(now)
	return db, nil
}

// URL is what Open was given; it may hold a password, so it is never logged.
func (db *DB) URL() string { return db.url }

// Now is the clock's instant in Asia/Shanghai, cut to the microsecond that PostgreSQL stores.
func (db *DB) Now() time.Time {
	return (*db.clock.Load())().In(workday.Shanghai).Truncate(time.Microsecond)
}

// SetClock replaces the clock. Only the start of the program does so, once it knows whether the data is a
// demonstration with a clock of its own.
func (db *DB) SetClock(now func() time.Time) { db.clock.Store(&now) }

// Statement is a prepared statement that the pool or the transaction owns: nobody else closes it.
type Statement struct{ *sqlx.Stmt }

// Prepared gives the statement for query, prepared once per connection and kept until the pool closes. query must be
// one of a fixed number of texts: values belong in parameters, or the cache grows without end. A prepared statement
// saves one of two round trips and the parsing, about a quarter of a submission's cost.
func (db *DB) Prepared(ctx context.Context, query string) (*Statement, error) {
	if stmt, ok := db.cached(query); ok {
		return stmt, nil
	}
	raw, err := db.PreparexContext(ctx, query) // kept until the pool closes
	if err != nil {
		return nil, fmt.Errorf("prepare statement: %w", err)
	}
	stmt := &Statement{raw}
	db.mu.Lock()
	defer db.mu.Unlock()
	if first, ok := db.statements[query]; ok { // another caller was quicker
		_ = stmt.Close()
		return first, nil
	}
	db.statements[query] = stmt
	return stmt, nil
}

func (db *DB) cached(query string) (*Statement, bool) {
	db.mu.RLock()
	defer db.mu.RUnlock()
	stmt, ok := db.statements[query]
	return stmt, ok
}

// warm puts query into the cache on a connection of its own. A transaction must not do that itself: were every
// connection taken by a transaction that waits for one more, all would wait for ever.
func (db *DB) warm(query string) {
	db.mu.Lock()
	busy := db.warming[query]
	db.warming[query] = true
	db.mu.Unlock()
	if busy {
		return
	}
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		// A failure shows where the statement is used; here it only means that the next use prepares again.
		_, _ = db.Prepared(ctx, query)
		db.mu.Lock()
		delete(db.warming, query)
		db.mu.Unlock()
	}()
}

// session is how connections are made: the caller's settings plus ours.
type session struct {
	config pq.Config
	token  string // sent at the start of each connection and asked back: a pooler does not hand it on
}

func (s session) open() (*sql.DB, error) {
	connector, err := pq.NewConnectorConfig(s.config)
	if err != nil {
		return nil, fmt.Errorf("database settings: %w", err)
	}
	return sql.OpenDB(connector), nil
}
