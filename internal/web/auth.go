package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"nianbao/internal/account"
	"nianbao/internal/postgres"
)

// How long a browser session lasts: a working day at most, two hours unused.
const (
	sessionLifetime = 12 * time.Hour
	sessionIdle     = account.SessionIdle
	// seenEvery spares the write that noting each request would cost.
	seenEvery = 10 * time.Minute
	// saveTimeout bounds the write of a session.
	saveTimeout = 3 * time.Second
)

// Keys inside a session.
const (
	sessionWho   = "who"
	sessionSeen  = "seen"
	sessionFlash = "flash"
	sessionID    = "id"
)

// Cookie names. Over https they carry the __Host- prefix, which keeps other
// hosts of the same domain from setting them.
const (
	sessionCookie = "nianbao_session"
	visitorCookie = "nianbao_visitor"
	hostPrefix    = "__Host-"
)

func cookieName(name string, secure bool) string {
	if secure {
		return hostPrefix + name
	}
	return name
}

func newSessions(db *postgres.DB, secure bool) *scs.SessionManager {
	sm := scs.New()
	sm.Store = account.SessionStore{DB: db}
	sm.Lifetime = sessionLifetime
	sm.HashTokenInStore = true
	sm.Cookie.Name = cookieName(sessionCookie, secure)
	sm.Cookie.HttpOnly, sm.Cookie.Secure = true, secure
	sm.Cookie.SameSite = http.SameSiteLaxMode
	sm.Cookie.Persist = false
	return sm
}

// Principal is who makes the request, the zero Principal if nobody is known.
func Principal(c echo.Context) account.Principal {
	p, _ := c.Get(keyPrincipal).(account.Principal)
	return p
}

// authenticate finds out who it is. A bearer token decides alone: where one is
// sent, no cookie counts. A bad one is 401 even where nobody need be known.
func (a *App) authenticate(c echo.Context, r *Route) error {
	scheme, token, _ := strings.Cut(c.Request().Header.Get(echo.HeaderAuthorization), " ")
	if strings.EqualFold(scheme, "Bearer") { // another scheme is for a proxy in front
		return a.authenticateBearer(c, strings.TrimSpace(token))
	}
	if strings.HasPrefix(r.Path, staticPrefix) {
		return nil
	}
	return a.authenticateSession(c)
}

func (a *App) authenticateBearer(c echo.Context, token string) error {
	p, err := a.auth.Token(c.Request().Context(), token)
	if errors.Is(err, account.ErrBadToken) {
		return errUnauthorised
	}
	if err != nil {
		return err
	}
	c.Set(keyPrincipal, p)
	return a.tokenLimit(p)
}

// authenticateSession loads the browser's session, if it has one, and has it
// saved before the answer's head is written.
func (a *App) authenticateSession(c echo.Context) error {
	token := ""
	if cookie, err := c.Cookie(a.sessions.Cookie.Name); err == nil {
		token = cookie.Value
	}
	ctx, err := a.sessions.Load(c.Request().Context(), token)
	if err != nil {
		return fmt.Errorf("load session: %w", err)
	}
	c.SetRequest(c.Request().WithContext(ctx))
	c.Set(keySession, true)
	c.Response().Before(func() { a.saveSession(c) })

	who, ok := a.sessionKey(c)
	if !ok {
		return nil
	}
	p, err := a.auth.Session(ctx, who)
	if errors.Is(err, account.ErrNotFound) { // disabled, or the password was changed
		return a.endSession(c)
	}
	if err != nil {
		return err
	}
	c.Set(keyPrincipal, p)
	return nil
}

// endSession removes the session on the server and, with the answer, its
// cookie; a form on this very page no longer hangs on that cookie.
func (a *App) endSession(c echo.Context) error {
	c.Set(keySessionEnded, true)
	if err := a.sessions.Destroy(c.Request().Context()); err != nil {
		return fmt.Errorf("end session: %w", err)
	}
	return nil
}

// sessionKey reads who signed in, unless the session has been idle too long.
func (a *App) sessionKey(c echo.Context) (account.SessionKey, bool) {
	ctx := c.Request().Context()
	raw := a.sessions.GetBytes(ctx, sessionWho)
	if raw == nil {
		return account.SessionKey{}, false
	}
	var key account.SessionKey
	now := a.cfg.Wall()
	idle := now.Sub(time.Unix(a.sessions.GetInt64(ctx, sessionSeen), 0))
	if err := json.Unmarshal(raw, &key); err != nil || idle > sessionIdle {
		if err := a.endSession(c); err != nil {
			a.cfg.Log.Error("end idle session", "request_id", RequestID(c), "error", err)
		}
		return account.SessionKey{}, false
	}
	if idle > seenEvery {
		a.sessions.Put(ctx, sessionSeen, now.Unix())
	}
	return key, true
}

// saveSession runs once, just before the head of the answer goes out.
func (a *App) saveSession(c echo.Context) {
	// Also when the handler ran out of time, and its answer is the error page.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.Request().Context()), saveTimeout)
	defer cancel()
	switch a.sessions.Status(ctx) {
	case scs.Modified:
		token, expiry, err := a.sessions.Commit(ctx)
		if err != nil {
			a.cfg.Log.Error("save session", "request_id", RequestID(c), "error", err)
			return
		}
		a.sessions.WriteSessionCookie(ctx, c.Response(), token, expiry)
		c.Response().Header().Set("Cache-Control", "no-store") // scs weakens it
	case scs.Destroyed:
		a.sessions.WriteSessionCookie(ctx, c.Response(), "", time.Time{})
		c.Response().Header().Set("Cache-Control", "no-store")
	case scs.Unmodified:
	}
}

// hasSession says that this request runs on a session rather than a token;
// scs panics where there is none.
func hasSession(c echo.Context) bool {
	has, _ := c.Get(keySession).(bool)
	return has
}

// errNoSession answers a program with a token that calls what is for browsers.
var errNoSession = NewError(http.StatusBadRequest, "no_session", "这一项只供浏览器登录使用，不接受访问令牌。")

// SignIn starts a session for key under a new token, so that a token planted
// before is worth nothing after (session fixation). An error means that nobody
// is signed in.
func (a *App) SignIn(c echo.Context, key account.SessionKey) error {
	if !hasSession(c) {
		return errNoSession
	}
	ctx := c.Request().Context()
	raw, err := json.Marshal(key)
	if err != nil {
		return fmt.Errorf("sign in: %w", err)
	}
	if err := a.sessions.RenewToken(ctx); err != nil {
		return fmt.Errorf("sign in: %w", err)
	}
	a.sessions.Put(ctx, sessionWho, raw)
	a.sessions.Put(ctx, sessionSeen, a.cfg.Wall().Unix())
	origin := account.SessionOrigin{ID: uuid.New(), PersonID: key.PersonID, UserAgent: c.Request().UserAgent(), Address: c.RealIP()}
	a.sessions.Put(ctx, sessionID, origin.ID.String())
	if _, _, err := a.sessions.Commit(account.WithSessionOrigin(ctx, origin)); err != nil {
		return fmt.Errorf("sign in: %w", err)
	}
	return nil
}

// SessionID is the id of this very session in account.Sessions; the zero id
// where there is none.
func (a *App) SessionID(c echo.Context) uuid.UUID {
	if !hasSession(c) {
		return uuid.Nil
	}
	id, err := uuid.Parse(a.sessions.GetString(c.Request().Context(), sessionID))
	if err != nil {
		return uuid.Nil
	}
	return id
}

// SessionKey says who signed in here; false for a token or nobody.
func (a *App) SessionKey(c echo.Context) (account.SessionKey, bool) {
	var key account.SessionKey
	if Principal(c).Kind != account.KindPerson {
		return key, false
	}
	err := json.Unmarshal(a.sessions.GetBytes(c.Request().Context(), sessionWho), &key)
	return key, err == nil
}

// SignOut ends the session on the server, so that a copied cookie ends too.
func (a *App) SignOut(c echo.Context) error {
	if !hasSession(c) {
		return errNoSession
	}
	if err := a.endSession(c); err != nil {
		return fmt.Errorf("sign out: %w", err)
	}
	c.Set(keyPrincipal, account.Principal{})
	return nil
}

// errSignInFirst is the refusal of a page to somebody who may get in by signing
// in. It is an error, and not an answer given here, so that no caller can go on
// to the page.
var errSignInFirst = errors.New("sign in first")

// authorise applies the route's rule; nil lets the request in. A page asked for
// by nobody is errSignInFirst, everything else is refused.
func (a *App) authorise(c echo.Context, r *Route) error {
	p := Principal(c)
	if r.Access.Allows(p) {
		if r.Access.lacks(p) {
			return errScope(r.Access.Right())
		}
		return nil
	}
	if !p.IsZero() {
		return errForbidden
	}
	req := c.Request()
	if r.IsAPI() || !safeMethod(req.Method) || req.Header.Get("HX-Request") != "" {
		return errUnauthorised
	}
	return errSignInFirst
}

// toSignIn leads to the sign-in and back.
func toSignIn(c echo.Context) error {
	return SeeOther(c, signInPath+"?return="+url.QueryEscape(c.Request().URL.RequestURI()))
}

// errScope tells a token's user which right is missing.
func errScope(r account.Right) error {
	if r == "" {
		return NewError(http.StatusForbidden, "scope", "这一项只供人登录办理，不接受本单位自建的访问令牌。")
	}
	return NewError(http.StatusForbidden, "scope", "访问令牌没有这一项需要的权限："+string(r)+"（"+r.Label()+"）。请由本单位的负责人在“账户—软件接入”中新建有这一权限的令牌。")
}

const signInPath = "/sign-in"

// SafeReturn is where to go after signing in: a path of ours, or "" for
// anything that would leave the site.
func SafeReturn(target string) string {
	u, err := url.Parse(target)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil ||
		!strings.HasPrefix(target, "/") || strings.HasPrefix(target, "//") || strings.ContainsAny(target, "\\\r\n\t") ||
		strings.HasPrefix(u.Path, "//") || isAPIPath(u.Path) || u.Path == signInPath {
		return ""
	}
	return u.RequestURI()
}
