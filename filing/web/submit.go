package web

import (
	"errors"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"nianbao/filing"
	"nianbao/filing/check"
	"nianbao/internal/web"
	"nianbao/internal/workday"
)

// SubmitPage is the whole report to read through, the declaration and the
// button that submits.
type SubmitPage struct {
	web.Page
	Eyebrow  string
	Heading  string
	Tasks    TaskList
	Summary  web.Summary
	Due      Due
	Sections []ReadSection
	Files    []web.FileLine
	Changes  []web.Change // since the report that was sent back
	Previous string       // when that was submitted; "" for a first report
	Blocked  string       // why it cannot be submitted yet
	Ask      AskView
	CheckTo  string
	Warnings string
	Warned   []web.Finding // with what is said to them
	Action   string
	Key      string // idempotency key: the same form sent twice is one report
	Version  int    // of the draft that was read through
	Declare  DeclareView
	After    string // what happens next
	Button   string // "": submit to the authority
	Print    string
	// Correction is of the correction being put forward; nil: a report is submitted.
	Correction *CorrectionView
}

func (p *Pages) submitForm(c echo.Context) error {
	w, done, err := p.openWorkspace(c)
	if done || err != nil {
		return err
	}
	return p.renderSubmit(c, w, &web.Form{})
}

func (p *Pages) renderSubmit(c echo.Context, w *workspace, sent *web.Form) error {
	page := SubmitPage{Eyebrow: w.title(), Heading: "通读与报送", Tasks: p.taskList(w, "submit"), Due: p.dueOf(w.year),
		Sections: w.reader().sections(), Files: kindLines(w.files), CheckTo: w.path("/check"), Action: w.path("/submit"), Key: sent.Get(keyName),
		Version: w.draft.Version, Declare: w.declareView(web.Principal(c), sent), Warned: w.warned(),
		Print: "草稿，未报送 · 打印于 " + stamp(p.db.Now())}
	n := countOf(place(w.form, w.findings))
	switch {
	case w.draft.Version == 0:
		page.Blocked = "还没有保存过任何内容，不能报送。"
	case n.wrong+n.missing > 0:
		page.Blocked = "还有 " + countWords(n) + "，改完才能报送。"
	case n.warnings > 0:
		page.Warnings = "有 " + countWords(n) + "，不妨碍报送，审查员会连同说明一起看到。"
	}
	window := filing.ReviewDue(p.calendar(), p.db.Now(), w.season.Rules.ReviewWindow)
	page.After = "现在报送，登记管理机关最迟 " + web.DateFull(window.Date) + "审结" + provisional(window.Provisional) +
		"。开始审查前可以撤回；开始后要改，请等审查意见。"
	if page.Key == "" {
		page.Key = uuid.NewString()
	}
	words, wait, err := p.sponsorWords(c, w)
	if err != nil {
		return err
	}
	if wait {
		return web.SeeOther(c, w.path("/sponsor"))
	}
	page.sponsored(words)
	if page.Ask, err = p.askView(c, w); err != nil {
		return err
	}
	if err := p.fillChanges(c, w, &page); err != nil {
		return err
	}
	if err := p.fillCorrection(c, w, &page); err != nil {
		return err
	}
	if page.Page, err = p.page(c, "通读与报送", w.crumbs(web.Crumb{Text: "任务清单", Href: w.path("/tasks")})...); err != nil {
		return err
	}
	if !sent.OK() {
		page.Refused, page.Summary = true, sent.Summary("没有报送")
	}
	return p.app.Render(c, sent.Status(), "filer/submit", page)
}

func provisional(yes bool) string {
	if yes {
		return "（日历未定，可能调整）"
	}
	return ""
}

// fillChanges shows what changed since the report that was sent back.
func (p *Pages) fillChanges(c echo.Context, w *workspace, page *SubmitPage) error {
	if w.obligation.Status != filing.StatusReturned || !w.obligation.SubmissionID.Valid {
		return nil
	}
	last, before, err := p.lastFiled(c, w)
	if err != nil {
		return err
	}
	page.Previous, page.Changes = workday.DateOf(last.ReceivedAt).Chinese(), w.changes(before)
	return nil
}

// warned are the warnings with what is said to them, as the reviewer will see them.
func (w *workspace) warned() []web.Finding {
	var list []web.Finding
	for _, f := range place(w.form, w.findings) {
		if f.Severity != check.Error {
			list = append(list, w.finding(f, nil))
		}
	}
	return list
}

// reader lays the draft out as it would be submitted.
func (w *workspace) reader() reader {
	return reader{form: w.form, values: w.form.Prune(w.form.Calculate(w.values), w.context), context: w.context,
		maker: w.org.Name, year: w.obligation.ReportYear, edit: w.sectionPath}
}

func (p *Pages) submit(c echo.Context) error {
	sent, err := web.ReadForm(c)
	if err != nil {
		return err
	}
	if !web.Principal(c).Responsible {
		return web.ErrNotResponsible
	}
	y, err := p.readYear(c)
	if err != nil {
		return err
	}
	// The draft is read even where nothing is owed any more: a form sent twice
	// must reach its receipt.
	w, err := p.workspaceOf(c, y)
	if err != nil {
		return err
	}
	if y.writable() {
		if !w.declared(web.Principal(c), sent) {
			return p.renderSubmit(c, w, sent)
		}
	}
	return p.submitDraft(c, w, sent)
}

func (p *Pages) submitDraft(c echo.Context, w *workspace, sent *web.Form) error {
	body, err := w.body()
	if err != nil {
		return err
	}
	report := filing.Submit{OrganisationID: w.org.ID, Year: w.obligation.ReportYear,
		Body: body, IdempotencyKey: sent.Get(keyName), Declaration: w.declaration(web.Principal(c), sent), Actor: web.Principal(c).Actor()}
	if done, err := p.sendFirst(c, w, report); done || err != nil {
		return err
	}
	receipt, err := p.take(c, sent, report)
	var refused *filing.CheckError
	var state *filing.StateError
	switch {
	case errors.As(err, &refused):
		return web.SeeOther(c, w.path("/check"))
	case errors.As(err, &state): // also where it moved while this was on its way
		p.app.AddFlash(c, web.Flash{Text: state.Detail(), Warning: true})
		return web.SeeOther(c, w.path(""))
	case err != nil:
		return err
	}
	return web.SeeOther(c, w.path("/submissions/"+receipt.SubmissionID.String()+"/receipt"))
}

// hasErrors tells whether the draft could not be submitted as it is.
func (w *workspace) hasErrors() bool { return w.draft.Version == 0 || check.HasErrors(w.findings) }
