package workday

import (
	"encoding/json"
	"errors"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func mustDate(t testing.TB, s string) Date {
	t.Helper()
	d, err := ParseDate(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestParseDateRefuses(t *testing.T) {
	for _, in := range []string{
		"", "2026-02-29", "2026-13-01", "2026-00-10", "2026-04-31", "0000-01-01", "2026-3-31", "2026/03/31",
		"20260331", "2026-03-31 ", " 2026-03-31", "2026-03-31T00:00:00Z", "+026-03-31", "２０２６-03-31", "10000-01-01",
	} {
		d, err := ParseDate(in)
		var dateErr *DateError
		if !errors.As(err, &dateErr) || !d.IsZero() {
			t.Errorf("ParseDate(%q) = %v, %v, want a *DateError", in, d, err)
		}
	}
}

func TestDateParts(t *testing.T) {
	tests := []struct {
		in      string
		weekday time.Weekday
		chinese string
		zhDay   string
	}{
		{"2019-03-31", time.Sunday, "2019年3月31日", "星期日"},
		{"2024-02-29", time.Thursday, "2024年2月29日", "星期四"},
		{"2026-03-31", time.Tuesday, "2026年3月31日", "星期二"},
		{"1970-01-01", time.Thursday, "1970年1月1日", "星期四"},
		{"0001-01-01", time.Monday, "1年1月1日", "星期一"},
		{"9999-12-31", time.Friday, "9999年12月31日", "星期五"},
	}
	for _, tt := range tests {
		d := mustDate(t, tt.in)
		if d.String() != tt.in || d.Weekday() != tt.weekday || d.Chinese() != tt.chinese || d.ChineseWeekday() != tt.zhDay {
			t.Errorf("%s: String %s, Weekday %v, Chinese %s %s", tt.in, d, d.Weekday(), d.Chinese(), d.ChineseWeekday())
		}
		if again := NewDate(d.Year(), d.Month(), d.Day()); again != d {
			t.Errorf("%s: rebuilt from its parts it is %s", tt.in, again)
		}
	}
}

func TestNewDateCarriesOverAndStaysInRange(t *testing.T) {
	if got := NewDate(2026, 3, 32); got != mustDate(t, "2026-04-01") {
		t.Errorf("32 March is %s", got)
	}
	for _, d := range []Date{NewDate(0, 12, 31), NewDate(-5, 1, 1), NewDate(10000, 1, 1)} {
		if !d.IsZero() {
			t.Errorf("a date out of range became %s", d)
		}
	}
}

func TestDateOfTakesTheShanghaiDay(t *testing.T) {
	tests := []struct{ instant, want string }{
		{"2019-03-31T15:59:59Z", "2019-03-31"},
		{"2019-03-31T16:00:00Z", "2019-04-01"},
		{"2019-03-31T23:59:59+08:00", "2019-03-31"},
		{"2019-03-31T12:00:00-07:00", "2019-04-01"},
	}
	for _, tt := range tests {
		instant, err := time.Parse(time.RFC3339, tt.instant)
		if err != nil {
			t.Fatal(err)
		}
		if got := DateOf(instant); got.String() != tt.want {
			t.Errorf("DateOf(%s) = %s, want %s", tt.instant, got, tt.want)
		}
	}
	if !DateOf(time.Time{}).IsZero() {
		t.Error("the zero time has a date")
	}
}

func TestStartAndEndBoundTheDay(t *testing.T) {
	d := mustDate(t, "2019-03-31")
	if got := d.Start().Format(time.RFC3339); got != "2019-03-31T00:00:00+08:00" {
		t.Errorf("Start = %s", got)
	}
	if got := d.End().Format(time.RFC3339); got != "2019-04-01T00:00:00+08:00" {
		t.Errorf("End = %s", got)
	}
	// 1986-05-04 began Shanghai's summer time: the day has 23 hours.
	summer := mustDate(t, "1986-05-04")
	if got := summer.End().Sub(summer.Start()); got != 23*time.Hour {
		t.Errorf("the first day of summer time lasts %v", got)
	}
	if DateOf(d.Start()) != d || DateOf(d.End().Add(-1)) != d || DateOf(d.End()) == d {
		t.Error("Start and End do not bound the date")
	}
}

func TestOrderAndArithmetic(t *testing.T) {
	early, late := mustDate(t, "2024-02-28"), mustDate(t, "2024-03-01")
	if !early.Before(late) || early.After(late) || !late.After(early) || early.Before(early) {
		t.Error("Before and After disagree with the calendar")
	}
	if early.Compare(late) != -1 || late.Compare(early) != 1 || early.Compare(early) != 0 || !early.Equal(early) {
		t.Error("Compare disagrees with the calendar")
	}
	if early.AddDays(2) != late || late.AddDays(-2) != early || early.DaysUntil(late) != 2 || late.DaysUntil(early) != -2 {
		t.Error("2024 is a leap year")
	}
	if last := mustDate(t, "9999-12-31"); last.AddDays(math.MaxInt) != last || last.AddDays(math.MinInt) != mustDate(t, "0001-01-01") {
		t.Error("AddDays leaves the range")
	}
}

func TestNoDate(t *testing.T) {
	var none Date
	if none.String() != "" || none.Chinese() != "" || none.ChineseWeekday() != "" || none.Year() != 0 || none.Month() != 0 || none.Day() != 0 {
		t.Error("no date has parts")
	}
	if !none.AddDays(5).IsZero() || none.DaysUntil(mustDate(t, "2026-01-01")) != 0 || !none.Start().IsZero() || !none.End().IsZero() {
		t.Error("no date takes part in arithmetic")
	}
	if !none.Before(mustDate(t, "0001-01-01")) {
		t.Error("no date must sort first")
	}
}

func TestDateScan(t *testing.T) {
	want := mustDate(t, "2019-03-31")
	good := []any{
		time.Date(2019, 3, 31, 0, 0, 0, 0, time.UTC),
		// lib/pq gives a date column a zone without a name; the day written is meant.
		time.Date(2019, 3, 31, 0, 0, 0, 0, time.FixedZone("", 8*3600)),
		"2019-03-31",
		[]byte("2019-03-31"),
	}
	for _, src := range good {
		var d Date
		if err := d.Scan(src); err != nil || d != want {
			t.Errorf("Scan(%v) = %s, %v", src, d, err)
		}
	}
	d := want
	if err := d.Scan(nil); err != nil || !d.IsZero() {
		t.Errorf("Scan(nil) = %s, %v", d, err)
	}
	for _, src := range []any{time.Date(2019, 3, 31, 16, 0, 0, 0, time.UTC), time.Date(12000, 1, 1, 0, 0, 0, 0, time.UTC), "31.3.2019", 7} {
		if err := d.Scan(src); err == nil {
			t.Errorf("Scan(%v) was taken", src)
		}
	}
}

func TestDateValueAndJSON(t *testing.T) {
	if v, err := mustDate(t, "2019-03-31").Value(); v != "2019-03-31" || err != nil {
		t.Errorf("Value = %v, %v", v, err)
	}
	if v, err := (Date{}).Value(); v != nil || err != nil {
		t.Errorf("Value of no date = %v, %v", v, err)
	}
	type body struct {
		Due    Date  `json:"due"`
		Listed *Date `json:"listed"`
		Gone   Date  `json:"gone"`
	}
	in := `{"due":"2019-03-31","listed":null,"gone":""}`
	var got body
	if err := json.Unmarshal([]byte(in), &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(body{Due: mustDate(t, "2019-03-31")}, got); diff != "" {
		t.Errorf("read wrongly (-want +got):\n%s", diff)
	}
	out, err := json.Marshal(got)
	if err != nil || string(out) != in {
		t.Errorf("wrote %s, %v, want %s", out, err, in)
	}
	if err := json.Unmarshal([]byte(`{"due":"2019-02-29"}`), &got); err == nil {
		t.Error("29 February 2019 was taken")
	}
}

// FuzzParseDate: what is taken is written back as it came, and agrees with
// the standard library on parts and distances.
func FuzzParseDate(f *testing.F) {
	for _, seed := range []string{"2026-03-31", "2024-02-29", "1900-02-29", "0001-01-01", "9999-12-31", "2026-3-1", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := ParseDate(s)
		std, stdErr := time.Parse("2006-01-02", s)
		if (err == nil) != (stdErr == nil && std.Year() >= 1) {
			t.Fatalf("ParseDate(%q): %v, time.Parse: %v", s, err, stdErr)
		}
		if err != nil {
			return
		}
		if d.String() != s || d.Weekday() != std.Weekday() || d.Year() != std.Year() || d.Day() != std.Day() {
			t.Fatalf("ParseDate(%q) = %s %v", s, d, d.Weekday())
		}
		next := d.AddDays(1)
		if next != d && next.midnight() != std.AddDate(0, 0, 1) {
			t.Fatalf("the day after %q is %s", s, next)
		}
	})
}
