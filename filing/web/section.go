package web

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"github.com/labstack/echo/v4"

	"nianbao/filing/form"
	"nianbao/internal/web"
)

// SectionPage is one section being filled in.
type SectionPage struct {
	web.Page
	Eyebrow  string
	Heading  string
	Tasks    TaskList
	Saved    Saved
	Summary  web.Summary
	Action   string
	Base     string
	Of       string // the obligation, so that another's page is never saved into it
	Note     string
	Confirm  Confirm // of what was filled in before anybody came here
	General  []web.Finding
	Blocks   []Block
	Paste    PasteView // of a statement
	Computes bool      // some figure follows from others
	NextText string
	Print    string // what a print says above the draft
}

// Names of the buttons that save.
const (
	saveButton = "save"
	saveLater  = "later"
)

// findSection is the section in the path, if it applies to the report.
func (w *workspace) findSection(code string) (*form.Section, error) {
	list := w.sections()
	i := slices.IndexFunc(list, func(s *form.Section) bool { return s.Code == code })
	if i < 0 {
		return nil, web.ErrNotFound
	}
	return list[i], nil
}

func (p *Pages) section(c echo.Context) error {
	w, done, err := p.openWorkspace(c)
	if done || err != nil {
		return err
	}
	s, err := w.findSection(c.Param("section"))
	if err != nil {
		return err
	}
	return p.renderSection(c, http.StatusOK, w, s, &input{})
}

// renderSection shows a section with what could not be read of an earlier try.
func (p *Pages) renderSection(c echo.Context, status int, w *workspace, s *form.Section, in *input) error {
	group, name, _ := sectionName(s)
	list := w.sections()
	at := slices.Index(list, s)
	page := SectionPage{
		Eyebrow: fmt.Sprintf("第 %d 部分，共 %d 部分", at+1, len(list)), Heading: name, Tasks: p.taskList(w, s.Code),
		Saved: p.savedOf(w), Action: w.sectionPath(s), Base: w.base(valueFields(s)), Note: s.Note,
		Of: w.obligation.ID.String(), Confirm: w.confirm(s), Computes: slices.ContainsFunc(valueFields(s), computes),
		NextText: "保存，填下一部分", Print: "草稿，未报送 · 打印于 " + stamp(p.db.Now()),
	}
	if group != "" {
		page.Eyebrow = group + " · " + page.Eyebrow
	}
	if at == len(list)-1 {
		page.NextText = "保存，去全面检查"
	}
	var err error
	if page.Page, err = p.page(c, name, w.crumbs(web.Crumb{Text: "任务清单", Href: w.path("/tasks")})...); err != nil {
		return err
	}
	v := newSectionView(w, s, in)
	page.Summary, page.Blocks, page.General = v.summary(), v.blocks(), v.general
	if len(w.lineGridOf(s).lines) > 0 {
		page.Paste = v.pasteLines()
	}
	page.Refused = len(in.refused) > 0 || len(in.pasted) > 0 || v.wrong()
	return p.app.Render(c, status, "filer/section", page)
}

// computes tells that a field, or some column of it, is computed.
func computes(f *form.Field) bool { return f.Computed() || slices.ContainsFunc(f.Columns, computes) }

func (p *Pages) saveSection(c echo.Context) error {
	w, done, err := p.openWorkspace(c)
	if done || err != nil {
		return err
	}
	s, err := w.findSection(c.Param("section"))
	if err != nil {
		return err
	}
	sent, err := web.ReadForm(c)
	if err != nil {
		return err
	}
	if err := w.ours(sent.Values); err != nil {
		return err
	}
	if sent.Get(saveButton) == saveAuto {
		return p.autosave(c, w, s, sent.Values)
	}
	return p.saveByButton(c, w, s, sent.Values)
}

// saveByButton stores what the page's form holds and leads on.
func (p *Pages) saveByButton(c echo.Context, w *workspace, s *form.Section, sent url.Values) error {
	ch := w.readChange(sent, valueFields(s))
	ch.section = s.Code
	if sent.Get(saveButton) == saveConfirm {
		for _, f := range w.marks(s) {
			ch.confirm = append(ch.confirm, f.Key)
		}
	}
	taken := w.readPaste(s, sent, ch.input)
	both, kept, err := p.save(c, w, ch)
	if err != nil {
		return err
	}
	if len(both) > 0 {
		return p.renderConflict(c, w, conflictOf{both: both, sent: sent, input: ch.input,
			action: w.sectionPath(s), fields: valueFields(s), heading: nameOf(s)})
	}
	if len(ch.input.refused)+len(ch.input.pasted) > 0 {
		return p.renderSection(c, http.StatusUnprocessableEntity, w, s, ch.input)
	}
	p.flashSaved(c, ch.input, kept)
	if taken != "" {
		p.app.AddFlash(c, web.Flash{Text: taken})
	}
	return web.SeeOther(c, w.afterSave(sent, s))
}

func nameOf(s *form.Section) string {
	_, name, _ := sectionName(s)
	return name
}

// flashSaved says what a person could not see otherwise.
func (p *Pages) flashSaved(c echo.Context, in *input, kept int) {
	if kept > 0 {
		p.app.AddFlash(c, web.Flash{Text: fmt.Sprintf("已保存。另有 %d 项是别人在您填写时改的，已一并保留。", kept)})
	}
	for _, f := range in.both {
		p.app.AddFlash(c, web.Flash{Warning: true, Text: fmt.Sprintf(
			"“%s”既选了没有，又填了内容，已按填写的内容保存。确实没有的，请删去各项再选没有。", f.Label)})
	}
}

// afterSave is where a save leads: to the row or the table that was added to,
// back to this section, or on.
func (w *workspace) afterSave(sent url.Values, s *form.Section) string {
	here := w.sectionPath(s)
	if key := sent.Get(addButton); key != "" {
		if rows, ok := w.values.Rows(key); ok && len(rows) > 0 {
			return here + "#" + fieldID(key+fmt.Sprintf("[%d]", len(rows)-1))
		}
	}
	if from := sent.Get(copyButton); from != "" {
		return here + "#" + fieldID(from)
	}
	if key := sent.Get(pasteButton); key != "" && key != s.Code {
		return here + "#" + fieldID(key)
	}
	for _, button := range []string{removeButton, addButton, pasteButton} {
		if sent.Get(button) != "" {
			return here
		}
	}
	if sent.Get(saveButton) == saveLater || sent.Get(saveButton) == saveConfirm && w.lacks(s) {
		return here
	}
	// The sections may have changed with what was saved.
	list := w.sections()
	if next := slices.Index(list, s) + 1; next < len(list) {
		return w.sectionPath(list[next])
	}
	return w.path("/check")
}

// lacks tells that something of a section is missing or wrong.
func (w *workspace) lacks(s *form.Section) bool {
	n := countOf(concerning(place(w.form, w.findings), s.Code))
	return n.missing+n.wrong > 0
}
