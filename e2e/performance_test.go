//go:build bench

package e2e

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// Sizes and times of the benchmark; the defaults are those of the published figures.
var (
	benchRows    = flag.Int("rows", 1_000_000, "obligations of the sweep, and rows behind the list pages")
	benchSeconds = flag.Int("seconds", 20, "how long each throughput is measured")
	benchRounds  = flag.Int("rounds", 3, "how often each throughput is measured; the median counts")
	benchMemory  = flag.Duration("memory-for", 10*time.Minute, "how long the server's memory is watched under load")
	benchQuiet   = flag.Duration("quiet", time.Minute, "how long to wait before each part for other work on the machine to end")
	benchDoc     = flag.String("performance-doc", "../docs/performance.md", "the document whose figures are replaced")
)

// TestPerformance measures what the program promises, each figure beside its limit in the same run, prints one table a
// part and puts it into docs/performance.md. Parts run alone too: -run 'TestPerformance/sweep'.
func TestPerformance(t *testing.T) {
	report := &performance{}
	large := func(part func(*testing.T, *table, *million)) func(*testing.T, *table) {
		return func(sub *testing.T, tb *table) { part(sub, tb, report.ofAll(t)) }
	}
	t.Cleanup(func() { report.publish(t) })
	for _, part := range []struct {
		name string
		run  func(*testing.T, *table)
	}{
		{"checks", benchChecks},
		{"conclusions", benchConclusions},
		{"start", benchStart},
		{"submissions", benchSubmissions},
		{"sweep", benchSweep},
		{"pages", large(benchPages)},
		{"memory", large(benchMemoryUnderLoad)},
	} {
		t.Run(part.name, func(t *testing.T) {
			awaitQuiet()
			part.run(t, report.part(part.name))
		})
	}
}

// performance collects the tables of a run.
type performance struct {
	tables []*table
	large  *million // nil until a part asks for it
}

// table is the figures of one part.
type table struct {
	name    string
	began   string // load of the machine when the part began
	figures []figure
}

// figure is one line: what was measured, beside what, and how much was asked for.
type figure struct {
	what      string
	measured  string
	reference string // measured in the same run; empty where the limit is absolute
	ratio     string
	limit     string // empty: told for information
	met       bool
}

func (p *performance) part(name string) *table {
	t := &table{name: name, began: loadAverage()}
	p.tables = append(p.tables, t)
	return t
}

// add puts a figure into the table and fails the test where its limit is missed.
func (tb *table) add(t *testing.T, f figure) {
	t.Helper()
	tb.figures = append(tb.figures, f)
	if f.limit != "" && !f.met {
		t.Errorf("limit missed: %s: %s, reference %s, ratio %s, limit %s", f.what, f.measured, f.reference, f.ratio, f.limit)
	}
}

var tableHead = []string{"what", "measured", "reference, same run", "ratio", "limit", "met"}

// markdown is the table as it stands in the document.
func (tb *table) markdown() string {
	rows := [][]string{tableHead, make([]string, len(tableHead))}
	for _, f := range tb.figures {
		met := ""
		if f.limit != "" {
			met = map[bool]string{true: "yes", false: "**no**"}[f.met]
		}
		rows = append(rows, []string{f.what, f.measured, f.reference, f.ratio, f.limit, met})
	}
	widths := make([]int, len(tableHead))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell), 3)
		}
	}
	var b strings.Builder
	for n, row := range rows {
		for i, cell := range row {
			if n == 1 {
				cell = strings.Repeat("-", widths[i])
			}
			fmt.Fprintf(&b, "| %s%s ", cell, strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell)))
		}
		b.WriteString("|\n")
	}
	return b.String()
}

// publish prints the tables and puts each between its marks in the document.
func (p *performance) publish(t *testing.T) {
	raw, err := os.ReadFile(*benchDoc)
	if err != nil {
		t.Errorf("read the document of figures: %v", err)
		return
	}
	text := string(raw)
	machine := machineLine()
	for _, tb := range p.tables {
		if len(tb.figures) == 0 {
			continue
		}
		figures := fmt.Sprintf("%s\nMeasured %s on %s; load average before %s, after %s.\n",
			tb.markdown(), time.Now().Format(time.DateOnly), machine, tb.began, loadAverage())
		fmt.Printf("\n%s\n%s", tb.name, figures)
		if text, err = between(text, tb.name, figures); err != nil {
			t.Error(err)
		}
	}
	if err := os.WriteFile(*benchDoc, []byte(text), 0o644); err != nil {
		t.Errorf("write the document of figures: %v", err)
	}
}

// between replaces what stands between the marks of a part.
func between(text, name, figures string) (string, error) {
	begin, end := "<!-- figures: "+name+" -->\n", "<!-- end: "+name+" -->"
	head, rest, ok := strings.Cut(text, begin)
	_, tail, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		return text, fmt.Errorf("the document of figures lacks the marks %q and %q", strings.TrimSpace(begin), end)
	}
	return head + begin + "\n" + figures + "\n" + end + tail, nil
}

// machineLine says what the figures were measured on.
func machineLine() string {
	cpu := "an unnamed processor"
	if raw, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(raw)) {
			if name, ok := strings.CutPrefix(line, "model name"); ok {
				cpu = strings.TrimSpace(strings.TrimLeft(name, "\t :"))
				break
			}
		}
	}
	server := "PostgreSQL"
	if out, err := exec.Command(postgresProgram("postgres"), "--version").Output(); err == nil {
		server = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(string(out)), "postgres (PostgreSQL) "))
		server = "PostgreSQL " + strings.Fields(server)[0]
	}
	return fmt.Sprintf("%d cores of %s, %s, %s", runtime.NumCPU(), cpu, server, runtime.Version())
}

func loadAverage() string {
	raw, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	return strings.Fields(string(raw))[0]
}

// awaitQuiet waits until the machine is mostly idle, or until it has waited long enough: figures of a machine that does
// something else say less, and the load average beside each table says how much less.
func awaitQuiet() {
	for deadline := time.Now().Add(*benchQuiet); time.Now().Before(deadline); {
		idle, all := cpuTicks()
		time.Sleep(2 * time.Second)
		idleAfter, allAfter := cpuTicks()
		if float64(idleAfter-idle) > 0.9*float64(allAfter-all) {
			return
		}
	}
}

// cpuTicks is how long the processors were idle, and how long they have been there.
func cpuTicks() (idle, all int) {
	raw, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 1, 1
	}
	line, _, _ := strings.Cut(string(raw), "\n")
	for i, field := range strings.Fields(line)[1:] {
		n, _ := strconv.Atoi(field)
		all += n
		if i == 3 {
			idle = n
		}
	}
	return idle, all
}
