package api

import (
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"nianbao/filing"
	"nianbao/internal/web"
)

// subject says whether what a path names is there for the caller: nil, or the refusal.
type subject func(c echo.Context) error

// around reads the path before the handler, and puts refusals into the contract's order after it: a body that cannot
// be taken is told only of what is there, and the caller's. What a path names is looked up only where a call is
// refused anyway, so that the way through costs nothing.
func (s *Server) around(op operation) echo.MiddlewareFunc {
	find := s.subjectOf(op)
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			if err := checkPath(c); err != nil {
				return err
			}
			err := checkQuery(c.Request().URL.RawQuery)
			if err == nil {
				err = next(c)
			}
			if err == nil {
				return nil
			}
			return inOrder(c, find, tellable(err))
		}
	}
}

// subjectOf is nil for an operation whose path names nothing of the caller's.
func (s *Server) subjectOf(op operation) subject {
	switch {
	case strings.HasPrefix(op.path, "/reports/{year}"):
		return s.findReport
	case strings.HasPrefix(op.path, "/reviews/{submission_id}"):
		return s.findReview
	case strings.HasPrefix(op.path, "/listings/{id}"):
		return s.findListing
	case strings.HasPrefix(op.path, "/filing-requests/{id}"):
		return s.findRequest
	case strings.HasPrefix(op.path, "/sponsor/reviews/{id}"):
		return s.findSponsorReview
	}
	return nil
}

func inOrder(c echo.Context, find subject, refusal error) error {
	if find == nil {
		return refusal
	}
	switch statusOf(refusal) {
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity:
		if missing := find(c); missing != nil && statusOf(missing) == http.StatusNotFound {
			return missing
		}
	case http.StatusNotFound:
		if errors.Is(refusal, filing.ErrNotFound) { // a season that has not opened yet is 409 not_open
			if nearer := find(c); nearer != nil {
				return nearer
			}
		}
	}
	return refusal
}

func statusOf(err error) int { return web.ProblemOf(err).Status }

// findReport tells whether the caller's organisation has a report of the year.
func (s *Server) findReport(c echo.Context) error {
	year, err := parseYear(c.Param("year"))
	if err != nil {
		return err
	}
	_, err = s.Filing.Draft(c.Request().Context(), organisationID(c), year)
	return err
}

// pathParameters say what a parameter of a path must look like; what does not cannot be there.
var pathParameters = map[string]func(string) bool{
	"year":          regexp.MustCompile(`\A[0-9]{4}\z`).MatchString,
	"id":            isUUID,
	"submission_id": isUUID,
	"kind":          regexp.MustCompile(`\A[a-z][a-z_]{0,39}\z`).MatchString,
	"n":             regexp.MustCompile(`\A[1-9][0-9]{0,2}\z`).MatchString,
}

func isUUID(s string) bool {
	_, err := uuid.Parse(s)
	return err == nil && len(s) == 36
}

func checkPath(c echo.Context) error {
	values := c.ParamValues()
	for i, name := range c.ParamNames() {
		if looksRight := pathParameters[name]; looksRight != nil && !looksRight(values[i]) {
			return web.ErrNotFound
		}
		value, err := url.PathUnescape(values[i])
		if err != nil || !isText(value) {
			return web.ErrNotFound
		}
	}
	return nil
}

// checkQuery refuses what no database column can be compared with.
func checkQuery(raw string) error {
	query, err := url.ParseQuery(raw)
	if err != nil {
		return errBadQuery
	}
	for name, values := range query {
		for _, v := range values {
			if !isText(v) || !isText(name) {
				return errBadQuery
			}
		}
	}
	return nil
}

// isText tells whether PostgreSQL takes s as text.
func isText(s string) bool { return utf8.ValidString(s) && !strings.Contains(s, "\x00") }

var errBadQuery = web.NewError(http.StatusBadRequest, "bad_query", "网址中的查询参数编码不正确，请以UTF-8编码后再试。")

func badParameter(name string) error {
	return web.NewError(http.StatusBadRequest, "bad_parameter", "参数“"+name+"”不符合要求，请对照接口说明更正后再试。")
}

// parameterNamed finds the name in what the generated code says of a parameter.
var parameterNamed = regexp.MustCompile(`(?:parameter|value for) ([\w-]+)`)

// tellable gives an error the shape in which it is answered.
func tellable(err error) error {
	var plain *echo.HTTPError
	if errors.As(err, &plain) && plain.Code == http.StatusBadRequest {
		text, _ := plain.Message.(string)
		named := parameterNamed.FindStringSubmatch(text)
		switch {
		case named == nil:
			return err
		case named[1] == "Idempotency-Key":
			return filing.ErrBadIdempotencyKey
		}
		return badParameter(named[1])
	}
	var checks *filing.CheckError
	if errors.As(err, &checks) {
		return &reportError{checks}
	}
	return err
}

// reportError adds the findings to the answer.
type reportError struct{ *filing.CheckError }

// ProblemFindings are the findings as the contract has them.
func (r *reportError) ProblemFindings() any { return findings(r.Findings) }
