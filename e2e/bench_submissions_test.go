//go:build bench

package e2e

import (
	"fmt"
	"os/exec"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"nianbao/filing"
	"nianbao/filing/form"
	"nianbao/internal/registry"
	"nianbao/internal/workday"
)

const (
	minUnchecked = 0.7
	minChecked   = 0.5
)

// submissionBench is what the rounds share. Each round files for organisations that nobody has filed for yet.
type submissionBench struct {
	cluster       *benchCluster
	season        benchSeason
	organisations []registry.Organisation
	used          int // organisations that have filed
	scripts       []string
	variables     []string
}

// benchSubmissions measures submissions a second over HTTP with 16 clients, against pgbench with 16 clients doing the
// same SQL on the same server with the same bodies: without form checks and with nothing in the background, then by the
// program as it is, whose sequencer and notices keep up meanwhile. The rounds take turns, so that all of them see the
// same machine, and the median counts.
func benchSubmissions(t *testing.T, tb *table) {
	const perSecond = 1600 // more than this machine can take, so that reports never run out
	share := perSecond * (*benchSeconds + *benchSeconds/8 + 1)
	c := newBenchCluster(t)
	b := &submissionBench{cluster: c, season: seasonAround(workday.DateOf(c.db.Now()))}
	b.organisations = seed(t, c.db, b.season, 3*share**benchRounds+100)
	oblige(t, c.db, b.season, 0)
	giveTokens(t, c.db)

	unchecked := benchNode(t, openBench(t, c.private.URL()), nil)
	b.writeScripts(t, unchecked)
	var reference, bare, whole []float64
	for range *benchRounds {
		reference = append(reference, b.pgbench(t, share))
		bare = append(bare, b.submit(t, unchecked, share))
		whole = append(whole, b.submitToProgram(t, share))
	}
	t.Logf("submissions a second, round by round: pgbench %.0f, unchecked %.0f, the program %.0f", reference, bare, whole)
	b.told(t, tb, reference, bare, whole)
}

func (b *submissionBench) told(t *testing.T, tb *table, reference, bare, whole []float64) {
	t.Helper()
	sql := median(reference)
	for _, f := range []struct {
		what   string
		rounds []float64
		least  float64
	}{
		{"submissions over HTTP, 16 clients, form checks off; reference: pgbench, 16 clients, same SQL", bare, minUnchecked},
		{"the same with all form checks, by the program as it is", whole, minChecked},
	} {
		ratio := median(f.rounds) / sql
		tb.add(t, figure{what: f.what, measured: fmt.Sprintf("%.0f/s", median(f.rounds)), reference: fmt.Sprintf("%.0f/s", sql),
			ratio: fmt.Sprintf("%.2f", ratio), limit: fmt.Sprintf("≥ %.1f", f.least), met: ratio >= f.least})
	}
	var bytes int64
	if err := b.cluster.db.GetContext(t.Context(), &bytes, `SELECT avg(octet_length(body::text))::bigint FROM (SELECT body FROM submission LIMIT 2000) AS s`); err != nil {
		t.Fatal(err)
	}
	tb.add(t, figure{what: "size of the reports submitted, on average", measured: fmt.Sprintf("%.1f kB", float64(bytes)/1000)})
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

// take gives the numbers of organisations that have not filed: from is the first of n.
func (b *submissionBench) take(t *testing.T, n int) (from int) {
	t.Helper()
	from = b.used
	b.used += n
	if b.used > len(b.organisations) {
		t.Fatalf("%d organisations are too few", len(b.organisations))
	}
	return from
}

// writeScripts files one report of each type with the server's log on, and makes the scripts of pgbench of it. The one
// before it fills the caches of prepared statements.
func (b *submissionBench) writeScripts(t *testing.T, url string) {
	t.Helper()
	conn, err := dial(url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	at := b.take(t, 100)
	file := func(i int) {
		status, body, err := conn.do(b.request(t, i))
		if err != nil || status != 201 {
			t.Fatalf("status %d: %v: %s", status, err, body)
		}
	}
	for range 20 { // prepared on each connection that the requests may use
		file(at)
		at++
	}
	b.scripts, b.variables = nil, nil
	for kind, weight := range map[registry.Type]int{registry.TypeAssociation: guangzhou.associations,
		registry.TypeService: guangzhou.services, registry.TypeFoundation: guangzhou.foundations} {
		for b.organisations[at].Type != kind {
			at++
		}
		statements := b.cluster.record(t, func() { file(at) })
		script, variables := pgbenchScript(t, string(kind), at, statements)
		b.scripts = append(b.scripts, fmt.Sprintf("%s@%d", script, weight))
		b.variables = append(b.variables, variables...)
		at++
	}
}

// request is a submission ready to be sent.
func (b *submissionBench) request(t testing.TB, i int) []byte {
	t.Helper()
	o := b.organisations[i]
	forms, err := form.Default()
	if err != nil {
		t.Fatal(err)
	}
	f, err := forms.Form(string(o.Type) + "-2004")
	if err != nil {
		t.Fatal(err)
	}
	body, err := f.Encode(f.Sample(form.SampleOptions{Organisation: filing.FactsOf(o), Year: b.season.year, OpensOn: b.season.opens,
		Seed: uint64(i), Context: form.Context{FirstYear: o.RegisteredOn.Year() >= b.season.year}}))
	if err != nil {
		t.Fatal(err)
	}
	return rawRequest("POST", fmt.Sprintf("/api/v1/reports/%d/submissions", b.season.year), plaintext(i), "bench", body)
}

// submit measures a server.
func (b *submissionBench) submit(t *testing.T, url string, share int) float64 {
	t.Helper()
	from := b.take(t, share)
	requests := make([][]byte, share)
	if err := each(share, runtime.NumCPU(), func(i int) error { requests[i] = b.request(t, from+i); return nil }); err != nil {
		t.Fatal(err)
	}
	runtime.GC()
	execSQL(t, b.cluster.db, "CHECKPOINT")
	var at atomic.Int64
	return throughput(t, url, time.Duration(*benchSeconds)*time.Second, func() []byte {
		if i := at.Add(1) - 1; i < int64(len(requests)) {
			return requests[i]
		}
		return nil
	})
}

// awaitSettled waits until the program has told everybody of the season's opening: that happens once a year.
func (b *submissionBench) awaitSettled(t *testing.T) {
	t.Helper()
	for end := time.Now().Add(10 * time.Minute); ; time.Sleep(time.Second) {
		var left int
		if err := b.cluster.db.GetContext(t.Context(), &left, `SELECT (SELECT count(*) FROM job WHERE state IN ('ready', 'running'))
			+ (SELECT count(*) FROM event_head h WHERE h.position = 0 OR EXISTS (SELECT FROM event_consumer c WHERE c.position < h.position))`); err != nil {
			t.Fatal(err)
		}
		switch {
		case left == 0:
			return
		case time.Now().After(end):
			t.Fatalf("the program still has %d things to do", left)
		}
	}
}

// submitToProgram measures `nianbao serve`.
func (b *submissionBench) submitToProgram(t *testing.T, share int) float64 {
	t.Helper()
	s, err := launch(b.cluster.place)
	if err != nil {
		t.Fatal(err)
	}
	defer s.stop(t)
	b.awaitSettled(t)
	return b.submit(t, s.url, share)
}

var (
	tpsLine  = regexp.MustCompile(`tps = ([0-9.]+)`)
	doneLine = regexp.MustCompile(`transactions actually processed: ([0-9]+)`)
)

// pgbench measures the reference.
func (b *submissionBench) pgbench(t *testing.T, share int) float64 {
	t.Helper()
	from := b.take(t, share)
	each := share / benchClients
	run := func(base int, measureFor time.Duration) float64 {
		args := []string{"-n", "-M", "prepared", "-c", strconv.Itoa(benchClients), "-j", "2", "-T", strconv.Itoa(max(1, int(measureFor.Seconds()))),
			"-D", "n=0", "-D", fmt.Sprintf("base=%d", base), "-D", fmt.Sprintf("share=%d", each)}
		for _, script := range b.scripts {
			args = append(args, "-f", script)
		}
		for _, v := range b.variables {
			args = append(args, "-D", v)
		}
		stored := b.stored(t)
		cmd := exec.CommandContext(t.Context(), postgresProgram("pgbench"), append(args, b.cluster.private.URL())...)
		cmd.Env = environ()
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("pgbench: %v\n%.3000s", err, out)
		}
		tps, done := tpsLine.FindSubmatch(out), doneLine.FindSubmatch(out)
		if tps == nil || done == nil || strings.Contains(string(out), "aborted") {
			t.Fatalf("pgbench: %.3000s", out)
		}
		if want := string(done[1]); strconv.Itoa(b.stored(t)-stored) != want {
			t.Fatalf("pgbench ran %s transactions, of which only %d stored a report", want, b.stored(t)-stored)
		}
		rate, err := strconv.ParseFloat(string(tps[1]), 64)
		if err != nil {
			t.Fatal(err)
		}
		return rate
	}
	execSQL(t, b.cluster.db, "CHECKPOINT")
	measureFor := time.Duration(*benchSeconds) * time.Second
	run(from, measureFor/8)
	return run(from+each/4, measureFor)
}

// stored is how many reports the database holds.
func (b *submissionBench) stored(t *testing.T) (n int) {
	t.Helper()
	if err := b.cluster.db.GetContext(t.Context(), &n, `SELECT last FROM counter WHERE kind = 'receipt'`); err != nil {
		t.Fatal(err)
	}
	return n
}
