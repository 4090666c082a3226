package api

import (
	"net/http"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"nianbao/internal/account"
	"nianbao/internal/web"
	"nianbao/review/listing"
)

// listingOwner is whose matters the caller reads: a filer's organisation's, or an authority's.
func listingOwner(c echo.Context) listing.Owner {
	p := web.Principal(c)
	if p.Role == account.RoleFiler {
		return listing.Owner{OrganisationID: p.OrganisationID}
	}
	return listing.Owner{AuthorityCode: p.AuthorityCode}
}

// findListing tells whether the matter of the path is the caller's.
func (s *Server) findListing(c echo.Context) error {
	id, err := uuid.Parse(c.Param("id"))
	if err != nil {
		return web.ErrNotFound
	}
	_, err = s.Listing.Matter(c.Request().Context(), listingOwner(c), id)
	return err
}

// ListListings is GET /listings.
func (s *Server) ListListings(c echo.Context, params ListListingsParams) error {
	limit, err := pageSize(params.Limit)
	if err != nil {
		return err
	}
	if params.Status != nil && !params.Status.Valid() {
		return badParameter("status")
	}
	page, err := s.Listing.Listings(c.Request().Context(), listing.Query{
		Owner: listingOwner(c), Status: listing.Status(given(params.Status)), Limit: limit, Cursor: given(params.Cursor),
	})
	if err != nil {
		return err
	}
	list := ListingList{Items: make([]Listing, len(page.Items)), Next: cursorOrNull(page.Next)}
	for i := range page.Items {
		list.Items[i] = listingMatter(&page.Items[i])
	}
	return c.JSON(http.StatusOK, list)
}

func listingMatter(m *listing.Item) Listing {
	out := Listing{
		Id:           m.ID,
		Organisation: Organisation{Uscc: m.OrganisationUSCC, Name: m.OrganisationName, Type: OrganisationType(m.OrganisationType)},
		ReportYear:   &m.ReportYear, Ground: string(m.Ground), Basis: &m.Basis, Status: ListingStatus(m.Status),
		ServedOn: dayOrNull(m.ServedOn), StatementDueOn: dayOrNull(m.StatementDueOn),
		StatementDueProvisional: &m.StatementDueProvisional, ListedOn: dayOrNull(m.ListedOn), EndedOn: dayOrNull(m.EndedOn),
		Documents: make([]Document, len(m.Documents)),
	}
	for i := range m.Documents {
		out.Documents[i] = listingDocument(&m.Documents[i])
	}
	return out
}

// listingDocument is a document of a matter; path and hash are null until its PDF stands.
func listingDocument(p *listing.Paper) Document {
	out := Document{
		Id: p.ID, Kind: string(p.Kind), Number: p.Number, IssuedOn: day(p.IssuedOn), VerifyCode: p.VerifyCode,
		Standing: DocumentStanding(p.Standing),
	}
	if p.SHA256 != "" {
		path := documentPath(p.ID)
		out.Url, out.Sha256 = &path, &p.SHA256
	}
	return out
}

// answerListing answers with the matter as it stands now.
func (s *Server) answerListing(c echo.Context, status int, id uuid.UUID) error {
	m, err := s.Listing.Matter(c.Request().Context(), listingOwner(c), id)
	if err != nil {
		return err
	}
	return c.JSON(status, listingMatter(&m.Item))
}

// plea reads what a filer puts forward.
func plea(c echo.Context, id ID) (listing.Plea, error) {
	var sent TextBody
	err := readInto(c, &sent)
	return listing.Plea{ListingID: id, OrganisationID: organisationID(c), Text: sent.Text, Actor: web.Principal(c).Actor()}, err
}

// MakeStatement is POST /listings/{id}/statement.
func (s *Server) MakeStatement(c echo.Context, id ID) error {
	said, err := plea(c, id)
	if err != nil {
		return err
	}
	if _, err := s.Listing.MakeStatement(c.Request().Context(), said); err != nil {
		return err
	}
	return s.answerListing(c, http.StatusCreated, id)
}

// ApplyForRemoval is POST /listings/{id}/removal-application.
func (s *Server) ApplyForRemoval(c echo.Context, id ID) error {
	said, err := plea(c, id)
	if err != nil {
		return err
	}
	if _, err := s.Listing.ApplyRemoval(c.Request().Context(), said); err != nil {
		return err
	}
	return s.answerListing(c, http.StatusCreated, id)
}

// RecordService is POST /listings/{id}/service.
func (s *Server) RecordService(c echo.Context, id ID) error {
	var sent Service
	if err := readInto(c, &sent); err != nil {
		return err
	}
	if sent.ServedOn.IsZero() {
		return wrongType("served_on")
	}
	p := web.Principal(c)
	_, err := s.Listing.RecordService(c.Request().Context(), listing.Served{
		ListingID: id, AuthorityCode: p.AuthorityCode, How: listing.How(sent.How), ServedOn: dateOf(sent.ServedOn),
		Proof: given(sent.Proof), Actor: p.Actor(),
	})
	if err != nil {
		return err
	}
	return s.answerListing(c, http.StatusOK, id)
}

// listingDecision makes a reviewer's decision of what was sent.
func listingDecision(c echo.Context, id ID, outcome, reason string) listing.Decision {
	p := web.Principal(c)
	return listing.Decision{ListingID: id, AuthorityCode: p.AuthorityCode, Outcome: outcome, Reason: reason, Actor: p.Actor()}
}

// DecideListing is POST /listings/{id}/decision.
func (s *Server) DecideListing(c echo.Context, id ID) error {
	var sent ListingDecision
	if err := readInto(c, &sent); err != nil {
		return err
	}
	if !sent.Outcome.Valid() {
		return unknownOutcome("list、withdraw")
	}
	decision := listingDecision(c, id, string(sent.Outcome), sent.Reason)
	if _, err := s.Listing.DecideListing(c.Request().Context(), decision); err != nil {
		return err
	}
	return s.answerListing(c, http.StatusOK, id)
}

// DecideRemoval is POST /listings/{id}/removal.
func (s *Server) DecideRemoval(c echo.Context, id ID) error {
	var sent RemovalDecision
	if err := readInto(c, &sent); err != nil {
		return err
	}
	if !sent.Outcome.Valid() {
		return unknownOutcome("remove、refuse")
	}
	decision := listingDecision(c, id, string(sent.Outcome), sent.Reason)
	if _, err := s.Listing.DecideRemoval(c.Request().Context(), decision); err != nil {
		return err
	}
	return s.answerListing(c, http.StatusOK, id)
}
