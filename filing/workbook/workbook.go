// Package workbook turns a report into an XLSX workbook that can be filled in
// offline, reads such a workbook back, and reads the plain statement sheets that
// accounting programs export.
//
// It owns the sheets' layout, the marks by which a sheet is read (never by
// position alone), how a cell's content becomes a value of the form, and how
// what was read compares with a draft. It judges nothing: sums, required fields
// and ranges are for the form checks. It stores nothing and opens no files.
//
// Invariants: what was written is read back as the same values; formulas come
// from the form's own and from nowhere else, and computed figures are never read
// from a workbook of ours; a cell that cannot be read never changes a draft, and
// the person is told its sheet and name; untrusted bytes go through
// internal/xlsx, whose limits bound memory.
package workbook

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"nianbao/filing/form"
	"nianbao/internal/xlsx"
)

// Part says which of a report's sheets a workbook has.
type Part string

// The parts: the three statements, or everything.
const (
	Statements Part = "statements"
	All        Part = "all"
)

// Valid reports whether it is one of the parts.
func (p Part) Valid() bool { return p == Statements || p == All }

// Report is the report that a workbook is for.
type Report struct {
	Form    *form.Form
	Context form.Context
	Year    int
	USCC    string
	Name    string // of the organisation
	Values  form.Values
}

// MaxBytes is the largest file taken: 5 MB.
const MaxBytes = 5 << 20

// limits of what is read out of a file. The largest workbook of ours has some
// 40 sheets and 30,000 cells; an accounting program's has fewer.
var limits = xlsx.Limits{MaxBytes: 32 << 20, MaxParts: 1000, MaxSheets: 100, MaxCells: 100_000, MaxMerged: 2000}

// The codes of an Error beside those of internal/xlsx.
const (
	CodeWrongTemplate     = "workbook_wrong_template"     // of another form, version or part
	CodeWrongYear         = "workbook_wrong_year"         // of another report year
	CodeWrongOrganisation = "workbook_wrong_organisation" // of another organisation
	CodeNothingFound      = "workbook_nothing_found"      // no statement is recognised in it
	CodeNotTable          = "not_a_workbook"              // neither a workbook nor CSV
	CodeEmptyFile         = "workbook_empty"
	CodeTooLarge          = xlsx.CodeTooLarge
)

// Error refuses a whole file: 422, or 413 where it is too large. It is a
// DomainError of the web packages.
type Error struct {
	code   string
	detail string
}

func refuse(code, format string, args ...any) *Error {
	return &Error{code, fmt.Sprintf(format, args...)}
}

func (e *Error) Error() string { return "workbook refused: " + e.code + ": " + e.detail }

// HTTPStatus is 413 for a file too large, else 422.
func (e *Error) HTTPStatus() int {
	if e.code == CodeTooLarge {
		return http.StatusRequestEntityTooLarge
	}
	return http.StatusUnprocessableEntity
}

// Code is the stable code.
func (e *Error) Code() string { return e.code }

// Detail says in Chinese what is wrong and what to do.
func (e *Error) Detail() string { return e.detail }

// readers bounds how many files are read at once, and with them the memory that
// reading takes: some 100 MB each at worst.
var readers = make(chan struct{}, 2)

// Read reads a file for the report: a workbook of ours for this very report, or
// the statements that an accounting program exported as XLSX or CSV. A file that
// cannot be read as a whole is an *Error; what is wrong with single cells is in
// the Reading.
func Read(raw []byte, r Report) (*Reading, error) {
	switch {
	case len(raw) == 0:
		return nil, refuse(CodeEmptyFile, "文件是空的。请重新选择文件。")
	case len(raw) > MaxBytes:
		return nil, refuse(CodeTooLarge, "文件超过 5 MB。请只保留要上传的工作表，删去图片和多余的内容后再上传。")
	}
	readers <- struct{}{}
	defer func() { <-readers }()
	return read(raw, r)
}

func read(raw []byte, r Report) (*Reading, error) {
	if !xlsx.IsArchive(raw) {
		book, err := readText(raw)
		if err != nil {
			return nil, err
		}
		return readPlain(book, r)
	}
	book, err := xlsx.Read(raw, limits)
	var refused *xlsx.Error
	if errors.As(err, &refused) {
		return nil, &Error{refused.Code, refused.Detail}
	}
	if err != nil {
		return nil, fmt.Errorf("read workbook: %w", err)
	}
	return readBook(book, r)
}

// readBook tells a workbook of ours from another program's.
func readBook(book *xlsx.Book, r Report) (*Reading, error) {
	if stamp, ok := readStamp(book); ok {
		if err := stamp.fits(r); err != nil {
			return nil, err
		}
		return readTemplate(book, r, stamp), nil
	}
	return readPlain(book, r)
}

// sections are those of the report that a workbook of the part has. What hangs
// on other answers is there, what hangs on the season or the organisation only
// where it applies.
func sections(r Report, part Part) []*form.Section {
	return slices.DeleteFunc(slices.Clone(r.Form.Sections), func(s *form.Section) bool {
		return part == Statements && s.Kind == form.SectionFields || !s.When.InContext(r.Context)
	})
}

// asked tells that a field can be asked of the organisation in this season.
func asked(f *form.Field, c form.Context) bool { return f.When.InContext(c) }

// sheetName makes a name that a sheet may have: 31 characters, none of []:*?/\
// and not one that is taken already.
func sheetName(title string, taken map[string]bool) string {
	const longest = 31
	runes := []rune(strings.NewReplacer("[", "（", "]", "）", ":", "：", "*", "＊", "?", "？", "/", "／", "\\", "＼", "'", "’").Replace(title))
	name := string(runes[:min(len(runes), longest)])
	for n := 2; taken[strings.ToLower(name)]; n++ {
		suffix := fmt.Sprintf("（%d）", n)
		name = string(runes[:min(len(runes), longest-len([]rune(suffix)))]) + suffix
	}
	taken[strings.ToLower(name)] = true
	return name
}
