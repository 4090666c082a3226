package form

import "maps"

// Computed reports whether Calculate works the figure out: a calculated field
// with a formula, or a cell that sums its line's other cells. A calculated
// figure that the form gives no formula for is filled in by the filer.
func (f *Field) Computed() bool {
	cell := f.Parent != nil && len(f.Parent.cells) > 0
	return len(f.terms) > 0 && (f.Kind.Calculated() || cell)
}

// Calculate gives the values with every computed figure worked out from the
// others, for programs that fill in the form for a person; what the API is sent
// is checked, never changed. A figure none of whose parts is filled is left
// out, a part that is not filled counts as zero, and so does a ratio to nothing.
// The values given stay as they are.
func (f *Form) Calculate(values Values) Values {
	out := maps.Clone(values)
	if out == nil {
		out = Values{}
	}
	for _, field := range f.order {
		switch rows := out[field.Key].(type) {
		case []map[string]any:
			filled := make([]map[string]any, len(rows))
			for i, row := range rows {
				filled[i] = field.calculateRow(row)
			}
			out[field.Key] = filled
		case map[string]any:
			out[field.Key] = field.calculateRow(rows)
		default:
			calculateInto(out, field)
		}
	}
	return out
}

func (f *Field) calculateRow(row map[string]any) map[string]any {
	out := maps.Clone(row)
	for _, column := range f.Columns {
		calculateInto(out, column)
	}
	return out
}

func calculateInto(values map[string]any, f *Field) {
	if !f.Computed() {
		return
	}
	if n, ok := f.figure(values); ok {
		values[f.Key] = n
		return
	}
	delete(values, f.Key)
}

// figure is the field's figure: by its formula where it is computed, else as
// filled in; ok is false where nothing of it is filled.
func (f *Field) figure(values map[string]any) (total int64, ok bool) {
	if !f.Computed() {
		n, filled := values[f.Key].(int64)
		return n, filled
	}
	for _, t := range f.terms {
		n, filled := t.Field.figure(values)
		total += t.Sign * n
		ok = ok || filled
	}
	if f.divisor == nil || !ok {
		return total, ok
	}
	whole, filled := f.divisor.figure(values)
	return ratio(total, whole), filled
}

// Prune gives the values without what the form does not ask for, given the
// others: fields whose condition no longer holds and table rows in which
// nothing is filled. The values given stay as they are.
func (f *Form) Prune(values Values, c Context) Values {
	out := maps.Clone(values)
	for _, field := range f.order {
		if _, filled := out[field.Key]; !filled {
			continue
		}
		if !field.Applies(out, nil, c) {
			delete(out, field.Key)
			continue
		}
		switch v := out[field.Key].(type) {
		case []map[string]any:
			rows := make([]map[string]any, 0, len(v))
			for _, row := range v {
				if row = field.pruneRow(out, row, c); len(row) > 0 {
					rows = append(rows, row)
				}
			}
			out[field.Key] = rows
			if len(rows) == 0 && len(v) > 0 {
				delete(out, field.Key) // nothing was filled, which is not the same as none
			}
		case map[string]any:
			if row := field.pruneRow(out, v, c); len(row) > 0 {
				out[field.Key] = row
			} else {
				delete(out, field.Key)
			}
		}
	}
	return out
}

func (f *Field) pruneRow(values Values, row map[string]any, c Context) map[string]any {
	out := maps.Clone(row)
	for _, column := range f.Columns {
		if !column.When.Holds(values, out, c) {
			delete(out, column.Key)
		}
	}
	return out
}

// Need is one thing that a condition asks of another answer.
type Need struct {
	Key    string // of the field, or of the sibling column
	Column bool   // Key is a sibling in the same row
	Op     string // "==" or "has" an option, ">" zero
	Option string // code, for "==" and "has"
}

// Needs lists what the condition asks of other answers, all of which must hold;
// what it asks of the context is left out.
func (w *When) Needs() []Need {
	if w == nil {
		return nil
	}
	var needs []Need
	for _, t := range w.terms {
		if t.op == "context" {
			continue
		}
		n := Need{Key: t.ref, Column: t.column, Op: t.op}
		if t.op != ">" {
			n.Option = t.code
		}
		needs = append(needs, n)
	}
	return needs
}

// InContext reports whether what the condition asks of the context is met,
// whatever the answers are.
func (w *When) InContext(c Context) bool {
	if w == nil {
		return true
	}
	for _, t := range w.terms {
		if t.op == "context" && !t.holds(nil, nil, c) {
			return false
		}
	}
	return true
}
