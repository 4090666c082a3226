package web

import (
	"errors"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"nianbao/internal/document"
	"nianbao/internal/web"
	"nianbao/notify"
)

// MessagesPage lists the organisation's messages, the newest first.
type MessagesPage struct {
	web.Page
	Heading  string
	Messages []MessageLine
	Pager    web.Pager
	Empty    web.Empty
}

// MessageLine is a message in a list.
type MessageLine struct {
	Href, Subject, When string
	Unread              bool
}

func messageLine(d notify.Delivery) MessageLine {
	return MessageLine{Href: messagesPath + "/" + d.ID.String(), Subject: d.Subject, When: stampShort(d.CreatedAt), Unread: d.ReadAt == nil}
}

func (p *Pages) messages(c echo.Context) error {
	id, err := organisation(c)
	if err != nil {
		return err
	}
	at, last, err := readCursor(c)
	if err != nil {
		return err
	}
	list, err := notify.InboxOf(requestContext(c), p.db, id, notify.Page{Before: at, BeforeID: last, Limit: perPage + 1})
	if err != nil {
		return err
	}
	page := MessagesPage{Heading: "消息", Empty: web.Empty{Text: "期限提醒、回执、退回和结论的通知会列在这里。现在还没有。"}}
	if len(list) > perPage {
		list = list[:perPage]
		end := list[perPage-1]
		page.Pager.Next = messagesPath + "?" + cursorQuery(end.CreatedAt, end.ID)
	}
	if !at.IsZero() {
		page.Pager.Prev = messagesPath
		page.Empty = web.Empty{Text: "没有更早的消息了。", Href: messagesPath, Link: "回到最新"}
	}
	for _, d := range list {
		page.Messages = append(page.Messages, messageLine(d))
	}
	if page.Page, err = p.page(c, "消息"); err != nil {
		return err
	}
	return p.app.Render(c, http.StatusOK, "filer/messages", page)
}

// MessagePage is one message; opening it marks it as read.
type MessagePage struct {
	web.Page
	Heading    string
	When       string
	Paragraphs []string
	Document   *DocumentLine
	Pending    string
}

func (p *Pages) message(c echo.Context) error {
	owner, err := organisation(c)
	if err != nil {
		return err
	}
	id, err := parseID(c)
	if err != nil {
		return err
	}
	d, err := notify.OpenMessage(requestContext(c), p.db, owner, id)
	if errors.Is(err, notify.ErrNotFound) {
		return web.ErrNotFound
	}
	if err != nil {
		return err
	}
	page := MessagePage{Heading: d.Subject, When: stampShort(d.CreatedAt), Paragraphs: paragraphs(d.Body)}
	if d.DocumentID.Valid {
		file, err := document.ByID(requestContext(c), p.db, d.DocumentID.UUID)
		switch {
		case errors.Is(err, document.ErrNotFound):
			page.Pending = "文书正在制作，通常几秒钟就好，刷新本页即可下载。"
		case err != nil:
			return err
		case file.OrganisationID == owner:
			line := documentLine(file)
			page.Document = &line
		}
	}
	if page.Page, err = p.page(c, d.Subject, web.Crumb{Text: "消息", Href: messagesPath}); err != nil {
		return err
	}
	return p.app.Render(c, http.StatusOK, "filer/message", page)
}

// paragraphs splits a message at its blank lines.
func paragraphs(text string) []string {
	var list []string
	for _, part := range strings.Split(text, "\n\n") {
		if part = strings.TrimSpace(part); part != "" {
			list = append(list, part)
		}
	}
	return list
}
