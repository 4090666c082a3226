package e2e

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// demonstration is a running demonstration with a browser in front of it.
type demonstration struct {
	t        testing.TB
	whole    testing.TB // outlives the pages that share a tab
	server   *server
	cluster  *cluster
	browser  *browser
	password string
	desk     caller
	tabs     map[string]*tab // by who is signed in; "" is nobody
	town     town
}

// The sign-ins of a demonstration, as serve prints them.
const (
	associationFiler = "shetuan@yanshi.example"
	serviceFiler     = "minfei@yanshi.example"
	serviceEditor    = "minfei2@yanshi.example"
	foundationFiler  = "jijinhui@yanshi.example"
	reviewerOne      = "shencha1@yanshi.example"
	reviewerTwo      = "shencha2@yanshi.example"
	approverOne      = "fuhe@yanshi.example"
	adminOne         = "guanli@yanshi.example"

	demoCity = "990100"
)

// Filers made for organisations in other states than those of the sign-ins.
const (
	notifiedFiler  = "notified@yanshi.example"
	listedFiler    = "listed@yanshi.example"
	submittedFiler = "submitted@yanshi.example"
)

var passwordLine = regexp.MustCompile(`password of every sign-in: (\S+)`)

// demonstrate starts the demonstration with all its data.
func demonstrate(t testing.TB) *demonstration {
	t.Helper()
	s := startServer(t, place{data: filepath.Join(t.TempDir(), "data")}, "--demo", "--clock", "2026-04-20T10:00:00+08:00")
	found := passwordLine.FindStringSubmatch(s.log.tail(50))
	if found == nil {
		t.Fatalf("serve --demo prints no password:\n%s", s.log.tail(50))
	}
	d := &demonstration{t: t, whole: t, server: s, cluster: &cluster{nodes: []*server{s}}, browser: startBrowser(t), password: found[1], tabs: map[string]*tab{}}
	d.desk = d.token("reviewer", "--authority", demoCity, "--name", "浏览器测试")
	d.enrol()
	d.found()
	return d
}

// with is the demonstration for a test of its own, with tabs of its own.
func (d *demonstration) with(t testing.TB) *demonstration {
	other := *d
	other.t, other.whole, other.tabs = t, t, map[string]*tab{}
	return &other
}

func (d *demonstration) token(role string, args ...string) caller {
	d.t.Helper()
	return caller{d.cluster, trimmed(d.server.must(d.t, append([]string{"token", "issue", "--role", role}, args...)...))}
}

// matterOf is a listing matter as the API gives it.
type matterOf struct {
	ID           string `json:"id"`
	SubmissionID string `json:"submission_id"`
	Organisation struct {
		USCC string `json:"uscc"`
	} `json:"organisation"`
	ServedOn *string `json:"served_on"`
	Outcome  *string `json:"outcome"`
}

// matters are the desk's listing matters or reviews under a path.
func (d *demonstration) matters(path string) []matterOf {
	d.t.Helper()
	var list struct{ Items []matterOf }
	if err := d.desk.get(d.t.Context(), path+"&limit=200", &list); err != nil || len(list.Items) == 0 {
		d.t.Fatalf("%s: %v, %d items", path, err, len(list.Items))
	}
	return list.Items
}

// unserved is the matter whose notice waits for service, which is one that has not answered; else the first.
func unserved(list []matterOf) matterOf {
	for _, m := range list {
		if m.ServedOn == nil {
			return m
		}
	}
	return list[0]
}

// enrol makes sign-ins for an organisation that was notified, one that is listed, and one whose report waits.
func (d *demonstration) enrol() {
	d.t.Helper()
	for email, path := range map[string]string{
		notifiedFiler: "/listings?status=notified", listedFiler: "/listings?status=listed", submittedFiler: "/reviews?status=pending",
	} {
		m := unserved(d.matters(path))
		if email != notifiedFiler {
			m = d.matters(path)[0]
		}
		activate(d.t, d.browser.tab(d.t, d.server.url), d.invite("filer", "--organisation", m.Organisation.USCC, email), d.password)
	}
}

// invite gives a person a role and returns the path of the one-time link.
func (d *demonstration) invite(role, scope, holder, email string) string {
	d.t.Helper()
	return invite(d.t, d.server.place, role, scope, holder, email)
}

func invite(t testing.TB, p place, role, scope, holder, email string, more ...string) string {
	t.Helper()
	args := append([]string{"account", "invite", "--role", role, scope, holder, "--email", email, "--name", "测试员"}, more...)
	link := trimmed(p.must(t, args...))
	_, path, ok := strings.Cut(link, "/activate/")
	if !ok {
		t.Fatalf("account invite prints %q", link)
	}
	return "/activate/" + path
}

// activate follows the one-time link and sets the password.
func activate(t testing.TB, p *tab, link, password string) {
	t.Helper()
	p.open(link)
	p.typeInto("#f-password", password)
	p.typeInto("#f-repeat", password)
	p.press("main form button[type=submit]")
	if strings.HasPrefix(p.where(), "/activate/") {
		t.Fatalf("the link does not take the password: %s", p.shown())
	}
}

// tab is the tab in which the person is signed in.
func (d *demonstration) tab(who string) *tab {
	d.t.Helper()
	p := d.tabs[who]
	if p == nil {
		p = d.browser.tab(d.whole, d.server.url)
		p.t = d.t
		if who != "" {
			p.signIn(who, d.password)
		}
		d.tabs[who] = p
	}
	p.t = d.t
	return p
}
