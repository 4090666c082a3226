package web

import (
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"nianbao/filing/form"
)

// input is what a browser sent for some fields of a report: the values that
// could be read, and for the rest what was typed and what is wrong with it.
type input struct {
	set     map[string]any    // by key; nil: to be left unfilled
	typed   map[string]string // by path, as typed, where it could not be read
	refused []refusedInput    // in the order of the form
	both    []*form.Field     // tables marked as having nothing, with rows filled in
	pasted  map[string]pasted // by table or section: what was pasted and could not be read
}

type refusedInput struct {
	Path, Message string
	Field         *form.Field
}

// readInput reads what was sent for the fields. A field that was not sent at
// all stays as it is. Computed figures are never read.
func readInput(sent url.Values, fields []*form.Field) *input {
	in := &input{set: map[string]any{}, typed: map[string]string{}}
	for _, f := range fields {
		switch f.Kind {
		case form.KindTable:
			in.table(sent, f)
		case form.KindTableRow:
			if row, ok := in.row(sent, f, f.Key); ok {
				in.set[f.Key] = anyRow(row)
			}
		default:
			if f.Computed() {
				continue
			}
			if value, ok := in.value(sent, f, f.Key); ok {
				in.set[f.Key] = value
			}
		}
	}
	return in
}

// anyRow is a row as a value: nothing in it is nothing filled.
func anyRow(row map[string]any) any {
	if len(row) == 0 {
		return nil
	}
	return row
}

// value reads one field at a path; sent is false where the browser did not send
// it, or where it could not be read, which is noted.
func (in *input) value(sent url.Values, f *form.Field, path string) (value any, ok bool) {
	texts, there := sent[path]
	if !there {
		return nil, false
	}
	if f.Kind == form.KindMultiChoice {
		return chosen(f, texts), true
	}
	value, problem := parse(f, texts[0])
	if problem == "" {
		return value, true
	}
	in.typed[path] = texts[0]
	in.refused = append(in.refused, refusedInput{Path: path, Message: problem, Field: f})
	return nil, false
}

// chosen are the known options among those sent, in the form's order.
func chosen(f *form.Field, sent []string) any {
	codes := []string{}
	for _, option := range f.Options {
		for _, code := range sent {
			if code == option.Code {
				codes = append(codes, code)
				break
			}
		}
	}
	if len(codes) == 0 {
		return nil
	}
	return codes
}

// row reads the parts of a row at its path; ok is false where none was sent.
func (in *input) row(sent url.Values, f *form.Field, path string) (row map[string]any, ok bool) {
	row = map[string]any{}
	for _, column := range f.Columns {
		at := path + "." + column.Key
		if _, there := sent[at]; !there {
			continue
		}
		ok = true
		if value, read := in.value(sent, column, at); read && value != nil && !column.Computed() {
			row[column.Key] = value
		}
	}
	return row, ok
}

// The names of a table's own fields.
func rowsName(f *form.Field) string { return f.Key + ".rows" } // how many rows the page had
func noneName(f *form.Field) string { return f.Key + ".none" } // marked as having nothing

// table reads the rows. Rows in which nothing was filled in are dropped, except
// where the button for one more was pressed; the one whose removal was asked
// for is dropped whatever is in it.
func (in *input) table(sent url.Values, f *form.Field) {
	count, err := strconv.Atoi(sent.Get(rowsName(f)))
	if err != nil || count < 0 {
		return
	}
	rows := []map[string]any{}
	more := sent.Get(addButton) == f.Key
	for i := range min(count, f.MaxRows) {
		from, to := rowPath(f, i), rowPath(f, len(rows))
		row, _ := in.row(sent, f, from)
		if sent.Get(removeButton) == from {
			in.forget(from)
			continue
		}
		if more || len(row) > 0 || in.typedUnder(from) {
			in.renumber(from, to)
			rows = append(rows, row)
		}
		if sent.Get(copyButton) == from && len(row) > 0 && count < f.MaxRows {
			rows = append(rows, maps.Clone(row))
		}
	}
	if more && len(rows) < f.MaxRows {
		rows = append(rows, map[string]any{})
	}
	none := sent.Get(noneName(f)) != "" && !more
	switch {
	case len(rows) > 0:
		in.set[f.Key] = rows
		if none {
			in.both = append(in.both, f)
		}
	case none:
		in.set[f.Key] = []map[string]any{}
	default:
		in.set[f.Key] = nil
	}
}

// The names of the buttons that add, copy and remove a row.
const (
	addButton    = "add"
	copyButton   = "copy"
	removeButton = "remove"
)

// renumber moves what could not be read in a row to the row's new place.
func (in *input) renumber(from, to string) {
	if from == to {
		return
	}
	for i := range in.refused {
		r := &in.refused[i]
		if column, ok := strings.CutPrefix(r.Path, from+"."); ok {
			in.typed[to+"."+column] = in.typed[r.Path]
			delete(in.typed, r.Path)
			r.Path = to + "." + column
		}
	}
}

// forget drops what could not be read in a row that is removed.
func (in *input) forget(path string) {
	in.refused = slices.DeleteFunc(in.refused, func(r refusedInput) bool { return strings.HasPrefix(r.Path, path+".") })
	for at := range in.typed {
		if strings.HasPrefix(at, path+".") {
			delete(in.typed, at)
		}
	}
}

func rowPath(f *form.Field, i int) string { return f.Key + "[" + strconv.Itoa(i) + "]" }

func (in *input) typedUnder(path string) bool {
	for at := range in.typed {
		if strings.HasPrefix(at, path+".") {
			return true
		}
	}
	return false
}

// parse reads what a person typed into one field; the problem is Chinese.
func parse(f *form.Field, text string) (value any, problem string) { return f.ParseTyped(text) }
