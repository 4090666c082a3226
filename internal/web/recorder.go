package web

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/labstack/echo/v4"
)

// Recorder collects the routes that generated code registers, so that they can
// join the table: it has the methods that oapi-codegen's EchoRouter asks for.
type Recorder struct{ routes []Route }

func (r *Recorder) add(method, path string, h echo.HandlerFunc, m []echo.MiddlewareFunc) *echo.Route {
	for i := len(m) - 1; i >= 0; i-- {
		h = m[i](h)
	}
	r.routes = append(r.routes, Route{Method: method, Path: path, Handler: h})
	return &echo.Route{Method: method, Path: path}
}

// CONNECT records a route, as do the methods below.
func (r *Recorder) CONNECT(path string, h echo.HandlerFunc, m ...echo.MiddlewareFunc) *echo.Route {
	return r.add(http.MethodConnect, path, h, m)
}

// DELETE records a route.
func (r *Recorder) DELETE(path string, h echo.HandlerFunc, m ...echo.MiddlewareFunc) *echo.Route {
	return r.add(http.MethodDelete, path, h, m)
}

// GET records a route.
func (r *Recorder) GET(path string, h echo.HandlerFunc, m ...echo.MiddlewareFunc) *echo.Route {
	return r.add(http.MethodGet, path, h, m)
}

// HEAD records a route.
func (r *Recorder) HEAD(path string, h echo.HandlerFunc, m ...echo.MiddlewareFunc) *echo.Route {
	return r.add(http.MethodHead, path, h, m)
}

// OPTIONS records a route.
func (r *Recorder) OPTIONS(path string, h echo.HandlerFunc, m ...echo.MiddlewareFunc) *echo.Route {
	return r.add(http.MethodOptions, path, h, m)
}

// PATCH records a route.
func (r *Recorder) PATCH(path string, h echo.HandlerFunc, m ...echo.MiddlewareFunc) *echo.Route {
	return r.add(http.MethodPatch, path, h, m)
}

// POST records a route.
func (r *Recorder) POST(path string, h echo.HandlerFunc, m ...echo.MiddlewareFunc) *echo.Route {
	return r.add(http.MethodPost, path, h, m)
}

// PUT records a route.
func (r *Recorder) PUT(path string, h echo.HandlerFunc, m ...echo.MiddlewareFunc) *echo.Route {
	return r.add(http.MethodPut, path, h, m)
}

// TRACE records a route.
func (r *Recorder) TRACE(path string, h echo.HandlerFunc, m ...echo.MiddlewareFunc) *echo.Route {
	return r.add(http.MethodTrace, path, h, m)
}

// Routes joins what was recorded with its access rules, by "METHOD /path". A
// route without a rule, or a rule without a route, is an error.
func (r *Recorder) Routes(rules map[string]Access) ([]Route, error) {
	left := make(map[string]bool, len(rules))
	for name := range rules {
		left[name] = true
	}
	var problems []error
	out := make([]Route, 0, len(r.routes))
	for _, route := range r.routes {
		rule, ok := rules[route.Name()]
		if !ok {
			problems = append(problems, fmt.Errorf("route %s: no access rule", route.Name()))
		}
		delete(left, route.Name())
		route.Access = rule
		out = append(out, route)
	}
	for name := range left {
		problems = append(problems, fmt.Errorf("rule %s: no such route", name))
	}
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	return out, nil
}
