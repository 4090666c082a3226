package account

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"nianbao/internal/postgres"
)

// SessionIdle is how long a session holds unused.
const SessionIdle = 2 * time.Hour

// maxUserAgent is how much of what a browser says of itself is kept, in bytes.
const maxUserAgent = 400

// SessionOrigin says whose session begins, and where.
type SessionOrigin struct {
	ID        uuid.UUID // by which the person ends it
	PersonID  uuid.UUID
	UserAgent string
	Address   string // network address
}

type originKey struct{}

// WithSessionOrigin hands the origin of a session that begins to the SessionStore.
func WithSessionOrigin(ctx context.Context, o SessionOrigin) context.Context {
	return context.WithValue(ctx, originKey{}, o)
}

// Session is one place where a person is signed in. Times are the wall clock's.
type Session struct {
	ID        uuid.UUID `db:"id"`
	UserAgent string    `db:"user_agent"`
	Address   string    `db:"address"`
	CreatedAt time.Time `db:"created_at"`
	SeenAt    time.Time `db:"seen_at"` // noted every ten minutes or so
}

// Sessions lists where a person is signed in, the last begun first.
func Sessions(ctx context.Context, q postgres.Queryer, personID uuid.UUID) ([]Session, error) {
	var list []Session
	err := q.SelectContext(ctx, &list, `
		SELECT id, user_agent, address, created_at, seen_at FROM session
		WHERE person_id = $1 AND expiry > clock_timestamp() AND seen_at > clock_timestamp() - make_interval(secs => $2)
		ORDER BY created_at DESC, id`, personID, SessionIdle.Seconds())
	if err != nil {
		return nil, fmt.Errorf("sessions of %s: %w", personID, err)
	}
	return list, nil
}

// EndSession ends one of a person's sessions at once; one that is over already
// is no error.
func EndSession(ctx context.Context, db *postgres.DB, personID, session uuid.UUID) error {
	_, err := db.ExecContext(ctx, `DELETE FROM session WHERE id = $1 AND person_id = $2`, session, personID)
	if err != nil {
		return fmt.Errorf("end session of %s: %w", personID, err)
	}
	return nil
}

// EndOtherSessions ends all of a person's sessions but one.
func EndOtherSessions(ctx context.Context, db *postgres.DB, personID, keep uuid.UUID) error {
	return postgres.InTx(ctx, db, func(tx *postgres.Tx) error { return endSessions(tx, personID, keep) })
}

func endSessions(tx *postgres.Tx, personID, keep uuid.UUID) error {
	_, err := tx.ExecContext(tx.Context(), `DELETE FROM session WHERE person_id = $1 AND id <> $2`, personID, keep)
	if err != nil {
		return fmt.Errorf("end sessions of %s: %w", personID, err)
	}
	return nil
}

// cutText shortens s to at most n bytes of whole characters.
func cutText(s string, n int) string {
	if len(s) > n {
		s = s[:n]
	}
	return strings.ReplaceAll(strings.ToValidUTF8(s, ""), "\x00", "")
}
