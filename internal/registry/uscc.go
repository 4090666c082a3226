package registry

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// USCC is a valid unified social credit code (统一社会信用代码, GB 32100-2015)
// of a social organisation: department 5 (civil affairs), category 1 to 3, the
// registering authority's area code, the organisation code of GB 11714 with its
// own check character, and a check character over all.
type USCC string

// USCCError says which part of a code is wrong. It is Chinese and may be shown.
type USCCError struct {
	Input string
	// Part is the part of the code, such as 主体标识码（第9至17位）.
	Part string
	// Reason says what is wrong with it and what is expected, unless that would
	// mislead: a check character that does not fit mostly means that another
	// character was mistyped.
	Reason string
}

// Error names the part and the reason.
func (e *USCCError) Error() string { return e.Part + e.Reason }

const (
	usccLength = 18
	// usccAlphabet leaves out I, O, S, V and Z; a character's place is its value.
	usccAlphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
	usccModulus  = 31
	// civilAffairs is the department digit of the registers kept by 民政.
	civilAffairs = '5'

	areaStart, areaEnd       = 2, 8
	subjectStart, subjectEnd = 8, 17
	subjectModulus           = 11
)

var (
	// usccWeights are 3^(i-1) mod 31 (GB 32100-2015, annex A).
	usccWeights = [usccLength - 1]int{1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28}
	// subjectWeights are those of GB 11714-1997.
	subjectWeights = [subjectEnd - subjectStart - 1]int{3, 7, 9, 10, 5, 8, 4, 2}
)

// ParseUSCC takes a code that is valid in every part. The error is a
// *USCCError about the first part that is not.
func ParseUSCC(s string) (USCC, error) {
	part, reason := usccFault(s)
	if reason != "" {
		return "", &USCCError{Input: s, Part: part, Reason: reason}
	}
	return USCC(s), nil
}

// usccFault finds the first wrong part of a code; reason is "" if none is.
func usccFault(s string) (part, reason string) {
	if n := utf8.RuneCountInString(s); n != usccLength {
		return "统一社会信用代码", fmt.Sprintf("应为 18 位，实为 %d 位%s", n, spreadsheetHint(s))
	}
	position := 0
	for _, char := range s {
		position++
		if fault := characterFault(char); fault != "" {
			return fmt.Sprintf("第%d位", position), fault
		}
	}
	if s[0] != civilAffairs {
		return "登记管理部门代码（第1位）", fmt.Sprintf("为“%c”，社会组织应为“5”（民政）", s[0])
	}
	if _, known := typeOfCategory(s[1]); !known {
		return "机构类别代码（第2位）", categoryReason(s[1])
	}
	for i := areaStart; i < areaEnd; i++ {
		if s[i] < '0' || s[i] > '9' {
			return "登记管理机关行政区划码（第3至8位）", fmt.Sprintf("应为 6 位数字，第%d位是“%c”", i+1, s[i])
		}
	}
	if subjectCheck(s[subjectStart:subjectEnd-1]) != s[subjectEnd-1] {
		return "主体标识码（第9至17位）", "与其校验码（第17位）不相符，请逐位核对证书上的代码"
	}
	if usccCheck(s[:usccLength-1]) != s[usccLength-1] {
		return "校验码（第18位）", "与前 17 位不相符，请逐位核对证书上的代码"
	}
	return "", ""
}

// spreadsheetHint explains a length that a spreadsheet program may have caused.
func spreadsheetHint(s string) string {
	if strings.Contains(s, "E+") || strings.Contains(s, "e+") {
		return "（可能被电子表格存成了数字，请把这一列设为文本）"
	}
	return ""
}

// characterFault says why a character cannot stand in a code, "" if it can.
func characterFault(char rune) string {
	switch {
	case char < utf8.RuneSelf && strings.ContainsRune(usccAlphabet, char):
		return ""
	case char >= 'a' && char <= 'z':
		return fmt.Sprintf("“%c”应为大写字母", char)
	case strings.ContainsRune("IOSVZ", char):
		return fmt.Sprintf("“%c”不是代码字符（代码不用字母 I、O、S、V、Z）", char)
	}
	return fmt.Sprintf("“%c”不是代码字符（应为数字或大写字母）", char)
}

func typeOfCategory(category byte) (Type, bool) {
	switch category {
	case '1':
		return TypeAssociation, true
	case '2':
		return TypeService, true
	case '3':
		return TypeFoundation, true
	}
	return "", false
}

func categoryReason(category byte) string {
	const expected = "应为“1”（社会团体）、“2”（民办非企业单位）或“3”（基金会）"
	if category == '9' {
		return "为“9”（其他），不属于应报送年报的三类社会组织，" + expected
	}
	return fmt.Sprintf("为“%c”，%s", category, expected)
}

// subjectCheck is the check character of an organisation code's eight
// characters (GB 11714: letters count A=10 … Z=35).
func subjectCheck(body string) byte {
	sum := 0
	for i := range subjectWeights {
		value := int(body[i] - '0')
		if body[i] >= 'A' {
			value = int(body[i]-'A') + 10
		}
		sum += value * subjectWeights[i]
	}
	switch check := subjectModulus - sum%subjectModulus; check {
	case 10:
		return 'X'
	case subjectModulus:
		return '0'
	default:
		return byte('0' + check)
	}
}

// usccCheck is the check character of a code's first 17 characters, all of
// which are of the alphabet.
func usccCheck(body string) byte {
	sum := 0
	for i, weight := range usccWeights {
		sum += strings.IndexByte(usccAlphabet, body[i]) * weight
	}
	return usccAlphabet[(usccModulus-sum%usccModulus)%usccModulus]
}

// Type is the type that the code's category digit states.
func (u USCC) Type() Type {
	if len(u) != usccLength {
		return ""
	}
	t, _ := typeOfCategory(u[1])
	return t
}

// AreaCode is the six-digit code of the authority that gave the code; the
// authority in charge today can be another.
func (u USCC) AreaCode() string {
	if len(u) != usccLength {
		return ""
	}
	return string(u[areaStart:areaEnd])
}

// newUSCC builds the code of a made-up organisation from its type, an area code
// and eight characters of the alphabet.
func newUSCC(t Type, area, subject string) USCC {
	category := map[Type]string{TypeAssociation: "1", TypeService: "2", TypeFoundation: "3"}[t]
	body := string(civilAffairs) + category + area + subject
	body += string(subjectCheck(subject))
	return USCC(body + string(usccCheck(body)))
}
