package filing

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"nianbao/internal/workday"
)

// The State Council's arrangement for 2019 and its edges, written down from the notice and not from the calendar under
// test: days off by name, and the weekend days that are worked instead.
var (
	offIn2019 = []string{
		"2018-12-30", "2018-12-31", "2019-01-01",
		"2019-02-04", "2019-02-05", "2019-02-06", "2019-02-07", "2019-02-08", "2019-02-09", "2019-02-10",
		"2019-04-05", "2019-04-06", "2019-04-07",
		"2019-05-01", "2019-05-02", "2019-05-03", "2019-05-04",
		"2019-06-07", "2019-06-08", "2019-06-09",
		"2019-09-13", "2019-09-14", "2019-09-15",
		"2019-10-01", "2019-10-02", "2019-10-03", "2019-10-04", "2019-10-05", "2019-10-06", "2019-10-07",
	}
	workedIn2019 = []string{"2018-12-29", "2019-02-02", "2019-02-03", "2019-04-28", "2019-05-05", "2019-09-29", "2019-10-12"}
)

// model2019 answers for 2019 from the lists alone, in civil days of time.Time.
type model2019 struct{ off, worked map[string]bool }

func newModel2019() model2019 {
	m := model2019{map[string]bool{}, map[string]bool{}}
	for _, d := range offIn2019 {
		m.off[d] = true
	}
	for _, d := range workedIn2019 {
		m.worked[d] = true
	}
	return m
}

func (m model2019) works(day time.Time) bool {
	name := day.Format(time.DateOnly)
	weekend := day.Weekday() == time.Saturday || day.Weekday() == time.Sunday
	return m.worked[name] || !weekend && !m.off[name]
}

// after is the n-th working day after the day, which itself is not counted.
func (m model2019) after(day time.Time, n int) time.Time {
	for n > 0 {
		day = day.AddDate(0, 0, 1)
		if m.works(day) {
			n--
		}
	}
	return day
}

func (m model2019) roll(day time.Time) time.Time {
	for !m.works(day) {
		day = day.AddDate(0, 0, 1)
	}
	return day
}

// TestWindowsAgreeWithTheNoticeOf2019 compares every day of 2019 and every usual length with the model.
func TestWindowsAgreeWithTheNoticeOf2019(t *testing.T) {
	cal, model := workday.Builtin(), newModel2019()
	for day := time.Date(2019, 1, 1, 0, 0, 0, 0, time.UTC); day.Year() == 2019 && day.Month() < time.November; day = day.AddDate(0, 0, 1) {
		for _, n := range []int{1, 2, 3, 5, 10, 15, 20} {
			received := time.Date(2019, day.Month(), day.Day(), (n*7)%24, 59, 59, 999, workday.Shanghai)
			want := model.after(day, n).Format(time.DateOnly)
			if got := ReviewDue(cal, received, n); got.Date.String() != want || got.Provisional {
				t.Errorf("received %s, %d working days: %v, want %s", received, n, got, want)
			}
			if got := ResubmitBy(cal, received, &n); got.Date.String() != want {
				t.Errorf("returned %s, %d working days: %v, want %s", received, n, got, want)
			}
		}
		season := workday.NewDate(2019, day.Month(), day.Day())
		if got, want := DueDay(cal, season, workday.Date{}, true).Date.String(), model.roll(day).Format(time.DateOnly); got != want {
			t.Errorf("due day %s rolls to %s, want %s", season, got, want)
		}
	}
}

// TestTheDayOfReceiptIsShanghais: the instant decides the civil day by Beijing time, wherever it was written down.
func TestTheDayOfReceiptIsShanghais(t *testing.T) {
	cal := workday.Builtin()
	lastSecond := time.Date(2019, 3, 11, 15, 59, 59, 0, time.UTC) // Monday, 23:59:59 in Shanghai
	for _, zone := range []*time.Location{time.UTC, workday.Shanghai, time.FixedZone("far west", -11*3600), time.FixedZone("far east", 14*3600)} {
		if got := ReviewDue(cal, lastSecond.In(zone), 1).Date; got != day("2019-03-12") {
			t.Errorf("%s: the last second of 11 March ends on %s", zone, got)
		}
		if got := ReviewDue(cal, lastSecond.Add(time.Second).In(zone), 1).Date; got != day("2019-03-13") {
			t.Errorf("%s: midnight belongs to 12 March, window ends on %s", zone, got)
		}
	}
}

// TestDueDayNeverComesBeforeWhatWasPromised draws seasons and extensions.
func TestDueDayNeverComesBeforeWhatWasPromised(t *testing.T) {
	cal, dice := workday.Builtin(), rand.New(rand.NewPCG(7, 11))
	for range 2000 {
		season := workday.NewDate(2019, 1, 1).AddDays(dice.IntN(300))
		var extended workday.Date
		if dice.IntN(2) == 0 {
			extended = season.AddDays(dice.IntN(120) - 60)
		}
		name := fmt.Sprintf("season %s, extended to %s", season, extended)
		plain, rolled := DueDay(cal, season, extended, false), DueDay(cal, season, extended, true)
		if plain.Date.Before(season) || plain.Date.Before(extended) || plain.Date != season && plain.Date != extended {
			t.Errorf("%s: %s", name, plain.Date)
		}
		if rolled.Date.Before(plain.Date) || !cal.IsWorking(rolled.Date) {
			t.Errorf("%s: rolled to %s", name, rolled.Date)
		}
		if cal.IsWorking(plain.Date) != (rolled.Date == plain.Date) {
			t.Errorf("%s: %s rolls to %s", name, plain.Date, rolled.Date)
		}
		if again := DueDay(cal, rolled.Date, workday.Date{}, true); again.Date != rolled.Date {
			t.Errorf("%s: rolling twice moves it to %s", name, again.Date)
		}
	}
}

// takesByTheWords is the contract's sentence on when reports are taken, without the code's shortcuts.
func takesByTheWords(p FilingPeriod, on workday.Date) bool {
	if on.Before(p.OpensOn) {
		return false
	}
	if !p.OverdueAfter.IsZero() && !on.After(p.OverdueAfter) {
		return true // who is not overdue can always file
	}
	switch {
	case !p.LateUntil.IsZero():
		return !on.After(p.LateUntil)
	case !p.NextOpensOn.IsZero():
		return on.Before(p.NextOpensOn)
	}
	return true
}

// TestFilingPeriodSaysWhatTheContractSays tries every order of the five days on a small line.
func TestFilingPeriodSaysWhatTheContractSays(t *testing.T) {
	at := func(n int) workday.Date {
		if n == 0 {
			return workday.Date{}
		}
		return day("2019-01-01").AddDays(n)
	}
	tried := 0
	for late := range 6 {
		for next := range 6 {
			for overdue := range 6 {
				p := FilingPeriod{OpensOn: at(2), LateUntil: at(late), NextOpensOn: at(next), OverdueAfter: at(overdue)}
				for on := 1; on < 8; on++ {
					if got, want := p.Takes(at(on)), takesByTheWords(p, at(on)); got != want {
						t.Errorf("%+v on %s: %v, want %v", p, at(on), got, want)
					}
					tried++
				}
				if last := p.LastDay(); !last.IsZero() && (p.Takes(last.AddDays(1)) || !last.Before(p.OpensOn) && !p.Takes(last)) {
					t.Errorf("%+v: %s is not the last day", p, last)
				}
			}
		}
	}
	if tried != 6*6*6*7 {
		t.Errorf("tried %d", tried)
	}
}

// TestOnlyWhoOwesIsEverOverdue: for every status and every pair of days, overdue begins the day after the later one.
func TestOnlyWhoOwesIsEverOverdue(t *testing.T) {
	base := day("2019-03-31")
	for _, status := range append(Statuses(), "", "unknown") {
		for shift := -40; shift <= 40; shift += 5 {
			resubmit := base.AddDays(shift)
			after := OverdueAfter(status, base, resubmit)
			if status.Owed() == after.IsZero() {
				t.Fatalf("%s: overdue after %s", status, after)
			}
			for on := base.AddDays(-60); on.Before(base.AddDays(60)); on = on.AddDays(1) {
				want := status == StatusOpen && on.After(base) || status == StatusReturned && on.After(base) && on.After(resubmit)
				if got := Overdue(after, on); got != want {
					t.Fatalf("%s, due %s, refile by %s, on %s: overdue %v", status, base, resubmit, on, got)
				}
			}
		}
	}
}
