package filing

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/google/uuid"

	"nianbao/internal/event"
	"nianbao/internal/postgres"
	"nianbao/internal/workday"
)

// Extend asks to move one organisation's due day. For all organisations the
// season file is imported again with a later due day.
type Extend struct {
	AuthorityCode string
	ObligationID  uuid.UUID
	To            workday.Date // after the due day as it holds
	Reason        string
	Actor         event.Actor
}

// ErrExtensionNotLater says that an extension would not extend anything.
var ErrExtensionNotLater = &Error{http.StatusUnprocessableEntity, "extension_not_later", "延期后的截止日必须晚于现在的截止日，请重新选择日期。"}

// Extend gives one organisation a later due day of its own, which a season
// change never takes back. It is refused once a conclusion stands or the
// organisation is exempt; while a report is under review it holds for a return.
func (s *Service) Extend(ctx context.Context, c Extend) (Obligation, error) {
	var o Obligation
	err := postgres.InTx(ctx, s.db, func(tx *postgres.Tx) (err error) {
		o, err = s.extend(ctx, tx, c, false)
		return err
	})
	if err != nil {
		return Obligation{}, fmt.Errorf("extend obligation %s: %w", c.ObligationID, err)
	}
	return o, nil
}

// extend is Extend inside a transaction; onRequest where the organisation asked
// for it, and so is told by the decision on its request.
func (s *Service) extend(ctx context.Context, tx *postgres.Tx, c Extend, onRequest bool) (Obligation, error) {
	reason := strings.TrimSpace(c.Reason)
	if reason == "" {
		return Obligation{}, ErrReasonMissing
	}
	o, err := lockObligation(ctx, tx, c.AuthorityCode, c.ObligationID)
	if err != nil {
		return o, err
	}
	if !o.Status.Owed() && o.Status != StatusSubmitted {
		return o, &StateError{CodeAlreadyConcluded, fmt.Sprintf("该报告的状态为“%s”，不能延期。", o.Status.Label())}
	}
	if !c.To.After(o.DueOn) {
		return o, ErrExtensionNotLater
	}
	season, err := SeasonByID(ctx, tx, o.SeasonID)
	if err != nil {
		return o, err
	}
	previous := o.DueOn
	due := DueDay(s.calendar(), season.DueOn, c.To, season.Rules.DueRolls)
	o.ExtendedTo, o.ExtensionReason, o.DueOn, o.DueProvisional = c.To, reason, due.Date, due.Provisional
	o.OverdueAfter = OverdueAfter(o.Status, o.DueOn, o.ResubmitBy)
	_, err = tx.ExecContext(ctx, `UPDATE obligation SET extended_to = $2, extension_reason = $3, due_on = $4,
		due_provisional = $5, overdue_after = $6, version = version + 1, updated_at = $7 WHERE id = $1`,
		o.ID, o.ExtendedTo, o.ExtensionReason, o.DueOn, o.DueProvisional, o.OverdueAfter, tx.Now())
	if err != nil {
		return o, err
	}
	o.Version, o.UpdatedAt = o.Version+1, tx.Now()
	return o, event.Append(ctx, tx, o.about(event.Event{Kind: event.ObligationDueChangedKind, Actor: c.Actor,
		Data: event.ObligationDueChanged{DueOn: o.DueOn, PreviousDueOn: previous, DueProvisional: o.DueProvisional,
			Extension: true, OnRequest: onRequest, Reason: reason}}))
}

// Exempt asks to free one organisation from the year's report.
type Exempt struct {
	AuthorityCode string
	ObligationID  uuid.UUID
	Reason        string
	Actor         event.Actor
}

// Exempt frees one organisation from the year's report, from open or returned
// only. What the authority granted stays: no change of the register or of the
// season takes it back.
func (s *Service) Exempt(ctx context.Context, c Exempt) (Obligation, error) {
	var o Obligation
	err := postgres.InTx(ctx, s.db, func(tx *postgres.Tx) (err error) {
		o, err = exempt(ctx, tx, c)
		return err
	})
	if err != nil {
		return Obligation{}, fmt.Errorf("exempt obligation %s: %w", c.ObligationID, err)
	}
	return o, nil
}

// exempt is Exempt inside a transaction, for whoever decides on a request too.
func exempt(ctx context.Context, tx *postgres.Tx, c Exempt) (Obligation, error) {
	reason := strings.TrimSpace(c.Reason)
	if reason == "" {
		return Obligation{}, ErrReasonMissing
	}
	o, err := lockObligation(ctx, tx, c.AuthorityCode, c.ObligationID)
	if err != nil {
		return o, err
	}
	if !o.Status.Owed() {
		return o, cannotFile(o.ReportYear, o.Status)
	}
	next := o
	next.Status, next.ExemptReason, next.ExemptByRule = StatusExempt, reason, false
	return move{act: ActExempt, previous: o, next: next, event: event.Event{
		Kind: event.ObligationExemptedKind, Actor: c.Actor, Data: event.ObligationExempted{Reason: reason}}}.apply(ctx, tx)
}
