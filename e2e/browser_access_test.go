package e2e

import (
	"cmp"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// axe is axe-core 4.14.1, unchanged (MPL 2.0, testdata/axe.LICENSE): it checks a page for barriers. It is given to the
// page by the browser's tools in a world of its own, so that the content security policy needs no exception.
//
//go:embed testdata/axe.min.js
var axe string

// axeRun asks for WCAG 2.2 A and AA and for best practice.
const axeRun = `axe.run(document, {
	resultTypes: ["violations"],
	runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"],
}).then(r => JSON.stringify(r.violations.map(v => ({
	id: v.id, help: v.help, nodes: v.nodes.slice(0, 4).map(n => n.target.join(" ") + "  " + n.html.slice(0, 160) + "  " + n.failureSummary.replace(/\s+/g, " ").slice(0, 240)),
}))))`

// barrier is a rule of axe that the page breaks.
type barrier struct {
	ID, Help string
	Nodes    []string
}

func (b barrier) String() string {
	return fmt.Sprintf("%s (%s)\n    %s", b.ID, b.Help, strings.Join(b.Nodes, "\n    "))
}

// barriers runs axe on the page as it stands.
func (p *tab) barriers() ([]barrier, error) {
	ctx, cancel := context.WithTimeout(p.ctx, pagePatience)
	defer cancel()
	text, err := chromedp.Run(ctx, func(ctx context.Context, t *chromedp.Target) (string, error) {
		tree, err := cdp.Call(ctx, t, page.GetFrameTree, cdp.Empty{})
		if err != nil {
			return "", err
		}
		world, err := cdp.Call(ctx, t, page.CreateIsolatedWorld, page.CreateIsolatedWorldParams{
			FrameID: tree.FrameTree.Frame.ID, WorldName: "axe",
		})
		if err != nil {
			return "", err
		}
		return evaluateIn(ctx, t, world.ExecutionContextID)
	})
	if err != nil {
		return nil, fmt.Errorf("axe on %s: %w", p.where(), err)
	}
	var found []barrier
	return found, json.Unmarshal([]byte(text), &found)
}

func evaluateIn(ctx context.Context, t *chromedp.Target, world runtime.ExecutionContextID) (string, error) {
	yes := true
	result, err := cdp.Call(ctx, t, runtime.Evaluate, runtime.EvaluateParams{
		Expression: "typeof axe === 'undefined' && (() => {" + axe + "})(); " + axeRun,
		ContextID:  world, AwaitPromise: &yes, ReturnByValue: &yes,
	})
	if err != nil {
		return "", err
	}
	if result.ExceptionDetails != nil {
		return "", fmt.Errorf("%s %v", result.ExceptionDetails.Text, result.ExceptionDetails.Exception)
	}
	var text string
	return text, json.Unmarshal(result.Result.Value, &text)
}

// TestBrowserSees wants the checks of this package to find what is wrong on purpose, so that their silence means something.
func TestBrowserSees(t *testing.T) {
	bad := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", "default-src 'none'")
		fmt.Fprint(w, `<!doctype html><html><title>坏页</title><body><main><h1 style="color:red">坏页</h1>`+
			`<table width="2000"><tr><td>很宽</td></tr></table><form><input name="a"></form></main><script>1</script></body></html>`)
	}))
	t.Cleanup(bad.Close)
	p := startBrowser(t).tab(t, bad.URL)
	p.open("/")
	refused := p.heard.all()
	if len(refused) != 2 || !strings.Contains(strings.Join(refused, " "), "Content Security Policy") {
		t.Errorf("refusals of the policy for a style and a script: %q", refused)
	}
	found, err := p.barriers()
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, b := range found {
		ids = append(ids, b.ID)
	}
	if got := strings.Join(ids, " "); !strings.Contains(got, "label") || !strings.Contains(got, "html-has-lang") {
		t.Errorf("axe finds %q on a page with an unnamed field and no language", got)
	}
	p.width(phone)
	if out := ask[[]string](p, sticksOut); len(out) == 0 {
		t.Error("a table of 2000 pixels is not seen to stick out of a phone")
	}
}

// firstPaint is the most that a page may weigh, compressed, without fonts, in bytes.
const firstPaint = 100_000

// weight adds up what the page and its styles and scripts weigh on the line; what lay in the cache counts too.
const weight = `[performance.getEntriesByType("navigation")[0], ...performance.getEntriesByType("resource").filter(r => ["link", "script"].includes(r.initiatorType))]
	.reduce((sum, r) => sum + r.encodedBodySize, 0)`

// looked is what the look at all pages gathers.
type looked struct {
	mu      sync.Mutex
	kinds   int
	pages   map[string]bool // templates, such as filer/home
	heavy   string          // the heaviest page
	weighed int
}

func (l *looked) add(name, page string, weighed int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.kinds++
	l.pages[page] = true
	if weighed > l.weighed {
		l.heavy, l.weighed = name, weighed
	}
}

// TestPages looks at every kind of page of the demonstration: no barrier that axe finds at the width of a desk and of a
// phone, no sideways scrolling down to 320 pixels, a strict content security policy and no refusal by it, one h1, no more
// than firstPaint to load. A page template that is never looked at fails it. With -pictures it also writes pictures.
func TestPages(t *testing.T) {
	d := demonstrate(t)
	seen := &looked{pages: map[string]bool{}}
	t.Run("of", func(t *testing.T) {
		for _, who := range people(pageKinds) {
			name, _, _ := strings.Cut(cmp.Or(who, "anyone"), "@")
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				own := d.with(t)
				for _, kind := range pageKinds {
					if kind.who == who {
						t.Run(kind.name, func(t *testing.T) {
							own.t = t
							p := kind.look(own)
							seen.add(kind.name, ask[string](p, `document.body.dataset.page`), ask[int](p, weight))
							p.sound(kind.name)
						})
					}
				}
			})
		}
	})
	t.Logf("%d pages; the heaviest, %s, weighs %d bytes", seen.kinds, seen.heavy, seen.weighed)
	if seen.kinds == len(pageKinds) {
		seen.all(t)
	}
	if *pictures != "" {
		d.photographDocuments()
	}
}

// people are those whose pages they are, in order.
func people(kinds []pageKind) []string {
	var list []string
	for _, kind := range kinds {
		if !slices.Contains(list, kind.who) {
			list = append(list, kind.who)
		}
	}
	return list
}

// all fails for every template of a page that was not looked at.
func (l *looked) all(t *testing.T) {
	t.Helper()
	for _, folder := range []string{"account", "desk", "error", "filer", "public"} {
		files, err := filepath.Glob(filepath.Join("..", "templates", folder, "*.html"))
		if err != nil || len(files) == 0 {
			t.Fatalf("templates of %s: %v, %d files", folder, err, len(files))
		}
		for _, file := range files {
			if page := folder + "/" + strings.TrimSuffix(filepath.Base(file), ".html"); !l.pages[page] {
				t.Errorf("no kind of page shows templates/%s.html: add it to pageKinds", page)
			}
		}
	}
}

// sound looks at the page as it stands.
func (p *tab) sound(name string) {
	p.t.Helper()
	if n := ask[int](p, `document.querySelectorAll("h1").length`); n != 1 {
		p.t.Errorf("%d headings of the first level, want one", n)
	}
	if n := ask[int](p, weight); n > firstPaint {
		p.t.Errorf("%d bytes to load, at most %d are allowed", n, firstPaint)
	}
	if !strings.Contains(p.policy, "frame-ancestors 'none'") || !strings.Contains(p.policy, "default-src 'none'") || strings.Contains(p.policy, "unsafe") {
		p.t.Errorf("content security policy: %q", p.policy)
	}
	for _, width := range []int64{desktop, phone} {
		p.width(width)
		found, err := p.barriers()
		if err != nil {
			p.t.Fatal(err)
		}
		for _, b := range found {
			p.t.Errorf("at %d: %s", width, b)
		}
		p.photograph(name, width)
	}
	p.fits(desktop, phone, narrow)
	for _, complaint := range p.heard.all() {
		p.t.Errorf("the browser: %s", complaint)
	}
}
