package web

import (
	"fmt"
	"net/http"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"nianbao/filing"
	"nianbao/filing/form"
	"nianbao/internal/account"
	"nianbao/internal/registry"
	"nianbao/internal/web"
	"nianbao/internal/workday"
	"nianbao/review"
)

// CasePage is one report with all that is needed to decide on it.
type CasePage struct {
	web.Page
	Summary      web.Summary
	Path         string // of the case, without a slash at the end
	Organisation string
	Facts        []CaseFact
	Ruler        web.Ruler
	DueText      string
	Notice       Notice
	CanClaim     bool
	CanRelease   bool
	Parts        []PartLink
	Part         Part
	Findings     []web.Finding
	Errors       int
	Warnings     int
	Differences  []web.Change
	Remarks      []RemarkRow
	NewRemark    *RemarkForm // nil where none can be made
	History      []HistoryRow
	Documents    []DocumentRow
	Sponsor      *OpinionView   // under which the report was submitted; nil where it did not go to a sponsor
	Files        []web.FileLine // that the report was submitted with
	Decision     *DecisionForm  // nil where there is nothing to decide
	Approval     *ApprovalForm  // nil where there is nothing to approve
	ReopenHref   string
	Correction   *CorrectionNote // nil for a report
	Compared     string          // what the differences are to
}

// CorrectionNote says that the case is a correction (更正), why, and what holds meanwhile.
type CorrectionNote struct {
	Reason   []string
	Sections string
	Accepted string // page of the report that it corrects
	Stands   string
}

// CaseFact is a fact under the name of the organisation.
type CaseFact struct {
	Text string
	Code bool
}

// Notice says in a line where the case stands, if somebody else must act.
type Notice struct {
	Text  string
	Lines []string
}

// RemarkRow is a remark with what takes it off again.
type RemarkRow struct {
	Label, Href string // what it is about; Href leads to the line
	Text        []string
	Basis       string
	Removable   bool
	Key, Raw    string // as stored
}

// RemarkForm is the form for a new remark. Key is "" for the report as a whole.
type RemarkForm struct {
	Key, Label, Href string
	WholeHref        string // to remark on the report as a whole instead
	Section          string
	Text, Basis      web.TextField
}

// HistoryRow is an earlier round or year.
type HistoryRow struct {
	Day  workday.Date
	Text string
	Href string
	Tag  web.Tag
	More []string
}

// DocumentRow is an issued document.
type DocumentRow struct{ Href, Title, Number, Meta string }

// caseView is what the form of the case was sent back with.
type caseView struct {
	form   *web.Form // nil on a first look
	title  string    // of the summary
	remark bool      // it was the remark form
	status int
}

func (p *Pages) showCase(c echo.Context) error {
	kase, err := p.read(c)
	if err != nil {
		return err
	}
	return p.renderCase(c, &kase, caseView{form: &web.Form{}, status: http.StatusOK})
}

// read is the case in the path, of the signed-in authority.
func (p *Pages) read(c echo.Context) (review.Case, error) {
	id, err := pathID(c)
	if err != nil {
		return review.Case{}, err
	}
	return p.Reviews.Case(c.Request().Context(), id, authority(c))
}

func casePath(id uuid.UUID) string { return "/desk/reviews/" + id.String() }

func (p *Pages) renderCase(c echo.Context, kase *review.Case, view caseView) error {
	ctx := c.Request().Context()
	org, err := registry.OrganisationByID(ctx, p.DB, kase.OrganisationID)
	if err != nil {
		return err
	}
	path := casePath(kase.SubmissionID)
	mine := kase.ClaimedBy.Valid && kase.ClaimedBy.String == actor(c).ID
	canWork := kase.State == review.Pending && isRole(c, account.RoleReviewer) && (mine || !kase.ClaimedBy.Valid)
	r := newReader(kase, filing.FormContext(org.RegisteredOn, kase.ReportYear, &kase.Season.Rules), path, canWork)

	page := CasePage{
		Page: p.App.NewPage(c, kase.OrganisationName), Path: path, Organisation: kase.OrganisationName,
		Facts: caseFacts(kase, org, mine), Notice: p.notice(c, kase, mine),
		CanClaim: canWork && !mine, CanRelease: canWork && mine,
		Findings: r.findings(), Differences: r.differences(),
	}
	page.Crumbs = []web.Crumb{{Text: "待审", Href: "/desk/reviews"}, {Text: "回执 " + kase.ReceiptNo}}
	page.Correction, page.Compared = correctionNote(kase)
	links, section := r.links(want(c, view, "section"))
	page.Parts = links
	if section != nil {
		page.Part = r.part(section)
	}
	for _, f := range page.Findings {
		if f.Warning {
			page.Warnings++
		} else {
			page.Errors++
		}
	}
	page.Remarks = r.remarkRows(canWork)
	p.window(&page, kase)
	if canWork {
		page.NewRemark = r.remarkForm(want(c, view, "at"), sectionCode(section), view)
		page.Decision = p.decisionForm(kase, view)
	}
	if kase.State == review.Proposed && isRole(c, account.RoleApprover) && kase.ProposedBy.String != actor(c).ID {
		page.Approval = approvalForm(view)
	}
	if kase.State == review.Decided && kase.Outcome == review.Unqualified && kase.Correction == nil && isRole(c, account.RoleReviewer) {
		page.ReopenHref = path + "/reopening"
	}
	if page.History, err = p.history(ctx, kase); err != nil {
		return err
	}
	if page.Documents, err = p.documentsOf(ctx, kase); err != nil {
		return err
	}
	if page.Files, err = p.filesOf(ctx, kase.SubmissionID); err != nil {
		return err
	}
	if page.Sponsor, err = p.opinionUnder(ctx, kase.SubmissionID); err != nil {
		return err
	}
	if !view.form.OK() {
		page.Refused, page.Summary = true, view.form.Summary(view.title)
	}
	return p.App.Render(c, view.status, "desk/case", page)
}

// want is a choice of the address, or of the form that was sent back.
func want(c echo.Context, view caseView, name string) string {
	if v := view.form.Get(name); v != "" {
		return v
	}
	return c.QueryParam(name)
}

func caseFacts(kase *review.Case, org registry.Organisation, mine bool) []CaseFact {
	facts := []CaseFact{{Text: kase.OrganisationType.Label()}, {Text: kase.OrganisationUSCC, Code: true}}
	if org.District != "" {
		facts = append(facts, CaseFact{Text: org.District})
	}
	if org.Charity {
		facts = append(facts, CaseFact{Text: "慈善组织"})
	}
	facts = append(facts, CaseFact{Text: fmt.Sprintf("%d 年度，第 %d 次报送，%s", kase.ReportYear, kase.Submission.Ordinal, moment(kase.ReceivedAt))})
	switch {
	case kase.State != review.Pending || !kase.ClaimedBy.Valid:
	case mine:
		facts = append(facts, CaseFact{Text: "我领取，" + moment(kase.ClaimedAt.Time)})
	default:
		facts = append(facts, CaseFact{Text: kase.ClaimedName + "领取，" + moment(kase.ClaimedAt.Time)})
	}
	return facts
}

// notice says why there is nothing to do here, or whose turn it is.
func (p *Pages) notice(c echo.Context, kase *review.Case, mine bool) Notice {
	switch kase.State {
	case review.Proposed:
		n := Notice{Text: fmt.Sprintf("%s提出：%s。等待复核。", kase.ProposedName, kase.Outcome.Label()), Lines: paragraphs(kase.Opinion)}
		if kase.ProposedBy.String == actor(c).ID {
			n.Text += "须由另一位复核人办理。"
		}
		return n
	case review.Decided:
		return Notice{
			Text:  fmt.Sprintf("%s于 %s 决定：%s。", kase.DecidedName, moment(kase.DecidedAt.Time), kase.Outcome.Label()),
			Lines: paragraphs(kase.Opinion),
		}
	case review.Withdrawn:
		return Notice{Text: "社会组织已撤回这份报告，无需再审查。"}
	case review.Pending:
		if kase.ClaimedBy.Valid && !mine {
			return Notice{Text: fmt.Sprintf("这件已由%s领取。可以查看，不能办理；需要接手的，请其先放回。", kase.ClaimedName)}
		}
	}
	return Notice{}
}

// window shows the days left while a decision is due.
func (p *Pages) window(page *CasePage, kase *review.Case) {
	if kase.State != review.Pending && kase.State != review.Proposed {
		return
	}
	page.Ruler = p.ruler(&kase.Item)
	page.DueText = web.DateFull(kase.DueOn) + "到期。"
	page.DueText += provisional(kase.DueProvisional)
}

func (r *reader) remarkRows(removable bool) []RemarkRow {
	rows := make([]RemarkRow, 0, len(r.c.Remarks))
	for _, m := range r.c.Remarks {
		rows = append(rows, RemarkRow{
			Label: r.label(m.Key), Href: r.linkTo(m.Key), Text: paragraphs(m.Text), Basis: m.Basis,
			Removable: removable, Key: m.Key, Raw: m.Text,
		})
	}
	return rows
}

// label names what a remark is about: section and line.
func (r *reader) label(key string) string {
	field, section := fieldOf(r.c.Form, key)
	if field == nil || section == nil {
		return wholeReport
	}
	name := shortTitle(section.Title) + "：" + review.LabelOf(field)
	if line := lineOf(field); line != "" {
		name += "（" + line + " 行）"
	}
	return name
}

const wholeReport = "报告整体"

func lineOf(f *form.Field) string {
	if f.Line == "" && f.Parent != nil {
		return f.Parent.Line
	}
	return f.Line
}

func (r *reader) remarkForm(at, section string, view caseView) *RemarkForm {
	if field, _ := fieldOf(r.c.Form, at); field == nil {
		at = ""
	}
	f := &RemarkForm{Key: at, Label: r.label(at), Href: r.linkTo(at), Section: section}
	if at != "" {
		f.WholeHref = r.path + "?section=" + section + "#new-remark"
	}
	typed := &web.Form{}
	if view.remark {
		typed = view.form
	}
	f.Text, f.Basis = typed.Field("text", "意见"), typed.Field("basis", "依据（选填）")
	return f
}

func sectionCode(s *form.Section) string {
	if s == nil {
		return ""
	}
	return s.Code
}
