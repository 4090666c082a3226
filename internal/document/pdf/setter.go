package pdf

import (
	"fmt"
	"slices"
	"unicode/utf8"

	"nianbao/internal/document"
)

// weight selects one of the two faces.
type weight int

const (
	regular weight = iota
	bold
)

// mmPerPoint converts type sizes (points) to lengths on paper (millimetres).
const mmPerPoint = 25.4 / 72

// style is how a piece of text is set.
type style struct {
	weight weight
	size   float64 // points
	colour colour
}

// em is the width of one full-width character in millimetres.
func (s style) em() float64 { return s.size * mmPerPoint }

// colour is RGB, 0…255.
type colour struct{ r, g, b int }

var (
	ink      = colour{0, 0, 0}
	faint    = colour{93, 102, 114}
	cinnabar = colour{179, 32, 42}
)

// char is one character with its width in thousandths of the type size.
type char struct {
	r     rune
	width float64
}

// setter turns text into measured characters and remembers which glyphs one
// document uses, so that a font of just those can be cut. It belongs to one
// rendering and is not safe for concurrent use.
type setter struct {
	faces [2]*face
	used  [2]map[rune]uint16
	codes map[rune]uint16 // private codes of characters above U+FFFF

	tightness float64 // factor on leading and gaps, 1 or a little less
}

func newSetter(faces [2]*face) *setter {
	return &setter{faces: faces, used: [2]map[rune]uint16{{}, {}}, codes: map[rune]uint16{}}
}

// firstPrivateCode is the code under which the first character above U+FFFF
// is drawn: gofpdf writes 16-bit codes and panics on larger ones. Input in the
// private-use area itself is refused, so the codes are free.
const firstPrivateCode = 0xE000

// set checks and measures text. What cannot be printed faithfully is an
// *document.UnprintableError.
func (s *setter) set(text string, st style) ([]char, error) {
	if err := document.CheckText(text); err != nil {
		return nil, err
	}
	f, used := s.faces[st.weight], s.used[st.weight]
	chars := make([]char, 0, utf8.RuneCountInString(text))
	for _, r := range text {
		glyph, ok := used[r]
		if !ok {
			if glyph = f.glyph(r); glyph == 0 {
				return nil, &document.UnprintableError{Rune: r, Text: text, Reason: "字库中没有这个字"}
			}
			used[r] = glyph
			if r > 0xFFFF && s.codes[r] == 0 {
				s.codes[r] = uint16(firstPrivateCode + len(s.codes))
			}
		}
		chars = append(chars, char{r, f.advance(glyph)})
	}
	return chars, nil
}

// code is the 16-bit code under which r is drawn.
func (s *setter) code(r rune) uint16 {
	if r > 0xFFFF {
		return s.codes[r]
	}
	return uint16(r)
}

// cut makes the font of the glyphs that w's text used, or nil if it used none.
func (s *setter) cut(w weight) ([]byte, error) {
	if len(s.used[w]) == 0 {
		return nil, nil
	}
	codes := make([]glyphCode, 0, len(s.used[w]))
	for r, glyph := range s.used[w] {
		codes = append(codes, glyphCode{s.code(r), glyph})
	}
	slices.SortFunc(codes, func(a, b glyphCode) int { return int(a.code) - int(b.code) })
	font, err := s.faces[w].cut(codes)
	if err != nil {
		return nil, fmt.Errorf("cut the font: %w", err)
	}
	return font, nil
}

// width is the natural width of chars in millimetres.
func width(chars []char, st style) float64 {
	var sum float64
	for _, c := range chars {
		sum += c.width
	}
	return sum / 1000 * st.em()
}
