//go:build bench

package e2e

import (
	"fmt"
	"testing"
	"time"

	"nianbao/filing"
	"nianbao/filing/check"
	"nianbao/filing/form"
	"nianbao/internal/registry"
	"nianbao/internal/workday"
)

// maxCheckBytes is what a full check of a report may allocate.
const maxCheckBytes = 1_000_000

// checkLimits are the longest that a full check of a report may take.
var checkLimits = []struct {
	kind registry.Type
	form string
	max  time.Duration
}{
	{registry.TypeService, "service-2004", time.Millisecond},
	{registry.TypeAssociation, "association-2004", 3 * time.Millisecond},
	{registry.TypeFoundation, "foundation-2004", 3 * time.Millisecond},
}

// benchChecks runs all checks on a complete report with last year's report behind it. The best of the rounds counts:
// what else runs on the machine can only make a round slower.
func benchChecks(t *testing.T, tb *table) {
	checks, err := check.Default()
	if err != nil {
		t.Fatal(err)
	}
	for _, limit := range checkLimits {
		in := checkInput(t, limit.kind, limit.form)
		var best testing.BenchmarkResult
		for range *benchRounds {
			result := testing.Benchmark(func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if _, err := checks.Run(in); err != nil {
						b.Fatal(err)
					}
				}
			})
			if best.N == 0 || result.NsPerOp() < best.NsPerOp() {
				best = result
			}
		}
		took := time.Duration(best.NsPerOp())
		tb.add(t, figure{what: "all checks of a report, " + limit.form, measured: milliseconds(took),
			limit: "≤ " + milliseconds(limit.max), met: took <= limit.max})
		tb.add(t, figure{what: "allocated by it", measured: fmt.Sprintf("%d kB in %d pieces", best.AllocedBytesPerOp()/1000, best.AllocsPerOp()),
			limit: "< 1 MB", met: best.AllocedBytesPerOp() < maxCheckBytes})
	}
}

// checkInput is a sample report of one type and what it is checked against.
func checkInput(t *testing.T, kind registry.Type, formCode string) check.Input {
	t.Helper()
	forms, err := form.Default()
	if err != nil {
		t.Fatal(err)
	}
	f, err := forms.Form(formCode)
	if err != nil {
		t.Fatal(err)
	}
	facts := filing.FactsOf(sampleOrganisation(t, kind))
	opens := workday.NewDate(2019, time.January, 14)
	prior := f.Sample(form.SampleOptions{Organisation: facts, Year: 2017, OpensOn: opens.AddDays(-365), Seed: 1})
	raw, err := f.Encode(f.Sample(form.SampleOptions{Organisation: facts, Year: 2018, OpensOn: opens, Seed: 1, Prior: prior}))
	if err != nil {
		t.Fatal(err)
	}
	body, problems, err := f.Decode(raw, form.DefaultLimits)
	if err != nil || len(problems) > 0 {
		t.Fatalf("decode the sample report: %v %v", err, problems)
	}
	return check.Input{Form: f, Values: body.Values, Prior: prior, Organisation: facts, ReportYear: 2018,
		Today: opens.AddDays(30), OpensOn: opens}
}

func sampleOrganisation(t *testing.T, kind registry.Type) registry.Organisation {
	t.Helper()
	organisations, err := registry.Sample(registry.SampleOptions{Count: 3, Seed: 1, Authority: authority})
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range organisations {
		if o.Type == kind {
			return o
		}
	}
	t.Fatalf("no sample organisation of type %s", kind)
	return registry.Organisation{}
}
