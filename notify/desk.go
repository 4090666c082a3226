package notify

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"nianbao/internal/event"
	"nianbao/internal/postgres"
	"nianbao/internal/workday"
)

func (s *Service) onWindowWarned(ctx context.Context, tx *postgres.Tx, e event.Stored) error {
	d, err := event.Read[event.WindowWarned](e)
	if err != nil {
		return err
	}
	return s.tellWindow(ctx, tx, e, "window_warned", d.ClaimedBy, letter{ReceiptNo: d.ReceiptNo, Due: d.DueOn,
		Provisional: d.DueProvisional, WorkingDays: d.WorkingDaysLeft, Claimed: d.ClaimedName})
}

// onWindowEscalated goes to everybody at the desk, whoever holds the review.
func (s *Service) onWindowEscalated(ctx context.Context, tx *postgres.Tx, e event.Stored) error {
	d, err := event.Read[event.WindowEscalated](e)
	if err != nil {
		return err
	}
	return s.tellWindow(ctx, tx, e, "window_escalated", "", letter{ReceiptNo: d.ReceiptNo, Due: d.DueOn, Claimed: d.ClaimedName})
}

// onHeld tells the desk of a document that waits for a person.
func (s *Service) onHeld(ctx context.Context, tx *postgres.Tx, e event.Stored) error {
	d, err := event.Read[event.DocumentHeld](e)
	if err != nil {
		return err
	}
	return s.tellDesk(ctx, tx, e, deskNote{kind: KindHeld, template: "document_held",
		letter: letter{DocumentKind: d.Kind, Number: d.Number, Reason: d.Reason}})
}

// deskNote is a message to the authority's desk.
type deskNote struct {
	kind      string
	template  string
	claimedBy string // the actor id of who holds the matter; of nobody, or no person's: everybody's
	letter    letter
}

// tellWindow puts a message about a window on the desk. The first of a day also mails a digest to the authority's
// reviewers and approvers: thousands of windows end on the same day, and nobody reads thousands of mails.
func (s *Service) tellWindow(ctx context.Context, tx *postgres.Tx, e event.Stored, template, claimedBy string, l letter) error {
	if err := s.tellDesk(ctx, tx, e, deskNote{kind: KindWindow, template: template, claimedBy: claimedBy, letter: l}); err != nil {
		return err
	}
	return s.mailDigest(ctx, tx, e)
}

func (s *Service) tellDesk(ctx context.Context, tx *postgres.Tx, e event.Stored, n deskNote) error {
	a, err := addresseeOf(ctx, tx, e)
	if err != nil {
		return err
	}
	l := n.letter
	l.Organisation, l.Authority, l.Year = a.Name, a.Authority, e.Year()
	l.Today, l.Link = workday.DateOf(tx.Now()), s.deskLink()
	subject, body, err := render(n.template, l)
	if err != nil {
		return err
	}
	m := message{kind: n.kind, key: n.kind + ":" + e.ID.String(), authority: a.AuthorityCode,
		obligation: e.ObligationID, inbox: true, subject: subject, body: body}
	if id, err := uuid.Parse(n.claimedBy); err == nil {
		m.person = event.Ref(id)
	}
	return s.post(ctx, tx, m)
}

// mailDigest mails the state of the authority's windows, once a day and recipient.
func (s *Service) mailDigest(ctx context.Context, tx *postgres.Tx, e event.Stored) error {
	a, err := addresseeOf(ctx, tx, e)
	if err != nil {
		return err
	}
	authority, today := a.AuthorityCode, workday.DateOf(tx.Now())
	var done bool
	if err := tx.GetContext(ctx, &done, `
SELECT EXISTS (SELECT FROM delivery WHERE authority_code = $1 AND organisation_id IS NULL
	AND created_at >= $2 AND created_at < $3 AND channel = 'mail' AND kind = 'window')`,
		authority, today.Start(), today.End()); err != nil || done {
		return wrap("look for today's digest", err)
	}
	var to []string
	if err := tx.SelectContext(ctx, &to, `
SELECT DISTINCT lower(p.email) FROM membership m JOIN person p ON p.id = m.person_id
WHERE m.authority_code = $1 AND m.role IN ('reviewer', 'approver') AND m.ended_at IS NULL AND NOT m.pending
	AND p.disabled_at IS NULL AND p.password_hash <> ''
ORDER BY 1`, authority); err != nil {
		return fmt.Errorf("read the authority's people: %w", err)
	}
	if len(to) == 0 {
		return nil
	}
	soon := s.calendar().Due(today, 3).Date
	var n struct {
		Over int `db:"over"`
		Soon int `db:"soon"`
	}
	if err := tx.GetContext(ctx, &n, `
SELECT count(*) FILTER (WHERE due_on < $2) AS over, count(*) FILTER (WHERE due_on >= $2) AS soon
FROM review WHERE authority_code = $1 AND state IN ('pending', 'proposed') AND due_on <= $3`,
		authority, today, soon); err != nil {
		return fmt.Errorf("count the authority's windows: %w", err)
	}
	subject, body, err := render("window_digest", letter{Authority: a.Authority, Today: today, Link: s.deskLink(),
		Over: n.Over, Soon: n.Soon})
	if err != nil {
		return err
	}
	return s.post(ctx, tx, message{kind: KindWindow, key: fmt.Sprintf("%s:%s:%s", KindWindow, authority, today),
		authority: authority, mailTo: to, subject: subject, body: body})
}

func wrap(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}
