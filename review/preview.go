package review

import (
	"context"
	"fmt"
	"slices"

	"nianbao/filing"
	"nianbao/internal/document"
	"nianbao/internal/workday"
)

// Preview is what a decision would lead to if it were made now. Nothing is stored for it.
type Preview struct {
	// Document is the document that would go out, composed, without number and verification code; it has no blocks where
	// none would.
	Document document.Page
	// ResubmitBy is the last day on which a refiled report is not overdue; zero unless the report would be returned.
	ResubmitBy workday.Due
}

// previewNumber stands where the number will be: it is given with the decision.
const previewNumber = "（文号在决定时编定）"

// Preview examines a decision as Decide does and composes the document that would follow from it.
func (s *Service) Preview(ctx context.Context, d Decision) (Preview, error) {
	p, err := s.examine(ctx, d)
	if err == nil && p.review.State != Pending && p.review.State != Proposed {
		err = stateError(p.review.State)
	}
	if err != nil {
		return Preview{}, fmt.Errorf("preview decision on %s: %w", d.SubmissionID, err)
	}
	return s.preview(ctx, p)
}

func (s *Service) preview(ctx context.Context, p paper) (out Preview, err error) {
	var facts document.Facts
	issue, err := p.issues(ctx, s.db)
	if err != nil {
		return Preview{}, err
	}
	switch {
	case p.outcome == Return && p.isCorrection():
		if facts, err = s.returnFacts(ctx, s.db, p); err != nil {
			return Preview{}, err
		}
	case p.outcome == Return:
		o, err := filing.ObligationByID(ctx, s.db, p.review.ObligationID)
		if err != nil {
			return Preview{}, err
		}
		out.ResubmitBy = s.ResubmitBy(p.season, o)
		p.resubmit = out.ResubmitBy
		if facts, err = s.returnFacts(ctx, s.db, p); err != nil {
			return Preview{}, err
		}
	case issue:
		if facts, _, err = conclusionFacts(ctx, s.db, p); err != nil {
			return Preview{}, err
		}
	default:
		return out, nil
	}
	now := s.db.Now()
	out.Document, err = document.Compose(document.Composition{
		Facts: facts, Number: previewNumber, IssuedOn: workday.DateOf(now), OrderedAt: now,
	})
	if err != nil {
		return Preview{}, fmt.Errorf("preview document on %s: %w", p.review.SubmissionID, err)
	}
	return out, nil
}

// ResubmitBy is the last day on which a report that is returned now can be refiled without being overdue.
func (s *Service) ResubmitBy(season filing.Season, o filing.Obligation) workday.Due {
	return lastDay(o, filing.ResubmitBy(s.calendar(), s.db.Now(), season.Rules.ResubmitWithin))
}

// Issues tells whether a season has a conclusion issued for an outcome. Under an inspection "pass" means every accepting
// one. Nothing is ever issued for an unqualified report.
func Issues(season filing.Season, o Outcome) bool {
	if !statuses[o].Accepted() {
		return false
	}
	issueFor := season.Rules.Conclusion.IssueFor
	return slices.Contains(issueFor, string(o)) || slices.Contains(issueFor, string(Pass))
}
