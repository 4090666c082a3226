package web

import (
	"errors"
	"io"
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"nianbao/internal/document"
	"nianbao/internal/web"
	"nianbao/review/publication"
)

// VerifyPage is where a code is typed in or a file chosen.
type VerifyPage struct {
	web.Page
	Summary web.Summary
	Code    web.TextField
	File    web.TextField
}

func (p *Pages) verifyForm(c echo.Context) error {
	typed := c.QueryParam("code")
	if typed == "" {
		return p.renderVerifyForm(c, &web.Form{})
	}
	code, err := document.ParseCode(typed)
	if err != nil {
		form := &web.Form{Values: url.Values{"code": {typed}}}
		form.Refuse("code", err.Error())
		return p.renderVerifyForm(c, form)
	}
	return web.SeeOther(c, "/verify/"+code)
}

func (p *Pages) renderVerifyForm(c echo.Context, form *web.Form) error {
	page := VerifyPage{
		Page: p.App.NewPage(c, "验文书"), Code: form.Field("code", "查验码"), File: form.Field("file", "PDF 文件"),
	}
	page.Code.Hint = "在文书末页二维码旁，12 位，如 7KQM-2F9D-XW3H。大小写和横线不必分清。"
	page.File.Hint = "只计算文件指纹并验签，不保存文件。"
	if !form.OK() {
		page.Refused, page.Summary = true, form.Summary("没有查验")
	}
	return p.App.Render(c, form.Status(), "public/verify", page)
}

func (p *Pages) verifyCode(c echo.Context) error {
	found, err := p.Public.Verify(c.Request().Context(), c.Param("code"))
	var page VerdictPage
	switch {
	case errors.Is(err, publication.ErrUnknownCode):
		page = unknownCode(c.Param("code"))
	case err != nil:
		return err
	default:
		code, _ := document.ParseCode(c.Param("code")) // Verify has read it
		page = byCode(&found, code)
	}
	return p.renderVerdict(c, page)
}

// verifyFile looks at an uploaded file. It is read into memory and dropped.
func (p *Pages) verifyFile(c echo.Context) error {
	if !p.uploads.Allow(c.RealIP()) {
		return web.ErrRateLimited
	}
	form, err := web.ReadForm(c)
	if err != nil {
		return err
	}
	content, err := uploaded(c)
	if err != nil {
		return err
	}
	if len(content) == 0 {
		form.Refuse("file", "请选择收到的 PDF 文件")
		return p.renderVerifyForm(c, form)
	}
	ctx := c.Request().Context()
	result, err := document.Verify(ctx, p.DB, content, p.Trusted)
	if err != nil {
		return err
	}
	code := ""
	if result.Document != nil {
		code = result.Document.VerifyCode
	} else if typed, err := document.ParseCode(form.Get("code")); err == nil {
		code = typed
	}
	var found *publication.Verification
	if code != "" {
		v, err := p.Public.Verify(ctx, code)
		if err != nil && !errors.Is(err, publication.ErrUnknownCode) {
			return err
		}
		if err == nil {
			found = &v
		}
	}
	return p.renderVerdict(c, byFile(&result, found, len(content), code))
}

// uploaded reads the field "file"; nothing if it was left empty.
func uploaded(c echo.Context) ([]byte, error) {
	head, err := c.FormFile("file")
	if errors.Is(err, http.ErrMissingFile) || errors.Is(err, http.ErrNotMultipart) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	file, err := head.Open()
	if err != nil {
		return nil, err
	}
	content, err := io.ReadAll(io.LimitReader(file, maxUpload))
	return content, errors.Join(err, file.Close())
}

func (p *Pages) renderVerdict(c echo.Context, page VerdictPage) error {
	title := page.Heading
	page.Page = p.App.NewPage(c, title)
	page.Crumbs = []web.Crumb{{Text: "验文书", Href: "/verify"}, {Text: "查验结果"}}
	page.CheckedAt = p.asOf()
	page.Address = page.Path
	if page.Address == "" {
		page.Address = "/verify"
	}
	status := http.StatusOK
	if page.Unknown {
		status = http.StatusNotFound
	}
	return p.App.Render(c, status, "public/verdict", page)
}
