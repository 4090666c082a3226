package registry

import (
	"bytes"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"golang.org/x/text/encoding/simplifiedchinese"

	"nianbao/internal/event"
	"nianbao/internal/money"
	"nianbao/internal/workday"
)

const shortHeader = "uscc,name,type,registered_on,authority,status\n"

// fullEntry is what the Chinese files of these tests describe.
func fullEntry() Organisation {
	capital := money.Yuan(30_000) + 50
	return Organisation{
		USCC: realAssociation, Name: "试验市𬭎㛃公益协会", Type: TypeAssociation,
		RegisteredOn: workday.NewDate(2015, time.March, 1), AuthorityCode: "440100", Status: StatusActive,
		LegalRepresentative: "王伟", RegisteredCapital: &capital, BusinessScope: "社区服务； 公益活动",
		RegistrationNo: "试社证字第1号", Domicile: "试验市示范区人民路1号", District: "示范区", Postcode: "510000",
		ContactName: "李娜", ContactPhone: "020-12345678", ContactEmail: "lina@gongyi.example",
		Sponsor: "试验市教育局", Charity: true, PublicFundraising: false, ElectronicService: true, Version: 1,
	}
}

var (
	ignoreStorage = cmpopts.IgnoreFields(Organisation{}, "ID", "CreatedAt", "UpdatedAt")
	chineseHeader = []any{
		"电子邮箱", "单位名称", "统一社会信用代码", "社会组织类型", "成立登记日期", "登记管理机关", "状态", "法定代表人", "注册资金（元）",
		"业务范围", "登记证号", "住所", "区县", "邮政编码", "联系人", "联系电话", "业务主管单位", "慈善组织", "公开募捐资格", "同意电子送达",
	}
)

func TestImportTakesWhatOfficesSend(t *testing.T) {
	chinese := "电子邮箱,单位名称,统一社会信用代码,社会组织类型,成立登记日期,登记管理机关,状态,法定代表人,注册资金（元）,业务范围,登记证号,住所,区县," +
		"邮政编码,联系人,联系电话,业务主管单位,慈善组织,公开募捐资格,同意电子送达\r\n" +
		"lina@gongyi.example, 试验市𬭎㛃公益协会　," + realAssociation + ",社会团体,2015年3月1日,试验市民政局,正常,王伟,30000.50," +
		"\"社区服务；\r\n公益活动\",试社证字第1号,试验市示范区人民路1号,示范区,510000,李娜,020-12345678,试验市教育局,是,否,是\r\n"
	gb, err := simplifiedchinese.GB18030.NewEncoder().Bytes([]byte(chinese))
	if err != nil {
		t.Fatal(err)
	}
	english := "uscc,name,type,registered_on,authority,status,legal_representative,registered_capital,business_scope," +
		"registration_no,domicile,district,postcode,contact_name,contact_phone,contact_email,sponsor,charity," +
		"public_fundraising,electronic_service\n" + realAssociation +
		",试验市𬭎㛃公益协会,association,2015-03-01,440100,active,王伟,30000.50,社区服务； 公益活动,试社证字第1号,试验市示范区人民路1号," +
		"示范区,510000,李娜,020-12345678,lina@gongyi.example,试验市教育局,yes,no,yes\n"
	workbook := workbookOf(t, [][]any{chineseHeader, {
		"lina@gongyi.example", "试验市𬭎㛃公益协会", realAssociation, "社会团体", time.Date(2015, 3, 1, 0, 0, 0, 0, time.UTC), 440100, "在册",
		"王伟", 30000.5, "社区服务；\n公益活动", "试社证字第1号", "试验市示范区人民路1号", "示范区", 510000, "李娜", "020-12345678", "试验市教育局",
		true, "否", "是",
	}})
	for name, file := range map[string][]byte{
		"English": []byte(english), "Chinese with mark": []byte("\ufeff" + chinese), "GB18030": gb, "workbook": workbook,
	} {
		t.Run(name, func(t *testing.T) {
			db := newRegister(t)
			result := importOrganisations(t, db, file, tester)
			if got := countsOf(result); got != (counts{Read: 1, Inserted: 1}) {
				t.Fatalf("%+v, refused %v", got, refusals(result))
			}
			got, err := OrganisationByUSCC(t.Context(), db, realAssociation)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(fullEntry(), got, ignoreStorage); diff != "" {
				t.Errorf("stored (-want +got):\n%s", diff)
			}
			if got.ID != result.Changed[0] || !got.CreatedAt.Equal(db.Now()) {
				t.Errorf("id %s, created %s", got.ID, got.CreatedAt)
			}
		})
	}
}

func TestImportRefusesRowByRow(t *testing.T) {
	db := newRegister(t)
	const header = "uscc,name,type,registered_on,authority,status,registered_capital,postcode,contact_email,charity\n"
	tests := []struct{ row, want string }{
		{"51440100MJK8900616,甲,association,2015-03-01,440100,active,,,,", "uscc：校验码（第18位）"},
		{"92370102MA3M9AG94X,甲,association,2015-03-01,440100,active,,,,", "uscc：登记管理部门代码"},
		{realAssociation + ",甲,service,2015-03-01,440100,active,,,,", "type：为“民办非企业单位”，但代码第2位“1”表示“社会团体”"},
		{realAssociation + ",,association,2015-03-01,440100,active,,,,", "name：不能为空"},
		{realAssociation + ",甲\u200b,association,2015-03-01,440100,active,,,,", "name：含有不可见字符"},
		{realAssociation + ",甲,公司,2015-03-01,440100,active,,,,", "type：“公司”应为"},
		{realAssociation + ",甲,association,2015-02-30,440100,active,,,,", "registered_on：“2015-02-30”这一天不存在"},
		{realAssociation + ",甲,association,2015-03-01,440200,active,,,,", "authority：登记管理机关 440200 不在库中"},
		{realAssociation + ",甲,association,2015-03-01,440100,closed,,,,", "status：“closed”应为"},
		{realAssociation + ",甲,association,2015-03-01,440100,active,3万,,,", "registered_capital：金额“3万”"},
		{realAssociation + ",甲,association,2015-03-01,440100,active,,5100,,", "postcode：应为 6 位数字"},
		{realAssociation + ",甲,association,2015-03-01,440100,active,,,nobody,", "contact_email：不是有效"},
		{realAssociation + ",甲,association,2015-03-01,440100,active,,,,maybe", "charity：“maybe”应为"},
		{realAssociation + ",甲,association,2015-03-01,440100,active", "应有 10 列，实有 6 列"},
		{realAssociation + ",甲,association,2015-03-01,440100,active,,,,,,x", "第 12 列没有列名却有内容"},
		{realAssociation + ",甲\"乙,association,2015-03-01,440100,active,,,,", "引号"},
		{"x,,association,2015-03-01,440100,active,,,,", "uscc：统一社会信用代码应为 18 位，实为 1 位；name：不能为空"},
	}
	var file strings.Builder
	file.WriteString(header)
	for _, tt := range tests {
		file.WriteString(tt.row + "\n")
	}
	file.WriteString("52440104MJL9876586,乙,service,2015-03-01,440100,active,50000,,,\n")
	file.WriteString("52440104MJL9876586,乙之二,service,2015-03-01,440100,active,,,,\n")
	result := importOrganisations(t, db, []byte(file.String()), tester)

	got := refusals(result)
	for i, tt := range tests {
		row := result.Refused[i].Row
		if row != i+2 || !strings.Contains(got[i], tt.want) {
			t.Errorf("row %d: %q, want row %d with %q", row, got[i], i+2, tt.want)
		}
	}
	if last := got[len(got)-1]; len(got) != len(tests)+1 || !strings.Contains(last, "与第 19 行的代码重复") {
		t.Errorf("the second row of a code: %q", last)
	}
	if result.Inserted != 1 || countOrganisations(t, db) != 1 {
		t.Errorf("the good row did not go in: %+v", countsOf(result))
	}
	if o, err := OrganisationByUSCC(t.Context(), db, "52440104MJL9876586"); err != nil || o.Name != "乙" {
		t.Errorf("stored %+v, %v", o, err)
	}
}

func TestImportRefusesTheFile(t *testing.T) {
	db := newRegister(t)
	tests := []struct{ name, file, want string }{
		{"empty", "", "文件是空的"},
		{"unknown column", "uscc,name,type,registered_on,authority,status,备注\n", "第 1 行“备注”列：不认识的列"},
		{"column missing", "uscc,name,type,registered_on,authority\n", "缺少必需的列“status”（状态）"},
		{"column twice", "uscc,name,名称,type,registered_on,authority,status\n", "与“name”是同一列"},
		{"wrong unit", "uscc,name,type,registered_on,authority,status,注册资金（万元）\n", "以元为单位"},
		{"no header", realAssociation + ",甲,association,2015-03-01,440100,active\n", "不认识的列"},
	}
	for _, tt := range tests {
		_, err := ImportOrganisations(t.Context(), db, strings.NewReader(tt.file), tester)
		var fileErr *FileError
		if !errors.As(err, &fileErr) || !strings.Contains(err.Error(), tt.want) || fileErr.HTTPStatus() != 422 {
			t.Errorf("%s: %v, want a *FileError with %q", tt.name, err, tt.want)
		}
	}
	if n := countOrganisations(t, db); n != 0 {
		t.Errorf("%d organisations went in", n)
	}
}

func TestImportAgainChangesNothing(t *testing.T) {
	db := newRegister(t)
	file := sampleCSV(t, SampleOptions{Count: 2500, Seed: 1, Authority: "440100"})
	if got := countsOf(importOrganisations(t, db, file, tester)); got != (counts{Read: 2500, Inserted: 2500}) {
		t.Fatalf("first: %+v", got)
	}
	again := importOrganisations(t, db, file, tester)
	if got := countsOf(again); got != (counts{Read: 2500, Unchanged: 2500}) || len(again.Changed) != 0 {
		t.Errorf("again: %+v", got)
	}
	n, data := events(t, db, event.OrganisationImportedKind)
	want := `{"file":"register.csv","read":2500,"inserted":2500,"updated":0,"unchanged":0,"refused":0}`
	if n != 1 || data != want {
		t.Errorf("%d events about imports, the last %s", n, data)
	}
	if n, _ := events(t, db, event.OrganisationChangedKind); n != 0 {
		t.Errorf("%d events about changes", n)
	}
}

func TestImportUpdatesOnlyWhatDiffers(t *testing.T) {
	db := newRegister(t)
	full := "uscc,name,type,registered_on,authority,status,legal_representative,registered_capital,contact_email\n" +
		realAssociation + ",甲协会,association,2015-03-01,440100,active,王伟,30000,a@jia.example\n" +
		"52440104MJL9876586,乙中心,service,2016-03-01,440100,active,李娜,50000,b@yi.example\n"
	importOrganisations(t, db, []byte(full), tester)
	before, err := OrganisationByUSCC(t.Context(), db, realAssociation)
	if err != nil {
		t.Fatal(err)
	}

	// A file without the later columns leaves them alone.
	short := shortHeader + realAssociation + ",甲协会,社团,2015-03-01,440106,已注销\n" +
		"52440104MJL9876586,乙中心,service,2016-03-01,440100,active\n"
	result := importOrganisations(t, db, []byte(short), tester)
	if got := countsOf(result); got != (counts{Read: 2, Updated: 1, Unchanged: 1}) {
		t.Fatalf("%+v", got)
	}
	want := before
	want.AuthorityCode, want.Status, want.Version = "440106", StatusDeregistered, 2
	got, err := OrganisationByUSCC(t.Context(), db, realAssociation)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("stored (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(before.ID, result.Changed[0]); diff != "" {
		t.Errorf("Changed (-want +got):\n%s", diff)
	}
	if n, data := events(t, db, event.OrganisationChangedKind); n != 1 || data != `{"fields":["authority","status"]}` {
		t.Errorf("%d events about changes, the last %s", n, data)
	}

	// A column that is there but blank empties the field.
	blank := "uscc,name,type,registered_on,authority,status,registered_capital\n" +
		realAssociation + ",甲协会,association,2015-03-01,440106,deregistered,\n"
	importOrganisations(t, db, []byte(blank), tester)
	if got, err = OrganisationByUSCC(t.Context(), db, realAssociation); err != nil || got.RegisteredCapital != nil || got.LegalRepresentative != "王伟" {
		t.Errorf("after the blank: %+v, %v", got, err)
	}
}

func TestDryRunChangesNothingAndTellsTheSame(t *testing.T) {
	db := newRegister(t)
	file := append(sampleCSV(t, SampleOptions{Count: 20, Seed: 1, Authority: "440100"}), "x\n"...)
	dry := tester
	dry.DryRun = true
	trial := importOrganisations(t, db, file, dry)
	if n := countOrganisations(t, db); n != 0 || len(trial.Changed) != 0 {
		t.Errorf("%d organisations went in, %d are named as changed", n, len(trial.Changed))
	}
	if n, _ := events(t, db, event.OrganisationImportedKind); n != 0 {
		t.Errorf("%d events", n)
	}
	real := importOrganisations(t, db, file, tester)
	if !trial.DryRun || real.DryRun {
		t.Error("the results do not say which is the dry run")
	}
	ignore := cmpopts.IgnoreFields(ImportResult{}, "Changed", "DryRun")
	if diff := cmp.Diff(trial, real, ignore); diff != "" {
		t.Errorf("the dry run told (-) another result than the run (+):\n%s", diff)
	}
}

// TestTwoImportsAtOnce: each of the same rows goes in once, and the counts of
// both together say so.
func TestTwoImportsAtOnce(t *testing.T) {
	db := newRegister(t)
	file := sampleCSV(t, SampleOptions{Count: 1500, Seed: 1, Authority: "440100"})
	var results [2]ImportResult
	var errs [2]error
	var wait sync.WaitGroup
	for i := range results {
		wait.Go(func() {
			results[i], errs[i] = ImportOrganisations(t.Context(), db, bytes.NewReader(file), tester)
		})
	}
	wait.Wait()
	if err := errors.Join(errs[:]...); err != nil {
		t.Fatal(err)
	}
	if got := results[0].Inserted + results[1].Inserted; got != 1500 {
		t.Errorf("%d inserted by both together", got)
	}
	if got := results[0].Unchanged + results[1].Unchanged; got != 1500 {
		t.Errorf("%d unchanged in both together", got)
	}
}

// BenchmarkImport100k is a city's register many times over: the import of
// 100,000 organisations must stay below 30 s.
func BenchmarkImport100k(b *testing.B) {
	file := sampleCSV(b, SampleOptions{Count: 100_000, Seed: 1, Authority: "440100"})
	b.SetBytes(int64(len(file)))
	for b.Loop() {
		b.StopTimer()
		db := newRegister(b)
		b.StartTimer()
		if result := importOrganisations(b, db, file, tester); result.Inserted != 100_000 {
			b.Fatalf("%+v", countsOf(result))
		}
	}
}
