package notify

import (
	"context"
	"fmt"

	"nianbao/internal/account"
	"nianbao/internal/event"
	"nianbao/internal/postgres"
	"nianbao/internal/workday"
)

// onSponsorRequested mails the sponsor's people. Where there are none nobody is told; the organisation's page says so.
func (s *Service) onSponsorRequested(ctx context.Context, tx *postgres.Tx, e event.Stored) error {
	d, err := event.Read[event.SponsorRequested](e)
	if err != nil {
		return err
	}
	return s.tellSponsor(ctx, tx, e, "sponsor_requested", letter{Sponsor: d.Sponsor, Due: d.DueOn, Provisional: d.DueProvisional})
}

func (s *Service) onSponsorWarned(ctx context.Context, tx *postgres.Tx, e event.Stored) error {
	d, err := event.Read[event.SponsorWarned](e)
	if err != nil {
		return err
	}
	return s.tellSponsor(ctx, tx, e, "sponsor_warned", letter{Sponsor: d.Sponsor, Due: d.DueOn, Provisional: d.DueProvisional,
		WorkingDays: d.WorkingDaysLeft})
}

// onSponsorAnswered tells the organisation; a submission that came of it has its receipt besides.
func (s *Service) onSponsorAnswered(ctx context.Context, tx *postgres.Tx, e event.Stored) error {
	d, err := event.Read[event.SponsorAnswered](e)
	if err != nil {
		return err
	}
	l := letter{Sponsor: d.Sponsor, Outcome: d.Outcome, Submitted: d.Submitted, Remarks: d.Remarks, Held: d.HeldUntil}
	err = tx.QueryRowxContext(ctx, `SELECT opinion, not_submitted FROM sponsor_review WHERE id = $1`, e.SubjectID).Scan(&l.Reason, &l.Which)
	if err != nil {
		return fmt.Errorf("read the sponsor's answer: %w", err)
	}
	return s.tellOrganisation(ctx, tx, e, notice{kind: KindSponsor, template: "sponsor_answered", letter: l})
}

// onSponsorPassed tells the organisation what it can do now, and the desk.
func (s *Service) onSponsorPassed(ctx context.Context, tx *postgres.Tx, e event.Stored) error {
	d, err := event.Read[event.SponsorPassed](e)
	if err != nil {
		return err
	}
	l := letter{Sponsor: d.Sponsor, Due: d.DueOn, Held: d.HeldUntil}
	if err := s.tellOrganisation(ctx, tx, e, notice{kind: KindSponsor, template: "sponsor_passed", letter: l}); err != nil {
		return err
	}
	return s.tellDesk(ctx, tx, e, deskNote{kind: KindSilence, template: "sponsor_passed_desk", letter: l})
}

// tellSponsor mails the people who speak for the sponsor at the organisation's authority, once an event.
func (s *Service) tellSponsor(ctx context.Context, tx *postgres.Tx, e event.Stored, template string, l letter) error {
	a, err := addresseeOf(ctx, tx, e)
	if err != nil {
		return err
	}
	to, err := account.SponsorAddresses(ctx, tx, a.AuthorityCode, l.Sponsor)
	if err != nil || len(to) == 0 {
		return err
	}
	l.Organisation, l.Authority, l.Year = a.Name, a.Authority, e.Year()
	l.Today, l.Link = workday.DateOf(tx.Now()), s.deskLink()
	subject, body, err := render(template, l)
	if err != nil {
		return err
	}
	return s.post(ctx, tx, message{kind: KindSponsor, key: KindSponsor + ":" + e.ID.String(), authority: a.AuthorityCode,
		obligation: e.ObligationID, mailTo: to, subject: subject, body: body})
}
