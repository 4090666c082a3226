package account

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"nianbao/internal/event"
	"nianbao/internal/postgres"
)

// LinkDays is how long the one-time link of an invitation holds.
const LinkDays = 7

// Purpose is what a one-time link is for.
type Purpose string

// A link invites somebody, or replaces a forgotten password.
const (
	PurposeInvitation Purpose = "invitation"
	PurposeReset      Purpose = "reset"
)

// Invitation is a one-time link. Link is known only now: the path's last part.
type Invitation struct {
	PersonID     uuid.UUID
	MembershipID uuid.UUID
	Link         string
	ExpiresAt    time.Time
}

// Invited is whom a link that still holds is for.
type Invited struct {
	PersonID     uuid.UUID     `db:"person_id"`
	MembershipID uuid.NullUUID `db:"membership_id"` // what an invitation is to; none for a link of the release before
	Purpose      Purpose       `db:"purpose"`
	Email        string        `db:"email"`
	Name         string        `db:"name"`
	Body         string        `db:"body"` // of whom the invitation is, "" where none
	// AcceptOnly: somebody who has an account and reads the mail of its address; the invitation needs a yes and no new
	// password.
	AcceptOnly bool `db:"accept_only"`
}

// Invite gives a person a role and a one-time link by which to set a password.
// Inviting again makes a new link and ends the ones before it: this is also how
// an operator replaces a forgotten password. The role is added once. Nothing is
// mailed; Service.Invite does that too.
func Invite(ctx context.Context, db *postgres.DB, p NewPerson) (Invitation, error) {
	return NewService(Config{DB: db}).Invite(ctx, p)
}

// Invite is the function Invite, and mails the link.
func (s *Service) Invite(ctx context.Context, p NewPerson) (Invitation, error) {
	return s.invite(ctx, p, func(*postgres.Tx) error { return nil })
}

// invite does so if may, asked in the transaction, has no objection.
func (s *Service) invite(ctx context.Context, p NewPerson, may func(*postgres.Tx) error) (Invitation, error) {
	link, hash := newSecret("")
	invitation := Invitation{Link: link}
	err := postgres.InTx(ctx, s.db, func(tx *postgres.Tx) error {
		if err := may(tx); err != nil {
			return err
		}
		a, err := addPerson(tx, p)
		if err != nil {
			return err
		}
		invitation.PersonID, invitation.MembershipID = a.personID, a.membershipID
		invitation.ExpiresAt = tx.Now().AddDate(0, 0, LinkDays)
		if err := endInvitations(tx, a); err != nil {
			return err
		}
		l := newLink{hash: hash, personID: a.personID, purpose: PurposeInvitation, membershipID: event.Ref(a.membershipID),
			expiresAt: invitation.ExpiresAt}
		if err := l.insert(tx); err != nil {
			return err
		}
		if err := record(tx, p.Scope, event.Event{Kind: event.AccountInvitedKind, Actor: p.Actor,
			SubjectID: event.Ref(a.personID), Data: event.AccountChanged{Role: string(p.Role)}}); err != nil {
			return err
		}
		return s.postInvitation(tx, p, a, invitation)
	})
	if err != nil {
		return Invitation{}, fmt.Errorf("invite: %w", err)
	}
	return invitation, nil
}

func (s *Service) postInvitation(tx *postgres.Tx, p NewPerson, a added, i Invitation) error {
	l := Letter{Kind: LetterInvitation, Key: fmt.Sprintf("%s:%s", a.membershipID, i.ExpiresAt.Format(time.RFC3339Nano)), To: a.email,
		PersonID: event.Ref(a.personID), Name: a.name, RoleLabel: roleLabel(p.Role, !p.Editor), Secret: i.Link, ExpiresAt: i.ExpiresAt}
	if p.Actor.Kind == event.ActorPerson {
		l.By = p.Actor.Name
	}
	if err := l.about(tx, p.Scope); err != nil {
		return err
	}
	return s.post(tx.Context(), tx, l)
}

// newLink is a one-time link to be kept.
type newLink struct {
	hash         []byte
	personID     uuid.UUID
	purpose      Purpose
	membershipID uuid.NullUUID
	expiresAt    time.Time
}

func (l newLink) insert(tx *postgres.Tx) error {
	_, err := tx.ExecContext(tx.Context(), `
		INSERT INTO invitation (token_hash, person_id, purpose, membership_id, created_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6)`, l.hash, l.personID, l.purpose, l.membershipID, tx.Now(), l.expiresAt)
	return err
}

// LookUpLink says whom a link is for, ErrLinkOver if it no longer holds. The
// link is not used up by looking, so a mail scanner that follows it does no harm.
func LookUpLink(ctx context.Context, q postgres.Queryer, link string) (Invited, error) {
	var invited Invited
	err := q.GetContext(ctx, &invited, `
		SELECT i.person_id, i.membership_id, i.purpose, p.email, p.name, coalesce(o.name, a.name, '') AS body,
			p.password_hash <> '' AND NOT p.email_unverified AND coalesce(m.pending, false) AS accept_only
		FROM invitation i JOIN person p ON p.id = i.person_id
		LEFT JOIN membership m ON m.id = i.membership_id
		LEFT JOIN organisation o ON o.id = m.organisation_id
		LEFT JOIN authority a ON a.code = m.authority_code
		WHERE i.token_hash = $1 AND i.used_at IS NULL AND i.expires_at > $2 AND p.disabled_at IS NULL AND m.ended_at IS NULL`,
		linkHash(link), q.Now())
	if postgres.IsNoRows(err) {
		return Invited{}, ErrLinkOver
	}
	if err != nil {
		return Invited{}, fmt.Errorf("look up link: %w", err)
	}
	return invited, nil
}

// Activate uses a link up and sets the password; the person may sign in from
// then on, and whoever was signed in no longer is. ErrLinkOver if the link no
// longer holds, a *PasswordError if the password breaks a rule (the link then
// still holds). Of two at once one wins.
func Activate(ctx context.Context, db *postgres.DB, link, password string) (Invited, error) {
	invited, err := LookUpLink(ctx, db, link)
	if err != nil {
		return Invited{}, fmt.Errorf("activate: %w", err)
	}
	if err := CheckPassword(password, invited.Email); err != nil {
		return Invited{}, fmt.Errorf("activate: %w", err)
	}
	hash, err := hashPassword(ctx, password)
	if err != nil {
		return Invited{}, fmt.Errorf("activate: %w", err)
	}
	err = postgres.InTx(ctx, db, func(tx *postgres.Tx) error {
		if err := useLink(tx, link, invited); err != nil {
			return err
		}
		if err := endLinks(tx, invited.PersonID); err != nil {
			return err
		}
		if err := setPassword(tx, invited.PersonID, hash); err != nil {
			return err
		}
		if err := endSessions(tx, invited.PersonID, uuid.Nil); err != nil {
			return err
		}
		if invited.Purpose == PurposeReset {
			return recordChange(tx, invited.PersonID, invited.Name, "password")
		}
		return recordActivation(tx, invited)
	})
	if err != nil {
		return Invited{}, fmt.Errorf("activate: %w", err)
	}
	return invited, nil
}

// Accept uses up the link of an invitation to somebody who has an account: the
// role counts from then on, under the password there is. ErrLinkOver if the
// link no longer holds, or asks for a password first.
func Accept(ctx context.Context, db *postgres.DB, link string) (Invited, error) {
	var invited Invited
	err := postgres.InTx(ctx, db, func(tx *postgres.Tx) (err error) {
		if invited, err = LookUpLink(tx.Context(), tx, link); err != nil {
			return err
		}
		if !invited.AcceptOnly {
			return ErrLinkOver
		}
		if err := useLink(tx, link, invited); err != nil {
			return err
		}
		return recordActivation(tx, invited)
	})
	if err != nil {
		return Invited{}, fmt.Errorf("accept: %w", err)
	}
	return invited, nil
}

// useLink uses the link up, and with it confirms the address it went to and the role it is about.
func useLink(tx *postgres.Tx, link string, invited Invited) error {
	result, err := tx.ExecContext(tx.Context(), `
		UPDATE invitation SET used_at = $2 WHERE token_hash = $1 AND used_at IS NULL AND expires_at > $2`,
		linkHash(link), tx.Now())
	if err != nil {
		return err
	}
	if n, err := result.RowsAffected(); err != nil || n == 0 {
		return errors.Join(err, ErrLinkOver)
	}
	_, err = tx.ExecContext(tx.Context(), `
		WITH confirmed AS (UPDATE person SET email_unverified = false WHERE id = $1 AND email_unverified)
		UPDATE membership SET pending = false WHERE id = $2 AND pending`, invited.PersonID, invited.MembershipID)
	return err
}

// recordActivation tells of the activation once for each role held.
func recordActivation(tx *postgres.Tx, invited Invited) error {
	roles, err := Memberships(tx.Context(), tx, invited.PersonID)
	if err != nil {
		return err
	}
	for _, m := range roles {
		if invited.AcceptOnly && m.ID != invited.MembershipID.UUID {
			continue
		}
		err := record(tx, m.scope(), event.Event{Kind: event.AccountActivatedKind, Actor: actorOf(invited.PersonID, invited.Name),
			SubjectID: event.Ref(invited.PersonID), Data: event.AccountChanged{Role: string(m.Role)}})
		if err != nil {
			return err
		}
	}
	return nil
}

// actorOf is a person as the event log names one.
func actorOf(personID uuid.UUID, name string) event.Actor {
	return event.Actor{Kind: event.ActorPerson, ID: personID.String(), Name: name}
}

// endInvitations uses up the links of earlier invitations to the same role.
func endInvitations(tx *postgres.Tx, a added) error {
	_, err := tx.ExecContext(tx.Context(), `
		UPDATE invitation SET used_at = $3
		WHERE person_id = $1 AND used_at IS NULL AND purpose = 'invitation' AND (membership_id = $2 OR membership_id IS NULL)`,
		a.personID, a.membershipID, tx.Now())
	return err
}

// endLinks uses up every link that would set the person's password; invitations that wait for a yes stay.
func endLinks(tx *postgres.Tx, personID uuid.UUID) error {
	_, err := tx.ExecContext(tx.Context(), `
		UPDATE invitation i SET used_at = $2
		WHERE i.person_id = $1 AND i.used_at IS NULL
			AND NOT EXISTS (SELECT FROM membership m WHERE m.id = i.membership_id AND m.pending AND m.ended_at IS NULL)`,
		personID, tx.Now())
	return err
}

func linkHash(link string) []byte {
	sum := sha256.Sum256([]byte(link))
	return sum[:]
}
