package workday

import (
	"database/sql/driver"
	"fmt"
	"time"
	_ "time/tzdata" // the zone must not depend on the machine's files
)

// Shanghai is the zone of every civil date and of the clock's jobs.
var Shanghai = mustShanghai()

func mustShanghai() *time.Location {
	zone, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		// The zone data is linked in, so only a broken build comes here.
		panic(fmt.Sprintf("load Asia/Shanghai: %v", err))
	}
	return zone
}

// Date is a civil date in Shanghai between 0001-01-01 and 9999-12-31. The zero
// Date means "no date"; it sorts before every other. Dates are compared with
// == and may be map keys.
type Date struct {
	// day counts from 1 = 0001-01-01; 0 is no date.
	day int32
}

const (
	isoLayout     = "2006-01-02"
	secondsPerDay = 24 * 60 * 60
	// unixEpochDay is the day number of 1970-01-01.
	unixEpochDay = 719163
	// lastDay is the day number of 9999-12-31.
	lastDay = 3652059
)

// NewDate is the given civil date. Days and months out of range carry over as
// in time.Date, so NewDate(2026, 3, 32) is 1 April. A result outside the years
// 1 to 9999 is no date.
func NewDate(year int, month time.Month, day int) Date {
	return fromMidnight(time.Date(year, month, day, 0, 0, 0, 0, time.UTC))
}

// fromMidnight is the date of a midnight in UTC.
func fromMidnight(t time.Time) Date {
	n := t.Unix()/secondsPerDay + unixEpochDay
	if n < 1 || n > lastDay {
		return Date{}
	}
	return Date{day: int32(n)}
}

// DateOf is the civil date in Shanghai at the instant t; no date for the zero
// time.
func DateOf(t time.Time) Date {
	if t.IsZero() {
		return Date{}
	}
	return NewDate(t.In(Shanghai).Date())
}

// DateError says that a text is no date. Error is Chinese and may be shown.
type DateError struct{ Input string }

// Error names the input and the form that is expected.
func (e *DateError) Error() string {
	return fmt.Sprintf("“%s”不是有效日期，应写成 2026-03-31 这样的形式", e.Input)
}

// ParseDate reads YYYY-MM-DD, strictly: ten ASCII characters and a day that
// exists. Anything else is a *DateError.
func ParseDate(s string) (Date, error) {
	if len(s) != len(isoLayout) {
		return Date{}, &DateError{Input: s}
	}
	t, err := time.Parse(isoLayout, s)
	if err != nil || t.Year() < 1 {
		return Date{}, &DateError{Input: s}
	}
	return fromMidnight(t), nil
}

// midnight is the date's start in UTC, where every day has 24 hours.
func (d Date) midnight() time.Time {
	return time.Unix((int64(d.day)-unixEpochDay)*secondsPerDay, 0).UTC()
}

// IsZero reports whether there is no date.
func (d Date) IsZero() bool { return d.day == 0 }

// Year is the date's year, 0 for no date.
func (d Date) Year() int {
	if d.IsZero() {
		return 0
	}
	return d.midnight().Year()
}

// Month is the date's month, 0 for no date.
func (d Date) Month() time.Month {
	if d.IsZero() {
		return 0
	}
	return d.midnight().Month()
}

// Day is the day of the month, 0 for no date.
func (d Date) Day() int {
	if d.IsZero() {
		return 0
	}
	return d.midnight().Day()
}

// Weekday is the date's day of the week.
func (d Date) Weekday() time.Weekday { return time.Weekday(d.day % 7) }

// Before reports whether d is earlier than other.
func (d Date) Before(other Date) bool { return d.day < other.day }

// After reports whether d is later than other.
func (d Date) After(other Date) bool { return d.day > other.day }

// Equal reports whether both are the same date; == does the same.
func (d Date) Equal(other Date) bool { return d == other }

// Compare is -1, 0 or +1 as d is before, at or after other.
func (d Date) Compare(other Date) int {
	switch {
	case d.day < other.day:
		return -1
	case d.day > other.day:
		return +1
	}
	return 0
}

// AddDays is the date n calendar days later, or earlier if n is negative. No
// date stays no date; the ends of the range hold (0001-01-01, 9999-12-31).
func (d Date) AddDays(n int) Date {
	if d.IsZero() {
		return d
	}
	n = min(max(n, -lastDay), lastDay)
	return Date{day: int32(min(max(int(d.day)+n, 1), lastDay))}
}

// DaysUntil counts calendar days from d to other; negative if other is
// earlier, 0 if either is no date.
func (d Date) DaysUntil(other Date) int {
	if d.IsZero() || other.IsZero() {
		return 0
	}
	return int(other.day) - int(d.day)
}

// Start is the date's first instant, 00:00 in Shanghai; the zero time for no
// date. (Shanghai kept summer time from 1986 to 1991, never at midnight since
// 1970, so the instant exists.)
func (d Date) Start() time.Time {
	if d.IsZero() {
		return time.Time{}
	}
	year, month, day := d.midnight().Date()
	return time.Date(year, month, day, 0, 0, 0, 0, Shanghai)
}

// End is the first instant that is no longer in the date: the start of the
// next day (民法典 art. 203: the last day ends at 24:00).
func (d Date) End() time.Time {
	if d.IsZero() {
		return time.Time{}
	}
	year, month, day := d.midnight().Date()
	return time.Date(year, month, day+1, 0, 0, 0, 0, Shanghai)
}

// String is YYYY-MM-DD, "" for no date.
func (d Date) String() string {
	if d.IsZero() {
		return ""
	}
	return d.midnight().Format(isoLayout)
}

// Chinese is the date as documents print it, 2026年3月31日; "" for no date.
func (d Date) Chinese() string {
	if d.IsZero() {
		return ""
	}
	year, month, day := d.midnight().Date()
	return fmt.Sprintf("%d年%d月%d日", year, int(month), day)
}

// ChineseWeekday is 星期一 to 星期日; "" for no date.
func (d Date) ChineseWeekday() string {
	if d.IsZero() {
		return ""
	}
	names := [...]string{"日", "一", "二", "三", "四", "五", "六"}
	return "星期" + names[d.Weekday()]
}

// MarshalText writes String, so no date is "" in JSON; use *Date or omitzero
// where null or nothing is wanted.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what ParseDate reads, and "" as no date.
func (d *Date) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*d = Date{}
		return nil
	}
	parsed, err := ParseDate(string(text))
	if err != nil {
		return err
	}
	*d = parsed
	return nil
}

// Scan reads a column of type date; NULL is no date. An instant that is not a
// midnight is refused: it would come from a timestamp column, whose date
// depends on the zone and must be taken with DateOf.
func (d *Date) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*d = Date{}
		return nil
	case time.Time:
		if v.Hour() != 0 || v.Minute() != 0 || v.Second() != 0 || v.Nanosecond() != 0 {
			return fmt.Errorf("scan date: %s is an instant, not a date", v.Format(time.RFC3339Nano))
		}
		scanned := NewDate(v.Date())
		if scanned.IsZero() {
			return fmt.Errorf("scan date: year %d is outside 1 to 9999", v.Year())
		}
		*d = scanned
		return nil
	case string:
		return d.UnmarshalText([]byte(v))
	case []byte:
		return d.UnmarshalText(v)
	}
	return fmt.Errorf("scan date: cannot read %T", src)
}

// Value is the date as PostgreSQL reads it, NULL for no date.
func (d Date) Value() (driver.Value, error) {
	if d.IsZero() {
		return nil, nil //nolint:nilnil // nil is how database/sql writes NULL
	}
	return d.String(), nil
}
