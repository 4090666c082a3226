package api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"
	"gocloud.dev/blob"

	"nianbao/filing"
	"nianbao/filing/form"
	"nianbao/internal/clock"
	"nianbao/internal/postgres"
	"nianbao/internal/web"
	"nianbao/internal/workday"
	"nianbao/review"
	"nianbao/review/listing"
	"nianbao/review/publication"
)

// Config is what the API works with. Everything but Travel is required.
type Config struct {
	DB       *postgres.DB
	Forms    *form.Set
	Calendar func() *workday.Calendar // the calendar as it is known now
	Filing   *filing.Service
	Review   *review.Service
	Listing  *listing.Service
	Public   *publication.Service
	Blobs    *blob.Bucket // where the PDFs of documents lie
	// Travel moves the demonstration's clock (clock.Driver.Travel); nil outside a demonstration, whose route then does
	// not exist.
	Travel func(ctx context.Context, to time.Time) ([]clock.Ran, error)
}

// Server answers the calls of openapi.yaml.
type Server struct {
	Config
	operations []operation
	forms      map[string]formAnswers
}

var _ ServerInterface = (*Server)(nil)

// New reads the description and prepares the answers that never change.
func New(c Config) (*Server, error) {
	if c.DB == nil || c.Forms == nil || c.Calendar == nil || c.Filing == nil || c.Review == nil || c.Listing == nil || c.Public == nil || c.Blobs == nil {
		return nil, errors.New("api: everything but Travel is required")
	}
	operations, err := readOperations(OpenAPI)
	if err != nil {
		return nil, fmt.Errorf("api: openapi.yaml: %w", err)
	}
	forms, err := answersOf(c.Forms)
	if err != nil {
		return nil, fmt.Errorf("api: %w", err)
	}
	return &Server{Config: c, operations: operations, forms: forms}, nil
}

// Routes are the API's lines of the route table, with the access rules that openapi.yaml states.
func (s *Server) Routes() ([]web.Route, error) {
	rules := make(map[string]web.Access, len(s.operations))
	middleware := make(map[string][]echo.MiddlewareFunc, len(s.operations))
	for _, op := range s.operations {
		rules[op.route()] = op.access
		middleware[op.id] = []echo.MiddlewareFunc{s.around(op)}
	}
	var recorded web.Recorder
	RegisterHandlersWithOptions(&recorded, s, RegisterHandlersOptions{BaseURL: basePath, OperationMiddlewares: middleware})
	routes, err := recorded.Routes(rules)
	if err != nil {
		return nil, fmt.Errorf("api: %w", err)
	}
	kept := routes[:0]
	for _, r := range routes {
		if r.Path == demoClockPath && s.Travel == nil {
			continue
		}
		r.Timeout = timeoutOf(r.Path)
		switch {
		case r.Path == workbookPath:
			r.MaxBody = workbookBody
		case strings.HasPrefix(r.Path, attachmentsPath+"/"):
			r.MaxBody = attachmentBody
		}
		kept = append(kept, r)
	}
	return append(kept, web.Route{Method: http.MethodGet, Path: "/api/openapi.yaml", Access: web.Anyone(), Handler: description}), nil
}

// timeoutOf is how long a call may take; 0 is the usual time.
func timeoutOf(path string) time.Duration {
	switch {
	case path == demoClockPath:
		return travelTimeout
	case strings.Contains(path, "/attachments/"):
		return attachmentTime
	case strings.HasSuffix(path, ".csv"), strings.HasSuffix(path, ".xlsx"):
		return exportTimeout
	}
	return 0
}

// description serves openapi.yaml itself.
func description(c echo.Context) error {
	sum := sha256.Sum256(OpenAPI)
	return answerFile(c, file{tag: hex.EncodeToString(sum[:8]), mediaType: "application/yaml; charset=utf-8", data: OpenAPI})
}

// organisationID is the organisation that the caller acts for; only for routes of filers.
func organisationID(c echo.Context) uuid.UUID { return web.Principal(c).OrganisationID.UUID }

// today is the day in Shanghai by the clock of the program.
func (s *Server) today() workday.Date { return workday.DateOf(s.DB.Now()) }
