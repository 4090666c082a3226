package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"nianbao/filing"
	"nianbao/internal/web"
	"nianbao/review"
)

// parseYear reads a report year out of a path; what is none is not found.
func parseYear(s string) (int, error) {
	year, err := strconv.Atoi(s)
	if err != nil {
		return 0, web.ErrNotFound
	}
	return year, nil
}

// obligationPosition is where a page of obligations goes on: after the report year, the newest being first.
type obligationPosition struct {
	Year int `json:"y"`
}

// ListObligations is GET /obligations. There is one a year, so the page is cut from all of them.
func (s *Server) ListObligations(c echo.Context, params ListObligationsParams) error {
	limit, err := pageSize(params.Limit)
	if err != nil {
		return err
	}
	var from obligationPosition
	if cursor := given(params.Cursor); cursor != "" {
		if err := decodeCursor(cursor, &from); err != nil || from.Year == 0 {
			return errCursor
		}
	}
	owed, err := filing.ObligationsOf(c.Request().Context(), s.DB, organisationID(c))
	if err != nil {
		return err
	}
	if from.Year != 0 {
		owed = slices.DeleteFunc(owed, func(o filing.Obligation) bool { return o.ReportYear >= from.Year })
	}
	var next *Next
	if len(owed) > limit {
		owed = owed[:limit]
		cursor, err := encodeCursor(obligationPosition{Year: owed[limit-1].ReportYear})
		if err != nil {
			return err
		}
		next = &cursor
	}
	today := s.today()
	list := ObligationList{Items: make([]Obligation, len(owed)), Next: next}
	for i := range owed {
		o := &owed[i]
		list.Items[i] = Obligation{
			ReportYear: o.ReportYear, Status: ObligationStatus(o.Status), OpensOn: day(o.OpensOn), DueOn: day(o.DueOn),
			DueProvisional: &o.DueProvisional, Overdue: o.Overdue(today), Form: o.Form, ResubmitBy: dayOrNull(o.ResubmitBy),
		}
		if o.SubmissionID.Valid {
			list.Items[i].SubmissionId = &o.SubmissionID.UUID
		}
	}
	return c.JSON(http.StatusOK, list)
}

// GetReport is GET /reports/{year}.
func (s *Server) GetReport(c echo.Context, year Year) error {
	ctx := c.Request().Context()
	report, err := filing.ReportOf(ctx, s.DB, organisationID(c), year)
	if err != nil {
		return err
	}
	answer := Report{
		Status: ObligationStatus(report.Obligation.Status), Submissions: make([]ReportSubmission, len(report.Submissions)),
		Remarks: []Remark{},
	}
	corrections, err := filing.CorrectionsOf(ctx, s.DB, report.Obligation.ID)
	if err != nil {
		return err
	}
	for i := range report.Submissions {
		sub := &report.Submissions[i]
		kind := ReportSubmissionKind(sub.Kind)
		answer.Submissions[i] = ReportSubmission{
			SubmissionId: sub.ID, ReceiptNo: sub.ReceiptNo, ReceivedAt: instant(sub.ReceivedAt),
			Status: SubmissionStatus(sub.Status), ReviewDueOn: day(sub.ReviewDueOn), Kind: &kind,
		}
		for k := range corrections {
			if corrections[k].SubmissionID == sub.ID {
				answer.Submissions[i].Corrects = corrects(&corrections[k])
			}
		}
	}
	if answer.Opinion, answer.Remarks, err = s.lastOpinion(ctx, report.Submissions); err != nil {
		return err
	}
	if answer.Conclusion, err = s.conclusion(ctx, report.Obligation.ID); err != nil {
		return err
	}
	return c.JSON(http.StatusOK, answer)
}

// lastOpinion is what was said on the submission decided last; before any decision the opinion is nil.
func (s *Server) lastOpinion(ctx context.Context, submissions []filing.Submission) (*string, []Remark, error) {
	for i := range slices.Backward(submissions) {
		switch submissions[i].Status {
		case filing.SubmissionSubmitted, filing.SubmissionWithdrawn:
			continue
		}
		said, err := review.OpinionOn(ctx, s.DB, submissions[i].ID)
		if err != nil {
			return nil, nil, fmt.Errorf("opinion on %s: %w", submissions[i].ID, err)
		}
		return &said.Opinion, remarks(said.Remarks), nil
	}
	return nil, []Remark{}, nil
}

func remarks(list []review.Remark) []Remark {
	out := make([]Remark, len(list))
	for i, r := range list {
		out[i] = Remark{Key: r.Key, Text: r.Text, Basis: r.Basis}
	}
	return out
}

// conclusion is nil where nothing was issued. Its path and hash are there once the PDF stands.
func (s *Server) conclusion(ctx context.Context, obligation uuid.UUID) (*Conclusion, error) {
	found, err := review.ConclusionOf(ctx, s.DB, obligation)
	if errors.Is(err, review.ErrNotFound) {
		return nil, nil //nolint:nilnil // null is the contract's word for it
	}
	if err != nil {
		return nil, err
	}
	out := &Conclusion{Number: found.Number, IssuedOn: day(found.IssuedOn), VerifyCode: found.VerifyCode}
	if found.SHA256.Valid {
		path := documentPath(found.ID)
		out.Url, out.Sha256 = &path, &found.SHA256.String
	}
	return out, nil
}

// CheckReport is POST /reports/{year}/checks.
func (s *Server) CheckReport(c echo.Context, year Year) error {
	body, err := readBody(c)
	if err != nil {
		return err
	}
	found, err := s.Filing.Check(c.Request().Context(), filing.Check{OrganisationID: organisationID(c), Year: year, Body: body})
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, Findings{Findings: findings(found)})
}

// SubmitReport is POST /reports/{year}/submissions.
func (s *Server) SubmitReport(c echo.Context, year Year, params SubmitReportParams) error {
	if !web.Principal(c).Responsible {
		return web.ErrNotResponsible
	}
	body, err := requiredBody(c)
	if err != nil {
		body, err = s.unread(c, year, params.IdempotencyKey, err)
	}
	if err != nil {
		return err
	}
	receipt, err := s.Filing.Submit(c.Request().Context(), filing.Submit{
		OrganisationID: organisationID(c), Year: year, Body: body,
		IdempotencyKey: params.IdempotencyKey, Actor: web.Principal(c).Actor(),
	})
	if err != nil {
		return err
	}
	return answerReceipt(c, year, receipt)
}

// unread decides on a body that was refused before it was read. Where its key was used, whether it is the one that the
// key stands for is told before any other look at it: none, or one that is too large, is not; one of another media type
// is read to be compared.
func (s *Server) unread(c echo.Context, year int, key string, refusal error) ([]byte, error) {
	var tooLarge *http.MaxBytesError
	otherType := errors.Is(refusal, errMediaType)
	if !errors.As(refusal, &tooLarge) && !errors.Is(refusal, errNoBody) && !otherType {
		return nil, refusal
	}
	used, err := filing.KeyUsed(c.Request().Context(), s.DB, organisationID(c), year, key)
	switch {
	case err != nil:
		return nil, err
	case !used:
		return nil, refusal
	case otherType:
		return readAny(c)
	}
	return nil, filing.ErrIdempotencyConflict
}

// GetSubmission is GET /reports/{year}/submissions/{id}: the body as it was sent.
func (s *Server) GetSubmission(c echo.Context, year Year, id ID) error {
	ctx := c.Request().Context()
	sub, err := filing.SubmissionByID(ctx, s.DB, id)
	if err != nil {
		return err
	}
	if sub.OrganisationID != organisationID(c) || sub.ReportYear != year {
		return filing.ErrNotFound
	}
	body, err := filing.SubmissionBody(ctx, s.DB, id)
	if err != nil {
		return err
	}
	return answerFile(c, file{tag: sub.SHA256, mediaType: echo.MIMEApplicationJSON, data: body})
}

// WithdrawReport is POST /reports/{year}/withdrawal; a reason may be given.
func (s *Server) WithdrawReport(c echo.Context, year Year) error {
	body, err := readBody(c)
	if err != nil {
		return err
	}
	var asked Withdrawal
	if body != nil {
		if err := decodeStrict(body, &asked); err != nil {
			return err
		}
	}
	reason, err := text("reason", given(asked.Reason), 2000)
	if err != nil {
		return err
	}
	o, err := s.Filing.Withdraw(c.Request().Context(), filing.Withdraw{
		OrganisationID: organisationID(c), Year: year, Reason: reason, Actor: web.Principal(c).Actor(),
	})
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, StatusAnswer{Status: ObligationStatus(o.Status)})
}
