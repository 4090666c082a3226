// Package form owns the report forms: what an annual report consists of,
// section by section, as data with versions. It reads the form definitions
// (one YAML file per form version, see docs/forms.md), decodes report bodies
// against them, describes them as JSON Schema and makes complete samples.
//
// It does not judge a report: whether a required field is filled, a sum adds
// up or a figure is in range is for package filing/check, which reads the same
// definitions. Nor does it store anything.
//
// Invariants: a loaded Form is complete and consistent (every reference
// resolves, every option list is filled) and never changes, so that it is safe
// for concurrent use; a file once in use is never edited, a change is a new
// version.
package form

import (
	"slices"
	"strings"
)

// Kind says what a field's value is; the words are those of the form files.
type Kind string

// The kinds. A "-calc" kind is computed by the filer from other figures and
// checked, never filled in by the server.
const (
	KindText        Kind = "text"
	KindLongText    Kind = "longtext"
	KindNumber      Kind = "number"
	KindNumberCalc  Kind = "number-calc"
	KindMoney       Kind = "money"
	KindMoneyCalc   Kind = "money-calc"
	KindPercent     Kind = "percent"
	KindPercentCalc Kind = "percent-calc"
	KindYear        Kind = "year"
	KindDate        Kind = "date"
	KindChoice      Kind = "choice"
	KindMultiChoice Kind = "multichoice"
	KindTable       Kind = "table"
	KindTableRow    Kind = "table-row"
)

// Base is the kind without "-calc": how the value is written.
func (k Kind) Base() Kind { return Kind(strings.TrimSuffix(string(k), "-calc")) }

// Calculated reports whether the figure follows from others by a formula.
func (k Kind) Calculated() bool { return strings.HasSuffix(string(k), "-calc") }

// Visibility says who may see a field's value.
type Visibility string

// Public is for everyone, Restricted for the authority and the filer, Secret
// for the same two but shown only where it is needed: people's numbers,
// addresses and telephones.
const (
	Public     Visibility = "public"
	Restricted Visibility = "restricted"
	Secret     Visibility = "secret"
)

// SectionKind says how a section is laid out.
type SectionKind string

// The section kinds: plain fields, or one of the three statements of the
// accounting system, where every field is a line with the same columns.
const (
	SectionFields       SectionKind = "fields"
	SectionBalanceSheet SectionKind = "balance_sheet"
	SectionActivities   SectionKind = "activities"
	SectionCashFlow     SectionKind = "cash_flow"
)

// Form is one version of one report form.
type Form struct {
	Code       string     `json:"form"`       // such as service-2004
	Version    int        `json:"version"`    // from 1; a submission remembers it
	Type       string     `json:"type"`       // association, service or foundation
	Title      string     `json:"title"`      // Chinese
	Accounting string     `json:"accounting"` // the accounting system of its statements
	Sections   []*Section `json:"sections"`

	fields map[string]*Field // every field, cell and column, by full key
	values map[string]*Field // what may stand as a key of "values"
	order  []*Field          // the fields of values, in form order
	schema []byte
}

// Section is a titled group of fields.
type Section struct {
	Code   string      `json:"code"`
	Title  string      `json:"title"`
	Note   string      `json:"note,omitempty"`
	Carry  bool        `json:"-"` // last year's answers are this year's starting point
	Kind   SectionKind `json:"kind"`
	When   *When       `json:"when,omitempty"` // nil: always part of the form
	Fields []*Field    `json:"fields"`
}

// Field is one question of the form: a plain field, a statement line, a
// statement cell, a table, or a column of a table. Key is what stands in
// "values" (for a column, in the row's object).
type Field struct {
	Key        string     `json:"key"`
	Label      string     `json:"label"`
	Kind       Kind       `json:"kind"`
	Unit       string     `json:"unit,omitempty"`    // 元, 人, 小时 …
	Line       string     `json:"line,omitempty"`    // 行次 of a statement line
	Formula    string     `json:"formula,omitempty"` // over lines, or over keys where there are none
	Required   bool       `json:"required"`          // wherever When holds
	When       *When      `json:"when,omitempty"`
	Options    []Option   `json:"options,omitempty"`
	MaxLen     int        `json:"max_len,omitempty"`  // characters of text
	Decimals   int        `json:"decimals,omitempty"` // of a number: 0, or 2 for hours
	Min        string     `json:"min,omitempty"`      // as in a body
	Max        string     `json:"max,omitempty"`
	MinRows    int        `json:"min_rows,omitempty"` // of a table, when it applies
	MaxRows    int        `json:"max_rows,omitempty"`
	Visibility Visibility `json:"visibility"`
	Carry      bool       `json:"-"` // last year's answer is this year's starting point
	Help       string     `json:"help,omitempty"`
	Example    string     `json:"example,omitempty"`           // an answer as people would write it
	Columns    []*Field   `json:"columns,omitempty"`           // of a table or table-row
	Cells      []Column   `json:"statement_columns,omitempty"` // of a statement or donation line

	// Lower and Upper are Min and Max as numbers: fen, hundredths of a percent,
	// hundredths of a number with decimals, else the number itself; nil: none.
	Lower, Upper *int64 `json:"-"`
	// Parent is the line of a cell, the table of a column, else nil.
	Parent *Field `json:"-"`
	// Section is where the field stands.
	Section *Section `json:"-"`

	terms   []Term // of Formula
	divisor *Field // of a ratio formula
	cells   []*Field
	options map[string]string
	columns map[string]*Field
}

// Option is one choice: a stable code and its Chinese label.
type Option struct {
	Code  string `json:"code"`
	Label string `json:"label"`
}

// Column is a column of a statement or of the donation table.
type Column struct {
	Key     string `json:"key"`
	Label   string `json:"label"`
	Formula string `json:"formula,omitempty"`
	When    *When  `json:"when,omitempty"`
}

// Context is what decides, beside the values, which parts of the form apply.
type Context struct {
	PartySection bool // the season asks for the party_report section
	FirstYear    bool // the organisation has no prior year to report
}

// Values are the decoded values of a report, by key. Money and percent are
// int64 (fen, hundredths of a percent), number and year int64 (a number with
// two decimals in hundredths), dates YYYY-MM-DD strings, texts NFC and trimmed,
// a choice its code, a multichoice []string, a table []map[string]any, a
// table-row map[string]any. A statement cell stands under "line.column". What
// is not filled is absent.
type Values map[string]any

// Int is the number under key; absent or of another kind: 0, false.
func (v Values) Int(key string) (int64, bool) { n, ok := v[key].(int64); return n, ok }

// Text is the string under key; absent or of another kind: "".
func (v Values) Text(key string) string { s, _ := v[key].(string); return s }

// Rows is the table under key; ok is false where it is not filled at all, which
// differs from a table that is filled with no row.
func (v Values) Rows(key string) (rows []map[string]any, ok bool) {
	rows, ok = v[key].([]map[string]any)
	return rows, ok
}

// Field finds a field by its key in a body: a plain key, a statement cell
// ("bs_cash.opening"), a statement line ("bs_cash"), a column
// ("gov_contracts.amount") or one place in a table ("gov_contracts[2].amount").
func (f *Form) Field(key string) (*Field, bool) {
	if open := strings.IndexByte(key, '['); open >= 0 {
		end := strings.IndexByte(key[open:], ']')
		if end < 0 {
			return nil, false
		}
		key = key[:open] + key[open+end+1:]
	}
	found, ok := f.fields[key]
	return found, ok
}

// ValueFields are the fields that "values" may hold, in form order: plain
// fields, statement cells, tables and table-rows.
func (f *Form) ValueFields() []*Field { return slices.Clone(f.order) }

// CellFields are the cells of a statement or donation line as fields of their
// own, in column order; nil for any other field.
func (f *Field) CellFields() []*Field { return f.cells }

// OptionLabel is the Chinese label of an option's code.
func (f *Field) OptionLabel(code string) (string, bool) {
	label, ok := f.options[code]
	return label, ok
}

// Column finds a column of a table or a part of a table-row.
func (f *Field) Column(key string) (*Field, bool) {
	c, ok := f.columns[key]
	return c, ok
}

// Terms is the field's formula as signed terms (nil where it has none); for a
// ratio they are the dividend, over Divisor.
func (f *Field) Terms() []Term { return f.terms }

// Divisor is what a ratio's dividend is divided by; nil where the formula is no
// ratio.
func (f *Field) Divisor() *Field { return f.divisor }

// FullKey is the key with the table's before it for a column, else Key.
func (f *Field) FullKey() string {
	if f.Parent != nil && len(f.Parent.Columns) > 0 {
		return f.Parent.Key + "." + f.Key
	}
	return f.Key
}

// Applies reports whether the field is asked for, given the other values: its
// section's condition, its line's or table's and its own hold. Row holds the
// field's siblings where it is a column, else nil.
func (f *Field) Applies(v Values, row map[string]any, c Context) bool {
	if f.Section != nil && !f.Section.When.Holds(v, nil, c) {
		return false
	}
	if f.Parent != nil && !f.Parent.When.Holds(v, nil, c) {
		return false
	}
	return f.When.Holds(v, row, c)
}
