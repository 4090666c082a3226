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
func BenchmarkSummary(b *testing.B) { benchmarkPage(b, registry.TypeFoundation, submitPath) }

// BenchmarkSection opens the balance sheet of a service organisation, some 60
// amounts, in the same way.
func BenchmarkSection(b *testing.B) {
	benchmarkPage(b, registry.TypeService, "/filer/reports/2018/sections/balance_sheet")
}

func benchmarkPage(b *testing.B, typ registry.Type, path string) {
	b.Helper()
	w := newWorld(b, "2019-03-28")
	org, _ := w.org(typ)
	w.saveWith(org, nil)
	client := w.browser(typ)
	b.ReportAllocs()
	before := processorTime(b)
	for b.Loop() {
		if a := client.Get(path); a.Status != http.StatusOK {
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
