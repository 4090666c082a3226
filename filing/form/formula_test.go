package form

import (
	"strings"
	"testing"
)

func TestParseFormula(t *testing.T) {
	known := map[string]*Field{}
	for _, key := range []string{"a", "b", "c", "11", "3.1"} {
		known[key] = &Field{Key: key}
	}
	lookup := func(ref string) (*Field, bool) { f, ok := known[ref]; return f, ok }
	for _, tc := range []struct{ text, terms, divisor string }{
		{"a", "+a", ""}, {"a+b-c", "+a +b -c", ""}, {"11-3.1+b", "+11 -3.1 +b", ""},
		{"a/b", "+a", "b"}, {"(a+b)/c", "+a +b", "c"}, {"(a-b)/11", "+a -b", "11"},
	} {
		terms, divisor, err := parseFormula(tc.text, lookup)
		if err != nil {
			t.Errorf("%s: %v", tc.text, err)
			continue
		}
		var shown []string
		for _, term := range terms {
			sign := map[int64]string{1: "+", -1: "-"}[term.Sign]
			shown = append(shown, sign+term.Field.Key)
		}
		if got := strings.Join(shown, " "); got != tc.terms {
			t.Errorf("%s: terms %s, want %s", tc.text, got, tc.terms)
		}
		if (divisor == nil) != (tc.divisor == "") || divisor != nil && divisor.Key != tc.divisor {
			t.Errorf("%s: divisor %+v, want %q", tc.text, divisor, tc.divisor)
		}
	}
	for _, bad := range []string{"", "+a", "a+", "a++b", "a*b", "a/b/c", "(a+b", "a+b)/c", "a/(b)", "d", "a /b"} {
		if terms, _, err := parseFormula(bad, lookup); err == nil {
			t.Errorf("%q is taken as %v", bad, terms)
		}
	}
}

func TestRatio(t *testing.T) {
	for _, tc := range []struct{ part, whole, want int64 }{
		{0, 100, 0}, {1, 3, 3333}, {2, 3, 6667}, {1, 1, 10000}, {5, 2, 25000}, {1, 20000, 1}, {1, 20001, 0},
		{1, 0, 0}, {1, -5, 0}, {-1, 5, 0}, {999_999_999_999_999, 999_999_999_999_999, 10000}, {700_000_000_000_000, 999_999_999_999_999, 7000},
	} {
		if got := ratio(tc.part, tc.whole); got != tc.want {
			t.Errorf("ratio(%d, %d) = %d, want %d", tc.part, tc.whole, got, tc.want)
		}
	}
}
