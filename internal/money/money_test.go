package money

import (
	"encoding/json"
	"errors"
	"math"
	"regexp"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	tests := []struct {
		in   string
		want Fen
	}{
		{"0", 0},
		{"0.00", 0},
		{"-0.00", 0},
		{"0.1", 10},
		{"0.01", 1},
		{"-0.01", -1},
		{"1234", 123400},
		{"1234.5", 123450},
		{"1234.50", 123450},
		{"-1234.56", -123456},
		{"9999999999999.99", Max},
		{"-9999999999999.99", -Max},
		// As a binary fraction 0.29*100 is 28.999…; the result must be exact.
		{"0.29", 29},
		{"1.15", 115},
	}
	for _, tt := range tests {
		got, err := Parse(tt.in)
		if err != nil {
			t.Errorf("Parse(%q): %v", tt.in, err)
		} else if got != tt.want {
			t.Errorf("Parse(%q) = %d, want %d", tt.in, got, tt.want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	tests := []struct{ in, reason string }{
		{"", "没有数字"},
		{"-", "没有数字"},
		{".", "没有数字"},
		{"1,234.00", "分隔号"},
		{"1，234", "分隔号"},
		{"+1", "以外的字符"},
		{" 1", "以外的字符"},
		{"1 ", "以外的字符"},
		{"--1", "以外的字符"},
		{"1e3", "以外的字符"},
		{"1.2.3", "以外的字符"},
		{"１２", "以外的字符"},
		{"3万", "以外的字符"},
		{"NaN", "以外的字符"},
		{".5", "小数点前"},
		{"5.", "小数点后"},
		{"1.005", "两位小数"},
		{"1.000", "两位小数"},
		{"007", "多余的 0"},
		{"00", "多余的 0"},
		{"10000000000000", "超出范围"},
		{strings.Repeat("9", 400), "超出范围"},
	}
	for _, tt := range tests {
		got, err := Parse(tt.in)
		var parseErr *ParseError
		if !errors.As(err, &parseErr) {
			t.Errorf("Parse(%q) = %d, %v, want a *ParseError", tt.in, got, err)
			continue
		}
		if parseErr.Input != tt.in || !strings.Contains(parseErr.Reason, tt.reason) {
			t.Errorf("Parse(%q): reason %q, want one with %q", tt.in, parseErr.Reason, tt.reason)
		}
	}
}

func TestFormats(t *testing.T) {
	tests := []struct {
		in             Fen
		plain, grouped string
	}{
		{0, "0.00", "0.00"},
		{5, "0.05", "0.05"},
		{-5, "-0.05", "−0.05"},
		{99999, "999.99", "999.99"},
		{100000, "1000.00", "1,000.00"},
		{-123456789, "-1234567.89", "−1,234,567.89"},
		{Yuan(30000), "30000.00", "30,000.00"},
		{Max, "9999999999999.99", "9,999,999,999,999.99"},
		{math.MinInt64, "-92233720368547758.08", "−92,233,720,368,547,758.08"},
	}
	for _, tt := range tests {
		if got := tt.in.String(); got != tt.plain {
			t.Errorf("Fen(%d).String() = %q, want %q", int64(tt.in), got, tt.plain)
		}
		if got := tt.in.Grouped(); got != tt.grouped {
			t.Errorf("Fen(%d).Grouped() = %q, want %q", int64(tt.in), got, tt.grouped)
		}
	}
}

func TestJSON(t *testing.T) {
	type body struct {
		Capital *Fen `json:"capital"`
		Income  Fen  `json:"income"`
	}
	var got body
	if err := json.Unmarshal([]byte(`{"capital":null,"income":"-12.30"}`), &got); err != nil {
		t.Fatal(err)
	}
	if got.Capital != nil || got.Income != -1230 {
		t.Errorf("read %+v", got)
	}
	out, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"capital":null,"income":"-12.30"}`; string(out) != want {
		t.Errorf("wrote %s, want %s", out, want)
	}
	for _, bad := range []string{`{"income":12.3}`, `{"income":"12.345"}`} {
		if err := json.Unmarshal([]byte(bad), &got); err == nil {
			t.Errorf("%s was taken", bad)
		}
	}
}

// FuzzParse holds Parse against a pattern written down independently, and
// every amount against its own text.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{"0", "-0.00", "1234.50", "1,000", "9999999999999.99", "1e9", "٣", "0.001"} {
		f.Add(seed)
	}
	pattern := regexp.MustCompile(`\A-?(0|[1-9][0-9]{0,12})(\.[0-9]{1,2})?\z`)
	f.Fuzz(func(t *testing.T, s string) {
		got, err := Parse(s)
		if (err == nil) != pattern.MatchString(s) {
			t.Fatalf("Parse(%q) = %d, %v, against the pattern", s, got, err)
		}
		if err != nil {
			return
		}
		if got > Max || got < -Max {
			t.Fatalf("Parse(%q) = %d is out of range", s, got)
		}
		again, err := Parse(got.String())
		if err != nil || again != got {
			t.Fatalf("Parse(%q) = %d, but its text %q gives %d, %v", s, got, got, again, err)
		}
	})
}
