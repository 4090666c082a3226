package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestServeRefuses wants a second serve on a folder, a plain serve on a demonstration, and a clock outside one refused.
func TestServeRefuses(t *testing.T) {
	p := place{data: filepath.Join(t.TempDir(), "data")}
	s := startServer(t, p, "--demo", "--demo-data", "none", "--clock", begins.at("09:00:00"))
	p.wants(t, 1, "serve", "--demo", "--addr", "127.0.0.1:0")
	s.stop(t)
	p.wants(t, 1, "serve", "--addr", "127.0.0.1:0")

	plain := emptyPlace(t)
	plain.wants(t, 2, "serve", "--addr", "127.0.0.1:0", "--clock", begins.at("09:00:00"))
	c := &cluster{nodes: []*server{startServer(t, plain)}}
	got, err := c.anyone().call(t.Context(), http.MethodPost, "/demo/clock", []byte(`{"now":"2999-01-01T00:00:00+08:00"}`))
	if err != nil || got.status != http.StatusNotFound {
		t.Errorf("moving the clock outside a demonstration: %d %v", got.status, err)
	}
	taken := strings.TrimPrefix(c.nodes[0].url, "http://")
	plain.wants(t, 1, "serve", "--addr", taken)
}

// TestJobs lists and runs the clock's jobs by hand.
func TestJobs(t *testing.T) {
	r := newReplay(t, mix{2, 2, 1}, 1)
	list := r.place.must(t, "job", "list")
	for _, name := range []string{"open-seasons", "sweep-late", "advance-listings", "watch-windows", "remind"} {
		if !strings.Contains(list, name) {
			t.Errorf("job list lacks %s:\n%s", name, list)
		}
	}
	r.place.wants(t, 2, "job", "run", "nonsense")
	r.place.wants(t, 2, "job", "run", "remind", "--as-of", "tomorrow")

	// In a demonstration the future may be looked into: the season opens, once.
	r.place.must(t, "job", "run", "open-seasons", "--as-of", opens.at("00:05:00"))
	filer := r.people[r.plans[0].org.uscc]
	before := mustPages[obligationAnswer](t, filer.caller, "/obligations")
	if len(before) != 1 || before[0].Status != "open" {
		t.Fatalf("after open-seasons: %+v", before)
	}
	r.place.must(t, "job", "run", "open-seasons", "--as-of", opens.at("00:05:00"))
	if after := mustPages[obligationAnswer](t, filer.caller, "/obligations"); len(after) != 1 {
		t.Errorf("after a second run: %+v", after)
	}
	plain := emptyPlace(t)
	plain.must(t, "migrate", "up")
	plain.must(t, "job", "run", "sweep-late")
	plain.wants(t, 1, "job", "run", "sweep-late", "--as-of", "2999-01-01T00:00:00+08:00")
}

// TestExtension moves the due day of everybody by importing the season again, before it is over and after the notice.
func TestExtension(t *testing.T) {
	r := newReplay(t, mix{2, 2, 1}, 1)
	r.cluster.travel(t, date(2019, 3, 20).at("09:00:00"))
	dir := t.TempDir()
	dueOn := func(on day) string {
		return writeFile(t, dir, on.String()+".yaml", strings.Replace(seasonFile, "due_on: 2019-03-31", "due_on: "+on.String(), 1))
	}
	if out := r.place.must(t, "seasons", "import", dueOn(due)); !strings.Contains(out, "0 with another due day") {
		t.Errorf("the same file again: %s", out)
	}
	r.place.must(t, "seasons", "import", dueOn(date(2019, 4, 10)))
	r.wantObligations("2019-04-10", 0, "")
	r.cluster.travel(t, date(2019, 4, 10).at("23:00:00"))
	r.wantObligations("2019-04-10", 0, "")
	r.cluster.travel(t, date(2019, 4, 11).at("09:00:00"))
	r.wantObligations("2019-04-10", 1, "notified")
	r.place.must(t, "seasons", "import", dueOn(date(2019, 4, 30)))
	r.cluster.travel(t, date(2019, 4, 12).at("09:00:00"))
	r.wantObligations("2019-04-30", 1, "withdrawn")
	r.cluster.travel(t, date(2019, 5, 1).at("09:00:00"))
	r.wantObligations("2019-04-30", 2, "notified")
	for _, p := range r.plans {
		if p.org.owes() && p.org.known == begins {
			if n := r.mail.to(p.org.email)["due_changed"]; n != 2 {
				t.Errorf("%s was told %d times of another due day, want 2", p.org.uscc, n)
			}
		}
	}
	t.Log(r.place.must(t, "audit", "verify"))
}

// wantObligations wants of everybody bound this due day and so many matters, the newest in this status.
func (r *replay) wantObligations(dueOn string, matters int, status string) {
	r.t.Helper()
	for _, p := range r.plans {
		if !p.org.owes() || p.org.known > begins || !p.org.electronic {
			continue
		}
		filer := r.people[p.org.uscc].caller
		if got := mustPages[obligationAnswer](r.t, filer, "/obligations"); len(got) != 1 || got[0].DueOn != dueOn {
			r.t.Errorf("%s: %+v, want one due on %s", p.org.uscc, got, dueOn)
		}
		list := mustPages[matterAnswer](r.t, filer, "/listings")
		newest := matterAnswer{}
		for _, m := range list {
			if m.ID > newest.ID {
				newest = m
			}
		}
		if len(list) != matters || newest.Status != status {
			r.t.Errorf("%s on the due day %s: %d matters, the newest %q; want %d, %q", p.org.uscc, dueOn, len(list), newest.Status, matters, status)
		}
	}
}

func mustPages[T any](t testing.TB, c caller, path string) []T {
	t.Helper()
	items, err := pages[T](t.Context(), c, path)
	if err != nil {
		t.Fatal(err)
	}
	return items
}

// conclusionOf files and passes the organisation's report on the day, and gives the PDF.
func (r *replay) conclusionOf(p *plan, on day) []byte {
	r.t.Helper()
	r.cluster.travel(r.t, on.at("10:00:00"))
	ctx, filer := r.t.Context(), r.people[p.org.uscc]
	if err := r.submit(ctx, p, filer, act{on: on, at: morning, do: submits}); err != nil {
		r.t.Fatal(err)
	}
	if err := r.decide(ctx, filer, r.reviewers[0], act{do: decides, word: "pass"}); err != nil {
		r.t.Fatal(err)
	}
	content, err := r.conclusion(ctx, filer)
	if err != nil {
		r.t.Fatal(err)
	}
	return content
}

// conclusion waits for the PDF and gives it.
func (r *replay) conclusion(ctx context.Context, filer *person) (content []byte, err error) {
	err = eventually(time.Minute, func() error {
		var report reportAnswer
		if err := filer.get(ctx, "/reports/2018", &report); err != nil {
			return err
		}
		if report.Conclusion == nil || report.Conclusion.URL == nil {
			return errors.New("the conclusion is not there")
		}
		got, err := filer.call(ctx, http.MethodGet, strings.TrimPrefix(*report.Conclusion.URL, "/api/v1"), nil)
		if err != nil {
			return err
		}
		content = got.body
		if sha256Hex(content) != text(report.Conclusion.SHA256) {
			return fmt.Errorf("%s: not the file whose SHA-256 was told", got.call)
		}
		return got.want(http.StatusOK, nil)
	})
	return content, err
}

// TestBackupAndRestore brings a running server's data to another place, where everything is as it was and goes on.
func TestBackupAndRestore(t *testing.T) {
	r := newReplay(t, mix{1, 1, 1}, 1)
	conclusion := r.conclusionOf(r.plans[0], opens+1)
	set := filepath.Join(t.TempDir(), "backup")
	r.place.must(t, "backup", set)
	r.place.wants(t, 1, "backup", set)  // not empty any more
	r.place.wants(t, 1, "restore", set) // into the running place
	r.cluster.nodes[0].stop(t)

	there := place{data: filepath.Join(t.TempDir(), "restored")}
	there.must(t, "restore", set)
	there.wants(t, 1, "restore", set)
	there.wants(t, 1, "serve", "--addr", "127.0.0.1:0") // still a demonstration
	r.cluster.nodes[0] = startServer(t, there, "--demo", "--demo-data", "none", "--smtp", r.mail.url)
	r.place = there
	again, err := r.conclusion(t.Context(), r.people[r.plans[0].org.uscc])
	if err != nil {
		t.Fatal(err)
	}
	if string(again) != string(conclusion) {
		t.Error("the restored server serves another conclusion")
	}
	file := writeFile(t, t.TempDir(), "conclusion.pdf", string(again))
	if out := there.must(t, "verify", file); !strings.Contains(out, "in force") {
		t.Errorf("verify: %s", out)
	}
	r.conclusionOf(r.plans[1], opens+2)
	if no := r.people[r.plans[1].org.uscc].last().taken.ReceiptNo; no != "2018-0000002" {
		t.Errorf("the next receipt has the number %s", no)
	}
	there.must(t, "audit", "verify")
}

// TestHealth asks what operators and programs ask first.
func TestHealth(t *testing.T) {
	s := startServer(t, emptyPlace(t))
	c := &cluster{nodes: []*server{s}}
	for path, want := range map[string]string{"/healthz": "", "/readyz": "", "/metrics": "go_goroutines", "/api/openapi.yaml": "openapi: 3.1", "/api/docs": "<"} {
		got, err := c.anyone().callAt(t.Context(), s.url+path, http.MethodGet, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got.status != http.StatusOK || !strings.Contains(string(got.body), want) {
			t.Errorf("%s: %d, %.200s", path, got.status, got.body)
		}
	}
	got, err := c.anyone().call(t.Context(), http.MethodGet, "/obligations", nil)
	if err != nil {
		t.Fatal(err)
	}
	var problem map[string]any
	if err := json.Unmarshal(got.body, &problem); err != nil || got.status != http.StatusUnauthorized || got.problem() == "" ||
		!strings.HasPrefix(got.header.Get("Content-Type"), "application/problem+json") {
		t.Errorf("without a token: %d %s %s", got.status, got.header.Get("Content-Type"), got.body)
	}
}
