package web

import (
	"strings"

	"nianbao/filing/form"
)

// priorPrefix begins the columns in which the form asks for last year's figures.
const priorPrefix = "prior_"

// figure adds a line with columns to the figures at hand, or begins new ones where the columns differ.
func (r *reader) figure(p *Part, f *form.Field) {
	columns, stated := splitColumns(f)
	if len(columns) == 0 {
		columns, stated = stated, nil
	}
	table := r.figuresFor(p, f, columns, stated)
	row := FigureRow{
		ID: rowID(f.Key), Line: f.Line, Label: f.Label, Formula: f.Formula, Total: f.Kind.Calculated(), Sub: strings.HasPrefix(f.Label, "其中"),
		Odd: r.odd[f.Key], Marked: r.marked[f.Key], Remark: r.remarkAt(f.Key, f),
	}
	for _, cell := range columns {
		row.Cells = append(row.Cells, show(cell, r.c.Values[cell.FullKey()]))
	}
	compared := columns[len(columns)-1].FullKey()
	if table.Prior != "" {
		row.Prior = show(f, r.c.PriorValues[compared])
		row.Change = change(r.c.Values[compared], r.c.PriorValues[compared])
	}
	table.Rows = append(table.Rows, row)
	if table.Stated != nil {
		row.ID, row.Cells, row.Remark = "", nil, ""
		for _, cell := range stated {
			row.Cells = append(row.Cells, show(cell, r.c.Values[cell.FullKey()]))
		}
		table.Stated.Rows = append(table.Stated.Rows, row)
	}
}

func (r *reader) figuresFor(p *Part, f *form.Field, columns, stated []*form.Field) *Figures {
	if n := len(p.Blocks); n > 0 {
		if last := p.Blocks[n-1].Figures; last != nil && len(last.Columns) == len(columns) {
			return last
		}
	}
	t := &Figures{Caption: p.Title, Columns: withoutGroup(cellLabels(f, columns))}
	if r.c.PriorValues != nil {
		t.Prior = "上年" + t.Columns[len(t.Columns)-1]
	}
	if len(stated) > 0 {
		t.Stated = &Figures{Caption: p.Title + "：填报的上年数", Columns: withoutGroup(cellLabels(f, stated))}
	}
	p.Blocks = append(p.Blocks, Block{Figures: t})
	return t
}

// withoutGroup leaves out the group that all columns stand under: 本年累计数·合计 is 合计.
func withoutGroup(labels []string) []string {
	group, _, _ := strings.Cut(labels[0], "·")
	out := make([]string, len(labels))
	for i, label := range labels {
		rest, ok := strings.CutPrefix(label, group+"·")
		if !ok {
			return labels
		}
		out[i] = rest
	}
	return out
}

func splitColumns(f *form.Field) (columns, stated []*form.Field) {
	for i, cell := range f.CellFields() {
		if strings.HasPrefix(f.Cells[i].Key, priorPrefix) {
			stated = append(stated, cell)
		} else {
			columns = append(columns, cell)
		}
	}
	return columns, stated
}

func cellLabels(f *form.Field, cells []*form.Field) []string {
	out := make([]string, 0, len(cells))
	for i, cell := range f.CellFields() {
		for _, want := range cells {
			if cell == want {
				out = append(out, f.Cells[i].Label)
			}
		}
	}
	return out
}
