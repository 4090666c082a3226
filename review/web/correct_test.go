package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"nianbao/filing"
	"nianbao/internal/event"
	"nianbao/review"
)

func TestCorrectionAtTheDesk(t *testing.T) {
	w := newWorld(t, "2019-03-20")
	org := w.orgs[0]
	report := w.submit(org, "k", nil)
	lin := review.Actor{Actor: event.Actor{Kind: event.ActorPerson, ID: "r1", Name: "林审查"}, AuthorityCode: city}
	_, err := w.reviews.Decide(t.Context(), review.Decision{SubmissionID: report, Outcome: review.Pass, Actor: lin})
	must(t, err)
	receipt, err := w.filing.Correct(t.Context(), filing.Correct{OrganisationID: org.ID, Year: 2018, Reason: "工作总结有误。", IdempotencyKey: "c",
		Body: w.body(org, 2018, 1, changeText), Actor: event.Actor{Kind: event.ActorPerson, ID: "p1", Name: "张三"}})
	must(t, err)
	b := w.browser("lin@x.example")
	says(t, "the queue", page(t, b, "/desk/reviews"), org.Name, `>更正</span>`)
	path := casePath(receipt.SubmissionID)
	body := page(t, b, path)
	says(t, "the case", body, "这是一份更正", "工作总结有误。", "与原来的报告的差异", "继续有效", casePath(report), "改过的内容")
	o, err := filing.ObligationByYear(t.Context(), w.db, org.ID, 2018)
	must(t, err)
	conclusion, err := review.ConclusionOf(t.Context(), w.db, o.ID)
	must(t, err)
	says(t, "the outcomes", body, "替代"+conclusion.Number, "更正不予通过")
	a := b.Post(path+"/preview", url.Values{"outcome": {"pass"}})
	if a.Status != http.StatusOK || !strings.Contains(a.Body, conclusion.Number) || !strings.Contains(a.Body, "出具结论书") {
		t.Fatalf("preview: %d", a.Status)
	}
	if a := b.Post(path+"/decision", hiddenOf(a.Body, path+"/decision")); a.Status != http.StatusSeeOther {
		t.Fatalf("decide: %d", a.Status)
	}
	says(t, "the decided case", page(t, b, path), "更正已经通过，代替了原来的报告")
	if strings.Contains(page(t, b, path), "reopening") {
		t.Error("a correction can be reopened")
	}
	says(t, "the corrected report", page(t, b, casePath(report)), org.Name)
}

func TestRefusedCorrectionAtTheDesk(t *testing.T) {
	w := newWorld(t, "2019-03-20")
	org := w.orgs[0]
	report := w.submit(org, "k", nil)
	lin := review.Actor{Actor: event.Actor{Kind: event.ActorPerson, ID: "r1", Name: "林审查"}, AuthorityCode: city}
	_, err := w.reviews.Decide(t.Context(), review.Decision{SubmissionID: report, Outcome: review.Pass, Actor: lin})
	must(t, err)
	receipt, err := w.filing.Correct(t.Context(), filing.Correct{OrganisationID: org.ID, Year: 2018, Reason: "有误。", IdempotencyKey: "c",
		Body: w.body(org, 2018, 1, changeText), Actor: event.Actor{Kind: event.ActorPerson, ID: "p1", Name: "张三"}})
	must(t, err)
	b, path := w.browser("lin@x.example"), casePath(receipt.SubmissionID)
	page(t, b, path)
	a := b.Post(path+"/preview", url.Values{"outcome": {"unqualified"}, "opinion": {"没有依据。"}})
	if a.Status != http.StatusOK || !strings.Contains(a.Body, "社会组织可以再申请更正") {
		t.Fatalf("preview: %d", a.Status)
	}
	if a := b.Post(path+"/decision", hiddenOf(a.Body, path+"/decision")); a.Status != http.StatusSeeOther {
		t.Fatalf("decide: %d", a.Status)
	}
	if strings.Contains(page(t, b, path), "重新审查") {
		t.Error("a refused correction can be reopened")
	}
	if a := b.Get(path + "/reopening"); a.Status != http.StatusConflict && a.Status != http.StatusNotFound {
		t.Errorf("the form to reopen: %d", a.Status)
	}
}
