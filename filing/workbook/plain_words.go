package workbook

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/text/unicode/norm"

	"nianbao/internal/registry/sheet"
	"nianbao/internal/xlsx"
)

// headWords are the texts above the table and in its headings.
func (t *table) headWords() []string {
	var words []string
	for _, row := range t.head {
		for _, c := range row.cells {
			text := norm.NFKC.String(c.Text)
			if day, ok := sheet.SerialDay(c.Text, t.from1904); ok && c.Kind == xlsx.KindNumber && c.Shown == xlsx.ShownDate {
				text = day.String()
			}
			words = append(words, text)
		}
	}
	return words
}

var (
	unitWords  = regexp.MustCompile(`单位\s*:?\s*(?:人民币)?\s*(亿元|百万元|万元|千元|元)|\((亿元|百万元|万元|千元|元)\)`)
	makerWords = regexp.MustCompile(`(?:编制|编报|填报)单位\s*(?:\(盖章\))?\s*:\s*([^\s:]+)`)
	yearWords  = regexp.MustCompile(`([12][0-9]{3})\s*(?:年度|年\s*([0-9]{1,2})\s*月|[-/.]([0-9]{1,2})[-/.][0-9]{1,2})`)
)

// unitPlaces is by how many places an amount in the unit is moved to be in 元.
var unitPlaces = map[string]int{"元": 0, "千元": 3, "万元": 4, "百万元": 6, "亿元": 8}

// unit finds the unit of the amounts. Others than 元 are converted, visibly.
func (t *table) unit(words []string) {
	for _, text := range words {
		for _, m := range unitWords.FindAllStringSubmatch(text, -1) {
			unit := m[1] + m[2]
			if places := unitPlaces[unit]; places > 0 {
				t.shift = places
				t.note("“%s”的单位是%s，已换算成元。请逐项核对；尾数因换算不准的，请改用以元为单位的报表。", t.st.name, unit)
				return
			}
		}
	}
}

// checkMaker tells of another organisation's name at 编制单位.
func (t *table) checkMaker(words []string) {
	for _, text := range words {
		m := makerWords.FindStringSubmatch(text)
		if len(m) > 1 && plainLabel(m[1]) != plainLabel(t.report.Name) {
			t.note("“%s”的编制单位写的是“%s”，与“%s”不同。请核对是不是选错了文件。", t.st.name, m[1], t.report.Name)
		}
	}
}

// checkYear refuses a statement of another year; one that does not end in
// December is told.
func (t *table) checkYear(words []string, name string) error {
	var years []string
	month := ""
	for _, text := range words {
		for _, m := range yearWords.FindAllStringSubmatch(text, -1) {
			years = append(years, m[1])
			month = m[2] + m[3]
		}
	}
	if len(years) == 0 {
		return nil
	}
	want := strconv.Itoa(t.report.Year)
	if !slices.Contains(years, want) {
		return refuse(CodeWrongYear, "工作表“%s”里的%s写的是 %s 年，现在填写的是 %s 年度报告。请核对选择的文件。", t.sheet.Name, name, years[0], want)
	}
	if n, err := strconv.Atoi(month); err == nil && n != 12 {
		t.note("“%s”写的是 %s 年 %d 月，不是年末的报表。请核对。", name, want, n)
	}
	return nil
}

// splitProblem parts what is wrong from what to do.
func splitProblem(text string) (wrong, remedy string) {
	wrong, remedy, found := strings.Cut(text, "。")
	if !found || remedy == "" {
		return wrong, "请改正这一格后重新上传。"
	}
	return wrong, remedy + "。"
}
