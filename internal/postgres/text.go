package postgres

import (
	"strings"
	"unicode/utf8"
)

// Text makes of s a text that a text column takes, such as an error of another program's: valid UTF-8, without zero
// bytes, at most limit bytes long and an ellipsis where it was longer.
func Text(s string, limit int) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "�"), "\x00", "")
	if len(s) <= limit {
		return s
	}
	cut := limit
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "…"
}
