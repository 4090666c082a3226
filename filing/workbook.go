package filing

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"nianbao/filing/form"
	"nianbao/filing/workbook"
	"nianbao/internal/event"
)

// WorkbookOf is the report as a workbook has it, with the draft that its values
// are of: what the register and last year's report give where nothing was saved
// yet. It is refused like Draft.
func (s *Service) WorkbookOf(ctx context.Context, organisationID uuid.UUID, year int) (workbook.Report, Draft, error) {
	t, err := s.find(ctx, lookup{organisationID: organisationID, year: year})
	if err != nil {
		return workbook.Report{}, Draft{}, err
	}
	if t.planned() {
		return workbook.Report{}, Draft{}, t.notOpen()
	}
	f, err := s.forms.Form(t.obligation.Form)
	if err != nil {
		return workbook.Report{}, Draft{}, err
	}
	draft, err := readDraft(ctx, s.db, t.obligation.ID)
	if err == nil && draft.Version == 0 {
		draft.Body, err = s.Prefill(ctx, organisationID, year)
	}
	if err != nil {
		return workbook.Report{}, Draft{}, err
	}
	decoded, _, err := f.Decode(draft.Body, form.DefaultLimits)
	if err != nil {
		return workbook.Report{}, Draft{}, fmt.Errorf("read draft %d of %s: %w", year, organisationID, err)
	}
	return workbook.Report{Form: f, Context: FormContext(t.org.RegisteredOn, year, &t.season.Rules), Year: year,
		USCC: string(t.org.USCC), Name: t.org.Name, Values: decoded.Values}, draft, nil
}

// ApplyWorkbook asks to store what was read out of a workbook in the draft.
type ApplyWorkbook struct {
	OrganisationID uuid.UUID
	Year           int
	Reading        *workbook.Reading
	Actor          event.Actor
}

// applyAttempts is how often applying starts over because the draft was saved by
// somebody else between reading and writing.
const applyAttempts = 5

// ApplyWorkbook stores all that was read in the draft, or nothing: a cell that
// could not be read, or a field that was changed in the draft too since the
// download, is a *workbook.CellError. It is refused like SaveDraft.
func (s *Service) ApplyWorkbook(ctx context.Context, a ApplyWorkbook) (Draft, error) {
	for attempt := 1; ; attempt++ {
		r, draft, err := s.WorkbookOf(ctx, a.OrganisationID, a.Year)
		if err != nil {
			return Draft{}, err
		}
		list := a.Reading.Compare(r.Form, r.Values)
		if err := a.Reading.Refusal(list); err != nil {
			return Draft{}, err
		}
		none := func(string) bool { return false }
		body, err := r.Form.Encode(workbook.Merge(r.Form, r.Values, list, none))
		if err != nil {
			return Draft{}, fmt.Errorf("apply workbook %d of %s: %w", a.Year, a.OrganisationID, err)
		}
		saved, err := s.SaveDraft(ctx, SaveDraft{OrganisationID: a.OrganisationID, Year: a.Year, Body: body,
			IfMatch: &draft.Version, Settled: workbook.Settled(list, none), Actor: a.Actor})
		if !errors.Is(err, ErrStale) || attempt == applyAttempts {
			return saved, err
		}
	}
}
