package web

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"nianbao/filing"
	"nianbao/internal/web"
	"nianbao/internal/workday"
)

// RequestsView is what the page of a year says of extensions and exemptions:
// what was asked and decided, and what can be asked now.
type RequestsView struct {
	CSRF  string
	Items []RequestView
	Ask   []web.Link
}

// RequestView is one request with what became of it.
type RequestView struct {
	Title, When string
	Tag         web.Tag
	Facts       []web.Fact
	Withdraw    string // where it is taken back; "" once it is decided
}

func (p *Pages) requestRoutes(year string) []web.Route {
	return []web.Route{
		get(year+"/extension", p.extensionForm),
		post(year+"/extension", p.askExtension),
		get(year+"/exemption", p.exemptionForm),
		post(year+"/exemption", p.askExemption),
		post(year+"/requests/:id/withdrawal", p.withdrawRequest),
	}
}

// requests reads them for the page of the year.
func (p *Pages) requests(c echo.Context, y *year) (RequestsView, error) {
	list, err := filing.RequestsOf(requestContext(c), p.db, y.obligation.ID)
	if err != nil {
		return RequestsView{}, err
	}
	view := RequestsView{}
	pending := false
	for i := range list {
		view.Items = append(view.Items, requestView(y, &list[i]))
		pending = pending || list[i].Status == filing.RequestPending
	}
	if y.obligation.Status.Owed() && !pending {
		view.Ask = []web.Link{{Href: y.path("/extension"), Text: "申请延期"}, {Href: y.path("/exemption"), Text: "申请免予报送"}}
	}
	return view, nil
}

func requestView(y *year, r *filing.Request) RequestView {
	view := RequestView{Title: "申请" + r.Kind.Label(), When: stampShort(r.ReceivedAt) + "，" + r.ActorName, Tag: requestTag(r.Status)}
	if !r.WishedDueOn.IsZero() {
		view.Facts = append(view.Facts, web.Fact{Label: "希望延到", Value: web.DateFull(r.WishedDueOn)})
	}
	view.Facts = append(view.Facts, web.Fact{Label: "申请的理由", Value: r.Reason})
	if r.Status == filing.RequestPending {
		view.Withdraw = y.path("/requests/" + r.ID.String() + "/withdrawal")
		return view
	}
	if !r.GrantedDueOn.IsZero() {
		view.Facts = append(view.Facts, web.Fact{Label: "同意延到", Value: web.DateFull(r.GrantedDueOn)})
	}
	if r.DecisionReason != "" {
		view.Facts = append(view.Facts, web.Fact{Label: "答复", Value: r.DecisionReason})
	}
	if r.Basis != "" {
		view.Facts = append(view.Facts, web.Fact{Label: "依据", Value: r.Basis})
	}
	if r.DecidedBy.Valid {
		view.Facts = append(view.Facts, web.Fact{Label: "决定", Value: r.DecidedName + "，" + stampShort(r.EndedAt.Time)})
	}
	return view
}

func requestTag(s filing.RequestStatus) web.Tag {
	tag := web.Tag{Text: s.Label()}
	switch s {
	case filing.RequestPending:
		tag.Tone = web.ToneNow
	case filing.RequestGranted:
		tag.Tone = web.ToneOK
	case filing.RequestRefused:
		tag.Tone = web.ToneWarn
	case filing.RequestWithdrawn:
	}
	return tag
}

// requestNews says in a line what became of the latest request, for the home
// page; "" where there is nothing to say.
func (p *Pages) requestNews(c echo.Context, o *filing.Obligation) (string, error) {
	list, err := filing.RequestsOf(requestContext(c), p.db, o.ID)
	if err != nil || len(list) == 0 {
		return "", err
	}
	r := &list[0]
	switch {
	case r.Status == filing.RequestPending:
		return fmt.Sprintf("%s申请%s，等待登记管理机关决定。决定以前，原来的截止日不变。", stampShort(r.ReceivedAt), r.Kind.Label()), nil
	case r.Status == filing.RequestRefused && o.Status.Owed():
		return "申请" + r.Kind.Label() + "未获同意：" + r.DecisionReason, nil
	case r.Status == filing.RequestGranted && r.Kind == filing.RequestExtension && o.Status.Owed():
		return "延期申请已获同意，截止日改为" + web.DateFull(r.GrantedDueOn) + "。", nil
	}
	return "", nil
}

// RequestPage is where a request is written.
type RequestPage struct {
	web.Page
	Eyebrow string
	Heading string
	Effects []string
	Summary web.Summary
	Action  string
	Back    string
	Day     *web.TextField // of an extension
	Reason  web.TextField
	Button  string
}

// Names of the form's fields.
const (
	requestDay    = "due_on"
	requestReason = "reason"
)

func (p *Pages) extensionForm(c echo.Context) error { return p.requestForm(c, filing.RequestExtension) }
func (p *Pages) exemptionForm(c echo.Context) error { return p.requestForm(c, filing.RequestExemption) }
func (p *Pages) askExtension(c echo.Context) error  { return p.askFor(c, filing.RequestExtension) }
func (p *Pages) askExemption(c echo.Context) error  { return p.askFor(c, filing.RequestExemption) }

func (p *Pages) requestForm(c echo.Context, kind filing.RequestKind) error {
	y, err := p.readYear(c)
	if err != nil {
		return err
	}
	view, err := p.requests(c, y)
	if err != nil {
		return err
	}
	if len(view.Ask) == 0 {
		return web.SeeOther(c, y.path(""))
	}
	return p.renderRequest(c, y, kind, &web.Form{})
}

func (p *Pages) renderRequest(c echo.Context, y *year, kind filing.RequestKind, sent *web.Form) error {
	page := RequestPage{Eyebrow: y.title(), Back: y.path("")}
	stays := "申请不停止计算期限：决定以前，截止日仍是" + web.DateFull(y.obligation.OverdueAfter) + "；逾期的后果照常发生。"
	if y.obligation.Overdue(p.day()) {
		stays = "报送期限（" + web.DateFull(y.obligation.OverdueAfter) + "）已过。决定以前，逾期的后果照常发生。"
	}
	page.Reason = sent.Field(requestReason, "申请的理由")
	if kind == filing.RequestExtension {
		page.Heading, page.Action, page.Button = "申请延期报送", y.path("/extension"), "提出延期申请"
		page.Effects = []string{"由登记管理机关决定。同意的日期可能与申请的不同。", stays, "决定会发到消息里" + mailWords(y) + "。决定以前可以撤回申请。"}
		field := sent.Field(requestDay, "希望延到哪一天")
		field.Type, field.Hint = "date", "在现在的截止日（"+y.obligation.OverdueAfter.Chinese()+"）以后。"
		page.Day = &field
		page.Reason.Hint = "写明为什么不能按期报送，例如审计报告何时能够出具。"
	} else {
		page.Heading, page.Action, page.Button = "申请免予报送", y.path("/exemption"), "提出豁免申请"
		page.Effects = []string{"由登记管理机关决定。同意的，这一年度无需报送。", stays, "决定会发到消息里" + mailWords(y) + "。决定以前可以撤回申请。"}
		page.Reason.Hint = "写明为什么这一年度不应当报送，例如已经进入清算、办理注销。"
	}
	var err error
	if page.Page, err = p.page(c, page.Heading, y.crumbs()...); err != nil {
		return err
	}
	if !sent.OK() {
		page.Refused, page.Summary = true, sent.Summary("没有提出")
	}
	return p.app.Render(c, sent.Status(), "filer/request", page)
}

func (p *Pages) askFor(c echo.Context, kind filing.RequestKind) error {
	y, err := p.readYear(c)
	if err != nil {
		return err
	}
	sent, err := web.ReadForm(c)
	if err != nil {
		return err
	}
	ask := filing.Ask{OrganisationID: y.org.ID, Year: y.obligation.ReportYear, Kind: kind, Reason: sent.Get(requestReason),
		Actor: web.Principal(c).Actor()}
	if kind == filing.RequestExtension {
		if ask.WishedDueOn, err = workday.ParseDate(sent.Get(requestDay)); err != nil {
			sent.Refuse(requestDay, "请填写希望延到的日期，例如 "+y.obligation.OverdueAfter.AddDays(30).String())
			return p.renderRequest(c, y, kind, sent)
		}
	}
	_, err = p.filing.AskFor(requestContext(c), ask)
	if refused, ok := refusal(err); ok {
		p.app.AddFlash(c, web.Flash{Text: refused.Detail(), Warning: true})
		return web.SeeOther(c, y.path(""))
	}
	var wrong *filing.Error
	if errors.As(err, &wrong) && wrong.HTTPStatus() == http.StatusUnprocessableEntity {
		field := requestReason
		if wrong == filing.ErrWishedDay {
			field = requestDay
		}
		sent.Refuse(field, wrong.Detail())
		return p.renderRequest(c, y, kind, sent)
	}
	if err != nil {
		return err
	}
	p.app.AddFlash(c, web.Flash{Text: "申请已提出，等待登记管理机关决定。"})
	return web.SeeOther(c, y.path(""))
}

func (p *Pages) withdrawRequest(c echo.Context) error {
	y, err := p.readYear(c)
	if err != nil {
		return err
	}
	id, err := uuid.Parse(c.Param("id"))
	if err != nil {
		return web.ErrNotFound
	}
	_, err = p.filing.WithdrawRequest(requestContext(c), filing.WithdrawRequest{OrganisationID: y.org.ID,
		Year: y.obligation.ReportYear, RequestID: id, Actor: web.Principal(c).Actor()})
	if refused, ok := refusal(err); ok {
		p.app.AddFlash(c, web.Flash{Text: refused.Detail(), Warning: true})
		return web.SeeOther(c, y.path(""))
	}
	if err != nil {
		return err
	}
	p.app.AddFlash(c, web.Flash{Text: "申请已撤回。"})
	return web.SeeOther(c, y.path(""))
}
