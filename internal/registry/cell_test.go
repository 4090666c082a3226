package registry

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"nianbao/internal/registry/sheet"
)

// openSheet is a sheet that a cell can belong to.
func openSheet(t testing.TB, raw []byte) *sheet.Sheet {
	t.Helper()
	s, err := sheet.Open(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func textSheet(t testing.TB) *sheet.Sheet { return openSheet(t, []byte("x\n")) }

func workbookSheet(t testing.TB) *sheet.Sheet {
	t.Helper()
	file := excelize.NewFile()
	defer file.Close()
	if err := file.SetCellValue("Sheet1", "A1", "x"); err != nil {
		t.Fatal(err)
	}
	var raw bytes.Buffer
	if err := file.Write(&raw); err != nil {
		t.Fatal(err)
	}
	return openSheet(t, raw.Bytes())
}

func TestCleanText(t *testing.T) {
	tests := []struct{ in, want, fault string }{
		{"  试验市协会　", "试验市协会", ""},
		{"cafe\u0301", "café", ""},
		{"𬭎㛃龘〇", "𬭎㛃龘〇", ""},
		{"", "", ""},
		{"协\x07会", "", "控制字符（U+0007）"},
		{"协\n会", "", "控制字符（U+000A）"},
		{"协\u2028会", "", "控制字符"},
		{"协\u200b会", "", "不可见字符（U+200B）"},
		{"\u202e会协", "", "不可见字符（U+202E）"},
		{"协\ufffd会", "", "编码"},
		{" #REF! ", "", "公式出错（#REF!）"},
		{"#1 协会", "#1 协会", ""},
		{strings.Repeat("协", 11), "", "有 11 个字，最多 10 个字"},
		{strings.Repeat("𬭎", 10), strings.Repeat("𬭎", 10), ""},
	}
	for _, tt := range tests {
		got, fault := cleanText(tt.in, 10)
		if got != tt.want || (fault == "") != (tt.fault == "") || !strings.Contains(fault, tt.fault) {
			t.Errorf("cleanText(%q) = %q, %q, want %q, %q", tt.in, got, fault, tt.want, tt.fault)
		}
	}
}

func TestCellDate(t *testing.T) {
	csv, xlsx := textSheet(t), workbookSheet(t)
	tests := []struct {
		sheet    *sheet.Sheet
		in, want string
		fault    string
	}{
		{csv, "2015-03-01", "2015-03-01", ""},
		{csv, "2015-3-1", "2015-03-01", ""},
		{csv, "2015/3/1", "2015-03-01", ""},
		{csv, "2015.03.01", "2015-03-01", ""},
		{csv, "2015年3月1日", "2015-03-01", ""},
		{xlsx, "42064", "2015-03-01", ""},
		{xlsx, "2015年12月31日", "2015-12-31", ""},
		{csv, "42064", "", "不是日期"},
		{csv, "", "", "不是日期"},
		{csv, "1/3/2015", "", "不是日期"},
		{csv, "2015年3月", "", "不是日期"},
		{csv, "2015-02-29", "", "不存在"},
		{csv, "2015/13/1", "", "不存在"},
		{csv, "1015-03-01", "", "年份 1015"},
		{xlsx, "2958465", "", "年份 9999"},
	}
	for _, tt := range tests {
		got, fault := cell{tt.in, tt.sheet}.date()
		if got.String() != tt.want || (fault == "") != (tt.fault == "") || !strings.Contains(fault, tt.fault) {
			t.Errorf("date %q = %s, %q, want %q, %q", tt.in, got, fault, tt.want, tt.fault)
		}
	}
}

func TestCellMoney(t *testing.T) {
	csv, xlsx := textSheet(t), workbookSheet(t)
	tests := []struct {
		sheet    *sheet.Sheet
		in, want string
		fault    string
	}{
		{csv, "", "", ""},
		{csv, "30000", "30000.00", ""},
		{csv, "30000.50", "30000.50", ""},
		{xlsx, "1234.5599999999999", "1234.56", ""},
		{xlsx, "3E+4", "30000.00", ""},
		{xlsx, "0.28999999999999998", "0.29", ""},
		{xlsx, "1234.5", "1234.50", ""},
		{xlsx, "1234.567", "", "两位小数"},
		{xlsx, "1e99", "", "13 位"},
		{csv, "1234.5599999999999", "", "两位小数"},
		{csv, "3万", "", "以外的字符"},
		{csv, "30,000", "", "分隔号"},
		{csv, "-5", "", "负数"},
	}
	for _, tt := range tests {
		got, fault := cell{tt.in, tt.sheet}.money()
		if capitalText(got) != tt.want || (fault == "") != (tt.fault == "") || !strings.Contains(fault, tt.fault) {
			t.Errorf("money %q = %s, %q, want %q, %q", tt.in, capitalText(got), fault, tt.want, tt.fault)
		}
	}
}

func TestCellFlag(t *testing.T) {
	for in, want := range map[string]bool{
		"yes": true, "是": true, "YES": true, "有": true, "1": true, "TRUE": true,
		"no": false, "否": false, "": false, "无": false, "0": false,
	} {
		if got, fault := (cell{text: in}).flag(); got != want || fault != "" {
			t.Errorf("flag %q = %v, %q", in, got, fault)
		}
	}
	if _, fault := (cell{text: "也许"}).flag(); !strings.Contains(fault, "也许") {
		t.Errorf("a flag 也许 gives %q", fault)
	}
}

func TestEmailFault(t *testing.T) {
	good := []string{"", "a@b.example", "nianbao@mj3.a440100.example", "first.last+tag@sub-domain.example.cn", "o'neil@example.com"}
	for _, address := range good {
		if fault := emailFault(address); fault != "" {
			t.Errorf("%q: %s", address, fault)
		}
	}
	bad := []string{
		"a", "a@", "@b.example", "a@b", "a@@b.example", "a b@c.example", "甲@b.example", "a@乙.example", "A <a@b.example>",
		"a@b..example", "a@-b.example", "a@b.example.", "a@[127.0.0.1]", `"a b"@c.example`, "a,b@c.example", "a@b.example\r\nBcc: x@y.example",
		strings.Repeat("a", 65) + "@b.example", "a@" + strings.Repeat("b.", 130) + "example",
	}
	for _, address := range bad {
		if emailFault(address) == "" {
			t.Errorf("%q was taken", address)
		}
	}
}

func TestPostcodeFault(t *testing.T) {
	for code, want := range map[string]string{
		"": "", "510000": "", "10000": "设为文本", "5100001": "6 位", "51000a": "6 位", "５１００００": "6 位",
	} {
		if fault := postcodeFault(code); (fault == "") != (want == "") || !strings.Contains(fault, want) {
			t.Errorf("postcode %q: %q, want %q", code, fault, want)
		}
	}
}

// FuzzReadOrganisations: no file makes it panic, every row is taken or refused
// with a reason, and what is taken is of the register's form.
func FuzzReadOrganisations(f *testing.F) {
	f.Add([]byte("uscc,name,type,registered_on,authority,status\n" + realAssociation + ",甲协会,association,2015-03-01,440100,active\n"))
	f.Add([]byte("统一社会信用代码,名称,类型,登记日期,登记管理机关,状态\n1,2,3,4,5,6\n"))
	f.Add([]byte("uscc,name\n"))
	known := []Authority{{Code: "440100", Name: "试验市民政局", Level: LevelCity}}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if bytes.HasPrefix(raw, []byte("PK")) {
			return // workbooks are the library's to fuzz
		}
		file, err := readOrganisations(bytes.NewReader(raw), known)
		if err != nil {
			if errors.Is(err, io.EOF) || err.Error() == "" {
				t.Fatalf("the file is refused without a reason: %v", err)
			}
			return
		}
		for _, refusal := range file.refused {
			if refusal.Row < 2 || refusal.Reason == "" {
				t.Fatalf("a row is refused without its number or a reason: %+v", refusal)
			}
		}
		for _, o := range file.good {
			if _, err := ParseUSCC(string(o.USCC)); err != nil || o.Name == "" || o.AuthorityCode != "440100" || o.RegisteredOn.IsZero() {
				t.Fatalf("taken: %+v", o)
			}
		}
	})
}
