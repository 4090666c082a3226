package api

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/labstack/echo/v4"
	"golang.org/x/text/unicode/norm"

	"nianbao/filing/form"
	"nianbao/internal/web"
)

var (
	errMediaType = web.NewError(http.StatusUnsupportedMediaType, "unsupported_media_type",
		"请求内容必须是JSON：请求头 Content-Type 应为 application/json（UTF-8编码，不压缩）。")
	errNoBody = web.NewError(http.StatusBadRequest, "empty_body", "请求没有内容，请在请求体中以JSON发送。")
	errCutOff = web.NewError(http.StatusBadRequest, "incomplete_body", "请求内容没有传完，没有执行。请重新发送。")
)

// readBody reads a JSON body as it was sent; the route bounds its size. An empty one is nil without an error.
func readBody(c echo.Context) ([]byte, error) {
	req := c.Request()
	if req.ContentLength == 0 {
		return nil, nil //nolint:nilnil // no body at all, which some calls allow
	}
	if !isJSON(req.Header) {
		return nil, errMediaType
	}
	return readAny(c)
}

// readAny is readBody whatever the media type.
func readAny(c echo.Context) ([]byte, error) {
	req := c.Request()
	var body bytes.Buffer
	if n := req.ContentLength; n > 0 && n <= int64(form.DefaultLimits.MaxBytes) {
		body.Grow(int(n) + bytes.MinRead)
	}
	_, err := io.Copy(&body, req.Body)
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, err
	case err != nil:
		return nil, errCutOff
	case body.Len() == 0:
		return nil, nil //nolint:nilnil // as above, of unknown length
	}
	return body.Bytes(), nil
}

// requiredBody is readBody where nothing is a refusal.
func requiredBody(c echo.Context) ([]byte, error) {
	body, err := readBody(c)
	if err == nil && body == nil {
		err = errNoBody
	}
	return body, err
}

func isJSON(h http.Header) bool {
	mediaType, parameters, err := mime.ParseMediaType(h.Get(echo.HeaderContentType))
	if err != nil || mediaType != echo.MIMEApplicationJSON {
		return false
	}
	charset, stated := parameters["charset"]
	encoding := h.Get(echo.HeaderContentEncoding)
	return (!stated || strings.EqualFold(charset, "utf-8")) && (encoding == "" || strings.EqualFold(encoding, "identity"))
}

// readInto reads a required body into a generated type, strictly.
func readInto(c echo.Context, into any) error {
	body, err := requiredBody(c)
	if err != nil {
		return err
	}
	return decodeStrict(body, into)
}

// Sizes of a page.
const (
	defaultPage = 50
	maxPage     = 200
)

// pageSize reads the parameter limit.
func pageSize(limit *Limit) (int, error) {
	if limit == nil {
		return defaultPage, nil
	}
	if *limit < 1 || *limit > maxPage {
		return 0, web.NewError(http.StatusBadRequest, "bad_parameter", "参数“limit”应为1至"+strconv.Itoa(maxPage)+"之间的整数，请更正后再试。")
	}
	return *limit, nil
}

// given is the value of an optional parameter or member, zero if it was left out.
func given[T any](value *T) T {
	var zero T
	if value == nil {
		return zero
	}
	return *value
}

// text brings a text into the form in which it is kept (NFC, trimmed) and bounds it in characters.
func text(name, sent string, most int) (string, error) {
	kept := strings.TrimSpace(norm.NFC.String(sent))
	if utf8.RuneCountInString(kept) > most {
		return "", web.NewError(http.StatusUnprocessableEntity, "text_too_long", fmt.Sprintf("“%s”超过%d字，请精简。", name, most))
	}
	return kept, nil
}
