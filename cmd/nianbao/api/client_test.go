package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"

	"nianbao/cmd/nianbao/api"
)

// describedRouter finds the operation of a request in openapi.yaml. Reading it also checks the file itself.
var describedRouter = sync.OnceValues(func() (routers.Router, error) {
	doc, err := openapi3.NewLoader().LoadFromData(api.OpenAPI)
	if err != nil {
		return nil, err
	}
	if err := doc.Validate(context.Background()); err != nil {
		return nil, err
	}
	openapi3filter.RegisterBodyDecoder("application/schema+json", openapi3filter.JSONBodyDecoder)
	for _, binary := range []string{"application/pdf", "text/csv", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"} {
		openapi3filter.RegisterBodyDecoder(binary, openapi3filter.FileBodyDecoder)
	}
	return legacy.NewRouter(doc)
})

// validator is a transport that compares every answer under /api/v1 with openapi.yaml.
type validator struct {
	t      testing.TB
	router routers.Router
}

func validating(t testing.TB) http.RoundTripper {
	t.Helper()
	return &validator{t, must[routers.Router](t)(describedRouter())}
}

// RoundTrip sends and validates.
func (v *validator) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	_ = resp.Body.Close()
	resp.Body = io.NopCloser(bytes.NewReader(body))
	if err := described(v.router, req, resp, body); err != nil {
		v.t.Errorf("%s %s answered %d, which openapi.yaml does not allow: %v\n%s", req.Method, req.URL.Path, resp.StatusCode, err, clipped(body))
	}
	return resp, nil
}

// described compares an answer with openapi.yaml. What it does not describe (a page, HEAD) is not its business.
func described(router routers.Router, req *http.Request, resp *http.Response, body []byte) error {
	at := req.Clone(req.Context())
	at.URL.Scheme, at.URL.Host, at.Host = "", "", ""
	route, parameters, err := router.FindRoute(at)
	if err != nil {
		return nil //nolint:nilerr // no such operation
	}
	input := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: at, PathParams: parameters, Route: route},
		Status:                 resp.StatusCode, Header: resp.Header,
		Options: &openapi3filter.Options{IncludeResponseStatus: true, MultiError: true},
	}
	input.SetBodyBytes(body)
	return openapi3filter.ValidateResponse(req.Context(), input)
}

func clipped(body []byte) []byte { return body[:min(len(body), 2000)] }

// call is one request.
type call struct {
	token, method, path string
	body                []byte // sent as application/json unless header says otherwise
	header              http.Header
}

// answer is a response, read whole.
type answer struct {
	t      testing.TB
	call   string
	Status int
	Header http.Header
	Body   []byte
}

func (w *world) do(c call) answer {
	w.t.Helper()
	path := c.path
	if !strings.HasPrefix(path, "/api/") {
		path = "/api/v1" + path
	}
	var body io.Reader
	if c.body != nil {
		body = bytes.NewReader(c.body)
	}
	req, err := http.NewRequestWithContext(w.ctx, c.method, w.url+path, body)
	if err != nil {
		w.t.Fatal(err)
	}
	if c.body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	for name, values := range c.header {
		req.Header[name] = values
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	resp, err := w.client.Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	got, err := io.ReadAll(resp.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return answer{t: w.t, call: c.method + " " + path, Status: resp.StatusCode, Header: resp.Header, Body: got}
}

func (w *world) get(token, path string) answer {
	w.t.Helper()
	return w.do(call{token: token, method: http.MethodGet, path: path})
}

// post sends raw bytes, a string of JSON, or anything as JSON.
func (w *world) post(token, path string, body any) answer {
	w.t.Helper()
	return w.do(call{token: token, method: http.MethodPost, path: path, body: w.json(body)})
}

func (w *world) json(body any) []byte {
	w.t.Helper()
	switch b := body.(type) {
	case nil:
		return nil
	case []byte:
		return b
	case string:
		return []byte(b)
	}
	return must[[]byte](w.t)(json.Marshal(body))
}

// submit sends the report of an organisation under a key.
func (w *world) submit(i int, key string, report []byte) answer {
	w.t.Helper()
	return w.do(call{token: w.filer(i), method: http.MethodPost, path: fmt.Sprintf("/reports/%d/submissions", year), body: report,
		header: http.Header{"Idempotency-Key": {key}}})
}

// submitted files the sample report of an organisation.
func (w *world) submitted(i int) api.Receipt {
	w.t.Helper()
	return into[api.Receipt](w.submit(i, "first", w.report(i, 1)).want(http.StatusCreated))
}

// decide decides as the reviewer.
func (w *world) decide(submission fmt.Stringer, body string) answer {
	w.t.Helper()
	return w.post(w.reviewer(), "/reviews/"+submission.String()+"/decision", body)
}

// want fails the test unless the answer has the status.
func (a answer) want(status int) answer {
	a.t.Helper()
	if a.Status != status {
		a.t.Fatalf("%s: %d, want %d\n%s", a.call, a.Status, status, clipped(a.Body))
	}
	return a
}

// refused wants a problem with the status and the code.
func (a answer) refused(status int, code string) api.Problem {
	a.t.Helper()
	a.want(status)
	if got := a.Header.Get("Content-Type"); got != "application/problem+json" {
		a.t.Errorf("%s: content type %q", a.call, got)
	}
	p := into[api.Problem](a)
	if p.Code != code || p.Status != status || p.Detail == "" {
		a.t.Errorf("%s: problem %d %s (%s), want %d %s", a.call, p.Status, p.Code, p.Detail, status, code)
	}
	return p
}

// into reads the answer as a generated type.
func into[T any](a answer) T {
	a.t.Helper()
	var v T
	if err := json.Unmarshal(a.Body, &v); err != nil {
		a.t.Fatalf("%s: %v\n%s", a.call, err, clipped(a.Body))
	}
	return v
}
