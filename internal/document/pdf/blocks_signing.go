package pdf

import "nianbao/internal/document"

// The box to be signed and sealed by hand, in millimetres. A round seal of an
// organisation is 42 mm across and must find room beside its label.
const (
	signingHeight = 54.0
	signingBelow  = 12.0
)

// signing sets two rooms beside each other and a row under both, empty but for
// their labels.
func (s *setter) signing(b document.Signing) ([]item, error) {
	var labels [3][]line
	for i, text := range []string{b.Left, b.Right, b.Below} {
		chars, err := s.set(text, cellStyle)
		if err != nil {
			return nil, err
		}
		room := measure/2 - 2*cellPadding
		if i == 2 {
			room = measure - 2*cellPadding
		}
		labels[i] = wrap(chars, cellStyle, room, 0)
	}
	draw := func(c *canvas, y float64) {
		c.box(marginLeft, y, measure, signingHeight+signingBelow, thickRule)
		c.rule(marginLeft+measure/2, y, marginLeft+measure/2, y+signingHeight, thinRule, ink)
		c.rule(marginLeft, y+signingHeight, marginLeft+measure, y+signingHeight, thinRule, ink)
		for i, lines := range labels {
			x, top := marginLeft+cellPadding, y+cellPadding
			switch i {
			case 1:
				x += measure / 2
			case 2:
				top = y + signingHeight + (signingBelow-cellLeading*float64(len(lines)))/2
			}
			for n, l := range lines {
				c.text(x, top+float64(n)*cellLeading+baseline(cellStyle, cellLeading), l.chars, cellStyle, l.stretch)
			}
		}
	}
	return []item{{gap: 4, height: signingHeight + signingBelow + 4, draw: draw}}, nil
}
