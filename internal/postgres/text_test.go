package postgres_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"nianbao/internal/postgres"
)

func TestText(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "甲乙": "甲乙", "甲\x00乙": "甲乙", "甲\xff\xfe乙": "甲�乙", "甲乙丙丁": "甲乙丙…", "abcdefghijk": "abcdefghij…", "ab甲乙丙": "ab甲乙…",
	} {
		if got := postgres.Text(in, 10); got != want {
			t.Errorf("Text(%q) = %q, want %q", in, got, want)
		}
	}
	if got := postgres.Text(strings.Repeat("\xff", 5), 1); !utf8.ValidString(got) {
		t.Errorf("%q is not UTF-8", got)
	}
}
