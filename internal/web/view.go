package web

import (
	"fmt"
	"strings"

	"nianbao/internal/workday"
)

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
	fmt.Fprintf(&b, "%s24:00 前%s，当天算在内。", DateFull(due), verb)
	if names := cal.Festivals(today, due); len(names) > 0 {
		fmt.Fprintf(&b, "期间%s放假，不计入工作日。", strings.Join(names, "、"))
	}
	if cal.Provisional(due) {
		b.WriteString("（日历未定，可能调整）")
	}
	return b.String()
}
