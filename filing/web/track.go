package web

import (
	"fmt"

	"github.com/labstack/echo/v4"

	"nianbao/filing"
	"nianbao/internal/web"
	"nianbao/internal/workday"
)

// track is the way of a report from opening to conclusion: what happened with
// its day, where it stands, and what comes next until when. Of several rounds
// the latest is told, with how many there were.
func (p *Pages) track(c echo.Context, y *year, submissions []filing.Submission) ([]web.Step, error) {
	o := &y.obligation
	if o.Status == filing.StatusExempt {
		return nil, nil //nolint:nilnil // nothing is owed, there is no way to show
	}
	submissions = reportsOf(submissions)
	steps := []web.Step{{State: "done", Title: "开放报送", Text: o.OpensOn.Chinese()}}
	if n := len(submissions); n > 0 {
		steps = append(steps, taken(submissions[n-1], n))
	}
	switch {
	case o.Status.Owed():
		writing, err := p.writing(c, y, submissions)
		if err != nil {
			return nil, err
		}
		steps = append(steps, writing...)
	case len(submissions) > 0 && o.Status == filing.StatusSubmitted:
		last := submissions[len(submissions)-1]
		steps = append(steps, web.Step{State: "now", Title: "审查中", Text: "最迟 " + last.ReviewDueOn.Chinese() + "审结" + provisional(last.ReviewDueProvisional)},
			web.Step{Title: "结论", Text: "合格的出具结论书并公示；不合要求的退回修改"})
	case len(submissions) > 0:
		last := submissions[len(submissions)-1]
		steps = append(steps, web.Step{State: "done", Title: "形式审查", Text: rounds(submissions)},
			web.Step{State: "done", Title: "结论：" + o.Status.Label(), Text: workday.DateOf(last.StatusAt).Chinese()})
	}
	return steps, nil
}

// taken is the step of the latest submission.
func taken(s filing.Submission, n int) web.Step {
	step := web.Step{State: "done", Title: "报送", Text: workday.DateOf(s.ReceivedAt).Chinese()}
	if n > 1 {
		step.Title = fmt.Sprintf("第 %d 次报送", n)
	}
	return step
}

// rounds tells how often a report was sent back before it was concluded.
func rounds(submissions []filing.Submission) string {
	returned := 0
	for _, s := range submissions {
		if s.Status == filing.SubmissionReturned {
			returned++
		}
	}
	if returned == 0 {
		return "一次通过"
	}
	return fmt.Sprintf("退回 %d 次后审结", returned)
}

// writing are the steps while a report is owed: what became of the last one,
// filling in until its day, and what follows.
func (p *Pages) writing(c echo.Context, y *year, submissions []filing.Submission) ([]web.Step, error) {
	o := &y.obligation
	now := web.Step{State: "now", Title: "填写", Text: "逐部分填写，随时保存"}
	var steps []web.Step
	if n := len(submissions); n > 0 {
		last := submissions[n-1]
		became := web.Step{State: "done", Title: "退回", Text: workday.DateOf(last.StatusAt).Chinese()}
		if last.Status == filing.SubmissionWithdrawn {
			became.Title = "撤回"
		}
		steps = append(steps, became)
		now = web.Step{State: "now", Title: "修改后重新报送", Text: "最迟 " + o.OverdueAfter.Chinese()}
		if o.Overdue(p.day()) {
			now.Text = "应当在 " + o.OverdueAfter.Chinese() + "前，已超期"
		}
	} else {
		draft, err := p.filing.Draft(requestContext(c), y.org.ID, o.ReportYear)
		if err != nil {
			return nil, err
		}
		if draft.Version > 0 {
			now.Text = "正在填写，" + workday.DateOf(draft.UpdatedAt).Chinese() + "保存过"
		}
	}
	steps = append(steps, now)
	if len(submissions) == 0 {
		steps = append(steps, web.Step{Title: "报送", Text: "由负责人声明后报送，最迟 " + o.OverdueAfter.Chinese()})
	}
	return append(steps, web.Step{Title: "形式审查", Text: p.windowWords(y)}, web.Step{Title: "结论", Text: "合格的出具结论书并公示"}), nil
}
