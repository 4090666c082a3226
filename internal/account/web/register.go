package web

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"
	"golang.org/x/text/unicode/norm"

	"nianbao/internal/account"
	"nianbao/internal/registry"
	"nianbao/internal/web"
)

// RegisterPage asks for the USCC of an organisation that wants to get in.
type RegisterPage struct {
	web.Page
	Summary web.Summary
	USCC    web.TextField
	SMS     bool // a text message may be chosen
	BySMS   bool // it is
}

// CodePage takes the code, and who the organisation's first person is.
type CodePage struct {
	web.Page
	Summary  web.Summary
	USCC     string
	Minutes  int
	Code     web.TextField
	Name     web.TextField
	Email    web.TextField
	Password web.TextField
	Repeat   web.TextField
}

// What is said whatever the register knows.
const (
	badCodeWords = "验证码不正确、已过期，或者输错次数已满。请核对收到的验证码；还不行，请重新申请"
	tooManyWords = "今天为这个统一社会信用代码申请验证码的次数已满，请明天再试，或联系登记管理机关"
)

func (p *Pages) registerForm(c echo.Context) error {
	return p.app.Render(c, http.StatusOK, "account/register", p.registerPage(c, &web.Form{}))
}

func (p *Pages) registerPage(c echo.Context, form *web.Form) RegisterPage {
	page := RegisterPage{Page: p.app.NewFormPage(c, "首次使用"), USCC: form.Field("uscc", "统一社会信用代码"),
		SMS: p.accounts.SMS(), BySMS: form.Get("channel") == "sms"}
	page.USCC.Hint, page.USCC.Autocomplete, page.USCC.Required = "登记证书上的 18 位代码。", "off", true
	if !form.OK() {
		page.Refused, page.Summary = true, form.Summary("没有申请")
	}
	return page
}

func (p *Pages) register(c echo.Context) error {
	form, err := web.ReadForm(c)
	if err != nil {
		return err
	}
	uscc, err := typedUSCC(form.Get("uscc"))
	if err != nil {
		form.Refuse("uscc", "统一社会信用代码不对："+err.Error())
		return p.app.Render(c, form.Status(), "account/register", p.registerPage(c, form))
	}
	if !p.asking.Allow(c.RealIP()) {
		return web.ErrRateLimited
	}
	err = p.accounts.RequestActivation(c.Request().Context(), uscc, form.Get("channel") == "sms")
	if errors.Is(err, account.ErrTooMany) {
		form.Refuse("uscc", tooManyWords)
		return p.app.Render(c, form.Status(), "account/register", p.registerPage(c, form))
	}
	if err != nil {
		return err
	}
	return web.SeeOther(c, codePath+"?uscc="+url.QueryEscape(uscc))
}

// typedUSCC takes a code as people type and paste it.
func typedUSCC(s string) (string, error) {
	s = strings.ToUpper(norm.NFKC.String(s))
	s = strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' || r == '\t' {
			return -1
		}
		return r
	}, s)
	code, err := registry.ParseUSCC(s)
	return string(code), err
}

func (p *Pages) codeForm(c echo.Context) error {
	uscc, err := typedUSCC(c.QueryParam("uscc"))
	if err != nil {
		return web.SeeOther(c, registerPath)
	}
	return p.app.Render(c, http.StatusOK, "account/code", p.codePage(c, uscc, &web.Form{}))
}

func (p *Pages) codePage(c echo.Context, uscc string, form *web.Form) CodePage {
	page := CodePage{Page: p.app.NewFormPage(c, "填写验证码"), USCC: uscc, Minutes: account.CodeMinutes,
		Code: form.Field("code", "验证码"), Name: form.Field("name", "您的姓名"), Email: form.Field("email", "您本人的邮箱"),
		Password: form.Field(passwordName, "设定密码"), Repeat: form.Field(repeatName, "再输一次密码")}
	page.Code.Hint, page.Code.Autocomplete, page.Code.Required = "6 位数字。", "one-time-code", true
	page.Name.Autocomplete, page.Name.Required = "name", true
	page.Email.Hint = "用来登录和接收邮件，可以与登记的邮箱不同。已有账户的，填那个账户的邮箱和密码。"
	page.Email.Type, page.Email.Autocomplete, page.Email.Required = "email", "username", true
	page.Password.Hint = "至少 10 个字符。"
	asPassword(&page.Password, newPassword)
	asPassword(&page.Repeat, newPassword)
	if !form.OK() {
		page.Refused, page.Summary = true, form.Summary("账户没有启用")
	}
	return page
}

func (p *Pages) code(c echo.Context) error {
	form, err := web.ReadForm(c)
	if err != nil {
		return err
	}
	uscc, err := typedUSCC(form.Get("uscc"))
	if err != nil {
		return web.SeeOther(c, registerPath)
	}
	who := account.FirstPerson{USCC: uscc, Code: form.Get("code"), Name: form.Get("name"), Email: form.Get("email"), Password: form.Get(passwordName)}
	if checkFirst(form, who); form.OK() {
		if !p.byIP.Allow(c.RealIP()) {
			return web.ErrRateLimited
		}
		if err := p.accounts.ActivateFirst(c.Request().Context(), who); !refuseFirst(form, err) && err != nil {
			return err
		}
	}
	if !form.OK() {
		return p.app.Render(c, form.Status(), "account/code", p.codePage(c, uscc, form))
	}
	signedIn, err := account.SignIn(c.Request().Context(), p.db, who.Email, who.Password)
	if err != nil {
		return err
	}
	return p.enter(c, signedIn, "")
}

// checkFirst refuses what no code could mend, all of it at once.
func checkFirst(form *web.Form, who account.FirstPerson) {
	if strings.TrimSpace(who.Code) == "" {
		form.Refuse("code", "请填写验证码")
	}
	if _, err := account.ParseName(who.Name); err != nil {
		form.Refuse("name", err.Error())
	}
	if _, err := account.ParseEmail(who.Email); err != nil {
		form.Refuse("email", emailWords(who.Email, err))
	}
	refusePassword(form, who.Email)
}

// refusePassword checks a new password and its repetition.
func refusePassword(form *web.Form, email string) {
	password := form.Get(passwordName)
	if err := account.CheckPassword(password, strings.TrimSpace(email)); err != nil {
		form.Refuse(passwordName, err.Error())
	} else if form.Get(repeatName) != password {
		form.Refuse(repeatName, differentWords)
	}
}

func emailWords(typed string, err error) string {
	if strings.TrimSpace(typed) == "" {
		return "请填写邮箱"
	}
	return err.Error()
}

// refuseFirst words what a code did not open; false for an error of ours, or none.
func refuseFirst(form *web.Form, err error) bool {
	switch {
	case errors.Is(err, account.ErrBadCode):
		form.Refuse("code", badCodeWords)
	case errors.Is(err, account.ErrHasPeople):
		form.Refuse("code", "本单位刚才已有人启用账户。请让对方登录后，在“本单位人员”中邀请您")
	case errors.Is(err, account.ErrEmailTaken):
		form.Refuse("email", "这个邮箱已有账户或邀请。请填那个账户的密码；还没有设定过密码的，先打开邀请邮件；或者换一个邮箱")
	default:
		return false
	}
	return true
}
