package web

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"nianbao/templates"
)

// miniature is a house of templates in which pages call parts that call parts.
func miniature(page string) fstest.MapFS {
	return fstest.MapFS{
		"layout.html":      {Data: []byte(`{{define "layout"}}<html>{{pageName}} {{template "header" .}}{{block "content" .}}{{end}}</html>{{end}}`)},
		"shared/a.html":    {Data: []byte(`{{define "header"}}header{{end}}{{define "row"}}{{if .}}{{template "cell" .}}{{else}}{{template "none"}}{{end}}{{end}}`)},
		"shared/b.html":    {Data: []byte(`{{define "cell"}}[{{.}}]{{end}}{{define "none"}}-{{end}}{{define "unused"}}never{{end}}`)},
		"filer/page.html":  {Data: []byte(page)},
		"static/site.html": {Data: []byte("")},
	}
}

func TestPagesKeepWhatTheyCall(t *testing.T) {
	r, err := newRenderer(miniature(`{{define "content"}}{{range .}}{{with .}}{{template "row" .}}{{end}}{{else}}empty{{end}}{{end}}{{define "alone"}}{{template "cell" .}}{{end}}`), &assets{})
	if err != nil {
		t.Fatal(err)
	}
	html, err := r.HTML("filer/page", []string{"甲", "乙"})
	if err != nil || string(html) != "<html>filer/page header[甲][乙]</html>" {
		t.Errorf("%s, %v", html, err)
	}
	got, done, err := r.execute("filer/page", "alone", "<丙>")
	if err != nil || string(got) != "[&lt;丙&gt;]" {
		t.Errorf("a block of the page's own: %s, %v", got, err)
	} else {
		done()
	}
	var names []string
	for _, tmpl := range r.pages["filer/page"].Templates() {
		if tmpl.Tree != nil {
			names = append(names, tmpl.Name())
		}
	}
	slices.Sort(names)
	if want := []string{"alone", "cell", "content", "header", "layout", "none", "row"}; !slices.Equal(names, want) {
		t.Errorf("the page holds %q, want %q", names, want)
	}
}

func TestPageThatCallsNothingKnown(t *testing.T) {
	_, err := newRenderer(miniature(`{{define "content"}}{{template "absent" .}}{{end}}`), &assets{})
	if err == nil || !strings.Contains(err.Error(), "filer/page.html") || !strings.Contains(err.Error(), `"absent"`) {
		t.Errorf("error %v, want one that names the page and the template", err)
	}
}

// Every page of the program is whole: newRenderer refuses one that calls what is not there, and none carries all parts.
func TestRealPagesAreReduced(t *testing.T) {
	r, err := NewRenderer(templates.FS)
	if err != nil {
		t.Fatal(err)
	}
	union := map[string]bool{}
	for _, set := range r.pages {
		for _, tmpl := range set.Templates() {
			union[tmpl.Name()] = true
		}
	}
	for name, set := range r.pages {
		if n := len(set.Templates()); n >= len(union)*3/4 {
			t.Errorf("%s holds %d of %d templates", name, n, len(union))
		}
	}
}
