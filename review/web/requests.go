package web

import (
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

// RequestsPage lists what organisations ask for: extensions and exemptions.
type RequestsPage struct {
	web.Page
	Views []ViewLink
	Kinds []ViewLink
	Rows  []RequestRow
	Empty string
	Pager Pager
}

// RequestRow is one request.
type RequestRow struct {
	Href, Organisation, Sub string
	Kind                    string
	Year                    int
	Status                  web.Tag
	Wish                    string // the day asked for, or granted
	Received, Ended         string
}

// RequestPage is one request with its decision, or the way to it.
type RequestPage struct {
	web.Page
	Heading string
	Sub     string
	Status  web.Tag
	Facts   []web.Fact
	Quote   Quote
	Decided []web.Fact
	Moved   string // why nothing can be granted any more
	Decide  string // where it is decided; "" where this person or this state cannot
}

const requestsPath = "/desk/requests"

func (p *Pages) requestRoutes() []web.Route {
	return []web.Route{
		{Method: http.MethodGet, Path: requestsPath, Access: staff, Handler: p.requests},
		{Method: http.MethodGet, Path: requestsPath + "/:id", Access: staff, Handler: p.request},
		{Method: http.MethodGet, Path: requestsPath + "/:id/decision", Access: reviewers, Handler: p.requestForm},
		{Method: http.MethodPost, Path: requestsPath + "/:id/decision", Access: reviewers, Handler: p.decideRequest, MaxBody: formSize},
	}
}

func (p *Pages) requests(c echo.Context) error {
	ctx := c.Request().Context()
	ask := filing.RequestQuery{AuthorityCode: authority(c), Status: filing.RequestPending, Limit: pageSize, Cursor: c.QueryParam("cursor")}
	if s := filing.RequestStatus(c.QueryParam("status")); s.Valid() {
		ask.Status = s
	}
	if k := filing.RequestKind(c.QueryParam("kind")); k.Valid() {
		ask.Kind = k
	}
	list, err := filing.ListRequests(ctx, p.DB, ask)
	if err != nil {
		return err
	}
	counts, err := filing.CountRequests(ctx, p.DB, ask.AuthorityCode)
	if err != nil {
		return err
	}
	page := RequestsPage{Page: p.App.NewPage(c, "申请办理"), Pager: pagerOf(c, list.Next), Empty: "没有这样的申请。"}
	if ask.Status == filing.RequestPending && ask.Kind == "" {
		page.Empty = "没有等待办理的申请。社会组织申请延期或者豁免的，列在这里。"
	}
	for _, s := range filing.RequestStatuses() {
		page.Views = append(page.Views, ViewLink{Text: s.Label() + " " + web.Count(counts[s]), Href: requestsHref(s, ask.Kind), Current: s == ask.Status})
	}
	for _, k := range []filing.RequestKind{"", filing.RequestExtension, filing.RequestExemption} {
		text := k.Label()
		if k == "" {
			text = "延期和豁免"
		}
		page.Kinds = append(page.Kinds, ViewLink{Text: text, Href: requestsHref(ask.Status, k), Current: k == ask.Kind})
	}
	for i := range list.Items {
		page.Rows = append(page.Rows, p.requestRow(&list.Items[i]))
	}
	return p.App.Render(c, http.StatusOK, "desk/requests", page)
}

func requestsHref(s filing.RequestStatus, k filing.RequestKind) string {
	href := requestsPath + "?status=" + string(s)
	if k != "" {
		href += "&kind=" + string(k)
	}
	return href
}

func requestPath(id uuid.UUID) string { return requestsPath + "/" + id.String() }

func (p *Pages) requestRow(r *filing.RequestItem) RequestRow {
	today := p.App.Today()
	row := RequestRow{Href: requestPath(r.ID), Organisation: r.OrganisationName, Sub: r.OrganisationType.Label() + " · " + r.OrganisationUSCC,
		Kind: r.Kind.Label(), Year: r.ReportYear, Status: requestTag(r.Status), Wish: dayOf(r.WishedDueOn, today),
		Received: dayOf(workday.DateOf(r.ReceivedAt), today)}
	if !r.GrantedDueOn.IsZero() {
		row.Wish = dayOf(r.GrantedDueOn, today)
	}
	if r.EndedAt.Valid {
		row.Ended = dayOf(workday.DateOf(r.EndedAt.Time), today)
	}
	return row
}

func requestTag(s filing.RequestStatus) web.Tag {
	switch s {
	case filing.RequestPending:
		return web.Tag{Text: s.Label(), Tone: web.ToneNow}
	case filing.RequestGranted:
		return web.Tag{Text: s.Label(), Tone: web.ToneOK}
	case filing.RequestRefused:
		return web.Tag{Text: s.Label(), Tone: web.ToneWarn}
	case filing.RequestWithdrawn:
	}
	return web.Tag{Text: s.Label()}
}

// readRequest is the request in the path, of the signed-in authority.
func (p *Pages) readRequest(c echo.Context) (filing.RequestItem, error) {
	id, err := pathID(c)
	if err != nil {
		return filing.RequestItem{}, err
	}
	return filing.RequestOfAuthority(c.Request().Context(), p.DB, authority(c), id)
}

func (p *Pages) request(c echo.Context) error {
	r, err := p.readRequest(c)
	if err != nil {
		return err
	}
	page := RequestPage{Page: p.App.NewPage(c, "申请"+r.Kind.Label()), Heading: r.OrganisationName, Status: requestTag(r.Status),
		Sub: fmt.Sprintf("%d 年度，申请%s", r.ReportYear, r.Kind.Label()), Facts: p.requestFacts(&r), Quote: requestQuote(&r),
		Decided: requestDecided(&r), Moved: requestMoved(&r)}
	page.Crumbs = []web.Crumb{{Text: "申请办理", Href: requestsPath}, {Text: r.OrganisationName}}
	if r.Status == filing.RequestPending && isRole(c, account.RoleReviewer) {
		page.Decide = requestPath(r.ID) + "/decision"
	}
	return p.App.Render(c, http.StatusOK, "desk/request", page)
}

func (p *Pages) requestFacts(r *filing.RequestItem) []web.Fact {
	facts := []web.Fact{
		{Label: "社会组织", Value: r.OrganisationName}, {Label: "信用代码", Value: r.OrganisationUSCC, Code: true},
		{Label: "年度", Value: fmt.Sprintf("%d 年度", r.ReportYear)}, {Label: "申请", Value: r.Kind.Label()},
		{Label: "申请时的期限", Value: web.DateFull(r.OwedUntil)},
	}
	if !r.WishedDueOn.IsZero() {
		facts = append(facts, web.Fact{Label: "希望延到", Value: web.DateFull(r.WishedDueOn),
			Note: fmt.Sprintf("比申请时的期限晚 %d 天", r.OwedUntil.DaysUntil(r.WishedDueOn))})
	}
	return append(facts, web.Fact{Label: "报告现在", Value: r.ObligationStatus.Label()})
}

func requestQuote(r *filing.RequestItem) Quote {
	return Quote{By: r.ActorName + "，" + moment(r.ReceivedAt), Text: paragraphs(r.Reason)}
}

func requestDecided(r *filing.RequestItem) []web.Fact {
	if r.Status == filing.RequestPending {
		return nil
	}
	facts := []web.Fact{{Label: "结果", Tag: requestTag(r.Status)}, {Label: "时间", Value: moment(r.EndedAt.Time)}}
	for _, f := range []web.Fact{{Label: "办理人", Value: r.DecidedName}, {Label: "理由", Value: r.DecisionReason}, {Label: "依据", Value: r.Basis}} {
		if f.Value != "" {
			facts = append(facts, f)
		}
	}
	if !r.GrantedDueOn.IsZero() {
		facts = append(facts, web.Fact{Label: "同意延到", Value: web.DateFull(r.GrantedDueOn)})
	}
	return facts
}

// requestMoved says why a pending request can only be refused any more; "" while it can be granted.
func requestMoved(r *filing.RequestItem) string {
	grantable := r.ObligationStatus.Owed() || r.Kind == filing.RequestExtension && r.ObligationStatus == filing.StatusSubmitted
	if r.Status != filing.RequestPending || grantable {
		return ""
	}
	return "报告现在的状态是“" + r.ObligationStatus.Label() + "”，不能再同意这项申请。请写明理由，作出不同意的答复。"
}

func (p *Pages) requestForm(c echo.Context) error {
	r, err := p.readRequest(c)
	if err != nil {
		return err
	}
	if r.Status != filing.RequestPending {
		return web.SeeOther(c, requestPath(r.ID))
	}
	return p.showRequest(c, &r, &web.Form{})
}

// Names of the form that decides.
const requestOutcome = "outcome"

func (p *Pages) showRequest(c echo.Context, r *filing.RequestItem, form *web.Form) error {
	page := ActPage{Page: p.App.NewPage(c, "办理申请"), Heading: "办理申请：" + r.OrganisationName, Facts: p.requestFacts(r),
		Quotes: []Quote{requestQuote(r)}, Action: requestPath(r.ID) + "/decision", Button: "作出决定", CancelHref: requestPath(r.ID),
		ChoiceName: requestOutcome, ChoiceLegend: "决定", ChoiceError: form.ErrorOf(requestOutcome)}
	grant := DecisionChoice{Value: filing.OutcomeGrant, Label: "同意", Text: "截止日改为下面的日期，从现在起有效。", On: form.Get(requestOutcome) == filing.OutcomeGrant}
	refuse := DecisionChoice{Value: filing.OutcomeRefuse, Label: "不同意", Text: "原来的截止日不变。须写明理由。", On: form.Get(requestOutcome) == filing.OutcomeRefuse}
	page.Consequences = []string{"马上生效，按登记的方式告知社会组织。"}
	page.Undo = "不能撤销。不同意的，社会组织可以再申请；同意的，可以再延期。"
	if r.Kind == filing.RequestExtension {
		day := form.Field("due_on", "同意延到（选不同意的不用改）")
		day.Type = "date"
		if form.Values == nil {
			day.Value = r.WishedDueOn.String()
		}
		page.Fields = append(page.Fields, day)
		page.Consequences = append(page.Consequences, "同意的，新的截止日适用于这一家单位；顺延到工作日的规定照旧。")
	} else {
		page.Undo = "不能撤销。不同意的，社会组织可以再申请；同意之后不再接收这一年度的报告。"
		grant.Text = "这一年度不用报送，列入、抽查、处罚中因未报送而起的告知事项随之终止。"
		if r.ObligationStatus.Owed() {
			page.Consequences = append(page.Consequences, "同意的，报告状态改为“"+filing.StatusExempt.Label()+"”。")
		}
	}
	page.Choices = []DecisionChoice{grant, refuse}
	if moved := requestMoved(r); moved != "" {
		page.Choices, page.Consequences = []DecisionChoice{refuse}, append([]string{moved}, page.Consequences[:1]...)
	}
	page.Areas = []web.TextField{form.Field("reason", "理由（不同意的必填；社会组织会看到）")}
	page.Fields = append(page.Fields, form.Field("basis", "依据（选填）"))
	page.Crumbs = []web.Crumb{{Text: "申请办理", Href: requestsPath}, {Text: r.OrganisationName, Href: requestPath(r.ID)}, {Text: "办理"}}
	return p.renderAct(c, page, form)
}

// requestFields says at which field a refusal belongs, by its code; else at the reason.
var requestFields = map[string]string{"outcome_not_allowed": requestOutcome, "extension_not_later": "due_on"}

func (p *Pages) decideRequest(c echo.Context) error {
	r, err := p.readRequest(c)
	if err != nil {
		return err
	}
	form, err := web.ReadForm(c)
	if err != nil {
		return err
	}
	d := filing.DecideRequest{AuthorityCode: authority(c), RequestID: r.ID, Outcome: form.Get(requestOutcome), Reason: text(form, "reason"),
		Basis: text(form, "basis"), Actor: actor(c).Actor}
	if d.Outcome == "" {
		form.Refuse(requestOutcome, "请选择同意或者不同意")
		return p.showRequest(c, &r, form)
	}
	if r.Kind == filing.RequestExtension && d.Outcome == filing.OutcomeGrant {
		if d.DueOn, err = workday.ParseDate(form.Get("due_on")); err != nil {
			form.Refuse("due_on", "请填写同意延到的日期，例如 "+r.WishedDueOn.String())
			return p.showRequest(c, &r, form)
		}
	}
	decided, err := p.Filing.DecideRequest(c.Request().Context(), d)
	var wrong *filing.Error
	if errors.As(err, &wrong) && wrong.HTTPStatus() == http.StatusUnprocessableEntity {
		field := requestFields[wrong.Code()]
		if field == "" {
			field = "reason"
		}
		form.Refuse(field, wrong.Detail())
		return p.showRequest(c, &r, form)
	}
	if err != nil {
		return p.conflictAt(c, web.Link{Href: requestPath(r.ID), Text: "看这件现在的状态"}, web.Link{Href: requestsPath, Text: "回到申请办理"}, err, d.Reason)
	}
	p.App.AddFlash(c, web.Flash{Text: "已决定：" + decided.Status.Label() + "，" + r.OrganisationName + "。"})
	return web.SeeOther(c, requestPath(r.ID))
}
