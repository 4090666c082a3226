package web_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"nianbao/internal/account"
	accountweb "nianbao/internal/account/web"
	"nianbao/internal/event"
	"nianbao/internal/postgres"
	"nianbao/internal/postgres/pgtest"
	"nianbao/internal/queue"
	"nianbao/internal/web"
	"nianbao/internal/web/webtest"
)

const (
	known    = "52440100MJK00009XH" // nobody is in yet
	peopled  = "51990100MJ00X61L4L" // has people
	mute     = "51990100MJ064KNF06" // no address in the register
	nowhere  = "51990100MJ0BB2CA3R" // not in the register
	orgEmail = "contact@org.example"
)

// hall is the account's pages over a register, with the letters that go out.
type hall struct {
	t    *testing.T
	db   *postgres.DB
	base string
	s    *account.Service
	orgs map[string]account.Scope

	mu      sync.Mutex
	letters []account.Letter
}

func newHall(t *testing.T) *hall {
	t.Helper()
	h := &hall{t: t, db: pgtest.New(t), orgs: map[string]account.Scope{}}
	h.db.MustExec(`INSERT INTO authority (code, name, level, number_prefix, created_at, updated_at)
		VALUES ('440100', '试验市民政局', 'city', '试民社', now(), now())`)
	for uscc, email := range map[string]string{known: orgEmail, peopled: "other@org.example", mute: ""} {
		id := uuid.New()
		h.db.MustExec(`INSERT INTO organisation (id, uscc, name, type, registered_on, authority_code, status, contact_email, contact_phone, created_at, updated_at)
			VALUES ($1, $2, $3, 'service', '2012-06-18', '440100', 'active', $4, '', now(), now())`, id, uscc, "中心"+uscc[14:], email)
		h.orgs[uscc] = account.Scope{OrganisationID: event.Ref(id)}
	}
	h.s = account.NewService(account.Config{DB: h.db, SMS: true, Post: func(_ context.Context, _ *postgres.Tx, l account.Letter) error {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.letters = append(h.letters, l)
		return nil
	}})
	cfg := webtest.Config(h.db)
	wall := time.Now()
	cfg.Wall = func() time.Time { return wall }
	app, err := web.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	routes := accountweb.New(accountweb.Config{App: app, DB: h.db, Accounts: h.s, Wall: cfg.Wall}).Routes()
	for _, path := range []string{"/desk", "/filer"} {
		routes = append(routes, web.Route{Method: http.MethodGet, Path: path, Access: web.SignedIn(), Handler: func(c echo.Context) error {
			return c.String(http.StatusOK, web.Principal(c).Body+" "+web.Principal(c).RoleLabel())
		}})
	}
	if err := app.Mount(routes); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(app.Handler())
	t.Cleanup(server.Close)
	h.base = server.URL
	return h
}

// work answers what waits, and gives the letters that came of it.
func (h *hall) work() []account.Letter {
	h.t.Helper()
	handlers := map[string]queue.Handler{account.ActivationJob: h.s.HandleActivation, account.ResetJob: h.s.HandleReset}
	if _, err := queue.NewWorker(h.db, handlers, queue.Options{}).Drain(h.t.Context()); err != nil {
		h.t.Fatal(err)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	letters := h.letters
	h.letters = nil
	return letters
}

// filer is a browser in which somebody of the organisation with people is signed in.
func (h *hall) filer(email string, editor bool) *webtest.Browser {
	h.t.Helper()
	p := account.NewPerson{Email: email, Name: "测试员", Role: account.RoleFiler, Scope: h.orgs[peopled], Editor: editor, Actor: event.System("test")}
	if _, err := account.CreatePerson(h.t.Context(), h.db, p, webtest.Password); err != nil {
		h.t.Fatal(err)
	}
	b := webtest.NewBrowser(h.t, h.base)
	b.SignIn(email)
	return b
}

func (h *hall) count(query string) int {
	h.t.Helper()
	var n int
	if err := h.db.Get(&n, query); err != nil {
		h.t.Fatal(err)
	}
	return n
}

// same compares answers, the CSRF tokens and what differs by design aside.
type same struct {
	t     *testing.T
	first map[string]string
}

func (s *same) as(step, who string, b *webtest.Browser, a webtest.Answer) {
	s.t.Helper()
	text := a.Body
	if token := b.CSRF(); token != "" {
		text = strings.ReplaceAll(text, token, "TOKEN")
	}
	text = strings.ReplaceAll(text, who, "WHO")
	text = http.StatusText(a.Status) + "\n" + strings.ReplaceAll(a.Header.Get("Location"), who, "WHO") + "\n" + text
	if s.first[step] == "" {
		s.first[step] = text
	}
	if diff := cmp.Diff(s.first[step], text); diff != "" {
		s.t.Errorf("%s for %s is answered differently:\n%s", step, who, diff)
	}
}

// TestNobodyLearnsWhoHasAnAccount: pages and rows written are the same for every organisation and address, known or not.
func TestNobodyLearnsWhoHasAnAccount(t *testing.T) {
	h := newHall(t)
	h.filer("head@org.example", false)
	s := &same{t: t, first: map[string]string{}}
	for i, uscc := range []string{known, peopled, mute, nowhere} {
		b := webtest.NewBrowser(t, h.base)
		s.as("form", uscc, b, b.Get("/sign-in/activate"))
		a := b.Post("/sign-in/activate", url.Values{"uscc": {uscc}})
		s.as("request", uscc, b, a)
		if n := h.count(`SELECT count(*) FROM activation_request`); n != i+1 {
			t.Errorf("%s: %d requests stored", uscc, n)
		}
		s.as("code page", uscc, b, b.Get(a.Header.Get("Location")))
		h.work()
		wrong := url.Values{"uscc": {uscc}, "code": {"x"}, "name": {"某"}, "email": {"n@own.example"}, "password": {webtest.Password}, "repeat": {webtest.Password}}
		s.as("wrong code", uscc, b, b.Post("/sign-in/activate/code", wrong))
		if n := h.count(`SELECT count(*) FROM activation_request WHERE tries = 1`); n != i+1 {
			t.Errorf("%s: the try is not counted", uscc)
		}
	}
	for _, email := range []string{"head@org.example", "nobody@org.example"} {
		b := webtest.NewBrowser(t, h.base)
		b.Get("/sign-in/reset")
		a := b.Post("/sign-in/reset", url.Values{"email": {email}})
		s.as("reset", email, b, a)
		if n := h.count(`SELECT count(*) FROM job`); n != 1 {
			t.Errorf("%s: %d jobs", email, n)
		}
		s.as("reset page", email, b, b.Get(a.Header.Get("Location")))
		h.work()
	}
	if !strings.Contains(s.first["code page"], "若该组织在册并留有联系方式，验证码已发送到其登记的邮箱或手机") {
		t.Error("the page does not say what was done")
	}
}

func TestFirstPersonThroughThePages(t *testing.T) {
	h := newHall(t)
	b := webtest.NewBrowser(t, h.base)
	if a := b.Get("/sign-in"); !strings.Contains(a.Body, `href="/sign-in/activate"`) {
		t.Error("the sign-in page does not lead there")
	}
	b.Get("/sign-in/activate")
	if a := b.Post("/sign-in/activate", url.Values{"uscc": {known[:17]}}); a.Status != http.StatusUnprocessableEntity || !strings.Contains(a.Body, "应为 18 位，实为 17 位") {
		t.Errorf("17 characters: %d", a.Status)
	}
	a := b.Post("/sign-in/activate", url.Values{"uscc": {" 52440100-mjk0 0009xh "}})
	if a.Status != http.StatusSeeOther || a.Header.Get("Location") != "/sign-in/activate/code?uscc="+known {
		t.Fatalf("%d to %q", a.Status, a.Header.Get("Location"))
	}
	letters := h.work()
	if len(letters) != 1 || letters[0].To != orgEmail {
		t.Fatalf("letters %+v", letters)
	}
	b.Get(a.Header.Get("Location"))
	form := url.Values{"uscc": {known}, "code": {""}, "name": {" "}, "email": {""}, "password": {"short"}, "repeat": {""}}
	refused := b.Post("/sign-in/activate/code", form)
	webtest.CheckHTML(t, "refused", []byte(refused.Body))
	for _, says := range []string{"请填写验证码", "请填写姓名", "请填写邮箱", "至少要有 10 个字符", "<title>错误："} {
		if refused.Status != http.StatusUnprocessableEntity || !strings.Contains(refused.Body, says) {
			t.Errorf("%d, want 422 that says %s", refused.Status, says)
		}
	}
	if n := h.count(`SELECT tries FROM activation_request`); n != 0 {
		t.Error("what no code could mend used up a try")
	}
	form = url.Values{"uscc": {known}, "code": {letters[0].Secret}, "name": {"林晓"}, "email": {"Lin@own.example"},
		"password": {webtest.Password}, "repeat": {webtest.Password + "x"}}
	if a := b.Post("/sign-in/activate/code", form); !strings.Contains(a.Body, "两次输入的密码不一样") {
		t.Errorf("different passwords: %d", a.Status)
	}
	form.Set("repeat", webtest.Password)
	if a := b.Post("/sign-in/activate/code", form); a.Status != http.StatusSeeOther || a.Header.Get("Location") != "/filer" {
		t.Fatalf("activate: %d to %q", a.Status, a.Header.Get("Location"))
	}
	if a := b.Get("/filer"); a.Body != "中心09XH 负责人" {
		t.Errorf("signed in as %q", a.Body)
	}
	if a := b.Get("/account"); !strings.Contains(a.Body, "还没有确认") {
		t.Error("the address counts as confirmed")
	}
	link := "/account/email/" + h.work()[0].Secret
	stranger := webtest.NewBrowser(t, h.base)
	if a := stranger.Get(link); a.Status != http.StatusSeeOther || !strings.HasPrefix(a.Header.Get("Location"), "/sign-in?return=") {
		t.Errorf("the link without a sign-in: %d", a.Status)
	}
	if a := h.filer("head@org.example", false).Get(link); a.Status != http.StatusGone {
		t.Errorf("another's link: %d, want 410", a.Status)
	}
	if a := b.Get(link); a.Status != http.StatusOK || !strings.Contains(a.Body, "lin@own.example") {
		t.Fatalf("the link: %d", a.Status)
	}
	if a := b.Post(link, nil); a.Status != http.StatusSeeOther {
		t.Errorf("confirm: %d", a.Status)
	}
	if a := b.Get("/account"); strings.Contains(a.Body, "还没有确认") || !strings.Contains(a.Body, "邮箱已确认") {
		t.Error("the address is not confirmed")
	}
}

func TestWhatTheHolderOfACodeIsTold(t *testing.T) {
	h := newHall(t)
	webtest.Person(t, h.db, "he@gov.example", account.RoleReviewer, city)
	b := webtest.NewBrowser(t, h.base)
	b.Get("/sign-in/activate")
	b.Post("/sign-in/activate", url.Values{"uscc": {known}})
	form := url.Values{"uscc": {known}, "code": {h.work()[0].Secret}, "name": {"林晓"}, "email": {"he@gov.example"}, "password": {"海上明月共潮生 2026"}, "repeat": {"海上明月共潮生 2026"}}
	b.Get("/sign-in/activate/code?uscc=" + known)
	if a := b.Post("/sign-in/activate/code", form); a.Status != http.StatusUnprocessableEntity || !strings.Contains(a.Body, "这个邮箱已有账户或邀请") {
		t.Errorf("another's address: %d", a.Status)
	}
	p := account.NewPerson{Email: "x@org.example", Name: "某", Role: account.RoleFiler, Scope: h.orgs[known], Actor: event.System("test")}
	if _, err := account.CreatePerson(t.Context(), h.db, p, webtest.Password); err != nil {
		t.Fatal(err)
	}
	form.Set("email", "own@own.example")
	if a := b.Post("/sign-in/activate/code", form); !strings.Contains(a.Body, "刚才已有人启用账户") {
		t.Errorf("people by now: %d", a.Status)
	}
	for _, path := range []string{"/sign-in/activate/code", "/sign-in/activate/code?uscc=x"} {
		if a := b.Get(path); a.Status != http.StatusSeeOther || a.Header.Get("Location") != "/sign-in/activate" {
			t.Errorf("%s: %d", path, a.Status)
		}
	}
}

func TestAskingIsLimited(t *testing.T) {
	h := newHall(t)
	b := webtest.NewBrowser(t, h.base)
	b.Get("/sign-in/activate")
	for range account.CodesADay {
		b.Post("/sign-in/activate", url.Values{"uscc": {nowhere}})
	}
	b.Get("/sign-in/activate")
	if a := b.Post("/sign-in/activate", url.Values{"uscc": {nowhere}}); a.Status != http.StatusUnprocessableEntity || !strings.Contains(a.Body, "次数已满") {
		t.Errorf("a sixth code for one organisation: %d", a.Status)
	}
	status := 0
	for i := 0; i < 30 && status != http.StatusTooManyRequests; i++ {
		status = b.Post("/sign-in/activate", url.Values{"uscc": {nowhere}}).Status
	}
	if status != http.StatusTooManyRequests {
		t.Errorf("one network address asks without end: %d", status)
	}
}

func TestForgottenPasswordThroughThePages(t *testing.T) {
	h := newHall(t)
	signedIn := h.filer("head@org.example", false)
	b := webtest.NewBrowser(t, h.base)
	b.Get("/sign-in/reset")
	if a := b.Post("/sign-in/reset", url.Values{"email": {"none"}}); a.Status != http.StatusUnprocessableEntity {
		t.Errorf("no address: %d", a.Status)
	}
	b.Post("/sign-in/reset", url.Values{"email": {"head@org.example"}})
	link := "/activate/" + h.work()[0].Secret
	if a := b.Get(link); a.Status != http.StatusOK || !strings.Contains(a.Body, "设定新密码") {
		t.Fatalf("the link: %d", a.Status)
	}
	const other = "海上明月共潮生 2026"
	if a := b.Post(link, url.Values{"password": {other}, "repeat": {other}}); a.Status != http.StatusSeeOther || a.Header.Get("Location") != "/filer" {
		t.Fatalf("%d to %q", a.Status, a.Header.Get("Location"))
	}
	if a := signedIn.Get("/filer"); a.Status != http.StatusSeeOther {
		t.Errorf("a session outlives the reset: %d", a.Status)
	}
	if a := webtest.NewBrowser(t, h.base).Get(link); a.Status != http.StatusGone || !strings.Contains(a.Body, `href="/sign-in/reset"`) {
		t.Errorf("the link once more: %d", a.Status)
	}
}
