package e2e

import (
	"fmt"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// demonstration is a running demonstration with a browser in front of it.
type demonstration struct {
	t        testing.TB
	server   *server
	cluster  *cluster
	browser  *browser
	password string
	tabs     map[string]*tab // by who is signed in; "" is nobody
}

// The sign-ins of a demonstration, as serve prints them.
const (
	associationFiler = "shetuan@yanshi.example"
	serviceFiler     = "minfei@yanshi.example"
	foundationFiler  = "jijinhui@yanshi.example"
	reviewerOne      = "shencha1@yanshi.example"
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
	d := &demonstration{t: t, server: s, cluster: &cluster{nodes: []*server{s}}, browser: startBrowser(t), password: found[1], tabs: map[string]*tab{}}
	d.enrol()
	return d
}

// enrol makes sign-ins for an organisation that was notified, one that is listed, and one whose report waits.
func (d *demonstration) enrol() {
	d.t.Helper()
	ctx := d.t.Context()
	desk := caller{d.cluster, trimmed(d.server.must(d.t, "token", "issue", "--role", "reviewer", "--authority", demoCity, "--name", "浏览器测试"))}
	type matter struct {
		Organisation struct {
			USCC string `json:"uscc"`
		} `json:"organisation"`
		ServedOn *string `json:"served_on"`
	}
	for email, path := range map[string]string{
		notifiedFiler: "/listings?status=notified", listedFiler: "/listings?status=listed", submittedFiler: "/reviews?status=pending",
	} {
		var list struct{ Items []matter }
		if err := desk.get(ctx, path+"&limit=200", &list); err != nil || len(list.Items) == 0 {
			d.t.Fatalf("%s: %v, %d items", path, err, len(list.Items))
		}
		for _, m := range list.Items { // one that has not answered: its notice waits for service
			if email == notifiedFiler && m.ServedOn == nil {
				list.Items[0] = m
			}
		}
		activate(d.t, d.browser.tab(d.t, d.server.url), d.invite("filer", "--organisation", list.Items[0].Organisation.USCC, email), d.password)
	}
}

// invite gives a person a role and returns the path of the one-time link.
func (d *demonstration) invite(role, scope, holder, email string) string {
	d.t.Helper()
	return invite(d.t, d.server.place, role, scope, holder, email)
}

func invite(t testing.TB, p place, role, scope, holder, email string) string {
	t.Helper()
	link := trimmed(p.must(t, "account", "invite", "--role", role, scope, holder, "--email", email, "--name", "测试员"))
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
		p = d.browser.tab(d.browser.t, d.server.url)
		p.t = d.t
		if who != "" {
			p.signIn(who, d.password)
		}
		d.tabs[who] = p
	}
	p.t = d.t
	return p
}

// pageKind is a kind of page and the way to it.
type pageKind struct {
	name    string
	who     string   // whose page; empty: anyone's
	path    string   // where the way begins
	status  int      // of the page at path, 0 for 200
	through []string // the links followed from there
	act     func(d *demonstration, p *tab)
}

// look goes to the page.
func (k pageKind) look(d *demonstration) *tab {
	d.t.Helper()
	p := d.tab(k.who)
	want := k.status
	if want == 0 {
		want = http.StatusOK
	}
	if got := p.status(k.path); got != want {
		d.t.Fatalf("%s: open %s: %d, want %d: %s", k.name, k.path, got, want, p.text("main"))
	}
	for _, selector := range k.through {
		p.follow(selector)
	}
	if k.act != nil {
		k.act(d, p)
	}
	return p
}

const year = "/filer/reports/2025"

// pageKinds are all kinds of page that the system has, each in the state that shows most.
var pageKinds = []pageKind{
	{name: "public-home", path: "/"},
	{name: "public-search", path: "/public/organisations?q=协会"},
	{name: "public-search-nothing", path: "/public/organisations?q=查无此会"},
	{name: "public-organisation", path: "/public/abnormal-list", through: []string{`main a[href^="/public/organisations/"]`}},
	{name: "public-abnormal-list", path: "/public/abnormal-list"},
	{name: "public-spot-check-list", path: "/public/spot-check-list"},
	{name: "public-verify", path: "/verify"},
	{name: "public-verify-genuine", path: "/public/abnormal-list", through: []string{`main a[href^="/verify/"]`}},
	{name: "public-verify-unknown", path: "/verify/0000-0000-0000", status: http.StatusNotFound},
	{name: "public-verify-changed", path: "/verify", act: uploadChanged},
	{name: "public-api-docs", path: "/api/docs"},
	{name: "account-sign-in", path: "/sign-in"},
	{name: "account-sign-in-refused", path: "/sign-in", act: func(_ *demonstration, p *tab) {
		p.typeInto("#f-email", "nobody@yanshi.example")
		p.typeInto("#f-password", "wrong password")
		p.press("main form button[type=submit]")
	}},
	{name: "account-activate", path: "/sign-in", act: func(d *demonstration, p *tab) {
		p.open(d.invite("reviewer", "--authority", demoCity, fmt.Sprintf("new%d@yanshi.example", p.serial())))
	}},
	{name: "account-link-over", path: "/activate/no-such-link", status: http.StatusGone},
	{name: "error-not-found", path: "/no-such-page", status: http.StatusNotFound},

	{name: "filer-home", who: associationFiler, path: "/filer"},
	{name: "filer-home-returned", who: serviceFiler, path: "/filer"},
	{name: "filer-home-passed", who: foundationFiler, path: "/filer"},
	{name: "filer-tasks", who: associationFiler, path: year + "/tasks"},
	{name: "filer-section", who: serviceFiler, path: year + "/sections/balance_sheet"},
	{name: "filer-section-activities", who: serviceFiler, path: year + "/sections/activities"},
	{name: "filer-section-fields", who: associationFiler, path: year + "/sections/basics"},
	{name: "filer-section-tables", who: serviceFiler, path: year + "/sections/government_purchase"},
	{name: "filer-section-refused", who: associationFiler, path: year + "/sections/balance_sheet", act: func(_ *demonstration, p *tab) {
		p.fill(map[string]any{"bs_cash.closing": "一万元"})
		p.press(`button[name=save][value=later]:not([tabindex])`)
	}},
	{name: "filer-conflict", who: associationFiler, path: year + "/sections/basics", act: editTwice},
	{name: "filer-check", who: associationFiler, path: year + "/check"},
	{name: "filer-submit", who: serviceFiler, path: year + "/submit"},
	{name: "filer-return", who: serviceFiler, path: year + "/return"},
	{name: "filer-report", who: serviceFiler, path: year},
	{name: "filer-report-passed", who: foundationFiler, path: year},
	{name: "filer-submission", who: foundationFiler, path: year, through: []string{`main a[href*="/submissions/"]:not([href$="/receipt"])`}},
	{name: "filer-receipt", who: foundationFiler, path: year, through: []string{`main a[href$="/receipt"]`}},
	{name: "filer-withdraw", who: submittedFiler, path: year, through: []string{`main a[href$="/withdraw"]`}},
	{name: "filer-reports", who: foundationFiler, path: "/filer/reports"},
	{name: "filer-documents", who: serviceFiler, path: "/filer/documents"},
	{name: "filer-messages", who: serviceFiler, path: "/filer/messages"},
	{name: "filer-message", who: serviceFiler, path: "/filer/messages", through: []string{`main a[href^="/filer/messages/"]`}},
	{name: "filer-home-late", who: notifiedFiler, path: "/filer"},
	{name: "filer-listings", who: notifiedFiler, path: "/filer/listings"},
	{name: "filer-matter", who: notifiedFiler, path: "/filer/listings", through: []string{`main a[href^="/filer/listings/"]`}},
	{name: "filer-statement", who: notifiedFiler, path: "/filer/listings",
		through: []string{`main a[href^="/filer/listings/"]`, `main a[href$="/statement"]`}},
	{name: "filer-matter-listed", who: listedFiler, path: "/filer/listings", through: []string{`main a[href^="/filer/listings/"]`}},
	{name: "filer-removal", who: listedFiler, path: "/filer/listings",
		through: []string{`main a[href^="/filer/listings/"]`, `main a[href$="/removal"]`}},

	{name: "desk-queue", who: reviewerOne, path: "/desk/reviews"},
	{name: "desk-queue-empty", who: reviewerOne, path: "/desk/reviews?q=查无此会"},
	{name: "desk-case", who: reviewerOne, path: "/desk/reviews", through: []string{`main tbody a`}},
	{name: "desk-case-statement", who: reviewerOne, path: "/desk/reviews", through: []string{`main tbody a`, `.nb-parts a[href*="balance_sheet"]`}},
	{name: "desk-case-refused", who: reviewerOne, path: "/desk/reviews", through: []string{`main tbody a`}, act: func(_ *demonstration, p *tab) {
		p.press("#decide button.btn-primary")
	}},
	{name: "desk-decide", who: reviewerOne, path: "/desk/reviews", through: []string{`main tbody a`}, act: previewReturn},
	{name: "desk-listings", who: reviewerOne, path: "/desk/listings"},
	{name: "desk-listing", who: reviewerOne, path: "/desk/listings", through: []string{`main a[href^="/desk/listings/"]`}},
	{name: "desk-listing-listed", who: reviewerOne, path: "/desk/listings?status=listed", through: []string{`main a[href^="/desk/listings/"]`}},
	{name: "desk-annulment", who: reviewerOne, path: "/desk/listings?status=listed",
		through: []string{`main a[href^="/desk/listings/"]`, `main a[href$="/annulment"]`}},
	{name: "desk-spot-checks", who: reviewerOne, path: "/desk/spot-checks"},
	{name: "desk-penalties", who: reviewerOne, path: "/desk/penalties"},
	{name: "desk-seasons", who: reviewerOne, path: "/desk/seasons"},
	{name: "desk-season", who: reviewerOne, path: "/desk/seasons", through: []string{`main a[href^="/desk/seasons/"]`}},
	{name: "desk-documents", who: reviewerOne, path: "/desk/documents"},
	{name: "desk-documents-held", who: reviewerOne, path: "/desk/documents/held"},
	{name: "desk-messages", who: reviewerOne, path: "/desk/messages"},
	{name: "desk-message", who: reviewerOne, path: "/desk/messages", through: []string{`main a[href^="/desk/messages/"]`}},
	{name: "desk-outbox", who: adminOne, path: "/desk/outbox"},
	{name: "desk-admin", who: adminOne, path: "/desk"},
	{name: "desk-approver", who: approverOne, path: "/desk"},
}

// uploadChanged changes one byte of a genuine document and has it verified.
func uploadChanged(d *demonstration, p *tab) {
	d.t.Helper()
	desk := d.tab(reviewerOne)
	desk.open("/desk/documents")
	pdf := desk.fetch(desk.link(`main a[href^="/desk/documents/0"]`))
	p.upload(writeFile(d.t, d.t.TempDir(), "changed.pdf", string(changed(pdf))))
}

// changed is the file with one byte of its content altered.
func changed(pdf []byte) []byte {
	altered := append([]byte(nil), pdf...)
	altered[len(altered)/3] ^= 0x20
	return altered
}

// editTwice changes one answer in two windows at once.
func editTwice(d *demonstration, p *tab) {
	d.t.Helper()
	const save = `button[name=save][value=later]:not([tabindex])`
	other := d.browser.tab(d.t, d.server.url)
	other.signIn(associationFiler, d.password)
	other.open(p.where())
	other.fill(map[string]any{"phone": fmt.Sprintf("0990-8100%04d", p.serial())})
	other.press(save)
	p.fill(map[string]any{"phone": fmt.Sprintf("0990-8200%04d", p.serial())})
	p.press(save)
}

// previewReturn writes a remark and looks at the return before it is final.
func previewReturn(d *demonstration, p *tab) {
	d.t.Helper()
	p.typeInto("#new-remark textarea", "住所与登记证书不一致。已搬迁的，先办理变更登记；未搬迁的，按证书填写。")
	p.press("#new-remark button[type=submit]")
	p.tick(`#decide input[value=return]`)
	p.press("#decide button.btn-primary")
}
