package web

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"nianbao/filing/form"
)

// PasteView is the field into which a table is pasted from a spreadsheet.
type PasteView struct {
	ID, Name string
	Button   string // value of the button
	Columns  string // what it takes
	Text     string // as it was pasted, where it could not be read
	Problems []string
}

// Names of the form that pastes.
const (
	pasteButton = "paste"
	pastePrefix = "paste." // of the text, before the table's key or the section's code
)

// pasted is what became of a pasted text: refused with its problems, or taken.
type pasted struct {
	text     string
	problems []string
}

// maxProblems is how many places of a pasted text are named.
const maxProblems = 8

func (p *pasted) refuse(format string, args ...any) {
	switch {
	case len(p.problems) < maxProblems:
		p.problems = append(p.problems, fmt.Sprintf(format, args...))
	case len(p.problems) == maxProblems:
		p.problems = append(p.problems, "还有别的地方也不能读，先改上面这些。")
	}
}

// pasteTable is the field for a table's rows.
func (v *sectionView) pasteTable(f *form.Field) PasteView {
	var labels []string
	for _, c := range pasteColumns(f) {
		labels = append(labels, c.Label)
	}
	return v.pasteView(f.Key, strings.Join(labels, "、"))
}

func (v *sectionView) pasteView(key, columns string) PasteView {
	view := PasteView{ID: "p-" + key, Name: pastePrefix + key, Button: key, Columns: columns}
	if got, ok := v.in.pasted[key]; ok {
		view.Text, view.Problems = got.text, got.problems
	}
	return view
}

// readPaste reads the text of the table or statement whose button was pressed
// into the input: rows behind those that are there, amounts over those that are
// there. What cannot be read is noted in the input; else it says what was taken.
func (w *workspace) readPaste(s *form.Section, sent url.Values, in *input) (taken string) {
	key := sent.Get(pasteButton)
	text := sent.Get(pastePrefix + key)
	switch key {
	case "":
		return ""
	case s.Code:
		set, p := w.lineGridOf(s).paste(text)
		if len(p.problems) > 0 {
			in.pasted = map[string]pasted{key: p}
			return ""
		}
		maps.Copy(in.set, set)
		return fmt.Sprintf("已贴入 %d 个金额。合计自动计算，没有贴入。", len(set))
	}
	at := slices.IndexFunc(s.Fields, func(f *form.Field) bool { return f.Key == key && f.Kind == form.KindTable })
	if at < 0 {
		return ""
	}
	f := s.Fields[at]
	rows, p := pasteRows(f, text)
	there, _ := in.set[key].([]map[string]any)
	if n := len(there) + len(rows); n > f.MaxRows {
		p.refuse("贴入后有 %d 项，这张表最多 %d 项。", n, f.MaxRows)
	}
	if len(p.problems) > 0 {
		in.pasted = map[string]pasted{key: p}
		return ""
	}
	in.set[key] = w.form.Calculate(form.Values{key: slices.Concat(there, rows)})[key]
	in.both = slices.DeleteFunc(in.both, func(other *form.Field) bool { return other == f })
	return fmt.Sprintf("已贴入 %d 行，接在原有各项后面。", len(rows))
}

// pasteColumns are the columns that a row is pasted into.
func pasteColumns(f *form.Field) []*form.Field {
	return slices.DeleteFunc(slices.Clone(f.Columns), func(c *form.Field) bool { return c.Computed() })
}

// pasteRows reads rows for a table. The first row may name the columns, in any
// order; without names they come in the table's order, after a running number if
// there is one. Either all can be read, or nothing is taken.
func pasteRows(f *form.Field, text string) (rows []map[string]any, p pasted) {
	p.text = text
	grid, columns := readGrid(text), pasteColumns(f)
	if len(grid) > 0 {
		if named := namedColumns(columns, grid[0].cells); named != nil {
			grid, columns = grid[1:], named
		} else if numbered(grid, len(columns)) {
			columns = append([]*form.Field{nil}, columns...)
		}
	}
	if len(grid) == 0 {
		p.refuse("没有可以贴入的行。请从表格软件里选中各行，复制后贴到这里。")
	}
	for _, row := range grid {
		rows = append(rows, pasteRow(columns, row, &p))
	}
	if len(p.problems) > 0 {
		return nil, p
	}
	return rows, p
}

// namedColumns are the columns that a row of names means, nil where it is no
// such row; a name of none of them, such as 序号, is passed over.
func namedColumns(columns []*form.Field, cells []string) []*form.Field {
	named, found := make([]*form.Field, len(cells)), 0
	for i, cell := range cells {
		at := slices.IndexFunc(columns, func(c *form.Field) bool { return sameLabel(c.Label, cell) })
		if at >= 0 && !slices.Contains(named, columns[at]) {
			named[i] = columns[at]
			found++
		}
	}
	if found == 0 || found*2 < len(columns) && found*2 < len(cells) {
		return nil
	}
	return named
}

// sameLabel compares names as people write them: without blanks, and without
// what stands in brackets behind, such as a unit.
func sameLabel(a, b string) bool {
	plain := func(s string) string {
		s = strings.Join(strings.Fields(strings.ReplaceAll(s, "\u3000", " ")), "")
		if cut := strings.IndexAny(s, "（("); cut > 0 {
			s = s[:cut]
		}
		return s
	}
	return plain(a) == plain(b)
}

// numbered tells that each row begins with its number before the columns.
func numbered(grid []gridRow, columns int) bool {
	full := false
	for i, row := range grid {
		if row.cells[0] != strconv.Itoa(i+1) {
			return false
		}
		full = full || len(filled(row.cells)) == columns+1
	}
	return full
}

// filled are the cells up to the last that holds anything.
func filled(cells []string) []string {
	for len(cells) > 0 && cells[len(cells)-1] == "" {
		cells = cells[:len(cells)-1]
	}
	return cells
}

func pasteRow(columns []*form.Field, row gridRow, p *pasted) map[string]any {
	cells := filled(row.cells)
	if len(cells) > len(columns) {
		p.refuse("第 %d 行有 %d 列，这张表只有 %d 列。", row.number, len(cells), len(columns))
		return nil
	}
	values := map[string]any{}
	for i, cell := range cells {
		if columns[i] == nil {
			continue
		}
		value, problem := pasteCell(columns[i], cell)
		if problem != "" {
			p.refuse("第 %d 行第 %d 列：%s。贴入的是“%s”。", row.number, i+1, strings.TrimSuffix(problem, "。"), shorten(cell))
			continue
		}
		if value != nil {
			values[columns[i].Key] = value
		}
	}
	return values
}

// maxQuote is how much of a cell is quoted, in characters.
const maxQuote = 20

func shorten(text string) string {
	if r := []rune(text); len(r) > maxQuote {
		return string(r[:maxQuote]) + "…"
	}
	return text
}

// pasteCell reads a cell: an option by its label, amounts as accountants write
// them.
func pasteCell(f *form.Field, cell string) (value any, problem string) {
	switch f.Kind.Base() {
	case form.KindChoice:
		if code, ok := optionCode(f, cell); ok {
			return code, ""
		}
	case form.KindMultiChoice:
		return pasteOptions(f, cell)
	case form.KindMoney, form.KindPercent:
		cell = accountants(cell)
	}
	return parse(f, cell)
}

// accountants reads a dash as nothing at all, that is zero, and brackets as a minus.
func accountants(cell string) string {
	switch cell {
	case "-", "－", "—", "–", "−":
		return "0"
	}
	for _, brackets := range [][2]string{{"(", ")"}, {"（", "）"}} {
		inner, open := strings.CutPrefix(cell, brackets[0])
		if inner, closed := strings.CutSuffix(inner, brackets[1]); open && closed {
			return "-" + inner
		}
	}
	return cell
}

func optionCode(f *form.Field, label string) (code string, ok bool) {
	for _, o := range f.Options {
		if o.Code == label || sameLabel(o.Label, label) {
			return o.Code, true
		}
	}
	return "", false
}

func pasteOptions(f *form.Field, cell string) (value any, problem string) {
	var codes []string
	for part := range strings.FieldsFuncSeq(cell, func(r rune) bool { return strings.ContainsRune("、，,；;/\n", r) }) {
		code, ok := optionCode(f, strings.TrimSpace(part))
		if !ok {
			return nil, fmt.Sprintf("“%s”没有“%s”这个选项", f.Label, shorten(part))
		}
		codes = append(codes, code)
	}
	return chosen(f, codes), ""
}
