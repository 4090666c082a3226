package web

import (
	"strings"

	"nianbao/filing/form"
)

// Calc is a computed figure's formula for the script, which shows what the
// server will work out when the page is saved. It is made of the form's own
// formula; the script knows none.
type Calc struct {
	Path     string
	Terms    string // paths with their signs: "+a -b"
	Over     string // the path of a ratio's divisor
	Decimals int
}

// calcOf gives the formula of a computed field at its path. One that refers to
// what stands on another page has no terms: only the server works it out.
func calcOf(f *form.Field, path string) Calc {
	c := Calc{Path: path}
	if f.Kind.Base() != form.KindNumber || f.Decimals > 0 {
		c.Decimals = 2
	}
	under := strings.TrimSuffix(path, f.Key) // of a column: its row's path and a dot
	var b strings.Builder
	for _, t := range f.Terms() {
		if t.Field.Section != f.Section {
			return c
		}
		sign := " +"
		if t.Sign < 0 {
			sign = " -"
		}
		b.WriteString(sign + under + t.Field.Key)
	}
	if d := f.Divisor(); d != nil {
		c.Over = under + d.Key
	}
	c.Terms = strings.TrimPrefix(b.String(), " ")
	return c
}
