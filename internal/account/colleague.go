package account

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"nianbao/internal/event"
	"nianbao/internal/postgres"
)

// Colleague is one of an organisation's people, as its page shows them.
type Colleague struct {
	MembershipID uuid.UUID `db:"id"`
	PersonID     uuid.UUID `db:"person_id"`
	// Name is "" where the person has an account elsewhere and has not accepted: an address must not tell a name.
	Name        string    `db:"name"`
	Email       string    `db:"email"`
	Responsible bool      `db:"responsible"`
	Waiting     bool      `db:"waiting"` // the invitation is not accepted yet
	Since       time.Time `db:"created_at"`
}

// Colleagues lists an organisation's people, the responsible first.
func Colleagues(ctx context.Context, q postgres.Queryer, organisation uuid.UUID) ([]Colleague, error) {
	var list []Colleague
	err := q.SelectContext(ctx, &list, `
		SELECT m.id, m.person_id, CASE WHEN m.pending THEN '' ELSE p.name END AS name, p.email, m.responsible,
			m.pending OR p.password_hash = '' AS waiting, m.created_at
		FROM membership m JOIN person p ON p.id = m.person_id
		WHERE m.organisation_id = $1 AND m.ended_at IS NULL AND p.disabled_at IS NULL
		ORDER BY m.responsible DESC, m.created_at, m.id`, organisation)
	if err != nil {
		return nil, fmt.Errorf("people of %s: %w", organisation, err)
	}
	return list, nil
}

// NewColleague is whom a responsible person invites.
type NewColleague struct {
	Email  string
	Name   string
	Editor bool
	By     Principal
}

// InviteColleague invites somebody to act for the same organisation as By, and
// mails the link; By never sees it. Inviting again sends another. *NameError and
// *EmailError for what cannot be one, ErrNotResponsible where By may not.
func (s *Service) InviteColleague(ctx context.Context, c NewColleague) error {
	name, err := ParseName(c.Name)
	if err != nil {
		return err
	}
	p := NewPerson{Email: c.Email, Name: name, Role: RoleFiler, Scope: Scope{OrganisationID: c.By.OrganisationID},
		Editor: c.Editor, Actor: c.By.Actor(), byColleague: true}
	_, err = s.invite(ctx, p, func(tx *postgres.Tx) error { return mayManage(tx, c.By) })
	return err
}

// MembershipChange is what a responsible person changes about somebody of the organisation.
type MembershipChange struct {
	MembershipID uuid.UUID
	By           Principal
}

// SetResponsible lets the person submit, or no longer. What is so already
// changes nothing. ErrNotFound for nobody of By's organisation,
// ErrNotResponsible where By may not (any more: one change at a time),
// ErrLastResponsible where nobody would be left.
func SetResponsible(ctx context.Context, db *postgres.DB, c MembershipChange, responsible bool) error {
	err := postgres.InTx(ctx, db, func(tx *postgres.Tx) error {
		if err := mayManage(tx, c.By); err != nil {
			return err
		}
		was, err := c.find(tx)
		if err != nil || was.Responsible == responsible {
			return err
		}
		_, err = tx.ExecContext(tx.Context(), `UPDATE membership SET responsible = $2 WHERE id = $1`, c.MembershipID, responsible)
		if err != nil {
			return err
		}
		if err := keepsResponsible(tx, c.By.OrganisationID.UUID); err != nil {
			return err
		}
		return record(tx, c.scope(), event.Event{Kind: event.AccountRoleChangedKind, Actor: c.By.Actor(),
			SubjectID: event.Ref(was.PersonID), Data: event.AccountRoleChanged{Responsible: responsible}})
	})
	if err != nil {
		return fmt.Errorf("change the role of membership %s: %w", c.MembershipID, err)
	}
	return nil
}

// EndMembership ends what the person may do for the organisation, within
// seconds also in running sessions. Errors as of SetResponsible.
func EndMembership(ctx context.Context, db *postgres.DB, c MembershipChange) error {
	err := postgres.InTx(ctx, db, func(tx *postgres.Tx) error {
		if err := mayManage(tx, c.By); err != nil {
			return err
		}
		was, err := c.find(tx)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(tx.Context(), `UPDATE membership SET ended_at = $2 WHERE id = $1`, c.MembershipID, tx.Now())
		if err != nil {
			return err
		}
		if err := keepsResponsible(tx, c.By.OrganisationID.UUID); err != nil {
			return err
		}
		return record(tx, c.scope(), event.Event{Kind: event.AccountEndedKind, Actor: c.By.Actor(),
			SubjectID: event.Ref(was.PersonID), Data: event.AccountChanged{Role: string(RoleFiler)}})
	})
	if err != nil {
		return fmt.Errorf("end membership %s: %w", c.MembershipID, err)
	}
	return nil
}

func (c MembershipChange) scope() Scope { return Scope{OrganisationID: c.By.OrganisationID} }

// find reads the membership, if it is one of the organisation's.
func (c MembershipChange) find(tx *postgres.Tx) (Colleague, error) {
	var found Colleague
	err := tx.GetContext(tx.Context(), &found, `
		SELECT id, person_id, responsible FROM membership
		WHERE id = $1 AND organisation_id = $2 AND ended_at IS NULL`, c.MembershipID, c.By.OrganisationID)
	if postgres.IsNoRows(err) {
		return Colleague{}, ErrNotFound
	}
	return found, err
}

// mayManage lets one responsible person at a time change who acts for the organisation. The principal may be seconds
// old, so the membership is read again under the lock: of two who take each other's role, the second no longer may.
func mayManage(tx *postgres.Tx, by Principal) error {
	if by.Kind != KindPerson || !by.OrganisationID.Valid {
		return ErrNotResponsible
	}
	if err := lockPeople(tx, by.OrganisationID.UUID); err != nil {
		return err
	}
	var may bool
	err := tx.GetContext(tx.Context(), &may, `
		SELECT EXISTS (SELECT FROM membership WHERE id = $1 AND person_id = $2 AND organisation_id = $3
			AND responsible AND ended_at IS NULL AND NOT pending)`, by.MembershipID, by.ID, by.OrganisationID)
	if err == nil && !may {
		err = ErrNotResponsible
	}
	return err
}

// keepsResponsible refuses to leave the organisation without anybody who can sign in and submit. lockPeople is held.
func keepsResponsible(tx *postgres.Tx, organisation uuid.UUID) error {
	var left int
	err := tx.GetContext(tx.Context(), &left, `
		SELECT count(*) FROM membership m JOIN person p ON p.id = m.person_id
		WHERE m.organisation_id = $1 AND m.responsible AND m.ended_at IS NULL AND NOT m.pending
			AND p.disabled_at IS NULL AND p.password_hash <> ''`, organisation)
	if err == nil && left == 0 {
		err = ErrLastResponsible
	}
	return err
}
