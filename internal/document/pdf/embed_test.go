package pdf

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"nianbao/internal/document"
)

func TestSubsetNumbersItsCharacters(t *testing.T) {
	sub := subsetOf(t, regular, "乙甲2乙𬭎1")
	if got, want := string(sub.text), "12乙甲𬭎"; got != want {
		t.Errorf("characters %q, want %q: each once, sorted", got, want)
	}
	if diff := cmp.Diff(map[rune]uint16{'1': 1, '2': 2, '乙': 3, '甲': 4, '𬭎': 5}, sub.ids); diff != "" {
		t.Errorf("numbers (-want +got):\n%s", diff)
	}
	if got, want := sub.code([]byte("x"), '𬭎'), []byte("x\x00\x05"); !bytes.Equal(got, want) {
		t.Errorf("code %q, want %q", got, want)
	}
	s := newSetter(testFaces(t))
	if sub, err := s.subset(bold); sub != nil || err != nil {
		t.Errorf("a weight without text has the font %v (%v)", sub, err)
	}
}

// The order in which a text is set does not show in the font.
func TestSubsetDependsOnItsCharactersOnly(t *testing.T) {
	a, b := subsetOf(t, bold, "年度报告"), subsetOf(t, bold, "告告报度年")
	if !bytes.Equal(a.data, b.data) || a.tag() != b.tag() {
		t.Error("the same characters gave two fonts")
	}
	if c := subsetOf(t, bold, "年度报"); c.tag() == a.tag() {
		t.Errorf("both %q and %q are marked %s", string(a.text), string(c.text), a.tag())
	}
	if !regexp.MustCompile(`^[A-Z]{6}$`).MatchString(a.tag()) {
		t.Errorf("tag %q", a.tag())
	}
}

// Two characters that a font draws alike are two glyphs here, so that each
// extracts as itself.
func TestCharactersDrawnAlikeStayApart(t *testing.T) {
	f := testFaces(t)[regular]
	ideographs := map[uint16]rune{}
	for r := rune(0x4E00); r < 0x9FFF; r++ {
		ideographs[f.glyph(r)] = r
	}
	alike := ""
	for radical := rune(0x2F00); radical < 0x2FD6 && alike == ""; radical++ { // many have the shape of an ideograph
		if g := f.glyph(radical); g != 0 && ideographs[g] != 0 {
			alike = string([]rune{radical, ideographs[g]})
		}
	}
	if alike == "" {
		t.Fatal("the font draws no two of the characters looked at alike")
	}
	path := writePDF(t, "alike", first(t, newRenderer(t), simple(alike)))
	if got := run(t, "pdftotext", "-raw", path, "-"); !strings.Contains(got, alike) {
		t.Errorf("%+q extracts as %+q", alike, got)
	}
}

func TestWidthsListWhatIsNotFullWidth(t *testing.T) {
	f := testFaces(t)[regular]
	w := func(r rune) string { return strconv.FormatFloat(f.advance(f.glyph(r)), 'f', -1, 64) }
	for name, tc := range map[string]struct{ text, want string }{
		"full-width only": {"年度报告", ""},
		"one run":         {"01年", "1 [" + w('0') + " " + w('1') + "]"},
		"two runs":        {"1年À", "1 [" + w('1') + " " + w('À') + "]"},
		"a gap":           {"a〇𬭎é", "1 [" + w('a') + " " + w('é') + "]"},
		"behind others":   {"年ﬁ", "2 [" + w('ﬁ') + "]"},
		"around others":   {"1年ﬁ", "1 [" + w('1') + "] 3 [" + w('ﬁ') + "]"},
	} {
		if got := string(subsetOf(t, regular, tc.text).widths()); got != tc.want {
			t.Errorf("%s: [%s], want [%s]", name, got, tc.want)
		}
	}
}

// Each character is found under its number, above U+FFFF as a surrogate pair,
// and no block is longer than the 100 entries that readers take.
func TestUnicodeMapNamesEveryCharacter(t *testing.T) {
	for _, n := range []int{1, 99, 100, 101, 250} {
		var text []rune
		for r := rune('一'); len(text) < n-1; r++ {
			text = append(text, r)
		}
		sub := subsetOf(t, regular, string(text)+"𬭎")
		entries, left := 0, 0
		for line := range strings.Lines(string(sub.toUnicode())) {
			var count, code int
			var units string
			switch line = strings.TrimSpace(line); {
			case strings.HasSuffix(line, " beginbfchar"):
				if _, err := fmt.Sscanf(line, "%d", &count); err != nil || count < 1 || count > 100 || left != 0 {
					t.Errorf("of %d: block %q with %d entries to come", n, line, left)
				}
				left = count
			case left > 0:
				if _, err := fmt.Sscanf(line, "<%04X> <%s", &code, &units); err != nil {
					t.Fatalf("of %d: entry %q: %v", n, line, err)
				}
				if got, want := strings.TrimSuffix(units, ">"), hexUnits(sub.text[code-1]); got != want || code != entries+1 {
					t.Errorf("of %d: %d is %s, want %s", n, code, got, want)
				}
				entries++
				left--
			}
		}
		if entries != n || left != 0 {
			t.Errorf("%d entries for %d characters", entries, n)
		}
	}
}

func hexUnits(r rune) string {
	var out string
	for _, u := range utf16.Encode([]rune{r}) {
		out += fmt.Sprintf("%04X", u)
	}
	return out
}

func TestDescriptorFitsTheFace(t *testing.T) {
	for w, want := range [2]string{
		regular: "/Flags 6 /ItalicAngle 0 /Ascent 1151 /Descent -286 /CapHeight 729 /StemV 87 /FontBBox [-997 -1049 2929 1809]",
		bold:    "/Flags 6 /ItalicAngle 0 /Ascent 1151 /Descent -286 /CapHeight 729 /StemV 165 /FontBBox [-1011 -1046 2926 1806]",
	} {
		if got := testFaces(t)[w].describe(); got != want {
			t.Errorf("weight %d: %s, want %s", w, got, want)
		}
	}
}

func TestFontIsPutInPlaceOfTheStandIn(t *testing.T) {
	o := apart(t, drawnByLibrary(t))
	sub := subsetOf(t, regular, "年度报告2018")
	before := len(o.bodies)
	if err := o.embed(regular, sub); err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(o.file(), []byte("standin")) {
		t.Error("the stand-in is left in the file")
	}
	if got := unpack(t, o.bodies[before]); got != string(sub.data) {
		t.Errorf("%d bytes of font are embedded, want %d", len(got), len(sub.data))
	}
	if got := unpack(t, o.bodies[before+1]); got != string(sub.toUnicode()) {
		t.Errorf("the map for extraction is %s", got)
	}
	if err := o.embed(bold, sub); !errors.Is(err, errObjects) {
		t.Errorf("a weight that was not announced: %v", err)
	}
}

// A document has a font for each weight that it uses and no other, and in it
// the glyphs of its own characters: one each, and the one for what is missing.
func TestDocumentsHoldTheirOwnGlyphsOnly(t *testing.T) {
	page := simple("乙甲甲乙")
	_, c, err := newRenderer(t).render(page)
	if err != nil {
		t.Fatal(err)
	}
	if c.fonts[bold] != nil {
		t.Error("a bold font for a document without bold text")
	}
	distinct := map[rune]bool{}
	for _, text := range append(c.drawn, c.feet...) {
		for _, r := range text {
			distinct[r] = true
		}
	}
	maxp := tablesOf(t, c.fonts[regular].data)["maxp"]
	if got, want := int(be.Uint16(maxp[4:])), len(distinct)+1; got != want {
		t.Errorf("%d glyphs, want %d", got, want)
	}
	page.Blocks = append(page.Blocks, document.Heading{Text: "丙"})
	if _, c, err = newRenderer(t).render(page); err != nil || c.fonts[bold] == nil || string(c.fonts[bold].text) != "丙" {
		t.Errorf("a heading did not bring the bold font (%v)", err)
	}
}

// Bytes of a glyph number that mean something within a PDF string (brackets,
// a backslash, a carriage return) do not break it.
func TestEveryGlyphNumberCanBeWritten(t *testing.T) {
	var text []rune
	for r := rune('一'); len(text) < 600; r++ {
		text = append(text, r)
	}
	path := writePDF(t, "numbers", first(t, newRenderer(t), simple(string(text))))
	extracted := strings.Join(strings.Fields(run(t, "pdftotext", "-raw", path, "-")), "")
	if !strings.Contains(extracted, string(text)) {
		t.Errorf("600 characters extract as %s", extracted)
	}
}
