package api_test

import (
	"fmt"
	"net/http"
	"testing"

	"nianbao/cmd/nianbao/api"
)

// A warning is explained, the report submitted, and the reviewer reads both.
func TestExplanations(t *testing.T) {
	w := newWorld(t, "2019-03-20")
	const path = "/reports/2018/explanations"
	put := func(body string) answer {
		t.Helper()
		return w.do(call{token: w.filer(0), method: http.MethodPut, path: path, body: []byte(body)})
	}
	put(`{}`).refused(http.StatusUnprocessableEntity, "wrong_type")
	put(`{"explanations":[{"check":"CT-POSTCODE","keys":["postcode"],"text":"坏\u0000字"}]}`).refused(http.StatusUnprocessableEntity, "bad_character")
	one := `{"check":"CT-POSTCODE","keys":["postcode"],"message":"甲","text":"村里没有邮编"}`
	if list := into[api.ExplanationList](put(`{"explanations":[` + one + `]}`).want(http.StatusOK)); len(list.Explanations) != 1 ||
		list.Explanations[0].Text != "村里没有邮编" || list.Explanations[0].Stale {
		t.Errorf("%+v", list)
	}
	if list := into[api.ExplanationList](w.get(w.filer(1), path).want(http.StatusOK)); len(list.Explanations) != 0 {
		t.Errorf("another organisation reads %+v", list)
	}
	if list := into[api.ExplanationList](put(`{"explanations":[]}`).want(http.StatusOK)); len(list.Explanations) != 0 {
		t.Errorf("after putting none: %+v", list)
	}
}

// The paper is ordered once; another organisation's is not found.
func TestOrderReceipt(t *testing.T) {
	w := newWorld(t, "2019-03-20")
	receipt := w.submitted(0)
	path := fmt.Sprintf("/reports/2018/submissions/%s/receipt", receipt.SubmissionId)
	first := into[api.ReceiptPaper](w.post(w.filer(0), path, "").want(http.StatusOK))
	again := into[api.ReceiptPaper](w.post(w.filer(0), path, "").want(http.StatusOK))
	if first.Number != receipt.ReceiptNo || first.VerifyCode == "" || again.VerifyCode != first.VerifyCode || first.Url != nil {
		t.Errorf("first %+v, again %+v", first, again)
	}
	w.post(w.filer(1), path, "").refused(http.StatusNotFound, "not_found")
	w.post(w.filer(0), "/reports/2018/withdrawal", "").want(http.StatusOK)
	w.post(w.filer(0), path, "").refused(http.StatusConflict, "receipt_void")
}
