package form

import (
	"fmt"
	"strings"
)

// Term is one signed reference of a formula.
type Term struct {
	Sign  int64 // +1 or -1
	Field *Field
}

// parseFormula reads "a+b-c" or "(a+b)/d", where a reference is a 行次 among
// the lines of the same section, or else a key; lookup finds it.
func parseFormula(text string, lookup func(ref string) (*Field, bool)) (terms []Term, divisor *Field, err error) {
	sum, denominator, ratio := strings.Cut(text, "/")
	if ratio {
		field, ok := lookup(denominator)
		if !ok {
			return nil, nil, fmt.Errorf("formula %q refers to %q, which is not there", text, denominator)
		}
		divisor = field
		if strings.HasPrefix(sum, "(") && strings.HasSuffix(sum, ")") {
			sum = sum[1 : len(sum)-1]
		}
	}
	for rest, sign := sum, int64(1); ; {
		end := strings.IndexAny(rest, "+-")
		ref := rest
		if end >= 0 {
			ref = rest[:end]
		}
		field, ok := lookup(ref)
		if !ok {
			return nil, nil, fmt.Errorf("formula %q refers to %q, which is not there", text, ref)
		}
		terms = append(terms, Term{Sign: sign, Field: field})
		if end < 0 {
			return terms, divisor, nil
		}
		sign = 1
		if rest[end] == '-' {
			sign = -1
		}
		rest = rest[end+1:]
	}
}
