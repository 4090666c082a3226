package web

import (
	"fmt"
	"net/url"
	"strings"

	"nianbao/filing/form"
	"nianbao/review"
)

// PartLink leads to one section of the report. Marks counts what was found or remarked there.
type PartLink struct {
	Title, Href string
	Current     bool
	Marks       int
}

// Part is one section of the report as the case shows it, in form order.
type Part struct {
	Title, Note string
	Blocks      []Block
}

// Block is a run of the section that is laid out alike: exactly one of Figures, Lines and Table is set.
type Block struct {
	Figures *Figures
	Lines   []Line
	Table   *Rows
}

// Figures is a statement or a table of amounts, with last year's column and the change beside it.
type Figures struct {
	Caption string
	Columns []string
	Prior   string // head of last year's column, "" where there is no report of last year
	Rows    []FigureRow
	// Stated is what the filer stated for last year, where the form asks for it.
	Stated *Figures
}

// FigureRow is a line of Figures. Its class is Odd where a check warned, Marked where a remark stands.
type FigureRow struct {
	ID, Line, Label, Formula string
	Total, Odd, Marked, Sub  bool // Sub: 其中
	Cells                    []string
	Prior, Change            string
	Remark                   string // address of the remark form for this line
}

// Line is a plain field: what was filed, and last year.
type Line struct {
	ID, Label, Unit    string
	Value              []string // paragraphs
	Prior, Change      string
	Missing            bool // asked for and not filled in
	Odd, Marked, Amiss bool
	Remark             string
}

// Rows is a table of the form.
type Rows struct {
	ID, Label, Prior string
	Columns          []string
	Rows             [][]string
	Filled           bool // an empty table that was filled in says so
	Odd, Marked      bool
	Remark           string
}

// noContext is for a reader that only names keys.
var noContext form.Context

// reader lays the report of a case out.
type reader struct {
	c       *review.Case
	context form.Context
	odd     map[string]bool // lines and fields that findings name
	marked  map[string]bool // and remarks
	remarks bool            // offer to remark
	path    string          // of the case
}

func newReader(c *review.Case, context form.Context, path string, remarks bool) *reader {
	r := &reader{c: c, context: context, path: path, remarks: remarks, odd: map[string]bool{}, marked: map[string]bool{}}
	for _, f := range c.Findings {
		for _, key := range f.Keys {
			r.odd[lineKey(c.Form, key)] = true
		}
	}
	for _, m := range c.Remarks {
		if m.Key != "" {
			r.marked[lineKey(c.Form, m.Key)] = true
		}
	}
	return r
}

// lineKey is the key of the line, table or field that a cell, a column or a place in a table belongs to.
func lineKey(f *form.Form, key string) string {
	field, ok := f.Field(key)
	if !ok {
		return key
	}
	if field.Parent != nil {
		return field.Parent.Key
	}
	return field.Key
}

// links lists the sections that apply, and picks the one to show: the one asked for, else the first with a mark.
func (r *reader) links(want string) (links []PartLink, current *form.Section) {
	marks := map[string]int{}
	for key := range r.odd {
		if _, s := fieldOf(r.c.Form, key); s != nil {
			marks[s.Code]++
		}
	}
	for key := range r.marked {
		if _, s := fieldOf(r.c.Form, key); s != nil && !r.odd[key] {
			marks[s.Code]++
		}
	}
	var shown []*form.Section
	for _, s := range r.c.Form.Sections {
		if s.When.Holds(r.c.Values, nil, r.context) || r.holds(s) {
			shown = append(shown, s)
		}
		if s.Code == want {
			current = s
		}
	}
	for _, s := range shown {
		if current == nil && marks[s.Code] > 0 {
			current = s
		}
	}
	if current == nil && len(shown) > 0 {
		current = shown[0]
	}
	for _, s := range shown {
		links = append(links, PartLink{Title: shortTitle(s.Title), Href: r.section(s.Code), Current: s == current, Marks: marks[s.Code]})
	}
	return links, current
}

// holds tells whether the report has a value in a section that it was not asked for.
func (r *reader) holds(s *form.Section) bool {
	for _, f := range s.Fields {
		if r.filled(f) {
			return true
		}
	}
	return false
}

func (r *reader) filled(f *form.Field) bool {
	if r.c.Values[f.Key] != nil {
		return true
	}
	for _, cell := range f.CellFields() {
		if r.c.Values[cell.FullKey()] != nil {
			return true
		}
	}
	return false
}

func (r *reader) section(code string) string {
	return r.path + "?section=" + url.QueryEscape(code) + "#rep"
}

// shortTitle leaves out what every statement's title begins with and its form number.
func shortTitle(title string) string {
	if _, rest, ok := strings.Cut(title, "财务会计报告："); ok {
		title = rest
	}
	title, _, _ = strings.Cut(title, "（会民非")
	return title
}

// part lays out a section.
func (r *reader) part(s *form.Section) Part {
	p := Part{Title: s.Title, Note: s.Note}
	for _, f := range s.Fields {
		if !f.Applies(r.c.Values, nil, r.context) && !r.filled(f) {
			continue
		}
		switch {
		case len(f.Cells) > 0:
			r.figure(&p, f)
		case f.Kind == form.KindTable:
			p.Blocks = append(p.Blocks, Block{Table: r.table(f)})
		case f.Kind == form.KindTableRow:
			r.parts(&p, f)
		default:
			r.line(&p, r.plain(f, f.Label, r.c.Values[f.Key], r.c.PriorValues[f.Key]))
		}
	}
	return p
}

func (r *reader) line(p *Part, l Line) {
	if n := len(p.Blocks); n == 0 || p.Blocks[n-1].Lines == nil {
		p.Blocks = append(p.Blocks, Block{})
	}
	last := &p.Blocks[len(p.Blocks)-1]
	last.Lines = append(last.Lines, l)
}

func (r *reader) plain(f *form.Field, label string, value, prior any) Line {
	l := Line{
		ID: rowID(f.FullKey()), Label: label, Unit: unitOf(f), Value: paragraphs(show(f, value)),
		Prior: show(f, prior), Change: changeOf(f, value, prior), Missing: value == nil,
		Odd: r.odd[lineKey(r.c.Form, f.FullKey())], Marked: r.marked[lineKey(r.c.Form, f.FullKey())], Remark: r.remarkAt(f.FullKey(), f),
	}
	if f.Kind == form.KindLongText && l.Prior != "" { // a page of last year's prose beside this year's helps nobody
		l.Prior = "有"
		if value == prior {
			l.Prior = "与本年相同"
		}
	}
	l.Amiss = l.Missing && f.Required
	return l
}

// parts shows a row of several answers as lines of its own.
func (r *reader) parts(p *Part, f *form.Field) {
	now, _ := r.c.Values[f.Key].(map[string]any)
	before, _ := r.c.PriorValues[f.Key].(map[string]any)
	for _, column := range f.Columns {
		r.line(p, r.plain(column, f.Label+"："+column.Label, now[column.Key], before[column.Key]))
	}
}

func (r *reader) table(f *form.Field) *Rows {
	t := &Rows{
		ID: rowID(f.Key), Label: f.Label, Odd: r.odd[f.Key], Marked: r.marked[f.Key], Remark: r.remarkAt(f.Key, f),
	}
	for _, c := range f.Columns {
		t.Columns = append(t.Columns, withUnit(c.Label, unitOf(c)))
	}
	rows, filled := r.c.Values.Rows(f.Key)
	t.Filled = filled
	for _, row := range rows {
		cells := make([]string, len(f.Columns))
		for i, c := range f.Columns {
			cells[i] = show(c, row[c.Key])
		}
		t.Rows = append(t.Rows, cells)
	}
	if before, ok := r.c.PriorValues.Rows(f.Key); ok {
		t.Prior = fmt.Sprintf("上年 %d 行", len(before))
	}
	return t
}

// remarkAt is the address of the remark form for a key, "" where no remark can be made.
func (r *reader) remarkAt(key string, f *form.Field) string {
	if !r.remarks {
		return ""
	}
	_, s := fieldOf(r.c.Form, key)
	if s == nil {
		s = f.Section
	}
	if s == nil {
		return ""
	}
	return r.path + "?section=" + url.QueryEscape(s.Code) + "&at=" + url.QueryEscape(key) + "#new-remark"
}

// linkTo is the address of the line of a key, "" for a key that the form lacks.
func (r *reader) linkTo(key string) string {
	_, s := fieldOf(r.c.Form, key)
	if s == nil {
		return ""
	}
	return r.path + "?section=" + url.QueryEscape(s.Code) + "#" + rowID(lineKey(r.c.Form, key))
}

// rowID is an element's id for a key.
func rowID(key string) string {
	return "k-" + strings.NewReplacer(".", "-", "[", "-", "]", "").Replace(key)
}

func unitOf(f *form.Field) string {
	if f.Unit != "" {
		return f.Unit
	}
	if f.Kind.Base() == form.KindMoney {
		return "元"
	}
	return ""
}

func withUnit(label, unit string) string {
	if unit == "" || strings.Contains(label, unit) {
		return label
	}
	return label + "（" + unit + "）"
}
