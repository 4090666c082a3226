package web_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"nianbao/filing"
	"nianbao/filing/form"
	"nianbao/internal/account"
	"nianbao/internal/event"
	"nianbao/internal/registry"
	"nianbao/internal/web/webtest"
	"nianbao/templates/documents"
)

const submitPath = "/filer/reports/2018/submit"

// The declaration needs its tick and the person's own name; it goes on record.
func TestDeclaration(t *testing.T) {
	w := newWorld(t, "2019-03-28")
	org, _ := w.org(registry.TypeService)
	w.saveWith(org, nil)
	b := w.browser(registry.TypeService)
	for _, tt := range []struct{ tick, name, want string }{
		{"", "测试员", "请勾选声明后再报送"}, {"1", "", "请输入声明人姓名"}, {"1", "别人", "与登录账户的姓名“测试员”不一致"},
	} {
		fields := formOn(t, b.Get(submitPath).Body, submitPath)
		fields.Set("declare", tt.tick)
		fields.Set("declarant", tt.name)
		if a := b.Post(submitPath, fields); a.Status != http.StatusUnprocessableEntity || !strings.Contains(textOf(a.Body), tt.want) {
			t.Errorf("%q by %q: %d, want %q", tt.tick, tt.name, a.Status, tt.want)
		}
	}
	fields := formOn(t, b.Get(submitPath).Body, submitPath)
	fields.Set("declare", "1")
	fields.Set("declarant", " 测　试员")
	if a := b.Post(submitPath, fields); a.Status != http.StatusSeeOther {
		t.Fatalf("submit: %d\n%s", a.Status, textOf(a.Body))
	}
	report, err := filing.ReportOf(w.ctx, w.db, org.ID, 2018)
	if err != nil || len(report.Submissions) != 1 {
		t.Fatalf("%+v, %v", report, err)
	}
	s := report.Submissions[0]
	d, err := filing.SubmissionDeclaration(w.ctx, w.db, s.ID)
	if err != nil || d.Version != filing.DeclarationVersion || d.Name != "测　试员" || d.PersonID != s.ActorID || d.LegalRepresentative != org.LegalRepresentative {
		t.Errorf("on record: %+v, %v", d, err)
	}
	wantText(t, b.Get("/filer/reports/2018/submissions/"+s.ID.String()).Body, "法定代表人声明", "测　试员")
}

// The page declares what the page for signing declares.
func TestDeclarationSaysWhatIsSigned(t *testing.T) {
	signed, err := documents.FS.ReadFile("declaration.txt")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.ReplaceAll(string(signed), "{{.P.ReportYear}}", "2018")
	if want := filing.DeclarationText(filing.DeclarationVersion, 2018); !strings.Contains(text, want) {
		t.Errorf("the page for signing does not say %q", want)
	}
}

// Two windows of one person press the button at once, each sends its form
// twice: one report is taken, and all that belongs to it leads to its receipt.
func TestSubmitTwiceAtOnce(t *testing.T) {
	w := newWorld(t, "2019-03-28")
	org, _ := w.org(registry.TypeService)
	w.saveWith(org, nil)
	var wait sync.WaitGroup
	landed := make([]string, 4)
	start := make(chan struct{})
	for i := range 2 {
		b, again := w.browser(registry.TypeService), w.browser(registry.TypeService)
		fields := formOn(t, b.Get(submitPath).Body, submitPath)
		fields.Set("declare", "1")
		fields.Set("declarant", "测试员")
		again.Get(submitPath)
		for j, browser := range []*webtest.Browser{b, again} {
			wait.Go(func() {
				<-start
				a := browser.Post(submitPath, fields)
				if landed[2*i+j] = a.Header.Get("Location"); landed[2*i+j] == "" {
					t.Errorf("form %d sent by %d: %d\n%s", i, j, a.Status, textOf(a.Body))
				}
			})
		}
	}
	close(start)
	wait.Wait()
	report, err := filing.ReportOf(w.ctx, w.db, org.ID, 2018)
	if err != nil || len(report.Submissions) != 1 {
		t.Fatalf("%d submissions, %v", len(report.Submissions), err)
	}
	receipt := "/filer/reports/2018/submissions/" + report.Submissions[0].ID.String() + "/receipt"
	if landed[0] != landed[1] || landed[2] != landed[3] {
		t.Errorf("the same form led to different places: %q", landed)
	}
	for _, at := range landed {
		if at != receipt && at != "/filer/reports/2018" {
			t.Errorf("landed at %q", at)
		}
	}
	if landed[0] != receipt && landed[2] != receipt {
		t.Errorf("nobody reached the receipt: %q", landed)
	}
}

// An editor reads through, cannot submit, and can remind who does, once a day.
func TestEditorAsks(t *testing.T) {
	w := newWorld(t, "2019-03-28")
	org, _ := w.org(registry.TypeService)
	w.saveWith(org, form.Values{"postcode": "51000O"})
	person := account.NewPerson{Email: "editor@x.example", Name: "林某", Role: account.RoleFiler, Editor: true,
		Scope: account.Scope{OrganisationID: uuid.NullUUID{UUID: org.ID, Valid: true}}, Actor: event.System("test")}
	if _, err := account.CreatePerson(w.ctx, w.db, person, webtest.Password); err != nil {
		t.Fatal(err)
	}
	b := webtest.NewBrowser(t, w.server.URL)
	b.SignIn("editor@x.example")
	page := b.Get(submitPath)
	webtest.CheckHTML(t, "submit for an editor", []byte(page.Body))
	wantText(t, page.Body, "由本单位负责人测试员登录后办理", "提醒负责人报送", "51000O")
	if strings.Contains(page.Body, `name="declare"`) {
		t.Error("an editor is asked to declare")
	}
	if a := b.Post(submitPath, map[string][]string{"key": {"k"}, "version": {"1"}, "declare": {"1"}, "declarant": {"林某"}}); a.Status != http.StatusForbidden {
		t.Errorf("an editor submits: %d", a.Status)
	}
	if a := b.Post(submitPath+"/ask", nil); a.Header.Get("Location") != submitPath {
		t.Errorf("remind: %d to %s", a.Status, a.Header.Get("Location"))
	}
	asked := b.Get(submitPath)
	webtest.CheckHTML(t, "submit after a reminder", []byte(asked.Body))
	wantText(t, asked.Body, "已提醒负责人", "一天提醒一次")
	if a := b.Post(submitPath+"/ask", nil); a.Header.Get("Location") != "/filer/reports/2018" {
		t.Errorf("remind again: %d to %s", a.Status, a.Header.Get("Location"))
	}
}
