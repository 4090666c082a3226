package publication

import (
	"strings"
	"testing"
)

// A cursor is either refused or read the way it was written.
func FuzzParseCursor(f *testing.F) {
	for _, seed := range []string{"", "~~", "440100~2019-04-17~018f4e5a-0000-7000-8000-000000000000", "440100~2019-02-30~x",
		"４４０１００~2019-04-17~018f4e5a-0000-7000-8000-000000000000"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, cursor string) {
		at, err := parseCursor(cursor)
		if err != nil {
			return
		}
		if len(at.authority) != 6 || at.entered.IsZero() {
			t.Errorf("%q was read as %+v", cursor, at)
		}
		again, err := parseCursor(cursorAt(Row{Authority: Authority{Code: at.authority}, ListedOn: at.entered, id: at.id}))
		if err != nil || again != at {
			t.Errorf("%q became %+v, then %+v (%v)", cursor, at, again, err)
		}
	})
}

// No text begins like a formula once it is inert, and none is lost.
func FuzzInert(f *testing.F) {
	for _, seed := range []string{"", "=1", "＝1", "协会", "\t\t=x", "'=1", "\x80="} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := inert(text)
		if !strings.HasSuffix(got, text) || len(got) > len(text)+1 {
			t.Errorf("%q became %q", text, got)
		}
		if strings.IndexAny(got, "=+-@\t\r\n＝＋－＠") == 0 {
			t.Errorf("%q still begins like a formula", got)
		}
	})
}
