package web

import (
	"errors"
	"fmt"

	"github.com/labstack/echo/v4"

	"nianbao/filing"
	"nianbao/internal/account"
	"nianbao/internal/web"
)

// SponsorPage is where a report stands that goes to the sponsor (业务主管单位) first.
type SponsorPage struct {
	web.Page
	Eyebrow  string
	Heading  string
	Tag      web.Tag
	Lead     string
	Facts    []web.Fact
	Next     NextStep
	Notes    []string // what counts for the time limit, and what to know
	Opinion  []web.Remark
	TakeBack string   // where it is taken back; "" where it cannot be
	Effects  []string // of taking it back
	Earlier  []SponsorLine
}

// SponsorLine is an earlier time that the report was sent.
type SponsorLine struct {
	When, Text string
	Tag        web.Tag
}

func (p *Pages) sponsorRoutes(year string) []web.Route {
	return []web.Route{get(year+"/sponsor", p.sponsor), post(year+"/sponsor/withdrawal", p.takeBack)}
}

// sponsored tells whether the year's report goes to a sponsor first.
func (y *year) sponsored() bool { return y.season.Rules.NeedsSponsor(y.org.Sponsor) }

func (p *Pages) sponsor(c echo.Context) error {
	y, err := p.readYear(c)
	if err != nil {
		return err
	}
	list, err := filing.SponsorReviewsOf(requestContext(c), p.db, y.obligation.ID)
	if err != nil {
		return err
	}
	if len(list) == 0 {
		return web.SeeOther(c, y.path("/submit"))
	}
	v := &list[0]
	page := SponsorPage{Eyebrow: y.title(), Heading: "业务主管单位意见", Tag: sponsorTag(v), Facts: sponsorFacts(v), Opinion: p.sponsorRemarks(y, v)}
	for i := range list[1:] {
		page.Earlier = append(page.Earlier, sponsorLine(&list[i+1]))
	}
	if v.Status == filing.SponsorPending && y.obligation.Status.Owed() {
		if err := p.sponsorWaits(c, y, v, &page); err != nil {
			return err
		}
	} else {
		p.sponsorAnswered(y, v, &page)
	}
	if page.Page, err = p.page(c, page.Heading, y.crumbs()...); err != nil {
		return err
	}
	return p.app.Render(c, 200, "filer/sponsor", page)
}

// sponsorWaits fills the page of a report that is with the sponsor.
func (p *Pages) sponsorWaits(c echo.Context, y *year, v *filing.SponsorReview, page *SponsorPage) error {
	page.Lead = v.Sponsor + "还没有提出意见。同意的，系统随即把送出的这一份报送登记管理机关，回执会发到消息里。"
	if v.Passed(p.day()) {
		page.Lead = v.Sponsor + "在期限内没有提出意见。现在可以直接报送登记管理机关，没有意见的情况随报告记录；也可以继续等待。"
		page.Next = NextStep{Heading: "下一步：直接报送", Text: "通读一遍，确认后报送。", Href: y.path("/submit"), Button: "通读并报送"}
	}
	page.Notes = append(heldWords(y, v), "送出以后改的草稿，不在送出的这一份里。要改的，先撤回，改好重新送出。")
	to, err := account.SponsorAddresses(requestContext(c), p.db, v.AuthorityCode, v.Sponsor)
	if err != nil {
		return err
	}
	if len(to) == 0 {
		page.Notes = append(page.Notes, v.Sponsor+"还没有人开通本系统的账号。请与其联系；过了期限仍没有意见的，可以直接报送。")
	}
	if web.Principal(c).Responsible {
		page.TakeBack = y.path("/sponsor/withdrawal")
		page.Effects = []string{"报告回到可以修改的状态，改好后重新送出。", "重新送出的，业务主管单位的期限重新计算。"}
		if v.InTime {
			page.Effects = append(page.Effects, "撤回以后，不再因等待业务主管单位而免于按逾期处理。")
		}
	}
	return nil
}

// heldWords say what counts for the time limit while the sponsor has the report.
func heldWords(y *year, v *filing.SponsorReview) []string {
	if v.InTime && y.obligation.WaitsUntil().IsZero() {
		return []string{"已按时送出。报送期限仍是" + web.DateFull(y.obligation.OverdueAfter) + "。"}
	}
	if until := y.obligation.WaitsUntil(); v.InTime {
		return []string{"已按时送出：到" + web.DateFull(until) + "为止，不因等待业务主管单位而按逾期处理。报送期限（" + web.DateFull(y.obligation.OverdueAfter) + "）本身不变。"}
	}
	return []string{"送出时已过送业务主管单位的截止日（" + web.DateFull(y.season.Rules.SponsorStep.DueOn) + "）：报送期限仍是" + web.DateFull(y.obligation.OverdueAfter) + "，逾期的后果照常发生。"}
}

// sponsorAnswered fills the page of a report that is no longer with the sponsor.
func (p *Pages) sponsorAnswered(y *year, v *filing.SponsorReview, page *SponsorPage) {
	owed := y.obligation.Status.Owed()
	switch {
	case v.Status == filing.SponsorReturned:
		page.Lead = v.Sponsor + "退回了报告。"
		if owed {
			page.Next = NextStep{Heading: "下一步：按意见修改", Text: "改好后重新送业务主管单位。", Href: y.path("/tasks"), Button: "修改报告"}
			if until := y.obligation.WaitsUntil(); !until.Before(p.day()) {
				page.Notes = []string{"到" + web.DateFull(until) + "为止重新送出的，不按逾期处理。"}
			}
		}
	case v.Status == filing.SponsorAgreed && v.SubmissionID.Valid:
		page.Lead = v.Sponsor + "同意报送，报告已报送登记管理机关。"
		page.Next = NextStep{Heading: "已报送", Href: y.path("/submissions/" + v.SubmissionID.UUID.String() + "/receipt"), Button: "查看回执"}
	case v.Status == filing.SponsorAgreed:
		page.Lead = v.Sponsor + "同意报送，但是报告没有能够随即报送。" + v.NotSubmitted
		if owed {
			page.Next = NextStep{Heading: "下一步：检查并报送", Href: y.path("/check"), Button: "检查报告"}
		}
	case v.Status == filing.SponsorLapsed:
		page.Lead = v.Sponsor + "在期限内没有提出意见，报告已直接报送。"
	case owed:
		page.Lead = "已从" + v.Sponsor + "撤回。"
		page.Next = NextStep{Heading: "下一步：修改后重新送出", Href: y.path("/tasks"), Button: "修改报告"}
	}
}

func sponsorFacts(v *filing.SponsorReview) []web.Fact {
	facts := []web.Fact{{Label: "业务主管单位", Value: v.Sponsor}, {Label: "送出", Value: stampShort(v.SentAt) + "，" + v.ActorName},
		{Label: "提出意见的期限", Value: web.DateFull(v.DueOn) + "24:00，当天算在内" + provisional(v.DueProvisional)}}
	if v.DecidedBy.Valid {
		facts = append(facts, web.Fact{Label: "提出意见", Value: v.DecidedName + "，" + stampShort(v.EndedAt.Time)})
	}
	return append(facts, web.Fact{Label: "报告内容的 SHA-256", Value: v.SHA256, Code: true})
}

// sponsorRemarks are the opinion and what was said of single items, each with the way to its section.
func (p *Pages) sponsorRemarks(y *year, v *filing.SponsorReview) []web.Remark {
	var list []web.Remark
	if v.Opinion != "" {
		list = append(list, web.Remark{By: v.Sponsor + "的意见", Text: paragraphs(v.Opinion)})
	}
	for _, r := range v.Remarks() {
		remark := web.Remark{By: "报告整体", Text: paragraphs(r.Text)}
		if f, ok := y.form.Field(r.Key); ok {
			remark.By = f.Label
		}
		list = append(list, remark)
	}
	return list
}

func sponsorLine(v *filing.SponsorReview) SponsorLine {
	line := SponsorLine{When: stampShort(v.SentAt) + "送出", Tag: sponsorTag(v), Text: v.Opinion}
	for _, r := range v.Remarks() {
		line.Text += " " + r.Text
	}
	return line
}

func sponsorTag(v *filing.SponsorReview) web.Tag {
	tag := web.Tag{Text: v.Status.Label()}
	switch v.Status {
	case filing.SponsorPending:
		tag.Tone = web.ToneNow
	case filing.SponsorAgreed:
		tag.Tone = web.ToneOK
	case filing.SponsorReturned, filing.SponsorLapsed:
		tag.Tone = web.ToneWarn
	case filing.SponsorWithdrawn:
	}
	return tag
}

func (p *Pages) takeBack(c echo.Context) error {
	if !web.Principal(c).Responsible {
		return web.ErrNotResponsible
	}
	y, err := p.readYear(c)
	if err != nil {
		return err
	}
	_, err = p.filing.TakeBack(requestContext(c), filing.TakeBack{OrganisationID: y.org.ID, Year: y.obligation.ReportYear, Actor: web.Principal(c).Actor()})
	if refused, ok := refusal(err); ok {
		p.app.AddFlash(c, web.Flash{Text: refused.Detail(), Warning: true})
		return web.SeeOther(c, y.path("/sponsor"))
	}
	if err != nil {
		return err
	}
	p.app.AddFlash(c, web.Flash{Text: "已从业务主管单位撤回。修改后请重新送出。"})
	return web.SeeOther(c, y.path(""))
}

// SponsorWords are what the page that submits says where the report goes to the sponsor first.
type SponsorWords struct {
	Heading, Button, After string
}

// sponsorWords is the zero value where the report goes to the authority as ever; wait where it is with the sponsor.
func (p *Pages) sponsorWords(c echo.Context, w *workspace) (words SponsorWords, wait bool, err error) {
	if !w.sponsored() || !w.obligation.Status.Owed() || w.draft.Version == 0 {
		return words, false, nil
	}
	need, err := p.sponsorNeed(c, w)
	step := w.season.Rules.SponsorStep
	switch need {
	case filing.SponsorWait:
		return words, true, err
	case filing.SponsorOver:
		words.After = w.org.Sponsor + "在期限内没有提出意见。现在报送的，没有意见的情况随报告记录，审查员可以看到。"
	case filing.SponsorThrough:
		words.After = w.org.Sponsor + "已同意报送这份报告。"
	case filing.SponsorSend:
		due := filing.SponsorDue(p.calendar(), p.db.Now(), step.DueOn, step.AnswerDays())
		words = SponsorWords{Heading: "通读与送审", Button: "送业务主管单位", After: fmt.Sprintf(
			"这份报告先送%s，请其在%s前提出意见（当天算在内）%s。同意的，系统随即报送登记管理机关；退回的，修改后重新送出。开始报送以前可以撤回。",
			w.org.Sponsor, web.DateFull(due.Date), provisional(due.Provisional))}
		if filing.SentInTime(&w.obligation, step.DueOn, p.day()) {
			words.After += "现在送出的，等待期间不按逾期处理。"
		} else {
			words.After += "送业务主管单位的截止日（" + web.DateFull(step.DueOn) + "）已过，报送期限照常计算。"
		}
	case filing.SponsorNone:
	}
	return words, false, err
}

// sponsored puts the words of the sponsor's step in the place of the usual ones, or before them.
func (page *SubmitPage) sponsored(words SponsorWords) {
	if words.Button == "" {
		page.After = words.After + page.After
		return
	}
	page.Heading, page.Button, page.After = words.Heading, words.Button, words.After
}

func (p *Pages) sponsorNeed(c echo.Context, w *workspace) (filing.SponsorNeed, error) {
	body, err := w.body()
	if err != nil {
		return filing.SponsorNone, err
	}
	return p.filing.NeedOfSponsor(requestContext(c), w.org.ID, w.obligation.ReportYear, body)
}

// sendFirst puts the report before the sponsor where it must go there first; done: that is the answer to the request.
func (p *Pages) sendFirst(c echo.Context, w *workspace, report filing.Submit) (done bool, err error) {
	if !w.sponsored() || !w.obligation.Status.Owed() {
		return false, nil
	}
	need, err := p.sponsorNeed(c, w)
	if err != nil || need != filing.SponsorSend && need != filing.SponsorWait {
		return false, err
	}
	_, err = p.filing.SendToSponsor(requestContext(c), filing.SendToSponsor{OrganisationID: report.OrganisationID, Year: report.Year,
		Body: report.Body, Actor: report.Actor, Declaration: report.Declaration})
	var checks *filing.CheckError
	if errors.As(err, &checks) {
		return true, web.SeeOther(c, w.path("/check"))
	}
	if refused, ok := refusal(err); ok && refused.Code() != filing.CodeSponsorPending { // sent twice: it is there
		p.app.AddFlash(c, web.Flash{Text: refused.Detail(), Warning: true})
	} else if err != nil && !ok {
		return true, err
	}
	return true, web.SeeOther(c, w.path("/sponsor"))
}

// sponsorStep is what to do next while the sponsor has the report, or has sent it back; false: the usual.
func (p *Pages) sponsorStep(c echo.Context, y *year) (NextStep, bool, error) {
	if !y.sponsored() {
		return NextStep{}, false, nil
	}
	v, err := filing.LatestSponsorReview(requestContext(c), p.db, y.obligation.ID)
	if errors.Is(err, filing.ErrSponsorReviewNotFound) {
		return NextStep{}, false, nil
	}
	if err != nil {
		return NextStep{}, false, err
	}
	step := NextStep{Href: y.path("/sponsor"), Button: "查看意见和进展"}
	switch {
	case v.Passed(p.day()):
		step.Heading, step.Text = "业务主管单位逾期未提出意见", "现在可以直接报送登记管理机关。"
	case v.Status == filing.SponsorPending:
		step.Heading, step.Text = "等待业务主管单位意见", v.Sponsor+"，期限"+web.DateFull(v.DueOn)+"。您现在不用做什么。"
	case v.Status == filing.SponsorReturned:
		step.Heading, step.Text, step.Button = "下一步：按业务主管单位的意见修改", "改好后重新送出。", "查看意见并修改"
	case v.Status == filing.SponsorAgreed && !v.SubmissionID.Valid:
		step.Heading, step.Text = "业务主管单位已同意，还没有报送", "查看为什么没有自动报送，接下来怎样办理。"
	default:
		return NextStep{}, false, nil
	}
	if until := y.obligation.WaitsUntil(); !until.IsZero() && !until.Before(p.day()) && v.Status == filing.SponsorPending {
		step.Text += "到" + web.DateFull(until) + "为止，不因等待按逾期处理。"
	}
	return step, true, nil
}

// sponsorOpinion is the opinion under which a report was submitted, as facts; none where it did not go to a sponsor.
func (p *Pages) sponsorOpinion(c echo.Context, s filing.Submission) ([]web.Fact, error) {
	v, err := filing.SubmissionOpinion(requestContext(c), p.db, s.ID)
	if errors.Is(err, filing.ErrSponsorReviewNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	text := v.Opinion
	switch {
	case v.Status == filing.SponsorLapsed:
		text = "在期限（" + web.DateFull(v.DueOn) + "）内没有提出意见，直接报送"
	case text == "":
		text = "同意报送"
	}
	return []web.Fact{{Label: "业务主管单位", Value: v.Sponsor, Tag: sponsorTag(&v)}, {Label: "其意见", Value: text}}, nil
}
