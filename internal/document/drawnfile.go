package document

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strconv"
)

// drawnFile is the skeleton of a PDF that a Renderer has just written: one
// cross-reference table, no encryption, no form. It is no reader of PDFs from
// elsewhere; anything else is errDrawn.
type drawnFile struct {
	data             []byte
	xref             int // where the cross-reference table begins
	table            int // where its first entry begins
	size, root, info int
}

var (
	errDrawn = errors.New("unexpected structure of the drawn PDF")

	startPattern = regexp.MustCompile(`startxref\s+(\d{1,10})\s+%%EOF\s*$`)
	tablePattern = regexp.MustCompile(`^xref\s+0 (\d{1,10})\s*\n`)
	rootPattern  = regexp.MustCompile(`/Root (\d{1,10}) 0 R`)
	infoPattern  = regexp.MustCompile(`/Info (\d{1,10}) 0 R`)
	kidPattern   = regexp.MustCompile(`(\d{1,10}) 0 R`)
	kidsPattern  = regexp.MustCompile(`/Kids \[([^\]]*)\]`)
)

func parseDrawn(data []byte) (drawnFile, error) {
	f := drawnFile{data: data}
	var err error
	if f.xref, err = number(startPattern, data[max(0, len(data)-256):]); err != nil || f.xref >= len(data) {
		return f, fmt.Errorf("%w: no start of the cross-reference table", errDrawn)
	}
	section := data[f.xref:]
	trailer := bytes.LastIndex(section, []byte("trailer"))
	head := tablePattern.Find(section)
	if head == nil || trailer < 0 {
		return f, fmt.Errorf("%w: no cross-reference table", errDrawn)
	}
	f.table = f.xref + len(head)
	var e1, e2, e3 error
	f.size, e1 = number(tablePattern, section)
	f.root, e2 = number(rootPattern, section[trailer:])
	f.info, e3 = number(infoPattern, section[trailer:])
	return f, errors.Join(e1, e2, e3)
}

func number(re *regexp.Regexp, data []byte) (int, error) {
	m := re.FindSubmatch(data)
	if m == nil {
		return 0, fmt.Errorf("%w: %s is missing", errDrawn, re)
	}
	return strconv.Atoi(string(m[1]))
}

// entrySize is the length of one line of a cross-reference table.
const entrySize = 20

// object returns what lies between "n 0 obj" and "endobj".
func (f drawnFile) object(n int) ([]byte, error) {
	at := f.table + entrySize*n
	if n < 1 || n >= f.size || at+entrySize > len(f.data) {
		return nil, fmt.Errorf("%w: no object %d", errDrawn, n)
	}
	offset, err := strconv.Atoi(string(f.data[at : at+10]))
	head := fmt.Appendf(nil, "%d 0 obj\n", n)
	if err != nil || offset >= len(f.data) || !bytes.HasPrefix(f.data[offset:], head) {
		return nil, fmt.Errorf("%w: object %d is not in its place", errDrawn, n)
	}
	body, _, found := bytes.Cut(f.data[offset+len(head):], []byte("endobj"))
	if !found {
		return nil, fmt.Errorf("%w: object %d has no end", errDrawn, n)
	}
	return body, nil
}

// dictionary returns object n, a dictionary, without its closing >>.
func (f drawnFile) dictionary(n int) ([]byte, error) {
	body, err := f.object(n)
	if err != nil {
		return nil, err
	}
	end := bytes.LastIndex(body, []byte(">>"))
	if end < 0 {
		return nil, fmt.Errorf("%w: object %d is no dictionary", errDrawn, n)
	}
	for _, key := range []string{"/AcroForm", "/Annots", "/Perms", "/Lang", "/ViewerPreferences"} {
		if bytes.Contains(body, []byte(key)) {
			return nil, fmt.Errorf("%w: object %d already has %s", errDrawn, n, key)
		}
	}
	return append(bytes.Clone(body[:end]), '\n'), nil
}

// page returns the object number of a sheet, counted from 1. gofpdf keeps the
// page tree flat, in object 1.
func (f drawnFile) page(sheet int) (int, error) {
	tree, err := f.object(1)
	if err != nil {
		return 0, err
	}
	kids := kidsPattern.FindSubmatch(tree)
	if kids == nil {
		return 0, fmt.Errorf("%w: no page tree", errDrawn)
	}
	pages := kidPattern.FindAllSubmatch(kids[1], -1)
	if sheet < 1 || sheet > len(pages) {
		return 0, fmt.Errorf("%w: sheet %d of %d", errDrawn, sheet, len(pages))
	}
	return strconv.Atoi(string(pages[sheet-1][1]))
}
