//go:build bench

package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

const (
	maxResident  = 150 << 20
	maxRise      = 1.10 // of the last quarter over the second
	decisionsPer = 200 * time.Millisecond
)

// benchMemoryUnderLoad watches the resident memory of `nianbao serve` for ten minutes while 16 clients submit as fast
// as they can, a reviewer decides five reports a second, whose conclusions are rendered, and others leaf through lists.
func benchMemoryUnderLoad(t *testing.T, tb *table, m *million) {
	s, err := launch(m.cluster.place)
	if err != nil {
		t.Fatal(err)
	}
	defer s.stop(t)
	lists := m.lists(t, s.url)
	end := time.Now().Add(*benchMemory)
	var submitted, decided, read atomic.Int64
	var group sync.WaitGroup
	failures := make(chan error, 1)
	run := func(step func(c *connection) error) {
		group.Go(func() {
			if err := until(end, s.url, step); err != nil {
				select {
				case failures <- err:
				default: // one is enough
				}
			}
		})
	}
	bench := &submissionBench{cluster: m.cluster, season: m.season, organisations: m.organisations}
	var next atomic.Int64
	for range benchClients {
		run(func(c *connection) error {
			i := int(next.Add(1) - 1)
			if i >= len(m.organisations) {
				return errors.New("every organisation has filed: use more rows")
			}
			return expect201(c, bench.request(t, i), &submitted)
		})
	}
	run(func(c *connection) error { time.Sleep(decisionsPer); return m.decideFirst(c, &decided) })
	run(func(c *connection) error {
		list := lists[int(read.Add(1))%len(lists)]
		time.Sleep(20 * time.Millisecond)
		status, body, err := c.do(rawRequest("GET", list.path, list.token, "", nil))
		return wantStatus(200, status, body, err)
	})
	sizes := watchMemory(t, s.cmd.Process.Pid, end)
	group.Wait()
	select {
	case err := <-failures:
		t.Fatal(err)
	default:
	}
	m.tellMemory(t, tb, sizes, fmt.Sprintf("%s submissions, %s decisions, %s pages", grouped(int(submitted.Load())), grouped(int(decided.Load())), grouped(int(read.Load()))))
}

// until repeats a step on one connection.
func until(end time.Time, url string, step func(c *connection) error) error {
	c, err := dial(url)
	if err != nil {
		return err
	}
	defer c.Close()
	for time.Now().Before(end) {
		if err := step(c); err != nil {
			return err
		}
	}
	return nil
}

func wantStatus(want, status int, body []byte, err error) error {
	if err != nil || status != want {
		return fmt.Errorf("status %d, want %d: %w: %.600s", status, want, err, body)
	}
	return nil
}

func expect201(c *connection, raw []byte, count *atomic.Int64) error {
	status, body, err := c.do(raw)
	if err := wantStatus(201, status, body, err); err != nil {
		return err
	}
	count.Add(1)
	return nil
}

// decideFirst passes the report whose window ends first.
func (m *million) decideFirst(c *connection, decided *atomic.Int64) error {
	status, body, err := c.do(rawRequest("GET", "/api/v1/reviews?status=pending&sort=due&limit=1", reviewerToken, "", nil))
	if err := wantStatus(200, status, body, err); err != nil {
		return err
	}
	var queue struct {
		Items []struct {
			SubmissionID string `json:"submission_id"`
		}
	}
	if err := json.Unmarshal(body, &queue); err != nil || len(queue.Items) == 0 {
		return fmt.Errorf("an empty queue: %w", err)
	}
	path := "/api/v1/reviews/" + url.PathEscape(queue.Items[0].SubmissionID) + "/decision"
	status, body, err = c.do(rawRequest("POST", path, reviewerToken, "", []byte(`{"outcome":"pass"}`)))
	if err := wantStatus(200, status, body, err); err != nil {
		return err
	}
	decided.Add(1)
	return nil
}

// watchMemory reads a process's resident memory every second, in bytes.
func watchMemory(t *testing.T, pid int, end time.Time) []int {
	t.Helper()
	var sizes []int
	for time.Now().Before(end) {
		raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		if err != nil {
			t.Fatal(err)
		}
		_, rest, _ := strings.Cut(string(raw), "VmRSS:")
		size, err := strconv.Atoi(strings.Fields(rest)[0])
		if err != nil {
			t.Fatal(err)
		}
		sizes = append(sizes, size<<10)
		time.Sleep(time.Second)
	}
	return sizes
}

func (m *million) tellMemory(t *testing.T, tb *table, sizes []int, load string) {
	t.Helper()
	most := 0
	for _, size := range sizes {
		most = max(most, size)
	}
	mean := func(sizes []int) float64 {
		sum := 0
		for _, size := range sizes {
			sum += size
		}
		return float64(sum) / float64(max(1, len(sizes)))
	}
	quarter := len(sizes) / 4
	second, last := mean(sizes[quarter:2*quarter]), mean(sizes[3*quarter:])
	megabytes := func(n float64) string { return fmt.Sprintf("%.0f MB", n/(1<<20)) }
	tb.add(t, figure{what: fmt.Sprintf("resident memory of the program, at most, in %s under load", *benchMemory), measured: megabytes(float64(most)),
		limit: "≤ " + megabytes(maxResident), met: most <= maxResident})
	tb.add(t, figure{what: "the last quarter of that time; reference: the second", measured: megabytes(last), reference: megabytes(second),
		ratio: fmt.Sprintf("%.2f", last/second), limit: fmt.Sprintf("≤ %.2f (flat)", maxRise), met: last <= maxRise*second})
	tb.add(t, figure{what: "done in that time", measured: load})
}
