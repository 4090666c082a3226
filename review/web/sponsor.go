package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"nianbao/filing"
	"nianbao/internal/account"
	"nianbao/internal/web"
	"nianbao/internal/workday"
)

// SponsorPage is a sponsor's queue: what was sent to it, the nearest day first.
type SponsorPage struct {
	web.Page
	Heading  string
	Nameless bool // the sign-in names no sponsor, so there is nothing to see
	Views    []ViewLink
	Rows     []SponsorRow
	Empty    string
	Pager    Pager
}

// SponsorRow is one report that was sent to the sponsor.
type SponsorRow struct {
	Href, Organisation, Sub string
	Year                    int
	Sent, Due, Left         string
	Late                    bool
	Ended                   string
	Status                  web.Tag
}

const sponsorPath = "/desk/sponsor"

var sponsors = web.Roles(account.RoleSponsor)

func (p *Pages) sponsorRoutes() []web.Route {
	one := sponsorPath + "/:id"
	return []web.Route{
		{Method: http.MethodGet, Path: sponsorPath, Access: sponsors, Handler: p.sponsorQueue},
		{Method: http.MethodGet, Path: one, Access: sponsors, Handler: p.sponsorCase},
		{Method: http.MethodGet, Path: one + "/attachments/:file", Access: sponsors, Handler: p.sponsorFile, Timeout: fileTime},
		{Method: http.MethodGet, Path: one + "/opinion", Access: sponsors, Handler: p.opinionForm},
		{Method: http.MethodPost, Path: one + "/opinion", Access: sponsors, Handler: p.giveOpinion, MaxBody: formSize},
	}
}

// sponsorScope is whose reports the signed-in sponsor sees.
func sponsorScope(c echo.Context) filing.SponsorScope {
	who := web.Principal(c)
	return filing.SponsorScope{AuthorityCode: who.AuthorityCode, Sponsor: who.Sponsor}
}

func (p *Pages) sponsorQueue(c echo.Context) error {
	ctx := c.Request().Context()
	ask := filing.SponsorQuery{SponsorScope: sponsorScope(c), Status: filing.SponsorPending, Limit: pageSize, Cursor: c.QueryParam("cursor")}
	if s := filing.SponsorStatus(c.QueryParam("status")); s.Valid() {
		ask.Status = s
	}
	list, err := filing.ListSponsorReviews(ctx, p.DB, ask)
	if err != nil {
		return err
	}
	counts, err := filing.CountSponsorReviews(ctx, p.DB, ask.SponsorScope)
	if err != nil {
		return err
	}
	page := SponsorPage{Page: p.App.NewPage(c, "送审的年度报告"), Heading: ask.Sponsor, Nameless: ask.Sponsor == "", Pager: pagerOf(c, list.Next),
		Empty: "没有这样的报告。"}
	if ask.Status == filing.SponsorPending {
		page.Empty = "没有等待意见的报告。社会组织送来的年度报告列在这里，期限近的在前。"
	}
	for _, s := range filing.SponsorStatuses() {
		page.Views = append(page.Views, ViewLink{Text: s.Label() + " " + web.Count(counts[s]), Href: sponsorPath + "?status=" + string(s), Current: s == ask.Status})
	}
	for i := range list.Items {
		page.Rows = append(page.Rows, p.sponsorRow(&list.Items[i]))
	}
	return p.App.Render(c, http.StatusOK, "desk/sponsor", page)
}

func (p *Pages) sponsorRow(v *filing.SponsorItem) SponsorRow {
	today := p.App.Today()
	row := SponsorRow{Href: sponsorCasePath(v.ID), Organisation: v.OrganisationName, Sub: v.OrganisationType.Label() + " · " + v.OrganisationUSCC,
		Year: v.ReportYear, Sent: dayOf(workday.DateOf(v.SentAt), today), Due: dayOf(v.DueOn, today), Status: sponsorTag(v.Status)}
	if v.EndedAt.Valid {
		row.Ended = dayOf(workday.DateOf(v.EndedAt.Time), today)
		return row
	}
	row.Left = p.sponsorLeft(&v.SponsorReview)
	return row
}

// sponsorLeft says how much of the sponsor's time is left.
func (p *Pages) sponsorLeft(v *filing.SponsorReview) string {
	today := p.App.Today()
	switch left := p.Calendar().Between(today, v.DueOn); {
	case v.Passed(today):
		return "已逾期"
	case today == v.DueOn:
		return "今天到期"
	default:
		return fmt.Sprintf("还剩 %d 个工作日", left)
	}
}

func sponsorCasePath(id uuid.UUID) string { return sponsorPath + "/" + id.String() }

func sponsorTag(s filing.SponsorStatus) web.Tag {
	switch s {
	case filing.SponsorPending:
		return web.Tag{Text: s.Label(), Tone: web.ToneNow}
	case filing.SponsorAgreed:
		return web.Tag{Text: s.Label(), Tone: web.ToneOK}
	case filing.SponsorReturned, filing.SponsorLapsed:
		return web.Tag{Text: s.Label(), Tone: web.ToneWarn}
	case filing.SponsorWithdrawn:
	}
	return web.Tag{Text: s.Label()}
}

// OpinionView is the sponsor's opinion under which a report was submitted, for the reviewer.
type OpinionView struct {
	Title string
	Tag   web.Tag
	By    string
	Text  []string
}

// opinionUnder is the opinion under which a report was submitted; nil where it did not go to a sponsor.
func (p *Pages) opinionUnder(ctx context.Context, submission uuid.UUID) (*OpinionView, error) {
	v, err := filing.SubmissionOpinion(ctx, p.DB, submission)
	if errors.Is(err, filing.ErrSponsorReviewNotFound) {
		return nil, nil //nolint:nilnil // no sponsor is no opinion, and the page leaves it out
	}
	if err != nil {
		return nil, err
	}
	return opinionOf(&v), nil
}

func opinionOf(v *filing.SponsorReview) *OpinionView {
	view := &OpinionView{Title: v.Sponsor, Tag: sponsorTag(v.Status)}
	if v.Status == filing.SponsorLapsed {
		view.By = moment(v.SentAt) + "送出，期限" + web.DateFull(v.DueOn)
		view.Text = []string{"业务主管单位在期限内没有提出意见，社会组织直接报送。"}
		return view
	}
	view.By = v.DecidedName + "，" + moment(v.EndedAt.Time)
	if view.Text = paragraphs(v.Opinion); len(view.Text) == 0 {
		view.Text = []string{"同意报送。"}
	}
	return view
}
