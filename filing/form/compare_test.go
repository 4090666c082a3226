package form

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// rows makes rows of the changes table.
func changeRows(items ...string) []map[string]any {
	rows := make([]map[string]any, len(items))
	for i, item := range items {
		rows[i] = map[string]any{"item": item}
	}
	return rows
}

func TestChanges(t *testing.T) {
	f := defaultForm(t, "service-2004")
	table, ok := f.Field("change_table")
	if !ok || table.Kind != KindTable {
		t.Fatal("the form has no table change_table")
	}
	item, ok := table.Column("item")
	if !ok {
		t.Fatal("the table has no column item")
	}
	name := table.Label
	long := strings.Repeat("甲", 200)
	tests := map[string]struct {
		before, after Values
		want          []Change
	}{
		"nothing":   {Values{"postcode": "510000"}, Values{"postcode": "510000"}, nil},
		"a word":    {Values{"postcode": "510000"}, Values{"postcode": "510001"}, []Change{{Label: label(t, f, "postcode"), Old: "510000", New: "510001"}}},
		"filled in": {Values{}, Values{"postcode": "510001"}, []Change{{Label: label(t, f, "postcode"), New: "510001"}}},
		"an amount": {Values{"bs_cash.closing": int64(5215000)}, Values{"bs_cash.closing": int64(4215000)},
			[]Change{{Label: label(t, f, "bs_cash.closing"), Old: "52,150.00", New: "42,150.00", Delta: "−10,000.00"}}},
		"an amount from nothing": {Values{}, Values{"bs_cash.closing": int64(100)}, []Change{{Label: label(t, f, "bs_cash.closing"), New: "1.00", Delta: "+1.00"}}},
		"a computed amount": {Values{"bs_assets_total.closing": int64(100)}, Values{"bs_assets_total.closing": int64(300)},
			[]Change{{Label: label(t, f, "bs_assets_total.closing"), Old: "1.00", New: "3.00", Delta: "+2.00", Calculated: true}}},
		"a table filled in": {Values{}, Values{"change_table": changeRows()}, []Change{{Label: name, New: "无"}}},
		"a row more": {Values{"change_table": changeRows("甲", "乙")}, Values{"change_table": changeRows("甲", "丙", "乙")},
			[]Change{{Label: name + "，新增第 2 项", New: item.Label + "：丙"}}},
		"a row less": {Values{"change_table": changeRows("甲", "乙")}, Values{"change_table": changeRows("乙")},
			[]Change{{Label: name + "，删去原第 1 项", Old: item.Label + "：甲"}}},
		"a row changed and one added": {Values{"change_table": changeRows("甲", "乙", "丙")}, Values{"change_table": changeRows("甲", "丁", "丙", "戊")},
			[]Change{{Label: name + "，第 2 项，" + item.Label, Old: "乙", New: "丁"}, {Label: name + "，新增第 4 项", New: item.Label + "：戊"}}},
		"a long text": {Values{"postcode": long + "旧" + long}, Values{"postcode": long + "新的" + long},
			[]Change{{Label: label(t, f, "postcode"), Old: "…" + long[:24*3] + "旧" + long[:24*3] + "…", New: "…" + long[:24*3] + "新的" + long[:24*3] + "…"}}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, f.Changes(tt.before, tt.after)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func label(t *testing.T, f *Form, key string) string {
	t.Helper()
	field, ok := f.Field(key)
	if !ok {
		t.Fatalf("no field %s", key)
	}
	return field.FullLabel()
}

// Every field of every form shows its sample value, and a report is like itself.
func TestShowSamples(t *testing.T) {
	for _, code := range []string{"service-2004", "association-2004", "foundation-2004"} {
		f := defaultForm(t, code)
		values := f.Sample(SampleOptions{Year: 2018, Seed: 1,
			Organisation: Organisation{Name: "向阳中心", USCC: "52440104MJL9876586", RegistrationNo: "1"}})
		if changes := f.Changes(values, values); changes != nil {
			t.Errorf("%s: a report differs from itself: %v", code, changes)
		}
		for _, field := range f.ValueFields() {
			if v, ok := values[field.FullKey()]; ok && v != "" && field.Show(v) == "" {
				t.Errorf("%s: %s shows nothing for %v", code, field.Key, v)
			}
		}
		for _, c := range f.Changes(Values{}, values) {
			if c.Label == "" || c.Old != "" || c.New == "" {
				t.Errorf("%s: from nothing to a sample: %+v", code, c)
			}
		}
	}
}

func TestShowNumbers(t *testing.T) {
	for _, tt := range []struct {
		field Field
		value any
		want  string
	}{
		{Field{Kind: KindMoney}, int64(-123450), "−1,234.50"}, {Field{Kind: KindNumber}, int64(12345), "12,345"},
		{Field{Kind: KindNumber}, int64(-7), "−7"}, {Field{Kind: KindNumber, Decimals: 2}, int64(150), "1.50"},
		{Field{Kind: KindYear}, int64(2018), "2018"}, {Field{Kind: KindDate}, "2019-03-31", "2019年3月31日"},
		{Field{Kind: KindText}, nil, ""}, {Field{Kind: KindTable}, []map[string]any{}, "无"},
	} {
		if got := tt.field.Show(tt.value); got != tt.want {
			t.Errorf("%s %v shows %q, want %q", tt.field.Kind, tt.value, got, tt.want)
		}
	}
}
