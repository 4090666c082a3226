package pdf

import (
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
	used  [2]map[rune]uint16 // the glyph of each character

	tightness float64 // factor on leading and gaps, 1 or a little less
}

func newSetter(faces [2]*face) *setter {
	return &setter{faces: faces, used: [2]map[rune]uint16{{}, {}}}
}

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
		}
		chars = append(chars, char{r, f.advance(glyph)})
	}
	return chars, nil
}

// width is the natural width of chars in millimetres.
func width(chars []char, st style) float64 {
	var sum float64
	for _, c := range chars {
		sum += c.width
	}
	return sum / 1000 * st.em()
}
