package api

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"nianbao/filing"
	"nianbao/internal/web"
)

// GetDraft is GET /reports/{year}/draft. Before the first save it is what the register and last year's report give,
// under the version 0.
func (s *Server) GetDraft(c echo.Context, year Year) error {
	ctx := c.Request().Context()
	draft, err := s.Filing.Draft(ctx, organisationID(c), year)
	if err != nil {
		return err
	}
	if draft.Version == 0 {
		if draft.Body, err = s.Filing.Prefill(ctx, organisationID(c), year); err != nil {
			return err
		}
	}
	c.Response().Header().Set("ETag", draftTag(draft.Version))
	return c.Blob(http.StatusOK, echo.MIMEApplicationJSON, draft.Body)
}

// PutDraft is PUT /reports/{year}/draft.
func (s *Server) PutDraft(c echo.Context, year Year, params PutDraftParams) error {
	body, err := requiredBody(c)
	if err != nil {
		return err
	}
	seen := seenVersion(params.IfMatch)
	saved, err := s.Filing.SaveDraft(c.Request().Context(), filing.SaveDraft{
		OrganisationID: organisationID(c), Year: year, Body: body, IfMatch: seen, Actor: web.Principal(c).Actor(),
	})
	if errors.Is(err, filing.ErrStale) && params.IfMatch == nil {
		return errBlindWrite
	}
	if err != nil {
		return err
	}
	c.Response().Header().Set("ETag", draftTag(saved.Version))
	return c.JSON(http.StatusOK, DraftSaved{Version: saved.Version, SavedAt: instant(saved.UpdatedAt)})
}

var errBlindWrite = web.NewError(http.StatusPreconditionFailed, "stale",
	"已有保存过的草稿。请先读取草稿，再把读到的 ETag 放入请求头 If-Match 后保存，以免覆盖他人的内容。")

func draftTag(version int) string { return `"` + strconv.Itoa(version) + `"` }

// neverSaved is a version that no draft has, so that saving with it is always stale.
const neverSaved = -1

// seenVersion is the version that a draft must have to be saved over: nil for any (If-Match: *), 0 (none may be there)
// without an If-Match. A tag that was never given out, weak ones included, matches nothing (RFC 9110 §13.1.1).
func seenVersion(ifMatch *string) *int {
	version := 0
	if ifMatch == nil {
		return &version
	}
	tag := strings.TrimSpace(*ifMatch)
	if tag == "*" {
		return nil
	}
	version, err := strconv.Atoi(strings.Trim(tag, `"`))
	if err != nil || tag != draftTag(version) {
		version = neverSaved
	}
	return &version
}
