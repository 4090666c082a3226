package api_test

import (
	"net/http"
	"testing"

	"github.com/getkin/kin-openapi/routers"
)

// TestValidationNotices shows that the validation of every answer can fail: each answer here breaks openapi.yaml.
func TestValidationNotices(t *testing.T) {
	router := must[routers.Router](t)(describedRouter())
	const item = `{"report_year":2018,"status":"open","opens_on":"2019-01-14","due_on":"2019-03-31","overdue":false,"form":"f"`
	tests := []struct {
		name, mediaType, body string
		status                int
		fine                  bool
	}{
		{"as described", "application/json", `{"items":[` + item + `,"submission_id":null,"resubmit_by":"2019-04-01"}],"next":null}`, 200, true},
		{"a member is missing", "application/json", `{"items":[` + item + `,"submission_id":null}],"next":null}`, 200, false},
		{"null for a list", "application/json", `{"items":null,"next":null}`, 200, false},
		{"an unknown word", "application/json", `{"items":[{"report_year":2018,"status":"late","opens_on":"2019-01-14","due_on":"2019-03-31","overdue":false,"form":"f","submission_id":null,"resubmit_by":null}],"next":null}`, 200, false},
		{"text for a number", "application/json", `{"items":[{"report_year":"2018","status":"open","opens_on":"2019-01-14","due_on":"2019-03-31","overdue":false,"form":"f","submission_id":null,"resubmit_by":null}],"next":null}`, 200, false},
		{"no JSON", "application/json", `ok`, 200, false},
		{"another media type", "text/plain", `{"items":[],"next":null}`, 200, false},
		{"a refusal", "application/problem+json", `{"title":"t","status":404,"code":"not_found","detail":"d"}`, 404, true},
		{"a refusal as JSON", "application/json", `{"title":"t","status":404,"code":"not_found","detail":"d"}`, 404, false},
		{"a refusal without a code", "application/problem+json", `{"title":"t","status":404,"detail":"d"}`, 404, false},
		{"an unknown finding", "application/problem+json", `{"title":"t","status":422,"code":"c","detail":"d","findings":[{"check":"A"}]}`, 422, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://127.0.0.1/api/v1/obligations", nil)
			if err != nil {
				t.Fatal(err)
			}
			resp := &http.Response{StatusCode: tt.status, Header: http.Header{"Content-Type": {tt.mediaType}}}
			if err := described(router, req, resp, []byte(tt.body)); (err == nil) != tt.fine {
				t.Errorf("validation says %v", err)
			}
		})
	}
}
