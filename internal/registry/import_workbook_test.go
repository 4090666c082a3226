package registry

import (
	"bytes"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/xuri/excelize/v2"
)

// entryRow is a good row of the short header, as a workbook holds it.
func entryRow(uscc string) []any {
	return []any{uscc, "试验市甲协会", "association", "2015-03-01", "440100", "active"}
}

func shortHeaderRow() []any {
	return []any{"uscc", "name", "type", "registered_on", "authority", "status"}
}

// edited is a workbook with the short header and a good row, changed by edit.
func edited(t *testing.T, edit func(f *excelize.File) error) []byte {
	t.Helper()
	f, err := excelize.OpenReader(bytes.NewReader(workbookOf(t, [][]any{shortHeaderRow(), entryRow(realAssociation)})))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out bytes.Buffer
	if err := errors.Join(edit(f), f.Write(&out)); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestWorkbooksAsOfficesKeepThem: what a spreadsheet computed is taken as it shows it, what it could not compute is
// refused, and only the first sheet counts.
func TestWorkbooksAsOfficesKeepThem(t *testing.T) {
	set := func(cell string, value any) func(f *excelize.File) error {
		return func(f *excelize.File) error { return f.SetCellValue("Sheet1", cell, value) }
	}
	for _, tc := range []struct {
		name string
		edit func(f *excelize.File) error
		want string // of the refusal, "" where the row goes in as 试验市甲协会
	}{
		{"a computed authority", func(f *excelize.File) error {
			return errors.Join(f.SetCellValue("Sheet1", "E2", 440100), f.SetCellFormula("Sheet1", "E2", `440000+100`))
		}, ""},
		{"a formula that was never computed", func(f *excelize.File) error {
			return errors.Join(f.SetCellValue("Sheet1", "B2", nil), f.SetCellFormula("Sheet1", "B2", `VLOOKUP(A2,X!A:B,2)`))
		}, "name：不能为空"},
		{"a further sheet", func(f *excelize.File) error {
			_, err := f.NewSheet("说明")
			return errors.Join(err, f.SetCellStr("说明", "A1", "填表说明"))
		}, ""},
		{"a colour and a width", func(f *excelize.File) error {
			style, err := f.NewStyle(&excelize.Style{Fill: excelize.Fill{Type: "pattern", Color: []string{"FFFF00"}, Pattern: 1}})
			return errors.Join(err, f.SetCellStyle("Sheet1", "A1", "H9", style), f.SetColWidth("Sheet1", "A", "F", 40))
		}, ""},
		{"the authority as a number", set("E2", 440100), ""},
		{"a code of digits alone kept as a number", set("A2", 5.1440100123456789e17), "uscc"},
		{"a note beside the table", set("H2", "待核实"), "第 8 列没有列名却有内容"},
		{"a date in words", set("D2", "二〇一五年三月一日"), "registered_on"},
		{"an error value", set("B2", "#N/A"), "name：表格中的公式出错（#N/A）"},
		{"a reference that broke", set("E2", "#REF!"), "authority"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			db := newRegister(t)
			result := importOrganisations(t, db, edited(t, tc.edit), tester)
			if tc.want != "" {
				if got := strings.Join(refusals(result), "\n"); len(result.Refused) != 1 || !strings.Contains(got, tc.want) || countOrganisations(t, db) != 0 {
					t.Errorf("refused %q, want one row with %q", got, tc.want)
				}
				return
			}
			o, err := OrganisationByUSCC(t.Context(), db, realAssociation)
			if err != nil || o.Name != "试验市甲协会" || o.AuthorityCode != "440100" {
				t.Errorf("stored %+v, %v; refused %v", o, err, refusals(result))
			}
		})
	}
}

// TestTwoFilesOfOtherColumnsAtOnce: neither undoes what the other wrote.
func TestTwoFilesOfOtherColumnsAtOnce(t *testing.T) {
	db := newRegister(t)
	row := realAssociation + ",甲协会,association,2015-03-01,440100,active,"
	importOrganisations(t, db, []byte("uscc,name,type,registered_on,authority,status,domicile,contact_name\n"+row+"旧址,旧人\n"), tester)
	var wait sync.WaitGroup
	for _, file := range []string{
		"uscc,name,type,registered_on,authority,status,domicile\n" + row + "新址\n",
		"uscc,name,type,registered_on,authority,status,contact_name\n" + row + "新人\n",
	} {
		wait.Go(func() {
			if result, err := ImportOrganisations(t.Context(), db, strings.NewReader(file), tester); err != nil || result.Updated != 1 {
				t.Errorf("%+v, %v", countsOf(result), err)
			}
		})
	}
	wait.Wait()
	o, err := OrganisationByUSCC(t.Context(), db, realAssociation)
	if err != nil || o.Domicile != "新址" || o.ContactName != "新人" || o.Version != 3 {
		t.Errorf("stored %q, %q, version %d, %v", o.Domicile, o.ContactName, o.Version, err)
	}
}

// TestRefusedFileIsToldToPages: a page and the API say in Chinese what to change in the file.
func TestRefusedFileIsToldToPages(t *testing.T) {
	_, err := ImportOrganisations(t.Context(), newRegister(t), strings.NewReader("名称,类型\n"), tester)
	var refused *FileError
	if !errors.As(err, &refused) || refused.HTTPStatus() != 422 || refused.Code() == "" || !strings.Contains(refused.Detail(), "统一社会信用代码") {
		t.Errorf("%v, want what column lacks", err)
	}
}
