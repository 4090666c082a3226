package workbook

import (
	"regexp"
	"strings"

	"golang.org/x/text/unicode/norm"

	"nianbao/filing/form"
	"nianbao/internal/xlsx"
)

// statement is one of the form's statements, ready to be matched.
type statement struct {
	section *form.Section
	name    string
	byLabel map[string][]int // lines by bare label, in the order of the form
	byLine  map[string]int
}

func newStatement(s *form.Section) *statement {
	_, name, _ := s.TitleParts()
	st := &statement{section: s, name: name, byLabel: map[string][]int{}, byLine: map[string]int{}}
	for i, f := range s.Fields {
		bare := bareLabel(f.Label)
		st.byLabel[bare] = append(st.byLabel[bare], i)
		st.byLine[f.Line] = i
		// The printed statement says 现金流入小计 under each heading.
		for _, word := range []string{"现金流入小计", "现金流出小计"} {
			if bare != word && strings.HasSuffix(bare, word) {
				st.byLabel[word] = append(st.byLabel[word], i)
			}
		}
	}
	for other, ours := range otherNames {
		if lines, ok := st.byLabel[ours]; ok && st.byLabel[other] == nil {
			st.byLabel[other] = lines
		}
	}
	return st
}

// otherNames are what programs and later accounting systems call the same line.
var otherNames = map[string]string{
	"固定资产原值": "固定资产原价", "累计折旧额": "累计折旧", "应交税费": "应交税金", "应缴税金": "应交税金", "应缴税费": "应交税金",
	"应付职工薪酬": "应付工资", "资产合计": "资产总计", "负债总计": "负债合计", "净资产总计": "净资产合计",
	"负债及净资产总计": "负债和净资产总计", "负债与净资产总计": "负债和净资产总计", "负债和净资产合计": "负债和净资产总计",
	"负债及净资产合计": "负债和净资产总计", "政府补贴收入": "政府补助收入", "收入总计": "收入合计", "费用总计": "费用合计",
	"支出合计": "费用合计", "限定性净资产转为非限定性净资产额": "限定性净资产转为非限定性净资产",
	"现金及现金等价物增加额": "现金及现金等价物净增加额", "汇率变动对现金的影响": "汇率变动对现金的影响额",
}

// match finds the form's line for a row: by its label; by the line number where
// labels repeat or none is written; among the same labels the next one after the
// row before (order). at is the line's place in the statement.
func (st *statement) match(label, number string, order int) (line *form.Field, at int) {
	bare := bareLabel(label)
	byLine, numbered := st.byLine[number]
	if bare == "" {
		if !numbered || number == "" {
			return nil, 0
		}
		return st.section.Fields[byLine], byLine
	}
	found := st.byLabel[bare]
	if len(found) == 0 {
		return nil, 0
	}
	at = found[0]
	for i := len(found) - 1; i >= 0; i-- {
		if found[i] >= order {
			at = found[i]
		}
	}
	for _, i := range found {
		if numbered && i == byLine {
			at = i
		}
	}
	return st.section.Fields[at], at
}

var (
	leadingNumeral = regexp.MustCompile(`^(?:[一二三四五六七八九十]+[、.,:]|\([一二三四五六七八九十0-9]+\)|[0-9]+[、.)])`)
	leadingWord    = regexp.MustCompile(`^(?:其中|加|减|减去|加上)[:：]|^[+-]|^其中`)
	remark         = regexp.MustCompile(`\([^()]*\)$`)
)

// bareLabel is a label without what differs from one print to another: width and
// spaces, 一、 and （一）, 其中：加：减：, remarks in brackets at the end, colons.
func bareLabel(label string) string {
	text := strings.ReplaceAll(plainLabel(label), "帐", "账")
	for {
		next := leadingWord.ReplaceAllString(leadingNumeral.ReplaceAllString(text, ""), "")
		if next == text {
			break
		}
		text = next
	}
	for {
		next := strings.TrimRight(remark.ReplaceAllString(text, ""), ":;,。*")
		if next == text {
			return text
		}
		text = next
	}
}

// lineNumber is a row's 行次 in plain digits, "" where there is none.
func lineNumber(row gridRow, col int) string {
	text := row.text(col)
	if c, ok := row.cell(col); ok && c.Kind == xlsx.KindNumber {
		if n, ok := parseNumber(text); ok {
			return n.String()
		}
	}
	text = strings.TrimFunc(norm.NFKC.String(text), func(r rune) bool { return (r < '0' || r > '9') && r != '.' })
	return strings.Trim(text, ".")
}

// isFigure tells an amount, or a dash for none, from words.
func isFigure(text string) bool {
	_, ok := parseNumber(figureText(text))
	return ok
}

// containsTitle tells that a text names the statement.
func containsTitle(text string, st *statement) bool {
	text = plainLabel(text)
	return strings.Contains(text, plainLabel(st.name)) && !strings.Contains(text, "附注")
}
