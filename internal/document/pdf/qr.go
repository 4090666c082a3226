package pdf

import (
	"fmt"

	"rsc.io/qr"
)

// qrSize is the printed side of a QR code in millimetres, without its quiet
// zone. At 33 modules it reads from a print or screen of 80 dpi.
const qrSize = 26.0

// encodeQR makes the code with error correction level M (15 %): it lies beside
// the seal on paper that gets folded and stamped.
func encodeQR(text string) (*qr.Code, error) {
	code, err := qr.Encode(text, qr.M)
	if err != nil {
		return nil, fmt.Errorf("encode %d bytes as QR code: %w", len(text), err)
	}
	return code, nil
}

// quietZone is the white margin that a reader needs: four modules.
func quietZone(code *qr.Code) float64 { return 4 * qrSize / float64(code.Size) }

// qr draws the code with its upper left corner at x, y: one rectangle per run
// of black modules, so that no hairlines show between them.
func (c *canvas) qr(x, y float64, code *qr.Code) {
	module := qrSize / float64(code.Size)
	c.pdf.SetFillColor(ink.r, ink.g, ink.b)
	for row := range code.Size {
		for col := 0; col < code.Size; col++ {
			first := col
			for col < code.Size && code.Black(col, row) {
				col++
			}
			if col > first {
				c.pdf.Rect(x+float64(first)*module, y+float64(row)*module, float64(col-first)*module, module, "F")
			}
		}
	}
}
