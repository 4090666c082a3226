package pdf

import (
	"bytes"
	"compress/zlib"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jung-kurt/gofpdf"
)

// drawnByLibrary is a file as gofpdf writes it, with what could mislead a
// reader in a sheet's stream.
func drawnByLibrary(t testing.TB) []byte {
	t.Helper()
	p := gofpdf.New("P", "mm", "A4", "")
	p.SetCompression(false)
	p.SetCreationDate(orderedAt)
	p.SetModificationDate(orderedAt)
	p.SetTitle("甲", true)
	standIn(p, regular)
	for range 2 {
		p.AddPage()
		p.RawWriteStr("% \nendobj\n7 0 obj\nstartxref\n12\nxref\n0 3\n>>\nstream\n\nendstream")
	}
	var out bytes.Buffer
	if err := p.Output(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func apart(t testing.TB, file []byte) *objects {
	t.Helper()
	o, err := takeApart(file)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// Taking a file apart and putting it together changes nothing but the order
// of the objects; the second time not even that.
func TestTakingApartKeepsEveryObject(t *testing.T) {
	file := drawnByLibrary(t)
	o := apart(t, file)
	again := apart(t, o.file())
	if diff := cmp.Diff(o, again, cmp.AllowUnexported(objects{})); diff != "" {
		t.Errorf("put together and taken apart again (-first +second):\n%s", diff)
	}
	if !bytes.Equal(o.file(), again.file()) {
		t.Error("putting together twice gives two files")
	}
	for n, body := range o.bodies[1:] {
		if !bytes.Contains(file, body) {
			t.Errorf("object %d is not in the file", n+1)
		}
	}
	if got := string(o.bodies[o.root]); !strings.Contains(got, "/Type /Catalog") {
		t.Errorf("the root is %s", got)
	}
	if got := string(o.bodies[o.info]); !strings.Contains(got, "/Title") {
		t.Errorf("the properties are %s", got)
	}
	if got := string(o.header); got != "%PDF-1.3\n" {
		t.Errorf("header %q", got)
	}
}

// The offsets of the table point at the objects, whatever was exchanged.
func TestTableFitsChangedObjects(t *testing.T) {
	o := apart(t, drawnByLibrary(t))
	o.bodies[1] = bytes.Repeat([]byte("<</Longer true>>"), 20)
	n := o.add([]byte("<</New true>>"))
	again := apart(t, o.file())
	if len(again.bodies) != n+1 || string(again.bodies[n]) != "<</New true>>" || !bytes.Equal(again.bodies[1], o.bodies[1]) {
		t.Errorf("%d objects, object 1 %.40s, the new one %s", len(again.bodies), again.bodies[1], again.bodies[n])
	}
}

func TestForeignFilesAreRefused(t *testing.T) {
	good := string(drawnByLibrary(t))
	swap := func(old, new string) string {
		if !strings.Contains(good, old) {
			t.Fatalf("the file does not hold %q", old)
		}
		at := strings.LastIndex(good, old)
		return good[:at] + new + good[at+len(old):]
	}
	for name, file := range map[string]string{
		"empty":                  "",
		"cut short":              good[:len(good)/2],
		"no trailer":             good[:strings.LastIndex(good, "trailer")] + good[strings.LastIndex(good, "startxref"):],
		"start without number":   swap("startxref\n", "startxref\nx"),
		"start outside":          swap("startxref\n", "startxref\n9"),
		"start in mid-table":     good[:strings.LastIndex(good, "startxref")] + "startxref\n9\n%%EOF\n",
		"endless number":         swap("startxref\n", "startxref\n0000000000"),
		"too many objects":       swap("xref\n0 ", "xref\n0 9"),
		"no objects":             swap("\nxref\n0 ", "\nxref\n0 1\n"),
		"no root":                swap("/Root ", "/Boot "),
		"no properties":          swap("/Info ", "/Inof "),
		"offset is no number":    swap("\n0000000009 ", "\n000000000x "),
		"offset outside":         swap("\n0000000009 ", "\n9000000009 "),
		"offset beside":          swap("\n0000000009 ", "\n0000000010 "),
		"object without its end": swap("endobj\nxref", "\nxref"),
	} {
		if _, err := takeApart([]byte(file)); !errors.Is(err, errObjects) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzTakeApart(f *testing.F) {
	f.Add(drawnByLibrary(f))
	f.Add([]byte("%PDF-1.3\n1 0 obj\n<<>>\nendobj\nxref\n0 2\n0000000000 65535 f \n0000000009 00000 n \ntrailer\n<<\n/Size 2\n/Root 1 0 R\n/Info 1 0 R\n>>\nstartxref\n30\n%%EOF\n"))
	f.Fuzz(func(t *testing.T, file []byte) {
		o, err := takeApart(file)
		if err != nil {
			return
		}
		again, err := takeApart(o.file())
		if err != nil {
			t.Fatalf("cannot be taken apart again: %v", err)
		}
		for n := range o.bodies {
			if !bytes.Equal(o.bodies[n], again.bodies[n]) {
				t.Fatalf("object %d changed", n)
			}
		}
	})
}

// unpack returns what a stream object holds, after comparing its length.
func unpack(t testing.TB, body []byte) string {
	t.Helper()
	head, rest, found := bytes.Cut(body, []byte(">>\nstream\n"))
	data, closed := bytes.CutSuffix(rest, []byte("\nendstream"))
	length, err := numberAfter(head, "/Length ")
	if !found || !closed || err != nil || length != len(data) || !bytes.Contains(head, []byte("/Filter /FlateDecode")) {
		t.Fatalf("stream with head %s and %d bytes (%v)", head, len(data), err)
	}
	r, err := zlib.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(plain)
}

// The sheets' streams are packed, whole, and nothing else is.
func TestCompressPacksTheSheets(t *testing.T) {
	o := apart(t, drawnByLibrary(t))
	before := bytes.Clone(bytes.Join(o.bodies, nil))
	if err := o.compress(); err != nil {
		t.Fatal(err)
	}
	packed := 0
	for _, body := range o.bodies {
		if bytes.HasPrefix(body, []byte("<</Length ")) {
			packed++
			if plain := unpack(t, body); !strings.HasSuffix(plain, "\nendstream\n") || !bytes.Contains(before, []byte(plain)) {
				t.Errorf("the sheet became %q", plain)
			}
		}
	}
	if packed != 2 {
		t.Errorf("%d streams packed, want 2", packed)
	}
	broken := &objects{bodies: [][]byte{nil, []byte("<</Length 3>>\nstream\nabc")}}
	if err := broken.compress(); !errors.Is(err, errObjects) {
		t.Errorf("a stream without an end: %v", err)
	}
}

// What a compressor packed before, or packs elsewhere, shows in no stream.
func TestStreamsDependOnTheirDataOnly(t *testing.T) {
	texts := []string{"", "甲", strings.Repeat("年度报告", 5000), strings.Repeat("x", 200_000)}
	want := make([]string, len(texts))
	for i, text := range texts {
		body, err := stream([]byte(text), " /Length1 7")
		if err != nil {
			t.Fatal(err)
		}
		if want[i] = string(body); unpack(t, body) != text || !strings.Contains(want[i][:60], " /Length1 7>>") {
			t.Errorf("%d bytes became %.60s", len(text), body)
		}
	}
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for i := range 20 {
				n := i * 3 % len(texts)
				if body, err := stream([]byte(texts[n]), " /Length1 7"); err != nil || string(body) != want[n] {
					t.Errorf("%d bytes packed differently (%v)", len(texts[n]), err)
				}
			}
		})
	}
	group.Wait()
}
