package web

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"nianbao/filing"
	"nianbao/internal/account"
	"nianbao/internal/registry"
	"nianbao/internal/web"
	"nianbao/internal/workday"
	"nianbao/review"
)

// QueuePage is the list of reports under review, those whose window ends first at the top.
type QueuePage struct {
	web.Page
	Now      string
	CanClaim bool
	Strip    []StripItem
	Capped   string // what a number of the strip with a plus means; "" where none has one
	Views    []ViewLink
	Filter   QueueFilter
	Rows     []QueueRow
	Empty    web.Empty
	Pager    Pager
}

// Pager leads through a list that is read by key: on, and back to the beginning.
type Pager struct{ First, Next string }

// StripItem is a number of the supervisor's strip; it leads to the rows that it counts.
type StripItem struct {
	Count      int
	More       bool // Count stopped there: more than that
	Label, Sub string
	Href, Tone string // Tone: "", "soon" or "over"
}

// ViewLink is a saved view of the queue.
type ViewLink struct {
	Text, Href string
	Current    bool
}

// QueueFilter is the filter as it was chosen.
type QueueFilter struct {
	View   string
	Search string
	Types  []Choice
	States []Choice
}

// Choice is an option of a select.
type Choice struct {
	Value, Label string
	Selected     bool
}

// QueueRow is a report in the queue.
type QueueRow struct {
	Href, Organisation, Sub string
	Over                    bool
	Ruler                   web.Ruler
	State                   web.Tag // where no ruler runs any more
	DueOn, ReceivedOn       string
	ReportYear              int
	Warnings                web.Tag
	Kind                    web.Tag // of a correction
	Claimed                 string
	Mine                    bool
	Act                     string // verb of the link
}

// The saved views.
const (
	viewAll       = ""
	viewUnclaimed = "unclaimed"
	viewMine      = "mine"
	viewSoon      = "soon"
	viewOverdue   = "overdue"
	viewProposed  = "proposed"
)

func (p *Pages) queue(c echo.Context) error {
	ctx, who := c.Request().Context(), actor(c)
	ask := p.ask(c)
	list, err := p.Reviews.Queue(ctx, ask)
	if err != nil {
		return err
	}
	counts, err := p.Reviews.Count(ctx, who.AuthorityCode, who.ID)
	if err != nil {
		return err
	}
	page := QueuePage{
		Page: p.App.NewPage(c, "待审报告"), Now: p.now(), CanClaim: isRole(c, account.RoleReviewer),
		Strip: p.strip(counts), Views: views(c, counts), Filter: filterOf(c, ask),
		Pager: pagerOf(c, list.Next),
	}
	if counts.Pending.Plus(counts.Proposed).More {
		page.Capped = tallyText(review.Tally{N: review.MaxCount, More: true}) + " 表示超过 " + web.Count(review.MaxCount) + " 件，不再往下数。"
	}
	for i := range list.Items {
		page.Rows = append(page.Rows, p.queueRow(&list.Items[i], who.ID))
	}
	page.Empty = web.Empty{Text: "没有符合条件的报告。", Href: "/desk/reviews", Link: "看全部待审"}
	return p.App.Render(c, http.StatusOK, "desk/queue", page)
}

// ask reads the address. A word that is none of ours is left out: an old link still shows a list.
func (p *Pages) ask(c echo.Context) review.Query {
	q := review.Query{
		AuthorityCode: authority(c), Search: c.QueryParam("q"), Cursor: c.QueryParam("cursor"), Limit: pageSize, Open: true,
	}
	if t := registry.Type(c.QueryParam("type")); slices.Contains(registry.Types(), t) {
		q.Type = t
	}
	if s := review.State(c.QueryParam("state")); s.Valid() {
		q.State, q.Open = s, false
	}
	today, soon := p.Reviews.SoonUntil()
	switch c.QueryParam("view") {
	case viewUnclaimed:
		q.Unclaimed, q.State, q.Open = true, review.Pending, false
	case viewMine:
		q.ClaimedBy, q.State, q.Open = actor(c).ID, review.Pending, false
	case viewSoon:
		q.DueFrom, q.DueBefore = today, soon.AddDays(1)
	case viewOverdue:
		q.DueBefore = today
	case viewProposed:
		q.State, q.Open = review.Proposed, false
	}
	return q
}

// pageSize is how many rows a page of the desk shows.
const pageSize = 50

func (p *Pages) strip(n review.Counts) []StripItem {
	_, soon := p.Reviews.SoonUntil()
	return []StripItem{
		tallied(n.Overdue, StripItem{Label: "已超期", Sub: "审查期限已过", Href: viewHref(viewOverdue), Tone: "over"}),
		tallied(n.EndSoon, StripItem{Label: "即将到期", Sub: "今天至" + web.DateShort(soon) + "到期", Href: viewHref(viewSoon), Tone: "soon"}),
		tallied(n.Unclaimed, StripItem{Label: "未领取", Sub: "等人领取", Href: viewHref(viewUnclaimed)}),
		tallied(n.Mine, StripItem{Label: "我领取的", Sub: "等我决定", Href: viewHref(viewMine)}),
		tallied(n.Proposed, StripItem{Label: "待复核", Sub: "等复核人确认", Href: viewHref(viewProposed)}),
		tallied(n.Pending, StripItem{Label: "全部待审", Sub: "等审查员决定", Href: "/desk/reviews?state=" + string(review.Pending)}),
	}
}

// tallied is the item with its number; one that counts nothing needs no attention.
func tallied(n review.Tally, item StripItem) StripItem {
	item.Count, item.More = n.N, n.More
	if n.N == 0 {
		item.Tone = ""
	}
	return item
}

// tallyText writes a number that may have stopped: 1,000+.
func tallyText(n review.Tally) string {
	if n.More {
		return web.Count(n.N) + "+"
	}
	return web.Count(n.N)
}

func viewHref(view string) string {
	if view == viewAll {
		return "/desk/reviews"
	}
	return "/desk/reviews?view=" + view
}

func views(c echo.Context, n review.Counts) []ViewLink {
	links := []ViewLink{
		{Text: "全部 " + tallyText(n.Pending.Plus(n.Proposed)), Href: viewHref(viewAll)},
		{Text: "我领取的 " + tallyText(n.Mine), Href: viewHref(viewMine)},
		{Text: "未领取 " + tallyText(n.Unclaimed), Href: viewHref(viewUnclaimed)},
		{Text: "已超期 " + tallyText(n.Overdue), Href: viewHref(viewOverdue)},
		{Text: "即将到期 " + tallyText(n.EndSoon), Href: viewHref(viewSoon)},
		{Text: "待复核 " + tallyText(n.Proposed), Href: viewHref(viewProposed)},
	}
	for i := range links {
		links[i].Current = links[i].Href == viewHref(c.QueryParam("view")) && c.QueryParam("state") == ""
	}
	return links
}

func filterOf(c echo.Context, ask review.Query) QueueFilter {
	f := QueueFilter{View: c.QueryParam("view"), Search: ask.Search, Types: []Choice{{Label: "全部"}}}
	for _, t := range registry.Types() {
		f.Types = append(f.Types, Choice{Value: string(t), Label: t.Label(), Selected: t == ask.Type})
	}
	if f.View != "" { // a view has its own state
		return f
	}
	f.States = []Choice{{Label: "待审查和待复核"}}
	for _, s := range []review.State{review.Pending, review.Proposed, review.Decided, review.Withdrawn} {
		f.States = append(f.States, Choice{Value: string(s), Label: s.Label(), Selected: !ask.Open && s == ask.State})
	}
	return f
}

// pagerOf leads on from a page of any list: the address as it is, with the next cursor.
func pagerOf(c echo.Context, next string) Pager {
	var pager Pager
	values := c.QueryParams()
	if values.Get("cursor") != "" {
		pager.First = withCursor(c.Request().URL.Path, values, "")
	}
	if next != "" {
		pager.Next = withCursor(c.Request().URL.Path, values, next)
	}
	return pager
}

func withCursor(path string, values url.Values, cursor string) string {
	q := url.Values{}
	for k, v := range values {
		if k != "cursor" && len(v) > 0 && v[0] != "" {
			q[k] = v
		}
	}
	if cursor != "" {
		q.Set("cursor", cursor)
	}
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}

func (p *Pages) queueRow(item *review.Item, me string) QueueRow {
	row := QueueRow{
		Href: casePath(item.SubmissionID), Organisation: item.OrganisationName,
		Sub:   item.OrganisationType.Label() + " · 回执 " + item.ReceiptNo,
		DueOn: dayOf(item.DueOn, p.App.Today()), ReceivedOn: dayOf(workday.DateOf(item.ReceivedAt), p.App.Today()),
		ReportYear: item.ReportYear, Act: "查看",
	}
	if item.Kind == filing.KindCorrection {
		row.Kind = web.Tag{Text: "更正", Tone: web.ToneNow}
	}
	if item.Warnings > 0 {
		row.Warnings = web.Tag{Text: fmt.Sprintf("%d 处提示", item.Warnings), Tone: web.ToneWarn}
	}
	switch item.State {
	case review.Pending, review.Proposed:
		row.Ruler, row.Over = p.ruler(item), item.WorkingDaysLeft < 0
	case review.Decided:
		row.State = web.Tag{Text: item.Outcome.Label()}
	case review.Withdrawn:
		row.State = web.Tag{Text: item.State.Label()}
	}
	row.Mine = item.ClaimedBy.Valid && item.ClaimedBy.String == me
	row.Claimed = item.ClaimedName
	switch {
	case item.State == review.Proposed:
		row.Claimed, row.Mine = item.ProposedName+"提出，待复核", false
	case item.State == review.Pending && row.Mine:
		row.Act = "继续"
	case item.State == review.Pending && !item.ClaimedBy.Valid:
		row.Act = "审查"
	}
	return row
}

// ruler is the review window of an item: as long as the working days from receipt through the last day.
func (p *Pages) ruler(item *review.Item) web.Ruler {
	cal := p.Calendar()
	return web.NewRuler(web.Window{
		Length: cal.Between(workday.DateOf(item.ReceivedAt), item.DueOn), Left: item.WorkingDaysLeft,
		TodayOff: !cal.IsWorking(p.App.Today()), Provisional: item.DueProvisional,
	})
}

// dayOf is a date in a list: short in the year that it is, whole in another.
func dayOf(d, today workday.Date) string {
	if d.IsZero() {
		return ""
	}
	if d.Year() == today.Year() {
		return web.DateShort(d)
	}
	return d.String()
}

func (p *Pages) now() string {
	return web.DateFull(p.App.Today()) + p.DB.Now().In(workday.Shanghai).Format(" 15:04")
}

// moment is an instant in a line of text.
func moment(t time.Time) string { return t.In(workday.Shanghai).Format("2006年1月2日 15:04") }
