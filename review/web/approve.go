package web

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"nianbao/internal/web"
	"nianbao/review"
)

// ApprovalForm is the second pair of eyes' part of the case.
type ApprovalForm struct {
	Error   string
	Confirm bool
	Return  bool
	Reason  web.TextField
}

// ApprovePage shows what an approval puts into force before it does.
type ApprovePage struct {
	web.Page
	Path, Organisation, Proposer string
	OutcomeLabel, Outcome        string
	Grave                        bool
	OpinionText                  []string
	Remarks                      []RemarkRow
	Seen                         string
	Paper                        []PaperBlock
	PaperTitle                   string
	Undo                         string
	Button                       string
}

func approvalForm(view caseView) *ApprovalForm {
	return &ApprovalForm{
		Error: view.form.ErrorOf("verdict"), Confirm: view.form.Get("verdict") == string(review.Confirm),
		Return: view.form.Get("verdict") == string(review.SendBack), Reason: view.form.Field("reason", "送回的理由"),
	}
}

// previewApproval shows what goes out if the proposal is confirmed; sending back needs no second look.
func (p *Pages) previewApproval(c echo.Context) error {
	id, form, err := p.posted(c)
	if err != nil {
		return err
	}
	kase, err := p.read(c)
	if err != nil {
		return err
	}
	switch review.Verdict(form.Get("verdict")) {
	case review.Confirm:
		return p.showApproval(c, &kase)
	case review.SendBack:
		err := p.settle(c, &kase, form)
		if refusal, ok := refused(err); ok {
			form.Refuse("reason", refusal.Detail())
			return p.renderCase(c, &kase, caseView{form: form, title: "没有送回", status: form.Status()})
		}
		return p.orConflict(c, id, err)
	}
	form.Refuse("verdict", "请选择确认或者送回")
	return p.renderCase(c, &kase, caseView{form: form, title: "还没有复核", status: form.Status()})
}

func (p *Pages) showApproval(c echo.Context, kase *review.Case) error {
	preview, err := p.Reviews.Preview(c.Request().Context(), review.Decision{
		SubmissionID: kase.SubmissionID, Outcome: kase.Outcome, Opinion: kase.Opinion, Remarks: kase.Remarks, Actor: actor(c),
	})
	if err != nil {
		return p.conflict(c, kase.SubmissionID, err)
	}
	r := newReader(kase, noContext, casePath(kase.SubmissionID), false)
	final := *kase
	final.FourEyes = false // the second pair of eyes is this one
	page := ApprovePage{
		Page: p.App.NewPage(c, "复核："+kase.OrganisationName), Path: casePath(kase.SubmissionID), Organisation: kase.OrganisationName,
		Proposer: kase.ProposedName, OutcomeLabel: kase.Outcome.Label(), Outcome: p.consequence(&final, kase.Outcome),
		Grave: kase.Outcome == review.Unqualified, OpinionText: paragraphs(kase.Opinion), Remarks: r.remarkRows(false), Seen: seen(kase),
		Paper: paperOf(preview.Document), PaperTitle: preview.Document.Title,
		Undo: undo(&final, kase.Outcome), Button: "确认" + kase.Outcome.Label(),
	}
	page.Crumbs = caseCrumbs(kase, "确认复核")
	return p.App.Render(c, http.StatusOK, "desk/approve", page)
}

// approve confirms what the page before showed; a proposal that changed since is shown again.
func (p *Pages) approve(c echo.Context) error {
	id, form, err := p.posted(c)
	if err != nil {
		return err
	}
	kase, err := p.read(c)
	if err != nil {
		return err
	}
	if kase.State == review.Proposed && form.Get("seen") != seen(&kase) {
		return p.showApproval(c, &kase)
	}
	form.Values.Set("verdict", string(review.Confirm))
	return p.orConflict(c, id, p.settle(c, &kase, form))
}

// settle carries the verdict out and leads back to the case.
func (p *Pages) settle(c echo.Context, kase *review.Case, form *web.Form) error {
	verdict := review.Verdict(form.Get("verdict"))
	_, err := p.Reviews.Approve(c.Request().Context(), review.Approval{
		SubmissionID: kase.SubmissionID, Verdict: verdict, Reason: text(form, "reason"), Actor: actor(c),
	})
	if err != nil {
		return err
	}
	said := "已确认：" + kase.Outcome.Label() + "，" + kase.OrganisationName + "。"
	if verdict == review.SendBack {
		said = "已送回" + kase.ProposedName + "修改。"
	}
	p.App.AddFlash(c, web.Flash{Text: said})
	return web.SeeOther(c, casePath(kase.SubmissionID))
}
