package pdf

import (
	"bytes"
	"compress/gzip"
	"io"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	imagefont "golang.org/x/image/font"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"

	"nianbao/templates/fonts"
)

func testFaces(t testing.TB) [2]*face {
	t.Helper()
	faces, err := openFaces()
	if err != nil {
		t.Fatal(err)
	}
	return faces
}

// plainRegular is the regular font, unpacked once for all tests.
var plainRegular = sync.OnceValues(func() ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(fonts.Regular))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
})

func unpacked(t testing.TB) []byte {
	t.Helper()
	plain, err := plainRegular()
	if err != nil {
		t.Fatal(err)
	}
	return plain
}

func TestBlocksReadWhatIsThere(t *testing.T) {
	plain := unpacked(t)
	b, err := openBlocks(fonts.Regular)
	if err != nil {
		t.Fatal(err)
	}
	if b.size != len(plain) {
		t.Fatalf("size %d, want %d", b.size, len(plain))
	}
	random := rand.New(rand.NewPCG(1, 1))
	for range 200 {
		offset := random.IntN(len(plain))
		length := min(random.IntN(3*b.blockSize), len(plain)-offset)
		got, err := b.read(offset, length)
		if err != nil || !bytes.Equal(got, plain[offset:offset+length]) {
			t.Fatalf("read(%d, %d): %v", offset, length, err)
		}
	}
	for _, span := range [][2]int{{-1, 1}, {0, -1}, {len(plain), 1}, {0, len(plain) + 1}} {
		if _, err := b.read(span[0], span[1]); err == nil {
			t.Errorf("read%v outside the font succeeded", span)
		}
	}
}

func TestBrokenFontsAreRefused(t *testing.T) {
	cut := fonts.Regular[:1<<20]
	flipped := bytes.Clone(fonts.Regular[:1<<20])
	flipped[12] = 'X'
	for name, packed := range map[string][]byte{"empty": nil, "no gzip": []byte("font"), "cut short": cut, "other extra field": flipped,
		"plain gzip": {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}} {
		if _, err := openFace(packed); err == nil {
			t.Errorf("%s: opened", name)
		}
	}
}

// The character map and the widths agree with another implementation.
func TestFaceAgreesWithSFNT(t *testing.T) {
	f := testFaces(t)[regular]
	other, err := sfnt.Parse(unpacked(t))
	if err != nil {
		t.Fatal(err)
	}
	var buf sfnt.Buffer
	var have int
	for r := rune(' '); r < 0x323B0; r++ {
		if r == 0xD800 {
			r = 0xE000
		}
		want, err := other.GlyphIndex(&buf, r)
		if err != nil {
			t.Fatal(err)
		}
		if got := f.glyph(r); got != uint16(want) {
			t.Fatalf("glyph of U+%04X is %d, want %d", r, got, want)
		}
		if want != 0 {
			have++
		}
	}
	if have < 30_000 {
		t.Errorf("only %d characters compared", have)
	}
}

// Names of people and places need all of 通用规范汉字表; its characters outside
// the basic plane and a few rarer ones stand for it here.
func TestRareCharactersHaveGlyphs(t *testing.T) {
	for w, f := range testFaces(t) {
		for _, r := range "𬭎㛃龘〇𫖮𬱖𫘧𬜬𬨂𫟹𬙂𫍯喆堃燊犇" {
			if f.glyph(r) == 0 {
				t.Errorf("weight %d lacks %c", w, r)
			}
		}
	}
}

func TestCmapFormatsAgree(t *testing.T) {
	f := testFaces(t)[regular]
	spans, err := readDirectory(f.src)
	if err != nil {
		t.Fatal(err)
	}
	table, err := f.src.read(spans["cmap"].offset, spans["cmap"].length)
	if err != nil {
		t.Fatal(err)
	}
	for i := range int(be.Uint16(table[2:])) { // hide format 12: format 4 is read
		if offset := be.Uint32(table[4+8*i+4:]); be.Uint16(table[offset:]) == 12 {
			be.PutUint16(table[offset:], 99)
		}
	}
	basic, err := readCmap(table)
	if err != nil {
		t.Fatal(err)
	}
	four := &face{cmap: basic, glyphs: f.glyphs}
	for r := rune(0); r < 0xFFFF; r++ {
		if got, want := four.glyph(r), f.glyph(r); got != want {
			t.Fatalf("format 4 gives %d for U+%04X, format 12 %d", got, r, want)
		}
	}
}

// A cut font draws each character with the outline and width of the whole
// font and holds nothing else.
func TestCutFontDrawsTheSame(t *testing.T) {
	whole, err := sfnt.Parse(unpacked(t))
	if err != nil {
		t.Fatal(err)
	}
	text := "ÀéÅ，。“”〔〕0123试验市民政局年度报告龘〇㛃𬭎"
	sub := subsetOf(t, regular, text)
	small, err := sfnt.Parse(withMap(t, sub))
	if err != nil {
		t.Fatal(err)
	}
	if n := small.NumGlyphs(); n != 1+len([]rune(text)) {
		t.Errorf("%d glyphs for %d characters", n, len([]rune(text)))
	}
	for _, r := range text {
		whole := glyphOf(t, whole, r)
		if diff := cmp.Diff(whole.outline(t), glyph{small, sfnt.GlyphIndex(sub.ids[r])}.outline(t)); diff != "" {
			t.Errorf("%c differs (-whole +cut):\n%s", r, diff)
		}
		if got, want := (glyph{small, sfnt.GlyphIndex(sub.ids[r])}).advance(t), whole.advance(t); got != want {
			t.Errorf("%c is %v wide, want %v", r, got, want)
		}
	}
}

// subsetOf cuts the font for text in weight w.
func subsetOf(t testing.TB, w weight, text string) *subset {
	t.Helper()
	s := newSetter(testFaces(t))
	if _, err := s.set(text, style{weight: w, size: 10}); err != nil {
		t.Fatal(err)
	}
	sub, err := s.subset(w)
	if err != nil {
		t.Fatal(err)
	}
	return sub
}

// withMap adds what sfnt asks of a font file and an embedded font does not
// need: tables whose contents play no part where glyphs are drawn by number.
func withMap(t testing.TB, sub *subset) []byte {
	t.Helper()
	tables := tablesOf(t, sub.data)
	spans, err := readDirectory(sub.face.src)
	if err != nil {
		t.Fatal(err)
	}
	for _, tag := range []string{"cmap", "OS/2", "post"} {
		if tables[tag], err = sub.face.src.read(spans[tag].offset, spans[tag].length); err != nil {
			t.Fatal(err)
		}
	}
	return assemble(tables)
}

// tablesOf splits a TrueType file.
func tablesOf(t testing.TB, font []byte) map[string][]byte {
	t.Helper()
	tables := map[string][]byte{}
	for i := range int(be.Uint16(font[4:])) {
		entry := font[12+16*i:]
		offset, length := be.Uint32(entry[8:]), be.Uint32(entry[12:])
		data := font[offset : offset+length]
		if got, want := checksum(data), be.Uint32(entry[4:]); got != want || offset%4 != 0 {
			t.Errorf("table %s at %d has checksum %08x, want %08x", entry[:4], offset, want, got)
		}
		tables[string(entry[:4])] = data
	}
	return tables
}

// glyph is one glyph of a font that another implementation reads.
type glyph struct {
	font *sfnt.Font
	id   sfnt.GlyphIndex
}

func glyphOf(t *testing.T, f *sfnt.Font, r rune) glyph {
	t.Helper()
	id, err := f.GlyphIndex(nil, r)
	if err != nil || id == 0 {
		t.Fatalf("U+%04X has glyph %d (%v)", r, id, err)
	}
	return glyph{f, id}
}

func (g glyph) outline(t *testing.T) []sfnt.Segment {
	t.Helper()
	segments, err := g.font.LoadGlyph(new(sfnt.Buffer), g.id, 1000<<6, nil)
	if err != nil {
		t.Fatal(err)
	}
	return slices.Clone(segments)
}

func (g glyph) advance(t *testing.T) fixed.Int26_6 {
	t.Helper()
	width, err := g.font.GlyphAdvance(nil, g.id, 1000<<6, imagefont.HintingNone)
	if err != nil {
		t.Fatal(err)
	}
	return width
}

func TestFaceIsSafeForManyAtOnce(t *testing.T) {
	f := testFaces(t)[bold]
	var group sync.WaitGroup
	for n := range 4 {
		group.Go(func() {
			for g := uint16(n); g < 2000; g += 3 {
				if _, err := f.outline(g); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	if f.held > maxHeldOutlines {
		t.Errorf("%d bytes of outlines are held", f.held)
	}
}

func TestOutlinesAreBounded(t *testing.T) {
	f, err := openFace(fonts.Bold)
	if err != nil {
		t.Fatal(err)
	}
	f.limit = 20_000
	var read int
	for g := range uint16(500) {
		outline, err := f.outline(g)
		if err != nil {
			t.Fatal(err)
		}
		read += len(outline)
		if f.held > f.limit {
			t.Fatalf("%d bytes of outlines are held", f.held)
		}
	}
	if read < 2*f.limit {
		t.Fatalf("only %d bytes were read: the bound was not met", read)
	}
}

func FuzzReadCmap(f *testing.F) {
	face := testFaces(f)[regular]
	spans, err := readDirectory(face.src)
	if err != nil {
		f.Fatal(err)
	}
	table, err := face.src.read(spans["cmap"].offset, spans["cmap"].length)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(table)
	f.Add(smallCmap4)
	f.Fuzz(func(t *testing.T, data []byte) {
		ranges, err := readCmap(data)
		for i := 1; err == nil && i < len(ranges); i++ {
			if ranges[i].first <= ranges[i-1].last {
				t.Fatal("ranges overlap")
			}
		}
	})
}
