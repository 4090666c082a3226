package workbook

import (
	"fmt"
	"strings"

	"golang.org/x/text/unicode/norm"

	"nianbao/filing/form"
	"nianbao/internal/registry/sheet"
	"nianbao/internal/xlsx"
)

// Words in cells that stand for choices.
const (
	yesLabel  = "是"
	noneLabel = "无"
)

// errorValues are what spreadsheets show for a formula that failed.
var errorValues = map[string]bool{"#REF!": true, "#DIV/0!": true, "#VALUE!": true, "#NAME?": true, "#N/A": true, "#NUM!": true, "#NULL!": true}

// content is what a cell says about a field: its value (nil: blank), the text to
// show a person, and what is wrong, in Chinese.
type content struct {
	value   any
	text    string
	problem string
}

// readCell reads a cell for a field. shift is the power of ten by which an
// amount is multiplied (4: the sheet is in 万元).
func readCell(f *form.Field, c xlsx.Cell, from1904 bool, shift int) content {
	got := content{text: strings.TrimSpace(c.Text)}
	kind := c.Kind
	if kind == xlsx.KindText && errorValues[strings.ToUpper(got.text)] {
		kind = xlsx.KindError // pasted as text, or out of a CSV file
	}
	switch kind {
	case xlsx.KindPending:
		got.text, got.problem = "（公式）", "公式没有保存计算结果。请用 Excel 或 WPS 打开文件，保存后再上传"
	case xlsx.KindError:
		got.problem = fmt.Sprintf("公式的结果是错误值 %s。请改正公式，或者直接填数", got.text)
	case xlsx.KindBool:
		got.text = map[string]string{"1": "TRUE", "0": "FALSE"}[got.text]
		got.problem = "单元格里是 TRUE 或 FALSE，不是要填的内容。请按说明填写"
	case xlsx.KindNumber:
		readNumber(&got, f, c, from1904, shift)
	default:
		readWords(&got, f, shift)
	}
	if got.problem != "" {
		got.value = nil
	}
	return got
}

// readNumber reads a cell that holds a number.
func readNumber(got *content, f *form.Field, c xlsx.Cell, from1904 bool, shift int) {
	n, ok := parseNumber(c.Text)
	if !ok {
		got.problem = "单元格里的数无法识别"
		return
	}
	got.text = n.String()
	date := ""
	if day, ok := sheet.SerialDay(got.text, from1904); ok {
		date = day.String()
	}
	kind := f.Kind.Base()
	switch {
	case kind == form.KindDate && date != "" && (c.Shown == xlsx.ShownDate || n.digits() < 8):
		got.text, got.value = date, date
		return
	case c.Shown == xlsx.ShownDate && (kind == form.KindText || kind == form.KindLongText) && date != "":
		got.text, got.value = date, date
		return
	case c.Shown == xlsx.ShownDate && kind != form.KindDate:
		got.problem = "单元格是日期格式，这里要填的不是日期。请把格式改为“常规”后重新填写"
		return
	case c.Shown == xlsx.ShownPercent && kind == form.KindPercent:
		n = n.shift(2)
		got.text = n.String() + "%"
	case c.Shown == xlsx.ShownPercent && kind != form.KindText && kind != form.KindLongText:
		got.problem = "单元格是百分比格式，这里要填的不是百分比。请把格式改为“常规”后重新填写"
		return
	case (kind == form.KindText || kind == form.KindLongText) && n.digits() > significant:
		got.problem = "长数字在表格里只保留 15 位，后面的变成了 0。请把格式改为“文本”后重新填写"
		return
	case kind == form.KindMoney:
		n = n.shift(shift)
	}
	plain := n.String()
	if kind == form.KindChoice || kind == form.KindMultiChoice {
		readChoice(got, f, plain)
		return
	}
	got.value, got.problem = f.ParseTyped(plain)
}

// readWords reads a cell that holds a text.
func readWords(got *content, f *form.Field, shift int) {
	switch f.Kind.Base() {
	case form.KindChoice, form.KindMultiChoice:
		readChoice(got, f, got.text)
	case form.KindMoney, form.KindNumber, form.KindPercent, form.KindYear:
		plain := figureText(got.text)
		if n, ok := parseNumber(plain); ok && !strings.HasSuffix(plain, ".") {
			if f.Kind.Base() == form.KindMoney {
				n = n.shift(shift)
			}
			plain = n.String()
		}
		got.value, got.problem = f.ParseTyped(plain)
	default:
		got.value, got.problem = f.ParseTyped(got.text)
	}
}

// figureText takes off what people and programs write around an amount: ￥1,234.50,
// (1,234.50) for a negative one, a dash for nothing.
func figureText(text string) string {
	plain := strings.NewReplacer(",", "", " ", "", "\u3000", "", "¥", "", "￥", "", "元", "", "−", "-", "–", "-").Replace(norm.NFKC.String(text))
	if inner, ok := strings.CutPrefix(plain, "("); ok && strings.HasSuffix(inner, ")") {
		plain = "-" + strings.TrimSuffix(inner, ")")
	}
	if plain != "" && strings.Trim(plain, "-—") == "" {
		return "0"
	}
	return plain
}

// readChoice finds the options whose labels, or codes, stand in the text.
func readChoice(got *content, f *form.Field, text string) {
	if code, ok := optionOf(f, text); ok && f.Kind == form.KindChoice {
		got.value = code
		return
	}
	if f.Kind == form.KindMultiChoice {
		codes := []string{}
		for part := range strings.FieldsFuncSeq(text, func(r rune) bool { return strings.ContainsRune("、，,；;\n", r) }) {
			code, ok := optionOf(f, part)
			if !ok {
				got.problem = fmt.Sprintf("“%s”没有“%s”这个选项", f.Label, strings.TrimSpace(part))
				return
			}
			codes = append(codes, code)
		}
		got.value = codes
		return
	}
	labels := make([]string, len(f.Options))
	for i, o := range f.Options {
		labels[i] = o.Label
	}
	got.problem = fmt.Sprintf("“%s”没有这个选项，应为：%s", f.Label, strings.Join(labels, "、"))
}

func optionOf(f *form.Field, text string) (code string, ok bool) {
	want := plainLabel(text)
	for _, o := range f.Options {
		if plainLabel(o.Label) == want || o.Code == strings.TrimSpace(text) {
			return o.Code, true
		}
	}
	return "", false
}

// plainLabel is a text without what differs from one keyboard to another: width,
// spaces.
func plainLabel(text string) string {
	return strings.Join(strings.Fields(norm.NFKC.String(text)), "")
}

// ticked reads the cell of one option of a multiple choice.
func ticked(c xlsx.Cell) (on bool, problem string) {
	switch strings.ToLower(plainLabel(c.Text)) {
	case yesLabel, "√", "✓", "✔", "1", "y", "yes", "有", "选":
		return c.Kind != xlsx.KindError, ""
	case "否", "×", "✗", "0", "n", "no", "未选":
		return false, ""
	}
	return false, "选中的填“" + yesLabel + "”，没有选的留空"
}

// normal is the value as reading the cell that holds it gives it: what a draft
// has beyond that (signs that a page would not store) is no change.
func normal(f *form.Field, value any) any {
	switch v := value.(type) {
	case string:
		if f.Kind == form.KindText || f.Kind == form.KindLongText {
			back, _ := f.ParseTyped(v)
			return back
		}
	case []string:
		return normalChoice(f, v)
	case map[string]any:
		if row := normalRow(f, v); len(row) > 0 {
			return row
		}
		return nil
	case []map[string]any:
		rows := make([]map[string]any, 0, len(v))
		for _, row := range v {
			if row = normalRow(f, row); len(row) > 0 {
				rows = append(rows, row)
			}
		}
		if len(rows) == 0 && len(v) > 0 {
			return nil
		}
		return rows
	}
	return value
}

// normalChoice brings codes into the form's order; none is nothing filled.
func normalChoice(f *form.Field, codes []string) any {
	var list []string
	for _, o := range f.Options {
		for _, code := range codes {
			if code == o.Code {
				list = append(list, code)
			}
		}
	}
	if list == nil {
		return nil
	}
	return list
}

func normalRow(f *form.Field, row map[string]any) map[string]any {
	out := make(map[string]any, len(row))
	for _, column := range f.Columns {
		if column.Computed() {
			continue
		}
		if value := normal(column, row[column.Key]); value != nil {
			out[column.Key] = value
		}
	}
	return out
}
