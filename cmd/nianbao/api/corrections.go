package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"nianbao/filing"
	"nianbao/internal/web"
)

// CorrectReport is POST /reports/{year}/corrections.
func (s *Server) CorrectReport(c echo.Context, year Year, params CorrectReportParams) error {
	if !web.Principal(c).Responsible {
		return web.ErrNotResponsible
	}
	sent, err := requiredBody(c)
	if err != nil {
		return s.orConflict(c, year, params.IdempotencyKey, err)
	}
	reason, body, err := readCorrection(sent)
	if err != nil {
		return s.orConflict(c, year, params.IdempotencyKey, err)
	}
	receipt, err := s.Filing.Correct(c.Request().Context(), filing.Correct{
		OrganisationID: organisationID(c), Year: year, Reason: reason, Body: body,
		IdempotencyKey: params.IdempotencyKey, Actor: web.Principal(c).Actor(),
	})
	if err != nil {
		return err
	}
	return answerReceipt(c, year, receipt)
}

// readCorrection takes the reason and, as they were sent, the values out of a body. The values are the form's to read:
// only it knows their names.
func readCorrection(sent []byte) (reason string, body []byte, err error) {
	if !utf8.Valid(sent) {
		return "", nil, errNotUTF8
	}
	decoder := json.NewDecoder(bytes.NewReader(sent))
	if token, err := decoder.Token(); err != nil || token != json.Delim('{') {
		return "", nil, errMalformed
	}
	var values json.RawMessage
	members := map[string]any{"reason": &reason, "values": &values}
	seen := map[string]bool{}
	for decoder.More() {
		token, err := decoder.Token()
		name, ok := token.(string)
		switch {
		case err != nil || !ok:
			return "", nil, errMalformed
		case members[name] == nil:
			return "", nil, unknownMember(name)
		case seen[name]:
			return "", nil, duplicateKey(name)
		}
		seen[name] = true
		var wrong *json.UnmarshalTypeError
		if err := decoder.Decode(members[name]); errors.As(err, &wrong) {
			return "", nil, wrongType(name)
		} else if err != nil {
			return "", nil, errMalformed
		}
	}
	if _, err := decoder.Token(); err != nil {
		return "", nil, errMalformed
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return "", nil, errMalformed
	}
	if len(values) == 0 || values[0] != '{' {
		return "", nil, wrongType("values")
	}
	return reason, append(append([]byte(`{"values":`), values...), '}'), nil
}

// orConflict refuses a body that cannot be read, which is not the one that a used key stands for.
func (s *Server) orConflict(c echo.Context, year int, key string, refusal error) error {
	used, err := filing.KeyUsed(c.Request().Context(), s.DB, organisationID(c), year, key)
	if err != nil {
		return err
	}
	if used {
		return filing.ErrIdempotencyConflict
	}
	return refusal
}

// StartCorrection is PUT /reports/{year}/correction-draft.
func (s *Server) StartCorrection(c echo.Context, year Year) error {
	var sent CorrectionStart
	if err := readInto(c, &sent); err != nil {
		return err
	}
	d, err := s.Filing.StartCorrection(c.Request().Context(), filing.StartCorrection{
		OrganisationID: organisationID(c), Year: year, Reason: sent.Reason, Actor: web.Principal(c).Actor(),
	})
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, CorrectionDraft{Reason: d.Reason, StartedAt: instant(d.StartedAt), StartedBy: d.StartedBy})
}

// AbandonCorrection is DELETE /reports/{year}/correction-draft.
func (s *Server) AbandonCorrection(c echo.Context, year Year) error {
	if err := s.Filing.AbandonCorrection(c.Request().Context(), organisationID(c), year); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

// corrects is nil for what corrects nothing.
func corrects(k *filing.Correction) *Corrects {
	if k == nil {
		return nil
	}
	out := &Corrects{SubmissionId: k.CorrectsID, Reason: k.Reason, Sections: k.Sections}
	if k.AdoptedAt != nil {
		at := instant(*k.AdoptedAt)
		out.AdoptedAt = &at
	}
	return out
}

// answerReceipt answers with what was taken.
func answerReceipt(c echo.Context, year Year, receipt filing.Receipt) error {
	c.Response().Header().Set(echo.HeaderLocation, fmt.Sprintf("%s/reports/%d/submissions/%s", basePath, year, receipt.SubmissionID))
	return c.JSON(http.StatusCreated, Receipt{
		SubmissionId: receipt.SubmissionID, ReceiptNo: receipt.ReceiptNo, ReceivedAt: instant(receipt.ReceivedAt),
		ReviewDueOn: day(receipt.ReviewDueOn.Date), ReviewDueProvisional: &receipt.ReviewDueOn.Provisional, Sha256: receipt.SHA256,
	})
}
