package main

import (
	"fmt"
	"io"
	"os"

	"nianbao/filing"
	"nianbao/filing/check"
	"nianbao/filing/form"
	"nianbao/internal/registry"
	"nianbao/internal/workday"
)

type authoritiesCmd struct {
	Import authoritiesImportCmd `cmd:"" help:"Import CSV: code,name,level,parent and, optionally, number_prefix."`
}

type authoritiesImportCmd struct {
	File   string `arg:"" type:"existingfile" help:"CSV; level is ministry, province, city or county."`
	DryRun bool   `help:"Show what would happen and change nothing."`
}

// Run imports the good rows and lists the refused ones.
func (c *authoritiesImportCmd) Run(e *environment) error {
	return e.importFile(c.File, func(s *store, file io.Reader) error {
		result, err := registry.ImportAuthorities(e.ctx, s.db, file, registry.ImportOptions{
			DryRun: c.DryRun, Filename: c.File, Actor: commandActor("authorities import"),
		})
		return e.report(c.File, tallyOf(result), err)
	})
}

type organisationsCmd struct {
	Import organisationsImportCmd `cmd:"" help:"Import the register from CSV or XLSX, Chinese or English headers, UTF-8 or GB18030."`
}

type organisationsImportCmd struct {
	File   string `arg:"" type:"existingfile" help:"CSV or XLSX; columns after status may be missing."`
	DryRun bool   `help:"Show what would happen and change nothing."`
}

// Run upserts the good rows by USCC, lists the refused ones, and gives obligations to whoever an open season now binds.
func (c *organisationsImportCmd) Run(e *environment) error {
	return e.importFile(c.File, func(s *store, file io.Reader) error {
		result, err := registry.ImportOrganisations(e.ctx, s.db, file, registry.ImportOptions{
			DryRun: c.DryRun, Filename: c.File, Actor: commandActor("organisations import"),
		})
		if err := e.report(c.File, tallyOf(result), err); err != nil || c.DryRun {
			return err
		}
		service, err := s.filing()
		if err != nil {
			return err
		}
		summary, err := service.OpenSeasons(e.ctx, s.db.Now())
		if err != nil {
			return fmt.Errorf("bind the organisations: %w; they are imported, nianbao job run open-seasons tries again", err)
		}
		fmt.Fprintln(e.stdout, summary)
		return nil
	})
}

// tally is what an import did; refused rows are spelled out.
type tally struct {
	read, inserted, updated, unchanged int
	refused                            []string
}

func tallyOf(r registry.ImportResult) tally {
	return tally{r.Read, r.Inserted, r.Updated, r.Unchanged, lines(r.Refused)}
}

func lines[R fmt.Stringer](refused []R) []string {
	text := make([]string, len(refused))
	for i, r := range refused {
		text[i] = r.String()
	}
	return text
}

// report prints an import's counts and its refused rows; refused rows alone are no failure, a file without any good
// row is.
func (e *environment) report(file string, t tally, err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	for _, refused := range t.refused {
		fmt.Fprintln(e.stdout, "refused:", refused)
	}
	fmt.Fprintf(e.stdout, "%d rows read, %d new, %d changed, %d unchanged, %d refused\n",
		t.read, t.inserted, t.updated, t.unchanged, len(t.refused))
	if t.read > 0 && len(t.refused) == t.read {
		return fmt.Errorf("%s: every row was refused; the reasons are above", file)
	}
	return nil
}

type seasonsCmd struct {
	Import seasonsImportCmd `cmd:"" help:"Import a season file (YAML); one whose opening day has come opens at once."`
}

type seasonsImportCmd struct {
	File string `arg:"" type:"existingfile" help:"YAML; see docs/seasons.md."`
}

// Run imports a new season or changes the one it names; the same file again changes nothing.
func (c *seasonsImportCmd) Run(e *environment) error {
	return e.importFile(c.File, func(s *store, file io.Reader) error {
		service, err := s.filing()
		if err != nil {
			return err
		}
		result, err := service.ImportSeason(e.ctx, file, commandActor("seasons import"))
		if err != nil {
			return fmt.Errorf("%s: %w", c.File, err)
		}
		fmt.Fprintf(e.stdout, "season %s %d: %s\n", result.Season.AuthorityCode, result.Season.ReportYear, result.Outcome)
		for _, change := range result.Changes {
			fmt.Fprintln(e.stdout, " ", change)
		}
		b := result.Bound
		fmt.Fprintf(e.stdout, "obligations: %d new, %d bound again, %d no longer bound, %d with another due day\n",
			b.Created, b.Reinstated, b.Exempted, b.DueChanged)
		return nil
	})
}

type reportsCmd struct {
	Import reportsImportCmd `cmd:"" help:"Import accepted reports of earlier years (JSON lines), for prefill and opening figures."`
}

type reportsImportCmd struct {
	File string `arg:"" type:"existingfile" help:"One object a line: uscc, report_year, form, values."`
}

// Run imports the good lines and lists the refused ones.
func (c *reportsImportCmd) Run(e *environment) error {
	return e.importFile(c.File, func(s *store, file io.Reader) error {
		service, err := s.filing()
		if err != nil {
			return err
		}
		result, err := service.ImportAccepted(e.ctx, file, filing.ImportAccepted{
			Filename: c.File, Actor: commandActor("reports import"),
		})
		return e.report(c.File, tally{result.Read, result.Inserted, result.Updated, result.Unchanged, lines(result.Refused)}, err)
	})
}

// importFile opens the file and the database for one import.
func (e *environment) importFile(name string, work func(s *store, file io.Reader) error) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	return e.with(func(s *store) error { return work(s, file) })
}

// filing is the service of the organisation's side without the hooks of review: for imports, which submit nothing.
func (s *store) filing() (*filing.Service, error) {
	forms, err := form.Default()
	if err != nil {
		return nil, err
	}
	checks, err := check.Default()
	if err != nil {
		return nil, err
	}
	return filing.New(filing.Config{
		DB: s.db, Forms: forms, Checks: checks,
		Calendar: func() *workday.Calendar { return s.calendar },
	}), nil
}
