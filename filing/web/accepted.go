package web

import (
	"net/http"
	"slices"
	"strconv"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"nianbao/filing"
	"nianbao/internal/registry"
	"nianbao/internal/web"
	"nianbao/internal/workday"
)

// acceptedElsewhere lists the years whose reports were accepted before this
// system; those of the obligations given are left out.
func (p *Pages) acceptedElsewhere(c echo.Context, id uuid.UUID, known []filing.Obligation) ([]YearLine, error) {
	years, err := filing.AcceptedYears(requestContext(c), p.db, id)
	if err != nil {
		return nil, err
	}
	var lines []YearLine
	for _, y := range years {
		if slices.ContainsFunc(known, func(o filing.Obligation) bool { return o.ReportYear == y.ReportYear }) {
			continue
		}
		lines = append(lines, YearLine{Href: reportsPath + "/" + strconv.Itoa(y.ReportYear) + "/accepted", Title: yearTitle(y.ReportYear),
			Text: "本系统启用之前报送", Tag: web.Tag{Text: "已审结", Tone: web.ToneOK}})
	}
	return lines, nil
}

// accepted shows a year's accepted report, such as one from before this system.
func (p *Pages) accepted(c echo.Context) error {
	id, err := organisation(c)
	if err != nil {
		return err
	}
	number, err := strconv.Atoi(c.Param("year"))
	if err != nil {
		return web.ErrNotFound
	}
	report, err := filing.AcceptedReport(requestContext(c), p.db, id, number)
	if err != nil {
		return err
	}
	org, err := registry.OrganisationByID(requestContext(c), p.db, id)
	if err != nil {
		return err
	}
	f, err := p.forms.Form(report.Form)
	if err != nil {
		return err
	}
	values, err := decode(f, report.Body)
	if err != nil {
		return err
	}
	// When an imported report was accepted is not known here, only when it came in.
	source := web.Fact{Label: "来源", Value: "本系统启用之前报送，由登记管理机关导入"}
	if report.SubmissionID.Valid {
		source = web.Fact{Label: "审结日期", Value: workday.DateOf(report.AcceptedAt).Chinese()}
	}
	page := SubmissionPage{Eyebrow: yearTitle(number), Heading: "已审结的报告", Facts: []web.Fact{source}}
	page.Sections = reader{form: f, values: values, maker: org.Name, year: number,
		context: filing.FormContext(org.RegisteredOn, number, &filing.Rules{})}.sections()
	if page.Page, err = p.page(c, yearTitle(number), web.Crumb{Text: "年度报告", Href: reportsPath}); err != nil {
		return err
	}
	return p.app.Render(c, http.StatusOK, "filer/submission", page)
}
