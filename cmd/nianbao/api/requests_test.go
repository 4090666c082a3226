package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nianbao/cmd/nianbao/api"
)

func TestExtensionRequest(t *testing.T) {
	w := newWorld(t, "2019-03-20")
	const path = "/reports/2018/extension-requests"
	for body, want := range map[string]struct {
		status int
		code   string
	}{
		`{"due_on":"2019-04-30"}`:                                              {422, "missing_member"},
		`{"reason":"审计未完成"}`:                                                   {422, "missing_member"},
		`{"reason":" ","due_on":"2019-04-30"}`:                                 {422, "reason_missing"},
		`{"reason":"审计未完成","due_on":"2019-03-31"}`:                             {422, "extension_not_later"},
		`{"reason":"审计未完成","due_on":"30.4.2019"}`:                              {422, "wrong_type"},
		`{"reason":"审计未完成","due_on":"2019-04-30","x":1}`:                       {422, "unknown_member"},
		`{"reason":"` + strings.Repeat("长", 2001) + `","due_on":"2019-04-30"}`: {422, "text_too_long"},
		`{"reason":`: {400, "bad_json"},
	} {
		a := w.post(w.filer(0), path, body)
		if a.Status != want.status {
			t.Errorf("%s: %d %s", clipped([]byte(body)), a.Status, clipped(a.Body))
		}
	}
	w.post(w.filer(0), "/reports/2011/extension-requests", `{"reason":"x"}`).refused(http.StatusNotFound, "not_found")
	asked := into[api.FilingRequest](w.post(w.filer(0), path, `{"reason":"审计未完成","due_on":"2019-04-30"}`).want(http.StatusCreated))
	if asked.Status != "pending" || asked.Kind != "extension" || asked.DueOn == nil || asked.DueOn.String() != "2019-04-30" || asked.Decision != nil ||
		asked.Organisation.Uscc != string(w.orgs[0].USCC) {
		t.Errorf("%+v", asked)
	}
	w.post(w.filer(0), path, `{"reason":"再请延期","due_on":"2019-05-30"}`).refused(http.StatusConflict, "request_pending")
	w.post(w.filer(0), "/reports/2018/exemption-requests", `{"reason":"停止活动"}`).refused(http.StatusConflict, "request_pending")

	list := into[api.FilingRequestList](w.get(w.reviewer(), "/filing-requests").want(http.StatusOK))
	if len(list.Items) != 1 || list.Items[0].Id != asked.Id || list.Next != nil {
		t.Fatalf("queue %+v", list)
	}
	decision := fmt.Sprintf("/filing-requests/%s/decision", asked.Id)
	w.post(w.reviewer(), decision, `{"outcome":"refuse"}`).refused(http.StatusUnprocessableEntity, "reason_missing")
	w.post(w.reviewer(), decision, `{"outcome":"perhaps"}`).refused(http.StatusUnprocessableEntity, "outcome_not_allowed")
	w.post(w.reviewer(), decision, `{"outcome":"grant","due_on":"2019-03-31"}`).refused(http.StatusUnprocessableEntity, "extension_not_later")
	granted := into[api.FilingRequest](w.post(w.reviewer(), decision, `{"outcome":"grant","due_on":"2019-04-20","basis":"《办法》第八条"}`).want(http.StatusOK))
	if granted.Status != "granted" || granted.Decision == nil || granted.Decision.DueOn == nil || granted.Decision.DueOn.String() != "2019-04-20" ||
		granted.Decision.DecidedBy != "王审查" || granted.Decision.Basis != "《办法》第八条" {
		t.Errorf("%+v", granted)
	}
	w.post(w.reviewer(), decision, `{"outcome":"grant"}`).refused(http.StatusConflict, "request_ended")
	if o := into[api.ObligationList](w.get(w.filer(0), "/obligations")); o.Items[0].DueOn.String() != "2019-04-20" {
		t.Errorf("due on %s", o.Items[0].DueOn)
	}
	own := into[api.FilingRequestList](w.get(w.filer(0), "/reports/2018/requests").want(http.StatusOK))
	if diff := cmp.Diff(granted, own.Items[0]); diff != "" {
		t.Errorf("the filer sees another decision:\n%s", diff)
	}
	if done := into[api.FilingRequestList](w.get(w.reviewer(), "/filing-requests?status=granted&kind=extension")); len(done.Items) != 1 {
		t.Errorf("granted ones: %+v", done)
	}
	w.get(w.reviewer(), "/filing-requests?status=lost").refused(http.StatusBadRequest, "bad_parameter")
	w.get(w.reviewer(), "/filing-requests?kind=gift").refused(http.StatusBadRequest, "bad_parameter")
}

func TestExemptionRequest(t *testing.T) {
	w := newWorld(t, "2019-03-20")
	asked := into[api.FilingRequest](w.post(w.filer(0), "/reports/2018/exemption-requests", `{"reason":"已进入清算"}`).want(http.StatusCreated))
	if asked.Kind != "exemption" || asked.DueOn != nil {
		t.Errorf("%+v", asked)
	}
	back := fmt.Sprintf("/reports/2018/requests/%s/withdrawal", asked.Id)
	w.post(w.filer(1), back, nil).refused(http.StatusNotFound, "not_found")
	if got := into[api.FilingRequest](w.post(w.filer(0), back, nil).want(http.StatusOK)); got.Status != "withdrawn" || got.Decision != nil {
		t.Errorf("%+v", got)
	}
	w.post(w.filer(0), back, nil).refused(http.StatusConflict, "request_ended")
	again := into[api.FilingRequest](w.post(w.filer(0), "/reports/2018/exemption-requests", `{"reason":"已进入清算"}`).want(http.StatusCreated))
	w.post(w.reviewer(), fmt.Sprintf("/filing-requests/%s/decision", again.Id), `{"outcome":"grant"}`).want(http.StatusOK)
	if got := into[api.Report](w.get(w.filer(0), "/reports/2018")); got.Status != "exempt" {
		t.Errorf("status %s", got.Status)
	}
	w.post(w.filer(0), "/reports/2018/exemption-requests", `{"reason":"再次"}`).refused(http.StatusConflict, "already_concluded")
	w.submitted(1)
	w.post(w.filer(1), "/reports/2018/exemption-requests", `{"reason":"已提交"}`).refused(http.StatusConflict, "already_submitted")
}
