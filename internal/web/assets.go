package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"
)

// staticPrefix begins the address of every static file: /static/HASH/NAME. The
// hash changes with the content, so browsers keep a file for ever.
const staticPrefix = "/static/"

// bundle is the one style sheet, joined from static/css in the order of names.
const bundle = "site.css"

// asset is a static file, ready to be sent.
type asset struct {
	hash    string
	mime    string
	plain   []byte
	gzipped []byte // nil where it saves nothing
}

// assets are all static files by name, such as "site.css" or "img/mark.svg".
type assets struct{ byName map[string]*asset }

// loadAssets reads static/, joins the style sheets and compresses once.
func loadAssets(files fs.FS) (*assets, error) {
	out := &assets{byName: map[string]*asset{}}
	var css bytes.Buffer
	err := fs.WalkDir(files, "static", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		short := strings.TrimPrefix(name, "static/")
		switch {
		case strings.HasPrefix(short, "css/"): // WalkDir goes by name
			css.Write(data)
			css.WriteByte('\n')
			return nil
		case strings.HasSuffix(short, ".md"):
			return nil
		}
		return out.add(short, data)
	})
	if err != nil {
		return nil, fmt.Errorf("load static files: %w", err)
	}
	if err := out.add(bundle, css.Bytes()); err != nil {
		return nil, fmt.Errorf("load static files: %w", err)
	}
	return out, nil
}

func (a *assets) add(name string, data []byte) error {
	sum := sha256.Sum256(data)
	kind := mime.TypeByExtension(path.Ext(name))
	if kind == "" {
		kind = "text/plain; charset=utf-8"
	}
	f := &asset{hash: hex.EncodeToString(sum[:8]), mime: kind, plain: data}
	var zipped bytes.Buffer
	w, err := gzip.NewWriterLevel(&zipped, gzip.BestCompression)
	if err != nil {
		return err
	}
	if _, err := w.Write(data); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	if zipped.Len() < len(data) {
		f.gzipped = zipped.Bytes()
	}
	a.byName[name] = f
	return nil
}

// path is an asset's address; an unknown name is a template's mistake and
// fails the page's test.
func (a *assets) path(name string) (string, error) {
	f, ok := a.byName[name]
	if !ok {
		return "", fmt.Errorf("no static file %q", name)
	}
	return staticPrefix + f.hash + "/" + name, nil
}

// serve answers /static/:hash/*. A hash of another release, as between two
// nodes during an update, gets the present file, not to be kept.
func (a *assets) serve(c echo.Context) error {
	f, ok := a.byName[c.Param("*")]
	if !ok {
		return ErrNotFound
	}
	h := c.Response().Header()
	h.Set("Cache-Control", "no-cache")
	if c.Param("hash") == f.hash {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	h.Set("Vary", "Accept-Encoding")
	h.Set("ETag", `"`+f.hash+`"`)
	if c.Request().Header.Get("If-None-Match") == `"`+f.hash+`"` {
		return c.NoContent(http.StatusNotModified)
	}
	body := f.plain
	if f.gzipped != nil && strings.Contains(c.Request().Header.Get("Accept-Encoding"), "gzip") {
		body = f.gzipped
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	return c.Blob(http.StatusOK, f.mime, body)
}
