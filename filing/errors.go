package filing

import (
	"fmt"
	"net/http"

	"nianbao/filing/check"
)

// Error is a refusal that a page or the API can show as it stands: HTTPStatus
// and Code for programs, Detail for people, in Chinese and with the remedy.
type Error struct {
	status int
	code   string
	detail string
}

// Error names the code and the Chinese detail.
func (e *Error) Error() string { return e.code + ": " + e.detail }

// HTTPStatus is the status that answers it.
func (e *Error) HTTPStatus() int { return e.status }

// Code is the stable word for programs, in snake_case.
func (e *Error) Code() string { return e.code }

// Detail is the Chinese sentence for people.
func (e *Error) Detail() string { return e.detail }

// The refusals that need no particulars.
var (
	// ErrNotFound says that there is no such obligation, report, season or submission, or that it is not the caller's.
	ErrNotFound = &Error{http.StatusNotFound, "not_found", "没有找到该年度的报告，请核对年度和社会组织。"}
	// ErrStale says that somebody else changed it in between.
	ErrStale = &Error{http.StatusPreconditionFailed, "stale", "内容已被他人修改，请重新载入后再保存。"}
	// ErrIdempotencyConflict says that the key was used for another body.
	ErrIdempotencyConflict = &Error{http.StatusUnprocessableEntity, "idempotency_conflict",
		"该幂等键（Idempotency-Key）已用于另一份内容，请更换幂等键后重新提交。"}
	// ErrNoDraft says that there is nothing to check.
	ErrNoDraft = &Error{http.StatusNotFound, "not_found", "还没有草稿，请先保存草稿，或者随请求发送报告内容。"}
	// ErrBadIdempotencyKey says that the key is missing, too long or holds other than printable ASCII.
	ErrBadIdempotencyKey = &Error{http.StatusBadRequest, "bad_idempotency_key",
		"提交报告须带幂等键（Idempotency-Key），长度 1 至 255 个可见 ASCII 字符。"}
	// ErrReasonMissing says that an act of the authority lacks its reason.
	ErrReasonMissing = &Error{http.StatusUnprocessableEntity, "reason_missing", "请填写理由。"}
	// ErrCursor says that a page's cursor was not given out by ListObligations.
	ErrCursor = &Error{http.StatusBadRequest, "bad_cursor", "分页游标无效，请从第一页重新开始。"}
)

// StateError refuses an act that the state of the obligation does not allow: 409.
type StateError struct {
	code   string // stable
	detail string // Chinese, with the remedy
}

func (e *StateError) Error() string { return e.code + ": " + e.detail }

// HTTPStatus is 409.
func (e *StateError) HTTPStatus() int { return http.StatusConflict }

// Code is the stable word for programs.
func (e *StateError) Code() string { return e.code }

// Detail is the Chinese sentence for people.
func (e *StateError) Detail() string { return e.detail }

// The codes of a StateError.
const (
	CodeNotOpen          = "not_open"          // before the season opens, or after late filing ends
	CodeAlreadySubmitted = "already_submitted" // a report is under review
	CodeAlreadyConcluded = "already_concluded" // a conclusion stands, or the organisation is exempt
	CodeNotSubmitted     = "not_submitted"     // nothing is under review
	CodeNotUnqualified   = "not_unqualified"   // only an unqualified report is reopened
	CodeChangedMeanwhile = "changed_meanwhile" // another act came first
)

// errChangedMeanwhile is a guarded move that found another status or version.
var errChangedMeanwhile = &StateError{CodeChangedMeanwhile, "该报告的状态刚被他人改变，请刷新后再试。"}

// cannotFile says why no report is taken in a status that does not owe one.
func cannotFile(year int, s Status) *StateError {
	switch s {
	case StatusSubmitted:
		return &StateError{CodeAlreadySubmitted,
			fmt.Sprintf("%d年度报告已经提交，正在审查。如需修改，请在审查开始前撤回，或者等待审查结果。", year)}
	case StatusExempt:
		return &StateError{CodeAlreadyConcluded, fmt.Sprintf("%d年度的报送义务已豁免，无需报送。如有疑问，请联系登记管理机关。", year)}
	default:
		return &StateError{CodeAlreadyConcluded,
			fmt.Sprintf("%d年度报告已有审查结论（%s），不能再次提交。如需更正，请申请更正。", year, s.Label())}
	}
}

// CheckError refuses a body for what form checks found in it: 422.
type CheckError struct {
	Findings []check.Finding // errors and warnings, in the order of the form
	draft    bool            // a draft is refused only for what no draft may hold
}

func (e *CheckError) Error() string {
	return fmt.Sprintf("%s: %d findings", e.Code(), len(e.Findings))
}

// HTTPStatus is 422.
func (e *CheckError) HTTPStatus() int { return http.StatusUnprocessableEntity }

// Code is form_checks_failed for a report, malformed_draft for a draft.
func (e *CheckError) Code() string {
	if e.draft {
		return "malformed_draft"
	}
	return "form_checks_failed"
}

// Detail counts the errors.
func (e *CheckError) Detail() string {
	errors := 0
	for i := range e.Findings {
		if e.Findings[i].Severity == check.Error {
			errors++
		}
	}
	if e.draft {
		return fmt.Sprintf("草稿中有 %d 处内容无法识别（未知的项目或错误的格式），请按提示改正后再保存。", errors)
	}
	return fmt.Sprintf("自动校验发现 %d 处错误，请按校验结果逐项改正后重新提交。", errors)
}

// FieldFindings gives the findings for an answer.
func (e *CheckError) FieldFindings() []check.Finding { return e.Findings }
