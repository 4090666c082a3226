package web_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nianbao/internal/web"
	"nianbao/internal/web/webtest"
	"nianbao/internal/workday"
)

func states(r web.Ruler) string {
	letters := map[string]string{"gone": "g", "today": "T", "left": "l"}
	var b strings.Builder
	for _, c := range r.Cells {
		b.WriteString(letters[c.State])
	}
	return b.String()
}

func TestRuler(t *testing.T) {
	for _, tc := range []struct {
		window      web.Window
		words, tone string
		cells       string
	}{
		{web.Window{Length: 10, Left: 10}, "剩 10 个工作日", "", "llllllllll"},
		{web.Window{Length: 10, Left: 5}, "剩 5 个工作日", "", "ggggTlllll"},
		{web.Window{Length: 10, Left: 5, TodayOff: true}, "剩 5 个工作日", "", "ggggglllll"},
		{web.Window{Length: 10, Left: 1}, "明天到期", "soon", "ggggggggTl"},
		{web.Window{Length: 10, Left: 0}, "今天到期", "soon", "gggggggggT"},
		{web.Window{Length: 10, Left: -2}, "超期 2 个工作日", "over", "gggggggggg"},
		{web.Window{Length: 3, Left: 7}, "剩 7 个工作日", "", "lll"},
		{web.Window{Length: 2, Left: 2, Provisional: true}, "剩 2 个工作日（日历未定，可能调整）", "", "ll"},
		{web.Window{}, "今天到期", "soon", ""},
	} {
		r := web.NewRuler(tc.window)
		got := []string{r.Words, r.Tone, states(r)}
		if diff := cmp.Diff([]string{tc.words, tc.tone, tc.cells}, got); diff != "" {
			t.Errorf("%+v: -want +got:\n%s", tc.window, diff)
		}
	}
}

func TestDays(t *testing.T) {
	cal := workday.Builtin()
	// Qingming of 2019 is Friday 5 April; 28 April (a Sunday) is worked for May Day.
	days := web.NewDays(cal, workday.NewDate(2019, time.April, 3), workday.NewDate(2019, time.April, 9))
	want := [][]web.Day{
		{{Day: 1, State: "gone"}, {Day: 2, State: "gone"}, {Day: 3, State: "today"}, {Day: 4}},
		{{Day: 8}, {Day: 9, State: "due"}},
	}
	if diff := cmp.Diff(want, days.Weeks); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	sunday := web.NewDays(cal, workday.NewDate(2019, time.March, 31), workday.NewDate(2019, time.April, 1))
	if len(sunday.Weeks) != 2 || len(sunday.Weeks[0]) != 5 {
		t.Errorf("a Sunday belongs to the week before: %+v", sunday.Weeks)
	}
	if over := web.NewDays(cal, workday.NewDate(2019, time.April, 3), workday.NewDate(2019, time.April, 2)); over.Weeks != nil {
		t.Errorf("over: %+v", over)
	}
	if far := web.NewDays(cal, workday.NewDate(2019, time.January, 14), workday.NewDate(2019, time.March, 31)); far.Weeks != nil {
		t.Errorf("far: %+v", far)
	}
}

func TestDeadline(t *testing.T) {
	cal := workday.Builtin()
	got := web.Deadline(cal, workday.NewDate(2019, time.April, 1), workday.NewDate(2019, time.April, 9), "重新报送")
	if want := "2019年4月9日（星期二）24:00 前重新报送，当天算在内。期间清明节放假，不计入工作日。"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := web.Deadline(cal, workday.NewDate(2018, time.December, 1), workday.Date{}, "报送"); got != "" {
		t.Errorf("no date: %q", got)
	}
}

func TestNumbers(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 8030: "8,030", 1234567: "1,234,567", -999: "-999", -1000: "-1,000"} {
		if got := web.Count(n); got != want {
			t.Errorf("Count(%d) = %q, want %q", n, got, want)
		}
	}
	for n, want := range map[int64]string{0: "0.00%", 1234: "12.34%", -50: "−0.50%", 100000: "1,000.00%"} {
		if got := web.Percent(n); got != want {
			t.Errorf("Percent(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestLimiter(t *testing.T) {
	now := time.Date(2026, 3, 12, 9, 0, 0, 0, time.UTC)
	l := web.NewLimiter(3, time.Minute, 100, func() time.Time { return now })
	for i := range 5 {
		if got := l.Allow("a"); got != (i < 3) {
			t.Errorf("try %d: %v", i+1, got)
		}
	}
	if !l.Allow("b") {
		t.Error("another key is held back")
	}
	now = now.Add(time.Minute)
	if !l.Allow("a") || l.Allow("a") {
		t.Error("after a minute exactly one more is allowed")
	}
	for i := range 1000 {
		l.Allow(strings.Repeat("x", i))
	}
	if l.Len() > 100 {
		t.Errorf("%d keys remembered, at most 100", l.Len())
	}
	if l.Allow("a") {
		t.Error("a flood of keys pushed out the one that is held back")
	}
	now = now.Add(time.Hour)
	if !l.Allow("new") || l.Len() > 2 {
		t.Errorf("recovered keys are not dropped: %d", l.Len())
	}
}

// firstPaint is what a browser must fetch before it shows anything; the limit
// is the look's. The style sheet's own is far below it and pinned, so that
// nobody brings the whole of Tabler back unnoticed.
const (
	firstPaintLimit = 100_000
	styleLimit      = 24_000
)

var assetURL = regexp.MustCompile(`(?:href|src)="(/static/[^"]+)"`)

func TestFirstPaintIsSmallAndKept(t *testing.T) {
	w := newWorld(t)
	page := fetch(t, w.base+"/sign-in")
	total := len(page.compressed)
	found := assetURL.FindAllStringSubmatch(string(page.plain), -1)
	if len(found) != 4 {
		t.Fatalf("assets %v, want mark, style sheet and two scripts", found)
	}
	for _, m := range found {
		f := fetch(t, w.base+m[1])
		total += len(f.compressed)
		if f.header.Get("Cache-Control") != "public, max-age=31536000, immutable" {
			t.Errorf("%s: cache control %q", m[1], f.header.Get("Cache-Control"))
		}
		stale := fetch(t, w.base+"/static/0000000000000000/"+strings.SplitN(m[1], "/", 4)[3])
		if stale.header.Get("Cache-Control") != "no-cache" || !bytes.Equal(stale.plain, f.plain) {
			t.Errorf("%s under another release's hash: %q", m[1], stale.header.Get("Cache-Control"))
		}
		if strings.HasSuffix(m[1], "site.css") {
			checkStyle(t, f)
		}
	}
	t.Logf("first paint: %d bytes compressed", total)
	if total >= firstPaintLimit {
		t.Errorf("first paint is %d bytes compressed, the limit is %d", total, firstPaintLimit)
	}
}

// checkStyle pins the size and what Chrome 109 cannot read.
func checkStyle(t *testing.T, f fetched) {
	t.Helper()
	t.Logf("style sheet: %d bytes compressed", len(f.compressed))
	if len(f.compressed) >= styleLimit {
		t.Errorf("style sheet is %d bytes compressed, the limit is %d", len(f.compressed), styleLimit)
	}
	css := regexp.MustCompile(`(?s)/\*.*?\*/`).ReplaceAllString(string(f.plain), "")
	for _, word := range []string{"oklch", "color-mix", ":has(", "@container", "light-dark", "@import", "http://www.w3.org/1999", "&:"} {
		if strings.Contains(css, word) {
			t.Errorf("style sheet uses %q", word)
		}
	}
	if strings.Count(css, "{") != strings.Count(css, "}") {
		t.Error("style sheet has unbalanced braces")
	}
	declared := map[string]bool{}
	for _, m := range regexp.MustCompile(`(--[\w-]+)\s*:`).FindAllStringSubmatch(css, -1) {
		declared[m[1]] = true
	}
	for _, m := range regexp.MustCompile(`var\((--[\w-]+)\)`).FindAllStringSubmatch(css, -1) {
		if !declared[m[1]] {
			t.Errorf("style sheet uses %s, which nothing declares", m[1])
		}
	}
}

type fetched struct {
	compressed, plain []byte
	header            http.Header
}

func fetch(t *testing.T, url string) fetched {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept-Encoding", "gzip")
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d, %v", url, resp.StatusCode, err)
	}
	f := fetched{compressed: body, plain: body, header: resp.Header}
	if resp.Header.Get("Content-Encoding") == "gzip" {
		r, err := gzip.NewReader(bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		if f.plain, err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
	return f
}

func TestStaticFilesKnowTheirETag(t *testing.T) {
	w := newWorld(t)
	page := fetch(t, w.base+"/sign-in")
	path := assetURL.FindStringSubmatch(string(page.plain))[1]
	first := w.call(t, "GET", path, "")
	again := w.call(t, "GET", path, "", "If-None-Match", first.Header.Get("ETag"))
	if again.Status != http.StatusNotModified || again.Body != "" {
		t.Errorf("status %d, %d bytes", again.Status, len(again.Body))
	}
}

func TestPagesOfAccountAndError(t *testing.T) {
	page := web.Page{Title: "出错", Area: web.AreaPublic, SiteName: "公示", CSRF: "token", Contact: "0000"}
	webtest.CheckPages(t, "error", map[string][]any{"error/error": {
		web.ErrorPage{},
		web.ErrorPage{Page: page, Heading: "系统出错", What: "没有完成。", Lost: "没有存下。", Reference: "ABCD",
			Next: []web.NextStep{{Text: "再试一次"}, {Text: "首页", Href: "/"}}},
	}})
}
