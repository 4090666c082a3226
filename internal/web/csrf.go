package web

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"nianbao/internal/account"
)

// The form field and the header that carry the token.
const (
	csrfField  = "csrf_token"
	csrfHeader = "X-CSRF-Token"
)

// multipartMemory is how much of an upload is held in memory; the rest lies in
// temporary files.
const multipartMemory = 1 << 20

// csrfGuard checks unsafe requests that a browser may have been made to send.
// Two independent proofs: where the request comes from (Sec-Fetch-Site or
// Origin, by the standard library), and a token that only our pages contain.
//
// The token is an HMAC keyed by the session's cookie or, before a sign-in, by
// a visitor's cookie: nothing is stored, and it changes with the session. Each
// page masks it anew, so that compression tells nothing of it (BREACH).
type csrfGuard struct {
	origin  *http.CrossOriginProtection
	secure  bool
	session string
	visitor string
}

func newCSRFGuard(publicURL string, secure bool) (*csrfGuard, error) {
	u, err := url.Parse(publicURL)
	if err != nil {
		return nil, fmt.Errorf("public URL: %w", err)
	}
	origin := http.NewCrossOriginProtection()
	// Behind a proxy that changes Host, the page's origin is the public one.
	if err := origin.AddTrustedOrigin(u.Scheme + "://" + u.Host); err != nil {
		return nil, fmt.Errorf("public URL: %w", err)
	}
	return &csrfGuard{
		origin: origin, secure: secure,
		session: cookieName(sessionCookie, secure), visitor: cookieName(visitorCookie, secure),
	}, nil
}

// check refuses an unsafe request that does not prove to be from our page. A
// bearer call needs no proof: a browser does not send tokens by itself.
func (g *csrfGuard) check(c echo.Context, r *Route) error {
	req := c.Request()
	if safeMethod(req.Method) || r.NoCSRF || Principal(c).Kind == account.KindToken {
		return nil
	}
	if err := g.origin.Check(req); err != nil {
		return errCrossOrigin
	}
	secret := g.secret(c)
	if secret == "" {
		if r.IsAPI() && r.Access.IsAnyone() { // no cookie, so there is nothing to misuse
			return nil
		}
		return errFormExpired
	}
	sent, err := sentToken(req)
	if err != nil {
		return err
	}
	if !validToken(secret, sent) {
		return errFormExpired
	}
	return nil
}

func safeMethod(m string) bool {
	return slices.Contains([]string{http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace}, m)
}

// sentToken reads the header or, of a form, the body's field; never the query.
func sentToken(req *http.Request) (string, error) {
	if token := req.Header.Get(csrfHeader); token != "" {
		return token, nil
	}
	if err := parseForm(req); err != nil {
		return "", err
	}
	return req.PostForm.Get(csrfField), nil
}

// parseForm fills PostForm from the body of either kind of form.
func parseForm(req *http.Request) error {
	var err error
	if strings.HasPrefix(req.Header.Get(echo.HeaderContentType), echo.MIMEMultipartForm) {
		err = req.ParseMultipartForm(multipartMemory)
	} else {
		err = req.ParseForm()
	}
	if err != nil {
		return fmt.Errorf("%w: %w", errBadForm, err)
	}
	return nil
}

// secret is the cookie that the token hangs on, "" if there is none.
func (g *csrfGuard) secret(c echo.Context) string {
	for _, name := range []string{g.session, g.visitor} {
		if ended, _ := c.Get(keySessionEnded).(bool); ended && name == g.session {
			continue
		}
		if cookie, err := c.Cookie(name); err == nil && cookie.Value != "" {
			return cookie.Value
		}
	}
	return ""
}

// token is for a page that holds a form. A visitor without a session gets a
// cookie to hang it on.
func (g *csrfGuard) token(c echo.Context) string {
	secret := g.secret(c)
	if secret == "" {
		secret = rand.Text()
		cookie := &http.Cookie{
			Name: g.visitor, Value: secret, Path: "/",
			HttpOnly: true, Secure: g.secure, SameSite: http.SameSiteLaxMode,
		}
		c.SetCookie(cookie)
		c.Request().AddCookie(cookie) // so that a second token of this page agrees
	}
	return maskToken(secret)
}

func tokenMAC(secret string) []byte {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte("nianbao csrf 1"))
	return mac.Sum(nil)
}

func maskToken(secret string) string {
	mac := tokenMAC(secret)
	out := make([]byte, 2*len(mac))
	_, _ = rand.Read(out[:len(mac)]) // crypto/rand never fails
	subtle.XORBytes(out[len(mac):], out[:len(mac)], mac)
	return base64.RawURLEncoding.EncodeToString(out)
}

func validToken(secret, sent string) bool {
	raw, err := base64.RawURLEncoding.DecodeString(sent)
	mac := tokenMAC(secret)
	if err != nil || len(raw) != 2*len(mac) {
		return false
	}
	subtle.XORBytes(raw[len(mac):], raw[len(mac):], raw[:len(mac)])
	return hmac.Equal(raw[len(mac):], mac)
}
