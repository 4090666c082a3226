package web

import (
	"fmt"
	"strings"

	"nianbao/internal/workday"
)

// The structs of this file are what the shared parts of templates/shared take:
// the template of the same name, in lower case, draws each.

// Tag is a status in a word. Tone is "", ToneNow, ToneOK, ToneWarn or ToneError.
type Tag struct{ Text, Tone string }

// The tones of a Tag.
const (
	ToneNow   = "now"
	ToneOK    = "ok"
	ToneWarn  = "warn"
	ToneError = "error"
)

// Ruler is the working-day ruler: one cell a working day of a window, with the
// words that always stand beside it.
type Ruler struct {
	Words string
	Tone  string // "" calm, "soon" today and tomorrow, "over"
	Cells []RulerCell
	Width int
}

// RulerCell is one working day: gone, today or left.
type RulerCell struct {
	X     int
	State string
}

// Window is what a Ruler shows. Dates come from the domain; nothing is derived
// here but how many cells are drawn.
type Window struct {
	// Length is the window's working days, Left those from tomorrow through
	// the due day (calendar.Between(today, due)); negative when over.
	Length, Left int
	// TodayOff: today is no working day, so no cell stands for it.
	TodayOff bool
	// Provisional: no holiday notice covers the due day yet.
	Provisional bool
}

const (
	cellPitch = 12
	cellGap   = 2
)

// NewRuler draws a window.
func NewRuler(w Window) Ruler {
	r := Ruler{Words: WorkingDaysLeft(w.Left)}
	if w.Provisional {
		r.Words += "（日历未定，可能调整）"
	}
	switch {
	case w.Left < 0:
		r.Tone = "over"
	case w.Left <= 1:
		r.Tone = "soon"
	}
	length := max(w.Length, 0)
	left := min(max(w.Left, 0), length)
	for i := range length {
		state := "gone"
		switch {
		case i >= length-left:
			state = "left"
		case i == length-left-1 && !w.TodayOff && w.Left >= 0:
			state = "today"
		}
		r.Cells = append(r.Cells, RulerCell{X: i * cellPitch, State: state})
	}
	r.Width = max(length*cellPitch-cellGap, 0)
	return r
}

// WorkingDaysLeft says a distance in working days as lists do: 剩 5 个工作日.
func WorkingDaysLeft(left int) string {
	switch {
	case left < 0:
		return fmt.Sprintf("超期 %d 个工作日", -left)
	case left == 0:
		return "今天到期"
	case left == 1:
		return "明天到期"
	}
	return fmt.Sprintf("剩 %d 个工作日", left)
}

// Days is the working days from this week to the due day, a row a week.
type Days struct {
	Weeks [][]Day
	Key   string
}

// Day is one working day of Days: "", "gone", "today" or "due".
type Day struct {
	Day   int
	State string
}

// maxDaysShown: beyond five weeks a row of days says nothing any more.
const maxDaysShown = 35

// NewDays lays out the working days from this week's Monday through due; none
// if due is over or more than five weeks off.
func NewDays(cal *workday.Calendar, today, due workday.Date) Days {
	if due.Before(today) || today.DaysUntil(due) > maxDaysShown {
		return Days{}
	}
	monday := today.AddDays(-(int(today.Weekday()) + 6) % 7)
	var out Days
	var lastWeek workday.Date
	for _, d := range cal.WorkingDays(monday, due) {
		week := d.AddDays(-(int(d.Weekday()) + 6) % 7)
		if week != lastWeek || out.Weeks == nil {
			out.Weeks = append(out.Weeks, nil)
			lastWeek = week
		}
		last := len(out.Weeks) - 1
		out.Weeks[last] = append(out.Weeks[last], Day{Day: d.Day(), State: dayState(d, today, due)})
	}
	out.Key = fmt.Sprintf("一格一个工作日。今天 %s，%s截止。", DateShort(today), DateShort(due))
	return out
}

func dayState(d, today, due workday.Date) string {
	switch {
	case d == due:
		return "due"
	case d == today:
		return "today"
	case d.Before(today):
		return "gone"
	}
	return ""
}

// Deadline says until when, as it binds: 2026年3月31日（星期二）24:00 前…，当天算在内。
// A holiday inside is named once, a provisional calendar said.
func Deadline(cal *workday.Calendar, today, due workday.Date, verb string) string {
	if due.IsZero() {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s 24:00 前%s，当天算在内。", DateFull(due), verb)
	if names := cal.Festivals(today, due); len(names) > 0 {
		fmt.Fprintf(&b, "期间%s放假，不计入工作日。", strings.Join(names, "、"))
	}
	if cal.Provisional(due) {
		b.WriteString("（日历未定，可能调整）")
	}
	return b.String()
}

// Finding is what a form check found. The machine speaks: never a Remark.
type Finding struct {
	ID      string
	Warning bool
	Title   string
	Figures []Figure
	Text    []string
	Remedy  string
	Links   []Link
	Basis   string
	Check   string
	Reason  *Reason // where a warning may be explained
}

// Figure is a line of figures inside a Finding.
type Figure struct {
	Label, Value string
	Strong       bool
}

// Link is an address and its text.
type Link struct{ Href, Text string }

// Reason is the field in which a filer may explain a warning.
type Reason struct{ ID, Name, Value string }

// Remark is a reviewer's words: plain, then the basis.
type Remark struct {
	ID    string
	By    string
	Text  []string
	Basis string
}

// Summary lists what is wrong at the top of a page. ID is "summary" if empty.
type Summary struct {
	ID    string
	Title string
	Items []SummaryItem
}

// SummaryItem is a line of a Summary; with Href a link to the field.
type SummaryItem struct {
	Warning    bool
	Href, Text string
}

// Step is a station of a track. State is "done", "now" or "".
type Step struct{ State, Title, Text string }

// Pager leads through a list. Prev and Next are addresses, "" at the ends.
type Pager struct{ Text, Prev, Next string }

// Empty stands where a list would: what would be here, and one link.
type Empty struct{ Text, Href, Link string }

// Fact is a line of a summary list. One of Tag, or Value with or without Href.
type Fact struct {
	Label, Value, Href, Note string
	Code                     bool
	Tag                      Tag
}

// Change is a line of the difference to the last submission. Delta is "" for
// words.
type Change struct {
	Label, Old, New, Delta string
	Calculated             bool
}

// TextField is a labelled input.
type TextField struct {
	ID, Name, Label, Hint, Value, Error string
	Type                                string // text if empty
	Autocomplete                        string
	Required                            bool
}

// DescribedBy names the hint and the error for assistive technology.
func (f TextField) DescribedBy() string {
	var ids []string
	if f.Hint != "" {
		ids = append(ids, f.ID+"-h")
	}
	if f.Error != "" {
		ids = append(ids, f.ID+"-e")
	}
	return strings.Join(ids, " ")
}

// Statement is a table of the statutory form: 行次, item, money columns.
type Statement struct {
	ID, Title, FormNo, Maker, AsOf, Caption string
	Columns                                 []string
	Rows                                    []StatementRow
}

// The kinds of statement rows.
const (
	RowLine  = ""
	RowGroup = "group" // a heading
	RowSub   = "sub"   // indented: 其中、减
	RowTotal = "total" // calculated
	RowGrand = "grand" // the statement's end
)

// StatementRow is a line. It has as many cells as the statement has columns.
type StatementRow struct {
	ID, Kind, Line, Label, Formula string
	Cells                          []StatementCell
	Findings                       []Finding
}

// Class is the row's class attribute.
func (r StatementRow) Class() string {
	class := map[string]string{RowSub: "is-sub", RowTotal: "is-total", RowGrand: "is-total is-grand"}[r.Kind]
	if len(r.Findings) > 0 {
		class = strings.TrimSpace(class + " is-before-words")
	}
	return class
}

// StatementCell is an amount: an input if Name is set, else text. Label names
// it in full (应收款项，3 行，期末数), since on a phone the table is no table.
type StatementCell struct {
	Name, ID, Label, Value, DescribedBy string
	Bad, Odd, LastYear                  bool
}
