//go:build bench

package e2e

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"
)

// Limits of a start, to the line that says that the program listens.
const (
	maxColdStart  = 3 * time.Second
	maxWarmStart  = 500 * time.Millisecond
	maxAfterKill  = 2 * time.Second
	startsOfAKind = 5
)

// benchStart measures how soon the program serves: in an empty folder, where it makes its own PostgreSQL; again after a
// clean stop; and after kill -9 of itself and of PostgreSQL. The median of five counts.
func benchStart(t *testing.T, tb *table) {
	var cold, warm, killed []time.Duration
	for range startsOfAKind {
		p := place{data: t.TempDir()}
		for _, kind := range []*[]time.Duration{&cold, &warm} {
			s, took := timedStart(t, p)
			*kind = append(*kind, took)
			s.stop(t)
		}
		s, _ := timedStart(t, p)
		killServer(t, s)
		killPostgres(t, p)
		s, took := timedStart(t, p)
		killed = append(killed, took)
		s.stop(t)
	}
	for _, f := range []struct {
		what  string
		times []time.Duration
		max   time.Duration
	}{
		{"first start in an empty folder", cold, maxColdStart},
		{"start after a clean stop", warm, maxWarmStart},
		{"start after kill -9 of the program and of PostgreSQL", killed, maxAfterKill},
	} {
		slices.Sort(f.times)
		took := f.times[len(f.times)/2]
		tb.add(t, figure{what: f.what, measured: fmt.Sprintf("%.2f s (%.2f to %.2f)", took.Seconds(), f.times[0].Seconds(), f.times[len(f.times)-1].Seconds()),
			limit: fmt.Sprintf("< %.1f s", f.max.Seconds()), met: took < f.max})
	}
}

// timedStart starts a server and says how long it took until it listened; it must be ready then.
func timedStart(t *testing.T, p place) (*server, time.Duration) {
	t.Helper()
	began := time.Now()
	s, err := launch(p)
	took := time.Since(began)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.Get(s.url + "/readyz")
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Fatalf("a server that listens is not ready: %s", response.Status)
	}
	return s, took
}
