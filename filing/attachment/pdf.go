package attachment

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
)

// Bounds of reading a PDF. A file that asks for more is not read further.
const (
	maxPages     = 2000
	maxSections  = 500      // cross-reference sections, one for each time the file was saved
	maxUnpacked  = 32 << 20 // bytes of packed streams, all together
	maxObject    = 4 << 20  // bytes of one object's text
	maxTreeDepth = 40
	tailBytes    = 4096 // in which the file's end mark must stand
)

var (
	errEncrypted = unprocessable(CodeEncrypted,
		"这个 PDF 设有密码或权限保护。请取消保护（例如用“打印为 PDF”另存一份）后再上传。")
	errTooManyPages = unprocessable(CodePages, fmt.Sprintf("这个 PDF 超过 %d 页。请只保留需要的页，或者拆成几个文件后再上传。", maxPages))
)

// errStructure says that the file's own directory cannot be followed.
var errStructure = errors.New("unreadable structure")

// countPages gives the number of pages of a PDF, which must be whole and open
// to everybody. Where the file's directory of objects is at fault, as some
// scanners write it, the page objects that stand in the open are counted.
func countPages(r io.ReaderAt, size int64) (int, error) {
	f := &pdfFile{r: r, size: size, budget: maxUnpacked}
	start, err := f.start()
	if err != nil {
		return 0, err
	}
	pages, err := f.pages(start)
	if errors.Is(err, errStructure) {
		pages, err = f.countOpen()
	}
	switch {
	case err != nil:
		return 0, err
	case pages > maxPages:
		return 0, errTooManyPages
	}
	return pages, nil
}

// pdfFile reads objects of a PDF where they lie (ISO 32000-1, 7.5). Nothing of
// it is kept but the places of the cross-reference sections and what was
// unpacked, within the budget.
type pdfFile struct {
	r        io.ReaderAt
	size     int64
	budget   int64     // bytes that may still be unpacked
	sections []section // the newest first
	root     any
	packed   map[int][]byte // object streams, unpacked
}

var startMark = regexp.MustCompile(`startxref\s+(\d{1,12})\s*%%EOF`)

// start is where the last cross-reference section lies. A file without an end
// mark was cut off.
func (f *pdfFile) start() (int64, error) {
	tail, err := f.window(max(0, f.size-tailBytes), tailBytes)
	if err != nil {
		return 0, err
	}
	if !bytes.Contains(tail, []byte("%%EOF")) {
		return 0, errDamaged
	}
	all := startMark.FindAllSubmatch(tail, -1)
	if len(all) == 0 {
		return -1, nil // no directory: what stands in the open is counted
	}
	return strconv.ParseInt(string(all[len(all)-1][1]), 10, 64)
}

// window reads up to n bytes from at; less at the end of the file.
func (f *pdfFile) window(at, n int64) ([]byte, error) {
	if at < 0 || at >= f.size {
		return nil, errStructure
	}
	data := make([]byte, min(n, f.size-at))
	read, err := f.r.ReadAt(data, at)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, &readError{err}
	}
	return data[:read], nil
}

// pages follows the directory from start to the page tree.
func (f *pdfFile) pages(start int64) (int, error) {
	if err := f.readSections(start); err != nil {
		return 0, err
	}
	root, err := f.dictionary(f.root)
	if err != nil {
		return 0, err
	}
	tree, err := f.dictionary(root["Pages"])
	if err != nil {
		return 0, err
	}
	count, err := f.resolve(tree["Count"])
	if err != nil {
		return 0, err
	}
	n, ok := count.(int)
	if !ok || n < 1 {
		return 0, errStructure
	}
	return n, f.reachPage(tree)
}

// reachPage follows the tree's first branch to a page, so that the count is
// that of a document which can be opened.
func (f *pdfFile) reachPage(node map[string]any) error {
	for range maxTreeDepth {
		if node["Type"] == name("Page") {
			return nil
		}
		kids, err := f.resolve(node["Kids"])
		if err != nil {
			return err
		}
		list, ok := kids.([]any)
		if !ok || len(list) == 0 {
			return errStructure
		}
		if node, err = f.dictionary(list[0]); err != nil {
			return err
		}
	}
	return errStructure
}

// dictionary resolves v, which must be a dictionary.
func (f *pdfFile) dictionary(v any) (map[string]any, error) {
	v, err := f.resolve(v)
	if err != nil {
		return nil, err
	}
	d, ok := v.(map[string]any)
	if !ok {
		return nil, errStructure
	}
	return d, nil
}

// resolve follows a reference to the object that it names; anything else is
// itself.
func (f *pdfFile) resolve(v any) (any, error) {
	ref, ok := v.(reference)
	if !ok {
		return v, nil
	}
	place, err := f.find(int(ref))
	if err != nil {
		return nil, err
	}
	if place.stream != 0 {
		return f.packedObject(place.stream, int(ref))
	}
	found, _, err := f.objectAt(place.offset, int(ref))
	if _, again := found.(reference); again {
		return nil, errStructure // an object is never a mere reference
	}
	return found, err
}

// objectAt reads "number generation obj" and the object behind it, and says
// where the object's text ends. number -1 takes any.
func (f *pdfFile) objectAt(at int64, number int) (any, int64, error) {
	for n := int64(4 << 10); n <= maxObject; n *= 8 {
		data, err := f.window(at, n)
		if err != nil {
			return nil, 0, err
		}
		p := &parser{data: data}
		got, ok := p.header()
		if !ok || number >= 0 && got != number {
			return nil, 0, errStructure
		}
		v, err := p.value(0)
		if err == nil && (p.at < len(data) || at+int64(len(data)) == f.size) {
			return v, at + int64(p.at), nil
		}
		if at+int64(len(data)) >= f.size || errors.Is(err, errSyntax) {
			return nil, 0, errStructure
		}
	}
	return nil, 0, errStructure
}

var (
	openPage    = regexp.MustCompile(`/Type\s*/Page\W`)
	openEncrypt = regexp.MustCompile(`/Encrypt\s*(\d+\s+\d+\s+R|<<)`)
)

// countOpen counts the page objects that stand unpacked in the file.
func (f *pdfFile) countOpen() (int, error) {
	const chunk, overlap = 1 << 20, 64
	pages := 0
	for at := int64(0); at < f.size; at += chunk {
		data, err := f.window(at, chunk+overlap)
		if err != nil {
			return 0, err
		}
		for _, found := range openPage.FindAllIndex(data, -1) {
			if found[0] < chunk {
				pages++
			}
		}
		if openEncrypt.Match(data) {
			return 0, errEncrypted
		}
	}
	if pages == 0 {
		return 0, errDamaged
	}
	return pages, nil
}
