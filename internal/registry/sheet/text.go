package sheet

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
)

const (
	bomUTF8    = "\xef\xbb\xbf"
	bomUTF16LE = "\xff\xfe"
	bomUTF16BE = "\xfe\xff"
)

// decode turns a text file into UTF-8. Bytes that its encoding does not know
// become U+FFFD, so that only their rows are spoilt.
func decode(raw []byte) ([]byte, error) {
	prefix := string(raw[:min(len(raw), 3)])
	switch {
	case strings.HasPrefix(prefix, bomUTF8):
		return bytes.ToValidUTF8(raw[len(bomUTF8):], []byte("\ufffd")), nil
	case strings.HasPrefix(prefix, bomUTF16LE), strings.HasPrefix(prefix, bomUTF16BE):
		text, err := unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM).NewDecoder().Bytes(raw)
		if err != nil {
			return nil, &FileError{Reason: "不是完整的 UTF-16 文件"}
		}
		return text, nil
	case bytes.IndexByte(raw, 0) >= 0:
		return nil, &FileError{Reason: "不是 CSV 或 XLSX 文件"}
	case looksLikeUTF8(raw):
		return bytes.ToValidUTF8(raw, []byte("\ufffd")), nil
	}
	text, err := simplifiedchinese.GB18030.NewDecoder().Bytes(raw)
	if err != nil {
		return nil, &FileError{Reason: "文件编码不是 UTF-8 或 GB18030"}
	}
	return text, nil
}

// looksLikeUTF8 tells a UTF-8 file, even with a few broken bytes, from a
// GB18030 one: in GB18030 text only rare accidents are valid UTF-8 sequences,
// while a broken UTF-8 file read as GB18030 would go in as wrong characters.
func looksLikeUTF8(raw []byte) bool {
	valid, invalid := 0, 0
	for i := 0; i < len(raw); {
		r, size := utf8.DecodeRune(raw[i:])
		i += size
		switch {
		case r == utf8.RuneError && size == 1:
			invalid++
		case size > 1:
			valid++
		}
	}
	return valid >= invalid
}

// textRows reads the records of a CSV file.
type textRows struct {
	reader *csv.Reader
	// inside counts the line breaks inside cells so far.
	inside int
}

func newTextRows(text []byte) *textRows {
	reader := csv.NewReader(bytes.NewReader(text))
	reader.FieldsPerRecord = -1
	reader.Comma = delimiter(text)
	return &textRows{reader: reader}
}

// delimiter is the tab where the first line has tabs only, as Excel's "Unicode
// text" does; else the comma.
func delimiter(text []byte) rune {
	first, _, _ := bytes.Cut(text, []byte("\n"))
	if bytes.IndexByte(first, '\t') >= 0 && bytes.IndexByte(first, ',') < 0 {
		return '\t'
	}
	return ','
}

func (t *textRows) next() (Row, error) {
	cells, err := t.reader.Read()
	if errors.Is(err, io.EOF) {
		return Row{}, io.EOF
	}
	var parseErr *csv.ParseError
	if errors.As(err, &parseErr) {
		row := Row{Number: parseErr.StartLine - t.inside, Fault: "引号不配对或位置不对"}
		if parseErr.Line > parseErr.StartLine {
			row.Fault += fmt.Sprintf("，直到文件第 %d 行的内容都没有读入", parseErr.Line)
		}
		t.inside += parseErr.Line - parseErr.StartLine
		return row, nil
	}
	if err != nil {
		return Row{}, fmt.Errorf("read CSV: %w", err)
	}
	line, _ := t.reader.FieldPos(0)
	row := Row{Number: line - t.inside, Cells: cells}
	for i, cell := range cells {
		t.inside += strings.Count(cell, "\n")
		cells[i] = strings.TrimSpace(cell)
	}
	return row, nil
}

func (t *textRows) close() error { return nil }
