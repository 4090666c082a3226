//go:build bench

package e2e

import (
	"errors"
	"log/slog"
	"net"
	"net/http"
	"testing"
	"time"

	"nianbao/cmd/nianbao/api"
	"nianbao/filing"
	"nianbao/filing/check"
	"nianbao/filing/form"
	"nianbao/internal/document"
	"nianbao/internal/postgres"
	webapp "nianbao/internal/web"
	"nianbao/internal/workday"
	"nianbao/review"
	"nianbao/review/listing"
	"nianbao/review/publication"
)

// benchNode serves the API of the program inside this process, wired as the program wires it but for two things: form
// checks only where asked for, and nothing in the background. There is no setting for that, and there must not be one.
func benchNode(t *testing.T, db *postgres.DB, checks *check.Set) (url string) {
	t.Helper()
	forms, err := form.Default()
	if err != nil {
		t.Fatal(err)
	}
	blobs, err := document.OpenBlobs(t.Context(), "file://"+t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { blobs.Close() })
	reviews := review.New(review.Config{DB: db, Forms: forms, Calendar: workday.Builtin})
	filings := filing.New(filing.Config{DB: db, Forms: forms, Checks: checks, Calendar: workday.Builtin})
	filings.OnSubmitted, filings.OnWithdrawn = reviews.Open, reviews.Withdraw
	server, err := api.New(api.Config{DB: db, Forms: forms, Calendar: workday.Builtin, Filing: filings, Review: reviews,
		Listing: listing.New(listing.Config{DB: db, Calendar: workday.Builtin}), Public: publication.New(publication.Config{DB: db}), Blobs: blobs})
	if err != nil {
		t.Fatal(err)
	}
	routes, err := server.Routes()
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	url = "http://" + listener.Addr().String()
	app, err := webapp.New(webapp.Config{DB: db, Log: slog.New(slog.NewJSONHandler(&logBuffer{}, nil)), PublicURL: url, Wall: time.Now,
		Ready: webapp.Migrated(db), Site: webapp.Site{Name: "bench", DeskName: "bench", PublicName: "bench"}})
	if err != nil {
		t.Fatal(err)
	}
	if err := app.Mount(routes); err != nil {
		t.Fatal(err)
	}
	httpServer := app.Server()
	ended := make(chan error, 1)
	go func() { ended <- httpServer.Serve(listener) }()
	t.Cleanup(func() {
		if err := errors.Join(httpServer.Close(), <-ended); !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
	return url
}
