package filing

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"nianbao/filing/check"
	"nianbao/internal/event"
	"nianbao/internal/id"
	"nianbao/internal/postgres"
	"nianbao/internal/workday"
)

// SendToSponsor asks to put a report before the organisation's sponsor.
type SendToSponsor struct {
	OrganisationID uuid.UUID
	Year           int
	Body           []byte // nil: the draft; kept byte for byte
	Actor          event.Actor
	Declaration    *Declaration // nil where a program sends
}

// SendToSponsor freezes a report that passes the form checks and puts it before
// the sponsor. In this order it is refused with ErrNotFound, *form.BodyError,
// *CheckError, *StateError: not_open, already_submitted, already_concluded, then
// sponsor_not_asked, sponsor_agreed (to this very body) and sponsor_pending.
func (s *Service) SendToSponsor(ctx context.Context, c SendToSponsor) (SponsorReview, error) {
	for attempt := 1; ; attempt++ {
		v, err := s.sendToSponsor(ctx, c)
		if errors.Is(err, errChangedMeanwhile) && attempt < submitAttempts {
			continue
		}
		if err != nil {
			return SponsorReview{}, fmt.Errorf("send report %d of %s to the sponsor: %w", c.Year, c.OrganisationID, err)
		}
		return v, nil
	}
}

func (s *Service) sendToSponsor(ctx context.Context, c SendToSponsor) (SponsorReview, error) {
	t, err := s.find(ctx, lookup{organisationID: c.OrganisationID, year: c.Year, prior: s.checks != nil})
	if err != nil {
		return SponsorReview{}, err
	}
	if c.Body == nil && !t.planned() {
		draft, err := readDraft(ctx, s.db, t.obligation.ID)
		if err == nil && draft.Version == 0 {
			err = ErrNoDraft
		}
		if err != nil {
			return SponsorReview{}, err
		}
		c.Body = draft.Body
	}
	if c.Body == nil {
		return SponsorReview{}, t.notOpen()
	}
	e, err := s.examineAll(ctx, t, c.Body)
	if err == nil {
		err = t.refusal(s.db.Now())
	}
	if err == nil && !t.sponsored() {
		err = sponsorNotAsked(t)
	}
	if err != nil {
		return SponsorReview{}, err
	}
	var v SponsorReview
	err = postgres.InTx(ctx, s.db, func(tx *postgres.Tx) error {
		v, err = s.putToSponsor(ctx, tx, t, sending{c, e})
		return err
	})
	return v, err
}

// examineAll checks form and files; a report with errors is a *CheckError.
func (s *Service) examineAll(ctx context.Context, t *target, body []byte) (*examined, error) {
	e, err := s.examine(t, body, s.db.Now())
	if err == nil {
		err = s.addAttachmentFindings(ctx, t, e)
	}
	if err == nil && check.HasErrors(e.findings) {
		err = &CheckError{Findings: e.findings}
	}
	return e, err
}

func sponsorNotAsked(t *target) *StateError {
	if t.org.Sponsor == "" {
		return &StateError{CodeSponsorNotAsked, "登记信息中没有业务主管单位，请直接报送登记管理机关。"}
	}
	return &StateError{CodeSponsorNotAsked, fmt.Sprintf("%d年度的报告不须先送业务主管单位，请直接报送登记管理机关。", t.obligation.ReportYear)}
}

// sending is a checked report on its way to the sponsor.
type sending struct {
	SendToSponsor
	examined *examined
}

// putToSponsor stores what is sent. The obligation is held first, here and
// wherever a review of its own is answered or taken back.
func (s *Service) putToSponsor(ctx context.Context, tx *postgres.Tx, t *target, c sending) (SponsorReview, error) {
	o, err := lockObligation(ctx, tx, t.obligation.AuthorityCode, t.obligation.ID)
	if err != nil {
		return SponsorReview{}, err
	}
	if o.Version != t.obligation.Version {
		return SponsorReview{}, errChangedMeanwhile
	}
	if err := t.refusal(tx.Now()); err != nil {
		return SponsorReview{}, err // the day ended since it was examined
	}
	sum := sha256.Sum256(c.Body)
	step, cal, today := t.season.Rules.SponsorStep, s.calendar(), workday.DateOf(tx.Now())
	due := SponsorDue(cal, tx.Now(), step.DueOn, step.AnswerDays())
	v := SponsorReview{ID: id.New(tx.Now()), ObligationID: o.ID, AuthorityCode: o.AuthorityCode, OrganisationID: o.OrganisationID,
		ReportYear: o.ReportYear, Sponsor: t.org.Sponsor, Status: SponsorPending, Form: o.Form, FormVersion: c.examined.formVersion,
		CheckSetVersion: c.examined.checkVersion, SHA256: hex.EncodeToString(sum[:]), Warnings: len(c.examined.findings),
		SentAt: tx.Now(), DueOn: due.Date, DueProvisional: due.Provisional, InTime: SentInTime(&o, step.DueOn, today),
		ActorKind: c.Actor.Kind, ActorID: c.Actor.ID, ActorName: c.Actor.Name, RemarksJSON: json.RawMessage("[]")}
	if pass, err := sponsorPass(ctx, tx, t, v.SHA256); err != nil {
		return SponsorReview{}, err
	} else if pass.agreed {
		return SponsorReview{}, &StateError{CodeSponsorAgreed, "业务主管单位已同意报送这份报告，内容没有变化，请直接报送登记管理机关。"}
	}
	if err := storeSponsorReview(ctx, tx, &v, c); err != nil {
		return SponsorReview{}, err
	}
	if v.InTime {
		if err := hold(ctx, tx, &o, HeldUntil(cal, v.DueOn, step.AnswerDays())); err != nil {
			return SponsorReview{}, err
		}
	}
	return v, event.Append(ctx, tx, v.event(event.SponsorRequestedKind, c.Actor, event.SponsorRequested{Sponsor: v.Sponsor,
		SHA256: v.SHA256, DueOn: v.DueOn, DueProvisional: v.DueProvisional, InTime: v.InTime, HeldUntil: o.WaitsUntil()}))
}

func storeSponsorReview(ctx context.Context, tx *postgres.Tx, v *SponsorReview, c sending) error {
	files, err := sentFiles(ctx, tx, v.ObligationID)
	if err != nil {
		return err
	}
	listed, err := json.Marshal(files)
	if err != nil {
		return fmt.Errorf("encode files: %w", err)
	}
	warnings, err := c.examined.warningsJSON()
	if err != nil {
		return err
	}
	said, err := explained(ctx, tx, v.ObligationID, c.examined.findings)
	if err != nil {
		return err
	}
	declared, err := (&Submit{Declaration: c.Declaration}).declared()
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO sponsor_review (id, obligation_id, authority_code, organisation_id, report_year, sponsor,
			form, form_version, check_set_version, body, sha256, findings, warnings, explanations, declaration, attachments, sent_at,
			due_on, due_provisional, in_time, actor_kind, actor_id, actor_name)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23)`,
		v.ID, v.ObligationID, v.AuthorityCode, v.OrganisationID, v.ReportYear, v.Sponsor, v.Form, v.FormVersion, v.CheckSetVersion,
		string(c.Body), v.SHA256, warnings, v.Warnings, said, declared, string(listed), v.SentAt, v.DueOn, v.DueProvisional, v.InTime,
		v.ActorKind, v.ActorID, v.ActorName)
	if postgres.IsUnique(err, "sponsor_review_one_pending") {
		return &StateError{CodeSponsorPending, fmt.Sprintf("%d年度报告已送%s，正在等待意见。需要修改的，请先撤回再重新送出。", v.ReportYear, v.Sponsor)}
	}
	if err != nil {
		return fmt.Errorf("store report sent to the sponsor: %w", err)
	}
	return nil
}

// sentFiles are the files in force. They are marked as listed, so that they stay
// readable for the sponsor whatever becomes of their slots.
func sentFiles(ctx context.Context, tx *postgres.Tx, obligationID uuid.UUID) ([]SentFile, error) {
	_, err := tx.ExecContext(ctx, `UPDATE attachment SET listed = true WHERE obligation_id = $1 AND ended_at IS NULL AND NOT listed
		AND scan IN ('none', 'clean')`, obligationID)
	if err != nil {
		return nil, fmt.Errorf("list files: %w", err)
	}
	return filesInForce(ctx, tx, obligationID)
}

func filesInForce(ctx context.Context, q postgres.Queryer, obligationID uuid.UUID) ([]SentFile, error) {
	there, err := Attachments(ctx, q, obligationID)
	if err != nil {
		return nil, err
	}
	files := make([]SentFile, 0, len(there))
	for _, a := range there {
		files = append(files, SentFile{ID: a.ID, Kind: a.Kind, N: a.N, Name: a.Name, MediaType: a.MediaType, Bytes: a.Bytes,
			Pages: a.Pages, SHA256: a.SHA256})
	}
	return files, nil
}

// TakeBack takes a report back from the sponsor before it answered.
type TakeBack struct {
	OrganisationID uuid.UUID
	Year           int
	Actor          event.Actor
}

// TakeBack ends the pending review of the year's report; without one it is a
// *StateError (sponsor_review_ended), also where it was never sent. Who takes it back is no longer waiting for the sponsor, so what
// follows from being late waits no longer either.
func (s *Service) TakeBack(ctx context.Context, c TakeBack) (SponsorReview, error) {
	var v SponsorReview
	err := postgres.InTx(ctx, s.db, func(tx *postgres.Tx) error {
		o, err := oneObligation(ctx, tx, `WHERE organisation_id = $1 AND report_year = $2 FOR NO KEY UPDATE`, c.OrganisationID, c.Year)
		if err != nil {
			return err
		}
		v, err = LatestSponsorReview(ctx, tx, o.ID)
		if errors.Is(err, ErrSponsorReviewNotFound) {
			return &StateError{CodeSponsorEnded, fmt.Sprintf("%d年度报告没有送业务主管单位，无需撤回。", c.Year)}
		}
		if err != nil {
			return err
		}
		if v.Status != SponsorPending {
			return sponsorEnded(v.Status)
		}
		v.Status, v.EndedAt = SponsorWithdrawn, sql.NullTime{Time: tx.Now(), Valid: true}
		if err := endSponsorReview(ctx, tx, &v); err != nil {
			return err
		}
		if err := hold(ctx, tx, &o, workday.Date{}); err != nil {
			return err
		}
		return event.Append(ctx, tx, v.event(event.SponsorWithdrawnKind, c.Actor, event.SponsorWithdrawn{Sponsor: v.Sponsor}))
	})
	if err != nil {
		return SponsorReview{}, fmt.Errorf("take report %d of %s back from the sponsor: %w", c.Year, c.OrganisationID, err)
	}
	return v, nil
}

// endSponsorReview moves a review out of pending, once.
func endSponsorReview(ctx context.Context, tx *postgres.Tx, v *SponsorReview) error {
	result, err := tx.ExecContext(ctx, `UPDATE sponsor_review SET status = $2, opinion = $3, remarks = $4, decided_by = $5,
			decided_name = $6, ended_at = $7, not_submitted = $8, submission_id = $9 WHERE id = $1 AND status = 'pending'`,
		v.ID, v.Status, v.Opinion, string(v.RemarksJSON), v.DecidedBy, v.DecidedName, v.EndedAt, v.NotSubmitted, v.SubmissionID)
	if err != nil {
		return fmt.Errorf("end sponsor's review: %w", err)
	}
	if n, err := result.RowsAffected(); err != nil {
		return fmt.Errorf("end sponsor's review: %w", err)
	} else if n != 1 {
		return errChangedMeanwhile
	}
	return nil
}
