package xlsx

import (
	"cmp"
	"encoding/xml"
	"slices"
	"strconv"
	"strings"
)

// sheetReader reads one sheet.
type sheetReader struct {
	parts    *parts
	sheet    *Sheet
	shared   []string
	looks    *looks
	row, col int // of the cell that was read last
}

func (r *sheetReader) read(name string) error {
	err := r.parts.each(name, func(s *scanner, e xml.StartElement) error {
		switch e.Name.Local {
		case "row":
			return r.beginRow(e)
		case "c":
			return r.cell(s, e)
		case "mergeCell":
			return r.merge(e)
		}
		return nil
	})
	if err != nil {
		return err
	}
	slices.SortFunc(r.sheet.Cells, func(a, b Cell) int {
		return cmp.Or(cmp.Compare(a.Row, b.Row), cmp.Compare(a.Col, b.Col))
	})
	for i := 1; i < len(r.sheet.Cells); i++ {
		if a, b := r.sheet.Cells[i-1], r.sheet.Cells[i]; a.Row == b.Row && a.Col == b.Col {
			return errDamaged
		}
	}
	return nil
}

func (r *sheetReader) beginRow(e xml.StartElement) error {
	r.row, r.col = r.row+1, 0
	if number := attr(e, "r"); number != "" {
		n, err := strconv.Atoi(number)
		if err != nil {
			return errDamaged
		}
		r.row = n
	}
	if r.row < 1 || r.row > MaxRow {
		return errDamaged
	}
	return nil
}

func (r *sheetReader) merge(e xml.StartElement) error {
	found, ok := parseRange(attr(e, "ref"))
	if !ok {
		return errDamaged
	}
	if found.Row1 == found.Row2 && found.Col1 == found.Col2 {
		return nil
	}
	if r.parts.merged++; r.parts.merged > r.parts.limits.MaxMerged {
		return tooLarge("合并的单元格太多")
	}
	r.sheet.Merged = append(r.sheet.Merged, found)
	return nil
}

// cell reads one c element and keeps it if it holds something.
func (r *sheetReader) cell(s *scanner, e xml.StartElement) error {
	row, col := r.row, r.col+1
	if name := attr(e, "r"); name != "" {
		var ok bool
		if row, col, ok = parseName(name); !ok || row != r.row {
			return errDamaged
		}
	}
	if row < 1 || col > MaxCol {
		return errDamaged
	}
	r.col = col
	raw, err := readRaw(s)
	if err != nil {
		return err
	}
	c := Cell{Row: row, Col: col, Formula: raw.formula}
	style, _ := strconv.Atoi(attr(e, "s")) // what is no number is the plain style
	if !r.fill(&c, attr(e, "t"), &raw, style) {
		return nil
	}
	if r.parts.cells++; r.parts.cells > r.parts.limits.MaxCells {
		return tooLarge("填有内容的单元格太多（超过 " + strconv.Itoa(r.parts.limits.MaxCells) + " 个）")
	}
	r.sheet.Cells = append(r.sheet.Cells, c)
	return nil
}

// rawCell is what stands in a c element.
type rawCell struct {
	formula, stored bool
	value           strings.Builder // of v
	inline          textRun         // of is
}

func readRaw(s *scanner) (rawCell, error) {
	var raw rawCell
	in := ""
	err := s.inside(func(token xml.Token) error {
		switch t := token.(type) {
		case xml.StartElement:
			switch {
			case in == "is":
				raw.inline.take(t)
			case t.Name.Local == "f":
				raw.formula = true
			case t.Name.Local == "v" || t.Name.Local == "is":
				in, raw.stored = t.Name.Local, true
			}
		case xml.EndElement:
			if in == t.Name.Local && (in == "v" || in == "is") {
				in = ""
			} else if in == "is" {
				raw.inline.take(t)
			}
		case xml.CharData:
			switch in {
			case "v":
				raw.value.Write(t)
			case "is":
				raw.inline.take(t)
			}
		}
		return nil
	})
	return raw, err
}

// fill sets what the cell holds by its type; false if that is nothing.
func (r *sheetReader) fill(c *Cell, kind string, raw *rawCell, style int) bool {
	if raw.formula && !raw.stored {
		c.Kind = KindPending
		return true
	}
	value := raw.value.String()
	switch kind {
	case "", "n":
		c.Kind, c.Text, c.Shown = KindNumber, strings.TrimSpace(value), r.looks.of(style)
	case "s":
		i, err := strconv.Atoi(strings.TrimSpace(value))
		if err != nil || i < 0 || i >= len(r.shared) {
			return false
		}
		c.Kind, c.Text = KindText, r.shared[i]
	case "inlineStr":
		c.Kind, c.Text = KindText, raw.inline.String()
	case "b":
		c.Kind, c.Text = KindBool, strings.TrimSpace(value)
	case "e":
		c.Kind, c.Text = KindError, strings.TrimSpace(value)
	default: // "str", and "d", a day as text
		c.Kind, c.Text = KindText, unescape(value)
	}
	return strings.TrimSpace(c.Text) != ""
}
