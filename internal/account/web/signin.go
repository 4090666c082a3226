package web

import (
	"errors"
	"net/http"
	"strings"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"nianbao/internal/account"
	"nianbao/internal/web"
)

// SignInPage is the sign-in form.
type SignInPage struct {
	web.Page
	Summary  web.Summary
	Email    web.TextField
	Password web.TextField
	Return   string
}

// failedSignIn is said whatever was wrong, so that nobody learns which
// addresses have an account.
const failedSignIn = "邮箱或密码不正确。请核对后再试；连续输错 10 次，账户暂停登录 15 分钟"

func (p *Pages) signInForm(c echo.Context) error {
	back := web.SafeReturn(c.QueryParam("return"))
	if principal := web.Principal(c); !principal.IsZero() {
		return web.SeeOther(c, orHome(back, principal.Role))
	}
	page := p.signInPage(c, &web.Form{})
	page.Return = back
	if c.QueryParam("out") != "" {
		page.Flash = []web.Flash{{Text: "已退出。"}}
	}
	if c.QueryParam("accepted") != "" {
		page.Flash = []web.Flash{{Text: "已接受邀请。请用原来的密码登录。"}}
	}
	return p.app.Render(c, http.StatusOK, "account/sign-in", page)
}

func (p *Pages) signInPage(c echo.Context, form *web.Form) SignInPage {
	page := SignInPage{
		Page:     p.app.NewFormPage(c, "登录"),
		Email:    form.Field("email", "邮箱"),
		Password: form.Field(passwordName, "密码"),
		Return:   web.SafeReturn(form.Get("return")),
	}
	page.Email.Type, page.Email.Autocomplete, page.Email.Required = "email", "username", true
	asPassword(&page.Password, currentPass)
	if !form.OK() {
		page.Refused = true
		page.Summary = form.Summary("没有登录")
	}
	return page
}

func (p *Pages) signIn(c echo.Context) error {
	form, err := web.ReadForm(c)
	if err != nil {
		return err
	}
	email, password := strings.ToLower(strings.TrimSpace(form.Get("email"))), form.Get(passwordName)
	if email == "" {
		form.Refuse("email", "请填写邮箱")
	}
	if password == "" {
		form.Refuse(passwordName, "请填写密码")
	}
	if !form.OK() {
		return p.app.Render(c, form.Status(), "account/sign-in", p.signInPage(c, form))
	}
	// Not short-circuited: a try counts for both.
	allowedIP, allowedEmail := p.byIP.Allow(c.RealIP()), p.byEmail.Allow(email)
	if !allowedIP || !allowedEmail {
		return web.ErrRateLimited
	}
	signedIn, err := account.SignIn(c.Request().Context(), p.db, email, password)
	if errors.Is(err, account.ErrBadCredentials) {
		form.Refuse("email", failedSignIn)
		return p.app.Render(c, form.Status(), "account/sign-in", p.signInPage(c, form))
	}
	if err != nil {
		return err
	}
	return p.enter(c, signedIn, web.SafeReturn(form.Get("return")))
}

// enter is where every way in ends, once it is clear who it is: it starts the
// session and leads on, to where the person was going, to their home, or to the
// choice where they hold several roles. A second step belongs before it.
func (p *Pages) enter(c echo.Context, who account.SignedIn, back string) error {
	roles, err := account.Memberships(c.Request().Context(), p.db, who.PersonID)
	if err != nil {
		return err
	}
	if len(roles) == 0 {
		return errNoRole
	}
	key := account.SessionKey{PersonID: who.PersonID, MembershipID: roles[0].ID, Stamp: who.Stamp}
	if err := p.app.SignIn(c, key); err != nil {
		return err
	}
	if len(roles) > 1 {
		return web.SeeOther(c, choosePath)
	}
	return web.SeeOther(c, orHome(back, roles[0].Role))
}

var errNoRole = web.NewError(http.StatusForbidden, "no_role", "您的账户现在没有可用的身份，所以没有登录。请联系登记管理机关。")

func orHome(back string, role account.Role) string {
	if back != "" {
		return back
	}
	return web.HomeOf(role)
}

func (p *Pages) signOut(c echo.Context) error {
	if err := p.app.SignOut(c); err != nil {
		return err
	}
	return web.SeeOther(c, "/sign-in?out=1")
}

// ChoosePage lists what the person may act as.
type ChoosePage struct {
	web.Page
	Memberships []MembershipChoice
}

// MembershipChoice is one of them.
type MembershipChoice struct {
	ID       uuid.UUID
	Body     string
	RoleName string
	Current  bool
}

func (p *Pages) chooseForm(c echo.Context) error {
	key, ok := p.app.SessionKey(c)
	if !ok {
		return web.ErrNotFound
	}
	roles, err := account.Memberships(c.Request().Context(), p.db, key.PersonID)
	if err != nil {
		return err
	}
	page := ChoosePage{Page: p.app.NewPage(c, "选择身份")}
	for _, m := range roles {
		page.Memberships = append(page.Memberships, MembershipChoice{
			ID: m.ID, Body: m.Body, RoleName: m.Label(), Current: m.ID == key.MembershipID,
		})
	}
	return p.app.Render(c, http.StatusOK, "account/choose", page)
}

func (p *Pages) choose(c echo.Context) error {
	key, ok := p.app.SessionKey(c)
	if !ok {
		return web.ErrNotFound
	}
	form, err := web.ReadForm(c)
	if err != nil {
		return err
	}
	id, err := uuid.Parse(form.Get("membership"))
	if err != nil {
		return web.ErrNotFound
	}
	key.MembershipID = id
	principal, err := account.PrincipalOf(c.Request().Context(), p.db, key)
	if errors.Is(err, account.ErrNotFound) { // not this person's
		return web.ErrNotFound
	}
	if err != nil {
		return err
	}
	if err := p.app.SignIn(c, key); err != nil {
		return err
	}
	return web.SeeOther(c, web.HomeOf(principal.Role))
}

// asPassword makes a field one for a password, old or new, as browsers' own
// keepers of passwords understand it.
func asPassword(f *web.TextField, autocomplete string) {
	f.Type, f.Autocomplete, f.Required = passwordType, autocomplete, true
}
