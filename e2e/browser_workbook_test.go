package e2e

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/xuri/excelize/v2"
)

// TestBrowserWorkbook fills in a report with a spreadsheet: the workbook is downloaded, a figure is changed in it, it is
// uploaded, what was read is looked at cell by cell, and applied; the figure stands in its section. Once with the page's
// scripts and once without.
func TestBrowserWorkbook(t *testing.T) {
	o := openOffice(t)
	for i, scripts := range []bool{true, false} {
		t.Run(fmt.Sprintf("scripts %v", scripts), func(t *testing.T) {
			organisation := o.services[i]
			filer := o.browser.tab(t, o.server.url)
			if !scripts {
				filer.withoutScript()
			}
			filer.signIn(organisation.email, officePassword)
			filer.open(reportPath + "/tasks")
			filer.follow(`main a[href$="/workbook"]`)
			filer.wants("h1", "用表格填写")
			workbook := filer.fetch(filer.link(`main a[href$="part=all"]`))
			file, cell := changeCash(t, workbook, 65432.1)

			filer.upload(file)
			filer.wants("h1", "核对读到的内容")
			filer.wants("main", "资产负债表 "+cell, "货币资金，1 行，期末数", "65,432.10", "还没有写入报告")
			if ask[float64](filer, `document.querySelectorAll('.nb-preview')[0].querySelectorAll('tbody tr').length`) != 1 {
				t.Errorf("more than the one cell would change: %s", filer.text("main"))
			}
			filer.press(`form[action$="/preview"] button[type=submit]`)
			filer.wants("body", "已从表格写入 1 项")

			filer.open(reportPath + "/sections/balance_sheet")
			if got := ask[string](filer, `document.getElementsByName("bs_cash.closing")[0].value`); got != "65,432.10" {
				t.Errorf("the section shows %q", got)
			}
			if said := filer.heard.all(); len(said) > 0 {
				t.Errorf("the browser complains: %v", said)
			}
		})
	}
}

// changeCash writes the closing figure of 货币资金 into a workbook, as a person who looks for the line would, and gives
// the file and the cell.
func changeCash(t *testing.T, workbook []byte, value float64) (file, cell string) {
	t.Helper()
	f, err := excelize.OpenReader(bytes.NewReader(workbook))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	const sheet = "资产负债表"
	rows, err := f.GetRows(sheet)
	if err != nil {
		t.Fatal(err)
	}
	closing := 0
	for i, row := range rows {
		for j, text := range row {
			switch {
			case text == "期末数":
				closing = j + 1
			case text == "货币资金" && closing > 0 && cell == "":
				cell, err = excelize.CoordinatesToCellName(closing, i+1)
			}
		}
	}
	if err != nil || cell == "" {
		t.Fatalf("the workbook has no line 货币资金: %v", err)
	}
	if err := f.SetCellValue(sheet, cell, value); err != nil {
		t.Fatal(err)
	}
	file = filepath.Join(t.TempDir(), "年报.xlsx")
	out, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	if err := f.Write(out); err != nil {
		t.Fatal(err)
	}
	return file, cell
}
