package web

import (
	"fmt"
	"slices"
	"strings"

	"nianbao/filing/form"
	"nianbao/internal/web"
)

// Block is a piece of a section's page: exactly one of its parts is set.
type Block struct {
	Statement *web.Statement
	Grid      *GridView
	Table     *TableView
	Fields    []FieldView
}

// FieldView is one question. Kind is how it is asked: text, long, figure, date,
// radios, select, checks, computed or group (Parts are then its questions).
type FieldView struct {
	Kind      string
	ID, Name  string
	Label     string
	Full      string // names the field where its label alone does not
	Hint      string
	Condition string // on which other answer it is asked
	Needs     string // the same for the script: key=option, or key>0
	Unit      string
	Value     string
	Options   []OptionView
	Error     string
	Findings  []web.Finding
	Mark      string // where the value comes from, until somebody confirms it
	Money     bool
	Date      bool
	Calc      Calc // of a computed figure
	Beside    bool // a figure among figures: its input stands beside the label
	Rows      int
	Parts     []FieldView
}

// OptionView is one choice.
type OptionView struct {
	ID, Code, Label string
	On              bool
}

// DescribedBy names what is said about the field for assistive technology.
func (f FieldView) DescribedBy() string {
	var ids []string
	if f.Condition != "" {
		ids = append(ids, f.ID+"-c")
	}
	if f.Hint != "" {
		ids = append(ids, f.ID+"-h")
	}
	if f.Error != "" {
		ids = append(ids, f.ID+"-e")
	}
	for _, finding := range f.Findings {
		ids = append(ids, finding.ID)
	}
	return strings.Join(ids, " ")
}

// TableView is a table being filled in, one block a row.
type TableView struct {
	ID, Key   string
	Title     string
	Hint      string
	Condition string // on which other answer it is asked
	Needs     string // the same for the script
	Error     string
	NoneName  string
	NoneID    string
	None      bool
	RowsName  string
	Count     int
	Rows      []TableRowView
	CanAdd    bool
	AddText   string
	Findings  []web.Finding
	MustExist bool // a table that cannot be marked as having nothing
	Mark      string
	MaxRows   int
	Blank     TableRowView // what the script makes a new row of
	Paste     PasteView
}

// TableRowView is a row.
type TableRowView struct {
	ID, Path, Legend string
	Fields           []FieldView
}

// GridView is some lines with the same columns outside a statement.
type GridView struct {
	ID, Caption string
	Columns     []string
	Rows        []web.StatementRow
}

// sectionView makes the blocks of one section.
type sectionView struct {
	w        *workspace
	section  *form.Section
	in       *input
	values   form.Values
	findings []placed // those that this page shows
	byKey    map[string][]placed
	general  []web.Finding
}

// newSectionView sorts out what the page shows of the findings: what a section
// lacks is no news before it was saved once, and what was filled in beforehand
// is no fault of anybody who has not been here.
func newSectionView(w *workspace, s *form.Section, in *input) *sectionView {
	v := &sectionView{w: w, section: s, in: in, values: w.values, byKey: map[string][]placed{}}
	begun, touched := w.begun(s), w.touched(s)
	for _, f := range concerning(place(w.form, w.findings), s.Code) {
		if f.missing() && !begun || !begun && !touched {
			continue
		}
		if f.missing() && in.typed[firstKey(f)] != "" {
			continue // what was typed could not be read, which is said
		}
		v.findings = append(v.findings, f)
		v.byKey[v.spot(f)] = append(v.byKey[v.spot(f)], f)
	}
	return v
}

func firstKey(f placed) string {
	if len(f.Keys) == 0 {
		return ""
	}
	return f.Keys[0]
}

// spot is the key at which a finding is shown: the last of its keys, in the
// order of the form, that stands in this section and on the page.
func (v *sectionView) spot(f placed) string {
	best, at := "", -1
	for _, key := range f.Keys {
		field, ok := v.w.form.Field(key)
		if !ok || field.Section != v.section {
			continue
		}
		if i := v.position(field); i >= at {
			best, at = placeOf(field, key), i
		}
	}
	return best
}

// position orders fields as the page shows them.
func (v *sectionView) position(f *form.Field) int {
	top := f
	if f.Parent != nil {
		top = f.Parent
	}
	return slices.Index(v.section.Fields, top)
}

// take gives the findings shown at a key, each once.
func (v *sectionView) take(key string) []placed {
	found := v.byKey[key]
	delete(v.byKey, key)
	return found
}

// words splits what is said at a field into the line above its input and the
// findings below it.
func (v *sectionView) words(key string) (line string, findings []web.Finding) {
	for _, r := range v.in.refused {
		if r.Path == key {
			line = r.Message
		}
	}
	for _, f := range v.take(key) {
		if f.ofField() && line == "" {
			line = strings.TrimSuffix(f.Message, "。")
			continue
		}
		if !f.ofField() {
			findings = append(findings, v.w.finding(f, v.section))
		}
	}
	return line, findings
}

// wrong tells that there are errors on the page, so that its title says so.
func (v *sectionView) wrong() bool { return countOf(v.findings).wrong > 0 }

// summary stands at the top of the page. What could not be read comes first: it
// is the only thing that is not saved.
func (v *sectionView) summary() web.Summary {
	n := countOf(v.findings)
	title := "这一部分有 " + countWords(n)
	if unread := len(v.in.refused); unread > 0 {
		title = fmt.Sprintf("有 %d 处看不懂，没有存下；其余已保存", unread)
	}
	findings := v.w.summary(title, v.findings, v.section)
	s := web.Summary{Title: title}
	for _, r := range v.in.refused {
		s.Items = append(s.Items, web.SummaryItem{Href: "#" + fieldID(r.Path), Text: r.Message})
	}
	s.Items = append(s.Items, findings.Items...)
	return s
}

// blocks lays the section out. Findings that found no place on the page come
// first, as general ones.
func (v *sectionView) blocks() []Block {
	var blocks []Block
	if v.section.Kind != form.SectionFields {
		statement := v.statement()
		blocks = []Block{{Statement: &statement}}
	} else {
		blocks = v.fieldBlocks()
	}
	for _, f := range v.findings {
		if spot := v.spot(f); len(v.byKey[spot]) > 0 {
			v.general = append(v.general, v.w.finding(f, v.section))
		}
	}
	return blocks
}

// fieldBlocks puts neighbours of a kind together.
func (v *sectionView) fieldBlocks() []Block {
	var blocks []Block
	fields := slices.DeleteFunc(slices.Clone(v.section.Fields), func(f *form.Field) bool { return !v.asked(f) })
	for i := 0; i < len(fields); {
		f := fields[i]
		end := i + 1
		switch {
		case len(f.CellFields()) > 0:
			for end < len(fields) && len(fields[end].CellFields()) > 0 {
				end++
			}
			grid := v.grid(fields[i:end])
			blocks = append(blocks, Block{Grid: &grid})
		case f.Kind == form.KindTable:
			table := v.table(f)
			blocks = append(blocks, Block{Table: &table})
		default:
			for end < len(fields) && len(fields[end].CellFields()) == 0 && fields[end].Kind != form.KindTable {
				end++
			}
			var block Block
			for _, f := range fields[i:end] {
				block.Fields = append(block.Fields, v.field(f))
			}
			besides(block.Fields)
			blocks = append(blocks, block)
		}
		i = end
	}
	return blocks
}

// besides sets figures that stand together in a column of their own.
func besides(fields []FieldView) {
	isFigure := func(i int) bool {
		return i >= 0 && i < len(fields) && (fields[i].Kind == "figure" || fields[i].Kind == "computed")
	}
	for i := range fields {
		fields[i].Beside = isFigure(i) && (isFigure(i-1) || isFigure(i+1))
	}
}

// asked tells whether the page asks a question: what the context rules out is
// left away, and what depends on another section's answer is asked only if it
// holds. What depends on an answer of this page is asked, with the condition
// said, since the page cannot change while it is filled in.
func (v *sectionView) asked(f *form.Field) bool {
	if !f.When.InContext(v.w.context) {
		return false
	}
	for _, need := range f.When.Needs() {
		other, ok := v.w.form.Field(need.Key)
		if ok && other.Section != v.section {
			return f.When.Holds(v.values, nil, v.w.context)
		}
	}
	return true
}

// condition says on which answers of this page a question is asked.
func (v *sectionView) condition(f *form.Field) (words, needs string) {
	var parts, codes []string
	for _, need := range f.When.Needs() {
		other, ok := v.w.form.Field(need.Key)
		if need.Column && f.Parent != nil {
			other, ok = f.Parent.Column(need.Key)
		}
		if !ok {
			continue
		}
		option, _ := other.OptionLabel(need.Option)
		switch need.Op {
		case "==", "has":
			parts = append(parts, fmt.Sprintf("“%s”选“%s”", other.Label, option))
			codes = append(codes, need.Key+"="+need.Option)
		default:
			parts = append(parts, fmt.Sprintf("“%s”大于零", other.Label))
			codes = append(codes, need.Key+">0")
		}
	}
	if len(parts) == 0 {
		return "", ""
	}
	return strings.Join(parts, "、") + "时填", strings.Join(codes, " ")
}
