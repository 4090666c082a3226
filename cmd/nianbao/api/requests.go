package api

import (
	"net/http"
	"slices"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"nianbao/filing"
	"nianbao/internal/registry"
	"nianbao/internal/web"
	"nianbao/internal/workday"
)

// findRequest tells whether the request of the path was put to the caller's authority.
func (s *Server) findRequest(c echo.Context) error {
	id, err := uuid.Parse(c.Param("id"))
	if err != nil {
		return web.ErrNotFound
	}
	_, err = filing.RequestOfAuthority(c.Request().Context(), s.DB, authorityCode(c), id)
	return err
}

func filingRequest(r *filing.Request, org Organisation) FilingRequest {
	out := FilingRequest{
		Id: r.ID, Kind: FilingRequestKind(r.Kind), Organisation: org, ReportYear: r.ReportYear, Status: FilingRequestStatus(r.Status),
		Reason: r.Reason, DueOn: dayOrNull(r.WishedDueOn), ReceivedAt: instant(r.ReceivedAt), RequestedBy: r.ActorName,
	}
	if r.DecidedBy.Valid {
		out.Decision = &FilingRequestDecided{
			Reason: r.DecisionReason, Basis: r.Basis, DueOn: dayOrNull(r.GrantedDueOn),
			DecidedAt: instant(r.EndedAt.Time), DecidedBy: r.DecidedName,
		}
	}
	return out
}

// ownRequest answers with a request of the caller's own organisation.
func (s *Server) ownRequest(c echo.Context, status int, r filing.Request) error {
	org, err := registry.OrganisationByID(c.Request().Context(), s.DB, r.OrganisationID)
	if err != nil {
		return err
	}
	return c.JSON(status, filingRequest(&r, organisation(org)))
}

// ListOwnRequests is GET /reports/{year}/requests: the few of one year, on one page.
func (s *Server) ListOwnRequests(c echo.Context, year Year) error {
	ctx := c.Request().Context()
	o, err := filing.ObligationByYear(ctx, s.DB, organisationID(c), year)
	if err != nil {
		return err
	}
	list, err := filing.RequestsOf(ctx, s.DB, o.ID)
	if err != nil {
		return err
	}
	org, err := registry.OrganisationByID(ctx, s.DB, o.OrganisationID)
	if err != nil {
		return err
	}
	answer := FilingRequestList{Items: make([]FilingRequest, len(list))}
	for i := range list {
		answer.Items[i] = filingRequest(&list[i], organisation(org))
	}
	return c.JSON(http.StatusOK, answer)
}

// RequestExtension is POST /reports/{year}/extension-requests.
func (s *Server) RequestExtension(c echo.Context, year Year) error {
	var sent ExtensionRequest
	if err := readInto(c, &sent); err != nil {
		return err
	}
	if sent.DueOn.IsZero() {
		return wrongType("due_on")
	}
	return s.askFor(c, year, filing.Ask{Kind: filing.RequestExtension, WishedDueOn: dateOf(sent.DueOn), Reason: sent.Reason})
}

// RequestExemption is POST /reports/{year}/exemption-requests.
func (s *Server) RequestExemption(c echo.Context, year Year) error {
	var sent ExemptionRequest
	if err := readInto(c, &sent); err != nil {
		return err
	}
	return s.askFor(c, year, filing.Ask{Kind: filing.RequestExemption, Reason: sent.Reason})
}

func (s *Server) askFor(c echo.Context, year Year, ask filing.Ask) error {
	ask.OrganisationID, ask.Year, ask.Actor = organisationID(c), year, web.Principal(c).Actor()
	r, err := s.Filing.AskFor(c.Request().Context(), ask)
	if err != nil {
		return err
	}
	return s.ownRequest(c, http.StatusCreated, r)
}

// WithdrawRequest is POST /reports/{year}/requests/{id}/withdrawal.
func (s *Server) WithdrawRequest(c echo.Context, year Year, id ID) error {
	r, err := s.Filing.WithdrawRequest(c.Request().Context(), filing.WithdrawRequest{
		OrganisationID: organisationID(c), Year: year, RequestID: id, Actor: web.Principal(c).Actor(),
	})
	if err != nil {
		return err
	}
	return s.ownRequest(c, http.StatusOK, r)
}

// ListFilingRequests is GET /filing-requests.
func (s *Server) ListFilingRequests(c echo.Context, params ListFilingRequestsParams) error {
	limit, err := pageSize(params.Limit)
	if err != nil {
		return err
	}
	status, kind := filing.RequestStatus(given(params.Status)), filing.RequestKind(given(params.Kind))
	switch {
	case params.Status != nil && !slices.Contains(filing.RequestStatuses(), status):
		return badParameter("status")
	case params.Kind != nil && !kind.Valid():
		return badParameter("kind")
	}
	page, err := filing.ListRequests(c.Request().Context(), s.DB, filing.RequestQuery{
		AuthorityCode: authorityCode(c), Status: status, Kind: kind, Limit: limit, Cursor: given(params.Cursor),
	})
	if err != nil {
		return err
	}
	list := FilingRequestList{Items: make([]FilingRequest, len(page.Items)), Next: cursorOrNull(page.Next)}
	for i := range page.Items {
		list.Items[i] = requestItem(&page.Items[i])
	}
	return c.JSON(http.StatusOK, list)
}

func requestItem(r *filing.RequestItem) FilingRequest {
	return filingRequest(&r.Request, Organisation{Uscc: r.OrganisationUSCC, Name: r.OrganisationName, Type: OrganisationType(r.OrganisationType)})
}

// DecideFilingRequest is POST /filing-requests/{id}/decision.
func (s *Server) DecideFilingRequest(c echo.Context, id ID) error {
	var sent FilingRequestDecision
	if err := readInto(c, &sent); err != nil {
		return err
	}
	if !sent.Outcome.Valid() {
		return unknownOutcome("grant、refuse")
	}
	var due workday.Date
	if sent.DueOn != nil && !sent.DueOn.IsZero() {
		due = dateOf(*sent.DueOn)
	}
	ctx := c.Request().Context()
	_, err := s.Filing.DecideRequest(ctx, filing.DecideRequest{
		AuthorityCode: authorityCode(c), RequestID: id, Outcome: string(sent.Outcome), DueOn: due,
		Reason: given(sent.Reason), Basis: given(sent.Basis), Actor: web.Principal(c).Actor(),
	})
	if err != nil {
		return err
	}
	r, err := filing.RequestOfAuthority(ctx, s.DB, authorityCode(c), id)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, requestItem(&r))
}
