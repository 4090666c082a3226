// Package webtest helps to test pages: it runs an app on a database of its
// own, drives it like a browser, and executes every page template of a side
// with empty and full values.
//
// It is for tests only and owns nothing. Pages are found wrong for what the
// content security policy or a screen reader would trip over.
package webtest

import (
	"bytes"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"
	"golang.org/x/net/publicsuffix"

	"nianbao/internal/account"
	accountweb "nianbao/internal/account/web"
	"nianbao/internal/event"
	"nianbao/internal/postgres"
	"nianbao/internal/web"
	"nianbao/templates"
)

// Config is a test's usual one over db: a site with a name, no menu, logs
// thrown away, the wall's clock held still.
func Config(db *postgres.DB) web.Config {
	return web.Config{
		DB: db, Log: slog.New(slog.DiscardHandler), PublicURL: "http://nianbao.example",
		Wall: func() time.Time { return time.Date(2026, 3, 12, 9, 0, 0, 0, time.UTC) },
		Site: web.Site{
			Name: "社会组织年度报告", DeskName: "年度报告审查", PublicName: "社会组织年度报告公示",
			By: "试验市民政局", Contact: "0000-12345678（工作日 9:00–12:00，14:00–17:30）",
		},
	}
}

// Server runs an app with the account's pages and routes; it stops with the test.
func Server(t testing.TB, cfg web.Config, routes ...web.Route) (*web.App, *httptest.Server) {
	t.Helper()
	app, err := web.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := app.Mount(append(accountweb.New(accountweb.Config{App: app, DB: cfg.DB, Wall: cfg.Wall,
		Accounts: account.NewService(account.Config{DB: cfg.DB})}).Routes(), routes...)); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(app.Handler())
	t.Cleanup(server.Close)
	return app, server
}

// Person makes somebody with a role who can sign in with Password.
func Person(t testing.TB, db *postgres.DB, email string, role account.Role, scope account.Scope) {
	t.Helper()
	p := account.NewPerson{Email: email, Name: "测试员", Role: role, Scope: scope, Actor: event.System("test")}
	if _, err := account.CreatePerson(t.Context(), db, p, Password); err != nil {
		t.Fatal(err)
	}
}

// Password is every test person's.
const Password = "春江潮水连海平 2026"

// Browser is a client with cookies that does not follow redirects by itself.
type Browser struct {
	t      testing.TB
	base   string
	client *http.Client
	last   string // the last page, for its CSRF token
}

// NewBrowser starts without cookies.
func NewBrowser(t testing.TB, base string) *Browser {
	t.Helper()
	jar, err := cookiejar.New(&cookiejar.Options{PublicSuffixList: publicsuffix.List})
	if err != nil {
		t.Fatal(err)
	}
	return &Browser{t: t, base: base, client: &http.Client{
		Jar:           jar,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Answer is a response, read whole.
type Answer struct {
	Status int
	Header http.Header
	Body   string
}

// Get fetches a path.
func (b *Browser) Get(target string) Answer {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, b.base+target, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	return b.Do(req)
}

// Post sends a form with the CSRF token of the page seen last.
func (b *Browser) Post(target string, form url.Values) Answer {
	b.t.Helper()
	sent := url.Values{"csrf_token": {b.CSRF()}}
	for k, v := range form {
		sent[k] = v
	}
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, b.base+target, strings.NewReader(sent.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return b.Do(req)
}

// Send sends a request of any method without a body, with the CSRF token of the page seen last as scripts do.
func (b *Browser) Send(method, target string) Answer {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), method, b.base+target, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header.Set("X-CSRF-Token", b.CSRF())
	return b.Do(req)
}

// Do sends any request with the browser's cookies.
func (b *Browser) Do(req *http.Request) Answer {
	b.t.Helper()
	resp, err := b.client.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var body bytes.Buffer
	if _, err := body.ReadFrom(resp.Body); err != nil {
		b.t.Fatal(err)
	}
	if strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html") {
		b.last = body.String()
	}
	return Answer{Status: resp.StatusCode, Header: resp.Header, Body: body.String()}
}

var csrfValue = regexp.MustCompile(`(?:name="csrf_token" value|data-csrf)="([^"]+)"`)

// CSRF is the token of the page seen last, "" if it has none.
func (b *Browser) CSRF() string {
	m := csrfValue.FindStringSubmatch(b.last)
	if m == nil {
		return ""
	}
	return html.UnescapeString(m[1])
}

// Cookie is the value of a cookie that the browser holds, "" if none.
func (b *Browser) Cookie(name string) string {
	u, err := url.Parse(b.base)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, c := range b.client.Jar.Cookies(u) {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}

// SignIn goes through the sign-in page with Password.
func (b *Browser) SignIn(email string) {
	b.t.Helper()
	b.Get("/sign-in")
	a := b.Post("/sign-in", url.Values{"email": {email}, "password": {Password}})
	if a.Status != http.StatusSeeOther {
		b.t.Fatalf("sign in as %s: status %d, want 303", email, a.Status)
	}
}

// CheckPages executes every page of a folder ("filer") with each of its
// samples, which should be the empty page struct and a full one. A page
// without samples, or a sample without a page, fails.
func CheckPages(t *testing.T, folder string, samples map[string][]any) {
	t.Helper()
	renderer, err := web.NewRenderer(templates.FS)
	if err != nil {
		t.Fatal(err)
	}
	files, err := fs.Glob(templates.FS, folder+"/*.html")
	if err != nil {
		t.Fatal(err)
	}
	for name := range samples {
		if !slices.Contains(files, name+".html") {
			t.Errorf("sample for %s: there is no such page", name)
		}
	}
	for _, file := range files {
		name := strings.TrimSuffix(file, path.Ext(file))
		if len(samples[name]) == 0 {
			t.Errorf("page %s: no sample", name)
		}
		for _, data := range samples[name] {
			page, err := renderer.HTML(name, data)
			if err != nil {
				t.Errorf("page %s with %T: %v", name, data, err)
				continue
			}
			CheckHTML(t, name, page)
		}
	}
}
