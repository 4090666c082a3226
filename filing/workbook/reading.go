package workbook

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"nianbao/filing/form"
)

// Reading is what was read out of a file.
type Reading struct {
	// Template tells a workbook of ours from statements of an accounting program.
	Template bool `json:"template"`
	// Sheets are the sheets that were read, in their order.
	Sheets []SheetRead `json:"sheets"`
	// Cells are all cells that were read or could not be, in reading order.
	Cells []Cell `json:"cells"`
	// Notices are Chinese and say what was converted, left out or is odd.
	Notices []string `json:"notices"`
	// Values are what the cells say, by key of the form; a blank one is in Blank.
	Values form.Values `json:"-"`
	// Blank are the keys of fields whose cells are all blank (a workbook of ours only).
	Blank []string `json:"blank"`
	// Bad are the keys of fields with a cell that could not be read; none of these changes a draft.
	Bad []string `json:"bad"`
	// Base tells what the draft held when the workbook was downloaded, by key; nil
	// for statements of an accounting program.
	Base map[string]string `json:"base"`
}

// SheetRead is a sheet that was read.
type SheetRead struct {
	Name string `json:"name"`
	What string `json:"what"` // what it was taken for
}

// Cell is one cell that was read for a value of the form.
type Cell struct {
	Sheet string `json:"sheet"`
	Name  string `json:"name"`    // such as C12
	Path  string `json:"path"`    // the value's key, such as bs_cash.closing or gov_contracts[2].amount; "" where it is not known
	Label string `json:"label"`   // in full
	Text  string `json:"text"`    // as it stands in the cell
	Wrong string `json:"problem"` // Chinese, "" where it could be read
	Fix   string `json:"remedy"`
}

// Place names sheet and cell: 资产负债表 C12.
func (c Cell) Place() string { return c.Sheet + " " + c.Name }

// Problems are the cells that could not be read.
func (r *Reading) Problems() []Cell {
	return slices.DeleteFunc(slices.Clone(r.Cells), func(c Cell) bool { return c.Wrong == "" })
}

// Find gives the cell from which a key was read, the first of several where the
// key is a whole table; ok is false where it was not.
func (r *Reading) Find(key string) (c Cell, ok bool) {
	for i := range r.Cells {
		if path := r.Cells[i].Path; path == key || strings.HasPrefix(path, key+"[") || strings.HasPrefix(path, key+".") {
			return r.Cells[i], true
		}
	}
	return Cell{}, false
}

// PlaceOf names sheet and cell from which a key was read, "" where it was not.
func (r *Reading) PlaceOf(key string) string {
	c, ok := r.Find(key)
	if !ok {
		return ""
	}
	return c.Place()
}

// Encode writes the reading to be kept.
func (r *Reading) Encode(f *form.Form) ([]byte, error) {
	body, err := f.Encode(r.Values)
	if err != nil {
		return nil, fmt.Errorf("keep what was read: %w", err)
	}
	return json.Marshal(kept{Reading: r, Body: body})
}

// kept is a Reading with its values in the form's own way of writing.
type kept struct {
	*Reading
	Body json.RawMessage `json:"body"`
}

// Decode reads what Encode wrote.
func Decode(f *form.Form, data []byte) (*Reading, error) {
	k := kept{Reading: &Reading{}}
	if err := json.Unmarshal(data, &k); err != nil {
		return nil, fmt.Errorf("read what was kept of a workbook: %w", err)
	}
	body, _, err := f.Decode(k.Body, form.DefaultLimits)
	if err != nil {
		return nil, fmt.Errorf("read what was kept of a workbook: %w", err)
	}
	k.Values = body.Values
	return k.Reading, nil
}

// collector gathers a Reading.
type collector struct {
	report   Report
	from1904 bool
	reading  *Reading
	seen     map[string]bool // keys with a cell
	bad      map[string]bool
}

func newCollector(r Report, from1904 bool) *collector {
	return &collector{report: r, from1904: from1904, seen: map[string]bool{}, bad: map[string]bool{},
		reading: &Reading{Values: form.Values{}, Sheets: []SheetRead{}, Cells: []Cell{}, Notices: []string{}}}
}

// note adds a notice once.
func (c *collector) note(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if !slices.Contains(c.reading.Notices, text) {
		c.reading.Notices = append(c.reading.Notices, text)
	}
}

// keep notes a cell; key is the field of the body that it is part of.
func (c *collector) keep(key string, cell Cell) {
	c.reading.Cells = append(c.reading.Cells, cell)
	if key == "" {
		return
	}
	c.seen[key] = true
	if cell.Wrong != "" {
		c.bad[key] = true
	}
}

// finish tells blank fields from bad ones. Values of a bad field are dropped.
func (c *collector) finish() *Reading {
	for _, f := range c.report.Form.ValueFields() {
		switch _, filled := c.reading.Values[f.Key]; {
		case c.bad[f.Key]:
			delete(c.reading.Values, f.Key)
			c.reading.Bad = append(c.reading.Bad, f.Key)
		case c.seen[f.Key] && !filled:
			c.reading.Blank = append(c.reading.Blank, f.Key)
		}
	}
	return c.reading
}
