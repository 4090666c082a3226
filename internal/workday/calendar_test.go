package workday

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The tenth working days were worked out by hand from the notices.
func TestDueTenWorkingDays(t *testing.T) {
	tests := []struct{ from, want, why string }{
		{"2024-03-29", "2024-04-15", "Qingming 4 to 6 April, Sunday the 7th works"},
		{"2025-03-31", "2025-04-15", "Qingming on Friday the 4th"},
		{"2026-02-10", "2026-03-02", "Spring Festival, the Saturdays 14 and 28 February work"},
		{"2026-03-20", "2026-04-03", "no holiday inside"},
		{"2026-03-31", "2026-04-15", "Qingming 4 to 6 April"},
		{"2019-03-31", "2019-04-15", "Qingming on Friday 2019-04-05"},
		{"2019-04-01", "2019-04-16", "the same, a day later"},
		{"2019-03-22", "2019-04-08", "over Qingming, begun before the season's end"},
		{"2019-04-22", "2019-05-07", "May holiday as changed in March 2019: 1 to 4 off, Sundays 28 April and 5 May work"},
		{"2019-04-30", "2019-05-16", "begun on the eve of the changed May holiday"},
		{"2019-01-28", "2019-02-14", "Spring Festival 4 to 10 February, 2 and 3 February work"},
	}
	for _, tt := range tests {
		got := Builtin().Due(mustDate(t, tt.from), 10)
		if want := (Due{Date: mustDate(t, tt.want)}); got != want {
			t.Errorf("ten working days from %s end %v, want %v (%s)", tt.from, got, want, tt.why)
		}
	}
}

func TestWorkingDaysOfAYear(t *testing.T) {
	for year, want := range map[int]int{2024: 251, 2025: 248, 2026: 248} {
		days := Builtin().WorkingDays(NewDate(year, 1, 1), NewDate(year, 12, 31))
		if len(days) != want {
			t.Errorf("%d has %d working days, want %d", year, len(days), want)
		}
		if got := Builtin().Between(NewDate(year-1, 12, 31), NewDate(year, 12, 31)); got != want {
			t.Errorf("Between counts %d working days in %d, want %d", got, year, want)
		}
	}
}

func TestIsWorking(t *testing.T) {
	tests := []struct {
		date string
		want bool
		why  string
	}{
		{"2019-03-29", true, "an ordinary Friday"},
		{"2019-03-31", false, "an ordinary Sunday"},
		{"2019-04-05", false, "Qingming"},
		{"2019-04-28", true, "a Sunday worked for the May holiday"},
		{"2019-05-02", false, "a Thursday off since the notice of March 2019"},
		{"2019-05-05", true, "a Sunday worked for the May holiday"},
		{"2015-09-03", false, "the one holiday of 2015"},
		{"2020-01-31", false, "Spring Festival as lengthened in 2020"},
		{"2006-12-30", true, "a Saturday that the notice for 2007 makes a working day"},
		{"2006-12-31", true, "a Sunday likewise"},
		{"2027-01-01", true, "no notice: only weekends are known"},
		{"2027-01-02", false, "a Saturday beyond the notices"},
	}
	for _, tt := range tests {
		if got := Builtin().IsWorking(mustDate(t, tt.date)); got != tt.want {
			t.Errorf("IsWorking(%s) = %v, want %v (%s)", tt.date, got, tt.want, tt.why)
		}
	}
	if Builtin().IsWorking(Date{}) {
		t.Error("no date is a working day")
	}
}

func TestProvisional(t *testing.T) {
	for date, want := range map[string]bool{
		"2006-12-29": true, "2006-12-30": false, "2006-12-31": false, "2007-01-01": false,
		"2026-12-31": false, "2027-01-01": true, "2031-06-03": true,
	} {
		if got := Builtin().Provisional(mustDate(t, date)); got != want {
			t.Errorf("Provisional(%s) = %v, want %v", date, got, want)
		}
	}
}

func TestDueIsProvisionalWhereADayCountedIs(t *testing.T) {
	tests := []struct {
		from string
		n    int
		want Due
	}{
		{"2026-12-30", 1, Due{Date: mustDate(t, "2026-12-31")}},
		{"2026-12-30", 2, Due{Date: mustDate(t, "2027-01-01"), Provisional: true}},
		{"2027-03-31", 10, Due{Date: mustDate(t, "2027-04-14"), Provisional: true}},
		{"2006-12-28", 5, Due{Date: mustDate(t, "2007-01-05"), Provisional: true}},
		{"2006-12-31", 2, Due{Date: mustDate(t, "2007-01-05")}},
		// n < 1: the day itself, working day or not.
		{"2026-03-29", 0, Due{Date: mustDate(t, "2026-03-29")}},
		{"2027-03-28", -3, Due{Date: mustDate(t, "2027-03-28"), Provisional: true}},
	}
	for _, tt := range tests {
		if got := Builtin().Due(mustDate(t, tt.from), tt.n); got != tt.want {
			t.Errorf("Due(%s, %d) = %v, want %v", tt.from, tt.n, got, tt.want)
		}
	}
}

func TestRoll(t *testing.T) {
	tests := []struct {
		in   string
		want Due
	}{
		{"2019-03-29", Due{Date: mustDate(t, "2019-03-29")}},
		{"2019-03-31", Due{Date: mustDate(t, "2019-04-01")}},
		{"2024-03-31", Due{Date: mustDate(t, "2024-04-01")}},
		{"2026-02-15", Due{Date: mustDate(t, "2026-02-24")}},
		{"2019-04-28", Due{Date: mustDate(t, "2019-04-28")}},
		{"2027-03-28", Due{Date: mustDate(t, "2027-03-29"), Provisional: true}},
	}
	for _, tt := range tests {
		if got := Builtin().Roll(mustDate(t, tt.in)); got != tt.want {
			t.Errorf("Roll(%s) = %v, want %v", tt.in, got, tt.want)
		}
	}
}

func TestNoDateAndTheEndOfTheRange(t *testing.T) {
	c := Builtin()
	if due := c.Due(Date{}, 10); !due.Date.IsZero() {
		t.Errorf("Due of no date = %v", due)
	}
	if due := c.Roll(Date{}); !due.Date.IsZero() {
		t.Errorf("Roll of no date = %v", due)
	}
	if n := c.Between(Date{}, mustDate(t, "2026-01-01")); n != 0 {
		t.Errorf("Between no date and a date = %d", n)
	}
	last := mustDate(t, "9999-12-31")
	if due := c.Due(last, 3); due.Date != last {
		t.Errorf("Due at the end of the range = %v", due)
	}
	if due := c.Roll(last.AddDays(-6)); due.Date.After(last) {
		t.Errorf("Roll at the end of the range = %v", due)
	}
	if days := c.WorkingDays(mustDate(t, "2026-01-09"), mustDate(t, "2026-01-05")); days != nil {
		t.Errorf("WorkingDays of an empty span = %v", days)
	}
}

// TestDueAndBetweenAreInverse: n working days from any day lie n working days
// ahead, the last of them is a working day, and one day earlier it is n-1.
func TestDueAndBetweenAreInverse(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	c := Builtin()
	start := mustDate(t, "2006-06-01")
	for range 5000 {
		from := start.AddDays(random.IntN(8000))
		n := 1 + random.IntN(60)
		due := c.Due(from, n)
		if !c.IsWorking(due.Date) {
			t.Fatalf("Due(%s, %d) = %s is no working day", from, n, due.Date)
		}
		if got := c.Between(from, due.Date); got != n {
			t.Fatalf("Between(%s, %s) = %d, want %d", from, due.Date, got, n)
		}
		if got := c.Between(from, due.Date.AddDays(-1)); got != n-1 {
			t.Fatalf("a day before Due(%s, %d) it is %d", from, n, got)
		}
		if got := c.Between(due.Date, from); got != -n {
			t.Fatalf("Between(%s, %s) = %d, want %d", due.Date, from, got, -n)
		}
		if got := len(c.WorkingDays(from.AddDays(1), due.Date)); got != n {
			t.Fatalf("WorkingDays after %s to %s are %d, want %d", from, due.Date, got, n)
		}
	}
}

func TestFestivals(t *testing.T) {
	tests := []struct {
		from, to string
		want     []string
	}{
		{"2019-03-31", "2019-05-10", []string{"清明节", "劳动节"}},
		{"2026-03-02", "2026-03-31", []string{}},
		{"2025-12-20", "2026-02-20", []string{"元旦", "春节"}},
		{"2025-01-01", "2026-01-01", []string{"元旦", "春节", "清明节", "劳动节", "端午节", "国庆节、中秋节", "元旦"}},
		// A day worked in exchange is no holiday.
		{"2019-04-28", "2019-04-28", []string{}},
	}
	for _, tt := range tests {
		got := Builtin().Festivals(mustDate(t, tt.from), mustDate(t, tt.to))
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("Festivals(%s, %s) (-want +got):\n%s", tt.from, tt.to, diff)
		}
	}
}

func TestWith(t *testing.T) {
	newYear := Day{Date: mustDate(t, "2027-01-01"), Kind: KindOff, Festival: "元旦", NoticeYear: 2027}
	base := Builtin()
	next, err := base.With([]Day{newYear, {Date: mustDate(t, "2026-10-10"), Kind: KindOff, NoticeYear: 2026}})
	if err != nil {
		t.Fatal(err)
	}
	if next.IsWorking(newYear.Date) || next.Provisional(mustDate(t, "2027-06-01")) || next.IsWorking(mustDate(t, "2026-10-10")) {
		t.Error("With did not take the days")
	}
	if !base.IsWorking(newYear.Date) || !base.Provisional(newYear.Date) || !base.IsWorking(mustDate(t, "2026-10-10")) {
		t.Error("With changed the calendar it was called on")
	}
	bad := map[string][]Day{
		"twice":   {newYear, newYear},
		"no kind": {{Date: newYear.Date, NoticeYear: 2027}},
		"no date": {{Kind: KindOff, NoticeYear: 2027}},
		"year":    {{Date: newYear.Date, Kind: KindOff, NoticeYear: 2030}},
	}
	for name, days := range bad {
		if _, err := base.With(days); err == nil {
			t.Errorf("%s: With took it", name)
		}
	}
}

func TestCoveredThrough(t *testing.T) {
	for from, want := range map[string]int{"2006-12-31": 0, "2019-06-01": 2026, "2026-11-21": 2026, "2030-01-01": 2026} {
		if got := Builtin().CoveredThrough(mustDate(t, from)); got != want {
			t.Errorf("CoveredThrough(%s) = %d, want %d", from, got, want)
		}
	}
	gap, err := Builtin().With([]Day{{Date: mustDate(t, "2028-01-01"), Kind: KindOff, NoticeYear: 2028}})
	if err != nil {
		t.Fatal(err)
	}
	if got := gap.CoveredThrough(mustDate(t, "2026-05-01")); got != 2026 {
		t.Errorf("a gap in 2027 is jumped over: %d", got)
	}
}

// TestBuiltinNotices: every year from 2007 to 2026, and no other, has a
// notice, and its address is on record.
func TestBuiltinNotices(t *testing.T) {
	for year := 2007; year <= 2026; year++ {
		if !Builtin().covered[year] {
			t.Errorf("no notice covers %d", year)
		}
		if !strings.Contains(noticeAddresses(t), "\n"+NewDate(year, 1, 1).String()[:4]+",http") {
			t.Errorf("the notice of %d has no address in notices.csv", year)
		}
	}
	if len(Builtin().covered) != 20 {
		t.Errorf("%d years are covered, want 20", len(Builtin().covered))
	}
}
