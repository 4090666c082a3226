// Package web owns what all pages and API calls share: the Echo set-up, the
// one route table with its access rules, who makes a request, sessions and
// their CSRF check, rendering, forms, static files, and the one place where an
// error becomes a status and a text.
//
// It does not own any page of a domain, any rule or any SQL. Invariants: a
// route without an access rule is not mounted; a page is rendered whole before
// its status is sent; a text from inside the program never reaches a browser;
// nothing secret (token, link, password, query) reaches a log; every main path
// works without script.
package web

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"

	"nianbao/internal/account"
	"nianbao/internal/postgres"
	"nianbao/templates"
)

// Config is what an App needs. DB, Log and PublicURL are required.
type Config struct {
	DB  *postgres.DB
	Log *slog.Logger
	// PublicURL is the address that people use; https makes cookies secure.
	PublicURL string
	// TrustedProxies may name the client in X-Forwarded-For; from anybody
	// else the header is ignored.
	TrustedProxies []netip.Prefix
	// Wall is the wall's clock, for how long a session has been idle. It is
	// not the demonstration's.
	Wall func() time.Time
	// Demo marks every page as the demonstration; DemoNow says its time.
	Demo bool
	// Ready says why the program cannot serve now, nil if it can (readyz).
	Ready func(context.Context) error
	// Site names the system and its menus.
	Site Site
	// Templates is templates.FS unless a test brings its own.
	Templates fs.FS
}

// App is the HTTP side of one running program. Make it with New, give it the
// routes with Mount, serve it with Server.
type App struct {
	cfg      Config
	echo     *echo.Echo
	pages    *Renderer
	assets   *assets
	sessions *scs.SessionManager
	auth     *account.Authenticator
	byToken  *Limiter
	csrf     *csrfGuard
	metrics  *metrics
	routes   []Route
}

// New sets up Echo, parses every page and prepares the static files. The error
// names the template or setting that is wrong.
func New(cfg Config) (*App, error) {
	if cfg.DB == nil || cfg.Log == nil || cfg.Wall == nil {
		return nil, errors.New("web: DB, Log and Wall are required")
	}
	public, err := url.Parse(cfg.PublicURL)
	if err != nil || public.Host == "" || public.Scheme != "http" && public.Scheme != "https" {
		return nil, fmt.Errorf("web: public URL %q: must begin with http:// or https://", cfg.PublicURL)
	}
	if cfg.Templates == nil {
		cfg.Templates = templates.FS
	}
	assets, err := loadAssets(cfg.Templates)
	if err != nil {
		return nil, err
	}
	pages, err := newRenderer(cfg.Templates, assets)
	if err != nil {
		return nil, err
	}
	secure := public.Scheme == "https"
	csrf, err := newCSRFGuard(cfg.PublicURL, secure)
	if err != nil {
		return nil, err
	}
	app := &App{
		cfg:      cfg,
		pages:    pages,
		assets:   assets,
		sessions: newSessions(cfg.DB, secure),
		auth:     account.NewAuthenticator(cfg.DB),
		byToken:  NewLimiter(tokenBurst, tokenEvery, tokenKeys, cfg.Wall),
		csrf:     csrf,
		metrics:  newMetrics(cfg.DB),
	}
	app.echo = app.newEcho(secure)
	if err := app.Mount(app.ownRoutes()); err != nil {
		return nil, err
	}
	return app, nil
}

// newEcho lists the middleware of every request, outermost first.
func (a *App) newEcho(secure bool) *echo.Echo {
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.HTTPErrorHandler = a.handleError
	e.IPExtractor = ipExtractor(a.cfg.TrustedProxies)
	e.Use(requestID, a.metrics.middleware, accessLog(a.cfg.Log), recoverPanic, secureHeaders(secure), compress())
	return e
}

// Handler is the whole app.
func (a *App) Handler() http.Handler { return a.echo }

// Registry takes further metrics, such as the queue's depth.
func (a *App) Registry() prometheus.Registerer { return a.metrics.registry }

// Authenticator is the one that the app asks; a page that revokes a token
// makes it forget.
func (a *App) Authenticator() *account.Authenticator { return a.auth }

// Timeouts of the server. Reading and writing are bounded so that a slow or
// silent client frees its connection; a report body of 2 MB passes at 40 kB/s.
const (
	readHeaderTimeout = 10 * time.Second
	readTimeout       = 60 * time.Second
	writeTimeout      = 120 * time.Second
	idleTimeout       = 120 * time.Second
	maxHeaderBytes    = 64 << 10
)

// Server is an http.Server for the app with every timeout set; the caller
// listens and shuts it down.
func (a *App) Server() *http.Server {
	return &http.Server{
		Handler:           a.echo,
		ReadHeaderTimeout: readHeaderTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(a.cfg.Log.Handler(), slog.LevelWarn),
	}
}

// ipExtractor takes the client's address from the connection, or from
// X-Forwarded-For where a trusted proxy says so. Echo's default would trust
// every private network.
func ipExtractor(trusted []netip.Prefix) echo.IPExtractor {
	if len(trusted) == 0 {
		return echo.ExtractIPDirect()
	}
	options := []echo.TrustOption{echo.TrustLoopback(false), echo.TrustLinkLocal(false), echo.TrustPrivateNet(false)}
	for _, p := range trusted {
		options = append(options, echo.TrustIPRange(ipNet(p)))
	}
	return echo.ExtractIPFromXFFHeader(options...)
}
