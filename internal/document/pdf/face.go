package pdf

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sort"
	"sync"
)

var be = binary.BigEndian

var errFont = errors.New("font not usable")

// face is one weight of the typeface, indexed once: where each glyph lies, how
// wide it is, which character it draws. Glyph outlines are fetched from the
// packed font when first used and kept. Safe for concurrent use.
type face struct {
	src      *blocks
	glyf     span
	tables   map[string][]byte // head hhea maxp OS/2 cvt fpgm prep, as they are
	loca     []byte
	longLoca bool
	hmtx     []byte
	metrics  int // number of full entries in hmtx
	glyphs   int
	unitsPer int
	cmap     []cmapRange // sorted by first, not overlapping

	mu       sync.RWMutex
	outlines map[uint16][]byte
	held     int // bytes in outlines
	limit    int // bound on held
}

// span is a table's place in the font file.
type span struct{ offset, length int }

// cmapRange maps the characters first…last to glyphs from glyph on.
type cmapRange struct {
	first, last rune
	glyph       uint16
}

// maxHeldOutlines bounds the memory for outlines per face, in bytes. An
// authority's daily vocabulary of 3,000 characters takes about 1.5 MB; when
// the bound is met the store starts anew.
const maxHeldOutlines = 4 << 20

// openFace indexes a packed TrueType font with glyf outlines.
func openFace(packed []byte) (*face, error) {
	src, err := openBlocks(packed)
	if err != nil {
		return nil, err
	}
	f := &face{src: src, tables: map[string][]byte{}, outlines: map[uint16][]byte{}, limit: maxHeldOutlines}
	spans, err := readDirectory(src)
	if err != nil {
		return nil, err
	}
	f.glyf = spans["glyf"]
	// cvt, fpgm and prep are optional and copied into each cut font.
	for _, tag := range []string{"head", "hhea", "maxp", "OS/2", "cvt ", "fpgm", "prep"} {
		if s, ok := spans[tag]; ok {
			if f.tables[tag], err = src.read(s.offset, s.length); err != nil {
				return nil, fmt.Errorf("table %s: %w", tag, err)
			}
		}
	}
	if err := f.readMetrics(spans); err != nil {
		return nil, err
	}
	table, err := src.read(spans["cmap"].offset, spans["cmap"].length)
	if err != nil {
		return nil, fmt.Errorf("table cmap: %w", err)
	}
	if f.cmap, err = readCmap(table); err != nil {
		return nil, err
	}
	return f, nil
}

func readDirectory(src *blocks) (map[string]span, error) {
	const headerSize, entrySize = 12, 16
	head, err := src.read(0, headerSize)
	if err != nil {
		return nil, err
	}
	if be.Uint32(head) != 0x00010000 {
		return nil, fmt.Errorf("%w: no TrueType outlines (collection or CFF?)", errFont)
	}
	count := int(be.Uint16(head[4:]))
	dir, err := src.read(headerSize, count*entrySize)
	if err != nil {
		return nil, err
	}
	spans := make(map[string]span, count)
	for e := range count {
		entry := dir[e*entrySize:]
		spans[string(entry[:4])] = span{int(be.Uint32(entry[8:])), int(be.Uint32(entry[12:]))}
	}
	for _, tag := range []string{"cmap", "glyf", "head", "hhea", "hmtx", "loca", "maxp", "OS/2"} {
		if _, ok := spans[tag]; !ok {
			return nil, fmt.Errorf("%w: table %s is missing", errFont, tag)
		}
	}
	return spans, nil
}

func (f *face) readMetrics(spans map[string]span) error {
	for tag, least := range map[string]int{"head": 54, "hhea": 36, "maxp": 6, "OS/2": 90} {
		if len(f.tables[tag]) < least {
			return fmt.Errorf("%w: table %s is short", errFont, tag)
		}
	}
	f.unitsPer = int(be.Uint16(f.tables["head"][18:]))
	f.longLoca = be.Uint16(f.tables["head"][50:]) != 0
	f.metrics = int(be.Uint16(f.tables["hhea"][34:]))
	f.glyphs = int(be.Uint16(f.tables["maxp"][4:]))
	var err error
	if f.loca, err = f.src.read(spans["loca"].offset, spans["loca"].length); err != nil {
		return fmt.Errorf("table loca: %w", err)
	}
	if f.hmtx, err = f.src.read(spans["hmtx"].offset, spans["hmtx"].length); err != nil {
		return fmt.Errorf("table hmtx: %w", err)
	}
	entry := 2
	if f.longLoca {
		entry = 4
	}
	if f.unitsPer == 0 || f.metrics == 0 || f.metrics > f.glyphs || len(f.loca) < entry*(f.glyphs+1) ||
		len(f.hmtx) < 4*f.metrics+2*(f.glyphs-f.metrics) {
		return fmt.Errorf("%w: metrics do not fit the glyphs", errFont)
	}
	return nil
}

// glyph returns the glyph that draws r, or 0 if the font has none.
func (f *face) glyph(r rune) uint16 {
	i := sort.Search(len(f.cmap), func(i int) bool { return f.cmap[i].last >= r })
	if i == len(f.cmap) || f.cmap[i].first > r {
		return 0
	}
	g := f.cmap[i].glyph + uint16(r-f.cmap[i].first)
	if int(g) >= f.glyphs {
		return 0
	}
	return g
}

// advance returns the width of glyph g in thousandths of the font size.
func (f *face) advance(g uint16) float64 {
	i := min(int(g), f.metrics-1)
	return float64(be.Uint16(f.hmtx[4*i:])) * 1000 / float64(f.unitsPer)
}

// metric returns the 4 bytes of hmtx (advance, left side bearing) of glyph g.
func (f *face) metric(g uint16) []byte {
	if i := int(g); i < f.metrics {
		return f.hmtx[4*i : 4*i+4]
	}
	last := f.hmtx[4*(f.metrics-1):]
	bearing := f.hmtx[4*f.metrics+2*(int(g)-f.metrics):]
	return []byte{last[0], last[1], bearing[0], bearing[1]}
}

// outline returns the glyf entry of glyph g; empty for a blank. The caller
// must not change it.
func (f *face) outline(g uint16) ([]byte, error) {
	f.mu.RLock()
	data, ok := f.outlines[g]
	f.mu.RUnlock()
	if ok {
		return data, nil
	}
	if int(g) >= f.glyphs {
		return nil, fmt.Errorf("%w: there is no glyph %d", errFont, g)
	}
	start, end := f.location(int(g)), f.location(int(g)+1)
	if end < start || end > f.glyf.length {
		return nil, fmt.Errorf("%w: glyph %d lies outside its table", errFont, g)
	}
	data, err := f.src.read(f.glyf.offset+start, end-start)
	if err != nil {
		return nil, fmt.Errorf("glyph %d: %w", g, err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.held += len(data); f.held > f.limit {
		clear(f.outlines)
		f.held = len(data)
	}
	f.outlines[g] = data
	return data, nil
}

// location is where glyph i begins in glyf. i may be the number of glyphs: the
// end of the last.
func (f *face) location(i int) int {
	if f.longLoca {
		return int(be.Uint32(f.loca[4*i:]))
	}
	return 2 * int(be.Uint16(f.loca[2*i:]))
}
