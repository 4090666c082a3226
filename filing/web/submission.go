package web

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"nianbao/filing"
	"nianbao/internal/document"
	"nianbao/internal/web"
)

// readSubmission finds the submission in the path, if it is the organisation's
// for that year.
func (p *Pages) readSubmission(c echo.Context) (*year, filing.Submission, error) {
	y, err := p.readYear(c)
	if err != nil {
		return nil, filing.Submission{}, err
	}
	id, err := parseID(c)
	if err != nil {
		return nil, filing.Submission{}, err
	}
	s, err := filing.SubmissionByID(requestContext(c), p.db, id)
	if err == nil && s.ObligationID != y.obligation.ID {
		err = web.ErrNotFound
	}
	return y, s, err
}

// receiptPDF is the address of the receipt's PDF once there is one.
func (p *Pages) receiptPDF(c echo.Context, submission uuid.UUID) (href, text string, err error) {
	documents, err := document.ListForSubjects(requestContext(c), p.db, submission)
	if err != nil {
		return "", "", err
	}
	for _, d := range documents {
		if d.Kind == document.KindReceipt {
			return filesPath + "/" + d.ID.String(), fileWords(d), nil
		}
	}
	return "", "", nil
}

// SubmissionPage is a report as it was taken, to be read.
type SubmissionPage struct {
	web.Page
	Eyebrow  string
	Heading  string
	Facts    []web.Fact
	Sections []ReadSection
	Files    []web.FileLine
	Receipt  string
	Body     string
	Declared []web.Fact    // by whom, under which text
	Warned   []web.Finding // the warnings it was taken with, and what was said to them
}

func (p *Pages) submission(c echo.Context) error {
	y, s, err := p.readSubmission(c)
	if err != nil {
		return err
	}
	body, err := filing.SubmissionBody(requestContext(c), p.db, s.ID)
	if err != nil {
		return err
	}
	f, err := p.forms.Form(s.Form)
	if err != nil {
		return err
	}
	values, err := decode(f, body)
	if err != nil {
		return err
	}
	path := y.path("/submissions/" + s.ID.String())
	page := SubmissionPage{Eyebrow: y.title(), Heading: fmt.Sprintf("第 %d 次报送的内容", s.Ordinal), Receipt: path + "/receipt",
		Body: path + "/body", Facts: []web.Fact{
			{Label: "状态", Value: s.Status.Label()},
			{Label: "回执号", Value: s.ReceiptNo, Code: true},
			{Label: "收到时间", Value: stamp(s.ReceivedAt)},
			{Label: "SHA-256", Value: s.SHA256, Code: true},
		}}
	opinion, err := p.sponsorOpinion(c, s)
	if err != nil {
		return err
	}
	page.Facts = append(page.Facts, opinion...)
	page.Sections = reader{form: f, values: values, maker: y.org.Name, year: s.ReportYear,
		context: filing.FormContext(y.org.RegisteredOn, s.ReportYear, &y.season.Rules)}.sections()
	if page.Files, err = p.submittedFiles(c, s); err != nil {
		return err
	}
	if err := p.fillTaken(c, s, &page); err != nil {
		return err
	}
	if page.Page, err = p.page(c, page.Heading, y.crumbs()...); err != nil {
		return err
	}
	return p.app.Render(c, http.StatusOK, "filer/submission", page)
}

// fillTaken adds what the report was taken with: its declaration, and warnings
// with what was said to them.
func (p *Pages) fillTaken(c echo.Context, s filing.Submission, page *SubmissionPage) error {
	ctx := requestContext(c)
	d, err := filing.SubmissionDeclaration(ctx, p.db, s.ID)
	switch {
	case errors.Is(err, filing.ErrNoDeclaration):
	case err != nil:
		return err
	default:
		page.Declared = []web.Fact{{Label: "声明", Value: filing.DeclarationText(d.Version, s.ReportYear)},
			{Label: "声明人", Value: d.Name, Note: capacityOf(d)}}
	}
	findings, err := filing.SubmissionFindings(ctx, p.db, s.ID)
	if err != nil {
		return err
	}
	said, err := filing.SubmissionExplanations(ctx, p.db, s.ID)
	if err != nil {
		return err
	}
	for i, f := range findings {
		view := web.Finding{ID: fmt.Sprintf("w-%d", i), Warning: true, Title: f.Message, Basis: f.Basis, Check: f.Check}
		if answer, ok := said.To(f); ok {
			view.Answer = answerShown(answer, f)
		}
		page.Warned = append(page.Warned, view)
	}
	return nil
}

// capacityOf says in which capacity somebody declared.
func capacityOf(d filing.Declaration) string {
	if d.ByLegalRepresentative() {
		return "法定代表人"
	}
	return "负责人，受法定代表人" + d.LegalRepresentative + "授权"
}

// submissionBody gives the stored bytes, which are what the SHA-256 covers.
func (p *Pages) submissionBody(c echo.Context) error {
	_, s, err := p.readSubmission(c)
	if err != nil {
		return err
	}
	body, err := filing.SubmissionBody(requestContext(c), p.db, s.ID)
	if err != nil {
		return err
	}
	c.Response().Header().Set(echo.HeaderContentDisposition, fmt.Sprintf(`attachment; filename="report-%s.json"`, s.ReceiptNo))
	return c.Blob(http.StatusOK, echo.MIMEApplicationJSON, body)
}
