package web

import (
	"fmt"
	"slices"
	"strings"

	"nianbao/filing/form"
	"nianbao/internal/web"
)

// statement lays out a statement of the accounting system as its paper has it.
func (v *sectionView) statement() web.Statement {
	_, name, paper := sectionName(v.section)
	s := web.Statement{ID: "st", Title: name, FormNo: paper, Maker: v.w.org.Name, AsOf: v.asOf(),
		Caption: name + "，按行次填写，合计自动计算"}
	parts := inFormulas(v.section)
	for i, line := range v.section.Fields {
		if i == 0 {
			for _, cell := range v.cells(line) {
				s.Columns = append(s.Columns, breakable(columnLabel(cell)))
			}
		}
		row := v.line(line)
		row.Line = line.Line
		if line.Formula != "" {
			row.Formula = formulaText(line.Formula) + "，自动计算"
		}
		row.Kind = lineKind(line, parts)
		s.Rows = append(s.Rows, row)
	}
	return s
}

// breakable lets a column's name break after its first part.
func breakable(label string) string { return strings.ReplaceAll(label, "·", "·\u200b") }

// asOf is the day of a balance sheet, else the year.
func (v *sectionView) asOf() string {
	year := v.w.obligation.ReportYear
	if v.section.Kind == form.SectionBalanceSheet {
		return fmt.Sprintf("%d年12月31日", year)
	}
	return fmt.Sprintf("%d年度", year)
}

// inFormulas are the lines that some sum of the section counts.
func inFormulas(s *form.Section) map[*form.Field]bool {
	parts := map[*form.Field]bool{}
	for _, line := range s.Fields {
		for _, t := range line.Terms() {
			parts[t.Field] = true
		}
	}
	return parts
}

// lineKind is how a line is set: sums stand out, and what is only a part of the
// line above it, or taken off it, is set in.
func lineKind(line *form.Field, parts map[*form.Field]bool) string {
	switch {
	case line.Formula != "" && strings.HasSuffix(line.Label, "总计"):
		return web.RowGrand
	case line.Formula != "":
		return web.RowTotal
	case !parts[line], strings.HasPrefix(line.Label, "其中"), strings.HasPrefix(line.Label, "减："):
		return web.RowSub
	}
	return web.RowLine
}

// cells are those of a line that the filer is asked for.
func (v *sectionView) cells(line *form.Field) []*form.Field {
	return slices.DeleteFunc(slices.Clone(line.CellFields()), func(cell *form.Field) bool {
		return !cell.When.InContext(v.w.context)
	})
}

// line is a row of a statement or grid with what is said about its figures.
func (v *sectionView) line(line *form.Field) web.StatementRow {
	row := web.StatementRow{ID: rowID(line), Label: line.Label}
	if line.Formula != "" {
		row.Kind = web.RowTotal
	}
	_, row.Findings = v.words(line.Key)
	for _, f := range line.CellFields() {
		if !f.When.InContext(v.w.context) {
			continue
		}
		row.Cells = append(row.Cells, v.cell(f, &row))
	}
	return row
}

// cell is one amount. What is wrong with it is told below its line.
func (v *sectionView) cell(f *form.Field, row *web.StatementRow) web.StatementCell {
	text, findings := v.words(f.Key)
	cell := web.StatementCell{Label: labelOf(f), Value: typed(f, v.values[f.Key]), Bad: text != ""}
	for _, finding := range findings {
		cell.Bad = cell.Bad || !finding.Warning
		cell.Odd = cell.Odd || finding.Warning
	}
	row.Findings = append(row.Findings, findings...)
	for _, other := range v.findings { // a figure takes part in what is told at another line
		if !other.ofField() && slices.Contains(other.Keys, f.Key) {
			cell.Bad = cell.Bad || other.Severity == "error" && f.Computed()
			cell.Odd = cell.Odd || other.Severity != "error"
			cell.DescribedBy = other.id()
		}
	}
	if f.Computed() {
		calc := calcOf(f, f.Key)
		cell.Calc, cell.Terms = calc.Path, calc.Terms
		return cell
	}
	cell.Name, cell.ID = f.Key, fieldID(f.Key)
	cell.LastYear = v.w.mark(f) != ""
	if raw, ok := v.in.typed[f.Key]; ok {
		cell.Value = raw
		id := fieldID(f.Key) + "-e"
		row.Findings = append(row.Findings, web.Finding{ID: id, Title: text})
		cell.DescribedBy = id
	}
	return cell
}
