package web

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"nianbao/filing/check"
	"nianbao/filing/form"
	"nianbao/internal/web"
)

// CheckPage lists all that the form checks found, by section, errors first.
// Each warning may be answered with an explanation.
type CheckPage struct {
	web.Page
	Heading  string
	Tasks    TaskList
	Saved    Saved
	Summary  web.Summary // of refused explanations
	Verdict  string
	Said     string // how many warnings are explained
	Errors   bool
	Sections []CheckedSection
	Action   string
	Next     string
}

// CheckedSection is what was found in one section. Missing is what is not
// filled in yet, told shortly.
type CheckedSection struct {
	ID, Title, Href string
	Tag             web.Tag
	Missing         []web.Link
	Total           int // of what is missing; more than Missing lists
	Findings        []web.Finding
	Explains        bool // some can be explained
}

// maxMissing is how many unfilled fields of a section are listed by name.
const maxMissing = 8

func (p *Pages) check(c echo.Context) error {
	w, done, err := p.openWorkspace(c)
	if done || err != nil {
		return err
	}
	return p.renderCheck(c, http.StatusOK, w, &web.Form{})
}

// renderCheck shows the check with what was sent, where it could not be stored.
func (p *Pages) renderCheck(c echo.Context, status int, w *workspace, sent *web.Form) error {
	findings := place(w.form, w.findings)
	n := countOf(findings)
	page := CheckPage{Heading: "全面检查", Tasks: p.taskList(w, "check"), Saved: p.savedOf(w), Errors: n.wrong+n.missing > 0,
		Sections: w.checked(findings, sent), Next: w.path("/submit"), Verdict: verdict(n), Action: w.path("/check"), Said: w.saidWords()}
	var err error
	if page.Page, err = p.page(c, "全面检查", w.crumbs(web.Crumb{Text: "任务清单", Href: w.path("/tasks")})...); err != nil {
		return err
	}
	if !sent.OK() {
		page.Refused, page.Summary = true, sent.Summary("有说明没有存下，其余已保存")
	}
	return p.app.Render(c, status, "filer/check", page)
}

func verdict(n counts) string {
	switch {
	case n.wrong+n.missing > 0:
		return "还有 " + countWords(n) + "。改完错误、填完空缺后才能报送；提示不妨碍报送，数字没错的可以写一句说明。"
	case n.warnings > 0:
		return "没有错误，可以报送。有 " + countWords(n) + "，请看一看：错了就改，没错的可以写一句说明，审查员会看到。"
	}
	return "没有发现问题，可以报送。"
}

// checked groups findings under the first section that each concerns; those of
// no section come first.
func (w *workspace) checked(findings []placed, sent *web.Form) []CheckedSection {
	var list []CheckedSection
	told := map[int]bool{}
	add := func(s *form.Section, found []placed) {
		checked := w.checkedSection(s, fresh(found, told), sent)
		if len(checked.Findings)+len(checked.Missing) > 0 {
			list = append(list, checked)
		}
	}
	var nowhere []placed
	for _, f := range findings {
		if len(f.sections) == 0 {
			nowhere = append(nowhere, f)
		}
	}
	add(nil, nowhere)
	for _, s := range w.form.Sections {
		add(s, concerning(findings, s.Code))
	}
	return list
}

// fresh are the findings that were not told of a section before.
func fresh(found []placed, told map[int]bool) []placed {
	var list []placed
	for _, f := range found {
		if !told[f.number] {
			list = append(list, f)
			told[f.number] = true
		}
	}
	return list
}

// checkedSection tells what was found in a section, nil for the report as a whole.
func (w *workspace) checkedSection(s *form.Section, found []placed, sent *web.Form) CheckedSection {
	view := CheckedSection{ID: "c-general", Title: "整份报告", Href: w.path("/tasks")}
	if s != nil {
		view.ID, view.Title, view.Href = "c-"+s.Code, nameOf(s), w.sectionPath(s)
	}
	n := countOf(found)
	view.Explains = n.warnings > 0
	view.Tag = web.Tag{Text: countWords(n), Tone: web.ToneWarn}
	if n.wrong > 0 {
		view.Tag.Tone = web.ToneError
	}
	for _, severity := range []check.Severity{check.Error, check.Warning} {
		for _, f := range found {
			switch {
			case f.Severity != severity:
			case !f.missing():
				view.Findings = append(view.Findings, w.checkedFinding(f, sent))
			case len(view.Missing) < maxMissing:
				view.Missing = append(view.Missing, w.missingLink(f))
				view.Total++
			default:
				view.Total++
			}
		}
	}
	return view
}

func (w *workspace) missingLink(f placed) web.Link {
	key := firstKey(f)
	field, ok := w.form.Field(key)
	if !ok {
		return web.Link{Href: w.path("/tasks"), Text: f.Message}
	}
	return web.Link{Href: w.keyHref(key, nil), Text: linkText(field, field.Section)}
}
