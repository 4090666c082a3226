package api_test

import (
	"bytes"
	"net/http"
	"sync"
	"testing"

	"nianbao/cmd/nianbao/api"
)

func (w *world) putDraft(i int, body, ifMatch string) answer {
	w.t.Helper()
	c := call{token: w.filer(i), method: http.MethodPut, path: "/reports/2018/draft", body: []byte(body)}
	if ifMatch != "" {
		c.header = http.Header{"If-Match": {ifMatch}}
	}
	return w.do(c)
}

func TestDraftBeginsPrefilled(t *testing.T) {
	w := newWorld(t, "2019-01-20")
	a := w.get(w.filer(0), "/reports/2018/draft").want(http.StatusOK)
	if a.Header.Get("ETag") != `"0"` || !bytes.Contains(a.Body, []byte(w.orgs[0].USCC)) {
		t.Errorf("ETag %s\n%s", a.Header.Get("ETag"), clipped(a.Body))
	}
	// What was read can be saved as it is.
	saved := w.putDraft(0, string(a.Body), a.Header.Get("ETag")).want(http.StatusOK)
	if got := into[api.DraftSaved](saved); got.Version != 1 || saved.Header.Get("ETag") != `"1"` {
		t.Errorf("saved %+v, ETag %s", got, saved.Header.Get("ETag"))
	}
	again := w.get(w.filer(0), "/reports/2018/draft").want(http.StatusOK)
	if !bytes.Equal(again.Body, a.Body) || again.Header.Get("ETag") != `"1"` {
		t.Errorf("read again: ETag %s", again.Header.Get("ETag"))
	}
}

func TestDraftIsSavedOverWhatWasSeen(t *testing.T) {
	const body = `{"values":{}}`
	tests := []struct {
		name, ifMatch string
		status        int
	}{
		{"the version seen", `"2"`, http.StatusOK},
		{"whatever is there", `*`, http.StatusOK},
		{"an older version", `"2"`, http.StatusPreconditionFailed},
		{"a version to come", `"4"`, http.StatusPreconditionFailed},
		{"as if none were there", `"0"`, http.StatusPreconditionFailed},
		{"without a version", ``, http.StatusPreconditionFailed},
		{"a weak tag", `W/"3"`, http.StatusPreconditionFailed},
		{"without quotes", `3`, http.StatusPreconditionFailed},
		{"another writing of the number", `"03"`, http.StatusPreconditionFailed},
		{"never given out", `"-1"`, http.StatusPreconditionFailed},
		{"no number", `"x"`, http.StatusPreconditionFailed},
		{"a number too large", `"99999999999999999999"`, http.StatusPreconditionFailed},
	}
	w := newWorld(t, "2019-01-20")
	for i := range 2 {
		w.putDraft(i, body, "").want(http.StatusOK) // the first needs no version
		w.putDraft(i, body, `"1"`).want(http.StatusOK)
	}
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.status == http.StatusOK { // each on a draft of its own
				w.putDraft(i, body, tt.ifMatch).want(tt.status)
				return
			}
			w.putDraft(0, body, tt.ifMatch).refused(tt.status, "stale")
		})
	}
	if a := w.get(w.filer(0), "/reports/2018/draft"); a.Header.Get("ETag") != `"3"` {
		t.Errorf("after one save that was taken: version %s", a.Header.Get("ETag"))
	}
}

func TestDraftMayBeIncompleteNeverMalformed(t *testing.T) {
	w := newWorld(t, "2019-01-20")
	w.putDraft(0, `{"values":{"name":""}}`, "").want(http.StatusOK)
	p := w.putDraft(0, `{"values":{"no_such_key":"1"}}`, `"1"`).refused(http.StatusUnprocessableEntity, "malformed_draft")
	if p.Findings == nil || (*p.Findings)[0].Keys[0] != "no_such_key" {
		t.Errorf("findings %+v", p.Findings)
	}
	w.putDraft(0, `{"values":`, `"1"`).refused(http.StatusBadRequest, "malformed_json")
	w.submitted(0)
	w.putDraft(0, `{"values":{}}`, `"1"`).refused(http.StatusConflict, "already_submitted")
	w.get(w.filer(0), "/reports/2018/draft").want(http.StatusOK) // stays readable
}

func TestTwoSaveADraftAtOnce(t *testing.T) {
	w := newWorld(t, "2019-01-20")
	w.filer(0)
	statuses := make([]int, 6)
	var wait sync.WaitGroup
	for i := range statuses {
		wait.Go(func() { statuses[i] = w.putDraft(0, `{"values":{}}`, `"0"`).Status })
	}
	wait.Wait()
	won := 0
	for _, s := range statuses {
		switch s {
		case http.StatusOK:
			won++
		case http.StatusPreconditionFailed:
		default:
			t.Errorf("status %d", s)
		}
	}
	if won != 1 {
		t.Errorf("%d saves of the same version went through", won)
	}
}
