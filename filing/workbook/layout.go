package workbook

import (
	"fmt"
	"strings"

	"nianbao/filing/form"
)

// A sheet of ours is read by the marks in its first, hidden column and in hidden
// rows, which stay beside their cells when somebody inserts, sorts or removes:
//
//	#columns        the row names what its columns hold: "value", or cell keys
//	#table KEY      the rows that follow are the table's; columns named as above
//	#none KEY       the cell in which a table is marked as having nothing
//	#end            the table's last row is above
//	KEY             a field, or a line
//	KEY=OPTION      one option of a multiple choice
//
// Any other row of a sheet is for people only.
const (
	markColumns = "#columns"
	markTable   = "#table "
	markNone    = "#none "
	markEnd     = "#end"
	valueColumn = "value"
)

// role says how a cell looks and whether it is filled in.
type role uint8

const (
	roleMark  role = iota // hidden
	roleTitle             // the sheet's title
	roleNote              // plain words
	roleHead              // a column's heading
	roleLabel
	roleSmall // line numbers, units, hints
	roleInput
	roleComputed
)

// cellPlan is a cell to be written.
type cellPlan struct {
	col     int
	role    role
	text    string
	field   *form.Field // of an input or computed cell
	value   any         // its value, nil for none
	options []string    // to choose from, labels
	path    string      // the value's key; "" where no formula refers to it
	rowKey  string      // of a table's cell: the row's path, before the column
}

// rowPlan is a row; mark is its first cell.
type rowPlan struct {
	mark   string
	hidden bool
	cells  []cellPlan
}

// sheetPlan is a sheet.
type sheetPlan struct {
	name    string
	rows    []rowPlan
	widths  []float64 // from column B
	wide    bool      // prints across
	headRow int       // repeated on every printed page, 0 for none
	grows   bool      // rows may be inserted
}

func (s *sheetPlan) add(mark string, cells ...cellPlan) *rowPlan {
	s.rows = append(s.rows, rowPlan{mark: mark, cells: cells})
	return &s.rows[len(s.rows)-1]
}

func (s *sheetPlan) addHidden(mark string, names ...string) {
	row := s.add(mark)
	row.hidden = true
	for i, name := range names {
		if name != "" {
			row.cells = append(row.cells, cellPlan{col: 2 + i, role: roleMark, text: name})
		}
	}
}

// planner lays out a whole workbook.
type planner struct {
	report Report
	taken  map[string]bool
	sheets []*sheetPlan
}

// plan lays out the sheets of a part.
func plan(r Report, part Part) []*sheetPlan {
	p := &planner{report: r, taken: map[string]bool{strings.ToLower(guideSheet): true, stampSheet: true, optionSheet: true}}
	for _, s := range sections(r, part) {
		p.section(s)
	}
	return p.sheets
}

func (p *planner) sheet(title string) *sheetPlan {
	s := &sheetPlan{name: sheetName(title, p.taken)}
	p.sheets = append(p.sheets, s)
	return s
}

// section gives a section a sheet, and each of its tables one of its own. A
// section that is nothing but one table has the table's only.
func (p *planner) section(s *form.Section) {
	_, name, paper := s.TitleParts()
	var plain, tables []*form.Field
	for _, f := range s.Fields {
		switch {
		case !asked(f, p.report.Context):
		case f.Kind == form.KindTable:
			tables = append(tables, f)
		default:
			plain = append(plain, f)
		}
	}
	if len(plain) > 0 {
		sheet := p.sheet(name)
		p.heading(sheet, name, paper, s.Note)
		if s.Kind == form.SectionFields {
			p.fields(sheet, plain)
		} else {
			p.lines(sheet, plain, true)
		}
	}
	for _, f := range tables {
		title := f.Label
		if len(plain) == 0 && len(tables) == 1 {
			title = name
		}
		sheet := p.sheet(title)
		p.heading(sheet, title, "", strings.TrimSpace(s.Note+" "+f.Help))
		p.table(sheet, f)
	}
}

func (p *planner) heading(s *sheetPlan, title, paper, note string) {
	if paper != "" {
		title += "（" + paper + "）"
	}
	s.add("", cellPlan{col: 2, role: roleTitle, text: title})
	s.add("", cellPlan{col: 2, role: roleNote, text: fmt.Sprintf("%s　%s　%d 年度", p.report.Name, p.report.USCC, p.report.Year)})
	if note != "" {
		s.add("", cellPlan{col: 2, role: roleNote, text: note})
	}
}

// fields lays out plain fields, one a row; neighbouring lines with the same
// columns come under headings of their own.
func (p *planner) fields(s *sheetPlan, list []*form.Field) {
	s.widths = []float64{44, 34, 18, 18, 42}
	var lines []*form.Field
	open := false // the columns of plain fields are named
	flush := func() {
		if len(lines) > 0 {
			p.lines(s, lines, false)
			lines, open = nil, false
		}
	}
	for _, f := range list {
		if len(f.CellFields()) > 0 {
			if len(lines) > 0 && len(lines[0].Cells) != len(f.Cells) {
				flush()
			}
			lines = append(lines, f)
			continue
		}
		flush()
		if !open {
			s.addHidden(markColumns, "", valueColumn)
			s.add("", head(2, "项目"), head(3, "填写"), head(4, "单位"), head(5, "说明"))
			open = true
		}
		p.field(s, f)
	}
	flush()
}

func head(col int, text string) cellPlan { return cellPlan{col: col, role: roleHead, text: text} }

func (p *planner) field(s *sheetPlan, f *form.Field) {
	value := p.report.Values[f.Key]
	switch f.Kind {
	case form.KindMultiChoice:
		chosen, _ := value.([]string)
		for i, o := range f.Options {
			c := cellPlan{col: 3, role: roleInput, field: f, options: []string{yesLabel}}
			for _, code := range chosen {
				if code == o.Code {
					c.text = yesLabel
				}
			}
			hint := "选中的填“" + yesLabel + "”，可选多项"
			if i > 0 {
				hint = ""
			}
			s.add(f.Key+"="+o.Code, label(f.Label+"："+o.Label), c, small(5, hint))
		}
	case form.KindTableRow:
		row, _ := value.(map[string]any)
		for _, column := range f.Columns {
			if asked(column, p.report.Context) {
				c := p.input(column, row[column.Key], 3)
				c.path, c.rowKey = f.Key+"."+column.Key, f.Key
				s.add(c.path, label(f.Label+"："+column.Label), c, small(4, column.Unit), small(5, p.hint(column)))
			}
		}
	default:
		c := p.input(f, value, 3)
		c.path = f.Key
		s.add(f.Key, label(f.Label), c, small(4, f.Unit), small(5, p.hint(f)))
	}
}

func label(text string) cellPlan { return cellPlan{col: 2, role: roleLabel, text: text} }

func small(col int, text string) cellPlan { return cellPlan{col: col, role: roleSmall, text: text} }

// hint is what is said beside a field.
func (p *planner) hint(f *form.Field) string {
	var parts []string
	if f.Computed() {
		parts = append(parts, "自动计算")
	}
	if when := p.report.Form.ConditionText(f); when != "" {
		parts = append(parts, when)
	}
	if f.Help != "" {
		parts = append(parts, f.Help)
	}
	return strings.Join(parts, "；")
}

// input is the cell of a field, locked where the figure is computed.
func (p *planner) input(f *form.Field, value any, col int) cellPlan {
	c := cellPlan{col: col, role: roleInput, field: f, value: value}
	if f.Computed() {
		c.role = roleComputed
	}
	for _, o := range f.Options {
		c.options = append(c.options, o.Label)
	}
	if code, ok := value.(string); ok && f.Kind == form.KindChoice {
		c.text, _ = f.OptionLabel(code)
	}
	return c
}

// lines lays out the lines of a statement, or of a grid outside one.
func (p *planner) lines(s *sheetPlan, list []*form.Field, statement bool) {
	var columns []int // of the line's cells that are asked
	for i, cell := range list[0].CellFields() {
		if asked(cell, p.report.Context) {
			columns = append(columns, i)
		}
	}
	first := 3 // column of the first figure
	heads := []cellPlan{head(2, "项目")}
	if statement {
		first = 4
		heads = append(heads, head(3, "行次"))
	}
	names := make([]string, first-2+len(columns))
	for i, at := range columns {
		column := list[0].Cells[at]
		names[first-2+i] = column.Key
		heads = append(heads, head(first+i, column.Label))
	}
	s.addHidden(markColumns, names...)
	s.add("", heads...)
	if statement {
		s.headRow, s.wide = len(s.rows), len(columns) > 2
		s.widths = []float64{46, 7}
		for range columns {
			s.widths = append(s.widths, 21)
		}
	}
	for _, line := range list {
		cells := []cellPlan{label(line.Label)}
		if statement {
			cells = append(cells, small(3, line.Line))
		}
		for i, at := range columns {
			cell := line.CellFields()[at]
			c := p.input(cell, p.report.Values[cell.Key], first+i)
			c.path = cell.Key
			cells = append(cells, c)
		}
		s.add(line.Key, cells...)
	}
}

// How many rows for a table a workbook has: those filled in and some more.
const (
	spareRows = 20
	leastRows = 30
)

// table lays out a table: its columns across, its rows down.
func (p *planner) table(s *sheetPlan, f *form.Field) {
	s.wide, s.grows = true, true
	rows, filled := p.report.Values.Rows(f.Key)
	if f.MinRows == 0 {
		s.addHidden(markColumns, "", valueColumn)
		none := cellPlan{col: 3, role: roleInput, field: f, options: []string{noneLabel}}
		if filled && len(rows) == 0 {
			none.text = noneLabel
		}
		s.add(markNone+f.Key, label("本年度没有这项内容的，在右边选“"+noneLabel+"”"), none)
	}
	var columns []*form.Field
	var names []string
	var heads []cellPlan
	for _, column := range f.Columns {
		if !asked(column, p.report.Context) {
			continue
		}
		columns = append(columns, column)
		names = append(names, column.Key)
		title := column.Label
		if column.Unit != "" {
			title += "（" + column.Unit + "）"
		}
		heads = append(heads, head(1+len(columns), title))
		s.widths = append(s.widths, tableWidth(column))
	}
	s.addHidden(markTable+f.Key, names...)
	s.add("", heads...)
	s.headRow = len(s.rows)
	for i := range min(max(len(rows)+spareRows, leastRows), f.MaxRows) {
		var row map[string]any
		if i < len(rows) {
			row = rows[i]
		}
		cells := make([]cellPlan, len(columns))
		for at, column := range columns {
			cells[at] = p.input(column, row[column.Key], 2+at)
			cells[at].rowKey = rowPath(f.Key, i)
			cells[at].path = cells[at].rowKey + "." + column.Key
		}
		s.add("", cells...)
	}
	s.add(markEnd, small(2, "表格到此为止。行数不够的，在上面插入行。"))
}

func rowPath(key string, i int) string { return fmt.Sprintf("%s[%d]", key, i) }

func tableWidth(f *form.Field) float64 {
	switch f.Kind.Base() {
	case form.KindLongText:
		return 36
	case form.KindMoney, form.KindChoice, form.KindText:
		return 18
	}
	return 13
}
