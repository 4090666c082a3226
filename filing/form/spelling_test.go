package form

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// TestFiguresHaveOneSpelling: every figure drawn is written in one way, which reads back as itself.
func TestFiguresHaveOneSpelling(t *testing.T) {
	dice := rand.New(rand.NewPCG(1, 9))
	for range 5000 {
		n := dice.Int64N(1_000_000_000_000_000)
		n /= []int64{1, 10, 1000, 1_000_000, 1_000_000_000_000}[dice.IntN(5)]
		if dice.IntN(2) == 0 {
			n = -n
		}
		text := formatHundredths(n)
		if got, ok := parseDecimal(text); !ok || got != n {
			t.Fatalf("%d is written %s and read %d, %v", n, text, got, ok)
		}
		if got, ok := parseHours(text); !ok || got != n {
			t.Fatalf("as hours %s is read %d, %v", text, got, ok)
		}
		for _, other := range []string{"0" + text, "+" + text, text + "0", text[:len(text)-1], " " + text, strings.Replace(text, ".", ",", 1), text + "元"} {
			if got, ok := parseDecimal(other); ok {
				t.Fatalf("%q is taken as %d", other, got)
			}
		}
	}
}

func TestHours(t *testing.T) {
	for text, want := range map[string]int64{"0": 0, "12": 1200, "12.5": 1250, "12.50": 1250, "0.5": 50, "0.05": 5, "-1.5": -150, "9999999999999": 999999999999900} {
		if got, ok := parseHours(text); !ok || got != want {
			t.Errorf("%s: %d, %v, want %d", text, got, ok, want)
		}
	}
	for _, bad := range []string{"", ".", ".5", "1.", "1..5", "01", "1.505", "1,5", "-0", "-0.0", "１", "1e2", "12.5h", "1.2.3", "10000000000000"} {
		if got, ok := parseHours(bad); ok {
			t.Errorf("%q is taken as %d", bad, got)
		}
	}
}

func TestIntegers(t *testing.T) {
	for text, want := range map[string]int64{"0": 0, "7": 7, "-7": -7, "9999999999999": largest, "-9999999999999": -largest} {
		if got, ok := parseInteger(text); !ok || got != want {
			t.Errorf("%s: %d, %v", text, got, ok)
		}
	}
	for _, bad := range []string{"", "-", "--1", "-0", "00", "01", "-01", "+1", "1.0", "1e1", "10000000000000", " 1", "1 "} {
		if got, ok := parseInteger(bad); ok {
			t.Errorf("%q is taken as %d", bad, got)
		}
	}
}

// TestDatesAgreeWithTheCalendar goes through four centuries' Februaries and every shape of a date of a year.
func TestDatesAgreeWithTheCalendar(t *testing.T) {
	for year := 1600; year <= 2400; year++ {
		for _, month := range []int{2, 4, 12} {
			for day := 27; day <= 32; day++ {
				text := fmt.Sprintf("%04d-%02d-%02d", year, month, day)
				_, err := time.Parse(time.DateOnly, text)
				if got := validDate(text); got != (err == nil) {
					t.Fatalf("%s: %v, the standard library says %v", text, got, err)
				}
			}
		}
	}
	for _, bad := range []string{"", "2018-1-1", "2018/01/01", "20180101", "2018-00-10", "2018-13-01", "2018-01-00", "0000-01-01",
		"2018-01-01 ", " 2018-01-01", "２018-01-1", "2018-01-0a", "-018-01-01", "2018-01-01T00:00:00Z"} {
		if validDate(bad) {
			t.Errorf("%q is a day", bad)
		}
	}
}
