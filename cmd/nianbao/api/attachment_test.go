package api_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"image"
	"image/png"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"

	"nianbao/cmd/nianbao/api"
)

func pngFile(side int) []byte {
	var b bytes.Buffer
	_ = png.Encode(&b, image.NewGray(image.Rect(0, 0, side, side)))
	return b.Bytes()
}

// putFile sends a raw file; header is name and value in turn.
func (w *world) putFile(i int, path string, content []byte, header ...string) answer {
	w.t.Helper()
	h := http.Header{"Content-Type": {"application/octet-stream"}}
	for n := 0; n+1 < len(header); n += 2 {
		h.Set(header[n], header[n+1])
	}
	return w.do(call{token: w.filer(i), method: http.MethodPut, path: "/reports/2018/attachments/" + path, body: content, header: h})
}

func etag(content []byte) string {
	sum := sha256.Sum256(content)
	return `"` + hex.EncodeToString(sum[:]) + `"`
}

const filesAsked = "attachments: [{kind: declaration, required: true, max_files: 2}, {kind: audit_report, max_bytes: 2000}]\n"

func TestAttachments(t *testing.T) {
	w := newWorld(t, "2019-01-20")
	w.season(city, filesAsked)
	one, two := pngFile(3), pngFile(4)

	empty := into[api.AttachmentList](w.get(w.filer(0), "/reports/2018/attachments").want(http.StatusOK))
	if len(empty.Items) != 0 || len(empty.Asked) != 2 || !empty.Asked[0].Required || empty.Asked[0].MaxBytes != 10<<20 || empty.Asked[1].MaxFiles != 5 {
		t.Errorf("nothing sent: %+v", empty)
	}
	a := w.putFile(0, "declaration/1?name="+"%E7%AD%BE%E7%AB%A0%E9%A1%B5.png", one).want(http.StatusCreated)
	stored := into[api.Attachment](a)
	if a.Header.Get("ETag") != etag(one) || stored.Name != "签章页.png" || stored.Status != api.Usable || stored.Pages != 1 ||
		stored.MediaType != "image/png" || stored.Url != "/api/v1/reports/2018/attachments/declaration/1" || a.Header.Get("Location") != stored.Url {
		t.Errorf("stored: %+v, %v", stored, a.Header)
	}
	w.putFile(0, "declaration/1", one).want(http.StatusOK)
	w.putFile(0, "declaration/1", two, "If-None-Match", "*").refused(http.StatusPreconditionFailed, "stale")
	w.putFile(0, "declaration/1", two, "If-Match", etag(two)).refused(http.StatusPreconditionFailed, "stale")
	w.putFile(0, "declaration/1", two, "If-Match", etag(one)).want(http.StatusOK)
	w.putFile(0, "declaration/2", one, "If-None-Match", "*").want(http.StatusCreated)

	got := w.get(w.filer(0), "/reports/2018/attachments/declaration/1").want(http.StatusOK)
	if !bytes.Equal(got.Body, two) || got.Header.Get("ETag") != etag(two) || got.Header.Get("Content-Type") != "image/png" ||
		!strings.HasPrefix(got.Header.Get("Content-Disposition"), "attachment;") {
		t.Errorf("fetched %d bytes, %v", len(got.Body), got.Header)
	}
	part := w.do(call{token: w.filer(0), method: http.MethodGet, path: "/reports/2018/attachments/declaration/1", header: http.Header{"Range": {"bytes=0-3"}}})
	if part.want(http.StatusPartialContent); !bytes.Equal(part.Body, two[:4]) {
		t.Errorf("part %q", part.Body)
	}
	del := call{token: w.filer(0), method: http.MethodDelete, path: "/reports/2018/attachments/declaration/2"}
	w.do(del).want(http.StatusNoContent)
	w.do(del).refused(http.StatusNotFound, "not_found")
}

func TestAttachmentsRefused(t *testing.T) {
	w := newWorld(t, "2019-01-20")
	w.season(city, filesAsked)
	fine := pngFile(3)
	for path, code := range map[string]string{"charter/1": "attachment_not_asked", "declaration/3": "attachment_not_asked"} {
		w.putFile(0, path, fine).refused(http.StatusNotFound, code)
	}
	for _, path := range []string{"declaration/0", "declaration/x", "declaration/01", "DECLARATION/1", "declaration/1000"} {
		w.putFile(0, path, fine).refused(http.StatusNotFound, "not_found")
	}
	w.putFile(0, "audit_report/1", append(fine, make([]byte, 2000)...)).refused(http.StatusRequestEntityTooLarge, "file_too_large")
	w.putFile(0, "audit_report/1", []byte("text")).refused(http.StatusUnsupportedMediaType, "unsupported_file_type")
	w.putFile(0, "audit_report/1", nil).refused(http.StatusUnprocessableEntity, "empty_file")
	w.putFile(0, "audit_report/1", fine[:len(fine)-4]).refused(http.StatusUnprocessableEntity, "damaged_file")
	w.putFile(0, "audit_report/1?name=a%01b.png", fine).refused(http.StatusUnprocessableEntity, "bad_file_name")
	w.putFile(0, "audit_report/1", fine, "If-None-Match", `"x"`).refused(http.StatusBadRequest, "bad_parameter")
	if list := into[api.AttachmentList](w.get(w.filer(0), "/reports/2018/attachments")); len(list.Items) != 0 {
		t.Errorf("stored all the same: %+v", list.Items)
	}
}

// A submission refused for a missing file says so as the checks do; one that is
// taken lists its files to the reviewer of its authority, and to nobody else.
func TestAttachmentsOfASubmission(t *testing.T) {
	w := newWorld(t, "2019-01-20")
	w.season(city, filesAsked)
	p := w.submit(0, "k", w.report(0, 1)).refused(http.StatusUnprocessableEntity, "form_checks_failed")
	if p.Findings == nil || len(*p.Findings) != 1 || (*p.Findings)[0].Check != "ATT-REQUIRED" || (*p.Findings)[0].Keys == nil || len((*p.Findings)[0].Keys) != 0 {
		t.Errorf("findings: %+v", p.Findings)
	}
	file := pngFile(3)
	w.putFile(0, "declaration/1", file).want(http.StatusCreated)
	submitted := w.submitted(0)
	w.putFile(0, "declaration/1", pngFile(4)).refused(http.StatusConflict, "already_submitted")
	w.do(call{token: w.filer(0), method: http.MethodDelete, path: "/reports/2018/attachments/declaration/1"}).refused(http.StatusConflict, "already_submitted")

	path := "/reviews/" + submitted.SubmissionId.String() + "/attachments"
	list := into[api.ReviewAttachmentList](w.get(w.reviewer(), path).want(http.StatusOK))
	if len(list.Items) != 1 || list.Items[0].Sha256 != strings.Trim(etag(file), `"`) || list.Items[0].Url != "/api/v1"+path+"/declaration/1" {
		t.Fatalf("listed: %+v", list)
	}
	if got := w.get(w.reviewer(), path+"/declaration/1").want(http.StatusOK); !bytes.Equal(got.Body, file) {
		t.Errorf("%d bytes", len(got.Body))
	}
	w.get(w.reviewer(), path+"/declaration/2").refused(http.StatusNotFound, "not_found")
	w.get(w.reviewer(), fmt.Sprintf("/reviews/%s/attachments/declaration/1", uuid.New())).refused(http.StatusNotFound, "not_found")
	w.get(w.filer(0), path).refused(http.StatusForbidden, "forbidden")
	w.get(w.filer(1), "/reports/2018/attachments/declaration/1").refused(http.StatusNotFound, "not_found")
}
