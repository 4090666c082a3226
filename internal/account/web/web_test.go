package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"nianbao/internal/account"
	accountweb "nianbao/internal/account/web"
	"nianbao/internal/event"
	"nianbao/internal/postgres"
	"nianbao/internal/postgres/pgtest"
	"nianbao/internal/web"
	"nianbao/internal/web/webtest"
)

var city = account.Scope{AuthorityCode: "440100"}

func start(t *testing.T) (*postgres.DB, string) {
	t.Helper()
	db := pgtest.New(t)
	db.MustExec(`INSERT INTO authority (code, name, level, number_prefix, created_at, updated_at)
		VALUES ('440100', '试验市民政局', 'city', '试民社', now(), now()), ('440103', '城东区民政局', 'county', '城民社', now(), now())`)
	cfg := webtest.Config(db)
	wall := time.Now()
	cfg.Wall = func() time.Time { return wall }
	desk := web.Route{Method: http.MethodGet, Path: "/desk", Access: web.SignedIn(), Handler: func(c echo.Context) error {
		p := web.Principal(c)
		return c.String(http.StatusOK, p.Body+" "+string(p.Role))
	}}
	_, server := webtest.Server(t, cfg, desk)
	return db, server.URL
}

func invite(t *testing.T, db *postgres.DB, email string) string {
	t.Helper()
	invitation, err := account.Invite(t.Context(), db, account.NewPerson{
		Email: email, Name: "林某", Role: account.RoleReviewer, Scope: city, Actor: event.System("test")})
	if err != nil {
		t.Fatal(err)
	}
	return "/activate/" + invitation.Link
}

func TestPages(t *testing.T) {
	page := web.Page{Title: "登录", Area: web.AreaFiler, SiteName: "社会组织年度报告", CSRF: "token", Contact: "0000-12345678", Refused: true}
	field := web.TextField{ID: "f-email", Name: "email", Label: "邮箱", Hint: "提示", Value: "a@b.example", Error: "不对", Type: "email", Autocomplete: "username", Required: true}
	secret := web.TextField{ID: "f-password", Name: "password", Label: "密码", Type: "password", Value: "must not be shown"}
	summary := web.Summary{Title: "没有登录", Items: []web.SummaryItem{{Href: "#f-email", Text: "不对"}}}
	secret.Hint = "至少 10 个字符。"
	webtest.CheckPages(t, "account", map[string][]any{
		"account/register": {accountweb.RegisterPage{}, accountweb.RegisterPage{Page: page, Summary: web.Summary{Title: "没有申请",
			Items: []web.SummaryItem{{Href: "#f-uscc", Text: "不对"}}}, USCC: web.TextField{ID: "f-uscc", Name: "uscc", Label: "代码", Error: "不对"}, SMS: true, BySMS: true}},
		"account/code": {accountweb.CodePage{}, accountweb.CodePage{Page: page, Summary: summary, USCC: "52440100MJK00009XH", Minutes: 15,
			Code: web.TextField{ID: "f-code", Name: "code", Label: "验证码"}, Name: web.TextField{ID: "f-name", Name: "name", Label: "姓名"},
			Email: field, Password: secret, Repeat: web.TextField{ID: "f-repeat", Name: "repeat", Label: "再输一次", Type: "password"}}},
		"account/reset":  {accountweb.ResetPage{}, accountweb.ResetPage{Page: page, Summary: summary, Email: field, Sent: true, Minutes: 60}},
		"account/accept": {accountweb.AcceptPage{}, accountweb.AcceptPage{Page: page, Name: "林某", Email: "a@b.example", Body: "试验中心", Action: "/activate/x"}},
		"account/account": {accountweb.AccountPage{}, accountweb.AccountPage{Page: page, Name: "林某", Email: "a@b.example", Unverified: true,
			NewEmail: "c@d.example", Roles: []string{"试验中心：负责人"}, People: true, Several: true, Others: true, ThisDevice: web.Tag{Text: "这台设备"},
			Sessions: []accountweb.SessionRow{{ID: uuid.New(), Device: "Windows 电脑上的 Edge", Address: "192.0.2.1", Begun: "2026年3月12日 09:00",
				Seen: "2026年3月12日 09:10", Current: true}, {ID: uuid.New(), Device: "iPhone上的 微信"}}},
			accountweb.AccountPage{Page: page, NewEmail: "c@d.example"}},
		"account/profile": {accountweb.ProfilePage{}, accountweb.ProfilePage{Page: page, Summary: summary, Heading: "改邮箱", Text: "说明。",
			Action: "/account/email", Button: "保存", Fields: []web.TextField{field, secret}, Rules: true}},
		"account/confirm": {accountweb.ConfirmPage{}, accountweb.ConfirmPage{Page: page, Email: "a@b.example", Action: "/account/email/x"}},
		"account/people": {accountweb.PeoplePage{}, accountweb.PeoplePage{Page: page, Summary: summary, Body: "试验中心", May: true, WaitingTag: web.Tag{Text: "待接受邀请"},
			Rows: []accountweb.PersonRow{{ID: uuid.New(), Name: "林某", Email: "a@b.example", RoleName: "负责人", Since: "2026年3月12日", Responsible: true, Self: true},
				{ID: uuid.New(), Name: "陈某", RoleName: "填报人", Waiting: true}}, Email: field, Name: web.TextField{ID: "f-name", Name: "name", Label: "姓名"}, Editor: true}},
		"account/tokens": {accountweb.TokensPage{}, accountweb.TokensPage{Page: page, Summary: web.Summary{Title: "没有新建", Items: []web.SummaryItem{{Href: "#f-days", Text: "不对"}}}, Body: "试验中心", May: true,
			Made: &accountweb.MadeToken{Name: "软件", Plaintext: "nbo_x", Rights: "查看", Until: "2026年3月12日"},
			Rows: []accountweb.TokenRow{{ID: uuid.New(), Name: "软件", Rights: "查看、报送", By: "林某", Since: "2026年3月12日", Until: "2026年9月12日",
				Used: "没有用过", Holds: true, State: web.Tag{Text: "有效"}}, {ID: uuid.New(), Name: "旧软件", State: web.Tag{Text: "已作废"}}},
			Name: web.TextField{ID: "f-name", Name: "name", Label: "名称"}, Days: web.TextField{ID: "f-days", Name: "days", Label: "有效天数"},
			Rights: []accountweb.RightChoice{{Value: "draft", Label: "填写草稿", Text: "写入草稿", Chosen: true}, {Value: "submit", Label: "报送"}}}},
		"account/end-token": {accountweb.EndTokenPage{}, accountweb.EndTokenPage{Page: page, Name: "软件", Rights: "查看", Used: "没有用过", Action: "/account/tokens/x/end"}},
		"account/end":       {accountweb.EndPage{}, accountweb.EndPage{Page: page, Name: "林某", Self: true, Action: "/account/people/x/end"}},
		"account/sign-in":   {accountweb.SignInPage{}, accountweb.SignInPage{Page: page, Summary: summary, Email: field, Password: secret, Return: "/desk"}},
		"account/activate":  {accountweb.ActivatePage{}, accountweb.ActivatePage{Page: page, Summary: summary, Heading: "设定密码", Name: "林某", Email: "a@b.example", Action: "/activate/x", Password: field, Repeat: secret}},
		"account/link-over": {accountweb.LinkOverPage{}, accountweb.LinkOverPage{Page: page}},
		"account/choose": {accountweb.ChoosePage{}, accountweb.ChoosePage{Page: page, Memberships: []accountweb.MembershipChoice{
			{ID: uuid.New(), Body: "试验市民政局", RoleName: "审查员", Current: true}, {ID: uuid.New(), Body: "城东区民政局", RoleName: "复核人"}}}},
	})
}

func TestActivation(t *testing.T) {
	db, base := start(t)
	link := invite(t, db, "lin@x.example")
	b := webtest.NewBrowser(t, base)
	if a := b.Get(link); a.Status != http.StatusOK || !strings.Contains(a.Body, "lin@x.example") {
		t.Fatalf("the link's page: %d", a.Status)
	}
	for name, tc := range map[string]struct{ password, repeat, says string }{
		"short":     {"short", "short", "至少要有 10 个字符"},
		"common":    {"password123", "password123", "常见密码"},
		"different": {webtest.Password, webtest.Password + "x", "两次输入的密码不一样"},
	} {
		a := b.Post(link, url.Values{"password": {tc.password}, "repeat": {tc.repeat}})
		if a.Status != http.StatusUnprocessableEntity || !strings.Contains(a.Body, tc.says) || !strings.Contains(a.Body, "<title>错误：") {
			t.Errorf("%s: status %d, want 422 with %q", name, a.Status, tc.says)
		}
		if strings.Contains(a.Body, tc.password+`"`) {
			t.Errorf("%s: the password is sent back", name)
		}
		webtest.CheckHTML(t, name, []byte(a.Body))
	}
	a := b.Post(link, url.Values{"password": {webtest.Password}, "repeat": {webtest.Password}})
	if a.Status != http.StatusSeeOther || a.Header.Get("Location") != "/desk" {
		t.Fatalf("activate: %d to %q", a.Status, a.Header.Get("Location"))
	}
	if a := b.Get("/desk"); a.Body != "试验市民政局 reviewer" {
		t.Errorf("after activation: %d %q", a.Status, a.Body)
	}
	for _, over := range []string{link, "/activate/none", "/activate/%00"} {
		a := webtest.NewBrowser(t, base).Get(over)
		if a.Status != http.StatusGone || !strings.Contains(a.Body, "链接不能再用") {
			t.Errorf("%s: status %d, want 410", over, a.Status)
		}
	}
}

// TestSignInSaysTheSame: what comes back must not tell which addresses exist.
func TestSignInSaysTheSame(t *testing.T) {
	db, base := start(t)
	webtest.Person(t, db, "known@x.example", account.RoleReviewer, city)
	invite(t, db, "inactive@x.example")
	var first string
	for _, email := range []string{"known@x.example", "unknown@x.example", "inactive@x.example"} {
		b := webtest.NewBrowser(t, base)
		b.Get("/sign-in")
		a := b.Post("/sign-in", url.Values{"email": {email}, "password": {"wrong password"}})
		if a.Status != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d", email, a.Status)
		}
		text := strings.ReplaceAll(strings.ReplaceAll(a.Body, email, "ADDRESS"), b.CSRF(), "TOKEN")
		if first == "" {
			first = text
		}
		if text != first {
			t.Errorf("%s is answered differently", email)
		}
		if strings.Contains(a.Body, "wrong password") || !strings.Contains(a.Body, `value="`+email+`"`) {
			t.Errorf("%s: the address is kept, the password is not", email)
		}
	}
	b := webtest.NewBrowser(t, base)
	b.Get("/sign-in")
	a := b.Post("/sign-in", url.Values{})
	if !strings.Contains(a.Body, "请填写邮箱") || !strings.Contains(a.Body, "请填写密码") {
		t.Error("empty fields are not named")
	}
	if a := b.Post("/sign-in?email=known@x.example&password="+url.QueryEscape(webtest.Password), nil); a.Status != http.StatusUnprocessableEntity {
		t.Errorf("the query counts as the form: %d", a.Status)
	}
}

func TestTriesForOneAddressAreLimited(t *testing.T) {
	_, base := start(t)
	b := webtest.NewBrowser(t, base)
	b.Get("/sign-in")
	var last webtest.Answer
	for range 11 {
		last = b.Post("/sign-in", url.Values{"email": {"nobody@x.example"}, "password": {"wrong password"}})
	}
	if last.Status != http.StatusTooManyRequests || last.Header.Get("Retry-After") == "" || !strings.Contains(last.Body, "请求太频繁") {
		t.Errorf("eleventh try: %d", last.Status)
	}
}

func TestSeveralRoles(t *testing.T) {
	db, base := start(t)
	webtest.Person(t, db, "shen@x.example", account.RoleReviewer, city)
	webtest.Person(t, db, "shen@x.example", account.RoleApprover, account.Scope{AuthorityCode: "440103"})
	webtest.Person(t, db, "other@x.example", account.RoleAdmin, city)
	b := webtest.NewBrowser(t, base)
	b.SignIn("shen@x.example")
	a := b.Get("/account/choose")
	if a.Status != http.StatusOK || strings.Count(a.Body, `name="membership"`) != 2 {
		t.Fatalf("choice: %d", a.Status)
	}
	webtest.CheckHTML(t, "choose", []byte(a.Body))
	var approver, stranger string
	get := func(dest *string, query string) {
		t.Helper()
		if err := db.Get(dest, query); err != nil {
			t.Fatal(err)
		}
	}
	get(&approver, `SELECT id FROM membership WHERE role = 'approver'`)
	get(&stranger, `SELECT id FROM membership WHERE role = 'admin'`)
	before := b.Cookie("nianbao_session")
	if a := b.Post("/account/choose", url.Values{"membership": {approver}}); a.Status != http.StatusSeeOther {
		t.Fatalf("choose: %d", a.Status)
	}
	if b.Cookie("nianbao_session") == before {
		t.Error("the session keeps its token under another role")
	}
	if a := b.Get("/desk"); a.Body != "城东区民政局 approver" {
		t.Errorf("acting as %q", a.Body)
	}
	b.Get("/account/choose")
	for _, bad := range []string{stranger, "", "x"} {
		if a := b.Post("/account/choose", url.Values{"membership": {bad}}); a.Status != http.StatusNotFound {
			t.Errorf("membership %q: %d, want 404", bad, a.Status)
		}
	}
}

func TestNobodySignsInWithoutARole(t *testing.T) {
	db, base := start(t)
	webtest.Person(t, db, "shen@x.example", account.RoleReviewer, city)
	db.MustExec(`UPDATE membership SET ended_at = now()`)
	fresh := webtest.NewBrowser(t, base)
	fresh.Get("/sign-in")
	a := fresh.Post("/sign-in", url.Values{"email": {"shen@x.example"}, "password": {webtest.Password}})
	if a.Status != http.StatusForbidden || !strings.Contains(a.Body, "没有可用的身份") {
		t.Errorf("without a role: %d", a.Status)
	}
}
