package pdf

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// smallCmap4 maps A and B to glyphs 1 and 2 by a delta, and a, b, c to 7, none
// and 9 by the list behind the segments.
var smallCmap4 = cmapTable(4, words(4, 56, 0, 6, 4, 1, 2,
	'B', 'c', 0xFFFF, // last
	0,
	'A', 'a', 0xFFFF, // first
	0x10000-64, 2, 1, // delta
	0, 4, 0, // offset from here to the list
	5, 0, 7))

// words writes numbers of 16 bits.
func words(values ...int) []byte {
	var out []byte
	for _, v := range values {
		out = be.AppendUint16(out, uint16(v))
	}
	return out
}

// longs writes numbers of 32 bits.
func longs(values ...uint32) []byte {
	var out []byte
	for _, v := range values {
		out = be.AppendUint32(out, v)
	}
	return out
}

// cmapTable is a cmap with one subtable. encoding is not looked at.
func cmapTable(encoding int, subtable []byte) []byte {
	return slices.Concat(words(0, 1, 3, encoding, 0, 12), subtable)
}

// cmap12 is a cmap of format 12 with groups of first, last, glyph.
func cmap12(groups ...uint32) []byte {
	return cmapTable(10, slices.Concat(words(12, 0), longs(uint32(16+4*len(groups)), 0, uint32(len(groups)/3)), longs(groups...)))
}

func TestReadCmap(t *testing.T) {
	for name, tc := range map[string]struct {
		table []byte
		want  []cmapRange
	}{
		"format 4": {smallCmap4, []cmapRange{{'A', 'B', 1}, {'a', 'a', 7}, {'c', 'c', 9}}},
		"format 12": {cmap12('A', 'C', 1, 0x20000, 0x20001, 9),
			[]cmapRange{{'A', 'C', 1}, {0x20000, 0x20001, 9}}},
		"groups out of order": {cmap12(0x20000, 0x20001, 9, 'A', 'C', 1),
			[]cmapRange{{'A', 'C', 1}, {0x20000, 0x20001, 9}}},
		"no groups": {cmap12(), []cmapRange{}},
	} {
		got, err := readCmap(tc.table)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(tc.want, got, cmp.AllowUnexported(cmapRange{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestBrokenCmapsAreRefused(t *testing.T) {
	pointsOutside := slices.Clone(smallCmap4)
	be.PutUint16(pointsOutside[12+14+6+2+6+6+2:], 0x7000) // the second offset
	for name, table := range map[string][]byte{
		"empty":                      nil,
		"no subtable":                words(0, 0),
		"record cut short":           words(0, 1, 3, 1),
		"subtable outside":           slices.Concat(words(0, 1, 3, 1, 0, 4000), make([]byte, 40)),
		"unknown format":             cmapTable(1, append(words(99), make([]byte, 40)...)),
		"format 4 cut short":         smallCmap4[:len(smallCmap4)-20],
		"format 4 points outside":    pointsOutside,
		"format 12 cut short":        cmap12('A', 'C', 1, 'D', 'E', 9)[:12+16+12],
		"group ends before it began": cmap12('C', 'A', 1),
		"group beyond Unicode":       cmap12('A', 0x110000, 1),
		"glyphs beyond 16 bits":      cmap12('A', 'B', 0xFFFF),
		"overlap":                    cmap12('A', 'C', 1, 'C', 'D', 9),
	} {
		if ranges, err := readCmap(table); !errors.Is(err, errFont) {
			t.Errorf("%s: read as %v (%v)", name, ranges, err)
		}
	}
}

func TestGlyphLookup(t *testing.T) {
	f := &face{glyphs: 10, cmap: []cmapRange{{'A', 'C', 1}, {'a', 'a', 7}, {0x20000, 0x20005, 8}}}
	for r, want := range map[rune]uint16{
		'@': 0, 'A': 1, 'B': 2, 'C': 3, 'D': 0, 'a': 7, 'b': 0, 0x20000: 8, 0x20001: 9,
		0x20002: 0, // the map names a glyph that the font does not have
		0x20006: 0, -1: 0,
	} {
		if got := f.glyph(r); got != want {
			t.Errorf("glyph of %U is %d, want %d", r, got, want)
		}
	}
}
