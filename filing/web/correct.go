package web

import (
	"errors"
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"nianbao/filing"
	"nianbao/filing/form"
	"nianbao/internal/web"
	"nianbao/internal/workday"
	"nianbao/review"
)

// CorrectionBox is what the page of a year says of corrections (更正): the one
// under review, the one being written, what became of earlier ones, and where a
// new one begins.
type CorrectionBox struct {
	CSRF     string
	Show     bool
	Tag      web.Tag
	Text     string
	Facts    []web.Fact
	Remarks  []web.Remark // on the last one, if it did not pass
	Start    string       // where one is begun
	Go       string       // where it is written on
	Reason   string       // where its reason is changed
	Abandon  string
	Withdraw string
	Past     []string // corrections that passed
}

// stays is said wherever a correction is under way.
const stays = "更正通过以前，原来的审查结论继续有效。"

func (p *Pages) correctionRoutes(year string) []web.Route {
	return []web.Route{
		get(year+"/correction", p.correctionForm),
		post(year+"/correction", p.startCorrection),
		post(year+"/correction/abandonment", p.abandonCorrection),
	}
}

// writable tells whether the report can be worked on: one is owed, or a
// correction is being written.
func (y *year) writable() bool { return y.obligation.Status.Owed() || y.correction != nil }

// readCorrection reads the correction being written, if any can be.
func (p *Pages) readCorrection(c echo.Context, y *year) error {
	o := &y.obligation
	if !o.Status.Accepted() || o.CorrectionID.Valid {
		return nil
	}
	d, err := filing.CorrectionDraftOf(requestContext(c), p.db, o.ID)
	if errors.Is(err, filing.ErrNotFound) {
		return nil
	}
	if err == nil {
		y.correction = &d
	}
	return err
}

// correctionBox says where corrections of the report stand.
func (p *Pages) correctionBox(c echo.Context, y *year, submissions []filing.Submission) (CorrectionBox, error) {
	o := &y.obligation
	if !o.Status.Accepted() || !o.SubmissionID.Valid {
		return CorrectionBox{}, nil
	}
	box := CorrectionBox{Show: true}
	corrections, err := filing.CorrectionsOf(requestContext(c), p.db, o.ID)
	if err != nil {
		return box, err
	}
	for _, k := range corrections {
		if k.AdoptedAt != nil {
			box.Past = append(box.Past, workday.DateOf(*k.AdoptedAt).Chinese()+"更正："+joined(k.Sections))
		}
	}
	var last filing.Submission
	if n := len(submissions); n > 0 && submissions[n-1].Kind == filing.KindCorrection {
		last = submissions[n-1]
	}
	switch {
	case o.CorrectionID.Valid:
		box.Tag, box.Text = web.Tag{Text: "审查中", Tone: web.ToneNow}, "更正正在审查。"+stays+"审查员开始审查之前可以撤回。"
		box.Facts = []web.Fact{{Label: "收到时间", Value: stampShort(last.ReceivedAt)},
			{Label: "最迟审结", Value: web.DateFull(last.ReviewDueOn) + provisional(last.ReviewDueProvisional)}}
		if n := len(corrections); n > 0 {
			box.Facts = append(box.Facts, web.Fact{Label: "更正的理由", Value: corrections[n-1].Reason},
				web.Fact{Label: "更正的部分", Value: joined(corrections[n-1].Sections)})
		}
		box.Withdraw = y.path("/withdraw")
		return box, nil
	case y.correction != nil:
		box.Tag, box.Text = web.Tag{Text: "填写中", Tone: web.ToneNow}, "正在填写更正，还没有提出。"+stays
		box.Facts = []web.Fact{{Label: "更正的理由", Value: y.correction.Reason},
			{Label: "开始填写", Value: stampShort(y.correction.StartedAt) + "，" + y.correction.StartedBy}}
		box.Go, box.Reason, box.Abandon = y.path("/tasks"), y.path("/correction"), y.path("/correction/abandonment")
	default:
		box.Text = "报送之后发现有错的，可以更正。更正另行审查；通过以后换发结论书，并公开更正了哪些部分。"
		box.Start = y.path("/correction")
	}
	switch last.Status {
	case filing.SubmissionReturned:
		box.Text = "上次提出的更正已退回。" + box.Text
	case filing.SubmissionUnqualified:
		box.Text = "上次提出的更正没有通过，原来的审查结论继续有效。" + box.Text
	default:
		return box, nil
	}
	opinion, err := review.OpinionOn(requestContext(c), p.db, last.ID)
	if err == nil {
		box.Remarks = remarksShown(y, opinion)
	}
	return box, err
}

// joined lists section titles in a sentence.
func joined(titles []string) string {
	text := ""
	for i, t := range titles {
		if i > 0 {
			text += "、"
		}
		text += t
	}
	return text
}

// CorrectionPage is where a correction begins: its reason.
type CorrectionPage struct {
	web.Page
	Eyebrow string
	Heading string
	Effects []string
	Summary web.Summary
	Action  string
	Back    string
	Reason  web.TextField
	Button  string
}

func (p *Pages) correctionForm(c echo.Context) error {
	y, err := p.readYear(c)
	if err != nil {
		return err
	}
	if !y.obligation.Status.Accepted() || y.obligation.CorrectionID.Valid {
		return web.SeeOther(c, y.path(""))
	}
	return p.renderCorrection(c, y, &web.Form{})
}

func (p *Pages) renderCorrection(c echo.Context, y *year, sent *web.Form) error {
	page := CorrectionPage{Eyebrow: y.title(), Heading: "申请更正", Action: y.path("/correction"), Back: y.path(""), Button: "开始填写更正",
		Effects: []string{
			"从已有结论的报告开始，改有错的部分，再整份通读后提出。",
			"更正和报送一样检查、编号、审查，最长 " + web.Count(y.season.Rules.ReviewWindow) + " 个工作日。",
			stays,
			"通过以后，更正过的报告代替原来的报告，换发结论书；原来的报告保留。公示页公开更正的日期和部分，不公开理由。",
		}}
	page.Reason = sent.Field(requestReason, "更正的理由")
	page.Reason.Hint = "写明哪里有错、为什么。审查员会看到。"
	if y.correction != nil {
		page.Heading, page.Button = "更正的理由", "保存理由，继续更正"
		page.Back = y.path("/tasks")
		if sent.Values == nil {
			page.Reason.Value = y.correction.Reason
		}
	}
	var err error
	if page.Page, err = p.page(c, page.Heading, y.crumbs()...); err != nil {
		return err
	}
	if !sent.OK() {
		page.Refused, page.Summary = true, sent.Summary("没有开始")
	}
	return p.app.Render(c, sent.Status(), "filer/correction", page)
}

func (p *Pages) startCorrection(c echo.Context) error {
	y, err := p.readYear(c)
	if err != nil {
		return err
	}
	sent, err := web.ReadForm(c)
	if err != nil {
		return err
	}
	_, err = p.filing.StartCorrection(requestContext(c), filing.StartCorrection{OrganisationID: y.org.ID,
		Year: y.obligation.ReportYear, Reason: sent.Get(requestReason), Actor: web.Principal(c).Actor()})
	var wrong *filing.Error
	switch refused, ok := refusal(err); {
	case ok:
		p.app.AddFlash(c, web.Flash{Text: refused.Detail(), Warning: true})
		return web.SeeOther(c, y.path(""))
	case errors.As(err, &wrong) && wrong.HTTPStatus() == http.StatusUnprocessableEntity:
		sent.Refuse(requestReason, wrong.Detail())
		return p.renderCorrection(c, y, sent)
	case err != nil:
		return err
	}
	return web.SeeOther(c, y.path("/tasks"))
}

func (p *Pages) abandonCorrection(c echo.Context) error {
	y, err := p.readYear(c)
	if err != nil {
		return err
	}
	flash := web.Flash{Text: "已放弃更正，报告没有变化。"}
	err = p.filing.AbandonCorrection(requestContext(c), y.org.ID, y.obligation.ReportYear)
	if refused, ok := refusal(err); ok {
		flash = web.Flash{Text: refused.Detail(), Warning: true}
	} else if err != nil {
		return err
	}
	p.app.AddFlash(c, flash)
	return web.SeeOther(c, y.path(""))
}

// CorrectionView is what the last page says of the correction that is about to
// be put forward.
type CorrectionView struct {
	Reason  string
	Edit    string // where the reason is changed
	Changes []web.Change
}

// correctName is the field of the form that submits with the reason of a
// correction, so that a form sent twice is one correction.
const correctName = "correction"

// fillCorrection says on the last page what is corrected, where a correction is being written.
func (p *Pages) fillCorrection(c echo.Context, w *workspace, page *SubmitPage) error {
	if w.correction == nil {
		return nil
	}
	before, err := p.acceptedValues(c, w)
	if err != nil {
		return err
	}
	window := filing.ReviewDue(p.calendar(), p.db.Now(), w.season.Rules.ReviewWindow)
	page.Correction = &CorrectionView{Reason: w.correction.Reason, Edit: w.path("/correction"), Changes: w.changes(before)}
	page.Heading, page.Button = "通读与提出更正", "提出更正"
	page.After = "现在提出，登记管理机关最迟 " + web.DateFull(window.Date) + "审结" + provisional(window.Provisional) + "。" + stays + "开始审查前可以撤回。"
	page.Ask.Action = "" // a reminder is for a report that is owed
	if page.Blocked == "" && len(page.Correction.Changes) == 0 {
		page.Blocked = "和已有结论的报告完全一样，没有可以更正的内容。"
	}
	return nil
}

// take submits the report, or the correction that the form is of.
func (p *Pages) take(c echo.Context, sent *web.Form, submit filing.Submit) (filing.Receipt, error) {
	reason := sent.Get(correctName)
	if reason == "" {
		return p.filing.Submit(requestContext(c), submit)
	}
	return p.filing.Correct(requestContext(c), filing.Correct{OrganisationID: submit.OrganisationID, Year: submit.Year, Reason: reason,
		Body: submit.Body, IdempotencyKey: submit.IdempotencyKey, Declaration: submit.Declaration, Actor: submit.Actor})
}

func (p *Pages) acceptedValues(c echo.Context, w *workspace) (form.Values, error) {
	body, err := filing.SubmissionBody(requestContext(c), p.db, w.obligation.SubmissionID.UUID)
	if err != nil {
		return nil, err
	}
	return decode(w.form, body)
}

// withdrawCorrectionEffects says what it means to take a correction back.
func withdrawCorrectionEffects() []string {
	return []string{"更正回到草稿，可以修改后再提出，也可以放弃。", "这次的回执作废，再提出会有新的回执号和新的审查期限。", "原来的审查结论不受影响。"}
}

var receivedWords = map[string]string{filing.KindReport: "报告已收到", filing.KindCorrection: "更正已收到"}

// reportsOf leaves corrections out: they move nothing of the way that the report went.
func reportsOf(list []filing.Submission) []filing.Submission {
	return slices.DeleteFunc(slices.Clone(list), func(s filing.Submission) bool { return s.Kind == filing.KindCorrection })
}
