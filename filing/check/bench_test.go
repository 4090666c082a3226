package check

import (
	"testing"
)

// A run of all checks on a complete report. The limits are 1 ms for a service
// report, 3 ms for a foundation's and 1 MB allocated; docs/checks.md has figures.
func benchmark(b *testing.B, formCode string) {
	checks, forms := defaults(b)
	in := readBase(b, formCode).input(b, forms)
	in.countApplied = false
	if _, err := checks.Run(in); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := checks.Run(in); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkService(b *testing.B)     { benchmark(b, "service-2004") }
func BenchmarkAssociation(b *testing.B) { benchmark(b, "association-2004") }
func BenchmarkFoundation(b *testing.B)  { benchmark(b, "foundation-2004") }

// BenchmarkFirstRun is what the first report of a form pays for compiling.
func BenchmarkFirstRun(b *testing.B) {
	_, forms := defaults(b)
	in := readBase(b, "foundation-2004").input(b, forms)
	b.ReportAllocs()
	for b.Loop() {
		checks, err := read(mustSub(b))
		if err != nil {
			b.Fatal(err)
		}
		if _, err := checks.Run(in); err != nil {
			b.Fatal(err)
		}
	}
}
