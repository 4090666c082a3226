package web

import (
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"nianbao/filing"
	"nianbao/filing/form"
	"nianbao/internal/web"
	"nianbao/internal/workday"
	"nianbao/review"
)

// RepairPage is a returned report: each remark with what was filed and the
// field to put right, then the difference and the way to submit again.
type RepairPage struct {
	web.Page
	Eyebrow   string
	Heading   string
	Saved     Saved
	Due       Due
	Summary   web.Summary
	Action    string
	Base      string
	Fixes     []Fix
	Changes   []web.Change
	Previous  string // when it was submitted last
	Remaining []web.Link
	Submit    string
	Tasks     string
	Opinion   []web.Remark
	Documents []DocumentLine
	History   []HistoryLine
}

// Fix is one remark: the reviewer's words, what was filed, and the fields.
type Fix struct {
	ID, Title   string
	Section     web.Link
	Tag         web.Tag
	Remark      web.Remark
	Was         string
	Changed     bool
	Field       *FieldView
	Lines       []FixLine // amounts of a statement
	OpenSection string    // where a table is put right
}

// FixLine is an amount of a statement: as it was filed, and as it is now.
type FixLine struct {
	Label, Was, Full string
	Changed          bool
	ID, Name, Value  string
	Error            string
}

// HistoryLine is a step of the report's history.
type HistoryLine struct {
	Day, Text  string
	Href, Link string
}

// returned is a workspace with what was said on the report that was sent back.
type returned struct {
	*workspace
	submission filing.Submission
	before     form.Values
	opinion    review.Opinion
}

// readReturned reads it; where nothing is returned it leads to the year's page.
func (p *Pages) readReturned(c echo.Context) (r *returned, done bool, err error) {
	w, done, err := p.openWorkspace(c)
	if done || err != nil {
		return nil, done, err
	}
	if w.obligation.Status != filing.StatusReturned || !w.obligation.SubmissionID.Valid {
		return nil, true, web.SeeOther(c, w.path("/tasks"))
	}
	r = &returned{workspace: w}
	ctx := requestContext(c)
	if r.submission, r.before, err = p.lastFiled(c, w); err != nil {
		return nil, false, err
	}
	r.opinion, err = review.OpinionOn(ctx, p.db, r.submission.ID)
	if errors.Is(err, review.ErrNotFound) { // returned by other means than a decision
		err = nil
	}
	return r, false, err
}

// lastFiled is the report that was sent back, with its values.
func (p *Pages) lastFiled(c echo.Context, w *workspace) (filing.Submission, form.Values, error) {
	ctx := requestContext(c)
	s, err := filing.SubmissionByID(ctx, p.db, w.obligation.SubmissionID.UUID)
	if err != nil {
		return s, nil, err
	}
	body, err := filing.SubmissionBody(ctx, p.db, s.ID)
	if err != nil {
		return s, nil, err
	}
	f, err := p.forms.Form(s.Form) // the season may have changed the form since
	if err != nil {
		return s, nil, err
	}
	values, err := decode(f, body)
	return s, values, err
}

// fields are those that the page lets put right: what remarks name, tables
// aside, each once and in the form's order.
func (r *returned) fields() []*form.Field {
	named := map[*form.Field]bool{}
	for _, remark := range r.opinion.Remarks {
		for _, f := range r.fieldsOf(remark.Key) {
			named[f] = true
		}
	}
	return slices.DeleteFunc(r.form.ValueFields(), func(f *form.Field) bool { return !named[f] })
}

// fieldsOf are the fields that a remark's key means; none for a table.
func (r *returned) fieldsOf(key string) []*form.Field {
	f, ok := r.form.Field(key)
	if !ok {
		return nil
	}
	if f.Parent != nil && len(f.Parent.Columns) > 0 || f.Kind == form.KindTable || f.Kind == form.KindTableRow {
		return nil
	}
	if cells := f.CellFields(); len(cells) > 0 {
		return slices.DeleteFunc(slices.Clone(cells), func(cell *form.Field) bool { return !cell.When.InContext(r.context) })
	}
	return []*form.Field{f}
}

func (p *Pages) repair(c echo.Context) error {
	r, done, err := p.readReturned(c)
	if done || err != nil {
		return err
	}
	return p.renderRepair(c, http.StatusOK, r, &input{})
}

func (p *Pages) saveRepair(c echo.Context) error {
	r, done, err := p.readReturned(c)
	if done || err != nil {
		return err
	}
	sent, err := web.ReadForm(c)
	if err != nil {
		return err
	}
	fields := r.fields()
	ch := r.readChange(sent.Values, fields)
	both, kept, err := p.save(c, r.workspace, ch)
	if err != nil {
		return err
	}
	if len(both) > 0 {
		return p.renderConflict(c, r.workspace, conflictOf{both: both, sent: sent.Values, input: ch.input,
			action: r.path("/return"), fields: fields, heading: "退回修改"})
	}
	if len(ch.input.refused) > 0 {
		return p.renderRepair(c, http.StatusUnprocessableEntity, r, ch.input)
	}
	p.flashSaved(c, ch.input, kept)
	if sent.Get(saveButton) == saveLater {
		return web.SeeOther(c, r.path("/return"))
	}
	if r.hasErrors() {
		return web.SeeOther(c, r.path("/check"))
	}
	return web.SeeOther(c, r.path("/submit"))
}

func (p *Pages) renderRepair(c echo.Context, status int, r *returned, in *input) error {
	page := RepairPage{Eyebrow: r.title(), Saved: p.savedOf(r.workspace), Due: p.dueOf(r.year), Action: r.path("/return"),
		Base: r.base(r.fields()), Submit: r.path("/submit"), Tasks: r.path("/tasks"),
		Previous: workday.DateOf(r.submission.ReceivedAt).Chinese()}
	shownKeys := map[string]bool{}
	for i, remark := range r.opinion.Remarks {
		fix := r.fix(i, remark, in, shownKeys)
		page.Fixes = append(page.Fixes, fix)
		if fix.Tag.Tone == web.ToneWarn {
			page.Remaining = append(page.Remaining, web.Link{Href: "#" + fix.ID, Text: fix.Title})
		}
	}
	page.Heading = "已退回，请按意见修改后重新报送"
	if n := len(page.Fixes); n > 0 {
		page.Heading = fmt.Sprintf("已退回，请改 %d 处后重新报送", n)
	}
	if r.opinion.Opinion != "" {
		page.Opinion = []web.Remark{{By: "总体意见", Text: []string{r.opinion.Opinion}}}
	}
	page.Changes = r.changes(r.before)
	if len(in.refused) > 0 {
		page.Refused = true
		page.Summary.Title = fmt.Sprintf("有 %d 处看不懂，没有存下；其余已保存", len(in.refused))
		for _, refused := range in.refused {
			page.Summary.Items = append(page.Summary.Items, web.SummaryItem{Href: "#" + fieldID(refused.Path), Text: refused.Message})
		}
	}
	if err := p.fillReturned(c, r, &page); err != nil {
		return err
	}
	return p.app.Render(c, status, "filer/return", page)
}

// fillReturned adds the notice and what happened before.
func (p *Pages) fillReturned(c echo.Context, r *returned, page *RepairPage) error {
	var outcome ReportPage
	if err := p.fillOutcome(c, r.year, &outcome); err != nil {
		return err
	}
	page.Documents = outcome.Documents
	report, err := filing.ReportOf(requestContext(c), p.db, r.org.ID, r.obligation.ReportYear)
	if err != nil {
		return err
	}
	for _, line := range submissionLines(r.year, report.Submissions) {
		page.History = append(page.History, HistoryLine{Day: line.When, Text: line.Status + "，", Href: line.Receipt, Link: "回执 " + line.ReceiptNo})
	}
	page.History = append(page.History, HistoryLine{Day: r.obligation.OpensOn.Chinese(), Text: "开放报送"})
	page.Page, err = p.page(c, "退回修改", r.crumbs()...)
	return err
}

// fix is one remark with its fields. Fields that an earlier remark already
// shows are not shown twice, since a form may name a field only once.
func (r *returned) fix(i int, remark review.Remark, in *input, told map[string]bool) Fix {
	fix := Fix{ID: fmt.Sprintf("m-%d", i+1), Title: "整份报告", Remark: web.Remark{Text: []string{remark.Text}, Basis: remark.Basis}}
	f, ok := r.form.Field(remark.Key)
	if !ok {
		return fix
	}
	fix.Title = labelOf(f)
	fix.Section = web.Link{Href: r.keyHref(remark.Key, nil), Text: nameOf(f.Section)}
	fix.Tag, fix.Changed = web.Tag{Text: "已修改", Tone: web.ToneOK}, r.changed(f)
	if !fix.Changed {
		fix.Tag = web.Tag{Text: "待修改", Tone: web.ToneWarn}
	}
	fields := slices.DeleteFunc(r.fieldsOf(remark.Key), func(f *form.Field) bool { return told[f.Key] || f.Computed() })
	for _, f := range fields {
		told[f.Key] = true
	}
	if len(fields) == 0 {
		fix.OpenSection = fix.Section.Href
		return fix
	}
	v := newSectionView(r.workspace, f.Section, in)
	if len(fields) == 1 && fields[0].Parent == nil {
		view := v.field(fields[0])
		view.Mark = ""
		fix.Field, fix.Was = &view, orBlank(shown(fields[0], r.before[fields[0].Key]))
		return fix
	}
	for _, cell := range fields {
		q := v.question(cell, cell.Key, r.values[cell.Key], maxRadios)
		fix.Lines = append(fix.Lines, FixLine{Label: labelOf(cell), Full: labelOf(cell), Was: orBlank(shown(cell, r.before[cell.Key])),
			Changed: !same(r.values[cell.Key], r.before[cell.Key]), ID: q.ID, Name: q.Name, Value: q.Value, Error: q.Error})
	}
	return fix
}

// changed tells whether what a remark is about is not as it was filed.
func (r *returned) changed(f *form.Field) bool {
	if f.Parent != nil && len(f.Parent.Columns) > 0 {
		f = f.Parent
	}
	fields := f.CellFields()
	if len(fields) == 0 {
		fields = []*form.Field{f}
	}
	return slices.ContainsFunc(fields, func(f *form.Field) bool { return !same(r.values[f.Key], r.before[f.Key]) })
}

// changes is the difference to the report before, as the reviewer will see it.
func (w *workspace) changes(before form.Values) []web.Change {
	var list []web.Change
	for _, change := range w.form.Changes(before, w.form.Prune(w.form.Calculate(w.values), w.context)) {
		list = append(list, web.Change(change))
	}
	return list
}
