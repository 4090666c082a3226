package pdf

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"unicode/utf16"

	"github.com/jung-kurt/gofpdf"
)

// gofpdf's own embedding of a Chinese font takes five times as long as
// drawing the document: it lists 65,536 widths as JSON to make a name, cuts
// the font again and packs a table of 128 KB. So it gets a font without
// widths and without a file, for which it writes text as the bytes that it is
// given, and the font's object is exchanged in its file afterwards.

// subset is the font of one weight in one document: the glyphs of the
// characters that the document uses, and nothing else.
type subset struct {
	face *face
	data []byte          // the cut font
	text []rune          // the characters, sorted; text[i] is drawn by glyph i+1
	ids  map[rune]uint16 // the glyph of each character in data
}

// subset cuts the font for the text that was set in weight w, or returns nil
// if there was none.
func (s *setter) subset(w weight) (*subset, error) {
	used := s.used[w]
	if len(used) == 0 {
		return nil, nil
	}
	sub := &subset{face: s.faces[w], text: slices.Sorted(maps.Keys(used)), ids: make(map[rune]uint16, len(used))}
	glyphs := make([]uint16, len(sub.text))
	for i, r := range sub.text {
		glyphs[i], sub.ids[r] = used[r], uint16(i+1)
	}
	var err error
	if sub.data, err = sub.face.cut(glyphs); err != nil {
		return nil, fmt.Errorf("cut the font: %w", err)
	}
	return sub, nil
}

// code appends how a content stream names the glyph of r.
func (s *subset) code(out []byte, r rune) []byte { return be.AppendUint16(out, s.ids[r]) }

// standIn announces the font to gofpdf under its own format for definitions.
func standIn(p *gofpdf.Fpdf, w weight) {
	definition := fmt.Sprintf(`{"Tp":"Core","Name":%q}`, standInName(w))
	p.AddFontFromBytes(family, fontStyles[w], []byte(definition), nil)
}

func standInName(w weight) string { return "standin" + strconv.Itoa(int(w)) }

// embed puts the subset in the place of the stand-in for weight w, as a
// composite font whose codes are glyph numbers (ISO 32000-1, 9.7).
func (o *objects) embed(w weight, s *subset) error {
	head := []byte("<</Type /Font\n/BaseFont /" + standInName(w) + "\n")
	n := slices.IndexFunc(o.bodies, func(body []byte) bool { return bytes.HasPrefix(body, head) })
	if n < 0 {
		return fmt.Errorf("%w: font %d is missing", errObjects, w)
	}
	file, err := o.addStream(s.data, fmt.Sprintf(" /Length1 %d", len(s.data)))
	if err != nil {
		return err
	}
	unicode, err := o.addStream(s.toUnicode(), "")
	if err != nil {
		return err
	}
	name := s.tag() + "+" + fontNames[w]
	descriptor := o.add(fmt.Appendf(nil, "<</Type /FontDescriptor /FontName /%s %s /FontFile2 %d 0 R>>", name, s.face.describe(), file))
	cid := o.add(fmt.Appendf(nil, "<</Type /Font /Subtype /CIDFontType2 /BaseFont /%s\n"+
		"/CIDSystemInfo <</Registry (Adobe) /Ordering (Identity) /Supplement 0>>\n"+
		"/FontDescriptor %d 0 R /DW %d /W [%s] /CIDToGIDMap /Identity>>", name, descriptor, emWidth, s.widths()))
	o.bodies[n] = fmt.Appendf(nil, "<</Type /Font /Subtype /Type0 /BaseFont /%s /Encoding /Identity-H\n"+
		"/DescendantFonts [%d 0 R] /ToUnicode %d 0 R>>", name, cid, unicode)
	return nil
}

// fontNames are the PostScript names of the faces, fontStyles gofpdf's names of the weights.
var (
	fontNames  = [2]string{regular: "NotoSerifSC-Regular", bold: "NotoSerifSC-Bold"}
	fontStyles = [2]string{regular: "", bold: "B"}
)

// tag is six capital letters that mark a subset, others for other characters
// of the face and the same each time (ISO 32000-1, 9.6.4).
func (s *subset) tag() string {
	sum := sha256.Sum256([]byte(string(s.text)))
	tag := make([]byte, 6)
	for i := range tag {
		tag[i] = 'A' + sum[i]%26
	}
	return string(tag)
}

// describe writes what a font descriptor says of the face, lengths in
// thousandths of the type size. Flags: serif, and symbolic as every font whose
// codes are its own.
func (f *face) describe() string {
	scaled := func(table string, at int) int {
		return int(int16(be.Uint16(f.tables[table][at:]))) * 1000 / f.unitsPer
	}
	weight := int(be.Uint16(f.tables["OS/2"][4:]))
	stem := 50 + weight*weight/(65*65) // the usual estimate where a font does not say
	return fmt.Sprintf("/Flags 6 /ItalicAngle 0 /Ascent %d /Descent %d /CapHeight %d /StemV %d /FontBBox [%d %d %d %d]",
		scaled("hhea", 4), scaled("hhea", 6), scaled("OS/2", 88), stem,
		scaled("head", 36), scaled("head", 38), scaled("head", 40), scaled("head", 42))
}

// emWidth is the width of a full-width character in thousandths of the type
// size. Only other widths are listed.
const emWidth = 1000

// widths lists the widths of the glyphs that are not full-width, one array per run of them.
func (s *subset) widths() []byte {
	var out []byte
	last := -1 // the glyph listed last
	for i, r := range s.text {
		width := s.face.advance(s.face.glyph(r))
		if width == emWidth {
			continue
		}
		switch {
		case last < 0:
			out = fmt.Appendf(out, "%d [", i+1)
		case last != i:
			out = fmt.Appendf(out, "] %d [", i+1)
		default:
			out = append(out, ' ')
		}
		out = strconv.AppendFloat(out, width, 'f', -1, 64)
		last = i + 1
	}
	if last >= 0 {
		out = append(out, ']')
	}
	return out
}

// toUnicode is the map by which readers extract text, characters above
// U+FFFF included (ISO 32000-1, 9.10.3). A block holds at most 100 entries.
func (s *subset) toUnicode() []byte {
	const block = 100
	out := []byte("/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n" +
		"/CIDSystemInfo <</Registry (Adobe) /Ordering (UCS) /Supplement 0>> def\n" +
		"/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n")
	for i, r := range s.text {
		if i%block == 0 {
			out = fmt.Appendf(out, "%d beginbfchar\n", min(block, len(s.text)-i))
		}
		out = fmt.Appendf(out, "<%04X> <", i+1)
		for _, unit := range utf16.AppendRune(nil, r) {
			out = fmt.Appendf(out, "%04X", unit)
		}
		out = append(out, ">\n"...)
		if i%block == block-1 || i == len(s.text)-1 {
			out = append(out, "endbfchar\n"...)
		}
	}
	return append(out, "endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n"...)
}
