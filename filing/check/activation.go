package check

import (
	"cel.dev/cel-go/interpreter"

	"nianbao/filing/form"
)

// activation resolves the names of an expression straight from the report, so
// that a run builds no map. One activation serves one run.
type activation struct {
	in   *Input
	vars map[string]*variable // of the instance being run
	row  map[string]any
	no   int // index of row
}

var _ interpreter.Activation = (*activation)(nil)

// Parent is nil: there is nothing behind the report.
func (a *activation) Parent() interpreter.Activation { return nil }

// ResolveName gives the value of a variable. A blank one is zero, "" or no rows;
// instances that may not count blanks so are not evaluated at all.
func (a *activation) ResolveName(name string) (any, bool) {
	v, ok := a.vars[name]
	if !ok {
		return nil, false
	}
	if value, ok := a.value(v); ok {
		return value, true
	}
	return v.zero(), true
}

// value is the variable's value, false where it is blank.
func (a *activation) value(v *variable) (any, bool) {
	var value any
	switch v.scope {
	case scopeReport:
		value = lookUp(a.in.Values, v)
	case scopePrior:
		value = lookUp(a.in.Prior, v)
	case scopeRow:
		if v.key == rowNumber {
			return int64(a.no + 1), true
		}
		value = a.row[v.key]
	case scopeFacts:
		return fact(&a.in.Organisation, v.key)
	case scopeRun:
		return a.run(v.key)
	}
	if text, ok := value.(string); ok && text == "" {
		return nil, false
	}
	return value, v.fits(value)
}

func lookUp(values form.Values, v *variable) any {
	value := values[v.key]
	if v.part == "" {
		return value
	}
	parts, _ := value.(map[string]any)
	return parts[v.part]
}

func (a *activation) run(name string) (any, bool) {
	switch name {
	case "year":
		return int64(a.in.ReportYear), true
	case "today":
		return a.in.Today.String(), !a.in.Today.IsZero()
	case "opens_on":
		return a.in.OpensOn.String(), !a.in.OpensOn.IsZero()
	default: // first_year
		return a.in.Context.FirstYear, true
	}
}
