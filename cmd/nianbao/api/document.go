package api

import (
	"context"
	"net/http"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"nianbao/internal/account"
	"nianbao/internal/document"
	"nianbao/internal/registry"
	"nianbao/internal/web"
)

func documentPath(id uuid.UUID) string { return basePath + "/documents/" + id.String() }

// documentPosition is a place in the list of documents.
type documentPosition struct {
	CreatedAt time.Time `json:"c"`
	ID        uuid.UUID `json:"i"`
}

// ListDocuments is GET /documents: an organisation's own, or those that an authority issued.
func (s *Server) ListDocuments(c echo.Context, params ListDocumentsParams) error {
	limit, err := pageSize(params.Limit)
	if err != nil {
		return err
	}
	var from documentPosition
	if cursor := given(params.Cursor); cursor != "" {
		if err := decodeCursor(cursor, &from); err != nil || from.ID == uuid.Nil || from.CreatedAt.IsZero() {
			return errCursor
		}
	}
	found, err := s.documentsOf(c, document.Cursor(from), limit+1)
	if err != nil {
		return err
	}
	var list DocumentList
	if len(found) > limit {
		found = found[:limit]
		next, err := encodeCursor(documentPosition(document.After(found[limit-1])))
		if err != nil {
			return err
		}
		list.Next = &next
	}
	if list.Items, err = s.documents(c.Request().Context(), found); err != nil {
		return err
	}
	return c.JSON(http.StatusOK, list)
}

func (s *Server) documentsOf(c echo.Context, from document.Cursor, limit int) ([]document.Document, error) {
	ctx, p := c.Request().Context(), web.Principal(c)
	if p.Role == account.RoleFiler {
		return document.ListForOrganisation(ctx, s.DB, p.OrganisationID.UUID, from, limit)
	}
	return document.ListForAuthority(ctx, s.DB, p.AuthorityCode, from, limit)
}

// documents gives issued documents with the organisations that they are for.
func (s *Server) documents(ctx context.Context, found []document.Document) ([]Document, error) {
	ids := make([]uuid.UUID, len(found))
	for i := range found {
		ids[i] = found[i].OrganisationID
	}
	orgs, err := registry.OrganisationsByID(ctx, s.DB, ids)
	if err != nil {
		return nil, err
	}
	out := make([]Document, len(found))
	for i := range found {
		out[i] = issuedDocument(&found[i])
		org := organisation(orgs[found[i].OrganisationID])
		out[i].Organisation = &org
	}
	return out, nil
}

func issuedDocument(d *document.Document) Document {
	path := documentPath(d.ID)
	return Document{
		Id: d.ID, Kind: string(d.Kind), Number: d.Number, IssuedOn: day(d.IssuedOn), Url: &path, Sha256: &d.SHA256,
		VerifyCode: d.VerifyCode, Standing: DocumentStanding(d.Standing),
	}
}

// GetDocument is GET /documents/{id}: the signed PDF, its hash as ETag.
func (s *Server) GetDocument(c echo.Context, id ID) error {
	ctx := c.Request().Context()
	found, err := document.ByID(ctx, s.DB, id)
	if err != nil {
		return err
	}
	if !mayRead(web.Principal(c), &found) {
		return document.ErrNotFound
	}
	if has(c.Request().Header.Get("If-None-Match"), `"`+found.SHA256+`"`) {
		return c.NoContent(http.StatusNotModified)
	}
	pdf, err := document.Read(ctx, s.Blobs, found)
	if err != nil {
		return err
	}
	return answerFile(c, file{tag: found.SHA256, mediaType: "application/pdf", name: found.Number + ".pdf", data: pdf})
}

// mayRead lets the organisation read what is for it, and the authority what it issued.
func mayRead(p account.Principal, d *document.Document) bool {
	if p.Role == account.RoleFiler {
		return p.OrganisationID.Valid && p.OrganisationID.UUID == d.OrganisationID
	}
	return p.AuthorityCode == d.AuthorityCode
}
