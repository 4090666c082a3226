package review

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"nianbao/filing"
	"nianbao/internal/event"
	"nianbao/internal/postgres"
)

// A correction (更正) is reviewed like a report. The conclusion in force holds until the correction passes; then the new
// one supersedes it, whatever the season issues conclusions for: no conclusion may stay in force for figures that are no
// longer the report's.

// ErrCorrectionFinal refuses to reopen a correction: the organisation may simply file another.
var ErrCorrectionFinal = &Error{http.StatusConflict, "correction_final", "未获通过的更正不能重新审查。社会组织可以再次申请更正。"}

func (p *paper) isCorrection() bool { return p.submission.Kind == filing.KindCorrection }

// issues tells whether a conclusion is issued for the paper's outcome.
func (p *paper) issues(ctx context.Context, q postgres.Queryer) (bool, error) {
	if Issues(p.season, p.outcome) || !p.isCorrection() || !statuses[p.outcome].Accepted() {
		return Issues(p.season, p.outcome), nil
	}
	previous, err := inForce(ctx, q, p.review.ObligationID)
	return previous.ID.Valid, err
}

// whileReviewed is the status of the obligation while the submission is under review: a correction leaves it as it was.
func whileReviewed(ctx context.Context, q postgres.Queryer, r Review) (filing.Status, error) {
	o, err := filing.ObligationByID(ctx, q, r.ObligationID)
	if err != nil {
		return "", err
	}
	return o.Status, nil
}

// tellAdopted tells of a correction that has taken the accepted report's place. previous is the conclusion that was in
// force before.
func tellAdopted(ctx context.Context, tx *postgres.Tx, p paper, previous previousConclusion) error {
	correction, err := filing.CorrectionOf(ctx, tx, p.submission.ID)
	if err != nil {
		return err
	}
	now, err := inForce(ctx, tx, p.review.ObligationID)
	if err != nil {
		return err
	}
	told := event.CorrectionAdopted{Sections: correction.Sections, Outcome: string(p.outcome), PreviousNumber: previous.Number}
	if now.ID != previous.ID {
		told.Number = now.Number
	}
	return event.Append(ctx, tx, p.review.eventOf(event.CorrectionAdoptedKind, p.actor, told))
}

// readCorrection adds to a case what it corrects.
func (s *Service) readCorrection(ctx context.Context, c *Case) error {
	if c.Submission.Kind != filing.KindCorrection {
		return nil
	}
	correction, err := filing.CorrectionOf(ctx, s.db, c.SubmissionID)
	if err != nil {
		return err
	}
	c.Correction = &correction
	previous, err := inForce(ctx, s.db, c.ObligationID)
	if err != nil {
		return err
	}
	c.InForce = previous.Number
	return nil
}

// Issues tells whether a conclusion would be issued for an outcome of the case.
func (c *Case) Issues(o Outcome) bool {
	return Issues(c.Season, o) || c.Correction != nil && c.InForce != "" && statuses[o].Accepted()
}

// comparedWith is the submission that a reviewer compares with: what a correction corrects, else the one before;
// filing.ErrNotFound for a first report.
func (s *Service) comparedWith(ctx context.Context, sub filing.Submission) (filing.Submission, error) {
	correction, err := filing.CorrectionOf(ctx, s.db, sub.ID)
	if errors.Is(err, filing.ErrNotFound) {
		return filing.PreviousSubmission(ctx, s.db, sub)
	}
	if err != nil {
		return filing.Submission{}, fmt.Errorf("what %s is compared with: %w", sub.ID, err)
	}
	return filing.SubmissionByID(ctx, s.db, correction.CorrectsID)
}
