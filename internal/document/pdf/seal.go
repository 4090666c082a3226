package pdf

import "math"

// sealRadius is that of an official seal: 42 mm across.
const sealRadius = 21.0

// seal is a round official seal: the authority's name on an arc, a star or,
// in a demonstration, the words that say it is none.
type seal struct {
	name     []char // along the ring
	label    []char // straight, in the lower half; may be empty
	middle   []char // of a specimen, instead of the star
	specimen bool
}

// Type on a seal. Ring characters are narrowed to their share of the arc.
var (
	ringStyle   = style{bold, 15, cinnabar}
	labelStyle  = style{bold, 9.5, cinnabar}
	middleStyle = style{bold, 21, cinnabar}
)

// Specimen words: a demonstration must never show what could pass for a seal.
const (
	specimenWord = "样章"
	specimenNote = "非真实印章"
)

// setSeal measures a seal's texts.
func (s *setter) setSeal(name, label string, specimen bool) (*seal, error) {
	out := &seal{specimen: specimen}
	if specimen {
		label = specimenNote
	}
	var err error
	if out.name, err = s.set(name, ringStyle); err != nil {
		return nil, err
	}
	if out.label, err = s.set(label, labelStyle); err != nil {
		return nil, err
	}
	if specimen {
		out.middle, err = s.set(specimenWord, middleStyle)
	}
	return out, err
}

// seal draws s centred at cx, cy, as ink over what lies beneath.
func (c *canvas) seal(cx, cy float64, s *seal) {
	words := "（印章）"
	if s.specimen {
		words = "（" + specimenWord + "，" + specimenNote + "）"
	}
	c.picture(words, func() {
		c.pdf.SetAlpha(0.88, "Multiply")
		c.pdf.SetDrawColor(cinnabar.r, cinnabar.g, cinnabar.b)
		c.pdf.SetFillColor(cinnabar.r, cinnabar.g, cinnabar.b)
		c.pdf.SetLineWidth(1.15)
		c.pdf.Circle(cx, cy, sealRadius-0.6, "D")
		c.ring(cx, cy, s.name)
		if s.specimen {
			c.centred(cx, cy-2.2, s.middle, middleStyle, 1.2)
			c.centred(cx, cy+2.4, s.label, labelStyle, 0.3)
		} else {
			c.star(cx, cy, 6.6)
			c.centred(cx, cy+12.6, s.label, labelStyle, 0.2)
		}
		c.pdf.SetAlpha(1, "Normal")
	})
}

// star draws a five-pointed star, one point up, of the given outer radius.
func (c *canvas) star(cx, cy, radius float64) {
	inner := radius * math.Sin(math.Pi/10) / math.Sin(3*math.Pi/10)
	for i := range 10 {
		r := radius
		if i%2 == 1 {
			r = inner
		}
		angle := math.Pi/2 + float64(i)*math.Pi/5
		x, y := cx+r*math.Cos(angle), cy-r*math.Sin(angle)
		if i == 0 {
			c.pdf.MoveTo(x, y)
		} else {
			c.pdf.LineTo(x, y)
		}
	}
	c.pdf.ClosePath()
	c.pdf.DrawPath("F")
}

// ring sets a name along the upper arc, its characters upright towards the
// outside. The arc grows with the name up to 270 degrees; then the characters
// get narrower.
func (c *canvas) ring(cx, cy float64, name []char) {
	if len(name) == 0 {
		return
	}
	const perChar, widest, height = 36.0, 270.0, 1.12
	st := ringStyle
	span := math.Min(perChar*float64(len(name)-1), widest)
	radius := sealRadius - 2.2 - 0.88*st.em()*height // of the baseline
	pitch := st.em()
	if len(name) > 1 {
		pitch = span / float64(len(name)-1) * math.Pi / 180 * (radius + 0.4*st.em())
	}
	narrow := math.Min(0.94, 0.95*pitch/st.em())
	for i, ch := range name {
		angle := 0.0 // degrees clockwise from the top
		if len(name) > 1 {
			angle = -span/2 + span*float64(i)/float64(len(name)-1)
		}
		c.pdf.TransformBegin()
		c.pdf.TransformRotate(-angle, cx, cy)
		c.pdf.TransformScale(100*narrow, 100*height, cx, cy-radius)
		c.text(cx-ch.width/2000*st.em(), cy-radius, []char{ch}, st, 0)
		c.pdf.TransformEnd()
	}
}

// centred draws chars centred on cx with stretch between them.
func (c *canvas) centred(cx, y float64, chars []char, st style, stretch float64) {
	if len(chars) == 0 {
		return
	}
	w := width(chars, st) + stretch*float64(len(chars)-1)
	c.text(cx-w/2, y, chars, st, stretch)
}
