package web

import (
	"fmt"

	"github.com/labstack/echo/v4"

	"nianbao/filing"
	"nianbao/internal/web"
	"nianbao/internal/workday"
)

// Due is until when something has to be done, in the words that stand beside it.
type Due struct {
	Before string // 还剩
	Number string // the number that stands out; "" where words say it
	After  string // 个工作日, or all of the words
	Text   string // 2026年3月31日（星期二）24:00 前报送，当天算在内。
	Days   web.Days
	Ruler  web.Ruler
	Over   bool
}

// newDue words a deadline. Days are counted from tomorrow through the due day.
func newDue(cal *workday.Calendar, today, due workday.Date, verb string) Due {
	d := Due{Text: web.Deadline(cal, today, due, verb), Days: web.NewDays(cal, today, due), Over: today.After(due)}
	left := cal.Between(today, due)
	switch {
	case today == due:
		d.After = "今天到期"
	case today.AddDays(1) == due:
		d.After = "明天到期"
	case d.Over && left < 0:
		d.Before, d.Number, d.After = "超期", fmt.Sprint(-left), "个工作日"
	case d.Over:
		d.After = "已经超期"
	case left == 0: // only days off are left
		d.After = "截止前已没有工作日"
	default:
		d.Before, d.Number, d.After = "还剩", fmt.Sprint(left), "个工作日"
	}
	if d.Over {
		d.Text = fmt.Sprintf("应当在%s24:00 前%s，期限已过。现在仍可%s，请尽快办理。", web.DateFull(due), verb, verb)
	}
	return d
}

// Words say the distance in running text: 还剩 13 个工作日.
func (d Due) Words() string {
	if d.Number == "" {
		return d.After
	}
	return d.Before + " " + d.Number + " " + d.After
}

// dueOf words the day by which the obligation's report is owed.
func (p *Pages) dueOf(y *year) Due {
	o := &y.obligation
	if y.correction != nil {
		return Due{After: "更正中", Text: stays + "更正没有截止日。"}
	}
	verb := "报送"
	if o.Status == filing.StatusReturned {
		verb = "重新报送"
	}
	cal, today := p.calendar(), p.day()
	due := newDue(cal, today, o.OverdueAfter, verb)
	if !due.Over && (o.OverdueAfter == o.DueOn && o.DueProvisional || o.OverdueAfter == o.ResubmitBy && o.ResubmitProvisional) {
		due.Text += "节假日安排还没有公布，这一天可能调整。"
	}
	if within := y.season.Rules.ResubmitWithin; o.Status == filing.StatusReturned && within != nil && o.OverdueAfter == o.ResubmitBy {
		due.Ruler = web.NewRuler(web.Window{Length: *within, Left: cal.Between(today, o.OverdueAfter),
			TodayOff: !cal.IsWorking(today), Provisional: o.ResubmitProvisional})
	}
	return due
}

// period is when reports of the year are taken.
func (p *Pages) period(c echo.Context, y *year) (filing.FilingPeriod, error) {
	period := filing.FilingPeriod{OpensOn: y.obligation.OpensOn, LateUntil: y.season.LateUntil, OverdueAfter: y.obligation.OverdueAfter,
		HeldUntil: y.obligation.HeldUntil}
	seasons, err := filing.Seasons(requestContext(c), p.db, y.obligation.AuthorityCode)
	if err != nil {
		return period, err
	}
	for _, s := range seasons {
		_, binds := s.Rules.Forms[y.obligation.Type]
		if binds && s.ReportYear > y.obligation.ReportYear && (period.NextOpensOn.IsZero() || s.OpensOn.Before(period.NextOpensOn)) {
			period.NextOpensOn = s.OpensOn
		}
	}
	return period, nil
}
