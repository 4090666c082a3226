package sheet

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
)

// readAll opens raw and gives all its rows.
func readAll(t *testing.T, raw []byte) []Row {
	t.Helper()
	s, err := Open(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var rows []Row
	for {
		row, err := s.Next()
		if errors.Is(err, io.EOF) {
			return rows
		}
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, row)
	}
}

func encoded(t *testing.T, name, text string) []byte {
	t.Helper()
	var out []byte
	var err error
	switch name {
	case "UTF-8":
		return []byte(text)
	case "UTF-8 with mark":
		return []byte(bomUTF8 + text)
	case "GB18030":
		out, err = simplifiedchinese.GB18030.NewEncoder().Bytes([]byte(text))
	case "UTF-16 little endian":
		out, err = unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().Bytes([]byte(text))
	case "UTF-16 big endian":
		out, err = unicode.UTF16(unicode.BigEndian, unicode.UseBOM).NewEncoder().Bytes([]byte(text))
	}
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestEncodings(t *testing.T) {
	const text = "名称,类型\r\n试验市𬭎㛃龘〇协会,社会团体\r\n\"甲，乙\",\" 基金会　\"\r\n"
	want := []Row{
		{Number: 1, Cells: []string{"名称", "类型"}},
		{Number: 2, Cells: []string{"试验市𬭎㛃龘〇协会", "社会团体"}},
		{Number: 3, Cells: []string{"甲，乙", "基金会"}},
	}
	for _, name := range []string{"UTF-8", "UTF-8 with mark", "GB18030", "UTF-16 little endian", "UTF-16 big endian"} {
		if diff := cmp.Diff(want, readAll(t, encoded(t, name, text))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestBrokenUTF8StaysUTF8: a file with a damaged byte must not be taken for
// GB18030, which would turn every other row into wrong characters.
func TestBrokenUTF8StaysUTF8(t *testing.T) {
	rows := readAll(t, []byte("name\n广州市越秀区公益促进会\n试验\xff协会\n广州市社会工作协会\n"))
	if rows[1].Cells[0] != "广州市越秀区公益促进会" || rows[3].Cells[0] != "广州市社会工作协会" {
		t.Errorf("good rows became %v", rows)
	}
	if rows[2].Cells[0] != "试验\ufffd协会" {
		t.Errorf("the damaged row is %q", rows[2].Cells[0])
	}
}

func TestRowNumbersAreThoseOfASpreadsheet(t *testing.T) {
	const text = "a,b\n\n1,\"x\ny\"\n2,z\n,\n3,\"p\r\nq\"\n\n4,w\n"
	var got []int
	for _, row := range readAll(t, []byte(text)) {
		got = append(got, row.Number)
	}
	// The blank rows 2, 5 and 7 count, the line breaks inside cells do not.
	if diff := cmp.Diff([]int{1, 3, 4, 6, 8}, got); diff != "" {
		t.Errorf("row numbers (-want +got):\n%s", diff)
	}
}

func TestABadQuoteSpoilsItsRowOnly(t *testing.T) {
	rows := readAll(t, []byte("a,b\n1,x\"y\n2,z\n\"3\"4,w\n5,v\n"))
	var got []string
	for _, row := range rows {
		got = append(got, strings.Join(row.Cells, "|"))
		if (row.Fault != "") != (row.Number == 2 || row.Number == 4) {
			t.Errorf("row %d has the fault %q", row.Number, row.Fault)
		}
	}
	if diff := cmp.Diff([]string{"a|b", "", "2|z", "", "5|v"}, got); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}

func TestAnOpenQuoteSaysHowFarItReaches(t *testing.T) {
	rows := readAll(t, []byte("a,b\n1,\"x\n2,z\n3,w\n"))
	if len(rows) != 2 || rows[1].Number != 2 || !strings.Contains(rows[1].Fault, "都没有读入") {
		t.Errorf("rows: %+v", rows)
	}
}

func TestTabsSeparateWhereTheFirstLineHasNoComma(t *testing.T) {
	rows := readAll(t, encoded(t, "UTF-16 little endian", "名称\t类型\n甲,乙协会\t社会团体\n"))
	if diff := cmp.Diff([]string{"甲,乙协会", "社会团体"}, rows[1].Cells); diff != "" {
		t.Errorf("cells (-want +got):\n%s", diff)
	}
}

func TestOpenRefuses(t *testing.T) {
	tests := []struct {
		name   string
		raw    []byte
		reason string
	}{
		{"nothing", nil, "是空的"},
		{"blanks", []byte(" \r\n\t\n"), "是空的"},
		{"old xls", append(bytes.Clone(compoundMagic), 1, 2, 3), ".xlsx"},
		{"torn xlsx", []byte("PK\x03\x04nothing more"), "XLSX"},
		{"a picture", []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0d"), "不是 CSV"},
	}
	for _, tt := range tests {
		_, err := Open(bytes.NewReader(tt.raw))
		var fileErr *FileError
		if !errors.As(err, &fileErr) || !strings.Contains(fileErr.Reason, tt.reason) {
			t.Errorf("%s: %v, want a *FileError with %q", tt.name, err, tt.reason)
		}
	}
}

// workbook saves cells as an XLSX file.
func workbook(t *testing.T, cells map[string]any, opts *excelize.WorkbookPropsOptions) []byte {
	t.Helper()
	file := excelize.NewFile()
	defer file.Close()
	if opts != nil {
		if err := file.SetWorkbookProps(opts); err != nil {
			t.Fatal(err)
		}
	}
	for at, value := range cells {
		if err := file.SetCellValue("Sheet1", at, value); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	if err := file.Write(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestWorkbook(t *testing.T) {
	raw := workbook(t, map[string]any{
		"A1": "名称", "B1": "登记日期", "C1": "邮编",
		"A2": " 试验市𬭎协会 ", "B2": time.Date(2015, 3, 1, 0, 0, 0, 0, time.UTC), "C2": 510000,
		// Row 3 is blank, row 4 has cells in the middle only.
		"B4": "2015年3月1日",
	}, nil)
	rows := readAll(t, raw)
	want := []Row{
		{Number: 1, Cells: []string{"名称", "登记日期", "邮编"}},
		{Number: 2, Cells: []string{"试验市𬭎协会", "42064", "510000"}},
		{Number: 4, Cells: []string{"", "2015年3月1日"}},
	}
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}

func TestSerialDates(t *testing.T) {
	tests := []struct {
		cell     string
		from1904 bool
		want     string
	}{
		{"42064", false, "2015-03-01"},
		{"42064.0", false, "2015-03-01"},
		{"43466", false, "2019-01-01"},
		{"61", false, "1900-03-01"},
		{"2958465", false, "9999-12-31"},
		{"40602", true, "2015-03-01"},
		{"60", false, ""},
		{"-1", false, ""},
		{"+42064", false, ""},
		{"42064.5", false, ""},
		{"2958466", false, ""},
		{"2015-03-01", false, ""},
		{"", false, ""},
	}
	for _, tt := range tests {
		s := &Sheet{workbook: true, from1904: tt.from1904}
		got, ok := s.SerialDate(tt.cell)
		if ok != (tt.want != "") || got.String() != tt.want {
			t.Errorf("SerialDate(%q), from 1904 %v = %s, %v, want %q", tt.cell, tt.from1904, got, ok, tt.want)
		}
	}
	if _, ok := (&Sheet{}).SerialDate("42064"); ok {
		t.Error("a number of a CSV file is taken for a date")
	}
}

func TestWorkbookCountedFrom1904(t *testing.T) {
	yes := true
	s, err := Open(bytes.NewReader(workbook(t, map[string]any{"A1": "x"}, &excelize.WorkbookPropsOptions{Date1904: &yes})))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if date, ok := s.SerialDate("40602"); !ok || date.String() != "2015-03-01" || !s.Workbook() {
		t.Errorf("40602 is %s, %v", date, ok)
	}
}

// FuzzOpen: no file makes it panic or go on for ever, and row numbers grow.
func FuzzOpen(f *testing.F) {
	f.Add([]byte("a,b\n1,\"x\ny\"\n"))
	f.Add([]byte("\xff\xfea\x00,\x00b\x00"))
	f.Add([]byte("a\n\"1\n\"\"\n2\"x\n"))
	f.Add([]byte("\xc3\xfb\xb3\xc6,x\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		s, err := Open(bytes.NewReader(raw))
		if err != nil {
			return
		}
		defer s.Close()
		last := 0
		for {
			row, err := s.Next()
			if err != nil {
				return
			}
			if row.Number <= last {
				t.Fatalf("row %d after row %d", row.Number, last)
			}
			last = row.Number
		}
	})
}
