// Package publication is what the authority shows the public: the register with each organisation's filing history, the
// abnormal-activity list (活动异常名录) and the spot-check list (抽查监督名单) as of any day, both as CSV and XLSX, and
// what a verification code stands for.
//
// It owns no table and changes nothing. It reads what filing, review, listing and document keep.
//
// Invariants:
//   - What leaves here leaves by the struct types of this package, field by field. None has a field for a contact
//     person, phone or address, a remark, an opinion, a statement or a reason.
//   - The list of day D holds who was on it at the end of that day: listed_on ≤ D < ended_on. An annulled listing is on
//     the list of no day, and one that is only notified was never on it.
//   - Pages are keyset pages: each costs the same however deep.
package publication

import (
	"net/http"

	"nianbao/internal/postgres"
	"nianbao/internal/registry"
)

// Config is what the service works with.
type Config struct {
	DB *postgres.DB
}

// Service answers the public.
type Service struct {
	db *postgres.DB
}

// New makes the service.
func New(c Config) *Service { return &Service{db: c.DB} }

// Organisation is how an organisation is named everywhere.
type Organisation struct {
	USCC string        `db:"uscc"`
	Name string        `db:"name"`
	Type registry.Type `db:"type"`
}

// Authority is how an authority is named everywhere.
type Authority struct {
	Code string `db:"code"`
	Name string `db:"name"`
}

// Document is what of a document is public: enough to verify it.
type Document struct {
	Number     string
	VerifyCode string
}

// Standing says in a word whether an organisation is on the abnormal-activity list today.
type Standing string

// The standings.
const (
	Normal   Standing = "normal"
	Abnormal Standing = "abnormal"
)

// Label is the standing in Chinese.
func (s Standing) Label() string {
	if s == Abnormal {
		return "活动异常"
	}
	return "正常"
}

// Error is a refusal that a page or the API can show as it stands: HTTPStatus and Code for programs, Detail for
// people, in Chinese and with the remedy.
type Error struct {
	status int
	code   string
	detail string
}

func (e *Error) Error() string { return e.code + ": " + e.detail }

// HTTPStatus is the status that answers it.
func (e *Error) HTTPStatus() int { return e.status }

// Code is the stable word for programs, in snake_case.
func (e *Error) Code() string { return e.code }

// Detail is the Chinese sentence for people.
func (e *Error) Detail() string { return e.detail }

// The refusals.
var (
	// ErrNotFound says that the register has no such organisation.
	ErrNotFound = &Error{http.StatusNotFound, "not_found", "登记库中没有这个统一社会信用代码，请核对。"}
	// ErrUnknownCode says that no document has the verification code.
	ErrUnknownCode = &Error{http.StatusNotFound, "not_found", "没有与此查验码相符的文书，请核对查验码。"}
	// ErrCursor says that a page's cursor was not given out by this list.
	ErrCursor = &Error{http.StatusBadRequest, "bad_cursor", "分页游标无效，请从第一页重新开始。"}
	// ErrTooManyRows says that a workbook cannot hold the list.
	ErrTooManyRows = &Error{http.StatusUnprocessableEntity, "too_many_rows", "名单超过工作簿的行数上限，请按登记管理机关下载，或者下载 CSV。"}
)
