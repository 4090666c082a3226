package filing

import (
	"testing"
	"time"

	"nianbao/internal/workday"
)

func day(s string) workday.Date {
	if s == "" {
		return workday.Date{}
	}
	d, err := workday.ParseDate(s)
	if err != nil {
		panic(err)
	}
	return d
}

func TestDueDay(t *testing.T) {
	cal := workday.Builtin()
	for _, tt := range []struct {
		name, season, extended string
		rolls                  bool
		want                   string
	}{
		{"Sunday stays by default", "2019-03-31", "", false, "2019-03-31"},
		{"Sunday rolls", "2019-03-31", "", true, "2019-04-01"},
		{"working day does not roll", "2019-03-29", "", true, "2019-03-29"},
		{"make-up Sunday is a working day", "2019-04-28", "", true, "2019-04-28"},
		{"rolls over the holidays", "2019-05-01", "", true, "2019-05-05"},
		{"own extension is later", "2019-03-31", "2019-04-20", false, "2019-04-20"},
		{"own extension overtaken by the season", "2019-05-31", "2019-04-20", false, "2019-05-31"},
		{"own extension rolls too", "2019-03-31", "2019-04-20", true, "2019-04-22"},
	} {
		got := DueDay(cal, day(tt.season), day(tt.extended), tt.rolls)
		if got.Date != day(tt.want) || got.Provisional {
			t.Errorf("%s: %v, want %s", tt.name, got, tt.want)
		}
	}
	if got := DueDay(cal, day("2093-03-29"), workday.Date{}, true); !got.Provisional {
		t.Errorf("a rolled day beyond every holiday notice is not provisional: %v", got)
	}
	if got := DueDay(cal, day("2093-03-29"), workday.Date{}, false); got.Provisional {
		t.Errorf("a fixed day is provisional: %v", got)
	}
}

func TestOverdue(t *testing.T) {
	for _, tt := range []struct {
		name            string
		status          Status
		due, resubmit   string
		after           string
		lastOK, overdue string
	}{
		{"open", StatusOpen, "2019-03-31", "", "2019-03-31", "2019-03-31", "2019-04-01"},
		{"open ignores an old refile day", StatusOpen, "2019-03-31", "2019-04-20", "2019-03-31", "2019-03-31", "2019-04-01"},
		{"returned, refile day later", StatusReturned, "2019-03-31", "2019-04-12", "2019-04-12", "2019-04-12", "2019-04-13"},
		{"returned, due day later", StatusReturned, "2019-03-31", "2019-02-12", "2019-03-31", "2019-03-31", "2019-04-01"},
		{"returned, by due day only", StatusReturned, "2019-03-31", "", "2019-03-31", "2019-03-31", "2019-04-01"},
	} {
		after := OverdueAfter(tt.status, day(tt.due), day(tt.resubmit))
		if after != day(tt.after) || Overdue(after, day(tt.lastOK)) || !Overdue(after, day(tt.overdue)) {
			t.Errorf("%s: overdue after %s, want %s", tt.name, after, tt.after)
		}
	}
	for _, s := range []Status{StatusSubmitted, StatusPassed, StatusUnqualified, StatusQualified, StatusBasicallyQualified, StatusExempt} {
		after := OverdueAfter(s, day("2019-03-31"), day("2019-04-12"))
		if !after.IsZero() || Overdue(after, day("2029-01-01")) {
			t.Errorf("%s can be overdue: %s", s, after)
		}
	}
}

func TestReviewDueAndResubmitBy(t *testing.T) {
	cal := workday.Builtin()
	at := func(s string) time.Time {
		v, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	ten := 10
	for _, tt := range []struct{ at, want string }{
		{"2019-03-29T23:59:59+08:00", "2019-04-15"}, // over Qingming (5 April)
		{"2019-03-29T16:00:00Z", "2019-04-15"},      // already 30 March in Shanghai, a Saturday
		{"2019-04-19T09:00:00+08:00", "2019-05-06"}, // May holiday of 2019: 1–4 off; 28 April and 5 May worked
		{"2026-02-10T10:00:00+08:00", "2026-03-02"},
	} {
		if got := ReviewDue(cal, at(tt.at), ten); got.Date != day(tt.want) || got.Provisional {
			t.Errorf("ReviewDue(%s) = %v, want %s", tt.at, got, tt.want)
		}
		if got := ResubmitBy(cal, at(tt.at), &ten); got.Date != day(tt.want) {
			t.Errorf("ResubmitBy(%s) = %v, want %s", tt.at, got, tt.want)
		}
	}
	if got := ResubmitBy(cal, at("2019-03-29T10:00:00+08:00"), nil); !got.Date.IsZero() {
		t.Errorf("without a refile term: %v", got)
	}
}

func TestFilingPeriod(t *testing.T) {
	for _, tt := range []struct {
		name                     string
		late, next, overdueAfter string
		lastTaken, firstRefused  string
	}{
		{"until the next season opens", "", "2020-01-10", "2019-03-31", "2020-01-09", "2020-01-10"},
		{"no late filing", "2019-03-31", "2020-01-10", "2019-03-31", "2019-03-31", "2019-04-01"},
		{"late until", "2019-06-30", "", "2019-03-31", "2019-06-30", "2019-07-01"},
		{"an extension outlives the end", "2019-03-31", "", "2019-04-30", "2019-04-30", "2019-05-01"},
		{"a refile day outlives the next opening", "", "2019-04-01", "2019-04-12", "2019-04-12", "2019-04-13"},
	} {
		p := FilingPeriod{OpensOn: day("2019-01-14"), LateUntil: day(tt.late), NextOpensOn: day(tt.next), OverdueAfter: day(tt.overdueAfter)}
		if !p.Takes(day(tt.lastTaken)) || p.Takes(day(tt.firstRefused)) || p.LastDay() != day(tt.lastTaken) {
			t.Errorf("%s: last day %s", tt.name, p.LastDay())
		}
		if p.Takes(day("2019-01-13")) || !p.Takes(day("2019-01-14")) {
			t.Errorf("%s: does not open on its opening day", tt.name)
		}
	}
	open := FilingPeriod{OpensOn: day("2019-01-14"), OverdueAfter: day("2019-03-31")}
	if !open.Takes(day("2049-01-01")) || !open.LastDay().IsZero() {
		t.Error("late reports end although no next season is known")
	}
}

func TestWarnThreshold(t *testing.T) {
	for left, want := range map[int]int{-1: 1, 0: 1, 1: 1, 2: 3, 3: 3, 4: 0, 9: 0} {
		if got, reached := WarnThreshold(left); got != want || reached != (want > 0) {
			t.Errorf("%d working days left: threshold %d (%v), want %d", left, got, reached, want)
		}
	}
	// Thursday, 4 April 2019: Qingming takes the 5th and the weekend follows, so the fourth working day is the 11th and the day before it the last.
	if got := WarnUntil(workday.Builtin(), workday.NewDate(2019, 4, 4)).String(); got != "2019-04-10" {
		t.Errorf("warned of until %s", got)
	}
}
