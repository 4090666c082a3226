package workbook

import (
	"maps"
	"slices"
	"strings"

	"nianbao/filing/form"
	"nianbao/internal/xlsx"
)

// header is the headings of a table: one row, or two where the years stand above
// 非限定性, 限定性, 合计.
type header struct {
	height  int
	columns []heading // from left to right
}

// heading is a column's: the upper text, taken over from the left where cells are
// merged, and the lower.
type heading struct {
	col          int
	upper, lower string
}

func (h heading) words() string { return plainLabel(h.upper + h.lower) }

var labelHeads = map[string]bool{"项目": true, "资产": true, "科目": true, "项目名称": true, "报表项目": true, "科目名称": true,
	"负债和净资产": true, "负债及净资产": true, "负债与净资产": true, "负债和净资产项目": true, "资产项目": true,
	"负债": true, "净资产": true, "负债及所有者权益": true}

var lineHeads = map[string]bool{"行次": true, "行号": true, "序号": true, "行": true, "次": true}

func isLabelHead(text string) bool { return labelHeads[plainLabel(text)] }

func isLineHead(text string) bool { return lineHeads[plainLabel(text)] }

// isValueHead tells a column that may hold amounts, of whatever statement.
func isValueHead(text string) bool {
	text = plainLabel(text)
	return len([]rune(text)) <= 20 && containsAny(text, "年初", "期初", "期末", "年末", "本年", "上年", "本期", "上期", "本月", "累计", "金额", "限定性", "去年")
}

func isSubHead(text string) bool {
	text = plainLabel(text)
	return len([]rune(text)) <= 8 && containsAny(text, "限定", "合计", "小计", "总计")
}

func containsAny(text string, words ...string) bool {
	return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(text, w) })
}

// findHeader reads the headings that begin at a row; ok is false where none do.
func findHeader(s *xlsx.Sheet, rows []gridRow, at int) (h header, ok bool) {
	row := rows[at]
	label, value, subs := false, false, false
	for _, c := range row.cells {
		label = label || isLabelHead(c.Text)
		value = value || c.Kind == xlsx.KindText && isValueHead(c.Text)
	}
	h.height = 1
	var below gridRow
	if label && at+1 < len(rows) && rows[at+1].number == row.number+1 {
		below = rows[at+1]
		for _, c := range below.cells {
			subs = subs || c.Kind == xlsx.KindText && isSubHead(c.Text)
		}
		for _, c := range below.cells { // a line of figures, not of headings
			subs = subs && (c.Kind == xlsx.KindText && !isFigure(c.Text))
		}
	}
	if !label || !value && !subs {
		return header{}, false
	}
	if subs {
		h.height = 2
	} else {
		below = gridRow{}
	}
	h.columns = headings(s, row, below)
	return h, true
}

// headings joins two rows of headings, column by column.
func headings(s *xlsx.Sheet, row, below gridRow) []heading {
	columns := map[int]bool{}
	for _, c := range slices.Concat(row.cells, below.cells) {
		columns[c.Col] = true
	}
	var list []heading
	upper := ""
	for _, col := range slices.Sorted(maps.Keys(columns)) {
		lower := below.text(col)
		if text := row.text(col); text != "" {
			upper = text
		} else if r, ok := merged(s, row.number, col); ok && r.Row1 <= row.number && row.text(r.Col1) != "" {
			upper = row.text(r.Col1)
		} else if !isSubHead(lower) {
			upper = ""
		}
		list = append(list, heading{col, upper, lower})
	}
	return list
}

// labels are the columns that hold labels.
func (h header) labels() []int {
	var list []int
	for _, c := range h.columns {
		if isLabelHead(c.upper) {
			list = append(list, c.col)
		}
	}
	return list
}

// block is a label column with its line numbers and amounts. A balance sheet
// usually has two, side by side.
type block struct {
	label, line int            // columns; line 0: none
	values      map[int]string // what the columns hold, such as closing
	heads       map[int]string // their headings
}

func (b block) columns() []int { return slices.Sorted(maps.Keys(b.values)) }

// blocks sorts the columns. A part that comes a second time begins the next
// block. What is left out is told.
func (h header) blocks(st *statement, c *collector) []block {
	newBlock := func() block { return block{values: map[int]string{}, heads: map[int]string{}} }
	var list []block
	now, keys, rank := newBlock(), map[string]int{}, map[string]int{}
	finish := func() {
		if now.label > 0 && len(now.values) > 0 {
			list = append(list, now)
		}
		now, keys, rank = newBlock(), map[string]int{}, map[string]int{}
	}
	for _, head := range h.columns {
		switch {
		case isLabelHead(head.upper):
			if now.label > 0 {
				finish()
			}
			now.label = head.col
		case isLineHead(head.upper):
			if now.line > 0 {
				finish()
			}
			now.line = head.col
		default:
			key, weight := columnKey(st.section.Kind, head)
			if key == "" {
				if isValueHead(head.words()) {
					c.note("“%s”的“%s”栏在报告表里没有，没有读取。", st.name, strings.TrimSpace(head.upper+" "+head.lower))
				}
				continue
			}
			if old, twice := keys[key]; twice && weight <= rank[key] {
				if weight == rank[key] {
					finish()
				} else {
					continue
				}
			} else if twice {
				delete(now.values, old)
			}
			now.values[head.col], now.heads[head.col] = key, strings.TrimSpace(head.upper+" "+head.lower)
			keys[key], rank[key] = head.col, weight
		}
	}
	finish()
	if st.section.Kind == form.SectionActivities && onlyTotals(list) {
		c.note("“%s”没有分非限定性、限定性两栏，只有合计，没有读取。请补上两栏后重新上传。", st.name)
		return nil
	}
	return list
}

func onlyTotals(list []block) bool {
	for _, b := range list {
		for _, key := range b.values {
			if !strings.HasSuffix(key, "total") {
				return false
			}
		}
	}
	return len(list) > 0
}

// columnKey says which column of the statement a heading means; "" for none. The
// higher weight wins where two headings mean the same: a year's figures over a
// period's.
func columnKey(kind form.SectionKind, h heading) (key string, weight int) {
	words := h.words()
	switch kind {
	case form.SectionBalanceSheet:
		switch {
		case containsAny(words, "年初", "期初", "上年末", "上年年末"):
			return "opening", 1
		case containsAny(words, "期末", "年末"):
			return "closing", 1
		}
	case form.SectionCashFlow:
		switch {
		case containsAny(words, "上年", "上期", "去年", "本月"):
		case containsAny(words, "本年", "累计"):
			return "amount", 3
		case containsAny(words, "金额", "本期"):
			return "amount", 2
		}
	case form.SectionActivities:
		return activityKey(words)
	}
	return "", 0
}

func activityKey(words string) (key string, weight int) {
	weight = 2
	period := ""
	switch {
	case strings.Contains(words, "本月"):
		return "", 0
	case containsAny(words, "上年", "上期", "去年"):
		period = "prior_"
	case containsAny(words, "本年", "累计"):
		weight = 3
	}
	switch {
	case strings.Contains(words, "非限定"):
		return period + "unrestricted", weight
	case strings.Contains(words, "限定"):
		return period + "restricted", weight
	}
	return period + "total", weight
}
