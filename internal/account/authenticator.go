package account

import (
	"context"
	"crypto/sha256"
	"errors"
	"slices"
	"sync"
	"time"

	"nianbao/internal/postgres"
)

// How an Authenticator remembers. What it has seen holds for two seconds, so a
// revoked token stops within that.
const (
	rememberFor = 2 * time.Second
	rememberMax = 10_000
)

// Authenticator recognises bearer tokens and sessions for a server: what was
// good a moment ago is good now without asking the database. Only good answers
// are kept, so a flood of bad tokens displaces nothing. Safe for concurrent use.
type Authenticator struct {
	db *postgres.DB
	// since measures how old an answer is; it is no stored time.
	since func() time.Duration

	mu    sync.RWMutex
	known map[cacheKey]cached
}

// cacheKey tells tokens and sessions apart, each by a hash.
type cacheKey struct {
	kind Kind
	id   [sha256.Size]byte
}

type cached struct {
	principal Principal
	at        time.Duration
}

// NewAuthenticator remembers over db.
func NewAuthenticator(db *postgres.DB) *Authenticator {
	start := time.Now()
	return &Authenticator{
		db:    db,
		since: func() time.Duration { return time.Since(start) },
		known: make(map[cacheKey]cached),
	}
}

// Token says whose bearer token this is, ErrBadToken if nobody's.
func (a *Authenticator) Token(ctx context.Context, bearer string) (Principal, error) {
	if !looksLikeToken(bearer) {
		return Principal{}, ErrBadToken
	}
	hash := sha256.Sum256([]byte(bearer))
	return a.remembered(cacheKey{KindToken, hash}, func() (Principal, error) {
		return tokenByHash(ctx, a.db, hash)
	})
}

// Session says who s stands for, ErrNotFound once the membership has ended or
// the person is disabled.
func (a *Authenticator) Session(ctx context.Context, s SessionKey) (Principal, error) {
	parts := slices.Concat(s.PersonID[:], s.MembershipID[:], []byte(s.Stamp))
	key := cacheKey{KindPerson, sha256.Sum256(parts)}
	return a.remembered(key, func() (Principal, error) { return PrincipalOf(ctx, a.db, s) })
}

// Forget drops every remembered answer: after a revocation on this node.
func (a *Authenticator) Forget() {
	a.mu.Lock()
	defer a.mu.Unlock()
	clear(a.known)
}

func (a *Authenticator) remembered(key cacheKey, ask func() (Principal, error)) (Principal, error) {
	now := a.since()
	a.mu.RLock()
	hit, ok := a.known[key]
	a.mu.RUnlock()
	if ok && now-hit.at < rememberFor {
		return hit.principal, nil
	}
	principal, err := ask()
	if errors.Is(err, ErrBadToken) || errors.Is(err, ErrNotFound) {
		a.mu.Lock()
		delete(a.known, key)
		a.mu.Unlock()
	}
	if err != nil {
		return Principal{}, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.known) >= rememberMax {
		a.prune(now)
	}
	a.known[key] = cached{principal: principal, at: now}
	return principal, nil
}

// prune drops what is over, and everything if that is not enough. The lock is held.
func (a *Authenticator) prune(now time.Duration) {
	for key, c := range a.known {
		if now-c.at >= rememberFor {
			delete(a.known, key)
		}
	}
	if len(a.known) >= rememberMax {
		clear(a.known)
	}
}
