package attachment

import (
	"bytes"
	"compress/zlib"
	"errors"
	"io"
	"strconv"
)

// section is a run of entries of the cross-reference: a table that is read
// where it lies, or one that was packed in a stream.
type section struct {
	first, count int
	table        int64  // where a table's first entry begins
	data         []byte // entries of a stream; nil for a table
	widths       [3]int // of the three parts of such an entry
}

// place is where an object lies: at an offset, or in an object stream.
type place struct {
	offset int64
	stream int // number of the object stream; 0 for none
}

const entryBytes = 20 // of an entry of a table

// find looks an object up, in the newest section that names it.
func (f *pdfFile) find(number int) (place, error) {
	for _, s := range f.sections {
		if number < s.first || number-s.first >= s.count {
			continue
		}
		if s.data == nil {
			return f.findInTable(s, number)
		}
		return s.findInStream(number)
	}
	return place{}, errStructure
}

func (f *pdfFile) findInTable(s section, number int) (place, error) {
	entry, err := f.window(s.table+entryBytes*int64(number-s.first), entryBytes)
	if err != nil {
		return place{}, err
	}
	if len(entry) < 18 || entry[17] != 'n' {
		return place{}, errStructure
	}
	offset, err := strconv.ParseInt(string(bytes.TrimSpace(entry[:10])), 10, 64)
	if err != nil {
		return place{}, errStructure
	}
	return place{offset: offset}, nil
}

func (s section) findInStream(number int) (place, error) {
	size := s.widths[0] + s.widths[1] + s.widths[2]
	at := size * (number - s.first)
	if at+size > len(s.data) {
		return place{}, errStructure
	}
	entry := s.data[at : at+size]
	kind := int64(1)
	if s.widths[0] > 0 {
		kind = bigEndian(entry[:s.widths[0]])
	}
	second := bigEndian(entry[s.widths[0] : s.widths[0]+s.widths[1]])
	switch kind {
	case 1:
		return place{offset: second}, nil
	case 2:
		if second > 0 && second < 1<<31 {
			return place{stream: int(second)}, nil
		}
	}
	return place{}, errStructure
}

func bigEndian(data []byte) int64 {
	var n int64
	for _, b := range data {
		n = n<<8 | int64(b)
	}
	return n
}

// readSections reads the directory from its newest section back to the first.
// A file that is encrypted says so here.
func (f *pdfFile) readSections(start int64) error {
	seen := map[int64]bool{}
	for next := start; next >= 0; {
		if seen[next] || len(seen) >= maxSections {
			return errStructure
		}
		seen[next] = true
		trailer, err := f.readSection(next)
		if err != nil {
			return err
		}
		if trailer["Encrypt"] != nil {
			return errEncrypted
		}
		if f.root == nil {
			f.root = trailer["Root"]
		}
		if beside, ok := trailer["XRefStm"].(int); ok && !seen[int64(beside)] {
			seen[int64(beside)] = true
			if _, err := f.readSection(int64(beside)); err != nil {
				return err
			}
		}
		next = -1
		if previous, ok := trailer["Prev"].(int); ok {
			next = int64(previous)
		}
	}
	return nil
}

// readSection reads one section of either kind and gives its trailer.
func (f *pdfFile) readSection(at int64) (map[string]any, error) {
	head, err := f.window(at, 32)
	if err != nil {
		return nil, err
	}
	if bytes.HasPrefix(bytes.TrimLeft(head, " \r\n\t"), []byte("xref")) {
		return f.readTable(at)
	}
	return f.readStream(at)
}

// readTable notes where the runs of a table lie; its entries are read when
// they are looked up.
func (f *pdfFile) readTable(at int64) (map[string]any, error) {
	first := true
	for range maxSections {
		line, err := f.window(at, 256)
		if err != nil {
			return nil, err
		}
		p := &parser{data: line}
		if first && !p.word("xref") {
			return nil, errStructure
		}
		first = false
		if p.word("trailer") {
			return f.trailerAt(at + int64(p.at))
		}
		start, ok1 := p.integer()
		count, ok2 := p.integer()
		if !ok1 || !ok2 || start < 0 || count < 0 || int64(count)*entryBytes > f.size {
			return nil, errStructure
		}
		p.space()
		f.sections = append(f.sections, section{first: start, count: count, table: at + int64(p.at)})
		at += int64(p.at) + entryBytes*int64(count)
	}
	return nil, errStructure
}

func (f *pdfFile) trailerAt(at int64) (map[string]any, error) {
	data, err := f.window(at, 64<<10)
	if err != nil {
		return nil, err
	}
	v, err := (&parser{data: data}).value(0)
	trailer, ok := v.(map[string]any)
	if err != nil || !ok {
		return nil, errStructure
	}
	return trailer, nil
}

// readStream unpacks a cross-reference stream, whose dictionary is the trailer.
func (f *pdfFile) readStream(at int64) (map[string]any, error) {
	dict, data, err := f.streamAt(at, -1)
	if err != nil {
		return nil, err
	}
	widths, ok := dict["W"].([]any)
	if dict["Type"] != name("XRef") || !ok || len(widths) != 3 {
		return nil, errStructure
	}
	var w [3]int
	size := 0
	for i := range w {
		n, ok := widths[i].(int)
		if !ok || n < 0 || n > 7 {
			return nil, errStructure
		}
		w[i] = n
		size += n
	}
	index, ok := dict["Index"].([]any)
	if !ok {
		index = []any{0, dict["Size"]}
	}
	for i := 0; i+1 < len(index); i += 2 {
		first, ok1 := index[i].(int)
		count, ok2 := index[i+1].(int)
		if !ok1 || !ok2 || first < 0 || count < 0 || size == 0 || count > len(data)/size {
			return nil, errStructure
		}
		f.sections = append(f.sections, section{first: first, count: count, data: data[:count*size], widths: w})
		data = data[count*size:]
	}
	return dict, nil
}

// streamAt reads a stream object and unpacks it.
func (f *pdfFile) streamAt(at int64, number int) (map[string]any, []byte, error) {
	v, end, err := f.objectAt(at, number)
	if err != nil {
		return nil, nil, err
	}
	dict, ok := v.(map[string]any)
	if !ok {
		return nil, nil, errStructure
	}
	mark, err := f.window(end, 64)
	if err != nil {
		return nil, nil, err
	}
	p := &parser{data: mark}
	if !p.word("stream") {
		return nil, nil, errStructure
	}
	p.lineEnd()
	n, err := f.length(dict["Length"])
	begin := end + int64(p.at)
	if err != nil || n < 0 || int64(n) > f.size-begin {
		return nil, nil, errors.Join(errStructure, err)
	}
	data, err := f.unpack(dict, io.NewSectionReader(f.r, begin, int64(n)))
	return dict, data, err
}

// length is that of a stream. It may lie in an object of its own, but not in a
// packed one: to read that, a length would be needed.
func (f *pdfFile) length(v any) (int, error) {
	if ref, ok := v.(reference); ok {
		at, err := f.find(int(ref))
		if err != nil || at.stream != 0 {
			return 0, errStructure
		}
		if v, _, err = f.objectAt(at.offset, int(ref)); err != nil {
			return 0, err
		}
	}
	n, ok := v.(int)
	if !ok {
		return 0, errStructure
	}
	return n, nil
}

// unpack undoes the one packing that cross-references and object streams use.
func (f *pdfFile) unpack(dict map[string]any, packed io.Reader) ([]byte, error) {
	filter, parms := only(dict["Filter"]), only(dict["DecodeParms"])
	if filter == name("FlateDecode") {
		inflated, err := zlib.NewReader(packed)
		if err != nil {
			return nil, errStructure
		}
		packed = inflated
	} else if filter != nil {
		return nil, errStructure
	}
	data, err := io.ReadAll(io.LimitReader(packed, f.budget+1))
	if f.budget -= int64(len(data)); f.budget < 0 {
		return nil, errStructure
	}
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) { // a missing checksum at the end is no harm
		return nil, errStructure
	}
	options, ok := parms.(map[string]any)
	if !ok {
		return data, nil
	}
	return unpredict(data, options)
}

// only is the one member of an array, or what is no array.
func only(v any) any {
	if list, ok := v.([]any); ok {
		if len(list) != 1 {
			return nil
		}
		return list[0]
	}
	return v
}

// unpredict undoes the row predictors of PNG (ISO 32000-1, 7.4.4.4), of which
// cross-reference streams use the one for "up"; all of one byte a sample.
func unpredict(data []byte, options map[string]any) ([]byte, error) {
	predictor, _ := options["Predictor"].(int)
	if predictor < 2 {
		return data, nil
	}
	columns, ok := options["Columns"].(int)
	if !ok {
		columns = 1
	}
	if predictor < 10 || columns < 1 || columns > 1<<16 {
		return nil, errStructure
	}
	out := make([]byte, 0, len(data))
	before := make([]byte, columns)
	for ; len(data) > columns; data = data[columns+1:] {
		row := bytes.Clone(data[1 : columns+1])
		if !unpredictRow(data[0], row, before) {
			return nil, errStructure
		}
		out = append(out, row...)
		before = row
	}
	return out, nil
}

func unpredictRow(kind byte, row, before []byte) bool {
	switch kind {
	case 0:
	case 1:
		for i := 1; i < len(row); i++ {
			row[i] += row[i-1]
		}
	case 2:
		for i := range row {
			row[i] += before[i]
		}
	default:
		return false
	}
	return true
}

// packedObject finds an object in an object stream.
func (f *pdfFile) packedObject(stream, number int) (any, error) {
	data, ok := f.packed[stream]
	if !ok {
		at, err := f.find(stream)
		if err != nil || at.stream != 0 {
			return nil, errStructure
		}
		dict, unpacked, err := f.streamAt(at.offset, stream)
		if err != nil {
			return nil, err
		}
		// The head is pairs of number and offset, N of them, before First.
		first, ok := dict["First"].(int)
		if dict["Type"] != name("ObjStm") || !ok || first < 0 || first > len(unpacked) {
			return nil, errStructure
		}
		if f.packed == nil {
			f.packed = map[int][]byte{}
		}
		data = unpacked
		f.packed[stream] = data
		f.packed[-stream] = data[:first]
	}
	head := f.packed[-stream]
	p := &parser{data: head}
	for {
		got, ok1 := p.integer()
		offset, ok2 := p.integer()
		if !ok1 || !ok2 || offset < 0 || offset > len(data)-len(head) {
			return nil, errStructure
		}
		if got == number {
			v, err := (&parser{data: data[len(head)+offset:]}).value(0)
			if err != nil {
				return nil, errStructure
			}
			return v, nil
		}
	}
}
