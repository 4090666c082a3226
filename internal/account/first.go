package account

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"
	"golang.org/x/text/unicode/norm"

	"nianbao/internal/event"
	"nianbao/internal/id"
	"nianbao/internal/postgres"
	"nianbao/internal/workday"
)

// FirstPerson is who gets in for an organisation with the code that went to the
// register's address.
type FirstPerson struct {
	USCC     string
	Code     string
	Name     string
	Email    string // the person's own; may be another than the register's
	Password string
}

// maxName is the longest name of a person, in characters.
const maxName = 50

// NameError says in Chinese that a name cannot be one.
type NameError struct{ Reason string }

// Error is the reason, fit to be shown.
func (e *NameError) Error() string { return e.Reason }

// ParseName gives a person's name without surrounding space, a *NameError where
// it is none.
func ParseName(s string) (string, error) {
	return parseShown(s, "姓名", maxName)
}

// parseShown reads what is shown in lists under the label what, at most limit
// characters; a *NameError where it cannot be.
func parseShown(s, what string, limit int) (string, error) {
	s = strings.TrimSpace(norm.NFC.String(s))
	switch n := utf8.RuneCountInString(s); {
	case n == 0:
		return "", &NameError{"请填写" + what}
	case n > limit:
		return "", &NameError{fmt.Sprintf("%s不能超过 %d 个字", what, limit)}
	case !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsGraphic(r) }):
		return "", &NameError{what + "里有不能显示的字符，请重新填写"}
	}
	return s, nil
}

// claimed is a request whose code was right, or none.
type claimed struct {
	Day            workday.Date  `db:"day"`
	Ordinal        int           `db:"ordinal"`
	CodeHash       string        `db:"code_hash"`
	OrganisationID uuid.NullUUID `db:"organisation_id"`
	Recipient      string        `db:"recipient"`
}

// ActivateFirst makes the organisation's first person, who is responsible for
// it and may sign in at once with the address and password. An address that has
// an account needs that account's password, so that nobody takes it over.
//
// *NameError, *EmailError, *PasswordError: nothing was tried. ErrBadCode: the
// same, after the same work, for a wrong code, one that is over or used up, and
// an organisation that has none or is not there. ErrHasPeople and ErrEmailTaken
// are told only to who has the right code. Of two at once with one code, one
// wins and the other gets ErrBadCode or ErrHasPeople.
func (s *Service) ActivateFirst(ctx context.Context, f FirstPerson) error {
	var err error
	if f.Name, err = ParseName(f.Name); err != nil {
		return err
	}
	if f.Email, err = ParseEmail(f.Email); err != nil {
		return err
	}
	if err := CheckPassword(f.Password, f.Email); err != nil {
		return err
	}
	request, err := claimCode(ctx, s.db, f)
	if err != nil {
		return fmt.Errorf("activate first: %w", err)
	}
	known, err := knownPerson(ctx, s.db, f)
	if err != nil {
		return fmt.Errorf("activate first: %w", err)
	}
	hash, err := hashPassword(ctx, f.Password)
	if err != nil {
		return fmt.Errorf("activate first: %w", err)
	}
	err = postgres.InTx(ctx, s.db, func(tx *postgres.Tx) error {
		return s.makeFirst(tx, f, first{request: request, known: known, hash: hash})
	})
	if postgres.IsUnique(err, "person_email") {
		err = ErrEmailTaken
	}
	if err != nil {
		return fmt.Errorf("activate first: %w", err)
	}
	return nil
}

// claimCode counts the try before the code is looked at, so that any number of tries at once are no more than CodeTries.
// Only the code asked for last counts.
func claimCode(ctx context.Context, db *postgres.DB, f FirstPerson) (claimed, error) {
	var c claimed
	err := db.GetContext(ctx, &c, `
		UPDATE activation_request SET tries = tries + 1
		WHERE (uscc, day, ordinal) = (SELECT uscc, day, ordinal FROM activation_request
				WHERE uscc = $1 AND created_at > $2 ORDER BY day DESC, ordinal DESC LIMIT 1)
			AND used_at IS NULL AND tries < $3
		RETURNING day, ordinal, code_hash, organisation_id, recipient`,
		f.USCC, db.Now().Add(-CodeMinutes*time.Minute), CodeTries)
	if err != nil && !postgres.IsNoRows(err) {
		return claimed{}, fmt.Errorf("look for the code: %w", err)
	}
	match, err := passwordMatches(ctx, strings.ReplaceAll(norm.NFKC.String(f.Code), " ", ""), c.CodeHash)
	if err != nil {
		return claimed{}, err
	}
	if !match {
		return claimed{}, ErrBadCode
	}
	return c, nil
}

// knownPerson is who has the address, none if nobody; ErrEmailTaken unless the password is that person's. Somebody who
// is invited and has no password yet uses the invitation first: the code proves nothing about that address.
func knownPerson(ctx context.Context, db *postgres.DB, f FirstPerson) (uuid.NullUUID, error) {
	var exists bool
	err := db.GetContext(ctx, &exists, `SELECT EXISTS (SELECT FROM person WHERE lower(email) = $1)`, f.Email)
	if err != nil || !exists {
		return uuid.NullUUID{}, err
	}
	who, err := SignIn(ctx, db, f.Email, f.Password)
	if errors.Is(err, ErrBadCredentials) {
		return uuid.NullUUID{}, ErrEmailTaken
	}
	return event.Ref(who.PersonID), err
}

// first is what makeFirst makes of a FirstPerson.
type first struct {
	request claimed
	known   uuid.NullUUID
	hash    string
}

func (s *Service) makeFirst(tx *postgres.Tx, f FirstPerson, m first) error {
	organisation := m.request.OrganisationID.UUID
	if err := lockPeople(tx, organisation); err != nil {
		return err
	}
	people, err := peopleOf(tx, organisation)
	if err != nil {
		return err
	}
	if len(people) > 0 {
		return ErrHasPeople
	}
	result, err := tx.ExecContext(tx.Context(), `
		UPDATE activation_request SET used_at = $4 WHERE uscc = $1 AND day = $2 AND ordinal = $3 AND used_at IS NULL`,
		f.USCC, m.request.Day, m.request.Ordinal, tx.Now())
	if err != nil {
		return err
	}
	if n, err := result.RowsAffected(); err != nil || n == 0 {
		return errors.Join(err, ErrBadCode)
	}
	personID, unverified := m.known.UUID, !strings.EqualFold(f.Email, m.request.Recipient)
	if !m.known.Valid {
		personID = id.New(tx.Now())
		_, err = tx.ExecContext(tx.Context(), `
			INSERT INTO person (id, email, name, password_hash, email_unverified, created_at, updated_at)
			VALUES ($1, $2, $3, $4, $5, $6, $6)`, personID, f.Email, f.Name, m.hash, unverified, tx.Now())
		if err != nil {
			return err
		}
	}
	scope := Scope{OrganisationID: m.request.OrganisationID}
	if _, err := addMembership(tx, personID, NewPerson{Role: RoleFiler, Scope: scope}, false); err != nil {
		return err
	}
	err = record(tx, scope, event.Event{Kind: event.AccountActivatedKind, Actor: actorOf(personID, f.Name),
		SubjectID: event.Ref(personID), Data: event.AccountChanged{Role: string(RoleFiler)}})
	if err != nil || m.known.Valid || !unverified {
		return err
	}
	return s.askToConfirm(tx, Profile{PersonID: personID, Name: f.Name, Email: f.Email}, f.Email)
}

// lockPeople lets one at a time change who acts for the organisation.
func lockPeople(tx *postgres.Tx, organisation uuid.UUID) error {
	var locked uuid.UUID
	err := tx.GetContext(tx.Context(), &locked, `SELECT id FROM organisation WHERE id = $1 FOR NO KEY UPDATE`, organisation)
	if postgres.IsNoRows(err) {
		return fmt.Errorf("organisation %s: %w", organisation, ErrNotFound)
	}
	if err != nil {
		return fmt.Errorf("lock the people of %s: %w", organisation, err)
	}
	return nil
}
