// Package xlsx reads the cells of an XLSX workbook that somebody sent, in
// bounded memory, with what a person must be told about a cell: whether it is a
// number, an error, a formula without a result, part of a merged range, shown as
// a date or as a percentage.
//
// It streams every part of the file and keeps only cells that hold something, so
// that a sheet formatted down to its last row costs nothing; a workbook library
// that builds whole sheets in memory can be made to use gigabytes by a file of a
// few kilobytes. It writes nothing and knows nothing of what a cell means.
//
// Invariants: limits are enforced on what is read, never on what a file says of
// itself; a file that cannot be read is an *Error with a Chinese text, never a
// panic.
package xlsx

import (
	"archive/zip"
	"bytes"
	"fmt"
	"path"
	"strings"
)

// Limits bound what is read of one workbook.
type Limits struct {
	MaxBytes  int64 // of the parts read, unpacked
	MaxParts  int   // files in the archive
	MaxSheets int
	MaxCells  int // that hold something, over all sheets
	MaxMerged int // merged ranges, over all sheets
}

// DefaultLimits fit workbooks that people fill in: 32 MB unpacked, 200 sheets,
// 200,000 filled cells.
var DefaultLimits = Limits{MaxBytes: 32 << 20, MaxParts: 2000, MaxSheets: 200, MaxCells: 200_000, MaxMerged: 20_000}

// The codes of an Error.
const (
	CodeNotWorkbook = "not_a_workbook"     // no XLSX file at all
	CodeDamaged     = "workbook_damaged"   // incomplete or inconsistent
	CodeOldFormat   = "workbook_format"    // .xls, .et, .ods
	CodeEncrypted   = "workbook_encrypted" // needs a password
	CodeMacros      = "workbook_macros"    // holds a program
	CodeExternal    = "workbook_external_links"
	CodeTooLarge    = "workbook_too_large" // unpacked size, parts, sheets or cells
)

// Error says why a workbook cannot be read.
type Error struct {
	Code   string
	Detail string // Chinese, says what to do
}

func (e *Error) Error() string { return e.Code + ": " + e.Detail }

var errDamaged = &Error{CodeDamaged, "文件不完整或已损坏，无法读取。请用 Excel 或 WPS 打开，另存为 .xlsx 文件后再上传。"}

// Book is a workbook that was read.
type Book struct {
	Sheets []*Sheet // in the order of their tabs
	// From1904 is a workbook whose days are counted from 1904 (old Macintosh).
	From1904 bool
}

// Sheet finds a sheet by its name.
func (b *Book) Sheet(name string) (*Sheet, bool) {
	for _, s := range b.Sheets {
		if s.Name == name {
			return s, true
		}
	}
	return nil, false
}

// Sheet is one sheet's filled cells.
type Sheet struct {
	Name   string
	Hidden bool
	Merged []Range // of more than one cell
	// Cells are those that hold something, by row, then column.
	Cells []Cell
}

// Kind says what a cell holds.
type Kind uint8

// The kinds of cells. A formula counts as what its stored result is.
const (
	KindText Kind = iota + 1
	KindNumber
	KindBool    // Text is "1" or "0"
	KindError   // Text is such as #REF!
	KindPending // a formula whose result is not stored
)

// Shown says how a number is displayed.
type Shown uint8

// How a number is displayed, as far as it changes what it means.
const (
	ShownPlain Shown = iota
	ShownDate
	ShownPercent
)

// Cell is a filled cell. Row and Col count from 1.
type Cell struct {
	Row, Col int
	Kind     Kind
	Text     string // a number as it is stored, such as 1234.5 or 1.2E+6
	Formula  bool
	Shown    Shown
}

// Name is the cell's name, such as C12.
func (c Cell) Name() string { return CellName(c.Row, c.Col) }

// Range is a rectangle of cells, both corners included.
type Range struct{ Row1, Col1, Row2, Col2 int }

// Contains reports whether the cell lies in the range.
func (r Range) Contains(row, col int) bool {
	return row >= r.Row1 && row <= r.Row2 && col >= r.Col1 && col <= r.Col2
}

// The last row and column that a sheet can have.
const (
	MaxRow = 1_048_576
	MaxCol = 16_384
)

// CellName writes a cell's name, such as C12; row and col count from 1.
func CellName(row, col int) string { return fmt.Sprintf("%s%d", ColumnName(col), row) }

// ColumnName writes a column's letters, such as AB.
func ColumnName(col int) string {
	var letters [8]byte
	at := len(letters)
	for ; col > 0; col = (col - 1) / 26 {
		at--
		letters[at] = byte('A' + (col-1)%26)
	}
	return string(letters[at:])
}

// parseName reads a cell's name; ok is false for what is none.
func parseName(name string) (row, col int, ok bool) {
	i := 0
	for ; i < len(name) && i < 3 && name[i] >= 'A' && name[i] <= 'Z'; i++ {
		col = col*26 + int(name[i]-'A') + 1
	}
	if i == 0 || i == len(name) || len(name)-i > 7 {
		return 0, 0, false
	}
	for _, d := range []byte(name[i:]) {
		if d < '0' || d > '9' {
			return 0, 0, false
		}
		row = row*10 + int(d-'0')
	}
	return row, col, row >= 1 && row <= MaxRow && col <= MaxCol
}

// parseRange reads "A1:C3", or one cell's name.
func parseRange(ref string) (r Range, ok bool) {
	from, to, two := strings.Cut(ref, ":")
	if !two {
		to = from
	}
	var first, second bool
	r.Row1, r.Col1, first = parseName(from)
	r.Row2, r.Col2, second = parseName(to)
	return r, first && second && r.Row1 <= r.Row2 && r.Col1 <= r.Col2
}

// Read reads a workbook. The error is an *Error.
func Read(raw []byte, limits Limits) (*Book, error) {
	if err := recognise(raw); err != nil {
		return nil, err
	}
	archive, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		return nil, errDamaged
	}
	p := &parts{limits: limits, left: limits.MaxBytes, files: make(map[string]*zip.File, len(archive.File))}
	if len(archive.File) > limits.MaxParts {
		return nil, tooLarge("文件里的部件太多")
	}
	for _, f := range archive.File {
		name := partName(f.Name)
		if err := forbidden(name); err != nil {
			return nil, err
		}
		if _, twice := p.files[name]; twice {
			return nil, errDamaged // two readers would see two workbooks
		}
		p.files[name] = f
	}
	return p.book()
}

func tooLarge(what string) *Error {
	return &Error{CodeTooLarge, what + "，超出可以读取的范围。请只保留要上传的工作表，删去多余的内容后再上传。"}
}

// partName is the name by which programs find a part: without regard to case
// and the direction of slashes.
func partName(name string) string {
	return strings.ToLower(strings.TrimPrefix(path.Clean("/"+strings.ReplaceAll(name, "\\", "/")), "/"))
}

// forbidden refuses workbooks that hold more than figures.
func forbidden(name string) error {
	switch base := path.Base(name); {
	case base == "vbaproject.bin", strings.HasPrefix(name, "xl/macrosheets/"):
		return &Error{CodeMacros, "文件里有宏程序（.xlsm），为安全起见不能上传。请在 Excel 或 WPS 中另存为“Excel 工作簿（.xlsx）”后再上传。"}
	case strings.HasPrefix(name, "xl/externallinks/"):
		return &Error{CodeExternal, "表格里有指向其他文件的链接，其中的数无法核对。请在 Excel 的“数据—编辑链接”中断开链接，或者复制后选择性粘贴为数值，保存后再上传。"}
	case base == "mimetype":
		return &Error{CodeOldFormat, "不是 Excel 工作簿（像是 .ods 文件）。请另存为 .xlsx 文件后再上传。"}
	}
	return nil
}

var (
	zipMagic      = []byte("PK\x03\x04")
	compoundMagic = []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
	// encryptedPackage is the name, in UTF-16, of the stream of a workbook with a password.
	encryptedPackage = []byte("E\x00n\x00c\x00r\x00y\x00p\x00t\x00e\x00d\x00P\x00a\x00c\x00k\x00a\x00g\x00e\x00")
)

// IsArchive reports whether the file begins like an XLSX workbook or one of the
// older kinds, as opposed to a text.
func IsArchive(raw []byte) bool {
	return bytes.HasPrefix(raw, zipMagic) || bytes.HasPrefix(raw, compoundMagic)
}

func recognise(raw []byte) error {
	switch {
	case bytes.HasPrefix(raw, zipMagic):
		return nil
	case bytes.HasPrefix(raw, compoundMagic) && bytes.Contains(raw, encryptedPackage):
		return &Error{CodeEncrypted, "文件设有打开密码，无法读取。请在 Excel 或 WPS 中取消密码，保存后再上传。"}
	case bytes.HasPrefix(raw, compoundMagic):
		return &Error{CodeOldFormat, "是旧版的 .xls 或 WPS 的 .et 文件。请用 Excel 或 WPS 打开，另存为“Excel 工作簿（.xlsx）”后再上传。"}
	}
	return &Error{CodeNotWorkbook, "不是 Excel 工作簿（.xlsx）。请选择用 Excel 或 WPS 保存的 .xlsx 文件。"}
}

// parts are the archive's files while they are read.
type parts struct {
	limits Limits
	left   int64 // bytes that may still be unpacked
	cells  int
	merged int
	files  map[string]*zip.File
}
