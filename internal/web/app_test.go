package web_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/labstack/echo/v4"

	"nianbao/internal/account"
	"nianbao/internal/event"
	"nianbao/internal/postgres"
	"nianbao/internal/postgres/pgtest"
	"nianbao/internal/web"
	"nianbao/internal/web/webtest"
)

var city = account.Scope{AuthorityCode: "440100"}

func database(t testing.TB) *postgres.DB {
	t.Helper()
	db := pgtest.New(t)
	db.MustExec(`INSERT INTO authority (code, name, level, number_prefix, created_at, updated_at)
		VALUES ('440100', '试验市民政局', 'city', '试民社', now(), now())`)
	return db
}

// world is a running app with a route of each sort and its log.
type world struct {
	db   *postgres.DB
	app  *web.App
	base string
	log  *bytes.Buffer
	wall time.Time
}

func newWorld(t *testing.T, change ...func(*web.Config)) *world {
	t.Helper()
	w := &world{db: database(t), log: &bytes.Buffer{}, wall: time.Now()}
	cfg := webtest.Config(w.db)
	cfg.Log = slog.New(slog.NewJSONHandler(w.log, nil))
	cfg.Wall = func() time.Time { return w.wall }
	cfg.Templates = withGallery(t)
	for _, f := range change {
		f(&cfg)
	}
	app, server := webtest.Server(t, cfg)
	w.app, w.base = app, server.URL
	if err := app.Mount(w.routes()); err != nil {
		t.Fatal(err)
	}
	return w
}

type stateError struct{}

func (stateError) Error() string   { return "secret inside" }
func (stateError) HTTPStatus() int { return http.StatusUnprocessableEntity }
func (stateError) Code() string    { return "form_checks_failed" }
func (stateError) Detail() string  { return "校验没有通过。" }
func (stateError) ProblemFindings() any {
	return []map[string]string{{"check": "BS-TOTAL"}}
}

func (w *world) routes() []web.Route {
	text := func(c echo.Context) error { return c.String(http.StatusOK, web.Principal(c).Name) }
	fail := func(err error) echo.HandlerFunc { return func(echo.Context) error { return err } }
	return []web.Route{
		{Method: "GET", Path: "/desk", Access: web.Roles(account.RoleReviewer), Handler: func(c echo.Context) error {
			return w.app.Render(c, http.StatusOK, "filer/gallery", fullGallery(w.app.NewPage(c, "待审")))
		}},
		{Method: "POST", Path: "/desk", Access: web.Roles(account.RoleReviewer), Handler: func(c echo.Context) error {
			w.app.AddFlash(c, web.Flash{Text: "决定已存。"})
			return web.SeeOther(c, "/desk")
		}},
		{Method: "GET", Path: "/filer", Access: web.Roles(account.RoleFiler), Handler: text},
		{Method: "GET", Path: "/panic", Access: web.Anyone(), Handler: func(echo.Context) error { panic("secret inside") }},
		{Method: "GET", Path: "/broken", Access: web.Anyone(), Handler: fail(errors.New("secret inside"))},
		{Method: "GET", Path: "/half", Access: web.Anyone(), Handler: func(c echo.Context) error {
			return w.app.Render(c, http.StatusOK, "filer/gallery", struct{ Title string }{"no such fields"})
		}},
		{Method: "GET", Path: "/secret/:link", Access: web.Anyone(), Handler: text},
		{Method: "GET", Path: "/api/v1/me", Access: web.SignedIn().Needs(account.RightRead), Handler: text},
		{Method: "POST", Path: "/api/v1/me", Access: web.SignedIn().Needs(account.RightRead), Handler: text},
		{Method: "GET", Path: "/api/v1/filer", Access: web.Roles(account.RoleFiler).Needs(account.RightDraft), Handler: text},
		{Method: "GET", Path: "/api/v1/broken", Access: web.Anyone(), Handler: fail(fmt.Errorf("wrapped: %w", errors.New("secret inside")))},
		{Method: "GET", Path: "/api/v1/checks", Access: web.Anyone(), Handler: fail(fmt.Errorf("wrapped: %w", stateError{}))},
		{Method: "GET", Path: "/api/v1/slow", Access: web.Anyone(), Timeout: time.Millisecond, Handler: func(c echo.Context) error {
			<-c.Request().Context().Done()
			return fmt.Errorf("read: %w", c.Request().Context().Err())
		}},
		{Method: "POST", Path: "/api/v1/body", Access: web.Anyone(), MaxBody: 10, Handler: func(c echo.Context) error {
			var b bytes.Buffer
			if _, err := b.ReadFrom(c.Request().Body); err != nil {
				return fmt.Errorf("read: %w", err)
			}
			return c.NoContent(http.StatusNoContent)
		}},
	}
}

func (w *world) token(t *testing.T, role account.Role) string {
	t.Helper()
	token, err := account.IssueToken(t.Context(), w.db, account.NewToken{Role: role, Scope: city, Name: "软件", Actor: event.System("test")})
	if err != nil {
		t.Fatal(err)
	}
	return token.Plaintext
}

func (w *world) call(t *testing.T, method, path, bearer string, header ...string) webtest.Answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, w.base+path, strings.NewReader("twelve bytes"))
	if err != nil {
		t.Fatal(err)
	}
	if bearer != "" {
		req.Header.Set("Authorization", "Bearer "+bearer)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	return webtest.NewBrowser(t, w.base).Do(req)
}

func TestEveryAnswerIsGuarded(t *testing.T) {
	w := newWorld(t)
	page := w.call(t, "GET", "/sign-in", "")
	css := page.Body[strings.Index(page.Body, "/static/"):]
	css = css[:strings.Index(css, `"`)]
	for _, path := range []string{"/sign-in", "/nowhere", "/panic", "/healthz", "/metrics", "/api/v1/me", "/api/v1/nowhere", css} {
		a := w.call(t, "GET", path, "")
		want := "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; " +
			"form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
		if got := a.Header.Get("Content-Security-Policy"); got != want {
			t.Errorf("%s: policy %q", path, got)
		}
		if a.Header.Get("X-Content-Type-Options") != "nosniff" || a.Header.Get("X-Request-Id") == "" || a.Header.Get("Referrer-Policy") != "same-origin" {
			t.Errorf("%s: headers %v", path, a.Header)
		}
		if a.Header.Get("Strict-Transport-Security") != "" {
			t.Errorf("%s: HSTS without https", path)
		}
	}
}

func TestHTTPSMakesCookiesSecure(t *testing.T) {
	w := newWorld(t, func(c *web.Config) { c.PublicURL = "https://nianbao.example" })
	a := w.call(t, "GET", "/sign-in", "")
	cookie := a.Header.Get("Set-Cookie")
	for _, want := range []string{"__Host-nianbao_visitor=", "Secure", "HttpOnly", "SameSite=Lax", "Path=/"} {
		if !strings.Contains(cookie, want) {
			t.Errorf("cookie %q lacks %s", cookie, want)
		}
	}
	if a.Header.Get("Strict-Transport-Security") == "" {
		t.Error("no HSTS under https")
	}
}

func TestProblems(t *testing.T) {
	w := newWorld(t)
	reviewer := w.token(t, account.RoleReviewer)
	for _, tc := range []struct {
		method, path, bearer string
		status               int
		code                 string
	}{
		{"GET", "/api/v1/me", "", 401, "unauthorized"},
		{"GET", "/api/v1/me", "nb_" + strings.Repeat("A", 43), 401, "unauthorized"},
		{"GET", "/api/v1/me", "garbage", 401, "unauthorized"},
		{"GET", "/api/v1/filer", reviewer, 403, "forbidden"},
		{"GET", "/api/v1/nowhere", "", 404, "not_found"},
		{"DELETE", "/api/v1/me", "", 405, "method_not_allowed"},
		{"POST", "/api/v1/body", "", 413, "too_large"},
		{"GET", "/api/v1/checks", "", 422, "form_checks_failed"},
		{"GET", "/api/v1/broken", "", 500, "internal"},
		{"GET", "/api/v1/slow", "", 503, "unavailable"},
	} {
		a := w.call(t, tc.method, tc.path, tc.bearer)
		var p map[string]any
		if err := json.Unmarshal([]byte(a.Body), &p); err != nil {
			t.Errorf("%s %s: %v in %q", tc.method, tc.path, err, a.Body)
			continue
		}
		if a.Status != tc.status || p["code"] != tc.code || p["status"] != float64(tc.status) {
			t.Errorf("%s %s: %d %v, want %d %s", tc.method, tc.path, a.Status, p, tc.status, tc.code)
		}
		if a.Header.Get("Content-Type") != "application/problem+json" || p["title"] == "" || p["detail"] == "" || p["request_id"] != a.Header.Get("X-Request-Id") {
			t.Errorf("%s %s: header %v, body %v", tc.method, tc.path, a.Header, p)
		}
		if strings.Contains(a.Body, "secret inside") {
			t.Errorf("%s %s tells what is inside: %s", tc.method, tc.path, a.Body)
		}
		_, found := p["findings"]
		if found != (tc.code == "form_checks_failed") {
			t.Errorf("%s %s: findings there: %v", tc.method, tc.path, found)
		}
	}
	if a := w.call(t, "GET", "/api/v1/me", ""); a.Header.Get("WWW-Authenticate") == "" {
		t.Error("401 without WWW-Authenticate")
	}
	if a := w.call(t, "GET", "/api/v1/me", reviewer); a.Status != 200 || a.Body != "软件" {
		t.Errorf("with a good token: %d %q", a.Status, a.Body)
	}
}

func TestErrorPages(t *testing.T) {
	w := newWorld(t)
	for path, want := range map[string]struct {
		status int
		says   string
	}{
		"/nowhere":       {404, "没有这个页面"},
		"/static/x/none": {404, "没有这个页面"},
		"/broken":        {500, "系统出错，这次操作没有完成"},
		"/panic":         {500, "系统出错，这次操作没有完成"},
		"/half":          {500, "系统出错，这次操作没有完成"},
	} {
		w.log.Reset()
		a := w.call(t, "GET", path, "")
		id := a.Header.Get("X-Request-Id")
		if a.Status != want.status || !strings.Contains(a.Body, want.says) || !strings.Contains(a.Body, id) {
			t.Errorf("%s: status %d, want %d with %q and the number %s", path, a.Status, want.status, want.says, id)
		}
		webtest.CheckHTML(t, path, []byte(a.Body))
		if strings.Contains(a.Body, "secret") || strings.Contains(a.Body, "gallery") || strings.Contains(a.Body, "goroutine") {
			t.Errorf("%s tells what is inside", path)
		}
		errorLines := strings.Count(w.log.String(), `"level":"ERROR"`)
		if logged := strings.Contains(w.log.String(), id) && errorLines == 1; logged != (want.status == 500) {
			t.Errorf("%s: %d error lines, want them once for a 500 only, with the number:\n%s", path, errorLines, w.log)
		}
	}
	w.log.Reset()
	if a := signedIn(t, w).Get("/nowhere"); a.Status != 404 || !strings.Contains(a.Body, "审查员 测试员") || !strings.Contains(a.Body, `href="/desk"`) {
		t.Errorf("not found while signed in: %d, should lead home", a.Status)
	}
	if a := w.call(t, "HEAD", "/sign-in", ""); a.Status != 200 || a.Body != "" {
		t.Errorf("HEAD of a page: %d %q", a.Status, a.Body)
	}
	if a := w.call(t, "HEAD", "/nowhere", ""); a.Status != 404 || a.Body != "" {
		t.Errorf("HEAD: %d %q", a.Status, a.Body)
	}
}

func TestLogsHoldNoSecrets(t *testing.T) {
	w := newWorld(t)
	bearer := w.token(t, account.RoleReviewer)
	w.call(t, "GET", "/secret/one-time-link?q=林某", bearer)
	w.call(t, "GET", "/unknown/one-time-link", "nb_badbadbad")
	browser := webtest.NewBrowser(t, w.base)
	browser.Get("/sign-in")
	browser.Post("/sign-in", url.Values{"email": {"lin@x.example"}, "password": {"my dear password"}})
	for _, secret := range []string{"one-time-link", "林某", bearer, "nb_bad", "my dear password", "lin@x", browser.CSRF()} {
		if strings.Contains(w.log.String(), secret) {
			t.Errorf("the log holds %q:\n%s", secret, w.log)
		}
	}
	for _, want := range []string{`"route":"/secret/:link"`, `"route":"unmatched"`, `"role":"reviewer"`, `"status":422`} {
		if !strings.Contains(w.log.String(), want) {
			t.Errorf("the log lacks %s:\n%s", want, w.log)
		}
	}
}

func TestRouteTable(t *testing.T) {
	w := newWorld(t)
	if stray := w.app.Unruled(); len(stray) > 0 {
		t.Errorf("routes outside the table: %v", stray)
	}
	for _, r := range w.app.Routes() {
		if !r.Access.IsAnyone() && len(r.Access.List()) == 0 {
			t.Errorf("%s has no rule", r.Name())
		}
	}
	ok := func(echo.Context) error { return nil }
	for name, bad := range map[string][]web.Route{
		"no rule":    {{Method: "GET", Path: "/a", Handler: ok}},
		"no handler": {{Method: "GET", Path: "/a", Access: web.Anyone()}},
		"no slash":   {{Method: "GET", Path: "a", Access: web.Anyone(), Handler: ok}},
		"known":      {{Method: "GET", Path: "/desk", Access: web.Anyone(), Handler: ok}},
		"twice":      {{Method: "GET", Path: "/a", Access: web.Anyone(), Handler: ok}, {Method: "GET", Path: "/a", Access: web.Anyone(), Handler: ok}},
		"open":       {{Method: "POST", Path: "/a", Access: web.SignedIn(), NoCSRF: true, Handler: ok}},
	} {
		if err := w.app.Mount(bad); err == nil {
			t.Errorf("%s: mounted", name)
		}
	}
	if a := w.call(t, "GET", "/a", ""); a.Status != 404 {
		t.Errorf("a refused table left a route behind: %d", a.Status)
	}
}

func TestRecorderJoinsRules(t *testing.T) {
	var r web.Recorder
	ok := func(c echo.Context) error { return c.NoContent(http.StatusNoContent) }
	r.GET("/api/v1/a", ok)
	r.PUT("/api/v1/a", ok)
	routes, err := r.Routes(map[string]web.Access{"GET /api/v1/a": web.Anyone(), "PUT /api/v1/a": web.Roles(account.RoleFiler)})
	if err != nil || len(routes) != 2 || !slices.Equal(routes[1].Access.List(), []account.Role{account.RoleFiler}) {
		t.Errorf("routes %+v, %v", routes, err)
	}
	_, err = r.Routes(map[string]web.Access{"GET /api/v1/a": web.Anyone(), "GET /api/v1/b": web.Anyone()})
	if err == nil || !strings.Contains(err.Error(), "PUT /api/v1/a: no access rule") || !strings.Contains(err.Error(), "GET /api/v1/b: no such route") {
		t.Errorf("error %v, want both mismatches", err)
	}
}

func TestHealthAndMetrics(t *testing.T) {
	ready := errors.New("not yet")
	w := newWorld(t, func(c *web.Config) { c.Ready = func(context.Context) error { return ready } })
	if a := w.call(t, "GET", "/healthz", ""); a.Status != 200 {
		t.Errorf("healthz %d", a.Status)
	}
	if a := w.call(t, "GET", "/readyz", ""); a.Status != 503 || strings.Contains(a.Body, "not yet") {
		t.Errorf("readyz %d %q", a.Status, a.Body)
	}
	ready = web.Migrated(w.db)(t.Context())
	if a := w.call(t, "GET", "/readyz", ""); ready != nil || a.Status != 200 {
		t.Errorf("readyz %d, migrated: %v", a.Status, ready)
	}
	a := w.call(t, "GET", "/metrics", "")
	for _, want := range []string{
		`nianbao_http_request_duration_seconds_count{method="GET",route="/readyz",status="200"} 1`,
		`nianbao_http_requests_in_flight 1`, `go_sql_open_connections{db_name="nianbao"}`,
	} {
		if !strings.Contains(a.Body, want) {
			t.Errorf("metrics lack %s", want)
		}
	}
}

func TestTrustedProxies(t *testing.T) {
	for _, tc := range []struct {
		trusted []netip.Prefix
		want    string
	}{
		{nil, "127.0.0.1"},
		{[]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, "203.0.113.9"},
		{[]netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}, "127.0.0.1"},
	} {
		w := newWorld(t, func(c *web.Config) { c.TrustedProxies = tc.trusted })
		w.call(t, "GET", "/healthz", "", "X-Forwarded-For", "203.0.113.9")
		if want := `"ip":"` + tc.want + `"`; !strings.Contains(w.log.String(), want) {
			t.Errorf("trusting %v: the log lacks %s:\n%s", tc.trusted, want, w.log)
		}
	}
}

func TestNewRefusesBadSettings(t *testing.T) {
	db := database(t)
	for _, bad := range []string{"", "nianbao.example", "ftp://x", "http://"} {
		cfg := webtest.Config(db)
		cfg.PublicURL = bad
		if _, err := web.New(cfg); err == nil {
			t.Errorf("public URL %q is taken", bad)
		}
	}
	if _, err := web.New(web.Config{PublicURL: "http://x"}); err == nil {
		t.Error("taken without a database")
	}
}

func TestProblemOfPlainStatus(t *testing.T) {
	for _, tc := range []struct {
		err  error
		want int
		code string
	}{
		{echo.NewHTTPError(418, "secret"), 418, "bad_request"},
		{echo.NewHTTPError(502, "secret"), 502, "internal"},
		{&http.MaxBytesError{Limit: 1}, 413, "too_large"},
		{errors.Join(errors.New("x"), web.ErrNotFound), 404, "not_found"},
	} {
		p := web.ProblemOf(tc.err)
		if diff := cmp.Diff([]any{tc.want, tc.code}, []any{p.Status, p.Code}); diff != "" || strings.Contains(p.Detail, "secret") {
			t.Errorf("%v: -want +got:\n%s", tc.err, diff)
		}
	}
}
