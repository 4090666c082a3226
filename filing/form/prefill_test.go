package form

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"nianbao/internal/money"
	"nianbao/internal/workday"
)

func TestPrefillFromTheRegister(t *testing.T) {
	capital := money.Fen(30_000_00)
	got := defaultForm(t, "service-2004").Prefill(PrefillOptions{
		Organisation: Organisation{
			USCC: "52440104MJL9876586", Name: "示例中心", LegalRepresentative: "陈敏", RegisteredCapital: &capital,
			RegisteredOn: workday.NewDate(2010, 5, 1), Charity: true,
		},
		Year: 2018,
	})
	want := Values{
		"report_year": int64(2018), "uscc": "52440104MJL9876586", "name": "示例中心", "reporting_entity": "示例中心",
		"legal_representative": "陈敏", "registered_capital": int64(30_000_00), "established_on": "2010-05-01",
		"charity": "yes", "public_fundraising": "no",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("values (-want +got):\n%s", diff)
	}
}

func TestPrefillFromThePriorReport(t *testing.T) {
	for _, c := range sampleCases() {
		f := defaultForm(t, c.form)
		prior := f.Sample(c.options)
		o := PrefillOptions{Organisation: c.options.Organisation, Year: 2019, Prior: prior}
		got := f.Prefill(o)
		for key, from := range map[string]string{
			"bs_cash.opening": "bs_cash.closing", "bs_assets_total.opening": "bs_assets_total.closing",
			"as_income_total.prior_total": "as_income_total.total", "industry_class": "industry_class", "staff_full_time": "staff_full_time",
		} {
			if got[key] != prior[from] || got[key] == nil {
				t.Errorf("%s: %s is %v, last year's %s was %v", c.name, key, got[key], from, prior[from])
			}
		}
		for _, key := range []string{"bs_cash.closing", "as_income_total.total", "cf_net_increase.amount", "report_date", "gov_contracts", "charity_spending"} {
			if value, ok := got[key]; ok {
				t.Errorf("%s: %s is already %v", c.name, key, value)
			}
		}
		o.Context.FirstYear = true
		if _, ok := f.Prefill(o)["as_income_total.prior_total"]; ok {
			t.Errorf("%s: last year's columns are filled in the first year", c.name)
		}
		if raw, err := f.Encode(got); err != nil {
			t.Errorf("%s: %v", c.name, err)
		} else if _, problems, err := f.Decode(raw, DefaultLimits); err != nil || len(problems) > 0 {
			t.Errorf("%s: %v %v", c.name, problems, err)
		}
	}
}

// TestPrefillSaysWhereFrom: every value but the year has a source, and the register is believed before last year's report.
func TestPrefillSaysWhereFrom(t *testing.T) {
	for _, c := range sampleCases() {
		f := defaultForm(t, c.form)
		o := PrefillOptions{Organisation: c.options.Organisation, Year: 2019, Prior: f.Sample(c.options)}
		o.Organisation.Domicile = "新住所一号"
		values, sources := f.PrefillFrom(o)
		if values["domicile"] != "新住所一号" {
			t.Errorf("%s: the domicile is %v, not the register's", c.name, values["domicile"])
		}
		for key, want := range map[string]Source{
			"name": FromRegister, "domicile": FromRegister, "charity": FromRegister, "report_year": "",
			"bs_cash.opening": FromPrior, "as_income_total.prior_total": FromPrior, "industry_class": FromPrior,
		} {
			if got := sources[key]; got != want {
				t.Errorf("%s: %s is from %q, want %q", c.name, key, got, want)
			}
		}
		for key := range values {
			if sources[key] == "" && key != "report_year" {
				t.Errorf("%s: nobody knows where %s is from", c.name, key)
			}
		}
		if len(sources) != len(values)-1 {
			t.Errorf("%s: %d sources of %d values", c.name, len(sources), len(values))
		}
	}
}
