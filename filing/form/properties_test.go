package form

import (
	"bytes"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// candidates are JSON values, most of them wrong for most fields.
var candidates = []string{
	`null`, `true`, `0`, `1`, `2018`, `1.5`, `"x"`, `"0.00"`, `"1.00"`, `"-1.00"`, `"-0.00"`, `"01.00"`, `"1.0"`, `"1,000.00"`,
	`"2018-01-01"`, `"2018-02-30"`, `"yes"`, `"no"`, `"other"`, `[]`, `["other"]`, `["other", "other"]`, `["x"]`, `[1]`, `{"x": 1}`, `[{"x": 1}]`,
}

// TestSchemaAndDecoderAgree: for every field of every form, the JSON Schema and
// the decoder take and refuse the same values.
func TestSchemaAndDecoderAgree(t *testing.T) {
	for _, code := range []string{"association-2004", "service-2004", "foundation-2004"} {
		f := defaultForm(t, code)
		schema := compileSchema(t, f)
		for _, field := range f.ValueFields() {
			property := schema.Properties[field.Key]
			for _, candidate := range candidates {
				if candidate == `[]` && field.MinRows > 0 || candidate == `"-1.00"` && field.Decimals > 0 {
					continue // ranges are for the checks, not for the decoder
				}
				if field.MaxLen > 0 && len(candidate)-2 > field.MaxLen {
					continue // so are lengths
				}
				value, err := jsonschema.UnmarshalJSON(strings.NewReader(candidate))
				if err != nil {
					t.Fatal(err)
				}
				bySchema := property.Validate(value) == nil
				_, problems, err := f.Decode([]byte(`{"values": {"`+field.Key+`": `+candidate+`}}`), DefaultLimits)
				if err != nil {
					t.Fatal(err)
				}
				if byDecoder := len(problems) == 0; bySchema != byDecoder {
					t.Errorf("%s %s (%s) = %s: schema takes it: %v, decoder: %v", code, field.Key, field.Kind, candidate, bySchema, byDecoder)
				}
			}
		}
	}
}

// TestProblemsNameTheField: whatever is wrong, the message names the field as
// the form does, and there is a remedy.
func TestProblemsNameTheField(t *testing.T) {
	for _, code := range []string{"association-2004", "service-2004", "foundation-2004"} {
		f := defaultForm(t, code)
		for _, field := range f.ValueFields() {
			_, problems, err := f.Decode([]byte(`{"values": {"`+field.Key+`": true}}`), DefaultLimits)
			if err != nil || len(problems) != 1 {
				t.Fatalf("%s %s: problems %v, error %v", code, field.Key, problems, err)
			}
			p := problems[0]
			if p.Key != field.Key || !strings.Contains(p.Message, field.Label) || p.Remedy == "" {
				t.Errorf("%s %s: %+v", code, field.Key, p)
			}
		}
	}
}

// TestFormTextsAreFitToPrint: labels, options, notes and helps are Chinese
// text without leftovers of the forms that they come from.
func TestFormTextsAreFitToPrint(t *testing.T) {
	chinese := func(s string) bool {
		return strings.ContainsFunc(s, func(r rune) bool { return unicode.Is(unicode.Han, r) })
	}
	for _, code := range []string{"association-2004", "service-2004", "foundation-2004"} {
		f := defaultForm(t, code)
		check := func(where, text string) {
			t.Helper()
			switch {
			case text != strings.TrimSpace(text) || strings.HasSuffix(text, "：") || !utf8.ValidString(text):
				t.Errorf("%s %s: %q is not trimmed", code, where, text)
			case !chinese(text) || strings.ContainsAny(text, "?;!") || strings.Contains(text, "字典"):
				t.Errorf("%s %s: %q is not a Chinese text", code, where, text)
			}
		}
		for _, section := range f.Sections {
			check(section.Code, section.Title)
			if section.Note != "" {
				check(section.Code, section.Note)
			}
		}
		for key, field := range f.fields {
			check(key, field.Label)
			if field.Help != "" {
				check(key, field.Help)
			}
			labels := map[string]bool{}
			for _, o := range field.Options {
				check(key, o.Label)
				if labels[o.Label] {
					t.Errorf("%s %s: two options are called %s", code, key, o.Label)
				}
				labels[o.Label] = true
			}
			if field.MaxLen > 3500 || field.MaxRows > DefaultMaxRows {
				t.Errorf("%s %s: %d characters, %d rows", code, key, field.MaxLen, field.MaxRows)
			}
		}
	}
}

// TestConditionsOfTheForms follows each conditional part of the forms from
// what the filer answered.
func TestConditionsOfTheForms(t *testing.T) {
	yes, no := "yes", "no"
	for _, tc := range []struct {
		form, key string
		values    Values
		first     bool
		want      bool
	}{
		{"foundation-2004", "fundraising_total.cash", Values{"foundation_type": "public"}, false, true},
		{"foundation-2004", "fundraising_total.cash", Values{"foundation_type": "non_public"}, false, false},
		{"foundation-2004", "last_year_income", Values{"foundation_type": "public"}, false, true},
		{"foundation-2004", "last_year_income", Values{"foundation_type": "public"}, true, false},
		{"foundation-2004", "last_year_fund_balance", Values{"foundation_type": "non_public"}, false, true},
		{"foundation-2004", "last_year_fund_balance", Values{"foundation_type": "public"}, false, false},
		{"foundation-2004", "disclosed_summary", Values{}, true, false},
		{"foundation-2004", "penalty_table", Values{"penalised": yes}, false, true},
		{"foundation-2004", "penalty_table", Values{"penalised": no}, false, false},
		{"foundation-2004", "penalty_table.date", Values{"penalised": no}, false, false},
		{"foundation-2004", "party_form", Values{"party_organisation": yes}, false, true},
		{"foundation-2004", "party_officer", Values{"party_organisation": yes}, false, false},
		{"foundation-2004", "party_study_other", Values{"party_study_ways": []string{"visit", "other"}}, false, true},
		{"foundation-2004", "party_study_other", Values{"party_study_ways": []string{"visit"}}, false, false},
		{"foundation-2004", "evaluation_grade", Values{"evaluation_none": no}, false, true},
		{"association-2004", "seal_keeper", Values{"sys_seal": yes}, false, true},
		{"association-2004", "seal_keeper", Values{"sys_seal": no}, false, false},
		{"service-2004", "party_organisation_form", Values{"party_organisation": no}, false, false},
		{"service-2004", "party_not_built_reason", Values{"party_organisation": no}, false, true},
		{"service-2004", "charity_recognised_on", Values{"charity": yes}, false, true},
		{"service-2004", "charity_last_income", Values{"charity": yes}, true, false},
		{"service-2004", "charity_admin_ratio", Values{"charity": yes, "charity_expenditure": int64(0)}, false, false},
		{"service-2004", "charity_admin_ratio", Values{"charity": yes, "charity_expenditure": int64(1)}, false, true},
		{"service-2004", "as_income_total.prior_total", Values{}, true, false},
		{"service-2004", "as_income_total.total", Values{}, true, true},
		{"service-2004", "bs_cash.opening", Values{}, true, true},
	} {
		field, ok := defaultForm(t, tc.form).Field(tc.key)
		if !ok {
			t.Errorf("%s has no %s", tc.form, tc.key)
			continue
		}
		if got := field.Applies(tc.values, nil, Context{FirstYear: tc.first}); got != tc.want {
			t.Errorf("%s: %s with %v, first year %v: applies %v", tc.form, tc.key, tc.values, tc.first, got)
		}
	}
}

// TestChangedBytesNeverPanic cuts, doubles and flips a real body; the decoder
// must answer every time, and never take what is not JSON.
func TestChangedBytesNeverPanic(t *testing.T) {
	f := defaultForm(t, "service-2004")
	raw, err := f.Encode(f.Sample(sampleCases()[0].options))
	if err != nil {
		t.Fatal(err)
	}
	for at := 0; at < len(raw); at += 37 {
		for _, changed := range [][]byte{
			raw[:at],
			append(bytes.Clone(raw[:at]), raw[min(at+1, len(raw)):]...),
			append(append(bytes.Clone(raw[:at]), '"'), raw[at:]...),
			append(append(bytes.Clone(raw[:at]), 0xff), raw[at:]...),
		} {
			if _, _, err := f.Decode(changed, DefaultLimits); err == nil {
				if _, standardErr := standard(changed); standardErr != nil {
					t.Errorf("taken though no JSON (%v), changed at %d", standardErr, at)
				}
			}
		}
	}
}
