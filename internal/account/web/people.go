package web

import (
	"errors"
	"net/http"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"nianbao/internal/account"
	"nianbao/internal/web"
	"nianbao/internal/workday"
)

// PeoplePage lists who acts for the organisation. A responsible person invites,
// changes roles and ends them; an editor reads.
type PeoplePage struct {
	web.Page
	Summary web.Summary
	Body    string
	May     bool
	Rows    []PersonRow
	Name    web.TextField
	Email   web.TextField
	Editor  bool // which of the two is chosen
	// WaitingTag marks who has not accepted yet.
	WaitingTag web.Tag
}

// PersonRow is one of the organisation's people.
type PersonRow struct {
	ID          uuid.UUID
	Name        string
	Email       string
	RoleName    string
	Since       string
	Responsible bool
	Waiting     bool
	Self        bool
}

// EndPage asks whether somebody shall act for the organisation no longer.
type EndPage struct {
	web.Page
	Name   string
	Self   bool
	Action string
}

func (p *Pages) people(c echo.Context) error {
	return p.renderPeople(c, &web.Form{Values: map[string][]string{"role": {"editor"}}})
}

func (p *Pages) renderPeople(c echo.Context, form *web.Form) error {
	who := web.Principal(c)
	list, err := account.Colleagues(c.Request().Context(), p.db, who.OrganisationID.UUID)
	if err != nil {
		return err
	}
	page := PeoplePage{Page: p.app.NewPage(c, peopleWord), Body: who.Body, May: mayManage(who), Editor: form.Get("role") != "responsible",
		Name: form.Field("name", "姓名"), Email: form.Field("email", "邮箱")}
	page.WaitingTag = web.Tag{Text: "待接受邀请", Tone: web.ToneWarn}
	page.Crumbs = []web.Crumb{{Text: accountWord, Href: accountPath}, {Text: peopleWord}}
	page.Name.Required, page.Name.Autocomplete = true, "off"
	page.Email.Required, page.Email.Autocomplete, page.Email.Type = true, "off", "email"
	for _, m := range list {
		page.Rows = append(page.Rows, personRow(m, who))
	}
	if !form.OK() {
		page.Refused, page.Summary = true, form.Summary("没有邀请")
	}
	return p.app.Render(c, form.Status(), "account/people", page)
}

func personRow(m account.Colleague, who account.Principal) PersonRow {
	row := PersonRow{ID: m.MembershipID, Name: m.Name, Email: m.Email, RoleName: account.Membership{Role: account.RoleFiler, Responsible: m.Responsible}.Label(),
		Since: web.DateFull(workday.DateOf(m.Since)), Responsible: m.Responsible, Waiting: m.Waiting, Self: m.MembershipID == who.MembershipID}
	if row.Name == "" {
		row.Name = row.Email
	}
	return row
}

// mayManage says what the page may offer; the domain decides.
func mayManage(who account.Principal) bool { return who.Kind == account.KindPerson && who.Responsible }

func (p *Pages) invite(c echo.Context) error {
	who := web.Principal(c)
	if !mayManage(who) {
		return web.ErrNotResponsible
	}
	form, err := web.ReadForm(c)
	if err != nil {
		return err
	}
	if _, err := account.ParseName(form.Get("name")); err != nil {
		form.Refuse("name", err.Error())
	}
	if _, err := account.ParseEmail(form.Get("email")); err != nil {
		form.Refuse("email", emailWords(form.Get("email"), err))
	}
	if role := form.Get("role"); role != "editor" && role != "responsible" {
		form.Refuse("role", "请选择分工")
	}
	if !form.OK() {
		return p.renderPeople(c, form)
	}
	if !p.letters.Allow(who.ID.String()) {
		return web.ErrRateLimited
	}
	err = p.accounts.InviteColleague(c.Request().Context(), account.NewColleague{Name: form.Get("name"), Email: form.Get("email"),
		Editor: form.Get("role") == "editor", By: who})
	if errors.Is(err, account.ErrNotResponsible) {
		return web.ErrNotResponsible
	}
	if err != nil {
		return err
	}
	p.app.AddFlash(c, web.Flash{Text: "邀请邮件已发出，链接七天内有效。"})
	return web.SeeOther(c, peoplePath)
}

func (p *Pages) changeRole(c echo.Context) error {
	_, change, err := p.colleague(c)
	if err != nil {
		return err
	}
	form, err := web.ReadForm(c)
	if err != nil {
		return err
	}
	responsible := form.Get("role") == "responsible"
	if !responsible && form.Get("role") != "editor" {
		return web.SeeOther(c, peoplePath)
	}
	err = account.SetResponsible(c.Request().Context(), p.db, change, responsible)
	return p.changed(c, err, "分工已改。")
}

func (p *Pages) endForm(c echo.Context) error {
	row, _, err := p.colleague(c)
	if err != nil {
		return err
	}
	page := EndPage{Page: p.app.NewPage(c, "停用"), Name: row.Name, Self: row.Self, Action: c.Request().URL.EscapedPath()}
	page.Crumbs = []web.Crumb{{Text: accountWord, Href: accountPath}, {Text: peopleWord, Href: peoplePath}, {Text: "停用"}}
	return p.app.Render(c, http.StatusOK, "account/end", page)
}

func (p *Pages) end(c echo.Context) error {
	_, change, err := p.colleague(c)
	if err != nil {
		return err
	}
	return p.changed(c, account.EndMembership(c.Request().Context(), p.db, change), "已停用。")
}

// colleague finds whom the path means among the organisation's people.
func (p *Pages) colleague(c echo.Context) (PersonRow, account.MembershipChange, error) {
	change := account.MembershipChange{By: web.Principal(c)}
	list, err := account.Colleagues(c.Request().Context(), p.db, change.By.OrganisationID.UUID)
	if err != nil {
		return PersonRow{}, change, err
	}
	for _, m := range list {
		if m.MembershipID.String() == c.Param("id") {
			change.MembershipID = m.MembershipID
			return personRow(m, change.By), change, nil
		}
	}
	return PersonRow{}, change, web.ErrNotFound
}

// changed answers a change: done, or why not.
func (p *Pages) changed(c echo.Context, err error, done string) error {
	switch {
	case errors.Is(err, account.ErrNotFound):
		return web.ErrNotFound
	case errors.Is(err, account.ErrNotResponsible):
		return web.ErrNotResponsible
	case errors.Is(err, account.ErrLastResponsible):
		p.app.AddFlash(c, web.Flash{Warning: true, Text: "没有改：本单位至少要有一名已启用的负责人。请先把另一人设为负责人。"})
	case err != nil:
		return err
	default:
		p.app.Authenticator().Forget()
		p.app.AddFlash(c, web.Flash{Text: done})
	}
	return web.SeeOther(c, peoplePath)
}
