package filing

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/google/uuid"

	"nianbao/internal/event"
	"nianbao/internal/postgres"
	"nianbao/internal/workday"
)

// The outcomes of a sponsor's answer.
const (
	OutcomeAgree  = "agree"
	OutcomeReturn = "return"
)

// MaxOpinion is the length of a sponsor's opinion and of one remark, in characters.
const MaxOpinion = 2000

const maxSponsorRemarks = 200

// AnswerSponsor is a sponsor's answer to a report.
type AnswerSponsor struct {
	AuthorityCode string
	Sponsor       string // whose sign-in it is, by the name in the register
	ReviewID      uuid.UUID
	Outcome       string          // agree or return
	Opinion       string          // of a return: needed, unless there are remarks
	Remarks       []SponsorRemark // of a return only
	Actor         event.Actor
}

// AnswerSponsor gives the sponsor's opinion. Agreeing submits the report as it
// was sent, in the same transaction and in the name of who sent it: same checks,
// same receipt, same window. Where that can no longer be, because the register,
// the files or the season changed meanwhile, the agreement stands all the same
// and NotSubmitted says what the organisation has to do. Of two who answer, or
// answer and take back, at once one wins; the other gets sponsor_review_ended.
func (s *Service) AnswerSponsor(ctx context.Context, a AnswerSponsor) (SponsorReview, error) {
	found, err := SponsorReviewOf(ctx, s.db, SponsorScope{a.AuthorityCode, a.Sponsor}, a.ReviewID)
	if err != nil {
		return SponsorReview{}, err
	}
	if err := s.readAnswer(found.Form, &a); err != nil {
		return SponsorReview{}, err
	}
	for attempt := 1; ; attempt++ {
		v, err := s.answerSponsor(ctx, found.ID, a)
		if errors.Is(err, errChangedMeanwhile) && attempt < submitAttempts {
			continue
		}
		if err != nil {
			return SponsorReview{}, fmt.Errorf("answer on report %s sent to the sponsor: %w", a.ReviewID, err)
		}
		return v, nil
	}
}

// readAnswer checks the answer itself and brings its texts into order.
func (s *Service) readAnswer(form string, a *AnswerSponsor) (err error) {
	if a.Outcome != OutcomeAgree && a.Outcome != OutcomeReturn {
		return ErrSponsorOutcome
	}
	if a.Opinion, err = readText("意见", a.Opinion, MaxOpinion); err != nil {
		return err
	}
	if len(a.Remarks) > maxSponsorRemarks {
		return &Error{http.StatusUnprocessableEntity, "too_many_remarks", fmt.Sprintf("一次最多提出%d条意见。", maxSponsorRemarks)}
	}
	f, err := s.forms.Form(form)
	if err != nil {
		return err
	}
	kept := make([]SponsorRemark, 0, len(a.Remarks))
	for _, r := range a.Remarks {
		if r.Text, err = readText("意见", r.Text, MaxOpinion); err != nil {
			return err
		}
		if _, known := f.Field(r.Key); r.Key != "" && !known {
			return &Error{http.StatusUnprocessableEntity, "unknown_key", fmt.Sprintf("报告中没有“%s”这一项，请核对意见所针对的项目。", r.Key)}
		}
		if r.Text != "" {
			kept = append(kept, r)
		}
	}
	a.Remarks = kept
	switch {
	case a.Outcome == OutcomeReturn && a.Opinion == "" && len(kept) == 0:
		return ErrSponsorReturnBlank
	case a.Outcome == OutcomeAgree && len(kept) > 0:
		return ErrSponsorRemarks
	}
	return nil
}

// answering is an answer on its way in, to a review as it was read.
type answering struct {
	AnswerSponsor
	review SponsorReview
	until  workday.Date // until when what follows from being late waits after the answer; zero: not
}

// ended is the review as the answer leaves it, but for its status.
func (a *answering) ended(tx *postgres.Tx) SponsorReview {
	v := a.review
	v.Opinion, v.DecidedBy, v.DecidedName = a.Opinion, sql.NullString{String: a.Actor.ID, Valid: true}, a.Actor.Name
	v.EndedAt = sql.NullTime{Time: tx.Now(), Valid: true}
	v.RemarksJSON, _ = json.Marshal(a.Remarks) // two texts each: cannot fail
	return v
}

// store ends the review, once, and tells so.
func (a *answering) store(ctx context.Context, tx *postgres.Tx, v *SponsorReview, told event.SponsorAnswered) error {
	if err := endSponsorReview(ctx, tx, v); err != nil {
		return err
	}
	told.Sponsor, told.Outcome, told.Remarks = v.Sponsor, string(v.Status), len(a.Remarks)
	return event.Append(ctx, tx, v.event(event.SponsorAnsweredKind, a.Actor, told))
}

func (s *Service) answerSponsor(ctx context.Context, id uuid.UUID, a AnswerSponsor) (SponsorReview, error) {
	stored, err := sentReport(ctx, s.db, id)
	if err != nil {
		return SponsorReview{}, err
	}
	v := stored.SponsorReview
	if v.Status != SponsorPending {
		return SponsorReview{}, sponsorEnded(v.Status)
	}
	t, err := s.find(ctx, lookup{organisationID: v.OrganisationID, year: v.ReportYear, prior: s.checks != nil})
	if err != nil {
		return SponsorReview{}, err
	}
	if !t.obligation.Status.Owed() {
		return SponsorReview{}, cannotFile(v.ReportYear, t.obligation.Status)
	}
	answer := &answering{AnswerSponsor: a, review: v}
	if step := t.season.Rules.SponsorStep; v.InTime && step != nil {
		answer.until = HeldUntil(s.calendar(), workday.DateOf(s.db.Now()), step.AnswerDays())
	}
	if a.Outcome == OutcomeAgree {
		refusal := s.submitAgreed(ctx, t, stored, answer)
		if refusal == nil || !tellable(refusal) {
			if refusal == nil {
				v, refusal = oneSponsorReview(ctx, s.db, `WHERE v.id = $1`, id)
			}
			return v, refusal
		}
		return s.endAnswered(ctx, t, answer, SponsorAgreed, notSubmitted(refusal))
	}
	return s.endAnswered(ctx, t, answer, SponsorReturned, "")
}

// submitAgreed submits the report as it was sent.
func (s *Service) submitAgreed(ctx context.Context, t *target, sent SentReport, answer *answering) error {
	take := taking{Submit: Submit{OrganisationID: sent.OrganisationID, Year: sent.ReportYear, Body: sent.Body,
		IdempotencyKey: "sponsor-" + sent.ID.String(), Declaration: sent.Declaration,
		Actor: event.Actor{Kind: sent.ActorKind, ID: sent.ActorID, Name: sent.ActorName}},
		sha256: sent.SHA256, target: t, pass: passed{reviewID: sent.ID, answer: answer}}
	var err error
	if take.examined, err = s.examineAll(ctx, t, sent.Body); err != nil {
		return err
	}
	if err := t.refusal(s.db.Now()); err != nil {
		return err
	}
	return postgres.InTx(ctx, s.db, func(tx *postgres.Tx) error {
		files, err := filesInForce(ctx, tx, t.obligation.ID)
		if err != nil {
			return err
		}
		if !sameFiles(files, sent.Files) {
			return &StateError{CodeChangedFiles, "附件在送业务主管单位之后有增减或者更换"}
		}
		_, err = s.take(ctx, tx, take)
		return err
	})
}

// CodeChangedFiles is the code of a report whose files are not those that the sponsor saw.
const CodeChangedFiles = "attachments_changed"

func sameFiles(a, b []SentFile) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].ID != b[i].ID || a[i].SHA256 != b[i].SHA256 {
			return false
		}
	}
	return true
}

// tellable tells a refusal that the organisation can act on from a failure, and
// from an obligation that moved while this was under way.
func tellable(err error) bool {
	if errors.Is(err, errChangedMeanwhile) {
		return false
	}
	var state *StateError
	var checks *CheckError
	return errors.As(err, &state) || errors.As(err, &checks)
}

// notSubmitted says to the organisation why its agreed report was not submitted.
func notSubmitted(refusal error) string {
	var state *StateError
	if errors.As(refusal, &state) {
		if state.Code() == CodeChangedFiles {
			return state.Detail() + "，系统没有自动报送。请核对附件后自行报送；报告内容没有变化的，不用再送业务主管单位。"
		}
		return state.Detail()
	}
	return "登记信息或者校验的条件在送出之后有变化，报告按现在的要求有错误，系统没有自动报送。请到“检查”页查看并改正，再重新送业务主管单位。"
}

// endAnswered ends the review without a submission.
func (s *Service) endAnswered(ctx context.Context, t *target, a *answering, status SponsorStatus, why string) (SponsorReview, error) {
	var v SponsorReview
	err := postgres.InTx(ctx, s.db, func(tx *postgres.Tx) error {
		o, err := lockObligation(ctx, tx, t.obligation.AuthorityCode, t.obligation.ID)
		if err != nil {
			return err
		}
		if o.Version != t.obligation.Version {
			return errChangedMeanwhile
		}
		v = a.ended(tx)
		v.Status, v.NotSubmitted = status, why
		if err := hold(ctx, tx, &o, later(a.until, o.heldSince(tx.Now()))); err != nil {
			return err
		}
		return a.store(ctx, tx, &v, event.SponsorAnswered{HeldUntil: o.WaitsUntil()})
	})
	return v, err
}

// heldSince is until when the obligation is held as of now, zero once that is over.
func (o *Obligation) heldSince(now time.Time) workday.Date {
	if o.HeldUntil.Before(workday.DateOf(now)) {
		return workday.Date{}
	}
	return o.HeldUntil
}
