package form

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Decode reads a report body, {"values": {…}}, against the form. The error, if
// any, is a *BodyError: the body is no JSON as it must be (UTF-8, no key twice,
// not too deep, not too large, nothing after it) or has another shape. Wrong
// values are problems, all of them, in the order of the body; the values
// without a problem are decoded. Texts are brought to NFC and trimmed in the
// result; the body itself is not changed. Whether anything is missing is not
// asked here: a draft may be incomplete.
func (f *Form) Decode(raw []byte, limits Limits) (*Body, []Problem, error) {
	root, bodyErr := parseJSON(raw, limits)
	if bodyErr != nil {
		return nil, nil, bodyErr
	}
	values, bodyErr := valuesOf(root)
	if bodyErr != nil {
		return nil, nil, bodyErr
	}
	d := &decoder{form: f, values: make(Values, len(values))}
	for _, m := range values {
		field, ok := f.values[m.key]
		if !ok {
			d.unknown(m.key)
			continue
		}
		if value, ok := d.field(field, m.key, m.value); ok && value != nil {
			d.values[m.key] = value
		}
	}
	return &Body{Values: d.values}, d.problems, nil
}

// valuesOf takes the members of "values", the only member of a body.
func valuesOf(root node) ([]member, *BodyError) {
	if root.kind != nodeObject {
		return nil, misshapen("not_an_object", "报告内容应为对象：{\"values\": {…}}。")
	}
	var values *node
	for i := range root.members {
		if root.members[i].key != "values" {
			return nil, misshapen("unknown_member",
				fmt.Sprintf("报告内容只含“values”一项，不认识“%s”，请去掉。", clip(root.members[i].key)))
		}
		values = &root.members[i].value
	}
	if values == nil || values.kind != nodeObject {
		return nil, misshapen("values_missing", "报告内容缺少“values”对象，请按{\"values\": {…}}发送。")
	}
	return values.members, nil
}

type decoder struct {
	form     *Form
	values   Values
	problems []Problem
}

func (d *decoder) problem(key, code, message, remedy string) {
	d.problems = append(d.problems, Problem{Key: key, Code: code, Message: message, Remedy: remedy})
}

// unknown refuses a key by name and, where it is half of one, says which half
// is missing.
func (d *decoder) unknown(key string) {
	remedy := "请去掉这一项，或核对名称是否写错。"
	if line, ok := d.form.fields[key]; ok && len(line.cells) > 0 {
		remedy = fmt.Sprintf("“%s”分栏填写，请使用“%s”等名称。", line.Label, line.cells[0].Key)
	}
	d.problem(clip(key), ProblemUnknownKey, fmt.Sprintf("报告表中没有“%s”这一项。", clip(key)), remedy)
}

// wrong is the problem of a value that is not written as its kind demands.
func (d *decoder) wrong(f *Field, path string) {
	how := writtenAs[f.Kind.Base()]
	if f.Decimals > 0 {
		how = "整数，或最多两位小数的字符串，如\"12.50\""
	}
	d.problem(path, ProblemKind, fmt.Sprintf("“%s”的格式不正确，应为%s。", f.Label, how), "请按格式填写；没有内容的项目不要发送。")
}

var writtenAs = map[Kind]string{
	KindText: "文字", KindLongText: "文字",
	KindNumber: "整数，不带小数和引号", KindYear: "四位整数年份，不带引号",
	KindMoney:   "以元为单位、两位小数、不带千分位的字符串，如\"1234.50\"",
	KindPercent: "两位小数的字符串，如\"12.50\"",
	KindDate:    "日历中存在的日期，如\"2018-12-31\"",
	KindChoice:  "一个选项代码", KindMultiChoice: "选项代码的数组",
	KindTable: "对象的数组，一行一个对象，没有内容为[]", KindTableRow: "对象",
}

// field decodes one value; ok is false where there was a problem.
func (d *decoder) field(f *Field, path string, n node) (value any, ok bool) {
	switch f.Kind {
	case KindMultiChoice:
		return d.multichoice(f, path, n)
	case KindTable:
		return d.table(f, path, n)
	case KindTableRow:
		if n.kind != nodeObject {
			d.wrong(f, path)
			return nil, false
		}
		return d.row(f, path, n.members), true
	case KindNumber, KindNumberCalc, KindYear:
		value, ok = integerOf(f, n)
	default:
		if n.kind != nodeString {
			break
		}
		switch f.Kind {
		case KindText, KindLongText:
			return d.text(f, path, n.text)
		case KindChoice:
			return d.choice(f, path, n.text)
		case KindDate:
			value, ok = n.text, validDate(n.text)
		default:
			if value, ok = decimalOf(n.text); !ok && beyondRange.MatchString(n.text) {
				d.problem(path, ProblemKind, fmt.Sprintf("“%s”超出范围，整数部分最多 13 位。", f.Label), "请核对是否多写了数字，以及单位是否正确。")
				return nil, false
			}
		}
	}
	if !ok {
		d.wrong(f, path)
	}
	return value, ok
}

// beyondRange is a figure that is written as it must be, and larger than any that can be stored.
var beyondRange = regexp.MustCompile(`^-?[1-9][0-9]{13,}\.[0-9]{2}$`)

func decimalOf(s string) (any, bool) {
	n, ok := parseDecimal(s)
	return n, ok
}

func integerOf(f *Field, n node) (any, bool) {
	switch {
	case n.kind == nodeNumber && f.Decimals == 0:
		v, ok := parseInteger(n.text)
		return v, ok && (f.Kind != KindYear || v >= 1000 && v <= 9999)
	case n.kind == nodeNumber:
		v, ok := parseInteger(n.text)
		return v * 100, ok
	case n.kind == nodeString && f.Decimals == 2:
		v, ok := parseHours(n.text)
		return v, ok
	default:
		return nil, false
	}
}

// text refuses control characters (a longtext may have line breaks and tabs)
// and brings the rest to NFC without blanks around it. A text with nothing to see,
// such as a zero-width space, is an absent value, nil.
func (d *decoder) text(f *Field, path, s string) (any, bool) {
	for _, r := range s {
		if !unicode.IsControl(r) || f.Kind == KindLongText && (r == '\n' || r == '\r' || r == '\t') {
			continue
		}
		message := fmt.Sprintf("“%s”含有不可见的控制字符（U+%04X）。", f.Label, r)
		remedy := "请去掉控制字符后重新填写。"
		if r == '\n' || r == '\r' || r == '\t' {
			message, remedy = fmt.Sprintf("“%s”只能填写一行文字。", f.Label), "请去掉换行和制表符。"
		}
		d.problem(path, ProblemCharacter, message, remedy)
		return nil, false
	}
	trimmed := norm.NFC.String(strings.TrimSpace(s))
	if !strings.ContainsFunc(trimmed, func(r rune) bool { return unicode.IsGraphic(r) && !unicode.IsSpace(r) }) {
		return nil, true
	}
	return trimmed, true
}

func (d *decoder) choice(f *Field, path, code string) (any, bool) {
	if _, ok := f.options[code]; ok {
		return code, true
	}
	d.problem(path, ProblemOption, fmt.Sprintf("“%s”没有代码为“%s”的选项。", f.Label, clip(code)),
		"请从下列代码中选择："+optionList(f)+"。")
	return nil, false
}

func optionList(f *Field) string {
	parts := make([]string, len(f.Options))
	for i, o := range f.Options {
		parts[i] = o.Code + "（" + o.Label + "）"
	}
	return strings.Join(parts, "、")
}

func (d *decoder) multichoice(f *Field, path string, n node) (any, bool) {
	if n.kind != nodeArray {
		d.wrong(f, path)
		return nil, false
	}
	codes, seen, good := make([]string, 0, len(f.Options)), make(map[string]bool, len(f.Options)), true
	for i, item := range n.items {
		at := path + "[" + strconv.Itoa(i) + "]"
		if item.kind != nodeString {
			d.wrong(f, at)
			good = false
			continue
		}
		if seen[item.text] {
			d.problem(at, ProblemRepeat, fmt.Sprintf("“%s”的选项“%s”重复。", f.Label, clip(item.text)), "每个选项只选一次。")
			good = false
			continue
		}
		if _, ok := d.choice(f, at, item.text); !ok {
			good = false
			continue
		}
		seen[item.text] = true
		codes = append(codes, item.text)
	}
	return codes, good
}

func (d *decoder) table(f *Field, path string, n node) (any, bool) {
	if n.kind != nodeArray {
		d.wrong(f, path)
		return nil, false
	}
	if len(n.items) > f.MaxRows {
		d.problem(path, ProblemRows, fmt.Sprintf("“%s”有%d行，最多%d行。", f.Label, len(n.items), f.MaxRows),
			"请合并或删去部分行，其余情况可在说明中列出。")
		return nil, false
	}
	rows := make([]map[string]any, 0, len(n.items))
	for i, item := range n.items {
		at := path + "[" + strconv.Itoa(i) + "]"
		if item.kind != nodeObject {
			d.wrong(f, at)
			continue
		}
		rows = append(rows, d.row(f, at, item.members))
	}
	return rows, len(rows) == len(n.items)
}

// row decodes a table's row or a table-row; parts with a problem are left out.
func (d *decoder) row(f *Field, path string, members []member) map[string]any {
	row := make(map[string]any, len(members))
	for _, m := range members {
		at := path + "." + m.key
		column, ok := f.columns[m.key]
		if !ok {
			d.problem(path+"."+clip(m.key), ProblemUnknownKey,
				fmt.Sprintf("“%s”中没有“%s”这一栏。", f.Label, clip(m.key)), "请去掉这一栏，或核对名称是否写错。")
			continue
		}
		if value, ok := d.field(column, at, m.value); ok && value != nil {
			row[m.key] = value
		}
	}
	return row
}
