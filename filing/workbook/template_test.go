package workbook_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"nianbao/filing/form"
	"nianbao/filing/workbook"
	"nianbao/internal/xlsx"
)

// cellOf finds where a value stands in a workbook.
func cellOf(t testing.TB, r workbook.Report, raw []byte, path string) (sheet, cell string) {
	t.Helper()
	sheet, cell, ok := strings.Cut(reread(t, raw, r).PlaceOf(path), " ")
	if !ok {
		t.Fatalf("no cell for %s", path)
	}
	return sheet, cell
}

// edit is a change to a downloaded workbook and what is expected of it.
type edit struct {
	path  string
	value any
	want  any    // the value read; nil: blank
	wrong string // part of the problem
}

func TestTemplateCells(t *testing.T) {
	r := sample(t, "service-2004", 1, form.Context{PartySection: true})
	raw := written(t, r, workbook.All)
	for name, e := range map[string]edit{
		"an amount":            {"bs_cash.closing", 1234.5, int64(123450), ""},
		"an amount as text":    {"bs_cash.closing", "1,234.50 元", int64(123450), ""},
		"cleared":              {"bs_cash.closing", nil, nil, ""},
		"a third of an amount": {"bs_cash.closing", 1.0 / 3, nil, "最多两位小数"},
		"a date as a serial":   {"report_date", 43479, "2019-01-14", ""},
		"a date as text":       {"report_date", "2019年1月14日", "2019-01-14", ""},
		"a date as digits":     {"report_date", 20190114, "2019-01-14", ""},
		"no date":              {"report_date", "2019-02-30", nil, "日历上有的日期"},
		"a choice":             {"legal_form", "合伙", "partnership", ""},
		"a choice by its code": {"legal_form", "partnership", "partnership", ""},
		"no such choice":       {"legal_form", "国有", nil, "没有这个选项"},
		"a telephone number":   {"phone", 2083380000, "2083380000", ""},
		"a long number":        {"bank_account", 1.2345678901234568e+18, nil, "15 位"},
		"a long number, text":  {"bank_account", "1234567890123456789", "1234567890123456789", ""},
		"true":                 {"staff_full_time", true, nil, "TRUE"},
		"half a person":        {"staff_full_time", 1.5, nil, "整数"},
		"hours":                {"volunteer_hours", 1.5, int64(150), ""},
	} {
		t.Run(name, func(t *testing.T) {
			sheet, cell := cellOf(t, r, raw, e.path)
			reading := reread(t, changed(t, raw, func(f *excelize.File) { must(t, f.SetCellValue(sheet, cell, e.value)) }), r)
			problems := reading.Problems()
			if e.wrong == "" && len(problems) > 0 || e.wrong != "" && (len(problems) != 1 || !strings.Contains(problems[0].Wrong, e.wrong) ||
				problems[0].Sheet != sheet || problems[0].Name != cell || problems[0].Fix == "") {
				t.Fatalf("problems %+v, want %q at %s %s", problems, e.wrong, sheet, cell)
			}
			if got := reading.Values[e.path]; got != e.want {
				t.Errorf("read %v, want %v", got, e.want)
			}
			for _, d := range reading.Compare(r.Form, r.Values) {
				want := workbook.Changed
				if e.wrong != "" {
					want = workbook.Unreadable
				}
				if d.Field.Key != e.path || d.State != want {
					t.Errorf("%s is %s", d.Field.Key, d.State)
				}
			}
		})
	}
}

func TestTemplateFaults(t *testing.T) {
	r := sample(t, "service-2004", 1, form.Context{})
	raw := written(t, r, workbook.All)
	sheet, cell := cellOf(t, r, raw, "bs_cash.closing")
	_, below := cellOf(t, r, raw, "bs_short_term_investment.closing")
	for name, c := range map[string]struct {
		change func(*excelize.File)
		wrong  string
	}{
		"merged": {func(f *excelize.File) { must(t, f.MergeCell(sheet, cell, below)) }, "合并"},
		"no result": {func(f *excelize.File) {
			must(t, f.SetCellValue(sheet, cell, nil))
			must(t, f.SetCellFormula(sheet, cell, "1+1"))
		}, "没有保存计算结果"},
		"error":       {func(f *excelize.File) { must(t, f.SetCellValue(sheet, cell, "#DIV/0!")) }, "#DIV/0!"},
		"a row twice": {func(f *excelize.File) { must(t, f.DuplicateRow(sheet, 6)) }, "出现了两次"},
	} {
		t.Run(name, func(t *testing.T) {
			problems := reread(t, changed(t, raw, c.change), r).Problems()
			if len(problems) == 0 || !strings.Contains(problems[0].Wrong, c.wrong) || problems[0].Sheet != sheet {
				t.Errorf("problems %+v, want %q", problems, c.wrong)
			}
		})
	}
}

// Rows and columns that a person inserts, hides or sorts do not move values into
// other fields.
func TestTemplateSurvivesMovedRows(t *testing.T) {
	r := sample(t, "association-2004", 2, form.Context{})
	raw := changed(t, written(t, r, workbook.All), func(f *excelize.File) {
		for _, sheet := range f.GetSheetList() {
			if strings.HasPrefix(sheet, "_") {
				continue
			}
			must(t, f.InsertRows(sheet, 4, 2))
			must(t, f.SetRowVisible(sheet, 9, false))
		}
	})
	reading := reread(t, raw, r)
	if len(reading.Problems()) > 0 {
		t.Fatalf("%+v", reading.Problems())
	}
	if d := reading.Compare(r.Form, r.Values); len(d) > 0 {
		t.Errorf("%d differences, the first %+v", len(d), d[0])
	}
}

func TestTables(t *testing.T) {
	r := sample(t, "service-2004", 1, form.Context{})
	var table *form.Field
	for _, f := range r.Form.ValueFields() {
		if f.Kind == form.KindTable && f.MinRows == 0 && table == nil {
			table = f
		}
	}
	row := map[string]any{}
	for _, c := range table.Columns {
		switch c.Kind {
		case form.KindDate:
			row[c.Key] = "2018-05-06"
		case form.KindChoice:
			row[c.Key] = c.Options[0].Code
		default:
			row[c.Key] = "=内容 <&> \"" + c.Label
		}
	}
	for name, rows := range map[string]any{"not filled": nil, "none": []map[string]any{}, "two rows": []map[string]any{row, row}} {
		t.Run(name, func(t *testing.T) {
			delete(r.Values, table.Key)
			if rows != nil {
				r.Values[table.Key] = rows
			}
			raw := written(t, r, workbook.All)
			reading := reread(t, raw, r)
			if diff := cmp.Diff(rows, reading.Values[table.Key]); diff != "" {
				t.Errorf("-written +read:\n%s", diff)
			}
			if d := reading.Compare(r.Form, r.Values); len(d) > 0 {
				t.Errorf("differences %+v", d)
			}
		})
	}
}

// Who changed what since the download decides what becomes of a field.
func TestCompareThreeWays(t *testing.T) {
	r := sample(t, "service-2004", 1, form.Context{})
	raw := written(t, r, workbook.Statements)
	sheet, cell := cellOf(t, r, raw, "bs_cash.closing")
	edited := changed(t, raw, func(f *excelize.File) { must(t, f.SetCellValue(sheet, cell, 7)) })
	base, _ := r.Values.Int("bs_cash.closing")
	for name, c := range map[string]struct {
		file  []byte
		draft any
		state workbook.State // "": no difference
		after any            // in the merged draft, conflicts taken
	}{
		"nobody":           {raw, base, "", base},
		"only the file":    {edited, base, workbook.Changed, int64(700)},
		"only the draft":   {raw, int64(900), workbook.Kept, int64(900)},
		"both":             {edited, int64(900), workbook.Conflict, int64(700)},
		"both alike":       {edited, int64(700), "", int64(700)},
		"cleared meantime": {edited, nil, workbook.Conflict, int64(700)},
	} {
		t.Run(name, func(t *testing.T) {
			draft := form.Values{}
			for k, v := range r.Values {
				draft[k] = v
			}
			if draft["bs_cash.closing"] = c.draft; c.draft == nil {
				delete(draft, "bs_cash.closing")
			}
			reading := reread(t, c.file, r)
			list := reading.Compare(r.Form, draft)
			if c.state == "" && len(list) != 0 || c.state != "" && (len(list) != 1 || list[0].State != c.state) {
				t.Fatalf("differences %+v, want %q", list, c.state)
			}
			merged := workbook.Merge(r.Form, draft, list, func(string) bool { return true })
			if merged["bs_cash.closing"] != c.after {
				t.Errorf("merged %v, want %v", merged["bs_cash.closing"], c.after)
			}
			if untaken := workbook.Merge(r.Form, draft, list, func(string) bool { return false }); c.state == workbook.Conflict &&
				untaken["bs_cash.closing"] != c.draft {
				t.Errorf("a conflict that was not taken became %v", untaken["bs_cash.closing"])
			}
		})
	}
}

// What was read survives being kept.
func TestReadingIsKept(t *testing.T) {
	r := sample(t, "foundation-2004", 1, form.Context{})
	want := reread(t, written(t, r, workbook.All), r)
	data, err := want.Encode(r.Form)
	must(t, err)
	got, err := workbook.Decode(r.Form, data)
	must(t, err)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-read +kept:\n%s", diff)
	}
	if _, err := workbook.Decode(r.Form, []byte("{")); err == nil {
		t.Error("rubbish was taken")
	}
}

// The formulas are those of the form: a spreadsheet's own calculation gives the
// sample's figures, and computed cells are locked.
func TestFormulas(t *testing.T) {
	for _, code := range codes {
		t.Run(code, func(t *testing.T) {
			r := sample(t, code, 5, form.Context{})
			f, err := excelize.OpenReader(bytes.NewReader(written(t, r, workbook.All)))
			must(t, err)
			defer f.Close()
			checked := 0
			for _, sheet := range f.GetSheetList() {
				rows, err := f.GetRows(sheet, excelize.Options{RawCellValue: true})
				must(t, err)
				for i, row := range rows {
					for j := range row {
						cell := xlsx.CellName(i+1, j+1)
						formula, err := f.GetCellFormula(sheet, cell)
						must(t, err)
						if formula == "" || row[j] == "" {
							continue
						}
						got, err := f.CalcCellValue(sheet, cell, excelize.Options{RawCellValue: true})
						if err != nil || got != row[j] {
							t.Errorf("%s %s: %s gives %s (%v), want %s", sheet, cell, formula, got, err, row[j])
						}
						if _, err := f.GetCellStyle(sheet, cell); err != nil {
							t.Error(err)
						}
						checked++
					}
				}
			}
			if checked < 50 {
				t.Errorf("only %d formulas", checked)
			}
		})
	}
}

// A sheet name that two sections share, or that a spreadsheet does not take, is
// made different.
func TestSheetsAreProtectedAndPrintable(t *testing.T) {
	r := sample(t, "foundation-2004", 1, form.Context{PartySection: true})
	raw := written(t, r, workbook.All)
	f, err := excelize.OpenReader(bytes.NewReader(raw))
	must(t, err)
	defer f.Close()
	seen := map[string]bool{}
	for _, name := range f.GetSheetList() {
		if len([]rune(name)) > 31 || seen[strings.ToLower(name)] {
			t.Errorf("sheet name %q", name)
		}
		seen[strings.ToLower(name)] = true
		visible, err := f.GetSheetVisible(name)
		must(t, err)
		if visible == strings.HasPrefix(name, "_") {
			t.Errorf("sheet %s: visible %v", name, visible)
		}
		if !visible {
			continue
		}
		layout, err := f.GetPageLayout(name)
		must(t, err)
		if layout.Size == nil || *layout.Size != 9 || *layout.FitToWidth != 1 {
			t.Errorf("sheet %s does not print on A4: %+v", name, layout)
		}
		if props, err := f.GetSheetProps(name); err != nil || props.FitToPage == nil || !*props.FitToPage {
			t.Errorf("sheet %s is not fitted to the page: %v", name, err)
		}
		if protection, err := f.GetSheetProtection(name); err != nil || protection.Password != "" {
			t.Errorf("sheet %s: protection %+v, %v", name, protection, err)
		}
	}
	columnsInOrder(t, raw)
	offered := 0
	for _, name := range f.GetSheetList() {
		validations, err := f.GetDataValidations(name)
		must(t, err)
		offered += len(validations)
	}
	if offered < 10 {
		t.Errorf("choices are offered for %d ranges", offered)
	}
}

// columnsInOrder looks at the sheets as they lie in the file: Excel mends a file
// whose columns are out of order, with a warning to the person who opens it.
func columnsInOrder(t testing.TB, raw []byte) {
	t.Helper()
	archive, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	must(t, err)
	column := regexp.MustCompile(`<col [^>]*min="([0-9]+)"`)
	for _, part := range archive.File {
		if !strings.HasPrefix(part.Name, "xl/worksheets/") {
			continue
		}
		in, err := part.Open()
		must(t, err)
		text, err := io.ReadAll(in)
		must(t, err)
		last := 0
		for _, m := range column.FindAllSubmatch(text, -1) {
			n, err := strconv.Atoi(string(m[1]))
			must(t, err)
			if n <= last {
				t.Errorf("%s: column %d after %d", part.Name, n, last)
			}
			last = n
		}
	}
}

func TestErrorTellsItself(t *testing.T) {
	_, err := workbook.Read([]byte("PK\x03\x04"), workbook.Report{})
	var refused *workbook.Error
	if !errors.As(err, &refused) || refused.Code() != xlsx.CodeDamaged || !strings.Contains(refused.Error(), refused.Code()) {
		t.Errorf("error %v", err)
	}
}
