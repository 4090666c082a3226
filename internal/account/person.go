package account

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/mail"
	"strings"

	"github.com/google/uuid"
	"golang.org/x/text/unicode/norm"

	"nianbao/internal/event"
	"nianbao/internal/id"
	"nianbao/internal/postgres"
)

// maxEmail is the longest address that SMTP carries (RFC 5321 §4.5.3.1.3).
const maxEmail = 254

// NewPerson is someone to be given a role.
type NewPerson struct {
	Email string
	Name  string
	Role  Role
	Scope
	Editor bool        // of a filer: fills in, and does not submit
	Actor  event.Actor // who gives the role

	// byColleague: a person who has an account already is asked first.
	byColleague bool
}

// EmailError says in Chinese that an address cannot be one.
type EmailError struct{ Email string }

// Error is the reason, fit to be shown.
func (e *EmailError) Error() string {
	return fmt.Sprintf("“%s”不是有效的邮箱地址", e.Email)
}

// Membership is one role of a person, as pages show it.
type Membership struct {
	ID             uuid.UUID     `db:"id"`
	Role           Role          `db:"role"`
	OrganisationID uuid.NullUUID `db:"organisation_id"`
	AuthorityCode  string        `db:"authority_code"`
	Responsible    bool          `db:"responsible"` // of a filer: may submit
	Body           string        `db:"body"`        // the organisation's or authority's name
}

// Label is the Chinese name of what the person acts as.
func (m Membership) Label() string { return roleLabel(m.Role, m.Responsible) }

// SessionKey is what a browser session remembers of who signed in. Stamp
// changes with the password: a new password ends every session under the old.
type SessionKey struct {
	PersonID     uuid.UUID
	MembershipID uuid.UUID
	Stamp        string
}

// stampOf makes a SessionKey's stamp from what is stored of the password.
func stampOf(passwordHash string) string {
	sum := sha256.Sum256([]byte(passwordHash))
	return hex.EncodeToString(sum[:16])
}

// CreatePerson makes an active person with a known password: the
// demonstration's sign-ins and tests. An address that exists gets the password
// and the further role. Everyone else is invited.
func CreatePerson(ctx context.Context, db *postgres.DB, p NewPerson, password string) (uuid.UUID, error) {
	hash, err := hashPassword(ctx, password)
	if err != nil {
		return uuid.Nil, fmt.Errorf("create person: %w", err)
	}
	var a added
	err = postgres.InTx(ctx, db, func(tx *postgres.Tx) error {
		if a, err = addPerson(tx, p); err != nil {
			return err
		}
		if err := setPassword(tx, a.personID, hash); err != nil {
			return err
		}
		return record(tx, p.Scope, event.Event{Kind: event.AccountActivatedKind, Actor: p.Actor,
			SubjectID: event.Ref(a.personID), Data: event.AccountChanged{Role: string(p.Role)}})
	})
	if err != nil {
		return uuid.Nil, fmt.Errorf("create person: %w", err)
	}
	return a.personID, nil
}

func setPassword(tx *postgres.Tx, id uuid.UUID, hash string) error {
	_, err := tx.ExecContext(tx.Context(), `
		UPDATE person SET password_hash = $2, failed_tries = 0, locked_until = NULL, updated_at = $3
		WHERE id = $1`, id, hash, tx.Now())
	return err
}

// record appends e under the authority that scope belongs to.
func record(tx *postgres.Tx, scope Scope, e event.Event) error {
	e.AuthorityCode, e.OrganisationID = scope.AuthorityCode, scope.OrganisationID
	if scope.OrganisationID.Valid {
		err := tx.GetContext(tx.Context(), &e.AuthorityCode,
			`SELECT authority_code FROM organisation WHERE id = $1`, scope.OrganisationID.UUID)
		if err != nil {
			return fmt.Errorf("authority of organisation %s: %w", scope.OrganisationID.UUID, err)
		}
	}
	return event.Append(tx.Context(), tx, e)
}

// added is what addPerson made or found.
type added struct {
	personID, membershipID uuid.UUID
	email, name            string
}

// addPerson inserts the person, unless the address is known, and the membership, unless held already. The membership
// waits for the link where the one who has the account may not be the one who is meant, or was not asked.
func addPerson(tx *postgres.Tx, p NewPerson) (added, error) {
	if err := p.check(p.Role); err != nil {
		return added{}, err
	}
	email, err := ParseEmail(p.Email)
	if err != nil {
		return added{}, err
	}
	a := added{email: email}
	var active, unverified bool
	err = tx.QueryRowxContext(tx.Context(), `
		INSERT INTO person (id, email, name, created_at, updated_at) VALUES ($1, $2, $3, $4, $4)
		ON CONFLICT (lower(email)) DO UPDATE SET updated_at = excluded.updated_at
		RETURNING id, name, password_hash <> '', email_unverified`, id.New(tx.Now()), email, strings.TrimSpace(p.Name), tx.Now()).
		Scan(&a.personID, &a.name, &active, &unverified)
	if err != nil {
		return added{}, err
	}
	a.membershipID, err = addMembership(tx, a.personID, p, active && (unverified || p.byColleague))
	return a, err
}

// addMembership gives the role, and the one that is held already as it is. A person speaks for one sponsor at an
// authority: invited for another, for that one from then on, as when a sponsor is renamed.
func addMembership(tx *postgres.Tx, personID uuid.UUID, p NewPerson, pending bool) (uuid.UUID, error) {
	var membershipID uuid.UUID
	err := tx.GetContext(tx.Context(), &membershipID, `
		INSERT INTO membership (id, person_id, role, organisation_id, authority_code, responsible, pending, created_at, sponsor)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		ON CONFLICT (person_id, role, coalesce(organisation_id::text, authority_code)) WHERE ended_at IS NULL
		DO UPDATE SET person_id = excluded.person_id, sponsor = excluded.sponsor
		RETURNING id`,
		id.New(tx.Now()), personID, p.Role, p.OrganisationID, p.authority(), !p.Editor, pending, tx.Now(), p.sponsor())
	if postgres.IsForeignKey(err, "membership_organisation") || postgres.IsForeignKey(err, "membership_authority") {
		return uuid.Nil, fmt.Errorf("organisation or authority: %w", ErrNotFound)
	}
	return membershipID, err
}

// ParseEmail checks an address and gives it without the surrounding space, in
// lower case; an *EmailError otherwise.
func ParseEmail(s string) (string, error) {
	s = strings.ToLower(strings.TrimSpace(s))
	addr, err := mail.ParseAddress(s)
	if err != nil || addr.Address != s || len(s) > maxEmail {
		return "", &EmailError{Email: s}
	}
	return s, nil
}

// Memberships lists what a person may act as, the authority's roles after the
// organisations'.
func Memberships(ctx context.Context, q postgres.Queryer, personID uuid.UUID) ([]Membership, error) {
	var list []Membership
	err := q.SelectContext(ctx, &list, `
		SELECT m.id, m.role, m.organisation_id, coalesce(m.authority_code, '') AS authority_code,
			m.responsible, coalesce(nullif(m.sponsor, ''), o.name, a.name, '') AS body
		FROM membership m
		LEFT JOIN organisation o ON o.id = m.organisation_id
		LEFT JOIN authority a ON a.code = m.authority_code
		WHERE m.person_id = $1 AND m.ended_at IS NULL AND NOT m.pending
		ORDER BY m.authority_code NULLS FIRST, body, m.role`, personID)
	if err != nil {
		return nil, fmt.Errorf("memberships of %s: %w", personID, err)
	}
	return list, nil
}

// PrincipalOf says who a session stands for now, ErrNotFound once the person
// is disabled, the membership has ended or the password has been changed.
func PrincipalOf(ctx context.Context, q postgres.Queryer, s SessionKey) (Principal, error) {
	stmt, err := q.Prepared(ctx, `
		SELECT p.name, p.password_hash, m.role, m.responsible, m.organisation_id, coalesce(m.authority_code, '') AS authority_code,
			m.sponsor, coalesce(nullif(m.sponsor, ''), o.name, a.name) AS body, a.name AS authority_name
		FROM membership m
		JOIN person p ON p.id = m.person_id
		LEFT JOIN organisation o ON o.id = m.organisation_id
		JOIN authority a ON a.code = coalesce(m.authority_code, o.authority_code)
		WHERE m.id = $1 AND m.person_id = $2 AND m.ended_at IS NULL AND NOT m.pending
			AND p.disabled_at IS NULL`)
	if err != nil {
		return Principal{}, fmt.Errorf("principal: %w", err)
	}
	principal := Principal{Kind: KindPerson, ID: s.PersonID, MembershipID: s.MembershipID}
	var hash string
	err = stmt.QueryRowxContext(ctx, s.MembershipID, s.PersonID).Scan(
		&principal.Name, &hash, &principal.Role, &principal.Responsible, &principal.OrganisationID, &principal.AuthorityCode,
		&principal.Sponsor, &principal.Body, &principal.AuthorityName)
	if postgres.IsNoRows(err) {
		return Principal{}, fmt.Errorf("principal: membership %s: %w", s.MembershipID, ErrNotFound)
	}
	if err != nil {
		return Principal{}, fmt.Errorf("principal: %w", err)
	}
	principal.Responsible = principal.Responsible && principal.Role == RoleFiler
	if stampOf(hash) != s.Stamp {
		return Principal{}, fmt.Errorf("principal: password changed: %w", ErrNotFound)
	}
	return principal, nil
}

// DisablePerson keeps a person from signing in and ends what they may do in
// running sessions within seconds. Repeating it changes nothing.
func DisablePerson(ctx context.Context, db *postgres.DB, id uuid.UUID) error {
	err := postgres.InTx(ctx, db, func(tx *postgres.Tx) error {
		result, err := tx.ExecContext(tx.Context(), `
			UPDATE person SET disabled_at = coalesce(disabled_at, $2), updated_at = $2 WHERE id = $1`, id, tx.Now())
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, ErrNotFound)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("disable person %s: %w", id, err)
	}
	return nil
}

// sponsor is the name as the register writes it.
func (s Scope) sponsor() string { return norm.NFC.String(strings.TrimSpace(s.Sponsor)) }

// SponsorAddresses are the mail addresses of the people who speak for a sponsor at an authority, in order; none where it
// has no sign-in, so that nobody sees what is sent to it.
func SponsorAddresses(ctx context.Context, q postgres.Queryer, authority, sponsor string) ([]string, error) {
	list := []string{}
	if sponsor == "" {
		return list, nil
	}
	err := q.SelectContext(ctx, &list, `SELECT DISTINCT lower(p.email) FROM membership m JOIN person p ON p.id = m.person_id
		WHERE m.authority_code = $1 AND m.role = 'sponsor' AND m.sponsor = $2 AND m.ended_at IS NULL AND NOT m.pending
			AND p.disabled_at IS NULL AND p.password_hash <> ''
		ORDER BY 1`, authority, sponsor)
	if err != nil {
		return nil, fmt.Errorf("people of sponsor %s at %s: %w", sponsor, authority, err)
	}
	return list, nil
}
