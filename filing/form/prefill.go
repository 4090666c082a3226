package form

import "strings"

// PrefillOptions say whose new draft is filled in.
type PrefillOptions struct {
	Organisation Organisation
	Year         int
	Prior        Values // last year's accepted report, nil if there is none
	Context      Context
}

// Source says where a prefilled value comes from.
type Source string

// FromRegister is a fact of the register, FromPrior an answer or a figure of
// last year's accepted report.
const (
	FromRegister Source = "register"
	FromPrior    Source = "prior"
)

// Prefill is what a new draft starts from: the register's facts, the opening
// figures and last year's columns out of the prior report, and those of its
// answers that rarely change (marked carry in the form file). Nothing is made
// up: what is not known stays absent.
func (f *Form) Prefill(o PrefillOptions) Values {
	values, _ := f.PrefillFrom(o)
	return values
}

// PrefillFrom is Prefill with the source of every value, by key. The report
// year has none: it is a fact of the obligation and nobody's to confirm.
func (f *Form) PrefillFrom(o PrefillOptions) (Values, map[string]Source) {
	values, sources := Values{}, map[string]Source{}
	for _, field := range f.order {
		if key, ok := field.priorKey(); ok {
			if value, there := o.Prior[key]; there && field.When.Holds(values, nil, o.Context) {
				values[field.Key], sources[field.Key] = value, FromPrior
			}
		}
	}
	for key, value := range o.Organisation.known() {
		if _, ok := f.values[key]; ok {
			values[key], sources[key] = value, FromRegister
		}
	}
	values["report_year"] = int64(o.Year)
	return values, sources
}

// known are the register's facts under the keys that ask for them; what the
// register does not know is absent.
func (facts Organisation) known() map[string]any {
	known := map[string]any{"charity": yesNo(facts.Charity), "public_fundraising": yesNo(facts.PublicFundraising)}
	for key, text := range map[string]string{
		"uscc": facts.USCC, "name": facts.Name, "reporting_entity": facts.Name, "registration_no": facts.RegistrationNo,
		"legal_representative": facts.LegalRepresentative, "domicile": facts.Domicile, "postcode": facts.Postcode,
		"business_scope": facts.BusinessScope, "sponsor": facts.Sponsor, "contact_name": facts.ContactName,
		"contact_phone": facts.ContactPhone, "email": facts.ContactEmail,
	} {
		if text != "" {
			known[key] = text
		}
	}
	if !facts.RegisteredOn.IsZero() {
		known["established_on"] = facts.RegisteredOn.String()
	}
	if facts.RegisteredCapital != nil {
		known["registered_capital"] = int64(*facts.RegisteredCapital)
	}
	return known
}

// priorKey is the key of last year's report that this field starts from: the
// closing figure for an opening one, this year's column for last year's.
func (f *Field) priorKey() (string, bool) {
	line, column, cell := strings.Cut(f.Key, ".")
	switch {
	case cell && f.Section.Kind == SectionBalanceSheet && column == "opening":
		return line + ".closing", true
	case cell && f.Section.Kind == SectionActivities && strings.HasPrefix(column, "prior_"):
		return line + "." + strings.TrimPrefix(column, "prior_"), true
	default:
		return f.Key, f.Carry
	}
}
