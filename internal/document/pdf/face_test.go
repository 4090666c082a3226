package pdf

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTinyFaceReads(t *testing.T) {
	f := openTiny(t)
	var advances []float64
	var metrics [][]byte
	for g := range uint16(f.glyphs) {
		advances = append(advances, f.advance(g))
		metrics = append(metrics, f.metric(g))
	}
	if diff := cmp.Diff([]float64{500, 600, 700, 700, 700}, advances); diff != "" {
		t.Errorf("widths (-want +got):\n%s", diff)
	}
	// Glyphs behind the full entries share the last width and have their own bearing.
	want := [][]byte{words(500, 10), words(600, 11), words(700, 12), words(700, 13), words(700, 14)}
	if diff := cmp.Diff(want, metrics); diff != "" {
		t.Errorf("metrics (-want +got):\n%s", diff)
	}
	for g, want := range map[uint16][]byte{0: {}, 1: tinyOutline(1), 3: tinyOutline(3)} {
		for range 2 { // fetched, then held
			if got, err := f.outline(g); err != nil || !bytes.Equal(got, want) {
				t.Errorf("outline of %d: %v (%v), want %v", g, got, err, want)
			}
		}
	}
	if _, err := f.outline(5); !errors.Is(err, errFont) {
		t.Errorf("a glyph that the font does not have: %v", err)
	}
}

func TestWidthsScaleWithTheEm(t *testing.T) {
	f, err := tinyFace(t, func(tables map[string][]byte) { be.PutUint16(tables["head"][18:], 2048) })
	if err != nil {
		t.Fatal(err)
	}
	if got, want := f.advance(1), 600.0*1000/2048; got != want {
		t.Errorf("600 of 2048 units are %v, want %v", got, want)
	}
}

func TestFacesThatDoNotFitTogetherAreRefused(t *testing.T) {
	short := func(tag string, length int) func(map[string][]byte) {
		return func(tables map[string][]byte) { tables[tag] = tables[tag][:length] }
	}
	number := func(tag string, at int, v uint16) func(map[string][]byte) {
		return func(tables map[string][]byte) { be.PutUint16(tables[tag][at:], v) }
	}
	changes := map[string]func(map[string][]byte){
		"no units":               number("head", 18, 0),
		"no metrics":             number("hhea", 34, 0),
		"more metrics than fit":  number("hhea", 34, 6),
		"more glyphs than fit":   number("maxp", 4, 50),
		"long loca too short":    number("head", 50, 1),
		"loca cut short":         short("loca", 8),
		"hmtx cut short":         short("hmtx", 14),
		"head cut short":         short("head", 20),
		"hhea cut short":         short("hhea", 20),
		"maxp cut short":         short("maxp", 4),
		"OS/2 of version 0":      short("OS/2", 78),
		"cmap cut short":         short("cmap", 20),
		"cmap of unknown format": number("cmap", 12, 2),
	}
	for _, tag := range []string{"cmap", "glyf", "head", "hhea", "hmtx", "loca", "maxp", "OS/2"} {
		changes["without "+tag] = func(tables map[string][]byte) { delete(tables, tag) }
	}
	for name, change := range changes {
		if _, err := tinyFace(t, change); !errors.Is(err, errFont) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, change := range map[string]func(font []byte){
		"CFF outlines":  func(font []byte) { copy(font, "OTTO") },
		"many tables":   func(font []byte) { be.PutUint16(font[4:], 4000) },
		"table outside": func(font []byte) { be.PutUint32(font[12+8:], 1<<20) },
	} {
		font := assemble(tinyTables(t))
		change(font)
		if _, err := openFace(packed(t, font, 64)); err == nil {
			t.Errorf("%s: opened", name)
		}
	}
}

func TestOutlinesOutsideTheirTableAreRefused(t *testing.T) {
	f, err := tinyFace(t, func(tables map[string][]byte) { be.PutUint16(tables["glyf"][len(tinyOutline(1))+12:], 300) })
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.cut([]uint16{2}); !errors.Is(err, errFont) {
		t.Errorf("a glyph composed of one that the font does not have: %v", err)
	}
	for name, ends := range map[string][]int{
		"runs backwards": {0, 7, 5, 7, 7, 7}, "ends outside": {0, 0, 0, 0, 0, 2000},
	} {
		f, err := tinyFace(t, func(tables map[string][]byte) { tables["loca"] = words(ends...) })
		if err != nil {
			t.Fatal(err)
		}
		var failed bool
		for g := range uint16(5) {
			_, err := f.outline(g)
			failed = failed || errors.Is(err, errFont)
		}
		if _, err := f.cut([]uint16{1, 4}); !failed || !errors.Is(err, errFont) {
			t.Errorf("%s: cut into a font (%v)", name, err)
		}
	}
}

// What a glyph is composed of comes along, once, and is pointed at by its new
// number; the face keeps its own outline as it was.
func TestCompositeGlyphsBringTheirParts(t *testing.T) {
	f := openTiny(t)
	font, err := f.cut([]uint16{4, 1})
	if err != nil {
		t.Fatal(err)
	}
	tables := tablesOf(t, font)
	if n := be.Uint16(tables["maxp"][4:]); n != 5 {
		t.Fatalf("%d glyphs, want 5: none, 4, 1, 2 and 3", n)
	}
	want := [][]byte{{}, composed(part{haveTwoByTwo, 3}, part{haveXYScale, 4}), tinyOutline(1),
		composed(part{glyph: 4}, part{argsAreWords | haveScale, 2}), tinyOutline(3)}
	for g := range want {
		start, end := be.Uint32(tables["loca"][4*g:]), be.Uint32(tables["loca"][4*g+4:])
		got := tables["glyf"][start:end]
		if rest := len(got) - len(want[g]); rest < 0 || rest > 3 || start%4 != 0 || !bytes.Equal(got[:len(want[g])], want[g]) {
			t.Errorf("glyph %d is %v, want %v", g, got, want[g])
		}
	}
	if got, want := tables["hmtx"], words(500, 10, 700, 14, 600, 11, 700, 12, 700, 13); !bytes.Equal(got, want) {
		t.Errorf("metrics %v, want %v", got, want)
	}
	if again, err := f.cut([]uint16{4, 1}); err != nil || !bytes.Equal(font, again) {
		t.Errorf("cutting changed the face (%v)", err)
	}
}

// An embedded font has the tables that it must have, those that its hints
// need, and nothing that tells of the rest of the face.
func TestCutFontsHaveTheTablesOfEmbeddedOnes(t *testing.T) {
	font, err := openTiny(t).cut([]uint16{1})
	if err != nil {
		t.Fatal(err)
	}
	var tags []string
	for tag := range tablesOf(t, font) {
		tags = append(tags, tag)
	}
	slices.Sort(tags)
	if diff := cmp.Diff([]string{"glyf", "head", "hhea", "hmtx", "loca", "maxp", "prep"}, tags); diff != "" {
		t.Errorf("tables (-want +got):\n%s", diff)
	}
	if _, err := openTiny(t).cut(make([]uint16, 0x10000)); !errors.Is(err, errFont) {
		t.Errorf("65536 glyphs: %v", err)
	}
}

func TestBrokenCompositesAreRefused(t *testing.T) {
	kept := func() *keptGlyphs { return &keptGlyphs{ids: map[uint16]uint16{0: 0}, order: []uint16{0}} }
	whole := composed(part{argsAreWords | haveScale, 1}, part{glyph: 3})
	if err := renumberComponents(slices.Clone(whole), kept()); err != nil {
		t.Fatal(err)
	}
	for _, length := range []int{10, 12, 20, 22} {
		if err := renumberComponents(slices.Clone(whole[:length]), kept()); !errors.Is(err, errFont) {
			t.Errorf("a composite glyph of %d bytes: %v", length, err)
		}
	}
	for _, simple := range [][]byte{nil, {0}, tinyOutline(7)} {
		before := slices.Clone(simple)
		if err := renumberComponents(simple, kept()); err != nil || !bytes.Equal(before, simple) {
			t.Errorf("the simple glyph %v became %v (%v)", before, simple, err)
		}
	}
}

// Damage within a block shows when it is read, not before.
func TestDamagedBlocksFailWhenRead(t *testing.T) {
	plain := bytes.Repeat([]byte("0123456789abcdef"), 20)
	file := packed(t, plain, 64)
	whole, err := openBlocks(slices.Clone(file))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := whole.read(60, 200); err != nil || !bytes.Equal(got, plain[60:260]) {
		t.Errorf("read %q (%v)", got, err)
	}
	for i := int(whole.starts[1]) + memberHeader; i < int(whole.starts[2])-memberTrailer; i++ {
		file[i] = 0xFF
	}
	damaged, err := openBlocks(file)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := damaged.read(60, 200); err == nil {
		t.Error("the damaged block was read")
	}
	for range 3 { // what a failed read leaves behind spoils no other
		if got, err := damaged.read(128, 64); err != nil || !bytes.Equal(got, plain[128:192]) {
			t.Errorf("the block behind the damaged one reads %q (%v)", got, err)
		}
	}
	if _, err := damaged.read(len(plain)-10, 11); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("reading beyond the end: %v", err)
	}
}

func TestBlocksOfUnevenLengthAreRefused(t *testing.T) {
	plain := bytes.Repeat([]byte{7}, 64)
	for name, file := range map[string][]byte{
		"a short one amid":   slices.Concat(packed(t, plain, 64), packed(t, plain[:10], 64), packed(t, plain, 64)),
		"the last is longer": slices.Concat(packed(t, plain[:10], 64), packed(t, plain, 64)),
		"length of nothing":  append(packed(t, plain, 64), 0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 255, 6, 0, 'B', 'C', 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
	} {
		if _, err := openBlocks(file); !errors.Is(err, errBlocks) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzOpenFace(f *testing.F) {
	f.Add(assemble(tinyTables(f)))
	f.Fuzz(func(t *testing.T, font []byte) {
		face, err := openFace(packed(t, font, 4096))
		if err != nil {
			return
		}
		glyphs := make([]uint16, 0, 8)
		for g := range uint16(min(face.glyphs, 8)) {
			face.advance(g)
			glyphs = append(glyphs, g)
		}
		if cut, err := face.cut(glyphs); err == nil && len(cut) < 12 {
			t.Fatalf("a font of %d bytes", len(cut))
		}
	})
}
