package workbook

import (
	"strings"

	"nianbao/internal/xlsx"
)

// gridRow is a row of a sheet: its filled cells from left to right.
type gridRow struct {
	number int
	cells  []xlsx.Cell
}

// grid gathers a sheet's cells by row; rows without any are left out.
func grid(s *xlsx.Sheet) []gridRow {
	var rows []gridRow
	for from := 0; from < len(s.Cells); {
		to := from
		for to < len(s.Cells) && s.Cells[to].Row == s.Cells[from].Row {
			to++
		}
		rows = append(rows, gridRow{number: s.Cells[from].Row, cells: s.Cells[from:to]})
		from = to
	}
	return rows
}

// cell finds the cell of a column; ok is false where it is blank.
func (r gridRow) cell(col int) (c xlsx.Cell, ok bool) {
	for _, c := range r.cells {
		if c.Col == col {
			return c, true
		}
	}
	return xlsx.Cell{}, false
}

// text is what the cell of a column says, "" where it is blank.
func (r gridRow) text(col int) string {
	c, _ := r.cell(col)
	return strings.TrimSpace(c.Text)
}

// merged finds the merged range that covers a cell.
func merged(s *xlsx.Sheet, row, col int) (r xlsx.Range, ok bool) {
	for _, r := range s.Merged {
		if r.Contains(row, col) {
			return r, true
		}
	}
	return xlsx.Range{}, false
}
