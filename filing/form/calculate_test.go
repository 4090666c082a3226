package form

import (
	"maps"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A complete sample agrees with its own formulas, so that calculating it again
// changes nothing, and calculating it without its computed figures restores it.
func TestCalculateRestoresSamples(t *testing.T) {
	for _, code := range []string{"association-2004", "service-2004", "foundation-2004"} {
		f := defaultForm(t, code)
		want := f.Sample(SampleOptions{Organisation: Organisation{USCC: "x", Name: "试验中心"}, Year: 2018, Seed: 7})
		if diff := cmp.Diff(want, f.Calculate(want)); diff != "" {
			t.Errorf("%s: calculating a sample changed it (-sample +calculated):\n%s", code, diff)
		}
		bare := maps.Clone(want)
		dropped := 0
		for _, field := range f.ValueFields() {
			if _, filled := bare[field.Key]; filled && field.Computed() {
				delete(bare, field.Key)
				dropped++
			}
		}
		if dropped < 60 {
			t.Errorf("%s: only %d figures are computed", code, dropped)
		}
		if diff := cmp.Diff(want, f.Calculate(bare)); diff != "" {
			t.Errorf("%s: computed figures were not restored:\n%s", code, diff)
		}
	}
}

func TestCalculateCases(t *testing.T) {
	f := defaultForm(t, "service-2004")
	given := Values{
		"bs_cash.closing":              int64(100),
		"as_other_income.unrestricted": int64(5), "as_other_income.restricted": int64(7),
		"staff_full_time": int64(3), "employees": int64(99),
		"charity_spending": int64(1), "charity_last_income": int64(3), "charity_last_net_assets": int64(0),
		"community_funds": []map[string]any{{"opening": int64(10), "relief_paid": int64(4)}, {}},
	}
	before := maps.Clone(given)
	got := f.Calculate(given)
	for key, want := range map[string]any{
		"bs_current_assets_total.closing": int64(100), "bs_assets_total.closing": int64(100),
		"bs_assets_total.opening": nil, // nothing of it is filled
		"as_other_income.total":   int64(12), "as_income_total.restricted": int64(7), "as_income_total.total": int64(12),
		"as_net_asset_change.unrestricted":  int64(5),
		"employees":                         int64(3),    // what was typed does not count
		"charity_spending_income_ratio":     int64(3333), // 33.33 %
		"charity_spending_net_assets_ratio": int64(0),
		"charity_admin_ratio":               nil, // neither part is filled
		"community_funds":                   []map[string]any{{"opening": int64(10), "relief_paid": int64(4), "closing": int64(6)}, {}},
	} {
		if diff := cmp.Diff(want, got[key]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", key, diff)
		}
	}
	if diff := cmp.Diff(before, given); diff != "" {
		t.Errorf("Calculate changed what it was given:\n%s", diff)
	}
	if len(f.Calculate(nil)) != 0 {
		t.Error("out of nothing came figures")
	}
}

func TestPrune(t *testing.T) {
	f := defaultForm(t, "service-2004")
	for name, c := range map[string]struct {
		ctx         Context
		given, want Values
	}{
		"a condition that no longer holds": {
			given: Values{"party_organisation": "no", "party_organisation_form": "branch", "party_not_built_reason": "no_members"},
			want:  Values{"party_organisation": "no", "party_not_built_reason": "no_members"}},
		"a section that does not apply": {
			given: Values{"gov_contracts": []map[string]any{{"project": "甲"}}, "party_report_unit": "乙"},
			want:  Values{}},
		"a section that applies": {
			ctx: Context{PartySection: true},
			given: Values{"as_service_income_government.total": int64(1),
				"gov_contracts": []map[string]any{{"project": "甲"}, {}}, "party_report_unit": "乙"},
			want: Values{"as_service_income_government.total": int64(1),
				"gov_contracts": []map[string]any{{"project": "甲"}}, "party_report_unit": "乙"}},
		"blank rows are not none": {
			given: Values{"change_table": []map[string]any{{}}, "unit_table": []map[string]any{}},
			want:  Values{"unit_table": []map[string]any{}}},
		"first year": {
			ctx:   Context{FirstYear: true},
			given: Values{"as_other_income.prior_total": int64(1), "as_other_income.total": int64(2)},
			want:  Values{"as_other_income.total": int64(2)}},
	} {
		t.Run(name, func(t *testing.T) {
			before := maps.Clone(c.given)
			if diff := cmp.Diff(c.want, f.Prune(c.given, c.ctx)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(before, c.given); diff != "" {
				t.Errorf("Prune changed what it was given:\n%s", diff)
			}
		})
	}
	row := Values{"change_name": map[string]any{"status": "no_change", "approved_on": "2018-01-01"}}
	a := defaultForm(t, "association-2004")
	got := a.Prune(row, Context{})
	if kept, _ := got["change_name"].(map[string]any); kept["approved_on"] != nil {
		t.Errorf("a part that is not asked for stayed: %v", got)
	}
}

// A cell is no line: whoever asks for its cells gets none.
func TestCellsHaveNoCells(t *testing.T) {
	f := defaultForm(t, "service-2004")
	for _, field := range f.ValueFields() {
		if len(field.CellFields()) > 0 || len(field.Cells) > 0 {
			t.Errorf("%s has cells of its own", field.Key)
		}
	}
}

func TestNeeds(t *testing.T) {
	f := defaultForm(t, "service-2004")
	field, _ := f.Field("charity_spending_income_ratio")
	want := []Need{{Key: "charity", Op: "==", Option: "yes"}, {Key: "charity_last_income", Op: ">"}}
	if diff := cmp.Diff(want, field.When.Needs()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if !field.When.InContext(Context{}) || field.When.InContext(Context{FirstYear: true}) {
		t.Error("the context is not asked")
	}
	a := defaultForm(t, "association-2004")
	column, _ := a.Field("change_name.approved_on")
	if needs := column.When.Needs(); len(needs) != 1 || !needs[0].Column || needs[0].Option != "done" {
		t.Errorf("needs of a column: %+v", needs)
	}
	var none *When
	if none.Needs() != nil || !none.InContext(Context{}) {
		t.Error("no condition asks for something")
	}
}
