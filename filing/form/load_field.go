package form

import (
	"fmt"
	"slices"
)

// place is where a field stands in the file and what it inherits.
type place struct {
	section    *Section
	table      *Field // of a column
	at         string
	visibility Visibility
}

var fieldKinds = []Kind{
	KindText, KindLongText, KindNumber, KindNumberCalc, KindMoney, KindMoneyCalc, KindPercent, KindPercentCalc,
	KindYear, KindDate, KindChoice, KindMultiChoice, KindTable, KindTableRow,
}

// field builds one field with its columns and cells; conditions and formulas
// wait for resolve, when every key is known.
func (l *loader) field(raw *rawField, p place) (*Field, error) {
	f := &Field{
		Key: raw.Key, Label: raw.Label, Kind: Kind(raw.Kind), Unit: raw.Unit, Line: raw.Line, Formula: raw.Formula,
		Required: raw.Required, MaxLen: raw.MaxLen, Decimals: raw.Decimals, Min: raw.Min, Max: raw.Max,
		MinRows: raw.MinRows, MaxRows: raw.MaxRows, Help: raw.Help, Example: raw.Example, Parent: p.table, Section: p.section,
		Carry: raw.Carry || p.section.Carry,
	}
	switch {
	case !keyPattern.MatchString(f.Key):
		return nil, l.fail(p.at, "key %q is not lower snake case", f.Key)
	case f.Label == "":
		return nil, l.fail(p.at, "field %q has no label", f.Key)
	case !slices.Contains(fieldKinds, f.Kind):
		return nil, l.fail(p.at, "field %q: unknown kind %q", f.Key, raw.Kind)
	}
	var err error
	if f.Visibility, err = visibilityOf(raw.Visibility, p.visibility); err != nil {
		return nil, l.fail(p.at, "field %q: %v", f.Key, err)
	}
	for _, step := range []func(*rawField, *Field, place) error{l.shape, l.limits, l.choices, l.columns, l.cells} {
		if err := step(raw, f, p); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// shape refuses what does not go together with the kind or the section.
func (l *loader) shape(raw *rawField, f *Field, p place) error {
	statement := p.section.Kind != SectionFields && p.table == nil
	composed := f.Kind == KindTable || f.Kind == KindTableRow
	switch {
	case f.Kind.Base() == KindMoney && f.Unit != "元":
		return l.fail(p.at, "field %q: money is in 元, not %q", f.Key, f.Unit)
	case statement && f.Kind.Base() != KindMoney:
		return l.fail(p.at, "statement line %q is not money", f.Key)
	case statement && f.Line == "":
		return l.fail(p.at, "statement line %q has no line number", f.Key)
	case statement && !f.Required:
		return l.fail(p.at, "statement line %q is not required", f.Key)
	case !statement && f.Line != "":
		return l.fail(p.at, "field %q has a line number outside a statement", f.Key)
	case composed != (len(raw.Columns) > 0):
		return l.fail(p.at, "field %q: columns belong to tables, and a table has some", f.Key)
	case composed && p.table != nil:
		return l.fail(p.at, "column %q is itself a table", f.Key)
	case f.Kind != KindTable && (f.MinRows != 0 || f.MaxRows != 0):
		return l.fail(p.at, "field %q: only a table has a number of rows", f.Key)
	case raw.Cells != "" && (f.Kind.Base() != KindMoney || p.table != nil):
		return l.fail(p.at, "field %q: only a money line has cells", f.Key)
	case f.Kind != KindNumber && f.Decimals != 0 || f.Decimals != 0 && f.Decimals != 2:
		return l.fail(p.at, "field %q: only a number has decimals, and two of them", f.Key)
	case f.Formula == "" && f.Kind == KindNumberCalc, f.Formula == "" && f.Kind == KindMoneyCalc:
		return l.fail(p.at, "field %q is calculated but has no formula", f.Key)
	}
	return nil
}

// limits sets lengths, row limits and ranges. Counts are not negative and
// years have four digits unless the file says otherwise.
func (l *loader) limits(_ *rawField, f *Field, p place) error {
	text := f.Kind == KindText || f.Kind == KindLongText
	if text != (f.MaxLen > 0) {
		return l.fail(p.at, "field %q: texts, and only texts, have a max_len", f.Key)
	}
	if f.Kind == KindTable && f.MaxRows == 0 {
		f.MaxRows = DefaultMaxRows
	}
	if f.MinRows < 0 || f.MaxRows < f.MinRows {
		return l.fail(p.at, "field %q: min_rows %d and max_rows %d do not fit", f.Key, f.MinRows, f.MaxRows)
	}
	switch {
	case f.Kind.Base() == KindNumber && f.Min == "":
		f.Min = "0"
	case f.Kind == KindYear && f.Min == "" && f.Max == "":
		f.Min, f.Max = "1900", "2100"
	}
	for _, bound := range []struct {
		text string
		into **int64
	}{{f.Min, &f.Lower}, {f.Max, &f.Upper}} {
		if bound.text == "" {
			continue
		}
		n, ok := f.parseBound(bound.text)
		if !ok {
			return l.fail(p.at, "field %q: limit %q is not a %s", f.Key, bound.text, f.Kind)
		}
		*bound.into = &n
	}
	return nil
}

// parseBound reads a limit in the way the kind's values are written.
func (f *Field) parseBound(text string) (int64, bool) {
	switch f.Kind.Base() {
	case KindMoney, KindPercent:
		return parseDecimal(text)
	case KindNumber, KindYear:
		n, ok := parseInteger(text)
		if f.Decimals == 2 {
			n *= 100
		}
		return n, ok
	default:
		return 0, false
	}
}

func (l *loader) choices(raw *rawField, f *Field, p place) error {
	chooses := f.Kind == KindChoice || f.Kind == KindMultiChoice
	if chooses != (raw.Options != "") {
		return l.fail(p.at, "field %q: choices, and only choices, have options", f.Key)
	}
	if !chooses {
		return nil
	}
	options, ok := l.raw.Options[raw.Options]
	if !ok {
		return l.fail(p.at, "field %q: option set %q is not there", f.Key, raw.Options)
	}
	f.Options = options
	f.options = make(map[string]string, len(options))
	for _, o := range options {
		f.options[o.Code] = o.Label
	}
	return nil
}

func (l *loader) columns(raw *rawField, f *Field, p place) error {
	f.columns = make(map[string]*Field, len(raw.Columns))
	for i := range raw.Columns {
		at := fmt.Sprintf("%s.columns[%d]", p.at, i)
		column, err := l.field(&raw.Columns[i], place{section: p.section, table: f, at: at, visibility: f.Visibility})
		if err != nil {
			return err
		}
		if _, twice := f.columns[column.Key]; twice {
			return l.fail(at, "column %q stands twice in %q", column.Key, f.Key)
		}
		f.columns[column.Key] = column
		f.Columns = append(f.Columns, column)
	}
	return nil
}

// cells makes a field of each cell of a line: the line's, under the column set
// that the section's kind or the line names.
func (l *loader) cells(raw *rawField, f *Field, p place) error {
	name := raw.Cells
	if name == "" && p.table == nil && p.section.Kind != SectionFields {
		name = string(p.section.Kind)
	}
	if name == "" {
		return nil
	}
	columns, ok := l.raw.Columns[name]
	if !ok {
		return l.fail(p.at, "field %q: column set %q is not there", f.Key, name)
	}
	for _, c := range columns {
		cell := *f
		cell.Key, cell.Label, cell.Parent = f.Key+"."+c.Key, f.Label+"（"+c.Label+"）", f
		cell.columns, cell.cells, cell.Cells = nil, nil, nil
		f.cells = append(f.cells, &cell)
		f.Cells = append(f.Cells, Column{Key: c.Key, Label: c.Label, Formula: c.Formula})
	}
	return nil
}
