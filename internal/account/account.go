// Package account owns who may do what: people and their memberships, how they
// get in (the register's activation code, one-time links, passwords, sign-in),
// browser sessions, and the bearer tokens of programs.
//
// It does not own pages, cookies or HTTP, it does not word or send mail (it
// hands letters to a Post), and it does not decide what a role may do: the route
// table and the domain's queries do. Invariants: neither a password nor a token
// nor a link nor a code is kept here, only what recognises it; sign-in, asking
// for a code and asking for a new password answer alike, after the same work,
// whatever is known of the address or organisation; an invitation counts only
// for who reads the mail it went to; an organisation that has a responsible
// person keeps one; a principal stands for exactly one organisation (filer) or
// one authority (every other role).
package account

import (
	"database/sql"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"nianbao/internal/event"
)

// Role is what a person or a program acts as.
type Role string

// The roles. A filer acts for one organisation, the others for one authority.
const (
	RoleFiler    Role = "filer"    // fills and submits an organisation's reports
	RoleReviewer Role = "reviewer" // examines submissions and decides
	RoleApprover Role = "approver" // confirms what a reviewer proposes (复核)
	RoleAdmin    Role = "admin"    // keeps the register, seasons and people
	RoleSponsor  Role = "sponsor"  // 业务主管单位: gives its opinion first
)

// Roles lists every role, in the order in which pages show them.
func Roles() []Role {
	return []Role{RoleFiler, RoleReviewer, RoleApprover, RoleAdmin, RoleSponsor}
}

var roleLabels = map[Role]string{
	RoleFiler:    "填报人",
	RoleReviewer: "审查员",
	RoleApprover: "复核人",
	RoleAdmin:    "管理员",
	RoleSponsor:  "业务主管单位",
}

// Label is the role's Chinese name, "" for a word that is no role.
func (r Role) Label() string { return roleLabels[r] }

// Valid says whether r is one of the roles.
func (r Role) Valid() bool { return roleLabels[r] != "" }

// Kind says how a principal proved who it is.
type Kind string

// A principal is a person with a browser session or a program with a token.
const (
	KindPerson Kind = "person"
	KindToken  Kind = "token"
)

// Principal is who makes a request. The zero value is nobody.
type Principal struct {
	Kind Kind
	// ID is the person's or the token's id.
	ID uuid.UUID
	// MembershipID is the membership a person acts under; zero for a token.
	MembershipID uuid.UUID
	// Name is the person's or the token's name.
	Name string
	Role Role
	// Responsible says that a filer may submit and make the declaration
	// (法定代表人声明); false for an editor. A filer's token always may, since the
	// organisation made it for that. It says nothing of other roles.
	Responsible bool
	// Rights is what a token that the organisation made may do; all for
	// everybody else, whose role says it.
	Rights Rights
	// OrganisationID is valid for a filer only, AuthorityCode set for all others.
	OrganisationID uuid.NullUUID
	AuthorityCode  string
	// Sponsor is, of a sponsor, its name in the authority's register: it sees the
	// organisations that name it, and without a name none.
	Sponsor string
	// Body is the name of the organisation or authority acted for.
	Body string
	// AuthorityName is the authority's name, for a filer its organisation's.
	AuthorityName string
}

// IsZero says that there is nobody.
func (p Principal) IsZero() bool { return p.Kind == "" }

// RoleLabel is the Chinese name of what the principal acts as.
func (p Principal) RoleLabel() string { return roleLabel(p.Role, p.Responsible) }

// roleLabel tells the two kinds of filer apart.
func roleLabel(r Role, responsible bool) string {
	if r == RoleFiler && responsible {
		return "负责人"
	}
	return r.Label()
}

// Actor is the principal as the event log names it.
func (p Principal) Actor() event.Actor {
	kind := event.ActorPerson
	if p.Kind == KindToken {
		kind = event.ActorToken
	}
	return event.Actor{Kind: kind, ID: p.ID.String(), Name: p.Name}
}

// Scope is whom a role is held for: an organisation (filer) or an authority
// (every other role). Exactly one of the two is set.
type Scope struct {
	OrganisationID uuid.NullUUID
	AuthorityCode  string
	Sponsor        string // of a sponsor: its name in the authority's register (a token's own name is that)
}

// check refuses, with ErrScope, a role without its organisation or authority.
func (s Scope) check(role Role) error {
	if !role.Valid() {
		return fmt.Errorf("role %q: %w", role, ErrScope)
	}
	if s.Sponsor != "" && role != RoleSponsor {
		return fmt.Errorf("role %s for a sponsor: %w", role, ErrScope)
	}
	filer := role == RoleFiler
	if filer != s.OrganisationID.Valid || filer == (s.AuthorityCode != "") {
		return fmt.Errorf("role %s: %w", role, ErrScope)
	}
	return nil
}

// authority is the code as a column value: NULL for a filer.
func (s Scope) authority() sql.NullString {
	return sql.NullString{String: s.AuthorityCode, Valid: s.AuthorityCode != ""}
}

// What callers tell apart.
var (
	// ErrNotFound: no such person, token or membership.
	ErrNotFound = errors.New("account: not found")
	// ErrBadCredentials: the address or the password is wrong, or the account
	// is locked or not active; which of these is never told.
	ErrBadCredentials = errors.New("account: address or password wrong, or locked")
	// ErrBadToken: the bearer token is unknown, expired or revoked.
	ErrBadToken = errors.New("account: token unknown, expired or revoked")
	// ErrLinkOver: the one-time link is unknown, used or expired.
	ErrLinkOver = errors.New("account: link unknown, used or expired")
	// ErrBadCode: the activation code is wrong, over or used up, or there never
	// was one; which of these is never told.
	ErrBadCode = errors.New("account: activation code wrong, expired or used up")
	// ErrTooMany: as many codes were asked for today as there may be.
	ErrTooMany = errors.New("account: too many activation codes today")
	// ErrHasPeople: the organisation has people, who invite the next.
	ErrHasPeople = errors.New("account: the organisation has people already")
	// ErrEmailTaken: the address has an account, and the password is not its.
	ErrEmailTaken = errors.New("account: the address has an account with another password")
	// ErrNotResponsible: only a responsible person of the organisation may do this.
	ErrNotResponsible = errors.New("account: not a responsible person of the organisation")
	// ErrLastResponsible: the organisation would be left without a responsible person.
	ErrLastResponsible = errors.New("account: the organisation's last responsible person")
	// ErrTooManyTokens: the organisation has as many tokens as it may.
	ErrTooManyTokens = errors.New("account: too many tokens that hold")
	// ErrScope: the role and whom it is held for do not go together.
	ErrScope = errors.New("account: a filer needs an organisation, every other role an authority")
)
