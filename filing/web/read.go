package web

import (
	"fmt"
	"slices"

	"nianbao/filing/form"
	"nianbao/internal/web"
)

// ReadSection is a section of a report to be read.
type ReadSection struct {
	ID, Group, Title, Note string
	Edit                   string // address of the section, "" where it cannot be changed
	Blocks                 []ReadBlock
}

// ReadBlock is a piece of it: facts, a table of amounts, or items of a table.
type ReadBlock struct {
	Title   string
	Facts   []web.Fact
	Sheet   *ReadSheet
	Items   []ReadItem
	Nothing string // said where a table has no items
}

// ReadSheet is a statement or another table of amounts.
type ReadSheet struct {
	Caption, Paper, Maker, AsOf string
	Lines                       bool // with line numbers
	Columns                     []string
	Rows                        []ReadRow
}

// Wide tells that there are more columns than a phone or a page of text takes.
func (s *ReadSheet) Wide() bool { return len(s.Columns) > 3 }

// ReadRow is a line of amounts.
type ReadRow struct {
	Line, Label, Class string
	Cells              []string
}

// ReadItem is a row of a table.
type ReadItem struct {
	Legend string
	Facts  []web.Fact
}

// reader lays a report out for reading.
type reader struct {
	form    *form.Form
	values  form.Values
	context form.Context
	maker   string
	year    int
	edit    func(*form.Section) string // nil: nothing can be changed
}

// sections are those that apply, in the order of the form.
func (r reader) sections() []ReadSection {
	var list []ReadSection
	for _, s := range r.form.Sections {
		if !s.When.Holds(r.values, nil, r.context) {
			continue
		}
		group, name, _ := sectionName(s)
		section := ReadSection{ID: "s-" + s.Code, Group: group, Title: name, Note: s.Note, Blocks: r.blocks(s)}
		if r.edit != nil {
			section.Edit = r.edit(s)
		}
		list = append(list, section)
	}
	return list
}

func (r reader) blocks(s *form.Section) []ReadBlock {
	var blocks []ReadBlock
	fields := slices.DeleteFunc(slices.Clone(s.Fields), func(f *form.Field) bool {
		return !f.Applies(r.values, nil, r.context)
	})
	for i := 0; i < len(fields); {
		f, end := fields[i], i+1
		switch {
		case len(f.CellFields()) > 0:
			for end < len(fields) && len(fields[end].CellFields()) > 0 {
				end++
			}
			blocks = append(blocks, ReadBlock{Sheet: r.sheet(s, fields[i:end])})
		case f.Kind == form.KindTable:
			blocks = append(blocks, r.table(f))
		case f.Kind == form.KindTableRow:
			row, _ := r.values[f.Key].(map[string]any)
			blocks = append(blocks, ReadBlock{Title: f.Label, Facts: r.rowFacts(f, row)})
		default:
			if n := len(blocks); n == 0 || blocks[n-1].Title != "" || blocks[n-1].Facts == nil {
				blocks = append(blocks, ReadBlock{})
			}
			last := &blocks[len(blocks)-1]
			last.Facts = append(last.Facts, factOf(f, r.values[f.Key]))
		}
		i = end
	}
	return blocks
}

func factOf(f *form.Field, value any) web.Fact {
	text := shown(f, value)
	if text == "" {
		return web.Fact{Label: f.Label, Value: orBlank("")}
	}
	return web.Fact{Label: f.Label, Value: text + unitAfter(f)}
}

func (r reader) sheet(s *form.Section, lines []*form.Field) *ReadSheet {
	_, name, paper := sectionName(s)
	sheet := &ReadSheet{Caption: name, Paper: paper, Lines: s.Kind != form.SectionFields}
	if sheet.Lines {
		sheet.Maker, sheet.AsOf = r.maker, fmt.Sprintf("%d年度", r.year)
		if s.Kind == form.SectionBalanceSheet {
			sheet.AsOf = fmt.Sprintf("%d年12月31日", r.year)
		}
	}
	parts := inFormulas(s)
	for i, line := range lines {
		row := ReadRow{Line: line.Line, Label: line.Label}
		if sheet.Lines || line.Formula != "" {
			row.Class = web.StatementRow{Kind: lineKind(line, parts)}.Class()
		}
		for _, cell := range line.CellFields() {
			if !cell.When.InContext(r.context) {
				continue
			}
			if i == 0 {
				sheet.Columns = append(sheet.Columns, breakable(columnLabel(cell)))
			}
			row.Cells = append(row.Cells, shown(cell, r.values[cell.Key]))
		}
		sheet.Rows = append(sheet.Rows, row)
	}
	return sheet
}

func (r reader) table(f *form.Field) ReadBlock {
	rows, filled := r.values.Rows(f.Key)
	block := ReadBlock{Title: f.Label}
	switch {
	case !filled:
		block.Nothing = orBlank("")
	case len(rows) == 0:
		block.Nothing = "没有"
	}
	for i, row := range rows {
		block.Items = append(block.Items, ReadItem{Legend: fmt.Sprintf("第 %d 项", i+1), Facts: r.rowFacts(f, row)})
	}
	return block
}

func (r reader) rowFacts(f *form.Field, row map[string]any) []web.Fact {
	var facts []web.Fact
	for _, column := range f.Columns {
		if column.When.Holds(r.values, row, r.context) {
			facts = append(facts, factOf(column, row[column.Key]))
		}
	}
	return facts
}
