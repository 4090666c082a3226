package web

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nianbao/filing/form"
	"nianbao/internal/workday"
)

func serviceForm(t testing.TB) *form.Form {
	t.Helper()
	set, err := form.Default()
	if err != nil {
		t.Fatal(err)
	}
	f, err := set.Form("service-2004")
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestParse(t *testing.T) {
	f := serviceForm(t)
	for _, c := range []struct {
		key, text string
		want      any // nil with "refused" in text's place: see wrong
		wrong     bool
	}{
		{"registered_capital", "1,234.5", int64(123450), false},
		{"registered_capital", " １２，３４５．６７ 元", int64(1234567), false},
		{"registered_capital", "−20", int64(-2000), false},
		{"registered_capital", "-0.00", int64(0), false},
		{"registered_capital", "0007.10", int64(710), false},
		{"registered_capital", ".5", int64(50), false},
		{"registered_capital", "8.", int64(800), false},
		{"registered_capital", "", nil, false},
		{"registered_capital", "  ", nil, false},
		{"registered_capital", "1.234", nil, true},
		{"registered_capital", "1e5", nil, true},
		{"registered_capital", "元", nil, true},
		{"registered_capital", "-", nil, true},
		{"registered_capital", "五千", nil, true},
		{"registered_capital", "99999999999999", nil, true},
		{"employees", "1,204 人", int64(1204), false},
		{"employees", "3.5", nil, true},
		{"volunteer_hours", "12.5", int64(1250), false},
		{"volunteer_hours", "12", int64(1200), false},
		{"report_year", "2018", int64(2018), false},
		{"report_year", "18", nil, true},
		{"charity_admin_ratio", "8.25%", int64(825), false},
		{"established_on", "2004-05-01", "2004-05-01", false},
		{"established_on", "2004年5月1日", "2004-05-01", false},
		{"established_on", "２００４／５／１", "2004-05-01", false},
		{"established_on", "2004-02-30", nil, true},
		{"established_on", "昨天", nil, true},
		{"legal_form", "individual", "individual", false},
		{"legal_form", "other", nil, true},
		{"name", "  向阳\t中心\u0007 ", "向阳 中心", false},
		{"work_report", "一\r\n二\u000b", "一\n二", false},
		{"name", "e\u0301", "é", false},
	} {
		field, ok := f.Field(c.key)
		if !ok {
			t.Fatalf("no field %s", c.key)
		}
		got, problem := parse(field, c.text)
		if (problem != "") != c.wrong || got != c.want {
			t.Errorf("%s %q: %v %q, want %v", c.key, c.text, got, problem, c.want)
		}
		if c.wrong && !strings.Contains(problem, field.Label) {
			t.Errorf("%s %q: the problem does not name the field: %s", c.key, c.text, problem)
		}
	}
}

// Whatever is typed, what is read can be stored in a draft and comes back.
func FuzzParse(f *testing.F) {
	reportForm := serviceForm(f)
	for _, seed := range []string{"1,234.5", "−20", "元", "2004年5月1日", "a\x00b\n", "９９９９９９９９９９９９９．９９", "legal_person", "\u2028", "-00", "10000101"} {
		f.Add(seed)
	}
	keys := []string{"registered_capital", "employees", "volunteer_hours", "report_year", "established_on", "legal_form", "name", "work_report", "bs_cash.closing"}
	f.Fuzz(func(t *testing.T, text string) {
		for _, key := range keys {
			field, _ := reportForm.Field(key)
			value, problem := parse(field, strings.ToValidUTF8(text, ""))
			if problem != "" || value == nil {
				continue
			}
			body, err := reportForm.Encode(form.Values{key: value})
			if err != nil {
				t.Fatalf("%s %q: %v", key, text, err)
			}
			decoded, problems, err := reportForm.Decode(body, form.DefaultLimits)
			if err != nil || len(problems) > 0 || decoded.Values[key] != value {
				t.Fatalf("%s %q: stored as %s: %v %v %v", key, text, body, decoded, problems, err)
			}
			if again, problem := parse(field, typed(field, value)); again != value || problem != "" {
				t.Fatalf("%s %q: shown as %q, read again as %v %s", key, text, typed(field, value), again, problem)
			}
		}
	})
}

func TestReadTable(t *testing.T) {
	f := serviceForm(t)
	table, _ := f.Field("change_table")
	row := func(i, item, on string) url.Values {
		return url.Values{"change_table[" + i + "].item": {item}, "change_table[" + i + "].approved_on": {on}, "change_table[" + i + "].before": {""}}
	}
	sent := func(extra url.Values, rows ...url.Values) url.Values {
		all := url.Values{"change_table.rows": {"4"}}
		for _, r := range append(rows, extra) {
			for k, v := range r {
				all[k] = v
			}
		}
		return all
	}
	rows := []url.Values{row("0", "甲", "2018-01-01"), row("1", "", ""), row("2", "", "某天"), row("3", "丁", "")}
	in := readInput(sent(nil, rows...), []*form.Field{table})
	want := []map[string]any{{"item": "甲", "approved_on": "2018-01-01"}, {}, {"item": "丁"}}
	if diff := cmp.Diff(any(want), in.set["change_table"]); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	if in.typed["change_table[1].approved_on"] != "某天" || len(in.refused) != 1 || in.refused[0].Path != "change_table[1].approved_on" {
		t.Errorf("what could not be read did not move along: %v %v", in.typed, in.refused)
	}
	in = readInput(sent(url.Values{"remove": {"change_table[2]"}}, rows...), []*form.Field{table})
	if list, _ := in.set["change_table"].([]map[string]any); len(list) != 2 || len(in.refused) != 0 || len(in.typed) != 0 {
		t.Errorf("removed: %v %v", in.set, in.refused)
	}
	in = readInput(sent(url.Values{"add": {"change_table"}}, rows...), []*form.Field{table})
	if list, _ := in.set["change_table"].([]map[string]any); len(list) != 5 {
		t.Errorf("added: %v", in.set)
	}
	if in = readInput(url.Values{}, []*form.Field{table}); len(in.set) != 0 {
		t.Errorf("a table that was not sent: %v", in.set)
	}
	many := url.Values{"change_table.rows": {"100000"}, "change_table[0].item": {"甲"}}
	if list, _ := readInput(many, []*form.Field{table}).set["change_table"].([]map[string]any); len(list) != 1 {
		t.Errorf("a row count out of nothing: %v", list)
	}
}

func TestDueWords(t *testing.T) {
	cal := workday.Builtin()
	due := workday.NewDate(2019, 3, 31) // a Sunday
	for today, want := range map[workday.Date]string{
		workday.NewDate(2019, 3, 12): "还剩 13 个工作日",
		workday.NewDate(2019, 3, 28): "还剩 1 个工作日",
		workday.NewDate(2019, 3, 29): "截止前已没有工作日",
		workday.NewDate(2019, 3, 30): "明天到期",
		workday.NewDate(2019, 3, 31): "今天到期",
		workday.NewDate(2019, 4, 1):  "超期 1 个工作日",
		workday.NewDate(2019, 4, 9):  "超期 6 个工作日", // Qingming lies between
	} {
		if got := newDue(cal, today, due, "报送").Words(); got != want {
			t.Errorf("%s: %s, want %s", today, got, want)
		}
	}
	friday := workday.NewDate(2019, 3, 29)
	if got := newDue(cal, workday.NewDate(2019, 3, 30), friday, "报送"); got.Words() != "已经超期" || !got.Over {
		t.Errorf("a Saturday after the due day: %s", got.Words())
	}
	far := newDue(cal, workday.NewDate(2035, 1, 1), workday.NewDate(2035, 3, 1), "报送")
	if !strings.Contains(far.Text, "日历未定") {
		t.Errorf("beyond the calendar: %s", far.Text)
	}
}

func TestShown(t *testing.T) {
	f := serviceForm(t)
	for key, c := range map[string]struct {
		value any
		want  string
	}{
		"registered_capital": {int64(-123450), "−1,234.50"}, "employees": {int64(1204), "1,204"}, "report_year": {int64(2018), "2018"},
		"volunteer_hours": {int64(1250), "12.50"}, "established_on": {"2004-05-01", "2004年5月1日"}, "legal_form": {"individual", "个体"},
		"party_report_mass_organisations": {[]string{"union", "women"}, "工会、妇联"}, "name": {nil, ""},
		"change_table": {[]map[string]any{{"item": "住所", "approved_on": "2018-05-01"}, {}}, "1. 变更事项：住所；批准时间：2018年5月1日\n2. （空）"},
		"unit_table":   {[]map[string]any{}, "无"},
	} {
		field, _ := f.Field(key)
		if got := shown(field, c.value); got != c.want {
			t.Errorf("%s: %q, want %q", key, got, c.want)
		}
	}
	cell, _ := f.Field("bs_receivables.closing")
	if got := labelOf(cell); got != "应收款项，3 行，期末数" {
		t.Errorf("a cell is called %s", got)
	}
	if got := stamp(time.Date(2019, 3, 28, 4, 5, 6, 0, time.UTC)); got != "2019年3月28日 12:05:06" {
		t.Errorf("stamp %s", got)
	}
}

func TestSectionName(t *testing.T) {
	f := serviceForm(t)
	for code, want := range map[string][3]string{"cover": {"", "封面", ""}, "balance_sheet": {"财务会计报告", "资产负债表", "会民非01表"}, "accounts": {"财务会计报告", "编制单位", ""}} {
		for _, s := range f.Sections {
			if s.Code == code {
				group, name, paper := sectionName(s)
				if got := [3]string{group, name, paper}; got != want {
					t.Errorf("%s: %v, want %v", code, got, want)
				}
			}
		}
	}
}
