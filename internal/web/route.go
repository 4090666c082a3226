package web

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"nianbao/internal/account"
)

// Access is who may use a route. The zero value is no rule at all, and a route
// without a rule is refused.
type Access struct {
	anyone bool
	roles  []account.Role
	right  account.Right
}

// Anyone lets everybody in, signed in or not.
func Anyone() Access { return Access{anyone: true} }

// Roles lets in whoever holds one of the roles.
func Roles(first account.Role, more ...account.Role) Access {
	return Access{roles: append([]account.Role{first}, more...)}
}

// SignedIn lets in every role.
func SignedIn() Access { return Access{roles: account.Roles()} }

// Needs names the right by which an organisation's token may use the route, as
// every API call for filers must. Where none is named, no token that was made
// with chosen rights is let in.
func (a Access) Needs(r account.Right) Access {
	a.right = r
	return a
}

// Right is what Needs named, "" for nothing.
func (a Access) Right() account.Right { return a.right }

// IsAnyone says whether no principal is needed.
func (a Access) IsAnyone() bool { return a.anyone }

// List is the roles let in; none for Anyone.
func (a Access) List() []account.Role { return slices.Clone(a.roles) }

// Allows says whether p's role may use the route.
func (a Access) Allows(p account.Principal) bool {
	return a.anyone || !p.IsZero() && slices.Contains(a.roles, p.Role)
}

// lacks says whether p is a token whose rights do not reach this route.
func (a Access) lacks(p account.Principal) bool { return !a.anyone && !p.Rights.Has(a.right) }

// stated says whether there is a rule.
func (a Access) stated() bool { return a.anyone || len(a.roles) > 0 }

// Limits of a route unless it says otherwise.
const (
	// DefaultMaxBody is the size of a report body, 2 MB, and of any other.
	DefaultMaxBody = 2 << 20
	// DefaultTimeout is how long a handler may take.
	DefaultTimeout = 30 * time.Second
)

// Route is one way in: a line of the route table.
type Route struct {
	Method string
	// Path is Echo's pattern, such as /api/v1/reports/:year/draft.
	Path   string
	Access Access
	// NoCSRF lifts the check of an unsafe method where there is nothing to
	// protect: only for Anyone, and only where nothing is changed.
	NoCSRF bool
	// MaxBody and Timeout are DefaultMaxBody and DefaultTimeout if zero.
	MaxBody int64
	Timeout time.Duration
	Handler echo.HandlerFunc
}

// Name is "METHOD /path", by which tests and errors name a route.
func (r Route) Name() string { return r.Method + " " + r.Path }

// IsAPI says whether the route answers errors in JSON: everything under /api/
// does, everything else with a page.
func (r Route) IsAPI() bool { return isAPIPath(r.Path) }

func isAPIPath(path string) bool { return strings.HasPrefix(path, "/api/") || path == "/api" }

// check refuses what would be a hole in the table.
func (r Route) check() error {
	switch {
	case r.Method == "" || !strings.HasPrefix(r.Path, "/") || r.Handler == nil:
		return errors.New("method, path and handler are required")
	case !r.Access.stated():
		return errors.New("no access rule")
	case r.IsAPI() && slices.Contains(r.Access.roles, account.RoleFiler) != r.Access.right.Valid():
		return errors.New("a call for filers, and no other, names the right that a token needs")
	case r.NoCSRF && !r.Access.IsAnyone():
		return errors.New("only a route for anyone may go without the CSRF check")
	}
	return nil
}

// Mount adds routes to the app, all of them or, with an error that names
// everything wrong, none.
func (a *App) Mount(routes []Route) error {
	known := map[string]bool{}
	for _, r := range a.routes {
		known[r.Name()] = true
	}
	var problems []error
	for _, r := range routes {
		if err := r.check(); err != nil {
			problems = append(problems, fmt.Errorf("route %s: %w", r.Name(), err))
		}
		if known[r.Name()] {
			problems = append(problems, fmt.Errorf("route %s: twice in the table", r.Name()))
		}
		known[r.Name()] = true
	}
	if err := errors.Join(problems...); err != nil {
		return err
	}
	for _, r := range routes {
		a.routes = append(a.routes, r)
		a.echo.Add(r.Method, r.Path, a.guard(&r))
		if r.Method == http.MethodGet { // net/http leaves the body out
			a.echo.Add(http.MethodHead, r.Path, a.guard(&r))
		}
	}
	return nil
}

// Routes is the whole table, the app's own routes included.
func (a *App) Routes() []Route { return slices.Clone(a.routes) }

// Unruled lists what Echo would serve although the table does not name it;
// a test keeps it empty.
func (a *App) Unruled() []string {
	known := map[string]bool{}
	for _, r := range a.routes {
		known[r.Name()] = true
	}
	var stray []string
	for _, r := range a.echo.Routes() {
		name := r.Method + " " + r.Path
		if r.Method == http.MethodHead && known[http.MethodGet+" "+r.Path] {
			continue
		}
		if r.Method != echo.RouteNotFound && !known[name] {
			stray = append(stray, name)
		}
	}
	slices.Sort(stray)
	return stray
}

// guard is what every route goes through, in the contract's order: who it is
// (401), whether the role may (403), whether the form is ours (403), and then
// the handler with its time and body bounded.
func (a *App) guard(r *Route) echo.HandlerFunc {
	maxBody, timeout := r.MaxBody, r.Timeout
	if maxBody == 0 {
		maxBody = DefaultMaxBody
	}
	if timeout == 0 {
		timeout = DefaultTimeout
	}
	return func(c echo.Context) error {
		c.Set(keyRoute, r)
		withTimeout(c, timeout)
		allowTime(c, timeout)
		defer removeUploads(c)
		req := c.Request()
		req.Body = http.MaxBytesReader(c.Response(), req.Body, maxBody)
		if err := a.authenticate(c, r); err != nil {
			return err
		}
		if err := a.authorise(c, r); errors.Is(err, errSignInFirst) {
			return toSignIn(c)
		} else if err != nil {
			return err
		}
		if err := a.csrf.check(c, r); err != nil {
			return err
		}
		return r.Handler(c)
	}
}

// removeUploads deletes the temporary files of a multipart form. net/http does
// so only for the request it made itself, not for the copy that carries our
// context.
func removeUploads(c echo.Context) {
	if form := c.Request().MultipartForm; form != nil {
		_ = form.RemoveAll() // what is left lies in the system's temporary folder
	}
}
