package registry

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nianbao/internal/event"
	"nianbao/internal/postgres"
	"nianbao/internal/postgres/pgtest"
)

// stored is every authority in short: code, name, level, parent, prefix.
func storedAuthorities(t *testing.T, db *postgres.DB) []string {
	t.Helper()
	list, err := Authorities(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, a := range list {
		lines = append(lines, strings.Join([]string{a.Code, a.Name, string(a.Level), a.ParentCode, a.NumberPrefix}, " "))
	}
	return lines
}

func TestImportAuthoritiesInAnyOrder(t *testing.T) {
	db := pgtest.New(t)
	result := importAuthorities(t, db, "code,name,level,parent\n"+
		"440106,试验市示范区民政局,county,440100\n440100,试验市民政局,city,440000\n440000,试验省民政厅,province,100000\n100000,民政部,ministry,\n")
	if got := countsOf(result); got != (counts{Read: 4, Inserted: 4}) {
		t.Fatalf("%+v, refused %v", got, refusals(result))
	}
	want := []string{
		"100000 民政部 ministry  民社",
		// The city comes first in the file and has the short prefix.
		"440000 试验省民政厅 province 100000 试验民社",
		"440100 试验市民政局 city 440000 试民社",
		"440106 试验市示范区民政局 county 440100 试示民社",
	}
	if diff := cmp.Diff(want, storedAuthorities(t, db)); diff != "" {
		t.Errorf("stored (-want +got):\n%s", diff)
	}
}

func TestImportAuthoritiesRefuses(t *testing.T) {
	db := newRegister(t)
	tests := []struct{ row, want string }{
		{"4402,甲市民政局,city,440000,", "code：“4402”应为 6 位数字"},
		{"440200,,city,440000,", "name：不能为空"},
		{"440200,甲市民政局,town,440000,", "level：“town”应为"},
		{"440200,甲市民政局,city,广东,", "parent：“广东”应为上级机关的 6 位代码"},
		{"440300,乙市民政局,city,990000,", "parent：上级 990000 不在库中"},
		{"440400,丙市民政局,city,440100,", "parent：上级 440100 是市级，应高于本机关的市级"},
		{"440500,丁市民政局,city,440500,", "parent：上级 440500 是市级"},
		// Its parent is the row with the unknown parent, so it falls too.
		{"440301,乙市一区民政局,county,440300,", "parent：上级 440300 不在库中"},
		// A stored child is a county: the city cannot become one.
		{"440100,试验市民政局,county,440000,", "parent：其下级 440106 是县（区）级"},
		{"440107,试验市东湖区民政局,county,440100,", ""},
		{"440600,戊市民政局,city,440000,试示民社", "number_prefix：“试示民社”已由 440106 使用"},
		{"440700,己市民政局,city,440000,己民社", ""},
		{"440700,己市民政局,city,440000,", "code：与第 13 行的代码重复"},
	}
	var file strings.Builder
	file.WriteString("code,name,level,parent,number_prefix\n")
	for _, tt := range tests {
		file.WriteString(tt.row + "\n")
	}
	result := importAuthorities(t, db, file.String())
	got := make(map[int]string)
	for _, refusal := range result.Refused {
		got[refusal.Row] = refusal.String()
	}
	for i, tt := range tests {
		if tt.want == "" && got[i+2] != "" || !strings.Contains(got[i+2], tt.want) {
			t.Errorf("row %d: %q, want %q", i+2, got[i+2], tt.want)
		}
	}
	if result.Inserted != 2 || len(storedAuthorities(t, db)) != 5 {
		t.Errorf("%+v, stored %v", countsOf(result), storedAuthorities(t, db))
	}
}

func TestImportAuthoritiesUpdates(t *testing.T) {
	db := newRegister(t)
	importAuthorities(t, db, "代码,名称,级别,上级,发文机关代字\n440100,试验市民政局,市级,440000,试社管\n")
	// Without the column, and with a blank in it, the prefix stays.
	result := importAuthorities(t, db, "code,name,level,parent\n440100,试验市民政和社会组织局,city,440000\n440106,试验市示范区民政局,county,440100\n")
	if got := countsOf(result); got != (counts{Read: 2, Updated: 1, Unchanged: 1}) {
		t.Errorf("%+v, refused %v", got, refusals(result))
	}
	a, err := AuthorityByCode(t.Context(), db, "440100")
	if err != nil || a.NumberPrefix != "试社管" || a.Name != "试验市民政和社会组织局" || a.ParentCode != "440000" {
		t.Errorf("stored %+v, %v", a, err)
	}
	again := importAuthorities(t, db, "code,name,level,parent,number_prefix\n440106,试验市示范区民政局,county,440100,\n")
	if got := countsOf(again); got != (counts{Read: 1, Unchanged: 1}) {
		t.Errorf("again: %+v", got)
	}
	if n, _ := events(t, db, event.AuthorityImportedKind); n != 3 {
		t.Errorf("%d events, want one for each import that changed something", n)
	}
}

// TestImportAuthoritiesMovesAWholeBranch: a parent and its child may change
// level together, since it is the result that must stand.
func TestImportAuthoritiesMovesAWholeBranch(t *testing.T) {
	db := pgtest.New(t)
	importAuthorities(t, db, "code,name,level,parent\n440000,试验省民政厅,province,\n440100,试验市民政局,city,440000\n")
	result := importAuthorities(t, db, "code,name,level,parent\n440000,试验市民政局,city,\n440100,试验县民政局,county,440000\n")
	if got := countsOf(result); got != (counts{Read: 2, Updated: 2}) {
		t.Errorf("%+v, refused %v", got, refusals(result))
	}
}

func TestImportAuthoritiesDryRun(t *testing.T) {
	db := pgtest.New(t)
	dry := tester
	dry.DryRun = true
	result, err := ImportAuthorities(t.Context(), db, strings.NewReader("code,name,level,parent\n440100,试验市民政局,city,\n"), dry)
	if err != nil || result.Inserted != 1 || !result.DryRun {
		t.Errorf("%+v, %v", result, err)
	}
	if got := storedAuthorities(t, db); len(got) != 0 {
		t.Errorf("stored %v", got)
	}
}

func TestImportAuthoritiesRefusesTheFile(t *testing.T) {
	_, err := ImportAuthorities(t.Context(), pgtest.New(t), strings.NewReader("code,name,level\n"), tester)
	var fileErr *FileError
	if !errors.As(err, &fileErr) || !strings.Contains(err.Error(), "parent") {
		t.Errorf("a file without parents: %v", err)
	}
}

func TestDerivedPrefixes(t *testing.T) {
	tests := map[string]string{
		"试验市民政局":     "试民社",
		"试验市示范区民政局":  "试示民社",
		"试验省民政厅":     "试民社",
		"民政部":        "民社",
		"试验市行政审批局":   "试民社",
		"广西壮族自治区民政厅": "广民社",
		"州城市民政局":     "州民社",
		"民间组织管理处":    "民民社",
	}
	for name, want := range tests {
		if got := derivedPrefixes(name); got[0] != want {
			t.Errorf("derivedPrefixes(%s) begins with %s, want %s", name, got[0], want)
		}
	}
	want := []string{"试示民社", "试示范民社", "试示范区民社", "试验市示范区民政局民社"}
	if diff := cmp.Diff(want, derivedPrefixes("试验市示范区民政局")); diff != "" {
		t.Errorf("prefixes (-want +got):\n%s", diff)
	}
}
