package pdf

import "strings"

// Characters that must not begin or end a line (避头尾, GB/T 15834).
const (
	neverFirst = "，。、；：？！）》〉】〕」』”’…—％℃·々.,;:?!)]}%"
	neverLast  = "（《〈【〔「『“‘([{￥"
)

// countWords are not parted from the digits before them: 2018年, 24时, 10个.
const countWords = "年月日时分号元个名次项"

// maxStretch is how far, in em per gap, a line is opened up to reach the
// margin. A line that would need more stays ragged.
const maxStretch = 0.25

// line is one set line: its characters, their width in millimetres without
// stretch, and what to add after each character.
type line struct {
	chars   []char
	width   float64
	stretch float64 // millimetres
}

// wrap breaks text into lines no wider than limit millimetres; the first one
// is shorter by indent. It never drops a character. All lines but the last
// are stretched to the full measure.
func wrap(chars []char, st style, limit, indent float64) []line {
	var lines []line
	room := limit - indent
	for start := 0; start < len(chars); {
		end, natural := fill(chars, start, st, room)
		l := line{chars: chars[start:end], width: natural}
		if gaps := end - start - 1; end < len(chars) && gaps > 0 {
			if stretch := (room - natural) / float64(gaps); stretch > 0 && stretch <= maxStretch*st.em() {
				l.stretch = stretch
			}
		}
		lines = append(lines, l)
		start, room = end, limit
	}
	return lines
}

// fill returns where the line that begins at start ends, and its width.
func fill(chars []char, start int, st style, room float64) (end int, natural float64) {
	const slack = 1e-6 // sums of widths do not meet the measure exactly
	for end = start; end < len(chars); end++ {
		w := chars[end].width / 1000 * st.em()
		if natural+w > room+slack && end > start {
			break
		}
		natural += w
	}
	if end == len(chars) {
		return end, natural
	}
	if chars[end].r == ' ' { // a space at the break hangs in the margin
		return end + 1, natural
	}
	for b := end; b > start; b-- {
		if mayBreak(chars[b-1].r, chars[b].r) {
			end = b
			break
		}
	}
	return end, width(chars[start:end], st)
}

// mayBreak reports whether a line may end with a and the next begin with b.
func mayBreak(a, b rune) bool {
	if strings.ContainsRune(neverFirst, b) || strings.ContainsRune(neverLast, a) {
		return false
	}
	if a >= '0' && a <= '9' && strings.ContainsRune(countWords, b) {
		return false
	}
	return !(solid(a) && solid(b)) // words, numbers and codes stay whole
}

// solid reports whether r is part of a Latin word, a number or a code.
func solid(r rune) bool { return r > ' ' && r < 0x7F }
