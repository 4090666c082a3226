package workbook_test

import (
	"encoding/csv"
	"errors"
	"io"
	"strings"
	"testing"

	"nianbao/filing/form"
	"nianbao/filing/workbook"
	"nianbao/internal/xlsx"
)

// checkReading holds what must be true of a reading whatever the file was: it is
// kept and read back, its values are such as the form takes, and merging it
// gives a body that a draft may hold.
func checkReading(t *testing.T, r workbook.Report, reading *workbook.Reading, err error) {
	t.Helper()
	var refused *workbook.Error
	if err != nil {
		if !errors.As(err, &refused) || refused.Detail() == "" {
			t.Fatalf("refused with %v", err)
		}
		return
	}
	data, err := reading.Encode(r.Form)
	if err != nil {
		t.Fatalf("what was read cannot be kept: %v", err)
	}
	if _, err := workbook.Decode(r.Form, data); err != nil {
		t.Fatalf("what was kept cannot be read: %v", err)
	}
	merged := workbook.Merge(r.Form, r.Values, reading.Compare(r.Form, r.Values), func(string) bool { return true })
	body, err := r.Form.Encode(merged)
	if err != nil {
		t.Fatalf("what was read cannot be stored: %v", err)
	}
	if _, problems, err := r.Form.Decode(body, form.DefaultLimits); err != nil {
		t.Fatalf("the draft would be unreadable: %v", err)
	} else if len(problems) > 0 {
		t.Fatalf("the draft would be malformed: %+v", problems[0])
	}
}

// FuzzRead reads arbitrary files.
func FuzzRead(f *testing.F) {
	r := sample(f, "service-2004", 1, form.Context{})
	f.Add(written(f, r, workbook.Statements))
	f.Add(exported(f, small([]any{"货币资金", 1, 10, 20.5})))
	f.Add([]byte("资产负债表\n项目,行次,年初数,期末数\n货币资金,1,\"1,234.50\",-\n"))
	f.Add([]byte("PK\x03\x04"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		reading, err := workbook.Read(raw, r)
		checkReading(t, r, reading, err)
	})
}

// FuzzSheet reads a sheet of arbitrary cells, which a mutated archive would
// seldom hold: as statements of a program, and as a workbook of ours with the
// stamp of this very report.
func FuzzSheet(f *testing.F) {
	r := sample(f, "service-2004", 1, form.Context{})
	f.Add("资产负债表\n项目,行次,年初数,期末数\n货币资金,1,1234.50,-\n", true)
	f.Add("业务活动表\n项目,行次,上年数,,,本年累计数\n,,非限定性,限定性,合计,非限定性,限定性,合计\n捐赠收入,1,1,2,3,4,5,6", true)
	f.Add("现金流量表,单位：万元\n项目,本年累计数\n现金流入小计,1e5", true)
	f.Add("#columns,,value\nname,x,社\nreport_date,,@43479\nlegal_form,,合伙", false)
	f.Add("#none registration_changes,,无\n#table registration_changes,item,approved_on\n,a,2018-01-01\n#end", false)
	f.Add("#columns,opening,closing\nbs_cash,1,2\nbs_cash,1,2\nbs_current_assets_total,1,2", false)
	f.Fuzz(func(t *testing.T, text string, plain bool) {
		sheet := &xlsx.Sheet{Name: "表", Merged: []xlsx.Range{{Row1: 3, Col1: 3, Row2: 3, Col2: 5}}}
		in := csv.NewReader(strings.NewReader(text))
		in.FieldsPerRecord, in.LazyQuotes = -1, true
		for row := 1; row < 200; row++ {
			record, err := in.Read()
			if err != nil {
				break
			}
			for i, cell := range record[:min(len(record), 20)] {
				if strings.TrimSpace(cell) != "" {
					sheet.Cells = append(sheet.Cells, cellOfText(row, i+1, cell))
				}
			}
		}
		book := &xlsx.Book{Sheets: []*xlsx.Sheet{sheet}}
		if !plain {
			stamp := &xlsx.Sheet{Name: "_nianbao", Hidden: true}
			for i, line := range [][]string{{"format", "nianbao-workbook-1"}, {"form", r.Form.Code}, {"version", "1"}, {"year", "2018"},
				{"uscc", r.USCC}, {"base", "bs_cash.closing", "0"}} {
				for j, word := range line {
					stamp.Cells = append(stamp.Cells, xlsx.Cell{Row: i + 1, Col: j + 1, Kind: xlsx.KindText, Text: word})
				}
			}
			book.Sheets = append(book.Sheets, stamp)
		}
		reading, err := workbook.ReadBook(book, r)
		checkReading(t, r, reading, err)
	})
}

// cellOfText makes a cell of a word: what begins with ~ is a number, with ! an
// error, with = a formula without a result, with @ a day's number, with % a
// percentage.
func cellOfText(row, col int, word string) xlsx.Cell {
	c := xlsx.Cell{Row: row, Col: col, Kind: xlsx.KindText, Text: word}
	switch word[0] {
	case '~':
		c.Kind, c.Text = xlsx.KindNumber, word[1:]
	case '!':
		c.Kind = xlsx.KindError
	case '=':
		c.Kind, c.Text, c.Formula = xlsx.KindPending, "", true
	case '@':
		c.Kind, c.Text, c.Shown = xlsx.KindNumber, word[1:], xlsx.ShownDate
	case '%':
		c.Kind, c.Text, c.Shown = xlsx.KindNumber, word[1:], xlsx.ShownPercent
	}
	return c
}

// Writing and reading the largest form, whole.
func BenchmarkWriteAll(b *testing.B) {
	r := sample(b, "foundation-2004", 1, form.Context{PartySection: true})
	b.ReportAllocs()
	for b.Loop() {
		if err := workbook.Write(io.Discard, r, workbook.All); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkReadAll(b *testing.B) {
	r := sample(b, "foundation-2004", 1, form.Context{PartySection: true})
	raw := written(b, r, workbook.All)
	b.ReportAllocs()
	b.SetBytes(int64(len(raw)))
	for b.Loop() {
		if _, err := workbook.Read(raw, r); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkReadStatements(b *testing.B) {
	r := sample(b, "service-2004", 1, form.Context{})
	raw := exported(b, balanceSheet(b, r), activities(b, r), cashFlow(b, r))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := workbook.Read(raw, r); err != nil {
			b.Fatal(err)
		}
	}
}
