package web_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"nianbao/internal/account"
	"nianbao/internal/web/webtest"
)

var sessionButton = regexp.MustCompile(`name="session" value="([0-9a-f-]{36})"`)

func TestDevicesAreSignedOut(t *testing.T) {
	h := newHall(t)
	here := h.filer("head@org.example", false)
	there, third := webtest.NewBrowser(t, h.base), webtest.NewBrowser(t, h.base)
	there.SignIn("head@org.example")
	third.SignIn("head@org.example")
	a := here.Get("/account")
	webtest.CheckHTML(t, "account", []byte(a.Body))
	ids := sessionButton.FindAllStringSubmatch(a.Body, -1)
	if len(ids) != 3 || strings.Count(a.Body, "这台设备") != 1 || !strings.Contains(a.Body, "127.0.0.1") {
		t.Fatalf("%d sessions listed", len(ids))
	}
	// The last begun is the first; the person's own is the last.
	if a := here.Post("/account/sessions/end", url.Values{"session": {ids[0][1]}}); a.Status != http.StatusSeeOther {
		t.Errorf("end one: %d", a.Status)
	}
	if a := third.Get("/account"); a.Status != http.StatusSeeOther {
		t.Errorf("the ended one goes on: %d", a.Status)
	}
	stranger := h.filer("other@org.example", false)
	stranger.Get("/account")
	stranger.Post("/account/sessions/end", url.Values{"session": {ids[1][1]}})
	if a := there.Get("/account"); a.Status != http.StatusOK {
		t.Errorf("a stranger ended it: %d", a.Status)
	}
	here.Get("/account")
	here.Post("/account/sessions/end", url.Values{"session": {"others"}})
	if a := there.Get("/account"); a.Status != http.StatusSeeOther {
		t.Errorf("another one goes on: %d", a.Status)
	}
	if a := here.Get("/account"); a.Status != http.StatusOK || len(sessionButton.FindAllString(a.Body, -1)) != 1 {
		t.Errorf("one's own: %d", a.Status)
	}
	for _, bad := range []string{"", "x"} {
		if a := here.Post("/account/sessions/end", url.Values{"session": {bad}}); a.Status != http.StatusSeeOther {
			t.Errorf("session %q: %d", bad, a.Status)
		}
	}
	here.Get("/account")
	here.Post("/account/sessions/end", url.Values{"session": {ids[2][1]}})
	if a := here.Get("/account"); a.Status != http.StatusSeeOther {
		t.Errorf("one's own, ended: %d", a.Status)
	}
}

func TestOwnAccountIsChanged(t *testing.T) {
	h := newHall(t)
	b, there := h.filer("head@org.example", false), webtest.NewBrowser(t, h.base)
	there.SignIn("head@org.example")
	const other = "海上明月共潮生 2026"
	for _, tc := range []struct {
		path   string
		form   url.Values
		status int
		says   string
	}{
		{"/account/name", url.Values{"name": {" "}}, 422, "请填写姓名"},
		{"/account/name", url.Values{"name": {"林晓"}}, 303, ""},
		{"/account/email", url.Values{"email": {"x"}, "password": {webtest.Password}}, 422, "不是有效的邮箱地址"},
		{"/account/email", url.Values{"email": {"new@org.example"}, "password": {"wrong password"}}, 422, "密码不正确"},
		{"/account/email", url.Values{"email": {"new@org.example"}, "password": {webtest.Password}}, 303, ""},
		{"/account/password", url.Values{"current": {webtest.Password}, "password": {"short"}, "repeat": {"short"}}, 422, "至少要有 10 个字符"},
		{"/account/password", url.Values{"current": {webtest.Password}, "password": {other}, "repeat": {"x"}}, 422, "两次输入的密码不一样"},
		{"/account/password", url.Values{"current": {"wrong password"}, "password": {other}, "repeat": {other}}, 422, "密码不正确"},
		{"/account/password", url.Values{"current": {webtest.Password}, "password": {other}, "repeat": {other}}, 303, ""},
	} {
		form := b.Get(tc.path)
		webtest.CheckHTML(t, tc.path, []byte(form.Body))
		a := b.Post(tc.path, tc.form)
		if a.Status != tc.status || !strings.Contains(a.Body, tc.says) {
			t.Errorf("%s %v: %d, want %d that says %q", tc.path, tc.form, a.Status, tc.status, tc.says)
		}
	}
	a := b.Get("/account")
	for _, says := range []string{"林晓", "确认邮件已发到 new@org.example", "密码已改"} {
		if a.Status != http.StatusOK || !strings.Contains(a.Body, says) {
			t.Errorf("account: %d, want %s", a.Status, says)
		}
	}
	if a := there.Get("/account"); a.Status != http.StatusSeeOther {
		t.Errorf("another device after the new password: %d", a.Status)
	}
}

var endLink = regexp.MustCompile(`href="(/account/people/[0-9a-f-]{36})/end"`)

func TestPeopleOfAnOrganisation(t *testing.T) {
	h := newHall(t)
	head, editor := h.filer("head@org.example", false), h.filer("editor@org.example", true)
	a := editor.Get("/account/people")
	if a.Status != http.StatusOK || endLink.MatchString(a.Body) || strings.Contains(a.Body, "发送邀请") || !strings.Contains(a.Body, "head@org.example") {
		t.Errorf("the editor's page: %d", a.Status)
	}
	invitation := url.Values{"name": {"新来"}, "email": {"new@org.example"}, "role": {"editor"}}
	if a := editor.Post("/account/people", invitation); a.Status != http.StatusForbidden || !strings.Contains(a.Body, "负责人办理") {
		t.Errorf("an editor invites: %d", a.Status)
	}
	a = head.Get("/account/people")
	webtest.CheckHTML(t, "people", []byte(a.Body))
	rows := endLink.FindAllStringSubmatch(a.Body, -1)
	if len(rows) != 2 {
		t.Fatalf("%d people", len(rows))
	}
	own, theirs := rows[0][1], rows[1][1]
	for name, tc := range map[string]struct{ form url.Values }{
		"no name":    {url.Values{"email": {"new@org.example"}, "role": {"editor"}}},
		"no address": {url.Values{"name": {"新来"}, "email": {"x"}, "role": {"editor"}}},
		"no role":    {url.Values{"name": {"新来"}, "email": {"new@org.example"}}},
	} {
		a := head.Post("/account/people", tc.form)
		webtest.CheckHTML(t, name, []byte(a.Body))
		if a.Status != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d", name, a.Status)
		}
	}
	if a := head.Post("/account/people", invitation); a.Status != http.StatusSeeOther {
		t.Fatalf("invite: %d", a.Status)
	}
	letters := h.work()
	if len(letters) != 1 || letters[0].Kind != account.LetterInvitation || letters[0].To != "new@org.example" {
		t.Fatalf("letters %+v", letters)
	}
	a = head.Get("/account/people")
	if !strings.Contains(a.Body, "待接受邀请") || strings.Contains(a.Body, letters[0].Secret) {
		t.Error("the invitation does not show as waiting, or its link shows")
	}
	fresh := webtest.NewBrowser(t, h.base)
	fresh.Get("/activate/" + letters[0].Secret)
	fresh.Post("/activate/"+letters[0].Secret, url.Values{"password": {webtest.Password}, "repeat": {webtest.Password}})
	if a := fresh.Get("/filer"); a.Body != "中心1L4L 填报人" {
		t.Errorf("the invited is %q", a.Body)
	}
	head.Get("/account/people")
	if a := head.Post(own+"/role", url.Values{"role": {"editor"}}); a.Status != http.StatusSeeOther {
		t.Errorf("demote oneself: %d", a.Status)
	}
	if a := head.Get("/account/people"); !strings.Contains(a.Body, "至少要有一名已启用的负责人") {
		t.Error("the last responsible person went")
	}
	if a := editor.Post(own+"/role", url.Values{"role": {"editor"}}); a.Status != http.StatusForbidden {
		t.Errorf("an editor demotes: %d", a.Status)
	}
	head.Post(theirs+"/role", url.Values{"role": {"responsible"}})
	if a := editor.Get("/filer"); a.Body != "中心1L4L 负责人" {
		t.Errorf("the editor is %q", a.Body)
	}
	if a := head.Get(theirs + "/end"); a.Status != http.StatusOK || !strings.Contains(a.Body, "停用 测试员") {
		t.Errorf("the question: %d", a.Status)
	}
	head.Post(theirs+"/end", nil)
	if a := editor.Get("/filer"); a.Status != http.StatusSeeOther {
		t.Errorf("whose role has ended: %d", a.Status)
	}
	for _, gone := range []string{theirs + "/end", "/account/people/x/end"} {
		if a := head.Get(gone); a.Status != http.StatusNotFound {
			t.Errorf("%s: %d", gone, a.Status)
		}
	}
}

// TestInvitedWithAnAccountSaysYes: the link asks, sets no password, and the person signs in as ever.
func TestInvitedWithAnAccountSaysYes(t *testing.T) {
	h := newHall(t)
	head := h.filer("head@org.example", false)
	webtest.Person(t, h.db, "he@gov.example", account.RoleReviewer, city)
	h.db.MustExec(`UPDATE person SET name = '秘密' WHERE email = 'he@gov.example'`)
	head.Get("/account/people")
	head.Post("/account/people", url.Values{"name": {"何静"}, "email": {"he@gov.example"}, "role": {"responsible"}})
	if a := head.Get("/account/people"); !strings.Contains(a.Body, "he@gov.example") || strings.Contains(a.Body, "秘密") {
		t.Error("the page tells the name behind an address")
	}
	link := "/activate/" + h.work()[0].Secret
	b := webtest.NewBrowser(t, h.base)
	a := b.Get(link)
	webtest.CheckHTML(t, "accept", []byte(a.Body))
	if a.Status != http.StatusOK || !strings.Contains(a.Body, "接受邀请") || strings.Contains(a.Body, `type="password"`) {
		t.Fatalf("the link: %d", a.Status)
	}
	if a := b.Post(link, nil); a.Status != http.StatusSeeOther || a.Header.Get("Location") != "/sign-in?accepted=1" {
		t.Errorf("accept: %d to %q", a.Status, a.Header.Get("Location"))
	}
	if a := b.Get("/sign-in?accepted=1"); !strings.Contains(a.Body, "已接受邀请") {
		t.Error("the page says nothing of it")
	}
	b.SignIn("he@gov.example")
	if a := b.Get("/account/choose"); strings.Count(a.Body, `name="membership"`) != 2 || !strings.Contains(a.Body, "负责人") {
		t.Errorf("choice: %d", a.Status)
	}
}
