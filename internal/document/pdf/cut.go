package pdf

import (
	"fmt"
	"math"
	"math/bits"
	"slices"
)

// Component flags of a composite glyph (OpenType, table glyf).
const (
	argsAreWords   = 1 << 0
	haveScale      = 1 << 3
	moreComponents = 1 << 5
	haveXYScale    = 1 << 6
	haveTwoByTwo   = 1 << 7
)

// cut makes a small font that holds just the given glyphs, numbered from 1 in
// their order, and after them what they are composed of. It has the tables
// that an embedded TrueType font needs (ISO 32000-1, 9.9): no character map,
// since glyphs are drawn by number.
func (f *face) cut(glyphs []uint16) ([]byte, error) {
	kept := keptGlyphs{ids: map[uint16]uint16{0: 0}, order: append([]uint16{0}, glyphs...)}
	for i, g := range glyphs {
		kept.ids[g] = uint16(i + 1)
	}
	glyf, loca, hmtx, err := f.collect(&kept)
	if err != nil {
		return nil, err
	}
	if len(kept.order) > math.MaxUint16 {
		return nil, fmt.Errorf("%w: %d glyphs are too many for one font", errFont, len(kept.order))
	}
	count := uint16(len(kept.order))
	head := slices.Clone(f.tables["head"])
	be.PutUint32(head[8:], 0)  // checkSumAdjustment: readers of embedded fonts ignore it
	be.PutUint16(head[50:], 1) // long loca
	hhea := slices.Clone(f.tables["hhea"])
	be.PutUint16(hhea[34:], count)
	maxp := slices.Clone(f.tables["maxp"])
	be.PutUint16(maxp[4:], count)
	tables := map[string][]byte{"glyf": glyf, "head": head, "hhea": hhea, "hmtx": hmtx, "loca": loca, "maxp": maxp}
	for _, tag := range []string{"cvt ", "fpgm", "prep"} {
		if t := f.tables[tag]; t != nil {
			tables[tag] = t
		}
	}
	return assemble(tables), nil
}

// keptGlyphs numbers the glyphs of a cut font. A glyph that was asked for
// twice, for two characters, is there twice.
type keptGlyphs struct {
	ids   map[uint16]uint16
	order []uint16
}

func (k *keptGlyphs) id(g uint16) uint16 {
	id, ok := k.ids[g]
	if !ok {
		id = uint16(len(k.order))
		k.ids[g] = id
		k.order = append(k.order, g)
	}
	return id
}

// collect writes glyf, loca and hmtx for the kept glyphs. Components of
// composite glyphs join kept while it runs.
func (f *face) collect(kept *keptGlyphs) (glyf, loca, hmtx []byte, err error) {
	for i := 0; i < len(kept.order); i++ {
		g := kept.order[i]
		loca = be.AppendUint32(loca, uint32(len(glyf)))
		outline, err := f.outline(g)
		if err != nil {
			return nil, nil, nil, err
		}
		start := len(glyf)
		glyf = append(glyf, outline...)
		if err := renumberComponents(glyf[start:], kept); err != nil {
			return nil, nil, nil, fmt.Errorf("glyph %d: %w", g, err)
		}
		for len(glyf)%4 != 0 {
			glyf = append(glyf, 0)
		}
		hmtx = append(hmtx, f.metric(g)...)
	}
	return glyf, be.AppendUint32(loca, uint32(len(glyf))), hmtx, nil
}

// renumberComponents points a composite glyph's components at their numbers
// in the cut font. A simple glyph stays as it is.
func renumberComponents(outline []byte, kept *keptGlyphs) error {
	if len(outline) < 2 || int16(be.Uint16(outline)) >= 0 {
		return nil
	}
	for at := 10; ; {
		if at+4 > len(outline) {
			return fmt.Errorf("%w: composite glyph is cut short", errFont)
		}
		flags := be.Uint16(outline[at:])
		be.PutUint16(outline[at+2:], kept.id(be.Uint16(outline[at+2:])))
		at += 6
		if flags&argsAreWords != 0 {
			at += 2
		}
		switch {
		case flags&haveScale != 0:
			at += 2
		case flags&haveXYScale != 0:
			at += 4
		case flags&haveTwoByTwo != 0:
			at += 8
		}
		if flags&moreComponents == 0 {
			return nil
		}
	}
}

// assemble writes a TrueType file from its tables, in tag order.
func assemble(tables map[string][]byte) []byte {
	tags := make([]string, 0, len(tables))
	total := 12 + 16*len(tables)
	for tag, data := range tables {
		tags = append(tags, tag)
		total += len(data) + 3
	}
	slices.Sort(tags)
	n := uint16(len(tags))
	power := uint16(1) << (bits.Len16(n) - 1)
	out := make([]byte, 0, total)
	out = be.AppendUint32(out, 0x00010000)
	for _, v := range []uint16{n, 16 * power, uint16(bits.Len16(power) - 1), 16 * (n - power)} {
		out = be.AppendUint16(out, v)
	}
	offset := 12 + 16*len(tags)
	for _, tag := range tags {
		data := tables[tag]
		out = append(out, tag...)
		out = be.AppendUint32(out, checksum(data))
		out = be.AppendUint32(out, uint32(offset))
		out = be.AppendUint32(out, uint32(len(data)))
		offset += (len(data) + 3) &^ 3
	}
	for _, tag := range tags {
		out = append(out, tables[tag]...)
		for len(out)%4 != 0 {
			out = append(out, 0)
		}
	}
	return out
}

// checksum is the sum of a table's big-endian words, padded with zeros.
func checksum(data []byte) uint32 {
	var sum uint32
	for ; len(data) >= 4; data = data[4:] {
		sum += be.Uint32(data)
	}
	var rest [4]byte
	copy(rest[:], data)
	return sum + be.Uint32(rest[:])
}
