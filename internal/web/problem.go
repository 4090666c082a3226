package web

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"
)

// DomainError is what a package's error has to say for itself to be told to
// the one who asked. Code is stable snake_case, Detail is Chinese and names the
// remedy. Every other error is an internal one and only ever logged.
type DomainError interface {
	error
	HTTPStatus() int
	Code() string
	Detail() string
}

// WithFindings is a DomainError about a refused body: the findings go along.
type WithFindings interface{ ProblemFindings() any }

// retryAfter is how long to wait after 429 unless the error says so itself.
const retryAfter = time.Minute

// Problem is an RFC 9457 answer. Type is left out, which means about:blank.
type Problem struct {
	Status    int    `json:"status"`
	Code      string `json:"code"`
	Title     string `json:"title"`
	Detail    string `json:"detail"`
	RequestID string `json:"request_id,omitempty"`
	Findings  any    `json:"findings,omitempty"`
}

// problemType is RFC 9457's media type.
const problemType = "application/problem+json"

// Error is a DomainError for handlers that need one of their own.
type Error struct {
	status       int
	code, detail string
	after        time.Duration
}

// NewError makes an Error; detail is Chinese and says what to do.
func NewError(status int, code, detail string) *Error {
	return &Error{status: status, code: code, detail: detail}
}

// retryAfter is a copy that says how long to wait, in whole seconds.
func (e *Error) retryAfter(after time.Duration) *Error {
	c := *e
	c.after = after
	return &c
}

// Error gives the code, for logs.
func (e *Error) Error() string { return e.code + ": " + e.detail }

// HTTPStatus is the answer's status.
func (e *Error) HTTPStatus() int { return e.status }

// Code is the stable word.
func (e *Error) Code() string { return e.code }

// Detail is the Chinese text.
func (e *Error) Detail() string { return e.detail }

// Errors that arise before any handler.
var (
	errUnauthorised = NewError(http.StatusUnauthorized, "unauthorized", "需要登录，或访问令牌无效、已过期、已作废。请重新登录，或换用有效的令牌。")
	errForbidden    = NewError(http.StatusForbidden, "forbidden", "您的身份不能办理这一项。请换用有权限的身份，或联系登记管理机关。")
	errCrossOrigin  = NewError(http.StatusForbidden, "cross_origin", "这个请求来自别的网站，没有执行。请从本系统的页面办理。")
	errFormExpired  = NewError(http.StatusForbidden, "form_expired", "页面打开太久或登录已变化，这次提交没有执行。请返回上一页，刷新后再提交。")
	errBadForm      = NewError(http.StatusBadRequest, "bad_form", "提交的表单不完整，没有执行。请返回上一页再提交一次。")
	// ErrNotFound is the answer for what is not there, or not the asker's.
	ErrNotFound = NewError(http.StatusNotFound, "not_found", "没有找到。请核对网址或编号。")
	// ErrNotResponsible refuses an editor what only a responsible person of the
	// organisation does: submitting, and deciding who acts for it.
	ErrNotResponsible = NewError(http.StatusForbidden, "not_responsible", "这一项由本单位的负责人办理。请让负责人登录办理，或由负责人在“本单位人员”中改您的分工。")
	// ErrRateLimited asks to slow down.
	ErrRateLimited = NewError(http.StatusTooManyRequests, "rate_limited", "请求太频繁，请稍等几分钟再试。")
	// errTooFast holds back a program, which can wait to the second.
	errTooFast = NewError(http.StatusTooManyRequests, "rate_limited", "调用太频繁，请按 Retry-After 所示的秒数等待后再试，并放慢速度。").retryAfter(time.Second)
)

// titles are a problem's titles, and what a plain status means.
var titles = map[int]struct{ code, title, detail string }{
	http.StatusBadRequest:            {"bad_request", "请求不正确", "请求不完整或格式不对，没有执行。请核对后再试。"},
	http.StatusUnauthorized:          {"unauthorized", "需要登录", "请登录后再试。"},
	http.StatusForbidden:             {"forbidden", "没有权限", "您的身份不能办理这一项。"},
	http.StatusNotFound:              {"not_found", "没有找到", "没有找到。请核对网址或编号。"},
	http.StatusMethodNotAllowed:      {"method_not_allowed", "不支持这种请求", "这个网址不支持这种请求方法。"},
	http.StatusConflict:              {"conflict", "与当前状态不符", "内容已经变化，请刷新后再办。"},
	http.StatusPreconditionFailed:    {"stale", "内容已被改动", "内容在您打开之后被改动过，请取得最新内容后再保存。"},
	http.StatusRequestEntityTooLarge: {"too_large", "内容太大", "提交的内容超过上限，没有执行。请减小后再提交。"},
	http.StatusUnsupportedMediaType:  {"unsupported_media_type", "格式不支持", "提交的内容格式不对。请按说明的格式提交。"},
	http.StatusUnprocessableEntity:   {"unprocessable", "内容有误", "提交的内容有误，没有执行。请按提示修改。"},
	http.StatusTooManyRequests:       {"rate_limited", "请求太频繁", "请稍等几分钟再试。"},
	http.StatusInternalServerError:   {"internal", "系统出错", "系统出错，这次操作没有完成。请稍后再试；仍不行，请报请求编号。"},
	http.StatusServiceUnavailable:    {"unavailable", "暂时不能办理", "系统正忙或正在恢复，这次操作没有完成。请稍后再试。"},
}

// ProblemOf turns any error into what may be told of it. Text of an internal
// error is not part of it.
func ProblemOf(err error) Problem {
	var domain DomainError
	var tooLarge *http.MaxBytesError
	var plain *echo.HTTPError
	switch {
	case errors.As(err, &tooLarge):
		return problemFor(http.StatusRequestEntityTooLarge)
	case errors.As(err, &domain):
		p := problemFor(domain.HTTPStatus())
		p.Code, p.Detail = domain.Code(), domain.Detail()
		var with WithFindings
		if errors.As(err, &with) {
			p.Findings = with.ProblemFindings()
		}
		return p
	case errors.As(err, &plain):
		return problemFor(plain.Code)
	case errors.Is(err, context.DeadlineExceeded):
		return problemFor(http.StatusServiceUnavailable)
	}
	return problemFor(http.StatusInternalServerError)
}

// problemFor is a plain status; one that is not listed is told as the nearest
// that is.
func problemFor(status int) Problem {
	t, ok := titles[status]
	if !ok {
		nearest := http.StatusBadRequest
		if status >= http.StatusInternalServerError {
			nearest = http.StatusInternalServerError
		}
		t = titles[nearest]
	}
	return Problem{Status: status, Code: t.code, Title: t.title, Detail: t.detail}
}

// handleError is where every error ends: told as JSON under /api/, as a page
// elsewhere, and logged once if it is ours.
func (a *App) handleError(err error, c echo.Context) {
	ctx := c.Request().Context()
	p := ProblemOf(err)
	p.RequestID = RequestID(c)
	clientGone := errors.Is(ctx.Err(), context.Canceled)
	if p.Status >= http.StatusInternalServerError && !clientGone {
		a.cfg.Log.LogAttrs(ctx, slog.LevelError, "request failed",
			slog.String("request_id", p.RequestID), slog.String("method", c.Request().Method),
			slog.String("route", routeLabel(c)), slog.Int("status", p.Status), slog.Any("error", err))
	}
	if c.Response().Committed {
		return
	}
	if p.Status == http.StatusTooManyRequests {
		wait := retryAfter
		var known *Error
		if errors.As(err, &known) && known.after > 0 {
			wait = known.after
		}
		c.Response().Header().Set("Retry-After", strconv.Itoa(int(wait.Seconds())))
	}
	if err := a.answerProblem(c, p); err != nil && !clientGone {
		a.cfg.Log.ErrorContext(ctx, "answer with an error", "request_id", p.RequestID, "error", err)
	}
}

func (a *App) answerProblem(c echo.Context, p Problem) error {
	if isAPIPath(c.Request().URL.Path) {
		if p.Status == http.StatusUnauthorized {
			c.Response().Header().Set("WWW-Authenticate", `Bearer realm="nianbao"`)
		}
		return writeProblem(c, p)
	}
	if c.Request().Method == http.MethodHead {
		return c.NoContent(p.Status)
	}
	return a.errorPage(c, p)
}

func writeProblem(c echo.Context, p Problem) error {
	body, err := json.Marshal(p)
	if err != nil {
		return err
	}
	return c.Blob(p.Status, problemType, body)
}
