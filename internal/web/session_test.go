package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"nianbao/internal/account"
	"nianbao/internal/web"
	"nianbao/internal/web/webtest"
)

func signedIn(t *testing.T, w *world) *webtest.Browser {
	t.Helper()
	webtest.Person(t, w.db, "shen@x.example", account.RoleReviewer, city)
	b := webtest.NewBrowser(t, w.base)
	b.SignIn("shen@x.example")
	return b
}

func TestSignInLeadsThereAndBack(t *testing.T) {
	w := newWorld(t)
	webtest.Person(t, w.db, "shen@x.example", account.RoleReviewer, city)
	b := webtest.NewBrowser(t, w.base)
	a := b.Get("/desk?status=pending")
	if a.Status != http.StatusSeeOther || a.Header.Get("Location") != "/sign-in?return=%2Fdesk%3Fstatus%3Dpending" {
		t.Fatalf("without a sign-in: %d to %q", a.Status, a.Header.Get("Location"))
	}
	if a := b.Get(a.Header.Get("Location")); !strings.Contains(a.Body, `value="/desk?status=pending"`) {
		t.Error("the way back is not in the form")
	}
	a = b.Post("/sign-in", url.Values{"email": {"Shen@x.example"}, "password": {webtest.Password}, "return": {"/desk?status=pending"}})
	if a.Status != http.StatusSeeOther || a.Header.Get("Location") != "/desk?status=pending" {
		t.Fatalf("sign in: %d to %q", a.Status, a.Header.Get("Location"))
	}
	a = b.Get("/desk")
	if a.Status != http.StatusOK || !strings.Contains(a.Body, "审查员 测试员") || !strings.Contains(a.Body, `class="nb-desk"`) {
		t.Errorf("signed in: %d", a.Status)
	}
	if a := b.Get("/filer"); a.Status != http.StatusForbidden || !strings.Contains(a.Body, "不能办理这一项") {
		t.Errorf("another role's page: %d", a.Status)
	}
	if a := b.Get("/sign-in"); a.Header.Get("Location") != "/desk" {
		t.Errorf("sign-in page while signed in leads to %q", a.Header.Get("Location"))
	}
	if a := b.Get("/api/v1/me"); a.Status != http.StatusOK || a.Body != "测试员" {
		t.Errorf("API by session: %d %q", a.Status, a.Body)
	}
	a = b.Post("/desk", nil)
	if a.Status != http.StatusSeeOther {
		t.Fatalf("post: %d", a.Status)
	}
	if a := b.Get("/desk"); !strings.Contains(a.Body, "决定已存。") {
		t.Error("the flash is not shown")
	}
	if a := b.Get("/desk"); strings.Contains(a.Body, "决定已存。") {
		t.Error("the flash is shown twice")
	}
}

func TestSessionFixation(t *testing.T) {
	w := newWorld(t)
	webtest.Person(t, w.db, "shen@x.example", account.RoleReviewer, city)
	b := webtest.NewBrowser(t, w.base)
	// An attacker planted a session cookie before the sign-in.
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.base+"/sign-in", nil)
	if err != nil {
		t.Fatal(err)
	}
	const planted = "planted-by-somebody-else"
	req.AddCookie(&http.Cookie{Name: "nianbao_session", Value: planted})
	b.Do(req)
	form := url.Values{"csrf_token": {b.CSRF()}, "email": {"shen@x.example"}, "password": {webtest.Password}}
	req, err = http.NewRequestWithContext(t.Context(), http.MethodPost, w.base+"/sign-in", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.AddCookie(&http.Cookie{Name: "nianbao_session", Value: planted})
	if a := b.Do(req); a.Status != http.StatusSeeOther {
		t.Fatalf("sign in: %d", a.Status)
	}
	if got := b.Cookie("nianbao_session"); got == "" || got == planted {
		t.Errorf("session cookie after the sign-in is %q", got)
	}
	thief := webtest.NewBrowser(t, w.base)
	req, err = http.NewRequestWithContext(t.Context(), http.MethodGet, w.base+"/desk", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.AddCookie(&http.Cookie{Name: "nianbao_session", Value: planted})
	if a := thief.Do(req); a.Status != http.StatusSeeOther {
		t.Errorf("the planted cookie opens the desk: %d", a.Status)
	}
}

func TestSignOutEndsTheSessionOnTheServer(t *testing.T) {
	w := newWorld(t)
	b := signedIn(t, w)
	b.Get("/desk")
	stolen := b.Cookie("nianbao_session")
	if a := b.Post("/sign-out", nil); a.Status != http.StatusSeeOther {
		t.Fatalf("sign out: %d", a.Status)
	}
	if b.Cookie("nianbao_session") != "" {
		t.Error("the cookie is still there")
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.base+"/desk", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.AddCookie(&http.Cookie{Name: "nianbao_session", Value: stolen})
	if a := webtest.NewBrowser(t, w.base).Do(req); a.Status != http.StatusSeeOther {
		t.Errorf("a copied cookie still opens the desk: %d", a.Status)
	}
	var plain int
	if err := w.db.Get(&plain, `SELECT count(*) FROM session WHERE token = $1`, stolen); err != nil || plain != 0 {
		t.Errorf("cookies are stored as they are: %d, %v", plain, err)
	}
}

func TestIdleSessionEnds(t *testing.T) {
	w := newWorld(t)
	b := signedIn(t, w)
	w.wall = w.wall.Add(time.Hour)
	if a := b.Get("/desk"); a.Status != http.StatusOK {
		t.Fatalf("after an hour: %d", a.Status)
	}
	w.wall = w.wall.Add(90 * time.Minute)
	if a := b.Get("/desk"); a.Status != http.StatusOK {
		t.Fatalf("ninety minutes after the last use: %d", a.Status)
	}
	w.wall = w.wall.Add(121 * time.Minute)
	// The page of the same answer must hold a form that works.
	b.Get("/sign-in")
	a := b.Post("/sign-in", url.Values{"email": {"shen@x.example"}, "password": {webtest.Password}})
	if a.Status != http.StatusSeeOther {
		t.Errorf("signing in again: %d", a.Status)
	}
	w.wall = w.wall.Add(121 * time.Minute)
	if a := b.Get("/desk"); a.Status != http.StatusSeeOther {
		t.Errorf("idle for two hours: %d, want to sign in", a.Status)
	}
}

func TestCSRF(t *testing.T) {
	w := newWorld(t)
	b := signedIn(t, w)
	b.Get("/desk")
	token := b.CSRF()
	if b.Get("/desk"); b.CSRF() == token {
		t.Error("the token is the same on two pages, so compression can tell it")
	}
	other := webtest.NewBrowser(t, w.base)
	other.Get("/sign-in")
	send := func(path, body string, header ...string) int {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.base+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		for i := 0; i+1 < len(header); i += 2 {
			req.Header.Set(header[i], header[i+1])
		}
		return b.Do(req).Status
	}
	good := "csrf_token=" + url.QueryEscape(token)
	for name, tc := range map[string]struct {
		got, want int
	}{
		"token in the body":      {send("/desk", good), 303},
		"token in the header":    {send("/desk", "", "X-CSRF-Token", token), 303},
		"same origin":            {send("/desk", good, "Sec-Fetch-Site", "same-origin"), 303},
		"the public origin":      {send("/desk", good, "Origin", "http://nianbao.example"), 303},
		"none":                   {send("/desk", ""), 403},
		"in the query":           {send("/desk?"+good, ""), 403},
		"another visitor's":      {send("/desk", "csrf_token="+url.QueryEscape(other.CSRF())), 403},
		"garbage":                {send("/desk", "csrf_token=AAAA"), 403},
		"cross-site with token":  {send("/desk", good, "Sec-Fetch-Site", "cross-site"), 403},
		"other origin":           {send("/desk", good, "Origin", "https://evil.example"), 403},
		"sign-in without a page": {send("/sign-in", "email=a&password=b"), 403},
		"API by cookie":          {send("/api/v1/me", ""), 403},
		"API by cookie, token":   {send("/api/v1/me", "", "X-CSRF-Token", token), 200},
		"broken form":            {send("/desk", "%zz", "Content-Type", "application/x-www-form-urlencoded"), 400},
	} {
		if tc.got != tc.want {
			t.Errorf("%s: %d, want %d", name, tc.got, tc.want)
		}
	}
	bearer := w.token(t, account.RoleReviewer)
	if a := w.call(t, "POST", "/api/v1/me", bearer); a.Status != http.StatusOK {
		t.Errorf("a bearer call needs no token: %d", a.Status)
	}
	if a := w.call(t, "POST", "/sign-out", bearer); a.Status != http.StatusBadRequest {
		t.Errorf("signing out a bearer token: %d, want 400", a.Status)
	}
	// Another scheme is for a proxy in front and proves nothing.
	if got := send("/desk", "", "Authorization", "Basic eDp5"); got != 403 {
		t.Errorf("Basic header without a token: %d, want 403", got)
	}
}

func TestPostWithoutSessionIsAPageThatSaysSo(t *testing.T) {
	w := newWorld(t)
	a := webtest.NewBrowser(t, w.base).Post("/desk", nil)
	if a.Status != http.StatusUnauthorized || !strings.Contains(a.Body, "登录已过期") || !strings.Contains(a.Body, `href="/sign-in"`) {
		t.Errorf("status %d", a.Status)
	}
}

func TestSafeReturn(t *testing.T) {
	for target, want := range map[string]string{
		"/desk": "/desk", "/desk?a=b": "/desk?a=b", "/filer/2018#x": "/filer/2018",
		"": "", "desk": "", "//evil.example": "", "/\\evil.example": "", "https://evil.example/": "", "/%2f/evil": "",
		"javascript:alert(1)": "", "/api/v1/me": "", "/sign-in?return=/": "", "/\n/x": "", "http:/x": "", "/a//b": "/a//b",
	} {
		if got := web.SafeReturn(target); got != want {
			t.Errorf("SafeReturn(%q) = %q, want %q", target, got, want)
		}
	}
}

func FuzzSafeReturn(f *testing.F) {
	for _, s := range []string{"/desk", "//x", "/\\x", "/%2f%2fx", "https://x"} {
		f.Add(s)
	}
	base, err := url.Parse("http://nianbao.example/sign-in")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := web.SafeReturn(s)
		if got == "" {
			return
		}
		u, err := base.Parse(got)
		if err != nil || u.Host != base.Host || u.Scheme != base.Scheme {
			t.Errorf("SafeReturn(%q) = %q leads to %v, %v", s, got, u, err)
		}
	})
}
