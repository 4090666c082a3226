package api

import (
	"errors"
	"net/http"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"nianbao/filing"
	"nianbao/filing/check"
	"nianbao/internal/document"
	"nianbao/internal/web"
)

func explanation(e filing.Explanation, stale bool) Explanation {
	keys := e.Keys
	if keys == nil {
		keys = []string{}
	}
	return Explanation{Check: e.Check, Keys: keys, Message: e.Message, Text: e.Text, By: e.By, At: instant(e.At), Stale: stale}
}

// saidTo lists what is said to the findings, in their order.
func saidTo(found []check.Finding, said filing.Explanations) []Explanation {
	list := []Explanation{}
	for _, f := range found {
		if e, ok := said.To(f); ok {
			list = append(list, explanation(e, e.Stale(f)))
		}
	}
	return list
}

// GetExplanations is GET /reports/{year}/explanations.
func (s *Server) GetExplanations(c echo.Context, year Year) error {
	ctx := c.Request().Context()
	o, err := filing.ObligationByYear(ctx, s.DB, organisationID(c), year)
	if err != nil {
		return err
	}
	there, err := filing.ExplanationsOf(ctx, s.DB, o.ID)
	if err != nil {
		return err
	}
	answer := ExplanationList{Explanations: []Explanation{}}
	for _, e := range there.Sorted() {
		answer.Explanations = append(answer.Explanations, explanation(e, false))
	}
	return c.JSON(http.StatusOK, answer)
}

// PutExplanations is PUT /reports/{year}/explanations.
func (s *Server) PutExplanations(c echo.Context, year Year) error {
	var sent ExplanationsSent
	if err := readInto(c, &sent); err != nil {
		return err
	}
	if sent.Explanations == nil { // an empty list takes away what is there, and must be said
		return wrongType("explanations")
	}
	answers := make([]filing.Answer, len(sent.Explanations))
	for i, e := range sent.Explanations {
		answers[i].Explanation = filing.Explanation{Check: e.Check, Keys: e.Keys, Message: given(e.Message), Text: e.Text}
	}
	_, err := s.Filing.Explain(c.Request().Context(), filing.Explain{OrganisationID: organisationID(c), Year: year,
		Answers: answers, Replace: true, Actor: web.Principal(c).Actor()})
	if err != nil {
		return err
	}
	return s.GetExplanations(c, year)
}

// OrderReceipt is POST /reports/{year}/submissions/{id}/receipt.
func (s *Server) OrderReceipt(c echo.Context, year Year, id uuid.UUID) error {
	ctx := c.Request().Context()
	sub, err := filing.SubmissionByID(ctx, s.DB, id)
	if err == nil && sub.ReportYear != year {
		err = filing.ErrNotFound
	}
	if err != nil {
		return err
	}
	order, err := s.Filing.OrderReceipt(ctx, organisationID(c), id)
	if err != nil {
		return err
	}
	answer := ReceiptPaper{Number: order.Number, VerifyCode: order.VerifyCode, IssuedOn: day(order.IssuedOn)}
	switch made, err := document.ByID(ctx, s.DB, order.ID); {
	case err == nil:
		path := documentPath(made.ID)
		answer.Url, answer.Sha256 = &path, &made.SHA256
	case !errors.Is(err, document.ErrNotFound):
		return err
	}
	return c.JSON(http.StatusOK, answer)
}
