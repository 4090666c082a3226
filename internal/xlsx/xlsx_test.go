package xlsx_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"nianbao/internal/xlsx"
)

// archive is a zip file with the parts given as name, content.
func archive(t testing.TB, parts ...string) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for i := 0; i < len(parts); i += 2 {
		f, err := w.Create(parts[i])
		if err == nil {
			_, err = f.Write([]byte(parts[i+1]))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

const (
	workbookXML = `<workbook xmlns:r="http://r"><workbookPr date1904="1"/><sheets><sheet name="表" sheetId="1" r:id="a"/></sheets></workbook>`
	relsXML     = `<Relationships><Relationship Id="a" Type="http://x/worksheet" Target="worksheets/sheet1.xml"/>` +
		`<Relationship Id="b" Type="http://x/sharedStrings" Target="sharedStrings.xml"/>` +
		`<Relationship Id="c" Type="http://x/styles" Target="/xl/styles.xml"/></Relationships>`
	stringsXML = `<sst><si><t>甲</t></si><si><r><t>富</t></r><r><t> 文本</t></r><rPh><t>fu</t></rPh></si><si><t>a_x000D_b_x005F_</t></si></sst>`
	stylesXML  = `<styleSheet><numFmts><numFmt numFmtId="164" formatCode="yyyy&quot;年&quot;m&quot;月&quot;"/><numFmt numFmtId="165" formatCode="0.0%"/>` +
		`<numFmt numFmtId="166" formatCode="#,##0.00_d&quot;day&quot;[Red]\d"/></numFmts><cellStyleXfs><xf numFmtId="14"/></cellStyleXfs>` +
		`<cellXfs><xf numFmtId="0"/><xf numFmtId="164"/><xf numFmtId="165"/><xf numFmtId="10"/><xf numFmtId="14"/><xf numFmtId="166"/></cellXfs></styleSheet>`
)

func book(t testing.TB, sheet string) []byte {
	t.Helper()
	return archive(t, "xl/workbook.xml", workbookXML, "xl/_rels/workbook.xml.rels", relsXML, "xl/sharedStrings.xml", stringsXML,
		"xl/styles.xml", stylesXML, "xl/worksheets/sheet1.xml", `<worksheet><sheetData>`+sheet+`</worksheet>`)
}

func TestCells(t *testing.T) {
	raw := book(t, `<row r="2"><c r="A2" t="s"><v>0</v></c><c r="B2" t="s"><v>1</v></c><c t="s"><v>2</v></c><c r="E2" s="1"><v>43465</v></c></row>`+
		`<row><c s="2"><v>0.5</v></c><c s="3"><v>0.25</v></c><c s="4"><v>1</v></c><c s="5"><v>1.2E+5</v></c></row>`+
		`<row r="9" hidden="1"><c t="inlineStr"><is><t> 文 </t><rPh><t>x</t></rPh></is></c><c t="b"><v>1</v></c><c t="e"><f>1/0</f><v>#DIV/0!</v></c>`+
		`<c><f>A1</f></c><c t="str"><f>A1</f><v></v></c><c><f>1+1</f><v>2</v></c><c s="9999"><v>7</v></c><c t="s"><v>99</v></c></row>`+
		`<row r="1048576"><c r="XFD1048576"/></row></sheetData><mergeCells><mergeCell ref="A1:B2"/><mergeCell ref="C3"/></mergeCells>`)
	got, err := xlsx.Read(raw, xlsx.DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	want := &xlsx.Book{From1904: true, Sheets: []*xlsx.Sheet{{Name: "表", Merged: []xlsx.Range{{Row1: 1, Col1: 1, Row2: 2, Col2: 2}}, Cells: []xlsx.Cell{
		{Row: 2, Col: 1, Kind: xlsx.KindText, Text: "甲"},
		{Row: 2, Col: 2, Kind: xlsx.KindText, Text: "富 文本"},
		{Row: 2, Col: 3, Kind: xlsx.KindText, Text: "a\rb_"},
		{Row: 2, Col: 5, Kind: xlsx.KindNumber, Text: "43465", Shown: xlsx.ShownDate},
		{Row: 3, Col: 1, Kind: xlsx.KindNumber, Text: "0.5", Shown: xlsx.ShownPercent},
		{Row: 3, Col: 2, Kind: xlsx.KindNumber, Text: "0.25", Shown: xlsx.ShownPercent},
		{Row: 3, Col: 3, Kind: xlsx.KindNumber, Text: "1", Shown: xlsx.ShownDate},
		{Row: 3, Col: 4, Kind: xlsx.KindNumber, Text: "1.2E+5"},
		{Row: 9, Col: 1, Kind: xlsx.KindText, Text: " 文 "},
		{Row: 9, Col: 2, Kind: xlsx.KindBool, Text: "1"},
		{Row: 9, Col: 3, Kind: xlsx.KindError, Text: "#DIV/0!", Formula: true},
		{Row: 9, Col: 4, Kind: xlsx.KindPending, Formula: true},
		{Row: 9, Col: 6, Kind: xlsx.KindNumber, Text: "2", Formula: true},
		{Row: 9, Col: 7, Kind: xlsx.KindNumber, Text: "7"},
	}}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if name := got.Sheets[0].Cells[3].Name(); name != "E2" {
		t.Errorf("the cell is called %s", name)
	}
}

// What a workbook library writes is read alike, names of cells included.
func TestLibraryWorkbook(t *testing.T) {
	f := excelize.NewFile()
	defer f.Close()
	for cell, value := range map[string]any{"A1": "项目", "AB3": 12.5, "AZ300": "末", "B2": true} {
		if err := f.SetCellValue("Sheet1", cell, value); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := f.NewSheet("第二"); err != nil {
		t.Fatal(err)
	}
	if err := f.SetSheetVisible("第二", false, true); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := f.Write(&out); err != nil {
		t.Fatal(err)
	}
	got, err := xlsx.Read(out.Bytes(), xlsx.DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, c := range got.Sheets[0].Cells {
		names = append(names, c.Name()+"="+c.Text)
	}
	if diff := cmp.Diff([]string{"A1=项目", "B2=1", "AB3=12.5", "AZ300=末"}, names); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if s, ok := got.Sheet("第二"); !ok || !s.Hidden || len(s.Cells) > 0 {
		t.Errorf("the second sheet is %+v", s)
	}
	if _, ok := got.Sheet("第三"); ok {
		t.Error("a sheet that is not there was found")
	}
}

func TestRefusals(t *testing.T) {
	compound := "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + strings.Repeat("\x00", 600)
	encrypted := compound
	for _, r := range "EncryptedPackage" {
		encrypted += string(r) + "\x00"
	}
	good := []string{"xl/workbook.xml", workbookXML, "xl/_rels/workbook.xml.rels", relsXML, "xl/worksheets/sheet1.xml", "<worksheet/>"}
	with := func(more ...string) []byte { return archive(t, append(good[:len(good):len(good)], more...)...) }
	cells := func(xml string) []byte { return book(t, xml+"</sheetData>") }
	for name, c := range map[string]struct {
		raw  []byte
		code string
	}{
		"empty":               {nil, xlsx.CodeNotWorkbook},
		"text":                {[]byte("项目,金额"), xlsx.CodeNotWorkbook},
		"xls":                 {[]byte(compound), xlsx.CodeOldFormat},
		"encrypted":           {[]byte(encrypted), xlsx.CodeEncrypted},
		"cut":                 {with()[:200], xlsx.CodeDamaged},
		"another zip":         {archive(t, "a.txt", "x"), xlsx.CodeNotWorkbook},
		"a document":          {archive(t, "_rels/.rels", `<R><Relationship Id="1" Type="http://x/officeDocument" Target="word/document.xml"/></R>`, "word/document.xml", "<w/>"), xlsx.CodeNotWorkbook},
		"xlsb":                {archive(t, "_rels/.rels", `<R><Relationship Id="1" Type="http://x/officeDocument" Target="xl/workbook.bin"/></R>`, "xl/workbook.bin", ""), xlsx.CodeOldFormat},
		"ods":                 {with("mimetype", "application/vnd.oasis.opendocument.spreadsheet"), xlsx.CodeOldFormat},
		"macros":              {with("xl/vbaProject.bin", "x"), xlsx.CodeMacros},
		"macros, other slash": {with(`XL\VBAPROJECT.BIN`, "x"), xlsx.CodeMacros},
		"external links":      {with("xl/externalLinks/externalLink1.xml", "<x/>"), xlsx.CodeExternal},
		"a part twice":        {with(`xl\WORKSHEETS\sheet1.xml`, "<worksheet/>"), xlsx.CodeDamaged},
		"a sheet is missing":  {archive(t, good[:4]...), xlsx.CodeDamaged},
		"no sheet":            {archive(t, "xl/workbook.xml", "<workbook/>"), xlsx.CodeNotWorkbook},
		"not XML":             {cells(`<row r="1"><c r="A1"><v>1</c></row>`), xlsx.CodeDamaged},
		"an entity":           {cells(`<row r="1"><c r="A1" t="str"><v>&lol;</v></c></row>`), xlsx.CodeDamaged},
		"row 0":               {cells(`<row r="0"/>`), xlsx.CodeDamaged},
		"row beyond":          {cells(`<row r="1048577"/>`), xlsx.CodeDamaged},
		"another row's cell":  {cells(`<row r="1"><c r="A2"><v>1</v></c></row>`), xlsx.CodeDamaged},
		"column beyond":       {cells(`<row r="1"><c r="XFE1"><v>1</v></c></row>`), xlsx.CodeDamaged},
		"a cell twice":        {cells(`<row r="1"><c r="A1"><v>1</v></c><c r="A1"><v>2</v></c></row>`), xlsx.CodeDamaged},
		"a merge of nothing":  {book(t, `</sheetData><mergeCell ref="B1:A1"/>`), xlsx.CodeDamaged},
		"too deep":            {cells(strings.Repeat("<x>", 100) + strings.Repeat("</x>", 100)), xlsx.CodeDamaged},
		"one huge element":    {cells(`<row ` + strings.Repeat(`a="" `, 100_000) + `/>`), xlsx.CodeTooLarge},
		"a bomb":              {with("xl/sharedStrings.xml", "<sst>"+strings.Repeat("<si/>", 300_000)+"</sst>"), xlsx.CodeTooLarge},
		"too many cells":      {cells(`<row r="1">` + strings.Repeat(`<c><v>1</v></c>`, 101) + "</row>"), xlsx.CodeTooLarge},
		"too many merges":     {book(t, "</sheetData>"+strings.Repeat(`<mergeCell ref="A1:B1"/>`, 11)), xlsx.CodeTooLarge},
		"too many parts": {with(func() (more []string) {
			for i := range 100 {
				more = append(more, fmt.Sprintf("x%d", i), "")
			}
			return more
		}()...), xlsx.CodeTooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			limits := xlsx.Limits{MaxBytes: 1 << 20, MaxParts: 50, MaxSheets: 5, MaxCells: 100, MaxMerged: 10}
			_, err := xlsx.Read(c.raw, limits)
			var refused *xlsx.Error
			if !errors.As(err, &refused) || refused.Code != c.code || refused.Detail == "" {
				t.Errorf("error %v, want code %s", err, c.code)
			}
		})
	}
}

// A sheet whose empty cells are formatted to the last corner costs no memory to
// speak of.
func TestMemoryIsBounded(t *testing.T) {
	var rows strings.Builder
	for i := range 20_000 {
		fmt.Fprintf(&rows, `<row r="%d"><c r="XFD%d" s="1"/></row>`, i+1, i+1)
	}
	raw := book(t, rows.String()+`</sheetData>`)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	got, err := xlsx.Read(raw, xlsx.DefaultLimits)
	runtime.GC()
	runtime.ReadMemStats(&after)
	if err != nil || len(got.Sheets[0].Cells) != 0 {
		t.Fatalf("%v, %d cells", err, len(got.Sheets[0].Cells))
	}
	if kept := int64(after.HeapAlloc) - int64(before.HeapAlloc); kept > 8<<20 {
		t.Errorf("%d bytes are kept for a sheet without anything in it", kept)
	}
	runtime.KeepAlive(got)
}

func TestNames(t *testing.T) {
	for col, want := range map[int]string{1: "A", 26: "Z", 27: "AA", 702: "ZZ", 703: "AAA", xlsx.MaxCol: "XFD"} {
		if got := xlsx.ColumnName(col); got != want {
			t.Errorf("column %d is %s, want %s", col, got, want)
		}
	}
	for col := 1; col <= xlsx.MaxCol; col += 37 {
		want, err := excelize.CoordinatesToCellName(col, 12)
		if got := xlsx.CellName(12, col); err != nil || got != want {
			t.Errorf("cell %d is %s, want %s", col, got, want)
		}
	}
}

// Whatever the bytes are, the reader answers with a workbook or an *Error.
func FuzzRead(f *testing.F) {
	f.Add(book(f, `<row r="1"><c r="A1" t="s"><v>0</v></c></row></sheetData>`))
	f.Add(book(f, `<row><c t="inlineStr"><is><r><t>x</t></r></is></c><c><f>A1</f></c></row></sheetData><mergeCell ref="A1:C3"/>`))
	f.Add(archive(f, "xl/workbook.xml", workbookXML))
	f.Add([]byte("PK\x03\x04"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		got, err := xlsx.Read(raw, xlsx.Limits{MaxBytes: 1 << 20, MaxParts: 100, MaxSheets: 20, MaxCells: 10_000, MaxMerged: 1000})
		checkRead(t, got, err)
	})
}

// The inside of a sheet, which a mutated archive would seldom reach.
func FuzzSheet(f *testing.F) {
	f.Add(`<row r="1"><c r="A1" t="s"><v>0</v></c></row></sheetData>`, stringsXML, stylesXML)
	f.Add(`<row><c t="inlineStr"><is><r><t>x</t></r></is></c><c s="1"><f>A1</f></c></row></sheetData><mergeCell ref="A1:C3"/>`, "<sst/>", "<s/>")
	f.Fuzz(func(t *testing.T, sheet, shared, styles string) {
		raw := archive(t, "xl/workbook.xml", workbookXML, "xl/_rels/workbook.xml.rels", relsXML, "xl/sharedStrings.xml", shared,
			"xl/styles.xml", styles, "xl/worksheets/sheet1.xml", `<worksheet><sheetData>`+sheet+`</worksheet>`)
		got, err := xlsx.Read(raw, xlsx.DefaultLimits)
		checkRead(t, got, err)
	})
}

func checkRead(t *testing.T, got *xlsx.Book, err error) {
	var refused *xlsx.Error
	if err != nil {
		if !errors.As(err, &refused) || refused.Detail == "" {
			t.Fatalf("refused with %v", err)
		}
		return
	}
	for _, s := range got.Sheets {
		for i, c := range s.Cells {
			if c.Row < 1 || c.Row > xlsx.MaxRow || c.Col < 1 || c.Col > xlsx.MaxCol || c.Kind == 0 {
				t.Fatalf("cell %+v", c)
			}
			if i > 0 && (s.Cells[i-1].Row > c.Row || s.Cells[i-1].Row == c.Row && s.Cells[i-1].Col >= c.Col) {
				t.Fatal("the cells are out of order")
			}
		}
	}
}
