package filing

import (
	"runtime"
	"sync/atomic"
	"testing"
)

// BenchmarkSubmit has 16 clients submit a report each time, on the whole path
// below HTTP. For the write path alone the checks are switched off.
func BenchmarkSubmit(b *testing.B) {
	for _, tt := range []struct {
		name   string
		checks bool
	}{{"checked", true}, {"unchecked", false}} {
		b.Run(tt.name, func(b *testing.B) {
			w := newWorld(b, "2019-01-14", b.N)
			if !tt.checks {
				w.svc.checks = nil
			}
			w.importSeason()
			bodies := make([][]byte, b.N)
			for i, org := range w.orgs {
				bodies[i] = w.body(org, 2018, 1)
			}
			var next atomic.Int64
			b.SetParallelism(max(1, 16/runtime.GOMAXPROCS(0)))
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					i := next.Add(1) - 1
					_, err := w.svc.Submit(w.ctx, Submit{OrganisationID: w.orgs[i].ID, Year: 2018, Body: bodies[i], IdempotencyKey: "k", Actor: filer})
					if err != nil {
						b.Error(err)
					}
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "reports/s")
		})
	}
}
