package registry

import (
	"fmt"
	"math/big"
	"net/mail"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"nianbao/internal/money"
	"nianbao/internal/registry/sheet"
	"nianbao/internal/workday"
)

// cell is a text of the file, blanks around it cut off, with the sheet that
// knows how to read a workbook's numbers.
type cell struct {
	text  string
	sheet *sheet.Sheet
}

// cleanText brings a text into the register's form: NFC, no blanks around it.
// Control and invisible characters are refused, since two names that look
// alike must be alike, and so is what a spreadsheet shows for a formula that
// fails; fault is Chinese.
func cleanText(s string, maxRunes int) (clean, fault string) {
	clean = strings.TrimSpace(norm.NFC.String(s))
	if formulaErrors[clean] {
		return "", fmt.Sprintf("表格中的公式出错（%s），请改正后再导入", clean)
	}
	for _, r := range clean {
		switch {
		case r == utf8.RuneError:
			return "", "含有无法识别的字符，请检查文件编码"
		case unicode.IsControl(r) || r == '\u2028' || r == '\u2029':
			return "", fmt.Sprintf("含有控制字符（U+%04X）", r)
		case unicode.Is(unicode.Cf, r):
			return "", fmt.Sprintf("含有不可见字符（U+%04X）", r)
		}
	}
	if n := utf8.RuneCountInString(clean); n > maxRunes {
		return "", fmt.Sprintf("有 %d 个字，最多 %d 个字", n, maxRunes)
	}
	return clean, ""
}

// formulaErrors are the error values of Excel and WPS (ECMA-376 §18.17.3, and
// those added since).
var formulaErrors = map[string]bool{
	"#DIV/0!": true, "#N/A": true, "#NAME?": true, "#NULL!": true, "#NUM!": true, "#REF!": true, "#VALUE!": true,
	"#GETTING_DATA": true, "#SPILL!": true, "#CALC!": true, "#FIELD!": true, "#BLOCKED!": true, "#UNKNOWN!": true,
}

// unfold turns the line breaks and tabs of a long text, which a spreadsheet
// cell may have, into single blanks.
func unfold(s string) string {
	if !strings.ContainsAny(s, "\r\n\t") {
		return s
	}
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == '\r' || r == '\n' || r == '\t' }), " ")
}

var looseDate = regexp.MustCompile(`\A([0-9]{4})(?:[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})|年([0-9]{1,2})月([0-9]{1,2})日)\z`)

// The register's dates lie between these years; others are slips.
const (
	firstRegisterYear = 1900
	lastRegisterYear  = 2200
)

// date reads 2015-03-01, 2015/3/1, 2015.3.1, 2015年3月1日 or a date cell of a
// workbook; fault is Chinese.
func (c cell) date() (date workday.Date, fault string) {
	if serial, ok := c.sheet.SerialDate(c.text); ok {
		date = serial
	} else {
		parts := looseDate.FindStringSubmatch(c.text)
		if parts == nil {
			return workday.Date{}, fmt.Sprintf("“%s”不是日期，应写成 2015-03-01 这样的形式", c.text)
		}
		year, month, day := parts[1], parts[2]+parts[4], parts[3]+parts[5]
		parsed, err := workday.ParseDate(fmt.Sprintf("%s-%02s-%02s", year, month, day))
		if err != nil {
			return workday.Date{}, fmt.Sprintf("“%s”这一天不存在", c.text)
		}
		date = parsed
	}
	if y := date.Year(); y < firstRegisterYear || y > lastRegisterYear {
		return workday.Date{}, fmt.Sprintf("年份 %d 不合理", y)
	}
	return date, ""
}

var workbookNumber = regexp.MustCompile(`\A-?[0-9]{1,20}(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,2})?\z`)

// money reads an amount in 元, nil for a blank cell. A workbook stores numbers
// as binary fractions and writes 1234.56 as 1234.5599999999999; a difference
// below a ten-thousandth of a fen is that noise.
func (c cell) money() (amount *money.Fen, fault string) {
	if c.text == "" {
		return nil, ""
	}
	text := c.text
	if c.sheet.Workbook() && workbookNumber.MatchString(text) {
		text = withoutNoise(text)
	}
	fen, err := money.Parse(text)
	if err != nil {
		return nil, err.Error()
	}
	if fen < 0 {
		return nil, "金额不能为负数"
	}
	return &fen, ""
}

// withoutNoise rounds a decimal number to two places if that changes it by
// noise only; else it stays as it is.
func withoutNoise(text string) string {
	exact, ok := new(big.Rat).SetString(text)
	if !ok {
		return text
	}
	rounded := exact.FloatString(2)
	near, _ := new(big.Rat).SetString(rounded)
	noise := new(big.Rat).Sub(exact, near)
	if noise.Abs(noise).Cmp(big.NewRat(1, 1_000_000)) > 0 {
		return text
	}
	return rounded
}

// flag reads yes or no in the ways that offices and spreadsheets write them; a
// blank cell is no.
func (c cell) flag() (value bool, fault string) {
	switch strings.ToLower(c.text) {
	case "yes", "是", "有", "同意", "true", "1":
		return true, ""
	case "", "no", "否", "无", "不同意", "false", "0":
		return false, ""
	}
	return false, fmt.Sprintf("“%s”应为 是 或 否（yes 或 no）", c.text)
}

// word reads one of a column's words; fault names what was expected.
func word[T any](c cell, words map[string]T, expected string) (value T, fault string) {
	value, known := words[strings.ToLower(c.text)]
	if !known {
		return value, fmt.Sprintf("“%s”应为 %s", c.text, expected)
	}
	return value, ""
}

const (
	maxEmailBytes     = 254 // RFC 5321, 4.5.3.1.3
	maxEmailLocalPart = 64
)

// emailFault says why an address cannot be written to, "" if it can. Only the
// plain form is taken, ASCII with a domain of several labels.
func emailFault(address string) string {
	const fault = "不是有效的电子邮箱地址"
	if address == "" {
		return ""
	}
	parsed, err := mail.ParseAddress(address)
	if err != nil || parsed.Address != address || len(address) > maxEmailBytes {
		return fault
	}
	at := strings.LastIndexByte(address, '@')
	local, domain := address[:at], address[at+1:]
	if len(local) > maxEmailLocalPart || !emailDomain.MatchString(domain) || strings.ContainsFunc(local, notPlain) {
		return fault
	}
	return ""
}

var emailDomain = regexp.MustCompile(`\A([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\z`)

// notPlain finds characters that need quoting or an internationalised mailbox.
func notPlain(r rune) bool {
	return r <= ' ' || r >= unicode.MaxASCII || strings.ContainsRune(`"(),:;<>@[\]`, r)
}

// postcodeFault says why a postcode is none, "" if it is one or blank.
func postcodeFault(code string) string {
	if code == "" || isSixDigits(code) {
		return ""
	}
	if _, err := strconv.Atoi(code); err == nil && len(code) < sixDigits {
		return "应为 6 位数字（开头的 0 可能被电子表格去掉了，请把这一列设为文本）"
	}
	return "应为 6 位数字"
}

// sixDigits is the length of postcodes and of area codes (GB/T 2260).
const sixDigits = 6

func isSixDigits(s string) bool {
	if len(s) != sixDigits {
		return false
	}
	for i := range sixDigits {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}
