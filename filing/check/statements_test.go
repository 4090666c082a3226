package check

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"nianbao/filing/form"
)

// found tells whether a finding of that severity names the key.
func found(findings []Finding, severity Severity, key string) bool {
	return slices.ContainsFunc(findings, func(f Finding) bool {
		return f.Severity == severity && slices.Contains(f.Keys, key)
	})
}

// TestEveryStatementCellTakesPart moves each cell of the three statements and of the
// donation tables by one fen, on every form: an error must name it. The cells come
// from the form, not from the checks.
func TestEveryStatementCellTakesPart(t *testing.T) {
	checks, forms := defaults(t)
	for _, code := range forms.Codes() {
		t.Run(code, func(t *testing.T) {
			in := readBase(t, code).input(t, forms)
			cells := 0
			for _, field := range in.Form.ValueFields() {
				v, filled := in.Values.Int(field.Key)
				if !filled || field.Parent == nil {
					continue
				}
				cells++
				moved := in
				moved.Values = maps.Clone(in.Values)
				moved.Values[field.Key] = v + 1
				findings, err := checks.Run(moved)
				if err != nil {
					t.Fatal(err)
				}
				if !found(findings, Error, field.Key) {
					t.Errorf("%s moved by a fen: no error names it", field.Key)
				}
			}
			if least := 42*2 + 20*6 + 33; cells < least {
				t.Errorf("%d cells, want at least %d", cells, least)
			}
		})
	}
}

// TestCalculatedFieldsAreChecked moves each figure that the form calls calculated,
// in tables too: an error must name it.
func TestCalculatedFieldsAreChecked(t *testing.T) {
	checks, forms := defaults(t)
	for _, code := range forms.Codes() {
		t.Run(code, func(t *testing.T) {
			base := readBase(t, code).input(t, forms)
			run := func(key string, change func(form.Values)) {
				in := base
				in.Values = maps.Clone(base.Values)
				change(in.Values)
				findings, err := checks.Run(in)
				if err != nil {
					t.Fatal(err)
				}
				if !found(findings, Error, key) {
					t.Errorf("%s is calculated, but no error names it when it is wrong", key)
				}
			}
			for _, field := range base.Form.ValueFields() {
				if v, filled := base.Values.Int(field.Key); filled && field.Kind.Calculated() {
					run(field.Key, func(values form.Values) { values[field.Key] = v + 1 })
				}
				rows, _ := base.Values.Rows(field.Key)
				for _, column := range field.Columns {
					if len(rows) == 0 || !column.Kind.Calculated() {
						continue
					}
					run(field.Key+"[0]."+column.Key, func(values form.Values) {
						row := maps.Clone(rows[0])
						row[column.Key] = row[column.Key].(int64) + 1
						values[field.Key] = append([]map[string]any{row}, rows[1:]...)
					})
				}
			}
		})
	}
}

// TestOpeningFiguresFollowLastYear: every balance sheet line and every column of
// last year's activities is held against last year's report, and for 2026, where
// new accounting rules restate the opening figures, no difference is an error.
func TestOpeningFiguresFollowLastYear(t *testing.T) {
	checks, forms := defaults(t)
	in := readBase(t, "service-2004").input(t, forms)
	for _, year := range []int{2018, 2025, 2026, 2027} {
		for key, v := range in.Prior {
			last, _ := v.(int64)
			moved := in
			moved.ReportYear = year
			moved.Prior = maps.Clone(in.Prior)
			moved.Prior[key] = last + 1
			findings, err := checks.Run(moved)
			if err != nil {
				t.Fatal(err)
			}
			line, column, _ := strings.Cut(key, ".")
			want, now := "PY-ACTIVITIES", line+".prior_"+column
			if strings.HasPrefix(key, "bs_") {
				want, now = "PY-OPENING", line+".opening"
			}
			got := slices.ContainsFunc(findings, func(f Finding) bool {
				return f.Check == want && slices.Equal(f.Keys, []string{now})
			})
			if expected := year != 2026 || want != "PY-OPENING"; got != expected {
				t.Errorf("%d: last year's %s differs: %s found %t, want %t", year, key, want, got, expected)
			}
		}
	}
	in.Prior = nil
	findings, err := checks.Run(in)
	if err != nil || len(findings) > 0 {
		t.Errorf("without a report of last year: %v %v", findings, err)
	}
}
