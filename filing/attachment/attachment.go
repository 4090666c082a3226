// Package attachment says what a file that goes with a report is: the kinds
// there are, which file types are taken, how many pages one has, and why one is
// refused.
//
// It judges by content, never by a name or by what the sender claims. It knows
// no database, no season and no store: package filing asks it before anything is
// kept. Invariants: it never holds more of a file in memory than a bounded
// window, whatever the file says of itself; what it cannot read it refuses with
// a remedy; no input makes it panic.
package attachment

import (
	"net/http"
	"slices"
)

// Kind is what an attachment is for. Its values are stored and public.
type Kind string

// The kinds of attachments. What a printed form calls a signature or an opinion
// is one of these.
const (
	AuditReport    Kind = "audit_report"    // 审计报告
	Declaration    Kind = "declaration"     // 声明签章页: the declaration page, signed and sealed
	Charter        Kind = "charter"         // 章程核准页
	SponsorOpinion Kind = "sponsor_opinion" // 业务主管单位意见
	Other          Kind = "other"           // 其他
)

// Kinds lists all kinds in the order in which pages show them.
func Kinds() []Kind {
	return []Kind{Declaration, AuditReport, Charter, SponsorOpinion, Other}
}

// Valid tells whether k is a kind.
func (k Kind) Valid() bool { return slices.Contains(Kinds(), k) }

// Label is the kind's name in Chinese; "附件" for a word that is no kind.
func (k Kind) Label() string {
	switch k {
	case AuditReport:
		return "审计报告"
	case Declaration:
		return "声明签章页"
	case Charter:
		return "章程核准页"
	case SponsorOpinion:
		return "业务主管单位意见"
	case Other:
		return "其他材料"
	}
	return "附件"
}

// Limits that hold for a kind where a season does not say otherwise.
const (
	DefaultMaxBytes = 10 << 20 // of one file
	DefaultMaxFiles = 5
)

// The file types that are taken. All three can be shown in a browser as they
// are and carry no macros; an office document is exported to PDF.
const (
	TypePDF  = "application/pdf"
	TypeJPEG = "image/jpeg"
	TypePNG  = "image/png"
)

// Accept is the value of a file field's accept attribute. Phones that take
// pictures as HEIC hand over JPEG for it.
const Accept = TypePDF + "," + TypeJPEG + "," + TypePNG

// Content is what a file turned out to be.
type Content struct {
	MediaType string // one of the types above
	Pages     int    // of a PDF; an image is one page
}

// Error says why a file is not taken, for people and for programs.
type Error struct {
	status       int
	code, detail string
}

// Error names the code.
func (r *Error) Error() string { return r.code + ": " + r.detail }

// HTTPStatus is 413, 415 or 422.
func (r *Error) HTTPStatus() int { return r.status }

// Code is the stable word for programs.
func (r *Error) Code() string { return r.code }

// Detail is the Chinese sentence with the remedy.
func (r *Error) Detail() string { return r.detail }

// The codes of an Error.
const (
	CodeEmpty       = "empty_file"
	CodeType        = "unsupported_file_type"
	CodeDamaged     = "damaged_file"
	CodeEncrypted   = "encrypted_file"
	CodePages       = "too_many_pages"
	CodeImageLarge  = "image_too_large"
	CodeBadFileName = "bad_file_name"
)

func unprocessable(code, detail string) *Error {
	return &Error{http.StatusUnprocessableEntity, code, detail}
}

func unsupported(detail string) *Error {
	return &Error{http.StatusUnsupportedMediaType, CodeType, detail}
}
