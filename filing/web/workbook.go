package web

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"nianbao/filing"
	"nianbao/filing/form"
	"nianbao/filing/workbook"
	"nianbao/internal/web"
)

// WorkbookPage is where a report is filled in with a spreadsheet: workbooks to
// download, and a file to upload.
type WorkbookPage struct {
	web.Page
	Eyebrow    string
	Heading    string
	Tasks      TaskList
	Summary    web.Summary
	Statements string // address of the workbook with the three statements
	All        string // of the whole report's
	Action     string
	Error      string
	Waiting    string // address of an upload that was not applied yet, "" for none
	WaitingAt  string
}

const (
	// workbookBody is a file of the largest size with what the form adds.
	workbookBody = workbook.MaxBytes + 64<<10
	workbookTime = 3 * time.Minute // 5 MB on a slow line
	workbookMIME = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	fileName     = "file"
)

func (p *Pages) workbookRoutes(year string) []web.Route {
	upload := post(year+"/workbook", p.uploadWorkbook)
	upload.MaxBody, upload.Timeout = workbookBody, workbookTime
	return []web.Route{
		get(year+"/workbook", p.workbook), upload,
		get(year+"/workbook/download", p.downloadWorkbook),
		get(year+"/workbook/preview", p.previewWorkbook),
		post(year+"/workbook/preview", p.applyWorkbook),
	}
}

// workbookReport is the report as a workbook has it.
func (w *workspace) workbookReport() workbook.Report {
	return workbook.Report{Form: w.form, Context: w.context, Year: w.obligation.ReportYear, USCC: string(w.org.USCC),
		Name: w.org.Name, Values: w.values}
}

func (p *Pages) workbook(c echo.Context) error {
	w, done, err := p.openWorkspace(c)
	if done || err != nil {
		return err
	}
	return p.renderWorkbook(c, w, nil)
}

// renderWorkbook shows the page with what was wrong with a file, if anything.
func (p *Pages) renderWorkbook(c echo.Context, w *workspace, refused web.DomainError) error {
	download := w.path("/workbook/download?part=")
	page := WorkbookPage{Eyebrow: w.title(), Heading: "用表格填写", Tasks: p.taskList(w, "workbook"), Action: w.path("/workbook"),
		Statements: download + string(workbook.Statements), All: download + string(workbook.All)}
	var err error
	if page.Page, err = p.page(c, page.Heading, w.crumbs(web.Crumb{Text: "任务清单", Href: w.path("/tasks")})...); err != nil {
		return err
	}
	upload, err := filing.UploadOf(requestContext(c), p.db, w.obligation.ID, web.Principal(c).ID)
	switch {
	case err == nil:
		page.Waiting, page.WaitingAt = w.path("/workbook/preview"), upload.FileName+"，"+stamp(upload.UploadedAt)+"上传"
	case !errors.Is(err, filing.ErrNotFound):
		return err
	}
	status := http.StatusOK
	if refused != nil {
		status, page.Refused, page.Error = refused.HTTPStatus(), true, refused.Detail()
		page.Summary = web.Summary{Title: "文件没有读入", Items: []web.SummaryItem{{Href: "#f-" + fileName, Text: page.Error}}}
	}
	return p.app.Render(c, status, "filer/workbook", page)
}

func (p *Pages) downloadWorkbook(c echo.Context) error {
	w, done, err := p.openWorkspace(c)
	if done || err != nil {
		return err
	}
	part := workbook.Part(c.QueryParam("part"))
	if !part.Valid() {
		return web.ErrNotFound
	}
	var out bytes.Buffer
	if err := workbook.Write(&out, w.workbookReport(), part); err != nil {
		return err
	}
	what := "三张报表"
	if part == workbook.All {
		what = "全部"
	}
	name := fmt.Sprintf("%s %d年度报告 %s.xlsx", w.org.Name, w.obligation.ReportYear, what)
	c.Response().Header().Set(echo.HeaderContentDisposition, "attachment; filename*=UTF-8''"+url.PathEscape(name))
	c.Response().Header().Set(echo.HeaderCacheControl, "private, no-store")
	return c.Blob(http.StatusOK, workbookMIME, out.Bytes())
}

// Refusals of an upload before anything is read.
var errNoFile = web.NewError(http.StatusUnprocessableEntity, "no_file", "没有选择文件。请选择填好的 .xlsx 文件后再上传。")

func (p *Pages) uploadWorkbook(c echo.Context) error {
	w, done, err := p.openWorkspace(c)
	if done || err != nil {
		return err
	}
	name, raw, err := sentFile(c)
	var reading *workbook.Reading
	if err == nil {
		reading, err = workbook.Read(raw, w.workbookReport())
	}
	var refused web.DomainError
	if errors.As(err, &refused) {
		return p.renderWorkbook(c, w, refused)
	}
	if err != nil {
		return err
	}
	data, err := reading.Encode(w.form)
	if err != nil {
		return err
	}
	if err := filing.KeepUpload(requestContext(c), p.db, filing.Upload{ObligationID: w.obligation.ID,
		PersonID: web.Principal(c).ID, FileName: name, Reading: data}); err != nil {
		return err
	}
	return web.SeeOther(c, w.path("/workbook/preview"))
}

// sentFile reads the file that was uploaded.
func sentFile(c echo.Context) (name string, raw []byte, err error) {
	head, err := c.FormFile(fileName)
	if err != nil || head.Size == 0 {
		return "", nil, errNoFile
	}
	file, err := head.Open()
	if err != nil {
		return "", nil, fmt.Errorf("open upload: %w", err)
	}
	defer file.Close() //nolint:errcheck // read only
	if raw, err = io.ReadAll(io.LimitReader(file, workbook.MaxBytes+1)); err != nil {
		return "", nil, fmt.Errorf("read upload: %w", err)
	}
	return cleanName(head.Filename), raw, nil
}

// cleanName is a file's name to be shown: its last part, without what cannot be seen.
func cleanName(name string) string {
	const longest = 100
	name = strings.ToValidUTF8(filepath.Base(strings.ReplaceAll(name, "\\", "/")), "")
	typed, _ := (&form.Field{Kind: form.KindText}).ParseTyped(name)
	text, _ := typed.(string)
	runes := []rune(text)
	return string(runes[:min(len(runes), longest)])
}
