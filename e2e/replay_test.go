package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nianbao/internal/postgres/pgtest"
)

const replaySeed = 20190114

// TestReplay replays the season with 403 organisations, on one node and on two, and wants the same end.
func TestReplay(t *testing.T) {
	var one, two map[string]view
	t.Run("one node", func(t *testing.T) { one = replaySeason(t, small, 1) })
	t.Run("two nodes", func(t *testing.T) { two = replaySeason(t, small, 2) })
	if one != nil && two != nil {
		if diff := cmp.Diff(one, two); diff != "" {
			t.Errorf("two nodes end otherwise than one (-one +two):\n%s", diff)
		}
	}
}

// replaySeason plays the whole season and compares the end with the model. It gives the end by USCC.
func replaySeason(t *testing.T, m mix, nodes int) map[string]view {
	began := time.Now()
	r := newReplay(t, m, nodes)
	t.Logf("%s: set up", time.Since(began).Round(time.Millisecond))
	r.play()
	t.Logf("%s: played to the end of June", time.Since(began).Round(time.Millisecond))
	views := r.compare()
	t.Logf("%s: every organisation compared", time.Since(began).Round(time.Millisecond))
	r.checkNumbers()
	r.checkPublicLists()
	r.checkDocuments()
	t.Log(r.place.must(t, "audit", "verify"))
	t.Logf("%s: done, %d mails", time.Since(began).Round(time.Millisecond), r.mail.received())
	return views
}

// newReplay starts the nodes and a mail server and makes everything ready for the season to open.
func newReplay(t *testing.T, m mix, nodes int) *replay {
	t.Helper()
	mail := startMail(t)
	c := startCluster(t, nodes, "--demo", "--demo-data", "none", "--clock", begins.at("09:00:00"), "--smtp", mail.url)
	r := &replay{t: t, cluster: c, place: c.nodes[0].place, mail: mail, plans: drawPlans(drawRegister(t, m), replaySeed)}
	r.setUp()
	return r
}

// startCluster starts nodes on the same data. One node runs its own PostgreSQL; several share a database, a blob store
// and the signing key that the first one made.
func startCluster(t *testing.T, nodes int, args ...string) *cluster {
	t.Helper()
	c := &cluster{}
	if nodes == 1 {
		c.nodes = []*server{startServer(t, place{data: filepath.Join(t.TempDir(), "data")}, args...)}
		return c
	}
	shared := t.TempDir()
	blobs := filepath.Join(shared, "blobs")
	if err := os.Mkdir(blobs, 0o700); err != nil {
		t.Fatal(err)
	}
	p := place{data: filepath.Join(shared, "first"), databaseURL: pgtest.Empty(t)}
	args = append(slices.Clone(args), "--blobs", "file://"+blobs)
	c.nodes = append(c.nodes, startServer(t, p, args...))
	key, certificate := signingFiles(t, p.data)
	for i := 1; i < nodes; i++ {
		p.data = filepath.Join(shared, fmt.Sprint("node", i))
		c.nodes = append(c.nodes, startServer(t, p, append(slices.Clone(args), "--signing-key", key, "--signing-cert", certificate)...))
	}
	return c
}

// signingFiles finds the key and certificate in a data folder: the two PEM files there.
func signingFiles(t *testing.T, data string) (key, certificate string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(data, "*.pem"))
	if err != nil || len(files) != 2 {
		t.Fatalf("signing key and certificate in %s: %v %v", data, files, err)
	}
	for _, file := range files {
		info, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if slices.Contains(pemTypes(content), "CERTIFICATE") {
			certificate = file
			continue
		}
		key = file
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %o, want 600", file, info.Mode().Perm())
		}
	}
	return key, certificate
}

// replay is a season being played.
type replay struct {
	t       *testing.T
	cluster *cluster
	place   place
	mail    *mailServer
	plans   []*plan

	reviewers [2]caller
	people    map[string]*person // by USCC
}

// person is what an organisation's caller remembers.
type person struct {
	caller
	submissions []submitted
}

type submitted struct {
	at    string // day and slot
	key   string
	body  []byte
	taken receipt
}

type receipt struct {
	SubmissionID string    `json:"submission_id"`
	ReceiptNo    string    `json:"receipt_no"`
	ReceivedAt   time.Time `json:"received_at"`
	ReviewDueOn  string    `json:"review_due_on"`
	SHA256       string    `json:"sha256"`
}

const seasonFile = `authority: "440100"
report_year: 2018
types: [association, service, foundation]
registered_by: 2018-12-31
opens_on: 2019-01-14
due_on: 2019-03-31
due_rolls_to_working_day: false
`

// setUp imports the authority, the register and the season, and gives everybody a token.
func (r *replay) setUp() {
	r.t.Helper()
	dir := r.t.TempDir()
	authorities := writeFile(r.t, dir, "authorities.csv", "code,name,level,parent\n440000,试验省民政厅,province,\n440100,试验市民政局,city,440000\n")
	r.place.must(r.t, "authorities", "import", authorities)
	r.place.must(r.t, "organisations", "import", writeRegister(r.t, r.plans, func(o organisation) bool { return o.known == begins }))
	r.place.must(r.t, "seasons", "import", writeFile(r.t, dir, "season.yaml", seasonFile))
	for i := range r.reviewers {
		r.reviewers[i] = caller{r.cluster, r.token("--role", "reviewer", "--authority", authority, "--name", fmt.Sprint("审查人", i+1))}
	}
	r.people = map[string]*person{}
	r.enrol(func(o organisation) bool { return o.known == begins })
}

func (r *replay) token(args ...string) string {
	r.t.Helper()
	return trimmed(r.place.must(r.t, append([]string{"token", "issue"}, args...)...))
}

// enrol issues filers' tokens.
func (r *replay) enrol(take func(organisation) bool) {
	r.t.Helper()
	var who []*person
	var usccs []string
	for _, p := range r.plans {
		if take(p.org) {
			r.people[p.org.uscc] = &person{}
			who, usccs = append(who, r.people[p.org.uscc]), append(usccs, p.org.uscc)
		}
	}
	err := each(len(who), 4, func(i int) error {
		token, err := r.place.run(r.t.Context(), "token", "issue", "--role", "filer", "--organisation", usccs[i])
		who[i].caller = caller{r.cluster, trimmed(token)}
		return err
	})
	if err != nil {
		r.t.Fatal(err)
	}
}

// moment is a point of the season at which acts happen.
type moment struct {
	on day
	at slot
}

func (m moment) instant() string { return m.on.at(slotTimes[m.at]) }

// play goes through the season from moment to moment.
func (r *replay) play() {
	r.t.Helper()
	due := map[moment][]func(context.Context) error{}
	for i, p := range r.plans {
		for _, a := range p.acts {
			m := moment{a.on, a.at}
			due[m] = append(due[m], func(ctx context.Context) error {
				if err := r.do(ctx, i, a); err != nil {
					return fmt.Errorf("%s\n  at %s: %w", p, a, err)
				}
				return nil
			})
		}
	}
	forgotten := moment{lateTaken, afternoon}
	if _, planned := due[forgotten]; !planned {
		due[forgotten] = nil // a moment also where nobody acts
	}
	moments := make([]moment, 0, len(due))
	for m := range due {
		moments = append(moments, m)
	}
	slices.SortFunc(moments, func(a, b moment) int {
		return int(a.on-b.on)*10 + int(a.at-b.at)
	})
	for _, m := range moments {
		r.cluster.travel(r.t, m.instant())
		if m == forgotten {
			r.importForgotten()
		}
		acts := due[m]
		if err := each(len(acts), 4, func(i int) error { return acts[i](r.t.Context()) }); err != nil {
			r.t.Fatal(err)
		}
	}
	r.cluster.travel(r.t, lastDay.at("23:59:00"))
}

// importForgotten brings in what the register had forgotten; the open season binds it at once.
func (r *replay) importForgotten() {
	r.t.Helper()
	late := func(o organisation) bool { return o.known == lateTaken }
	r.place.must(r.t, "organisations", "import", writeRegister(r.t, r.plans, late))
	r.enrol(late)
}
