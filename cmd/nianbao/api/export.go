package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"nianbao/review/publication"
)

// exportTimeout is how long a whole list may take to be written.
const exportTimeout = 100 * time.Second

// export is a way to write a whole list.
type export struct {
	extension, mediaType string
	write                func(context.Context, io.Writer, publication.List, publication.Query) error
}

func (s *Server) csv() export { return export{"csv", "text/csv; charset=utf-8", s.Public.WriteCSV} }

func (s *Server) xlsx() export {
	return export{"xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", s.Public.WriteXLSX}
}

// answerExport writes the whole list into a temporary file and sends that: a failure half way is an error, not a file
// that looks whole, and a list of any length needs little memory.
func (s *Server) answerExport(c echo.Context, list publication.List, as export, p listParameters) (err error) {
	ask, err := p.query()
	if err != nil {
		return err
	}
	spool, err := os.CreateTemp("", "nianbao-export-*")
	if err != nil {
		return fmt.Errorf("export %s: %w", list, err)
	}
	defer func() { err = errors.Join(err, spool.Close(), os.Remove(spool.Name())) }()
	if err := as.write(c.Request().Context(), spool, list, ask); err != nil {
		return err
	}
	size, err := spool.Seek(0, io.SeekCurrent)
	if err == nil {
		_, err = spool.Seek(0, io.SeekStart)
	}
	if err != nil {
		return fmt.Errorf("export %s: %w", list, err)
	}
	header := c.Response().Header()
	header.Set(echo.HeaderContentDisposition, attachment(publication.ExportName(list, ask.On, s.DB.Now(), as.extension)))
	if as.extension == "xlsx" { // a CSV is compressed on its way, which changes its length
		header.Set(echo.HeaderContentLength, strconv.FormatInt(size, 10))
	}
	return c.Stream(http.StatusOK, as.mediaType, spool)
}

// AbnormalListCSV is GET /public/abnormal-list.csv.
func (s *Server) AbnormalListCSV(c echo.Context, p AbnormalListCSVParams) error {
	return s.answerExport(c, publication.AbnormalList, s.csv(), listParameters{authority: p.Authority, on: p.On})
}

// AbnormalListXLSX is GET /public/abnormal-list.xlsx.
func (s *Server) AbnormalListXLSX(c echo.Context, p AbnormalListXLSXParams) error {
	return s.answerExport(c, publication.AbnormalList, s.xlsx(), listParameters{authority: p.Authority, on: p.On})
}

// SpotCheckListCSV is GET /public/spot-check-list.csv.
func (s *Server) SpotCheckListCSV(c echo.Context, p SpotCheckListCSVParams) error {
	return s.answerExport(c, publication.SpotCheckList, s.csv(), listParameters{authority: p.Authority, on: p.On})
}

// SpotCheckListXLSX is GET /public/spot-check-list.xlsx.
func (s *Server) SpotCheckListXLSX(c echo.Context, p SpotCheckListXLSXParams) error {
	return s.answerExport(c, publication.SpotCheckList, s.xlsx(), listParameters{authority: p.Authority, on: p.On})
}
