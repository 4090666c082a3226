package document_test

import (
	"fmt"
	"runtime"
	"syscall"
	"testing"
	"time"

	"nianbao/internal/document"
)

// BenchmarkConclusion composes, renders and signs one conclusion with its
// stamp sheet, each for another organisation. cpu-ms/op is processor time of
// the whole program, the figure that the limit of 8 ms is about: wall time on
// a shared machine says little.
func BenchmarkConclusion(b *testing.B) {
	r, key := renderer(b), newKey(b)
	signer := newSigner(b, key, certificate(b, "试验市民政局", key, nil, nil))
	facts := conclusionFacts()
	one := func(n int) {
		facts.Organisation = fmt.Sprintf("试验市向阳第%d社会工作服务中心", n)
		page, err := document.Compose(composition(facts))
		if err != nil {
			b.Fatal(err)
		}
		drawn, err := r.Render(page)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := signer.Sign(drawn, document.SignOptions{Name: page.Authority, Reason: "签发" + page.Title, At: issuedAt}); err != nil {
			b.Fatal(err)
		}
	}
	one(0) // unpacks the glyphs that all share
	b.ReportAllocs()
	before := cpuTime(b)
	n := 0
	for b.Loop() {
		one(n)
		n++
	}
	b.ReportMetric(float64((cpuTime(b)-before).Microseconds())/1000/float64(n), "cpu-ms/op")
	runtime.GC()
	var mem runtime.MemStats
	runtime.ReadMemStats(&mem)
	b.ReportMetric(float64(mem.HeapAlloc)/(1<<20), "heap-MB")
}

func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
