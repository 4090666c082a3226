package web_test

import (
	"strings"
	"testing"

	"nianbao/filing"
	"nianbao/filing/form"
	"nianbao/internal/event"
	"nianbao/internal/registry"
	"nianbao/internal/web/webtest"
	"nianbao/review"
)

// wantWay wants the stations in this order on the page of the year.
func wantWay(t *testing.T, page string, stations ...string) {
	t.Helper()
	_, track, ok := strings.Cut(page, `<ol class="nb-track">`)
	if !ok {
		t.Fatal("the page shows no way")
	}
	track, _, _ = strings.Cut(track, "</ol>")
	text := strings.ReplaceAll(textOf(track), " ", "")
	at := 0
	for _, station := range stations {
		i := strings.Index(text[at:], strings.ReplaceAll(station, " ", ""))
		if i < 0 {
			t.Fatalf("%q is not where it should be in %q", station, text)
		}
		at += i + len(strings.ReplaceAll(station, " ", ""))
	}
}

// The way of a report shows what happened with its day: taken back, sent back,
// submitted again, concluded; and what comes next until when.
func TestTrack(t *testing.T) {
	w := newWorld(t, "2019-03-18")
	org, _ := w.org(registry.TypeService)
	b := w.browser(registry.TypeService)
	const year = "/filer/reports/2018"
	way := func(stations ...string) {
		t.Helper()
		page := b.Get(year)
		webtest.CheckHTML(t, "report", []byte(page.Body))
		wantWay(t, page.Body, stations...)
	}
	way("开放报送", "2019年1月14日", "填写", "报送", "最迟2019年3月31日", "形式审查", "结论")
	w.submit(org, 1)
	way("报送", "2019年3月18日", "审查中", "最迟2019年4月1日审结", "结论")
	w.clock.Set(noon("2019-03-19"))
	if _, err := w.filing.Withdraw(w.ctx, filing.Withdraw{OrganisationID: org.ID, Year: 2018, Actor: event.System("test")}); err != nil {
		t.Fatal(err)
	}
	way("报送", "2019年3月18日", "撤回", "2019年3月19日", "修改后重新报送", "最迟2019年3月31日")
	w.clock.Set(noon("2019-03-20"))
	second := w.submit(org, 2)
	w.clock.Set(noon("2019-03-22"))
	w.decide(review.Decision{SubmissionID: second.SubmissionID, Outcome: review.Return, Opinion: "请改",
		Remarks: []review.Remark{{Key: "postcode", Text: "邮政编码有误"}}})
	way("第2次报送", "2019年3月20日", "退回", "2019年3月22日", "修改后重新报送", "最迟")
	tasks := textOf(b.Get(year + "/tasks").Body)
	if remarked, cover := strings.Index(tasks, "审查意见涉及的部分"), strings.Index(tasks, "封面"); remarked < 0 || remarked > cover || !strings.Contains(tasks, "需修改") {
		t.Errorf("what was remarked on does not come first: %s", tasks)
	}
	w.saveWith(org, form.Values{"postcode": "510030"})
	if tasks := textOf(b.Get(year + "/tasks").Body); !strings.Contains(tasks, "已修改") || strings.Contains(tasks, "需修改") {
		t.Errorf("the section was changed: %s", tasks)
	}
	wantText(t, b.Get(submitPath).Body, "与上次报送相比", "510030")
	third := w.submit(org, 3)
	w.decide(review.Decision{SubmissionID: third.SubmissionID, Outcome: review.Pass})
	way("第3次报送", "退回1次后审结", "结论：合格")
}
