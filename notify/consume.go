package notify

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"nianbao/internal/event"
	"nianbao/internal/postgres"
	"nianbao/internal/workday"
)

// handler turns one event into deliveries.
type handler func(s *Service, ctx context.Context, tx *postgres.Tx, e event.Stored) error

// handlers says who hears of what.
var handlers = map[event.Kind]handler{
	event.SeasonOpenedKind:          (*Service).onSeasonOpened,
	event.ObligationDueChangedKind:  (*Service).onDueChanged,
	event.ObligationRefileMovedKind: (*Service).onRefileMoved,
	event.ListingAnswerMovedKind:    (*Service).onAnswerTimeMoved,
	event.RequestReceivedKind:       (*Service).onRequestReceived,
	event.RequestDecidedKind:        (*Service).onRequestDecided,
	event.SponsorRequestedKind:      (*Service).onSponsorRequested,
	event.SponsorWarnedKind:         (*Service).onSponsorWarned,
	event.SponsorAnsweredKind:       (*Service).onSponsorAnswered,
	event.SponsorPassedKind:         (*Service).onSponsorPassed,
	event.SubmissionAskedKind:       (*Service).onSubmissionAsked,
	event.SubmissionReceivedKind:    (*Service).onReceived,
	event.AttachmentInfectedKind:    (*Service).onInfected,
	event.ReviewDecidedKind:         (*Service).onDecided,
	event.DocumentIssuedKind:        (*Service).onIssued,
	event.DocumentHeldKind:          (*Service).onHeld,
	event.ListingNotifiedKind:       (*Service).onListingNotified,
	event.NoticeServedKind:          (*Service).onServed,
	event.ListingListedKind:         (*Service).onListed,
	event.ListingWithdrawnKind:      (*Service).onListingWithdrawn,
	event.ListingRemovedKind:        (*Service).onRemoved,
	event.ListingRemovalRefusedKind: (*Service).onRemovalRefused,
	event.ListingAnnulledKind:       (*Service).onAnnulled,
	event.SpotCheckEnteredKind:      (*Service).onSpotCheck,
	event.PenaltyOpenedKind:         (*Service).onPenaltyOpened,
	event.WindowWarnedKind:          (*Service).onWindowWarned,
	event.WindowEscalatedKind:       (*Service).onWindowEscalated,
}

// Consumer reads the log and makes the deliveries that follow from it.
func (s *Service) Consumer() event.Consumer {
	kinds := make([]event.Kind, 0, len(handlers))
	for k := range handlers {
		kinds = append(kinds, k)
	}
	return event.Consumer{Name: "notify", Kinds: kinds, Handle: func(ctx context.Context, tx *postgres.Tx, e event.Stored) error {
		h, ok := handlers[e.Kind]
		if !ok {
			return nil
		}
		if err := h(s, ctx, tx, e); err != nil {
			return fmt.Errorf("notify of %s: %w", e.Kind, err)
		}
		return nil
	}}
}

func (s *Service) onSeasonOpened(ctx context.Context, tx *postgres.Tx, e event.Stored) error {
	return s.tellOpening(ctx, tx, e.SubjectID.UUID)
}

// onDueChanged tells who still owes the report; for anybody else the day no longer matters. Who asked for the day is told
// by the decision.
func (s *Service) onDueChanged(ctx context.Context, tx *postgres.Tx, e event.Stored) error {
	d, err := event.Read[event.ObligationDueChanged](e)
	if err != nil || d.OnRequest {
		return err
	}
	if owes, err := stillOwed(ctx, tx, e.ObligationID); err != nil || !owes {
		return err
	}
	return s.tellOrganisation(ctx, tx, e, notice{kind: KindDueChanged, template: "due_changed", letter: letter{
		Due: d.DueOn, Provisional: d.DueProvisional, Previous: d.PreviousDueOn, Reason: d.Reason}})
}

func (s *Service) onReceived(ctx context.Context, tx *postgres.Tx, e event.Stored) error {
	d, err := event.Read[event.SubmissionReceived](e)
	if err != nil {
		return err
	}
	return s.tellOrganisation(ctx, tx, e, notice{kind: KindReceipt, template: "receipt", letter: letter{
		At: e.At, ReceiptNo: d.ReceiptNo, SHA256: d.SHA256, Warnings: d.Warnings,
		Due: d.ReviewDueOn, Provisional: d.ReviewDueProvisional, Correction: d.Kind == "correction"}})
}

// onDecided tells of a return or of a decision without document; a conclusion is told of once its document is issued.
func (s *Service) onDecided(ctx context.Context, tx *postgres.Tx, e event.Stored) error {
	d, err := event.Read[event.ReviewDecided](e)
	if err != nil {
		return err
	}
	l := letter{ReceiptNo: d.ReceiptNo, Outcome: d.Outcome, Remarks: d.Remarks, Correction: d.Kind == "correction"}
	switch {
	case d.Outcome == "return":
		if l.Due, l.Provisional, err = refileBy(ctx, tx, e.ObligationID, d); err != nil {
			return err
		}
		return s.tellOrganisation(ctx, tx, e, notice{kind: KindReturn, template: "return", letter: l})
	case d.ConclusionIssued:
		return nil
	}
	return s.tellOrganisation(ctx, tx, e, notice{kind: KindResult, template: "result", letter: l})
}

// onIssued tells of conclusions. Every other document goes with the event that ordered it.
func (s *Service) onIssued(ctx context.Context, tx *postgres.Tx, e event.Stored) error {
	d, err := event.Read[event.DocumentIssued](e)
	if err != nil || d.Kind != "conclusion" {
		return err
	}
	// The conclusion has its document's id.
	var of struct {
		ObligationID uuid.UUID `db:"obligation_id"`
		ReportYear   int64     `db:"report_year"`
	}
	if err := tx.GetContext(ctx, &of, `SELECT obligation_id, report_year FROM conclusion WHERE id = $1`, e.SubjectID); err != nil {
		return fmt.Errorf("read the conclusion: %w", err)
	}
	e.ObligationID, e.ReportYear = event.Ref(of.ObligationID), &of.ReportYear
	return s.tellOrganisation(ctx, tx, e, notice{kind: KindConclusion, template: "conclusion", document: e.SubjectID,
		letter: letter{Number: d.Number, IssuedOn: d.IssuedOn, VerifyLink: s.verifyLink(d.VerifyCode)}})
}

// refileBy is the day by which a returned report must be back: what makes the obligation overdue, which is the later of
// its due day and the refile day. A returned correction owes nothing, so only its own day is told.
func refileBy(ctx context.Context, tx *postgres.Tx, obligation uuid.NullUUID, d event.ReviewDecided) (workday.Date, bool, error) {
	var o struct {
		By          workday.Date `db:"by"`
		Provisional bool         `db:"provisional"`
	}
	err := tx.GetContext(ctx, &o, `
SELECT overdue_after AS by, CASE WHEN overdue_after = resubmit_by THEN resubmit_provisional ELSE due_provisional END AS provisional
FROM obligation WHERE id = $1 AND status = 'returned'`, obligation)
	if errors.Is(err, sql.ErrNoRows) {
		return d.ResubmitBy, d.ResubmitProvisional, nil
	}
	if err != nil {
		return workday.Date{}, false, fmt.Errorf("read the refile day: %w", err)
	}
	return o.By, o.Provisional, nil
}

// notice is a message to the organisation that an event is about.
type notice struct {
	kind     string
	template string
	document uuid.NullUUID
	letter   letter
}

// tellOrganisation words n for the event's organisation and posts it to its inbox and mail addresses, once an event.
func (s *Service) tellOrganisation(ctx context.Context, tx *postgres.Tx, e event.Stored, n notice) error {
	a, err := addresseeOf(ctx, tx, e)
	if err != nil {
		return err
	}
	l := n.letter
	l.Organisation, l.Authority, l.Year = a.Name, a.Authority, e.Year()
	l.Today, l.Link, l.Basis = workday.DateOf(tx.Now()), s.filerLink(), e.Basis
	subject, body, err := render(n.template, l)
	if err != nil {
		return err
	}
	return s.post(ctx, tx, message{
		kind: n.kind, key: n.kind + ":" + e.ID.String(), authority: a.AuthorityCode,
		organisation: event.Ref(a.ID), obligation: e.ObligationID, document: n.document,
		mailTo: a.mailTo(), inbox: true, subject: subject, body: body,
	})
}

func addresseeOf(ctx context.Context, tx *postgres.Tx, e event.Stored) (addressee, error) {
	if !e.OrganisationID.Valid {
		return addressee{}, fmt.Errorf("event %s names no organisation", e.ID)
	}
	to, err := addressees(ctx, tx, e.OrganisationID.UUID)
	if err != nil {
		return addressee{}, err
	}
	a, ok := to[e.OrganisationID.UUID]
	if !ok {
		return addressee{}, fmt.Errorf("event %s names an organisation that is not in the register", e.ID)
	}
	return a, nil
}

// stillOwed tells whether the obligation wants a report; false for one that is not there.
func stillOwed(ctx context.Context, q postgres.Queryer, obligation uuid.NullUUID) (bool, error) {
	var owes bool
	err := q.GetContext(ctx, &owes, `SELECT status IN ('open', 'returned') FROM obligation WHERE id = $1`, obligation)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look at the obligation: %w", err)
	}
	return owes, nil
}
