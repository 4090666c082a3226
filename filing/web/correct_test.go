package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"nianbao/filing"
	"nianbao/internal/registry"
	"nianbao/review"
)

// TestCorrectionWithoutScript goes the whole way: from an accepted report to the conclusion on its correction.
func TestCorrectionWithoutScript(t *testing.T) {
	w := newWorld(t, "2019-03-20")
	org, _ := w.org(registry.TypeService)
	f, _ := w.sample(org, 1)
	report := w.submit(org, 1)
	b := w.browser(registry.TypeService)
	if a := b.Get(yearPath + "/correction"); a.Status != http.StatusSeeOther {
		t.Errorf("a report under review is corrected: %d", a.Status)
	}
	w.decide(review.Decision{SubmissionID: report.SubmissionID, Outcome: review.Pass, Actor: reviewer})
	if a := b.Get(yearPath + "/tasks"); a.Status != http.StatusSeeOther {
		t.Errorf("a passed report is worked on: %d", a.Status)
	}
	wantText(t, b.Get(yearPath).Body, "更正", "申请更正")
	wantText(t, b.Get(yearPath+"/correction").Body, "原来的审查结论继续有效", "更正的理由")
	if a := b.Post(yearPath+"/correction", url.Values{"reason": {" "}}); a.Status != http.StatusUnprocessableEntity || !strings.Contains(a.Body, "请填写理由") {
		t.Errorf("no reason: %d", a.Status)
	}
	if a := b.Post(yearPath+"/correction", url.Values{"reason": {"联系电话填错"}}); a.Status != http.StatusSeeOther || a.Header.Get("Location") != yearPath+"/tasks" {
		t.Fatalf("start: %d", a.Status)
	}
	wantText(t, b.Get(yearPath+"/tasks").Body, "更正中", "更正没有截止日")
	wantText(t, b.Get(yearPath).Body, "填写中", "联系电话填错", "继续更正", "放弃更正")
	wantText(t, b.Get("/filer").Body, "有一份更正正在填写", "继续更正")
	wantText(t, b.Get(yearPath+"/submit").Body, "通读与提出更正", "还没有改动", "没有可以更正的内容")

	field, _ := f.Field("contact_phone")
	section := yearPath + "/sections/" + field.Section.Code
	fields := formOn(t, b.Get(section).Body, section)
	fields.Set("contact_phone", "02088886666")
	fields.Set("save", "later")
	if a := b.Post(section, fields); a.Status != http.StatusSeeOther {
		t.Fatalf("save: %d", a.Status)
	}
	page := b.Get(yearPath + "/submit").Body
	wantText(t, page, "更正了什么", "联系电话填错", "02088886666", "提出更正")
	sent := formOn(t, page, yearPath+"/submit")
	sent.Set("declare", "1")
	sent.Set("declarant", "测试员")
	first := b.Post(yearPath+"/submit", sent)
	if first.Status != http.StatusSeeOther || !strings.HasSuffix(first.Header.Get("Location"), "/receipt") {
		t.Fatalf("put forward: %d %s", first.Status, first.Header.Get("Location"))
	}
	if again := b.Post(yearPath+"/submit", sent); again.Header.Get("Location") != first.Header.Get("Location") {
		t.Errorf("the form sent twice: %d %s", again.Status, again.Header.Get("Location"))
	}
	wantText(t, b.Get(first.Header.Get("Location")).Body, "更正已收到")
	wantText(t, b.Get(yearPath).Body, "更正正在审查", "撤回更正", "原来的审查结论继续有效")
	wantText(t, b.Get("/filer").Body, "更正正在审查")
	if o := mustObligation(t, w, org); o.Status != filing.StatusPassed || o.SubmissionID.UUID != report.SubmissionID {
		t.Errorf("obligation %+v", o)
	}

	// Taken back, sent again, returned with a remark, and passed.
	wantText(t, b.Get(yearPath+"/withdraw").Body, "撤回提出的更正", "原来的审查结论不受影响")
	if a := b.Post(yearPath+"/withdraw", nil); a.Status != http.StatusSeeOther {
		t.Errorf("withdraw: %d", a.Status)
	}
	wantText(t, b.Get(yearPath).Body, "已撤回更正", "继续更正")
	forward := func() filing.Obligation {
		t.Helper()
		sent := formOn(t, b.Get(yearPath+"/submit").Body, yearPath+"/submit")
		sent.Set("declare", "1")
		sent.Set("declarant", "测试员")
		if a := b.Post(yearPath+"/submit", sent); a.Status != http.StatusSeeOther {
			t.Fatalf("put forward: %d", a.Status)
		}
		return mustObligation(t, w, org)
	}
	w.decide(review.Decision{SubmissionID: forward().CorrectionID.UUID, Outcome: review.Return, Actor: reviewer,
		Remarks: []review.Remark{{Key: "contact_phone", Text: "请写区号。"}}})
	wantText(t, b.Get(yearPath).Body, "上次提出的更正已退回", "请写区号。", "继续更正")
	last := forward()
	w.decide(review.Decision{SubmissionID: last.CorrectionID.UUID, Outcome: review.Pass, Actor: reviewer})
	wantText(t, b.Get(yearPath).Body, "已经更正过", "申请更正")
	if o := mustObligation(t, w, org); o.SubmissionID != last.CorrectionID || o.Status != filing.StatusPassed {
		t.Errorf("obligation %+v", o)
	}
	accepted, err := filing.AcceptedReport(w.ctx, w.db, org.ID, 2018)
	if err != nil || !strings.Contains(string(accepted.Body), "02088886666") {
		t.Errorf("accepted %s, %v", clip(string(accepted.Body)), err)
	}
}

func clip(s string) string { return s[:min(len(s), 300)] }

func TestCorrectionGivenUp(t *testing.T) {
	w := newWorld(t, "2019-03-20")
	org, _ := w.org(registry.TypeService)
	report := w.submit(org, 1)
	w.decide(review.Decision{SubmissionID: report.SubmissionID, Outcome: review.Pass, Actor: reviewer})
	b := w.browser(registry.TypeService)
	b.Get(yearPath + "/correction")
	b.Post(yearPath+"/correction", url.Values{"reason": {"有错"}})
	wantText(t, b.Get(yearPath+"/correction").Body, "有错", "保存理由，继续更正")
	b.Post(yearPath+"/correction", url.Values{"reason": {"两处有错"}})
	wantText(t, b.Get(yearPath).Body, "两处有错")
	if a := b.Post(yearPath+"/correction/abandonment", nil); a.Status != http.StatusSeeOther {
		t.Errorf("give up: %d", a.Status)
	}
	wantText(t, b.Get(yearPath).Body, "已放弃更正", "申请更正")
	if a := b.Post(yearPath+"/correction/abandonment", nil); a.Status != http.StatusSeeOther {
		t.Errorf("give up twice: %d", a.Status)
	}
	wantText(t, b.Get(yearPath).Body, "没有正在填写的更正")
	if a := b.Get(yearPath + "/tasks"); a.Status != http.StatusSeeOther {
		t.Errorf("the draft is still open: %d", a.Status)
	}
	// What did not pass leaves all as it was.
	_, err := w.filing.Correct(w.ctx, filing.Correct{OrganisationID: org.ID, Year: 2018, Reason: "有错", IdempotencyKey: "c", Actor: reviewer.Actor,
		Body: []byte(strings.Replace(string(mustBody(t, w, report)), org.ContactPhone, "02088886666", 1))})
	if err != nil {
		t.Fatal(err)
	}
	w.decide(review.Decision{SubmissionID: mustObligation(t, w, org).CorrectionID.UUID, Outcome: review.Unqualified, Opinion: "没有依据。", Actor: reviewer})
	wantText(t, b.Get(yearPath).Body, "上次提出的更正没有通过", "没有依据。", "申请更正")
}

func mustBody(t *testing.T, w *world, r filing.Receipt) []byte {
	t.Helper()
	body, err := filing.SubmissionBody(w.ctx, w.db, r.SubmissionID)
	if err != nil {
		t.Fatal(err)
	}
	return body
}
