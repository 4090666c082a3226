package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"nianbao/filing"
	"nianbao/filing/form"
	"nianbao/internal/registry"
	"nianbao/internal/web"
	"nianbao/review"
)

// authorityCode is the authority that the caller acts for; only for routes of an authority.
func authorityCode(c echo.Context) string { return web.Principal(c).AuthorityCode }

func reviewActor(c echo.Context) review.Actor {
	p := web.Principal(c)
	return review.Actor{Actor: p.Actor(), AuthorityCode: p.AuthorityCode}
}

// findReview tells whether the submission of the path is one of the caller's authority.
func (s *Server) findReview(c echo.Context) error {
	id, err := uuid.Parse(c.Param("submission_id"))
	if err != nil {
		return web.ErrNotFound
	}
	sub, err := filing.SubmissionByID(c.Request().Context(), s.DB, id)
	if err == nil && sub.AuthorityCode != authorityCode(c) {
		err = review.ErrNotFound
	}
	return err
}

// maxSearch is the most that is searched for, in characters.
const maxSearch = 100

// ListReviews is GET /reviews.
func (s *Server) ListReviews(c echo.Context, params ListReviewsParams) error {
	limit, err := pageSize(params.Limit)
	switch {
	case err != nil:
		return err
	case params.Status != nil && !params.Status.Valid():
		return badParameter("status")
	case params.Sort != nil && !params.Sort.Valid():
		return badParameter("sort")
	case utf8.RuneCountInString(given(params.Q)) > maxSearch:
		return badParameter("q")
	}
	page, err := s.Review.Queue(c.Request().Context(), review.Query{
		AuthorityCode: authorityCode(c), State: review.State(given(params.Status)), Search: given(params.Q),
		Limit: limit, Cursor: given(params.Cursor),
	})
	if err != nil {
		return err
	}
	list := ReviewList{Items: make([]ReviewItem, len(page.Items)), Next: cursorOrNull(page.Next)}
	for i := range page.Items {
		list.Items[i] = reviewItem(&page.Items[i])
	}
	return c.JSON(http.StatusOK, list)
}

func reviewItem(item *review.Item) ReviewItem {
	status, kind := ReviewItemStatus(item.State), ReviewItemKind(item.Kind)
	var claimedBy *string
	if item.ClaimedBy.Valid {
		claimedBy = &item.ClaimedName
	}
	return ReviewItem{
		SubmissionId: item.SubmissionID,
		Organisation: Organisation{Uscc: item.OrganisationUSCC, Name: item.OrganisationName, Type: OrganisationType(item.OrganisationType)},
		ReportYear:   item.ReportYear, ReceiptNo: &item.ReceiptNo, ReceivedAt: instant(item.ReceivedAt),
		DueOn: day(item.DueOn), DueProvisional: &item.DueProvisional, WorkingDaysLeft: item.WorkingDaysLeft,
		ClaimedBy: claimedBy, Warnings: item.Warnings, Kind: &kind, Status: &status, Outcome: textOrNull(string(item.Outcome)),
	}
}

// GetReview is GET /reviews/{submission_id}.
func (s *Server) GetReview(c echo.Context, submissionID SubmissionID) error {
	found, err := s.Review.Case(c.Request().Context(), submissionID, authorityCode(c))
	if err != nil {
		return err
	}
	changes, err := differences(found.Form, found.Differences)
	if err != nil {
		return fmt.Errorf("differences of %s: %w", submissionID, err)
	}
	answer := Review{
		Review: reviewItem(&found.Item), Body: found.Body, Findings: findings(found.Findings), Explanations: saidTo(found.Findings, found.Explained), Differences: changes,
		Remarks: remarks(found.Remarks), Opinion: found.Opinion, Corrects: corrects(found.Correction),
	}
	if found.Prior != nil {
		prior := ReportBody(found.Prior)
		answer.Prior = &prior
	}
	if answer.SponsorOpinion, err = s.opinionUnder(c.Request().Context(), submissionID, answer.Review.Organisation); err != nil {
		return err
	}
	return c.JSON(http.StatusOK, answer)
}

// differences writes the values of both sides as a report body has them; null where a side has none.
func differences(f *form.Form, list []review.Difference) ([]Difference, error) {
	before, after := form.Values{}, form.Values{}
	for _, d := range list {
		if d.Before != nil {
			before[d.Key] = d.Before
		}
		if d.After != nil {
			after[d.Key] = d.After
		}
	}
	was, err := wire(f, before)
	if err != nil {
		return nil, err
	}
	is, err := wire(f, after)
	if err != nil {
		return nil, err
	}
	out := make([]Difference, len(list))
	for i, d := range list {
		out[i] = Difference{Key: d.Key, Label: d.Label, Before: was[d.Key], After: is[d.Key]}
	}
	return out, nil
}

// wire gives values as they stand in a body. A key that is not there gives nil, which is null.
func wire(f *form.Form, values form.Values) (map[string]json.RawMessage, error) {
	body, err := f.Encode(values)
	if err != nil {
		return nil, err
	}
	var decoded struct {
		Values map[string]json.RawMessage `json:"values"`
	}
	err = json.Unmarshal(body, &decoded)
	return decoded.Values, err
}

// ClaimReview is POST /reviews/{submission_id}/claim.
func (s *Server) ClaimReview(c echo.Context, submissionID SubmissionID) error {
	claimed, err := s.Review.Claim(c.Request().Context(), submissionID, reviewActor(c))
	if err != nil {
		return err
	}
	return s.answerReview(c, claimed)
}

// ReleaseReview is POST /reviews/{submission_id}/release.
func (s *Server) ReleaseReview(c echo.Context, submissionID SubmissionID) error {
	released, err := s.Review.Release(c.Request().Context(), submissionID, reviewActor(c))
	if err != nil {
		return err
	}
	return s.answerReview(c, released)
}

// answerReview answers with a review as a line of the queue.
func (s *Server) answerReview(c echo.Context, r review.Review) error {
	ctx := c.Request().Context()
	sub, err := filing.SubmissionByID(ctx, s.DB, r.SubmissionID)
	if err != nil {
		return err
	}
	org, err := registry.OrganisationByID(ctx, s.DB, r.OrganisationID)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, reviewItem(&review.Item{
		Review: r, ReceiptNo: sub.ReceiptNo, Kind: sub.Kind, OrganisationName: org.Name, OrganisationUSCC: string(org.USCC),
		OrganisationType: org.Type, WorkingDaysLeft: s.Calendar().Between(s.today(), r.DueOn),
	}))
}

// DecideReview is POST /reviews/{submission_id}/decision.
func (s *Server) DecideReview(c echo.Context, submissionID SubmissionID) error {
	var asked Decision
	if err := readInto(c, &asked); err != nil {
		return err
	}
	said := given(asked.Remarks)
	decision := review.Decision{
		SubmissionID: submissionID, Outcome: review.Outcome(asked.Outcome), Opinion: given(asked.Opinion),
		Remarks: make([]review.Remark, len(said)), Actor: reviewActor(c),
	}
	for i, r := range said {
		decision.Remarks[i] = review.Remark{Key: given(r.Key), Text: r.Text, Basis: given(r.Basis)}
	}
	result, err := s.Review.Decide(c.Request().Context(), decision)
	if err != nil {
		return err
	}
	return answerDecision(c, result)
}

// ApproveReview is POST /reviews/{submission_id}/approval.
func (s *Server) ApproveReview(c echo.Context, submissionID SubmissionID) error {
	var asked Approval
	if err := readInto(c, &asked); err != nil {
		return err
	}
	if !asked.Outcome.Valid() {
		return unknownOutcome("confirm、send_back")
	}
	result, err := s.Review.Approve(c.Request().Context(), review.Approval{
		SubmissionID: submissionID, Verdict: review.Verdict(asked.Outcome), Reason: given(asked.Reason), Actor: reviewActor(c),
	})
	if err != nil {
		return err
	}
	return answerDecision(c, result)
}

func answerDecision(c echo.Context, r review.Result) error {
	state := DecisionAnswerReviewStatus(r.State)
	return c.JSON(http.StatusOK, DecisionAnswer{Status: ObligationStatus(r.Status), ReviewStatus: &state})
}

func unknownOutcome(known string) error {
	return web.NewError(http.StatusUnprocessableEntity, "outcome_not_allowed", "不认识的决定。“outcome”应为下列之一："+known+"。")
}
