package web

import (
	"bytes"
	"fmt"
	"html/template"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/labstack/echo/v4"
)

// pageFolders are the folders of templates that hold pages.
var pageFolders = []string{"account", "desk", "error", "filer", "public"}

// Renderer holds every page, parsed at start: layout, shared parts and the
// page's own file together. A page is named by folder and file: "filer/home".
type Renderer struct {
	pages   map[string]*template.Template
	buffers sync.Pool
}

// newRenderer parses everything; the error names the file and the line.
func newRenderer(files fs.FS, a *assets) (*Renderer, error) {
	empty := func() *template.Template { return template.New("layout").Funcs(funcs(a)).Option("missingkey=error") }
	base, err := empty().ParseFS(files, "layout.html", "shared/*.html")
	if err != nil {
		return nil, fmt.Errorf("parse shared templates: %w", err)
	}
	r := &Renderer{pages: map[string]*template.Template{}}
	for _, folder := range pageFolders {
		names, err := fs.Glob(files, folder+"/*.html")
		if err != nil {
			return nil, fmt.Errorf("list templates of %s: %w", folder, err)
		}
		for _, name := range names {
			set, err := base.Clone()
			if err != nil {
				return nil, fmt.Errorf("template %s: %w", name, err)
			}
			page := strings.TrimSuffix(name, path.Ext(name))
			named := template.FuncMap{"pageName": func() string { return page }}
			if set, err = set.ParseFS(files, name); err != nil {
				return nil, fmt.Errorf("parse template: %w", err)
			}
			if r.pages[page], err = reduced(set, base, empty().Funcs(named)); err != nil {
				return nil, fmt.Errorf("template %s: %w", name, err)
			}
		}
	}
	return r, nil
}

// Pages lists the names of all pages.
func (r *Renderer) Pages() []string {
	names := make([]string, 0, len(r.pages))
	for name := range r.pages {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// execute renders block of a page into a buffer that done gives back.
func (r *Renderer) execute(page, block string, data any) (html []byte, done func(), err error) {
	set, ok := r.pages[page]
	if !ok {
		return nil, nil, fmt.Errorf("render: no page %q", page)
	}
	buffer, pooled := r.buffers.Get().(*bytes.Buffer)
	if !pooled {
		buffer = new(bytes.Buffer)
	}
	buffer.Reset()
	done = func() { r.buffers.Put(buffer) }
	if err := set.ExecuteTemplate(buffer, block, data); err != nil {
		done()
		return nil, nil, fmt.Errorf("render %s: %w", page, err)
	}
	return buffer.Bytes(), done, nil
}

// HTML renders a whole page to memory: for tests and the error page's test.
func (r *Renderer) HTML(page string, data any) ([]byte, error) {
	html, done, err := r.execute(page, "layout", data)
	if err != nil {
		return nil, err
	}
	defer done()
	return bytes.Clone(html), nil
}

// Render answers with a whole page. It is rendered before the status goes out,
// so a template's error is a clean 500 and not half a page.
func (a *App) Render(c echo.Context, status int, page string, data any) error {
	return a.RenderBlock(c, status, page, "layout", data)
}

// RenderBlock answers with one named part of a page, for a request by htmx.
func (a *App) RenderBlock(c echo.Context, status int, page, block string, data any) error {
	html, done, err := a.pages.execute(page, block, data)
	if err != nil {
		return err
	}
	defer done()
	return c.HTMLBlob(status, html)
}

// Renderer is the app's, for tests that execute its pages.
func (a *App) Renderer() *Renderer { return a.pages }

// NewRenderer parses the pages of files alone, without an app: for tests.
func NewRenderer(files fs.FS) (*Renderer, error) {
	a, err := loadAssets(files)
	if err != nil {
		return nil, err
	}
	return newRenderer(files, a)
}
