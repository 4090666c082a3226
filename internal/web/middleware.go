package web

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"runtime/debug"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"
)

// Keys under which a request carries what the middleware found out.
const (
	keyRequestID = "nianbao.request-id"
	keyPrincipal = "nianbao.principal"
	keyRoute     = "nianbao.route"
	keyCancel    = "nianbao.cancel"
	// keySession: a browser session, new or known, is loaded.
	keySession = "nianbao.session"
	// keySessionEnded: the session's cookie goes away with this answer.
	keySessionEnded = "nianbao.session-ended"
)

// contentSecurityPolicy lets a page load only our own files. Nothing inline,
// nothing evaluated, nothing framed.
const contentSecurityPolicy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; " +
	"connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

// requestIDBytes gives 12 characters of base32, short enough to be told on the telephone.
const requestIDBytes = 8

// requestID gives every request a number of our own: one from outside could be
// made to look like another's.
func requestID(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		raw := make([]byte, requestIDBytes)
		_, _ = rand.Read(raw) // crypto/rand never fails
		id := base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(raw)[:12]
		id = id[:4] + "-" + id[4:8] + "-" + id[8:]
		c.Set(keyRequestID, id)
		c.Response().Header().Set(echo.HeaderXRequestID, id)
		defer func() {
			if cancel, ok := c.Get(keyCancel).(context.CancelFunc); ok {
				cancel()
			}
		}()
		return next(c)
	}
}

// RequestID is the number by which a request is found in the log.
func RequestID(c echo.Context) string {
	id, _ := c.Get(keyRequestID).(string)
	return id
}

// accessLog writes one line a request. It names the route, not the address: a
// path may hold a one-time link, a query a name.
func accessLog(log *slog.Logger) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			start := time.Now() // a duration, never stored
			err := next(c)
			if err != nil {
				c.Error(err) // answers here, so that the line has the status
			}
			attrs := []slog.Attr{
				slog.String("request_id", RequestID(c)),
				slog.String("method", c.Request().Method),
				slog.String("route", routeLabel(c)),
				slog.Int("status", c.Response().Status),
				slog.Int64("bytes", c.Response().Size),
				slog.Duration("took", time.Since(start)),
				slog.String("ip", c.RealIP()),
			}
			if p := Principal(c); !p.IsZero() {
				attrs = append(attrs, slog.String("principal", p.ID.String()), slog.String("role", string(p.Role)))
			}
			log.LogAttrs(c.Request().Context(), slog.LevelInfo, "request", attrs...)
			return nil
		}
	}
}

// routeLabel is the route's pattern: bounded, and free of ids and links.
func routeLabel(c echo.Context) string {
	if route, ok := c.Get(keyRoute).(*Route); ok {
		return route.Path
	}
	return unmatched
}

const unmatched = "unmatched"

// panicError carries a recovered panic to the one place where errors are
// logged and answered.
type panicError struct {
	value any
	stack []byte
}

func (e *panicError) Error() string { return fmt.Sprintf("panic: %v\n%s", e.value, e.stack) }

// recoverPanic turns a panic into an error; http.ErrAbortHandler is the
// standard library's own way to cut a connection and goes on.
func recoverPanic(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer func() {
			if v := recover(); v != nil {
				if err, ok := v.(error); ok && errors.Is(err, http.ErrAbortHandler) {
					panic(v)
				}
				err = &panicError{value: v, stack: debug.Stack()}
			}
		}()
		return next(c)
	}
}

// secureHeaders go on every answer, errors and files included. What a person
// sees is not to be kept by caches in between unless a handler says otherwise.
func secureHeaders(secure bool) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			h := c.Response().Header()
			h.Set("Content-Security-Policy", contentSecurityPolicy)
			h.Set("X-Content-Type-Options", "nosniff")
			h.Set("X-Frame-Options", "DENY")
			h.Set("Referrer-Policy", "same-origin")
			h.Set("Cross-Origin-Opener-Policy", "same-origin")
			h.Set("Cross-Origin-Resource-Policy", "same-origin")
			h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()")
			h.Set("Cache-Control", "no-store")
			if secure {
				h.Set("Strict-Transport-Security", "max-age=31536000")
			}
			return next(c)
		}
	}
}

// minCompressed: below about a packet, gzip only adds work.
const minCompressed = 1400

// compress gzips pages and JSON. Static files are compressed already, PDFs and
// workbooks by nature.
func compress() echo.MiddlewareFunc {
	return middleware.GzipWithConfig(middleware.GzipConfig{
		Level:     5,
		MinLength: minCompressed,
		Skipper: func(c echo.Context) bool {
			path := c.Request().URL.Path
			return strings.HasPrefix(path, staticPrefix) || strings.HasPrefix(path, "/api/v1/documents/") ||
				strings.Contains(path, "/attachments/") || // files, compressed by nature and asked for in parts
				strings.HasSuffix(path, ".xlsx") || strings.HasSuffix(path, ".pdf") || path == "/metrics"
		},
	})
}

// withTimeout bounds how long a handler may take; what it calls sees the
// context end. The context itself lives until the answer, perhaps an error
// page, is written: requestID, the outermost, ends it.
func withTimeout(c echo.Context, d time.Duration) {
	ctx, cancel := context.WithTimeout(c.Request().Context(), d)
	c.SetRequest(c.Request().WithContext(ctx))
	c.Set(keyCancel, cancel)
}

func ipNet(p netip.Prefix) *net.IPNet {
	p = p.Masked()
	return &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}
}
