// Package web owns the pages of the account: sign-in and sign-out, getting in
// by the register's code, setting a password by a one-time link, asking for
// such a link, choosing under which role to act, one's own account with the
// places where one is signed in, the people of an organisation, and its tokens
// for programs.
//
// It does not check passwords, keep sessions or send mail: internal/account,
// internal/web and notify do. Invariants: every answer to a failed sign-in, to
// asking for a code or a link, and to a code that does not open, is the same
// page with the same words, whoever it is about; every way in ends in enter.
package web

import (
	"net/http"
	"time"

	"nianbao/internal/account"
	"nianbao/internal/postgres"
	"nianbao/internal/web"
)

// Limits on tries, besides the account's own lock: for one network address,
// which may be a whole office, and for one mail address, known or not.
const (
	ipBurst    = 30
	ipEvery    = 10 * time.Second
	emailBurst = 10
	emailEvery = 90 * time.Second
	maxKeys    = 20_000
)

// Limits on letters: what one network address may cause (an agent may open the
// accounts of some dozen organisations), and one signed-in person.
const (
	askBurst    = 20
	askEvery    = 3 * time.Minute
	letterBurst = 20
	letterEvery = 10 * time.Minute
)

// Config is what the pages work with; all of it is required.
type Config struct {
	App      *web.App
	DB       *postgres.DB
	Accounts *account.Service
	// Wall is the clock by which tries are limited.
	Wall func() time.Time
}

// Pages are the account's handlers.
type Pages struct {
	app      *web.App
	db       *postgres.DB
	accounts *account.Service
	byIP     *web.Limiter
	byEmail  *web.Limiter
	asking   *web.Limiter // for codes and links, by network address
	letters  *web.Limiter // by person
}

// New makes the pages.
func New(c Config) *Pages {
	return &Pages{
		app: c.App, db: c.DB, accounts: c.Accounts,
		byIP:    web.NewLimiter(ipBurst, ipEvery, maxKeys, c.Wall),
		byEmail: web.NewLimiter(emailBurst, emailEvery, maxKeys, c.Wall),
		asking:  web.NewLimiter(askBurst, askEvery, maxKeys, c.Wall),
		letters: web.NewLimiter(letterBurst, letterEvery, maxKeys, c.Wall),
	}
}

// Paths of the pages that lead to each other.
const (
	signInPath     = "/sign-in"
	registerPath   = "/sign-in/activate"
	codePath       = "/sign-in/activate/code"
	resetPath      = "/sign-in/reset"
	accountPath    = "/account"
	peoplePath     = "/account/people"
	tokensPath     = "/account/tokens"
	choosePath     = "/account/choose"
	smallForm      = 16 << 10 // enough for names, addresses and passwords
	accountWord    = "账户"
	peopleWord     = "本单位人员"
	tokensWord     = "软件接入"
	newPassword    = "new-password"
	currentPass    = "current-password"
	passwordType   = "password"
	passwordName   = "password"
	repeatName     = "repeat"
	differentWords = "两次输入的密码不一样，请重新输入"
)

// Routes are the pages' lines of the route table.
func (p *Pages) Routes() []web.Route {
	anyone, person, filer := web.Anyone(), web.SignedIn(), web.Roles(account.RoleFiler)
	routes := []web.Route{
		{Method: http.MethodGet, Path: signInPath, Access: anyone, Handler: p.signInForm},
		{Method: http.MethodPost, Path: signInPath, Access: anyone, Handler: p.signIn},
		{Method: http.MethodPost, Path: "/sign-out", Access: person, Handler: p.signOut},
		{Method: http.MethodGet, Path: registerPath, Access: anyone, Handler: p.registerForm},
		{Method: http.MethodPost, Path: registerPath, Access: anyone, Handler: p.register},
		{Method: http.MethodGet, Path: codePath, Access: anyone, Handler: p.codeForm},
		{Method: http.MethodPost, Path: codePath, Access: anyone, Handler: p.code},
		{Method: http.MethodGet, Path: resetPath, Access: anyone, Handler: p.resetForm},
		{Method: http.MethodPost, Path: resetPath, Access: anyone, Handler: p.reset},
		{Method: http.MethodGet, Path: "/activate/:link", Access: anyone, Handler: p.activateForm},
		{Method: http.MethodPost, Path: "/activate/:link", Access: anyone, Handler: p.activate},
		{Method: http.MethodGet, Path: choosePath, Access: person, Handler: p.chooseForm},
		{Method: http.MethodPost, Path: choosePath, Access: person, Handler: p.choose},
		{Method: http.MethodGet, Path: accountPath, Access: person, Handler: p.account},
		{Method: http.MethodPost, Path: "/account/sessions/end", Access: person, Handler: p.endSessions},
		{Method: http.MethodGet, Path: "/account/name", Access: person, Handler: p.nameForm},
		{Method: http.MethodPost, Path: "/account/name", Access: person, Handler: p.name},
		{Method: http.MethodGet, Path: "/account/email", Access: person, Handler: p.emailForm},
		{Method: http.MethodPost, Path: "/account/email", Access: person, Handler: p.email},
		{Method: http.MethodGet, Path: "/account/email/:link", Access: person, Handler: p.confirmForm},
		{Method: http.MethodPost, Path: "/account/email/:link", Access: person, Handler: p.confirm},
		{Method: http.MethodGet, Path: "/account/password", Access: person, Handler: p.passwordForm},
		{Method: http.MethodPost, Path: "/account/password", Access: person, Handler: p.password},
		{Method: http.MethodGet, Path: peoplePath, Access: filer, Handler: p.people},
		{Method: http.MethodPost, Path: peoplePath, Access: filer, Handler: p.invite},
		{Method: http.MethodPost, Path: peoplePath + "/:id/role", Access: filer, Handler: p.changeRole},
		{Method: http.MethodGet, Path: peoplePath + "/:id/end", Access: filer, Handler: p.endForm},
		{Method: http.MethodPost, Path: peoplePath + "/:id/end", Access: filer, Handler: p.end},
		{Method: http.MethodGet, Path: tokensPath, Access: filer, Handler: p.tokens},
		{Method: http.MethodPost, Path: tokensPath, Access: filer, Handler: p.makeToken},
		{Method: http.MethodGet, Path: tokensPath + "/:id/end", Access: filer, Handler: p.endTokenForm},
		{Method: http.MethodPost, Path: tokensPath + "/:id/end", Access: filer, Handler: p.endToken},
	}
	for i := range routes {
		if routes[i].Method == http.MethodPost {
			routes[i].MaxBody = smallForm
		}
	}
	return routes
}
