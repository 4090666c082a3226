package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"nianbao/internal/web/webtest"
)

func says(t testing.TB, name, body string, words ...string) {
	t.Helper()
	for _, word := range words {
		if !strings.Contains(body, word) {
			t.Errorf("%s does not say %q", name, word)
		}
	}
}

// decision previews and confirms as the pages lead, and gives the last answer.
func decision(t testing.TB, b *webtest.Browser, id uuid.UUID, form url.Values) webtest.Answer {
	t.Helper()
	a := b.Post(casePath(id)+"/preview", form)
	if a.Status != http.StatusOK {
		t.Fatalf("preview: %d", a.Status)
	}
	webtest.CheckHTML(t, "preview", []byte(a.Body))
	return b.Post(casePath(id)+"/decision", hiddenOf(a.Body, casePath(id)+"/decision"))
}

func TestTwoReviewersAtOnce(t *testing.T) {
	w := newWorld(t, "2019-03-18")
	id := w.submit(w.orgs[0], "a", nil)
	lin, wu := w.browser("lin@x.example"), w.browser("wu@x.example")
	page(t, lin, casePath(id))
	page(t, wu, casePath(id))
	finals := make([]url.Values, 2)
	for i, b := range []*webtest.Browser{lin, wu} {
		a := b.Post(casePath(id)+"/preview", url.Values{"outcome": {"pass"}, "opinion": {"各自的意见"}})
		finals[i] = hiddenOf(a.Body, casePath(id)+"/decision")
	}
	answers := make([]webtest.Answer, 2)
	var group sync.WaitGroup
	for i, b := range []*webtest.Browser{lin, wu} {
		group.Go(func() { answers[i] = b.Post(casePath(id)+"/decision", finals[i]) })
	}
	group.Wait()
	won := 0
	for _, a := range answers {
		switch a.Status {
		case http.StatusSeeOther:
			won++
		case http.StatusConflict:
			says(t, "the loser's page", a.Body, "已经作出决定", "各自的意见")
			webtest.CheckHTML(t, "the loser's page", []byte(a.Body))
		default:
			t.Errorf("decide at once: %d", a.Status)
		}
	}
	if won != 1 || w.count(`SELECT count(*) FROM conclusion`) != 1 {
		t.Errorf("%d won, %d conclusions", won, w.count(`SELECT count(*) FROM conclusion`))
	}
}

// TestClaimedByAnother: the 409 says who has the case, and keeps what was typed.
func TestClaimedByAnother(t *testing.T) {
	w := newWorld(t, "2019-03-18")
	id := w.submit(w.orgs[0], "a", nil)
	lin, wu := w.browser("lin@x.example"), w.browser("wu@x.example")
	page(t, lin, casePath(id))
	body := page(t, wu, casePath(id))
	says(t, "an unclaimed case", body, "领取这一件")
	lin.Post(casePath(id)+"/claim", nil)
	for _, path := range []string{"/claim", "/release", "/remarks"} {
		a := wu.Post(casePath(id)+path, url.Values{"text": {"我写的话"}})
		if a.Status != http.StatusConflict || !strings.Contains(a.Body, "林审查") {
			t.Errorf("%s on another's case: %d", path, a.Status)
		}
		if path == "/remarks" {
			says(t, "the conflict", a.Body, "我写的话")
		}
	}
	body = page(t, wu, casePath(id))
	says(t, "another's case", body, "这件已由林审查领取")
	if strings.Contains(body, `name="outcome"`) || strings.Contains(body, `id="new-remark"`) {
		t.Error("another's case can be worked on")
	}
	if a := lin.Post(casePath(id)+"/release", nil); a.Status != http.StatusSeeOther {
		t.Errorf("release: %d", a.Status)
	}
	if strings.Contains(page(t, wu, casePath(id)), "这件已由") {
		t.Error("a released case still has somebody")
	}
}

func TestRefusedInput(t *testing.T) {
	w := newWorld(t, "2019-03-18")
	id := w.submit(w.orgs[0], "a", nil)
	b := w.browser("lin@x.example")
	page(t, b, casePath(id))
	for name, tc := range map[string]struct {
		path string
		form url.Values
		says string
	}{
		"nothing chosen":             {"/preview", url.Values{}, "请选择一种决定"},
		"an outcome of another kind": {"/preview", url.Values{"outcome": {"qualified"}}, "请选择一种决定"},
		"return without a word":      {"/preview", url.Values{"outcome": {"return"}, "opinion": {"  \r\n "}}, "退回须写明总体意见"},
		"unqualified without reason": {"/preview", url.Values{"outcome": {"unqualified"}}, "不合格须在总体意见中写明理由"},
		"empty remark":               {"/remarks", url.Values{"text": {" "}}, "请写出意见"},
		"remark at no field":         {"/remarks", url.Values{"text": {"x"}, "at": {"no_such_key"}}, "不在报告表中"},
	} {
		a := b.Post(casePath(id)+tc.path, tc.form)
		if a.Status != http.StatusUnprocessableEntity || !strings.Contains(a.Body, tc.says) || !strings.Contains(a.Body, "<title>错误：") {
			t.Errorf("%s: status %d, want 422 with %q", name, a.Status, tc.says)
		}
		webtest.CheckHTML(t, name, []byte(a.Body))
	}
	a := b.Post(casePath(id)+"/edit", url.Values{"outcome": {"return"}, "opinion": {"写到一半的意见"}})
	says(t, "back from the preview", a.Body, "写到一半的意见", `value="return" checked`)
	// A remark that comes in between sends back to the preview.
	a = b.Post(casePath(id)+"/preview", url.Values{"outcome": {"return"}, "opinion": {"请改"}})
	final := hiddenOf(a.Body, casePath(id)+"/decision")
	b.Post(casePath(id)+"/remarks", url.Values{"text": {"后来的意见"}})
	page(t, b, casePath(id))
	if a := b.Post(casePath(id)+"/decision", final); a.Status != http.StatusOK || !strings.Contains(a.Body, "后来的意见") {
		t.Errorf("confirming what was not shown: %d", a.Status)
	}
	if n := w.count(`SELECT count(*) FROM review WHERE state <> 'pending'`); n != 0 {
		t.Error("something was decided")
	}
}

func TestFourEyes(t *testing.T) {
	w := newWorld(t, "2019-03-18", "four_eyes: true")
	id := w.submit(w.orgs[1], "a", nil)
	lin, he := w.browser("lin@x.example"), w.browser("he@x.example")
	page(t, lin, casePath(id))
	if a := decision(t, lin, id, url.Values{"outcome": {"pass"}}); a.Status != http.StatusSeeOther {
		t.Fatalf("propose: %d", a.Status)
	}
	says(t, "the proposer's case", page(t, lin, casePath(id)), "等待复核", "已提出")
	if a := he.Get("/desk"); a.Header.Get("Location") != "/desk/reviews?view=proposed" {
		t.Errorf("an approver begins at %q", a.Header.Get("Location"))
	}
	says(t, "the approver's queue", page(t, he, "/desk/reviews?view=proposed"), w.orgs[1].Name, "林审查提出")
	body := page(t, he, casePath(id))
	says(t, "the approver's case", body, "复核", "送回的理由")
	approval := casePath(id) + "/approval"
	if a := he.Post(approval+"/preview", url.Values{"verdict": {"send_back"}}); a.Status != http.StatusUnprocessableEntity {
		t.Errorf("send back without a reason: %d", a.Status)
	}
	if a := he.Post(approval+"/preview", url.Values{}); a.Status != http.StatusUnprocessableEntity {
		t.Errorf("no verdict: %d", a.Status)
	}
	if a := he.Post(approval+"/preview", url.Values{"verdict": {"send_back"}, "reason": {"再看一遍"}}); a.Status != http.StatusSeeOther {
		t.Fatalf("send back: %d", a.Status)
	}
	page(t, lin, casePath(id))
	decision(t, lin, id, url.Values{"outcome": {"pass"}})
	page(t, he, casePath(id))
	a := he.Post(approval+"/preview", url.Values{"verdict": {"confirm"}})
	webtest.CheckHTML(t, "approval", []byte(a.Body))
	says(t, "the approval", a.Body, "审查结论书", "林审查提出", "确认合格")
	if a := he.Post(approval, url.Values{"seen": {"stale"}}); a.Status != http.StatusOK {
		t.Errorf("confirming what was not shown: %d", a.Status)
	}
	if a := he.Post(approval, hiddenOf(a.Body, approval)); a.Status != http.StatusSeeOther {
		t.Fatalf("confirm: %d", a.Status)
	}
	w.issue()
	body = page(t, he, casePath(id))
	says(t, "after the approval", body, "何复核于", "试民社年审〔2019〕00001号")
	href := between(body, `href="/desk/documents/`, `"`)
	if pdf := he.Get("/desk/documents/" + href); pdf.Status != http.StatusOK || !strings.HasPrefix(pdf.Body, "%PDF") {
		t.Errorf("the conclusion: %d", pdf.Status)
	}
	if far := w.browser("far@x.example").Get("/desk/documents/" + href); far.Status != http.StatusNotFound {
		t.Errorf("another authority's document: %d, want 404", far.Status)
	}
}

func between(s, from, to string) string {
	_, s, _ = strings.Cut(s, from)
	s, _, _ = strings.Cut(s, to)
	return s
}

func TestReopening(t *testing.T) {
	w := newWorld(t, "2019-03-18")
	id := w.submit(w.orgs[0], "a", nil)
	b := w.browser("lin@x.example")
	page(t, b, casePath(id))
	decision(t, b, id, url.Values{"outcome": {"unqualified"}, "opinion": {"不符合要求"}})
	says(t, "an unqualified case", page(t, b, casePath(id)), "重新审查…")
	says(t, "the reopening", page(t, b, casePath(id)+"/reopening"), "不合格的结论不再有效", "能否反悔")
	if a := b.Post(casePath(id)+"/reopening", url.Values{}); a.Status != http.StatusUnprocessableEntity || !strings.Contains(a.Body, "请填写理由") {
		t.Errorf("reopen without a reason: %d", a.Status)
	}
	if a := b.Post(casePath(id)+"/reopening", url.Values{"reason": {"认定有误"}}); a.Status != http.StatusSeeOther {
		t.Fatalf("reopen: %d", a.Status)
	}
	says(t, "the reopened case", page(t, b, casePath(id)), "剩 10 个工作日", "已回到待审")
	if a := b.Get(casePath(id) + "/reopening"); a.Status != http.StatusConflict {
		t.Errorf("reopening what is open: %d", a.Status)
	}
}

// TestRefiled shows the difference to the report before and what was said on it.
func TestRefiled(t *testing.T) {
	w := newWorld(t, "2019-03-18")
	id := w.submit(w.orgs[1], "a", nil)
	b := w.browser("lin@x.example")
	page(t, b, casePath(id))
	decision(t, b, id, url.Values{"outcome": {"return"}, "opinion": {"请核对工作报告"}})
	second := w.submit(w.orgs[1], "b", changeText)
	body := page(t, b, casePath(second))
	says(t, "the refiled case", body, "与上次报送的差异", "改过的内容", "第 2 次报送", "请核对工作报告")
}

func TestSomebodyElses(t *testing.T) {
	w := newWorld(t, "2019-04-02")
	id := w.submit(w.orgs[0], "a", nil)
	w.sweep()
	far, lin := w.browser("far@x.example"), w.browser("lin@x.example")
	matter := w.text(`SELECT id FROM listing LIMIT 1`)
	season := w.text(`SELECT id FROM season LIMIT 1`)
	page(t, far, "/desk/reviews")
	for _, path := range []string{casePath(id), casePath(id) + "/reopening", "/desk/listings/" + matter, "/desk/listings/" + matter + "/service",
		"/desk/listings/" + matter + "/decision", "/desk/listings/" + matter + "/removal", "/desk/listings/" + matter + "/annulment",
		"/desk/seasons/" + season, "/desk/messages/" + uuid.NewString()} {
		if a := far.Get(path); a.Status != http.StatusNotFound {
			t.Errorf("another authority gets %s: %d, want 404", path, a.Status)
		}
	}
	for _, path := range []string{"/claim", "/release", "/remarks", "/remarks/remove", "/preview", "/edit", "/decision", "/reopening"} {
		a := far.Post(casePath(id)+path, url.Values{"outcome": {"pass"}, "text": {"x"}, "opinion": {"x"}, "reason": {"x"}})
		if a.Status != http.StatusNotFound {
			t.Errorf("another authority posts %s: %d, want 404", path, a.Status)
		}
		if a := lin.Get("/desk/reviews"); a.Status != http.StatusOK {
			t.Fatal(a.Status)
		}
	}
	for _, path := range []string{"/service", "/decision", "/removal", "/annulment"} {
		a := far.Post("/desk/listings/"+matter+path, url.Values{"outcome": {"list"}, "reason": {"x"}, "how": {"post"}, "served_on": {"2019-04-02"}})
		if a.Status != http.StatusNotFound {
			t.Errorf("another authority posts %s: %d, want 404", path, a.Status)
		}
	}
	body := page(t, far, "/desk/reviews") + page(t, far, "/desk/listings") + page(t, far, "/desk/documents") + page(t, far, "/desk/spot-checks") + page(t, far, "/desk/penalties")
	for _, o := range w.orgs {
		if strings.Contains(body, o.Name) {
			t.Errorf("another authority sees %s", o.Name)
		}
	}
}

func TestPlainPages(t *testing.T) {
	w := newWorld(t, "2019-04-02")
	w.submit(w.orgs[0], "a", nil)
	admin := w.browser("admin@x.example")
	says(t, "the administrator's first page", page(t, admin, "/desk"), "文书待处理", "等待发送", "2018 年度")
	says(t, "seasons", page(t, admin, "/desk/seasons"), "2018 年度 · 年度报告", "已开放")
	season := w.text(`SELECT id FROM season LIMIT 1`)
	says(t, "the board", page(t, admin, "/desk/seasons/"+season), "应报送 6 家，已报送 1 家（16.7%）", "其中逾期未报送")
	for _, path := range []string{"/desk/documents", "/desk/documents/held", "/desk/messages", "/desk/outbox", "/desk/outbox?state=failed", "/desk/listings",
		"/desk/spot-checks", "/desk/penalties", "/desk/reviews?q=" + url.QueryEscape(w.orgs[0].Name), "/desk/reviews?state=decided&type=service", "/desk/reviews?view=overdue", "/desk/reviews?view=soon"} {
		page(t, admin, path)
	}
	for path, status := range map[string]int{"/desk/reviews/x": 404, "/desk/reviews?cursor=x": 400, "/desk/documents?cursor=x": 400, "/desk/outbox?cursor=1_x": 400} {
		if a := admin.Get(path); a.Status != status {
			t.Errorf("%s: %d, want %d", path, a.Status, status)
		}
	}
	if a := admin.Post("/desk/reviews/next", nil); a.Status != http.StatusForbidden {
		t.Errorf("an administrator claims: %d", a.Status)
	}
	says(t, "a sponsor's page", page(t, w.browser("sponsor@x.example"), "/desk/sponsor"), "没有等待意见的报告")
	lin := w.browser("lin@x.example")
	page(t, lin, "/desk/reviews")
	lin.Post("/desk/reviews/next", nil)
	lin.Post("/desk/reviews/next", nil)
	says(t, "an empty queue", page(t, lin, "/desk/reviews"), "现在没有未领取的报告")
}
