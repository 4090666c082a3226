package web

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"nianbao/internal/web"
	"nianbao/review"
)

// DecisionForm is the foot of the case: what can be decided, each with its consequence and date.
type DecisionForm struct {
	Choices []DecisionChoice
	Error   string // nothing was chosen
	Opinion web.TextField
}

// DecisionChoice is one outcome.
type DecisionChoice struct {
	Value, Label, Text string
	On, Grave          bool
}

// DecidePage shows what a decision sends out before it is final.
type DecidePage struct {
	web.Page
	Path, Organisation string
	Outcome            string // the word that is posted
	OutcomeLabel       string
	Grave              bool
	Opinion            string
	OpinionText        []string
	Remarks            []RemarkRow
	Seen               string // what of the case this page was made from
	Paper              []PaperBlock
	PaperTitle         string
	Consequences       []string
	Undo               string
	Button             string
}

// decisionForm offers the outcomes of the season's regime.
func (p *Pages) decisionForm(kase *review.Case, view caseView) *DecisionForm {
	typed := view.form
	if view.remark {
		typed = &web.Form{}
	}
	f := &DecisionForm{Opinion: typed.Field("opinion", "总体意见"), Error: typed.ErrorOf("outcome")}
	if typed.Values == nil {
		f.Opinion.Value = kase.Opinion // as an approver sent it back
	}
	for _, o := range review.Outcomes(kase.Regime) {
		f.Choices = append(f.Choices, DecisionChoice{
			Value: string(o), Label: o.Label(), Text: p.consequence(kase, o),
			On: typed.Get("outcome") == string(o), Grave: o == review.Unqualified,
		})
	}
	return f
}

// consequence says what follows from an outcome, until when.
func (p *Pages) consequence(kase *review.Case, o review.Outcome) string {
	text := "结论在公示页公布，不出具结论书。"
	switch {
	case kase.Correction != nil && o == review.Return:
		text = fmt.Sprintf("发退回补正通知书，附 %d 条意见。原来的结论继续有效；社会组织可以修改后再提出。", len(kase.Remarks))
	case kase.Correction != nil && o == review.Unqualified:
		text = "更正不予通过，原来的报告和结论继续有效，不对外公布。须写明理由；社会组织可以再申请。"
	case kase.Correction != nil && kase.Issues(o):
		text = "更正过的报告代替原来的报告，编号出具新的审查结论书，替代" + kase.InForce + "，并公开更正了哪些部分。"
	case kase.Correction != nil:
		text = "更正过的报告代替原来的报告，公开更正了哪些部分，不出具结论书。"
	case o == review.Return:
		due := p.Reviews.ResubmitBy(kase.Season, kase.Obligation)
		text = fmt.Sprintf("发退回补正通知书，附 %d 条意见。社会组织须在%s24:00 前重新报送，报送后另起审查期限。", len(kase.Remarks), web.DateFull(due.Date))
		text += provisional(due.Provisional)
	case o == review.Unqualified:
		text = "不出具结论书，不盖章，结论公布。须写明理由；没有新的决定，结论不变。"
	case review.Issues(kase.Season, o):
		text = "编号出具审查结论书并签章，当日公布。"
		if kase.Season.Rules.Conclusion.Stamp {
			text = "编号出具审查结论书并签章，附登记证书副本盖章页，当日公布。"
		}
	}
	if kase.FourEyes {
		text = "由复核人确认后生效：" + text
	}
	return text
}

// previewDecision shows what the decision leads to; nothing is stored.
func (p *Pages) previewDecision(c echo.Context) error {
	_, form, err := p.posted(c)
	if err != nil {
		return err
	}
	kase, err := p.read(c)
	if err != nil {
		return err
	}
	if !slices.Contains(review.Outcomes(kase.Regime), review.Outcome(form.Get("outcome"))) {
		form.Refuse("outcome", "请选择一种决定")
		return p.renderCase(c, &kase, caseView{form: form, title: "还没有作出决定", status: form.Status()})
	}
	return p.showDecision(c, &kase, form)
}

func (p *Pages) showDecision(c echo.Context, kase *review.Case, form *web.Form) error {
	d := p.decisionOf(c, kase, form)
	if d.Outcome == review.Unqualified && d.Opinion == "" {
		form.Refuse("opinion", "不合格须在总体意见中写明理由")
		return p.renderCase(c, kase, caseView{form: form, title: "还没有作出决定", status: form.Status()})
	}
	preview, err := p.Reviews.Preview(c.Request().Context(), d)
	if refusal, ok := refused(err); ok {
		form.Refuse("opinion", refusal.Detail())
		return p.renderCase(c, kase, caseView{form: form, title: "还没有作出决定", status: form.Status()})
	}
	if err != nil {
		return p.conflict(c, kase.SubmissionID, err, d.Opinion)
	}
	r := newReader(kase, noContext, casePath(kase.SubmissionID), false)
	page := DecidePage{
		Page: p.App.NewPage(c, d.Outcome.Label()+"："+kase.OrganisationName), Path: casePath(kase.SubmissionID),
		Organisation: kase.OrganisationName, Outcome: string(d.Outcome), OutcomeLabel: d.Outcome.Label(),
		Grave: d.Outcome == review.Unqualified, Opinion: d.Opinion, OpinionText: paragraphs(d.Opinion), Remarks: r.remarkRows(false),
		Seen: seen(kase), Paper: paperOf(preview.Document), PaperTitle: preview.Document.Title,
		Consequences: p.consequences(kase, d.Outcome), Undo: undo(kase, d.Outcome), Button: button(kase, d.Outcome),
	}
	page.Crumbs = caseCrumbs(kase, "确认决定")
	return p.App.Render(c, http.StatusOK, "desk/decide", page)
}

func caseCrumbs(kase *review.Case, here string) []web.Crumb {
	return []web.Crumb{
		{Text: "待审", Href: "/desk/reviews"}, {Text: "回执 " + kase.ReceiptNo, Href: casePath(kase.SubmissionID)}, {Text: here},
	}
}

// consequences says in order what happens once the button is pressed.
func (p *Pages) consequences(kase *review.Case, o review.Outcome) []string {
	out := []string{p.consequence(kase, o)}
	if !kase.FourEyes {
		out = append(out, "决定马上生效，按登记的方式告知社会组织。")
	}
	return out
}

func undo(kase *review.Case, o review.Outcome) string {
	switch {
	case kase.Correction != nil && o == review.Unqualified && !kase.FourEyes:
		return "生效后不能收回；社会组织可以再申请更正。"
	case kase.FourEyes:
		return "复核前没有效力；复核人可以送回修改。"
	case o == review.Unqualified:
		return "生效后可以由审查员写明理由重新审查，另起审查期限。"
	case o == review.Return:
		return "发出后不能收回；重新报送后再审查。"
	}
	return "生效后不能收回；社会组织可以申请更正，更正通过后换发结论书。"
}

func button(kase *review.Case, o review.Outcome) string {
	if kase.FourEyes {
		return "提出" + o.Label() + "，送复核"
	}
	switch o {
	case review.Return:
		return "退回，发出通知"
	case review.Unqualified:
		return "认定不合格"
	}
	if kase.Issues(o) {
		return o.Label() + "，出具结论书"
	}
	return "认定" + o.Label()
}

// decisionOf is the decision that the form and the remarks of the case make.
func (p *Pages) decisionOf(c echo.Context, kase *review.Case, form *web.Form) review.Decision {
	return review.Decision{
		SubmissionID: kase.SubmissionID, Outcome: review.Outcome(form.Get("outcome")), Opinion: text(form, "opinion"),
		Remarks: kase.Remarks, Actor: actor(c),
	}
}

// decide makes the decision that the page before showed. If the remarks changed since, it is shown again.
func (p *Pages) decide(c echo.Context) error {
	id, form, err := p.posted(c)
	if err != nil {
		return err
	}
	kase, err := p.read(c)
	if err != nil {
		return err
	}
	if kase.State == review.Pending && form.Get("seen") != seen(&kase) {
		return p.showDecision(c, &kase, form)
	}
	result, err := p.Reviews.Decide(c.Request().Context(), p.decisionOf(c, &kase, form))
	if err != nil {
		return p.conflict(c, id, err, text(form, "opinion"))
	}
	said := "已决定：" + review.Outcome(form.Get("outcome")).Label() + "，" + kase.OrganisationName + "。"
	if result.State == review.Proposed {
		said = "已提出：" + review.Outcome(form.Get("outcome")).Label() + "，等待复核。"
	}
	p.App.AddFlash(c, web.Flash{Text: said})
	return web.SeeOther(c, casePath(id))
}

// seen is a digest of what a confirmation page was made from, so that what is confirmed is what was shown.
func seen(kase *review.Case) string {
	raw, err := json.Marshal(struct {
		Remarks []review.Remark
		Outcome review.Outcome
		Opinion string
		State   review.State
	}{kase.Remarks, kase.Outcome, kase.Opinion, kase.State})
	if err != nil {
		return "" // strings always have a JSON form
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:8])
}

// posted reads the id and the form of a POST.
func (p *Pages) posted(c echo.Context) (uuid.UUID, *web.Form, error) {
	id, err := pathID(c)
	if err != nil {
		return id, nil, err
	}
	form, err := web.ReadForm(c)
	return id, form, err
}

// again shows the case once more with what was refused.
func (p *Pages) again(c echo.Context, view caseView) error {
	kase, err := p.read(c)
	if err != nil {
		return err
	}
	return p.renderCase(c, &kase, view)
}

// edit leads back from the confirmation to the case with what was typed.
func (p *Pages) edit(c echo.Context) error {
	_, form, err := p.posted(c)
	if err != nil {
		return err
	}
	return p.again(c, caseView{form: form, status: http.StatusOK})
}
