package web_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/labstack/echo/v4"

	"nianbao/internal/account"
	"nianbao/internal/web"
	"nianbao/internal/web/webtest"
)

// menus is a site whose menus differ by area and role.
func menus(c *web.Config) {
	c.Site = web.Site{Name: "报送", DeskName: "审查", PublicName: "公示", By: "本系统", Contact: "020-0000",
		Nav: map[web.Area][]web.NavItem{
			web.AreaPublic: {{Text: "名录", Href: "/public/organisations"}, {Text: "核验", Href: "/verify"}},
			web.AreaFiler:  {{Text: "首页", Href: "/filer"}},
			web.AreaDesk: {{Text: "首页", Href: "/"}, {Text: "工作台", Href: "/desk"}, {Text: "名单", Href: "/desk/listings"},
				{Text: "人员", Href: "/desk/people", Roles: []account.Role{account.RoleAdmin}}},
		},
		Footer: map[web.Area][]web.NavItem{web.AreaPublic: {{Text: "说明", Href: "/public/help"}}},
	}
}

// shows mounts pages that answer with what the layout would show.
func shows(t *testing.T, w *world, paths ...string) {
	t.Helper()
	var routes []web.Route
	for _, path := range paths {
		routes = append(routes, web.Route{Method: http.MethodGet, Path: path, Access: web.Anyone(), Handler: func(c echo.Context) error {
			return c.JSON(http.StatusOK, w.app.NewPage(c, "页"))
		}})
	}
	if err := w.app.Mount(routes); err != nil {
		t.Fatal(err)
	}
}

func shown(t *testing.T, a webtest.Answer) web.Page {
	t.Helper()
	var p web.Page
	if err := json.Unmarshal([]byte(a.Body), &p); err != nil || a.Status != http.StatusOK {
		t.Fatalf("%d, %v in %q", a.Status, err, a.Body)
	}
	return p
}

func TestPageFollowsRoleAndPath(t *testing.T) {
	w := newWorld(t, menus)
	shows(t, w, "/public/organisations", "/public/organisations/:uscc", "/desk/listings", "/desk/listings/old", "/desk/people", "/elsewhere")
	webtest.Person(t, w.db, "chief@x.example", account.RoleAdmin, city)
	nobody, reviewer, admin := webtest.NewBrowser(t, w.base), signedIn(t, w), webtest.NewBrowser(t, w.base)
	admin.SignIn("chief@x.example")
	for _, tc := range []struct {
		name    string
		who     *webtest.Browser
		path    string
		area    web.Area
		site    string
		nav     string // the current item in brackets
		by      string
		signIn  bool
		private bool // there is a token, since the page of somebody signed in has a form to sign out
	}{
		{"public list", nobody, "/public/organisations", web.AreaPublic, "公示", "[名录] 核验", "本系统", true, false},
		{"public entry", nobody, "/public/organisations/x", web.AreaPublic, "公示", "[名录] 核验", "本系统", true, false},
		{"nobody elsewhere", nobody, "/elsewhere", web.AreaPublic, "公示", "名录 核验", "本系统", true, false},
		{"reviewer on a public page", reviewer, "/public/organisations", web.AreaPublic, "公示", "[名录] 核验", "试验市民政局", false, true},
		{"reviewer at the desk", reviewer, "/desk/listings/old", web.AreaDesk, "审查", "首页 工作台 [名单]", "试验市民政局", false, true},
		{"reviewer elsewhere", reviewer, "/elsewhere", web.AreaDesk, "审查", "首页 工作台 名单", "试验市民政局", false, true},
		{"administrator", admin, "/desk/people", web.AreaDesk, "审查", "首页 工作台 名单 [人员]", "试验市民政局", false, true},
	} {
		p := shown(t, tc.who.Get(tc.path))
		var nav []string
		for _, item := range p.Nav {
			if item.Current {
				item.Text = "[" + item.Text + "]"
			}
			nav = append(nav, item.Text)
		}
		got := []any{p.Area, p.SiteName, strings.Join(nav, " "), p.By, p.SignInHref != "", p.CSRF != "", p.User != nil}
		want := []any{tc.area, tc.site, tc.nav, tc.by, tc.signIn, tc.private, tc.private}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: -want +got:\n%s", tc.name, diff)
		}
		if (len(p.Footer) > 0) != (tc.area == web.AreaPublic) || p.Contact != "020-0000" {
			t.Errorf("%s: footer %v, contact %q", tc.name, p.Footer, p.Contact)
		}
	}
	if a := nobody.Get("/public/organisations"); a.Header.Get("Set-Cookie") != "" {
		t.Errorf("a public page without a form sets a cookie: %s", a.Header.Get("Set-Cookie"))
	}
}

func TestHomeOfEachRole(t *testing.T) {
	for _, role := range account.Roles() {
		want := "/desk"
		if role == account.RoleFiler {
			want = "/filer"
		}
		if got := web.HomeOf(role); got != want {
			t.Errorf("home of %s is %s, want %s", role, got, want)
		}
	}
	if got := web.HomeOf(""); got != "/" {
		t.Errorf("home of nobody is %s", got)
	}
}

func TestDemonstrationIsMarkedOnEveryPage(t *testing.T) {
	w := newWorld(t, func(c *web.Config) { c.Demo = true })
	for _, path := range []string{"/sign-in", "/nowhere", "/broken"} {
		if a := w.call(t, "GET", path, ""); !strings.Contains(a.Body, "演示系统") || !strings.Contains(a.Body, "演示时间 2019年1月14日") {
			t.Errorf("%s does not say that it is a demonstration, or when", path)
		}
	}
	if a := newWorld(t).call(t, "GET", "/sign-in", ""); strings.Contains(a.Body, "演示系统") {
		t.Error("a real system says that it is a demonstration")
	}
}

// TestFlash: messages come once, in order, to the one whom they are for, and as text.
func TestFlash(t *testing.T) {
	w := newWorld(t)
	said := ""
	err := w.app.Mount([]web.Route{{Method: http.MethodPost, Path: "/say", Access: web.Anyone(), Handler: func(c echo.Context) error {
		w.app.AddFlash(c, web.Flash{Text: said})
		w.app.AddFlash(c, web.Flash{Text: "另一句。", Warning: true})
		return web.SeeOther(c, "/desk")
	}}})
	if err != nil {
		t.Fatal(err)
	}
	b := signedIn(t, w)
	webtest.Person(t, w.db, "he@x.example", account.RoleReviewer, city)
	other := webtest.NewBrowser(t, w.base)
	other.SignIn("he@x.example")
	other.Get("/desk")
	b.Get("/desk")
	said = `已存<script>alert(1)</script>。`
	if a := b.Post("/say", nil); a.Status != http.StatusSeeOther {
		t.Fatalf("post: %d", a.Status)
	}
	said = "第三句。"
	b.Post("/say", nil) // before any page showed the first
	if a := other.Get("/desk"); strings.Contains(a.Body, "另一句。") {
		t.Error("another person reads it")
	}
	if a := b.Get("/api/v1/me"); a.Status != http.StatusOK { // no page: it shows nothing and takes nothing
		t.Fatalf("API: %d", a.Status)
	}
	page := b.Get("/desk").Body
	first, third := strings.Index(page, "已存&lt;script&gt;"), strings.Index(page, "第三句。")
	if first < 0 || third < first || strings.Count(page, "另一句。") != 2 || strings.Contains(page, "<script>alert") {
		t.Errorf("the messages stand at %d and %d", first, third)
	}
	if strings.Contains(b.Get("/desk").Body, "另一句。") {
		t.Error("shown twice")
	}
	// A program has no next page; it must not fail for that.
	if a := w.call(t, "POST", "/say", w.token(t, account.RoleReviewer)); a.Status != http.StatusSeeOther || a.Header.Get("Set-Cookie") != "" {
		t.Errorf("with a token: %d, cookie %q", a.Status, a.Header.Get("Set-Cookie"))
	}
}

// TestFlashEndsWithTheSession: what was left unread is nothing for whoever signs in next at the same desk.
func TestFlashEndsWithTheSession(t *testing.T) {
	w := newWorld(t)
	b := signedIn(t, w)
	b.Get("/desk")
	if a := b.Post("/desk", nil); a.Status != http.StatusSeeOther {
		t.Fatalf("post: %d", a.Status)
	}
	if a := b.Post("/sign-out", url.Values{}); a.Status != http.StatusSeeOther {
		t.Fatalf("sign out: %d", a.Status)
	}
	b.SignIn("shen@x.example")
	if strings.Contains(b.Get("/desk").Body, "决定已存。") {
		t.Error("the message of the ended session is shown")
	}
}
