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

var (
	endTokenLink = regexp.MustCompile(`href="(/account/tokens/[0-9a-f-]{36}/end)"`)
	tokenText    = regexp.MustCompile(`nbo_[A-Za-z0-9_-]{43}`)
)

func TestTokensOfAnOrganisation(t *testing.T) {
	h := newHall(t)
	head, editor := h.filer("head@org.example", false), h.filer("editor@org.example", true)
	asked := url.Values{"name": {"财务<软件>"}, "days": {"30"}, "rights": {"draft", "requests", "root"}}
	editor.Get("/account/tokens")
	if a := editor.Post("/account/tokens", asked); a.Status != http.StatusForbidden || !strings.Contains(a.Body, "负责人办理") {
		t.Errorf("an editor makes one: %d", a.Status)
	}
	for name, form := range map[string]url.Values{
		"no name":  {"days": {"30"}},
		"no days":  {"name": {"x"}},
		"too long": {"name": {"x"}, "days": {"367"}},
		"none":     {"name": {"x"}, "days": {"0"}},
	} {
		head.Get("/account/tokens")
		a := head.Post("/account/tokens", form)
		webtest.CheckHTML(t, name, []byte(a.Body))
		if a.Status != http.StatusUnprocessableEntity || !strings.Contains(a.Body, "没有新建") {
			t.Errorf("%s: %d", name, a.Status)
		}
	}
	a := head.Post("/account/tokens", asked)
	webtest.CheckHTML(t, "made", []byte(a.Body))
	made := tokenText.FindString(a.Body)
	if a.Status != http.StatusOK || made == "" || !strings.Contains(a.Body, "查看、填写草稿、申请") || a.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("made: %d, %q, %q", a.Status, made, a.Header.Get("Cache-Control"))
	}
	if letters := h.work(); len(letters) != 1 || letters[0].Kind != account.LetterToken || letters[0].To != "head@org.example" {
		t.Errorf("letters %+v", letters)
	}
	p, err := account.AuthenticateToken(t.Context(), h.db, made)
	if err != nil || p.Rights.Label() != "查看、填写草稿、申请" || p.Rights.Has(account.RightSubmit) {
		t.Errorf("principal %+v, %v", p, err)
	}
	for who, b := range map[string]*webtest.Browser{"head": head, "editor": editor} {
		a := b.Get("/account/tokens")
		webtest.CheckHTML(t, who, []byte(a.Body))
		if a.Status != http.StatusOK || strings.Contains(a.Body, made) || !strings.Contains(a.Body, "财务&lt;软件&gt;") {
			t.Errorf("%s sees %d", who, a.Status)
		}
		if shown := endTokenLink.MatchString(a.Body); shown != (who == "head") {
			t.Errorf("%s is offered to revoke: %v", who, shown)
		}
	}
	link := endTokenLink.FindStringSubmatch(head.Get("/account/tokens").Body)[1]
	a = head.Get(link)
	webtest.CheckHTML(t, "the question", []byte(a.Body))
	if a.Status != http.StatusOK || !strings.Contains(a.Body, "作废不能恢复") {
		t.Errorf("the question: %d", a.Status)
	}
	editor.Get("/account/tokens")
	if a := editor.Post(link, nil); a.Status != http.StatusForbidden {
		t.Errorf("an editor revokes: %d", a.Status)
	}
	if a := head.Post(link, nil); a.Status != http.StatusSeeOther {
		t.Errorf("revoke: %d", a.Status)
	}
	if _, err := account.AuthenticateToken(t.Context(), h.db, made); err == nil {
		t.Error("the token holds on")
	}
	for _, gone := range []string{link, "/account/tokens/x/end"} {
		if a := head.Get(gone); a.Status != http.StatusNotFound {
			t.Errorf("%s: %d", gone, a.Status)
		}
	}
	if a := head.Post("/account/tokens/x/end", nil); a.Status != http.StatusNotFound {
		t.Errorf("no such token: %d", a.Status)
	}
	if a := head.Get("/account/tokens"); !strings.Contains(a.Body, "已作废") {
		t.Error("the list does not show that it is revoked")
	}
}
