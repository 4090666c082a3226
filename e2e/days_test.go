package e2e

import (
	"testing"
	"time"
)

// day is a civil date: days since 1 January 1970. The replay counts with it and nothing else, so that a mistake in the
// program's own calendar cannot hide.
type day int

func date(year int, month time.Month, dayOfMonth int) day {
	return day(time.Date(year, month, dayOfMonth, 0, 0, 0, 0, time.UTC).Unix() / 86400)
}

func (d day) time() time.Time { return time.Unix(int64(d)*86400, 0).UTC() }

// String is YYYY-MM-DD, empty for no day.
func (d day) String() string {
	if d == 0 {
		return ""
	}
	return d.time().Format(time.DateOnly)
}

// at is an instant of the day in China, which has had no summer time since 1991.
func (d day) at(clock string) string { return d.String() + "T" + clock + "+08:00" }

// The working days of 2019 by hand, from the State Council's notices 国办发明电〔2018〕15号 (the year) and
// 国办发明电〔2019〕3号 (of 22 March 2019, which made the May holiday four days). The replay ends in June.
var (
	holidays2019 = map[day]bool{
		date(2019, 1, 1): true,                                                                                                 // 元旦, Tuesday
		date(2019, 2, 4): true, date(2019, 2, 5): true, date(2019, 2, 6): true, date(2019, 2, 7): true, date(2019, 2, 8): true, // 春节
		date(2019, 4, 5): true,                                                 // 清明节, Friday
		date(2019, 5, 1): true, date(2019, 5, 2): true, date(2019, 5, 3): true, // 劳动节, Wednesday to Friday
		date(2019, 6, 7): true, // 端午节, Friday
	}
	madeUp2019 = map[day]bool{
		date(2019, 2, 2): true, date(2019, 2, 3): true, // Saturday and Sunday before 春节
		date(2019, 4, 28): true, date(2019, 5, 5): true, // Sundays around 劳动节
	}
)

func (d day) works() bool {
	if madeUp2019[d] {
		return true
	}
	weekday := d.time().Weekday()
	return weekday != time.Saturday && weekday != time.Sunday && !holidays2019[d]
}

// plus is the last day of a window of n working days; the day itself is not counted (民法典 art. 201).
func (d day) plus(n int) day {
	for n > 0 {
		d++
		if d.works() {
			n--
		}
	}
	return d
}

func TestDaysOfThe2019Season(t *testing.T) {
	for _, c := range []struct{ from, due string }{
		{"2019-01-14", "2019-01-28"}, // plain fortnight
		{"2019-01-25", "2019-02-13"}, // the week of 春节, paid for with 2 and 3 February
		{"2019-03-29", "2019-04-15"}, // 清明
		{"2019-03-31", "2019-04-15"}, // from a Sunday
		{"2019-04-01", "2019-04-16"},
		{"2019-04-19", "2019-05-06"}, // the changed May holiday: 28 April and 5 May work
		{"2019-05-31", "2019-06-17"}, // 端午
	} {
		from, err := time.Parse(time.DateOnly, c.from)
		if err != nil {
			t.Fatal(err)
		}
		if got := day(from.Unix() / 86400).plus(10).String(); got != c.due {
			t.Errorf("10 working days from %s: %s, want %s", c.from, got, c.due)
		}
	}
}
