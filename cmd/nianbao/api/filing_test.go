package api_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"nianbao/cmd/nianbao/api"
)

func TestObligations(t *testing.T) {
	w := newWorld(t, "2019-01-20")
	a := w.get(w.filer(0), "/obligations").want(http.StatusOK)
	want := `{"items":[{"due_on":"2019-03-31","due_provisional":false,"form":"association-2004","opens_on":"2019-01-14",` +
		`"overdue":false,"report_year":2018,"resubmit_by":null,"status":"open","submission_id":null}],"next":null}`
	if got := strings.TrimSpace(string(a.Body)); got != want {
		t.Errorf("obligations\n%s\nwant\n%s", got, want)
	}
	w.clock.Set(noon("2019-04-01"))
	if list := into[api.ObligationList](w.get(w.filer(0), "/obligations")); !list.Items[0].Overdue {
		t.Error("not overdue on the day after the due day")
	}
	receipt := w.submitted(0)
	list := into[api.ObligationList](w.get(w.filer(0), "/obligations"))
	if o := list.Items[0]; o.Overdue || o.Status != "submitted" || o.SubmissionId == nil || *o.SubmissionId != receipt.SubmissionId {
		t.Errorf("after submission: %+v", o)
	}
}

func TestObligationsKeepToTheRulesOfLists(t *testing.T) {
	w := newWorld(t, "2019-01-20")
	w.get(w.filer(0), "/obligations?limit=0").refused(http.StatusBadRequest, "bad_parameter")
	w.get(w.filer(0), "/obligations?limit=201").refused(http.StatusBadRequest, "bad_parameter")
	w.get(w.filer(0), "/obligations?cursor=nowhere").refused(http.StatusBadRequest, "bad_cursor")
	if list := into[api.ObligationList](w.get(w.filer(0), "/obligations?limit=1")); len(list.Items) != 1 || list.Next != nil {
		t.Errorf("the only page: %+v", list)
	}
}

func TestReportFromDraftToReceipt(t *testing.T) {
	w := newWorld(t, "2019-01-20")
	body := w.report(1, 1)
	receipt := into[api.Receipt](w.submit(1, "k1", body).want(http.StatusCreated))
	sum := sha256.Sum256(body)
	if receipt.Sha256 != hex.EncodeToString(sum[:]) || receipt.ReceiptNo != "2018-0000001" {
		t.Errorf("receipt %+v", receipt)
	}
	// Ten working days from Sunday 20 January: the 21st counts as the first; make-up days of Spring Festival count too.
	if got := receipt.ReviewDueOn.String(); got != "2019-02-01" {
		t.Errorf("review due on %s", got)
	}
	a := w.get(w.filer(1), fmt.Sprintf("/reports/2018/submissions/%s", receipt.SubmissionId)).want(http.StatusOK)
	if !bytes.Equal(a.Body, body) || a.Header.Get("ETag") != `"`+receipt.Sha256+`"` {
		t.Errorf("stored body differs, or ETag %s", a.Header.Get("ETag"))
	}
	again := w.do(call{token: w.filer(1), method: http.MethodGet, path: fmt.Sprintf("/reports/2018/submissions/%s", receipt.SubmissionId),
		header: http.Header{"If-None-Match": {`"` + receipt.Sha256 + `"`}}})
	if again.Status != http.StatusNotModified || len(again.Body) > 0 {
		t.Errorf("If-None-Match: %d with %d bytes", again.Status, len(again.Body))
	}
	report := w.get(w.filer(1), "/reports/2018").want(http.StatusOK)
	want := fmt.Sprintf(`{"conclusion":null,"opinion":null,"remarks":[],"status":"submitted","submissions":[{"kind":"report","receipt_no":"2018-0000001",`+
		`"received_at":"2019-01-20T12:00:00+08:00","review_due_on":"2019-02-01","status":"submitted","submission_id":%q}]}`, receipt.SubmissionId)
	if got := strings.TrimSpace(string(report.Body)); got != want {
		t.Errorf("report\n%s\nwant\n%s", got, want)
	}
	// A holiday notice that moves the window shows in the report; the receipt, asked for again, is the one that was given.
	if _, err := w.db.ExecContext(w.ctx, `UPDATE submission_standing SET review_due_on = '2019-02-03', review_due_provisional = false`); err != nil {
		t.Fatal(err)
	}
	moved := into[api.Report](w.get(w.filer(1), "/reports/2018").want(http.StatusOK))
	repeated := into[api.Receipt](w.submit(1, "k1", body).want(http.StatusCreated))
	if moved.Submissions[0].ReviewDueOn.String() != "2019-02-03" || repeated.ReviewDueOn != receipt.ReviewDueOn {
		t.Errorf("after the window moved: %s in the report, %s in the receipt", moved.Submissions[0].ReviewDueOn, repeated.ReviewDueOn)
	}
}

func TestSubmissionIsRefused(t *testing.T) {
	w := newWorld(t, "2019-01-20")
	wrong := changed(t, w.report(0, 1), map[string]any{"bs_cash.closing": "0.01"})
	p := w.submit(0, "k", wrong).refused(http.StatusUnprocessableEntity, "form_checks_failed")
	if p.Findings == nil || !slices.ContainsFunc(*p.Findings, func(f api.Finding) bool {
		return f.Severity == "error" && f.Remedy != "" && slices.Contains(f.Keys, "bs_cash.closing")
	}) {
		t.Errorf("no error finding names the changed figure: %+v", p.Findings)
	}
	w.submit(0, "k", w.report(0, 1)).want(http.StatusCreated) // a refusal is not remembered
	w.submit(0, "k2", w.report(0, 2)).refused(http.StatusConflict, "already_submitted")
	w.submit(0, "k", w.report(0, 2)).refused(http.StatusUnprocessableEntity, "idempotency_conflict")
	w.submit(0, "k", []byte(`{`)).refused(http.StatusUnprocessableEntity, "idempotency_conflict")
	// The key tells before the media type does.
	for sent, want := range map[string]int{string(w.report(0, 1)): http.StatusCreated, "values=": http.StatusUnprocessableEntity} {
		w.do(call{token: w.filer(0), method: http.MethodPost, path: "/reports/2018/submissions", body: []byte(sent),
			header: http.Header{"Idempotency-Key": {"k"}, "Content-Type": {"text/plain"}}}).want(want)
	}
	w.submit(0, "k", nil).refused(http.StatusUnprocessableEntity, "idempotency_conflict")
	w.submit(0, "k", bytes.Repeat([]byte(" "), 3<<20)).refused(http.StatusUnprocessableEntity, "idempotency_conflict")
	w.submit(0, "unused", bytes.Repeat([]byte(" "), 3<<20)).refused(http.StatusRequestEntityTooLarge, "too_large")
	w.submit(1, "", w.report(1, 1)).refused(http.StatusBadRequest, "bad_idempotency_key")
	w.post(w.filer(1), "/reports/2018/submissions", w.report(1, 1)).refused(http.StatusBadRequest, "bad_idempotency_key")
	w.submit(1, strings.Repeat("k", 256), w.report(1, 1)).refused(http.StatusBadRequest, "bad_idempotency_key")
	w.submit(1, "k k%20+", w.report(1, 1)).want(http.StatusCreated)
}

func TestSeasonsThatAreNotOpen(t *testing.T) {
	w := newWorld(t, "2019-01-13")
	for path, body := range map[string][]byte{"/checks": w.report(0, 1), "/submissions": w.report(0, 1), "/withdrawal": nil} {
		a := w.do(call{token: w.filer(0), method: http.MethodPost, path: "/reports/2018" + path, body: body,
			header: http.Header{"Idempotency-Key": {"k"}}})
		a.refused(http.StatusConflict, "not_open")
	}
	w.get(w.filer(0), "/reports/2018").refused(http.StatusConflict, "not_open")
	w.get(w.filer(0), "/reports/2018/draft").refused(http.StatusConflict, "not_open")
	w.get(w.filer(0), "/reports/2017").refused(http.StatusNotFound, "not_found")
	// A body is looked at before the state, a year before the body.
	w.submit(0, "k", []byte(`{"values":`)).refused(http.StatusBadRequest, "malformed_json")
	if list := into[api.ObligationList](w.get(w.filer(0), "/obligations")); len(list.Items) != 0 {
		t.Errorf("obligations before the season opens: %+v", list)
	}
}

func TestSameKeyAtTheSameTime(t *testing.T) {
	w := newWorld(t, "2019-01-20")
	token, body := w.filer(2), w.report(2, 1)
	answers := make([]answer, 8)
	var wait sync.WaitGroup
	for i := range answers {
		wait.Go(func() {
			answers[i] = w.do(call{token: token, method: http.MethodPost, path: "/reports/2018/submissions", body: body,
				header: http.Header{"Idempotency-Key": {"same"}}})
		})
	}
	wait.Wait()
	for _, a := range answers {
		a.want(http.StatusCreated)
		if diff := cmp.Diff(string(answers[0].Body), string(a.Body)); diff != "" {
			t.Errorf("answers differ:\n%s", diff)
		}
	}
	if report := into[api.Report](w.get(token, "/reports/2018")); len(report.Submissions) != 1 {
		t.Errorf("%d submissions", len(report.Submissions))
	}
}

func TestDifferentKeysAtTheSameTime(t *testing.T) {
	w := newWorld(t, "2019-01-20")
	token, body := w.filer(0), w.report(0, 1)
	statuses := make([]int, 6)
	var wait sync.WaitGroup
	for i := range statuses {
		wait.Go(func() {
			statuses[i] = w.do(call{token: token, method: http.MethodPost, path: "/reports/2018/submissions", body: body,
				header: http.Header{"Idempotency-Key": {fmt.Sprint("key", i)}}}).Status
		})
	}
	wait.Wait()
	count := map[int]int{}
	for _, s := range statuses {
		count[s]++
	}
	if diff := cmp.Diff(map[int]int{http.StatusCreated: 1, http.StatusConflict: 5}, count); diff != "" {
		t.Error(diff)
	}
}

func TestWithdrawal(t *testing.T) {
	w := newWorld(t, "2019-01-20")
	w.post(w.filer(0), "/reports/2018/withdrawal", nil).refused(http.StatusConflict, "not_submitted")
	w.submitted(0)
	w.post(w.filer(0), "/reports/2018/withdrawal", `{"why":"x"}`).refused(http.StatusUnprocessableEntity, "unknown_member")
	w.post(w.filer(0), "/reports/2018/withdrawal", fmt.Sprintf(`{"reason":%q}`, strings.Repeat("长", 2001))).
		refused(http.StatusUnprocessableEntity, "text_too_long")
	a := w.post(w.filer(0), "/reports/2018/withdrawal", `{"reason":"数字有误"}`).want(http.StatusOK)
	if got := into[api.StatusAnswer](a); got.Status != "open" {
		t.Errorf("status %s", got.Status)
	}
	report := into[api.Report](w.get(w.filer(0), "/reports/2018"))
	if report.Submissions[0].Status != "withdrawn" || report.Opinion != nil {
		t.Errorf("report %+v", report)
	}
	receipt := w.submitted(1)
	w.post(w.reviewer(), fmt.Sprintf("/reviews/%s/claim", receipt.SubmissionId), nil).want(http.StatusOK)
	w.post(w.filer(1), "/reports/2018/withdrawal", nil).refused(http.StatusConflict, "review_begun")
}

func TestChecks(t *testing.T) {
	w := newWorld(t, "2019-01-20")
	prefilled := w.get(w.filer(0), "/reports/2018/draft").want(http.StatusOK).Body
	if diff := cmp.Diff(into[api.Findings](w.post(w.filer(0), "/reports/2018/checks", prefilled).want(http.StatusOK)),
		into[api.Findings](w.post(w.filer(0), "/reports/2018/checks", nil).want(http.StatusOK))); diff != "" {
		t.Errorf("without a draft, what it begins with is not what is checked:\n%s", diff)
	}
	good := into[api.Findings](w.post(w.filer(0), "/reports/2018/checks", w.report(0, 1)).want(http.StatusOK))
	if len(good.Findings) != 0 {
		t.Errorf("findings of a good report: %+v", good.Findings)
	}
	missing := into[api.Findings](w.post(w.filer(0), "/reports/2018/checks", `{"values":{}}`).want(http.StatusOK))
	if len(missing.Findings) < 10 {
		t.Errorf("an empty report brings %d findings", len(missing.Findings))
	}
	w.do(call{token: w.filer(0), method: http.MethodPut, path: "/reports/2018/draft", body: []byte(`{"values":{}}`)}).want(http.StatusOK)
	ofDraft := into[api.Findings](w.post(w.filer(0), "/reports/2018/checks", nil).want(http.StatusOK))
	if diff := cmp.Diff(missing, ofDraft); diff != "" {
		t.Errorf("findings of the same draft differ:\n%s", diff)
	}
}

func TestAnothersReportDoesNotExist(t *testing.T) {
	w := newWorld(t, "2019-01-20")
	receipt := w.submitted(0)
	path := fmt.Sprintf("/reports/2018/submissions/%s", receipt.SubmissionId)
	w.get(w.filer(1), path).refused(http.StatusNotFound, "not_found")
	w.get(w.filer(0), fmt.Sprintf("/reports/2017/submissions/%s", receipt.SubmissionId)).refused(http.StatusNotFound, "not_found")
	w.get(w.filer(0), "/reports/2018/submissions/"+uuid.NewString()).refused(http.StatusNotFound, "not_found")
	for _, year := range []string{"x", "0x7e2", "18", "20180", "99999999999999999999", "-2018", "2018.0", "%202018", "２０１８"} {
		w.get(w.filer(0), "/reports/"+year).refused(http.StatusNotFound, "not_found")
	}
	for _, id := range []string{"1", receipt.SubmissionId.String() + "0", "{" + receipt.SubmissionId.String() + "}", "%00", "%FF"} {
		w.get(w.filer(0), "/reports/2018/submissions/"+id).refused(http.StatusNotFound, "not_found")
	}
}
