package web

import (
	"fmt"
	"net/http"

	"github.com/labstack/echo/v4"

	"nianbao/filing"
	"nianbao/internal/registry"
	"nianbao/internal/web"
	"nianbao/internal/workday"
	"nianbao/review"
)

// SeasonsPage lists the authority's seasons.
type SeasonsPage struct {
	web.Page
	Rows []SeasonRow
}

// SeasonRow is one season.
type SeasonRow struct {
	Href, Title, Types string
	OpensOn, DueOn     workday.Date
	State              web.Tag
}

// BoardPage is one season in numbers, with the same numbers as a table.
type BoardPage struct {
	web.Page
	Heading, Sub string
	Finding      string // the title of the chart: what it shows
	Strip        []StripItem
	Bars         []Bar
	Types        []string
	Rows         []BoardRow
	Total        BoardRow
	Overdue      BoardRow
	Rules        []web.Fact
}

// Bar is a state's share, out of 200 units of width.
type Bar struct {
	Label string
	Count int
	Share string // 50.3%
	Width string
}

// BoardRow is a state with its number for each type and altogether.
type BoardRow struct {
	Label  string
	Counts []int
	Total  int
	Share  string
}

func (p *Pages) seasons(c echo.Context) error {
	list, err := filing.Seasons(c.Request().Context(), p.DB, authority(c))
	if err != nil {
		return err
	}
	page := SeasonsPage{Page: p.App.NewPage(c, "报送季")}
	for i := range list {
		page.Rows = append(page.Rows, seasonRow(&list[i]))
	}
	return p.App.Render(c, http.StatusOK, "desk/seasons", page)
}

func seasonRow(s *filing.Season) SeasonRow {
	row := SeasonRow{
		Href: "/desk/seasons/" + s.ID.String(), Title: fmt.Sprintf("%d 年度 · %s", s.ReportYear, s.Regime.Label()),
		Types: typeLabels(s.Rules.Types), OpensOn: s.OpensOn, DueOn: s.DueOn, State: web.Tag{Text: "未开放"},
	}
	if s.State == filing.SeasonOpen {
		row.State = web.Tag{Text: "已开放", Tone: web.ToneNow}
	}
	return row
}

func typeLabels(types []registry.Type) string {
	text := ""
	for i, t := range types {
		if i > 0 {
			text += "、"
		}
		text += t.Label()
	}
	return text
}

func (p *Pages) board(c echo.Context) error {
	ctx := c.Request().Context()
	id, err := pathID(c)
	if err != nil {
		return err
	}
	season, err := filing.SeasonByID(ctx, p.DB, id)
	if err != nil {
		return err
	}
	if season.AuthorityCode != authority(c) {
		return filing.ErrNotFound
	}
	board, err := p.Reviews.BoardOf(ctx, season)
	if err != nil {
		return err
	}
	page := BoardPage{
		Page: p.App.NewPage(c, fmt.Sprintf("%d 年度报送季", season.ReportYear)), Heading: fmt.Sprintf("%d 年度报送季", season.ReportYear),
		Sub: p.now() + "，" + p.untilDue(&season), Rules: seasonFacts(&season),
	}
	page.Crumbs = []web.Crumb{{Text: "报送季", Href: "/desk/seasons"}, {Text: page.Heading}}
	fillBoard(&page, &season, board)
	return p.App.Render(c, http.StatusOK, "desk/season", page)
}

// untilDue says how far the due day is, as announced for the season.
func (p *Pages) untilDue(s *filing.Season) string {
	today := p.App.Today()
	switch {
	case s.State != filing.SeasonOpen:
		return web.DateFull(s.OpensOn) + "开放"
	case today.After(s.DueOn):
		return web.DateFull(s.DueOn) + "已截止"
	}
	return fmt.Sprintf("%s截止，还剩 %d 个工作日", web.DateFull(s.DueOn), p.Calendar().Between(today, s.DueOn))
}

func fillBoard(page *BoardPage, s *filing.Season, b review.Board) {
	for _, t := range s.Rules.Types {
		page.Types = append(page.Types, t.Label())
	}
	row := func(label string, count func(t registry.Type) int) BoardRow {
		r := BoardRow{Label: label}
		for _, t := range s.Rules.Types {
			n := count(t)
			r.Counts = append(r.Counts, n)
			r.Total += n
		}
		return r
	}
	page.Total = row("应报送", b.Bound)
	due := page.Total.Total
	for _, status := range filing.Statuses() {
		r := row(status.Label(), func(t registry.Type) int { return b.Obligations[t][status] })
		if r.Total == 0 && !usual(s.Regime, status) {
			continue
		}
		r.Share = share(r.Total, due)
		if status == filing.StatusExempt {
			r.Share = ""
		}
		page.Rows = append(page.Rows, r)
		if status != filing.StatusExempt {
			page.Bars = append(page.Bars, Bar{Label: r.Label, Count: r.Total, Share: r.Share, Width: width(r.Total, due)})
		}
	}
	page.Overdue = row("其中逾期未报送", func(t registry.Type) int { return b.Overdue[t] })
	page.Overdue.Share = share(page.Overdue.Total, due)
	filed, concluded := b.Standing(), b.Concluded()
	page.Finding = fmt.Sprintf("应报送 %s 家，已报送 %s 家（%s），已审结 %s 家", web.Count(due), web.Count(filed), share(filed, due), web.Count(concluded))
	page.Strip = []StripItem{
		{Count: due, Label: "应报送", Sub: s.RegisteredBy.Chinese() + "前登记，豁免除外"},
		{Count: filed, Label: "已报送", Sub: share(filed, due)},
		{Count: due - filed, Label: "未报送", Sub: "含退回后未重新报送"},
		{Count: concluded, Label: "已审结", Sub: share(concluded, due)},
		{Count: b.UnderReview, Label: "待审", Sub: "审查员或复核人在办"},
		{Count: b.WindowsOver, Label: "审查超期", Sub: "审查期限已过", Tone: "over"},
	}
	if b.WindowsOver == 0 {
		page.Strip[len(page.Strip)-1].Tone = ""
	}
}

// usual tells whether a status is shown even when nobody has it.
func usual(regime filing.Regime, s filing.Status) bool {
	switch s {
	case filing.StatusOpen, filing.StatusSubmitted, filing.StatusReturned, filing.StatusExempt:
		return true
	}
	for _, c := range regime.Conclusions() {
		if c == s {
			return true
		}
	}
	return false
}

// barUnits is the width of a whole bar.
const barUnits = 200

func share(n, of int) string {
	if of == 0 {
		return ""
	}
	tenths := (2*permille*n + of) / (2 * of)
	return fmt.Sprintf("%d.%d%%", tenths/10, tenths%10)
}

func width(n, of int) string {
	if of == 0 {
		return "0"
	}
	tenths := barUnits * 10 * n / of
	return fmt.Sprintf("%d.%d", tenths/10, tenths%10)
}

func seasonFacts(s *filing.Season) []web.Fact {
	facts := []web.Fact{
		{Label: "制度", Value: s.Regime.Label()},
		{Label: "类型", Value: typeLabels(s.Rules.Types)},
		{Label: "报送时间", Value: web.DateFull(s.OpensOn) + "至" + web.DateFull(s.DueOn), Note: "单个机构的截止日可因顺延、延期而不同"},
		{Label: "审查期限", Value: fmt.Sprintf("%d 个工作日", s.Rules.ReviewWindow)},
		{Label: "退回后", Value: "截止日前重新报送"},
		{Label: "复核", Value: "不需要"},
	}
	if n := s.Rules.ResubmitWithin; n != nil {
		facts[4].Value = fmt.Sprintf("%d 个工作日内重新报送", *n)
	}
	if s.Rules.FourEyes {
		facts[5].Value = "每件决定须由复核人确认"
	}
	return facts
}
