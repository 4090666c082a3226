package document

import (
	"unicode"
	"unicode/utf8"
)

// CheckText reports the first character of s that must not be printed on an
// official document because a reader could not see it, or would see something
// else than what is stored: control characters, bidirectional and zero-width
// marks, private-use characters, variation selectors, combining marks, and
// bytes that are not UTF-8. The error is an *UnprintableError.
func CheckText(s string) error {
	for i, r := range s {
		if r == utf8.RuneError {
			if _, size := utf8.DecodeRuneInString(s[i:]); size <= 1 {
				return unprintable(r, s, "不是有效的 UTF-8 文字")
			}
		}
		if reason := forbidden(r); reason != "" {
			return unprintable(r, s, reason)
		}
	}
	return nil
}

func unprintable(r rune, text, reason string) *UnprintableError {
	return &UnprintableError{Rune: r, Text: excerpt(text), Reason: reason}
}

// forbidden says in Chinese why r must not be printed, or "".
func forbidden(r rune) string {
	switch {
	case r < 0x80 && r >= ' ' && r != 0x7F:
		return ""
	case unicode.Is(unicode.Cc, r):
		return "控制字符"
	case unicode.Is(unicode.Cf, r): // bidi controls, zero-width marks, tags
		return "不可见的格式字符"
	case unicode.Is(unicode.Co, r):
		return "自造字（私用区）字符"
	case unicode.In(r, unicode.Mn, unicode.Me): // includes variation selectors
		return "组合或变体选择字符"
	case r == utf8.RuneError, unicode.In(r, unicode.Zl, unicode.Zp, unicode.Cs, unicode.Noncharacter_Code_Point):
		return "不是可显示的文字"
	}
	return ""
}

// excerptRunes bounds how much of a refused text an error repeats.
const excerptRunes = 40

// excerpt shortens a refused text for an error message and makes its
// invisible characters visible as ‹?›.
func excerpt(s string) string {
	out := make([]rune, 0, excerptRunes+1)
	for _, r := range s {
		if len(out) == excerptRunes {
			out = append(out, '…')
			break
		}
		if forbidden(r) != "" {
			r = '�'
		}
		out = append(out, r)
	}
	return string(out)
}
