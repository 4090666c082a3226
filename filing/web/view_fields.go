package web

import (
	"fmt"
	"slices"
	"strings"

	"nianbao/filing/form"
	"nianbao/internal/web"
)

// maxRadios is how many options are laid out; more go into a list to choose
// from. In a table's row, where many questions stand close, it is fewer.
const (
	maxRadios      = 8
	maxRadiosInRow = 2
)

// field is one question outside a table.
func (v *sectionView) field(f *form.Field) FieldView {
	view := v.question(f, f.Key, v.values[f.Key], maxRadios)
	view.Mark = markWords(v.w.mark(f))
	if f.Kind == form.KindTableRow {
		row, _ := v.values[f.Key].(map[string]any)
		view.Kind = "group"
		for _, column := range f.Columns {
			part := v.question(column, f.Key+"."+column.Key, row[column.Key], maxRadios)
			part.Full = f.Label + "，" + column.Label
			view.Parts = append(view.Parts, part)
		}
	}
	return view
}

// question is a field or a column at its path, with its value.
func (v *sectionView) question(f *form.Field, path string, value any, radios int) FieldView {
	view := FieldView{Kind: askedAs(f, radios), ID: fieldID(path), Name: path, Label: f.Label, Hint: hintOf(f), Unit: f.Unit,
		Value: typed(f, value), Money: f.Kind.Base() == form.KindMoney, Date: f.Kind == form.KindDate}
	view.Condition, view.Needs = v.condition(f)
	view.Error, view.Findings = v.words(path)
	if text, ok := v.in.typed[path]; ok {
		view.Value = text
	}
	if view.Kind == "long" {
		view.Rows = longRows(f)
	}
	if f.Computed() {
		view.Hint, view.Calc = "自动计算："+computedFrom(f), calcOf(f, path)
	}
	for _, option := range f.Options {
		on := value == option.Code
		if codes, ok := value.([]string); ok {
			on = slices.Contains(codes, option.Code)
		}
		view.Options = append(view.Options, OptionView{ID: view.ID + "-" + option.Code, Code: option.Code, Label: option.Label, On: on})
	}
	return view
}

// askedAs is how a field of a kind is asked.
func askedAs(f *form.Field, radios int) string {
	if f.Computed() {
		return "computed"
	}
	switch f.Kind.Base() {
	case form.KindLongText:
		return "long"
	case form.KindMoney, form.KindNumber, form.KindPercent, form.KindYear:
		return "figure"
	case form.KindDate:
		return "date"
	case form.KindMultiChoice:
		return "checks"
	case form.KindChoice:
		if len(f.Options) <= radios {
			return "radios"
		}
		return "select"
	}
	return "text"
}

// hintOf is the form's help with its example; a long text also says how long it
// may be, a date how it is written.
func hintOf(f *form.Field) string {
	var parts []string
	if f.Help != "" {
		parts = append(parts, strings.TrimSuffix(f.Help, "。"))
	}
	switch {
	case f.Example != "":
		parts = append(parts, "例如 "+f.Example)
	case f.Kind == form.KindDate:
		parts = append(parts, "按年-月-日填，例如 2018-03-31")
	case f.Kind == form.KindLongText:
		parts = append(parts, fmt.Sprintf("最多 %s 字", web.Count(f.MaxLen)))
	}
	if len(parts) > 1 || f.Kind == form.KindLongText {
		return strings.Join(parts, "。") + "。"
	}
	return strings.Join(parts, "")
}

// longRows is the height of a long text's box.
func longRows(f *form.Field) int {
	switch {
	case f.MaxLen > 2000:
		return 14
	case f.MaxLen > 500:
		return 5
	}
	return 3
}

// computedFrom names the parts of a formula.
func computedFrom(f *form.Field) string {
	var b strings.Builder
	for i, t := range f.Terms() {
		switch {
		case t.Sign < 0:
			b.WriteString(" − ")
		case i > 0:
			b.WriteString(" + ")
		}
		b.WriteString(t.Field.Label)
	}
	text := b.String()
	if f.Divisor() == nil {
		return text
	}
	if len(f.Terms()) > 1 {
		text = "（" + text + "）"
	}
	return text + " ÷ " + f.Divisor().Label
}

// table lays out a table's rows; with none there is a blank one to begin with.
func (v *sectionView) table(f *form.Field) TableView {
	rows, filled := v.values.Rows(f.Key)
	view := TableView{ID: fieldID(f.Key), Key: f.Key, Title: f.Label, Hint: strings.Replace(f.Help, "选“无”", "勾选“没有”", 1),
		NoneName: noneName(f), NoneID: fieldID(f.Key) + "-none", None: filled && len(rows) == 0, RowsName: rowsName(f),
		AddText: "再加一项", MustExist: f.MinRows > 0}
	view.Hint = strings.Replace(view.Hint, "填“无”", "勾选“没有”", 1)
	view.Condition, view.Needs = v.condition(f)
	view.Error, view.Findings = v.words(f.Key)
	if len(rows) == 0 {
		rows = []map[string]any{{}}
	}
	if view.None {
		rows, view.AddText = nil, "加一项"
	}
	view.Count, view.CanAdd, view.MaxRows = len(rows), len(rows) < f.MaxRows, f.MaxRows
	view.Mark, view.Paste = markWords(v.w.mark(f)), v.pasteTable(f)
	view.Blank = v.row(f, blankRow, nil)
	for i, row := range rows {
		view.Rows = append(view.Rows, v.row(f, i, row))
	}
	return view
}

// blankRow is the number under which a page carries the row that the script
// makes new ones of; no table has as many.
const blankRow = 987654

func (v *sectionView) row(f *form.Field, i int, row map[string]any) TableRowView {
	path := rowPath(f, i)
	view := TableRowView{ID: fieldID(path), Path: path, Legend: fmt.Sprintf("第 %d 项", i+1)}
	for _, column := range f.Columns {
		part := v.question(column, path+"."+column.Key, row[column.Key], maxRadiosInRow)
		part.Full = fmt.Sprintf("%s，第 %d 项，%s", f.Label, i+1, column.Label)
		view.Fields = append(view.Fields, part)
	}
	return view
}

// grid lays out lines with the same columns outside a statement.
func (v *sectionView) grid(lines []*form.Field) GridView {
	view := GridView{ID: "g-" + lines[0].Key, Caption: nameOf(v.section)}
	for _, column := range lines[0].Cells {
		view.Columns = append(view.Columns, column.Label)
	}
	for _, line := range lines {
		row := v.line(line)
		if line.Formula != "" {
			row.Formula = "自动计算"
		}
		view.Rows = append(view.Rows, row)
	}
	return view
}
