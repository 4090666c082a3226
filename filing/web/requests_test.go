package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"nianbao/filing"
	"nianbao/internal/registry"
)

const yearPath = "/filer/reports/2018"

func TestAskingForAnExtension(t *testing.T) {
	w := newWorld(t, "2019-03-20")
	org, _ := w.org(registry.TypeService)
	b := w.browser(registry.TypeService)
	wantText(t, b.Get(yearPath).Body, "延期和豁免", "申请延期", "申请免予报送")
	wantText(t, b.Get(yearPath+"/extension").Body, "决定以前，截止日仍是2019年3月31日", "希望延到哪一天")
	for name, tt := range map[string]struct {
		form url.Values
		want string
	}{
		"nothing":          {url.Values{}, "请填写希望延到的日期"},
		"no reason":        {url.Values{"due_on": {"2019-04-30"}}, "请填写理由"},
		"no later day":     {url.Values{"due_on": {"2019-03-31"}, "reason": {"审计未完成"}}, "必须在今天以后"},
		"a day of no kind": {url.Values{"due_on": {"下个月"}, "reason": {"审计未完成"}}, "请填写希望延到的日期"},
	} {
		if a := b.Post(yearPath+"/extension", tt.form); a.Status != http.StatusUnprocessableEntity || !strings.Contains(textOf(a.Body), tt.want) ||
			!strings.Contains(a.Body, tt.form.Get("reason")) {
			t.Errorf("%s: %d", name, a.Status)
		}
	}
	if a := b.Post(yearPath+"/extension", url.Values{"due_on": {"2019-04-30"}, "reason": {"审计报告四月出具"}}); a.Status != http.StatusSeeOther {
		t.Fatalf("ask: %d", a.Status)
	}
	page := b.Get(yearPath).Body
	wantText(t, page, "申请已提出", "待办理", "2019年4月30日", "审计报告四月出具", "撤回申请")
	if strings.Contains(page, yearPath+"/exemption") {
		t.Error("a second request is offered while one waits")
	}
	wantText(t, b.Get("/filer").Body, "等待登记管理机关决定", "原来的截止日不变")
	if a := b.Post(yearPath+"/exemption", url.Values{"reason": {"停止活动"}}); a.Status != http.StatusSeeOther {
		t.Errorf("a second request: %d", a.Status)
	}
	wantText(t, b.Get(yearPath).Body, "已有一项申请在等待办理")
	if a := b.Get(yearPath + "/extension"); a.Status != http.StatusSeeOther {
		t.Errorf("the form while one waits: %d", a.Status)
	}

	list, err := filing.RequestsOf(w.ctx, w.db, mustObligation(t, w, org).ID)
	if err != nil || len(list) != 1 {
		t.Fatalf("%+v, %v", list, err)
	}
	_, err = w.filing.DecideRequest(w.ctx, filing.DecideRequest{AuthorityCode: authority, RequestID: list[0].ID, Outcome: filing.OutcomeGrant,
		Reason: "同意。", Basis: "《办法》第八条", Actor: reviewer.Actor})
	if err != nil {
		t.Fatal(err)
	}
	wantText(t, b.Get(yearPath).Body, "已同意", "同意延到", "《办法》第八条", "李四", "2019年4月30日")
	wantText(t, b.Get("/filer").Body, "延期申请已获同意，截止日改为2019年4月30日")
}

func TestExemptionRefusedAndTakenBack(t *testing.T) {
	w := newWorld(t, "2019-03-20")
	org, _ := w.org(registry.TypeAssociation)
	b := w.browser(registry.TypeAssociation)
	ask := func() filing.Request {
		t.Helper()
		wantText(t, b.Get(yearPath+"/exemption").Body, "这一年度无需报送", "截止日仍是")
		if a := b.Post(yearPath+"/exemption", url.Values{"reason": {"已进入清算"}}); a.Status != http.StatusSeeOther {
			t.Fatalf("ask: %d", a.Status)
		}
		list, err := filing.RequestsOf(w.ctx, w.db, mustObligation(t, w, org).ID)
		if err != nil {
			t.Fatal(err)
		}
		return list[0]
	}
	first := ask()
	other := w.browser(registry.TypeFoundation)
	other.Get(yearPath + "/exemption")
	if a := other.Post(yearPath+"/requests/"+first.ID.String()+"/withdrawal", nil); a.Status != http.StatusNotFound {
		t.Errorf("another organisation takes it back: %d", a.Status)
	}
	if a := b.Post(yearPath+"/requests/"+first.ID.String()+"/withdrawal", nil); a.Status != http.StatusSeeOther {
		t.Errorf("take back: %d", a.Status)
	}
	wantText(t, b.Get(yearPath).Body, "申请已撤回", "已撤回")
	second := ask()
	_, err := w.filing.DecideRequest(w.ctx, filing.DecideRequest{AuthorityCode: authority, RequestID: second.ID, Outcome: filing.OutcomeRefuse,
		Reason: "清算还没有备案。", Actor: reviewer.Actor})
	if err != nil {
		t.Fatal(err)
	}
	if a := b.Post(yearPath+"/requests/"+second.ID.String()+"/withdrawal", nil); a.Status != http.StatusSeeOther {
		t.Errorf("take back what is decided: %d", a.Status)
	}
	wantText(t, b.Get(yearPath).Body, "已经办结（未同意）", "清算还没有备案。")
	wantText(t, b.Get("/filer").Body, "申请豁免报送未获同意：清算还没有备案。")
}
