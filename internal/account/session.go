package account

import (
	"context"
	"fmt"
	"time"

	"nianbao/internal/postgres"
)

// SessionStore keeps browser sessions in the table session; it is what
// alexedwards/scs calls a store. Tokens reach it hashed. Sessions run by the
// wall's clock, which scs reads itself, also where the program's clock is the
// demonstration's: a journey of ninety days signs nobody out.
type SessionStore struct{ DB *postgres.DB }

// FindCtx reads a session that has not expired.
func (s SessionStore) FindCtx(ctx context.Context, token string) (data []byte, found bool, err error) {
	stmt, err := s.DB.Prepared(ctx, `SELECT data FROM session WHERE token = $1 AND expiry > clock_timestamp()`)
	if err != nil {
		return nil, false, fmt.Errorf("find session: %w", err)
	}
	err = stmt.QueryRowxContext(ctx, token).Scan(&data)
	if postgres.IsNoRows(err) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("find session: %w", err)
	}
	return data, true, nil
}

// CommitCtx writes a session, new or known. A new one of a person carries its
// SessionOrigin in ctx.
func (s SessionStore) CommitCtx(ctx context.Context, token string, data []byte, expiry time.Time) error {
	var err error
	if o, begun := ctx.Value(originKey{}).(SessionOrigin); begun {
		_, err = s.DB.ExecContext(ctx, `
			INSERT INTO session (token, data, expiry, id, person_id, user_agent, address) VALUES ($1, $2, $3, $4, $5, $6, $7)
			ON CONFLICT (token) DO UPDATE SET data = excluded.data, expiry = excluded.expiry, id = excluded.id,
				person_id = excluded.person_id, user_agent = excluded.user_agent, address = excluded.address`,
			token, data, expiry, o.ID, o.PersonID, cutText(o.UserAgent, maxUserAgent), o.Address)
	} else {
		_, err = s.DB.ExecContext(ctx, `
			INSERT INTO session (token, data, expiry) VALUES ($1, $2, $3)
			ON CONFLICT (token) DO UPDATE SET data = excluded.data, expiry = excluded.expiry, seen_at = clock_timestamp()`,
			token, data, expiry)
	}
	if err != nil {
		return fmt.Errorf("write session: %w", err)
	}
	return nil
}

// DeleteCtx removes a session; one that is not there is no error.
func (s SessionStore) DeleteCtx(ctx context.Context, token string) error {
	if _, err := s.DB.ExecContext(ctx, `DELETE FROM session WHERE token = $1`, token); err != nil {
		return fmt.Errorf("delete session: %w", err)
	}
	return nil
}

// Find is FindCtx without a context; scs calls it only where it has none.
func (s SessionStore) Find(token string) ([]byte, bool, error) {
	return s.FindCtx(context.Background(), token)
}

// Commit is CommitCtx without a context.
func (s SessionStore) Commit(token string, data []byte, expiry time.Time) error {
	return s.CommitCtx(context.Background(), token, data, expiry)
}

// Delete is DeleteCtx without a context.
func (s SessionStore) Delete(token string) error { return s.DeleteCtx(context.Background(), token) }

// PurgeSessions deletes expired sessions and says how many. Nothing depends on
// when or whether it runs: an expired session is not found.
func PurgeSessions(ctx context.Context, db *postgres.DB) (int64, error) {
	result, err := db.ExecContext(ctx, `DELETE FROM session WHERE expiry <= clock_timestamp()`)
	if err != nil {
		return 0, fmt.Errorf("purge sessions: %w", err)
	}
	return result.RowsAffected()
}
