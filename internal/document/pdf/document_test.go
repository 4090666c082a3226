package pdf

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"nianbao/internal/document"
)

// simple is a page of one paragraph.
func simple(text string) document.Page {
	return document.Page{Title: "通知", Authority: "试验市民政局", Number: "X1", IssuedAt: orderedAt,
		Blocks: []document.Block{document.Paragraph{Text: text}}}
}

// Rendering at once from many goroutines gives what rendering alone gives.
func TestRenderingByManyAtOnce(t *testing.T) {
	r := newRenderer(t)
	pages := samples(t)
	want := map[string][]byte{}
	for name, page := range pages {
		want[name] = first(t, r, page)
	}
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for name, page := range pages {
				out, err := r.Render(page)
				if err != nil || !bytes.Equal(out.PDF, want[name]) {
					t.Errorf("%s differs when rendered beside others: %v", name, err)
				}
			}
		})
	}
	group.Wait()
}

// A document's fonts hold its own characters only: nobody reads other
// people's names out of it. Its size shows that nothing was carried over.
func TestDocumentsCarryNoTraceOfEarlierOnes(t *testing.T) {
	r := newRenderer(t)
	alone := first(t, r, simple("甲"))
	first(t, r, simple("乙丙丁戊己庚辛壬癸子丑寅卯辰巳午未申酉戌亥"))
	if again := first(t, r, simple("甲")); !bytes.Equal(alone, again) {
		t.Error("an earlier document changed a later one")
	}
	s := newSetter(r.faces)
	if _, err := s.set("甲", bodyStyle); err != nil {
		t.Fatal(err)
	}
	if len(s.used[regular]) != 1 || len(s.used[bold]) != 0 {
		t.Errorf("a fresh setter knows %d and %d characters", len(s.used[regular]), len(s.used[bold]))
	}
}

func TestFontsAreEmbedded(t *testing.T) {
	path := writePDF(t, "fonts", first(t, newRenderer(t), samples(t)["conclusion"]))
	lines := strings.Split(strings.TrimSpace(run(t, "pdffonts", path)), "\n")
	if len(lines) != 4 { // two lines of heads
		t.Fatalf("%d fonts, want 2:\n%s", len(lines)-2, strings.Join(lines, "\n"))
	}
	for _, line := range lines[2:] {
		if !strings.Contains(line, "CID TrueType") || strings.Count(line, "yes") < 2 {
			t.Errorf("not embedded with a Unicode map: %s", line)
		}
	}
}

// Characters above U+FFFF extract as themselves wherever they stand in a
// line, stretched lines included, and keep their order.
func TestCharactersAboveTheBasicPlaneKeepTheirPlace(t *testing.T) {
	text := strings.Repeat("王𬭎与李𫖮在𬱖市", 12) + "𬭎"
	path := writePDF(t, "rare", first(t, newRenderer(t), simple(text)))
	extracted := strings.Join(strings.Fields(run(t, "pdftotext", "-raw", path, "-")), "")
	if !strings.Contains(extracted, text) {
		t.Errorf("extracted %s", extracted)
	}
}

func TestPropertiesAreReadable(t *testing.T) {
	page := simple("甲")
	page.Authority = "𬭎市民政局"
	out := run(t, "pdfinfo", writePDF(t, "properties", first(t, newRenderer(t), page)))
	for _, want := range []string{"通知 X1", "〓市民政局", "nianbao", "Apr  2", "595.28 x 841.89"} {
		if !strings.Contains(out, want) {
			t.Errorf("pdfinfo does not say %q:\n%s", want, out)
		}
	}
}

func TestSealPlaceIsWhereTheSealIs(t *testing.T) {
	r := newRenderer(t)
	out, err := r.Render(samples(t)["conclusion"])
	if err != nil {
		t.Fatal(err)
	}
	box := out.Seal.Rect
	if out.Seal.Sheet != 1 || box[0] < 300 || box[2] > 560 || box[1] < 60 || box[3] > 300 {
		t.Errorf("the seal lies at %v of sheet %d", box, out.Seal.Sheet)
	}
	if side := box[2] - box[0]; side < 118 || side > 120 || side-(box[3]-box[1]) > 0.01 { // 42 mm
		t.Errorf("the seal is %.1f points wide", side)
	}
	if out, err := r.Render(simple("甲")); err != nil || out.Seal.Sheet != 0 {
		t.Errorf("a page without signature has a seal on sheet %d (%v)", out.Seal.Sheet, err)
	}
}

// The white around the QR code is as wide as its reader asks.
func TestQRCodeKeepsItsQuietZone(t *testing.T) {
	for _, address := range []string{"https://a.cn/verify/7KQM-2F9D-XW3H", "https://nianbao.social.example.gov.cn/annual/verify/7KQM-2F9D-XW3H"} {
		code, err := encodeQR(address)
		if err != nil {
			t.Fatal(err)
		}
		if zone := quietZone(code); zone > marginLeft || zone*float64(code.Size)/qrSize < 3.99 {
			t.Errorf("%s: %d modules, quiet zone %.1f mm", address, code.Size, zone)
		}
	}
	if _, err := encodeQR(strings.Repeat("x", 5000)); err == nil {
		t.Error("5000 characters were put into a QR code")
	}
	page := samples(t)["conclusion"]
	page.VerifyURL = "https://x/" + strings.Repeat("x", 5000)
	if _, err := newRenderer(t).Render(page); err == nil {
		t.Error("a page with an endless address was drawn")
	}
}

// foreign is a block that the renderer does not know.
type foreign struct{ document.Block }

func TestPagesThatCannotBeDrawn(t *testing.T) {
	r := newRenderer(t)
	tall := document.Table{Rows: []document.Row{{Label: "甲", Value: strings.Repeat("乙", 3000)}}}
	for name, block := range map[string]document.Block{
		"unknown block": foreign{}, "row taller than a sheet": tall, "stamp without columns": document.StampField{},
		"stamp with uneven columns": document.StampField{Heads: []string{"甲"}, Cells: []string{"乙", "丙"}},
	} {
		page := simple("甲")
		page.Blocks = append(page.Blocks, block)
		out, err := r.Render(page)
		if err == nil || out.PDF != nil || !strings.Contains(err.Error(), "X1") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Every place where a text can stand refuses what cannot be printed.
func TestEveryTextIsChecked(t *testing.T) {
	const bad = "甲\u202e乙"
	r := newRenderer(t)
	pages := map[string]document.Page{}
	for name, block := range map[string]document.Block{
		"letterhead": document.Letterhead{Text: bad}, "reference": document.Reference{Text: bad}, "title": document.Title{Text: bad},
		"addressee": document.Addressee{Text: bad}, "paragraph": document.Paragraph{Text: bad}, "heading": document.Heading{Text: bad},
		"note": document.Note{Text: bad}, "emphasis": document.Emphasis{Text: bad}, "emphasis label": document.Emphasis{Label: bad},
		"row": document.Table{Rows: []document.Row{{Value: bad}}}, "row label": document.Table{Rows: []document.Row{{Label: bad}}},
		"signature": document.Signature{Authority: bad}, "date": document.Signature{Date: bad},
		"stamp head": document.StampField{Heads: []string{bad}, Cells: []string{""}}, "stamp cell": document.StampField{Heads: []string{""}, Cells: []string{bad}},
		"stamp date": document.StampField{Heads: []string{""}, Cells: []string{""}, Date: bad},
		"stamp seal": document.StampField{Heads: []string{""}, Cells: []string{""}, SealLabel: bad},
	} {
		page := simple("甲")
		page.Blocks = []document.Block{block}
		pages[name] = page
	}
	for name, change := range map[string]func(*document.Page){
		"number": func(p *document.Page) { p.Number = bad }, "address": func(p *document.Page) { p.VerifyURL = bad },
		"seal": func(p *document.Page) { p.Authority, p.Blocks = bad, []document.Block{document.Signature{}} },
		"code": func(p *document.Page) {
			p.VerifyURL, p.VerifyCode, p.Blocks = "x", bad, []document.Block{document.Signature{}}
		},
	} {
		page := simple("甲")
		change(&page)
		pages[name] = page
	}
	for name, page := range pages {
		var unprintable *document.UnprintableError
		if _, err := r.Render(page); !errors.As(err, &unprintable) || unprintable.Rune != '\u202e' {
			t.Errorf("%s: %v, want *UnprintableError", name, err)
		}
	}
}

func TestSheetBreaks(t *testing.T) {
	page := simple("甲")
	page.Blocks = []document.Block{document.SheetBreak{}, document.Paragraph{Text: "乙"}, document.SheetBreak{}, document.SheetBreak{},
		document.Paragraph{Text: "丙"}, document.SheetBreak{}}
	out, err := newRenderer(t).Render(page)
	if err != nil || out.Sheets != 2 {
		t.Errorf("%d sheets (%v), want 2: no sheet stays empty", out.Sheets, err)
	}
	if out, err := newRenderer(t).Render(document.Page{Number: "X"}); err != nil || out.Sheets != 1 {
		t.Errorf("an empty page takes %d sheets (%v)", out.Sheets, err)
	}
}

func TestStretchReachesTheMargin(t *testing.T) {
	chars, err := newSetter(testFaces(t)).set(strings.Repeat("年度报告，", 40), bodyStyle)
	if err != nil {
		t.Fatal(err)
	}
	lines := wrap(chars, bodyStyle, measure, 2*bodyStyle.em())
	var got []float64
	for i, l := range lines[:len(lines)-1] {
		full := measure
		if i == 0 {
			full -= 2 * bodyStyle.em()
		}
		got = append(got, full-l.width-l.stretch*float64(len(l.chars)-1))
	}
	if slices.ContainsFunc(got, func(rest float64) bool { return rest > 1e-6 || rest < -1e-6 }) {
		t.Errorf("lines end before the margin by %v mm", got)
	}
	if last := lines[len(lines)-1]; last.stretch != 0 {
		t.Error("the last line is stretched")
	}
}
