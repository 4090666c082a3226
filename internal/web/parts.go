package web

import "strings"

// The structs of this file and of view.go are what the shared parts of
// templates/shared take: the template of the same name, in lower case, draws
// each.

// Finding is what a form check found. The machine speaks: never a Remark.
type Finding struct {
	ID      string
	Warning bool
	Title   string
	Figures []Figure
	Text    []string
	Remedy  string
	Links   []Link
	Basis   string
	Check   string
	Reason  *Reason // where a warning may be explained
	Answer  *Answer // what the filer said to a warning
}

// Figure is a line of figures inside a Finding; Href leads to it.
type Figure struct {
	Label, Value, Href string
	Strong             bool
}

// Link is an address and its text.
type Link struct{ Href, Text string }

// Reason is the field in which a filer may explain a warning. Said tells who
// wrote what stands there; Stale, that the warning has changed since.
type Reason struct {
	ID, Name, Value string
	SeenName, Seen  string // a hidden field that says what the writer saw
	Said, Error     string
	Stale           bool
}

// Answer is what a filer said to a warning, where it is only read.
type Answer struct {
	Text  []string
	By    string
	Stale bool
}

// Remark is a reviewer's words: plain, then the basis.
type Remark struct {
	ID    string
	By    string
	Text  []string
	Basis string
}

// Summary lists what is wrong at the top of a page. ID is "summary" if empty.
type Summary struct {
	ID    string
	Title string
	Items []SummaryItem
}

// SummaryItem is a line of a Summary; with Href a link to the field.
type SummaryItem struct {
	Warning    bool
	Href, Text string
}

// Step is a station of a track. State is "done", "now" or "".
type Step struct{ State, Title, Text string }

// Pager leads through a list. Prev and Next are addresses, "" at the ends.
type Pager struct{ Text, Prev, Next string }

// Empty stands where a list would: what would be here, and one link.
type Empty struct{ Text, Href, Link string }

// Fact is a line of a summary list. One of Tag, or Value with or without Href.
type Fact struct {
	Label, Value, Href, Note string
	Code                     bool
	Tag                      Tag
}

// Change is a line of the difference to the last submission. Delta is "" for
// words.
type Change struct {
	Label, Old, New, Delta string
	Calculated             bool
}

// TextField is a labelled input.
type TextField struct {
	ID, Name, Label, Hint, Value, Error string
	Type                                string // text if empty
	Autocomplete                        string
	Required                            bool
}

// DescribedBy names the hint and the error for assistive technology.
func (f TextField) DescribedBy() string {
	var ids []string
	if f.Hint != "" {
		ids = append(ids, f.ID+"-h")
	}
	if f.Error != "" {
		ids = append(ids, f.ID+"-e")
	}
	return strings.Join(ids, " ")
}

// Statement is a table of the statutory form: 行次, item, money columns.
type Statement struct {
	ID, Title, FormNo, Maker, AsOf, Caption string
	Columns                                 []string
	Rows                                    []StatementRow
}

// The kinds of statement rows.
const (
	RowLine  = ""
	RowGroup = "group" // a heading
	RowSub   = "sub"   // indented: 其中、减
	RowTotal = "total" // calculated
	RowGrand = "grand" // the statement's end
)

// StatementRow is a line. It has as many cells as the statement has columns.
type StatementRow struct {
	ID, Kind, Line, Label, Formula string
	Cells                          []StatementCell
	Findings                       []Finding
}

// Class is the row's class attribute.
func (r StatementRow) Class() string {
	class := map[string]string{RowSub: "is-sub", RowTotal: "is-total", RowGrand: "is-total is-grand"}[r.Kind]
	if len(r.Findings) > 0 {
		class = strings.TrimSpace(class + " is-before-words")
	}
	return class
}

// StatementCell is an amount: an input if Name is set, else text. Label names
// it in full (应收款项，3 行，期末数), since on a phone the table is no table.
type StatementCell struct {
	Name, ID, Label, Value, DescribedBy string
	Bad, Odd, LastYear                  bool
	Calc, Terms                         string // of a calculated amount, for the script: its path and what it adds up
}
