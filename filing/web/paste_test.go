package web

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nianbao/filing/form"
)

func TestReadGrid(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       [][]string
	}{
		{"nothing", "", nil},
		{"blank lines", "\n\t\n  \r\n", nil},
		{"one cell", "甲", [][]string{{"甲"}}},
		{"rows and cells", "a\tb\r\nc\t d \n", [][]string{{"a", "b"}, {"c", "d"}}},
		{"old line ends", "a\rb", [][]string{{"a"}, {"b"}}},
		{"empty cells", "\ta\t\t", [][]string{{"", "a", "", ""}}},
		{"a line break in a cell", "\"甲\n乙\"\t1", [][]string{{"甲\n乙", "1"}}},
		{"quotes in quotes", `"他说""好"""` + "\t1", [][]string{{`他说"好"`, "1"}}},
		{"a quote inside", `5"屏` + "\t1", [][]string{{`5"屏`, "1"}}},
		{"a quote that is not closed", "\"甲\t1\n乙\t2", [][]string{{`"甲`, "1"}, {"乙", "2"}}},
		{"text after a quoted cell", `"甲"乙` + "\t1", [][]string{{`"甲"乙`, "1"}}},
	} {
		var got [][]string
		for _, row := range readGrid(c.text) {
			got = append(got, row.cells)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
	if rows := readGrid("a\n\n\nb"); rows[1].number != 4 {
		t.Errorf("the second row is number %d, not the 4th line", rows[1].number)
	}
	if rows := readGrid(strings.Repeat("x\n", maxPasteRows+5)); len(rows) != maxPasteRows {
		t.Errorf("%d rows", len(rows))
	}
	if rows := readGrid(strings.Repeat("x\t", maxPasteCells*2)); len(rows[0].cells) != maxPasteCells {
		t.Errorf("%d cells", len(rows[0].cells))
	}
}

// FuzzReadGrid: any text is read, and what a spreadsheet would write of the cells is read as the same cells.
func FuzzReadGrid(f *testing.F) {
	for _, seed := range []string{"a\tb\nc", "\"a\n\"\t\"\"", `"`, "\"a\"b\t\r\n", "\t\t\n\t"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		rows := readGrid(text)
		var again strings.Builder
		for _, row := range rows {
			for i, cell := range row.cells {
				if i > 0 {
					again.WriteByte('\t')
				}
				again.WriteString(`"` + strings.ReplaceAll(cell, `"`, `""`) + `"`)
			}
			again.WriteByte('\n')
		}
		var want, got [][]string
		for _, row := range rows {
			want = append(want, row.cells)
		}
		for _, row := range readGrid(again.String()) {
			got = append(got, row.cells)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q is read differently the second time:\n%s", text, diff)
		}
	})
}

func table(t *testing.T, key string) *form.Field {
	t.Helper()
	f, ok := serviceForm(t).Field(key)
	if !ok {
		t.Fatalf("no table %s", key)
	}
	return f
}

func TestPasteRows(t *testing.T) {
	units, contracts := table(t, "unit_table"), table(t, "gov_contracts")
	finance := map[string]any{"change": "added", "name": "财务部", "head": "王芳", "approved_on": "2018-03-05"}
	project := map[string]any{"project": "社区服务", "amount": int64(1234567), "received": int64(-500), "funding_source": "fiscal",
		"from": "2018-01-01", "full_time_staff": int64(12)}
	for _, c := range []struct {
		name    string
		table   *form.Field
		text    string
		want    []map[string]any
		problem string
	}{
		{"nothing", units, "  ", nil, "没有可以贴入的行"},
		{"only names", units, "增（减）\t机构名称\t负责人\t批准时间", nil, "没有可以贴入的行"},
		{"a row", units, "增加\t财务部\t王芳\t2018/3/5", []map[string]any{finance}, ""},
		{"the code of an option", units, "added\t财务部\t王芳\t2018年3月5日", []map[string]any{finance}, ""},
		{"under names in another order", units, "机构名称\t批准时间\t负责人\t增(减)\n财务部\t20180305\t王芳\t增加", []map[string]any{finance}, ""},
		{"with a column of other things", units, "序号\t增（减）\t机构名称\t负责人\t批准时间\n7\t增加\t财务部\t王芳\t2018.3.5", []map[string]any{finance}, ""},
		{"with a running number", units, "1\t增加\t财务部\t王芳\t2018-3-5\n\n2\t增加\t财务部\t王芳\t2018-03-05\t", []map[string]any{finance, finance}, ""},
		{"less than all columns", units, "增加\t财务部", []map[string]any{{"change": "added", "name": "财务部"}}, ""},
		{"too many columns", units, "增加\t财务部\t王芳\t2018-3-5\t备注", nil, "第 1 行有 5 列，这张表只有 4 列。"},
		{"no such option", units, "\n撤销\t财务部", nil, "第 2 行第 1 列：“增（减）”没有这个选项，请重新选择。贴入的是“撤销”。"},
		{"no such day", units, "增加\t财务部\t王芳\t2018-2-30", nil, "第 1 行第 4 列：“批准时间”"},
		{"one bad row of two", units, "增加\t财务部\n变更\t人事部", nil, "第 2 行第 1 列"},
		{"amounts as accountants write them", contracts,
			"项目名称\t合同金额（元）\t本年度确认收入\t资金来源\t合同期自\t投入专职人员数\n社区服务\t12,345.67\t(5.00)\t财政资金\t2018年1月1日\t12人", []map[string]any{project}, ""},
		{"a long cell is cut", contracts, "合同金额\t资金来源\n" + strings.Repeat("很", 30) + "\t其他", nil, strings.Repeat("很", maxQuote) + "…"},
	} {
		rows, p := pasteRows(c.table, c.text)
		if diff := cmp.Diff(c.want, rows); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
		if said := strings.Join(p.problems, "\n"); !strings.Contains(said, c.problem) || c.problem == "" && said != "" {
			t.Errorf("%s: said %q, want %q", c.name, said, c.problem)
		}
	}
	_, p := pasteRows(units, strings.Repeat("变更\t甲\n", 50))
	if len(p.problems) != maxProblems+1 || !strings.Contains(p.problems[maxProblems], "还有别的地方") {
		t.Errorf("%d problems are told: %q", len(p.problems), p.problems)
	}
}

func TestPasteCell(t *testing.T) {
	staff := &form.Field{Label: "资金", Kind: form.KindMoney, Unit: "元"}
	for text, want := range map[string]any{"-": int64(0), "—": int64(0), "(1,234.50)": int64(-123450), "（8）": int64(-800), "１２": int64(1200), "": nil} {
		if got, problem := pasteCell(staff, text); got != want || problem != "" {
			t.Errorf("%q is %v, %q; want %v", text, got, problem, want)
		}
	}
	for _, text := range []string{"(", "()", "1)", "五", "(-)"} {
		if got, problem := pasteCell(staff, text); problem == "" {
			t.Errorf("%q is read as %v", text, got)
		}
	}
}

// TestPasteLines reads a balance sheet as spreadsheets have it.
func TestPasteLines(t *testing.T) {
	f := serviceForm(t)
	w := &workspace{year: &year{form: f}}
	grid := func(code string) lineGrid {
		for _, s := range f.Sections {
			if s.Code == code {
				return w.lineGridOf(s)
			}
		}
		t.Fatalf("no section %s", code)
		return lineGrid{}
	}
	cash := map[string]any{"bs_cash.opening": int64(100), "bs_cash.closing": int64(250)}
	bare := func(lines int) string { return strings.Repeat("1.00\t2.00\n", lines) }
	sheet := grid("balance_sheet")
	for _, c := range []struct {
		name, section, text string
		want                map[string]any
		count               int
		problem             string
	}{
		{"name, number, amounts", "balance_sheet", "货币资金\t1\t1.00\t2.50", cash, 0, ""},
		{"number, name, amounts", "balance_sheet", "1\t货币资金\t1\t2.5", cash, 0, ""},
		{"what follows the name as the number does", "balance_sheet", "资产\t年初数\t期末数\n 货币资金 \t1\t2.5", map[string]any{"bs_cash.opening": int64(250)}, 0, ""},
		{"a number left blank", "balance_sheet", "货币资金\t\t1\t2.5", cash, 0, ""},
		{"blank cells change nothing", "balance_sheet", "货币资金\t1\t\t2.5", map[string]any{"bs_cash.closing": int64(250)}, 0, ""},
		{"two halves side by side", "balance_sheet", "货币资金\t1\t1.00\t2.50\t短期借款\t61\t-\t(3)",
			map[string]any{"bs_cash.opening": int64(100), "bs_cash.closing": int64(250), "bs_short_term_loans.opening": int64(0), "bs_short_term_loans.closing": int64(-300)}, 0, ""},
		{"without 减：", "balance_sheet", "累计折旧\t32\t5\t6", map[string]any{"bs_accumulated_depreciation.opening": int64(500), "bs_accumulated_depreciation.closing": int64(600)}, 0, ""},
		{"totals are passed over", "balance_sheet", "货币资金\t1\t1\t2.5\n流动资产合计\t20\t9\t9", cash, 0, ""},
		{"only totals", "balance_sheet", "流动资产合计\t20\t9\t9", nil, 0, "没有可以贴入的金额"},
		{"bare amounts, all lines", "balance_sheet", bare(len(sheet.lines)), nil, 2 * len(sheet.entered()), ""},
		{"bare amounts, entered lines", "balance_sheet", bare(len(sheet.entered())), nil, 2 * len(sheet.entered()), ""},
		{"bare amounts, some lines", "balance_sheet", bare(3), nil, 0, fmt.Sprintf("贴入了 3 行，这张表有 %d 行", len(sheet.lines))},
		{"no amount", "balance_sheet", "货币资金\t1\t1.00\tabc", nil, 0, "第 1 行第 4 列“货币资金，1 行，期末数”不是金额。贴入的是“abc”。"},
		{"too many", "balance_sheet", "货币资金\t1\t1\t2\t3", nil, 0, "第 1 行“货币资金”有 3 个金额，这张表只有 2 栏。"},
		{"a memo line", "activities", "其中：政府购买服务收入\t3.1\t1\t2\t3\t4\t5\t9", nil, 4, ""},
		{"one column", "cash_flow", "接受捐赠收到的现金\t1\t7", map[string]any{"cf_op_donations_received.amount": int64(700)}, 0, ""},
		{"nothing", "cash_flow", "", nil, 0, "没有可以贴入的金额"},
	} {
		set, p := grid(c.section).paste(c.text)
		if c.count > 0 {
			if len(set) != c.count {
				t.Errorf("%s: %d amounts, want %d: %v", c.name, len(set), c.count, p.problems)
			}
			continue
		}
		if diff := cmp.Diff(c.want, set); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
		if said := strings.Join(p.problems, "\n"); !strings.Contains(said, c.problem) || c.problem == "" && said != "" {
			t.Errorf("%s: said %q, want %q", c.name, said, c.problem)
		}
	}
}

// TestEveryLineIsFoundByItsPaper: each line of the three statements is found by its name and number.
func TestEveryLineIsFoundByItsPaper(t *testing.T) {
	set, err := form.Default()
	if err != nil {
		t.Fatal(err)
	}
	for _, code := range []string{"association-2004", "service-2004", "foundation-2004"} {
		f, err := set.Form(code)
		if err != nil {
			t.Fatal(err)
		}
		w := &workspace{year: &year{form: f}}
		for _, s := range f.Sections {
			g := w.lineGridOf(s)
			for _, line := range g.lines {
				if line.Line == "" {
					continue
				}
				if got, _ := g.lineAt([]string{line.Label, line.Line, "1"}, 0); got != line {
					t.Errorf("%s: %s %s is not found", code, line.Line, line.Label)
				}
			}
		}
	}
}
