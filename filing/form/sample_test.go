package form

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nianbao/internal/money"
	"nianbao/internal/workday"
)

type sampleCase struct {
	name, form string
	options    SampleOptions
}

// sampleCases are all forms, charities and not, with and without a prior
// report, in the first year and with the party section.
func sampleCases() []sampleCase {
	capital := money.Fen(50_000_00)
	var cases []sampleCase
	for _, code := range []string{"service-2004", "association-2004", "foundation-2004"} {
		for seed := range uint64(4) {
			base := SampleOptions{
				Organisation: Organisation{
					USCC: "52440104MJL9876586", Name: "越秀区示例社会工作服务中心", RegisteredCapital: &capital,
					RegisteredOn: workday.NewDate(2010, 5, 1), Charity: seed > 0, PublicFundraising: seed > 1,
				},
				Year: 2018, OpensOn: workday.NewDate(2019, 1, 14), Seed: seed,
			}
			cases = append(cases, sampleCase{code + " plain", code, base})
			party := base
			party.Context.PartySection = true
			cases = append(cases, sampleCase{code + " with the party section", code, party})
			first := base
			first.Context.FirstYear, first.Organisation.RegisteredOn = true, workday.NewDate(2018, 5, 1)
			cases = append(cases, sampleCase{code + " first year", code, first})
		}
	}
	return cases
}

func TestSampleIsComplete(t *testing.T) {
	for _, c := range sampleCases() {
		f := defaultForm(t, c.form)
		values := f.Sample(c.options)
		for _, field := range f.ValueFields() {
			value, set := values[field.Key]
			applies := field.Applies(values, nil, c.options.Context)
			if set != applies && (field.Required || set) {
				t.Errorf("%s: %s set %v, asked for %v", c.name, field.Key, set, applies)
			}
			rows, _ := value.([]map[string]any)
			for i, row := range rows {
				for _, column := range field.Columns {
					if _, ok := row[column.Key]; !ok && column.Required && column.Applies(values, row, c.options.Context) {
						t.Errorf("%s: %s[%d].%s is not set", c.name, field.Key, i, column.Key)
					}
				}
			}
		}
	}
}

func TestSampleReadsBackAndRepeats(t *testing.T) {
	for _, c := range sampleCases() {
		f := defaultForm(t, c.form)
		raw, err := f.Encode(f.Sample(c.options))
		if err != nil {
			t.Fatal(err)
		}
		if _, problems, err := f.Decode(raw, DefaultLimits); err != nil || len(problems) > 0 {
			t.Errorf("%s: problems %v, error %v", c.name, problems, err)
		}
		again, err := f.Encode(f.Sample(c.options))
		if err != nil || !bytes.Equal(raw, again) {
			t.Errorf("%s: the same options gave other bytes (%v)", c.name, err)
		}
		c.options.Seed += 100
		other, err := f.Encode(f.Sample(c.options))
		if err != nil || bytes.Equal(raw, other) {
			t.Errorf("%s: another seed gave the same bytes (%v)", c.name, err)
		}
	}
}

// addsUp recomputes every formula of the form and what no formula says: that
// the statements agree with one another.
func addsUp(t *testing.T, name string, f *Form, values Values) {
	t.Helper()
	n := func(key string) int64 { i, _ := values.Int(key); return i }
	for _, field := range f.ValueFields() {
		got, set := values.Int(field.Key)
		if !set || field.Terms() == nil {
			continue
		}
		var want int64
		for _, term := range field.Terms() {
			want += term.Sign * n(term.Field.Key)
		}
		if field.Divisor() != nil {
			want = ratio(want, n(field.Divisor().Key))
		}
		if got != want {
			t.Errorf("%s: %s is %d, its formula %s gives %d", name, field.Key, got, field.Formula, want)
		}
	}
	for _, column := range []string{"opening", "closing"} {
		if n("bs_assets_total."+column) != n("bs_liabilities_and_net_assets_total."+column) {
			t.Errorf("%s: the balance sheet does not balance at %s", name, column)
		}
	}
	for column, line := range map[string]string{"unrestricted": "bs_net_assets_unrestricted", "restricted": "bs_net_assets_restricted", "total": "bs_net_assets_total"} {
		if n("as_net_asset_change."+column) != n(line+".closing")-n(line+".opening") {
			t.Errorf("%s: net asset change, %s, is not that of the balance sheet", name, column)
		}
	}
	if n("cf_net_increase.amount") != n("bs_cash.closing")-n("bs_cash.opening") {
		t.Errorf("%s: the cash flow does not end in the change of cash", name)
	}
	if n("as_service_income_government.total") > n("as_service_income.total") {
		t.Errorf("%s: the government-purchase memo exceeds its line", name)
	}
	if _, ok := values["donation_total.total"]; ok && n("donation_total.total") != n("as_donation_income.total") {
		t.Errorf("%s: the donation table is not the donation income", name)
	}
}

func TestSampleAddsUp(t *testing.T) {
	for _, c := range sampleCases() {
		f := defaultForm(t, c.form)
		addsUp(t, c.name, f, f.Sample(c.options))
	}
}

// TestSampleFollowsOddPriorReports: whatever was accepted last year, this
// year's sample adds up, and opens with it where all of it is there.
func TestSampleFollowsOddPriorReports(t *testing.T) {
	for _, c := range sampleCases() {
		f := defaultForm(t, c.form)
		base := f.Sample(c.options)
		scaled := func(factor, lost int64) Values {
			prior := Values{}
			for key, value := range base {
				if n, ok := value.(int64); ok && f.values[key].Section.Kind != SectionFields {
					value = n * factor
				}
				prior[key] = value
			}
			prior["bs_net_assets_unrestricted.closing"] = prior["bs_net_assets_unrestricted.closing"].(int64) - lost
			prior["bs_short_term_loans.closing"] = prior["bs_short_term_loans.closing"].(int64) + lost
			s := &sampler{form: f, values: prior}
			s.calculate()
			return s.values
		}
		incomplete := Values{}
		for key, value := range base {
			if !strings.HasPrefix(key, "bs_inventory") && !strings.HasPrefix(key, "as_sales") {
				incomplete[key] = value
			}
		}
		for name, prior := range map[string]Values{
			"nothing": {}, "all zero": scaled(0, 0), "incomplete": incomplete, "thousandfold": scaled(1000, 0), "a deficit": scaled(1, 20_000_000_00),
		} {
			c.options.Year, c.options.Prior, c.options.Context.FirstYear = 2019, prior, false
			values := f.Sample(c.options)
			addsUp(t, c.name+" after "+name, f, values)
			opening, ok := prior["bs_cash.closing"]
			if complete := name != "nothing" && name != "incomplete"; complete && (!ok || values["bs_cash.opening"] != opening) {
				t.Errorf("%s after %s: cash opens with %v, closed with %v", c.name, name, values["bs_cash.opening"], opening)
			}
			if raw, err := f.Encode(values); err != nil {
				t.Errorf("%s after %s: %v", c.name, name, err)
			} else if _, problems, err := f.Decode(raw, DefaultLimits); err != nil || len(problems) > 0 {
				t.Errorf("%s after %s: %v %v", c.name, name, problems, err)
			}
		}
	}
}

var update = flag.Bool("update", false, "write the golden files")

// TestSampleGolden: the same arguments give the same bytes in every build.
func TestSampleGolden(t *testing.T) {
	for _, code := range []string{"association-2004", "service-2004", "foundation-2004"} {
		f := defaultForm(t, code)
		got, err := f.Encode(f.Sample(SampleOptions{
			Organisation: Organisation{USCC: "52440104MJL9876586", Name: "示例组织", Charity: true}, Year: 2018,
			OpensOn: workday.NewDate(2019, 1, 14), Seed: 1, Context: Context{PartySection: true},
		}))
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join("testdata", "sample-"+code+".json")
		if *update {
			if err := os.WriteFile(path, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("%s (-golden +got; -update writes it):\n%s", path, diff)
		}
	}
}

// TestSampleHasNoIdleFigures: a report in which a subtotal is zero cannot show
// that its check works.
func TestSampleHasNoIdleFigures(t *testing.T) {
	for _, c := range sampleCases() {
		f := defaultForm(t, c.form)
		values := f.Sample(c.options)
		for _, field := range f.ValueFields() {
			n, set := values.Int(field.Key)
			subtotal := field.Section.Kind != SectionFields && field.Kind.Calculated()
			if set && subtotal && n == 0 {
				t.Errorf("%s: subtotal %s is zero", c.name, field.Key)
			}
			if set && field.Section.Kind == SectionBalanceSheet && n < 0 {
				t.Errorf("%s: %s is negative", c.name, field.Key)
			}
		}
		for _, key := range []string{"as_transfer_restricted.unrestricted", "as_transfer_restricted.restricted", "as_service_income_government.total"} {
			if n, _ := values.Int(key); n == 0 {
				t.Errorf("%s: %s is zero", c.name, key)
			}
		}
	}
}

func TestSampleGoesOnFromThePriorReport(t *testing.T) {
	for _, c := range sampleCases() {
		if c.options.Context.FirstYear {
			continue
		}
		f := defaultForm(t, c.form)
		prior := f.Sample(c.options)
		for year := 2019; year < 2024; year++ {
			c.options.Year, c.options.Prior = year, prior
			c.options.OpensOn = workday.NewDate(year+1, 1, 10)
			values := f.Sample(c.options)
			for _, field := range f.ValueFields() {
				var was string
				switch {
				case strings.HasSuffix(field.Key, ".opening"):
					was = strings.Replace(field.Key, ".opening", ".closing", 1)
				case strings.Contains(field.Key, ".prior_"):
					was = strings.Replace(field.Key, ".prior_", ".", 1)
				default:
					continue
				}
				if values[field.Key] != prior[was] {
					t.Fatalf("%s %d: %s is %v, last year's %s was %v", c.name, year, field.Key, values[field.Key], was, prior[was])
				}
			}
			prior = values
		}
	}
}

func TestSampleDatesLieInTheYear(t *testing.T) {
	for _, c := range sampleCases() {
		f := defaultForm(t, c.form)
		values := f.Sample(c.options)
		for _, field := range f.ValueFields() {
			if field.Kind == KindDate && field.Key != "established_on" {
				date := values.Text(field.Key)
				if date != "" && !strings.HasPrefix(date, "2018-") && date != c.options.OpensOn.String() {
					t.Errorf("%s: %s is %s", c.name, field.Key, date)
				}
			}
		}
	}
}

func TestSampleTakesTheRegistersFacts(t *testing.T) {
	capital := money.Fen(1_234_567_89)
	o := Organisation{
		USCC: "51440100MJK1A2B31L", Name: "示例行业协会", RegistrationNo: "粤穗社证字第0001号", LegalRepresentative: "欧阳𬭎",
		Domicile: "广州市天河区", BusinessScope: "行业服务", Sponsor: "广州市商务局", ContactName: "陈㛃", ContactPhone: "020-12345678",
		RegisteredCapital: &capital, Charity: true,
	}
	v := defaultForm(t, "association-2004").Sample(SampleOptions{Organisation: o, Year: 2018})
	for key, want := range map[string]any{
		"uscc": o.USCC, "name": o.Name, "registration_no": o.RegistrationNo, "legal_representative": o.LegalRepresentative,
		"domicile": o.Domicile, "business_scope": o.BusinessScope, "sponsor": o.Sponsor, "contact_name": o.ContactName,
		"contact_phone": o.ContactPhone, "registered_capital": int64(capital), "charity": "yes", "public_fundraising": "no",
		"report_date": "2018-12-31",
	} {
		if v[key] != want {
			t.Errorf("%s is %v, want %v", key, v[key], want)
		}
	}
}
