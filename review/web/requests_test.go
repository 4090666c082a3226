package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"nianbao/filing"
	"nianbao/internal/event"
	"nianbao/internal/workday"
)

func (w *world) ask(i int, to workday.Date) filing.Request {
	w.t.Helper()
	ask := filing.Ask{OrganisationID: w.orgs[i].ID, Year: 2018, Kind: filing.RequestExemption, Reason: "审计报告四月出具。",
		Actor: event.Actor{Kind: event.ActorPerson, ID: "p1", Name: "张三"}}
	if !to.IsZero() {
		ask.Kind, ask.WishedDueOn = filing.RequestExtension, to
	}
	r, err := w.filing.AskFor(w.t.Context(), ask)
	must(w.t, err)
	return r
}

func TestRequestsAtTheDesk(t *testing.T) {
	w := newWorld(t, "2019-03-20")
	b := w.browser("lin@x.example")
	says(t, "an empty list", page(t, b, "/desk/requests"), "没有等待办理的申请")
	extension, exemption := w.ask(0, workday.NewDate(2019, 4, 30)), w.ask(1, workday.Date{})
	says(t, "the list", page(t, b, "/desk/requests"), w.orgs[0].Name, w.orgs[1].Name, "待办理 2", "延期报送", "豁免报送")
	if body := page(t, b, "/desk/requests?status=pending&kind=exemption"); strings.Contains(body, w.orgs[0].Name) {
		t.Error("an extension is among the exemptions")
	}
	path := "/desk/requests/" + extension.ID.String()
	says(t, "the request", page(t, b, path), "审计报告四月出具。", "2019年4月30日", "晚 30 天", "作出决定")
	says(t, "the form", page(t, b, path+"/decision"), `value="2019-04-30"`, "能否反悔")
	for name, tt := range map[string]struct {
		form url.Values
		want string
	}{
		"nothing":                {url.Values{}, "请选择同意或者不同意"},
		"a refusal, no reason":   {url.Values{"outcome": {"refuse"}}, "请填写理由"},
		"a grant, no day":        {url.Values{"outcome": {"grant"}, "due_on": {""}}, "请填写同意延到的日期"},
		"a grant of no time":     {url.Values{"outcome": {"grant"}, "due_on": {"2019-03-31"}}, "必须晚于现在的截止日"},
		"a word of nobody's own": {url.Values{"outcome": {"maybe"}, "due_on": {"2019-04-30"}}, "不认识的决定"},
	} {
		if a := b.Post(path+"/decision", tt.form); a.Status != http.StatusUnprocessableEntity || !strings.Contains(a.Body, tt.want) {
			t.Errorf("%s: %d", name, a.Status)
		}
	}
	if a := b.Post(path+"/decision", url.Values{"outcome": {"grant"}, "due_on": {"2019-04-20"}, "basis": {"《办法》第八条"}}); a.Status != http.StatusSeeOther {
		t.Fatalf("grant: %d", a.Status)
	}
	says(t, "the decision", page(t, b, path), "已同意", "2019年4月20日", "林审查", "《办法》第八条")
	late := w.browser("wu@x.example")
	page(t, late, "/desk/reviews")
	if a := late.Post(path+"/decision", url.Values{"outcome": {"refuse"}, "reason": {"晚了一步"}}); a.Status != http.StatusConflict ||
		!strings.Contains(a.Body, "已经办结") || !strings.Contains(a.Body, "晚了一步") {
		t.Errorf("the second reviewer: %d", a.Status)
	}
	if a := b.Get(path + "/decision"); a.Status != http.StatusSeeOther {
		t.Errorf("the form of what is decided: %d", a.Status)
	}
	says(t, "granted ones", page(t, b, "/desk/requests?status=granted"), w.orgs[0].Name, "已同意 1", "待办理 1")

	// The report came in meanwhile: only a refusal is left.
	w.submit(w.orgs[1], "k", nil)
	other := "/desk/requests/" + exemption.ID.String()
	says(t, "what moved on", page(t, b, other), "不能再同意这项申请")
	if body := page(t, b, other+"/decision"); strings.Contains(body, `value="grant"`) {
		t.Error("a grant is offered that cannot be")
	}
	if a := b.Post(other+"/decision", url.Values{"outcome": {"grant"}}); a.Status != http.StatusConflict {
		t.Errorf("a grant that cannot be: %d", a.Status)
	}
	if a := b.Post(other+"/decision", url.Values{"outcome": {"refuse"}, "reason": {"报告已经收到。"}}); a.Status != http.StatusSeeOther {
		t.Errorf("refuse: %d", a.Status)
	}
	for _, email := range []string{"he@x.example", "admin@x.example"} {
		says(t, email, page(t, w.browser(email), other), "报告已经收到。")
	}
	if a := w.browser("far@x.example").Get(other); a.Status != http.StatusNotFound {
		t.Errorf("another authority's: %d", a.Status)
	}
}
