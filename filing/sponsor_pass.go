package filing

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"

	"github.com/google/uuid"

	"nianbao/internal/event"
	"nianbao/internal/postgres"
	"nianbao/internal/workday"
)

// passed is what lets a report through to the authority, where it goes to the
// sponsor first. The zero value lets nothing through.
type passed struct {
	reviewID uuid.UUID
	agreed   bool // the sponsor agreed to this very body
	lapses   bool // the sponsor's day is over, and with this submission its review
	earlier  bool // this very body was submitted before, without the opinion that had not come

	answer *answering // the sponsor agrees in this very transaction
}

func (p passed) through() bool { return p.agreed || p.lapses || p.earlier }

// sponsorPass finds what lets the body through: the sponsor's agreement to it, a
// submission of it without the opinion that did not come, or a sponsor's day
// that is over. It costs one statement, and only where the season has the step.
func sponsorPass(ctx context.Context, q postgres.Queryer, t *target, bodySHA256 string) (passed, error) {
	stmt, err := q.Prepared(ctx, `SELECT v.id, v.status, v.due_on FROM sponsor_review v LEFT JOIN submission s ON s.id = v.submission_id
		WHERE v.obligation_id = $1 AND (v.status = 'pending' OR v.status = 'agreed' AND v.sha256 = $2
			OR v.status = 'lapsed' AND s.sha256 = $2)
		ORDER BY v.status = 'agreed' DESC, v.status = 'lapsed' DESC, v.sent_at DESC LIMIT 1`)
	if err != nil {
		return passed{}, fmt.Errorf("look for the sponsor's opinion: %w", err)
	}
	var v SponsorReview
	err = stmt.GetContext(ctx, &v, t.obligation.ID, bodySHA256)
	if postgres.IsNoRows(err) {
		return passed{}, nil
	}
	if err != nil {
		return passed{}, fmt.Errorf("look for the sponsor's opinion: %w", err)
	}
	return passed{reviewID: v.ID, agreed: v.Status == SponsorAgreed, earlier: v.Status == SponsorLapsed,
		lapses: v.Passed(workday.DateOf(q.Now()))}, nil
}

// askSponsor refuses a report that must go to the sponsor first; an answer that
// is being given has been looked at already. A correction goes to the authority
// alone: the sponsor's step is a step of the season.
func (s *Service) askSponsor(ctx context.Context, t *taking) error {
	if t.pass.answer != nil || t.correction != nil || !t.target.sponsored() {
		return nil
	}
	pass, err := sponsorPass(ctx, s.db, t.target, t.sha256)
	if err != nil {
		return err
	}
	t.pass = pass
	if pass.through() {
		return nil
	}
	return sponsorMissing(t.target, pass)
}

func sponsorMissing(t *target, pass passed) *StateError {
	if pass.reviewID != uuid.Nil {
		return &StateError{CodeSponsorMissing, fmt.Sprintf("%d年度报告已送%s，请等待意见：同意的，系统随即报送。需要修改的，请先撤回再重新送出。",
			t.obligation.ReportYear, t.org.Sponsor)}
	}
	return &StateError{CodeSponsorMissing, fmt.Sprintf("%d年度报告须先经业务主管单位（%s）同意。请先送业务主管单位，同意后再报送；同意之后改过内容的，须重新送出。",
		t.obligation.ReportYear, t.org.Sponsor)}
}

// notePass records with the submission under which answer, or for lack of one,
// it was taken. The obligation is held by then.
func notePass(ctx context.Context, tx *postgres.Tx, t taking, submissionID uuid.UUID) error {
	p := t.pass
	if p.reviewID == uuid.Nil {
		return nil
	}
	switch {
	case p.answer != nil:
		v := p.answer.ended(tx)
		v.Status, v.SubmissionID = SponsorAgreed, event.Ref(submissionID)
		if err := p.answer.store(ctx, tx, &v, event.SponsorAnswered{Submitted: true}); err != nil {
			return err
		}
	case p.lapses:
		if err := lapse(ctx, tx, t, submissionID); err != nil {
			return err
		}
	default:
		_, err := tx.ExecContext(ctx, `UPDATE sponsor_review SET submission_id = $2 WHERE id = $1 AND submission_id IS NULL`, p.reviewID, submissionID)
		if err != nil {
			return fmt.Errorf("note the sponsor's opinion: %w", err)
		}
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO submission_sponsor (submission_id, review_id, agreed) VALUES ($1, $2, $3)`,
		submissionID, p.reviewID, p.agreed || p.answer != nil)
	if err != nil {
		return fmt.Errorf("note the sponsor's opinion: %w", err)
	}
	return nil
}

// lapse ends a review that the sponsor's day went by, for a submission without it.
func lapse(ctx context.Context, tx *postgres.Tx, t taking, submissionID uuid.UUID) error {
	v, err := oneSponsorReview(ctx, tx, `WHERE v.id = $1 FOR NO KEY UPDATE`, t.pass.reviewID)
	if err != nil {
		return err
	}
	v.Status, v.EndedAt, v.SubmissionID = SponsorLapsed, sql.NullTime{Time: tx.Now(), Valid: true}, event.Ref(submissionID)
	if err := endSponsorReview(ctx, tx, &v); err != nil {
		return err
	}
	return event.Append(ctx, tx, v.event(event.SponsorLapsedKind, t.Actor, event.SponsorLapsed{Sponsor: v.Sponsor, DueOn: v.DueOn}))
}

// SponsorNeed is what the sponsor's step means for a report as it is now.
type SponsorNeed string

// What is to be done about the sponsor.
const (
	SponsorNone    SponsorNeed = ""        // nothing: the report need not go to a sponsor
	SponsorSend    SponsorNeed = "send"    // it must be sent first
	SponsorWait    SponsorNeed = "wait"    // it is with the sponsor
	SponsorThrough SponsorNeed = "through" // the sponsor agreed to this very body, or it went without an opinion before
	SponsorOver    SponsorNeed = "over"    // the sponsor's day is over: it can be submitted without an opinion
)

// NeedOfSponsor tells what the step means for the body.
func (s *Service) NeedOfSponsor(ctx context.Context, organisationID uuid.UUID, year int, body []byte) (SponsorNeed, error) {
	t, err := s.find(ctx, lookup{organisationID: organisationID, year: year})
	if err != nil || t.planned() || !t.sponsored() {
		return SponsorNone, err
	}
	sum := sha256.Sum256(body)
	pass, err := sponsorPass(ctx, s.db, t, hex.EncodeToString(sum[:]))
	switch {
	case err != nil:
		return SponsorNone, err
	case pass.agreed || pass.earlier:
		return SponsorThrough, nil
	case pass.lapses:
		return SponsorOver, nil
	case pass.reviewID != uuid.Nil:
		return SponsorWait, nil
	}
	return SponsorSend, nil
}
