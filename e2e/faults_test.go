package e2e

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"nianbao/internal/account"
	"nianbao/internal/event"
	"nianbao/internal/postgres"
)

// faultPlan is how large a run with faults is.
type faultPlan struct {
	organisations mix
	kills         int
	pause         time.Duration // of a client between two reports: none to twice as long
	seed          uint64
}

// TestFaults kills the server and PostgreSQL under load a few times. FAULTS_SEED repeats a run's moments and choices.
func TestFaults(t *testing.T) {
	t.Parallel()
	runFaults(t, faultPlan{organisations: mix{110, 140, 6}, kills: 5, pause: 60 * time.Millisecond, seed: faultSeed(t)})
}

// faultSeed is another one each time, told by the test's log.
func faultSeed(t *testing.T) uint64 {
	t.Helper()
	seed := rand.Uint64()
	if text := os.Getenv("FAULTS_SEED"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("FAULTS_SEED=%d", seed)
	return seed
}

// runFaults has 16 clients submit and two reviewers decide, while server and database are killed at random moments, and
// then looks whether all that was acknowledged is there, once, and all that follows from it was done, once.
func runFaults(t *testing.T, plan faultPlan) {
	began := time.Now()
	chance := rand.New(rand.NewPCG(plan.seed, 1))
	mail := startMail(t)
	args := []string{"--demo", "--demo-data", "none", "--clock", opens.at("09:00:00"), "--smtp", mail.url}
	p := place{data: filepath.Join(t.TempDir(), "data")}
	s := startServer(t, p, args...)
	l := newLoad(t, p, plan)
	l.serve(s)
	t.Logf("%s: set up", time.Since(began).Round(time.Millisecond))

	load := l.start(t.Context())
	for n := range plan.kills {
		// By the work done, not by the time gone, so that a fast machine meets the faults too.
		l.awaitTakings(t, int((float64(n)+chance.Float64())*float64(len(l.filers))/float64(plan.kills)))
		s = l.fault(t, s, n%len(faults), args)
	}
	if err := load(); err != nil {
		t.Fatal(err)
	}
	t.Logf("%s: %d reports taken, %d decisions, %d answers lost on the way", time.Since(began).Round(time.Millisecond),
		len(l.taken), len(l.decided), l.lost.Load())
	if l.lost.Load() == 0 {
		t.Error("no call was ever cut off: the kills did not meet the load")
	}
	c := &cluster{nodes: []*server{s}}
	l.settle(t, c)
	l.check(t, c)
	t.Logf("%s: all there, once", time.Since(began).Round(time.Millisecond))
}

// faults are what is killed, in turn.
var faults = []string{"the server", "PostgreSQL", "a session of PostgreSQL", "the server and PostgreSQL"}

// fault kills something and brings everything back, and gives the server that runs then.
func (l *load) fault(t *testing.T, s *server, which int, args []string) *server {
	t.Helper()
	began, back := time.Now(), s
	switch which {
	case 1:
		killPostgres(t, l.place)
	case 2:
		killSession(t, l.place)
	case 3:
		killPostgres(t, l.place)
		fallthrough
	default:
		killServer(t, s)
		back = startServer(t, l.place, args...)
		l.serve(back)
	}
	err := eventually(startPatience, func() error {
		got, err := l.anyone().callAt(t.Context(), back.url+"/readyz", http.MethodGet, nil)
		if err != nil {
			return err
		}
		return got.want(http.StatusOK, nil)
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("kill -9 of %s; back after %s", faults[which], time.Since(began).Round(time.Millisecond))
	return back
}

// newLoad prepares the season: the register, and everybody's token. The tokens are issued by the package behind `token
// issue`, since a process for each of hundreds would take longer than the test.
func newLoad(t *testing.T, p place, size faultPlan) *load {
	t.Helper()
	dir := t.TempDir()
	l := &load{place: p, pause: size.pause, seed: size.seed, taken: map[string]*taking{}, decided: map[string]decision{}}
	var plans []*plan
	for _, o := range drawRegister(t, size.organisations) {
		if o.owes() && o.known == begins {
			plans = append(plans, &plan{org: o})
		}
	}
	p.must(t, "authorities", "import", writeFile(t, dir, "authorities.csv", "code,name,level,parent\n440100,试验市民政局,city,\n"))
	p.must(t, "organisations", "import", writeRegister(t, plans, func(organisation) bool { return true }))
	p.must(t, "seasons", "import", writeFile(t, dir, "season.yaml", seasonFile))
	l.filers = make([]*filerUnderFaults, len(plans))
	l.withDatabase(t, func(db *postgres.DB) {
		issue := func(role account.Role, scope account.Scope, name string) string {
			token, err := account.IssueToken(t.Context(), db, account.NewToken{Role: role, Scope: scope, Name: name, Actor: event.System("test")})
			if err != nil {
				t.Fatal(err)
			}
			return token.Plaintext
		}
		for i, p := range plans {
			var scope account.Scope
			err := db.GetContext(t.Context(), &scope.OrganisationID, `SELECT id FROM organisation WHERE uscc = $1`, p.org.uscc)
			if err != nil {
				t.Fatal(err)
			}
			l.filers[i] = &filerUnderFaults{org: p.org, caller: caller{token: issue(account.RoleFiler, scope, "filer")}}
		}
		for i := range l.reviewers {
			l.reviewers[i] = caller{token: issue(account.RoleReviewer, account.Scope{AuthorityCode: authority}, fmt.Sprint("审查人", i+1))}
		}
	})
	return l
}

// withDatabase lets the test look into the place's database itself.
func (l *load) withDatabase(t *testing.T, look func(db *postgres.DB)) {
	t.Helper()
	url := l.place.databaseURL
	if url == "" {
		private, err := postgres.StartPrivate(t.Context(), postgres.PrivateOptions{DataDir: l.place.data})
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := private.Close(); err != nil {
				t.Error(err)
			}
		}()
		url = private.URL()
	}
	db, err := postgres.Open(context.WithoutCancel(t.Context()), url, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	look(db)
}
