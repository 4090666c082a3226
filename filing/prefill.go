package filing

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"nianbao/filing/form"
	"nianbao/internal/registry"
)

// Prefill is the body that a first draft starts from: the register's facts and
// what carries over from last year's accepted report. Nothing is stored. It is
// refused like Draft.
func (s *Service) Prefill(ctx context.Context, organisationID uuid.UUID, year int) ([]byte, error) {
	t, err := s.find(ctx, lookup{organisationID: organisationID, year: year, prior: true})
	if err != nil {
		return nil, err
	}
	if t.planned() {
		return nil, t.notOpen()
	}
	f, err := s.forms.Form(t.obligation.Form)
	if err != nil {
		return nil, err
	}
	prior, err := s.priorValues(t.prior)
	if err != nil {
		return nil, err
	}
	org, err := registry.OrganisationByID(ctx, s.db, organisationID) // the target lacks what checks do not read
	if err != nil {
		return nil, err
	}
	facts := FactsOf(org)
	facts.Postcode, facts.ContactEmail = org.Postcode, org.ContactEmail
	body, err := f.Encode(f.Prefill(form.PrefillOptions{
		Organisation: facts, Year: year, Prior: prior,
		Context: FormContext(org.RegisteredOn, year, &t.season.Rules),
	}))
	if err != nil {
		return nil, fmt.Errorf("prefill report %d of %s: %w", year, organisationID, err)
	}
	return body, nil
}
