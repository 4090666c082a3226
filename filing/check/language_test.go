package check

import (
	"strings"
	"testing"

	"cel.dev/cel-go/common/types"

	"nianbao/filing/form"
	"nianbao/internal/workday"
)

// evaluate runs one expression on a service report.
func evaluate(t *testing.T, src string, values form.Values) (any, error) {
	t.Helper()
	f, err := forms(t).Form("service-2004")
	if err != nil {
		t.Fatal(err)
	}
	vars := variablesOf(f)
	env, err := newEnv(vars)
	if err != nil {
		t.Fatal(err)
	}
	p, _, _, err := compiler{env: env, vars: vars}.program(src)
	if err != nil {
		t.Fatal(err)
	}
	in := &Input{Form: f, Values: values, ReportYear: 2018, Today: workday.NewDate(2019, 2, 1)}
	out, _, err := p.Eval(&activation{in: in, vars: vars})
	if err != nil {
		return nil, err
	}
	if types.IsError(out) {
		t.Fatalf("%s: error value without error", src)
	}
	return out.Value(), nil
}

func TestFunctions(t *testing.T) {
	values := form.Values{
		"gov_contracts": []map[string]any{
			{"amount": int64(1000), "received": int64(700)}, {"amount": int64(500)}, {"received": int64(50)},
		},
		"change_table": []map[string]any{},
		"name":         "示例",
	}
	tests := []struct {
		src  string
		want any
	}{
		{"total(gov_contracts, 'amount')", int64(1500)},
		{"total(change_table, 'item')", int64(0)},
		{"total(unit_table, 'name')", int64(0)},
		{"above(gov_contracts, 'received', 50)", int64(1)},
		{"above(gov_contracts, 'received', -1)", int64(2)},
		{"size(gov_contracts)", int64(3)},
		{"percent(1, 3)", int64(3333)},
		{"percent(2, 3)", int64(6667)},
		{"percent(1, 20000)", int64(1)},
		{"percent(-1, 20000)", int64(-1)},
		{"percent(-1, 3)", int64(-3333)},
		{"percent(9000000000000000, 9000000000000000)", int64(10000)},
		{"share(pct(70), yuan(600000))", int64(42000000)},
		{"share(pct(8), 1)", int64(0)},
		{"share(1234, 9000000000000000000)", int64(1110600000000000000)},
		{"wan(20) == yuan(200000)", true},
		{"abs(-5)", int64(5)},
		{"abs(5)", int64(5)},
		{"names('张三、李四，王五 赵六')", int64(4)},
		{"names('无')", int64(0)},
		{"names('')", int64(0)},
		{"year_of('2018-12-31')", int64(2018)},
		{"year_of(today) - year", int64(1)},
		{"add_years('2016-02-29', 1)", "2017-02-28"},
		{"add_years('2016-10-20', 5)", "2021-10-20"},
		{"name == '示例'", true},
		{"bs_cash.closing == 0 && sponsor == ''", true}, // blanks, where a check allows them
	}
	for _, tt := range tests {
		got, err := evaluate(t, tt.src, values)
		if err != nil || got != tt.want {
			t.Errorf("%s = %v, %v; want %v", tt.src, got, err, tt.want)
		}
	}
}

func TestFunctionErrors(t *testing.T) {
	values := form.Values{"gov_contracts": []map[string]any{{"amount": int64(1<<63 - 1)}, {"amount": int64(1)}}}
	for _, src := range []string{
		"total(gov_contracts, 'amount')",
		"percent(1, 0)",
		"share(9000000000000000000, 9000000000000000000)",
		"wan(9223372036854775807)",
		"year_of('x')",
		"add_years('2016-13-01', 1)",
		"add_years('2016-01-01', 100000)",
		"bs_cash.closing + 9223372036854775807 + 1",
	} {
		if got, err := evaluate(t, src, values); err == nil {
			t.Errorf("%s = %v, want an error", src, got)
		}
	}
}

// TestCostLimit: an expression that goes over its own output again and again is
// cut off.
func TestCostLimit(t *testing.T) {
	rows := make([]map[string]any, 500)
	for i := range rows {
		rows[i] = map[string]any{"amount": int64(i)}
	}
	src := "gov_contracts.all(a, gov_contracts.all(b, gov_contracts.all(c, true)))"
	_, err := evaluate(t, src, form.Values{"gov_contracts": rows})
	if err == nil || !strings.Contains(err.Error(), "cost limit exceeded") {
		t.Errorf("error %v", err)
	}
}

func TestShown(t *testing.T) {
	f, err := forms(t).Form("service-2004")
	if err != nil {
		t.Fatal(err)
	}
	field := func(key string) *form.Field {
		found, ok := f.Field(key)
		if !ok {
			t.Fatalf("no field %s", key)
		}
		return found
	}
	tests := []struct {
		value any
		kind  form.Kind
		field *form.Field
		want  string
	}{
		{int64(123456789), form.KindMoney, nil, "1,234,567.89元"},
		{int64(-5), form.KindMoney, nil, "−0.05元"},
		{int64(1014), form.KindPercent, nil, "10.14%"},
		{int64(-1014), form.KindPercent, nil, "−10.14%"},
		{int64(150050), form.KindNumber, field("volunteer_hours"), "1500.50"},
		{int64(12), form.KindNumber, field("employees"), "12"},
		{"yes", form.KindChoice, field("charity"), "是"},
		{"2018-03-31", form.KindDate, nil, "2018年3月31日"},
		{"plain", form.KindText, nil, "plain"},
		{true, kindFlag, nil, "true"},
	}
	for _, tt := range tests {
		if got := shown(tt.value, tt.kind, tt.field); got != tt.want {
			t.Errorf("shown(%v, %s) = %s, want %s", tt.value, tt.kind, got, tt.want)
		}
	}
}

// TestBlanks: a check is skipped where a figure it names is blank, unless it says
// that blanks count as nothing; a message says what is blank.
func TestBlanks(t *testing.T) {
	const data = `
group: 试验
forms: [service-2004]
checks:
  - code: TS-SKIPPED
    severity: error
    expect: bs_cash.closing == 1
    message: x
    remedy: x
    basis: x
    passes: {}
    fails: {message: x}
  - code: TS-COUNTED
    severity: warning
    blank: [bs_cash.closing, gov_contracts, sponsor]
    expect: bs_cash.closing + size(gov_contracts) == 1 || sponsor != ''
    message: 现金{bs_cash.closing}，存货{bs_inventory.closing}，合计{bs_cash.closing + 5}。
    remedy: 改正（{sponsor}）。
    basis: x
    passes: {}
    fails: {message: x}
`
	set := strings.Replace(goodSet, "  columns: {opening: 年初数, closing: 期末数}\n", "  none: [x]\n", 1)
	checks, err := Load(dataFS(set, data), forms(t))
	if err != nil {
		t.Fatal(err)
	}
	f, _ := forms(t).Form("service-2004")
	findings, err := checks.Run(Input{Form: f, Values: form.Values{"name": "示例"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, found := range findings {
		switch found.Check {
		case "TS-SKIPPED":
			t.Error("a check of a blank figure ran")
		case "TS-COUNTED":
			if want := "现金（未填），存货（未填），合计0.05元。"; found.Message != want {
				t.Errorf("message %s, want %s", found.Message, want)
			}
			if want := "改正（（未填））。"; found.Remedy != want {
				t.Errorf("remedy %s, want %s", found.Remedy, want)
			}
			return
		}
	}
	t.Error("blanks were not counted")
}
