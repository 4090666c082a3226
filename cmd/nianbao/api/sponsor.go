package api

import (
	"context"
	"errors"
	"net/http"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"nianbao/filing"
	"nianbao/internal/registry"
	"nianbao/internal/web"
)

// sponsorScope is whose reports the caller sees: a sponsor's token is named as the register names the sponsor.
func sponsorScope(c echo.Context) filing.SponsorScope {
	who := web.Principal(c)
	return filing.SponsorScope{AuthorityCode: who.AuthorityCode, Sponsor: who.Sponsor}
}

// findSponsorReview tells whether the review of the path is the calling sponsor's.
func (s *Server) findSponsorReview(c echo.Context) error {
	id, err := uuid.Parse(c.Param("id"))
	if err != nil {
		return web.ErrNotFound
	}
	_, err = filing.SponsorReviewOf(c.Request().Context(), s.DB, sponsorScope(c), id)
	return err
}

func sponsorReview(v *filing.SponsorReview, org Organisation) SponsorReview {
	out := SponsorReview{
		Id: v.ID, Organisation: org, ReportYear: v.ReportYear, Sponsor: v.Sponsor, Status: SponsorReviewStatus(v.Status), Sha256: v.SHA256,
		Warnings: v.Warnings, SentAt: instant(v.SentAt), SentBy: v.ActorName, DueOn: day(v.DueOn), DueProvisional: v.DueProvisional,
		InTime: v.InTime, Opinion: v.Opinion, Remarks: []SponsorRemark{}, NotSubmitted: v.NotSubmitted,
	}
	for _, r := range v.Remarks() {
		out.Remarks = append(out.Remarks, SponsorRemark{Key: &r.Key, Text: r.Text})
	}
	if v.DecidedBy.Valid {
		at := instant(v.EndedAt.Time)
		out.AnsweredBy, out.AnsweredAt = &v.DecidedName, &at
	}
	if v.SubmissionID.Valid {
		out.SubmissionId = &v.SubmissionID.UUID
	}
	return out
}

// answerSponsorReview answers with a review of the organisation.
func (s *Server) answerSponsorReview(c echo.Context, status int, v filing.SponsorReview) error {
	org, err := registry.OrganisationByID(c.Request().Context(), s.DB, v.OrganisationID)
	if err != nil {
		return err
	}
	return c.JSON(status, sponsorReview(&v, organisation(org)))
}

// SendToSponsor is POST /reports/{year}/sponsor-request.
func (s *Server) SendToSponsor(c echo.Context, year Year) error {
	if !web.Principal(c).Responsible {
		return web.ErrNotResponsible
	}
	body, err := readBody(c)
	if err != nil {
		return err
	}
	v, err := s.Filing.SendToSponsor(c.Request().Context(), filing.SendToSponsor{OrganisationID: organisationID(c), Year: year, Body: body,
		Actor: web.Principal(c).Actor()})
	if err != nil {
		return err
	}
	return s.answerSponsorReview(c, http.StatusCreated, v)
}

// ListSponsorRequests is GET /reports/{year}/sponsor-request: the few of one year, on one page.
func (s *Server) ListSponsorRequests(c echo.Context, year Year) error {
	ctx := c.Request().Context()
	o, err := filing.ObligationByYear(ctx, s.DB, organisationID(c), year)
	if err != nil {
		return err
	}
	sent, err := filing.SponsorReviewsOf(ctx, s.DB, o.ID)
	if err != nil {
		return err
	}
	org, err := registry.OrganisationByID(ctx, s.DB, o.OrganisationID)
	if err != nil {
		return err
	}
	list := SponsorReviewList{Items: make([]SponsorReview, len(sent))}
	for i := range sent {
		list.Items[i] = sponsorReview(&sent[i], organisation(org))
	}
	return c.JSON(http.StatusOK, list)
}

// WithdrawFromSponsor is POST /reports/{year}/sponsor-request/withdrawal.
func (s *Server) WithdrawFromSponsor(c echo.Context, year Year) error {
	if !web.Principal(c).Responsible {
		return web.ErrNotResponsible
	}
	v, err := s.Filing.TakeBack(c.Request().Context(), filing.TakeBack{OrganisationID: organisationID(c), Year: year, Actor: web.Principal(c).Actor()})
	if err != nil {
		return err
	}
	return s.answerSponsorReview(c, http.StatusOK, v)
}

// ListSponsorReviews is GET /sponsor/reviews.
func (s *Server) ListSponsorReviews(c echo.Context, params ListSponsorReviewsParams) error {
	limit, err := pageSize(params.Limit)
	if err != nil {
		return err
	}
	status := filing.SponsorStatus(given(params.Status))
	if params.Status != nil && !status.Valid() {
		return badParameter("status")
	}
	page, err := filing.ListSponsorReviews(c.Request().Context(), s.DB, filing.SponsorQuery{SponsorScope: sponsorScope(c), Status: status,
		Limit: limit, Cursor: given(params.Cursor)})
	if err != nil {
		return err
	}
	list := SponsorReviewList{Items: make([]SponsorReview, len(page.Items)), Next: cursorOrNull(page.Next)}
	for i := range page.Items {
		list.Items[i] = sponsorItem(&page.Items[i])
	}
	return c.JSON(http.StatusOK, list)
}

func sponsorItem(v *filing.SponsorItem) SponsorReview {
	return sponsorReview(&v.SponsorReview, Organisation{Uscc: v.OrganisationUSCC, Name: v.OrganisationName, Type: OrganisationType(v.OrganisationType)})
}

// GetSponsorReview is GET /sponsor/reviews/{id}.
func (s *Server) GetSponsorReview(c echo.Context, id ID) error {
	ctx := c.Request().Context()
	item, err := filing.SponsorReviewOf(ctx, s.DB, sponsorScope(c), id)
	if err != nil {
		return err
	}
	sent, err := filing.SentToSponsor(ctx, s.DB, sponsorScope(c), id)
	if err != nil {
		return err
	}
	answer := SponsorCase{Review: sponsorItem(&item), Body: sent.Body, Findings: findings(sent.Findings), Files: make([]SponsorFile, len(sent.Files))}
	for i, f := range sent.Files {
		answer.Files[i] = SponsorFile{Kind: string(f.Kind), N: f.N, Name: f.Name, MediaType: f.MediaType, Bytes: f.Bytes, Sha256: f.SHA256}
	}
	return c.JSON(http.StatusOK, answer)
}

// GiveSponsorOpinion is POST /sponsor/reviews/{id}/opinion.
func (s *Server) GiveSponsorOpinion(c echo.Context, id ID) error {
	var sent SponsorOpinion
	if err := readInto(c, &sent); err != nil {
		return err
	}
	if !sent.Outcome.Valid() {
		return unknownOutcome("agree、return")
	}
	scope := sponsorScope(c)
	answer := filing.AnswerSponsor{AuthorityCode: scope.AuthorityCode, Sponsor: scope.Sponsor, ReviewID: id, Outcome: string(sent.Outcome),
		Opinion: given(sent.Opinion), Actor: web.Principal(c).Actor()}
	for _, r := range given(sent.Remarks) {
		answer.Remarks = append(answer.Remarks, filing.SponsorRemark{Key: given(r.Key), Text: r.Text})
	}
	v, err := s.Filing.AnswerSponsor(c.Request().Context(), answer)
	if err != nil {
		return err
	}
	return s.answerSponsorReview(c, http.StatusOK, v)
}

// opinionUnder is the sponsor's opinion under which a report was submitted; nil where it did not go to a sponsor.
func (s *Server) opinionUnder(ctx context.Context, submission uuid.UUID, org Organisation) (*SponsorReview, error) {
	v, err := filing.SubmissionOpinion(ctx, s.DB, submission)
	if errors.Is(err, filing.ErrSponsorReviewNotFound) {
		return nil, nil //nolint:nilnil // no sponsor is null in the answer
	}
	if err != nil {
		return nil, err
	}
	out := sponsorReview(&v, org)
	return &out, nil
}
