// Package sheet reads the rows of a table that an office sends: CSV in UTF-8,
// UTF-16 or GB18030, or the first sheet of an XLSX workbook. It tells the kinds
// apart by their content, never by a file name.
//
// It gives texts as they stand and knows nothing of their meaning. It takes
// untrusted files: sizes are limited, and a broken file or row is an error or a
// fault of that row, never a panic.
package sheet

import (
	"bytes"
	"fmt"
	"io"

	"nianbao/internal/workday"
)

// Row is one row of the file.
type Row struct {
	// Number is the row as a spreadsheet program counts it: the first is 1, blank
	// rows count, a line break inside a cell does not.
	Number int
	// Cells are the texts, without blank cells at the end of an XLSX row.
	Cells []string
	// Fault is Chinese and says why the row could not be read; "" if it could.
	Fault string
}

// FileError says why a file cannot be read at all. Reason is Chinese.
type FileError struct{ Reason string }

// Error is the reason.
func (e *FileError) Error() string { return e.Reason }

// Sheet is a table being read, row by row.
type Sheet struct {
	rows interface {
		// next gives io.EOF after the last row.
		next() (Row, error)
		close() error
	}
	workbook bool
	// from1904 is a workbook whose days are counted from 1904 (old Macintosh).
	from1904 bool
}

const (
	maxTextBytes     = 256 << 20
	maxWorkbookBytes = 64 << 20
)

var (
	zipMagic = []byte("PK\x03\x04")
	// compoundMagic begins an .xls file and a workbook with a password.
	compoundMagic = []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
)

// Open recognises the file and prepares its first row. A file that cannot be
// read at all is a *FileError.
func Open(r io.Reader) (*Sheet, error) {
	raw, err := io.ReadAll(io.LimitReader(r, maxTextBytes+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read table: %w", err)
	case len(raw) > maxTextBytes:
		return nil, &FileError{Reason: "文件超过 256 MB"}
	case len(bytes.TrimSpace(raw)) == 0:
		return nil, &FileError{Reason: "文件是空的"}
	case bytes.HasPrefix(raw, compoundMagic):
		return nil, &FileError{Reason: "是旧版 .xls 或带密码的文件，请另存为不带密码的 .xlsx"}
	case bytes.HasPrefix(raw, zipMagic) && len(raw) > maxWorkbookBytes:
		return nil, &FileError{Reason: "工作簿超过 64 MB，请另存为 CSV"}
	case bytes.HasPrefix(raw, zipMagic):
		return openWorkbook(raw)
	}
	text, err := decode(raw)
	if err != nil {
		return nil, err
	}
	return &Sheet{rows: newTextRows(text)}, nil
}

// Next is the next row that is not blank; io.EOF after the last.
func (s *Sheet) Next() (Row, error) {
	for {
		row, err := s.rows.next()
		if err != nil {
			return Row{}, err
		}
		if row.Fault != "" || !blank(row.Cells) {
			return row, nil
		}
	}
}

// Close frees what an XLSX file holds on disk.
func (s *Sheet) Close() error { return s.rows.close() }

// Workbook reports whether the file is an XLSX workbook, whose short rows only
// mean that the last cells are blank and whose numbers may carry the noise of
// binary fractions.
func (s *Sheet) Workbook() bool { return s.workbook }

// SerialDate reads the number that a date cell of a workbook holds. ok is false
// for a CSV file, or for what is no whole number of days.
func (s *Sheet) SerialDate(cell string) (date workday.Date, ok bool) {
	if !s.workbook {
		return workday.Date{}, false
	}
	return serialDate(cell, s.from1904)
}

func blank(cells []string) bool {
	for _, cell := range cells {
		if cell != "" {
			return false
		}
	}
	return true
}
