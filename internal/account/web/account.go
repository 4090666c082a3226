package web

import (
	"net/http"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"nianbao/internal/account"
	"nianbao/internal/web"
	"nianbao/internal/workday"
)

// AccountPage is a person's own account, and where it is signed in.
type AccountPage struct {
	web.Page
	Name       string
	Email      string
	Unverified bool
	NewEmail   string
	Roles      []string
	People     bool // the organisation's people have a page
	Several    bool // another role can be chosen
	Sessions   []SessionRow
	ThisDevice web.Tag
	Others     bool // there are sessions besides this one
}

// SessionRow is one place where the person is signed in.
type SessionRow struct {
	ID      uuid.UUID
	Device  string
	Address string
	Begun   string
	Seen    string // "" where it was not used since
	Current bool
}

// own is who is signed in by a browser; a program's token has no account.
func (p *Pages) own(c echo.Context) (account.SessionKey, error) {
	key, ok := p.app.SessionKey(c)
	if !ok {
		return key, web.ErrNotFound
	}
	return key, nil
}

func (p *Pages) account(c echo.Context) error {
	key, err := p.own(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	profile, err := account.ProfileOf(ctx, p.db, key.PersonID)
	if err != nil {
		return err
	}
	roles, err := account.Memberships(ctx, p.db, key.PersonID)
	if err != nil {
		return err
	}
	sessions, err := account.Sessions(ctx, p.db, key.PersonID)
	if err != nil {
		return err
	}
	page := AccountPage{Page: p.app.NewPage(c, accountWord), Name: profile.Name, Email: profile.Email, Unverified: profile.Unverified,
		NewEmail: profile.NewEmail, People: web.Principal(c).Role == account.RoleFiler, Several: len(roles) > 1,
		ThisDevice: web.Tag{Text: "这台设备", Tone: web.ToneNow}}
	for _, m := range roles {
		page.Roles = append(page.Roles, m.Body+"："+m.Label())
	}
	current := p.app.SessionID(c)
	for _, s := range sessions {
		row := SessionRow{ID: s.ID, Device: account.Device(s.UserAgent), Address: s.Address, Begun: moment(s.CreatedAt),
			Current: s.ID == current}
		if seen := moment(s.SeenAt); seen != row.Begun {
			row.Seen = seen
		}
		page.Others = page.Others || !row.Current
		page.Sessions = append(page.Sessions, row)
	}
	return p.app.Render(c, http.StatusOK, "account/account", page)
}

// moment writes a time of the wall clock, to the minute.
func moment(t time.Time) string { return t.In(workday.Shanghai).Format("2006年1月2日 15:04") }

// endSessions ends one session, or all but this one.
func (p *Pages) endSessions(c echo.Context) error {
	key, err := p.own(c)
	if err != nil {
		return err
	}
	form, err := web.ReadForm(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	if form.Get("session") == "others" {
		if err := account.EndOtherSessions(ctx, p.db, key.PersonID, p.app.SessionID(c)); err != nil {
			return err
		}
		p.app.AddFlash(c, web.Flash{Text: "其他设备上的登录已全部退出。"})
		return web.SeeOther(c, accountPath)
	}
	id, err := uuid.Parse(form.Get("session"))
	if err != nil {
		return web.SeeOther(c, accountPath)
	}
	if id == p.app.SessionID(c) {
		return p.signOut(c)
	}
	if err := account.EndSession(ctx, p.db, key.PersonID, id); err != nil {
		return err
	}
	p.app.AddFlash(c, web.Flash{Text: "这台设备上的登录已退出。"})
	return web.SeeOther(c, accountPath)
}
