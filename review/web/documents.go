package web

import (
	"errors"
	"fmt"
	"mime"
	"net/http"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"nianbao/internal/document"
	"nianbao/internal/registry"
	"nianbao/internal/web"
	"nianbao/internal/workday"
)

// DocumentsPage lists what the authority issued, the newest first.
type DocumentsPage struct {
	web.Page
	Held  int
	Rows  []IssuedRow
	Pager Pager
}

// IssuedRow is an issued document with its addressee.
type IssuedRow struct {
	DocumentRow
	Organisation string
	IssuedOn     workday.Date
	Code         string
	Standing     web.Tag
}

// HeldPage lists the documents that wait for a person.
type HeldPage struct {
	web.Page
	Rows []HeldRow
}

// HeldRow is an order that could not be made into a document.
type HeldRow struct {
	Title, Number, Organisation, Reason string
	OrderedAt                           time.Time
}

// heldLimit: more held documents than this are one and the same trouble.
const heldLimit = 200

func (p *Pages) documents(c echo.Context) error {
	ctx := c.Request().Context()
	from, err := parseDocumentCursor(c.QueryParam("cursor"))
	if err != nil {
		return err
	}
	list, err := document.ListForAuthority(ctx, p.DB, authority(c), from, pageSize+1)
	if err != nil {
		return err
	}
	next := ""
	if len(list) > pageSize {
		list = list[:pageSize]
		next = documentCursor(document.After(list[pageSize-1]))
	}
	names, err := p.names(c, documentOwners(list))
	if err != nil {
		return err
	}
	held, err := document.HeldOrders(ctx, p.DB, authority(c), heldLimit)
	if err != nil {
		return err
	}
	page := DocumentsPage{Page: p.App.NewPage(c, "文书"), Held: len(held), Pager: pagerOf(c, next)}
	for i := range list {
		d := &list[i]
		row := IssuedRow{
			DocumentRow: documentRow(d), Organisation: names[d.OrganisationID].Name, IssuedOn: d.IssuedOn, Code: d.VerifyCode,
		}
		if d.Standing != document.InForce {
			row.Standing = web.Tag{Text: d.Standing.ChineseFor(d.Kind), Tone: web.ToneWarn}
		}
		page.Rows = append(page.Rows, row)
	}
	return p.App.Render(c, http.StatusOK, "desk/documents", page)
}

func documentOwners(list []document.Document) []uuid.UUID {
	ids := make([]uuid.UUID, len(list))
	for i := range list {
		ids[i] = list[i].OrganisationID
	}
	return ids
}

// names reads the organisations of a list at once.
func (p *Pages) names(c echo.Context, ids []uuid.UUID) (map[uuid.UUID]registry.Organisation, error) {
	return registry.OrganisationsByID(c.Request().Context(), p.DB, ids)
}

func (p *Pages) held(c echo.Context) error {
	orders, err := document.HeldOrders(c.Request().Context(), p.DB, authority(c), heldLimit)
	if err != nil {
		return err
	}
	ids := make([]uuid.UUID, len(orders))
	for i := range orders {
		ids[i] = orders[i].OrganisationID
	}
	names, err := p.names(c, ids)
	if err != nil {
		return err
	}
	page := HeldPage{Page: p.App.NewPage(c, "待处理的文书")}
	page.Crumbs = []web.Crumb{{Text: "文书", Href: "/desk/documents"}, {Text: "待处理"}}
	for i := range orders {
		o := &orders[i]
		page.Rows = append(page.Rows, HeldRow{
			Title: o.Kind.Title(), Number: o.Number, Organisation: names[o.OrganisationID].Name, Reason: o.HeldReason, OrderedAt: o.CreatedAt,
		})
	}
	return p.App.Render(c, http.StatusOK, "desk/held", page)
}

// pdf is an issued document of the authority.
func (p *Pages) pdf(c echo.Context) error {
	ctx := c.Request().Context()
	id, err := pathID(c)
	if err != nil {
		return err
	}
	d, err := document.ByID(ctx, p.DB, id)
	if err != nil {
		return err
	}
	if d.AuthorityCode != authority(c) {
		return document.ErrNotFound
	}
	content, err := document.Read(ctx, p.Blobs, d)
	if err != nil {
		return err
	}
	head := c.Response().Header()
	head.Set("ETag", `"`+d.SHA256+`"`)
	head.Set(echo.HeaderContentDisposition, mime.FormatMediaType("inline", map[string]string{"filename": d.Number + ".pdf"}))
	return c.Blob(http.StatusOK, "application/pdf", content)
}

// A cursor of a list by time is the instant and the id of the last row.
func timeCursor(at time.Time, id uuid.UUID) string {
	return fmt.Sprintf("%d_%s", at.UnixMicro(), id)
}

var errCursor = web.NewError(http.StatusBadRequest, "bad_cursor", "翻页的网址不完整，请从第一页重新开始。")

func parseTimeCursor(s string) (at time.Time, id uuid.UUID, err error) {
	if s == "" {
		return at, id, nil
	}
	var micro int64
	var text string
	if n, err := fmt.Sscanf(s, "%d_%s", &micro, &text); err != nil || n != 2 {
		return at, id, errCursor
	}
	if id, err = uuid.Parse(text); err != nil {
		return at, id, errors.Join(errCursor, err)
	}
	return time.UnixMicro(micro), id, nil
}

func documentCursor(at document.Cursor) string { return timeCursor(at.CreatedAt, at.ID) }

func parseDocumentCursor(s string) (document.Cursor, error) {
	at, id, err := parseTimeCursor(s)
	return document.Cursor{CreatedAt: at, ID: id}, err
}
