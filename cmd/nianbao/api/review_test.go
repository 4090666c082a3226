package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"nianbao/cmd/nianbao/api"
	"nianbao/internal/account"
)

func TestQueue(t *testing.T) {
	w := newWorld(t, "2019-01-20")
	var receipts []api.Receipt
	for i := range 3 {
		receipts = append(receipts, w.submitted(i))
		w.clock.Advance(1e9)
	}
	list := into[api.ReviewList](w.get(w.reviewer(), "/reviews?limit=2").want(http.StatusOK))
	if len(list.Items) != 2 || list.Next == nil || list.Items[0].SubmissionId != receipts[0].SubmissionId {
		t.Fatalf("first page %+v", list)
	}
	first := list.Items[0]
	if first.Organisation.Uscc != string(w.orgs[0].USCC) || first.ClaimedBy != nil || first.WorkingDaysLeft != 10 || first.Warnings != 0 {
		t.Errorf("item %+v", first)
	}
	rest := into[api.ReviewList](w.get(w.reviewer(), "/reviews?limit=2&cursor="+*list.Next).want(http.StatusOK))
	if len(rest.Items) != 1 || rest.Next != nil || rest.Items[0].SubmissionId != receipts[2].SubmissionId {
		t.Errorf("second page %+v", rest)
	}
	stranger := w.token(account.RoleReviewer, neighbor, "外地")
	if list := into[api.ReviewList](w.get(stranger, "/reviews")); len(list.Items) != 0 || list.Next != nil {
		t.Errorf("another authority sees %+v", list)
	}
	found := into[api.ReviewList](w.get(w.reviewer(), "/reviews?q="+string(w.orgs[1].USCC)))
	if len(found.Items) != 1 || found.Items[0].SubmissionId != receipts[1].SubmissionId {
		t.Errorf("found by code: %+v", found)
	}
}

func TestClaimAndRelease(t *testing.T) {
	w := newWorld(t, "2019-01-20")
	receipt := w.submitted(0)
	path := "/reviews/" + receipt.SubmissionId.String()
	other := w.token(account.RoleReviewer, city, "赵审查")
	w.post(w.reviewer(), path+"/release", nil).refused(http.StatusConflict, "not_claimed")
	claimed := into[api.ReviewItem](w.post(w.reviewer(), path+"/claim", nil).want(http.StatusOK))
	if claimed.ClaimedBy == nil || *claimed.ClaimedBy != "王审查" || claimed.ReceiptNo == nil || *claimed.ReceiptNo != receipt.ReceiptNo ||
		claimed.Organisation.Name != w.orgs[0].Name || claimed.WorkingDaysLeft != 10 {
		t.Errorf("claimed %+v", claimed)
	}
	w.post(w.reviewer(), path+"/claim", nil).want(http.StatusOK)
	w.post(other, path+"/claim", nil).refused(http.StatusConflict, "claimed_by_other")
	w.post(other, path+"/release", nil).refused(http.StatusConflict, "claimed_by_other")
	w.post(other, path+"/decision", `{"outcome":"pass"}`).refused(http.StatusConflict, "claimed_by_other")
	if released := into[api.ReviewItem](w.post(w.reviewer(), path+"/release", nil).want(http.StatusOK)); released.ClaimedBy != nil {
		t.Errorf("released %+v", released)
	}
	w.post(other, path+"/claim", nil).want(http.StatusOK)
}

func TestReturnAndRefile(t *testing.T) {
	w := newWorld(t, "2019-01-21")
	receipt := w.submitted(1)
	for body, code := range map[string]string{
		`{"outcome":"return"}`:                "return_without_reason",
		`{"outcome":"return","opinion":"  "}`: "return_without_reason",
		`{"outcome":"qualified"}`:             "outcome_not_allowed",
		`{"outcome":"approve"}`:               "outcome_not_allowed",
		`{}`:                                  "outcome_not_allowed",
		`{"outcome":"return","remarks":[{"key":"name","text":" "}]}`:    "bad_remark",
		`{"outcome":"return","remarks":[{"key":"no_such","text":"x"}]}`: "bad_remark",
	} {
		w.decide(receipt.SubmissionId, body).refused(http.StatusUnprocessableEntity, code)
	}
	a := w.decide(receipt.SubmissionId, `{"outcome":"return","opinion":"请更正。","remarks":[{"key":"bs_cash.closing","text":"与银行对账单不符","basis":"第7号"},{"text":"其他"}]}`)
	if got := into[api.DecisionAnswer](a.want(http.StatusOK)); got.Status != "returned" {
		t.Errorf("status %s", got.Status)
	}
	w.decide(receipt.SubmissionId, `{"outcome":"pass"}`).refused(http.StatusConflict, "already_decided")
	report := into[api.Report](w.get(w.filer(1), "/reports/2018"))
	want := []api.Remark{{Key: "bs_cash.closing", Text: "与银行对账单不符", Basis: "第7号"}, {Text: "其他"}}
	if diff := cmp.Diff(want, report.Remarks); diff != "" || report.Opinion == nil || *report.Opinion != "请更正。" || report.Status != "returned" {
		t.Errorf("report %+v\n%s", report, diff)
	}
	owed := into[api.ObligationList](w.get(w.filer(1), "/obligations")).Items[0]
	if owed.ResubmitBy == nil || owed.ResubmitBy.String() != "2019-02-02" { // Saturday, a make-up day of Spring Festival
		t.Errorf("resubmit by %v", owed.ResubmitBy)
	}
	again := into[api.Receipt](w.submit(1, "second", w.report(1, 2)).want(http.StatusCreated))
	report = into[api.Report](w.get(w.filer(1), "/reports/2018"))
	if len(report.Submissions) != 2 || report.Submissions[0].Status != "returned" || len(report.Remarks) != 2 {
		t.Errorf("after refiling, what was said stays to be read: %+v", report)
	}
	w.differencesOf(again.SubmissionId)
}

// differencesOf checks that a refiled case shows what changed, as it stands in a body.
func (w *world) differencesOf(id uuid.UUID) {
	w.t.Helper()
	a := w.get(w.reviewer(), "/reviews/"+id.String()).want(http.StatusOK)
	found := into[api.Review](a)
	if len(found.Differences) == 0 || found.Prior != nil {
		w.t.Fatalf("%d differences, prior %s", len(found.Differences), given(found.Prior))
	}
	var before, after struct{ Values map[string]any }
	if json.Unmarshal(w.report(1, 1), &before) != nil || json.Unmarshal(w.report(1, 2), &after) != nil {
		w.t.Fatal("reports")
	}
	for _, d := range found.Differences {
		if diff := cmp.Diff([]any{before.Values[d.Key], after.Values[d.Key]}, []any{d.Before, d.After}); diff != "" || d.Label == "" {
			w.t.Errorf("difference %s (%s)\n%s", d.Key, d.Label, diff)
		}
	}
	var body struct {
		Body struct{ Values map[string]any }
	}
	if err := json.Unmarshal(a.Body, &body); err != nil {
		w.t.Fatal(err)
	}
	if diff := cmp.Diff(after.Values, body.Body.Values); diff != "" {
		w.t.Errorf("body\n%s", diff)
	}
}

func given[T any](v *T) (zero T) {
	if v == nil {
		return zero
	}
	return *v
}

func TestPriorReportAndWarnings(t *testing.T) {
	w := newWorld(t, "2019-01-20")
	prior := fmt.Sprintf(`{"uscc":%q,"report_year":2017,"form":"association-2004","values":{"name":"旧名"}}`, w.orgs[0].USCC)
	if _, err := w.db.ExecContext(w.ctx, `INSERT INTO accepted_report (organisation_id, report_year, form, body, accepted_at)
		VALUES ($1, 2017, 'association-2004', $2, now())`, w.orgs[0].ID, `{"values":{"name":"旧名"}}`); err != nil {
		t.Fatal(prior, err)
	}
	a := w.submit(0, "k", w.report(0, 1)).want(http.StatusCreated)
	found := into[api.Review](w.get(w.reviewer(), "/reviews/"+into[api.Receipt](a).SubmissionId.String()).want(http.StatusOK))
	if found.Prior == nil || !strings.Contains(string(*found.Prior), "旧名") {
		t.Errorf("prior %s", given(found.Prior))
	}
	if len(found.Findings) != found.Review.Warnings {
		t.Errorf("%d findings, %d warnings", len(found.Findings), found.Review.Warnings)
	}
}

func TestPassGivesAConclusion(t *testing.T) {
	w := newWorld(t, "2019-01-21")
	receipt := w.submitted(1)
	if got := into[api.DecisionAnswer](w.decide(receipt.SubmissionId, `{"outcome":"pass"}`).want(http.StatusOK)); got.Status != "passed" {
		t.Errorf("status %s", got.Status)
	}
	numbered := into[api.Report](w.get(w.filer(1), "/reports/2018")).Conclusion
	if numbered == nil || numbered.Number == "" || numbered.VerifyCode == "" || numbered.IssuedOn.String() != "2019-01-21" ||
		numbered.Url != nil || numbered.Sha256 != nil {
		t.Fatalf("before the PDF stands: %+v", numbered)
	}
	w.issue()
	issued := into[api.Report](w.get(w.filer(1), "/reports/2018")).Conclusion
	if issued.Url == nil || !strings.HasPrefix(*issued.Url, "/api/v1/documents/") || issued.Sha256 == nil {
		t.Fatalf("once it stands: %+v", issued)
	}
	a := w.get(w.filer(1), *issued.Url).want(http.StatusOK)
	if !strings.HasPrefix(string(a.Body), "%PDF-") || a.Header.Get("ETag") != `"`+*issued.Sha256+`"` {
		t.Errorf("ETag %s", a.Header.Get("ETag"))
	}
	w.submit(1, "k", w.report(1, 2)).refused(http.StatusConflict, "already_concluded")
}

func TestUnqualifiedIssuesNothing(t *testing.T) {
	w := newWorld(t, "2019-01-21")
	receipt := w.submitted(0)
	w.decide(receipt.SubmissionId, `{"outcome":"unqualified","opinion":"严重不实"}`).want(http.StatusOK)
	w.issue()
	report := into[api.Report](w.get(w.filer(0), "/reports/2018"))
	if report.Status != "unqualified" || report.Conclusion != nil || given(report.Opinion) != "严重不实" {
		t.Errorf("report %+v", report)
	}
	if list := into[api.DocumentList](w.get(w.filer(0), "/documents")); len(list.Items) != 0 {
		t.Errorf("documents %+v", list.Items)
	}
}

func TestManyDecideAtOnce(t *testing.T) {
	w := newWorld(t, "2019-01-21")
	receipt := w.submitted(0)
	tokens := make([]string, 6)
	for i := range tokens {
		tokens[i] = w.token(account.RoleReviewer, city, fmt.Sprint("审查", i))
	}
	answers := make([]answer, len(tokens))
	var wait sync.WaitGroup
	for i := range tokens {
		wait.Go(func() {
			answers[i] = w.post(tokens[i], "/reviews/"+receipt.SubmissionId.String()+"/decision", `{"outcome":"pass"}`)
		})
	}
	wait.Wait()
	won := 0
	for _, a := range answers {
		if a.Status == http.StatusOK {
			won++
			continue
		}
		if p := into[api.Problem](a.want(http.StatusConflict)); p.Code != "already_decided" && p.Code != "claimed_by_other" {
			t.Errorf("code %s", p.Code)
		}
	}
	if won != 1 {
		t.Errorf("%d decisions went through", won)
	}
}

func TestFourEyes(t *testing.T) {
	w := newWorld(t, "2019-01-21")
	w.season(city, "four_eyes: true\n")
	receipt := w.submitted(0)
	path := "/reviews/" + receipt.SubmissionId.String()
	w.post(w.approver(), path+"/approval", `{"outcome":"confirm"}`).refused(http.StatusConflict, "not_proposed")
	proposed := into[api.DecisionAnswer](w.decide(receipt.SubmissionId, `{"outcome":"pass","opinion":"齐备"}`).want(http.StatusOK))
	if proposed.Status != "submitted" || given(proposed.ReviewStatus) != "proposed" {
		t.Errorf("proposed %+v", proposed)
	}
	if report := into[api.Report](w.get(w.filer(0), "/reports/2018")); report.Opinion != nil || report.Conclusion != nil {
		t.Errorf("the filer sees a proposal: %+v", report)
	}
	w.post(w.approver(), path+"/approval", `{"outcome":"maybe"}`).refused(http.StatusUnprocessableEntity, "outcome_not_allowed")
	w.post(w.approver(), path+"/approval", `{"outcome":"send_back"}`).refused(http.StatusUnprocessableEntity, "reason_missing")
	sent := into[api.DecisionAnswer](w.post(w.approver(), path+"/approval", `{"outcome":"send_back","reason":"再核对"}`).want(http.StatusOK))
	if given(sent.ReviewStatus) != "pending" {
		t.Errorf("sent back %+v", sent)
	}
	w.decide(receipt.SubmissionId, `{"outcome":"pass"}`).want(http.StatusOK)
	queue := into[api.ReviewList](w.get(w.approver(), "/reviews?status=proposed").want(http.StatusOK))
	if len(queue.Items) != 1 || given(queue.Items[0].Outcome) != "pass" {
		t.Errorf("proposals %+v", queue)
	}
	confirmed := into[api.DecisionAnswer](w.post(w.approver(), path+"/approval", `{"outcome":"confirm"}`).want(http.StatusOK))
	if confirmed.Status != "passed" || given(confirmed.ReviewStatus) != "decided" {
		t.Errorf("confirmed %+v", confirmed)
	}
	w.post(w.approver(), path+"/approval", `{"outcome":"confirm"}`).refused(http.StatusConflict, "already_decided")
}

func TestAnotherAuthoritysReviewDoesNotExist(t *testing.T) {
	w := newWorld(t, "2019-01-21")
	receipt := w.submitted(0)
	stranger := w.token(account.RoleReviewer, neighbor, "外地")
	for _, id := range []string{receipt.SubmissionId.String(), uuid.NewString(), "x"} {
		token := stranger
		w.get(token, "/reviews/"+id).refused(http.StatusNotFound, "not_found")
		for _, act := range []string{"/claim", "/release"} {
			w.post(token, "/reviews/"+id+act, nil).refused(http.StatusNotFound, "not_found")
		}
		for _, body := range []string{`{"outcome":"pass"}`, `{"outcome":"nonsense"}`, `{`, ``} {
			w.post(token, "/reviews/"+id+"/decision", []byte(body)).refused(http.StatusNotFound, "not_found")
			w.post(w.token(account.RoleApprover, neighbor, "外地"), "/reviews/"+id+"/approval", []byte(body)).refused(http.StatusNotFound, "not_found")
		}
	}
}
