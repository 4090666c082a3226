package web

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"nianbao/filing"
	"nianbao/filing/attachment"
	"nianbao/internal/registry"
	"nianbao/internal/web"
	"nianbao/internal/workday"
	"nianbao/review"
)

// SponsorCasePage is one report as it was sent to the sponsor, with the way to its opinion.
type SponsorCasePage struct {
	web.Page
	Path         string
	Organisation string
	Status       web.Tag
	Facts        []CaseFact
	Ruler        web.Ruler
	DueText      string
	Notice       Notice
	Quotes       []Quote // what was said on it
	Parts        []PartLink
	Part         Part
	Findings     []web.Finding
	Files        []web.FileLine
	Sent         []web.Fact
	Decide       string // where the opinion is given; "" where none is wanted any more
}

func (p *Pages) readSent(c echo.Context) (filing.SentView, registry.Organisation, error) {
	id, err := pathID(c)
	if err != nil {
		return filing.SentView{}, registry.Organisation{}, err
	}
	ctx := c.Request().Context()
	v, err := p.Filing.ReadSent(ctx, sponsorScope(c), id)
	if err != nil {
		return v, registry.Organisation{}, err
	}
	org, err := registry.OrganisationByID(ctx, p.DB, v.OrganisationID)
	return v, org, err
}

func (p *Pages) sponsorCase(c echo.Context) error {
	v, org, err := p.readSent(c)
	if err != nil {
		return err
	}
	item, err := filing.SponsorReviewOf(c.Request().Context(), p.DB, sponsorScope(c), v.ID)
	if err != nil {
		return err
	}
	path := sponsorCasePath(v.ID)
	r := newReader(&review.Case{Form: v.Form, Values: v.Values, PriorValues: v.Prior, Findings: v.Findings, Explained: v.Explanations}, v.Context, path, false)
	page := SponsorCasePage{Page: p.App.NewPage(c, org.Name), Path: path, Organisation: org.Name, Status: sponsorTag(v.Status),
		Facts:    []CaseFact{{Text: org.Type.Label()}, {Text: string(org.USCC), Code: true}, {Text: fmt.Sprintf("%d 年度报告", v.ReportYear)}},
		Findings: r.findings(), Files: sponsorFiles(path, v.Files), Sent: sentFacts(&v)}
	page.Crumbs = []web.Crumb{{Text: "送审", Href: sponsorPath}, {Text: org.Name}}
	links, section := r.links(c.QueryParam("section"))
	page.Parts = links
	if section != nil {
		page.Part = r.part(section)
	}
	p.sponsorState(&page, &item)
	for _, m := range v.Remarks() {
		page.Quotes = append(page.Quotes, Quote{By: r.label(m.Key), Text: paragraphs(m.Text)})
	}
	return p.App.Render(c, http.StatusOK, "desk/sponsor-case", page)
}

// sponsorState says where the report stands and what can be done.
func (p *Pages) sponsorState(page *SponsorCasePage, v *filing.SponsorItem) {
	switch {
	case v.Waiting():
		today, cal := p.App.Today(), p.Calendar()
		page.Decide = page.Path + "/opinion"
		page.Ruler = web.NewRuler(web.Window{Length: cal.Between(workday.DateOf(v.SentAt), v.DueOn), Left: cal.Between(today, v.DueOn),
			TodayOff: !cal.IsWorking(today), Provisional: v.DueProvisional})
		page.DueText = "提出意见的期限：" + web.DateFull(v.DueOn) + "24:00，当天算在内。"
		if v.Passed(today) {
			page.Notice = Notice{Text: "期限已过。社会组织可以不等意见直接报送；在它报送以前，仍然可以提出意见。"}
		}
	case v.Status == filing.SponsorPending:
		page.Notice = Notice{Text: "这份报告的状态是“" + v.ObligationStatus.Label() + "”，不再需要意见。"}
	case v.Status == filing.SponsorWithdrawn:
		page.Notice = Notice{Text: "社会组织已撤回这份报告，不再需要意见。"}
	case v.Status == filing.SponsorLapsed:
		page.Notice = Notice{Text: "期限内没有提出意见，社会组织已直接报送登记管理机关。"}
	default:
		page.Notice = Notice{Text: fmt.Sprintf("%s于 %s 提出意见：%s。", v.DecidedName, moment(v.EndedAt.Time), v.Status.Label()), Lines: paragraphs(v.Opinion)}
		if v.Status == filing.SponsorAgreed && v.NotSubmitted != "" {
			page.Notice.Lines = append(page.Notice.Lines, "报告没有随即报送："+v.NotSubmitted)
		} else if v.Status == filing.SponsorAgreed {
			page.Notice.Lines = append(page.Notice.Lines, "报告已报送登记管理机关。")
		}
	}
}

func sentFacts(v *filing.SentView) []web.Fact {
	facts := []web.Fact{{Label: "送出", Value: v.ActorName + "，" + moment(v.SentAt)}, {Label: "SHA-256", Value: v.SHA256, Code: true}}
	if v.Declaration != nil {
		facts = append(facts, web.Fact{Label: "法定代表人声明", Value: v.Declaration.Name})
	}
	return facts
}

func sponsorFiles(path string, files []filing.SentFile) []web.FileLine {
	lines := make([]web.FileLine, len(files))
	for i, f := range files {
		open := path + "/attachments/" + f.ID.String()
		a := filing.Attachment{MediaType: f.MediaType, Pages: f.Pages, Bytes: f.Bytes}
		lines[i] = web.FileLine{Name: f.Name, Meta: f.Kind.Label() + " · " + a.Describe(), Open: open, Save: open + "?save=1",
			Image: f.MediaType != attachment.TypePDF, SHA256: f.SHA256}
	}
	return lines
}

// sponsorFile shows or saves a file that the report was sent with.
func (p *Pages) sponsorFile(c echo.Context) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	file, err := uuid.Parse(c.Param("file"))
	if err != nil {
		return web.ErrNotFound
	}
	ctx := c.Request().Context()
	sent, err := filing.SentToSponsor(ctx, p.DB, sponsorScope(c), id)
	if err != nil {
		return err
	}
	a, content, err := p.Filing.OpenSentFile(ctx, sent, file)
	if err != nil {
		return err
	}
	defer func() { _ = content.Close() }()
	return web.ServeFile(c, web.File{Name: a.Name, MediaType: a.MediaType, SHA256: a.SHA256, Content: content, Download: c.QueryParam("save") != ""})
}

func (p *Pages) opinionForm(c echo.Context) error {
	v, err := p.sponsorItem(c)
	if err != nil {
		return err
	}
	if !v.Waiting() {
		return web.SeeOther(c, sponsorCasePath(v.ID))
	}
	return p.showOpinion(c, &v, &web.Form{})
}

func (p *Pages) sponsorItem(c echo.Context) (filing.SponsorItem, error) {
	id, err := pathID(c)
	if err != nil {
		return filing.SponsorItem{}, err
	}
	return filing.SponsorReviewOf(c.Request().Context(), p.DB, sponsorScope(c), id)
}

// Names of the form that gives the opinion.
const (
	opinionOutcome = "outcome"
	opinionText    = "opinion"
)

func (p *Pages) showOpinion(c echo.Context, v *filing.SponsorItem, form *web.Form) error {
	path := sponsorCasePath(v.ID)
	page := ActPage{Page: p.App.NewPage(c, "提出意见"), Heading: "提出意见：" + v.OrganisationName, Action: path + "/opinion", Button: "提出意见", CancelHref: path,
		ChoiceName: opinionOutcome, ChoiceLegend: "意见", ChoiceError: form.ErrorOf(opinionOutcome),
		Facts: []web.Fact{{Label: "社会组织", Value: v.OrganisationName}, {Label: "信用代码", Value: v.OrganisationUSCC, Code: true},
			{Label: "年度", Value: fmt.Sprintf("%d 年度", v.ReportYear)}, {Label: "送出", Value: v.ActorName + "，" + moment(v.SentAt)},
			{Label: "期限", Value: web.DateFull(v.DueOn)}},
		Consequences: []string{"同意的，系统随即把送来的这一份报告报送登记管理机关，意见随报告交给审查员。", "退回的，社会组织按意见修改后重新送来。", "意见马上告知社会组织。"},
		Undo:         "不能撤销。"}
	page.Choices = []DecisionChoice{
		{Value: filing.OutcomeAgree, Label: "同意报送", Text: "可以写明意见；不写的，记为“同意报送”。", On: form.Get(opinionOutcome) == filing.OutcomeAgree},
		{Value: filing.OutcomeReturn, Label: "退回", Text: "须写明要改什么。", On: form.Get(opinionOutcome) == filing.OutcomeReturn},
	}
	area := form.Field(opinionText, "意见（退回的必填；社会组织和审查员会看到）")
	area.Hint = "退回的，逐条写明是哪一部分、哪一项、怎样改。"
	page.Areas = []web.TextField{area}
	page.Crumbs = []web.Crumb{{Text: "送审", Href: sponsorPath}, {Text: v.OrganisationName, Href: path}, {Text: "提出意见"}}
	return p.renderAct(c, page, form)
}

func (p *Pages) giveOpinion(c echo.Context) error {
	v, err := p.sponsorItem(c)
	if err != nil {
		return err
	}
	form, err := web.ReadForm(c)
	if err != nil {
		return err
	}
	scope := sponsorScope(c)
	answer := filing.AnswerSponsor{AuthorityCode: scope.AuthorityCode, Sponsor: scope.Sponsor, ReviewID: v.ID, Outcome: form.Get(opinionOutcome),
		Opinion: text(form, opinionText), Actor: web.Principal(c).Actor()}
	if answer.Outcome == "" {
		form.Refuse(opinionOutcome, "请选择同意报送或者退回")
		return p.showOpinion(c, &v, form)
	}
	given, err := p.Filing.AnswerSponsor(c.Request().Context(), answer)
	var wrong *filing.Error
	if errors.As(err, &wrong) && wrong.HTTPStatus() == http.StatusUnprocessableEntity {
		field := opinionText
		if wrong == filing.ErrSponsorOutcome {
			field = opinionOutcome
		}
		form.Refuse(field, wrong.Detail())
		return p.showOpinion(c, &v, form)
	}
	if err != nil {
		return p.conflictAt(c, web.Link{Href: sponsorCasePath(v.ID), Text: "看这件现在的状态"}, web.Link{Href: sponsorPath, Text: "回到送审的报告"}, err, answer.Opinion)
	}
	flash := web.Flash{Text: "已提出意见：" + given.Status.Label() + "，" + v.OrganisationName + "。"}
	if given.NotSubmitted != "" {
		flash = web.Flash{Text: "意见已记录，但是报告没有能够随即报送，社会组织会得到通知。", Warning: true}
	}
	p.App.AddFlash(c, flash)
	return web.SeeOther(c, sponsorCasePath(v.ID))
}
