package account

import (
	"crypto/sha256"
	"sync/atomic"
	"time"

	"nianbao/internal/postgres"
)

// For tests in package account_test.
var (
	HashPassword    = hashPassword
	PasswordMatches = passwordMatches
)

// RememberMax is how many answers an Authenticator keeps.
const RememberMax = rememberMax

// Remembered asks for a token's principal by a made-up name instead of the database.
func Remembered(a *Authenticator, name string, ask func() (Principal, error)) (Principal, error) {
	return a.remembered(cacheKey{KindToken, sha256.Sum256([]byte(name))}, ask)
}

// Known is how many answers an Authenticator holds now.
func Known(a *Authenticator) int {
	a.mu.RLock()
	defer a.mu.RUnlock()
	return len(a.known)
}

// NewTestAuthenticator is one whose time stands still until it is advanced.
func NewTestAuthenticator(db *postgres.DB) (a *Authenticator, advance func(time.Duration)) {
	var now atomic.Int64
	a = NewAuthenticator(db)
	a.since = func() time.Duration { return time.Duration(now.Load()) }
	return a, func(d time.Duration) { now.Add(int64(d)) }
}

// OccupyHashing takes both places in which passwords are hashed.
func OccupyHashing() (release func()) {
	for range cap(hashers) {
		hashers <- struct{}{}
	}
	return func() {
		for range cap(hashers) {
			<-hashers
		}
	}
}
