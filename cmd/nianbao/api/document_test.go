package api_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/uuid"

	"nianbao/cmd/nianbao/api"
	"nianbao/internal/account"
)

func TestDocuments(t *testing.T) {
	w := newWorld(t, "2019-01-21")
	for i := range 2 {
		w.decide(w.submitted(i).SubmissionId, `{"outcome":"pass"}`).want(http.StatusOK)
		w.clock.Advance(1e9)
		w.issue()
	}
	own := into[api.DocumentList](w.get(w.filer(0), "/documents").want(http.StatusOK))
	if len(own.Items) != 1 || own.Next != nil {
		t.Fatalf("own documents %+v", own)
	}
	d := own.Items[0]
	if d.Kind != "conclusion" || d.Standing != "in_force" || d.Organisation == nil || d.Organisation.Uscc != string(w.orgs[0].USCC) ||
		d.Url == nil || d.Sha256 == nil || d.VerifyCode == "" {
		t.Errorf("document %+v", d)
	}
	first := into[api.DocumentList](w.get(w.reviewer(), "/documents?limit=1").want(http.StatusOK))
	if len(first.Items) != 1 || first.Next == nil || first.Items[0].Organisation.Uscc != string(w.orgs[1].USCC) {
		t.Fatalf("the authority's first page %+v", first)
	}
	second := into[api.DocumentList](w.get(w.reviewer(), "/documents?limit=1&cursor="+*first.Next).want(http.StatusOK))
	if len(second.Items) != 1 || second.Next != nil || second.Items[0].Id != d.Id {
		t.Errorf("the authority's second page %+v", second)
	}
}

func TestDownload(t *testing.T) {
	w := newWorld(t, "2019-01-21")
	w.decide(w.submitted(0).SubmissionId, `{"outcome":"pass"}`).want(http.StatusOK)
	w.issue()
	d := into[api.DocumentList](w.get(w.filer(0), "/documents")).Items[0]
	path := "/documents/" + d.Id.String()
	a := w.get(w.filer(0), path).want(http.StatusOK)
	name, err := url.PathUnescape(strings.TrimPrefix(a.Header.Get("Content-Disposition"), "attachment; filename*=UTF-8''"))
	if err != nil || name != d.Number+".pdf" || a.Header.Get("Content-Type") != "application/pdf" {
		t.Errorf("%s, %s", a.Header.Get("Content-Disposition"), a.Header.Get("Content-Type"))
	}
	w.get(w.reviewer(), path).want(http.StatusOK)
	head := w.do(call{token: w.filer(0), method: http.MethodHead, path: path}).want(http.StatusOK)
	if len(head.Body) != 0 || head.Header.Get("ETag") != a.Header.Get("ETag") {
		t.Errorf("HEAD: %d bytes, ETag %s", len(head.Body), head.Header.Get("ETag"))
	}
	for _, tag := range []string{a.Header.Get("ETag"), `"x", W/` + a.Header.Get("ETag"), "*"} {
		c := call{token: w.filer(0), method: http.MethodGet, path: path, header: http.Header{"If-None-Match": {tag}}}
		if got := w.do(c); got.Status != http.StatusNotModified {
			t.Errorf("If-None-Match %s: %d", tag, got.Status)
		}
	}
	w.get(w.filer(1), path).refused(http.StatusNotFound, "not_found")
	w.get(w.token(account.RoleReviewer, neighbor, "外地"), path).refused(http.StatusNotFound, "not_found")
	w.get(w.filer(0), "/documents/"+uuid.NewString()).refused(http.StatusNotFound, "not_found")
	w.get(w.filer(0), "/documents/..%2f..%2fetc").refused(http.StatusNotFound, "not_found")
}
