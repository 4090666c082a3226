// Package pgtest gives each test a migrated PostgreSQL database of its own, in about 60 ms.
//
// One throwaway server runs per test process; it ends with the process, however that ends, and its files go with it.
// With NIANBAO_TEST_DATABASE_URL set, that server is used instead: its user must be allowed to create databases. The
// schema is migrated once, into a template named by the hash of the migrations, and copied for each test.
//
// There is no way to skip: a machine without PostgreSQL fails the tests with what to install.
package pgtest

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"

	"nianbao/internal/postgres"
	"nianbao/migrations"
)

// DefaultNow is the instant at which the clock of New stands: the morning Guangzhou's season of 2018 opened.
var DefaultNow = time.Date(2019, 1, 14, 9, 0, 0, 0, time.FixedZone("CST", 8*60*60))

// Clock is a test's clock: it stands until it is told to move. Safe for concurrent use.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// Now is the instant the clock was last set to.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Set moves the clock, also backwards.
func (c *Clock) Set(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = now
}

// Advance moves the clock by d.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// New opens a fresh, migrated database whose clock stands at DefaultNow. It is dropped when the test ends.
func New(t testing.TB) *postgres.DB {
	t.Helper()
	db, _ := NewAt(t, DefaultNow)
	return db
}

// NewAt opens a fresh, migrated database with a clock that the test moves.
func NewAt(t testing.TB, now time.Time) (*postgres.DB, *Clock) {
	t.Helper()
	clock := &Clock{now: now}
	db, err := postgres.Open(t.Context(), create(t, true), clock.Now)
	if err != nil {
		t.Fatalf("open test database: %v", err)
	}
	t.Cleanup(func() { _ = db.Close() }) // the drop that follows closes whatever this left
	return db, clock
}

// URL connects to db's database, so that a test can start a second node on it.
func URL(t testing.TB, db *postgres.DB) string {
	t.Helper()
	return db.URL()
}

// Empty makes a fresh database without any schema and gives its URL, for tests of migrating.
func Empty(t testing.TB) string {
	t.Helper()
	return create(t, false)
}

func create(t testing.TB, migrated bool) string {
	t.Helper()
	s, err := theServer()
	if err != nil {
		t.Fatalf("test database: %v", err)
	}
	name := "test_" + strings.ToLower(rand.Text()[:16])
	query := "CREATE DATABASE " + name
	if migrated {
		query += " TEMPLATE " + s.template + " STRATEGY FILE_COPY"
	}
	if _, err := s.admin.ExecContext(t.Context(), query); err != nil {
		t.Fatalf("create test database: %v", err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if _, err := s.admin.ExecContext(ctx, "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			t.Errorf("drop test database: %v", err)
		}
	})
	return s.url(name)
}

// server is where this process's test databases lie.
type server struct {
	base     string // connection settings without a database, key=value form or URL
	admin    *sql.DB
	template string
}

var theServer = sync.OnceValues(startServer)

func startServer() (*server, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	base := os.Getenv("NIANBAO_TEST_DATABASE_URL")
	if base == "" {
		url, err := throwaway(ctx)
		if err != nil {
			return nil, err
		}
		base = url
	}
	s := &server{base: base}
	connector, err := pq.NewConnector(s.url("postgres"))
	if err != nil {
		return nil, err
	}
	s.admin = sql.OpenDB(connector)
	if err := s.prepareTemplate(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

// url names another database of the server. In key=value form a later setting wins over an earlier one.
func (s *server) url(database string) string {
	if !strings.Contains(s.base, "://") {
		return s.base + " dbname=" + database
	}
	head, query, _ := strings.Cut(s.base, "?")
	scheme, rest, _ := strings.Cut(head, "://")
	host, _, _ := strings.Cut(rest, "/")
	return scheme + "://" + host + "/" + database + "?" + query
}

// prepareTemplate migrates the template unless it is there. It is renamed into place when complete, so that nobody
// copies half of it; of several processes on one server one makes it.
func (s *server) prepareTemplate(ctx context.Context) error {
	hash, err := migrationsHash()
	if err != nil {
		return err
	}
	s.template = "nianbao_template_" + hash
	var exists bool
	const query = `SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)`
	if err := s.admin.QueryRowContext(ctx, query, s.template).Scan(&exists); err != nil {
		return fmt.Errorf("look for the template: %w", err)
	}
	if exists {
		return nil
	}
	building := "nianbao_building_" + strings.ToLower(rand.Text()[:16])
	if _, err := s.admin.ExecContext(ctx, "CREATE DATABASE "+building); err != nil {
		return fmt.Errorf("create the template: %w", err)
	}
	if err := migrate(ctx, s.url(building)); err != nil {
		return err
	}
	_, err = s.admin.ExecContext(ctx, "ALTER DATABASE "+building+" RENAME TO "+s.template)
	if pq.As(err, pqerror.DuplicateDatabase, pqerror.UniqueViolation) != nil { // another process was quicker
		_, err = s.admin.ExecContext(ctx, "DROP DATABASE "+building)
	}
	if err != nil {
		return fmt.Errorf("put the template in place: %w", err)
	}
	return nil
}

// migrate brings a database up to date and leaves no connection, which copying a template forbids.
func migrate(ctx context.Context, url string) (err error) {
	db, err := postgres.Open(ctx, url, func() time.Time { return DefaultNow })
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	_, err = postgres.Migrate(ctx, db)
	return err
}

func migrationsHash() (string, error) {
	hash := sha256.New()
	err := fs.WalkDir(migrations.FS, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(migrations.FS, path)
		fmt.Fprintf(hash, "%s %d\n%s", path, len(text), text)
		return err
	})
	return hex.EncodeToString(hash.Sum(nil))[:16], err
}
