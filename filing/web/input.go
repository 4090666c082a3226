package web

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"nianbao/filing/form"
	"nianbao/internal/money"
)

// input is what a browser sent for some fields of a report: the values that
// could be read, and for the rest what was typed and what is wrong with it.
type input struct {
	set     map[string]any    // by key; nil: to be left unfilled
	typed   map[string]string // by path, as typed, where it could not be read
	refused []refusedInput    // in the order of the form
	both    []*form.Field     // tables marked as having nothing, with rows filled in
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

// The names of the buttons that add and remove a row.
const (
	addButton    = "add"
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

// parse reads what a person typed into one field. Separators, spaces, full-width
// signs and a unit written behind are accepted; the problem is Chinese.
func parse(f *form.Field, text string) (value any, problem string) {
	text = clean(f, text)
	if text == "" {
		return nil, ""
	}
	switch f.Kind.Base() {
	case form.KindMoney, form.KindPercent:
		return parseFigure(f, text)
	case form.KindNumber, form.KindYear:
		if f.Decimals > 0 {
			return parseFigure(f, text)
		}
		return parseCount(f, text)
	case form.KindDate:
		return parseDay(f, text)
	case form.KindChoice:
		if _, ok := f.OptionLabel(text); !ok {
			return nil, fmt.Sprintf("“%s”没有这个选项，请重新选择", f.Label)
		}
	}
	return text, ""
}

// clean brings a text to the one way in which it is stored: NFC, trimmed, line
// breaks as \n in long texts and none elsewhere, without the invisible signs
// that come along when text is pasted.
func clean(f *form.Field, text string) string {
	long := f.Kind == form.KindLongText
	text = strings.ReplaceAll(text, "\r\n", "\n")
	text = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' && long, r == '\t' && long:
			return r
		case r == '\n' || r == '\t' || r == '\r':
			return ' '
		case unicode.IsControl(r):
			return -1
		}
		return r
	}, text)
	text = strings.TrimSpace(norm.NFC.String(text))
	if !strings.ContainsFunc(text, func(r rune) bool { return unicode.IsGraphic(r) && !unicode.IsSpace(r) }) {
		return "" // nothing to see, which the form takes for blank
	}
	return text
}

// figureSigns turns what stands for digits and signs into the plain ones.
var figureSigns = strings.NewReplacer(",", "", "，", "", " ", "", "\u00a0", "", "\u3000", "", "−", "-", "－", "-", "–", "-", "．", ".", "。", ".")

func plainFigure(f *form.Field, text string) string {
	text = figureSigns.Replace(norm.NFKC.String(text))
	text = strings.ReplaceAll(text, ",", "")
	for _, unit := range []string{f.Unit, "%", "元"} {
		if unit != "" {
			text = strings.TrimSuffix(text, unit)
		}
	}
	negative := strings.HasPrefix(text, "-")
	text = strings.TrimLeft(strings.TrimPrefix(text, "-"), "0")
	if text == "" || text[0] == '.' {
		text = "0" + text
	}
	text = strings.TrimSuffix(text, ".")
	if negative {
		text = "-" + text
	}
	return text
}

func parseFigure(f *form.Field, text string) (any, string) {
	plain := plainFigure(f, text)
	fen, err := money.Parse(plain)
	if err != nil || !strings.ContainsAny(text, "0123456789０１２３４５６７８９") {
		return nil, fmt.Sprintf("“%s”要填数字，最多两位小数，例如 %s", f.Label, exampleOf(f))
	}
	return int64(fen), ""
}

func exampleOf(f *form.Field) string {
	if f.Kind.Base() == form.KindMoney {
		return "1,234.50"
	}
	return "12.50"
}

// maxCountDigits is what the report body's decoder takes.
const maxCountDigits = 13

func parseCount(f *form.Field, text string) (any, string) {
	plain := plainFigure(f, text)
	n, err := strconv.ParseInt(plain, 10, 64)
	if err != nil || len(strings.TrimPrefix(plain, "-")) > maxCountDigits || !strings.ContainsAny(text, "0123456789０１２３４５６７８９") {
		return nil, fmt.Sprintf("“%s”要填整数", f.Label)
	}
	if f.Kind == form.KindYear && (n < 1000 || n > 9999) {
		return nil, fmt.Sprintf("“%s”要填四位数的年份，例如 2018", f.Label)
	}
	return n, ""
}

// dayLayouts are the ways in which people write a day.
var dayLayouts = []string{"2006-1-2", "2006/1/2", "2006.1.2", "2006年1月2日", "20060102"}

func parseDay(f *form.Field, text string) (any, string) {
	plain := strings.ReplaceAll(norm.NFKC.String(text), " ", "")
	for _, layout := range dayLayouts {
		if day, err := time.Parse(layout, plain); err == nil && day.Year() > 0 {
			return day.Format(time.DateOnly), ""
		}
	}
	return nil, fmt.Sprintf("“%s”要填日历上有的日期，例如 2018-12-31", f.Label)
}
