package form

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// When is a condition on which a section, a field or a column is asked for,
// written in the form file as terms joined by "and":
//
//	party_section                      the season asks for the party section
//	not_first_year                     there is a prior year to report
//	party_organisation == yes          a choice has this option
//	invoice_kinds has other            a multichoice contains this option
//	as_service_income_government.total > 0
//
// A nil When always holds.
type When struct {
	text  string
	terms []condition
}

type condition struct {
	op     string // "context", "==", "has", ">"
	ref    string // key, or context word
	code   string // option
	column bool   // ref is a sibling in the same row
}

const (
	contextPartySection = "party_section"
	contextNotFirstYear = "not_first_year"
)

var conditionPattern = regexp.MustCompile(`^([a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)?)(?: (==|has|>) ([a-z0-9_]+))?$`)

// parseWhen reads a condition; resolve checks each term against the form and
// tells whether it names a sibling column.
func parseWhen(text string, resolve func(condition) (column bool, err error)) (*When, error) {
	w := &When{text: text}
	for part := range strings.SplitSeq(text, " and ") {
		m := conditionPattern.FindStringSubmatch(part)
		if m == nil {
			return nil, fmt.Errorf("condition %q is not understood", part)
		}
		c := condition{op: m[2], ref: m[1], code: m[3]}
		if c.op == "" {
			c.op = "context"
		}
		if c.op == ">" && c.code != "0" {
			return nil, fmt.Errorf("condition %q: only > 0 is understood", part)
		}
		column, err := resolve(c)
		if err != nil {
			return nil, fmt.Errorf("condition %q: %w", part, err)
		}
		c.column = column
		w.terms = append(w.terms, c)
	}
	return w, nil
}

// Holds reports whether the condition is met by the values, by the siblings in
// the row (for a column) and by the context.
func (w *When) Holds(v Values, row map[string]any, c Context) bool {
	if w == nil {
		return true
	}
	for _, t := range w.terms {
		if !t.holds(v, row, c) {
			return false
		}
	}
	return true
}

func (t condition) holds(v Values, row map[string]any, c Context) bool {
	if t.op == "context" {
		return t.ref == contextPartySection && c.PartySection || t.ref == contextNotFirstYear && !c.FirstYear
	}
	value := v[t.ref]
	if t.column {
		value = row[t.ref]
	}
	switch t.op {
	case "==":
		s, ok := value.(string)
		return ok && s == t.code
	case "has":
		list, ok := value.([]string)
		return ok && slices.Contains(list, t.code)
	default: // ">"
		n, ok := value.(int64)
		return ok && n > 0
	}
}

// String is the condition as written in the form file.
func (w *When) String() string {
	if w == nil {
		return ""
	}
	return w.text
}

// MarshalText writes the condition as in the form file.
func (w *When) MarshalText() ([]byte, error) { return []byte(w.String()), nil }
