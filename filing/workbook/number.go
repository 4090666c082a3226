package workbook

import (
	"strconv"
	"strings"
)

// number is a decimal number as it stands in a spreadsheet: coefficient × 10^exp.
// Spreadsheets keep 15 digits; what lies beyond is the noise of binary fractions
// and is rounded away. No float is made of it.
type number struct {
	coefficient int64
	exp         int
}

const (
	significant = 15
	// maxExponent is far beyond any amount; it keeps what is written out short.
	maxExponent = 40
)

// parseNumber reads "1234.5", "-1.2E+5" and the like.
func parseNumber(text string) (n number, ok bool) {
	mantissa, exponent, scientific := strings.Cut(strings.ToUpper(strings.TrimSpace(text)), "E")
	if scientific {
		e, err := strconv.Atoi(exponent)
		if err != nil || e > maxExponent || e < -maxExponent {
			return number{}, false
		}
		n.exp = e
	}
	negative := strings.HasPrefix(mantissa, "-")
	mantissa = strings.TrimPrefix(strings.TrimPrefix(mantissa, "-"), "+")
	whole, fraction, _ := strings.Cut(mantissa, ".")
	if whole+fraction == "" || len(whole) > maxExponent || strings.Trim(whole+fraction, "0123456789") != "" {
		return number{}, false
	}
	n.exp -= len(fraction)
	n.take(strings.TrimLeft(whole+fraction, "0"))
	if negative {
		n.coefficient = -n.coefficient
	}
	return n, true
}

// take sets the coefficient to the digits, rounded half up to those that count.
func (n *number) take(digits string) {
	kept := digits[:min(len(digits), significant)]
	for _, d := range []byte(kept) {
		n.coefficient = n.coefficient*10 + int64(d-'0')
	}
	if rest := digits[len(kept):]; rest != "" {
		n.exp += len(rest)
		if rest[0] >= '5' {
			n.coefficient++
		}
	}
	for n.coefficient != 0 && n.coefficient%10 == 0 {
		n.coefficient /= 10
		n.exp++
	}
	if n.coefficient == 0 {
		n.exp = 0
	}
}

// shift multiplies by a power of ten.
func (n number) shift(places int) number {
	if n.coefficient != 0 {
		n.exp += places
	}
	return n
}

// digits is how many digits the number has when it is written out as a whole one.
func (n number) digits() int {
	return len(strings.TrimPrefix(strconv.FormatInt(n.coefficient, 10), "-")) + max(n.exp, 0)
}

// String writes the number out, without an exponent.
func (n number) String() string {
	sign, c := "", n.coefficient
	if c < 0 {
		sign, c = "-", -c
	}
	digits := strconv.FormatInt(c, 10)
	switch {
	case n.exp >= 0:
		return sign + digits + strings.Repeat("0", n.exp)
	case len(digits) <= -n.exp:
		digits = strings.Repeat("0", -n.exp-len(digits)+1) + digits
	}
	point := len(digits) + n.exp
	return sign + digits[:point] + "." + digits[point:]
}
