package pdf

import (
	"cmp"
	"fmt"
	"slices"
	"unicode"
)

// readCmap reads the character map of a font: format 12 (all of Unicode)
// where there is one, else format 4 (the basic plane). Other formats, such as
// 14 for variation sequences, say nothing that is needed here.
func readCmap(table []byte) ([]cmapRange, error) {
	if len(table) < 4 {
		return nil, fmt.Errorf("%w: cmap is short", errFont)
	}
	var basic []byte
	for i := range int(be.Uint16(table[2:])) {
		record := 4 + 8*i
		if record+8 > len(table) {
			break
		}
		offset := int(be.Uint32(table[record+4:]))
		if offset+16 > len(table) {
			continue
		}
		switch sub := table[offset:]; be.Uint16(sub) {
		case 12:
			return readCmap12(sub)
		case 4:
			basic = sub
		}
	}
	if basic == nil {
		return nil, fmt.Errorf("%w: no character map of format 4 or 12", errFont)
	}
	return readCmap4(basic)
}

func readCmap12(sub []byte) ([]cmapRange, error) {
	count := int(be.Uint32(sub[12:]))
	if count > (len(sub)-16)/12 {
		return nil, fmt.Errorf("%w: cmap format 12 is cut short", errFont)
	}
	ranges := make([]cmapRange, 0, count)
	for g := range count {
		e := sub[16+12*g:]
		first, last, glyph := be.Uint32(e), be.Uint32(e[4:]), be.Uint32(e[8:])
		if last < first || last > unicode.MaxRune || glyph+(last-first) > 0xFFFF {
			return nil, fmt.Errorf("%w: cmap group %d is out of range", errFont, g)
		}
		ranges = append(ranges, cmapRange{rune(first), rune(last), uint16(glyph)})
	}
	return sorted(ranges)
}

func readCmap4(sub []byte) ([]cmapRange, error) {
	segments := int(be.Uint16(sub[6:])) / 2
	// Four parallel arrays: end, (pad) start, delta, offset into what follows.
	end, start := sub[14:], 16+2*segments
	delta, offset := start+2*segments, start+4*segments
	if len(sub) < offset+2*segments {
		return nil, fmt.Errorf("%w: cmap format 4 is cut short", errFont)
	}
	var ranges []cmapRange
	for s := range segments {
		first, last := rune(be.Uint16(sub[start+2*s:])), rune(be.Uint16(end[2*s:]))
		for r := first; r <= last && r < 0xFFFF; r++ {
			glyph := uint16(r)
			if jump := int(be.Uint16(sub[offset+2*s:])); jump != 0 {
				at := offset + 2*s + jump + 2*int(r-first)
				if at+2 > len(sub) {
					return nil, fmt.Errorf("%w: cmap segment %d points outside", errFont, s)
				}
				if glyph = be.Uint16(sub[at:]); glyph == 0 {
					continue
				}
			}
			if glyph += be.Uint16(sub[delta+2*s:]); glyph == 0 {
				continue
			}
			if n := len(ranges); n > 0 && ranges[n-1].last+1 == r && ranges[n-1].glyph+uint16(r-ranges[n-1].first) == glyph {
				ranges[n-1].last = r
				continue
			}
			ranges = append(ranges, cmapRange{r, r, glyph})
		}
	}
	return sorted(ranges)
}

// sorted orders the ranges by character, which lookup needs, and refuses overlaps.
func sorted(ranges []cmapRange) ([]cmapRange, error) {
	slices.SortFunc(ranges, func(a, b cmapRange) int { return cmp.Compare(a.first, b.first) })
	for i := 1; i < len(ranges); i++ {
		if ranges[i].first <= ranges[i-1].last {
			return nil, fmt.Errorf("%w: cmap ranges overlap at U+%04X", errFont, ranges[i].first)
		}
	}
	return ranges, nil
}
