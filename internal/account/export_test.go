package account

import (
	"sync/atomic"
	"time"

	"nianbao/internal/postgres"
)

// For tests in package account_test.
var (
	HashPassword    = hashPassword
	PasswordMatches = passwordMatches
)

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
