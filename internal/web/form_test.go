package web_test

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/labstack/echo/v4"

	"nianbao/internal/web"
	"nianbao/internal/web/webtest"
)

func TestReadForm(t *testing.T) {
	e := echo.New()
	read := func(target, kind, body string) (*web.Form, error) {
		req := httptest.NewRequest(http.MethodPost, target, strings.NewReader(body))
		req.Header.Set("Content-Type", kind)
		return web.ReadForm(e.NewContext(req, httptest.NewRecorder()))
	}
	const plain = "application/x-www-form-urlencoded"
	form, err := read("/x?name=query&other=query", plain, "name=body&name=second")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(url.Values{"name": {"body", "second"}}, form.Values); diff != "" {
		t.Errorf("the query is mixed in: -want +got:\n%s", diff)
	}
	if form.Get("other") != "" || !form.OK() || form.Status() != http.StatusOK {
		t.Errorf("form %+v", form)
	}
	form.Refuse("name", "名称不对")
	form.Refuse("name", "第二句")
	if form.OK() || form.Status() != http.StatusUnprocessableEntity || form.ErrorOf("name") != "名称不对" || form.ErrorOf("other") != "" {
		t.Errorf("refused form %+v", form)
	}
	want := web.TextField{ID: "f-name", Name: "name", Label: "名称", Value: "body", Error: "名称不对"}
	if diff := cmp.Diff(want, form.Field("name", "名称")); diff != "" {
		t.Errorf("field: -want +got:\n%s", diff)
	}
	if s := form.Summary("没有保存"); len(s.Items) != 2 || s.Items[0].Href != "#f-name" {
		t.Errorf("summary %+v", s)
	}
	for name, bad := range map[string][2]string{
		"percent": {plain, "a=%zz"}, "no boundary": {"multipart/form-data", "x"}, "cut": {"multipart/form-data; boundary=b", "--b\r\nContent-Dis"},
	} {
		_, err := read("/x", bad[0], bad[1])
		if p := web.ProblemOf(err); err == nil || p.Status != http.StatusBadRequest || p.Code != "bad_form" {
			t.Errorf("%s: error %v, problem %+v; want 400", name, err, p)
		}
	}
}

// upload makes a multipart body with a token and a file of n bytes.
func upload(t *testing.T, token string, n int) (kind string, body *bytes.Buffer) {
	t.Helper()
	body = &bytes.Buffer{}
	w := multipart.NewWriter(body)
	err := w.WriteField("csrf_token", token)
	if err == nil {
		part, createErr := w.CreateFormFile("file", "a.pdf")
		if createErr != nil {
			t.Fatal(createErr)
		}
		_, err = part.Write(make([]byte, n))
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return w.FormDataContentType(), body
}

func TestUploadsAreCheckedAndBounded(t *testing.T) {
	w := newWorld(t)
	err := w.app.Mount([]web.Route{{Method: http.MethodPost, Path: "/upload", Access: web.Anyone(), MaxBody: 10_000, Handler: func(c echo.Context) error {
		file, err := c.FormFile("file")
		if err != nil {
			return err
		}
		return c.String(http.StatusOK, file.Filename)
	}}})
	if err != nil {
		t.Fatal(err)
	}
	b := webtest.NewBrowser(t, w.base)
	b.Get("/sign-in")
	for name, tc := range map[string]struct {
		token string
		size  int
		want  int
	}{
		"good": {b.CSRF(), 5_000, 200}, "no token": {"", 5_000, 403}, "too large": {b.CSRF(), 20_000, 413},
	} {
		kind, body := upload(t, tc.token, tc.size)
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.base+"/upload", body)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", kind)
		if a := b.Do(req); a.Status != tc.want {
			t.Errorf("%s: %d, want %d", name, a.Status, tc.want)
		}
	}
}
