package form

import (
	"strings"
	"testing"
	"testing/fstest"
)

// small is a form with one of everything, from which the refusals start.
const small = `form: small-2004
version: 1
type: service
title: 小表
options:
  yes_no:
    - {code: "yes", label: 是}
    - {code: "no", label: 否}
columns:
  cash_flow:
    - {key: amount, label: 金额}
  donations:
    - {key: cash, label: 现金}
    - {key: total, label: 合计, formula: cash}
sections:
  - code: basics
    title: 基本情况
    kind: fields
    visibility: public
    fields:
      - {key: name, label: 名称, kind: text, required: true, max_len: 10}
      - {key: charity, label: 慈善组织, kind: choice, options: yes_no, required: true}
      - {key: ways, label: 方式, kind: multichoice, options: yes_no}
      - {key: given, label: 捐赠, kind: money, unit: 元, cells: donations, visibility: secret}
      - {key: people, label: 人数, kind: number, unit: 人, when: "charity == yes"}
      - {key: hours, label: 时数, kind: number, decimals: 2, max: "100"}
      - {key: all, label: 合计, kind: number-calc, formula: people+people}
      - key: rows
        label: 明细
        kind: table
        columns:
          - {key: flag, label: 是否, kind: choice, options: yes_no, required: true}
          - {key: on, label: 日期, kind: date, required: true, when: "flag == yes"}
  - code: cash
    title: 现金流量表
    kind: cash_flow
    visibility: public
    fields:
      - {key: cf_in, label: 流入, kind: money, unit: 元, line: "1", required: true}
      - {key: cf_net, label: 净额, kind: money-calc, unit: 元, line: "2", formula: "1", required: true}
`

func TestParseSmallForm(t *testing.T) {
	f, err := Parse("small.yaml", []byte(small))
	if err != nil {
		t.Fatal(err)
	}
	if rows, ok := f.Field("rows[3].on"); !ok || rows.Kind != KindDate || rows.FullKey() != "rows.on" {
		t.Errorf("rows[3].on = %+v, %v", rows, ok)
	}
	cell, ok := f.Field("cf_net.amount")
	if !ok || cell.Label != "净额（金额）" || len(cell.Terms()) != 1 || cell.Terms()[0].Field.Key != "cf_in.amount" {
		t.Errorf("cf_net.amount = %+v, %v", cell, ok)
	}
	if total, _ := f.Field("given.total"); total.Visibility != Secret || total.Formula != "cash" {
		t.Errorf("given.total = %+v: visibility and column formula must come from the line and the column", total)
	}
	if hours, _ := f.Field("hours"); hours.Upper == nil || *hours.Upper != 10_000 || *hours.Lower != 0 {
		t.Errorf("hours = %+v: limits are in hundredths, and counts are not negative", hours)
	}
	if rows, _ := f.Field("rows"); rows.MaxRows != DefaultMaxRows {
		t.Errorf("rows take %d rows, want %d", rows.MaxRows, DefaultMaxRows)
	}
	for _, key := range []string{"nothing", "rows[", "rows[1].nothing", "cf_in.opening"} {
		if _, ok := f.Field(key); ok {
			t.Errorf("field %q found", key)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, tc := range []struct{ name, old, new, want string }{
		{"empty file", small, "", "small.yaml: the file is empty"},
		{"not YAML", "version: 1", "version: [1", "small.yaml: "},
		{"unknown key", "title: 小表", "titel: 小表", `unknown field "titel"`},
		{"unknown key in a field", "max_len: 10", "maxlen: 10", `unknown field "maxlen"`},
		{"key twice in the file", "version: 1", "version: 1\nversion: 2", `[3:1] mapping key "version" already defined`},
		{"form code", "form: small-2004", "form: Small", `small.yaml:1:7: form code "Small"`},
		{"version", "version: 1", "version: 0", "small.yaml:2:10: version"},
		{"type", "type: service", "type: company", `small.yaml:3:7: unknown type "company"`},
		{"no title", "title: 小表", `title: ""`, "small.yaml:4:8: the form has no title"},
		{"empty options", "  yes_no:\n    - {code: \"yes\", label: 是}\n    - {code: \"no\", label: 否}", "  yes_no: []", `small.yaml:6:11: option set "yes_no" is empty`},
		{"option code", `{code: "no"`, `{code: "否"`, `option code "否" is not lower snake case`},
		{"option label", `label: 否}`, `label: ""}`, `option "no" has no label`},
		{"option twice", `{code: "no"`, `{code: "yes"`, `small.yaml:8:7: option "yes" stands twice`},
		{"empty column set", "  cash_flow:\n    - {key: amount, label: 金额}", "  cash_flow: []", `column set "cash_flow" is empty`},
		{"column label", "{key: amount, label: 金额}", "{key: amount}", `column "amount" has no proper key or no label`},
		{"section code", "code: cash", "code: Cash", `section code "Cash" is not lower snake case`},
		{"section twice", "code: cash", "code: basics", `small.yaml:34:11: section "basics" stands twice`},
		{"section title", "title: 现金流量表", `title: ""`, `section "cash" has no title`},
		{"section kind", "kind: cash_flow", "kind: profit", `section "cash": unknown kind "profit"`},
		{"section visibility", "kind: cash_flow\n    visibility: public", "kind: cash_flow\n    visibility: all", `section "cash": visibility "all" is none of`},
		{"section condition", "kind: cash_flow\n", "kind: cash_flow\n    when: sometimes\n", `context word "sometimes" is not known`},
		{"field key", "key: name", "key: Name", `small.yaml:21:`},
		{"field label", "label: 名称", `label: ""`, `field "name" has no label`},
		{"field kind", "kind: text", "kind: string", `field "name": unknown kind "string"`},
		{"field visibility", "visibility: secret", "visibility: hidden", `field "given": visibility "hidden" is none of`},
		{"key twice", "key: people", "key: name", `small.yaml:25:9: key "name" stands twice`},
		{"column twice", "key: on,", "key: flag,", `column "flag" stands twice in "rows"`},
		{"line twice", `line: "2"`, `line: "1"`, `line "1" stands twice in section "cash"`},
		{"unit of money", "unit: 元, cells", "unit: 万元, cells", `field "given": money is in 元, not "万元"`},
		{"statement line without a number", `line: "1", `, "", `statement line "cf_in" has no line number`},
		{"statement line not required", `line: "1", required: true`, `line: "1"`, `statement line "cf_in" is not required`},
		{"statement line of another kind", `kind: money, unit: 元, line: "1"`, `kind: number, line: "1"`, `statement line "cf_in" is not money`},
		{"line number outside", "max_len: 10", `max_len: 10, line: "1"`, `field "name" has a line number outside a statement`},
		{"table without columns", "        columns:\n          - {key: flag, label: 是否, kind: choice, options: yes_no, required: true}\n          - {key: on, label: 日期, kind: date, required: true, when: \"flag == yes\"}\n", "", `field "rows": columns belong to tables`},
		{"table in a table", "key: on, label: 日期, kind: date", "key: on, label: 日期, kind: table, columns: [{key: a, label: 甲, kind: date}]", `column "on" is itself a table`},
		{"rows of no table", "max_len: 10", "max_len: 10, max_rows: 3", `field "name": only a table has a number of rows`},
		{"row limits", "kind: table\n", "kind: table\n        min_rows: 9\n        max_rows: 3\n", `field "rows": min_rows 9 and max_rows 3 do not fit`},
		{"cells of a number", "kind: number, unit: 人", "kind: number, cells: donations", `field "people": only a money line has cells`},
		{"cells that are not there", "cells: donations", "cells: gifts", `field "given": column set "gifts" is not there`},
		{"decimals", "decimals: 2", "decimals: 3", `field "hours": only a number has decimals, and two of them`},
		{"calculated without a formula", ", formula: people+people", "", `field "all" is calculated but has no formula`},
		{"text without max_len", ", max_len: 10", "", `field "name": texts, and only texts, have a max_len`},
		{"limit of another kind", `max: "100"`, `max: viel`, `field "hours": limit "viel" is not a number`},
		{"limit on a text", "max_len: 10", `max_len: 10, min: "1"`, `field "name": limit "1" is not a text`},
		{"options of a text", "kind: text", "kind: text, options: yes_no", `field "name": choices, and only choices, have options`},
		{"choice without options", "kind: multichoice, options: yes_no", "kind: multichoice", `field "ways": choices, and only choices, have options`},
		{"options that are not there", "kind: multichoice, options: yes_no", "kind: multichoice, options: maybe", `field "ways": option set "maybe" is not there`},
		{"formula names no field", "formula: people+people", "formula: people-persons", `formula "people-persons" refers to "persons", which is not there`},
		{"formula names no line", `formula: "1"`, `formula: "1+9"`, `formula "1+9" refers to "9", which is not there`},
		{"formula is broken", `formula: "1"`, `formula: "1+"`, `refers to "", which is not there`},
		{"ratio over nothing", "formula: people+people", "formula: people/all2", `refers to "all2", which is not there`},
		{"column formula", "formula: cash}", "formula: goods}", `formula "goods" refers to "goods", which is not there`},
		{"condition not understood", "charity == yes", "charity = yes", `condition "charity = yes" is not understood`},
		{"condition on no field", "charity == yes", "charitable == yes", `field "charitable" is not there`},
		{"condition on no option", "charity == yes", "charity == maybe", `field "charity" has no option "maybe"`},
		{"condition of another kind", "charity == yes", "name == yes", `field "name" is a text`},
		{"condition above another limit", "charity == yes", "hours > 5", `only > 0 is understood`},
		{"condition on no sibling", "flag == yes", "flags == yes", `field "flags" is not there`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			text := strings.Replace(small, tc.old, tc.new, 1)
			if text == small {
				t.Fatalf("the small form has no %q", tc.old)
			}
			_, err := Parse("small.yaml", []byte(text))
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %v, want one with %q", err, tc.want)
			}
		})
	}
}

func TestLoadRefusesTwoFormsOfOneCode(t *testing.T) {
	_, err := Load(fstest.MapFS{"a.yaml": {Data: []byte(small)}, "b.yaml": {Data: []byte(small)}})
	if err == nil || !strings.Contains(err.Error(), `form "small-2004" is defined twice`) {
		t.Errorf("error %v", err)
	}
	_, err = Load(fstest.MapFS{"a.yaml": {Data: []byte("form: [")}})
	if err == nil {
		t.Error("a broken file was loaded")
	}
}

func TestConditions(t *testing.T) {
	f, err := Parse("small.yaml", []byte(strings.Replace(small, `charity == yes"`, `charity == yes and given.cash > 0 and ways has no and not_first_year"`, 1)))
	if err != nil {
		t.Fatal(err)
	}
	people, _ := f.Field("people")
	all := Values{"charity": "yes", "given.cash": int64(1), "ways": []string{"yes", "no"}}
	if !people.Applies(all, nil, Context{}) {
		t.Error("all terms hold, the field does not apply")
	}
	for _, missing := range []string{"charity", "given.cash", "ways"} {
		values := Values{}
		for k, v := range all {
			if k != missing {
				values[k] = v
			}
		}
		if people.Applies(values, nil, Context{}) {
			t.Errorf("the field applies without %s", missing)
		}
	}
	if people.Applies(all, nil, Context{FirstYear: true}) {
		t.Error("the field applies in the first year")
	}
	on, _ := f.Field("rows.on")
	if !on.Applies(nil, map[string]any{"flag": "yes"}, Context{}) || on.Applies(nil, map[string]any{"flag": "no"}, Context{}) {
		t.Error("a column's condition must look at its row")
	}
	if people.When.String() != "charity == yes and given.cash > 0 and ways has no and not_first_year" || on.Section.When.String() != "" {
		t.Error("a condition is not written as it was read")
	}
}
