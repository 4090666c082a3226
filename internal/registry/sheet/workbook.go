package sheet

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"

	"nianbao/internal/workday"
)

const (
	// maxUnzippedBytes stops a zip bomb; a sheet of 100,000 organisations has
	// some 80 MB.
	maxUnzippedBytes = 1 << 30
	// maxInMemoryXML: a larger part of the workbook is read from a temporary file.
	maxInMemoryXML = 16 << 20
	// maxSerial is 9999-12-31.
	maxSerial = 2958465
)

// workbookRows streams the first sheet of a workbook.
type workbookRows struct {
	file   *excelize.File
	rows   *excelize.Rows
	number int
}

func openWorkbook(raw []byte) (sheet *Sheet, err error) {
	defer recovered(&err)
	file, err := excelize.OpenReader(bytes.NewReader(raw), excelize.Options{
		// Raw values: a date shown as "1/3/15" would be ambiguous, its number is not.
		RawCellValue:      true,
		UnzipSizeLimit:    maxUnzippedBytes,
		UnzipXMLSizeLimit: maxInMemoryXML,
	})
	if err != nil {
		return nil, &FileError{Reason: "不是完整的 XLSX 文件"}
	}
	sheets := file.GetSheetList()
	if len(sheets) == 0 {
		return nil, errors.Join(&FileError{Reason: "工作簿中没有工作表"}, file.Close())
	}
	rows, err := file.Rows(sheets[0])
	if err != nil {
		return nil, errors.Join(&FileError{Reason: "第一张工作表无法读取"}, file.Close())
	}
	return &Sheet{
		rows:     &workbookRows{file: file, rows: rows},
		workbook: true,
		from1904: countsFrom1904(file),
	}, nil
}

func countsFrom1904(file *excelize.File) bool {
	props, err := file.GetWorkbookProps()
	return err == nil && props.Date1904 != nil && *props.Date1904
}

func (w *workbookRows) next() (row Row, err error) {
	defer recovered(&err)
	if !w.rows.Next() {
		if err := w.rows.Error(); err != nil {
			return Row{}, &FileError{Reason: fmt.Sprintf("第 %d 行之后无法读取，文件可能不完整", w.number)}
		}
		return Row{}, io.EOF
	}
	w.number++
	cells, err := w.rows.Columns()
	if err != nil {
		return Row{}, &FileError{Reason: fmt.Sprintf("第 %d 行无法读取，文件可能不完整", w.number)}
	}
	for i, cell := range cells {
		cells[i] = strings.TrimSpace(cell)
	}
	return Row{Number: w.number, Cells: cells}, nil
}

func (w *workbookRows) close() error {
	return errors.Join(w.rows.Close(), w.file.Close())
}

// recovered turns a panic of the workbook library over a hostile file into a
// refusal of that file.
func recovered(err *error) {
	if cause := recover(); cause != nil {
		*err = &FileError{Reason: "不是完整的 XLSX 文件"}
	}
}

// SerialDay is the day that a number in a date cell of a workbook stands for, such
// as "43465" or "43465.0"; from1904 tells that the workbook counts from 1904. ok is
// false for what is no whole number of days after February 1900.
func SerialDay(text string, from1904 bool) (day workday.Date, ok bool) {
	if text == "" {
		return workday.Date{}, false
	}
	return serialDate(text, from1904)
}

// serialDate is the day a workbook's number stands for. Numbers up to 60 are
// not taken: they are days of early 1900, where Excel counts a leap day that
// never was.
func serialDate(cell string, from1904 bool) (workday.Date, bool) {
	whole, fraction, _ := strings.Cut(cell, ".")
	serial, err := strconv.Atoi(whole)
	if err != nil || serial <= 60 || serial > maxSerial || strings.Trim(fraction, "0") != "" || whole[0] == '+' {
		return workday.Date{}, false
	}
	if from1904 {
		return workday.NewDate(1904, 1, 1).AddDays(serial), true
	}
	return workday.NewDate(1899, 12, 30).AddDays(serial), true
}
