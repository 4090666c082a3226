package main

import (
	"context"
	"errors"
	"fmt"

	"nianbao/filing"
	"nianbao/filing/form"
	"nianbao/internal/registry"
)

type sampleCmd struct {
	Organisations sampleOrganisationsCmd `cmd:"" help:"A CSV of made-up, valid organisations for organisations import."`
	Report        sampleReportCmd        `cmd:"" help:"A complete report body that brings no finding."`
}

type sampleOrganisationsCmd struct {
	Count     int    `required:"" help:"How many, 1 to 1000000."`
	Seed      uint64 `default:"1" help:"Same arguments, same bytes."`
	Authority string `required:"" placeholder:"CODE" help:"Six-digit code of the registration authority."`
}

// Run writes the CSV to standard output. It needs no database.
func (c *sampleOrganisationsCmd) Run(e *environment) error {
	if c.Count < 1 || c.Count > registry.MaxSampleCount {
		return usagef("--count: %d is not between 1 and %d", c.Count, registry.MaxSampleCount)
	}
	organisations, err := registry.Sample(registry.SampleOptions{Count: c.Count, Seed: c.Seed, Authority: c.Authority})
	if err != nil {
		return usagef("%v", err)
	}
	return registry.WriteSampleCSV(e.stdout, organisations)
}

type sampleReportCmd struct {
	Organisation string `required:"" placeholder:"USCC" help:"An organisation of the register."`
	Year         int    `required:"" help:"Report year; a season must cover the organisation."`
	Seed         uint64 `default:"1" help:"Same arguments, same bytes."`
}

// Run writes a body that POST /reports/{year}/submissions takes at any time after the season opens.
func (c *sampleReportCmd) Run(e *environment) error {
	uscc, err := registry.ParseUSCC(c.Organisation)
	if err != nil {
		return usagef("--organisation %s: %v", c.Organisation, err)
	}
	return e.with(func(s *store) error {
		org, err := registry.OrganisationByUSCC(e.ctx, s.db, string(uscc))
		if err != nil {
			return fmt.Errorf("--organisation %s: %w", c.Organisation, err)
		}
		forms, err := form.Default()
		if err != nil {
			return err
		}
		body, err := sampleBody(e.ctx, s, forms, sampleOf{org: org, year: c.Year, seed: c.Seed})
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(e.stdout, "%s\n", body)
		return err
	})
}

// sampleOf says whose report of which year is made up.
type sampleOf struct {
	org  registry.Organisation
	year int
	seed uint64
}

// sampleBody makes up the report that the season asks of the organisation, going on from last year's accepted one.
func sampleBody(ctx context.Context, s *store, forms *form.Set, of sampleOf) ([]byte, error) {
	season, err := filing.SeasonFor(ctx, s.db, of.org.AuthorityCode, of.year, of.org.Type)
	if errors.Is(err, filing.ErrNotFound) {
		return nil, fmt.Errorf("no season of authority %s covers %s of %d: import one first", of.org.AuthorityCode, of.org.Type, of.year)
	}
	if err != nil {
		return nil, err
	}
	reportForm, err := forms.Form(season.Rules.Forms[of.org.Type])
	if err != nil {
		return nil, err
	}
	prior, err := priorValues(ctx, s, forms, of)
	if err != nil {
		return nil, err
	}
	return reportForm.Encode(reportForm.Sample(form.SampleOptions{
		Organisation: filing.FactsOf(of.org), Year: of.year, OpensOn: season.OpensOn, Seed: of.seed, Prior: prior,
		Context: filing.FormContext(of.org.RegisteredOn, of.year, &season.Rules),
	}))
}

// priorValues is last year's accepted report, nil where there is none.
func priorValues(ctx context.Context, s *store, forms *form.Set, of sampleOf) (form.Values, error) {
	accepted, err := filing.AcceptedReport(ctx, s.db, of.org.ID, of.year-1)
	if errors.Is(err, filing.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	priorForm, err := forms.Form(accepted.Form)
	if err != nil {
		return nil, err
	}
	body, _, err := priorForm.Decode(accepted.Body, form.DefaultLimits)
	if err != nil {
		return nil, fmt.Errorf("accepted report of %d: %w", of.year-1, err)
	}
	return body.Values, nil
}
