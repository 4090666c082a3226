package pdf

import (
	"bytes"
	"cmp"
	"compress/zlib"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
)

// objects is a PDF taken apart: what lies between "n 0 obj" and "endobj", by
// n. It reads what gofpdf writes without compression and nothing else: one
// cross-reference table, whose offsets say where each object begins and ends,
// so that no byte of a stream is taken for a keyword.
type objects struct {
	header     []byte // up to the first object
	bodies     [][]byte
	root, info int
}

var errObjects = errors.New("unexpected structure of gofpdf's file")

// entrySize is the length of one line of a cross-reference table.
const entrySize = 20

// takeApart reads a PDF that gofpdf has written. The bodies share its memory.
func takeApart(file []byte) (*objects, error) {
	xref, err := numberAfter(file[max(0, len(file)-64):], "startxref\n")
	if err != nil || xref >= len(file) {
		return nil, fmt.Errorf("%w: no start of the cross-reference table", errObjects)
	}
	section := file[xref:]
	const head = "xref\n0 "
	size, err := numberAfter(section, head)
	if err != nil || !bytes.HasPrefix(section, []byte(head)) {
		return nil, fmt.Errorf("%w: no cross-reference table", errObjects)
	}
	section = section[len(head):]
	table := section[bytes.IndexByte(section, '\n')+1:]
	if size < 2 || size > len(table)/entrySize {
		return nil, fmt.Errorf("%w: %d objects do not fit into the table", errObjects, size)
	}
	o := &objects{bodies: make([][]byte, size)}
	var e1, e2 error
	o.root, e1 = numberAfter(section, "/Root ")
	o.info, e2 = numberAfter(section, "/Info ")
	if err := errors.Join(e1, e2); err != nil {
		return nil, err
	}
	return o, o.readBodies(file[:xref], table)
}

// readBodies finds each object between its offset and the next one.
func (o *objects) readBodies(file, table []byte) error {
	type place struct{ n, start int }
	places := make([]place, 0, len(o.bodies))
	for n := 1; n < len(o.bodies); n++ {
		start, err := strconv.Atoi(string(table[entrySize*n : entrySize*n+10]))
		if err != nil || start > len(file) {
			return fmt.Errorf("%w: object %d lies outside", errObjects, n)
		}
		places = append(places, place{n, start})
	}
	slices.SortFunc(places, func(a, b place) int { return cmp.Compare(a.start, b.start) })
	o.header = file[:places[0].start]
	for i, p := range places {
		end := len(file)
		if i+1 < len(places) {
			end = places[i+1].start
		}
		body, opened := bytes.CutPrefix(file[p.start:end], fmt.Appendf(nil, "%d 0 obj\n", p.n))
		body, closed := bytes.CutSuffix(body, []byte("\nendobj\n"))
		if !opened || !closed {
			return fmt.Errorf("%w: object %d is not in its place", errObjects, p.n)
		}
		o.bodies[p.n] = body
	}
	return nil
}

// numberAfter reads the decimal number of at most nine digits that follows word.
func numberAfter(data []byte, word string) (int, error) {
	_, rest, found := bytes.Cut(data, []byte(word))
	digits := 0
	for digits < len(rest) && rest[digits] >= '0' && rest[digits] <= '9' {
		digits++
	}
	if !found || digits == 0 || digits > 9 {
		return 0, fmt.Errorf("%w: no number after %q", errObjects, word)
	}
	return strconv.Atoi(string(rest[:digits]))
}

// add appends an object and returns its number.
func (o *objects) add(body []byte) int {
	o.bodies = append(o.bodies, body)
	return len(o.bodies) - 1
}

// addStream appends data as a compressed stream with further entries of its
// dictionary, and returns its number.
func (o *objects) addStream(data []byte, entries string) (int, error) {
	body, err := stream(data, entries)
	if err != nil {
		return 0, err
	}
	return o.add(body), nil
}

// compress packs the streams that gofpdf left plain: the sheets' contents.
func (o *objects) compress() error {
	for n, body := range o.bodies {
		if !bytes.HasPrefix(body, []byte("<</Length ")) {
			continue
		}
		_, data, opened := bytes.Cut(body, []byte(">>\nstream\n"))
		data, closed := bytes.CutSuffix(data, []byte("\nendstream"))
		if !opened || !closed {
			return fmt.Errorf("%w: stream %d has no end", errObjects, n)
		}
		var err error
		if o.bodies[n], err = stream(data, ""); err != nil {
			return err
		}
	}
	return nil
}

// file puts the PDF together again.
func (o *objects) file() []byte {
	const perObject = 48 // frame and line of the table
	total := len(o.header) + 256
	for _, body := range o.bodies {
		total += len(body) + perObject
	}
	out := append(make([]byte, 0, total), o.header...)
	starts := make([]int, len(o.bodies))
	for n := 1; n < len(o.bodies); n++ {
		starts[n] = len(out)
		out = fmt.Appendf(out, "%d 0 obj\n", n)
		out = append(out, o.bodies[n]...)
		out = append(out, "\nendobj\n"...)
	}
	xref := len(out)
	out = fmt.Appendf(out, "xref\n0 %d\n0000000000 65535 f \n", len(o.bodies))
	for n := 1; n < len(o.bodies); n++ {
		out = fmt.Appendf(out, "%010d 00000 n \n", starts[n])
	}
	return fmt.Appendf(out, "trailer\n<<\n/Size %d\n/Root %d 0 R\n/Info %d 0 R\n>>\nstartxref\n%d\n%%%%EOF\n",
		len(o.bodies), o.root, o.info, xref)
}

// packing is the compression level: 15 % smaller files than gofpdf's own level
// 1 makes with its tables; higher levels take longer and save 2 % more.
const packing = 3

// deflaters are reused: setting one up costs more than packing a sheet. A
// used one packs to the same bytes as a new one.
var deflaters sync.Pool

// stream writes the body of a compressed stream object.
func stream(data []byte, entries string) ([]byte, error) {
	var packed bytes.Buffer
	packed.Grow(len(data)/2 + 64)
	w, used := deflaters.Get().(*zlib.Writer)
	if used {
		w.Reset(&packed)
	} else {
		var err error
		if w, err = zlib.NewWriterLevel(&packed, packing); err != nil {
			return nil, fmt.Errorf("compress: %w", err)
		}
	}
	defer deflaters.Put(w)
	if _, err := w.Write(data); err != nil {
		return nil, fmt.Errorf("compress: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("compress: %w", err)
	}
	body := make([]byte, 0, packed.Len()+len(entries)+80)
	body = fmt.Appendf(body, "<</Length %d /Filter /FlateDecode%s>>\nstream\n", packed.Len(), entries)
	body = append(body, packed.Bytes()...)
	return append(body, "\nendstream"...), nil
}
