package registry

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nianbao/internal/registry/sheet"
)

func TestPlainTitle(t *testing.T) {
	for in, want := range map[string]string{
		"uscc": "uscc", " USCC ": "uscc", "统 一\n社会信用代码": "统一社会信用代码", "*名称": "名称", "名称＊": "名称", "注册资金（元）": "注册资金",
		"注册资金(元)": "注册资金", "注册资金（单位：元）": "注册资金", "\ufeffuscc": "uscc", "": "", " \t": "", "注册资金（万元）": "注册资金（万元）",
	} {
		if got := plainTitle(in); got != want {
			t.Errorf("%q is %q, want %q", in, got, want)
		}
	}
}

// TestEveryNameOfEveryColumnIsRead: no two columns share a name, in whatever spelling.
func TestEveryNameOfEveryColumnIsRead(t *testing.T) {
	owner := map[string]string{}
	for _, h := range append(organisationHeadings(), heading{}) {
		for _, name := range append([]string{h.key}, h.names...) {
			if before, twice := owner[name]; twice && name != "" {
				t.Errorf("%s names %s and %s", name, before, h.key)
			}
			owner[name] = h.key
			if got := plainTitle(" *" + strings.ToUpper(name) + " "); got != name {
				t.Errorf("the name %q of %s can never be met: a file's is read as %q", name, h.key, got)
			}
		}
	}
}

func TestHeadersThatAreRefused(t *testing.T) {
	needs := []heading{needed("code", "代码"), needed("name", "名称"), optional("note")}
	for _, tt := range []struct {
		cells []string
		want  string
	}{
		{[]string{"代码", "名称", "颜色"}, "第 1 行“颜色”列：不认识的列，可用的列有 code、name、note（也可用中文列名）"},
		{[]string{"代码", "名称", "CODE"}, "第 1 行“CODE”列：与“代码”是同一列"},
		{[]string{"代码"}, "第 1 行：缺少必需的列“name”（名称）"},
		{[]string{"", "", ""}, "第 1 行：缺少必需的列“code”（代码）"},
		{[]string{"代码", "名称", "资金（万元）"}, "第 1 行“资金（万元）”列：金额应以元为单位，请换算后把列名中的“万元”改为“元”"},
	} {
		_, err := readLayout(sheet.Row{Number: 1, Cells: tt.cells}, needs)
		var refused *FileError
		if !errors.As(err, &refused) || err.Error() != tt.want || refused.HTTPStatus() != 422 || refused.Code() != "bad_file" || refused.Detail() != tt.want {
			t.Errorf("%v: %v\nwant %s", tt.cells, err, tt.want)
		}
	}
	if _, err := readLayout(sheet.Row{Number: 1, Fault: "引号没有成对"}, needs); err == nil || err.Error() != "第 1 行：引号没有成对" {
		t.Errorf("a header that cannot be read: %v", err)
	}
}

func TestRowsAreFilledByTheHeader(t *testing.T) {
	l, err := readLayout(sheet.Row{Number: 1, Cells: []string{"名称", "", "代码"}}, []heading{needed("code", "代码"), needed("name", "名称")})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		cells    []string
		workbook bool
		want     map[string]string
		fault    string
	}{
		{[]string{"甲", "", "1"}, false, map[string]string{"name": "甲", "code": "1"}, ""},
		{[]string{"甲"}, false, nil, "应有 3 列，实有 1 列"},
		{[]string{"甲"}, true, map[string]string{"name": "甲", "code": ""}, ""},
		{[]string{"甲", "", "1", ""}, false, map[string]string{"name": "甲", "code": "1"}, ""},
		{[]string{"甲", "乙", "1"}, false, nil, "第 2 列没有列名却有内容"},
		{[]string{"甲", "", "1", "丙"}, true, nil, "第 4 列没有列名却有内容"},
	} {
		cells := map[string]string{"code": "of the row before"}
		fault := l.fill(cells, sheet.Row{Number: 2, Cells: tt.cells}, tt.workbook)
		if fault != tt.fault {
			t.Errorf("%v: %q, want %q", tt.cells, fault, tt.fault)
		}
		if diff := cmp.Diff(tt.want, cells); tt.fault == "" && diff != "" {
			t.Errorf("%v:\n%s", tt.cells, diff)
		}
	}
	if got := []string{l.title("code"), l.title("name"), l.title("level")}; !slices.Equal(got, []string{"代码", "名称", ""}) {
		t.Errorf("titles %q", got)
	}
}

func TestRefusalsReadInOneLine(t *testing.T) {
	for want, r := range map[string]Refusal{
		"第 7 行：应有 3 列，实有 1 列":          {Row: 7, Reason: "应有 3 列，实有 1 列"},
		"第 7 行 uscc：不能为空":              {Row: 7, Field: "uscc", Column: "uscc", Reason: "不能为空"},
		"第 7 行 信用代码（uscc）：不能为空":        {Row: 7, Field: "uscc", Column: "信用代码", Reason: "不能为空"},
		"第 7 行 number_prefix：“甲”已由乙使用": {Row: 7, Field: "number_prefix", Reason: "“甲”已由乙使用"},
	} {
		if got := r.String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// TestColumnsReadWhatTheyWrite: what an entry is written as reads back as the same entry, and a change of any one
// column is seen as that column and no other.
func TestColumnsReadWhatTheyWrite(t *testing.T) {
	orgs, err := Sample(SampleOptions{Count: 60, Seed: 3, Authority: "440100"})
	if err != nil {
		t.Fatal(err)
	}
	csv := textSheet(t)
	for i := range orgs {
		var back Organisation
		for _, c := range columns {
			if fault := c.set(&back, cell{text: c.get(&orgs[i]), sheet: csv}); fault != "" {
				t.Fatalf("%s: %s: %s", orgs[i].USCC, c.key, fault)
			}
		}
		if keys := changedColumns(&orgs[i], &back); keys != nil {
			t.Errorf("%s: %v read otherwise than written", orgs[i].USCC, keys)
		}
	}
	for _, c := range columns {
		for j := 1; j < len(orgs); j++ {
			if c.get(&orgs[0]) == c.get(&orgs[j]) {
				continue
			}
			after := merged(&orgs[0], &orgs[j], []string{c.key})
			if diff := cmp.Diff([]string{c.key}, changedColumns(&orgs[0], &after)); diff != "" {
				t.Errorf("%s taken from another entry:\n%s", c.key, diff)
			}
			break
		}
	}
}
