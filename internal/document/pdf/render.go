// Package pdf draws composed official documents as PDF. It is the only
// importer of gofpdf.
//
// It owns the typeface and its embedding, line breaking, page breaking, the
// seal and the QR code. It does not know what a document says
// (internal/document composes it) and does not sign.
//
// Invariants: the same Page renders to the same bytes; every character of the
// Page is drawn, or nothing is; no text is drawn by gofpdf's own wrapping,
// which loses characters. Each document embeds a font cut down to the glyphs
// that it uses, so it carries no trace of other people's names.
package pdf

import (
	"bytes"
	"fmt"
	"strings"
	"sync"

	"github.com/jung-kurt/gofpdf"

	"nianbao/internal/document"
	"nianbao/templates/fonts"
)

// openFaces indexes the built-in fonts once; they stay packed.
var openFaces = sync.OnceValues(func() (faces [2]*face, err error) {
	for w, packed := range [2][]byte{regular: fonts.Regular, bold: fonts.Bold} {
		if faces[w], err = openFace(packed); err != nil {
			return faces, fmt.Errorf("built-in font %d: %w", w, err)
		}
	}
	return faces, nil
})

// Renderer draws documents in the built-in typeface. It is safe for
// concurrent use.
type Renderer struct{ faces [2]*face }

// New returns a renderer with the built-in typeface.
func New() (*Renderer, error) {
	faces, err := openFaces()
	if err != nil {
		return nil, err
	}
	return &Renderer{faces: faces}, nil
}

// Render draws page. A character that cannot be printed faithfully is an
// *document.UnprintableError, and a fault of the PDF library is an error too;
// in both cases nothing is returned.
func (r *Renderer) Render(page document.Page) (document.Rendered, error) {
	out, _, err := r.render(page)
	return out, err
}

// render also returns the canvas, which knows the texts that were drawn.
func (r *Renderer) render(page document.Page) (out document.Rendered, c *canvas, err error) {
	defer func() {
		// gofpdf panics on input that it did not foresee.
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
		if err != nil {
			out, c, err = document.Rendered{}, nil, fmt.Errorf("render %s: %w", page.Number, err)
		}
	}()
	s := newSetter(r.faces)
	var sealed document.SealPlace
	places, err := s.layOut(page, &sealed)
	if err != nil {
		return out, nil, err
	}
	sheets := sheetsOf(places)
	foot, err := s.foot(page, sheets)
	if err != nil {
		return out, nil, err
	}
	if c, err = openCanvas(s, page); err != nil {
		return out, nil, err
	}
	for _, p := range places {
		c.turnTo(p.sheet+1, foot)
		if p.draw != nil {
			p.draw(c, p.y)
		}
	}
	c.turnTo(sheets, foot)
	file, err := c.finish()
	if err != nil {
		return out, nil, err
	}
	return document.Rendered{PDF: file, Sheets: sheets, Seal: sealed}, c, nil
}

// layOut sets the page's blocks and places them on sheets. Where a tighter
// setting saves a sheet, it is taken: a conclusion with a long name should
// not end with its seal alone on a second sheet.
func (s *setter) layOut(page document.Page, sealed *document.SealPlace) ([]placed, error) {
	var places []placed
	for _, tightness := range []float64{1, 0.88} {
		s.tightness = tightness
		items, err := s.blocks(page, sealed)
		if err != nil {
			return nil, err
		}
		more, err := paginate(items)
		if err != nil {
			return nil, err
		}
		if places == nil || sheetsOf(more) < sheetsOf(places) {
			places = more
		}
		if sheetsOf(places) == leastSheets(page) {
			break
		}
	}
	return places, nil
}

// leastSheets is how many sheets page takes at least.
func leastSheets(page document.Page) int {
	n := 1
	for _, b := range page.Blocks {
		if _, ok := b.(document.SheetBreak); ok {
			n++
		}
	}
	return n
}

func sheetsOf(places []placed) int {
	if len(places) == 0 {
		return 1
	}
	return places[len(places)-1].sheet + 1
}

// blocks sets all blocks of page. sealed is filled in while drawing.
func (s *setter) blocks(page document.Page, sealed *document.SealPlace) ([]item, error) {
	place := func(c *canvas, cx, cy float64) {
		if sealed.Sheet == 0 {
			*sealed = document.SealPlace{Sheet: c.sheets, Rect: [4]float64{
				(cx - sealRadius) / mmPerPoint, (sheetHeight - cy - sealRadius) / mmPerPoint,
				(cx + sealRadius) / mmPerPoint, (sheetHeight - cy + sealRadius) / mmPerPoint,
			}}
		}
	}
	var items []item
	startNext := false
	for _, b := range page.Blocks {
		if _, ok := b.(document.SheetBreak); ok {
			startNext = true
			continue
		}
		more, err := s.block(b, page, place)
		if err != nil {
			return nil, err
		}
		if len(more) == 0 {
			continue
		}
		if _, ok := b.(document.Signature); ok && len(items) > 0 {
			// A seal never stands alone on a sheet: the line before goes with it.
			items[len(items)-1].keep = true
		}
		more[0].start = more[0].start || startNext
		startNext = false
		items = append(items, more...)
	}
	return items, nil
}

func (s *setter) block(b document.Block, page document.Page, place func(c *canvas, cx, cy float64)) ([]item, error) {
	if items, ok, err := s.textBlock(b); ok {
		return items, err
	}
	switch b := b.(type) {
	case document.Letterhead:
		return s.letterhead(b)
	case document.Emphasis:
		return s.emphasis(b)
	case document.Table:
		return s.table(b)
	case document.StampField:
		return s.stampField(b, page)
	case document.Signing:
		return s.signing(b)
	case document.Signature:
		return s.signature(b, page, place)
	default:
		return nil, fmt.Errorf("block %T cannot be drawn", b)
	}
}

var footStyle = style{regular, 9, faint}

// demonstrationNote stands in the foot of every sheet of a demonstration.
const demonstrationNote = "演示系统文书，不具法律效力"

// foot prepares what every sheet ends with: rule, number, verification
// address, sheet x of y.
func (s *setter) foot(page document.Page, sheets int) (func(c *canvas), error) {
	const ruleY, textY, second = 275.5, 281.5, 286.5
	left, err := s.set(page.Number, footStyle)
	if err != nil {
		return nil, err
	}
	below := page.VerifyURL
	if below != "" {
		below = "核验地址：" + below
	}
	address, err := s.set(below, footStyle)
	if err != nil {
		return nil, err
	}
	addressStyle := footStyle
	if w := width(address, footStyle); w > measure {
		addressStyle.size *= measure / w
	}
	var note []char
	if page.Demonstration {
		if note, err = s.set(demonstrationNote, footStyle); err != nil {
			return nil, err
		}
	}
	counts := make([][]char, sheets+1)
	for n := 1; n <= sheets; n++ {
		if counts[n], err = s.set(fmt.Sprintf("第 %d 页 共 %d 页", n, sheets), footStyle); err != nil {
			return nil, err
		}
	}
	rule := cinnabar
	if page.Working {
		rule = faint
	}
	return func(c *canvas) {
		c.rule(ruleLeft, ruleY, ruleRight, ruleY, 0.35, rule)
		if !page.Working {
			c.rule(ruleLeft, ruleY+1.35, ruleRight, ruleY+1.35, 1.0, rule)
		}
		rightEdge := marginLeft + measure
		c.text(marginLeft, textY, left, footStyle, 0)
		c.text(rightEdge-width(counts[c.sheets], footStyle), textY, counts[c.sheets], footStyle, 0)
		c.centred(sheetWidth/2, textY, note, footStyle, 0)
		c.text(marginLeft, second, address, addressStyle, 0)
	}, nil
}

// openCanvas starts a document with fonts cut to what s has set.
func openCanvas(s *setter, page document.Page) (*canvas, error) {
	p := gofpdf.New("P", "mm", "A4", "")
	p.SetCompression(false) // the whole file is packed in the end
	p.SetCatalogSort(true)  // else fonts come in random order
	p.SetCreationDate(page.IssuedAt.UTC())
	p.SetModificationDate(page.IssuedAt.UTC())
	p.SetProducer("nianbao", false)
	p.SetTitle(basicPlane(page.Title+" "+page.Number), true)
	p.SetAuthor(basicPlane(page.Authority), true)
	p.SetMargins(0, 0, 0)
	p.SetAutoPageBreak(false, 0)
	c := &canvas{pdf: p}
	for w := range weight(len(c.fonts)) {
		var err error
		if c.fonts[w], err = s.subset(w); err != nil {
			return nil, err
		}
		if c.fonts[w] != nil {
			standIn(p, w)
		}
	}
	return c, p.Error()
}

// finish writes the document with its fonts, packed.
func (c *canvas) finish() ([]byte, error) {
	var drawn bytes.Buffer
	if err := c.pdf.Output(&drawn); err != nil {
		return nil, err
	}
	file, err := takeApart(drawn.Bytes())
	if err != nil {
		return nil, err
	}
	if err := file.compress(); err != nil {
		return nil, err
	}
	for w, font := range c.fonts {
		if font == nil {
			continue
		}
		if err := file.embed(weight(w), font); err != nil {
			return nil, err
		}
	}
	return file.file(), nil
}

// turnTo begins sheets up to n, each with its foot.
func (c *canvas) turnTo(n int, foot func(c *canvas)) {
	for c.sheets < n {
		c.pdf.AddPage()
		c.sheets++
		body := len(c.drawn)
		foot(c)
		c.feet = append(c.feet, c.drawn[body:]...)
		c.drawn = c.drawn[:body]
	}
}

// basicPlane replaces characters that gofpdf cannot write into the file's
// properties. Only the properties are concerned, never the drawn text.
func basicPlane(s string) string {
	return strings.Map(func(r rune) rune {
		if r > 0xFFFF {
			return '〓'
		}
		return r
	}, s)
}
