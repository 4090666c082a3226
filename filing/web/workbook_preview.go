package web

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"nianbao/filing"
	"nianbao/filing/check"
	"nianbao/filing/form"
	"nianbao/filing/workbook"
	"nianbao/internal/web"
)

// PreviewPage shows what was read out of a workbook, cell by cell, before it is
// written into the draft.
type PreviewPage struct {
	web.Page
	Eyebrow   string
	Heading   string
	Lede      string
	Tasks     TaskList
	Moved     bool // the draft changed since the page was shown
	Notices   []string
	Problems  []PreviewProblem
	Conflicts []PreviewConflict
	Sheets    []PreviewSheet
	Kept      []PreviewRow
	Same      []PreviewRow
	Findings  []web.Finding
	Result    string // what the checks say of the draft with this in it
	Action    string
	Shown     string // what this page showed
	CanApply  bool
	Button    string
	Back      string
}

// PreviewProblem is a cell that could not be read.
type PreviewProblem struct{ Place, Label, Text, Wrong, Remedy string }

// PreviewConflict is a field that the workbook and somebody else changed.
type PreviewConflict struct {
	ID, Name, Label, Place string
	Mine, Theirs           string
}

// PreviewSheet is what changes by one sheet.
type PreviewSheet struct {
	ID, Name string
	Rows     []PreviewRow
}

// PreviewRow is a cell with the draft's value and its own.
type PreviewRow struct{ Sheet, Place, Label, Old, New string }

// pending is an upload with how it compares with the draft now.
type pending struct {
	upload  filing.Upload
	reading *workbook.Reading
	list    []workbook.Difference
}

// readPending finds the person's upload.
func (p *Pages) readPending(c echo.Context, w *workspace) (*pending, error) {
	upload, err := filing.UploadOf(requestContext(c), p.db, w.obligation.ID, web.Principal(c).ID)
	if err != nil {
		return nil, err
	}
	reading, err := workbook.Decode(w.form, upload.Reading)
	if err != nil {
		return nil, err
	}
	return &pending{upload: upload, reading: reading, list: reading.Compare(w.form, w.values)}, nil
}

// openPending is readPending for a page; without an upload it leads back to
// where one is sent.
func (p *Pages) openPending(c echo.Context) (w *workspace, up *pending, done bool, err error) {
	if w, done, err = p.openWorkspace(c); done || err != nil {
		return nil, nil, done, err
	}
	up, err = p.readPending(c, w)
	if errors.Is(err, filing.ErrNotFound) {
		return nil, nil, true, web.SeeOther(c, w.path("/workbook"))
	}
	return w, up, false, err
}

func (p *Pages) previewWorkbook(c echo.Context) error {
	w, up, done, err := p.openPending(c)
	if done || err != nil {
		return err
	}
	return p.renderPreview(c, w, up, false)
}

// takeMine is the button of a conflict that takes the workbook's value.
const takeMine = "mine"

func (p *Pages) applyWorkbook(c echo.Context) error {
	w, up, done, err := p.openPending(c)
	if done || err != nil {
		return err
	}
	sent, err := web.ReadForm(c)
	if err != nil {
		return err
	}
	take := func(key string) bool { return sent.Get(pickPrefix+key) == takeMine }
	for attempt := 1; ; attempt++ {
		if sent.Get("shown") != workbook.Fingerprint(w.form, up.list) {
			return p.renderPreview(c, w, up, true)
		}
		body, err := w.form.Encode(workbook.Merge(w.form, w.values, up.list, take))
		if err != nil {
			return err
		}
		settled := workbook.Settled(up.list, take)
		_, err = p.filing.SaveDraft(requestContext(c), filing.SaveDraft{OrganisationID: w.org.ID, Year: w.obligation.ReportYear,
			Body: body, IfMatch: &w.draft.Version, Settled: settled, Actor: web.Principal(c).Actor()})
		if errors.Is(err, filing.ErrStale) && attempt < saveAttempts {
			if err := p.readDraft(c, w); err != nil {
				return err
			}
			up.list = up.reading.Compare(w.form, w.values)
			continue
		}
		if err != nil {
			return err
		}
		return p.applied(c, w, len(settled))
	}
}

func (p *Pages) applied(c echo.Context, w *workspace, n int) error {
	if err := filing.DropUpload(requestContext(c), p.db, w.obligation.ID, web.Principal(c).ID); err != nil {
		return err
	}
	p.app.AddFlash(c, web.Flash{Text: fmt.Sprintf("已从表格写入 %d 项。请接着核对其余部分，再作全面检查。", n)})
	return web.SeeOther(c, w.path("/tasks"))
}

// renderPreview shows the comparison; moved says that somebody saved since it
// was last shown.
func (p *Pages) renderPreview(c echo.Context, w *workspace, up *pending, moved bool) error {
	page := PreviewPage{Eyebrow: "用表格填写", Heading: "核对读到的内容", Tasks: p.taskList(w, "workbook"), Moved: moved,
		Notices: up.reading.Notices, Action: w.path("/workbook/preview"), Back: w.path("/workbook"),
		Shown: workbook.Fingerprint(w.form, up.list), Lede: up.lede()}
	var err error
	if page.Page, err = p.page(c, page.Heading, w.crumbs(web.Crumb{Text: "用表格填写", Href: page.Back})...); err != nil {
		return err
	}
	for _, cell := range up.reading.Problems() {
		page.Problems = append(page.Problems, PreviewProblem{Place: cell.Place(), Label: cell.Label, Text: clip(cell.Text),
			Wrong: cell.Wrong, Remedy: cell.Fix})
	}
	n := page.differences(up)
	page.Same = up.same(w)
	page.CanApply = n > 0
	page.Button = fmt.Sprintf("写入报告（%d 项）", n)
	if len(page.Conflicts) > 0 { // how many depends on what is picked
		page.Button = "按选择写入报告"
	}
	if page.Findings, page.Result, err = p.findingsAfter(c, w, up); err != nil {
		return err
	}
	status := http.StatusOK
	if moved {
		status, page.Refused = http.StatusConflict, true
	}
	return p.app.Render(c, status, "filer/workbook-preview", page)
}

func (up *pending) lede() string {
	var sheets []string
	for _, s := range up.reading.Sheets {
		name := s.Name
		if s.What != s.Name {
			name += "（" + s.What + "）"
		}
		sheets = append(sheets, name)
	}
	const most = 6
	words := strings.Join(sheets[:min(len(sheets), most)], "、")
	if len(sheets) > most {
		words += fmt.Sprintf("等 %d 张工作表", len(sheets))
	}
	return fmt.Sprintf("从“%s”读了 %s，共 %d 格。现在还没有写入报告。", up.upload.FileName, words, len(up.reading.Cells))
}

// differences sorts the fields by what becomes of them and counts those that may
// be written.
func (page *PreviewPage) differences(up *pending) (n int) {
	sheets := map[string]int{}
	for _, d := range up.list {
		switch d.State {
		case workbook.Changed:
			n++
			for _, row := range up.rows(d) {
				at, known := sheets[row.Sheet]
				if !known {
					at = len(page.Sheets)
					sheets[row.Sheet] = at
					page.Sheets = append(page.Sheets, PreviewSheet{ID: fmt.Sprintf("s-%d", at+1), Name: row.Sheet})
				}
				page.Sheets[at].Rows = append(page.Sheets[at].Rows, row)
			}
		case workbook.Conflict:
			n++
			page.Conflicts = append(page.Conflicts, PreviewConflict{ID: fieldID(d.Field.Key), Name: pickPrefix + d.Field.Key,
				Label: labelOf(d.Field), Place: up.reading.PlaceOf(d.Field.Key), Mine: orBlank(shown(d.Field, d.New)),
				Theirs: orBlank(shown(d.Field, d.Old))})
		case workbook.Kept:
			page.Kept = append(page.Kept, up.rows(d)...)
		case workbook.Unreadable:
		}
	}
	return n
}

// rows are the cells of a field that differ, a table's one by one.
func (up *pending) rows(d workbook.Difference) []PreviewRow {
	whole, _ := up.reading.Find(d.Field.Key)
	before, after := rowsOf(d.Old), rowsOf(d.New)
	if len(before) == 0 && len(after) == 0 { // no table, or none against not filled
		return []PreviewRow{{whole.Sheet, whole.Place(), labelOf(d.Field), orBlank(shown(d.Field, d.Old)), orBlank(shown(d.Field, d.New))}}
	}
	var list []PreviewRow
	for i := range max(len(before), len(after)) {
		for _, column := range d.Field.Columns {
			was, is := at(before, i, column.Key), at(after, i, column.Key)
			if column.Computed() || same(was, is) {
				continue
			}
			path, label := fmt.Sprintf("%s[%d].%s", d.Field.Key, i, column.Key), fmt.Sprintf("%s，第 %d 行，%s", d.Field.Label, i+1, column.Label)
			if d.Field.Kind == form.KindTableRow {
				path, label = d.Field.Key+"."+column.Key, labelOf(column)
			}
			place := up.reading.PlaceOf(path)
			if place == "" { // the cell is blank now
				place = whole.Sheet
			}
			list = append(list, PreviewRow{whole.Sheet, place, label, orBlank(shown(column, was)), orBlank(shown(column, is))})
		}
	}
	return list
}

func rowsOf(value any) []map[string]any {
	switch v := value.(type) {
	case []map[string]any:
		return v
	case map[string]any:
		return []map[string]any{v}
	}
	return nil
}

func at(rows []map[string]any, i int, key string) any {
	if i >= len(rows) {
		return nil
	}
	return rows[i][key]
}

// same are the cells that say what the draft says already.
func (up *pending) same(w *workspace) []PreviewRow {
	differ := map[*form.Field]bool{}
	for _, d := range up.list {
		differ[d.Field] = true
	}
	var list []PreviewRow
	for _, cell := range up.reading.Cells {
		f, ok := w.form.Field(cell.Path)
		if !ok || cell.Text == "" || cell.Wrong != "" || differ[f] || f.Parent != nil && differ[f.Parent] {
			continue
		}
		list = append(list, PreviewRow{Place: cell.Place(), Label: cell.Label, New: clip(cell.Text)})
	}
	return list
}

// findingsAfter are the errors and warnings that the draft would have, as far as
// they concern what was read, each with the cells that it is about.
func (p *Pages) findingsAfter(c echo.Context, w *workspace, up *pending) (list []web.Finding, result string, err error) {
	next := workbook.Merge(w.form, w.values, up.list, func(string) bool { return true })
	body, err := w.form.Encode(w.form.Prune(next, w.context))
	if err != nil {
		return nil, "", err
	}
	found, err := p.filing.Check(requestContext(c), filing.Check{OrganisationID: w.org.ID, Year: w.obligation.ReportYear, Body: body})
	if err != nil {
		return nil, "", err
	}
	for _, f := range found {
		places := up.placesOf(w, f)
		if len(places) == 0 || f.Check == check.CodeRequired {
			continue
		}
		list = append(list, web.Finding{ID: fmt.Sprintf("w-%d", len(list)), Warning: f.Severity != check.Error, Title: f.Message,
			Text: []string{"位置：" + strings.Join(places, "、")}, Remedy: f.Remedy, Basis: f.Basis, Check: f.Check})
	}
	n := countOf(place(w.form, found))
	result = "写入以后，整份报告有 " + countWords(n) + "。"
	if n == (counts{}) {
		result = "写入以后，整份报告没有错误和提示。"
	}
	return list, result, nil
}

// placesOf are the cells that a finding is about; a computed figure has those it
// is computed from.
func (up *pending) placesOf(w *workspace, f check.Finding) []string {
	var places []string
	for _, key := range f.Keys {
		if at := up.reading.PlaceOf(key); at != "" && !slices.Contains(places, at) && len(places) < maxLinks {
			places = append(places, at)
		}
		field, ok := w.form.Field(key)
		if !ok || len(places) > 0 {
			continue
		}
		for _, t := range field.Terms() {
			if at := up.reading.PlaceOf(t.Field.Key); at != "" && !slices.Contains(places, at) && len(places) < maxLinks {
				places = append(places, at)
			}
		}
	}
	return places
}

// clip shortens a long text of a cell.
func clip(text string) string {
	const longest = 120
	if runes := []rune(text); len(runes) > longest {
		return string(runes[:longest]) + "…"
	}
	return text
}
