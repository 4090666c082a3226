// Package registry owns the register that everything else refers to: the
// registration authorities (登记管理机关), the social organisations (社会组织)
// with their unified social credit codes, how both are imported and searched,
// and the imported part of the working-day calendar.
//
// It does not know seasons, obligations or reports, and it never removes an
// organisation: one that ends has the status deregistered or revoked.
//
// Invariants: a code is valid in every part before it is stored; the type of an
// organisation is the one its code states; an authority's parent is of a higher
// level; texts are NFC, trimmed and free of control characters.
package registry

import (
	"net/http"
	"time"

	"github.com/google/uuid"

	"nianbao/internal/money"
	"nianbao/internal/workday"
)

// Type is the kind of a social organisation in law.
type Type string

// The three types, each with a registration regulation of its own.
const (
	// TypeAssociation is 社会团体 (社会团体登记管理条例).
	TypeAssociation Type = "association"
	// TypeService is 民办非企业单位, since 慈善法 (2016) 社会服务机构.
	TypeService Type = "service"
	// TypeFoundation is 基金会 (基金会管理条例).
	TypeFoundation Type = "foundation"
)

// Types lists the three types in the order of their category digits.
func Types() []Type { return []Type{TypeAssociation, TypeService, TypeFoundation} }

// Label is the Chinese word for the type, the word itself if it is unknown.
func (t Type) Label() string {
	switch t {
	case TypeAssociation:
		return "社会团体"
	case TypeService:
		return "民办非企业单位"
	case TypeFoundation:
		return "基金会"
	}
	return string(t)
}

// Status says whether an organisation is still on the register.
type Status string

// The states of a registration.
const (
	// StatusActive is 正常: the organisation exists and may have to file.
	StatusActive Status = "active"
	// StatusDeregistered is 已注销: ended on its own application.
	StatusDeregistered Status = "deregistered"
	// StatusRevoked is 已撤销: ended by the authority.
	StatusRevoked Status = "revoked"
)

// Label is the Chinese word for the status, the word itself if it is unknown.
func (s Status) Label() string {
	switch s {
	case StatusActive:
		return "正常"
	case StatusDeregistered:
		return "已注销"
	case StatusRevoked:
		return "已撤销"
	}
	return string(s)
}

// Organisation is an entry of the register.
type Organisation struct {
	ID                  uuid.UUID    `db:"id"`
	USCC                USCC         `db:"uscc"`
	Name                string       `db:"name"`
	Type                Type         `db:"type"`
	RegisteredOn        workday.Date `db:"registered_on"`
	AuthorityCode       string       `db:"authority_code"`
	Status              Status       `db:"status"`
	LegalRepresentative string       `db:"legal_representative"`
	// RegisteredCapital is 注册资金, 开办资金 or 原始基金数额, nil where the
	// register does not say.
	RegisteredCapital *money.Fen `db:"registered_capital_fen"`
	BusinessScope     string     `db:"business_scope"`
	RegistrationNo    string     `db:"registration_no"`
	Domicile          string     `db:"domicile"`
	District          string     `db:"district"`
	Postcode          string     `db:"postcode"`
	// The three contact fields are never published (contract: they never leave
	// by /public).
	ContactName  string `db:"contact_name"`
	ContactPhone string `db:"contact_phone"`
	ContactEmail string `db:"contact_email"`
	// Sponsor is 业务主管单位, "" for a directly registered organisation.
	Sponsor           string `db:"sponsor"`
	Charity           bool   `db:"charity"`
	PublicFundraising bool   `db:"public_fundraising"`
	// ElectronicService is the consent to service by the inbox.
	ElectronicService bool      `db:"electronic_service"`
	Version           int       `db:"version"`
	CreatedAt         time.Time `db:"created_at"`
	UpdatedAt         time.Time `db:"updated_at"`
}

// Error is a refusal that a page or the API can show as it stands.
type Error struct {
	status int
	code   string
	detail string
}

// Error is the Chinese detail.
func (e *Error) Error() string { return e.detail }

// HTTPStatus is the status that answers it.
func (e *Error) HTTPStatus() int { return e.status }

// Code is the stable word for programs, in snake_case.
func (e *Error) Code() string { return e.code }

// Detail is the Chinese sentence for people.
func (e *Error) Detail() string { return e.detail }

// ErrNotFound says that there is no such organisation or authority.
var ErrNotFound = &Error{http.StatusNotFound, "not_found", "登记库中没有这个组织或机关，请核对代码"}

// ErrCursor says that a page's cursor was not given out by Search.
var ErrCursor = &Error{http.StatusBadRequest, "bad_cursor", "分页游标无效，请从第一页重新开始"}
