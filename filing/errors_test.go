package filing

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"unicode"

	"nianbao/filing/check"
	"nianbao/filing/form"
)

// problem is what a page or the API asks of an error.
type problem interface {
	error
	HTTPStatus() int
	Code() string
	Detail() string
}

func TestRefusalsAreFitToBeShown(t *testing.T) {
	for _, tt := range []struct {
		err    problem
		status int
		code   string
		detail string
	}{
		{ErrNotFound, 404, "not_found", "没有找到该年度的报告，请核对年度和社会组织。"},
		{ErrStale, 412, "stale", "内容已被他人修改，请重新载入后再保存。"},
		{ErrIdempotencyConflict, 422, "idempotency_conflict", "该幂等键（Idempotency-Key）已用于另一份内容，请更换幂等键后重新提交。"},
		{ErrNoDraft, 404, "not_found", "还没有草稿，请先保存草稿，或者随请求发送报告内容。"},
		{ErrBadIdempotencyKey, 400, "bad_idempotency_key", "提交报告须带幂等键（Idempotency-Key），长度 1 至 255 个可见 ASCII 字符。"},
		{ErrReasonMissing, 422, "reason_missing", "请填写理由。"},
		{ErrCursor, 400, "bad_cursor", "分页游标无效，请从第一页重新开始。"},
		{ErrExtensionNotLater, 422, "extension_not_later", "延期后的截止日必须晚于现在的截止日，请重新选择日期。"},
		{errChangedMeanwhile, 409, "changed_meanwhile", "该报告的状态刚被他人改变，请刷新后再试。"},
		{cannotFile(2018, StatusSubmitted), 409, "already_submitted",
			"2018年度报告已经提交，正在审查。如需修改，请在审查开始前撤回，或者等待审查结果。"},
		{cannotFile(2018, StatusExempt), 409, "already_concluded", "2018年度的报送义务已豁免，无需报送。如有疑问，请联系登记管理机关。"},
		{cannotFile(2018, StatusPassed), 409, "already_concluded", "2018年度报告已有审查结论（合格），不能再次提交。如需更正，请申请更正。"},
		{cannotFile(2018, StatusBasicallyQualified), 409, "already_concluded",
			"2018年度报告已有审查结论（基本合格），不能再次提交。如需更正，请申请更正。"},
	} {
		if tt.err.HTTPStatus() != tt.status || tt.err.Code() != tt.code || tt.err.Detail() != tt.detail {
			t.Errorf("%d %s %s\nwant %d %s %s", tt.err.HTTPStatus(), tt.err.Code(), tt.err.Detail(), tt.status, tt.code, tt.detail)
		}
		if got := tt.err.Error(); got != tt.code+": "+tt.detail {
			t.Errorf("in a log it reads %q", got)
		}
		if wrapped := fmt.Errorf("submit: %w", tt.err); errorStatus(wrapped) != tt.status {
			t.Errorf("%s: wrapped it loses its status", tt.code)
		}
	}
}

func TestWhatMayBeToldAfterAMove(t *testing.T) {
	for _, s := range Statuses() {
		err := cannotFileOr(s, 2018)
		if got := errors.Is(err, errChangedMeanwhile); got != s.Owed() {
			t.Errorf("%s: %v", s, err)
		}
		if strings.ContainsFunc(err.Error(), func(r rune) bool { return r == unicode.ReplacementChar }) || errorStatus(err) != http.StatusConflict {
			t.Errorf("%s: %v", s, err)
		}
	}
}

func TestWithdrawingWhatIsNotUnderReview(t *testing.T) {
	for status, want := range map[Status]string{
		StatusOpen: CodeNotSubmitted, StatusReturned: CodeNotSubmitted, StatusExempt: CodeNotSubmitted,
		StatusPassed: CodeAlreadyConcluded, StatusUnqualified: CodeAlreadyConcluded,
		StatusQualified: CodeAlreadyConcluded, StatusBasicallyQualified: CodeAlreadyConcluded,
	} {
		err := cannotWithdraw(Obligation{Status: status, ReportYear: 2018})
		wantCode(t, err, http.StatusConflict, want)
		if !strings.Contains(err.Error(), "2018年度") {
			t.Errorf("%s: which year? %v", status, err)
		}
	}
}

func TestCheckErrorCountsErrorsOnly(t *testing.T) {
	findings := []check.Finding{{Severity: check.Error}, {Severity: check.Warning}, {Severity: check.Error}, {Severity: check.Error}}
	report := &CheckError{Findings: findings}
	if report.Detail() != "自动校验发现 3 处错误，请按校验结果逐项改正后重新提交。" || report.Code() != "form_checks_failed" {
		t.Errorf("report: %s %s", report.Code(), report.Detail())
	}
	draft := &CheckError{Findings: findings[:1], draft: true}
	if draft.Detail() != "草稿中有 1 处内容无法识别（未知的项目或错误的格式），请按提示改正后再保存。" || draft.Code() != "malformed_draft" {
		t.Errorf("draft: %s %s", draft.Code(), draft.Detail())
	}
	if len(report.FieldFindings()) != 4 || report.Error() != "form_checks_failed: 4 findings" || report.HTTPStatus() != 422 {
		t.Errorf("report: %v", report)
	}
}

func TestIdempotencyKeys(t *testing.T) {
	for key, want := range map[string]bool{
		"k": true, strings.Repeat("k", 255): true, "a b": true, "!~": true, "f3b1-08c2": true, `"quoted"`: true,
		"": false, strings.Repeat("k", 256): false, " k": false, "k ": false, " ": false, "a\tb": false, "a\nb": false,
		"a\x00b": false, "a\x7fb": false, "键": false, "é": false, "\xff": false,
	} {
		if got := validKey(key); got != want {
			t.Errorf("%.20q (%d bytes): %v", key, len(key), got)
		}
	}
}

// TestEveryProblemHasItsCheck: a draft's problem carries the code that the form checks give the same fault.
func TestEveryProblemHasItsCheck(t *testing.T) {
	for code, want := range map[string]string{
		form.ProblemUnknownKey: check.CodeUnknown, form.ProblemOption: check.CodeOption, form.ProblemRepeat: check.CodeOption,
		form.ProblemRows: check.CodeRows, form.ProblemCharacter: check.CodeCharacter, form.ProblemKind: check.CodeKind,
	} {
		if got := problemCheck(code); got != want {
			t.Errorf("%s: %s, want %s", code, got, want)
		}
	}
}

func TestForbiddenErrorNamesTheMove(t *testing.T) {
	err := &ForbiddenError{ActConclude, StatusOpen, StatusPassed}
	if got := err.Error(); got != "an obligation cannot conclude from open to passed" {
		t.Error(got)
	}
}

func TestObligationCursors(t *testing.T) {
	const id = "0190a2f4-0000-7000-8000-000000000001"
	for _, status := range Statuses() {
		got, parsed, err := parseObligationCursor(string(status) + "~" + id)
		if err != nil || got != status || parsed.String() != id {
			t.Errorf("%s: %s %s %v", status, got, parsed, err)
		}
	}
	for _, bad := range []string{"~", "open", "open~", "~" + id, "open~" + id + "0", "OPEN~" + id, "open " + id, "open~open~" + id, "open~\x00"} {
		if _, _, err := parseObligationCursor(bad); !errors.Is(err, ErrCursor) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if status, id, err := parseObligationCursor(""); err != nil || status != "" || id.String() != "00000000-0000-0000-0000-000000000000" {
		t.Errorf("first page: %q %s %v", status, id, err)
	}
}
