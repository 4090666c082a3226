package review

import (
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

func TestReadText(t *testing.T) {
	for in, want := range map[string]string{
		"":                      "",
		"  请核对 \n":              "请核对",
		"一\r\n二\r三\n四":          "一\n二\n三\n四",
		"a\tb":                  "a\tb",
		"cafe\u0301":            "café",
		"\u200b":                "",
		"\u3000\u00a0\ufeff":    "",
		"𬭎㛃龘〇":                  "𬭎㛃龘〇",
		strings.Repeat("字", 10): strings.Repeat("字", 10),
	} {
		if got, err := readText("意见", in, 10); err != nil || got != want {
			t.Errorf("%q becomes %q (%v), want %q", in, got, err, want)
		}
	}
	for in, code := range map[string]string{
		strings.Repeat("字", 11): "text_too_long", "\x00": "bad_character", "一\x7f": "bad_character", "\u0085": "bad_character",
		"\xc3\x28": "bad_character", "\x1b[31m": "bad_character", "一\ufffd": "bad_character",
	} {
		_, err := readText("意见", in, 10)
		wantCode(t, err, code)
	}
}

// FuzzReadText: what is taken can be stored and printed, and taking it again changes nothing.
func FuzzReadText(f *testing.F) {
	for _, seed := range []string{"", "请核对。", "\r\n", "\x00", "e\u0301", "\u200b一", "\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		got, err := readText("意见", in, 100)
		if err != nil {
			codeOf(t, err)
			return
		}
		if !utf8.ValidString(got) || !norm.NFC.IsNormalString(got) || strings.ContainsAny(got, "\x00\r") ||
			utf8.RuneCountInString(got) > 100 || got != strings.TrimSpace(got) {
			t.Errorf("%q becomes %q", in, got)
		}
		if again, err := readText("意见", got, 100); err != nil || again != got {
			t.Errorf("%q becomes %q (%v) when read again", got, again, err)
		}
	})
}
