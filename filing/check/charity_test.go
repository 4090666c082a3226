package check

import (
	"slices"
	"testing"

	"nianbao/internal/money"
)

// wan is an amount in 万元.
func wan(n int64) int64 { return int64(money.Yuan(n * 10_000)) }

// TestCharityRatios walks the size classes of 民发〔2016〕189号: at the floor or the
// cap nothing is found, a fen beyond it the check warns.
func TestCharityRatios(t *testing.T) {
	tests := []struct {
		name     string
		form     string
		public   bool
		net      int64 // last year's net assets
		income   int64 // last year's income
		floor    int64 // least spending
		floorBy  string
		capShare int64 // greatest administration costs, percent of expenditure
	}{
		{"public foundation", "foundation-2004", true, wan(7000), wan(1000), wan(700), "CH-FLOOR-PUBLIC", 10},
		{"public association", "association-2004", true, wan(50), wan(1000), wan(700), "CH-FLOOR-PUBLIC", 13},
		{"public service", "service-2004", true, wan(5000), wan(1000), wan(700), "CH-FLOOR-PUBLIC", 13},
		{"foundation of 60 million", "foundation-2004", false, wan(6000), 0, wan(360), "CH-FLOOR", 12},
		{"foundation below 60 million", "foundation-2004", false, wan(6000) - 10000, 0, wan(360) - 600, "CH-FLOOR", 13},
		{"foundation of 8 million", "foundation-2004", false, wan(800), 0, wan(48), "CH-FLOOR", 13},
		{"foundation below 8 million", "foundation-2004", false, wan(800) - 10000, 0, wan(56) - 700, "CH-FLOOR", 15},
		{"foundation of 4 million", "foundation-2004", false, wan(400), 0, wan(28), "CH-FLOOR", 15},
		{"foundation below 4 million", "foundation-2004", false, wan(400) - 10000, 0, wan(32) - 800, "CH-FLOOR", 20},
		{"service of 10 million", "service-2004", false, wan(1000), 0, wan(60), "CH-FLOOR", 13},
		{"service below 10 million", "service-2004", false, wan(1000) - 10000, 0, wan(70) - 700, "CH-FLOOR", 14},
		{"service of 5 million", "service-2004", false, wan(500), 0, wan(35), "CH-FLOOR", 14},
		{"association below 5 million", "association-2004", false, wan(500) - 10000, 0, wan(40) - 800, "CH-FLOOR", 15},
		{"association of 1 million", "association-2004", false, wan(100), wan(1000), wan(8), "CH-FLOOR", 15},
		{"association below 1 million", "association-2004", false, wan(100) - 10000, wan(1000), wan(500), "CH-FLOOR-INCOME", 20},
		{"service below 1 million, little income", "service-2004", false, wan(100) - 10000, 100, wan(8) - 800, "CH-FLOOR", 20},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			choice := "no"
			if tt.public {
				choice = "yes"
			}
			says := func(code string, spending, admin int64) bool {
				return charitySays(t, tt.form, code, map[string]any{
					"public_fundraising": choice, "charity_last_net_assets": tt.net, "charity_last_income": tt.income,
					"charity_spending": spending, "charity_admin_cost": admin, "charity_expenditure": wan(1000),
				})
			}
			if says(tt.floorBy, tt.floor, 0) {
				t.Error("spending at the floor is found fault with")
			}
			if !says(tt.floorBy, tt.floor-1, 0) {
				t.Error("spending below the floor passes")
			}
			top := wan(1000) / 100 * tt.capShare
			if says("CH-ADMIN-CAP", tt.floor, top) {
				t.Error("administration costs at the cap are found fault with")
			}
			if !says("CH-ADMIN-CAP", tt.floor, top+1) {
				t.Error("administration costs above the cap pass")
			}
		})
	}
}

// TestSmallAdministrationIsExempt: below 200,000 yuan a year there is no cap.
func TestSmallAdministrationIsExempt(t *testing.T) {
	values := func(admin int64) map[string]any {
		return map[string]any{"charity_admin_cost": admin, "charity_expenditure": wan(30)}
	}
	if charitySays(t, "service-2004", "CH-ADMIN-CAP", values(wan(20)-1)) {
		t.Error("199,999.99 yuan is found fault with")
	}
	if !charitySays(t, "service-2004", "CH-ADMIN-CAP", values(wan(20))) {
		t.Error("200,000 yuan of 300,000 passes")
	}
	if charitySays(t, "service-2004", "CH-ADMIN-CAP", map[string]any{
		"charity": "no", "charity_admin_cost": wan(25), "charity_expenditure": wan(30)}) {
		t.Error("the cap is held against an organisation that is no charity")
	}
}

// charitySays tells whether the check warns about a report with these values.
func charitySays(t *testing.T, formCode, check string, values map[string]any) bool {
	t.Helper()
	checks, forms := defaults(t)
	in := readBase(t, formCode).input(t, forms)
	for key, v := range values {
		in.Values[key] = v
	}
	findings, err := checks.Run(in)
	if err != nil {
		t.Fatal(err)
	}
	return slices.ContainsFunc(findings, func(f Finding) bool { return f.Check == check && f.Severity == Warning })
}
