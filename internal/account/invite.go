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

// LinkDays is how long a one-time link holds.
const LinkDays = 7

// Invitation is a one-time link. Link is known only now: the path's last part.
type Invitation struct {
	PersonID  uuid.UUID
	Link      string
	ExpiresAt time.Time
}

// Invited is whom a link that still holds is for.
type Invited struct {
	PersonID uuid.UUID `db:"person_id"`
	Email    string    `db:"email"`
	Name     string    `db:"name"`
}

// Invite gives a person a role and a one-time link by which to set a password.
// Inviting again makes a new link and ends the ones before it: this is also how
// a forgotten password is replaced. The role is added once.
func Invite(ctx context.Context, db *postgres.DB, p NewPerson) (Invitation, error) {
	link, hash := newSecret("")
	invitation := Invitation{Link: link}
	err := postgres.InTx(ctx, db, func(tx *postgres.Tx) error {
		id, err := addPerson(tx, p)
		if err != nil {
			return err
		}
		invitation.PersonID, invitation.ExpiresAt = id, tx.Now().AddDate(0, 0, LinkDays)
		if err := endLinks(tx, id); err != nil {
			return err
		}
		_, err = tx.ExecContext(tx.Context(), `
			INSERT INTO invitation (token_hash, person_id, created_at, expires_at) VALUES ($1, $2, $3, $4)`,
			hash, id, tx.Now(), invitation.ExpiresAt)
		if err != nil {
			return err
		}
		return record(tx, p.Scope, event.Event{Kind: event.AccountInvitedKind, Actor: p.Actor,
			SubjectID: event.Ref(id), Data: event.AccountChanged{Role: string(p.Role)}})
	})
	if err != nil {
		return Invitation{}, fmt.Errorf("invite: %w", err)
	}
	return invitation, nil
}

// LookUpLink says whom a link is for, ErrLinkOver if it no longer holds. The
// link is not used up by looking, so a mail scanner that follows it does no harm.
func LookUpLink(ctx context.Context, q postgres.Queryer, link string) (Invited, error) {
	var invited Invited
	err := q.GetContext(ctx, &invited, `
		SELECT i.person_id, p.email, p.name
		FROM invitation i JOIN person p ON p.id = i.person_id
		WHERE i.token_hash = $1 AND i.used_at IS NULL AND i.expires_at > $2 AND p.disabled_at IS NULL`,
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
// then on. ErrLinkOver if the link no longer holds, a *PasswordError if the
// password breaks a rule (the link then still holds). Of two at once one wins.
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
		result, err := tx.ExecContext(tx.Context(), `
			UPDATE invitation SET used_at = $2 WHERE token_hash = $1 AND used_at IS NULL AND expires_at > $2`,
			linkHash(link), tx.Now())
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, ErrLinkOver)
		}
		if err := endLinks(tx, invited.PersonID); err != nil {
			return err
		}
		if err := setPassword(tx, invited.PersonID, hash); err != nil {
			return err
		}
		return recordActivation(tx, invited)
	})
	if err != nil {
		return Invited{}, fmt.Errorf("activate: %w", err)
	}
	return invited, nil
}

// recordActivation tells of the activation once for each role held.
func recordActivation(tx *postgres.Tx, invited Invited) error {
	roles, err := Memberships(tx.Context(), tx, invited.PersonID)
	if err != nil {
		return err
	}
	actor := event.Actor{Kind: event.ActorPerson, ID: invited.PersonID.String(), Name: invited.Name}
	for _, m := range roles {
		scope := Scope{OrganisationID: m.OrganisationID, AuthorityCode: m.AuthorityCode}
		err := record(tx, scope, event.Event{Kind: event.AccountActivatedKind, Actor: actor,
			SubjectID: event.Ref(invited.PersonID), Data: event.AccountChanged{Role: string(m.Role)}})
		if err != nil {
			return err
		}
	}
	return nil
}

// endLinks uses up every link of a person that still holds.
func endLinks(tx *postgres.Tx, personID uuid.UUID) error {
	_, err := tx.ExecContext(tx.Context(), `
		UPDATE invitation SET used_at = $2 WHERE person_id = $1 AND used_at IS NULL`, personID, tx.Now())
	return err
}

func linkHash(link string) []byte {
	sum := sha256.Sum256([]byte(link))
	return sum[:]
}
