// Package workday owns civil dates and the working-day calendar: which day is
// a working day in China, how a window of working days is counted, and which
// answers are provisional because no State Council notice covers the days yet.
//
// It is pure: no clock, no database, no files beyond the embedded notices. It
// does not know what a window is for; due dates and review windows are ruled
// in package filing.
//
// Counting follows 民法典 art. 201 and 203: the starting day does not count,
// the last day ends at 24:00. Working days are Monday to Friday without the
// notices' days off, and the weekend days that the notices turn into working
// days (调休).
package workday

import (
	"bytes"
	_ "embed"
	"fmt"
	"iter"
	"slices"
	"sync"
	"time"
)

// Kind says what a notice makes of a day.
type Kind string

// The two kinds of days that a notice names.
const (
	// KindOff is a holiday, or a day off moved there.
	KindOff Kind = "off"
	// KindWork is a working day, mostly a weekend day worked in exchange.
	KindWork Kind = "work"
)

// Day is one row of a holiday notice.
type Day struct {
	Date Date
	Kind Kind
	// Festival is the holiday that the row belongs to, such as 春节; it may be
	// empty in imported files.
	Festival string
	// NoticeYear is the year whose notice names the day. It can differ by one
	// from the day's year: the notice for 2007 begins on 2006-12-30.
	NoticeYear int
}

// Calendar answers what is a working day. It never changes and is safe for
// concurrent use.
type Calendar struct {
	days    map[Date]Day
	covered map[int]bool // years that have a notice
}

//go:embed data/holidays.csv
var holidays []byte

// builtin is parsed once, at first use.
var builtin = sync.OnceValue(func() *Calendar {
	days, err := ParseDays(bytes.NewReader(holidays))
	if err != nil {
		panic(fmt.Sprintf("embedded holidays.csv: %v", err))
	}
	calendar, err := (&Calendar{}).With(days)
	if err != nil {
		panic(fmt.Sprintf("embedded holidays.csv: %v", err))
	}
	return calendar
})

// Builtin is the calendar of the State Council's notices for 2007 to 2026,
// embedded in the program (sources in data/notices.csv).
func Builtin() *Calendar { return builtin() }

// With is the calendar with days added; a day already there is replaced, and
// the years of the days' notices count as covered. A day given twice or
// incompletely is an error.
func (c *Calendar) With(days []Day) (*Calendar, error) {
	next := &Calendar{
		days:    make(map[Date]Day, len(c.days)+len(days)),
		covered: make(map[int]bool, len(c.covered)+1),
	}
	for date, day := range c.days {
		next.days[date] = day
	}
	for year := range c.covered {
		next.covered[year] = true
	}
	seen := make(map[Date]bool, len(days))
	for _, day := range days {
		if field, reason := day.fault(); reason != "" {
			return nil, fmt.Errorf("calendar day %s: %s: %s", day.Date, field, reason)
		}
		if seen[day.Date] {
			return nil, fmt.Errorf("calendar day %s is given twice", day.Date)
		}
		seen[day.Date] = true
		next.days[day.Date] = day
		next.covered[day.NoticeYear] = true
	}
	return next, nil
}

// IsWorking reports whether d is a working day; false for no date.
func (c *Calendar) IsWorking(d Date) bool {
	if d.IsZero() {
		return false
	}
	if day, named := c.days[d]; named {
		return day.Kind == KindWork
	}
	weekday := d.Weekday()
	return weekday != time.Saturday && weekday != time.Sunday
}

// Provisional reports whether no notice covers d, so that IsWorking can only
// tell weekends from weekdays. A few days of December 2006 are covered by the
// notice for 2007, which names them.
func (c *Calendar) Provisional(d Date) bool {
	if _, named := c.days[d]; named {
		return false
	}
	return !c.covered[d.Year()]
}

// CoveredThrough is the last year of the unbroken run of covered years that
// contains or precedes from's year; 0 if there is none. It tells an operator
// when the next notice has to be imported.
func (c *Calendar) CoveredThrough(from Date) int {
	last := 0
	for year := range c.covered {
		if year <= from.Year() && year > last {
			last = year
		}
	}
	for last != 0 && c.covered[last+1] {
		last++
	}
	return last
}

// Due is the last day of a window.
type Due struct {
	Date Date
	// Provisional is true where a day that was counted is not covered by a
	// notice yet, so that the date may still move.
	Provisional bool
}

// Due is the n-th working day after from, which itself does not count. For
// n < 1 it is from, working day or not.
func (c *Calendar) Due(from Date, n int) Due {
	due := Due{Date: from, Provisional: c.Provisional(from)}
	if n < 1 || from.IsZero() {
		return due
	}
	due.Provisional = false
	for counted := 0; counted < n && due.Date.day < lastDay; {
		due.Date = due.Date.AddDays(1)
		due.Provisional = due.Provisional || c.Provisional(due.Date)
		if c.IsWorking(due.Date) {
			counted++
		}
	}
	return due
}

// Roll is d itself if it is a working day, else the next one (民法典 art. 203).
func (c *Calendar) Roll(d Date) Due {
	due := Due{Date: d, Provisional: c.Provisional(d)}
	for !d.IsZero() && !c.IsWorking(due.Date) && due.Date.day < lastDay {
		due.Date = due.Date.AddDays(1)
		due.Provisional = due.Provisional || c.Provisional(due.Date)
	}
	return due
}

// Between counts the working days in (from, to], the inverse of Due. If to is
// before from it is minus the count in (to, from]; 0 if either is no date.
func (c *Calendar) Between(from, to Date) int {
	if from.IsZero() || to.IsZero() {
		return 0
	}
	if to.Before(from) {
		return -c.Between(to, from)
	}
	n := 0
	for d := from; d != to; {
		d = d.AddDays(1)
		if c.IsWorking(d) {
			n++
		}
	}
	return n
}

// WorkingDays lists the working days from from to to, both included; none if
// to is earlier or either is no date.
func (c *Calendar) WorkingDays(from, to Date) []Date {
	var days []Date
	for d := range inclusive(from, to) {
		if c.IsWorking(d) {
			days = append(days, d)
		}
	}
	return days
}

// Festivals names the holidays that have a day off from from to to, both
// included, in order of their days. A holiday is named once for each notice.
func (c *Calendar) Festivals(from, to Date) []string {
	type festival struct {
		name string
		year int
	}
	var found []festival
	for d := range inclusive(from, to) {
		day, named := c.days[d]
		if !named || day.Kind != KindOff || day.Festival == "" {
			continue
		}
		f := festival{day.Festival, day.NoticeYear}
		if !slices.Contains(found, f) {
			found = append(found, f)
		}
	}
	names := make([]string, len(found))
	for i, f := range found {
		names[i] = f.name
	}
	return names
}

// inclusive yields the dates from from to to; none if either is no date.
func inclusive(from, to Date) iter.Seq[Date] {
	return func(yield func(Date) bool) {
		if from.IsZero() || to.IsZero() {
			return
		}
		for d := from.day; d <= to.day; d++ {
			if !yield(Date{day: d}) {
				return
			}
		}
	}
}
