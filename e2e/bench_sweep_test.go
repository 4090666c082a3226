//go:build bench

package e2e

import (
	"fmt"
	"testing"
	"time"

	"nianbao/internal/postgres"
	"nianbao/internal/workday"
	"nianbao/review/listing"
)

const (
	maxOverPsql = 1.3
	// maxGrowth is how much more one late filer may cost with ten times as many: the indexes grow a level, no more.
	maxGrowth = 1.3
	lateOfTen = 3
)

// benchSweep measures sweep-late on obligations of which three in ten are late, against psql running the very same
// statements on a copy of the same database, at three sizes.
func benchSweep(t *testing.T, tb *table) {
	c := newBenchCluster(t)
	season := seasonAround(workday.DateOf(c.db.Now()))
	season.due = workday.DateOf(c.db.Now()).AddDays(-1)
	var each []float64 // seconds of one late filer, size by size
	for _, rows := range []int{*benchRows / 100, *benchRows / 10, *benchRows} {
		prepareSweep(t, c, season, rows)
		ours, theirs := measureSweep(t, c, rows)
		c.drop(t, "sweep_base")
		late := rows * lateOfTen / 10
		ratio := ours.Seconds() / theirs.Seconds()
		tb.add(t, figure{what: fmt.Sprintf("sweep of %s obligations, %s late; reference: the same SQL in psql", grouped(rows), grouped(late)),
			measured: fmt.Sprintf("%.2f s", ours.Seconds()), reference: fmt.Sprintf("%.2f s", theirs.Seconds()),
			ratio: fmt.Sprintf("%.2f", ratio), limit: fmt.Sprintf("≤ %.1f", maxOverPsql), met: ratio <= maxOverPsql})
		each = append(each, ours.Seconds()/float64(late))
		if n := len(each); n > 1 {
			growth := each[n-1] / each[n-2]
			tb.add(t, figure{what: "cost of one late filer with ten times as many", measured: fmt.Sprintf("%.0f µs", each[n-1]*1e6),
				reference: fmt.Sprintf("%.0f µs", each[n-2]*1e6), ratio: fmt.Sprintf("%.2f", growth),
				limit: fmt.Sprintf("≤ %.1f (linear)", maxGrowth), met: growth <= maxGrowth})
		}
	}
}

// grouped prints a count with thin groups of three.
func grouped(n int) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%s,%03d", grouped(n/1000), n%1000)
}

// prepareSweep makes the database that all runs of a size are copies of.
func prepareSweep(t *testing.T, c *benchCluster, season benchSeason, rows int) {
	t.Helper()
	db, err := postgres.Open(t.Context(), c.copyOf(t, "template0", "sweep_base"), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := postgres.Migrate(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	seed(t, db, season, rows)
	oblige(t, db, season, lateOfTen)
}

// measureSweep records what a sweep asks of the server, then lets the sweep and psql take turns; the medians count.
func measureSweep(t *testing.T, c *benchCluster, rows int) (ours, theirs time.Duration) {
	t.Helper()
	var script string
	onCopy(t, c, func(url string) {
		statements := c.record(t, func() { sweepOnce(t, url, rows) })
		script = psqlScript(t, statements)
	})
	var sweeps, scripts []float64
	for range *benchRounds {
		onCopy(t, c, func(url string) { sweeps = append(sweeps, sweepOnce(t, url, rows).Seconds()) })
		onCopy(t, c, func(url string) {
			began := time.Now()
			psql(t, url, script)
			scripts = append(scripts, time.Since(began).Seconds())
			checkSwept(t, url, rows)
		})
	}
	t.Logf("sweeps of %d: %.2f s, psql %.2f s", rows, sweeps, scripts)
	seconds := func(values []float64) time.Duration { return time.Duration(median(values) * float64(time.Second)) }
	return seconds(sweeps), seconds(scripts)
}

// onCopy runs work on a fresh copy of the prepared database.
func onCopy(t *testing.T, c *benchCluster, work func(url string)) {
	t.Helper()
	url := c.copyOf(t, "sweep_base", "sweep_run")
	execSQL(t, c.db, "CHECKPOINT")
	work(url)
	c.drop(t, "sweep_run")
}

// sweepOnce runs the job's body and says how long it took.
func sweepOnce(t *testing.T, url string, rows int) time.Duration {
	t.Helper()
	db, err := postgres.Open(t.Context(), url, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	service := listing.New(listing.Config{DB: db, Calendar: workday.Builtin})
	began := time.Now()
	summary, err := service.SweepLate(t.Context(), db.Now())
	took := time.Since(began)
	late := rows * lateOfTen / 10
	if err != nil || summary.Notified != late || summary.Failed != 0 {
		t.Fatalf("sweep of %d late filers: %s, %v", late, summary, err)
	}
	return took
}

// checkSwept makes sure that psql did the same work.
func checkSwept(t *testing.T, url string, rows int) {
	t.Helper()
	db, err := postgres.Open(t.Context(), url, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var documents int
	if err := db.GetContext(t.Context(), &documents, `SELECT count(*) FROM document_order`); err != nil {
		t.Fatal(err)
	}
	if late := rows * lateOfTen / 10; documents < late {
		t.Fatalf("psql ordered %d documents for %d late filers", documents, late)
	}
}
