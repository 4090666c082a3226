package form

import "strings"

// PrefillOptions say whose new draft is filled in.
type PrefillOptions struct {
	Organisation Organisation
	Year         int
	Prior        Values // last year's accepted report, nil if there is none
	Context      Context
}

// Prefill is what a new draft starts from: the register's facts, the opening
// figures and last year's columns out of the prior report, and those of its
// answers that rarely change (marked carry in the form file). Nothing is made
// up: what is not known stays absent.
func (f *Form) Prefill(o PrefillOptions) Values {
	values := Values{}
	for _, field := range f.order {
		if key, ok := field.priorKey(); ok {
			if value, there := o.Prior[key]; there && field.When.Holds(values, nil, o.Context) {
				values[field.Key] = value
			}
		}
	}
	facts := o.Organisation
	for key, text := range map[string]string{
		"uscc": facts.USCC, "name": facts.Name, "reporting_entity": facts.Name, "registration_no": facts.RegistrationNo,
		"legal_representative": facts.LegalRepresentative, "domicile": facts.Domicile, "postcode": facts.Postcode,
		"business_scope": facts.BusinessScope, "sponsor": facts.Sponsor, "contact_name": facts.ContactName,
		"contact_phone": facts.ContactPhone, "email": facts.ContactEmail, "established_on": facts.RegisteredOn.String(),
	} {
		if _, ok := f.values[key]; ok && text != "" {
			values[key] = text
		}
	}
	if facts.RegisteredCapital != nil {
		values["registered_capital"] = int64(*facts.RegisteredCapital)
	}
	values["report_year"] = int64(o.Year)
	return values
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
