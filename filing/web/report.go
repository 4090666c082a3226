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
	"nianbao/review"
)

// ReportsPage lists all years.
type ReportsPage struct {
	web.Page
	Heading string
	Years   []YearLine
	Empty   web.Empty
}

// YearLine is one year's report in a list.
type YearLine struct {
	Href  string
	Title string
	Tag   web.Tag
	Text  string
}

func (p *Pages) reports(c echo.Context) error {
	id, err := organisation(c)
	if err != nil {
		return err
	}
	list, err := filing.ObligationsOf(requestContext(c), p.db, id)
	if err != nil {
		return err
	}
	page := ReportsPage{Heading: "年度报告", Empty: web.Empty{Text: "这里会列出每一年的报告。现在还没有。"}}
	for _, o := range list {
		page.Years = append(page.Years, p.yearLine(o))
	}
	earlier, err := p.acceptedElsewhere(c, id, list)
	if err != nil {
		return err
	}
	page.Years = append(page.Years, earlier...)
	if page.Page, err = p.page(c, "年度报告"); err != nil {
		return err
	}
	return p.app.Render(c, http.StatusOK, "filer/reports", page)
}

func (p *Pages) yearLine(o filing.Obligation) YearLine {
	y := &year{obligation: o}
	line := YearLine{Href: y.path(""), Title: y.title(), Tag: p.statusTag(&o)}
	switch {
	case o.Status.Owed() && o.Overdue(p.day()):
		line.Text = "应当在" + o.OverdueAfter.Chinese() + "前报送，已超期"
	case o.Status.Owed():
		line.Text = web.DateFull(o.OverdueAfter) + "截止"
	case o.Submissions > 0:
		line.Text = fmt.Sprintf("报送 %d 次", o.Submissions)
	}
	return line
}

// statusTag is the state in a word; that a report is overdue goes before it.
func (p *Pages) statusTag(o *filing.Obligation) web.Tag {
	if o.Overdue(p.day()) {
		return web.Tag{Text: "逾期", Tone: web.ToneWarn}
	}
	tag := web.Tag{Text: o.Status.Label()}
	switch o.Status {
	case filing.StatusOpen, filing.StatusSubmitted:
		tag.Tone = web.ToneNow
	case filing.StatusReturned:
		tag.Tone = web.ToneWarn
	case filing.StatusPassed, filing.StatusQualified, filing.StatusBasicallyQualified:
		tag.Tone = web.ToneOK
	case filing.StatusUnqualified:
		tag.Tone = web.ToneError
	case filing.StatusExempt:
	}
	return tag
}

// ReportPage is where a year's report stands: what is to be done, what was
// submitted, and what came of it.
type ReportPage struct {
	web.Page
	Eyebrow     string
	Heading     string
	Tag         web.Tag
	Track       []web.Step
	Due         Due
	Owed        bool
	Next        NextStep
	Window      []web.Fact
	Ruler       web.Ruler
	Withdraw    string
	Opinion     []web.Remark
	OpinionHead string
	Conclusion  []web.Fact
	Pending     string // what is still being made
	Submissions []SubmissionLine
	Documents   []DocumentLine
	Exempt      string
	Requests    RequestsView
	Correction  CorrectionBox
}

// NextStep is the one thing to do next.
type NextStep struct {
	Heading, Text string
	Href, Button  string
}

// SubmissionLine is a submission in a list.
type SubmissionLine struct {
	When, Status, ReceiptNo string
	Href, Receipt           string
}

func (p *Pages) report(c echo.Context) error {
	y, err := p.readYear(c)
	if err != nil {
		return err
	}
	o := &y.obligation
	report, err := filing.ReportOf(requestContext(c), p.db, y.org.ID, o.ReportYear)
	if err != nil {
		return err
	}
	page := ReportPage{Eyebrow: y.org.Name, Heading: y.title(), Tag: p.statusTag(o), Exempt: o.ExemptReason,
		Submissions: submissionLines(y, report.Submissions)}
	if page.Track, err = p.track(c, y, report.Submissions); err != nil {
		return err
	}
	if o.Status.Owed() {
		page.Owed, page.Due = true, p.dueOf(y)
		if page.Next, err = p.nextStep(c, y); err != nil {
			return err
		}
	}
	if o.Status == filing.StatusSubmitted {
		page.Window, page.Ruler = p.window(y, report.Submissions)
		page.Withdraw = y.path("/withdraw")
	}
	if err := p.fillOutcome(c, y, &page); err != nil {
		return err
	}
	if page.Requests, err = p.requests(c, y); err != nil {
		return err
	}
	if page.Correction, err = p.correctionBox(c, y, report.Submissions); err != nil {
		return err
	}
	if page.Page, err = p.page(c, y.title(), web.Crumb{Text: "年度报告", Href: reportsPath}); err != nil {
		return err
	}
	page.Requests.CSRF, page.Correction.CSRF = page.CSRF, page.CSRF
	return p.app.Render(c, http.StatusOK, "filer/report", page)
}

func submissionLines(y *year, list []filing.Submission) []SubmissionLine {
	var lines []SubmissionLine
	for i := len(list) - 1; i >= 0; i-- {
		s := list[i]
		path := y.path("/submissions/" + s.ID.String())
		status := s.Status.Label()
		if s.Kind == filing.KindCorrection {
			status = "更正，" + status
		}
		lines = append(lines, SubmissionLine{When: stampShort(s.ReceivedAt), Status: status, ReceiptNo: s.ReceiptNo,
			Href: path, Receipt: path + "/receipt"})
	}
	return lines
}

// window says until when the authority decides.
func (p *Pages) window(y *year, list []filing.Submission) ([]web.Fact, web.Ruler) {
	if len(list) == 0 {
		return nil, web.Ruler{}
	}
	last := list[len(list)-1]
	cal, today := p.calendar(), p.day()
	ruler := web.NewRuler(web.Window{Length: y.season.Rules.ReviewWindow, Left: cal.Between(today, last.ReviewDueOn),
		TodayOff: !cal.IsWorking(today), Provisional: last.ReviewDueProvisional})
	return []web.Fact{
		{Label: "收到时间", Value: stampShort(last.ReceivedAt)},
		{Label: "最迟审结", Value: web.DateFull(last.ReviewDueOn) + provisional(last.ReviewDueProvisional)},
	}, ruler
}

// fillOutcome tells what was decided on the latest report and what was issued.
func (p *Pages) fillOutcome(c echo.Context, y *year, page *ReportPage) error {
	o := &y.obligation
	subjects := []uuid.UUID{}
	if o.SubmissionID.Valid {
		subjects = append(subjects, o.SubmissionID.UUID)
		opinion, err := review.OpinionOn(requestContext(c), p.db, o.SubmissionID.UUID)
		switch {
		case errors.Is(err, review.ErrNotFound):
		case err != nil:
			return err
		case o.Status != filing.StatusSubmitted:
			page.OpinionHead, page.Opinion = "审查意见", remarksShown(y, opinion)
		}
	}
	conclusion, err := review.ConclusionOf(requestContext(c), p.db, o.ID)
	switch {
	case errors.Is(err, review.ErrNotFound):
	case err != nil:
		return err
	default:
		subjects = append(subjects, conclusion.ID)
		page.Conclusion = []web.Fact{
			{Label: "结论", Tag: web.Tag{Text: conclusion.Outcome.Label(), Tone: web.ToneOK}},
			{Label: "文号", Value: conclusion.Number},
			{Label: "日期", Value: conclusion.IssuedOn.Chinese()},
			{Label: "查验", Value: conclusion.VerifyCode, Href: verifyPath(conclusion.VerifyCode), Code: true},
		}
		if !conclusion.SHA256.Valid {
			page.Pending = "结论书正在制作，通常几秒钟就好，刷新本页即可下载。"
		}
	}
	corrections, err := filing.CorrectionsOf(requestContext(c), p.db, o.ID)
	if err != nil {
		return err
	}
	for _, k := range corrections {
		if k.SubmissionID != o.SubmissionID.UUID {
			subjects = append(subjects, k.SubmissionID)
		}
	}
	if len(subjects) > 0 {
		documents, err := document.ListForSubjects(requestContext(c), p.db, subjects...)
		if err != nil {
			return err
		}
		for i := len(documents) - 1; i >= 0; i-- {
			page.Documents = append(page.Documents, documentLine(documents[i]))
		}
	}
	return nil
}

// verifyPath is the public page on which a document is verified.
func verifyPath(code string) string { return "/verify/" + code }

// remarksShown are the reviewer's words: the opinion on the whole, then each
// remark with the field that it is about.
func remarksShown(y *year, opinion review.Opinion) []web.Remark {
	var list []web.Remark
	if opinion.Opinion != "" {
		list = append(list, web.Remark{By: "总体意见", Text: []string{opinion.Opinion}})
	}
	for _, r := range opinion.Remarks {
		by := "审查意见"
		if field, ok := y.form.Field(r.Key); ok {
			by += "：" + labelOf(field)
		}
		list = append(list, web.Remark{By: by, Text: []string{r.Text}, Basis: r.Basis})
	}
	return list
}

// windowWords says how long the review takes, counted from the due day as an
// example, or from today once that is over.
func (p *Pages) windowWords(y *year) string {
	n := y.season.Rules.ReviewWindow
	day := y.obligation.OverdueAfter
	if day.IsZero() {
		return fmt.Sprintf("%d 个工作日", n)
	}
	if today := p.day(); day.Before(today) {
		day = today
	}
	due := filing.ReviewDue(p.calendar(), day.Start(), n)
	return fmt.Sprintf("%d 个工作日；如 %s报送，最迟 %s审结%s", n, web.DateShort(day), web.DateShort(due.Date), provisional(due.Provisional))
}

// nextStep is what to do about a report that is owed.
func (p *Pages) nextStep(c echo.Context, y *year) (NextStep, error) {
	period, err := p.period(c, y)
	if err != nil {
		return NextStep{}, err
	}
	if !period.Takes(p.day()) {
		return NextStep{Heading: "补报期已过", Text: fmt.Sprintf("补报期已于%s结束，系统不再接收这一年的报告。请联系登记管理机关。",
			period.LastDay().Chinese())}, nil
	}
	if step, ok, err := p.sponsorStep(c, y); ok || err != nil {
		return step, err
	}
	if y.obligation.Status == filing.StatusReturned {
		return NextStep{Heading: "下一步：按审查意见修改", Text: "逐条对照意见修改后重新报送，另起审查期限。",
			Href: y.path("/return"), Button: "查看意见并修改"}, nil
	}
	w, err := p.workspaceOf(c, y)
	if err != nil {
		return NextStep{}, err
	}
	tasks := p.taskList(w, "")
	if w.draft.Version == 0 {
		return NextStep{Heading: "下一步：开始填写", Text: fmt.Sprintf("共 %d 个部分。登记信息%s已经填好，核对后保存即可。", tasks.Total, priorWords(w)),
			Href: y.path("/tasks"), Button: "开始填写"}, nil
	}
	if !w.hasErrors() {
		return NextStep{Heading: "下一步：通读并报送", Text: "各部分都已填好，没有错误。通读一遍，确认后报送。",
			Href: y.path("/submit"), Button: "通读并报送"}, nil
	}
	next := tasks.next()
	step := NextStep{Heading: "下一步：填" + next.Text, Text: fmt.Sprintf("%d 个部分已完成 %d 个。", tasks.Total, tasks.Done), Href: next.Href, Button: "继续填写"}
	if n := countOf(place(w.form, w.findings)); n.wrong > 0 {
		step.Text += fmt.Sprintf("有 %d 处错误要改。", n.wrong)
	}
	return step, nil
}
