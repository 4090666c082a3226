package form

import (
	"errors"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func smallForm(t testing.TB) *Form {
	t.Helper()
	f, err := Parse("small.yaml", []byte(small))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func defaultForm(t testing.TB, code string) *Form {
	t.Helper()
	set, err := Default()
	if err != nil {
		t.Fatal(err)
	}
	f, err := set.Form(code)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestDecodeValues(t *testing.T) {
	body := `{"values": {
		"name": "  e\u0301\ud842\udfb7  ", "charity": "yes", "ways": ["no", "yes"],
		"given.cash": "-1234.50", "given.total": "0.00", "people": 12, "hours": "10.5",
		"rows": [{"flag": "yes", "on": "2020-02-29"}, {}], "cf_in.amount": "9999999999999.99"
	}}`
	got, problems, err := smallForm(t).Decode([]byte(body), DefaultLimits)
	if err != nil || len(problems) > 0 {
		t.Fatalf("problems %v, error %v", problems, err)
	}
	want := Values{
		"name": "é𠮷", "charity": "yes", "ways": []string{"no", "yes"},
		"given.cash": int64(-123450), "given.total": int64(0), "people": int64(12), "hours": int64(1050),
		"rows": []map[string]any{{"flag": "yes", "on": "2020-02-29"}, {}}, "cf_in.amount": int64(999999999999999),
	}
	if diff := cmp.Diff(want, got.Values); diff != "" {
		t.Errorf("values (-want +got):\n%s", diff)
	}
}

func TestDecodeTellsAbsentFromEmpty(t *testing.T) {
	got, problems, err := smallForm(t).Decode([]byte(`{"values": {"rows": [], "ways": [], "name": " "}}`), DefaultLimits)
	if err != nil || len(problems) > 0 {
		t.Fatalf("problems %v, error %v", problems, err)
	}
	if diff := cmp.Diff(Values{"rows": []map[string]any{}, "ways": []string{}}, got.Values); diff != "" {
		t.Errorf("values (-want +got):\n%s", diff)
	}
}

// TestDecodeProblems has one value per row, and what is wrong with it.
func TestDecodeProblems(t *testing.T) {
	f := smallForm(t)
	for _, tc := range []struct{ key, value, code, at, message string }{
		{"unknown", `1`, ProblemUnknownKey, "unknown", "报告表中没有“unknown”这一项。"},
		{"given", `"1.00"`, ProblemUnknownKey, "given", "报告表中没有“given”这一项。"},
		{"given.in_kind", `"1.00"`, ProblemUnknownKey, "given.in_kind", "报告表中没有“given.in_kind”这一项。"},
		{"rows.on", `"2018-01-01"`, ProblemUnknownKey, "rows.on", "报告表中没有“rows.on”这一项。"},
		{"name", `1`, ProblemKind, "name", "“名称”的格式不正确，应为文字。"},
		{"name", `null`, ProblemKind, "name", "“名称”的格式不正确，应为文字。"},
		{"name", `"两\n行"`, ProblemCharacter, "name", "“名称”只能填写一行文字。"},
		{"name", `"\u0000"`, ProblemCharacter, "name", "“名称”含有不可见的控制字符（U+0000）。"},
		{"name", `"\u009f"`, ProblemCharacter, "name", "“名称”含有不可见的控制字符（U+009F）。"},
		{"charity", `true`, ProblemKind, "charity", "“慈善组织”的格式不正确，应为一个选项代码。"},
		{"charity", `"是"`, ProblemOption, "charity", "“慈善组织”没有代码为“是”的选项。"},
		{"ways", `"yes"`, ProblemKind, "ways", "“方式”的格式不正确，应为选项代码的数组。"},
		{"ways", `["yes", "yes"]`, ProblemRepeat, "ways[1]", "“方式”的选项“yes”重复。"},
		{"ways", `["yes", 1]`, ProblemKind, "ways[1]", "“方式”的格式不正确，应为选项代码的数组。"},
		{"people", `"12"`, ProblemKind, "people", "“人数”的格式不正确，应为整数，不带小数和引号。"},
		{"people", `12.0`, ProblemKind, "people", "“人数”的格式不正确，应为整数，不带小数和引号。"},
		{"people", `1e3`, ProblemKind, "people", "“人数”的格式不正确，应为整数，不带小数和引号。"},
		{"people", `-0`, ProblemKind, "people", "“人数”的格式不正确，应为整数，不带小数和引号。"},
		{"cf_in.amount", `"12345678901234.00"`, ProblemKind, "cf_in.amount", "“流入（金额）”超出范围，整数部分最多 13 位。"},
		{"people", `99999999999999`, ProblemKind, "people", "“人数”的格式不正确，应为整数，不带小数和引号。"},
		{"hours", `12.5`, ProblemKind, "hours", "“时数”的格式不正确，应为整数，或最多两位小数的字符串，如\"12.50\"。"},
		{"hours", `"12.505"`, ProblemKind, "hours", "“时数”的格式不正确，应为整数，或最多两位小数的字符串，如\"12.50\"。"},
		{"rows", `{}`, ProblemKind, "rows", "“明细”的格式不正确，应为对象的数组，一行一个对象，没有内容为[]。"},
		{"rows", `[[]]`, ProblemKind, "rows[0]", "“明细”的格式不正确，应为对象的数组，一行一个对象，没有内容为[]。"},
		{"rows", `[{}, {"of": 1}]`, ProblemUnknownKey, "rows[1].of", "“明细”中没有“of”这一栏。"},
		{"rows", `[{}, {"on": "2019-02-29"}]`, ProblemKind, "rows[1].on", "“日期”的格式不正确，应为日历中存在的日期，如\"2018-12-31\"。"},
		{"rows", "[" + strings.Repeat("{}, ", DefaultMaxRows) + "{}]", ProblemRows, "rows", "“明细”有501行，最多500行。"},
	} {
		body := `{"values": {` + strconv.Quote(tc.key) + `: ` + tc.value + `}}`
		got, problems, err := f.Decode([]byte(body), DefaultLimits)
		if err != nil {
			t.Errorf("%s: %s: error %v", tc.key, tc.value, err)
			continue
		}
		if len(problems) != 1 || problems[0].Code != tc.code || problems[0].Key != tc.at || problems[0].Message != tc.message || problems[0].Remedy == "" {
			t.Errorf("%s: %.60s: problems %+v", tc.key, tc.value, problems)
		}
		if value, ok := got.Values[tc.key]; ok && tc.key != "rows" {
			t.Errorf("%s: %s: still decoded as %v", tc.key, tc.value, value)
		}
	}
}

func TestDecodeMoneyHasOneSpelling(t *testing.T) {
	f := smallForm(t)
	for _, bad := range []string{
		"", "0", "1", "1.0", "1.000", ".00", "-.50", "+1.00", "01.00", "-01.00", "-0.00", "1,000.00", "1 000.00",
		" 1.00", "1.00 ", "1e3.00", "１.00", "1.0a", "--1.00", "10000000000000.00", "−1.00", "NaN", "1.-1",
	} {
		_, problems, err := f.Decode([]byte(`{"values": {"cf_in.amount": `+strconv.Quote(bad)+`}}`), DefaultLimits)
		if err != nil || len(problems) != 1 || problems[0].Code != ProblemKind {
			t.Errorf("%q: problems %v, error %v", bad, problems, err)
		}
	}
	for text, want := range map[string]int64{"0.00": 0, "0.01": 1, "-0.01": -1, "-10.10": -1010, "1000000.99": 100000099} {
		got, problems, err := f.Decode([]byte(`{"values": {"cf_in.amount": "`+text+`"}}`), DefaultLimits)
		if err != nil || len(problems) > 0 || got.Values["cf_in.amount"] != want {
			t.Errorf("%q: %v, %v, %v", text, got, problems, err)
		}
	}
}

func TestDecodeReportsEveryProblem(t *testing.T) {
	_, problems, err := smallForm(t).Decode([]byte(`{"values": {"name": 1, "people": "x", "nothing": 2, "rows": [{"on": 1, "flag": "maybe"}]}}`), DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	keys := make([]string, len(problems))
	for i, p := range problems {
		keys[i] = p.Key
	}
	if diff := cmp.Diff([]string{"name", "people", "nothing", "rows[0].on", "rows[0].flag"}, keys); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
}

func TestDecodeRefusesBodies(t *testing.T) {
	f := smallForm(t)
	deep := func(n int) string {
		return `{"values": {"x": ` + strings.Repeat("[", n) + strings.Repeat("]", n) + `}}`
	}
	for _, tc := range []struct {
		name, body string
		status     int
		code       string
	}{
		{"empty", ``, 400, "malformed_json"},
		{"cut off", `{"values": {"name": "名`, 400, "malformed_json"},
		{"cut off in an escape", `{"values": {"name": "\u12`, 400, "malformed_json"},
		{"trailing data", `{"values": {}} {}`, 400, "malformed_json"},
		{"trailing comma", `{"values": {"people": 1,}}`, 400, "malformed_json"},
		{"single quotes", `{'values': {}}`, 400, "malformed_json"},
		{"comment", `{"values": {} /* x */}`, 400, "malformed_json"},
		{"byte order mark", "\ufeff" + `{"values": {}}`, 400, "malformed_json"},
		{"leading zero", `{"values": {"people": 012}}`, 400, "malformed_json"},
		{"bare plus", `{"values": {"people": +1}}`, 400, "malformed_json"},
		{"half a fraction", `{"values": {"people": 1.}}`, 400, "malformed_json"},
		{"half an exponent", `{"values": {"people": 1e}}`, 400, "malformed_json"},
		{"line break in a string", "{\"values\": {\"name\": \"a\nb\"}}", 400, "malformed_json"},
		{"unknown escape", `{"values": {"name": "\x41"}}`, 400, "malformed_json"},
		{"unknown word", `{"values": nul}`, 400, "malformed_json"},
		{"not UTF-8", "{\"values\": {\"name\": \"\xc3\x28\"}}", 400, "invalid_utf8"},
		{"lone surrogate", `{"values": {"name": "\ud842"}}`, 400, "invalid_utf8"},
		{"surrogates the wrong way round", `{"values": {"name": "\udfb7\ud842"}}`, 400, "invalid_utf8"},
		{"key twice at the top", `{"values": {}, "values": {}}`, 400, "duplicate_key"},
		{"key twice", `{"values": {"people": 1, "people": 2}}`, 400, "duplicate_key"},
		{"key twice, once escaped", `{"values": {"people": 1, "\u0070eople": 2}}`, 400, "duplicate_key"},
		{"key twice in a row", `{"values": {"rows": [{"flag": "yes", "flag": "no"}]}}`, 400, "duplicate_key"},
		{"key twice in an unknown value", `{"values": {"x": {"y": {"a": 1, "a": 1}}}}`, 400, "duplicate_key"},
		{"key twice in a large object", `{"values": {` + manyKeys(40) + `, "k0": 1}}`, 400, "duplicate_key"},
		{"too deep", deep(15), 400, "too_deep"},
		{"far too deep", deep(100_000), 400, "too_deep"},
		{"too large", `{"values": {"name": "` + strings.Repeat("长", 700_000) + `"}}`, 413, "body_too_large"},
		{"array", `[]`, 422, "not_an_object"},
		{"null", `null`, 422, "not_an_object"},
		{"no values", `{}`, 422, "values_missing"},
		{"values of another kind", `{"values": []}`, 422, "values_missing"},
		{"another member", `{"values": {}, "form": "x"}`, 422, "unknown_member"},
	} {
		body, problems, err := f.Decode([]byte(tc.body), DefaultLimits)
		var refused *BodyError
		if !errors.As(err, &refused) || refused.HTTPStatus() != tc.status || refused.Code() != tc.code {
			t.Errorf("%s: body %v, problems %v, error %v", tc.name, body, problems, err)
			continue
		}
		if refused.Detail() == "" || len(refused.Detail()) > 300 || !strings.Contains(refused.Error(), tc.code) {
			t.Errorf("%s: detail %q", tc.name, refused.Detail())
		}
	}
	if _, _, err := f.Decode([]byte(deep(14)), DefaultLimits); err != nil {
		t.Errorf("16 levels are refused: %v", err)
	}
}

func manyKeys(n int) string {
	keys := make([]string, n)
	for i := range keys {
		keys[i] = `"k` + strconv.Itoa(i) + `": 1`
	}
	return strings.Join(keys, ", ")
}

func TestSyntaxErrorNamesThePlace(t *testing.T) {
	_, _, err := smallForm(t).Decode([]byte("{\"values\": {\n  \"名称\": x}}"), DefaultLimits)
	var refused *BodyError
	if !errors.As(err, &refused) || !strings.Contains(refused.Detail(), "第2行第9个字符") {
		t.Errorf("error %v", err)
	}
}

func TestValidDate(t *testing.T) {
	for text, want := range map[string]bool{
		"2018-12-31": true, "2020-02-29": true, "2000-02-29": true, "1900-02-29": false, "2019-02-29": false,
		"2019-04-31": false, "2019-00-10": false, "2019-13-01": false, "2019-01-00": false, "0000-01-01": false,
		"2019-1-01": false, "2019/01/01": false, "19-01-2019": false, "2019-01-01T00": false, "２019-01-0": false,
	} {
		if validDate(text) != want {
			t.Errorf("validDate(%q) = %v", text, !want)
		}
	}
}

// FuzzDecode: no input panics, and what decodes without a problem is written
// and read again as the same values.
func FuzzDecode(f *testing.F) {
	form := smallForm(f)
	for _, seed := range []string{
		`{"values": {}}`, `{"values": {"name": "é𠮷\n", "people": 1, "hours": "1.5"}}`, `[[[`, `{"values": {"rows": [{"flag": "yes"}]}}`,
		`{"values": {"given.cash": "-0.01", "ways": ["yes"]}}`, "{\"values\": {\"name\": \"\\ud842\\udfb7\"}}",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		body, problems, err := form.Decode(raw, DefaultLimits)
		if err != nil || len(problems) > 0 {
			return
		}
		written, err := form.Encode(body.Values)
		if err != nil {
			t.Fatalf("decoded values are not written: %v", err)
		}
		again, problems, err := form.Decode(written, DefaultLimits)
		if err != nil || len(problems) > 0 {
			t.Fatalf("written values are not read: %v %v\n%s", problems, err, written)
		}
		if diff := cmp.Diff(body.Values, again.Values); diff != "" {
			t.Errorf("values changed (-first +again):\n%s", diff)
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	f := defaultForm(b, "association-2004")
	raw, err := f.Encode(f.Sample(SampleOptions{Organisation: Organisation{USCC: "51440100MJK1A2B31L", Name: "示例"}, Year: 2018}))
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		if _, problems, err := f.Decode(raw, DefaultLimits); err != nil || len(problems) > 0 {
			b.Fatal(problems, err)
		}
	}
}

// TestTextWithNothingToSeeIsAbsent: else a blank that nobody sees would fill a required field.
func TestTextWithNothingToSeeIsAbsent(t *testing.T) {
	for in, filled := range map[string]bool{
		"": false, "  ": false, "\u3000": false, "\u200b": false, "\ufeff \u200d": false, "\u2060": false,
		"无": true, "-": true, "\u200b无": true, "👨\u200d👩": true,
	} {
		body, problems, err := smallForm(t).Decode([]byte(`{"values": {"name": `+strconv.Quote(in)+`}}`), DefaultLimits)
		if err != nil || len(problems) > 0 {
			t.Fatalf("%q: %v, %v", in, problems, err)
		}
		if _, got := body.Values["name"]; got != filled {
			t.Errorf("%q counts as filled: %v, want %v", in, got, filled)
		}
	}
}
