package web

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"nianbao/internal/account"
	"nianbao/internal/workday"
)

// Area is the side of the system that a page belongs to; it decides the layout.
type Area string

// The areas: white head with a menu for filers and the public, a thin bar for
// the desk.
const (
	AreaPublic Area = "public"
	AreaFiler  Area = "filer"
	AreaDesk   Area = "desk"
)

// Site names the system on its pages. Menus are by area.
type Site struct {
	Name       string // 社会组织年度报告
	DeskName   string // 年度报告审查
	PublicName string // 社会组织年度报告公示
	By         string // the authority shown where no other is known
	Contact    string // telephone and hours
	Nav        map[Area][]NavItem
	Footer     map[Area][]NavItem
}

// NavItem is a link of a menu. Roles empty means for everyone of the area.
type NavItem struct {
	Text, Href string
	Count      int // unread; 0 shows none
	Current    bool
	Roles      []account.Role
}

// User is who is signed in, as the head of a page shows it.
type User struct {
	Name     string
	RoleName string
	Body     string
	Role     account.Role
}

// Crumb is a step of the way to a page; the last has no Href.
type Crumb struct{ Text, Href string }

// Flash is a message that the next page shows once.
type Flash struct {
	Text    string
	Warning bool
}

// Page is what every page struct embeds: what the layout shows.
type Page struct {
	Title      string
	Area       Area
	SiteName   string
	By         string
	Contact    string
	User       *User
	CSRF       string
	Flash      []Flash
	Demo       bool
	DemoNow    string
	Nav        []NavItem
	Footer     []NavItem
	Crumbs     []Crumb
	HomeHref   string
	SignInHref string
	// Refused marks a form that was sent back: the title begins 错误：.
	Refused bool
}

// NewPage fills the part of a page that the layout shows. The area is the
// signed-in role's; on public paths, and for nobody, it is the public one.
func (a *App) NewPage(c echo.Context, title string) Page {
	principal := Principal(c)
	area := areaOf(c.Request().URL.Path, principal)
	page := Page{
		Title:    title,
		Area:     area,
		SiteName: a.siteName(area),
		By:       a.cfg.Site.By,
		Contact:  a.cfg.Site.Contact,
		Demo:     a.cfg.Demo,
		Footer:   a.cfg.Site.Footer[area],
		Nav:      navFor(a.cfg.Site.Nav[area], c.Request().URL.Path, principal.Role),
		HomeHref: HomeOf(principal.Role),
	}
	if page.Demo {
		page.DemoNow = dateTime(a.cfg.DB.Now())
	}
	if principal.IsZero() {
		page.Nav = navFor(a.cfg.Site.Nav[AreaPublic], c.Request().URL.Path, "")
		if area == AreaPublic {
			page.SignInHref = signInPath
		}
		return page
	}
	page.User = &User{Name: principal.Name, RoleName: principal.RoleLabel(), Body: principal.Body, Role: principal.Role}
	page.By = principal.AuthorityName
	page.CSRF = a.csrf.token(c)
	page.Flash = a.takeFlash(c)
	return page
}

// NewFormPage is NewPage for a page with a form that nobody need be signed in
// for: it has the CSRF token, at the price of a cookie.
func (a *App) NewFormPage(c echo.Context, title string) Page {
	page := a.NewPage(c, title)
	if page.CSRF == "" {
		page.CSRF = a.csrf.token(c)
	}
	return page
}

func (a *App) siteName(area Area) string {
	switch area {
	case AreaDesk:
		return a.cfg.Site.DeskName
	case AreaPublic:
		return a.cfg.Site.PublicName
	case AreaFiler:
	}
	return a.cfg.Site.Name
}

func areaOf(path string, p account.Principal) Area {
	switch {
	case strings.HasPrefix(path, "/public"), strings.HasPrefix(path, "/verify"), path == "/":
		return AreaPublic
	case strings.HasPrefix(path, signInPath), strings.HasPrefix(path, activatePath):
		return AreaFiler
	case p.IsZero():
		return AreaPublic
	case p.Role == account.RoleFiler:
		return AreaFiler
	}
	return AreaDesk
}

const activatePath = "/activate/"

// navFor is the menu for a role with the current item marked: the one whose
// address is the longest beginning of path.
func navFor(items []NavItem, path string, role account.Role) []NavItem {
	var out []NavItem
	current, longest := -1, 0
	for _, item := range items {
		if len(item.Roles) > 0 && !slices.Contains(item.Roles, role) {
			continue
		}
		at := path == item.Href || strings.HasPrefix(path, strings.TrimSuffix(item.Href, "/")+"/") && item.Href != "/"
		if at && len(item.Href) > longest {
			current, longest = len(out), len(item.Href)
		}
		out = append(out, item)
	}
	if current >= 0 {
		out[current].Current = true
	}
	return out
}

// AddFlash keeps a message for the next page of this session. There must be a
// session: it is for after a redirect of somebody signed in.
func (a *App) AddFlash(c echo.Context, f Flash) {
	if !hasSession(c) {
		return
	}
	list := append(a.readFlash(c), f)
	raw, err := json.Marshal(list)
	if err != nil {
		a.cfg.Log.Error("keep flash", "request_id", RequestID(c), "error", err)
		return
	}
	a.sessions.Put(c.Request().Context(), sessionFlash, raw)
}

func (a *App) takeFlash(c echo.Context) []Flash {
	if Principal(c).Kind != account.KindPerson {
		return nil
	}
	list := a.readFlash(c)
	if list != nil {
		a.sessions.Remove(c.Request().Context(), sessionFlash)
	}
	return list
}

func (a *App) readFlash(c echo.Context) []Flash {
	var list []Flash
	raw := a.sessions.GetBytes(c.Request().Context(), sessionFlash)
	if raw == nil || json.Unmarshal(raw, &list) != nil {
		return nil
	}
	return list
}

// Today is the civil day by the program's clock.
func (a *App) Today() workday.Date { return workday.DateOf(a.cfg.DB.Now()) }

// Demo tells whether this is the demonstration.
func (a *App) Demo() bool { return a.cfg.Demo }
