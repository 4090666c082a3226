package filing

import (
	"time"

	"nianbao/internal/workday"
)

// This file is the only rule for days in a filing. SQL and pages receive what
// it computes; they compare days but never derive them.

// DueDay is the last day to file: the later of the season's due day and the
// organisation's own extension (zero: none), rolled to the next working day
// where the season says so (民法典 art. 203 applied to a fixed day).
func DueDay(cal *workday.Calendar, seasonDue, extendedTo workday.Date, rolls bool) workday.Due {
	day := later(seasonDue, extendedTo)
	if rolls {
		return cal.Roll(day)
	}
	return workday.Due{Date: day}
}

// OverdueAfter is the last day on which the obligation is not overdue, zero
// where nothing is owed: the due day while open, the later of due day and refile
// day (zero: none) after a return (contract §2).
func OverdueAfter(status Status, dueOn, resubmitBy workday.Date) workday.Date {
	switch status {
	case StatusOpen:
		return dueOn
	case StatusReturned:
		return later(dueOn, resubmitBy)
	}
	return workday.Date{}
}

// Overdue tells whether an obligation with that overdue_after is overdue on the day.
func Overdue(overdueAfter, day workday.Date) bool {
	return !overdueAfter.IsZero() && day.After(overdueAfter)
}

// ReviewDue is the last day of the review window: n working days, the day of
// receipt not counted (民法典 art. 201).
func ReviewDue(cal *workday.Calendar, receivedAt time.Time, n int) workday.Due {
	return cal.Due(workday.DateOf(receivedAt), n)
}

// ResubmitBy is the last day to refile after a return: n working days, the day
// of the return not counted; without n only the due day counts, so it is zero.
func ResubmitBy(cal *workday.Calendar, returnedAt time.Time, n *int) workday.Due {
	if n == nil {
		return workday.Due{}
	}
	return cal.Due(workday.DateOf(returnedAt), *n)
}

// SponsorDue is the last day for a sponsor (业务主管单位) to answer: the season's day for it, but never fewer than n working
// days, the day of sending not counted.
func SponsorDue(cal *workday.Calendar, sentAt time.Time, seasonDue workday.Date, n int) workday.Due {
	least := cal.Due(workday.DateOf(sentAt), n)
	if least.Date.After(seasonDue) {
		return least
	}
	return workday.Due{Date: seasonDue}
}

// SentInTime tells whether a report that is sent to its sponsor on the day is sent in time: by the season's day for it; by
// the organisation's own last day where it was given one (an extension, a return); or while an earlier sending in time
// still holds.
func SentInTime(o *Obligation, seasonDue, day workday.Date) bool {
	last := later(seasonDue, o.HeldUntil)
	if o.Status == StatusReturned || !o.ExtendedTo.IsZero() {
		last = later(last, o.OverdueAfter)
	}
	return !day.After(last)
}

// HeldUntil is the last day on which who sent in time is not treated as late for want of an answer: n working days after
// the sponsor's day or its answer, to act on it.
func HeldUntil(cal *workday.Calendar, from workday.Date, n int) workday.Date {
	return cal.Due(from, n).Date
}

// Corrected is the last day of a time that an organisation was told of, once a holiday notice lets the rule that made it
// give another: the later of the two. Nobody loses time that an authority has granted; what a reviewer has is the
// calendar's alone and needs no such care.
func Corrected(told workday.Date, now workday.Due) workday.Due {
	return workday.Due{Date: later(told, now.Date), Provisional: now.Provisional}
}

// FilingPeriod says when reports are taken.
type FilingPeriod struct { //nolint:revive // a bare Period would not say whether it is for filing or for review
	OpensOn      workday.Date // first day
	LateUntil    workday.Date // last day for late reports; zero: until the next season opens
	NextOpensOn  workday.Date // opening day of the authority's next season for the type; zero: not known
	OverdueAfter workday.Date // of the obligation
	HeldUntil    workday.Date // of the obligation: its sponsor has the report; zero: not held
}

// LastDay is the last day on which a report is taken, zero where no end is
// known. Whoever is not overdue can always file: an extension, a refile day or a
// sponsor that has the report in time keeps the way open for that organisation
// beyond the end of late filing.
func (p FilingPeriod) LastDay() workday.Date {
	end := p.LateUntil
	if end.IsZero() {
		if p.NextOpensOn.IsZero() {
			return workday.Date{}
		}
		end = p.NextOpensOn.AddDays(-1)
	}
	return later(later(end, p.OverdueAfter), p.HeldUntil)
}

// Takes tells whether a report is taken on the day.
func (p FilingPeriod) Takes(day workday.Date) bool {
	if day.Before(p.OpensOn) {
		return false
	}
	last := p.LastDay()
	return last.IsZero() || !day.After(last)
}

func later(a, b workday.Date) workday.Date {
	if b.After(a) {
		return b
	}
	return a
}

// warnAt are the working days before somebody's last day at which they are warned, most first.
var warnAt = []int{3, 1}

// WarnUntil is the last day of which anybody is to be warned today: the one before the working day after the farthest
// threshold, so that a day off is not warned of late.
func WarnUntil(c *workday.Calendar, today workday.Date) workday.Date {
	return c.Due(today, warnAt[0]+1).Date.AddDays(-1)
}

// WarnThreshold is the nearest threshold that a day has reached of which left working days remain; false for none.
func WarnThreshold(left int) (threshold int, reached bool) {
	for _, t := range warnAt {
		if left <= t {
			threshold, reached = t, true
		}
	}
	return threshold, reached
}
