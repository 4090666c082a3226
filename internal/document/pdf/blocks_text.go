package pdf

import (
	"nianbao/internal/document"
)

// How the kinds of text are set. Body type is 四号 (14 points): large enough
// to read like the 三号 of GB/T 9704, small enough to keep a conclusion with
// its table on one sheet.
var (
	referenceStyle = style{regular, 12, ink}
	titleStyle     = style{bold, 22, ink}
	bodyStyle      = style{regular, 14, ink}
	headingStyle   = style{bold, 14, ink}
	emphasisStyle  = style{bold, 24, ink}
	noteStyle      = style{regular, 10.5, faint}
)

const (
	bodyLeading  = 8.5  // millimetres from line to line
	titleLeading = 11.5 //
	noteLeading  = 5.8
)

// baseline is where the baseline of type of this style lies in a line box of
// the given height: the em square (0.88 above, 0.12 below) in its middle.
func baseline(st style, box float64) float64 {
	return (box-st.em())/2 + 0.88*st.em()
}

// alignment of set lines within the measure.
type alignment int

const (
	justified alignment = iota
	centre
	right
)

// textSpec is how a block's text becomes lines of the flow.
type textSpec struct {
	style
	gap, leading float64
	indent       float64 // of the first line
	align        alignment
	keepNext     bool // the whole block stays with what follows
}

// flowText sets text as lines. A first line never ends a sheet alone and a
// last one never begins one.
func (s *setter) flowText(text string, spec textSpec) ([]item, error) {
	chars, err := s.set(text, spec.style)
	if err != nil {
		return nil, err
	}
	lines := wrap(chars, spec.style, measure, spec.indent)
	spec.leading *= s.tightness
	spec.gap *= s.tightness
	items := make([]item, 0, len(lines))
	for i, l := range lines {
		x := marginLeft
		switch {
		case spec.align == centre:
			x += (measure - l.width) / 2
		case spec.align == right:
			x += measure - l.width
		case i == 0:
			x += spec.indent
		}
		if spec.align != justified {
			l.stretch = 0
		}
		it := item{height: spec.leading, keep: spec.keepNext || i == 0 && len(lines) > 1 || i == len(lines)-2}
		if i == 0 {
			it.gap = spec.gap
		}
		it.draw = func(c *canvas, y float64) {
			c.text(x, y+baseline(spec.style, spec.leading), l.chars, spec.style, l.stretch)
		}
		items = append(items, it)
	}
	return items, nil
}

// textBlock sets the blocks that are nothing but text; ok is false for others.
func (s *setter) textBlock(b document.Block) (items []item, ok bool, err error) {
	ok = true
	switch b := b.(type) {
	case document.Reference:
		items, err = s.flowText(b.Text, textSpec{style: referenceStyle, gap: 4, leading: 7, align: right, keepNext: true})
	case document.Title:
		items, err = s.flowText(b.Text, textSpec{style: titleStyle, gap: 7, leading: titleLeading, align: centre, keepNext: true})
	case document.Addressee:
		items, err = s.flowText(b.Text, textSpec{style: bodyStyle, gap: 7, leading: bodyLeading, keepNext: true})
	case document.Paragraph:
		items, err = s.flowText(b.Text, textSpec{style: bodyStyle, gap: 0.6, leading: bodyLeading, indent: 2 * bodyStyle.em()})
	case document.Heading:
		items, err = s.flowText(b.Text, textSpec{style: headingStyle, gap: 2.4, leading: bodyLeading, indent: 2 * bodyStyle.em(), keepNext: true})
	case document.Note:
		items, err = s.flowText(b.Text, textSpec{style: noteStyle, gap: 1.2, leading: noteLeading})
	default:
		ok = false
	}
	return items, ok, err
}

// Letterhead type: the name shrinks until it fits between the ends of its rule.
const (
	letterheadSize = 31.0
	ruleLeft       = 20.0
	ruleRight      = sheetWidth - ruleLeft
)

// letterhead sets the authority's name over a double rule, thick above thin,
// as on the letter form (信函格式) of GB/T 9704.
func (s *setter) letterhead(b document.Letterhead) ([]item, error) {
	st := style{bold, letterheadSize, cinnabar}
	chars, err := s.set(b.Text, st)
	if err != nil {
		return nil, err
	}
	spread := 0.12 // em between characters
	natural := width(chars, st) + spread*st.em()*float64(len(chars)-1)
	if room := ruleRight - ruleLeft - 4; natural > room {
		st.size *= room / natural
	}
	draw := func(c *canvas, y float64) {
		c.centred(sheetWidth/2, y+0.88*st.em(), chars, st, spread*st.em())
		edge := y + letterheadSize*mmPerPoint + 5
		c.rule(ruleLeft, edge, ruleRight, edge, 1.0, cinnabar)
		c.rule(ruleLeft, edge+1.35, ruleRight, edge+1.35, 0.35, cinnabar)
	}
	return []item{{height: letterheadSize*mmPerPoint + 6.5, keep: true, start: true, draw: draw}}, nil
}

// emphasis sets a short statement, large, behind its label.
func (s *setter) emphasis(b document.Emphasis) ([]item, error) {
	label, err := s.set(b.Label, bodyStyle)
	if err != nil {
		return nil, err
	}
	text, err := s.set(b.Text, emphasisStyle)
	if err != nil {
		return nil, err
	}
	const box, spread = 15.0, 2.6
	labelWidth := width(label, bodyStyle)
	whole := labelWidth + 2 + width(text, emphasisStyle) + spread*float64(len(text)-1)
	draw := func(c *canvas, y float64) {
		x := marginLeft + (measure-whole)/2
		base := y + baseline(emphasisStyle, box)
		c.text(x, base-0.9, label, bodyStyle, 0)
		c.text(x+labelWidth+2, base, text, emphasisStyle, spread)
	}
	return []item{{gap: 2, height: box, keep: true, draw: draw}}, nil
}
