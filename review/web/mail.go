package web

import (
	"errors"
	"net/http"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"nianbao/internal/account"
	"nianbao/internal/web"
	"nianbao/notify"
)

// MessagesPage lists what the desk was told: windows that end, documents that wait.
type MessagesPage struct {
	web.Page
	Rows  []MessageRow
	Pager Pager
}

// MessageRow is a message on the desk.
type MessageRow struct {
	Href, Subject, At string
	Unread            bool
}

// MessagePage is one message.
type MessagePage struct {
	web.Page
	Subject, At string
	Text        []string
}

// OutboxPage lists the mails and text messages that wait or have failed.
type OutboxPage struct {
	web.Page
	CanRetry   bool
	FailedOnly bool
	Rows       []OutboxRow
	Pager      Pager
}

// OutboxRow is a mail that has not gone out.
type OutboxRow struct {
	ID                      uuid.UUID
	Subject, Recipient, Org string
	At                      string
	State                   web.Tag
	Attempts                int
	Error                   string
	Failed                  bool
	// Text is the message itself, with its code or link, in a demonstration only: there nobody else gets it.
	Text []string
}

func (p *Pages) messages(c echo.Context) error {
	at, id, err := parseTimeCursor(c.QueryParam("cursor"))
	if err != nil {
		return err
	}
	list, err := notify.DeskOf(c.Request().Context(), p.DB, authority(c), web.Principal(c).ID,
		notify.Page{Before: at, BeforeID: id, Limit: pageSize + 1})
	if err != nil {
		return err
	}
	list, next := cut(list)
	page := MessagesPage{Page: p.App.NewPage(c, "消息"), Pager: pagerOf(c, next)}
	for i := range list {
		d := &list[i]
		page.Rows = append(page.Rows, MessageRow{
			Href: "/desk/messages/" + d.ID.String(), Subject: d.Subject, At: moment(d.CreatedAt), Unread: d.ReadAt == nil,
		})
	}
	return p.App.Render(c, http.StatusOK, "desk/messages", page)
}

// cut takes off the row that only tells that there is a next page, and gives that page's cursor.
func cut(list []notify.Delivery) (rows []notify.Delivery, next string) {
	if len(list) <= pageSize {
		return list, ""
	}
	list = list[:pageSize]
	last := &list[pageSize-1]
	return list, timeCursor(last.CreatedAt, last.ID)
}

func (p *Pages) message(c echo.Context) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	d, err := notify.OpenDeskMessage(c.Request().Context(), p.DB, authority(c), web.Principal(c).ID, id)
	if errors.Is(err, notify.ErrNotFound) {
		return web.ErrNotFound
	}
	if err != nil {
		return err
	}
	page := MessagePage{Page: p.App.NewPage(c, d.Subject), Subject: d.Subject, At: moment(d.CreatedAt), Text: paragraphs(d.Body)}
	page.Crumbs = []web.Crumb{{Text: "消息", Href: "/desk/messages"}, {Text: d.Subject}}
	return p.App.Render(c, http.StatusOK, "desk/message", page)
}

func (p *Pages) outbox(c echo.Context) error {
	ctx := c.Request().Context()
	at, id, err := parseTimeCursor(c.QueryParam("cursor"))
	if err != nil {
		return err
	}
	read, failedOnly := notify.Outbox, c.QueryParam("state") == "failed"
	if failedOnly {
		read = notify.FailedOf
	}
	list, err := read(ctx, p.DB, authority(c), notify.Page{Before: at, BeforeID: id, Limit: pageSize + 1})
	if err != nil {
		return err
	}
	list, next := cut(list)
	ids := make([]uuid.UUID, 0, len(list))
	for i := range list {
		if list[i].OrganisationID.Valid {
			ids = append(ids, list[i].OrganisationID.UUID)
		}
	}
	names, err := p.names(c, ids)
	if err != nil {
		return err
	}
	page := OutboxPage{Page: p.App.NewPage(c, "发件箱"), CanRetry: isRole(c, account.RoleAdmin), FailedOnly: failedOnly, Pager: pagerOf(c, next)}
	for i := range list {
		row := outboxRow(&list[i])
		row.Org = names[list[i].OrganisationID.UUID].Name
		if page.Demo {
			row.Text = paragraphs(list[i].Revealed())
		}
		page.Rows = append(page.Rows, row)
	}
	return p.App.Render(c, http.StatusOK, "desk/outbox", page)
}

func outboxRow(d *notify.Delivery) OutboxRow {
	row := OutboxRow{
		ID: d.ID, Subject: d.Subject, Recipient: d.Recipient, At: moment(d.CreatedAt), Attempts: d.Attempts, Error: d.LastError,
		State: web.Tag{Text: "等待发送", Tone: web.ToneNow},
	}
	if d.Channel == notify.ChannelSMS {
		row.Subject = "短信：" + row.Subject
	}
	if d.State == "failed" {
		row.Failed, row.State = true, web.Tag{Text: "没有送达", Tone: web.ToneError}
	}
	return row
}

// retry sends a failed mail once more.
func (p *Pages) retry(c echo.Context) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	err = notify.Retry(c.Request().Context(), p.DB, authority(c), id)
	if errors.Is(err, notify.ErrNotFound) {
		return web.ErrNotFound
	}
	if err != nil {
		return err
	}
	p.App.AddFlash(c, web.Flash{Text: "已重新排队，等待发送。"})
	return web.SeeOther(c, "/desk/outbox")
}
