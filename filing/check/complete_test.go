package check

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nianbao/filing/form"
)

// fieldFinding is what a test says of a finding that follows from the form.
type fieldFinding struct{ Check, Key, Message string }

func TestFieldFindings(t *testing.T) {
	tests := []struct {
		name string
		form string
		set  map[string]any
		drop []string
		want []fieldFinding
	}{
		{"required", "service-2004", nil, []string{"sponsor"}, []fieldFinding{{CodeRequired, "sponsor", "“业务主管单位”没有填写。"}}},
		{"blank text is not filled", "service-2004", map[string]any{"sponsor": "  "}, nil,
			[]fieldFinding{{CodeRequired, "sponsor", "“业务主管单位”没有填写。"}}},
		{"statement cell", "service-2004", nil, []string{"bs_provisions.opening"},
			[]fieldFinding{{CodeRequired, "bs_provisions.opening", "“预计负债（年初数）”没有填写。"}}},
		{"table", "service-2004", nil, []string{"unit_table"}, []fieldFinding{{CodeRequired, "unit_table", "“内设机构增减”没有填写。"}}},
		{"column of a row", "service-2004", map[string]any{"unit_table": []any{map[string]any{
			"change": "added", "name": "项目部", "approved_on": "2018-02-01"}}}, nil,
			[]fieldFinding{{CodeRequired, "unit_table[0].head", "“负责人”没有填写。"}}},
		{"part that depends on another", "association-2004", map[string]any{"change_charter": map[string]any{"status": "done"}}, nil,
			[]fieldFinding{{CodeRequired, "change_charter.approved_on", "“批准时间”没有填写。"}}},
		{"field that depends on another", "service-2004", map[string]any{"party_organisation": "no"}, nil, []fieldFinding{
			{CodeRequired, "party_not_built_reason", "“未建立党组织的原因”没有填写。"},
			{CodeRequired, "party_report_not_built_reason", "“未建立党组织的原因”没有填写。"},
			{CodeRequired, "party_report_instructor", "“党建指导员姓名”没有填写。"}}},
		{"no choice made", "association-2004", map[string]any{"invoice_kinds": []any{}}, nil,
			[]fieldFinding{{CodeRequired, "invoice_kinds", "“使用票据种类”没有填写。"}}},
		{"too few rows", "service-2004", map[string]any{"gov_contracts": []any{}}, nil,
			[]fieldFinding{{CodeRows, "gov_contracts", "“政府购买服务项目”有0行，至少1行。"}}},
		{"too long", "service-2004", map[string]any{"bank": strings.Repeat("行", 51)}, nil,
			[]fieldFinding{{CodeLength, "bank", "“开户银行”有51个字，最多50个字。"}}},
		{"as long as allowed", "service-2004", map[string]any{"bank": strings.Repeat("𬭎", 50)}, nil, nil},
		{"below the least", "service-2004", map[string]any{"purchased_posts": -1}, nil,
			[]fieldFinding{{CodeRange, "purchased_posts", "“政府购买岗位数”填-1，不能小于0。"}}},
		{"above the greatest", "service-2004", map[string]any{"community_funds": []any{map[string]any{
			"fund": "示例基金", "opening": "0.00", "raised": "9000.00", "relief_paid": "6000.00", "relief_max": "5000.01",
			"activity_grants": "0.00", "activity_max": "0.00", "closing": "3000.00"}}}, nil,
			[]fieldFinding{{CodeRange, "community_funds[0].relief_max", "“对一人全年救助累计最高额”填5,000.01元，不能大于5,000.00元。"}}},
		{"wrong kind, not also missing", "service-2004", map[string]any{"bank": 5}, nil,
			[]fieldFinding{{CodeKind, "bank", ""}}},
		{"wrong kind in a row", "service-2004", map[string]any{"unit_table": []any{map[string]any{
			"change": "added", "name": "项目部", "head": "陈一", "approved_on": "2018-02-30"}}}, nil,
			[]fieldFinding{{CodeKind, "unit_table[0].approved_on", ""}}},
		{"unknown key", "service-2004", map[string]any{"colour": "red"}, nil, []fieldFinding{{CodeUnknown, "colour", ""}}},
		{"unknown option", "service-2004", map[string]any{"legal_form": "x"}, nil, []fieldFinding{{CodeOption, "legal_form", ""}}},
		{"control character", "service-2004", map[string]any{"bank": "a\x00b"}, nil, []fieldFinding{{CodeCharacter, "bank", ""}}},
	}
	checks, forms := defaults(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := readBase(t, tt.form).with(t, &Example{Set: tt.set, Drop: tt.drop})
			findings, err := checks.Run(b.input(t, forms))
			if err != nil {
				t.Fatal(err)
			}
			var got []fieldFinding
			for _, f := range findings {
				if !strings.HasPrefix(f.Check, "FIELD-") {
					continue
				}
				if f.Severity != Error || f.Remedy == "" || f.Basis == "" || f.Message == "" {
					t.Errorf("finding is not complete: %+v", f)
				}
				got = append(got, fieldFinding{f.Check, f.Keys[0], f.Message})
			}
			for i := range min(len(got), len(tt.want)) {
				if tt.want[i].Message == "" { // the words of decoding are the form's
					got[i].Message = ""
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestContextDecidesWhatIsAsked: the party section only where the season asks for
// it, last year's columns only of those who have a last year.
func TestContextDecidesWhatIsAsked(t *testing.T) {
	checks, forms := defaults(t)
	b := readBase(t, "service-2004")
	for key := range b.Values {
		if strings.HasPrefix(key, "party_report_") || strings.Contains(key, ".prior_") {
			delete(b.Values, key)
		}
	}
	for _, key := range []string{"charity_last_income", "charity_last_net_assets",
		"charity_spending_income_ratio", "charity_spending_net_assets_ratio"} {
		delete(b.Values, key)
	}
	in := b.input(t, forms)
	in.Context = form.Context{FirstYear: true}
	findings, err := checks.Run(in)
	if err != nil || len(findings) > 0 {
		t.Errorf("a first report without party section: %v %v", findings, err)
	}
	in.Context = form.Context{PartySection: true}
	findings, err = checks.Run(in)
	if err != nil {
		t.Fatal(err)
	}
	asked := func(key string) bool {
		return slices.ContainsFunc(findings, func(f Finding) bool { return f.Check == CodeRequired && f.Keys[0] == key })
	}
	for _, key := range []string{"party_report_filler", "as_income_total.prior_total", "charity_last_income"} {
		if !asked(key) {
			t.Errorf("%s is not asked for", key)
		}
	}
}
