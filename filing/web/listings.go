package web

import (
	"errors"
	"net/http"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"nianbao/internal/account"
	"nianbao/internal/document"
	"nianbao/internal/web"
	"nianbao/internal/workday"
	"nianbao/review/listing"
)

// Standing is the organisation's credit standing in a few words.
type Standing struct {
	Tags []web.Tag
	Text string
	Href string
	Link string
}

// owner scopes every read of a matter to the asking organisation.
func owner(id uuid.UUID) listing.Owner {
	return listing.Owner{OrganisationID: uuid.NullUUID{UUID: id, Valid: true}}
}

// matters are all matters of the organisation; a handful at most.
func (p *Pages) matters(c echo.Context, id uuid.UUID) ([]listing.Item, error) {
	page, err := p.listing.Listings(requestContext(c), listing.Query{Owner: owner(id), Limit: 200})
	return page.Items, err
}

// standing sums up the organisation's matters.
func (p *Pages) standing(c echo.Context, id uuid.UUID) (Standing, error) {
	items, err := p.matters(c, id)
	if err != nil {
		return Standing{}, err
	}
	checks, _, err := p.listing.SpotChecks(requestContext(c), listing.CaseQuery{Owner: owner(id), Limit: 200})
	if err != nil {
		return Standing{}, err
	}
	s := Standing{Href: listingsPath, Link: "查看事项和文书"}
	for _, item := range items {
		switch item.Status {
		case listing.Listed:
			s.Tags = append(s.Tags, web.Tag{Text: "已列入活动异常名录", Tone: web.ToneError})
			s.Text = "自" + item.ListedOn.Chinese() + "起列入。报送年度报告后可以申请移出。"
		case listing.Notified:
			s.Tags = append(s.Tags, web.Tag{Text: "拟列入活动异常名录", Tone: web.ToneWarn})
			s.Text = "已收到事先告知，还没有列入。" + answerWords(&item.Listing, p.day())
		case listing.Withdrawn, listing.Removed, listing.Escalated, listing.Annulled:
		}
	}
	for _, check := range checks {
		if check.LeftOn.IsZero() {
			s.Tags = append(s.Tags, web.Tag{Text: "在抽查监督名单上", Tone: web.ToneWarn})
			break
		}
	}
	if len(s.Tags) == 0 {
		s.Tags = []web.Tag{{Text: "正常", Tone: web.ToneOK}}
		s.Text = "没有列入活动异常名录，也没有列入抽查监督名单。"
		s.Link = "查看信用状况"
	}
	return s, nil
}

// answerWords says until when a statement can be made.
func answerWords(l *listing.Listing, today workday.Date) string {
	switch {
	case l.StatementOpen:
		return "陈述申辩已提交，等待登记管理机关决定。"
	case l.StatementDueOn.IsZero():
		return "告知书送达之日起计算陈述申辩期限。"
	case l.AnswerTimeOver(today):
		return "陈述申辩期限（" + web.DateFull(l.StatementDueOn) + "）已过，列入之前仍可提出。"
	}
	return "请在" + web.DateFull(l.StatementDueOn) + "24:00 前提出陈述申辩，当天算在内" + provisional(l.StatementDueProvisional) + "。"
}

// ListingsPage is the organisation's standing with all that led to it.
type ListingsPage struct {
	web.Page
	Heading    string
	Standing   Standing
	Matters    []MatterLine
	SpotChecks []CaseLine
	Penalties  []CaseLine
}

// MatterLine is one matter of the abnormal-activity list.
type MatterLine struct {
	Href, Title, Text string
	Tag               web.Tag
}

// CaseLine is an entry of the spot-check list or a penalty case.
type CaseLine struct {
	Title, Text, Basis string
	Document           string
	Pending            bool // the notice is still being made
}

func (p *Pages) listings(c echo.Context) error {
	id, err := organisation(c)
	if err != nil {
		return err
	}
	page := ListingsPage{Heading: "信用状况"}
	if page.Standing, err = p.standing(c, id); err != nil {
		return err
	}
	items, err := p.matters(c, id)
	if err != nil {
		return err
	}
	for _, item := range items {
		page.Matters = append(page.Matters, matterLine(&item.Listing, p.day()))
	}
	if err := p.fillCases(c, id, &page); err != nil {
		return err
	}
	if page.Page, err = p.page(c, "信用状况"); err != nil {
		return err
	}
	return p.app.Render(c, http.StatusOK, "filer/listings", page)
}

func (p *Pages) fillCases(c echo.Context, id uuid.UUID, page *ListingsPage) error {
	ask := listing.CaseQuery{Owner: owner(id), Limit: 200}
	checks, _, err := p.listing.SpotChecks(requestContext(c), ask)
	if err != nil {
		return err
	}
	for _, s := range checks {
		line, err := p.caseLine(c, s.CaseFacts, s.Status.Label(), s.EnteredOn.Chinese()+"列入")
		if err != nil {
			return err
		}
		if !s.LeftOn.IsZero() {
			line.Text += "，" + s.LeftOn.Chinese() + "移出"
		}
		page.SpotChecks = append(page.SpotChecks, line)
	}
	penalties, _, err := p.listing.PenaltyCases(requestContext(c), ask)
	if err != nil {
		return err
	}
	for _, s := range penalties {
		line, err := p.caseLine(c, s.CaseFacts, s.Status.Label(), s.OpenedOn.Chinese()+"立案")
		if err != nil {
			return err
		}
		page.Penalties = append(page.Penalties, line)
	}
	return nil
}

// caseLine links the notice once its PDF stands.
func (p *Pages) caseLine(c echo.Context, f listing.CaseFacts, status, day string) (CaseLine, error) {
	line := CaseLine{Title: yearTitle(f.ReportYear) + "逾期未报送：" + status, Text: day, Basis: f.Basis}
	if !f.DocumentID.Valid {
		return line, nil
	}
	d, err := document.ByID(requestContext(c), p.db, f.DocumentID.UUID)
	if errors.Is(err, document.ErrNotFound) {
		line.Pending = true
		return line, nil
	}
	if err == nil && d.OrganisationID == f.OrganisationID {
		line.Document = filesPath + "/" + d.ID.String()
	}
	return line, err
}

func matterLine(l *listing.Listing, today workday.Date) MatterLine {
	line := MatterLine{Href: listingsPath + "/" + l.ID.String(), Title: yearTitle(l.ReportYear) + "：" + l.Ground.Label(), Tag: matterTag(l)}
	switch l.Status {
	case listing.Notified:
		line.Text = answerWords(l, today)
	case listing.Listed:
		line.Text = l.ListedOn.Chinese() + "列入"
	default:
		line.Text = l.EndedOn.Chinese() + "，" + l.EndReason.Label()
	}
	return line
}

func matterTag(l *listing.Listing) web.Tag {
	tag := web.Tag{Text: l.Status.Label()}
	switch l.Status {
	case listing.Notified:
		tag.Tone = web.ToneWarn
	case listing.Listed, listing.Escalated:
		tag.Tone = web.ToneError
	case listing.Withdrawn, listing.Removed, listing.Annulled:
		tag.Tone = web.ToneOK
	}
	return tag
}

// listingRoutes are the lines of the route table about the lists.
func (p *Pages) listingRoutes() []web.Route {
	one := listingsPath + "/:id"
	plea := func(path string, h echo.HandlerFunc) web.Route {
		return web.Route{Method: http.MethodPost, Path: path, Access: web.Roles(account.RoleFiler), MaxBody: pleaBody, Handler: h}
	}
	return []web.Route{
		get(listingsPath, p.listings),
		get(one, p.matter),
		get(one+"/statement", p.statementForm),
		plea(one+"/statement", p.makeStatement),
		get(one+"/removal", p.removalForm),
		plea(one+"/removal", p.applyRemoval),
	}
}

// pleaBody is enough for the longest text of a statement as a browser sends it.
const pleaBody = 256 << 10
