package web

import (
	"sync"
	"time"

	"golang.org/x/time/rate"

	"nianbao/internal/account"
)

// What the programs of one organisation may call: a whole report with its files
// at once, and in a minute more than any person reads. The authority's own
// programs, which work for all organisations, are not limited.
const (
	tokenBurst = 300
	tokenEvery = 100 * time.Millisecond
	tokenKeys  = 20_000
)

// tokenLimit holds back a program that calls too often. All tokens of an
// organisation share one allowance, or more tokens would be a way around it.
func (a *App) tokenLimit(p account.Principal) error {
	if p.Role != account.RoleFiler || a.byToken.Allow(p.OrganisationID.UUID.String()) {
		return nil
	}
	return errTooFast
}

// Limiter allows each key (an address, an account) so many tries at once and
// then one every so often. Memory is bounded: beyond maxKeys, keys that have
// recovered are dropped, and if all are busy new keys share one allowance, so
// that a flood of addresses cannot push out the entry that holds it back.
type Limiter struct {
	every   rate.Limit
	burst   int
	maxKeys int
	now     func() time.Time

	mu       sync.Mutex
	keys     map[string]*rate.Limiter
	overflow *rate.Limiter
}

// NewLimiter allows burst tries at once and one more every interval. now is
// the clock to measure by, the wall's in a server.
func NewLimiter(burst int, every time.Duration, maxKeys int, now func() time.Time) *Limiter {
	return &Limiter{
		every: rate.Every(every), burst: burst, maxKeys: maxKeys, now: now,
		keys:     make(map[string]*rate.Limiter),
		overflow: rate.NewLimiter(rate.Every(every)*rate.Limit(maxKeys)/10, max(burst, maxKeys/10)),
	}
}

// Allow counts a try and says whether it may go on.
func (l *Limiter) Allow(key string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	limiter, ok := l.keys[key]
	if !ok {
		if len(l.keys) >= l.maxKeys {
			l.prune(now)
		}
		if len(l.keys) >= l.maxKeys {
			return l.overflow.AllowN(now, 1)
		}
		limiter = rate.NewLimiter(l.every, l.burst)
		l.keys[key] = limiter
	}
	return limiter.AllowN(now, 1)
}

// prune drops the keys whose allowance is whole again. The lock is held.
func (l *Limiter) prune(now time.Time) {
	for key, limiter := range l.keys {
		if limiter.TokensAt(now) >= float64(l.burst) {
			delete(l.keys, key)
		}
	}
}

// Len is how many keys are remembered.
func (l *Limiter) Len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.keys)
}
