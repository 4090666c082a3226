package api_test

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"nianbao/internal/account"
)

// bodies that no call takes, with what each is refused as.
func hostileBodies() map[string]struct {
	body   []byte
	header http.Header
	status int
	code   string
} {
	type hostile = struct {
		body   []byte
		header http.Header
		status int
		code   string
	}
	deep := strings.Repeat(`[`, 100) + strings.Repeat(`]`, 100)
	return map[string]hostile{
		"no JSON":           {body: []byte(`values`), status: 400, code: "malformed_json"},
		"cut off":           {body: []byte(`{"values":{"name":"x"`), status: 400, code: "malformed_json"},
		"something after":   {body: []byte(`{"values":{}} {}`), status: 400, code: "malformed_json"},
		"invalid UTF-8":     {body: []byte("{\"values\":{\"name\":\"\xff\"}}"), status: 400, code: "invalid_utf8"},
		"duplicate key":     {body: []byte(`{"values":{"name":"a","name":"b"}}`), status: 400, code: "duplicate_key"},
		"duplicate on top":  {body: []byte(`{"values":{},"values":{}}`), status: 400, code: "duplicate_key"},
		"deep nesting":      {body: []byte(`{"values":{"name":` + deep + `}}`), status: 400, code: "too_deep"},
		"very deep nesting": {body: bytes.Repeat([]byte(`{"values":`), 200_000), status: 400, code: "too_deep"},
		"too large":         {body: append([]byte(`{"values":{}}`), bytes.Repeat([]byte(" "), 2<<20+1-13)...), status: 413, code: "too_large"},
		"not JSON by type":  {body: []byte(`{"values":{}}`), header: http.Header{"Content-Type": {"text/plain"}}, status: 415, code: "unsupported_media_type"},
		"no type":           {body: []byte(`{"values":{}}`), header: http.Header{"Content-Type": {""}}, status: 415, code: "unsupported_media_type"},
		"a form":            {body: []byte(`values=`), header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, status: 415, code: "unsupported_media_type"},
		"another charset":   {body: []byte(`{"values":{}}`), header: http.Header{"Content-Type": {"application/json; charset=gbk"}}, status: 415, code: "unsupported_media_type"},
		"compressed":        {body: []byte(`{"values":{}}`), header: http.Header{"Content-Encoding": {"gzip"}}, status: 415, code: "unsupported_media_type"},
	}
}

func TestHostileReportBodies(t *testing.T) {
	w := newWorld(t, "2019-01-20")
	calls := []struct{ method, path string }{
		{http.MethodPut, "/reports/%s/draft"}, {http.MethodPost, "/reports/%s/checks"}, {http.MethodPost, "/reports/%s/submissions"},
	}
	for name, hostile := range hostileBodies() {
		for _, c := range calls {
			send := func(year string) answer {
				header := http.Header{"Idempotency-Key": {"k"}}
				for key, values := range hostile.header {
					header[key] = values
				}
				return w.do(call{token: w.filer(0), method: c.method, path: fmt.Sprintf(c.path, year), body: hostile.body, header: header})
			}
			t.Run(name+" "+c.path, func(t *testing.T) {
				send("2018").refused(hostile.status, hostile.code)
				send("2017").refused(http.StatusNotFound, "not_found") // a year that is not there comes first
			})
		}
	}
}

func TestReportOfExactlyTheLimitIsRead(t *testing.T) {
	w := newWorld(t, "2019-01-20")
	body := append([]byte(`{"values":{}}`), bytes.Repeat([]byte(" "), 2<<20-13)...)
	w.post(w.filer(0), "/reports/2018/checks", body).want(http.StatusOK)
}

func TestBodyOfUnknownLength(t *testing.T) {
	w := newWorld(t, "2019-01-20")
	send := func(body string) int {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.url+"/api/v1/reports/2018/checks",
			struct{ *strings.Reader }{strings.NewReader(body)}) // hides the length: sent in chunks
		if err != nil {
			t.Fatal(err)
		}
		req.ContentLength = -1
		req.Header.Set("Authorization", "Bearer "+w.filer(0))
		req.Header.Set("Content-Type", "application/json")
		resp, err := w.client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		return resp.StatusCode
	}
	for body, status := range map[string]int{ // none at all: what a draft begins with is checked
		`{"values":{}}`: http.StatusOK, "": http.StatusOK, strings.Repeat(" ", 2<<20+1): http.StatusRequestEntityTooLarge,
	} {
		if got := send(body); got != status {
			t.Errorf("%d bytes: %d, want %d", len(body), got, status)
		}
	}
}

func TestHostileDecisionBodies(t *testing.T) {
	w := newWorld(t, "2019-01-20")
	receipt := w.submitted(0)
	stranger := w.token(account.RoleReviewer, neighbor, "外地")
	for name, hostile := range hostileBodies() {
		send := func(token string) answer {
			return w.do(call{token: token, method: http.MethodPost, path: "/reviews/" + receipt.SubmissionId.String() + "/decision",
				body: hostile.body, header: hostile.header})
		}
		t.Run(name, func(t *testing.T) {
			send(w.reviewer()).refused(hostile.status, hostile.code)
			send(stranger).refused(http.StatusNotFound, "not_found")
			send(w.approver()).refused(http.StatusForbidden, "forbidden")
			send("").refused(http.StatusUnauthorized, "unauthorized")
		})
	}
}

func TestQueriesThatAreRefused(t *testing.T) {
	w := newWorld(t, "2019-01-20")
	for query, code := range map[string]string{
		"limit=0": "bad_parameter", "limit=201": "bad_parameter", "limit=x": "bad_parameter", "limit=1.5": "bad_parameter",
		"limit=1&limit=2": "bad_parameter", "status=done": "bad_parameter", "sort=name": "bad_parameter", "cursor=x": "bad_cursor",
		"cursor=bnVsbA": "bad_cursor", "q=%00": "bad_query", "q=%FF": "bad_query", "q=%zz": "bad_query",
		"q=" + strings.Repeat("a", 101): "bad_parameter",
	} {
		w.get(w.reviewer(), "/reviews?"+query).refused(http.StatusBadRequest, code)
	}
	w.get(w.reviewer(), "/reviews?limit=200&status=pending&sort=due&unknown=1&q=%25_").want(http.StatusOK)
	w.get(w.filer(0), "/documents?cursor=e30").refused(http.StatusBadRequest, "bad_cursor")
	w.get("", "/public/events?after=-1").refused(http.StatusBadRequest, "bad_parameter")
	w.get("", "/public/events?after=99999999999999999999").refused(http.StatusBadRequest, "bad_parameter")
}
