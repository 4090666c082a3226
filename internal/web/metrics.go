package web

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"nianbao/internal/postgres"
)

// metrics are what /metrics tells of HTTP, the pool and the process. Labels
// are bounded: a route is its pattern.
type metrics struct {
	registry *prometheus.Registry
	duration *prometheus.HistogramVec
	inFlight prometheus.Gauge
}

func newMetrics(db *postgres.DB) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "nianbao_http_request_duration_seconds",
			Help:    "Time to answer, by method, route pattern and status.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10},
		}, []string{"method", "route", "status"}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "nianbao_http_requests_in_flight",
			Help: "Requests being answered now.",
		}),
	}
	m.registry.MustRegister(m.duration, m.inFlight,
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		collectors.NewDBStatsCollector(db.DB.DB, "nianbao"))
	return m
}

func (m *metrics) middleware(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		start := time.Now() // a duration, never stored
		m.inFlight.Inc()
		defer m.inFlight.Dec()
		err := next(c)
		m.duration.WithLabelValues(knownMethod(c.Request().Method), routeLabel(c), strconv.Itoa(c.Response().Status)).
			Observe(time.Since(start).Seconds())
		return err
	}
}

// knownMethod keeps invented methods from making labels without end.
func knownMethod(m string) string {
	switch m {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodPatch, http.MethodOptions:
		return m
	}
	return "other"
}

// ownRoutes are the app's own lines of the route table.
func (a *App) ownRoutes() []Route {
	metrics := promhttp.HandlerFor(a.metrics.registry, promhttp.HandlerOpts{})
	return []Route{
		{Method: http.MethodGet, Path: staticPrefix + ":hash/*", Access: Anyone(), Handler: a.assets.serve},
		{Method: http.MethodGet, Path: "/healthz", Access: Anyone(), Handler: healthz},
		{Method: http.MethodGet, Path: "/readyz", Access: Anyone(), Handler: a.readyz},
		{Method: http.MethodGet, Path: "/metrics", Access: Anyone(), Handler: echo.WrapHandler(metrics)},
	}
}

// healthz says that the process answers.
func healthz(c echo.Context) error { return c.String(http.StatusOK, "ok\n") }

// readyTimeout bounds the look at the database; a load balancer asks often.
const readyTimeout = 3 * time.Second

// readyz says whether requests can be served: the database answers and the
// schema is there. Why not goes to the log, not to the asker.
func (a *App) readyz(c echo.Context) error {
	ctx, cancel := context.WithTimeout(c.Request().Context(), readyTimeout)
	defer cancel()
	err := a.cfg.DB.PingContext(ctx)
	if err == nil && a.cfg.Ready != nil {
		err = a.cfg.Ready(ctx)
	}
	if err != nil {
		a.cfg.Log.WarnContext(ctx, "not ready", "error", err)
		return c.String(http.StatusServiceUnavailable, "not ready\n")
	}
	return c.String(http.StatusOK, "ready\n")
}

// Migrated is a Config.Ready: the schema has every migration of this program.
// Once it has, it keeps them, so that later probes cost nothing.
func Migrated(db *postgres.DB) func(context.Context) error {
	var done atomic.Bool
	return func(ctx context.Context) error {
		if done.Load() {
			return nil
		}
		states, err := postgres.MigrationStatus(ctx, db)
		if err != nil {
			return err
		}
		for _, s := range states {
			if !s.Applied {
				return fmt.Errorf("migration %s is not applied", s.Name)
			}
		}
		done.Store(true)
		return nil
	}
}
