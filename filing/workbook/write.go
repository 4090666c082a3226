package workbook

import (
	"fmt"
	"io"
	"strconv"

	"github.com/xuri/excelize/v2"

	"nianbao/filing/form"
	"nianbao/internal/workday"
	"nianbao/internal/xlsx"
)

// guideSheet is the first sheet, for people.
const guideSheet = "填写说明"

// Write writes the report's workbook: a sheet for each statement, section and
// table, with what the draft holds. Computed figures are formulas in locked
// cells; all others can be filled in. Sheets are protected without a password,
// against slips only.
func Write(w io.Writer, r Report, part Part) (err error) {
	r.Values = r.Form.Calculate(r.Values)
	b := &builder{report: r, file: excelize.NewFile(), sheets: plan(r, part)}
	defer func() {
		if closeErr := b.file.Close(); err == nil && closeErr != nil {
			err = fmt.Errorf("close workbook: %w", closeErr)
		}
	}()
	if err := b.build(part); err != nil {
		return fmt.Errorf("make workbook of %s %d: %w", r.USCC, r.Year, err)
	}
	if err := b.file.Write(w); err != nil {
		return fmt.Errorf("write workbook: %w", err)
	}
	return nil
}

// builder fills the file.
type builder struct {
	report  Report
	file    *excelize.File
	sheets  []*sheetPlan
	at      map[string]place
	styles  styles
	options map[string]string // the range of an option list by its labels
	lists   [][]string
}

// steps runs what may fail, up to the first failure.
func steps(list ...func() error) error {
	for _, step := range list {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func (b *builder) build(part Part) error {
	b.at, b.options = places(b.sheets), map[string]string{}
	return steps(
		func() error { return b.styles.define(b.file) },
		func() error { return b.guide(part) },
		// Hidden sheets first: to hide one, the library reads all that are there, those of streams from their text.
		b.optionLists,
		func() error { return b.stamp(newStamp(b.report, part)) },
		func() error {
			for _, s := range b.sheets {
				if err := b.sheet(s); err != nil {
					return fmt.Errorf("sheet %s: %w", s.name, err)
				}
			}
			return nil
		},
		func() error { return b.file.SetCalcProps(&excelize.CalcPropsOptions{FullCalcOnLoad: new(true)}) },
		func() error {
			return b.file.SetDocProps(&excelize.DocProperties{Creator: b.report.Name,
				Title: fmt.Sprintf("%s %d 年度报告", b.report.Name, b.report.Year), Created: "", Modified: ""})
		},
	)
}

func (b *builder) guide(part Part) error {
	what := "整本年度报告"
	if part == Statements {
		what = "三张会计报表"
	}
	lines := []string{
		fmt.Sprintf("%s　%d 年度报告　%s", b.report.Name, b.report.Year, what),
		"1. 浅黄色的格子可以填写；灰色的格子自动计算，不用填。",
		"2. 金额以元填写，最多两位小数；没有数额的填 0。日期填成 2018-12-31 的样子。",
		"3. 有下拉选项的，请从选项里选。一张表没有内容的，在表头处选“无”。",
		"4. 不要改动工作表的结构。需要更多行时，在表格最后一行之前插入行。",
		"5. 填好后保存为 .xlsx 文件，回到系统的“用表格填写”页上传。系统先逐格列出读到的内容，您确认以后才写入报告。",
		"6. 这份工作簿只能用于本单位本年度的报告。下载以后别人在网上改过的内容，上传时会逐项列出，不会被悄悄覆盖。",
	}
	if err := b.file.SetSheetName("Sheet1", guideSheet); err != nil {
		return err
	}
	for i, line := range lines {
		cell := xlsx.CellName(i+1, 1)
		style := b.styles.of[roleNote]
		if i == 0 {
			style = b.styles.of[roleTitle]
		}
		if err := steps(
			func() error { return b.file.SetCellStr(guideSheet, cell, line) },
			func() error { return b.file.SetCellStyle(guideSheet, cell, cell, style) },
		); err != nil {
			return err
		}
	}
	return steps(
		func() error { return b.file.SetColWidth(guideSheet, "A", "A", 110) },
		func() error { return b.page(guideSheet, true, 0) },
		func() error { return b.protect(guideSheet, false) },
	)
}

// sheet writes one planned sheet.
func (b *builder) sheet(s *sheetPlan) error {
	if _, err := b.file.NewSheet(s.name); err != nil {
		return err
	}
	if err := b.page(s.name, s.wide, s.headRow); err != nil { // before the stream, which writes some of it first
		return err
	}
	out, err := b.file.NewStreamWriter(s.name)
	if err != nil {
		return err
	}
	// The last column first: the library puts each before the others, and Excel wants them in order.
	for i := len(s.widths) - 1; i >= 0; i-- {
		if err := out.SetColWidth(2+i, 2+i, s.widths[i]); err != nil {
			return err
		}
	}
	if err := out.SetColVisible(1, 1, false); err != nil {
		return err
	}
	if s.headRow > 0 {
		if err := out.SetPanes(&excelize.Panes{Freeze: true, YSplit: s.headRow, XSplit: 2,
			TopLeftCell: xlsx.CellName(s.headRow+1, 3), ActivePane: "bottomRight"}); err != nil {
			return err
		}
	}
	for i := range s.rows {
		if err := b.row(out, s, i); err != nil {
			return err
		}
	}
	return steps(
		func() error { return b.choices(s) },
		func() error { return b.protect(s.name, s.grows) },
		out.Flush,
	)
}

// row writes a row, its mark first.
func (b *builder) row(out *excelize.StreamWriter, s *sheetPlan, i int) error {
	row := &s.rows[i]
	last := 1
	for _, c := range row.cells {
		last = max(last, c.col)
	}
	cells := make([]any, last)
	if row.mark != "" {
		cells[0] = excelize.Cell{Value: row.mark, StyleID: b.styles.of[roleMark]}
	}
	for _, c := range row.cells {
		cells[c.col-1] = b.cell(c, s.name)
	}
	return out.SetRow(xlsx.CellName(i+1, 1), cells, excelize.RowOpts{Hidden: row.hidden})
}

// cell is what a planned cell holds.
func (b *builder) cell(c cellPlan, sheet string) excelize.Cell {
	out := excelize.Cell{StyleID: b.styles.of[c.role]}
	if c.field == nil || c.role != roleInput && c.role != roleComputed {
		out.Value = c.text
		return out
	}
	out.StyleID = b.styles.input(c)
	if c.role == roleComputed {
		out.Formula = formulaOf(c, sheet, b.at)
	}
	switch {
	case c.options != nil && c.field.Kind != form.KindMultiChoice || c.path == "":
		out.Value = c.text
	default:
		out.Value = cellValue(c.field, c.value)
	}
	if out.Value == "" && out.Formula == "" {
		out.Value = nil
	}
	return out
}

// cellValue is a value as a cell holds it. A number of a workbook is a binary
// fraction whatever is written; 15 digits, all that an amount can have, survive
// it, and the file says them in decimal.
func cellValue(f *form.Field, value any) any {
	switch v := value.(type) {
	case int64:
		if f.Kind.Base() == form.KindMoney || f.Kind.Base() == form.KindPercent || f.Decimals > 0 {
			return float64(v) / 100
		}
		return v
	case string:
		if day, err := workday.ParseDate(v); f.Kind == form.KindDate && err == nil && !day.Before(firstSerialDay) {
			return dayZero.DaysUntil(day)
		}
		return v
	case []string:
		return joinLabels(f, v)
	}
	return ""
}

// Excel counts days from dayZero; before firstSerialDay it counts a leap day that
// never was, so earlier days are written as text.
var (
	dayZero        = workday.NewDate(1899, 12, 30)
	firstSerialDay = workday.NewDate(1900, 3, 1)
)

func joinLabels(f *form.Field, codes []string) string {
	text := ""
	for i, code := range codes {
		label, _ := f.OptionLabel(code)
		if i > 0 {
			text += "、"
		}
		text += label
	}
	return text
}

// stamp writes the sheet that says what the workbook is for.
func (b *builder) stamp(s stamp) error {
	if _, err := b.file.NewSheet(stampSheet); err != nil {
		return err
	}
	for i, line := range s.lines(b.report.Form) {
		if err := b.file.SetSheetRow(stampSheet, "A"+strconv.Itoa(i+1), &line); err != nil {
			return err
		}
	}
	return steps(
		func() error { return b.protect(stampSheet, false) },
		func() error { return b.file.SetSheetVisible(stampSheet, false, true) },
	)
}
