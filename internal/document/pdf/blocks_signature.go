package pdf

import (
	"nianbao/internal/document"
)

// The signature block, in millimetres.
const (
	signatureHeight = 48.0
	signatureRoom   = 104.0 // for the authority's name, beside the QR code
	captionLeading  = 4.4
)

var captionStyle = style{regular, 8.5, ink}

const captionText = "扫码核验真伪"

// signature sets the authority's name and the date with the seal over them,
// and the QR code at the left. place is told where the seal lands.
func (s *setter) signature(b document.Signature, page document.Page, place func(c *canvas, cx, cy float64)) ([]item, error) {
	name, err := s.set(b.Authority, bodyStyle)
	if err != nil {
		return nil, err
	}
	date, err := s.set(b.Date, bodyStyle)
	if err != nil {
		return nil, err
	}
	mark, err := s.setSeal(page.Authority, "", page.Demonstration)
	if err != nil {
		return nil, err
	}
	names := wrap(name, bodyStyle, signatureRoom, 0)
	widest := width(date, bodyStyle)
	for _, l := range names {
		widest = max(widest, l.width)
	}
	right := marginLeft + measure
	cx := min(right-bodyStyle.em()-widest/2, right-sealRadius-6)
	code, err := s.verification(page)
	if err != nil {
		return nil, err
	}
	draw := func(c *canvas, y float64) {
		cy := y + 4 + sealRadius
		// Name and date lie below the seal's middle, so that its lower half
		// presses on them (GB/T 9704: 下压) and both stay readable.
		base := cy + 8.6
		for i := range names {
			l := names[len(names)-1-i]
			c.text(cx-l.width/2, base-float64(i)*7.4, l.chars, bodyStyle, 0)
		}
		c.centred(cx, base+7.6, date, bodyStyle, 0)
		code(c, y+6)
		c.seal(cx, cy, mark)
		place(c, cx, cy)
	}
	return []item{{gap: 2, height: signatureHeight, draw: draw}}, nil
}

// verification prepares the QR code with its caption. A page without an
// address to verify at gets none.
func (s *setter) verification(page document.Page) (func(c *canvas, y float64), error) {
	if page.VerifyURL == "" {
		return func(*canvas, float64) {}, nil
	}
	code, err := encodeQR(page.VerifyURL)
	if err != nil {
		return nil, err
	}
	caption, err := s.set(captionText, captionStyle)
	if err != nil {
		return nil, err
	}
	typed, err := s.set("查验码 "+page.VerifyCode, captionStyle)
	if err != nil {
		return nil, err
	}
	return func(c *canvas, y float64) {
		c.qr(marginLeft, y, code)
		below := y + qrSize + quietZone(code)
		c.text(marginLeft, below+baseline(captionStyle, captionLeading), caption, captionStyle, 0)
		c.text(marginLeft, below+captionLeading+baseline(captionStyle, captionLeading), typed, captionStyle, 0)
	}, nil
}
