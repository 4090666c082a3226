package web

import (
	"context"
	"net/http"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"nianbao/filing"
	"nianbao/filing/attachment"
	"nianbao/internal/web"
)

const (
	filesPath = "/desk/attachments"
	// fileTime is how long a file may take on a slow line.
	fileTime = 10 * time.Minute
)

// filesOf are the files that a submission was made with.
func (p *Pages) filesOf(ctx context.Context, submission uuid.UUID) ([]web.FileLine, error) {
	list, err := filing.SubmissionAttachments(ctx, p.DB, submission)
	if err != nil {
		return nil, err
	}
	lines := make([]web.FileLine, len(list))
	for i := range list {
		a := &list[i]
		open := filesPath + "/" + a.ID.String()
		lines[i] = web.FileLine{Name: a.Name, Meta: a.Kind.Label() + " · " + a.Describe(), Open: open, Save: open + "?save=1",
			Image: a.MediaType != attachment.TypePDF, SHA256: a.SHA256}
	}
	return lines, nil
}

// file shows or saves a file that a submission to the authority lists.
func (p *Pages) file(c echo.Context) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	a, err := filing.SubmittedAttachment(ctx, p.DB, authority(c), id)
	if err != nil {
		return err
	}
	content, err := p.Filing.OpenAttachment(ctx, a)
	if err != nil {
		return err
	}
	defer func() { _ = content.Close() }()
	return web.ServeFile(c, web.File{Name: a.Name, MediaType: a.MediaType, SHA256: a.SHA256, Content: content, Download: c.QueryParam("save") != ""})
}

// fileRoute is open to the whole desk of an authority, as the case itself is.
func (p *Pages) fileRoute() web.Route {
	return web.Route{Method: http.MethodGet, Path: filesPath + "/:id", Access: staff, Handler: p.file, Timeout: fileTime}
}
