package web_test

import (
	"net/http"
	"syscall"
	"testing"
	"time"

	"nianbao/internal/registry"
)

// BenchmarkSummary reads a whole foundation report through, some 490 fields, over
// HTTP from this process: what the server needs and the copy to the client.
func BenchmarkSummary(b *testing.B) {
	w := newWorld(b, "2019-03-28")
	org, _ := w.org(registry.TypeFoundation)
	w.saveWith(org, nil)
	client := w.browser(registry.TypeFoundation)
	b.ReportAllocs()
	before := processorTime(b)
	for b.Loop() {
		if a := client.Get(submitPath); a.Status != http.StatusOK {
			b.Fatalf("status %d", a.Status)
		}
	}
	b.ReportMetric(float64((processorTime(b)-before).Microseconds())/1000/float64(b.N), "cpu-ms/op")
}

// processorTime is what this process has used, which unlike the time on the
// wall does not depend on what else the machine does.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
