package review

import (
	"errors"
	"fmt"
	"net/http"
)

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

// The refusals that need no particulars.
var (
	// ErrNotFound says that there is no such review, or that it is another authority's.
	ErrNotFound = &Error{http.StatusNotFound, "not_found", "没有找到该件，请核对编号。"}
	// ErrAlreadyDecided says that somebody was quicker.
	ErrAlreadyDecided = &Error{http.StatusConflict, "already_decided", "该件已经作出决定，请刷新后查看结果。"}
	// ErrWithdrawn says that the filer took the report back.
	ErrWithdrawn = &Error{http.StatusConflict, "withdrawn", "社会组织已撤回这份报告，无需再审查。"}
	// ErrAwaitingApproval says that a proposal waits for its approval.
	ErrAwaitingApproval = &Error{http.StatusConflict, "awaiting_approval", "该件已提出审查意见，正在等待复核。"}
	// ErrNotProposed says that there is nothing to approve.
	ErrNotProposed = &Error{http.StatusConflict, "not_proposed", "该件没有待复核的审查意见，请刷新后查看。"}
	// ErrOwnProposal keeps four eyes two pairs.
	ErrOwnProposal = &Error{http.StatusForbidden, "own_proposal", "不能复核自己提出的审查意见，请由另一位复核人办理。"}
	// ErrReviewBegun refuses a withdrawal once a reviewer has the report in hand.
	ErrReviewBegun = &Error{http.StatusConflict, "review_begun", "审查已经开始，不能撤回。如需修改，请联系登记管理机关退回。"}
	// ErrNotClaimed says that there is nothing to release.
	ErrNotClaimed = &Error{http.StatusConflict, "not_claimed", "该件没有被领取，无需放回。"}
	// ErrEmptyReturn refuses a return that tells the filer nothing.
	ErrEmptyReturn = &Error{http.StatusUnprocessableEntity, "return_without_reason", "退回须写明总体意见，或者至少一条针对项目的意见。"}
	// ErrReasonMissing refuses an act that needs a reason.
	ErrReasonMissing = &Error{http.StatusUnprocessableEntity, "reason_missing", "请填写理由。"}
	// ErrNotUnqualified says that only an unqualified report can be taken up again.
	ErrNotUnqualified = &Error{http.StatusConflict, "not_unqualified", "只有结论为不合格的报告可以重新审查。"}
	// ErrVerdict says that an approval is neither of the verdicts.
	ErrVerdict = &Error{http.StatusUnprocessableEntity, "verdict_not_allowed", "不认识的复核结果。请选择确认（confirm）或退回审查人（send_back）。"}
	// ErrFilter says that a page was asked for by a word that there is not.
	ErrFilter = &Error{http.StatusBadRequest, "bad_filter", "筛选条件无效，请重新选择状态和类型。"}
	// ErrCursor says that a page's cursor was not given out by Queue.
	ErrCursor = &Error{http.StatusBadRequest, "bad_cursor", "分页游标无效，请从第一页重新开始。"}
)

func claimedByOther(name string) *Error {
	return &Error{http.StatusConflict, "claimed_by_other", fmt.Sprintf("该件已由%s领取。请先由其放回，再行办理。", name)}
}

func wrongOutcome(outcome Outcome, allowed string) *Error {
	return &Error{http.StatusUnprocessableEntity, "outcome_not_allowed", fmt.Sprintf("本报送季不能作出“%s”的决定，可选：%s。", clip(string(outcome)), allowed)}
}

// badRemark says which remark the refusal is about.
func badRemark(n int, refusal error) error {
	if e, ok := errors.AsType[*Error](refusal); ok {
		return &Error{e.status, "bad_remark", fmt.Sprintf("第%d条意见：%s", n, e.detail)}
	}
	return refusal
}

func badCharacter(what string, r rune) *Error {
	return &Error{http.StatusUnprocessableEntity, "bad_character",
		fmt.Sprintf("%s含有无法识别或不可见的控制字符（U+%04X），请去掉后再提交。", what, r)}
}

func tooLong(what string, limit int) *Error {
	return &Error{http.StatusUnprocessableEntity, "text_too_long", fmt.Sprintf("%s超过%d字，请精简。", what, limit)}
}

func tooManyRemarks() *Error {
	return &Error{http.StatusUnprocessableEntity, "bad_remark", fmt.Sprintf("意见超过%d条，请合并。", MaxRemarks)}
}
