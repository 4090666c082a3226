package web

import (
	"fmt"
	"net/http"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"nianbao/internal/document"
	"nianbao/internal/web"
)

// DocumentsPage lists the organisation's documents, the newest first.
type DocumentsPage struct {
	web.Page
	Heading   string
	Documents []DocumentLine
	Pager     web.Pager
	Empty     web.Empty
}

// DocumentLine is a document in a list.
type DocumentLine struct {
	Title, Meta  string
	Href, Verify string
	Tag          web.Tag // where it is not in force any more
}

// perPage is how long a page of messages or documents is.
const perPage = 20

func documentLine(d document.Document) DocumentLine {
	line := DocumentLine{Title: d.Kind.Title(), Href: filesPath + "/" + d.ID.String(), Verify: verifyPath(d.VerifyCode),
		Meta: d.Number + " · " + d.IssuedOn.Chinese() + " · " + fileWords(d)}
	if d.Standing != document.InForce {
		line.Tag = web.Tag{Text: d.Standing.ChineseFor(d.Kind), Tone: web.ToneWarn}
	}
	return line
}

// fileWords describes a PDF: PDF，2 页，118 KB.
func fileWords(d document.Document) string {
	const kilobyte = 1 << 10
	return fmt.Sprintf("PDF，%d 页，%s KB", d.Pages, web.Count(int(d.Size+kilobyte-1)/kilobyte))
}

func (p *Pages) documents(c echo.Context) error {
	id, err := organisation(c)
	if err != nil {
		return err
	}
	at, last, err := readCursor(c)
	if err != nil {
		return err
	}
	list, err := document.ListForOrganisation(requestContext(c), p.db, id, document.Cursor{CreatedAt: at, ID: last}, perPage+1)
	if err != nil {
		return err
	}
	page := DocumentsPage{Heading: "文书", Empty: web.Empty{Text: "登记管理机关出具的回执、通知和结论书会列在这里。现在还没有。"}}
	if len(list) > perPage {
		list = list[:perPage]
		end := document.After(list[perPage-1])
		page.Pager.Next = filesPath + "?" + cursorQuery(end.CreatedAt, end.ID)
	}
	if !at.IsZero() {
		page.Pager.Prev = filesPath
		page.Empty = web.Empty{Text: "没有更早的文书了。", Href: filesPath, Link: "回到最新"}
	}
	for _, d := range list {
		page.Documents = append(page.Documents, documentLine(d))
	}
	if page.Page, err = p.page(c, "文书"); err != nil {
		return err
	}
	return p.app.Render(c, http.StatusOK, "filer/documents", page)
}

// cursorQuery says where a page ended, for the next one's address.
func cursorQuery(at time.Time, id uuid.UUID) string {
	return fmt.Sprintf("before=%d~%s", at.UnixMicro(), id)
}

// readCursor reads it back; none is the first page.
func readCursor(c echo.Context) (at time.Time, id uuid.UUID, err error) {
	text := c.QueryParam("before")
	if text == "" {
		return time.Time{}, uuid.Nil, nil
	}
	var micro int64
	var rest string
	if _, err := fmt.Sscanf(text, "%d~%s", &micro, &rest); err != nil {
		return time.Time{}, uuid.Nil, web.ErrNotFound
	}
	if id, err = uuid.Parse(rest); err != nil {
		return time.Time{}, uuid.Nil, web.ErrNotFound
	}
	return time.UnixMicro(micro), id, nil
}

// document gives the PDF of one of the organisation's documents.
func (p *Pages) document(c echo.Context) error {
	owner, err := organisation(c)
	if err != nil {
		return err
	}
	id, err := parseID(c)
	if err != nil {
		return err
	}
	d, err := document.ByID(requestContext(c), p.db, id)
	if err != nil {
		return err
	}
	if d.OrganisationID != owner {
		return web.ErrNotFound
	}
	pdf, err := document.Read(requestContext(c), p.blobs, d)
	if err != nil {
		return err
	}
	header := c.Response().Header()
	header.Set("ETag", `"`+d.SHA256+`"`)
	header.Set(echo.HeaderContentDisposition, fmt.Sprintf(`attachment; filename="%s.pdf"`, d.VerifyCode))
	return c.Blob(http.StatusOK, "application/pdf", pdf)
}
