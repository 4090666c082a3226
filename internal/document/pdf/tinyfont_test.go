package pdf

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"maps"
	"slices"
	"testing"
)

// tinyTables is the smallest font that openFace takes: five glyphs, of which
// 1 and 3 are drawn, 2 is composed of both and 4 is composed of 2.
//
//	A = 1, B…D = 2…4; 500, 600 and then 700 units wide
func tinyTables(t testing.TB) map[string][]byte {
	t.Helper()
	glyphs := [][]byte{nil, tinyOutline(1), composed(part{glyph: 3}, part{flags: argsAreWords | haveScale, glyph: 1}), tinyOutline(3),
		composed(part{flags: haveTwoByTwo, glyph: 2}, part{flags: haveXYScale, glyph: 3})}
	var glyf, loca []byte
	for _, g := range glyphs {
		loca = be.AppendUint16(loca, uint16(len(glyf)/2))
		glyf = append(glyf, g...)
	}
	loca = be.AppendUint16(loca, uint16(len(glyf)/2))
	head := make([]byte, 54)
	be.PutUint16(head[18:], 1000) // units per em; short loca
	hhea := make([]byte, 36)
	be.PutUint16(hhea[34:], 3) // full entries of hmtx
	return map[string][]byte{
		"head": head, "hhea": hhea, "maxp": words(0, 1, 5), "OS/2": make([]byte, 90), "glyf": glyf, "loca": loca,
		"cmap": cmap12('A', 'D', 1), "hmtx": words(500, 10, 600, 11, 700, 12, 13, 14), "prep": {1, 2, 3},
	}
}

// tinyOutline is a simple glyph that can be told from others.
func tinyOutline(n int) []byte { return words(1, n, n, n, n, n, n) }

// part is one component of a composite glyph.
type part struct {
	flags int
	glyph int
}

// composed is a composite glyph. Places and scales are zeros.
func composed(parts ...part) []byte {
	out := words(-1, 0, 0, 0, 0)
	for i, p := range parts {
		if i < len(parts)-1 {
			p.flags |= moreComponents
		}
		out = append(out, words(p.flags, p.glyph)...)
		length := 2
		if p.flags&argsAreWords != 0 {
			length = 4
		}
		switch {
		case p.flags&haveScale != 0:
			length += 2
		case p.flags&haveXYScale != 0:
			length += 4
		case p.flags&haveTwoByTwo != 0:
			length += 8
		}
		out = append(out, make([]byte, length)...)
	}
	return out
}

// packed writes blocked gzip with blocks of the given plain length.
func packed(t testing.TB, plain []byte, blockSize int) []byte {
	t.Helper()
	var out []byte
	for block := range slices.Chunk(plain, blockSize) {
		var body bytes.Buffer
		w, err := flate.NewWriter(&body, flate.BestCompression)
		if err != nil {
			t.Fatal(err)
		}
		w.Write(block)
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		out = append(out, 0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 255, 6, 0, 'B', 'C', 2, 0)
		out = binary.LittleEndian.AppendUint16(out, uint16(memberHeader+body.Len()+memberTrailer-1))
		out = append(out, body.Bytes()...)
		out = binary.LittleEndian.AppendUint32(out, 0) // nothing reads the checksum
		out = binary.LittleEndian.AppendUint32(out, uint32(len(block)))
	}
	return out
}

// tinyFace opens the tiny font after change.
func tinyFace(t testing.TB, change func(tables map[string][]byte)) (*face, error) {
	t.Helper()
	tables := maps.Clone(tinyTables(t))
	if change != nil {
		change(tables)
	}
	return openFace(packed(t, assemble(tables), 64))
}

func openTiny(t testing.TB) *face {
	t.Helper()
	f, err := tinyFace(t, nil)
	if err != nil {
		t.Fatal(err)
	}
	return f
}
