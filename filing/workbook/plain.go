package workbook

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"nianbao/filing/form"
	"nianbao/internal/money"
	"nianbao/internal/registry/sheet"
	"nianbao/internal/xlsx"
)

// csvName stands for the name of the only sheet of a CSV file.
const csvName = "CSV"

// maxTextCells is how many filled cells a CSV file may have.
const maxTextCells = 100_000

// readText reads a CSV file, in the encodings that offices use, as a workbook of
// one sheet.
func readText(raw []byte) (*xlsx.Book, error) {
	s, err := sheet.Open(bytes.NewReader(raw))
	if err != nil {
		return nil, fileError(err)
	}
	defer s.Close() //nolint:errcheck // a text in memory
	out := &xlsx.Sheet{Name: csvName}
	for {
		row, err := s.Next()
		switch {
		case errors.Is(err, io.EOF):
			return &xlsx.Book{Sheets: []*xlsx.Sheet{out}}, nil
		case err != nil:
			return nil, fileError(err)
		case row.Fault != "":
			return nil, refuse(CodeNotTable, "第 %d 行%s，无法读取。请在表格软件里另存为 .xlsx 文件后再上传。", row.Number, row.Fault)
		}
		for i, text := range row.Cells {
			if text == "" || i >= xlsx.MaxCol {
				continue
			}
			out.Cells = append(out.Cells, xlsx.Cell{Row: row.Number, Col: i + 1, Kind: xlsx.KindText, Text: text})
		}
		if len(out.Cells) > maxTextCells {
			return nil, refuse(CodeTooLarge, "文件里的内容太多。请只保留三张报表后再上传。")
		}
	}
}

func fileError(err error) error {
	var refused *sheet.FileError
	if errors.As(err, &refused) {
		return refuse(CodeNotTable, "%s。请用 Excel 或 WPS 另存为 .xlsx 文件后再上传。", refused.Reason)
	}
	return fmt.Errorf("read table: %w", err)
}

// readPlain reads the statements that an accounting program exported: labels and
// line numbers are matched with the form's, columns may stand in any order.
func readPlain(book *xlsx.Book, r Report) (*Reading, error) {
	p := &plain{collector: newCollector(r, book.From1904), done: map[*form.Section]string{}}
	for _, s := range sections(r, Statements) {
		p.statements = append(p.statements, newStatement(s))
	}
	for _, s := range book.Sheets {
		switch {
		case s.Hidden && len(s.Cells) > 0:
			p.note("工作表“%s”是隐藏的，没有读取。需要读取的，请取消隐藏后重新上传。", s.Name)
		case !s.Hidden:
			if err := p.sheet(s); err != nil {
				return nil, err
			}
		}
	}
	if len(p.reading.Sheets) == 0 {
		return nil, refuse(CodeNothingFound, "没有在文件里找到资产负债表、业务活动表或现金流量表。表里要有表名和“项目”“行次”以及“年初数、期末数”等表头；也可以下载本页的工作簿填写。")
	}
	p.checkTotals()
	return p.finish(), nil
}

// plain reads sheets that are not ours.
type plain struct {
	*collector
	statements []*statement
	done       map[*form.Section]string // the sheet from which a statement was read
	totals     []total
}

// total is a computed figure as the sheet has it.
type total struct {
	field *form.Field
	cell  Cell
	value int64
}

// sheet reads the tables of a sheet: usually one, but all three statements may
// stand below each other.
func (p *plain) sheet(s *xlsx.Sheet) error {
	rows := grid(s)
	from := 0 // the first row that no table has taken
	for at := 0; at < len(rows); at++ {
		h, ok := findHeader(s, rows, at)
		if !ok {
			continue
		}
		end := nextHeader(s, rows, at+h.height)
		t := &table{plain: p, sheet: s, head: rows[from : at+h.height], body: rows[at+h.height : end]}
		if err := t.read(h); err != nil {
			return err
		}
		from, at = end, end-1
	}
	return nil
}

// nextHeader is where the table ends: at the next one's headings.
func nextHeader(s *xlsx.Sheet, rows []gridRow, from int) int {
	for at := from; at < len(rows); at++ {
		if _, ok := findHeader(s, rows, at); ok {
			return at
		}
	}
	return len(rows)
}

// table is one statement in a sheet.
type table struct {
	*plain
	sheet      *xlsx.Sheet
	head, body []gridRow
	st         *statement
	shift      int
	blanks     int
}

func (t *table) read(h header) error {
	t.st = t.choose(h)
	if t.st == nil {
		return nil
	}
	_, name, _ := t.st.section.TitleParts()
	if earlier, twice := t.done[t.st.section]; twice {
		t.note("“%s”在工作表“%s”里已经读过，工作表“%s”里的没有再读。一个文件里每张报表只留一份（全年的）。", name, earlier, t.sheet.Name)
		return nil
	}
	words := t.headWords()
	if err := t.checkYear(words, name); err != nil {
		return err
	}
	t.checkMaker(words)
	t.unit(words)
	blocks := h.blocks(t.st, t.collector)
	if len(blocks) == 0 {
		return nil
	}
	t.done[t.st.section] = t.sheet.Name
	t.reading.Sheets = append(t.reading.Sheets, SheetRead{Name: t.sheet.Name, What: name})
	for _, b := range blocks {
		t.block(b)
	}
	if t.blanks > 0 {
		t.note("“%s”里有 %d 个空白的金额，按 0.00 读取。", name, t.blanks)
	}
	return nil
}

// choose finds which statement the table is: by the title above it, nearest
// first, by the sheet's name, else by the labels in it.
func (t *table) choose(h header) *statement {
	texts := []string{t.sheet.Name}
	for _, row := range t.head {
		for _, c := range row.cells {
			texts = append(texts, c.Text)
		}
	}
	for i := len(texts) - 1; i >= 0; i-- {
		for _, st := range t.statements {
			if containsTitle(texts[i], st) {
				return st
			}
		}
	}
	var best *statement
	most := 2 // fewer labels than that are an accident
	for _, st := range t.statements {
		hits := 0
		for _, row := range t.body {
			for _, col := range h.labels() {
				if len(st.byLabel[bareLabel(row.text(col))]) > 0 {
					hits++
				}
			}
		}
		if hits > most {
			best, most = st, hits
		}
	}
	return best
}

// block reads the rows of one block: a balance sheet has two side by side.
func (t *table) block(b block) {
	columns := t.filledColumns(b)
	order := 0
	for _, row := range t.body {
		label, number := row.text(b.label), ""
		if b.line > 0 {
			number = lineNumber(row, b.line)
		}
		line, at := t.st.match(label, number, order)
		if line == nil {
			t.unmatched(row, b, label, number)
			continue
		}
		order = at + 1
		if number != "" && number != line.Line && bareLabel(label) != "" {
			_, name, _ := t.st.section.TitleParts()
			t.note("“%s”的行次与报告表的不同，按项目名称对应，请核对。", name)
		}
		for _, col := range columns {
			t.amount(row, col, b.values[col], line)
		}
	}
}

// filledColumns are the columns of a block with at least one amount; one that is
// blank from top to bottom says nothing.
func (t *table) filledColumns(b block) []int {
	var list []int
	for _, col := range b.columns() {
		filled := false
		for _, row := range t.body {
			if c, ok := row.cell(col); ok && (c.Kind != xlsx.KindText || isFigure(c.Text)) {
				filled = true
				break
			}
		}
		if filled {
			list = append(list, col)
		} else {
			t.note("工作表“%s”的“%s”整栏没有金额，没有读取。", t.sheet.Name, b.heads[col])
		}
	}
	return list
}

// amount reads the amount of a line in a column.
func (t *table) amount(row gridRow, col int, key string, line *form.Field) {
	f, ok := t.report.Form.Field(line.Key + "." + key)
	if !ok || !asked(f, t.report.Context) {
		return
	}
	c, filled := row.cell(col)
	cell := Cell{Sheet: t.sheet.Name, Name: xlsx.CellName(row.number, col), Path: f.Key, Label: f.FullLabel()}
	var got content
	_, covered := merged(t.sheet, row.number, col)
	switch {
	case covered:
		got.problem = "单元格与别的单元格合并了，分不清金额属于哪一行。请取消合并"
	case !filled && f.Computed():
		return
	case !filled:
		t.blanks++
		got = content{value: int64(0), text: "（空白）"}
	default:
		got = readCell(f, c, t.from1904, t.shift)
	}
	cell.Text = got.text
	if got.problem != "" {
		cell.Wrong, cell.Fix = splitProblem(got.problem)
	}
	if f.Computed() {
		if n, ok := got.value.(int64); ok && cell.Wrong == "" {
			t.totals = append(t.totals, total{f, cell, n})
		}
		return
	}
	if t.seen[f.Key] {
		cell.Wrong, cell.Fix = fmt.Sprintf("“%s”在表里出现了两次", line.Label), "请只留一行，重新上传。"
	}
	t.keep(f.Key, cell)
	if cell.Wrong == "" && got.value != nil {
		t.reading.Values[f.Key] = got.value
	}
}

// unmatched tells of a line with an amount that the form does not have.
func (t *table) unmatched(row gridRow, b block, label, number string) {
	if bareLabel(label) == "" && number == "" {
		return
	}
	for _, col := range b.columns() {
		c, ok := row.cell(col)
		if !ok || c.Kind == xlsx.KindText && !isFigure(c.Text) {
			continue
		}
		if n, ok := parseNumber(figureText(c.Text)); ok && n.coefficient == 0 {
			continue
		}
		what := "“" + label + "”"
		if number != "" {
			what += "（行次 " + number + "）"
		}
		t.keep("", Cell{Sheet: t.sheet.Name, Name: xlsx.CellName(row.number, col), Label: label, Text: c.Text,
			Wrong: what + "在报告表里没有对应的行，没有读入", Fix: "请把金额并入报告表的相应项目，或者把项目名称改成报告表里的名称后重新上传。"})
		return
	}
}

// checkTotals compares the sheet's totals with the sums of the lines that were
// read: a difference shows a line that was missed, or a wrong sheet.
func (p *plain) checkTotals() {
	sums := p.report.Form.Calculate(p.reading.Values)
	for _, t := range p.totals {
		sum, ok := sums.Int(t.field.Key)
		if !ok || sum == t.value {
			continue
		}
		t.cell.Wrong = fmt.Sprintf("表里的合计是 %s，按读到的各行计算是 %s", money.Fen(t.value).Grouped(), money.Fen(sum).Grouped())
		t.cell.Fix = "报告里的合计一律由系统计算。请核对各行是否都读到了，有没有填错行。"
		p.keep("", t.cell)
	}
}
