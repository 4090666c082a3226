package web

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"nianbao/internal/account"
	"nianbao/internal/web"
	"nianbao/internal/workday"
)

// TokensPage lists the tokens of an organisation for its programs. A
// responsible person makes and ends them; an editor reads.
type TokensPage struct {
	web.Page
	Summary web.Summary
	Body    string
	May     bool
	Made    *MadeToken // just now; shown this once
	Rows    []TokenRow
	Name    web.TextField
	Days    web.TextField
	Rights  []RightChoice
}

// MadeToken is a new token. Its text is nowhere but on this one page.
type MadeToken struct{ Name, Plaintext, Rights, Until string }

// TokenRow is one token, as it stands.
type TokenRow struct {
	ID                                   uuid.UUID
	Name, Rights, By, Since, Until, Used string
	Holds                                bool
	State                                web.Tag
}

// RightChoice is a right that a token may be given besides reading.
type RightChoice struct {
	Value, Label, Text string
	Chosen             bool
}

// EndTokenPage asks whether a token shall hold no longer.
type EndTokenPage struct {
	web.Page
	Name, Rights, Used string
	Action             string
}

// rightTexts says what a right is for.
var rightTexts = map[account.Right]string{
	account.RightDraft:    "写入草稿和附件，校验",
	account.RightSubmit:   "报送年度报告，撤回报送。报送即代表本单位正式提交",
	account.RightRequests: "申请延期、豁免，在名录事项中陈述、申请移出",
}

// soonDays is from when on a token's end is marked.
const soonDays = 30

// defaultTokenDays is what the form proposes.
const defaultTokenDays = "180"

func (p *Pages) tokens(c echo.Context) error {
	form := &web.Form{Values: map[string][]string{"days": {defaultTokenDays}, "rights": {string(account.RightDraft)}}}
	return p.renderTokens(c, form, nil)
}

func (p *Pages) renderTokens(c echo.Context, form *web.Form, made *MadeToken) error {
	who := web.Principal(c)
	list, err := account.TokensOf(c.Request().Context(), p.db, who.OrganisationID.UUID)
	if err != nil {
		return err
	}
	page := TokensPage{Page: p.app.NewPage(c, tokensWord), Body: who.Body, May: mayManage(who), Made: made,
		Name: form.Field("name", "名称"), Days: form.Field("days", "有效天数")}
	page.Crumbs = []web.Crumb{{Text: accountWord, Href: accountPath}, {Text: tokensWord}}
	page.Name.Required, page.Name.Autocomplete, page.Name.Hint = true, "off", "写软件的名字，或谁在用"
	page.Days.Required, page.Days.Autocomplete, page.Days.Hint = true, "off", fmt.Sprintf("1 至 %d 天，到期自动失效", account.MaxOwnTokenDays)
	for _, t := range list {
		page.Rows = append(page.Rows, tokenRow(t, p.db.Now()))
	}
	for _, r := range account.AllRights()[1:] {
		page.Rights = append(page.Rights, RightChoice{Value: string(r), Label: r.Label(), Text: rightTexts[r],
			Chosen: slices.Contains(form.Values["rights"], string(r))})
	}
	if !form.OK() {
		page.Refused, page.Summary = true, form.Summary("没有新建")
	}
	return p.app.Render(c, form.Status(), "account/tokens", page)
}

func tokenRow(t account.OwnToken, now time.Time) TokenRow {
	row := TokenRow{ID: t.ID, Name: t.Name, Rights: t.Rights.Label(), By: t.By, Holds: t.Holds(now),
		Since: web.DateFull(workday.DateOf(t.CreatedAt)), Until: web.DateFull(workday.DateOf(t.ExpiresAt)), Used: "没有用过"}
	if row.By == "" {
		row.By = "登记管理机关"
	}
	if !t.LastUsedAt.IsZero() {
		row.Used = moment(t.LastUsedAt)
	}
	switch {
	case !t.RevokedAt.IsZero():
		row.State = web.Tag{Text: "已作废"}
	case !row.Holds:
		row.State = web.Tag{Text: "已到期"}
	case now.AddDate(0, 0, soonDays).After(t.ExpiresAt):
		row.State = web.Tag{Text: "快到期", Tone: web.ToneWarn}
	default:
		row.State = web.Tag{Text: "有效", Tone: web.ToneNow}
	}
	return row
}

func (p *Pages) makeToken(c echo.Context) error {
	who := web.Principal(c)
	if !mayManage(who) {
		return web.ErrNotResponsible
	}
	form, err := web.ReadForm(c)
	if err != nil {
		return err
	}
	n := account.NewOwnToken{Name: form.Get("name"), By: who}
	if _, err := account.ParseTokenName(n.Name); err != nil {
		form.Refuse("name", err.Error())
	}
	n.Days, err = strconv.Atoi(strings.TrimSpace(form.Get("days")))
	if err != nil || n.Days < 1 || n.Days > account.MaxOwnTokenDays {
		form.Refuse("days", fmt.Sprintf("请填写 1 至 %d 的整数", account.MaxOwnTokenDays))
	}
	for _, word := range form.Values["rights"] {
		if right := account.Right(word); right.Valid() {
			n.Rights = append(n.Rights, right)
		}
	}
	if !form.OK() {
		return p.renderTokens(c, form, nil)
	}
	if !p.letters.Allow(who.ID.String()) { // each is told to everybody responsible
		return web.ErrRateLimited
	}
	token, err := p.accounts.MakeToken(c.Request().Context(), n)
	switch {
	case errors.Is(err, account.ErrNotResponsible):
		return web.ErrNotResponsible
	case errors.Is(err, account.ErrTooManyTokens):
		form.Refuse("name", fmt.Sprintf("本单位已有 %d 个有效的令牌，请先作废不用的", account.MaxOwnTokens))
		return p.renderTokens(c, form, nil)
	case err != nil:
		return err
	}
	// Shown in this very answer: a redirect would have to keep the text somewhere.
	rights, err := account.NewRights(n.Rights...)
	if err != nil {
		return err
	}
	made := &MadeToken{Name: strings.TrimSpace(n.Name), Plaintext: token.Plaintext, Rights: rights.Label(),
		Until: web.DateFull(workday.DateOf(token.ExpiresAt))}
	return p.renderTokens(c, &web.Form{Values: map[string][]string{"days": {defaultTokenDays}}}, made)
}

func (p *Pages) endTokenForm(c echo.Context) error {
	list, err := account.TokensOf(c.Request().Context(), p.db, web.Principal(c).OrganisationID.UUID)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(list, func(t account.OwnToken) bool { return t.ID.String() == c.Param("id") && t.Holds(p.db.Now()) })
	if i < 0 {
		return web.ErrNotFound
	}
	row := tokenRow(list[i], p.db.Now())
	page := EndTokenPage{Page: p.app.NewPage(c, "作废令牌"), Name: row.Name, Rights: row.Rights, Used: row.Used, Action: c.Request().URL.EscapedPath()}
	page.Crumbs = []web.Crumb{{Text: accountWord, Href: accountPath}, {Text: tokensWord, Href: tokensPath}, {Text: "作废令牌"}}
	return p.app.Render(c, http.StatusOK, "account/end-token", page)
}

func (p *Pages) endToken(c echo.Context) error {
	id, err := uuid.Parse(c.Param("id"))
	if err != nil {
		return web.ErrNotFound
	}
	err = account.RevokeOwnToken(c.Request().Context(), p.db, id, web.Principal(c))
	switch {
	case errors.Is(err, account.ErrNotFound):
		return web.ErrNotFound
	case errors.Is(err, account.ErrNotResponsible):
		return web.ErrNotResponsible
	case err != nil:
		return err
	}
	p.app.Authenticator().Forget()
	p.app.AddFlash(c, web.Flash{Text: "令牌已作废，用它的软件马上不能再接入。"})
	return web.SeeOther(c, tokensPath)
}
