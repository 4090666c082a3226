package account

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"nianbao/internal/postgres"
)

// Limits on guessing: after MaxTries wrong passwords in a row the account is
// locked for LockFor. Who may try how often from one network address is the
// page's to limit.
const (
	MaxTries = 10
	LockFor  = 15 * time.Minute
)

// SignedIn is a person whose password was right. Stamp belongs into the
// session (SessionKey).
type SignedIn struct {
	PersonID uuid.UUID
	Stamp    string
}

// SignIn checks an address and a password and says who it is,
// ErrBadCredentials otherwise: the same answer, after the same work, whether
// the address is unknown, the password wrong, or the account locked, disabled
// or not yet active.
func SignIn(ctx context.Context, db *postgres.DB, email, password string) (SignedIn, error) {
	email = strings.ToLower(strings.TrimSpace(email))
	id, hash, err := claimTry(ctx, db, email)
	if err != nil {
		return SignedIn{}, fmt.Errorf("sign in: %w", err)
	}
	match, err := passwordMatches(ctx, password, hash)
	if err != nil {
		return SignedIn{}, fmt.Errorf("sign in: %w", err)
	}
	if !match {
		return SignedIn{}, ErrBadCredentials
	}
	_, err = db.ExecContext(ctx, `UPDATE person SET failed_tries = 0, locked_until = NULL WHERE id = $1`, id)
	if err != nil {
		return SignedIn{}, fmt.Errorf("sign in: %w", err)
	}
	return SignedIn{PersonID: id, Stamp: stampOf(hash)}, nil
}

// claimTry counts the try before the password is looked at, in one statement,
// so that a thousand tries at once are no more than MaxTries. It gives the
// hash to compare with, "" where there is none to match.
func claimTry(ctx context.Context, db *postgres.DB, email string) (id uuid.UUID, hash string, err error) {
	if email == "" || len(email) > maxEmail || strings.ContainsRune(email, 0) {
		return uuid.Nil, "", nil
	}
	now := db.Now()
	err = db.QueryRowxContext(ctx, `
		UPDATE person SET
			failed_tries = CASE WHEN locked_until IS NULL THEN failed_tries + 1 ELSE 1 END,
			locked_until = CASE WHEN locked_until IS NULL AND failed_tries + 1 >= $3 THEN $4::timestamptz END
		WHERE lower(email) = $1 AND disabled_at IS NULL AND password_hash <> ''
			AND (locked_until IS NULL OR locked_until <= $2)
		RETURNING id, password_hash`, email, now, MaxTries, now.Add(LockFor)).Scan(&id, &hash)
	if postgres.IsNoRows(err) {
		return uuid.Nil, "", nil
	}
	return id, hash, err
}
