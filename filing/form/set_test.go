package form

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDefaultForms(t *testing.T) {
	set, err := Default()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"association-2004", "foundation-2004", "service-2004"}, set.Codes()); diff != "" {
		t.Errorf("codes (-want +got):\n%s", diff)
	}
	for _, code := range set.Codes() {
		f, err := set.Form(code)
		if err != nil || f.Code != code || !strings.HasPrefix(code, f.Type) {
			t.Errorf("form %s: %+v, %v", code, f, err)
		}
	}
	var missing *NotFoundError
	if _, err := set.Form("service-1999"); !errors.As(err, &missing) || missing.HTTPStatus() != 404 || missing.Detail() == "" || missing.Code() != "not_found" {
		t.Errorf("unknown form: %v", err)
	}
}

// TestFormsShareStatementsAndIdentity pins what checks, documents and the
// register rely on in every form.
func TestFormsShareStatementsAndIdentity(t *testing.T) {
	service := defaultForm(t, "service-2004")
	lines := func(f *Form) map[string]string {
		out := map[string]string{}
		for _, section := range f.Sections {
			if section.Kind == SectionFields {
				continue
			}
			for _, line := range section.Fields {
				out[line.Key] = string(section.Kind) + " " + line.Line + " " + line.Label + " " + line.Formula + " " + string(line.Kind)
				for _, cell := range line.CellFields() {
					out[cell.Key] = cell.When.String()
				}
			}
		}
		return out
	}
	for _, code := range []string{"association-2004", "foundation-2004"} {
		if diff := cmp.Diff(lines(service), lines(defaultForm(t, code))); diff != "" {
			t.Errorf("statements of %s (-service +it):\n%s", code, diff)
		}
	}
	if n := len(lines(service)); n != 42+20+33+42*2+20*6+33 {
		t.Errorf("%d statement lines and cells", n)
	}
	for _, code := range []string{"association-2004", "service-2004", "foundation-2004"} {
		f := defaultForm(t, code)
		for _, key := range []string{
			"report_year", "name", "uscc", "registration_no", "legal_representative", "registered_capital", "domicile", "sponsor",
			"contact_name", "contact_phone", "industry_class", "charity", "public_fundraising", "charity_spending_income_ratio",
			"charity_admin_ratio", "gov_contracts", "gov_contracts.funding_source", "community_funds", "social_worker_certificates",
			"purchased_posts", "interns", "intern_hours", "intern_subsidy", "volunteers", "volunteer_hours", "party_report_members_total",
		} {
			if _, ok := f.Field(key); !ok {
				t.Errorf("%s lacks %s", code, key)
			}
		}
		for _, key := range []string{"organisation_code", "tax_registration", "tax_registration_no", "branch_new_registered", "supervisor_opinion", "legal_rep_signature"} {
			if _, ok := f.Field(key); ok {
				t.Errorf("%s still has %s", code, key)
			}
		}
		change, _ := f.Field("as_net_asset_change.restricted")
		if change.Formula != "11-35+40" || change.Terms()[1].Sign != -1 || change.Terms()[2].Field.Key != "as_transfer_restricted.restricted" {
			t.Errorf("%s: net asset change is %s", code, change.Formula)
		}
		for _, key := range []string{"contact_phone", "contact_mobile"} {
			if field, ok := f.Field(key); !ok || field.Visibility != Secret {
				t.Errorf("%s: %s is not secret", code, key)
			}
		}
	}
}

// TestChoicesAreTheSameInAllForms: a key that chooses chooses from the same
// options, one or several, in every form that has it.
func TestChoicesAreTheSameInAllForms(t *testing.T) {
	type choice struct {
		Kind    Kind
		Options []Option
	}
	seen := map[string]choice{}
	for _, code := range []string{"association-2004", "service-2004", "foundation-2004"} {
		f := defaultForm(t, code)
		for key, field := range f.fields {
			if field.Options == nil || strings.HasPrefix(key, "change_") {
				continue // the foundation form asks first whether there was a change
			}
			here := choice{field.Kind, field.Options}
			if before, ok := seen[key]; ok {
				if diff := cmp.Diff(before, here); diff != "" {
					t.Errorf("%s in %s (-other form +it):\n%s", key, code, diff)
				}
			}
			seen[key] = here
		}
	}
}

func TestPartySectionOnlyWhereTheSeasonAsks(t *testing.T) {
	f := defaultForm(t, "service-2004")
	members, _ := f.Field("party_report_members_total")
	if members.Applies(Values{}, nil, Context{}) || !members.Applies(Values{}, nil, Context{PartySection: true}) {
		t.Error("the party section does not follow the season")
	}
	for key, field := range f.fields {
		if strings.HasPrefix(key, "party_report_") != (field.Section.Code == "party_report") {
			t.Errorf("%s stands in section %s", key, field.Section.Code)
		}
	}
	prior, _ := f.Field("as_donation_income.prior_total")
	if prior.Applies(Values{}, nil, Context{FirstYear: true}) || !prior.Applies(Values{}, nil, Context{}) {
		t.Error("last year's columns do not follow the prior year")
	}
	contracts, _ := f.Field("gov_contracts")
	if contracts.Applies(Values{}, nil, Context{}) || !contracts.Applies(Values{"as_service_income_government.total": int64(1)}, nil, Context{}) {
		t.Error("contracts do not follow the memo in the statement")
	}
}

func BenchmarkLoadDefault(b *testing.B) {
	data, err := embedded.ReadFile("data/foundation-2004.yaml")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := Parse("foundation-2004.yaml", data); err != nil {
			b.Fatal(err)
		}
	}
}
