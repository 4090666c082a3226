// Package money owns amounts of renminbi: an exact number of fen, how it is
// read from text in 元 and how it is written again.
//
// It does not round, convert or estimate: an amount that is not a whole number
// of fen is refused, and no floating-point number takes part anywhere. The
// range is ±9,999,999,999,999.99 元, so that the sum of several thousand
// amounts still fits an int64, and every amount fits a JSON number exactly.
package money

import (
	"fmt"
	"strconv"
	"strings"
)

// Fen is an amount of money in fen (分), a hundredth of a yuan. It is stored
// as bigint and shown as 元.
type Fen int64

// Max is the largest amount that Parse takes, 9,999,999,999,999.99 元; the
// smallest is its negative.
const Max Fen = 999_999_999_999_999

const (
	fenPerYuan     = 100
	maxYuanDigits  = 13
	decimalPlaces  = 2
	thousandsGroup = 3
	// trueMinus is U+2212, which is as wide as a digit in most fonts and is
	// never taken for a hyphen.
	trueMinus = "−"
)

// ParseError says why a text is no amount. Reason is Chinese and may be shown.
type ParseError struct {
	Input  string
	Reason string
}

// Error gives the input and the reason in Chinese.
func (e *ParseError) Error() string {
	return fmt.Sprintf("金额“%s”%s", e.Input, e.Reason)
}

// Yuan is an amount of whole yuan.
func Yuan(yuan int64) Fen { return Fen(yuan * fenPerYuan) }

// Parse reads an amount in 元: an optional "-", digits without separators or
// needless leading zeros, and at most two decimals ("1234", "1234.5",
// "-1234.50"). Anything else is a *ParseError.
func Parse(s string) (Fen, error) {
	digits, negative := strings.CutPrefix(s, "-")
	whole, decimals, hasPoint := strings.Cut(digits, ".")
	if reason := faultOf(whole, decimals, hasPoint); reason != "" {
		return 0, &ParseError{Input: s, Reason: reason}
	}
	for len(decimals) < decimalPlaces {
		decimals += "0"
	}
	// At most 15 digits are left, so the conversion cannot fail or overflow.
	n, err := strconv.ParseInt(whole+decimals, 10, 64)
	if err != nil {
		return 0, &ParseError{Input: s, Reason: "不是数字"}
	}
	if negative {
		n = -n
	}
	return Fen(n), nil
}

// faultOf names what is wrong with the parts of an amount, "" if nothing is.
func faultOf(whole, decimals string, hasPoint bool) string {
	switch {
	case whole == "" && decimals == "":
		return "没有数字"
	case strings.ContainsAny(whole+decimals, ",，"):
		return "不应有千位分隔号"
	case !allDigits(whole) || !allDigits(decimals):
		return "含有数字、小数点和负号以外的字符"
	case whole == "":
		return "小数点前缺少数字"
	case hasPoint && decimals == "":
		return "小数点后缺少数字"
	case len(decimals) > decimalPlaces:
		return "最多保留两位小数（精确到分）"
	case len(whole) > 1 && whole[0] == '0':
		return "开头有多余的 0"
	case len(whole) > maxYuanDigits:
		return "超出范围（整数部分最多 13 位）"
	}
	return ""
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// String writes the amount in 元 with two decimals and no separators, as JSON
// bodies and CSV files carry it: "-1234.50". Parse reads it back.
func (f Fen) String() string {
	sign, whole, decimals := f.parts()
	return sign + whole + "." + decimals
}

// Grouped writes the amount in 元 for people: thousands separated by commas
// and a true minus sign, "−1,234.50".
func (f Fen) Grouped() string {
	sign, whole, decimals := f.parts()
	var b strings.Builder
	if sign != "" {
		b.WriteString(trueMinus)
	}
	for i, digit := range whole {
		if i > 0 && (len(whole)-i)%thousandsGroup == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(digit)
	}
	b.WriteByte('.')
	b.WriteString(decimals)
	return b.String()
}

// parts splits an amount into its sign ("" or "-"), yuan and two digits of fen.
func (f Fen) parts() (sign, whole, decimals string) {
	// The magnitude is taken unsigned: -math.MinInt64 does not fit an int64.
	n := uint64(f)
	if f < 0 {
		sign, n = "-", -n
	}
	fen := n % fenPerYuan
	return sign, strconv.FormatUint(n/fenPerYuan, 10), string([]byte{byte('0' + fen/10), byte('0' + fen%10)})
}

// MarshalText writes String, so an amount in JSON is a string in 元.
func (f Fen) MarshalText() ([]byte, error) { return []byte(f.String()), nil }

// UnmarshalText reads what Parse reads.
func (f *Fen) UnmarshalText(text []byte) error {
	parsed, err := Parse(string(text))
	if err != nil {
		return err
	}
	*f = parsed
	return nil
}
