package web

import (
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"nianbao/internal/account"
	"nianbao/internal/web"
)

// ProfilePage is a form that changes one thing of the own account.
type ProfilePage struct {
	web.Page
	Summary web.Summary
	Heading string
	Text    string
	Action  string
	Button  string
	Fields  []web.TextField
	Rules   bool // the rules for passwords stand beside
}

// ConfirmPage asks for the last click on a new address.
type ConfirmPage struct {
	web.Page
	Email  string
	Action string
}

const wrongPassword = "密码不正确。连续输错 10 次，账户暂停登录 15 分钟"

// profilePage is the frame of each of the forms; title is also what was not done.
func (p *Pages) profilePage(c echo.Context, form *web.Form, page ProfilePage) ProfilePage {
	page.Page, page.Action = p.app.NewPage(c, page.Heading), c.Request().URL.EscapedPath()
	page.Crumbs = []web.Crumb{{Text: accountWord, Href: accountPath}, {Text: page.Heading}}
	if !form.OK() {
		page.Refused, page.Summary = true, form.Summary("没有修改")
	}
	return page
}

func (p *Pages) renderProfile(c echo.Context, form *web.Form, page ProfilePage) error {
	return p.app.Render(c, form.Status(), "account/profile", p.profilePage(c, form, page))
}

func (p *Pages) nameForm(c echo.Context) error {
	form := &web.Form{Values: map[string][]string{"name": {web.Principal(c).Name}}}
	return p.renderProfile(c, form, nameFields(form))
}

func nameFields(form *web.Form) ProfilePage {
	name := form.Field("name", "姓名")
	name.Autocomplete, name.Required = "name", true
	return ProfilePage{Heading: "改姓名", Text: "姓名会写在您办理的每一件事上。以前办理的不改。", Button: "保存", Fields: []web.TextField{name}}
}

func (p *Pages) name(c echo.Context) error {
	key, err := p.own(c)
	if err != nil {
		return err
	}
	form, err := web.ReadForm(c)
	if err != nil {
		return err
	}
	var wrong *account.NameError
	err = account.Rename(c.Request().Context(), p.db, key.PersonID, form.Get("name"))
	if errors.As(err, &wrong) {
		form.Refuse("name", wrong.Reason)
		return p.renderProfile(c, form, nameFields(form))
	}
	if err != nil {
		return err
	}
	p.app.Authenticator().Forget()
	p.app.AddFlash(c, web.Flash{Text: "姓名已改。"})
	return web.SeeOther(c, accountPath)
}

func (p *Pages) emailForm(c echo.Context) error {
	key, err := p.own(c)
	if err != nil {
		return err
	}
	profile, err := account.ProfileOf(c.Request().Context(), p.db, key.PersonID)
	if err != nil {
		return err
	}
	form := &web.Form{Values: map[string][]string{}}
	if profile.Unverified {
		form.Values.Set("email", profile.Email)
	}
	return p.renderProfile(c, form, emailFields(form))
}

func emailFields(form *web.Form) ProfilePage {
	email, password := form.Field("email", "新的登录邮箱"), form.Field(passwordName, "现在的密码")
	email.Type, email.Autocomplete, email.Required = "email", "email", true
	asPassword(&password, currentPass)
	return ProfilePage{Heading: "改邮箱", Text: "确认邮件会发到新邮箱。打开邮件里的链接确认以后，才改用新邮箱；在此之前仍用原来的邮箱。",
		Button: "发送确认邮件", Fields: []web.TextField{email, password}}
}

func (p *Pages) email(c echo.Context) error {
	key, err := p.own(c)
	if err != nil {
		return err
	}
	form, err := web.ReadForm(c)
	if err != nil {
		return err
	}
	if !p.letters.Allow(key.PersonID.String()) {
		return web.ErrRateLimited
	}
	var wrong *account.EmailError
	err = p.accounts.RequestEmail(c.Request().Context(), account.EmailChange{PersonID: key.PersonID,
		Password: form.Get(passwordName), Email: form.Get("email")})
	switch {
	case errors.As(err, &wrong):
		form.Refuse("email", emailWords(form.Get("email"), wrong))
	case errors.Is(err, account.ErrBadCredentials):
		form.Refuse(passwordName, wrongPassword)
	case err != nil:
		return err
	}
	if !form.OK() {
		return p.renderProfile(c, form, emailFields(form))
	}
	p.app.AddFlash(c, web.Flash{Text: "确认邮件已发到新邮箱。打开里面的链接，点“确认”。"})
	return web.SeeOther(c, accountPath)
}

// confirmForm shows a button: a mail scanner that follows the link confirms nothing.
func (p *Pages) confirmForm(c echo.Context) error {
	key, err := p.own(c)
	if err != nil {
		return err
	}
	email, err := account.AddressOf(c.Request().Context(), p.db, key.PersonID, c.Param("link"))
	if errors.Is(err, account.ErrLinkOver) {
		return p.linkOver(c)
	}
	if err != nil {
		return err
	}
	page := ConfirmPage{Page: p.app.NewPage(c, "确认邮箱"), Email: email, Action: c.Request().URL.EscapedPath()}
	return p.app.Render(c, http.StatusOK, "account/confirm", page)
}

func (p *Pages) confirm(c echo.Context) error {
	key, err := p.own(c)
	if err != nil {
		return err
	}
	email, err := p.accounts.ConfirmEmail(c.Request().Context(), key.PersonID, c.Param("link"))
	if errors.Is(err, account.ErrLinkOver) {
		return p.linkOver(c)
	}
	if err != nil {
		return err
	}
	p.app.AddFlash(c, web.Flash{Text: "邮箱已确认，以后用 " + email + " 登录。"})
	return web.SeeOther(c, accountPath)
}

func (p *Pages) passwordForm(c echo.Context) error {
	form := &web.Form{}
	return p.renderProfile(c, form, passwordFields(form))
}

func passwordFields(form *web.Form) ProfilePage {
	current := form.Field("current", "现在的密码")
	fresh, repeat := form.Field(passwordName, "新密码"), form.Field(repeatName, "再输一次新密码")
	asPassword(&current, currentPass)
	asPassword(&fresh, newPassword)
	fresh.Hint = "至少 10 个字符。"
	asPassword(&repeat, newPassword)
	return ProfilePage{Heading: "改密码", Text: "改完以后，其他设备上的登录都会退出。", Button: "改密码", Rules: true,
		Fields: []web.TextField{current, fresh, repeat}}
}

func (p *Pages) password(c echo.Context) error {
	key, err := p.own(c)
	if err != nil {
		return err
	}
	form, err := web.ReadForm(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	profile, err := account.ProfileOf(ctx, p.db, key.PersonID)
	if err != nil {
		return err
	}
	if refusePassword(form, profile.Email); !form.OK() {
		return p.renderProfile(c, form, passwordFields(form))
	}
	signedIn, err := p.accounts.ChangePassword(ctx, account.PasswordChange{PersonID: key.PersonID,
		Current: form.Get("current"), New: form.Get(passwordName)})
	if errors.Is(err, account.ErrBadCredentials) {
		form.Refuse("current", wrongPassword)
		return p.renderProfile(c, form, passwordFields(form))
	}
	if err != nil {
		return err
	}
	key.Stamp = signedIn.Stamp
	if err := p.app.SignIn(c, key); err != nil {
		return err
	}
	p.app.AddFlash(c, web.Flash{Text: "密码已改，其他设备上的登录已退出。"})
	return web.SeeOther(c, accountPath)
}
