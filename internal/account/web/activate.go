package web

import (
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"nianbao/internal/account"
	"nianbao/internal/web"
)

// ActivatePage is where a one-time link leads: setting the password.
type ActivatePage struct {
	web.Page
	Summary  web.Summary
	Name     string
	Email    string
	Action   string
	Password web.TextField
	Repeat   web.TextField
}

// LinkOverPage says that a link no longer holds.
type LinkOverPage struct{ web.Page }

func (p *Pages) activateForm(c echo.Context) error {
	invited, err := p.lookUp(c)
	if errors.Is(err, account.ErrLinkOver) {
		return p.linkOver(c)
	}
	if err != nil {
		return err
	}
	return p.app.Render(c, http.StatusOK, "account/activate", p.activatePage(c, invited, &web.Form{}))
}

// lookUp bounds guessing by network address, though 256 bits hardly need it.
func (p *Pages) lookUp(c echo.Context) (account.Invited, error) {
	if !p.byIP.Allow(c.RealIP()) {
		return account.Invited{}, web.ErrRateLimited
	}
	return account.LookUpLink(c.Request().Context(), p.db, c.Param("link"))
}

func (p *Pages) activatePage(c echo.Context, who account.Invited, form *web.Form) ActivatePage {
	page := ActivatePage{
		Page:     p.app.NewFormPage(c, "设定密码"),
		Name:     who.Name,
		Email:    who.Email,
		Action:   c.Request().URL.EscapedPath(),
		Password: form.Field("password", "新密码"),
		Repeat:   form.Field("repeat", "再输一次"),
	}
	page.Password.Type, page.Password.Autocomplete, page.Password.Required = "password", "new-password", true
	page.Password.Hint = "至少 10 个字符。"
	page.Repeat.Type, page.Repeat.Autocomplete, page.Repeat.Required = "password", "new-password", true
	if !form.OK() {
		page.Refused = true
		page.Summary = form.Summary("密码没有设定")
	}
	return page
}

func (p *Pages) activate(c echo.Context) error {
	form, err := web.ReadForm(c)
	if err != nil {
		return err
	}
	invited, err := p.lookUp(c)
	if errors.Is(err, account.ErrLinkOver) {
		return p.linkOver(c)
	}
	if err != nil {
		return err
	}
	password := form.Get("password")
	if err := account.CheckPassword(password, invited.Email); err != nil {
		form.Refuse("password", err.Error())
	} else if form.Get("repeat") != password {
		form.Refuse("repeat", "两次输入的密码不一样，请重新输入")
	}
	if !form.OK() {
		return p.app.Render(c, form.Status(), "account/activate", p.activatePage(c, invited, form))
	}
	ctx := c.Request().Context()
	if _, err := account.Activate(ctx, p.db, c.Param("link"), password); errors.Is(err, account.ErrLinkOver) {
		return p.linkOver(c)
	} else if err != nil {
		return err
	}
	signedIn, err := account.SignIn(ctx, p.db, invited.Email, password)
	if err != nil {
		return err
	}
	return p.enter(c, signedIn, "")
}

func (p *Pages) linkOver(c echo.Context) error {
	page := LinkOverPage{Page: p.app.NewPage(c, "启用链接不能再用")}
	return p.app.Render(c, http.StatusGone, "account/link-over", page)
}
