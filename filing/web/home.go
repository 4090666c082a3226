package web

import (
	"fmt"
	"net/http"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"nianbao/filing"
	"nianbao/internal/document"
	"nianbao/internal/registry"
	"nianbao/internal/web"
	"nianbao/notify"
)

// HomePage is what is due, until when, and the next step; then messages,
// documents, the organisation's standing and earlier reports.
type HomePage struct {
	web.Page
	Eyebrow   string
	Heading   string
	Owed      bool
	Due       Due
	Rest      string // said where nothing is owed
	Next      NextStep
	Track     []web.Step
	News      string     // what became of a request
	AlsoDue   []YearLine // other years that are owed
	Messages  []MessageLine
	Documents []DocumentLine
	Standing  Standing
	Years     []YearLine
	Ask       []web.Link // for more time, or not to report
	Print     string
}

// shortList is how many messages and documents the home page shows.
const shortList = 3

func (p *Pages) home(c echo.Context) error {
	id, err := organisation(c)
	if err != nil {
		return err
	}
	list, err := filing.ObligationsOf(requestContext(c), p.db, id)
	if err != nil {
		return err
	}
	page := HomePage{Eyebrow: web.Principal(c).Body, Heading: "没有要报送的报告"}
	first := mostUrgent(list)
	if first < 0 {
		if page.Rest, err = p.nextSeason(c, id); err != nil {
			return err
		}
	} else if err := p.fillDue(c, list[first], &page); err != nil {
		return err
	}
	for i, o := range list {
		switch {
		case i == first:
		case o.Status.Owed():
			page.AlsoDue = append(page.AlsoDue, p.yearLine(o))
		default:
			page.Years = append(page.Years, p.yearLine(o))
		}
	}
	earlier, err := p.acceptedElsewhere(c, id, list)
	if err != nil {
		return err
	}
	page.Years = append(page.Years, earlier...)
	if err := p.fillLists(c, id, &page); err != nil {
		return err
	}
	if page.Page, err = p.page(c, "首页"); err != nil {
		return err
	}
	return p.app.Render(c, http.StatusOK, "filer/home", page)
}

// mostUrgent is the report that the home page is about: the one owed soonest,
// else the latest that is not done with; -1 for none.
func mostUrgent(list []filing.Obligation) int {
	best := -1
	for i, o := range list {
		if o.Status.Owed() && (best < 0 || o.OverdueAfter.Before(list[best].OverdueAfter)) {
			best = i
		}
	}
	if best < 0 && len(list) > 0 && list[0].Status != filing.StatusExempt {
		best = 0
	}
	return best
}

// fillDue says until when the report is owed and what to do next, or where a
// report that was submitted stands.
func (p *Pages) fillDue(c echo.Context, o filing.Obligation, page *HomePage) error {
	y, err := p.yearOf(c, o)
	if err != nil {
		return err
	}
	report, err := filing.ReportOf(requestContext(c), p.db, o.OrganisationID, o.ReportYear)
	if err != nil {
		return err
	}
	page.Heading = y.title()
	if page.News, err = p.requestNews(c, &o); err != nil {
		return err
	}
	if page.Track, err = p.track(c, y, report.Submissions); err != nil {
		return err
	}
	if o.Status.Owed() {
		page.Owed, page.Due = true, p.dueOf(y)
		requests, err := p.requests(c, y)
		if err != nil {
			return err
		}
		page.Ask, page.Print = requests.Ask, y.path("/print")
		page.Next, err = p.nextStep(c, y)
		return err
	}
	page.Next = NextStep{Heading: "结论：" + o.Status.Label(), Text: "报告的内容、意见和文书都在报告页。", Href: y.path(""), Button: "查看报告"}
	if o.Status == filing.StatusSubmitted && len(report.Submissions) > 0 {
		last := report.Submissions[len(report.Submissions)-1]
		page.Rest = "报告正在审查，最迟 " + web.DateFull(last.ReviewDueOn) + "审结" + provisional(last.ReviewDueProvisional) + "。您现在不用做什么。"
		page.Next.Heading, page.Next.Text = "已报送", "回执号 "+last.ReceiptNo+"，"+stampShort(last.ReceivedAt)+"收到。"
	} else {
		page.Rest = fmt.Sprintf("%d 年度报告已有结论。没有要报送的报告。", o.ReportYear)
	}
	switch {
	case o.CorrectionID.Valid:
		page.Rest = "更正正在审查。" + stays + "您现在不用做什么。"
	case y.correction != nil:
		page.Rest = "有一份更正正在填写，还没有提出。" + stays
		page.Next.Heading, page.Next.Text, page.Next.Href, page.Next.Button = "下一步：继续更正", "改完有错的部分，通读后提出。", y.path("/tasks"), "继续更正"
	}
	return nil
}

// nextSeason says when the next season opens, where one is announced.
func (p *Pages) nextSeason(c echo.Context, id uuid.UUID) (string, error) {
	org, err := registry.OrganisationByID(requestContext(c), p.db, id)
	if err != nil {
		return "", err
	}
	seasons, err := filing.Seasons(requestContext(c), p.db, org.AuthorityCode)
	if err != nil {
		return "", err
	}
	text := "现在没有要报送的报告。下一个报送季还没有公布，公布后会发消息。"
	for _, s := range seasons {
		if s.State == filing.SeasonPlanned && s.Rules.Binds(org) {
			text = fmt.Sprintf("现在没有要报送的报告。%d 年度报告将于%s开始报送。", s.ReportYear, web.DateFull(s.OpensOn))
		}
	}
	return text, nil
}

// fillLists adds the newest messages and documents and the standing.
func (p *Pages) fillLists(c echo.Context, id uuid.UUID, page *HomePage) error {
	ctx := requestContext(c)
	messages, err := notify.InboxOf(ctx, p.db, id, notify.Page{Limit: shortList})
	if err != nil {
		return err
	}
	for _, d := range messages {
		page.Messages = append(page.Messages, messageLine(d))
	}
	documents, err := document.ListForOrganisation(ctx, p.db, id, document.Cursor{}, shortList)
	if err != nil {
		return err
	}
	for _, d := range documents {
		page.Documents = append(page.Documents, documentLine(d))
	}
	page.Standing, err = p.standing(c, id)
	return err
}
