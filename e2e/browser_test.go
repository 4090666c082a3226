package e2e

import (
	"context"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// pagePatience ends a step in the browser that hangs; nothing is measured by it.
const pagePatience = 90 * time.Second

// browser is one Chromium; its tabs know nothing of each other's cookies.
type browser struct {
	t   testing.TB
	ctx context.Context
}

// startBrowser starts Chromium without a window.
func startBrowser(t testing.TB) *browser {
	t.Helper()
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		t.Fatal("Chromium is missing: apt-get install chromium")
	}
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]), chromedp.ExecPath(path), chromedp.DisableGPU,
		chromedp.Flag("lang", "zh-CN"))
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox)
	}
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(stop)
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("start Chromium: %v", err)
	}
	return &browser{t, ctx}
}

// complaints are what the browser held against the pages of a tab: refusals of the content security policy, errors of
// scripts. Answers such as 404 and 422 are none. Safe for concurrent use.
type complaints struct {
	mu   sync.Mutex
	said []string
}

func (c *complaints) listen(event any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch e := event.(type) {
	case *log.EventEntryAdded:
		refused := e.Entry.Source == log.EntrySourceNetwork && strings.Contains(e.Entry.Text, "responded with a status of 4")
		if e.Entry.Level == log.EntryLevelError && !refused {
			c.said = append(c.said, string(e.Entry.Source)+": "+e.Entry.Text+" "+e.Entry.URL)
		}
	case *runtime.EventExceptionThrown:
		c.said = append(c.said, "script: "+e.ExceptionDetails.Text)
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError {
			c.said = append(c.said, "console.error")
		}
	}
}

// all gives what was said so far and forgets it.
func (c *complaints) all() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	said := c.said
	c.said = nil
	return said
}

// tab opens a tab with cookies of its own. When the test ends, every complaint of the browser about a page fails it.
func (b *browser) tab(t testing.TB, base string) *tab {
	t.Helper()
	heard := &complaints{}
	ctx, cancel := chromedp.NewContext(b.ctx, chromedp.WithNewBrowserContext(), chromedp.WithListener(heard.listen))
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("open a tab: %v", err)
	}
	p := &tab{t: t, ctx: ctx, base: base, heard: heard}
	p.width(desktop)
	t.Cleanup(func() {
		for _, complaint := range heard.all() {
			t.Errorf("the browser: %s", complaint)
		}
	})
	return p
}

// Widths of a window in CSS pixels.
const (
	desktop = 1280
	phone   = 390
	narrow  = 320 // WCAG 2.2, 1.4.10 Reflow
)
