package check

import (
	"encoding/json"
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nianbao/filing/form"
	"nianbao/internal/money"
	"nianbao/internal/workday"
)

// TestEveryCheckCompiles is what Load asks of data; the embedded set is trusted to
// compile when it first runs.
func TestEveryCheckCompiles(t *testing.T) {
	checks, forms := defaults(t)
	if err := checks.Validate(forms); err != nil {
		t.Fatal(err)
	}
}

type sampleCase struct {
	year    int
	charity bool
	public  bool
	first   bool
	party   bool
	prior   bool
}

// TestSamplesAreClean: a sample of any kind, with last year's sample behind it or
// none, brings no error and no warning, on the opening day and later.
func TestSamplesAreClean(t *testing.T) {
	checks, forms := defaults(t)
	cases := []sampleCase{
		{year: 2018, prior: true}, {year: 2018, charity: true, party: true, prior: true},
		{year: 2025, charity: true, public: true, prior: true}, {year: 2026, first: true},
		{year: 2026, prior: true}, {year: 2019, charity: true, public: true, first: true, party: true}, {year: 2023},
	}
	for _, code := range forms.Codes() {
		f, err := forms.Form(code)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range cases {
			t.Run(fmt.Sprintf("%s/%+v", code, c), func(t *testing.T) {
				for seed := range uint64(12) {
					sampleIsClean(t, checks, f, c, seed)
				}
			})
		}
	}
}

func sampleIsClean(t *testing.T, checks *Set, f *form.Form, c sampleCase, seed uint64) {
	t.Helper()
	in := sampleInput(f, c, seed)
	for _, today := range []workday.Date{in.OpensOn, in.OpensOn.AddDays(400)} {
		in.Today = today
		findings, err := checks.Run(in)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range findings {
			t.Errorf("seed %d, %s: %s %v: %s", seed, today, found.Check, found.Keys, found.Message)
		}
	}
}

func sampleInput(f *form.Form, c sampleCase, seed uint64) Input {
	capital := money.Yuan(300_000)
	in := Input{
		Form: f, ReportYear: c.year, OpensOn: workday.NewDate(c.year+1, 1, 14), Today: workday.NewDate(c.year+1, 3, 1),
		Context: form.Context{FirstYear: c.first, PartySection: c.party},
		Organisation: Facts{
			USCC: fmt.Sprintf("52440104MJL98%05d", seed), Name: "示例市越秀区阳光社会工作服务中心",
			RegistrationNo: "粤民登第1号", LegalRepresentative: "张明", Domicile: "示例市示例路1号",
			BusinessScope: "社会工作服务", Sponsor: "示例市民政局", RegisteredCapital: &capital,
			RegisteredOn: workday.NewDate(2008, 5, 12), Charity: c.charity, PublicFundraising: c.public,
		},
	}
	options := form.SampleOptions{
		Organisation: in.Organisation, Year: c.year, OpensOn: in.OpensOn, Seed: seed, Context: in.Context,
	}
	if c.prior {
		last := options
		last.Year, last.OpensOn = c.year-1, workday.NewDate(c.year, 1, 14)
		in.Prior = f.Sample(last)
		options.Prior = in.Prior
	}
	in.Values = f.Sample(options)
	return in
}

// TestEmptyReport: nothing filled gives only findings of what is missing, one for
// each required field, and no check that computes.
func TestEmptyReport(t *testing.T) {
	checks, forms := defaults(t)
	for _, code := range forms.Codes() {
		f, _ := forms.Form(code)
		findings, err := checks.Run(Input{Form: f, Values: form.Values{}, ReportYear: 2018, Today: workday.NewDate(2019, 2, 1)})
		if err != nil {
			t.Fatal(err)
		}
		missing := map[string]bool{}
		for _, found := range findings {
			if found.Check != CodeRequired || len(found.Keys) != 1 || missing[found.Keys[0]] {
				t.Errorf("%s: %s %v: %s", code, found.Check, found.Keys, found.Message)
				continue
			}
			missing[found.Keys[0]] = true
		}
		want := map[string]bool{}
		for _, field := range f.ValueFields() {
			if field.Required && field.Applies(form.Values{}, nil, form.Context{}) {
				want[field.Key] = true
			}
		}
		if diff := cmp.Diff(want, missing); diff != "" {
			t.Errorf("%s: missing fields (-want +got):\n%s", code, diff)
		}
	}
}

// TestOrderAndRepeat: findings come in the order of the form and the same each
// time, from many goroutines at once.
func TestOrderAndRepeat(t *testing.T) {
	forms, err := form.Default()
	if err != nil {
		t.Fatal(err)
	}
	checks, err := read(mustSub(t))
	if err != nil {
		t.Fatal(err)
	}
	b := readBase(t, "association-2004")
	for _, key := range []string{"as_other_income.total", "bs_cash.closing", "cf_op_net.amount", "staff_total"} {
		b.Values[key] = "1.00"
	}
	b.Values["staff_total"] = 1
	delete(b.Values, "sponsor")
	in := b.input(t, forms)
	const runs = 8
	results := make([][]Finding, runs)
	var wait sync.WaitGroup
	for i := range runs {
		wait.Go(func() { results[i], _ = checks.Run(in) })
	}
	wait.Wait()
	for _, other := range results[1:] {
		if diff := cmp.Diff(results[0], other); diff != "" {
			t.Fatalf("two runs differ:\n%s", diff)
		}
	}
	var order []string
	for _, f := range results[0] {
		order = append(order, f.Check)
	}
	want := []string{
		"FIELD-REQUIRED", "PE-TOTAL", "PE-AGE", "PE-EDUCATION", "XS-CASH", "BS-CURRENT-ASSETS",
		"AS-INCOME", "AS-ROW", "CF-OPERATING-NET", "CF-NET-INCREASE",
	}
	if diff := cmp.Diff(want, order); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
	if !HasErrors(results[0]) || HasErrors(nil) || HasErrors([]Finding{{Severity: Warning}}) {
		t.Error("HasErrors does not tell errors from warnings")
	}
}

// TestFindingJSON pins the public form of a finding.
func TestFindingJSON(t *testing.T) {
	raw, err := json.Marshal(Finding{Check: "BS-TOTAL", Severity: Error, Keys: []string{"a", "b"}, Message: "m", Remedy: "r", Basis: "b"})
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"check":"BS-TOTAL","severity":"error","keys":["a","b"],"message":"m","remedy":"r","basis":"b"}`
	if string(raw) != want {
		t.Errorf("got %s\nwant %s", raw, want)
	}
}

// TestOverflowIsAFinding: what cannot be computed is found fault with, not passed.
func TestOverflowIsAFinding(t *testing.T) {
	checks, forms := defaults(t)
	in := readBase(t, "service-2004").input(t, forms)
	in.Values["bs_cash.closing"] = int64(1<<63 - 1)
	findings, err := checks.Run(in)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range findings {
		if f.Check == "BS-CURRENT-ASSETS" {
			if f.Severity != Error || f.Message == "" || f.Remedy == "" {
				t.Errorf("finding %+v", f)
			}
			return
		}
	}
	t.Error("a sum that overflows passed")
}

// TestUnknownForm: a form without checks is an error of the data.
func TestUnknownForm(t *testing.T) {
	checks, _ := defaults(t)
	if _, err := checks.Run(Input{Form: &form.Form{Code: "other-1999"}}); err == nil {
		t.Error("a form without checks was checked")
	}
	if v := checks.Version("other-1999"); v != "" {
		t.Errorf("version %q", v)
	}
}
