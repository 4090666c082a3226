package api_test

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"nianbao/cmd/nianbao/api"
)

// correction is the body of a correction of the i-th organisation's report.
func (w *world) correction(i int, reason, phone string) []byte {
	values := bytes.TrimPrefix(changed(w.t, w.report(i, 1), map[string]any{"contact_phone": phone}), []byte("{"))
	return append([]byte(fmt.Sprintf(`{"reason":%q,`, reason)), values...)
}

func (w *world) sendCorrection(i int, key string, body []byte) answer {
	w.t.Helper()
	return w.do(call{token: w.filer(i), method: http.MethodPost, path: "/reports/2018/corrections", body: body,
		header: http.Header{"Idempotency-Key": {key}}})
}

func TestCorrectionOverTheAPI(t *testing.T) {
	w := newWorld(t, "2019-01-20")
	body := w.correction(0, "电话填错", "02088886666")
	w.sendCorrection(0, "a", body).refused(http.StatusConflict, "not_accepted")
	first := w.submitted(0)
	w.sendCorrection(0, "a", body).refused(http.StatusConflict, "already_submitted")
	decide := func(id any, outcome string) {
		t.Helper()
		w.post(w.reviewer(), fmt.Sprintf("/reviews/%s/decision", id), fmt.Sprintf(`{"outcome":%q,"opinion":"请核对。"}`, outcome)).want(http.StatusOK)
	}
	decide(first.SubmissionId, "pass")
	w.issue()
	w.clock.Set(noon("2019-02-20"))
	before := into[api.Report](w.get(w.filer(0), "/reports/2018"))

	for name, tt := range map[string]struct {
		body   string
		status int
		code   string
	}{
		"no JSON":        {`{"reason":"x"`, 400, "malformed_json"},
		"no object":      {`[]`, 400, "malformed_json"},
		"more behind it": {string(body) + "{}", 400, "malformed_json"},
		"twice":          {`{"reason":"x","reason":"y","values":{}}`, 400, "duplicate_key"},
		"unknown":        {`{"reason":"x","values":{},"body":1}`, 422, "unknown_member"},
		"no values":      {`{"reason":"x"}`, 422, "wrong_type"},
		"null values":    {`{"reason":"x","values":null}`, 422, "wrong_type"},
		"no text":        {`{"reason":1,"values":{}}`, 422, "wrong_type"},
		"no reason":      {strings.Replace(string(body), "电话填错", " ", 1), 422, "reason_missing"},
		"errors":         {`{"reason":"x","values":{"contact_phone":"1"}}`, 422, "form_checks_failed"},
		"nothing new":    {`{"reason":"x",` + strings.TrimPrefix(string(w.report(0, 1)), "{"), 422, "nothing_corrected"},
	} {
		if a := w.sendCorrection(0, "a", []byte(tt.body)); a.Status != tt.status || !bytes.Contains(a.Body, []byte(`"`+tt.code+`"`)) {
			t.Errorf("%s: %d %s", name, a.Status, clipped(a.Body))
		}
	}
	receipt := into[api.Receipt](w.sendCorrection(0, "a", body).want(http.StatusCreated))
	if again := into[api.Receipt](w.sendCorrection(0, "a", body).want(http.StatusCreated)); again != receipt && again.SubmissionId != receipt.SubmissionId {
		t.Errorf("again %+v", again)
	}
	w.sendCorrection(0, "a", []byte(`{"`)).refused(http.StatusUnprocessableEntity, "idempotency_conflict")
	w.sendCorrection(0, "b", body).refused(http.StatusConflict, "correction_pending")
	w.sendCorrection(1, "c", w.correction(1, "x", "02088886666")).refused(http.StatusConflict, "not_accepted")

	report := into[api.Report](w.get(w.filer(0), "/reports/2018"))
	last := report.Submissions[1]
	if report.Status != "passed" || *report.Conclusion.Sha256 != *before.Conclusion.Sha256 || *last.Kind != "correction" || last.Corrects.Reason != "电话填错" ||
		last.Corrects.SubmissionId != first.SubmissionId || last.Corrects.AdoptedAt != nil || report.Submissions[0].Corrects != nil {
		t.Errorf("report %+v", report)
	}
	stored := w.get(w.filer(0), fmt.Sprintf("/reports/2018/submissions/%s", receipt.SubmissionId)).want(http.StatusOK)
	if !bytes.HasPrefix(stored.Body, []byte(`{"values":`)) || !bytes.Contains(stored.Body, []byte("02088886666")) || bytes.Contains(stored.Body, []byte("电话填错")) {
		t.Errorf("stored %s", clipped(stored.Body))
	}
	kase := into[api.Review](w.get(w.reviewer(), fmt.Sprintf("/reviews/%s", receipt.SubmissionId)).want(http.StatusOK))
	if *kase.Review.Kind != "correction" || kase.Corrects == nil || len(kase.Differences) != 1 {
		t.Errorf("case %+v", kase.Corrects)
	}

	// Taken back, sent again, passed: the public sees that and where, not why and not what.
	if got := into[api.StatusAnswer](w.post(w.filer(0), "/reports/2018/withdrawal", nil).want(http.StatusOK)); got.Status != "passed" {
		t.Errorf("withdrawn: %s", got.Status)
	}
	again := into[api.Receipt](w.sendCorrection(0, "d", body).want(http.StatusCreated))
	decide(again.SubmissionId, "pass")
	w.issue()
	w.sequence()
	after := into[api.Report](w.get(w.filer(0), "/reports/2018"))
	if after.Status != "passed" || after.Conclusion.Number == before.Conclusion.Number || after.Submissions[2].Corrects.AdoptedAt == nil {
		t.Errorf("corrected %+v", after.Conclusion)
	}
	old := into[api.Verification](w.get("", "/public/verify/"+before.Conclusion.VerifyCode).want(http.StatusOK))
	if old.Standing != "superseded" || old.Valid {
		t.Errorf("the old conclusion is %s", old.Standing)
	}
	entry := w.get("", "/public/organisations/"+string(w.orgs[0].USCC)).want(http.StatusOK)
	public := into[api.PublicOrganisation](entry)
	if at := public.Filings[0].ReceivedAt; at == nil || !at.Equal(first.ReceivedAt) {
		t.Errorf("the report was received on %v, corrected or not", at)
	}
	if c := *public.Filings[0].Corrections; len(c) != 1 || len(c[0].Sections) != 1 {
		t.Errorf("public corrections %+v", c)
	}
	events := w.get("", "/public/events?after=0").want(http.StatusOK)
	if !bytes.Contains(events.Body, []byte(`"correction.adopted"`)) {
		t.Error("the public feed does not tell of the correction")
	}
	for _, secret := range []string{"电话填错", "02088886666"} {
		if bytes.Contains(entry.Body, []byte(secret)) || bytes.Contains(events.Body, []byte(secret)) {
			t.Errorf("%s is public", secret)
		}
	}
}

func TestCorrectionDraftOverTheAPI(t *testing.T) {
	w := newWorld(t, "2019-01-20")
	const path = "/reports/2018/correction-draft"
	put := func(body string) answer {
		t.Helper()
		return w.do(call{token: w.filer(0), method: http.MethodPut, path: path, body: []byte(body)})
	}
	put(`{"reason":"x"}`).refused(http.StatusConflict, "not_accepted")
	receipt := w.submitted(0)
	w.post(w.reviewer(), fmt.Sprintf("/reviews/%s/decision", receipt.SubmissionId), `{"outcome":"pass"}`).want(http.StatusOK)
	w.do(call{token: w.filer(0), method: http.MethodDelete, path: path}).refused(http.StatusConflict, "not_correcting")
	put(`{"reason":" "}`).refused(http.StatusUnprocessableEntity, "reason_missing")
	if d := into[api.CorrectionDraft](put(`{"reason":"电话填错"}`).want(http.StatusOK)); d.Reason != "电话填错" {
		t.Errorf("%+v", d)
	}
	draft := w.get(w.filer(0), "/reports/2018/draft").want(http.StatusOK)
	if !bytes.Equal(draft.Body, w.report(0, 1)) {
		t.Error("the draft does not begin with the accepted report")
	}
	w.do(call{token: w.filer(0), method: http.MethodPut, path: "/reports/2018/draft", body: w.report(0, 2),
		header: http.Header{"If-Match": {draft.Header.Get("ETag")}}}).want(http.StatusOK)
	w.do(call{token: w.filer(0), method: http.MethodDelete, path: path}).want(http.StatusNoContent)
	w.do(call{token: w.filer(0), method: http.MethodPut, path: "/reports/2018/draft", body: w.report(0, 2),
		header: http.Header{"If-Match": {"*"}}}).refused(http.StatusConflict, "already_concluded")
}
