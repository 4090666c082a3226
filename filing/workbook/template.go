package workbook

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"nianbao/filing/form"
	"nianbao/internal/xlsx"
)

// readTemplate reads a workbook of ours by its marks.
func readTemplate(book *xlsx.Book, r Report, s stamp) *Reading {
	c := newCollector(r, book.From1904)
	c.reading.Template, c.reading.Base = true, s.base
	for _, sheet := range book.Sheets {
		switch sheet.Name {
		case stampSheet, optionSheet, guideSheet:
			continue
		}
		t := &templateSheet{collector: c, sheet: sheet}
		t.read()
		if t.marks > 0 {
			c.reading.Sheets = append(c.reading.Sheets, SheetRead{Name: sheet.Name, What: sheet.Name})
		} else if len(sheet.Cells) > 0 {
			c.note("工作表“%s”不是下载时的工作表，没有读取。", sheet.Name)
		}
	}
	return c.finish()
}

// templateSheet reads one sheet.
type templateSheet struct {
	*collector
	sheet   *xlsx.Sheet
	marks   int
	columns map[int]string // what the columns hold: "value" or keys
	table   *form.Field    // whose rows are being read
	rows    []map[string]any
	ended   bool // a table's end was passed
}

func (t *templateSheet) read() {
	for _, row := range grid(t.sheet) {
		mark := ""
		if c, ok := row.cell(1); ok && c.Kind == xlsx.KindText {
			mark = strings.TrimSpace(c.Text)
		}
		if mark != "" {
			t.marks++
		}
		switch {
		case mark == markColumns:
			t.endTable()
			t.setColumns(row)
		case strings.HasPrefix(mark, markTable):
			t.endTable()
			t.beginTable(strings.TrimPrefix(mark, markTable), row)
		case strings.HasPrefix(mark, markNone):
			t.none(strings.TrimPrefix(mark, markNone), row)
		case mark == markEnd:
			t.endTable()
			t.ended = true
		case t.table != nil && !t.isHead(row):
			t.tableRow(row)
		case mark != "":
			t.line(mark, row)
		case t.ended:
			t.note("工作表“%s”第 %d 行在表格末行之后，没有读取。请移到表格里面再上传。", t.sheet.Name, row.number)
		}
	}
	t.endTable()
}

func (t *templateSheet) setColumns(row gridRow) {
	t.columns = map[int]string{}
	for _, c := range row.cells {
		if c.Col > 1 {
			t.columns[c.Col] = strings.TrimSpace(c.Text)
		}
	}
}

// filledColumns are the named columns from left to right.
func (t *templateSheet) filledColumns() []int { return slices.Sorted(maps.Keys(t.columns)) }

// line reads a field's row, or a line's.
func (t *templateSheet) line(mark string, row gridRow) {
	key, option, multiple := strings.Cut(mark, "=")
	if multiple {
		t.option(key, option, row)
		return
	}
	for _, col := range t.filledColumns() {
		path, name := key, t.columns[col]
		if name != valueColumn {
			path = key + "." + name
		}
		if f, ok := t.report.Form.Field(path); ok && len(f.CellFields()) == 0 {
			t.value(f, path, t.at(row, col))
		}
	}
}

// spot is a cell of a row, blank or not.
type spot struct {
	row, col int
	cell     xlsx.Cell
	filled   bool
}

func (t *templateSheet) at(row gridRow, col int) spot {
	c, ok := row.cell(col)
	return spot{row.number, col, c, ok}
}

// value reads a cell into the value at a path: a field, a statement cell, or a
// part of a table-row.
func (t *templateSheet) value(f *form.Field, path string, at spot) {
	if f.Computed() {
		return
	}
	key, got := path, t.content(f, at)
	part := f.Parent != nil && f.Parent.Kind == form.KindTableRow
	if part {
		key = f.Parent.Key
	}
	cell := t.cellOf(f, path, at, got)
	if t.twice(path, part) {
		cell.Wrong, cell.Fix = "同一项在工作簿里出现了两次", "请删去多出来的一行，或者重新下载工作簿。"
	}
	t.keep(key, cell)
	switch {
	case cell.Wrong != "" || got.value == nil:
	case part:
		row, _ := t.reading.Values[key].(map[string]any)
		if row == nil {
			row = map[string]any{}
			t.reading.Values[key] = row
		}
		row[f.Key] = got.value
	default:
		t.reading.Values[key] = got.value
	}
}

// twice tells that a path was read before.
func (t *templateSheet) twice(path string, part bool) bool {
	if !part && !t.seen[path] {
		return false
	}
	for i := range t.reading.Cells {
		if t.reading.Cells[i].Path == path {
			return true
		}
	}
	return false
}

// content reads a cell, which must not be one of several made into one.
func (t *templateSheet) content(f *form.Field, at spot) content {
	if _, covered := merged(t.sheet, at.row, at.col); covered {
		return content{text: strings.TrimSpace(at.cell.Text), problem: "单元格与别的单元格合并了，分不清内容属于哪一格。请取消合并，逐格填写"}
	}
	if !at.filled {
		return content{}
	}
	return readCell(f, at.cell, t.from1904, 0)
}

func (t *templateSheet) cellOf(f *form.Field, path string, at spot, got content) Cell {
	cell := Cell{Sheet: t.sheet.Name, Name: xlsx.CellName(at.row, at.col), Path: path, Label: f.FullLabel(), Text: got.text}
	if got.problem != "" {
		cell.Wrong, cell.Fix = splitProblem(got.problem)
	}
	return cell
}

// option reads the row of one option of a multiple choice.
func (t *templateSheet) option(key, code string, row gridRow) {
	f, ok := t.report.Form.Field(key)
	if !ok || f.Kind != form.KindMultiChoice {
		return
	}
	label, known := f.OptionLabel(code)
	if !known {
		return
	}
	for _, col := range t.filledColumns() {
		if t.columns[col] != valueColumn {
			continue
		}
		at := t.at(row, col)
		got := content{text: strings.TrimSpace(at.cell.Text)}
		var on bool
		if at.filled {
			on, got.problem = ticked(at.cell)
		}
		cell := t.cellOf(f, key, at, got)
		cell.Label += "：" + label
		t.keep(key, cell)
		if on {
			codes, _ := t.reading.Values[key].([]string)
			t.reading.Values[key] = normalChoice(f, append(codes, code))
		}
	}
}

// beginTable names the columns of a table that was not read yet.
func (t *templateSheet) beginTable(key string, row gridRow) {
	f, ok := t.report.Form.Field(key)
	if !ok || f.Kind != form.KindTable {
		return
	}
	if len(t.rows) > 0 || t.table != nil {
		return
	}
	t.setColumns(row)
	t.table = f
	t.seen[key] = true
}

// isHead tells the table's own row of headings, which repeats its labels.
func (t *templateSheet) isHead(row gridRow) bool {
	for col, name := range t.columns {
		column, ok := t.table.Column(name)
		text := row.text(col)
		if !ok || text == "" || !strings.HasPrefix(text, column.Label) {
			return false
		}
	}
	return true
}

// tableRow reads one row; a row with nothing in it is passed over.
func (t *templateSheet) tableRow(row gridRow) {
	values := map[string]any{}
	path := rowPath(t.table.Key, len(t.rows))
	var cells []Cell
	bad := false
	for _, column := range t.table.Columns {
		col := t.columnOf(column.Key)
		if col == 0 || column.Computed() {
			continue
		}
		at := t.at(row, col)
		got := t.content(column, at)
		if !at.filled && got.problem == "" {
			continue
		}
		cell := t.cellOf(column, path+"."+column.Key, at, got)
		cell.Label = fmt.Sprintf("%s，第 %d 行，%s", t.table.Label, len(t.rows)+1, column.Label)
		cells = append(cells, cell)
		bad = bad || cell.Wrong != ""
		if got.value != nil {
			values[column.Key] = got.value
		}
	}
	if len(values) == 0 && !bad {
		return
	}
	t.rows = append(t.rows, values)
	for i := range cells {
		if len(t.rows) == t.table.MaxRows+1 && i == 0 {
			cells[i].Wrong = fmt.Sprintf("“%s”超过 %d 行", t.table.Label, t.table.MaxRows)
			cells[i].Fix = "请合并或删去部分行，其余情况可在说明中列出。"
		}
		t.keep(t.table.Key, cells[i])
	}
}

func (t *templateSheet) columnOf(key string) int {
	for col, name := range t.columns {
		if name == key {
			return col
		}
	}
	return 0
}

// none reads the cell in which a table is marked as having nothing.
func (t *templateSheet) none(key string, row gridRow) {
	f, ok := t.report.Form.Field(key)
	if !ok || f.Kind != form.KindTable {
		return
	}
	for _, col := range t.filledColumns() {
		at := t.at(row, col)
		if t.columns[col] != valueColumn || !at.filled {
			continue
		}
		got := content{text: strings.TrimSpace(at.cell.Text)}
		if plainLabel(got.text) != noneLabel || at.cell.Kind != xlsx.KindText {
			got.problem = "没有内容的选“无”，有内容的留空。请改正后重新上传"
		}
		t.keep(key, t.cellOf(f, key, at, got))
		if got.problem == "" {
			t.reading.Values[key] = []map[string]any{}
		}
	}
}

// endTable stores the rows of the table that was being read.
func (t *templateSheet) endTable() {
	if t.table == nil {
		return
	}
	if len(t.rows) > 0 {
		if _, none := t.reading.Values[t.table.Key]; none {
			t.note("工作表“%s”既选了“无”，又填了 %d 行，按填写的行读取。", t.sheet.Name, len(t.rows))
		}
		t.reading.Values[t.table.Key] = t.rows
	}
	t.table, t.rows, t.columns = nil, nil, nil
}
