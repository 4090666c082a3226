package pdf

import (
	"fmt"

	"nianbao/internal/document"
)

var (
	cellStyle  = style{regular, 12, ink}
	fieldStyle = style{bold, 17, ink}
)

// The facts table, in millimetres.
const (
	labelWidth  = 42.0
	cellPadding = 3.2
	cellLeading = 6.2
	cellLeast   = 8.8 // height of a row with one line
	thinRule    = 0.2
	thickRule   = 0.45
)

// table sets a ruled table, one item per row. The first and the last two rows
// stay together.
func (s *setter) table(b document.Table) ([]item, error) {
	items := make([]item, 0, len(b.Rows))
	for i, row := range b.Rows {
		it, err := s.tableRow(row, i == 0, i == len(b.Rows)-1)
		if err != nil {
			return nil, err
		}
		if i == 0 {
			it.gap = 3.5
		}
		it.keep = i == 0 && len(b.Rows) > 1 || i == len(b.Rows)-2
		items = append(items, it)
	}
	return append(items, item{height: 3}), nil
}

func (s *setter) tableRow(row document.Row, first, last bool) (item, error) {
	label, err := s.set(row.Label, cellStyle)
	if err != nil {
		return item{}, err
	}
	value, err := s.set(row.Value, cellStyle)
	if err != nil {
		return item{}, err
	}
	labels := wrap(label, cellStyle, labelWidth-2*cellPadding, 0)
	values := wrap(value, cellStyle, measure-labelWidth-2*cellPadding, 0)
	h := cellLeast*s.tightness + float64(max(1, len(labels), len(values))-1)*cellLeading
	draw := func(c *canvas, y float64) {
		c.box(marginLeft, y, measure, h, thinRule)
		c.rule(marginLeft+labelWidth, y, marginLeft+labelWidth, y+h, thinRule, ink)
		for _, x := range []float64{marginLeft, marginLeft + measure} {
			c.rule(x, y, x, y+h, thickRule, ink)
		}
		if first {
			c.rule(marginLeft, y, marginLeft+measure, y, thickRule, ink)
		}
		if last {
			c.rule(marginLeft, y+h, marginLeft+measure, y+h, thickRule, ink)
		}
		c.lines(labels, marginLeft+labelWidth/2, y+h/2, cellLeading, cellStyle)
		top := y + (h-float64(len(values))*cellLeading)/2
		for i, l := range values {
			c.text(marginLeft+labelWidth+cellPadding, top+float64(i)*cellLeading+baseline(cellStyle, cellLeading), l.chars, cellStyle, l.stretch)
		}
	}
	return item{height: h, draw: draw}, nil
}

// lines draws set lines centred on the point cx, cy.
func (c *canvas) lines(lines []line, cx, cy, leading float64, st style) {
	top := cy - float64(len(lines))*leading/2
	for i, l := range lines {
		c.text(cx-l.width/2, top+float64(i)*leading+baseline(st, leading), l.chars, st, 0)
	}
}

// The stamp field of a register sheet.
const (
	fieldHead   = 11.0
	fieldHeight = 62.0
)

// stampField sets a ruled form with one tall row; the last column takes the
// conclusion stamp and the date.
func (s *setter) stampField(b document.StampField, page document.Page) ([]item, error) {
	columns := len(b.Heads)
	if columns == 0 || columns != len(b.Cells) {
		return nil, fmt.Errorf("stamp field with %d heads and %d cells", columns, len(b.Cells))
	}
	mark, err := s.setSeal(page.Authority, b.SealLabel, page.Demonstration)
	if err != nil {
		return nil, err
	}
	date, err := s.set(b.Date, cellStyle)
	if err != nil {
		return nil, err
	}
	const stampColumn = 66.0
	other := (measure - stampColumn) / float64(max(1, columns-1))
	heads, cells := make([][]line, columns), make([][]line, columns)
	for i := range columns {
		room := other
		if i == columns-1 {
			room = stampColumn
		}
		head, err := s.set(b.Heads[i], headingStyle)
		if err != nil {
			return nil, err
		}
		cell, err := s.set(b.Cells[i], fieldStyle)
		if err != nil {
			return nil, err
		}
		heads[i] = wrap(head, headingStyle, room-4, 0)
		cells[i] = wrap(cell, fieldStyle, room-6, 0)
	}
	draw := func(c *canvas, y float64) {
		c.box(marginLeft, y, measure, fieldHead+fieldHeight, thickRule)
		c.rule(marginLeft, y+fieldHead, marginLeft+measure, y+fieldHead, thinRule, ink)
		for i := range columns {
			x, w := marginLeft+float64(i)*other, other
			if i == columns-1 {
				w = stampColumn
			}
			if i > 0 {
				c.rule(x, y, x, y+fieldHead+fieldHeight, thinRule, ink)
			}
			c.lines(heads[i], x+w/2, y+fieldHead/2, 6, headingStyle)
			c.lines(cells[i], x+w/2, y+fieldHead+fieldHeight/2, 9, fieldStyle)
		}
		cx := marginLeft + measure - stampColumn/2
		c.centred(cx, y+fieldHead+fieldHeight-6, date, cellStyle, 0)
		c.seal(cx, y+fieldHead+4+sealRadius+3, mark)
	}
	return []item{{gap: 4, height: fieldHead + fieldHeight + 4, draw: draw}}, nil
}
