package web_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/labstack/echo/v4"

	"nianbao/internal/postgres"
	"nianbao/internal/postgres/pgtest"
	"nianbao/internal/web"
	"nianbao/internal/web/webtest"
	"nianbao/internal/workday"
)

// TestErrorPageSaysWhatToDo: for each status what happened, whether something was lost, and the next step.
func TestErrorPageSaysWhatToDo(t *testing.T) {
	w := newWorld(t)
	answers := map[string]error{
		"400": echo.ErrBadRequest, "403": echo.ErrForbidden, "409": web.NewError(409, "already_submitted", "报告已经报送，不能再存。"),
		"413": &http.MaxBytesError{Limit: 1}, "429": web.ErrRateLimited, "500": fmt.Errorf("secret: %w", context.Canceled),
		"503": fmt.Errorf("secret: %w", context.DeadlineExceeded), "502": echo.NewHTTPError(502, "secret"),
	}
	var routes []web.Route
	for path, err := range answers {
		for _, method := range []string{"GET", "POST"} {
			routes = append(routes, web.Route{Method: method, Path: "/" + path, Access: web.Anyone(), NoCSRF: true, Handler: func(echo.Context) error { return err }})
		}
	}
	if err := w.app.Mount(routes); err != nil {
		t.Fatal(err)
	}
	const notStored = "这次提交的内容没有存下"
	for _, tc := range []struct {
		method, path string
		status       int
		says, not    string
	}{
		{"GET", "/400", 400, "请求不正确", notStored},
		{"GET", "/403", 403, "不能办理这一项", ""},
		{"POST", "/409", 409, "报告已经报送，不能再存。", notStored},
		{"POST", "/413", 413, "内容太大", ""},
		{"POST", "/429", 429, "请求太频繁，请稍后再试", ""},
		{"GET", "/500", 500, "系统出错，这次操作没有完成", notStored},
		{"POST", "/500", 500, notStored, "secret"},
		{"POST", "/503", 503, "系统正忙，这次操作没有完成", "secret"},
		{"POST", "/502", 502, notStored, "secret"},
	} {
		a := w.call(t, tc.method, tc.path, "")
		if a.Status != tc.status || !strings.Contains(a.Body, tc.says) || tc.not != "" && strings.Contains(a.Body, tc.not) {
			t.Errorf("%s %s: %d, want %d with %q and without %q", tc.method, tc.path, a.Status, tc.status, tc.says, tc.not)
		}
		webtest.CheckHTML(t, tc.path, []byte(a.Body))
		if !strings.Contains(a.Body, a.Header.Get("X-Request-Id")) || !strings.Contains(a.Body, `href="/"`) {
			t.Errorf("%s %s: no number to quote, or no way home", tc.method, tc.path)
		}
		if again := a.Header.Get("Retry-After"); (again != "") != (tc.status == 429) {
			t.Errorf("%s %s: Retry-After %q", tc.method, tc.path, again)
		}
	}
}

// TestErrorPageThatFailsIsASentence: even with a broken template somebody learns what happened and the number.
func TestErrorPageThatFailsIsASentence(t *testing.T) {
	w := newWorld(t, func(c *web.Config) {
		files := withGallery(t).(fstest.MapFS)
		files["error/error.html"] = &fstest.MapFile{Data: []byte(`{{define "content"}}{{.NoSuchField}}{{end}}`)}
		c.Templates = files
	})
	a := w.call(t, "GET", "/nowhere", "")
	if a.Status != 404 || !strings.HasPrefix(a.Header.Get("Content-Type"), "text/plain") || !strings.Contains(a.Body, "没有找到") || !strings.Contains(a.Body, a.Header.Get("X-Request-Id")) {
		t.Errorf("%d %s %q", a.Status, a.Header.Get("Content-Type"), a.Body)
	}
}

// TestErrorAfterTheHeadIsLoggedOnly: half an answer gets no second head, and the log still tells of it.
func TestErrorAfterTheHeadIsLoggedOnly(t *testing.T) {
	w := newWorld(t)
	err := w.app.Mount([]web.Route{{Method: "GET", Path: "/begun", Access: web.Anyone(), Handler: func(c echo.Context) error {
		c.Response().WriteHeader(http.StatusOK)
		_, _ = c.Response().Write([]byte("begun"))
		return fmt.Errorf("disk is gone")
	}}})
	if err != nil {
		t.Fatal(err)
	}
	if a := w.call(t, "GET", "/begun", ""); a.Status != 200 || a.Body != "begun" {
		t.Errorf("%d %q", a.Status, a.Body)
	}
	if !strings.Contains(w.log.String(), "disk is gone") {
		t.Errorf("the log is silent:\n%s", w.log)
	}
}

func TestBrokenTemplatesStopTheStart(t *testing.T) {
	db := database(t)
	for name, tc := range map[string]struct{ file, text, want string }{
		"syntax of a page":   {"filer/new.html", `{{define "content"}}{{if}}{{end}}`, "new.html"},
		"unknown function":   {"desk/new.html", `{{define "content"}}{{shout .}}{{end}}`, "shout"},
		"syntax of a part":   {"shared/new.html", `{{define "x"}}`, "new.html"},
		"syntax of a layout": {"layout.html", `{{`, "layout.html"},
	} {
		files := withGallery(t).(fstest.MapFS)
		files[tc.file] = &fstest.MapFile{Data: []byte(tc.text)}
		cfg := webtest.Config(db)
		cfg.Templates = files
		if _, err := web.New(cfg); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v, want an error that names %s", name, err, tc.want)
		}
	}
	if _, err := web.NewRenderer(fstest.MapFS{}); err == nil {
		t.Error("no templates at all are enough")
	}
}

func TestRenderer(t *testing.T) {
	files := withGallery(t).(fstest.MapFS)
	files["filer/lost.html"] = &fstest.MapFile{Data: []byte(`{{define "content"}}{{asset "none.css"}}{{end}}{{define "row"}}<p>{{.}}</p>{{end}}`)}
	w := newWorld(t, func(c *web.Config) { c.Templates = files })
	r := w.app.Renderer()
	pages := strings.Join(r.Pages(), " ")
	if !strings.Contains(pages, "error/error") || !strings.Contains(pages, "filer/lost") || strings.Contains(pages, "shared") || strings.Contains(pages, ".html") {
		t.Errorf("pages %s", pages)
	}
	if _, err := r.HTML("filer/none", nil); err == nil || !strings.Contains(err.Error(), `"filer/none"`) {
		t.Errorf("an unknown page: %v", err)
	}
	if _, err := r.HTML("filer/lost", web.Page{}); err == nil || !strings.Contains(err.Error(), "none.css") {
		t.Errorf("an unknown static file: %v", err)
	}
	err := w.app.Mount([]web.Route{
		{Method: "GET", Path: "/row", Access: web.Anyone(), Handler: func(c echo.Context) error {
			return w.app.RenderBlock(c, http.StatusUnprocessableEntity, "filer/lost", "row", "<b>数</b>")
		}},
		{Method: "GET", Path: "/no-row", Access: web.Anyone(), Handler: func(c echo.Context) error {
			return w.app.RenderBlock(c, http.StatusOK, "filer/lost", "none", nil)
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if a := w.call(t, "GET", "/row", ""); a.Status != 422 || a.Body != "<p>&lt;b&gt;数&lt;/b&gt;</p>" {
		t.Errorf("a part: %d %q", a.Status, a.Body)
	}
	if a := w.call(t, "GET", "/no-row", ""); a.Status != 500 {
		t.Errorf("an unknown part: %d", a.Status)
	}
}

func TestAnswersAreCompressedWhereItHelps(t *testing.T) {
	w := newWorld(t)
	long := strings.Repeat("年报", 2000)
	routes := []web.Route{}
	for _, path := range []string{"/long", "/api/v1/long", "/public/list.xlsx", "/long.pdf", "/api/v1/documents/:id"} {
		routes = append(routes, web.Route{Method: "GET", Path: path, Access: web.Anyone(), Handler: func(c echo.Context) error {
			return c.String(http.StatusOK, long)
		}})
	}
	if err := w.app.Mount(routes); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]bool{"/long": true, "/api/v1/long": true, "/public/list.xlsx": false, "/long.pdf": false,
		"/api/v1/documents/1": false, "/healthz": false} {
		f := fetch(t, w.base+path)
		if got := f.header.Get("Content-Encoding") == "gzip"; got != want {
			t.Errorf("%s: compressed %v, want %v", path, got, want)
		}
		if want && (string(f.plain) != long || f.header.Get("Vary") != "Accept-Encoding") {
			t.Errorf("%s: %d bytes, Vary %q", path, len(f.plain), f.header.Get("Vary"))
		}
	}
}

func TestRecorderKeepsMethodsAndMiddleware(t *testing.T) {
	var r web.Recorder
	var order []string
	around := func(name string) echo.MiddlewareFunc {
		return func(next echo.HandlerFunc) echo.HandlerFunc {
			return func(c echo.Context) error { order = append(order, name); return next(c) }
		}
	}
	h := func(echo.Context) error { order = append(order, "handler"); return nil }
	adds := map[string]func(string, echo.HandlerFunc, ...echo.MiddlewareFunc) *echo.Route{
		"CONNECT": r.CONNECT, "DELETE": r.DELETE, "GET": r.GET, "HEAD": r.HEAD, "OPTIONS": r.OPTIONS,
		"PATCH": r.PATCH, "POST": r.POST, "PUT": r.PUT, "TRACE": r.TRACE,
	}
	rules := map[string]web.Access{}
	for method, add := range adds {
		if got := add("/x", h, around("outer"), around("inner")); got.Method != method || got.Path != "/x" {
			t.Errorf("%s is recorded as %s %s", method, got.Method, got.Path)
		}
		rules[method+" /x"] = web.Anyone()
	}
	routes, err := r.Routes(rules)
	if err != nil || len(routes) != len(adds) {
		t.Fatalf("%d routes, %v", len(routes), err)
	}
	if err := routes[0].Handler(nil); err != nil || strings.Join(order, " ") != "outer inner handler" {
		t.Errorf("run in the order %v, %v", order, err)
	}
}

func TestInventedMethodsMakeNoLabels(t *testing.T) {
	w := newWorld(t)
	for _, method := range []string{"BREW", "PROPFIND", "X1"} {
		w.call(t, method, "/healthz", "")
	}
	body := w.call(t, "GET", "/metrics", "").Body
	if strings.Contains(body, "BREW") || !strings.Contains(body, `method="other"`) {
		t.Error("a method from outside became a label")
	}
}

func TestReadyOnlyWithEveryMigration(t *testing.T) {
	db, err := postgres.Open(t.Context(), pgtest.Empty(t), func() time.Time { return pgtest.DefaultNow })
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	ready := web.Migrated(db)
	if err := ready(t.Context()); err == nil || !strings.Contains(err.Error(), "is not applied") {
		t.Errorf("an empty database: %v", err)
	}
	if _, err := postgres.Migrate(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	if err := ready(t.Context()); err != nil {
		t.Errorf("migrated: %v", err)
	}
}

func TestDeadlineEdges(t *testing.T) {
	cal := workday.Builtin()
	far := workday.NewDate(2031, time.March, 31)
	if got := web.Deadline(cal, workday.NewDate(2031, time.March, 3), far, "报送"); !strings.HasSuffix(got, "（日历未定，可能调整）") {
		t.Errorf("without a notice: %q", got)
	}
	if web.DateFull(workday.Date{}) != "" || web.DateShort(workday.Date{}) != "" {
		t.Error("no date is written out as one")
	}
	if got := web.DateFull(workday.NewDate(2019, time.March, 31)); got != "2019年3月31日（星期日）" {
		t.Errorf("DateFull: %q", got)
	}
	if got := web.WorkingDaysLeft(2); got != "剩 2 个工作日" {
		t.Errorf("WorkingDaysLeft: %q", got)
	}
}

func TestMountTellsEveryFault(t *testing.T) {
	w := newWorld(t)
	err := w.app.Mount([]web.Route{{Method: "GET", Path: "/a"}, {Method: "POST", Path: "/b", Access: web.SignedIn(), NoCSRF: true,
		Handler: func(echo.Context) error { return nil }}})
	if err == nil || !strings.Contains(err.Error(), "GET /a: method, path and handler") || !strings.Contains(err.Error(), "POST /b: only a route for anyone") {
		t.Errorf("error %v, want both faults", err)
	}
}

func TestUnruled(t *testing.T) {
	w := newWorld(t)
	e, ok := w.app.Handler().(*echo.Echo)
	if !ok {
		t.Fatal("the handler is no Echo")
	}
	e.GET("/stray", func(echo.Context) error { return nil })
	if stray := w.app.Unruled(); strings.Join(stray, " ") != "GET /stray" {
		t.Errorf("stray routes %v", stray)
	}
}
