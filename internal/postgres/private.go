package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/lib/pq"
)

// The private server lives in DATA/postgres:
//
//	cluster/       PostgreSQL's data
//	run/           the socket, unless its path would be too long for one (then a folder named in socket-folder)
//	start.lock     held while someone creates, starts, adopts or stops the server
//	users.lock     held, shared, by every process that uses the server: who can take it alone is the last one
//	serve.lock     held by serve alone
//	postgres.log   what PostgreSQL says
//
// All locks are flock(2), which the kernel drops however a process ends. The server is a session leader of its own and
// no child that dies with its parent: another command may be using it. After kill -9 of every user it goes on
// running, the next command adopts it, and the last one to end in order stops it.

// ErrServing refuses a second serve on one data folder.
var ErrServing = errors.New("another `nianbao serve` is running on this data folder: stop it first, or give --data another folder")

const (
	clusterUser     = "nianbao" // its superuser; only the socket's folder lets anyone in
	clusterDatabase = "nianbao"
	watchEvery      = 250 * time.Millisecond
)

// PrivateOptions say whose server to start or join.
type PrivateOptions struct {
	DataDir   string       // the program's data folder; made if absent
	Serve     bool         // be the one serve of this folder: a second one gets ErrServing
	Throwaway bool         // for tests: fast, not durable, not restarted when it dies
	Log       *slog.Logger // nil: nothing is logged
}

// Private is this process's use of the private server, which it may share with other processes.
type Private struct {
	cluster *cluster
	log     *slog.Logger
	serve   *fileLock // nil unless Serve
	users   *fileLock

	stopWatch context.CancelFunc
	watched   sync.WaitGroup
}

// StartPrivate joins the server that runs in the data folder, or creates and starts it, and returns when it answers.
// A server that dies while in use is started again. The caller must Close.
func StartPrivate(ctx context.Context, o PrivateOptions) (*Private, error) {
	log := o.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	c, err := newCluster(o.DataDir, o.Throwaway)
	if err != nil {
		return nil, fmt.Errorf("private PostgreSQL: %w", err)
	}
	p := &Private{cluster: c, log: log}
	if o.Serve {
		if p.serve, err = c.lockServe(ctx); err != nil {
			return nil, err
		}
	}
	if err := p.join(ctx); err != nil {
		p.serve.release()
		return nil, fmt.Errorf("private PostgreSQL in %s: %w", c.base, err)
	}
	watch, stop := context.WithCancel(context.WithoutCancel(ctx))
	p.stopWatch = stop
	if !o.Throwaway {
		p.watched.Go(func() { p.watch(watch) })
	}
	return p, nil
}

// Serving tells whether a serve runs on the data folder. Commands that only look something up use its database then,
// and otherwise do without one.
func Serving(dataDir string) bool {
	path := filepath.Join(dataDir, baseFolder, "serve.lock")
	if _, err := os.Stat(path); err != nil {
		return false
	}
	l, err := openLock(path)
	if err != nil {
		return true // not ours to open: someone else's, so it is there for a reason
	}
	defer l.release()
	return !l.try(exclusive)
}

// join makes this process a user of a running server.
func (p *Private) join(ctx context.Context) error {
	start, err := p.cluster.lockStart(ctx)
	if err != nil {
		return err
	}
	defer start.release()
	if p.users, err = p.cluster.openLock("users.lock"); err != nil {
		return err
	}
	if !p.users.try(shared) { // nobody holds it alone but for a moment under start.lock, which is ours
		p.users.release()
		return errors.New("users.lock is held by a process that is no nianbao")
	}
	if err := p.cluster.chooseSocketDir(); err != nil {
		p.users.release()
		return err
	}
	started := time.Now()
	how, err := p.reach(ctx)
	if err != nil {
		return errors.Join(err, p.leave(context.WithoutCancel(ctx)))
	}
	p.log.Info("private PostgreSQL is ready", "how", how, "folder", p.cluster.base, "took", time.Since(started).Round(time.Millisecond))
	return nil
}

// reach makes sure that the server runs and answers. One that was killed a moment ago still looks alive and drops the
// connection: then it is looked at again.
func (p *Private) reach(ctx context.Context) (how string, err error) {
	for started := time.Now(); ; {
		if how, err = p.cluster.ensureRunning(ctx); err != nil {
			return "", err
		}
		err = p.ensureDatabase(ctx)
		if err == nil || !lost(err) || time.Since(started) > reconnectPatience || pause(ctx, 4*pollEvery) != nil {
			return how, err
		}
	}
}

// URL connects to the private server's database, for Open.
func (p *Private) URL() string { return p.cluster.url(clusterDatabase) }

// Programs are the PostgreSQL programs that fit the server, such as pg_dump for a backup.
func (p *Private) Programs() Programs { return p.cluster.programs }

// Close ends this process's use of the server and stops it if nobody else uses it.
func (p *Private) Close() error {
	p.stopWatch()
	p.watched.Wait()
	ctx, cancel := context.WithTimeout(context.Background(), stopPatience)
	defer cancel()
	start, err := p.cluster.lockStart(ctx)
	if err != nil {
		return fmt.Errorf("close private PostgreSQL: %w", err)
	}
	defer start.release()
	err = p.leave(ctx)
	p.serve.release()
	if err != nil {
		return fmt.Errorf("stop private PostgreSQL: %w", err)
	}
	return nil
}

// leave gives up users.lock under start.lock, and stops the server if this was its last user.
func (p *Private) leave(ctx context.Context) error {
	defer p.users.release()
	if !p.users.try(exclusive) {
		return nil
	}
	return p.cluster.stop(ctx)
}

// watch starts a server again that died under its users; whichever user notices first does so.
func (p *Private) watch(ctx context.Context) {
	for pause(ctx, watchEvery) == nil {
		if p.cluster.running() {
			continue
		}
		p.log.Error("private PostgreSQL ended unexpectedly: starting it again", "log", p.cluster.file("postgres.log"))
		if err := p.restart(ctx); err != nil && ctx.Err() == nil {
			p.log.Error("private PostgreSQL does not start", "error", err)
			_ = pause(ctx, 5*time.Second)
		}
	}
}

func (p *Private) restart(ctx context.Context) error {
	start, err := p.cluster.lockStart(ctx)
	if err != nil {
		return err
	}
	defer start.release()
	how, err := p.cluster.ensureRunning(ctx)
	if err != nil {
		return err
	}
	p.log.Info("private PostgreSQL is back", "how", how)
	return nil
}

// ensureDatabase waits until the server answers and makes the program's database in a new cluster.
func (p *Private) ensureDatabase(ctx context.Context) (err error) {
	session, err := newSession(p.cluster.url("postgres"))
	if err != nil {
		return err
	}
	pool, err := session.open()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, pool.Close()) }()
	if err := session.check(ctx, pool); err != nil {
		return err
	}
	return createDatabase(ctx, pool)
}

func createDatabase(ctx context.Context, pool *sql.DB) error {
	var exists bool
	err := pool.QueryRowContext(ctx, `SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)`, clusterDatabase).Scan(&exists)
	if err != nil {
		return fmt.Errorf("look for the database: %w", err)
	}
	if exists {
		return nil
	}
	if _, err := pool.ExecContext(ctx, `CREATE DATABASE `+pq.QuoteIdentifier(clusterDatabase)); err != nil {
		return fmt.Errorf("create the database: %w", err)
	}
	return nil
}

// url is in key=value form: a socket's folder does not fit into a URL.
func (c *cluster) url(database string) string {
	return fmt.Sprintf("host=%s port=%s user=%s dbname=%s sslmode=disable",
		quoteSetting(c.socketDir), socketPort, clusterUser, quoteSetting(database))
}

func quoteSetting(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'"
}
