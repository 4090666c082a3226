package check

import (
	"io/fs"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"nianbao/filing/form"
)

func mustSub(t testing.TB) fs.FS {
	t.Helper()
	sub, err := fs.Sub(embedded, "data")
	if err != nil {
		t.Fatal(err)
	}
	return sub
}

const goodSet = `
version: "1.0"
forms: [service-2004]
files: [one]
families:
  columns: {opening: 年初数, closing: 期末数}
`

const goodCheck = `
group: 试验
forms: [service-2004]
checks:
  - code: TS-ONE
    severity: error
    each: {col: columns}
    let: {sum: bs_cash.$col + bs_inventory.$col}
    expect: $sum >= 0
    message: 货币资金加存货（$col）是{$sum}。
    remedy: 核对（$col）。
    basis: 试验
    passes: {}
    fails:
      set: {bs_cash.closing: "-100.00"}
      message: 货币资金加存货（期末数）是−100.00元。
`

func dataFS(set, checks string) fs.FS {
	return fstest.MapFS{
		"2004/set.yaml": {Data: []byte(set)},
		"2004/one.yaml": {Data: []byte(checks)},
	}
}

func forms(t testing.TB) *form.Set {
	t.Helper()
	set, err := form.Default()
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func TestLoadGood(t *testing.T) {
	if _, err := Load(dataFS(goodSet, goodCheck), forms(t)); err != nil {
		t.Fatal(err)
	}
}

// TestLoadRefuses changes one thing of a good set at a time; the error must name
// the place and the fault.
func TestLoadRefuses(t *testing.T) {
	second := goodCheck[strings.Index(goodCheck, "  - code"):]
	tests := []struct {
		name, old, new string
		inSet          bool
		want           string
	}{
		{"unknown entry", "    basis: 试验", "    basis: 试验\n    remark: x", false, `unknown field "remark"`},
		{"unknown entry of an example", "    passes: {}", "    passes: {sett: {}}", false, `unknown field "sett"`},
		{"unknown entry of the set", `version: "1.0"`, "version: \"1.0\"\nremark: x", true, `unknown field "remark"`},
		{"code twice", second, second + second, false, "2004/one.yaml:17: code TS-ONE on service-2004 is already used at 2004/one.yaml:5"},
		{"bad code", "TS-ONE", "ts one", false, "code must look like"},
		{"bad severity", "severity: error", "severity: fatal", false, "severity must be error or warning"},
		{"no remedy", "    remedy: 核对（$col）。\n", "", false, "remedy must be given"},
		{"no basis", "    basis: 试验\n", "", false, "basis must be given"},
		{"no message", "    message: 货币资金加存货（$col）是{$sum}。\n", "", false, "message must be given"},
		{"no expectation", "    expect: $sum >= 0\n", "", false, "expect must be given"},
		{"no passing example", "    passes: {}\n", "", false, "a passing example must be given"},
		{"no failing message", "      message: 货币资金加存货（期末数）是−100.00元。\n", "", false, "a failing example with its message"},
		{"syntax", "$sum >= 0", "$sum >= ", false, "2004/one.yaml:5: TS-ONE: expect"},
		{"not a condition", "$sum >= 0", "$sum + 1", false, "must be true or false"},
		{"wrong types", "$sum >= 0", "$sum >= 'a'", false, "found no matching overload"},
		{"key not in the form", "bs_inventory.$col", "bs_nothing.$col", false, "undeclared reference"},
		{"column not in the table", "$sum >= 0", "total(gov_contracts, 'nothing') >= $sum", false, "has no column nothing"},
		{"table by expression", "$sum >= 0", "total(gov_contracts.filter(r, true), 'amount') >= $sum", false, "takes the key of a table"},
		{"unknown stand-in", "（$col）是", "（$column）是", false, "$column stands for nothing"},
		{"unknown stand-in in braces", "是{$sum}", "是{$total}", false, "$total stands for nothing"},
		{"brace open", "是{$sum}", "是{$sum", false, "brace is not closed"},
		{"message does not compile", "是{$sum}", "是{$sum +}", false, "message"},
		{"unknown family", "col: columns", "col: rows", false, "family rows is not in set.yaml"},
		{"unknown form", "forms: [service-2004]\nchecks", "forms: [service-1999]\nchecks", false, "form service-1999 is not one of this set"},
		{"blank key not in the form", "    expect:", "    blank: [nothing]\n    expect:", false, "nothing is not in form service-2004"},
		{"keys not in the form", "    expect:", "    keys: [nothing]\n    expect:", false, "nothing is not in form service-2004"},
		{"rows of no table", "    expect:", "    rows: bs_cash\n    expect:", false, "has no table bs_cash"},
		{"when is no condition", "    expect:", "    when: year\n    expect:", false, "when: is int"},
		{"no version", `version: "1.0"`, `version: ""`, true, "version and forms must be given"},
		{"file not named", "files: [one]", "files: []", true, "files does not name one.yaml"},
		{"file not there", "files: [one]", "files: [one, two]", true, "two.yaml"},
		{"family of nothing", "{opening: 年初数, closing: 期末数}", "[]", true, "family columns"},
		{"form that is not there", "forms: [service-2004]", "forms: [service-2004, x-1]", true, `no form "x-1"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			set, checks := goodSet, goodCheck
			target := &checks
			if tt.inSet {
				target = &set
			}
			if !strings.Contains(*target, tt.old) {
				t.Fatalf("nothing to replace: %q", tt.old)
			}
			*target = strings.Replace(*target, tt.old, tt.new, 1)
			_, err := Load(dataFS(set, checks), forms(t))
			if err == nil {
				t.Fatal("loaded")
			}
			if !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %q\nmust say %q", err, tt.want)
			}
		})
	}
}

func TestLoadRefusesTwoGenerationsForOneForm(t *testing.T) {
	two := fstest.MapFS{
		"2004/set.yaml": {Data: []byte(goodSet)}, "2004/one.yaml": {Data: []byte(goodCheck)},
		"2024/set.yaml": {Data: []byte(goodSet)}, "2024/one.yaml": {Data: []byte(goodCheck)},
	}
	if _, err := Load(two, forms(t)); err == nil || !strings.Contains(err.Error(), "2004 and 2024 both check form service-2004") {
		t.Errorf("error %v", err)
	}
	if _, err := Load(fstest.MapFS{}, forms(t)); err == nil {
		t.Error("an empty set loaded")
	}
}

// TestVersionFollowsTheContent: a changed rule is another version even where the
// declared one was left as it was.
func TestVersionFollowsTheContent(t *testing.T) {
	one, err := Load(dataFS(goodSet, goodCheck), forms(t))
	if err != nil {
		t.Fatal(err)
	}
	other, err := Load(dataFS(goodSet, strings.Replace(goodCheck, ">= 0", ">= 1", 1)), forms(t))
	if err != nil {
		t.Fatal(err)
	}
	a, b := one.Version("service-2004"), other.Version("service-2004")
	if !regexp.MustCompile(`^1\.0-[0-9a-f]{8}$`).MatchString(a) || a == b {
		t.Errorf("versions %q and %q", a, b)
	}
	again, _ := Load(dataFS(goodSet, goodCheck), forms(t))
	if again.Version("service-2004") != a {
		t.Error("the same content has two versions")
	}
}
