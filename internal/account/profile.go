package account

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"nianbao/internal/event"
	"nianbao/internal/postgres"
)

// AddressDays is how long the link that confirms an address holds.
const AddressDays = 3

// Profile is a person's own account, as its page shows it.
type Profile struct {
	PersonID   uuid.UUID `db:"id"`
	Name       string    `db:"name"`
	Email      string    `db:"email"`
	Unverified bool      `db:"email_unverified"`
	NewEmail   string    `db:"new_email"` // waits for the link sent to it; "" for none
}

// ProfileOf reads a person's account.
func ProfileOf(ctx context.Context, q postgres.Queryer, personID uuid.UUID) (Profile, error) {
	var p Profile
	err := q.GetContext(ctx, &p, `
		SELECT p.id, p.name, p.email, p.email_unverified, coalesce((SELECT c.email FROM email_change c
			WHERE c.person_id = p.id AND c.used_at IS NULL AND c.expires_at > $2
			ORDER BY c.created_at DESC, c.token_hash LIMIT 1), '') AS new_email
		FROM person p WHERE p.id = $1 AND p.disabled_at IS NULL`, personID, q.Now())
	if postgres.IsNoRows(err) {
		return Profile{}, fmt.Errorf("person %s: %w", personID, ErrNotFound)
	}
	if err != nil {
		return Profile{}, fmt.Errorf("read person %s: %w", personID, err)
	}
	return p, nil
}

// Rename changes a person's name; a *NameError where it is none.
func Rename(ctx context.Context, db *postgres.DB, personID uuid.UUID, name string) error {
	name, err := ParseName(name)
	if err != nil {
		return err
	}
	err = postgres.InTx(ctx, db, func(tx *postgres.Tx) error {
		result, err := tx.ExecContext(tx.Context(), `
			UPDATE person SET name = $2, updated_at = $3 WHERE id = $1 AND name <> $2`, personID, name, tx.Now())
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			return err
		}
		return recordChange(tx, personID, name, "name")
	})
	if err != nil {
		return fmt.Errorf("rename person %s: %w", personID, err)
	}
	return nil
}

// PasswordChange is a new password set by who knows the old one.
type PasswordChange struct {
	PersonID uuid.UUID
	Current  string
	New      string
}

// ChangePassword sets a new password, ends every session of the person and
// tells the person's address; the stamp is for the session that goes on.
// ErrBadCredentials for a wrong current password (which counts as a try), a
// *PasswordError for a new one that breaks a rule.
func (s *Service) ChangePassword(ctx context.Context, c PasswordChange) (SignedIn, error) {
	profile, err := ProfileOf(ctx, s.db, c.PersonID)
	if err != nil {
		return SignedIn{}, err
	}
	if err := CheckPassword(c.New, profile.Email); err != nil {
		return SignedIn{}, err
	}
	if _, err := SignIn(ctx, s.db, profile.Email, c.Current); err != nil {
		return SignedIn{}, err
	}
	hash, err := hashPassword(ctx, c.New)
	if err != nil {
		return SignedIn{}, fmt.Errorf("change password: %w", err)
	}
	err = postgres.InTx(ctx, s.db, func(tx *postgres.Tx) error {
		if err := setPassword(tx, c.PersonID, hash); err != nil {
			return err
		}
		if err := endSessions(tx, c.PersonID, uuid.Nil); err != nil {
			return err
		}
		if err := recordChange(tx, c.PersonID, profile.Name, "password"); err != nil {
			return err
		}
		return s.tellChange(tx, profile, "密码")
	})
	if err != nil {
		return SignedIn{}, fmt.Errorf("change password: %w", err)
	}
	return SignedIn{PersonID: c.PersonID, Stamp: stampOf(hash)}, nil
}

// EmailChange is a new address asked for by who knows the password.
type EmailChange struct {
	PersonID uuid.UUID
	Password string
	Email    string // the person's own where it was never confirmed: the link is sent once more
}

// RequestEmail sends a link to the address; it is the person's once the link
// is used, and until then nothing changes. An address that has an account gets
// a letter that says so, and the asker the same answer. ErrBadCredentials for a
// wrong password (which counts as a try), an *EmailError for no address.
func (s *Service) RequestEmail(ctx context.Context, c EmailChange) error {
	email, err := ParseEmail(c.Email)
	if err != nil {
		return err
	}
	profile, err := ProfileOf(ctx, s.db, c.PersonID)
	if err != nil {
		return err
	}
	if _, err := SignIn(ctx, s.db, profile.Email, c.Password); err != nil {
		return err
	}
	err = postgres.InTx(ctx, s.db, func(tx *postgres.Tx) error { return s.askToConfirm(tx, profile, email) })
	if err != nil {
		return fmt.Errorf("ask for a new address: %w", err)
	}
	return nil
}

// askToConfirm sends the link, or says that the address is taken.
func (s *Service) askToConfirm(tx *postgres.Tx, p Profile, email string) error {
	link, hash := newSecret("")
	l := Letter{Kind: LetterAddress, Key: fmt.Sprintf("%x", hash), To: email, Name: p.Name, PersonID: event.Ref(p.PersonID)}
	scope, err := scopeOf(tx, p.PersonID)
	if err != nil {
		return err
	}
	if err := l.about(tx, scope); err != nil {
		return err
	}
	var taken bool
	err = tx.GetContext(tx.Context(), &taken,
		`SELECT EXISTS (SELECT FROM person WHERE lower(email) = $1 AND id <> $2)`, email, p.PersonID)
	if err != nil {
		return err
	}
	l.Secret, l.ExpiresAt = link, tx.Now().AddDate(0, 0, AddressDays)
	// The row is written for a taken address too: its page must look the same. A link asked for before ends.
	_, err = tx.ExecContext(tx.Context(), `
		WITH before AS (UPDATE email_change SET used_at = $4 WHERE person_id = $2 AND used_at IS NULL)
		INSERT INTO email_change (token_hash, person_id, email, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)`,
		hash, p.PersonID, email, tx.Now(), l.ExpiresAt)
	if err != nil {
		return err
	}
	if taken {
		l.Kind, l.Secret, l.ExpiresAt = LetterAddressTaken, "", time.Time{}
	}
	return s.post(tx.Context(), tx, l)
}

// ConfirmEmail uses the link up, by the person signed in: the address is the
// person's from then on, and the one before is told. ErrLinkOver where the link
// is not this person's, used, over, or another has the address by now.
func (s *Service) ConfirmEmail(ctx context.Context, personID uuid.UUID, link string) (email string, err error) {
	err = postgres.InTx(ctx, s.db, func(tx *postgres.Tx) error {
		profile, err := ProfileOf(tx.Context(), tx, personID)
		if err != nil {
			return err
		}
		err = tx.GetContext(tx.Context(), &email, `
			UPDATE email_change SET used_at = $3
			WHERE token_hash = $1 AND person_id = $2 AND used_at IS NULL AND expires_at > $3
			RETURNING email`, linkHash(link), personID, tx.Now())
		if postgres.IsNoRows(err) {
			return ErrLinkOver
		}
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(tx.Context(), `
			WITH others AS (UPDATE email_change SET used_at = $3 WHERE person_id = $1 AND used_at IS NULL)
			UPDATE person SET email = $2, email_unverified = false, updated_at = $3 WHERE id = $1`, personID, email, tx.Now())
		if err != nil {
			return err
		}
		if email == profile.Email {
			return nil
		}
		if err := recordChange(tx, personID, profile.Name, "email"); err != nil {
			return err
		}
		return s.tellChange(tx, profile, "登录邮箱")
	})
	if postgres.IsUnique(err, "person_email") {
		err = ErrLinkOver
	}
	if err != nil {
		return "", fmt.Errorf("confirm address: %w", err)
	}
	return email, nil
}

// AddressOf says which address a link confirms for the person, ErrLinkOver if none.
func AddressOf(ctx context.Context, q postgres.Queryer, personID uuid.UUID, link string) (string, error) {
	var email string
	err := q.GetContext(ctx, &email, `
		SELECT email FROM email_change WHERE token_hash = $1 AND person_id = $2 AND used_at IS NULL AND expires_at > $3`,
		linkHash(link), personID, q.Now())
	if postgres.IsNoRows(err) {
		return "", ErrLinkOver
	}
	if err != nil {
		return "", fmt.Errorf("look up link: %w", err)
	}
	return email, nil
}

// tellChange writes to the address as it was, in case that it was somebody else. An address never confirmed is told
// nothing.
func (s *Service) tellChange(tx *postgres.Tx, was Profile, what string) error {
	if was.Unverified {
		return nil
	}
	l := Letter{Kind: LetterChanged, Key: fmt.Sprintf("%s:%d", was.PersonID, tx.Now().UnixMicro()), To: was.Email, Name: was.Name,
		PersonID: event.Ref(was.PersonID), What: what}
	scope, err := scopeOf(tx, was.PersonID)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := l.about(tx, scope); err != nil {
		return err
	}
	return s.post(tx.Context(), tx, l)
}

// recordChange tells of a change of a person's account once for each role held.
func recordChange(tx *postgres.Tx, personID uuid.UUID, name string, fields ...string) error {
	roles, err := Memberships(tx.Context(), tx, personID)
	if err != nil {
		return err
	}
	for _, m := range roles {
		err := record(tx, m.scope(), event.Event{Kind: event.AccountChangedKind, Actor: actorOf(personID, name),
			SubjectID: event.Ref(personID), Data: event.AccountFieldsChanged{Fields: fields}})
		if err != nil {
			return err
		}
	}
	return nil
}
