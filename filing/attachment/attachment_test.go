package attachment

import (
	"bytes"
	"compress/zlib"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"strings"
	"testing"
	"unicode/utf8"
)

// simplePDF is a PDF of n pages with a plain table.
func simplePDF(n int) []byte {
	var b bytes.Buffer
	var at []int
	object := func(body string) {
		at = append(at, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", len(at), body)
	}
	b.WriteString("%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
	object("<< /Type /Catalog /Pages 2 0 R >>")
	var kids strings.Builder
	for i := range n {
		fmt.Fprintf(&kids, "%d 0 R ", i+3)
	}
	object(fmt.Sprintf("<< /Type /Pages /Kids [%s] /Count %d >>", kids.String(), n))
	for range n {
		object("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>")
	}
	start := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(at)+1)
	for _, offset := range at {
		fmt.Fprintf(&b, "%010d 00000 n \n", offset)
	}
	fmt.Fprintf(&b, "trailer\n<< /Size %d /Root 1 0 R /ID [<00ff> (a\\)b)] >>\nstartxref\n%d\n%%%%EOF\n", len(at)+1, start)
	return b.Bytes()
}

func deflate(data []byte) []byte {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	_, _ = w.Write(data)
	_ = w.Close()
	return b.Bytes()
}

// packedPDF has its catalog and pages in an object stream and its directory in
// a cross-reference stream with the "up" predictor, as offices write them.
func packedPDF(pages int, extra string) []byte {
	var b bytes.Buffer
	b.WriteString("%PDF-1.5\n")
	objects := []string{"<< /Type /Catalog /Pages 2 0 R >>",
		fmt.Sprintf("<< /Type /Pages /Kids [3 0 R] /Count %d >>", pages), "<< /Type /Page /Parent 2 0 R >>"}
	var head, body strings.Builder
	for i, o := range objects {
		fmt.Fprintf(&head, "%d %d ", i+1, body.Len())
		body.WriteString(o + " ")
	}
	packed := deflate([]byte(head.String() + body.String()))
	streamAt := b.Len()
	fmt.Fprintf(&b, "4 0 obj\n<< /Type /ObjStm /N 3 /First %d /Filter /FlateDecode /Length %d >>\nstream\r\n%s\nendstream\nendobj\n",
		head.Len(), len(packed), packed)
	xrefAt := b.Len()
	rows := [][4]byte{{0, 0, 0, 0}, {2, 0, 4, 0}, {2, 0, 4, 1}, {2, 0, 4, 2}, {1, byte(streamAt >> 8), byte(streamAt), 0},
		{1, byte(xrefAt >> 8), byte(xrefAt), 0}}
	var table bytes.Buffer
	var before [4]byte
	for _, row := range rows {
		table.WriteByte(2)
		for i := range row {
			table.WriteByte(row[i] - before[i])
		}
		before = row
	}
	xref := deflate(table.Bytes())
	fmt.Fprintf(&b, "5 0 obj\n<< /Type /XRef /Size 6 /W [1 2 1] /Root 1 0 R /Filter [/FlateDecode] /DecodeParms [<< /Predictor 12 /Columns 4 >>] %s /Length %d >>\nstream\n%s\nendstream\nendobj\nstartxref\n%d\n%%%%EOF",
		extra, len(xref), xref, xrefAt)
	return b.Bytes()
}

func picture(w, h int) image.Image {
	m := image.NewGray(image.Rect(0, 0, w, h))
	for i := range m.Pix {
		m.Pix[i] = byte(i * 7)
	}
	m.SetGray(0, 0, color.Gray{Y: 255})
	return m
}

func pngOf(w, h int) []byte {
	var b bytes.Buffer
	_ = png.Encode(&b, picture(w, h))
	return b.Bytes()
}

func jpegOf(w, h int) []byte {
	var b bytes.Buffer
	_ = jpeg.Encode(&b, picture(w, h), nil)
	return b.Bytes()
}

// withThumbnail puts a smaller whole JPEG into a segment, as cameras do.
func withThumbnail(of []byte) []byte {
	small := jpegOf(8, 8)
	out := append([]byte{0xFF, 0xD8, 0xFF, 0xE1, byte((len(small) + 2) >> 8), byte(len(small) + 2)}, small...)
	return append(out, of[2:]...)
}

// hugePNG says of itself that it has w×h points.
func hugePNG(w, h uint32) []byte {
	data := pngOf(4, 4)
	copy(data[16:], []byte{byte(w >> 24), byte(w >> 16), byte(w >> 8), byte(w), byte(h >> 24), byte(h >> 16), byte(h >> 8), byte(h)})
	return repairIHDR(data)
}

func cutOff(data []byte, n int) []byte { return data[:len(data)-n] }

func TestInspect(t *testing.T) {
	open := append([]byte("%PDF-1.4\n"), []byte("1 0 obj <</Type/Page/Parent 2 0 R>> endobj 2 0 obj <</Type /Pages>> endobj 3 0 obj <</Type /Page >> endobj\n%%EOF\n")...)
	wrongStart := bytes.Replace(simplePDF(3), []byte("startxref\n"), []byte("startxref\n9"), 1)
	for name, tc := range map[string]struct {
		data  []byte
		typ   string
		pages int
		code  string // of the refusal
	}{
		"pdf":                          {data: simplePDF(1), typ: TypePDF, pages: 1},
		"pdf of many pages":            {data: simplePDF(2000), typ: TypePDF, pages: 2000},
		"pdf with packed objects":      {data: packedPDF(7, ""), typ: TypePDF, pages: 7},
		"pdf whose directory is wrong": {data: wrongStart, typ: TypePDF, pages: 3},
		"pdf without a directory":      {data: open, typ: TypePDF, pages: 2},
		"pdf saved again":              {data: savedAgain(simplePDF(2)), typ: TypePDF, pages: 2},
		"too many pages":               {data: simplePDF(2001), code: CodePages},
		"a lie about the pages":        {data: packedPDF(2_000_000_000, ""), code: CodePages},
		"encrypted":                    {data: packedPDF(1, "/Encrypt 9 0 R"), code: CodeEncrypted},
		"encrypted, plain table":       {data: bytes.Replace(simplePDF(1), []byte("/Size"), []byte("/Encrypt 4 0 R /Size"), 1), code: CodeEncrypted},
		"cut off pdf":                  {data: cutOff(simplePDF(3), 40), code: CodeDamaged},
		"pdf of its first line":        {data: []byte("%PDF-1.7\n"), code: CodeDamaged},
		"jpeg":                         {data: jpegOf(40, 30), typ: TypeJPEG, pages: 1},
		"jpeg of a camera":             {data: withThumbnail(jpegOf(40, 30)), typ: TypeJPEG, pages: 1},
		"jpeg with more behind it":     {data: append(jpegOf(40, 30), "moving picture"...), typ: TypeJPEG, pages: 1},
		"cut off jpeg":                 {data: cutOff(jpegOf(200, 200), 300), code: CodeDamaged},
		"cut off, with a whole small":  {data: cutOff(withThumbnail(jpegOf(200, 200)), 300), code: CodeDamaged},
		"png":                          {data: pngOf(40, 30), typ: TypePNG, pages: 1},
		"cut off png":                  {data: cutOff(pngOf(200, 200), 12), code: CodeDamaged},
		"png bomb":                     {data: hugePNG(20_000, 20_000), code: CodeImageLarge},
		"png ribbon":                   {data: hugePNG(40_000, 10), code: CodeImageLarge},
		"largest png":                  {data: hugePNG(10_000, 10_000), typ: TypePNG, pages: 1},
		"empty":                        {code: CodeEmpty},
		"text":                         {data: []byte("审计报告"), code: CodeType},
		"web page":                     {data: []byte("<!doctype html><script>alert(1)</script>"), code: CodeType},
		"svg":                          {data: []byte(`<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`), code: CodeType},
		"webp":                         {data: []byte("RIFF\x24\x00\x00\x00WEBPVP8 \x18\x00\x00\x00"), code: CodeType},
		"heic":                         {data: []byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic"), code: CodeType},
		"program":                      {data: []byte("MZ\x90\x00\x03\x00\x00\x00"), code: CodeType},
		"old office file":              {data: append([]byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), make([]byte, 600)...), code: CodeType},
	} {
		got, err := Inspect(bytes.NewReader(tc.data), int64(len(tc.data)))
		if tc.code == "" {
			if err != nil || got.MediaType != tc.typ || got.Pages != tc.pages {
				t.Errorf("%s: %+v, %v", name, got, err)
			}
			continue
		}
		refused, ok := errors.AsType[*Error](err)
		if !ok || refused.Code() != tc.code || refused.Detail() == "" {
			t.Errorf("%s: %+v, %v, want %s", name, got, err, tc.code)
		}
	}
}

// savedAgain appends a second section, as a program that adds a note does.
func savedAgain(data []byte) []byte {
	m := startMark.FindSubmatch(data)
	added := len(data)
	more := "9 0 obj\n<< /Note true >>\nendobj\n"
	xref := added + len(more)
	return append(data, fmt.Sprintf("%sxref\n9 1\n%010d 00000 n \ntrailer\n<< /Size 10 /Root 1 0 R /Prev %s >>\nstartxref\n%d\n%%%%EOF\n", more, added, m[1], xref)...)
}

// Remedies differ by what was sent, and name a program or a format.
func TestRefusedTypesSayWhatToDo(t *testing.T) {
	for data, want := range map[string]string{
		"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic": "兼容性最佳",
		"PK\x03\x04\x14\x00\x00\x00\x00\x00":               "解压",
		"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":                 "另存为 PDF",
		"GIF89a\x01\x00\x01\x00":                           "JPEG、PNG 或 PDF",
	} {
		padded := data + strings.Repeat("\x00", 600)
		_, err := Inspect(strings.NewReader(padded), int64(len(padded)))
		refused, ok := errors.AsType[*Error](err)
		if !ok || !strings.Contains(refused.Detail(), want) || refused.HTTPStatus() != 415 {
			t.Errorf("%q: %v", data, err)
		}
	}
}

// A structure that leads in a circle, or promises what is not there, ends.
func TestHostilePDFs(t *testing.T) {
	circle := simplePDF(1)
	m := startMark.FindSubmatch(circle)
	circle = bytes.Replace(circle, []byte("/Size"), []byte("/Prev "+string(m[1])+" /Size"), 1)
	own := bytes.Replace(packedPDF(1, ""), []byte("/N 3"), []byte("/N 3 /Length 1 0 R /X"), 1)
	deep := append([]byte("%PDF-1.4\n1 0 obj\n"), bytes.Repeat([]byte("["), 1<<20)...)
	deep = append(deep, "\nstartxref\n9\n%%EOF"...)
	bomb := bytes.Replace(packedPDF(1, ""), []byte("/First"), []byte("/First 99999999 /Fist"), 1)
	for name, data := range map[string][]byte{"circle": circle, "length in itself": own, "deep": deep, "bomb": bomb} {
		if got, err := Inspect(bytes.NewReader(data), int64(len(data))); err == nil && got.Pages > 1 {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

type failingReader struct{}

func (failingReader) ReadAt([]byte, int64) (int, error) { return 0, io.ErrClosedPipe }

func TestFailureOfTheDiskIsNotTheFilesFault(t *testing.T) {
	_, err := Inspect(failingReader{}, 100)
	if _, refused := errors.AsType[*Error](err); refused || !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("got %v", err)
	}
}

func TestCleanName(t *testing.T) {
	long := strings.Repeat("长", 300)
	for _, tc := range []struct{ in, typ, want string }{
		{"审计报告.pdf", TypePDF, "审计报告.pdf"},
		{`C:\用户\桌面\审计报告.PDF`, TypePDF, "审计报告.PDF"},
		{"../../etc/passwd", TypePDF, "passwd.pdf"},
		{"photo.jpeg", TypeJPEG, "photo.jpeg"},
		{"照片.heic", TypeJPEG, "照片.heic.jpg"},
		{"gpj\u202e.exe", TypePNG, "gpj.exe.png"},
		{"  多  空格 .pdf", TypePDF, "多 空格.pdf"},
		{"e\u0301.pdf", TypePDF, "é.pdf"},
		{"", TypePDF, "审计报告.pdf"},
		{"...", TypePDF, "审计报告.pdf"},
		{".pdf", TypePDF, "审计报告.pdf"},
		{"/", TypePNG, "审计报告.png"},
		{`a<b>:"c|d?*.pdf`, TypePDF, "a_b___c_d__.pdf"},
		{"坏\xff字.pdf", TypePDF, "坏字.pdf"},
		{long + ".pdf", TypePDF, strings.Repeat("长", maxName-4) + ".pdf"},
	} {
		if got, err := CleanName(tc.in, AuditReport, tc.typ); err != nil || got != tc.want {
			t.Errorf("%q: %q, %v, want %q", tc.in, got, err, tc.want)
		}
	}
	for _, bad := range []string{"a\x00.pdf", "a\nb.pdf", "a\x7f.pdf", "a\u0085.pdf"} {
		if _, err := CleanName(bad, AuditReport, TypePDF); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

func TestKinds(t *testing.T) {
	for _, k := range Kinds() {
		if !k.Valid() || k.Label() == "附件" || k.Label() == "" {
			t.Errorf("%s: %q", k, k.Label())
		}
	}
	if k := Kind("audit"); k.Valid() || k.Label() != "附件" {
		t.Errorf("unknown kind: %v %q", k.Valid(), k.Label())
	}
}

func TestWords(t *testing.T) {
	for n, want := range map[int64]string{1: "1 字节", 1023: "1023 字节", 1024: "1 KB", 1025: "2 KB", 1 << 20: "1 MB", 1<<20 + 200_000: "1.2 MB", 10 << 20: "10 MB"} {
		if got := Size(n); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
	for c, want := range map[Content]string{{TypePDF, 12}: "PDF，12 页，2 KB", {TypeJPEG, 1}: "JPEG 图片，2 KB", {TypePNG, 1}: "PNG 图片，2 KB"} {
		if got := Describe(c, 2048); got != want {
			t.Errorf("%+v: %s, want %s", c, got, want)
		}
	}
}

func FuzzInspect(f *testing.F) {
	for _, seed := range [][]byte{simplePDF(2), packedPDF(2, ""), packedPDF(1, "/Encrypt 9 0 R"), savedAgain(simplePDF(1)), jpegOf(9, 9), pngOf(9, 9),
		withThumbnail(jpegOf(9, 9)), []byte("%PDF-1.4\nstartxref\n0\n%%EOF")} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := Inspect(bytes.NewReader(data), int64(len(data)))
		if err == nil && (got.MediaType == "" || got.Pages < 1 || got.Pages > maxPages) {
			t.Errorf("taken as %+v", got)
		}
		if err != nil {
			if _, refused := errors.AsType[*Error](err); !refused {
				t.Errorf("an error that is no refusal: %v", err)
			}
		}
	})
}

func FuzzCleanName(f *testing.F) {
	for _, seed := range []string{"审计报告.pdf", "..", `\\server\x.PDF`, "a\u202eb"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		got, err := CleanName(name, Other, TypePDF)
		if err != nil {
			return
		}
		if !utf8.ValidString(got) || utf8.RuneCountInString(got) > maxName || strings.ContainsAny(got, "/\\\x00") || !strings.EqualFold(got[len(got)-4:], ".pdf") {
			t.Errorf("%q became %q", name, got)
		}
		if again, err := CleanName(got, Other, TypePDF); err != nil || again != got {
			t.Errorf("%q became %q, then %q", name, got, again)
		}
	})
}
