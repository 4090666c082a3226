package web

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/labstack/echo/v4"

	"nianbao/filing"
	"nianbao/filing/check"
	"nianbao/filing/form"
	"nianbao/internal/registry"
	"nianbao/internal/web"
)

// year is an obligation with what its pages show whatever the state.
type year struct {
	org        registry.Organisation
	obligation filing.Obligation
	season     filing.Season
	form       *form.Form
	files      []filing.Attachment     // in force; read with a workspace
	correction *filing.CorrectionDraft // being written; nil: none is
}

// path is the address of a page of the year: path("/check").
func (y *year) path(rest string) string {
	return reportsPath + "/" + strconv.Itoa(y.obligation.ReportYear) + rest
}

// title is what the report is called: 2025 年度报告.
func (y *year) title() string { return fmt.Sprintf("%d 年度报告", y.obligation.ReportYear) }

// crumbs lead from the list of reports to the year's own page.
func (y *year) crumbs(more ...web.Crumb) []web.Crumb {
	return append([]web.Crumb{{Text: "年度报告", Href: reportsPath}, {Text: y.title(), Href: y.path("")}}, more...)
}

// readYear finds the organisation's report of the year in the path. A year that
// is no number, or without an obligation, is not found.
func (p *Pages) readYear(c echo.Context) (*year, error) {
	id, err := organisation(c)
	if err != nil {
		return nil, err
	}
	number, err := strconv.Atoi(c.Param("year"))
	if err != nil {
		return nil, web.ErrNotFound
	}
	o, err := filing.ObligationByYear(requestContext(c), p.db, id, number)
	if err != nil {
		return nil, err
	}
	return p.yearOf(c, o)
}

// yearOf reads what belongs to an obligation of the asking organisation.
func (p *Pages) yearOf(c echo.Context, o filing.Obligation) (*year, error) {
	ctx := requestContext(c)
	y := &year{obligation: o}
	var err error
	if y.org, err = registry.OrganisationByID(ctx, p.db, o.OrganisationID); err != nil {
		return nil, err
	}
	if y.season, err = filing.SeasonByID(ctx, p.db, o.SeasonID); err != nil {
		return nil, err
	}
	if y.form, err = p.forms.Form(o.Form); err != nil {
		return nil, err
	}
	return y, p.readCorrection(c, y)
}

// workspace is a report being filled in: the draft, or what a new one starts
// from, with what the checks say of it.
type workspace struct {
	*year
	context  form.Context
	prior    form.Values // last year's accepted report, nil if there is none
	prefill  form.Values // what a new draft starts from
	sources  map[string]form.Source
	draft    filing.Draft
	settled  map[string]bool // keys that somebody typed, changed or confirmed
	values   form.Values     // of the draft, with the prefill where nobody has been yet
	findings []check.Finding
	said     filing.Explanations    // to warnings
	remarked map[*form.Section]bool // of a returned report: sections with remarks; true: changed since
}

// workspaceOf reads the draft of a year with what belongs to it.
func (p *Pages) workspaceOf(c echo.Context, y *year) (*workspace, error) {
	w := &workspace{year: y}
	w.context = filing.FormContext(y.org.RegisteredOn, y.obligation.ReportYear, &y.season.Rules)
	if err := p.readPrior(c, w); err != nil {
		return nil, err
	}
	facts := filing.FactsOf(y.org)
	facts.Postcode, facts.ContactEmail = y.org.Postcode, y.org.ContactEmail
	start, sources := y.form.PrefillFrom(form.PrefillOptions{
		Organisation: facts, Year: y.obligation.ReportYear, Prior: w.prior, Context: w.context})
	w.prefill, w.sources = y.form.Calculate(start), sources
	if err := p.readFiles(c, y); err != nil {
		return nil, err
	}
	if err := p.readDraft(c, w); err != nil {
		return nil, err
	}
	return w, p.readRemarked(c, w)
}

func (p *Pages) readPrior(c echo.Context, w *workspace) error {
	prior, err := filing.AcceptedReport(requestContext(c), p.db, w.org.ID, w.obligation.ReportYear-1)
	if errors.Is(err, filing.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	f, err := p.forms.Form(prior.Form)
	if err != nil {
		return err
	}
	w.prior, err = decode(f, prior.Body)
	return err
}

// readDraft reads the draft anew and checks it.
func (p *Pages) readDraft(c echo.Context, w *workspace) error {
	var err error
	if w.draft, err = p.filing.Draft(requestContext(c), w.org.ID, w.obligation.ReportYear); err != nil {
		return err
	}
	saved, err := decode(w.form, w.draft.Body)
	if err != nil {
		return err
	}
	w.settled = map[string]bool{}
	for _, key := range w.draft.Settled {
		w.settled[key] = true
	}
	w.values = w.overlay(saved)
	body, err := w.body()
	if err != nil {
		return err
	}
	w.findings, err = p.filing.Check(requestContext(c), filing.Check{
		OrganisationID: w.org.ID, Year: w.obligation.ReportYear, Body: body})
	if err != nil {
		return err
	}
	w.said, err = filing.ExplanationsOf(requestContext(c), p.db, w.obligation.ID)
	return err
}

// body is what would be submitted now: the draft with its computed figures and
// without what the form does not ask for.
func (w *workspace) body() ([]byte, error) {
	return w.form.Encode(w.form.Prune(w.form.Calculate(w.values), w.context))
}

// decode reads a stored body; what no longer fits the form is left out.
func decode(f *form.Form, body []byte) (form.Values, error) {
	decoded, _, err := f.Decode(body, form.DefaultLimits)
	if err != nil {
		return nil, fmt.Errorf("read a stored report: %w", err)
	}
	return decoded.Values, nil
}

// openWorkspace reads the workspace for a page on which the report is worked on.
// Where none is owed it leads to the year's page, which says why: done is then
// true and the answer given.
func (p *Pages) openWorkspace(c echo.Context) (w *workspace, done bool, err error) {
	y, err := p.readYear(c)
	if err != nil {
		return nil, false, err
	}
	if !y.writable() {
		return nil, true, web.SeeOther(c, y.path(""))
	}
	w, err = p.workspaceOf(c, y)
	return w, false, err
}

// sections are those of the form that apply to the report as it stands.
func (w *workspace) sections() []*form.Section {
	var list []*form.Section
	for _, s := range w.form.Sections {
		if s.When.Holds(w.values, nil, w.context) {
			list = append(list, s)
		}
	}
	return list
}
