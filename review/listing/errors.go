package listing

import (
	"fmt"
	"net/http"

	"nianbao/internal/workday"
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

func conflict(code, detail string) *Error { return &Error{http.StatusConflict, code, detail} }
func unprocessable(code, detail string) *Error {
	return &Error{http.StatusUnprocessableEntity, code, detail}
}

// The refusals that need no particulars.
var (
	// ErrNotFound says that there is no such matter, or that it is not the caller's.
	ErrNotFound = &Error{http.StatusNotFound, "not_found", "没有找到该事项，请核对编号。"}
	// ErrChangedMeanwhile says that another act came first.
	ErrChangedMeanwhile = conflict("changed_meanwhile", "该事项的状态刚被他人改变，请刷新后再试。")
	// ErrNotNotified refuses an act that belongs before the listing.
	ErrNotNotified = conflict("not_notified", "该事项已经有结果，不能再办理此步骤。请刷新后查看。")
	// ErrNotListed refuses an act on an organisation that is not on the list.
	ErrNotListed = conflict("not_listed", "该组织现不在活动异常名录上，不能办理此步骤。请刷新后查看。")
	// ErrAlreadyServed says that service is on record.
	ErrAlreadyServed = conflict("already_served", "该文书的送达已有记录，不能重复登记。")
	// ErrNotServed refuses a listing before service.
	ErrNotServed = conflict("not_served", "告知书尚无送达记录，不能作出列入决定。请先登记送达。")
	// ErrNoticeNotInForce refuses to build on a notice that was not issued or is revoked.
	ErrNoticeNotInForce = conflict("notice_not_in_force", "告知书尚未签发或者已经撤销，不能据此作出列入决定。")
	// ErrReportStands refuses a listing where a report came in.
	ErrReportStands = conflict("report_stands", "该组织已补报年度报告，本次列入程序将终止，不能作出列入决定。")
	// ErrNotOverdue refuses a listing where nothing is overdue.
	ErrNotOverdue = conflict("not_overdue", "该组织现无逾期未报的年度报告，不能作出列入决定。")
	// ErrStatementMade says that one statement was made already.
	ErrStatementMade = conflict("statement_made", "已经提交过陈述申辩，不能重复提交。如需补充材料，请联系登记管理机关。")
	// ErrRemovalPending says that an application awaits its decision.
	ErrRemovalPending = conflict("removal_pending", "移出申请正在核实，请等待结果。")
	// ErrNoApplication refuses to refuse what nobody asked for.
	ErrNoApplication = conflict("no_application", "该组织没有待决的移出申请，不能作出不予移出的决定。")
	// ErrOutcome refuses an unknown outcome.
	ErrOutcome = unprocessable("outcome_not_allowed", "决定的类型无效，请重新选择。")
	// ErrReasonMissing refuses a decision without a reason.
	ErrReasonMissing = unprocessable("reason_missing", "请填写理由。")
	// ErrTextMissing refuses an empty statement or application.
	ErrTextMissing = unprocessable("text_missing", "请填写内容。")
	// ErrBadText refuses text that is not UTF-8 or holds control characters.
	ErrBadText = unprocessable("bad_text", "内容含有无法识别的字符，请检查后重新填写。")
	// ErrHow refuses an unknown way of service.
	ErrHow = unprocessable("bad_service", "送达方式无效，请重新选择。")
	// ErrNoElectronicService refuses the inbox where nobody agreed to it.
	ErrNoElectronicService = unprocessable("no_electronic_service", "该组织未同意电子送达，请选择其他送达方式。")
	// ErrProofMissing refuses service by mail without proof.
	ErrProofMissing = unprocessable("proof_missing", "以电子邮件送达的，请填写到达的证明。")
	// ErrCursor says that a page's cursor was not given out by this list.
	ErrCursor = &Error{http.StatusBadRequest, "bad_cursor", "分页游标无效，请从第一页重新开始。"}
)

func answerTimeRuns(until workday.Date) *Error {
	return conflict("answer_time_runs", fmt.Sprintf("陈述申辩期到%s止，期满前未收到陈述申辩的，不能作出列入决定。", until.Chinese()))
}

func servedOutside(from, to workday.Date) *Error {
	return unprocessable("bad_served_on", fmt.Sprintf("送达日期应在%s至%s之间，请更正。", from.Chinese(), to.Chinese()))
}

func tooLong(limit int) *Error {
	return unprocessable("text_too_long", fmt.Sprintf("内容超过%d字，请精简。", limit))
}
