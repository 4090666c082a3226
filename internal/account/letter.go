package account

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"nianbao/internal/postgres"
)

// LetterKind is what a letter is about.
type LetterKind string

// The kinds of letter.
const (
	LetterActivation   LetterKind = "activation"       // Secret is the code by which an organisation's first person gets in
	LetterHasPeople    LetterKind = "activation_taken" // a code was asked for, but People are there to invite
	LetterInvitation   LetterKind = "invitation"       // Secret is the link's last part
	LetterReset        LetterKind = "reset"            // likewise
	LetterAddress      LetterKind = "address"          // likewise; confirms the address it goes to
	LetterAddressTaken LetterKind = "address_taken"    // somebody wants to use an address that has an account
	LetterChanged      LetterKind = "account_changed"  // What was changed, told to the address before the change
	LetterToken        LetterKind = "token_made"       // By made a token; What is its name, rights and end
)

// Letter is something to tell one person at one address. A Post words and sends it.
type Letter struct {
	Kind LetterKind
	Key  string // what the letter is about: a second one of the same kind, key and address is the same letter

	To  string // mail address or, with SMS, telephone number
	SMS bool

	AuthorityCode  string
	OrganisationID uuid.NullUUID
	PersonID       uuid.NullUUID
	Authority      string // the authority's name
	Body           string // the name of the organisation or authority that it is about

	Name      string // of the person, "" where nobody is known yet
	By        string // who invites
	RoleLabel string // as what
	What      string // what was changed
	People    []Contact
	Secret    string
	ExpiresAt time.Time // of Secret; zero where there is none
}

// Contact is a person to ask.
type Contact struct {
	Name  string `db:"name"`
	Email string `db:"email"`
}

// Post puts a letter on its way in the caller's transaction. It does no input or output of its own.
type Post func(ctx context.Context, tx *postgres.Tx, l Letter) error

// Config is what a Service needs.
type Config struct {
	DB   *postgres.DB
	Post Post // nil: letters go nowhere, for tests that read none
	SMS  bool // a gateway for text messages is set up
}

// Service is the use cases that tell somebody something by mail or text message. The others are plain functions.
type Service struct {
	db   *postgres.DB
	post Post
	sms  bool
}

// NewService makes a service.
func NewService(c Config) *Service {
	if c.Post == nil {
		c.Post = func(context.Context, *postgres.Tx, Letter) error { return nil }
	}
	return &Service{db: c.DB, post: c.Post, sms: c.SMS}
}

// SMS says whether text messages can be sent.
func (s *Service) SMS() bool { return s.sms }

// about fills in whom a letter is about.
func (l *Letter) about(tx *postgres.Tx, scope Scope) error {
	l.OrganisationID = scope.OrganisationID
	err := tx.QueryRowxContext(tx.Context(), `
		SELECT a.code, a.name, coalesce(o.name, a.name)
		FROM authority a LEFT JOIN organisation o ON o.id = $1
		WHERE a.code = coalesce(o.authority_code, $2)`, scope.OrganisationID, scope.AuthorityCode).
		Scan(&l.AuthorityCode, &l.Authority, &l.Body)
	if err != nil {
		return fmt.Errorf("whom the letter is about: %w", err)
	}
	return nil
}

// scopeOf is one scope of the person, under which what concerns the person alone is told; ErrNotFound for somebody who
// holds no role.
func scopeOf(tx *postgres.Tx, personID uuid.UUID) (Scope, error) {
	held, err := Memberships(tx.Context(), tx, personID)
	if err != nil {
		return Scope{}, err
	}
	if len(held) == 0 {
		return Scope{}, fmt.Errorf("person %s holds no role: %w", personID, ErrNotFound)
	}
	return held[0].scope(), nil
}

func (m Membership) scope() Scope {
	return Scope{OrganisationID: m.OrganisationID, AuthorityCode: m.AuthorityCode}
}
