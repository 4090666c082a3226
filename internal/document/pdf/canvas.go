package pdf

import (
	"fmt"
	"strings"
	"unicode/utf16"

	"github.com/jung-kurt/gofpdf"
)

// family is the name under which gofpdf knows the fonts.
const family = "song"

// canvas draws measured text and lines on the sheets of one document. Lengths
// are millimetres from the upper left corner, y downwards; a text's y is its
// baseline. gofpdf's MultiCell and SplitText are never used: both lose a
// Chinese character at each wrap.
type canvas struct {
	pdf    *gofpdf.Fpdf
	fonts  [2]*subset // nil for a weight that is not used
	sheets int
	drawn  []string // the texts of the body in the order they were drawn
	feet   []string // those of the sheets' feet
}

// text draws chars from x on baseline y with stretch after each character.
func (c *canvas) text(x, y float64, chars []char, st style, stretch float64) {
	c.use(st)
	if stretch != 0 {
		c.pdf.RawWriteStr(fmt.Sprintf("%.4f Tc", stretch/mmPerPoint))
	}
	var whole strings.Builder
	codes := make([]byte, 0, 2*len(chars))
	for _, ch := range chars {
		codes = c.fonts[st.weight].code(codes, ch.r)
		whole.WriteRune(ch.r)
	}
	if len(codes) > 0 {
		c.pdf.Text(x, y, string(codes))
	}
	if stretch != 0 {
		c.pdf.RawWriteStr("0 Tc")
	}
	c.drawn = append(c.drawn, whole.String())
}

func (c *canvas) use(st style) {
	c.pdf.SetFont(family, fontStyles[st.weight], st.size)
	c.pdf.SetTextColor(st.colour.r, st.colour.g, st.colour.b)
}

// rule draws a straight line of the given thickness.
func (c *canvas) rule(x1, y1, x2, y2, thick float64, col colour) {
	c.pdf.SetDrawColor(col.r, col.g, col.b)
	c.pdf.SetLineWidth(thick)
	c.pdf.Line(x1, y1, x2, y2)
}

// box draws an unfilled rectangle.
func (c *canvas) box(x, y, w, h, thick float64) {
	c.pdf.SetDrawColor(ink.r, ink.g, ink.b)
	c.pdf.SetLineWidth(thick)
	c.pdf.Rect(x, y, w, h, "D")
}

// picture draws something whose characters are no text, such as a seal, and
// gives words to extract in place of it. The mark is Artifact: a reader that
// honours it skips the picture, one that does not finds the words instead of
// scattered characters.
func (c *canvas) picture(words string, draw func()) {
	var hex strings.Builder
	for _, u := range utf16.Encode([]rune(words)) {
		fmt.Fprintf(&hex, "%04X", u)
	}
	before := len(c.drawn)
	c.pdf.RawWriteStr("/Artifact BMC /Span <</ActualText <FEFF" + hex.String() + ">>> BDC")
	draw()
	c.pdf.RawWriteStr("EMC EMC")
	c.drawn = append(c.drawn[:before], words)
}
