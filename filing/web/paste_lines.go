package web

import (
	"slices"
	"strings"

	"nianbao/filing/form"
)

// lineGrid are the lines of a statement, or of a table of amounts, as a
// spreadsheet has them.
type lineGrid struct {
	lines []*form.Field
	cells func(*form.Field) []*form.Field // those of a line, in order
}

// pasteLines is the field for a statement's amounts.
func (v *sectionView) pasteLines() PasteView {
	return v.pasteView(v.section.Code, "行次、项目和各栏金额")
}

// lineGridOf are the lines of a section that the filer is asked for.
func (w *workspace) lineGridOf(s *form.Section) lineGrid {
	return lineGrid{
		lines: slices.DeleteFunc(slices.Clone(s.Fields), func(f *form.Field) bool { return len(f.CellFields()) == 0 }),
		cells: func(line *form.Field) []*form.Field {
			return slices.DeleteFunc(slices.Clone(line.CellFields()), func(c *form.Field) bool { return !c.When.InContext(w.context) })
		},
	}
}

// paste reads amounts by the number or the name of their line; a paper with two
// halves side by side is read half by half. Amounts alone are taken line by line
// if there are as many rows as lines. What is computed is passed over, a blank
// cell changes nothing. Either all can be read, or nothing is taken.
func (g lineGrid) paste(text string) (set map[string]any, p pasted) {
	p.text, set = text, map[string]any{}
	named := 0
	grid := readGrid(text)
	for _, row := range grid {
		named += g.pasteNamed(row, set, &p)
	}
	if named == 0 && len(p.problems) == 0 {
		g.pasteBare(grid, set, &p)
	}
	if len(p.problems) == 0 && len(set) == 0 {
		p.refuse("没有可以贴入的金额。请把“项目”“行次”和金额各栏一起复制后贴到这里。")
	}
	if len(p.problems) > 0 {
		return nil, p
	}
	return set, p
}

// pasteNamed takes the amounts behind each line that a row names, and counts
// the lines.
func (g lineGrid) pasteNamed(row gridRow, set map[string]any, p *pasted) (named int) {
	for i := 0; i < len(row.cells); {
		line, next := g.lineAt(row.cells, i)
		if line == nil {
			i++
			continue
		}
		named++
		end := next
		for end < len(row.cells) && !isName(row.cells[end]) {
			end++
		}
		g.take(line, gridRow{row.number, row.cells[next:end]}, next, set, p)
		i = end
	}
	return named
}

// lineAt finds the line that the cells name from i on, by name and number in
// either order or by name alone, and where its amounts begin.
func (g lineGrid) lineAt(cells []string, i int) (line *form.Field, next int) {
	if !isName(cells[i]) {
		if i+1 < len(cells) && isName(cells[i+1]) { // the number before the name
			if line := g.byNumber(cells[i]); line != nil && g.byName(cells[i+1]) == line {
				return line, i + 2
			}
		}
		return nil, i
	}
	if i+1 < len(cells) {
		if line := g.byNumber(cells[i+1]); line != nil {
			return line, i + 2
		}
	}
	if line := g.byName(cells[i]); line != nil {
		if i+1 < len(cells) && cells[i+1] == "" && i+2 < len(cells) { // the number left blank
			return line, i + 2
		}
		return line, i + 1
	}
	return nil, i
}

// isName tells that a cell is no amount.
func isName(cell string) bool {
	return strings.ContainsFunc(cell, func(r rune) bool { return r >= 0x4E00 && r <= 0x9FFF && !strings.ContainsRune("元", r) })
}

func (g lineGrid) byNumber(cell string) *form.Field {
	at := slices.IndexFunc(g.lines, func(f *form.Field) bool { return f.Line != "" && f.Line == cell })
	if at < 0 {
		return nil
	}
	return g.lines[at]
}

// byName finds the only line of a name; 其中： and 减： before it do not count.
func (g lineGrid) byName(cell string) *form.Field {
	var found *form.Field
	for _, f := range g.lines {
		if sameLabel(bareLabel(f.Label), bareLabel(cell)) {
			if found != nil {
				return nil
			}
			found = f
		}
	}
	return found
}

func bareLabel(label string) string {
	for _, before := range []string{"其中：", "其中:", "减：", "减:", "加：", "加:"} {
		label = strings.TrimPrefix(label, before)
	}
	return label
}

// pasteBare takes rows of nothing but amounts.
func (g lineGrid) pasteBare(grid []gridRow, set map[string]any, p *pasted) {
	for _, lines := range [][]*form.Field{g.lines, g.entered()} {
		if len(lines) != len(grid) {
			continue
		}
		for i, row := range grid {
			g.take(lines[i], row, 0, set, p)
		}
		return
	}
	if len(grid) > 0 {
		p.refuse("看不出各行是哪一项：贴入了 %d 行，这张表有 %d 行。请连同“项目”“行次”两栏一起复制。", len(grid), len(g.lines))
	}
}

// entered are the lines that are not computed.
func (g lineGrid) entered() []*form.Field {
	return slices.DeleteFunc(slices.Clone(g.lines), func(f *form.Field) bool { return f.Formula != "" })
}

// take reads a line's amounts, the first of which stands in column at (from 0).
func (g lineGrid) take(line *form.Field, row gridRow, at int, set map[string]any, p *pasted) {
	cells, columns := filled(row.cells), g.cells(line)
	if len(cells) > len(columns) {
		p.refuse("第 %d 行“%s”有 %d 个金额，这张表只有 %d 栏。", row.number, line.Label, len(cells), len(columns))
		return
	}
	for i, cell := range cells {
		if columns[i].Computed() || cell == "" {
			continue
		}
		value, problem := pasteCell(columns[i], cell)
		if problem != "" {
			p.refuse("第 %d 行第 %d 列“%s”不是金额。贴入的是“%s”。", row.number, at+i+1, labelOf(columns[i]), shorten(cell))
			continue
		}
		set[columns[i].Key] = value
	}
}
