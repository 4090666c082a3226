package web_test

import (
	"net/http"
	"strings"
	"testing"

	"nianbao/filing"
	"nianbao/filing/form"
	"nianbao/internal/event"
	"nianbao/internal/registry"
	"nianbao/internal/web/webtest"
)

// saveWith stores a complete draft with some values changed.
func (w *world) saveWith(org registry.Organisation, changed form.Values) (*form.Form, form.Values) {
	w.t.Helper()
	f, values := w.sample(org, 1)
	for key, v := range changed {
		values[key] = v
	}
	_, err := w.filing.SaveDraft(w.ctx, filing.SaveDraft{OrganisationID: org.ID, Year: 2018, Body: []byte(encode(w.t, f, values)),
		Actor: event.Actor{Kind: event.ActorPerson, ID: "p1", Name: "张三"}})
	if err != nil {
		w.t.Fatal(err)
	}
	return f, values
}

const checkPath = "/filer/reports/2018/check"

// only finds the one field of a form whose name begins with prefix.
func only(t *testing.T, fields map[string][]string, prefix string) string {
	t.Helper()
	found := ""
	for name := range fields {
		if strings.HasPrefix(name, prefix) {
			if found != "" {
				t.Fatalf("several fields begin with %s", prefix)
			}
			found = name
		}
	}
	if found == "" {
		t.Fatalf("no field begins with %s", prefix)
	}
	return found
}

// A warning shows its figures and takes an explanation; of two people the second
// is shown what the first wrote; a changed warning makes it stale; submitted, it
// is on the read-through and stays with the report.
func TestExplanations(t *testing.T) {
	w := newWorld(t, "2019-03-28")
	org, _ := w.org(registry.TypeService)
	w.saveWith(org, form.Values{"postcode": "51000O"})
	first, second := w.browser(registry.TypeService), w.browser(registry.TypeService)

	page, other := first.Get(checkPath), second.Get(checkPath)
	webtest.CheckHTML(t, "check with a warning", []byte(page.Body))
	wantText(t, page.Body, "可以报送", "1 处提示中，0 处写了说明", "邮政编码", "51000O", "说明（选填，审查员会看到）", "校验 CT-POSTCODE")
	fields, theirs := formOn(t, page.Body, checkPath), formOn(t, other.Body, checkPath)
	name := only(t, fields, "said-")

	fields.Set(name, "村里\r\n没有邮编")
	if a := first.Post(checkPath, fields); a.Status != http.StatusSeeOther {
		t.Fatalf("save an explanation: %d\n%s", a.Status, textOf(a.Body))
	}
	wantText(t, first.Get(checkPath).Body, "说明已保存。", "1 处提示中，1 处写了说明", "测试员写于")

	theirs.Set(name, "另一个人写的")
	kept := second.Post(checkPath, theirs)
	if kept.Status != http.StatusConflict {
		t.Fatalf("over an unseen explanation: %d", kept.Status)
	}
	webtest.CheckHTML(t, "check with a conflict", []byte(kept.Body))
	wantText(t, kept.Body, "您打开本页以后，测试员写了：“村里\n没有邮编”")
	again := formOn(t, kept.Body, checkPath)
	if again.Get(name) != "另一个人写的" {
		t.Errorf("what was typed is lost: %q", again.Get(name))
	}
	if a := second.Post(checkPath, again); a.Status != http.StatusSeeOther {
		t.Fatalf("the second time: %d\n%s", a.Status, textOf(a.Body))
	}

	long := formOn(t, second.Get(checkPath).Body, checkPath)
	long.Set(name, strings.Repeat("长", filing.MaxExplanation+1))
	refused := second.Post(checkPath, long)
	if refused.Status != http.StatusUnprocessableEntity {
		t.Errorf("a text that is too long: %d", refused.Status)
	}
	webtest.CheckHTML(t, "check with a refusal", []byte(refused.Body))
	wantText(t, refused.Body, "说明超过1000字，请精简。")

	section := first.Get("/filer/reports/2018/sections/" + sectionOf(t, w, org, "postcode"))
	wantText(t, section.Body, "另一个人写的")

	w.saveWith(org, form.Values{"postcode": "510OOO"})
	stale := first.Get(checkPath)
	webtest.CheckHTML(t, "check with a stale explanation", []byte(stale.Body))
	wantText(t, stale.Body, "写下说明以后，这项提示的内容变了", "其中 1 处的提示后来变了")
	first.Post(checkPath, formOn(t, stale.Body, checkPath)) // saving once is enough
	if after := textOf(first.Get(checkPath).Body); strings.Contains(after, "后来变了") {
		t.Error("a saved explanation is still stale")
	}
}

func sectionOf(t *testing.T, w *world, org registry.Organisation, key string) string {
	t.Helper()
	f, _ := w.sample(org, 1)
	field, ok := f.Field(key)
	if !ok {
		t.Fatalf("no field %s", key)
	}
	return field.Section.Code
}
