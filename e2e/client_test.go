package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// web is the HTTP client of all tests; a request that hangs ends the test, not the process.
var web = &http.Client{
	Timeout:       10 * time.Minute, // a long journey of the clock is one request
	Transport:     &http.Transport{MaxIdleConnsPerHost: 32},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// cluster is one or several nodes on the same data; requests go to them in turn.
type cluster struct {
	nodes []*server
	turn  atomic.Uint64
}

func (c *cluster) node() *server {
	return c.nodes[c.turn.Add(1)%uint64(len(c.nodes))]
}

// caller is somebody who calls the API: a token, or nobody.
type caller struct {
	cluster *cluster
	token   string
}

// anyone calls without a token.
func (c *cluster) anyone() caller { return caller{c, ""} }

// answer is what a call gave.
type answer struct {
	status int
	header http.Header
	body   []byte
	call   string
}

// problem is the stable code of a refusal, empty where the answer is none.
func (a answer) problem() string {
	var p struct {
		Code string `json:"code"`
	}
	if a.status < 400 || json.Unmarshal(a.body, &p) != nil {
		return ""
	}
	return p.Code
}

// call makes a call under /api/v1. Headers come in pairs.
func (c caller) call(ctx context.Context, method, path string, body []byte, headers ...string) (answer, error) {
	return c.callAt(ctx, c.cluster.node().url+"/api/v1"+path, method, body, headers...)
}

func (c caller) callAt(ctx context.Context, url, method string, body []byte, headers ...string) (answer, error) {
	request, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	if c.token != "" {
		request.Header.Set("Authorization", "Bearer "+c.token)
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := web.Do(request)
	if err != nil {
		return answer{}, err
	}
	content, err := io.ReadAll(response.Body)
	if err := errors.Join(err, response.Body.Close()); err != nil {
		return answer{}, fmt.Errorf("%s %s: %w", method, url, err)
	}
	return answer{response.StatusCode, response.Header, content, method + " " + url}, nil
}

// want is the answer's JSON where the status is as wanted, else an error with the whole answer.
func (a answer) want(status int, into any) error {
	if a.status != status {
		return fmt.Errorf("%s: %d, want %d: %s", a.call, a.status, status, a.body)
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(a.body, into); err != nil {
		return fmt.Errorf("%s: %w: %s", a.call, err, a.body)
	}
	return nil
}

// get reads JSON.
func (c caller) get(ctx context.Context, path string, into any) error {
	a, err := c.call(ctx, http.MethodGet, path, nil)
	if err != nil {
		return err
	}
	return a.want(http.StatusOK, into)
}

// post sends v as JSON (nil: no body) and reads the answer.
func (c caller) post(ctx context.Context, path string, v any, status int, into any) error {
	var body []byte
	if v != nil {
		var err error
		if body, err = json.Marshal(v); err != nil {
			return err
		}
	}
	a, err := c.call(ctx, http.MethodPost, path, body)
	if err != nil {
		return err
	}
	return a.want(status, into)
}

// pages reads a whole list, page by page.
func pages[T any](ctx context.Context, c caller, path string) ([]T, error) {
	var all []T
	separator := "?"
	if strings.Contains(path, "?") {
		separator = "&"
	}
	cursor := ""
	for {
		var page struct {
			Items []T     `json:"items"`
			Next  *string `json:"next"`
		}
		if err := c.get(ctx, path+separator+"limit=200"+cursor, &page); err != nil {
			return nil, err
		}
		all = append(all, page.Items...)
		if page.Next == nil {
			return all, nil
		}
		if len(page.Items) == 0 {
			return nil, fmt.Errorf("%s: an empty page that is not the last", path)
		}
		cursor = "&cursor=" + *page.Next
	}
}

// travel moves the demonstration's clock.
func (c *cluster) travel(t testing.TB, to string) []ran {
	t.Helper()
	var moved struct {
		Now string `json:"now"`
		Ran []ran  `json:"ran"`
	}
	if err := c.anyone().post(t.Context(), "/demo/clock", map[string]string{"now": to}, http.StatusOK, &moved); err != nil {
		t.Fatal(err)
	}
	return moved.Ran
}

// ran is a tick that ran on a journey.
type ran struct {
	Job, At, Summary string
}

// eventually tries until f succeeds, for what follows in the background; it gives f's last error.
func eventually(patience time.Duration, f func() error) error {
	deadline := time.Now().Add(patience)
	for {
		err := f()
		if err == nil || time.Now().After(deadline) {
			return err
		}
		time.Sleep(100 * time.Millisecond)
	}
}
