package workbook_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"

	"nianbao/filing/form"
	"nianbao/filing/workbook"
)

// page is a sheet to be written: rows of cells, nil for blank ones.
type page struct {
	name string
	rows [][]any
}

// exported is a workbook as an accounting program writes it.
func exported(t testing.TB, pages ...page) []byte {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	for i, p := range pages {
		name := p.name
		if i == 0 {
			must(t, f.SetSheetName("Sheet1", name))
		} else if _, err := f.NewSheet(name); err != nil {
			t.Fatal(err)
		}
		for j, row := range p.rows {
			must(t, f.SetSheetRow(name, fmt.Sprintf("A%d", j+1), &row))
		}
	}
	var out bytes.Buffer
	must(t, f.Write(&out))
	return out.Bytes()
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func section(t testing.TB, f *form.Form, kind form.SectionKind) *form.Section {
	t.Helper()
	for _, s := range f.Sections {
		if s.Kind == kind {
			return s
		}
	}
	t.Fatalf("%s has no %s", f.Code, kind)
	return nil
}

// yuan is a figure as a spreadsheet has it.
func yuan(v form.Values, key string) any {
	n, ok := v.Int(key)
	if !ok {
		return nil
	}
	return float64(n) / 100
}

func grouped(v form.Values, key string) any {
	n, _ := v.Int(key)
	f := &form.Field{Kind: form.KindMoney}
	text, _ := f.FormatInt(n)
	whole, rest, _ := strings.Cut(text, ".")
	for i := len(strings.TrimPrefix(whole, "-")) - 3; i > 0; i -= 3 {
		at := len(whole) - len(strings.TrimPrefix(whole, "-")) + i
		whole = whole[:at] + "," + whole[at:]
	}
	return whole + "." + rest
}

// balanceSheet prints a balance sheet as it is printed: two halves side by side,
// the closing column first, labels with blanks and remarks.
func balanceSheet(t testing.TB, r workbook.Report) page {
	s := section(t, r.Form, form.SectionBalanceSheet)
	var assets, others []*form.Field
	for i, f := range s.Fields {
		if f.Line == "60" || i < 22 && len(others) == 0 && !strings.HasPrefix(f.Label, "短期借款") {
			assets = append(assets, f)
		} else {
			others = append(others, f)
		}
	}
	rows := [][]any{{"资  产  负  债  表"}, {"编制单位：" + r.Name, nil, fmt.Sprintf("%d年12月31日", r.Year), nil, nil, "单位：元"},
		{"资　产", "行次", "期末余额", "年初余额", "负债和净资产", "行 次", "期末余额", "年初余额"},
		{"流动资产：", nil, nil, nil, "流动负债：", nil, nil, nil}}
	half := func(list []*form.Field, i int) []any {
		if i >= len(list) {
			return []any{nil, nil, nil, nil}
		}
		f := list[i]
		return []any{"　　" + f.Label, f.Line, yuan(r.Values, f.Key+".closing"), grouped(r.Values, f.Key+".opening")}
	}
	for i := range max(len(assets), len(others)) {
		rows = append(rows, append(half(assets, i), half(others, i)...))
	}
	return page{"资产负债表", rows}
}

// activities prints the statement of activities with two rows of headings, this
// year's before last year's.
func activities(t testing.TB, r workbook.Report) page {
	s := section(t, r.Form, form.SectionActivities)
	rows := [][]any{{"业务活动表", nil, nil, "会民非02表"}, {fmt.Sprintf("%d年度", r.Year)},
		{"行次", "项  目", "本年累计数", nil, nil, "上年数", nil, nil},
		{nil, nil, "非限定性", "限定性", "合计", "非限定性", "限定性", "合计"}, {nil, "一、收  入"}}
	for i, f := range s.Fields {
		label := f.Label
		switch {
		case i == 1:
			label = "其中：" + label
		case strings.HasSuffix(label, "合计"):
			label = "二、" + label
		case f.Line == "45":
			label = "四、净资产变动额（若为净资产减少额，以“-”号填列）"
		}
		row := []any{f.Line, label}
		for _, key := range []string{"unrestricted", "restricted", "total", "prior_unrestricted", "prior_restricted", "prior_total"} {
			row = append(row, yuan(r.Values, f.Key+"."+key))
		}
		rows = append(rows, row)
	}
	return page{"Sheet2", rows}
}

// cashFlow prints the cash flow statement with labels that repeat.
func cashFlow(t testing.TB, r workbook.Report) page {
	s := section(t, r.Form, form.SectionCashFlow)
	rows := [][]any{{"现金流量表"}, {"项目", "行次", "本月数", "本年累计数"}, {"一、业务活动产生的现金流量："}}
	for _, f := range s.Fields {
		label := f.Label
		for _, word := range []string{"现金流入小计", "现金流出小计"} {
			if strings.HasSuffix(label, word) {
				label = word
			}
		}
		rows = append(rows, []any{label, f.Line, 1, yuan(r.Values, f.Key+".amount")})
	}
	return page{"现金流量表（全年）", rows}
}

// statementValues are the figures of the statements that are filled in by hand.
func statementValues(r workbook.Report) form.Values {
	out := form.Values{}
	for _, f := range r.Form.ValueFields() {
		if f.Section.Kind != form.SectionFields && !f.Computed() {
			if v, ok := r.Values[f.Key]; ok {
				out[f.Key] = v
			}
		}
	}
	return out
}

// The statements as programs print them are read completely, for every form.
func TestExportedStatements(t *testing.T) {
	for _, code := range codes {
		for _, firstYear := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, first year %v", code, firstYear), func(t *testing.T) {
				r := sample(t, code, 3, form.Context{FirstYear: firstYear})
				got := reread(t, exported(t, balanceSheet(t, r), activities(t, r), cashFlow(t, r)), r)
				if p := got.Problems(); len(p) > 0 {
					t.Fatalf("%d problems: %+v", len(p), p)
				}
				if diff := cmp.Diff(statementValues(r), got.Values); diff != "" {
					t.Errorf("-sample +read:\n%s", diff)
				}
				if len(got.Sheets) != 3 || got.Template || got.Base != nil {
					t.Errorf("sheets %v", got.Sheets)
				}
				if place := got.PlaceOf("bs_cash.closing"); place != "资产负债表 C5" {
					t.Errorf("cash was read from %q", place)
				}
			})
		}
	}
}

// A CSV file in the encoding of old programs, one statement below the other.
func TestExportedCSV(t *testing.T) {
	r := sample(t, "service-2004", 1, form.Context{})
	var text bytes.Buffer
	w := csv.NewWriter(&text)
	for _, p := range []page{balanceSheet(t, r), cashFlow(t, r)} {
		for _, row := range p.rows {
			cells := make([]string, len(row))
			for i, cell := range row {
				if cell != nil {
					cells[i] = fmt.Sprint(cell)
				}
			}
			must(t, w.Write(cells))
		}
	}
	w.Flush()
	raw, err := simplifiedchinese.GB18030.NewEncoder().Bytes(text.Bytes())
	must(t, err)
	got := reread(t, raw, r)
	if p := got.Problems(); len(p) > 0 || len(got.Sheets) != 2 {
		t.Fatalf("problems %+v, sheets %v", p, got.Sheets)
	}
	want := statementValues(r)
	for key, value := range got.Values {
		if want[key] != value {
			t.Errorf("%s is %v, want %v", key, value, want[key])
		}
	}
}

// small is a balance sheet of a few lines with a cell replaced.
func small(rows ...[]any) page {
	return page{"资产负债表", append([][]any{{"资产负债表"}, {"单位：元", "2018年12月31日"}, {"项目", "行次", "年初数", "期末数"}}, rows...)}
}

func TestStatementFindings(t *testing.T) {
	r := sample(t, "service-2004", 1, form.Context{})
	for name, c := range map[string]struct {
		page    page
		key     string // a value
		want    any
		problem string // place and the beginning of a problem
		notice  string // part of a notice
	}{
		"plain":              {page: small([]any{"货币资金", 1, 10, 20.5}), key: "bs_cash.closing", want: int64(2050)},
		"no line numbers":    {page: page{"资产负债表", [][]any{{"项目", "期末数"}, {"货币资金", 20.5}}}, key: "bs_cash.closing", want: int64(2050)},
		"only line numbers":  {page: small([]any{nil, 1, 10, 20.5}), key: "bs_cash.closing", want: int64(2050)},
		"full width":         {page: small([]any{"货 币 资 金：", "１", "１０", "２０．５"}), key: "bs_cash.closing", want: int64(2050)},
		"another numbering":  {page: small([]any{"货币资金", 7, 10, 20.5}), key: "bs_cash.closing", want: int64(2050), notice: "行次与报告表的不同"},
		"minus sign prefix":  {page: small([]any{"减:累计折旧", nil, 1, 2}), key: "bs_accumulated_depreciation.closing", want: int64(200)},
		"another name":       {page: small([]any{"应交税费", nil, 1, 2}), key: "bs_taxes_payable.closing", want: int64(200)},
		"noise of fractions": {page: small([]any{"货币资金", 1, 0.1 + 0.2, 1e6 + 0.1}), key: "bs_cash.opening", want: int64(30)},
		"scientific":         {page: small([]any{"货币资金", 1, "1.2E+05", "1e3"}), key: "bs_cash.opening", want: int64(12000000)},
		"brackets":           {page: small([]any{"货币资金", 1, "(1,234.50)", "￥3.00"}), key: "bs_cash.opening", want: int64(-123450)},
		"a dash":             {page: small([]any{"货币资金", 1, "-", 1}), key: "bs_cash.opening", want: int64(0)},
		"a blank":            {page: small([]any{"货币资金", 1, nil, 1}, []any{"存货", 8, 1, 2}), key: "bs_cash.opening", want: int64(0), notice: "1 个空白的金额"},
		"a blank column":     {page: small([]any{"货币资金", 1, nil, 1}), key: "bs_cash.opening", want: nil, notice: "“年初数”整栏没有金额"},
		"three decimals":     {page: small([]any{"货币资金", 1, 1, 1.0 / 3}), problem: "资产负债表 D4 “货币资金（期末数）”要填数字，最多两位小数"},
		"words":              {page: small([]any{"货币资金", 1, 5, "见附注"}, []any{"存货", 8, 1, 2}), problem: "资产负债表 D4 “货币资金（期末数）”要填数字"},
		"unknown line":       {page: small([]any{"货币资金", 1, 5, 6}, []any{"其他应收款", 7, nil, 9}), problem: "资产负债表 D5 “其他应收款”（行次 7）在报告表里没有对应的行"},
		"unknown but zero":   {page: small([]any{"货币资金", 1, 5, 6}, []any{"其他应收款", 7, 0, "-"}), key: "bs_cash.closing", want: int64(600)},
		"a line twice":       {page: small([]any{"货币资金", 1, 5, 6}, []any{"货币资金", 1, 7, 8}), problem: "资产负债表 C5 “货币资金”在表里出现了两次"},
		"a wrong total":      {page: small([]any{"货币资金", 1, 5, 6}, []any{"流动资产合计", 20, 5, 7}), problem: "资产负债表 D5 表里的合计是 7.00，按读到的各行计算是 6.00"},
		"in 万元":              {page: page{"资产负债表", [][]any{{"金额单位：人民币万元"}, {"项目", "期末数"}, {"货币资金", 12.3456}}}, key: "bs_cash.closing", want: int64(12345600), notice: "单位是万元，已换算成元"},
		"in 千元 by the head":  {page: page{"资产负债表", [][]any{{"项目", "期末数（千元）"}, {"货币资金", "1,234.5"}}}, key: "bs_cash.closing", want: int64(123450000), notice: "千元"},
		"by its labels":      {page: page{"Sheet1", [][]any{{"项目", "期末数"}, {"货币资金", 1}, {"存货", 2}, {"短期投资", 3}}}, key: "bs_inventory.closing", want: int64(200)},
		"another maker":      {page: page{"资产负债表", [][]any{{"编制单位：别的单位"}, {"项目", "期末数"}, {"货币资金", 1}}}, key: "bs_cash.closing", want: int64(100), notice: "别的单位"},
		"in November":        {page: page{"资产负债表", [][]any{{"2018年11月30日"}, {"项目", "期末数"}, {"货币资金", 1}}}, key: "bs_cash.closing", want: int64(100), notice: "不是年末"},
		"only totals":        {page: page{"业务活动表", [][]any{{"项目", "本年累计数"}, {"捐赠收入", 1}}}, key: "", problem: "none"},
	} {
		t.Run(name, func(t *testing.T) {
			reading, err := workbook.Read(exported(t, c.page), r)
			if c.problem == "none" {
				if refused := (*workbook.Error)(nil); !errors.As(err, &refused) || refused.Code() != workbook.CodeNothingFound {
					t.Errorf("error %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if c.key != "" && reading.Values[c.key] != c.want {
				t.Errorf("%s is %v, want %v; %+v", c.key, reading.Values[c.key], c.want, reading)
			}
			problem := ""
			for _, p := range reading.Problems() {
				problem += p.Place() + " " + p.Wrong + "\n"
				if p.Fix == "" {
					t.Errorf("no remedy for %s", p.Wrong)
				}
			}
			if c.problem == "" && problem != "" || !strings.HasPrefix(problem, c.problem) {
				t.Errorf("problems %q, want %q", problem, c.problem)
			}
			if notices := strings.Join(reading.Notices, "\n"); !strings.Contains(notices, c.notice) {
				t.Errorf("notices %q, want %q", notices, c.notice)
			}
		})
	}
}

// What is wrong with one cell says so at that cell and leaves the rest alone.
func TestStatementCells(t *testing.T) {
	r := sample(t, "service-2004", 1, form.Context{})
	raw := changed(t, exported(t, small([]any{"货币资金", 1, 5, 6}, []any{"短期投资", 2, 7, 8}, []any{"存货", 8, 9, 10}, []any{"待摊费用", 9, 1, 1})), func(f *excelize.File) {
		const s = "资产负债表"
		for _, cell := range []string{"C4", "D4"} {
			must(t, f.SetCellValue(s, cell, nil))
			must(t, f.SetCellFormula(s, cell, "C5+1"))
		}
		percent, err := f.NewStyle(&excelize.Style{NumFmt: 10})
		must(t, err)
		must(t, f.SetCellStyle(s, "D5", "D5", percent))
		date, err := f.NewStyle(&excelize.Style{NumFmt: 14})
		must(t, err)
		must(t, f.SetCellStyle(s, "C5", "C5", date))
		must(t, f.MergeCell(s, "D6", "D7"))
		must(t, f.SetRowVisible(s, 7, false))
	})
	reading := reread(t, raw, r)
	got := map[string]string{}
	for _, p := range reading.Problems() {
		got[p.Name] = p.Wrong
	}
	for cell, part := range map[string]string{"C4": "公式没有保存", "D4": "公式没有保存", "C5": "日期格式", "D5": "百分比格式", "D6": "合并", "D7": "合并"} {
		if !strings.Contains(got[cell], part) {
			t.Errorf("%s: %q, want %q", cell, got[cell], part)
		}
	}
	if len(got) != 6 || reading.Values["bs_inventory.opening"] != int64(900) || reading.Values["bs_deferred_expense.opening"] != int64(100) {
		t.Errorf("problems %v, values %v", got, reading.Values)
	}
}

func TestWholeFileRefusals(t *testing.T) {
	r := sample(t, "service-2004", 1, form.Context{})
	other := sample(t, "association-2004", 1, form.Context{})
	earlier := r
	earlier.Year = 2017
	stranger := r
	stranger.USCC, stranger.Name = "53440000500123453J", "别的单位"
	for name, c := range map[string]struct {
		raw  []byte
		code string
	}{
		"empty":                {nil, workbook.CodeEmptyFile},
		"too large":            {make([]byte, workbook.MaxBytes+1), workbook.CodeTooLarge},
		"a picture":            {[]byte("\x89PNG\r\n\x1a\n\x00\x00"), workbook.CodeNotTable},
		"no statement":         {exported(t, page{"工资表", [][]any{{"姓名", "工资"}, {"甲", 1}}}), workbook.CodeNothingFound},
		"another form":         {written(t, other, workbook.All), workbook.CodeWrongTemplate},
		"another year":         {written(t, earlier, workbook.All), workbook.CodeWrongYear},
		"another organisation": {written(t, stranger, workbook.All), workbook.CodeWrongOrganisation},
		"a statement of 2017":  {exported(t, page{"资产负债表", [][]any{{"2017年12月31日"}, {"项目", "期末数"}, {"货币资金", 1}}}), workbook.CodeWrongYear},
		"a quote in CSV":       {[]byte("项目,期末数\n\"货币,1\n"), workbook.CodeNotTable},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := workbook.Read(c.raw, r)
			var refused *workbook.Error
			if !errors.As(err, &refused) || refused.Code() != c.code || refused.Detail() == "" {
				t.Fatalf("error %v, want %s", err, c.code)
			}
			if status := refused.HTTPStatus(); (status == 413) != (c.code == workbook.CodeTooLarge) {
				t.Errorf("status %d", status)
			}
		})
	}
}

// A workbook with the same statement twice, as with a sheet a month, is read once.
func TestSameStatementTwice(t *testing.T) {
	r := sample(t, "service-2004", 1, form.Context{})
	second := small([]any{"货币资金", 1, 50, 60})
	second.name = "资产负债表2"
	reading := reread(t, exported(t, small([]any{"货币资金", 1, 5, 6}), second), r)
	if reading.Values["bs_cash.closing"] != int64(600) || len(reading.Notices) != 1 {
		t.Errorf("%v %v", reading.Values, reading.Notices)
	}
}
