package check

import (
	"fmt"
	"strconv"
	"unicode/utf8"

	"nianbao/filing/form"
)

// The codes of the findings that follow from the form definition itself. They are
// stable; the rules behind them (what is required, when, how long, in what range)
// are in the form's YAML.
const (
	CodeRequired  = "FIELD-REQUIRED"  // asked for and not filled
	CodeUnknown   = "FIELD-UNKNOWN"   // no such key in the form
	CodeKind      = "FIELD-KIND"      // not written as its kind demands
	CodeOption    = "FIELD-OPTION"    // no such option, or the same twice
	CodeCharacter = "FIELD-CHARACTER" // control characters in a text
	CodeLength    = "FIELD-LENGTH"    // longer than the form allows
	CodeRange     = "FIELD-RANGE"     // below the least or above the greatest figure
	CodeRows      = "FIELD-ROWS"      // a table with too few or too many rows
)

var problemCodes = map[string]string{
	form.ProblemUnknownKey: CodeUnknown,
	form.ProblemKind:       CodeKind,
	form.ProblemOption:     CodeOption,
	form.ProblemRepeat:     CodeOption,
	form.ProblemRows:       CodeRows,
	form.ProblemCharacter:  CodeCharacter,
}

// fieldFindings are the findings that the form definition itself gives: the
// problems that decoding met, and what is missing, too long or out of range.
func fieldFindings(in *Input) []Finding {
	c := completeness{in: in, basis: "“" + in.Form.Title + "”填写要求"}
	if len(in.Problems) > 0 {
		c.refused = make(map[string]bool, len(in.Problems))
	}
	for _, p := range in.Problems {
		code, ok := problemCodes[p.Code]
		if !ok {
			code = CodeKind
		}
		c.refused[p.Key] = true
		c.refused[plainKey(p.Key)] = true
		c.add(code, p.Key, p.Message, p.Remedy)
	}
	for _, section := range in.Form.Sections {
		if !section.When.Holds(in.Values, nil, in.Context) {
			continue
		}
		for _, field := range section.Fields {
			c.field(field)
		}
	}
	return c.findings
}

type completeness struct {
	in       *Input
	basis    string
	refused  map[string]bool // keys that already have a problem
	findings []Finding
}

func (c *completeness) add(code, key, message, remedy string) {
	c.findings = append(c.findings, Finding{
		Check: code, Severity: Error, Keys: []string{key}, Message: message, Remedy: remedy, Basis: c.basis,
	})
}

// field looks at one field of a section that applies; its condition and that of
// its cells are asked here.
func (c *completeness) field(f *form.Field) {
	if !f.When.Holds(c.in.Values, nil, c.in.Context) {
		return
	}
	if cells := f.CellFields(); len(cells) > 0 {
		for _, cell := range cells {
			if cell.When.Holds(c.in.Values, nil, c.in.Context) {
				c.value(cell, cell.Key, c.in.Values[cell.Key])
			}
		}
		return
	}
	c.value(f, f.Key, c.in.Values[f.Key])
}

// value looks at one value, at the path under which it stands.
func (c *completeness) value(f *form.Field, path string, value any) {
	switch v := value.(type) {
	case nil:
		c.missing(f, path)
	case string:
		if v == "" {
			c.missing(f, path)
			return
		}
		c.length(f, path, v)
	case int64:
		c.bounds(f, path, v)
	case []string:
		if len(v) == 0 {
			c.missing(f, path)
		}
	case []map[string]any:
		c.table(f, path, v)
	case map[string]any:
		c.row(f, path, v)
	}
}

func (c *completeness) missing(f *form.Field, path string) {
	if !f.Required || c.refused[path] {
		return
	}
	remedy := "请填写“" + f.Label + "”。"
	switch f.Kind.Base() {
	case form.KindMoney:
		remedy = "请填写“" + f.Label + "”，没有数额的填0.00。"
	case form.KindNumber:
		remedy = "请填写“" + f.Label + "”，没有的填0。"
	case form.KindTable:
		remedy = "请逐行填写“" + f.Label + "”，没有内容的选“无”。"
	}
	c.add(CodeRequired, path, "“"+f.Label+"”没有填写。", remedy)
}

func (c *completeness) length(f *form.Field, path, v string) {
	if f.MaxLen == 0 || len(v) <= f.MaxLen {
		return
	}
	if n := utf8.RuneCountInString(v); n > f.MaxLen {
		c.add(CodeLength, path,
			fmt.Sprintf("“%s”有%d个字，最多%d个字。", f.Label, n, f.MaxLen),
			fmt.Sprintf("请压缩到%d个字以内，详细内容可另附材料。", f.MaxLen))
	}
}

func (c *completeness) bounds(f *form.Field, path string, v int64) {
	show := func(n int64) string { return shown(n, f.Kind.Base(), f) }
	switch {
	case f.Lower != nil && v < *f.Lower:
		c.add(CodeRange, path, fmt.Sprintf("“%s”填%s，不能小于%s。", f.Label, show(v), show(*f.Lower)),
			"请核对“"+f.Label+"”的数字和正负号。")
	case f.Upper != nil && v > *f.Upper:
		c.add(CodeRange, path, fmt.Sprintf("“%s”填%s，不能大于%s。", f.Label, show(v), show(*f.Upper)),
			"请核对“"+f.Label+"”的数字和单位。")
	}
}

func (c *completeness) table(f *form.Field, path string, rows []map[string]any) {
	if len(rows) < f.MinRows {
		c.add(CodeRows, path, fmt.Sprintf("“%s”有%d行，至少%d行。", f.Label, len(rows), f.MinRows),
			"请逐行填写“"+f.Label+"”。")
	}
	for i, row := range rows {
		c.row(f, path+"["+strconv.Itoa(i)+"]", row)
	}
}

func (c *completeness) row(f *form.Field, path string, row map[string]any) {
	for _, column := range f.Columns {
		if column.When.Holds(c.in.Values, row, c.in.Context) {
			c.value(column, path+"."+column.Key, row[column.Key])
		}
	}
}
