package web_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/google/uuid"

	"nianbao/filing"
	"nianbao/internal/account"
	"nianbao/internal/event"
	"nianbao/internal/registry"
	"nianbao/internal/web/webtest"
)

// TestEditorFillsInAndDoesNotSubmit: the page says who does, and the handler refuses who posts all the same.
func TestEditorFillsInAndDoesNotSubmit(t *testing.T) {
	w := newWorld(t, "2019-03-28")
	org, _ := w.org(registry.TypeService)
	_, err := account.CreatePerson(t.Context(), w.db, account.NewPerson{Email: "editor@x.example", Name: "孙悦", Role: account.RoleFiler,
		Scope: account.Scope{OrganisationID: uuid.NullUUID{UUID: org.ID, Valid: true}}, Editor: true, Actor: event.System("test")}, webtest.Password)
	if err != nil {
		t.Fatal(err)
	}
	b := webtest.NewBrowser(t, w.server.URL)
	b.SignIn("editor@x.example")
	page := b.Get("/filer/reports/2018/submit")
	webtest.CheckHTML(t, "submit", []byte(page.Body))
	wantText(t, page.Body, "您是填报人，可以填写和校验。声明和报送由本单位负责人测试员登录后办理。")
	if a := b.Post("/filer/reports/2018/submit", url.Values{"declare": {"1"}, "key": {"1"}, "version": {"0"}}); a.Status != http.StatusForbidden {
		t.Errorf("an editor submits: %d, want 403", a.Status)
	}
	if a := b.Get("/filer/reports/2018/sections/1"); a.Status == http.StatusForbidden {
		t.Errorf("an editor cannot fill in: %d", a.Status)
	}
	if o, err := filing.ObligationByYear(t.Context(), w.db, org.ID, 2018); err != nil || o.Status != filing.StatusOpen {
		t.Errorf("the obligation is %s, %v", o.Status, err)
	}
}
