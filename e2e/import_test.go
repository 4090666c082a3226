package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"nianbao/filing/form"
	"nianbao/internal/workday"
)

// TestAcceptedReports imports last year's report: its closing figures open this year's draft, and the sample goes on
// from it.
func TestAcceptedReports(t *testing.T) {
	r := newReplay(t, mix{1, 1, 1}, 1)
	o := r.plans[0].org
	prior, err := json.Marshal(map[string]any{"uscc": o.uscc, "report_year": 2017, "form": o.kind + "-2004", "values": lastYear(t, o)})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	file := writeFile(t, dir, "reports.jsonl", string(prior)+"\n"+strings.Replace(string(prior), o.uscc, "51440100MJK1A2B31X", 1)+"\n")
	out := r.place.must(t, "reports", "import", file)
	wantCounts(t, out, "2 rows read, 1 new, 0 changed, 0 unchanged, 1 refused")
	wantCounts(t, r.place.must(t, "reports", "import", file), "2 rows read, 0 new, 0 changed, 1 unchanged, 1 refused")

	r.cluster.travel(t, opens.at("09:00:00"))
	filer := r.people[o.uscc]
	var draft struct{ Values map[string]any }
	if err := filer.get(t.Context(), "/reports/2018/draft", &draft); err != nil {
		t.Fatal(err)
	}
	if closing := lastYear(t, o)["bs_cash.closing"]; draft.Values["bs_cash.opening"] != closing {
		t.Errorf("the draft opens with %v, last year closed with %v", draft.Values["bs_cash.opening"], closing)
	}
	body := r.place.must(t, "sample", "report", "--organisation", o.uscc, "--year", "2018")
	got, err := filer.call(t.Context(), http.MethodPost, "/reports/2018/checks", []byte(body))
	if err != nil || !bytes.Contains(got.body, []byte(`"findings":[]`)) {
		t.Errorf("the sample that goes on from last year: %v %d %s", err, got.status, got.body)
	}
	plain, err := sampleReport(o, 1)
	if err != nil {
		t.Fatal(err)
	}
	got, err = filer.call(t.Context(), http.MethodPost, "/reports/2018/submissions", plain, "Idempotency-Key", "other opening")
	if err != nil || got.status != http.StatusUnprocessableEntity || got.problem() != "form_checks_failed" {
		t.Errorf("opening figures that are not last year's closing ones: %v %d %s", err, got.status, got.problem())
	}
}

// lastYear is a report of 2017 as values.
func lastYear(t *testing.T, o organisation) map[string]any {
	t.Helper()
	forms, err := form.Default()
	if err != nil {
		t.Fatal(err)
	}
	reportForm, err := forms.Form(o.kind + "-2004")
	if err != nil {
		t.Fatal(err)
	}
	registered, err := workday.ParseDate(o.registered)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := reportForm.Encode(reportForm.Sample(form.SampleOptions{
		Organisation: form.Organisation{USCC: o.uscc, Name: o.row["name"], RegisteredOn: registered}, Year: 2017, Seed: 3,
	}))
	if err != nil {
		t.Fatal(err)
	}
	var body struct{ Values map[string]any }
	if err := json.Unmarshal(encoded, &body); err != nil {
		t.Fatal(err)
	}
	return body.Values
}

// TestCalendarImport takes in a notice of a year that the program does not know yet.
func TestCalendarImport(t *testing.T) {
	p := place{data: emptyPlace(t).data}
	s := startServer(t, p)
	asks := func() string { return p.must(t, "calendar", "due", "--from", "2031-04-30", "--working-days", "1") }
	if out := asks(); out != "2031-05-01 provisional\n" && !strings.HasSuffix(out, " provisional\n") {
		t.Errorf("before the notice: %q", out)
	}
	var notice strings.Builder
	fmt.Fprintln(&notice, "date,kind,festival,notice_year")
	for d := 1; d <= 5; d++ {
		fmt.Fprintf(&notice, "2031-05-%02d,off,劳动节,2031\n", d)
	}
	p.must(t, "calendar", "import", writeFile(t, t.TempDir(), "2031.csv", notice.String()))
	if out := asks(); out != "2031-05-06\n" {
		t.Errorf("after the notice: %q", out)
	}
	s.stop(t)
	if out := asks(); !strings.HasSuffix(out, " provisional\n") {
		t.Errorf("without a server the imported notice is not at hand: %q", out)
	}
}

// TestInvite prints a link that opens.
func TestInvite(t *testing.T) {
	r := newReplay(t, mix{1, 1, 1}, 1)
	invite := func(args ...string) []string {
		return append([]string{"account", "invite", "--email", "zhang@shenpi.example", "--name", "张三"}, args...)
	}
	link := trimmed(r.place.must(t, invite("--role", "reviewer", "--authority", authority, "--public-url", r.cluster.nodes[0].url)...))
	if !strings.HasPrefix(link, r.cluster.nodes[0].url+"/activate/") {
		t.Fatalf("the link is %q", link)
	}
	got, err := r.cluster.anyone().callAt(t.Context(), link, http.MethodGet, nil)
	if err != nil || got.status != http.StatusOK {
		t.Errorf("%s: %v %d", link, err, got.status)
	}
	r.place.wants(t, 2, invite("--role", "reviewer", "--organisation", r.plans[0].org.uscc)...)
	r.place.wants(t, 1, invite("--role", "reviewer", "--authority", "999999")...)
	r.place.wants(t, 2, invite("--role", "king", "--authority", authority)...)
}
