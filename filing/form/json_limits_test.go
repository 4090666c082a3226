package form

import (
	"fmt"
	"strings"
	"testing"
)

// TestBodyLimitsAreExact: the last byte and the last level that are taken, and the first that are not.
func TestBodyLimitsAreExact(t *testing.T) {
	nested := func(levels int) []byte { return []byte(strings.Repeat("[", levels) + strings.Repeat("]", levels)) }
	for _, tt := range []struct {
		name   string
		raw    []byte
		limits Limits
		status int // 0: taken
		code   string
	}{
		{"as large as may be", []byte(`"1234"`), Limits{6, 1}, 0, ""},
		{"a byte too large", []byte(`"12345"`), Limits{6, 1}, 413, "body_too_large"},
		{"blanks count", []byte(` "1234"`), Limits{6, 1}, 413, "body_too_large"},
		{"as deep as may be", nested(16), DefaultLimits, 0, ""},
		{"a level too deep", nested(17), DefaultLimits, 400, "too_deep"},
		{"too deep before it is malformed", []byte(strings.Repeat("[", 17)), DefaultLimits, 400, "too_deep"},
		{"siblings are no levels", []byte("[" + strings.Repeat("[],", 100) + "[]]"), Limits{1 << 20, 2}, 0, ""},
		{"objects and arrays together", []byte(`{"a":[{"b":[]}]}`), Limits{1 << 20, 3}, 400, "too_deep"},
		{"too large before it is no text", []byte("\xff\xff"), Limits{1, 1}, 413, "body_too_large"},
		{"lone surrogate", []byte(`"\ud842"`), DefaultLimits, 400, "invalid_utf8"},
		{"surrogates the wrong way round", []byte(`"\udfb7\ud842"`), DefaultLimits, 400, "invalid_utf8"},
		{"surrogate before plain text", []byte(`"\ud842A"`), DefaultLimits, 400, "invalid_utf8"},
		{"encoded surrogate", []byte("\"\xed\xa1\x82\""), DefaultLimits, 400, "invalid_utf8"},
		{"byte order mark", []byte("\ufeff{}"), DefaultLimits, 400, "malformed_json"},
	} {
		_, err := parseJSON(tt.raw, tt.limits)
		switch {
		case tt.status == 0 && err != nil:
			t.Errorf("%s: %v", tt.name, err)
		case tt.status != 0 && (err == nil || err.HTTPStatus() != tt.status || err.Code() != tt.code || err.Detail() == ""):
			t.Errorf("%s: %v, want %d %s", tt.name, err, tt.status, tt.code)
		}
	}
}

// TestDuplicateKeysInObjectsOfEverySize crosses the size at which the search for duplicates changes its way.
func TestDuplicateKeysInObjectsOfEverySize(t *testing.T) {
	for size := 1; size <= 3*smallObject; size++ {
		for _, twin := range []int{0, size / 2, size - 1} {
			var b strings.Builder
			for i := range size {
				fmt.Fprintf(&b, `"k%d": 1, `, i)
			}
			plain := "{" + strings.TrimSuffix(b.String(), ", ") + "}"
			if _, err := parseJSON([]byte(plain), DefaultLimits); err != nil {
				t.Fatalf("%d keys: %v", size, err)
			}
			twice := "{" + b.String() + fmt.Sprintf(`"\u006b%d": 2}`, twin) // the same key, spelled otherwise
			_, err := parseJSON([]byte(twice), DefaultLimits)
			if err == nil || err.Code() != "duplicate_key" || !strings.Contains(err.Detail(), fmt.Sprintf("“k%d”", twin)) {
				t.Errorf("%d keys, number %d again: %v", size, twin, err)
			}
		}
	}
	if _, err := parseJSON([]byte(`[{"a": 1}, {"a": {"a": 1}}]`), DefaultLimits); err != nil {
		t.Errorf("the same key in different objects: %v", err)
	}
}

func TestWhatIsQuotedIsClipped(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "短": "短", strings.Repeat("长", 40): strings.Repeat("长", 40), strings.Repeat("长", 41): strings.Repeat("长", 40) + "…",
		strings.Repeat("𠮷", 50): strings.Repeat("𠮷", 40) + "…",
	} {
		if got := clip(in); got != want {
			t.Errorf("%q is quoted as %q", in, got)
		}
	}
}

// TestSyntaxPlaces: line and character as an editor counts them, also behind Chinese text.
func TestSyntaxPlaces(t *testing.T) {
	for raw, want := range map[string]string{
		"":                       "第1行第1个字符",
		"{":                      "第1行第2个字符",
		"{\"年\": x}":             "第1行第7个字符",
		"{\n  \"a\": 1,\n}":      "第3行第1个字符",
		"[1,\r\n 2\r\n 3]":       "第3行第2个字符",
		"\"年报\n\"":               "第1行第4个字符",
		"[01]":                   "第1行第3个字符",
		"{\"a\" 1}":              "第1行第6个字符",
		"[1] 2":                  "第1行第5个字符",
		"[\"\\x\"]":              "第1行第3个字符",
		"[\n\n\n\n\n\n\n\n\n\n!": "第11行第1个字符",
	} {
		_, err := parseJSON([]byte(raw), DefaultLimits)
		if err == nil || err.Code() != "malformed_json" || !strings.Contains(err.Detail(), want) {
			t.Errorf("%q: %v, want %s", raw, err, want)
		}
	}
}
