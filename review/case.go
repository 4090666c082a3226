package review

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"nianbao/filing"
	"nianbao/filing/check"
	"nianbao/filing/form"
	"nianbao/internal/event"
	"nianbao/internal/postgres"
	"nianbao/internal/workday"
)

// Case is all that a reviewer needs to decide on one submission.
type Case struct {
	Item
	Submission  filing.Submission
	Form        *form.Form
	Regime      filing.Regime
	FourEyes    bool
	Season      filing.Season
	Obligation  filing.Obligation
	Body        []byte      // byte for byte what was submitted
	Values      form.Values // the same, decoded
	Findings    []check.Finding
	Explained   filing.Explanations // what the filer says to the warnings
	Prior       []byte              // last year's accepted body; nil where there is none
	PriorValues form.Values
	Differences []Difference       // to the previous submission, of a correction to what it corrects; empty for the first
	Correction  *filing.Correction // nil for a report
	InForce     string             // number of the conclusion that a correction would supersede; "": none was issued
	Remarks     []Remark           // of this review
	Rounds      []Round            // earlier submissions of the same obligation, the oldest first
	History     []event.Stored     // all that happened to the obligation, the oldest first
}

// Difference is one field that is not what it was in the previous submission, with the values as decoded; nil: absent.
type Difference struct {
	Key    string
	Label  string
	Before any
	After  any
}

// Round is an earlier submission with what was said on it.
type Round struct {
	Review
	ReceiptNo string `db:"receipt_no"`
	Remarks   []Remark
}

// Case reads a review of the authority; ErrNotFound for another's.
func (s *Service) Case(ctx context.Context, id uuid.UUID, authority string) (Case, error) {
	var c Case
	err := s.db.GetContext(ctx, &c.Item, selectItem+`r.submission_id = $1 AND r.authority_code = $2`, id, authority)
	if postgres.IsNoRows(err) {
		return c, ErrNotFound
	}
	if err != nil {
		return c, fmt.Errorf("case %s: %w", id, err)
	}
	c.WorkingDaysLeft = s.calendar().Between(workday.DateOf(s.db.Now()), c.DueOn)
	for _, read := range []func(context.Context, *Case) error{s.readReport, s.readCorrection, s.readPrior, s.readDifferences, s.readRounds, s.readHistory} {
		if err := read(ctx, &c); err != nil {
			return c, fmt.Errorf("case %s: %w", id, err)
		}
	}
	return c, nil
}

func (s *Service) readReport(ctx context.Context, c *Case) (err error) {
	if c.Submission, err = filing.SubmissionByID(ctx, s.db, c.SubmissionID); err != nil {
		return err
	}
	if c.Obligation, err = filing.ObligationByID(ctx, s.db, c.ObligationID); err != nil {
		return err
	}
	if c.Season, err = filing.SeasonByID(ctx, s.db, c.Obligation.SeasonID); err != nil {
		return err
	}
	c.Regime, c.FourEyes = c.Season.Regime, c.Season.Rules.FourEyes
	if c.Form, err = s.forms.Form(c.Submission.Form); err != nil {
		return err
	}
	if c.Body, err = filing.SubmissionBody(ctx, s.db, c.SubmissionID); err != nil {
		return err
	}
	if c.Values, err = decode(c.Form, c.Body); err != nil {
		return err
	}
	if c.Findings, err = filing.SubmissionFindings(ctx, s.db, c.SubmissionID); err != nil {
		return err
	}
	if c.Explained, err = filing.SubmissionExplanations(ctx, s.db, c.SubmissionID); err != nil {
		return err
	}
	c.Remarks, err = RemarksOf(ctx, s.db, c.SubmissionID)
	return err
}

func (s *Service) readPrior(ctx context.Context, c *Case) error {
	prior, err := filing.AcceptedReport(ctx, s.db, c.OrganisationID, c.ReportYear-1)
	if errors.Is(err, filing.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	priorForm, err := s.forms.Form(prior.Form)
	if err != nil {
		return err
	}
	c.Prior = prior.Body
	c.PriorValues, err = decode(priorForm, prior.Body)
	return err
}

func (s *Service) readDifferences(ctx context.Context, c *Case) error {
	c.Differences = []Difference{}
	previous, err := s.comparedWith(ctx, c.Submission)
	if errors.Is(err, filing.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	body, err := filing.SubmissionBody(ctx, s.db, previous.ID)
	if err != nil {
		return err
	}
	previousForm, err := s.forms.Form(previous.Form) // the season may have changed the form since
	if err != nil {
		return err
	}
	before, err := decode(previousForm, body)
	if err != nil {
		return err
	}
	c.Differences = Differences(c.Form, before, c.Values)
	return nil
}

func (s *Service) readRounds(ctx context.Context, c *Case) error {
	c.Rounds = []Round{}
	err := s.db.SelectContext(ctx, &c.Rounds, `SELECT `+reviewColumns+`, s.receipt_no
		FROM review r JOIN submission s ON s.id = r.submission_id
		WHERE s.obligation_id = $1 AND s.ordinal < $2 ORDER BY s.ordinal`, c.ObligationID, c.Submission.Ordinal)
	if err != nil {
		return fmt.Errorf("earlier rounds: %w", err)
	}
	if len(c.Rounds) == 0 {
		return nil
	}
	ids := make([]uuid.UUID, len(c.Rounds))
	for i := range c.Rounds {
		ids[i] = c.Rounds[i].SubmissionID
	}
	remarks, err := remarksOfAll(ctx, s.db, ids)
	if err != nil {
		return err
	}
	for i := range c.Rounds {
		c.Rounds[i].Remarks = remarks[ids[i]]
	}
	return nil
}

// readHistory reads the log of the obligation; an event's position there is 0 until the sequencer has been by.
func (s *Service) readHistory(ctx context.Context, c *Case) error {
	c.History = []event.Stored{}
	err := s.db.SelectContext(ctx, &c.History, `SELECT coalesce(p.position, 0) AS position, e.id, e.ordinal, e.kind, e.public,
			e.at, e.actor_kind, e.actor_id, e.actor_name, e.authority_code, e.organisation_id, e.obligation_id, e.subject_id,
			e.report_year, e.basis, e.data
		FROM event e LEFT JOIN event_position p ON p.event_id = e.id WHERE e.obligation_id = $1 ORDER BY e.ordinal`, c.ObligationID)
	if err != nil {
		return fmt.Errorf("history: %w", err)
	}
	return nil
}

// decode reads a stored body, which was accepted by the same decoder before.
func decode(f *form.Form, body []byte) (form.Values, error) {
	decoded, _, err := f.Decode(body, form.DefaultLimits)
	if err != nil {
		return nil, fmt.Errorf("decode stored body: %w", err)
	}
	return decoded.Values, nil
}

// Differences lists the fields that differ, in the order of the form.
func Differences(f *form.Form, before, after form.Values) []Difference {
	differences := []Difference{}
	for _, d := range f.Differences(before, after) {
		differences = append(differences, Difference{Key: d.Field.FullKey(), Label: LabelOf(d.Field), Before: d.Before, After: d.After})
	}
	return differences
}

// Changes are the lines in which people read a difference: tables row by row.
func (d Difference) Changes(f *form.Form) []form.Change {
	field, ok := f.Field(d.Key)
	if !ok {
		return nil
	}
	return form.Difference{Field: field, Before: d.Before, After: d.After}.Changes()
}

// LabelOf names a field for people where its surroundings do not: a column with its table. A statement's cell names its
// line itself.
func LabelOf(f *form.Field) string {
	if f.Parent == nil || len(f.Parent.Columns) == 0 {
		return f.Label
	}
	return f.Parent.Label + "·" + f.Label
}

// Opinion is what a filer is told about their latest report: the opinion and remarks of its last decision.
type Opinion struct {
	Outcome Outcome
	Opinion string
	Remarks []Remark
}

// OpinionOn reads what was decided on a submission; ErrNotFound until it is decided.
func OpinionOn(ctx context.Context, q postgres.Queryer, submissionID uuid.UUID) (Opinion, error) {
	r, err := one(ctx, q, `WHERE r.submission_id = $1 AND r.state = 'decided'`, submissionID)
	if err != nil {
		return Opinion{}, err
	}
	remarks, err := RemarksOf(ctx, q, submissionID)
	return Opinion{Outcome: r.Outcome, Opinion: r.Opinion, Remarks: remarks}, err
}
