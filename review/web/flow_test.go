package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"nianbao/internal/web/webtest"
)

// TestReturn goes the whole way: claim the next, remark at a field, preview, return; the notice stands afterwards.
func TestReturn(t *testing.T) {
	w := newWorld(t, "2019-03-18")
	id := w.submit(w.orgs[1], "a", nil)
	b := w.browser("lin@x.example")
	body := page(t, b, "/desk/reviews")
	if !strings.Contains(body, w.orgs[1].Name) || !strings.Contains(body, "剩 10 个工作日") {
		t.Fatal("the queue does not show the report with its days left")
	}
	if a := b.Post("/desk/reviews/next", nil); a.Status != http.StatusSeeOther || a.Header.Get("Location") != casePath(id) {
		t.Fatalf("claim the next: %d to %q", a.Status, a.Header.Get("Location"))
	}
	body = page(t, b, casePath(id)+"?section=activities&at=as_donation_income.total")
	for _, says := range []string{"已领取", "我领取", "捐赠收入", "业务活动表"} {
		if !strings.Contains(body, says) {
			t.Errorf("the case does not say %q", says)
		}
	}
	hidden := hiddenOf(body, casePath(id)+"/remarks")
	if hidden.Get("at") != "as_donation_income.total" || hidden.Get("section") != "activities" {
		t.Fatalf("the remark form is about %v", hidden)
	}
	hidden.Set("text", "捐赠收入与捐赠明细不一致，\r\n请核对。")
	if a := b.Post(casePath(id)+"/remarks", hidden); a.Status != http.StatusSeeOther {
		t.Fatalf("add a remark: %d", a.Status)
	}
	b.Post(casePath(id)+"/remarks", url.Values{"text": {"报告没有盖章"}, "basis": {"《办法》第三条"}})
	body = page(t, b, casePath(id))
	if strings.Count(body, "删除意见") != 2 || !strings.Contains(body, "附 2 条意见") {
		t.Fatal("the remarks are not on the case")
	}
	if a := b.Post(casePath(id)+"/remarks/remove", hiddenOf(body, casePath(id)+"/remarks/remove")); a.Status != http.StatusSeeOther {
		t.Fatalf("remove a remark: %d", a.Status)
	}
	body = page(t, b, casePath(id))
	if strings.Count(body, "删除意见") != 1 {
		t.Fatal("the remark is still there")
	}
	a := b.Post(casePath(id)+"/preview", url.Values{"outcome": {"return"}, "opinion": {"请补正后重新报送。"}})
	webtest.CheckHTML(t, "preview", []byte(a.Body))
	for _, says := range []string{"退回补正通知书", "2019年4月1日（星期一）", "请补正后重新报送。", "报告没有盖章", "能否反悔"} {
		if !strings.Contains(a.Body, says) {
			t.Errorf("the preview does not say %q", says)
		}
	}
	if n := w.count(`SELECT count(*) FROM review WHERE state = 'decided'`); n != 0 {
		t.Fatal("the preview decided")
	}
	final := hiddenOf(a.Body, casePath(id)+"/decision")
	if a := b.Post(casePath(id)+"/decision", final); a.Status != http.StatusSeeOther {
		t.Fatalf("decide: %d %s", a.Status, a.Body)
	}
	w.issue()
	body = page(t, b, casePath(id))
	for _, says := range []string{"已决定：退回", "林审查于", "年度报告退回补正通知书", "试民社年退〔2019〕00001号"} {
		if !strings.Contains(body, says) {
			t.Errorf("after the decision the case does not say %q", says)
		}
	}
	if strings.Contains(body, ">意见</a>") || strings.Contains(body, `name="outcome"`) {
		t.Error("a decided case still offers to decide")
	}
	if a := b.Post(casePath(id)+"/decision", final); a.Status != http.StatusConflict || !strings.Contains(a.Body, "已经作出决定") {
		t.Errorf("deciding twice: %d", a.Status)
	}
}

// TestLastYear puts last year's accepted figures beside this year's, with the change.
func TestLastYear(t *testing.T) {
	w := newWorld(t, "2019-03-18")
	w.accept(w.orgs[1], 2017)
	id := w.submit(w.orgs[1], "a", nil)
	b := w.browser("lin@x.example")
	body := page(t, b, casePath(id)+"?section=activities")
	says(t, "the activities", body, "上年合计", "填报的上年数", "2017 年度报告已接受", "不足 0.1%", "−1.2%")
	says(t, "the balance sheet", page(t, b, casePath(id)+"?section=balance_sheet"), "上年期末数", "年初数")
	says(t, "plain fields", page(t, b, casePath(id)+"?section=basics"), "与本年相同", "成立时间")
	says(t, "a table", page(t, b, casePath(id)+"?section=government_purchase"), "上年 2 行", "合同金额（元）")
	first := w.submit(w.orgs[0], "b", nil)
	if body := page(t, b, casePath(first)+"?section=activities"); strings.Contains(body, "上年合计") {
		t.Error("a column of last year where there is no report of it")
	}
}
