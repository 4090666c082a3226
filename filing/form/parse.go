package form

import "time"

// maxWhole is how many digits a figure may have before the point: sums of
// hundreds of such figures stay within int64 fen.
const maxWhole = 13

// parseDecimal reads the one way to write a figure with two decimals: no sign
// but "-", no leading zeros, no "-0.00". The result is in hundredths.
func parseDecimal(s string) (int64, bool) {
	if len(s) < 4 || s[len(s)-3] != '.' {
		return 0, false
	}
	whole, negative := s[:len(s)-3], false
	if whole[0] == '-' {
		whole, negative = whole[1:], true
	}
	n, ok := parseDigits(whole)
	tens, ones := s[len(s)-2]-'0', s[len(s)-1]-'0'
	if !ok || tens > 9 || ones > 9 {
		return 0, false
	}
	n = n*100 + int64(tens)*10 + int64(ones)
	if negative {
		n = -n
		if n == 0 {
			return 0, false
		}
	}
	return n, true
}

// parseInteger reads an integer as JSON writes it, without fraction, exponent
// or "-0".
func parseInteger(s string) (int64, bool) {
	if len(s) > 1 && s[0] == '-' {
		n, ok := parseDigits(s[1:])
		return -n, ok && n != 0
	}
	return parseDigits(s)
}

// parseDigits reads plain digits without leading zeros, maxWhole at most.
func parseDigits(s string) (int64, bool) {
	if s == "" || len(s) > maxWhole || len(s) > 1 && s[0] == '0' {
		return 0, false
	}
	var n int64
	for i := range len(s) {
		d := s[i] - '0'
		if d > 9 {
			return 0, false
		}
		n = n*10 + int64(d)
	}
	return n, true
}

// parseHours reads a figure with at most two decimals, "12", "12.5" or
// "12.50", into hundredths.
func parseHours(s string) (int64, bool) {
	for i := range len(s) {
		if s[i] != '.' {
			continue
		}
		switch len(s) - i {
		case 3:
			return parseDecimal(s)
		case 2:
			return parseDecimal(s + "0")
		default:
			return 0, false
		}
	}
	n, ok := parseInteger(s)
	return n * 100, ok
}

// validDate reports whether s is a day of the calendar as YYYY-MM-DD.
func validDate(s string) bool {
	if len(s) != 10 || s[4] != '-' || s[7] != '-' {
		return false
	}
	var parts [3]int
	for i, p := range [3]string{s[:4], s[5:7], s[8:]} {
		for j := range len(p) {
			d := p[j] - '0'
			if d > 9 {
				return false
			}
			parts[i] = parts[i]*10 + int(d)
		}
	}
	year, month, day := parts[0], parts[1], parts[2]
	if year < 1 || month < 1 || month > 12 || day < 1 {
		return false
	}
	return day <= time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
}
