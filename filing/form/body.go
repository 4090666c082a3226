package form

import (
	"fmt"
	"net/http"
)

// Limits bound what Decode reads.
type Limits struct {
	MaxBytes int // of the whole body
	MaxDepth int // of nested arrays and objects
}

// DefaultLimits are those of the public API: 2 MB, 16 levels.
var DefaultLimits = Limits{MaxBytes: 2 << 20, MaxDepth: 16}

// BodyError is a body that cannot be read as a report at all, as opposed to
// one with wrong values.
type BodyError struct {
	status int
	code   string
	detail string
}

func (e *BodyError) Error() string { return "report body refused: " + e.code + ": " + e.detail }

// HTTPStatus is 400 (not JSON as it must be), 413 (too large) or 422 (JSON of
// another shape).
func (e *BodyError) HTTPStatus() int { return e.status }

// Code is the stable problem code, such as duplicate_key.
func (e *BodyError) Code() string { return e.code }

// Detail says in Chinese what is wrong and what to do.
func (e *BodyError) Detail() string { return e.detail }

func malformed(code, format string, args ...any) *BodyError {
	return &BodyError{status: http.StatusBadRequest, code: code, detail: fmt.Sprintf(format, args...)}
}

func misshapen(code, detail string) *BodyError {
	return &BodyError{status: http.StatusUnprocessableEntity, code: code, detail: detail}
}

// The problem codes: what is wrong with one value.
const (
	ProblemUnknownKey = "unknown_key" // no such key in the form
	ProblemKind       = "wrong_kind"  // not written as its kind demands
	ProblemOption     = "unknown_option"
	ProblemRepeat     = "repeated_option"
	ProblemRows       = "too_many_rows"
	ProblemCharacter  = "bad_character" // control characters in a text
)

// Problem is one value that is not written as the form demands. Such a value is
// left out of the decoded values, so that checks see it as not filled.
type Problem struct {
	Key     string // path, such as gov_contracts[2].amount
	Code    string
	Message string // Chinese
	Remedy  string // Chinese
}

// Body is a decoded report body.
type Body struct {
	Values Values
}
