package api

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"

	"github.com/labstack/echo/v4"

	"nianbao/filing"
	"nianbao/filing/check"
	"nianbao/filing/workbook"
	"nianbao/internal/web"
)

const (
	workbookType = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	// workbookBody lets a file of the largest size, and one just beyond that is told so, come in.
	workbookBody = workbook.MaxBytes + 1<<20
	workbookPath = basePath + "/reports/:year/workbook"
)

// GetWorkbook is GET /reports/{year}/workbook.
func (s *Server) GetWorkbook(c echo.Context, year Year, params GetWorkbookParams) error {
	part := workbook.All
	if params.Part != nil {
		part = workbook.Part(*params.Part)
	}
	if !part.Valid() {
		return badParameter("part")
	}
	report, draft, err := s.Filing.WorkbookOf(c.Request().Context(), organisationID(c), year)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	if err := workbook.Write(&out, report, part); err != nil {
		return err
	}
	header := c.Response().Header()
	header.Set("ETag", draftTag(draft.Version))
	header.Set("Cache-Control", "private, no-store")
	header.Set(echo.HeaderContentDisposition, attachment(fmt.Sprintf("%s-%d-%s.xlsx", report.USCC, year, part)))
	return c.Blob(http.StatusOK, workbookType, out.Bytes())
}

// ReadWorkbook is POST /reports/{year}/workbook.
func (s *Server) ReadWorkbook(c echo.Context, year Year, params ReadWorkbookParams) error {
	ctx := c.Request().Context()
	raw, err := readWorkbookBody(c)
	if err != nil {
		return err
	}
	report, draft, err := s.Filing.WorkbookOf(ctx, organisationID(c), year)
	if err != nil {
		return err
	}
	reading, err := workbook.Read(raw, report)
	if err != nil {
		return err
	}
	list := reading.Compare(report.Form, report.Values)
	answer := WorkbookReading{Applied: given(params.Apply), Template: reading.Template, Notices: reading.Notices,
		Sheets: []string{}, Cells: workbookCells(report, reading, list)}
	for _, sheet := range reading.Sheets {
		answer.Sheets = append(answer.Sheets, sheet.Name)
	}
	if answer.Applied {
		if draft, err = s.Filing.ApplyWorkbook(ctx, filing.ApplyWorkbook{OrganisationID: organisationID(c), Year: year,
			Reading: reading, Actor: web.Principal(c).Actor()}); err != nil {
			return asFindings(err)
		}
	}
	merged := workbook.Merge(report.Form, report.Values, list, func(string) bool { return true })
	body, err := report.Form.Encode(report.Form.Prune(merged, report.Context))
	if err != nil {
		return fmt.Errorf("check what was read: %w", err)
	}
	found, err := s.Filing.Check(ctx, filing.Check{OrganisationID: organisationID(c), Year: year, Body: body})
	if err != nil {
		return err
	}
	answer.Findings = findings(found)
	c.Response().Header().Set("ETag", draftTag(draft.Version))
	return c.JSON(http.StatusOK, answer)
}

var errWorkbookType = web.NewError(http.StatusUnsupportedMediaType, "unsupported_media_type",
	"请求内容必须是工作簿文件本身：请求头 Content-Type 应为 "+workbookType+" 或 text/csv。")

// readWorkbookBody reads the file; what it is in truth is told by its content.
func readWorkbookBody(c echo.Context) ([]byte, error) {
	mediaType, _, err := mime.ParseMediaType(c.Request().Header.Get(echo.HeaderContentType))
	if err != nil || mediaType != workbookType && mediaType != "text/csv" && mediaType != echo.MIMEOctetStream {
		return nil, errWorkbookType
	}
	raw, err := io.ReadAll(c.Request().Body)
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, err
	case err != nil:
		return nil, errCutOff
	}
	return raw, nil
}

// workbookCells are the cells with what becomes of them.
func workbookCells(report workbook.Report, reading *workbook.Reading, list []workbook.Difference) []WorkbookCell {
	states := make(map[string]workbook.State, len(list))
	for _, d := range list {
		states[d.Field.Key] = d.State
	}
	out := make([]WorkbookCell, len(reading.Cells))
	for i, c := range reading.Cells {
		state := Same
		if f, ok := report.Form.Field(c.Path); ok {
			key := f.Key
			if f.Parent != nil && len(f.Parent.Columns) > 0 {
				key = f.Parent.Key
			}
			if found, differs := states[key]; differs {
				state = WorkbookCellState(found)
			}
		}
		if c.Wrong != "" {
			state = Unreadable
		}
		out[i] = WorkbookCell{Sheet: c.Sheet, Cell: c.Name, Key: c.Path, Label: c.Label, Text: c.Text, State: state,
			Problem: c.Wrong, Remedy: c.Fix}
	}
	return out
}

// asFindings gives a refusal for some cells its findings.
func asFindings(err error) error {
	var cells *workbook.CellError
	if errors.As(err, &cells) {
		return &cellsError{cells}
	}
	return err
}

type cellsError struct{ *workbook.CellError }

// ProblemFindings are the cells as findings, each naming sheet and cell.
func (r *cellsError) ProblemFindings() any {
	list := make([]check.Finding, len(r.Cells))
	for i, c := range r.Cells {
		keys := []string{}
		if c.Path != "" {
			keys = append(keys, c.Path)
		}
		list[i] = check.Finding{Check: "WORKBOOK-CELL", Severity: check.Error, Keys: keys,
			Message: c.Place() + "：" + c.Label + "，" + c.Wrong + "。", Remedy: c.Fix, Basis: "工作簿填写要求"}
	}
	return findings(list)
}
