package web_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"nianbao/internal/account"
	"nianbao/internal/event"
	"nianbao/internal/web"
	"nianbao/internal/web/webtest"
)

// ownToken is a token that a responsible person of a new organisation made.
func (w *world) ownToken(t *testing.T, rights ...account.Right) string {
	t.Helper()
	org := uuid.New()
	w.db.MustExec(`INSERT INTO organisation (id, uscc, name, type, registered_on, authority_code, status, created_at, updated_at)
		VALUES ($1, $2, '中心', 'service', '2012-06-18', $3, 'active', now(), now())`, org, org.String()[:18], city.AuthorityCode)
	email := org.String() + "@org.example"
	webtest.Person(t, w.db, email, account.RoleFiler, account.Scope{OrganisationID: event.Ref(org)})
	signedIn, err := account.SignIn(t.Context(), w.db, email, webtest.Password)
	if err != nil {
		t.Fatal(err)
	}
	held, err := account.Memberships(t.Context(), w.db, signedIn.PersonID)
	if err != nil {
		t.Fatal(err)
	}
	p, err := account.PrincipalOf(t.Context(), w.db, account.SessionKey{PersonID: signedIn.PersonID, MembershipID: held[0].ID, Stamp: signedIn.Stamp})
	if err != nil {
		t.Fatal(err)
	}
	token, err := account.NewService(account.Config{DB: w.db}).MakeToken(t.Context(), account.NewOwnToken{Name: "软件", Rights: rights, Days: 1, By: p})
	if err != nil {
		t.Fatal(err)
	}
	return token.Plaintext
}

// TestTokenReachesWhatItHasTheRightFor: a route that names no right is for people.
func TestTokenReachesWhatItHasTheRightFor(t *testing.T) {
	w := newWorld(t)
	reader, writer := w.ownToken(t), w.ownToken(t, account.RightDraft)
	for _, tc := range []struct {
		path, bearer string
		status       int
		text         string
	}{
		{"/api/v1/me", reader, 200, "软件"},
		{"/api/v1/filer", reader, 403, `"scope"`},
		{"/api/v1/filer", reader, 403, "draft（填写草稿）"},
		{"/api/v1/filer", writer, 200, "软件"},
		{"/api/v1/any-of-no-rule", writer, 404, `"not_found"`},
		{"/filer", writer, 403, "不接受本单位自建的访问令牌"},
		{"/desk", writer, 403, "您的身份不能办理"},
	} {
		a := w.call(t, http.MethodGet, tc.path, tc.bearer)
		if a.Status != tc.status || !strings.Contains(a.Body, tc.text) {
			t.Errorf("GET %s: %d, want %d with %s:\n%s", tc.path, a.Status, tc.status, tc.text, a.Body)
		}
	}
}

// TestCallForFilersNamesItsRight: such a route is not mounted without one.
func TestCallForFilersNamesItsRight(t *testing.T) {
	w := newWorld(t)
	ok := func(c echo.Context) error { return c.NoContent(http.StatusNoContent) }
	filer, reviewer := web.Roles(account.RoleReviewer, account.RoleFiler), web.Roles(account.RoleReviewer)
	for name, tc := range map[string]struct {
		path   string
		access web.Access
		taken  bool
	}{
		"none named":          {"/api/v1/new", filer, false},
		"named":               {"/api/v1/new2", filer.Needs(account.RightRead), true},
		"not a right":         {"/api/v1/new3", filer.Needs("all"), false},
		"no call for filers":  {"/api/v1/new4", reviewer.Needs(account.RightRead), false},
		"for the desk":        {"/api/v1/new5", reviewer, true},
		"for anyone":          {"/api/v1/new6", web.Anyone(), true},
		"a page":              {"/new", filer, true},
		"every role, no name": {"/api/v1/new7", web.SignedIn(), false},
	} {
		err := w.app.Mount([]web.Route{{Method: http.MethodGet, Path: tc.path, Access: tc.access, Handler: ok}})
		if (err == nil) != tc.taken {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestProgramsAreHeldBack: the tokens of an organisation share an allowance; nobody else is held back with them.
func TestProgramsAreHeldBack(t *testing.T) {
	now := time.Date(2026, 3, 12, 9, 0, 0, 0, time.UTC)
	w := newWorld(t, func(c *web.Config) { c.Wall = func() time.Time { return now } })
	busy, other, desk := w.ownToken(t), w.ownToken(t), w.token(t, account.RoleReviewer)
	var last webtest.Answer
	calls := 0
	for ; calls < 1000 && last.Status != http.StatusTooManyRequests; calls++ {
		last = w.call(t, http.MethodGet, "/api/v1/me", busy)
	}
	if calls != 301 || last.Header.Get("Retry-After") != "1" || !strings.Contains(last.Body, `"rate_limited"`) {
		t.Errorf("after %d calls: %d, Retry-After %q: %s", calls, last.Status, last.Header.Get("Retry-After"), last.Body)
	}
	for name, bearer := range map[string]string{"another organisation": other, "the desk": desk} {
		if a := w.call(t, http.MethodGet, "/api/v1/me", bearer); a.Status != http.StatusOK {
			t.Errorf("%s: %d", name, a.Status)
		}
	}
	now = now.Add(time.Second)
	if a := w.call(t, http.MethodGet, "/api/v1/me", busy); a.Status != http.StatusOK {
		t.Errorf("a second later: %d", a.Status)
	}
}
