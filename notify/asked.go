package notify

import (
	"context"
	"fmt"

	"nianbao/internal/event"
	"nianbao/internal/postgres"
	"nianbao/internal/workday"
)

// KindAsked is the kind of delivery to an organisation whose report waits for a responsible person.
const KindAsked = "submission_asked"

// onSubmissionAsked tells those who may submit that a report waits for them: by mail them alone, in the organisation's
// inbox everybody. What was submitted meanwhile needs nobody any more.
func (s *Service) onSubmissionAsked(ctx context.Context, tx *postgres.Tx, e event.Stored) error {
	d, err := event.Read[event.SubmissionAsked](e)
	if err != nil {
		return err
	}
	if owes, err := stillOwed(ctx, tx, e.ObligationID); err != nil || !owes {
		return err
	}
	a, err := addresseeOf(ctx, tx, e)
	if err != nil {
		return err
	}
	var mailTo []string
	err = tx.SelectContext(ctx, &mailTo, `SELECT DISTINCT lower(p.email) FROM membership m JOIN person p ON p.id = m.person_id
		WHERE m.organisation_id = $1 AND m.responsible AND m.ended_at IS NULL AND NOT m.pending AND p.disabled_at IS NULL
			AND p.password_hash <> '' ORDER BY 1`, a.ID)
	if err != nil {
		return fmt.Errorf("read the responsible people: %w", err)
	}
	l := letter{Organisation: a.Name, Authority: a.Authority, Year: e.Year(), By: d.By, Today: workday.DateOf(tx.Now()), Link: s.filerLink()}
	err = tx.QueryRowContext(ctx, `SELECT overdue_after, CASE WHEN overdue_after = resubmit_by THEN resubmit_provisional ELSE due_provisional END
		FROM obligation WHERE id = $1`, e.ObligationID).Scan(&l.Due, &l.Provisional)
	if err != nil {
		return fmt.Errorf("read the due day: %w", err)
	}
	subject, body, err := render("submission_asked", l)
	if err != nil {
		return err
	}
	return s.post(ctx, tx, message{kind: KindAsked, key: KindAsked + ":" + e.ID.String(), authority: a.AuthorityCode,
		organisation: event.Ref(a.ID), obligation: e.ObligationID, mailTo: mailTo, inbox: true, subject: subject, body: body})
}
