package filing

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"nianbao/filing/check"
	"nianbao/filing/form"
	"nianbao/internal/workday"
)

// examined is a body that was read and checked, outside any transaction.
type examined struct {
	formVersion  int
	checkVersion string
	findings     []check.Finding // without errors once passed
}

// examine decodes a body and runs the form checks. A body that cannot be read
// is a *form.BodyError; findings are not an error here.
func (s *Service) examine(t *target, body []byte, now time.Time) (*examined, error) {
	f, err := s.forms.Form(t.obligation.Form)
	if err != nil {
		return nil, err
	}
	decoded, problems, err := f.Decode(body, form.DefaultLimits)
	if err != nil {
		return nil, err
	}
	result := &examined{formVersion: f.Version}
	if s.checks == nil {
		return result, nil
	}
	prior, err := s.priorValues(t.prior)
	if err != nil {
		return nil, err
	}
	today := workday.DateOf(now)
	result.checkVersion = s.checks.Version(f.Code)
	result.findings, err = s.checks.Run(check.Input{
		Form: f, Values: decoded.Values, Problems: problems, Prior: prior,
		Organisation: FactsOf(t.org), Context: FormContext(t.org.RegisteredOn, t.obligation.ReportYear, &t.season.Rules),
		ReportYear: t.obligation.ReportYear,
		Today:      later(today, t.obligation.OpensOn), // before the season opens a report is judged as of its opening
		OpensOn:    t.obligation.OpensOn,
	})
	if err != nil {
		return nil, fmt.Errorf("check report %d of %s: %w", t.obligation.ReportYear, t.org.ID, err)
	}
	return result, nil
}

// priorValues decodes last year's accepted report; it was valid when it was
// accepted, so what no longer fits its form is left out.
func (s *Service) priorValues(prior *Accepted) (form.Values, error) {
	if prior == nil {
		return nil, nil //nolint:nilnil // no prior report is no values, and check.Input says so
	}
	f, err := s.forms.Form(prior.Form)
	if err != nil {
		return nil, err
	}
	decoded, _, err := f.Decode(prior.Body, form.DefaultLimits)
	if err != nil {
		return nil, fmt.Errorf("read last year's accepted report: %w", err)
	}
	return decoded.Values, nil
}

// warningsJSON is what a submission stores of its findings.
func (e *examined) warningsJSON() (string, error) {
	findings := e.findings
	if findings == nil {
		findings = []check.Finding{}
	}
	data, err := json.Marshal(findings)
	if err != nil {
		return "", fmt.Errorf("encode findings: %w", err)
	}
	return string(data), nil
}

// Check asks for the form checks on a body, or on the draft if there is none; on what the draft begins with if that was
// never saved.
type Check struct {
	OrganisationID uuid.UUID
	Year           int
	Body           []byte // nil: the draft
}

// Check runs the form checks and stores nothing. The findings are never nil. A
// season that has not opened is a *StateError, an unreadable body a
// *form.BodyError.
func (s *Service) Check(ctx context.Context, c Check) ([]check.Finding, error) {
	t, err := s.find(ctx, lookup{organisationID: c.OrganisationID, year: c.Year, prior: true})
	if err != nil {
		return nil, err
	}
	if c.Body == nil && !t.planned() {
		draft, err := readDraft(ctx, s.db, t.obligation.ID)
		if err != nil {
			return nil, err
		}
		c.Body = draft.Body
		if draft.Version == 0 { // what GET gives as the draft
			if c.Body, err = s.Prefill(ctx, c.OrganisationID, c.Year); err != nil {
				return nil, err
			}
		}
	}
	if c.Body == nil {
		return nil, t.notOpen()
	}
	result, err := s.examine(t, c.Body, s.db.Now())
	if err != nil {
		return nil, err
	}
	if t.planned() {
		return nil, t.notOpen()
	}
	if err := s.addAttachmentFindings(ctx, t, result); err != nil {
		return nil, err
	}
	if result.findings == nil {
		return []check.Finding{}, nil
	}
	return result.findings, nil
}
