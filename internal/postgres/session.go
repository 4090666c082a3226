package postgres

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"
)

// ErrPooler refuses a connection that does not lead straight to PostgreSQL. Behind pgbouncer in transaction mode the
// driver was measured to return rows of other statements without an error, and prepared statements fail.
var ErrPooler = errors.New("the database URL leads to a connection pooler such as pgbouncer, which is not supported: " +
	"give the address of PostgreSQL itself")

const (
	// statementTimeout bounds what a runaway statement can hold up; the largest sweep (a million obligations) takes 4 s.
	statementTimeout = 2 * time.Minute
	// lockTimeout is far above any lock held on purpose (counter rows: milliseconds).
	lockTimeout = 10 * time.Second
	// idleTransactionTimeout frees the locks of a process that hangs inside a transaction.
	idleTransactionTimeout = time.Minute
	// startupPatience is how long Open waits for a server that says it is starting or recovering.
	startupPatience = 30 * time.Second

	directParameter = "nianbao.direct"
)

// newSession parses databaseURL and adds our parameters, each only where the URL does not set it.
func newSession(databaseURL string) (session, error) {
	config, err := pq.NewConfig(spreadHosts(databaseURL))
	if err != nil {
		return session{}, fmt.Errorf("database URL: %w", err)
	}
	if config.SSLMode == "" {
		config.SSLMode = pq.SSLModePrefer // as psql does
	}
	if config.ApplicationName == "" {
		config.ApplicationName = "nianbao"
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = 10 * time.Second
	}
	if config.TZ == "" {
		config.TZ = "Asia/Shanghai" // only how instants print; they are compared as instants
	}
	config = config.Clone()
	s := session{config: config, token: rand.Text()}
	s.setDefault("statement_timeout", milliseconds(statementTimeout))
	s.setDefault("lock_timeout", milliseconds(lockTimeout))
	s.setDefault("idle_in_transaction_session_timeout", milliseconds(idleTransactionTimeout))
	s.config.Runtime[directParameter] = s.token
	return s, nil
}

// spreadHosts moves several hosts with ports of their own (postgres://a:5432,b:5433/x, as psql takes them) into the
// parameters host and port: the driver takes what stands there for one name.
func spreadHosts(text string) string {
	u, err := url.Parse(text)
	if err != nil || !strings.Contains(u.Host, ",") || !strings.Contains(u.Host, ":") {
		return text
	}
	var hosts, ports []string
	for each := range strings.SplitSeq(u.Host, ",") {
		host, port, err := net.SplitHostPort(each)
		if err != nil {
			host, port = each, "5432"
		}
		hosts, ports = append(hosts, host), append(ports, port)
	}
	query := u.Query()
	query.Set("host", strings.Join(hosts, ","))
	query.Set("port", strings.Join(ports, ","))
	u.Host, u.RawQuery = "", query.Encode()
	return u.String()
}

// patient drops the limits on statements and locks, for migrations.
func (s session) patient() session {
	s.config = s.config.Clone()
	s.config.Runtime["statement_timeout"] = "0"
	s.config.Runtime["idle_in_transaction_session_timeout"] = "0"
	s.config.Runtime["lock_timeout"] = milliseconds(time.Minute)
	return s
}

func (s session) setDefault(name, value string) {
	if _, ok := s.config.Runtime[name]; !ok {
		s.config.Runtime[name] = value
	}
}

func milliseconds(d time.Duration) string { return fmt.Sprintf("%dms", d.Milliseconds()) }

// check waits for a starting server, and makes sure that it is PostgreSQL ≥ 15 itself that answers.
func (s session) check(ctx context.Context, pool *sql.DB) error {
	ctx, cancel := context.WithTimeout(ctx, startupPatience)
	defer cancel()
	var (
		token   sql.NullString
		version int
	)
	for {
		err := pool.QueryRowContext(ctx, `SELECT current_setting($1, true), current_setting('server_version_num')::int`,
			directParameter).Scan(&token, &version)
		if err == nil {
			break
		}
		if refusedParameter(err) {
			return ErrPooler
		}
		if pq.As(err, pqerror.CannotConnectNow) == nil {
			return fmt.Errorf("connect to the database: %w", err)
		}
		if err := pause(ctx, 50*time.Millisecond); err != nil {
			return fmt.Errorf("the database did not finish starting: %w", err)
		}
	}
	if token.String != s.token {
		return ErrPooler
	}
	if version < minimumMajor*10000 {
		return fmt.Errorf("the database is PostgreSQL %d: %d or newer is needed", version/10000, minimumMajor)
	}
	return nil
}

// refusedParameter tells pgbouncer's answer to a startup parameter that it does not know.
func refusedParameter(err error) bool {
	e := pq.As(err)
	return e != nil && e.Code == pqerror.ProtocolViolation && strings.Contains(e.Message, "startup parameter")
}

// pause waits for d or until ctx ends, whose error it returns.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
