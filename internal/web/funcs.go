package web

import (
	"fmt"
	"html/template"
	"strconv"
	"time"

	"nianbao/internal/money"
	"nianbao/internal/workday"
)

// funcs are the functions of every template. Dates and labels come from the
// domain; the functions only write them out.
func funcs(a *assets) template.FuncMap {
	return template.FuncMap{
		"asset":     a.path,
		"pageName":  func() string { return "" }, // each page has its own
		"add":       func(x, y int) int { return x + y },
		"even":      func(i int) bool { return i%2 == 0 },
		"money":     func(f money.Fen) string { return f.Grouped() },
		"percent":   Percent,
		"count":     Count,
		"date":      func(d workday.Date) string { return d.Chinese() },
		"dateFull":  DateFull,
		"dateShort": DateShort,
		"dateISO":   func(d workday.Date) string { return d.String() },
		"datetime":  dateTime,
		"clock":     func(t time.Time) string { return formatTime(t, "15:04:05") },
		"iso":       func(t time.Time) string { return formatTime(t, time.RFC3339) },
	}
}

// Percent writes hundredths of a percent: 1234 is 12.34%.
func Percent(hundredths int64) string {
	return money.Fen(hundredths).Grouped() + "%"
}

// Count writes a number of things with groups of three: 8,030.
func Count(n int) string {
	digits := strconv.Itoa(n)
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// DateFull is a date where it binds: 2026年3月31日（星期二）.
func DateFull(d workday.Date) string {
	if d.IsZero() {
		return ""
	}
	return d.Chinese() + "（" + d.ChineseWeekday() + "）"
}

// DateShort is a date in a list of this year: 3月31日.
func DateShort(d workday.Date) string {
	if d.IsZero() {
		return ""
	}
	return fmt.Sprintf("%d月%d日", int(d.Month()), d.Day())
}

func dateTime(t time.Time) string { return formatTime(t, "2006年1月2日 15:04") }

// formatTime writes an instant as Shanghai's clocks show it, "" for none.
func formatTime(t time.Time, layout string) string {
	if t.IsZero() {
		return ""
	}
	return t.In(workday.Shanghai).Format(layout)
}
