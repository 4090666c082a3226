package web_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"image"
	"image/png"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"regexp"
	"strings"
	"testing"

	"nianbao/filing"
	"nianbao/filing/attachment"
	"nianbao/internal/event"
	"nianbao/internal/registry"
	"nianbao/internal/web/webtest"
	"nianbao/review"
)

// askForFiles makes the season ask for a declaration, and allow one audit report.
func (w *world) askForFiles() {
	w.t.Helper()
	const file = "authority: \"440100\"\nreport_year: 2018\nregistered_by: 2018-12-31\nopens_on: 2019-01-14\ndue_on: 2019-03-31\n" +
		"attachments: [{kind: declaration, required: true, max_files: 2}, {kind: audit_report, max_bytes: 2000, max_files: 1}]\n"
	if _, err := w.filing.ImportSeason(w.ctx, strings.NewReader(file), event.System("test")); err != nil {
		w.t.Fatal(err)
	}
}

func pngFile(side int) []byte {
	var b bytes.Buffer
	_ = png.Encode(&b, image.NewGray(image.Rect(0, 0, side, side)))
	return b.Bytes()
}

// sendFiles posts files of a kind as the page's form does: name and content.
func (w *world) sendFiles(b *webtest.Browser, kind string, files ...any) webtest.Answer {
	w.t.Helper()
	b.Get("/filer/reports/2018/attachments")
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	_ = form.WriteField("csrf_token", b.CSRF())
	_ = form.WriteField("kind", kind)
	for i := 0; i+1 < len(files); i += 2 {
		head := textproto.MIMEHeader{}
		head.Set("Content-Disposition", `form-data; name="files"; filename="`+files[i].(string)+`"`)
		part, err := form.CreatePart(head)
		if err != nil {
			w.t.Fatal(err)
		}
		_, _ = part.Write(files[i+1].([]byte))
	}
	_ = form.Close()
	req, err := http.NewRequestWithContext(w.ctx, http.MethodPost, w.server.URL+"/filer/reports/2018/attachments", &body)
	if err != nil {
		w.t.Fatal(err)
	}
	req.Header.Set("Content-Type", form.FormDataContentType())
	return b.Do(req)
}

var fileHref = regexp.MustCompile(`href="(/filer/attachments/[0-9a-f-]{36})"`)

func TestSendingFiles(t *testing.T) {
	w := newWorld(t, "2019-02-01")
	w.askForFiles()
	org, _ := w.org(registry.TypeService)
	b := w.browser(registry.TypeService)

	page := b.Get("/filer/reports/2018/attachments")
	contains(t, page, "声明签章页", "必交", "审计报告", "选传", "每个不超过 10 MB，最多 2 个", `accept="application/pdf,image/jpeg,image/png"`)
	contains(t, b.Get("/filer/reports/2018/tasks"), `href="/filer/reports/2018/attachments"`, "缺 1 种")

	if a := w.sendFiles(b, "declaration", "签章 页.png", pngFile(4)); a.Status != http.StatusSeeOther {
		t.Fatalf("one file: %d\n%s", a.Status, a.Body)
	}
	page = b.Get("/filer/reports/2018/attachments")
	contains(t, page, "已上传 1 个文件", "签章 页.png", "PNG 图片", "1 个文件")

	// Of several files those that cannot be taken are named, the others kept.
	a := w.sendFiles(b, "declaration", "报告.docx", append([]byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), make([]byte, 600)...), "二.png", pngFile(5), "三.png", pngFile(6))
	if a.Status != http.StatusUnprocessableEntity {
		t.Fatalf("three files, one taken: %d", a.Status)
	}
	contains(t, a, "有 2 个文件没有存下，其余 1 个已经存好", "报告.docx：不支持 Word", "三.png：“声明签章页”最多 2 个文件", "二.png")
	a = w.sendFiles(b, "audit_report", "大.png", append(pngFile(4), make([]byte, 2000)...))
	contains(t, a, "大.png：“审计报告”的文件不能超过")
	if a := w.sendFiles(b, "audit_report"); a.Status != http.StatusUnprocessableEntity || !strings.Contains(a.Body, "没有选文件") {
		t.Errorf("no file: %d", a.Status)
	}
	if a := w.sendFiles(b, "charter", "a.png", pngFile(4)); a.Status != http.StatusNotFound {
		t.Errorf("a kind not asked for: %d", a.Status)
	}

	// Deleting leaves the other.
	page = b.Get("/filer/reports/2018/attachments")
	href := fileHref.FindStringSubmatch(page.Body)
	if href == nil {
		t.Fatal("no file on the page")
	}
	remove := "/filer/reports/2018/attachments/" + strings.TrimPrefix(href[1], "/filer/attachments/") + "/delete"
	if a := b.Post(remove, nil); a.Status != http.StatusSeeOther {
		t.Errorf("delete: %d", a.Status)
	}
	list, err := filing.Attachments(w.ctx, w.db, mustObligation(t, w, org).ID)
	if err != nil || len(list) != 1 || list[0].Name != "二.png" {
		t.Errorf("left: %+v, %v", list, err)
	}
	if a := b.Post(remove, nil); a.Status != http.StatusNotFound {
		t.Errorf("delete again: %d", a.Status)
	}
}

func contains(t *testing.T, a webtest.Answer, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(a.Body, text) {
			t.Errorf("%q is not on the page (%d):\n%s", text, a.Status, a.Body)
		}
	}
}

// A file is shown as what it is, drawn and nothing else, in whole or in part, to
// its owner alone.
func TestServingFiles(t *testing.T) {
	w := newWorld(t, "2019-02-01")
	w.askForFiles()
	b, other := w.browser(registry.TypeService), w.browser(registry.TypeFoundation)
	data := pngFile(9)
	w.sendFiles(b, "declaration", `<script>x.png`, data)
	href := fileHref.FindStringSubmatch(b.Get("/filer/reports/2018/attachments").Body)
	if href == nil {
		t.Fatal("no file on the page")
	}
	sum := sha256.Sum256(data)
	tag := `"` + hex.EncodeToString(sum[:]) + `"`
	get := func(b *webtest.Browser, path string, header ...string) webtest.Answer {
		req, err := http.NewRequestWithContext(w.ctx, http.MethodGet, w.server.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Accept-Encoding", "gzip")
		for i := 0; i+1 < len(header); i += 2 {
			req.Header.Set(header[i], header[i+1])
		}
		return b.Do(req)
	}
	whole := get(b, href[1])
	if whole.Status != http.StatusOK || whole.Body != string(data) {
		t.Fatalf("whole: %d, %d bytes", whole.Status, len(whole.Body))
	}
	for name, want := range map[string]string{"Content-Type": "image/png", "ETag": tag, "X-Content-Type-Options": "nosniff", "Accept-Ranges": "bytes",
		"Cache-Control": "private, no-cache", "Content-Encoding": "", "X-Frame-Options": "DENY"} {
		if got := whole.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	csp := whole.Header.Get("Content-Security-Policy")
	if !strings.HasPrefix(csp, "sandbox;") || strings.Contains(csp, "script") || strings.Contains(csp, "allow-") {
		t.Errorf("policy: %s", csp)
	}
	if d := whole.Header.Get("Content-Disposition"); !strings.HasPrefix(d, "inline; filename*=UTF-8''") || strings.ContainsAny(d, `<>"`) {
		t.Errorf("disposition: %s", d)
	}
	if d := get(b, href[1]+"?save=1").Header.Get("Content-Disposition"); !strings.HasPrefix(d, "attachment;") {
		t.Errorf("saved: %s", d)
	}
	part := get(b, href[1], "Range", "bytes=4-9")
	if part.Status != http.StatusPartialContent || part.Body != string(data[4:10]) {
		t.Errorf("part: %d %q", part.Status, part.Body)
	}
	if a := get(b, href[1], "If-None-Match", tag); a.Status != http.StatusNotModified || a.Body != "" {
		t.Errorf("known: %d", a.Status)
	}
	if a := get(b, href[1], "Range", "bytes=99999-"); a.Status != http.StatusRequestedRangeNotSatisfiable {
		t.Errorf("beyond the end: %d", a.Status)
	}
	if a := get(other, href[1]); a.Status != http.StatusNotFound {
		t.Errorf("another's: %d", a.Status)
	}
	if a := get(webtest.NewBrowser(t, w.server.URL), href[1]); a.Status != http.StatusSeeOther {
		t.Errorf("nobody: %d", a.Status)
	}
}

// What is missing stands on the check page and hinders submitting; what was
// submitted is listed with it, and cannot be changed.
func TestFilesOfASubmission(t *testing.T) {
	w := newWorld(t, "2019-02-01")
	w.askForFiles()
	org, _ := w.org(registry.TypeService)
	b := w.browser(registry.TypeService)
	f, values := w.sample(org, 1)
	saved := encode(t, f, values)
	if _, err := w.filing.SaveDraft(w.ctx, filing.SaveDraft{OrganisationID: org.ID, Year: 2018, Body: []byte(saved),
		Actor: event.Actor{Kind: event.ActorPerson, ID: "p", Name: "张三"}}); err != nil {
		t.Fatal(err)
	}
	contains(t, b.Get("/filer/reports/2018/check"), "没有上传“声明签章页”", "ATT-REQUIRED", `href="/filer/reports/2018/attachments"`)
	if a := b.Get("/filer/reports/2018/declaration.pdf"); a.Status != http.StatusOK || !strings.HasPrefix(a.Body, "%PDF-") ||
		a.Header.Get("Content-Type") != "application/pdf" {
		t.Errorf("declaration page: %d", a.Status)
	}
	w.sendFiles(b, "declaration", "签章页.png", pngFile(4))
	contains(t, b.Get("/filer/reports/2018/submit"), "签章页.png")
	receipt := w.submit(org, 1)
	contains(t, b.Get("/filer/reports/2018/submissions/"+receipt.SubmissionID.String()), "附件", "签章页.png", "声明签章页 · PNG")
	page := b.Get("/filer/reports/2018/attachments")
	contains(t, page, "附件不能再改", "签章页.png")
	if strings.Contains(page.Body, "/delete") || strings.Contains(page.Body, `type="file"`) {
		t.Error("the page offers a change of what is submitted")
	}
	if a := w.sendFiles(b, "declaration", "晚.png", pngFile(5)); a.Status != http.StatusUnprocessableEntity || !strings.Contains(a.Body, "已经提交") {
		t.Errorf("after submitting: %d", a.Status)
	}
	if a := b.Get("/filer/reports/2018/declaration.pdf"); a.Status != http.StatusOK {
		t.Errorf("declaration page of a submitted report: %d", a.Status)
	}
	w.decide(review.Decision{SubmissionID: receipt.SubmissionID, Outcome: review.Return, Opinion: "请改正。"})
	page = b.Get("/filer/reports/2018/attachments")
	contains(t, page, "签章页.png", "/delete", `type="file"`)
}

// A report without files asks for none.
func TestNoFilesAsked(t *testing.T) {
	w := newWorld(t, "2019-02-01")
	b := w.browser(registry.TypeService)
	contains(t, b.Get("/filer/reports/2018/attachments"), "不要求上传附件")
	if page := b.Get("/filer/reports/2018/tasks"); strings.Contains(page.Body, "/attachments") {
		t.Error("the task list names files that nobody asks for")
	}
	if a := w.sendFiles(b, string(attachment.Other), "a.png", pngFile(4)); a.Status != http.StatusNotFound {
		t.Errorf("sent all the same: %d", a.Status)
	}
}
