package workbook

import (
	"strings"

	"nianbao/filing/form"
	"nianbao/internal/xlsx"
)

// place is where a value stands in a workbook.
type place struct {
	sheet string
	cell  string
}

// places finds the cell of every value, by its path.
func places(sheets []*sheetPlan) map[string]place {
	found := map[string]place{}
	for _, s := range sheets {
		for i := range s.rows {
			for _, c := range s.rows[i].cells {
				if c.path != "" {
					found[c.path] = place{s.name, xlsx.CellName(i+1, c.col)}
				}
			}
		}
	}
	return found
}

// formulaOf writes a computed figure's formula, the form's own, for a
// spreadsheet. Like the form it leaves a figure blank while none of its parts is
// filled, counts a part that is not filled as zero, and gives zero for a ratio to
// nothing. It is "" where a part is not in the workbook.
func formulaOf(c cellPlan, sheet string, at map[string]place) string {
	var plus, minus, all []string
	for _, t := range c.field.Terms() {
		ref, ok := refer(t.Field, c.rowKey, sheet, at)
		if !ok {
			return ""
		}
		all = append(all, ref)
		if t.Sign > 0 {
			plus = append(plus, ref)
		} else {
			minus = append(minus, ref)
		}
	}
	if len(all) == 0 {
		return ""
	}
	sum := "0"
	if len(plus) > 0 {
		sum = "SUM(" + strings.Join(plus, ",") + ")"
	}
	if len(minus) > 0 {
		sum += "-SUM(" + strings.Join(minus, ",") + ")"
	}
	blank := "COUNT(" + strings.Join(all, ",") + ")=0"
	divisor := c.field.Divisor()
	if divisor == nil {
		return "IF(" + blank + `,"",ROUND(` + sum + ",2))"
	}
	ref, ok := refer(divisor, c.rowKey, sheet, at)
	if !ok {
		return ""
	}
	return "IF(OR(" + blank + ",COUNT(" + ref + `)=0),"",IF(OR(` + sum + "<0,SUM(" + ref + ")<=0),0,ROUND((" + sum + ")/" + ref + "*100,2)))"
}

// refer writes the cell of a formula's part, a sibling in the same row where the
// figure stands in a table.
func refer(f *form.Field, rowKey, sheet string, at map[string]place) (string, bool) {
	path := f.Key
	if rowKey != "" {
		path = rowKey + "." + f.Key
	}
	found, ok := at[path]
	if !ok {
		return "", false
	}
	if found.sheet == sheet {
		return found.cell, true
	}
	return "'" + found.sheet + "'!" + found.cell, true
}
