package web

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"nianbao/internal/account"
	"nianbao/internal/web"
)

// ResetPage asks for the address of who has forgotten the password, and says,
// to everybody the same, what was done.
type ResetPage struct {
	web.Page
	Summary web.Summary
	Email   web.TextField
	Sent    bool
	Minutes int
}

func (p *Pages) resetForm(c echo.Context) error {
	page := p.resetPage(c, &web.Form{})
	page.Sent = c.QueryParam("sent") != ""
	return p.app.Render(c, http.StatusOK, "account/reset", page)
}

func (p *Pages) resetPage(c echo.Context, form *web.Form) ResetPage {
	page := ResetPage{Page: p.app.NewFormPage(c, "重设密码"), Email: form.Field("email", "登录邮箱"), Minutes: account.ResetMinutes}
	page.Email.Type, page.Email.Autocomplete, page.Email.Required = "email", "username", true
	if !form.OK() {
		page.Refused, page.Summary = true, form.Summary("没有发送")
	}
	return page
}

func (p *Pages) reset(c echo.Context) error {
	form, err := web.ReadForm(c)
	if err != nil {
		return err
	}
	email, err := account.ParseEmail(form.Get("email"))
	if err != nil {
		form.Refuse("email", emailWords(form.Get("email"), err))
		return p.app.Render(c, form.Status(), "account/reset", p.resetPage(c, form))
	}
	allowedIP, allowedEmail := p.asking.Allow(c.RealIP()), p.byEmail.Allow("reset "+strings.ToLower(email))
	if !allowedIP || !allowedEmail {
		return web.ErrRateLimited
	}
	if err := p.accounts.RequestReset(c.Request().Context(), email); err != nil {
		return err
	}
	return web.SeeOther(c, resetPath+"?sent=1")
}
