package form_test

import (
	"testing"

	"nianbao/filing/check"
	"nianbao/filing/form"
	"nianbao/internal/money"
	"nianbao/internal/workday"
)

// findings runs the form checks over a report as a submission would.
func findings(t *testing.T, in check.Input) []check.Finding {
	t.Helper()
	checks, err := check.Default()
	if err != nil {
		t.Fatal(err)
	}
	raw, err := in.Form.Encode(in.Values)
	if err != nil {
		t.Fatal(err)
	}
	body, problems, err := in.Form.Decode(raw, form.DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	in.Values, in.Problems = body.Values, problems
	found, err := checks.Run(in)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func organisation(charity, fundraising bool, registered workday.Date) (form.Organisation, check.Facts) {
	capital := money.Fen(2_345_678_90)
	o := form.Organisation{
		USCC: "52440104MJL9876586", Name: "越秀区示例组织", RegistrationNo: "粤穗第000001号", LegalRepresentative: "欧阳敏",
		Domicile: "广东省广州市越秀区", BusinessScope: "社区服务", Sponsor: "越秀区民政局", ContactName: "陈静", ContactPhone: "020-12345678",
		RegisteredCapital: &capital, RegisteredOn: registered, Charity: charity, PublicFundraising: fundraising,
	}
	return o, check.Facts{
		USCC: o.USCC, Name: o.Name, RegistrationNo: o.RegistrationNo, LegalRepresentative: o.LegalRepresentative,
		Domicile: o.Domicile, BusinessScope: o.BusinessScope, Sponsor: o.Sponsor, ContactName: o.ContactName, ContactPhone: o.ContactPhone,
		RegisteredCapital: &capital, RegisteredOn: registered, Charity: charity, PublicFundraising: fundraising,
	}
}

// TestSamplesBringNoFinding: every kind of organisation, year after year, on
// the opening day and a year and a half later, with what the register knows
// and with a register that knows only the name.
func TestSamplesBringNoFinding(t *testing.T) {
	forms, err := form.Default()
	if err != nil {
		t.Fatal(err)
	}
	for _, code := range forms.Codes() {
		f, err := forms.Form(code)
		if err != nil {
			t.Fatal(err)
		}
		for seed := range uint64(6) {
			registered := []workday.Date{workday.NewDate(1995, 3, 1), workday.NewDate(2018, 12, 31)}[seed%2]
			o, facts := organisation(seed > 1, seed > 3, registered)
			var prior form.Values
			for year := 2018; year < 2023; year++ {
				c := form.Context{PartySection: year%2 == int(seed)%2, FirstYear: registered.Year() == year}
				opens := workday.NewDate(year+1, 1, 14)
				values := f.Sample(form.SampleOptions{Organisation: o, Year: year, OpensOn: opens, Seed: seed, Prior: prior, Context: c})
				for _, today := range []workday.Date{opens, opens.AddDays(500)} {
					for _, finding := range findings(t, check.Input{
						Form: f, Values: values, Prior: prior, Organisation: facts, Context: c, ReportYear: year, Today: today, OpensOn: opens,
					}) {
						t.Errorf("%s %d seed %d on %s: %s %s %v", code, year, seed, today, finding.Check, finding.Message, finding.Keys)
					}
				}
				prior = values
			}
		}
		bare := form.Organisation{USCC: "52440104MJL9876586", Name: "示例"}
		values := f.Sample(form.SampleOptions{Organisation: bare, Year: 2018})
		for _, finding := range findings(t, check.Input{
			Form: f, Values: values, Organisation: check.Facts{USCC: bare.USCC, Name: bare.Name}, ReportYear: 2018, Today: workday.NewDate(2019, 1, 1),
		}) {
			t.Errorf("%s bare: %s %s %v", code, finding.Check, finding.Message, finding.Keys)
		}
	}
}

// TestSamplesShowFaults: a sample in which one statement figure is off by a
// fen is no longer without findings, whichever figure it is.
func TestSamplesShowFaults(t *testing.T) {
	forms, err := form.Default()
	if err != nil {
		t.Fatal(err)
	}
	o, facts := organisation(true, true, workday.NewDate(2010, 5, 1))
	opens := workday.NewDate(2019, 1, 14)
	for _, code := range forms.Codes() {
		f, err := forms.Form(code)
		if err != nil {
			t.Fatal(err)
		}
		values := f.Sample(form.SampleOptions{Organisation: o, Year: 2018, OpensOn: opens})
		silent := 0
		for _, field := range f.ValueFields() {
			n, ok := values.Int(field.Key)
			if !ok || field.Section.Kind == form.SectionFields {
				continue
			}
			values[field.Key] = n + 1
			in := check.Input{Form: f, Values: values, Organisation: facts, ReportYear: 2018, Today: opens, OpensOn: opens}
			if len(findings(t, in)) == 0 {
				silent++
				t.Logf("%s: %s off by a fen is not found", code, field.Key)
			}
			values[field.Key] = n
		}
		if silent > 0 {
			t.Errorf("%s: %d figures may be wrong unseen", code, silent)
		}
	}
}
