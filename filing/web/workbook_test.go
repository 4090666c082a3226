package web_test

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"nianbao/filing"
	"nianbao/filing/form"
	"nianbao/filing/workbook"
	"nianbao/internal/event"
	"nianbao/internal/registry"
	"nianbao/internal/web/webtest"
)

const workbookPath = "/filer/reports/2018/workbook"

// sendFile uploads a file as the page's form does.
func (w *world) sendFile(b *webtest.Browser, name string, raw []byte) webtest.Answer {
	w.t.Helper()
	var body bytes.Buffer
	out := multipart.NewWriter(&body)
	if err := out.WriteField("csrf_token", b.CSRF()); err != nil {
		w.t.Fatal(err)
	}
	part, err := out.CreateFormFile("file", name)
	if err == nil {
		_, err = part.Write(raw)
	}
	if err == nil {
		err = out.Close()
	}
	if err != nil {
		w.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(w.ctx, http.MethodPost, w.server.URL+workbookPath, &body)
	if err != nil {
		w.t.Fatal(err)
	}
	req.Header.Set("Content-Type", out.FormDataContentType())
	return b.Do(req)
}

// downloaded is a workbook from the page, with cells changed.
func (w *world) downloaded(b *webtest.Browser, part workbook.Part, edits map[string]any) []byte {
	w.t.Helper()
	a := b.Get(workbookPath + "/download?part=" + string(part))
	if a.Status != http.StatusOK || !strings.Contains(a.Header.Get("Content-Disposition"), ".xlsx") {
		w.t.Fatalf("download: %d", a.Status)
	}
	f, err := excelize.OpenReader(strings.NewReader(a.Body))
	if err != nil {
		w.t.Fatal(err)
	}
	defer f.Close()
	for place, value := range edits {
		sheet, cell, _ := strings.Cut(place, "!")
		if err := f.SetCellValue(sheet, cell, value); err != nil {
			w.t.Fatal(err)
		}
	}
	var out bytes.Buffer
	if err := f.Write(&out); err != nil {
		w.t.Fatal(err)
	}
	return out.Bytes()
}

// saveDraft stores values as somebody else would.
func (w *world) saveDraft(org registry.Organisation, values form.Values) {
	w.t.Helper()
	f, _ := w.sample(org, 1)
	if _, err := w.filing.SaveDraft(w.ctx, filing.SaveDraft{OrganisationID: org.ID, Year: 2018, Body: []byte(encode(w.t, f, values)),
		Actor: event.Actor{Kind: event.ActorPerson, ID: "p2", Name: "王五"}}); err != nil {
		w.t.Fatal(err)
	}
}

// The way of a workbook: download, change, upload, look, apply.
func TestWorkbookIsApplied(t *testing.T) {
	w := newWorld(t, "2019-02-01")
	org, _ := w.org(registry.TypeService)
	_, values := w.sample(org, 1)
	w.saveDraft(org, values)
	b := w.browser(registry.TypeService)
	if a := b.Get("/filer/reports/2018/tasks"); !strings.Contains(a.Body, workbookPath) {
		t.Error("the task list does not lead to the workbook")
	}
	b.Get(workbookPath)
	raw := w.downloaded(b, workbook.All, map[string]any{"资产负债表!E7": 4321.5, "资产负债表!E8": "很多"})
	if a := w.sendFile(b, "我的<表>.xlsx", raw); a.Status != http.StatusSeeOther {
		t.Fatalf("upload: %d\n%s", a.Status, a.Body)
	}
	page := b.Get(workbookPath + "/preview")
	for _, part := range []string{"资产负债表 E7", "4,321.50", "资产负债表 E8", "很多", "1 格有问题", "我的&lt;表&gt;.xlsx", "位置：资产负债表"} {
		if !strings.Contains(page.Body, part) {
			t.Errorf("the preview lacks %q", part)
		}
	}
	if _, now := w.draft(org); now["bs_cash.closing"] != values["bs_cash.closing"] {
		t.Error("the draft changed before it was applied")
	}
	fields := formOn(t, page.Body, workbookPath+"/preview")
	if a := b.Post(workbookPath+"/preview", fields); a.Status != http.StatusSeeOther {
		t.Fatalf("apply: %d\n%s", a.Status, a.Body)
	}
	changedKey := ""
	_, now := w.draft(org)
	for key, value := range now {
		if value == int64(432150) && values[key] != value && strings.HasSuffix(key, ".closing") {
			changedKey = key
		}
	}
	if changedKey == "" {
		t.Error("the figure is not in the draft")
	}
	if now["bs_current_assets_total.closing"] == values["bs_current_assets_total.closing"] {
		t.Error("the total was not worked out anew")
	}
	// Applied is applied: the upload is gone.
	if a := b.Get(workbookPath + "/preview"); a.Status != http.StatusSeeOther {
		t.Errorf("the preview is still there: %d", a.Status)
	}
}

// Somebody saves while a workbook is filled in, and again while it is looked at.
func TestWorkbookNeverOverwritesUnseen(t *testing.T) {
	w := newWorld(t, "2019-02-01")
	org, _ := w.org(registry.TypeService)
	_, values := w.sample(org, 1)
	w.saveDraft(org, values)
	b := w.browser(registry.TypeService)
	b.Get(workbookPath)
	cash := func() any { _, now := w.draft(org); return now["bs_cash.closing"] }
	raw := w.downloaded(b, workbook.Statements, nil)
	reading, err := workbook.Read(raw, w.report(org, values))
	if err != nil {
		t.Fatal(err)
	}
	place := strings.Replace(reading.PlaceOf("bs_cash.closing"), " ", "!", 1)
	raw = w.downloaded(b, workbook.Statements, map[string]any{place: 77})

	values["bs_cash.closing"] = int64(100) // while it was filled in
	values["phone"] = "020-1"
	w.saveDraft(org, values)
	w.sendFile(b, "a.xlsx", raw)
	page := b.Get(workbookPath + "/preview")
	if !strings.Contains(page.Body, "1 项两边都改了") {
		t.Fatalf("no conflict is shown:\n%s", page.Body)
	}
	fields := formOn(t, page.Body, workbookPath+"/preview")
	fields.Set("pick.bs_cash.closing", "mine")

	values["bs_cash.closing"] = int64(200) // while it was looked at
	w.saveDraft(org, values)
	if a := b.Post(workbookPath+"/preview", fields); a.Status != http.StatusConflict || !strings.Contains(a.Body, "还没有写入") {
		t.Fatalf("apply over an unseen change: %d", a.Status)
	}
	if got := cash(); got != int64(200) {
		t.Fatalf("the draft is %v", got)
	}
	for _, c := range []struct {
		pick string
		want int64
	}{{"theirs", 200}, {"mine", 7700}} {
		w.sendFile(b, "a.xlsx", raw)
		fields := formOn(t, b.Get(workbookPath+"/preview").Body, workbookPath+"/preview")
		fields.Set("pick.bs_cash.closing", c.pick)
		if a := b.Post(workbookPath+"/preview", fields); a.Status != http.StatusSeeOther || cash() != c.want {
			t.Errorf("pick %s: %d, the draft is %v", c.pick, a.Status, cash())
		}
	}
}

func (w *world) report(org registry.Organisation, values form.Values) workbook.Report {
	f, _ := w.sample(org, 1)
	return workbook.Report{Form: f, Year: 2018, USCC: string(org.USCC), Name: org.Name, Values: values}
}

func TestWorkbookRefusals(t *testing.T) {
	w := newWorld(t, "2019-02-01")
	b := w.browser(registry.TypeService)
	b.Get(workbookPath)
	for name, c := range map[string]struct {
		raw    []byte
		status int
		says   string
	}{
		"nothing":      {nil, http.StatusUnprocessableEntity, "没有选择文件"},
		"old format":   {append([]byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), make([]byte, 600)...), http.StatusUnprocessableEntity, "另存为"},
		"no statement": {[]byte("姓名,工资\n甲,1\n"), http.StatusUnprocessableEntity, "没有在文件里找到"},
		"too large":    {make([]byte, workbook.MaxBytes+2), http.StatusRequestEntityTooLarge, "超过 5 MB"},
	} {
		t.Run(name, func(t *testing.T) {
			a := w.sendFile(b, "x.xlsx", c.raw)
			if a.Status != c.status || !strings.Contains(a.Body, c.says) || !strings.Contains(a.Body, `aria-invalid="true"`) {
				t.Errorf("%d: %s", a.Status, a.Body)
			}
		})
	}
	if a := b.Get(workbookPath + "/download?part=other"); a.Status != http.StatusNotFound {
		t.Errorf("another part: %d", a.Status)
	}
	if a := b.Get(workbookPath + "/preview"); a.Status != http.StatusSeeOther {
		t.Errorf("a preview of nothing: %d", a.Status)
	}
	if a := b.Post(workbookPath+"/preview", url.Values{}); a.Status != http.StatusSeeOther {
		t.Errorf("applying nothing: %d", a.Status)
	}
	// Another organisation's workbook.
	other := w.browser(registry.TypeFoundation)
	other.Get(workbookPath)
	if a := w.sendFile(b, "x.xlsx", w.downloaded(other, workbook.Statements, nil)); a.Status != http.StatusUnprocessableEntity ||
		!strings.Contains(a.Body, "不能读取") && !strings.Contains(a.Body, "别的报告表") {
		t.Errorf("another's workbook: %d", a.Status)
	}
}
