package pdf

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"nianbao/internal/document"
)

var (
	update = flag.Bool("update", false, "rewrite the golden texts")
	keep   = flag.String("keep", "", "a folder to keep the rendered PDFs in, to look at them")
)

func newRenderer(t testing.TB) *Renderer {
	t.Helper()
	r, err := New()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// run runs a tool of the set-up and returns what it prints.
func run(t testing.TB, name string, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Fatalf("%s is missing: run the set-up script, or apt-get install poppler-utils zbar-tools", name)
	}
	var stderr bytes.Buffer
	cmd := exec.Command(name, args...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, stderr.String())
	}
	return string(out)
}

func writePDF(t testing.TB, name string, pdf []byte) string {
	t.Helper()
	dir := t.TempDir()
	if *keep != "" {
		dir = *keep
	}
	path := filepath.Join(dir, name+".pdf")
	if err := os.WriteFile(path, pdf, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// runes returns the sorted visible characters of texts.
func runes(texts ...string) string {
	var out []rune
	for _, text := range texts {
		for _, r := range text {
			if !unicode.IsSpace(r) {
				out = append(out, r)
			}
		}
	}
	slices.Sort(out)
	return string(out)
}

// Each document says what its golden text says, and every character that was
// drawn extracts again: none is lost at a line's end, none turns into another.
func TestDocumentsSayWhatTheyShould(t *testing.T) {
	r := newRenderer(t)
	for name, page := range samples(t) {
		t.Run(name, func(t *testing.T) {
			out, c, err := r.render(page)
			if err != nil {
				t.Fatal(err)
			}
			path := writePDF(t, name, out.PDF)
			extracted := run(t, "pdftotext", "-raw", path, "-")
			if diff := cmp.Diff(runes(slices.Concat(c.drawn, c.feet)...), runes(extracted)); diff != "" {
				t.Errorf("extracted text differs from what was drawn (-drawn +extracted):\n%s", diff)
			}
			golden := filepath.Join("testdata", name+".txt")
			if *update {
				if err := os.WriteFile(golden, []byte(extracted), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), extracted); diff != "" {
				t.Errorf("%s (-want +got):\n%s", golden, diff)
			}
		})
	}
}

// What a Page holds is drawn, all of it: the blocks' texts against the drawn
// ones, so that the test above cannot pass by drawing nothing.
func TestEveryTextOfAPageIsDrawn(t *testing.T) {
	r := newRenderer(t)
	for name, page := range samples(t) {
		_, c, err := r.render(page)
		if err != nil {
			t.Fatal(err)
		}
		whole := strings.ReplaceAll(strings.Join(c.drawn, ""), " ", "")
		for _, b := range page.Blocks {
			for _, text := range blockTexts(b) {
				if !strings.Contains(whole, strings.ReplaceAll(text, " ", "")) {
					t.Errorf("%s: %q is not drawn in order", name, text)
				}
			}
		}
	}
}

func blockTexts(b document.Block) []string {
	switch b := b.(type) {
	case document.Paragraph:
		return []string{b.Text}
	case document.Heading:
		return []string{b.Text}
	case document.Title:
		return []string{b.Text}
	case document.Addressee:
		return []string{b.Text}
	case document.Table:
		var out []string
		for _, row := range b.Rows {
			out = append(out, row.Label+row.Value)
		}
		return out
	}
	return nil
}

func TestRenderIsDeterministic(t *testing.T) {
	page := samples(t)["conclusion"]
	first, err := newRenderer(t).Render(page)
	if err != nil {
		t.Fatal(err)
	}
	for range 10 {
		again, err := newRenderer(t).Render(page)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(first.PDF, again.PDF) {
			t.Fatal("the same page rendered to different bytes")
		}
	}
}

func TestConclusionTakesOneSheetAndOneForTheStamp(t *testing.T) {
	pages := samples(t)
	for name, want := range map[string]int{"conclusion": 2, "conclusion-rare": 1, "receipt": 1, "return-long": 2} {
		out, err := newRenderer(t).Render(pages[name])
		if err != nil {
			t.Fatal(err)
		}
		if out.Sheets != want {
			t.Errorf("%s takes %d sheets, want %d", name, out.Sheets, want)
		}
	}
}

func TestQRCodeReadsFromAPrint(t *testing.T) {
	page := samples(t)["conclusion"]
	out, err := newRenderer(t).Render(page)
	if err != nil {
		t.Fatal(err)
	}
	path := writePDF(t, "qr", out.PDF)
	image := strings.TrimSuffix(path, ".pdf")
	run(t, "pdftoppm", "-r", "110", "-f", "1", "-l", "1", "-singlefile", "-png", path, image)
	if got := strings.TrimSpace(run(t, "zbarimg", "-q", "--raw", image+".png")); got != page.VerifyURL {
		t.Errorf("the QR code reads %q, want %q", got, page.VerifyURL)
	}
}

func TestDemonstrationSealIsASpecimen(t *testing.T) {
	page := samples(t)["conclusion"]
	for _, demonstration := range []bool{true, false} {
		page.Demonstration = demonstration
		_, c, err := newRenderer(t).render(page)
		if err != nil {
			t.Fatal(err)
		}
		text := strings.Join(slices.Concat(c.drawn, c.feet), "\n")
		for _, words := range []string{"样章", "非真实印章", "演示系统文书"} {
			if strings.Contains(text, words) != demonstration {
				t.Errorf("demonstration %t: %s drawn is %t", demonstration, words, !demonstration)
			}
		}
	}
}

func TestUnprintableTextIsRefused(t *testing.T) {
	r := newRenderer(t)
	for name, text := range map[string]string{
		"control": "甲\x07乙", "new line": "甲\n乙", "bidi": "甲\u202e乙", "zero width": "甲\u200b乙", "byte order mark": "\ufeff甲",
		"private use": "甲\ue000乙", "variation selector": "葛\U000e0100", "emoji": "甲😀", "combining": "e\u0301",
		"invalid UTF-8": "甲\xff乙", "surrogate bytes": "\xed\xa0\x80", "replacement": "甲\ufffd", "noncharacter": "甲\uffff", "no glyph": "甲\u0e01",
	} {
		t.Run(name, func(t *testing.T) {
			page := samples(t)["conclusion"]
			page.Blocks = append(slices.Clone(page.Blocks), document.Paragraph{Text: text})
			_, err := r.Render(page)
			var unprintable *document.UnprintableError
			if !errors.As(err, &unprintable) {
				t.Fatalf("Render of %q: %v, want *UnprintableError", text, err)
			}
		})
	}
}
