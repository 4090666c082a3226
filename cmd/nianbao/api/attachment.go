package api

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"nianbao/filing"
	kinds "nianbao/filing/attachment"
	"nianbao/internal/web"
)

const (
	attachmentsPath = basePath + "/reports/:year/attachments"
	// attachmentBody lets the largest file come in that a season may allow, and one just beyond it be told so.
	attachmentBody = 100<<20 + 1<<20
	// attachmentTime is how long a file may take on a slow line.
	attachmentTime = 10 * time.Minute
)

// ListAttachments is GET /reports/{year}/attachments.
func (s *Server) ListAttachments(c echo.Context, year Year) error {
	ctx := c.Request().Context()
	o, err := filing.ObligationByYear(ctx, s.DB, organisationID(c), year)
	if err != nil {
		return err
	}
	season, err := filing.SeasonByID(ctx, s.DB, o.SeasonID)
	if err != nil {
		return err
	}
	files, err := filing.Attachments(ctx, s.DB, o.ID)
	if err != nil {
		return err
	}
	list := AttachmentList{Items: attachmentsOf(files, attachmentsUnder(year)), Asked: make([]AttachmentRule, len(season.Rules.Attachments))}
	for i, r := range season.Rules.Attachments {
		list.Asked[i] = AttachmentRule{Kind: string(r.Kind), Required: r.Required, MaxBytes: r.MaxBytes, MaxFiles: r.MaxFiles}
	}
	return c.JSON(http.StatusOK, list)
}

func attachmentsUnder(year int) string {
	return basePath + "/reports/" + strconv.Itoa(year) + "/attachments/"
}

// attachmentsOf gives files with their addresses below path, which ends with a slash.
func attachmentsOf(files []filing.Attachment, path string) []Attachment {
	out := make([]Attachment, len(files))
	for i := range files {
		out[i] = attachmentOf(&files[i], path)
	}
	return out
}

func attachmentOf(a *filing.Attachment, path string) Attachment {
	status := Usable
	switch a.Scan {
	case filing.ScanHeld:
		status = Held
	case filing.ScanInfected:
		status = Infected
	case filing.ScanNone, filing.ScanClean:
	}
	return Attachment{
		Kind: string(a.Kind), N: a.N, Name: a.Name, MediaType: a.MediaType, Bytes: a.Bytes, Pages: a.Pages, Sha256: a.SHA256,
		Status: status, UploadedAt: instant(a.CreatedAt), Url: path + string(a.Kind) + "/" + strconv.Itoa(a.N),
	}
}

// PutAttachment is PUT /reports/{year}/attachments/{kind}/{n}: the raw file.
func (s *Server) PutAttachment(c echo.Context, year Year, kind AttachmentKind, n AttachmentN, params PutAttachmentParams) error {
	seen, err := seenFile(params.IfMatch, params.IfNoneMatch)
	if err != nil {
		return err
	}
	a, created, err := s.Filing.PutAttachment(c.Request().Context(), filing.PutAttachment{
		OrganisationID: organisationID(c), Year: year, Kind: kinds.Kind(kind), N: n, Name: given(params.Name),
		Content: c.Request().Body, Seen: seen, Actor: web.Principal(c).Actor(),
	})
	if err != nil {
		return err
	}
	answer := attachmentOf(&a, attachmentsUnder(year))
	c.Response().Header().Set("ETag", `"`+a.SHA256+`"`)
	if !created {
		return c.JSON(http.StatusOK, answer)
	}
	c.Response().Header().Set(echo.HeaderLocation, answer.Url)
	return c.JSON(http.StatusCreated, answer)
}

var errBadMatch = web.NewError(http.StatusBadRequest, "bad_parameter",
	"请求头 If-None-Match 只能是 *，If-Match 应为 * 或者读到的 ETag；两者不能同时使用。")

// seenFile is the file that must be in the slot: nil for any or none.
func seenFile(ifMatch, ifNoneMatch *string) (*string, error) {
	none := ""
	switch {
	case ifMatch == nil && ifNoneMatch == nil:
		return nil, nil //nolint:nilnil // no precondition
	case ifMatch != nil && ifNoneMatch != nil:
		return nil, errBadMatch
	case ifNoneMatch != nil:
		if strings.TrimSpace(*ifNoneMatch) != "*" {
			return nil, errBadMatch
		}
		return &none, nil
	}
	tag := strings.TrimSpace(*ifMatch)
	if tag == "*" {
		tag = filing.AnyFile
	} else if tag = strings.Trim(tag, `"`); tag == "" {
		return nil, errBadMatch
	}
	return &tag, nil
}

// GetAttachment is GET /reports/{year}/attachments/{kind}/{n}.
func (s *Server) GetAttachment(c echo.Context, year Year, kind AttachmentKind, n AttachmentN) error {
	o, err := filing.ObligationByYear(c.Request().Context(), s.DB, organisationID(c), year)
	if err != nil {
		return err
	}
	a, err := filing.AttachmentInSlot(c.Request().Context(), s.DB, o.ID, kinds.Kind(kind), n)
	if err != nil {
		return err
	}
	return s.answerAttachment(c, a)
}

func (s *Server) answerAttachment(c echo.Context, a filing.Attachment) error {
	content, err := s.Filing.OpenAttachment(c.Request().Context(), a)
	if err != nil {
		return err
	}
	defer func() { _ = content.Close() }()
	return web.ServeFile(c, web.File{Name: a.Name, MediaType: a.MediaType, SHA256: a.SHA256, Content: content, Download: true})
}

// DeleteAttachment is DELETE /reports/{year}/attachments/{kind}/{n}.
func (s *Server) DeleteAttachment(c echo.Context, year Year, kind AttachmentKind, n AttachmentN, params DeleteAttachmentParams) error {
	seen, err := seenFile(params.IfMatch, nil)
	if err != nil {
		return err
	}
	err = s.Filing.DeleteAttachment(c.Request().Context(), filing.DeleteAttachment{
		OrganisationID: organisationID(c), Year: year, Kind: kinds.Kind(kind), N: n, Seen: seen, Actor: web.Principal(c).Actor(),
	})
	if err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

// ListReviewAttachments is GET /reviews/{submission_id}/attachments.
func (s *Server) ListReviewAttachments(c echo.Context, submissionID SubmissionID) error {
	if err := s.findReview(c); err != nil {
		return err
	}
	files, err := filing.SubmissionAttachments(c.Request().Context(), s.DB, submissionID)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, ReviewAttachmentList{
		Items: attachmentsOf(files, basePath+"/reviews/"+submissionID.String()+"/attachments/"),
	})
}

// GetReviewAttachment is GET /reviews/{submission_id}/attachments/{kind}/{n}: a file as it was submitted.
func (s *Server) GetReviewAttachment(c echo.Context, submissionID SubmissionID, kind AttachmentKind, n AttachmentN) error {
	if err := s.findReview(c); err != nil {
		return err
	}
	files, err := filing.SubmissionAttachments(c.Request().Context(), s.DB, submissionID)
	if err != nil {
		return err
	}
	for _, a := range files {
		if string(a.Kind) == kind && a.N == n {
			return s.answerAttachment(c, a)
		}
	}
	return filing.ErrNoAttachment
}
