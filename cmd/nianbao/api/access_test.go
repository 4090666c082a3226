package api_test

import (
	"flag"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/go-cmp/cmp"

	"nianbao/cmd/nianbao/api"
	"nianbao/internal/account"
	"nianbao/internal/web"
)

var update = flag.Bool("update", false, "write golden files")

// theRoutes are the API's lines of the route table.
func theRoutes(t testing.TB, w *world) []web.Route {
	t.Helper()
	return must[[]web.Route](t)(must[*api.Server](t)(api.New(w.config())).Routes())
}

// TestAccessRules holds who may call what in a golden file, so that no rule changes unseen.
func TestAccessRules(t *testing.T) {
	w := newWorld(t, "2019-01-20", demonstration)
	var lines []string
	for _, r := range theRoutes(t, w) {
		who := "anyone"
		if !r.Access.IsAnyone() {
			var roles []string
			for _, role := range r.Access.List() {
				roles = append(roles, string(role))
			}
			who = strings.Join(roles, ", ")
			if right := r.Access.Right(); right != "" {
				who += "; right " + string(right)
			}
		}
		if r.NoCSRF {
			t.Errorf("%s goes without the CSRF check", r.Name())
		}
		lines = append(lines, r.Name()+": "+who)
	}
	slices.Sort(lines)
	got := strings.Join(lines, "\n") + "\n"
	const golden = "testdata/access.golden"
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want := must[[]byte](t)(os.ReadFile(golden))
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("access rules changed (-update writes the file anew):\n%s", diff)
	}
}

// TestRoutesAreThoseOfTheDescription compares the table with openapi.yaml as an independent reader understands it.
func TestRoutesAreThoseOfTheDescription(t *testing.T) {
	w := newWorld(t, "2019-01-20", demonstration)
	doc := must[*openapi3.T](t)(openapi3.NewLoader().LoadFromData(api.OpenAPI))
	var described, mounted []string
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			described = append(described, method+" /api/v1"+path)
			if op.Responses.Default() == nil {
				t.Errorf("%s %s does not describe its refusals", method, path)
			}
			_, roles := op.Extensions["x-roles"]
			if open := op.Security != nil && len(*op.Security) == 0; open == roles {
				t.Errorf("%s %s: needs security: [] or x-roles, not both", method, path)
			}
		}
	}
	parameter := regexp.MustCompile(`:(\w+)`)
	for _, r := range theRoutes(t, w) {
		if r.Path != "/api/openapi.yaml" {
			mounted = append(mounted, r.Method+" "+parameter.ReplaceAllString(r.Path, "{$1}"))
		}
	}
	slices.Sort(described)
	slices.Sort(mounted)
	if diff := cmp.Diff(described, mounted); diff != "" {
		t.Errorf("described and mounted:\n%s", diff)
	}
	if stray := w.app.Unruled(); len(stray) > 0 {
		t.Errorf("served without a rule: %v", stray)
	}
}

// caller is somebody in the access matrix.
type caller struct {
	name, token string
	role        account.Role // "": nobody
	own         bool         // the samples are theirs, or their authority's
}

func (w *world) callers() []caller {
	list := []caller{
		{name: "nobody"},
		{name: "filer, own", role: account.RoleFiler, own: true, token: w.filer(0)},
		{name: "filer, another organisation", role: account.RoleFiler, token: w.filer(1)},
		{name: "filer, another authority", role: account.RoleFiler, token: w.token(account.RoleFiler, string(w.far.USCC), "far")},
	}
	for _, role := range account.Roles()[1:] {
		list = append(list,
			caller{name: string(role) + ", own authority", role: role, own: true, token: w.token(role, city, "own")},
			caller{name: string(role) + ", another authority", role: role, token: w.token(role, neighbor, "other")})
	}
	return list
}

// samples give every parameter of a path a value that belongs to the first organisation of the city.
func (w *world) samples(receipt api.Receipt) map[string]string {
	m := w.matter(0)
	asked := into[api.FilingRequestList](w.get(w.filer(0), "/reports/2018/requests").want(http.StatusOK)).Items[0].Id.String()
	return map[string]string{
		"/api/v1/reports/:year/requests/:id": asked, "/api/v1/filing-requests/:id": asked,
		"/api/v1/sponsor/reviews/:id":             w.sentTo("own"),
		"/api/v1/reports/:year":                   "2018",
		"/api/v1/reports/:year/attachments/:kind": "other", "/api/v1/reports/:year/attachments/:kind/:n": "1",
		"/api/v1/reviews/:submission_id/attachments/:kind": "other", "/api/v1/reviews/:submission_id/attachments/:kind/:n": "1",
		"/api/v1/reports/:year/submissions/:id": receipt.SubmissionId.String(),
		"/api/v1/reviews/:submission_id":        receipt.SubmissionId.String(),
		"/api/v1/listings/:id":                  m.Id.String(),
		"/api/v1/documents/:id":                 m.Documents[0].Id.String(),
		"/api/v1/forms/:form":                   "service-2004",
		"/api/v1/public/organisations/:uscc":    string(w.orgs[0].USCC),
		"/api/v1/public/verify/:code":           m.Documents[0].VerifyCode,
	}
}

// fill puts the samples into a path. A parameter without one fails the test: the matrix would have a hole.
func fill(t testing.TB, samples map[string]string, path string) string {
	t.Helper()
	parts := strings.Split(path, "/")
	for i, part := range parts {
		if !strings.HasPrefix(part, ":") {
			continue
		}
		prefix := strings.Join(strings.Split(path, "/")[:i+1], "/")
		value, ok := samples[prefix]
		if !ok {
			t.Fatalf("route %s: the access matrix has no sample for %s", path, prefix)
		}
		parts[i] = value
	}
	return strings.Join(parts, "/")
}

// ofOne tells whether a path names something that belongs to one organisation. A year does not: everybody has their own.
// Nor does a slot for a file, but what lies in it does.
func ofOne(r web.Route) bool {
	path := r.Path
	return strings.Contains(path, ":id") || strings.HasSuffix(path, "/:n") && r.Method != http.MethodPut || strings.Contains(path, ":submission_id")
}

// TestAccessMatrix is every route × every role × own and another's organisation and authority, from the route table.
func TestAccessMatrix(t *testing.T) {
	w := swept(t)
	w.post(w.filer(0), "/reports/2018/exemption-requests", `{"reason":"已停止活动"}`).want(http.StatusCreated)
	for _, authority := range []string{city, neighbor} {
		w.season(authority, "attachments: [{kind: other}]\n")
	}
	w.putFile(0, "other/1", pngFile(3)).want(http.StatusCreated)
	samples := w.samples(w.submitted(0))
	for _, r := range theRoutes(t, w) {
		path := fill(t, samples, r.Path)
		w.do(call{token: "nbt_wrong", method: r.Method, path: path}).refused(http.StatusUnauthorized, "unauthorized")
		for _, who := range w.callers() {
			t.Run(fmt.Sprintf("%s %s", r.Name(), who.name), func(t *testing.T) {
				a := w.do(call{token: who.token, method: r.Method, path: path, body: bodyFor(r.Method)})
				switch {
				case r.Access.IsAnyone():
					a.passed(t)
				case who.role == "":
					a.refused(http.StatusUnauthorized, "unauthorized")
					if a.Header.Get("WWW-Authenticate") == "" {
						t.Error("401 without WWW-Authenticate")
					}
				case !slices.Contains(r.Access.List(), who.role):
					a.refused(http.StatusForbidden, "forbidden")
				case !who.own && ofOne(r):
					a.refused(http.StatusNotFound, "not_found")
				default:
					a.passed(t)
				}
			})
		}
	}
}

// bodyFor is a body that no call takes, so that the matrix changes nothing where a body is read.
func bodyFor(method string) []byte {
	if method == http.MethodGet {
		return nil
	}
	return []byte(`{`)
}

// passed wants that the caller got past access and ownership.
func (a answer) passed(t testing.TB) {
	t.Helper()
	switch {
	case a.Status == http.StatusUnauthorized, a.Status == http.StatusForbidden, a.Status == http.StatusNotFound, a.Status >= 500:
		t.Errorf("%s: %d\n%s", a.call, a.Status, clipped(a.Body))
	}
}

// TestListsHoldOnlyOnesOwn: what a list shows another is nothing of the first organisation's.
func TestListsHoldOnlyOnesOwn(t *testing.T) {
	w := swept(t)
	w.submitted(0)
	mark := string(w.orgs[0].USCC)
	for _, r := range theRoutes(t, w) {
		if r.Method != http.MethodGet || strings.Contains(r.Path, ":") || r.Access.IsAnyone() {
			continue
		}
		for _, who := range w.callers() {
			if !slices.Contains(r.Access.List(), who.role) {
				continue
			}
			a := w.get(who.token, r.Path).want(http.StatusOK)
			if shown := strings.Contains(string(a.Body), mark); shown && !who.own {
				t.Errorf("%s shows %s what belongs to %s", r.Name(), who.name, mark)
			}
		}
	}
}
