package form

import (
	"fmt"
	"strings"
)

// resolve ties conditions and formulas to the fields that they name, now that
// all are known.
func (l *loader) resolve() error {
	for i, section := range l.form.Sections {
		at := fmt.Sprintf("sections[%d]", i)
		raw := &l.raw.Sections[i]
		if err := l.setWhen(&section.When, raw.When, at, nil); err != nil {
			return err
		}
		lines, err := l.lines(section, at)
		if err != nil {
			return err
		}
		for j, field := range section.Fields {
			fieldAt := fmt.Sprintf("%s.fields[%d]", at, j)
			if err := l.resolveField(field, &raw.Fields[j], fieldAt, lines); err != nil {
				return err
			}
			for k, column := range field.Columns {
				columnAt := fmt.Sprintf("%s.columns[%d]", fieldAt, k)
				if err := l.resolveField(column, &raw.Fields[j].Columns[k], columnAt, nil); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// lines are a statement's lines by number.
func (l *loader) lines(section *Section, at string) (map[string]*Field, error) {
	if section.Kind == SectionFields {
		return map[string]*Field{}, nil
	}
	lines := make(map[string]*Field, len(section.Fields))
	for i, f := range section.Fields {
		if _, twice := lines[f.Line]; twice {
			return nil, l.fail(fmt.Sprintf("%s.fields[%d]", at, i), "line %q stands twice in section %q", f.Line, section.Code)
		}
		lines[f.Line] = f
	}
	return lines, nil
}

func (l *loader) resolveField(f *Field, raw *rawField, at string, lines map[string]*Field) error {
	if err := l.setWhen(&f.When, raw.When, at, f.Parent); err != nil {
		return err
	}
	if f.Formula != "" {
		terms, divisor, err := parseFormula(f.Formula, func(ref string) (*Field, bool) { return l.lookup(ref, f, lines) })
		if err != nil {
			return l.fail(at, "field %q: %v", f.Key, err)
		}
		f.terms, f.divisor = terms, divisor
	}
	return l.resolveCells(f, raw, at)
}

// lookup finds what a formula's reference means: a line of the statement, a
// sibling column, or a field of the form.
func (l *loader) lookup(ref string, f *Field, lines map[string]*Field) (*Field, bool) {
	if len(lines) > 0 {
		found, ok := lines[ref]
		return found, ok
	}
	if f.Parent != nil {
		return f.Parent.Column(ref)
	}
	found, ok := l.form.fields[ref]
	return found, ok
}

// resolveCells gives each cell its condition and its formula: down the lines
// where the line is calculated, else across the columns.
func (l *loader) resolveCells(f *Field, raw *rawField, at string) error {
	name := raw.Cells
	if name == "" {
		name = string(f.Section.Kind)
	}
	for i, cell := range f.cells {
		rawColumn := l.raw.Columns[name][i]
		columnAt := fmt.Sprintf("columns.%s[%d]", name, i)
		if err := l.setWhen(&cell.When, rawColumn.When, columnAt, nil); err != nil {
			return err
		}
		f.Cells[i].When = cell.When
		switch {
		case f.Formula != "":
			for _, t := range f.terms {
				if i >= len(t.Field.cells) || len(t.Field.cells) != len(f.cells) {
					return l.fail(at, "field %q: formula %q names %q, which has other columns", f.Key, f.Formula, t.Field.Key)
				}
				cell.terms = append(cell.terms, Term{Sign: t.Sign, Field: t.Field.cells[i]})
			}
		case rawColumn.Formula != "":
			cell.Formula = rawColumn.Formula
			terms, _, err := parseFormula(rawColumn.Formula, func(ref string) (*Field, bool) {
				found, ok := l.form.fields[f.Key+"."+ref]
				return found, ok
			})
			if err != nil {
				return l.fail(columnAt, "column %q: %v", rawColumn.Key, err)
			}
			cell.terms = terms
		}
	}
	return nil
}

func (l *loader) setWhen(into **When, text, at string, table *Field) error {
	if text == "" {
		return nil
	}
	w, err := parseWhen(text, func(c condition) (bool, error) { return l.conditionColumn(c, table) })
	if err != nil {
		return l.fail(at, "%v", err)
	}
	*into = w
	return nil
}

// conditionColumn checks what a condition names and tells whether that is a
// sibling column.
func (l *loader) conditionColumn(c condition, table *Field) (column bool, err error) {
	if c.op == "context" {
		if c.ref != contextPartySection && c.ref != contextNotFirstYear {
			return false, fmt.Errorf("context word %q is not known", c.ref)
		}
		return false, nil
	}
	var field *Field
	if table != nil {
		field, column = table.Column(c.ref)
	}
	if !column {
		var ok bool
		if field, ok = l.form.values[c.ref]; !ok {
			return false, fmt.Errorf("field %q is not there", c.ref)
		}
	}
	want := map[string]string{"==": "choice", "has": "multichoice", ">": "money number percent"}[c.op]
	if !strings.Contains(" "+want+" ", " "+string(field.Kind.Base())+" ") {
		return false, fmt.Errorf("field %q is a %s", c.ref, field.Kind)
	}
	if c.op != ">" {
		if _, ok := field.OptionLabel(c.code); !ok {
			return false, fmt.Errorf("field %q has no option %q", c.ref, c.code)
		}
	}
	return column, nil
}
