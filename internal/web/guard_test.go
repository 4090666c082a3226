package web_test

import (
	"encoding/base64"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"nianbao/internal/account"
	"nianbao/internal/postgres"
	"nianbao/internal/postgres/pgtest"
	"nianbao/internal/web"
	"nianbao/internal/web/webtest"
)

// send makes a request of the browser with headers given in pairs.
func send(t *testing.T, b *webtest.Browser, method, target, body string, header ...string) webtest.Answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, target, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	return b.Do(req)
}

// everyMethod mounts /any for each method, for anyone, and /open beside it without the check.
func everyMethod(t *testing.T, w *world) {
	t.Helper()
	ok := func(c echo.Context) error { return c.NoContent(http.StatusNoContent) }
	var routes []web.Route
	for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE"} {
		routes = append(routes,
			web.Route{Method: method, Path: "/any", Access: web.Anyone(), Handler: ok},
			web.Route{Method: method, Path: "/api/v1/any", Access: web.Anyone(), Handler: ok},
			web.Route{Method: method, Path: "/open", Access: web.Anyone(), NoCSRF: true, Handler: ok})
	}
	if err := w.app.Mount(routes); err != nil {
		t.Fatal(err)
	}
}

func TestCSRFHoldsForEveryUnsafeMethod(t *testing.T) {
	w := newWorld(t)
	everyMethod(t, w)
	b := webtest.NewBrowser(t, w.base)
	b.Get("/sign-in")
	token := b.CSRF()
	for _, method := range []string{"POST", "PUT", "PATCH", "DELETE"} {
		for _, tc := range []struct {
			name, path string
			header     []string
			want       int
		}{
			{"without a token", "/any", nil, 403},
			{"with one", "/any", []string{"X-CSRF-Token", token}, 204},
			{"with one, from elsewhere", "/any", []string{"X-CSRF-Token", token, "Sec-Fetch-Site", "same-site"}, 403},
			{"API by cookie without a token", "/api/v1/any", nil, 403},
			{"where nothing is to protect", "/open", nil, 204},
			{"even there, from elsewhere", "/open", []string{"Sec-Fetch-Site", "cross-site"}, 204},
		} {
			if a := send(t, b, method, w.base+tc.path, "", tc.header...); a.Status != tc.want {
				t.Errorf("%s %s: %d, want %d", method, tc.name, a.Status, tc.want)
			}
		}
		// Without any cookie there is nothing that a foreign page could misuse; a page's form still needs its page.
		stranger := webtest.NewBrowser(t, w.base)
		if a := send(t, stranger, method, w.base+"/api/v1/any", ""); a.Status != 204 {
			t.Errorf("%s of the public API without a cookie: %d", method, a.Status)
		}
		if a := send(t, stranger, method, w.base+"/any", ""); a.Status != 403 {
			t.Errorf("%s of a page without a cookie: %d, want 403", method, a.Status)
		}
	}
	if a := send(t, b, "GET", w.base+"/any", "", "Sec-Fetch-Site", "cross-site"); a.Status != 204 {
		t.Errorf("a link from elsewhere: %d", a.Status)
	}
}

// TestCSRFTokenIsOfItsCookie: two tabs agree, nothing else does.
func TestCSRFTokenIsOfItsCookie(t *testing.T) {
	w := newWorld(t)
	everyMethod(t, w)
	webtest.Person(t, w.db, "shen@x.example", account.RoleReviewer, city)
	b := webtest.NewBrowser(t, w.base)
	b.Get("/sign-in")
	before := b.CSRF()
	b.SignIn("shen@x.example")
	b.Get("/desk")
	tab1 := b.CSRF()
	b.Get("/desk")
	tab2 := b.CSRF()
	raw, err := base64.RawURLEncoding.DecodeString(tab1)
	if err != nil || len(raw) != 64 {
		t.Fatalf("token of %d bytes, %v", len(raw), err)
	}
	changed := func(at int) string {
		other := append([]byte(nil), raw...)
		other[at] ^= 1
		return base64.RawURLEncoding.EncodeToString(other)
	}
	for name, tc := range map[string]struct {
		token string
		want  int
	}{
		"first tab": {tab1, 204}, "second tab": {tab2, 204}, "from before the sign-in": {before, 403},
		"a bit of the mask": {changed(0), 403}, "a bit of the proof": {changed(63), 403},
		"cut": {base64.RawURLEncoding.EncodeToString(raw[:32]), 403}, "empty proof": {base64.RawURLEncoding.EncodeToString(make([]byte, 64)), 403},
		"padded": {tab1 + "==", 403}, "the cookie itself": {b.Cookie("nianbao_session"), 403},
	} {
		if a := send(t, b, "POST", w.base+"/any", "", "X-CSRF-Token", tc.token); a.Status != tc.want {
			t.Errorf("%s: %d, want %d", name, a.Status, tc.want)
		}
	}
	a := send(t, b, "POST", w.base+"/any", "", "X-CSRF-Token", before)
	if !strings.Contains(a.Body, "页面打开太久或登录已变化") || !strings.Contains(a.Body, "刷新后再办") {
		t.Error("the page does not say what to do")
	}
}

func TestBearerDecidesAlone(t *testing.T) {
	w := newWorld(t)
	everyMethod(t, w)
	b := signedIn(t, w)
	for name, header := range map[string]string{"unknown": "Bearer nb_" + strings.Repeat("A", 43), "empty": "Bearer", "blank": "Bearer   ", "lower case": "bearer x"} {
		for _, path := range []string{"/desk", "/any", "/api/v1/me"} {
			if a := send(t, b, "GET", w.base+path, "", "Authorization", header); a.Status != 401 {
				t.Errorf("%s token with a good cookie at %s: %d, want 401", name, path, a.Status)
			}
		}
	}
	good := "bearer " + w.token(t, account.RoleReviewer)
	if a := send(t, b, "GET", w.base+"/api/v1/me", "", "Authorization", good); a.Status != 200 || a.Body != "软件" {
		t.Errorf("token and cookie: %d %q, want the token's name", a.Status, a.Body)
	}
	if a := send(t, webtest.NewBrowser(t, w.base), "GET", w.base+"/desk", "", "Authorization", good); a.Status != 200 || a.Header.Get("Set-Cookie") != "" && strings.Contains(a.Header.Get("Set-Cookie"), "nianbao_session") {
		t.Errorf("a page by token: %d, cookie %q; want no session", a.Status, a.Header.Get("Set-Cookie"))
	}
}

func TestWhoIsSentToSignIn(t *testing.T) {
	w := newWorld(t)
	b := webtest.NewBrowser(t, w.base)
	if a := send(t, b, "GET", w.base+"/desk?q=%E5%90%91%E9%98%B3&page=2", ""); a.Header.Get("Location") != "/sign-in?return=%2Fdesk%3Fq%3D%25E5%2590%2591%25E9%2598%25B3%26page%3D2" {
		t.Errorf("a page: %d to %q", a.Status, a.Header.Get("Location"))
	}
	// htmx would put the sign-in page into a corner of this one.
	if a := send(t, b, "GET", w.base+"/desk", "", "HX-Request", "true"); a.Status != 401 {
		t.Errorf("a part of a page: %d, want 401", a.Status)
	}
	if a := send(t, b, "HEAD", w.base+"/desk", ""); a.Status != http.StatusSeeOther {
		t.Errorf("HEAD: %d", a.Status)
	}
	if a := send(t, b, "GET", w.base+"/api/v1/me", ""); a.Status != 401 || a.Header.Get("WWW-Authenticate") != `Bearer realm="nianbao"` {
		t.Errorf("API: %d, %q", a.Status, a.Header.Get("WWW-Authenticate"))
	}
}

// TestDisabledPersonIsSignedOut, with the cookie, as soon as the node looks again.
func TestDisabledPersonIsSignedOut(t *testing.T) {
	w := newWorld(t)
	b := signedIn(t, w)
	if a := b.Get("/desk"); a.Status != 200 {
		t.Fatalf("before: %d", a.Status)
	}
	w.db.MustExec(`UPDATE person SET disabled_at = now()`)
	w.app.Authenticator().Forget()
	if a := b.Get("/desk"); a.Status != http.StatusSeeOther || b.Cookie("nianbao_session") != "" {
		t.Errorf("afterwards: %d, cookie %q", a.Status, b.Cookie("nianbao_session"))
	}
	var left int
	if err := w.db.Get(&left, `SELECT count(*) FROM session`); err != nil || left != 0 {
		t.Errorf("%d sessions are left, %v", left, err)
	}
}

// TestSessionKeyIsOfPersonsOnly: a page that changes a session must not take a token for one.
func TestSessionKeyIsOfPersonsOnly(t *testing.T) {
	w := newWorld(t)
	err := w.app.Mount([]web.Route{
		{Method: "GET", Path: "/key", Access: web.Anyone(), Handler: func(c echo.Context) error {
			key, ok := w.app.SessionKey(c)
			return c.String(http.StatusOK, fmt.Sprint(ok, " ", ok && key.PersonID == web.Principal(c).ID && key.Stamp != ""))
		}},
		{Method: "POST", Path: "/enter", Access: web.Anyone(), Handler: func(c echo.Context) error {
			return w.app.SignIn(c, account.SessionKey{})
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	token := w.token(t, account.RoleReviewer)
	if got := signedIn(t, w).Get("/key").Body; got != "true true" {
		t.Errorf("signed in: %s", got)
	}
	if got := webtest.NewBrowser(t, w.base).Get("/key").Body; got != "false false" {
		t.Errorf("nobody: %s", got)
	}
	if got := w.call(t, "GET", "/key", token).Body; got != "false false" {
		t.Errorf("a token: %s", got)
	}
	if a := w.call(t, "POST", "/enter", token); a.Status != http.StatusBadRequest || !strings.Contains(a.Body, "不接受访问令牌") {
		t.Errorf("a token signs in: %d", a.Status)
	}
}

// TestSessionCookie: it dies with the browser, no script reads it, and no cache keeps an answer that sets it.
func TestSessionCookie(t *testing.T) {
	w := newWorld(t)
	webtest.Person(t, w.db, "shen@x.example", account.RoleReviewer, city)
	b := webtest.NewBrowser(t, w.base)
	b.Get("/sign-in")
	a := b.Post("/sign-in", url.Values{"email": {"shen@x.example"}, "password": {webtest.Password}})
	cookie := a.Header.Get("Set-Cookie")
	for _, want := range []string{"nianbao_session=", "HttpOnly", "SameSite=Lax", "Path=/"} {
		if !strings.Contains(cookie, want) {
			t.Errorf("cookie %q lacks %s", cookie, want)
		}
	}
	if strings.Contains(cookie, "Expires") || strings.Contains(cookie, "Max-Age") || strings.Contains(cookie, "Domain") {
		t.Errorf("cookie %q outlives the browser or goes to other hosts", cookie)
	}
	for name, a := range map[string]webtest.Answer{"sign-in": a, "a page": b.Get("/desk"), "sign-out": b.Post("/sign-out", nil)} {
		if got := a.Header.Values("Cache-Control"); len(got) != 1 || got[0] != "no-store" {
			t.Errorf("%s: Cache-Control %q", name, got)
		}
	}
}

// TestWithoutDatabase: whoever is signed in reads that the system is at fault, with a number, and is not signed out.
func TestWithoutDatabase(t *testing.T) {
	var own *postgres.DB
	w := newWorld(t, func(c *web.Config) {
		var err error
		if own, err = postgres.Open(t.Context(), pgtest.URL(t, c.DB), c.DB.Now); err != nil {
			t.Fatal(err)
		}
		c.DB = own
	})
	b := signedIn(t, w)
	bearer := w.token(t, account.RoleReviewer)
	if err := own.Close(); err != nil {
		t.Fatal(err)
	}
	a := b.Get("/desk")
	if a.Status != 500 || !strings.Contains(a.Body, "系统出错") || !strings.Contains(a.Body, a.Header.Get("X-Request-Id")) {
		t.Errorf("a page: %d", a.Status)
	}
	if a.Header.Get("Set-Cookie") != "" {
		t.Errorf("the failure touches the cookies: %q", a.Header.Get("Set-Cookie"))
	}
	if a := b.Get("/nowhere"); a.Status != 404 || !strings.Contains(a.Body, "没有这个页面") {
		t.Errorf("a page that is not there: %d", a.Status)
	}
	if a := w.call(t, "GET", "/api/v1/me", bearer); a.Status != 500 || strings.Contains(a.Body, "closed") {
		t.Errorf("the API: %d %s, want 500 and not 401", a.Status, a.Body)
	}
	if a := w.call(t, "GET", "/readyz", ""); a.Status != 503 {
		t.Errorf("readyz: %d", a.Status)
	}
	if a := w.call(t, "GET", "/healthz", ""); a.Status != 200 {
		t.Errorf("healthz: %d", a.Status)
	}
}

// TestAbortedAnswerIsCut: half of a file must not look like the whole of it.
func TestAbortedAnswerIsCut(t *testing.T) {
	w := newWorld(t)
	err := w.app.Mount([]web.Route{{Method: "GET", Path: "/cut", Access: web.Anyone(), Handler: func(c echo.Context) error {
		c.Response().WriteHeader(http.StatusOK)
		_, _ = c.Response().Write([]byte("half"))
		c.Response().Flush()
		panic(fmt.Errorf("read blob: %w", http.ErrAbortHandler))
	}}})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(w.app.Handler())
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.Start()
	defer server.Close()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/cut", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if body, err := io.ReadAll(resp.Body); err == nil {
		t.Errorf("the answer ends as if it were whole: %q", body)
	}
}

// TestWhoIsRefusedNeverReachesThePage: the handler itself must not run, whatever the answer looks like.
func TestWhoIsRefusedNeverReachesThePage(t *testing.T) {
	w := newWorld(t)
	var reached []string
	reach := func(c echo.Context) error {
		reached = append(reached, c.Request().Method+" "+c.Path())
		return c.String(http.StatusOK, "秘密")
	}
	approvers := web.Roles(account.RoleApprover)
	if err := w.app.Mount([]web.Route{
		{Method: "GET", Path: "/inner", Access: approvers, Handler: reach},
		{Method: "POST", Path: "/inner", Access: approvers, Handler: reach},
		{Method: "GET", Path: "/api/v1/inner", Access: approvers, Handler: reach},
	}); err != nil {
		t.Fatal(err)
	}
	webtest.Person(t, w.db, "shen@x.example", account.RoleReviewer, city)
	nobody, reviewer := webtest.NewBrowser(t, w.base), webtest.NewBrowser(t, w.base)
	reviewer.SignIn("shen@x.example")
	for _, b := range []*webtest.Browser{nobody, reviewer} {
		for _, call := range [][2]string{{"GET", "/inner"}, {"HEAD", "/inner"}, {"POST", "/inner"}, {"GET", "/api/v1/inner"}} {
			if a := send(t, b, call[0], w.base+call[1], ""); strings.Contains(a.Body, "秘密") || a.Status < 300 {
				t.Errorf("%s %s: %d %s", call[0], call[1], a.Status, a.Body)
			}
		}
	}
	if len(reached) > 0 {
		t.Errorf("handlers that ran: %q", reached)
	}
}
