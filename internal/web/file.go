package web

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
)

// File is one that somebody uploaded, to be looked at or saved.
type File struct {
	Name      string // for saving it
	MediaType string // as found by content; never what the sender claimed
	SHA256    string // hex; the ETag
	Content   io.ReadSeeker
	Download  bool // save it instead of showing it
}

// FileLine is an uploaded file in a list (shared/attachments.html). Open is ""
// while nobody may open it.
type FileLine struct {
	Name, Meta string
	Tag        Tag
	Open, Save string
	Image      bool // can be looked at on the page
	Note       string
	Delete     string // address of what deletes it, "" where it cannot be
	SHA256     string
}

// What a browser may do with an uploaded file that it shows: draw it, and
// nothing else. It has no origin of its own (sandbox), runs no script, loads
// nothing and is framed by nobody.
const (
	imagePolicy = "sandbox; default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
	// Chromium of some years ago, which we still serve (Chrome 109), refuses its own PDF viewer to a sandboxed document:
	// "This page has been blocked". The viewer draws in a process and an origin of its own, and nosniff keeps the file
	// from being anything else; so PDFs go without that one word.
	pdfPolicy = "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)

// inlineTypes are the types that are ever shown in place. Anything else is saved.
var inlineTypes = map[string]string{"application/pdf": pdfPolicy, "image/jpeg": imagePolicy, "image/png": imagePolicy}

// ServeFile answers with an uploaded file, or with the part of it that was
// asked for (Range). Its ETag is its SHA-256; a copy in a browser is asked about
// anew each time, since the right to see it may end.
func ServeFile(c echo.Context, f File) error {
	header := c.Response().Header()
	policy, inline := inlineTypes[f.MediaType]
	if !inline {
		policy = imagePolicy
	}
	disposition := "inline"
	if !inline || f.Download {
		disposition = "attachment"
	}
	header.Set("Content-Security-Policy", policy)
	header.Set(echo.HeaderContentType, f.MediaType)
	header.Set(echo.HeaderContentDisposition, disposition+"; filename*=UTF-8''"+strings.ReplaceAll(url.QueryEscape(f.Name), "+", "%20"))
	header.Set("ETag", `"`+f.SHA256+`"`)
	header.Set("Cache-Control", "private, no-cache")
	http.ServeContent(c.Response(), c.Request(), "", time.Time{}, f.Content)
	return nil
}

// allowTime lets a call that may take longer than the server's usual time, such
// as an upload over a slow line, have it on its connection too.
func allowTime(c echo.Context, d time.Duration) {
	if d <= readTimeout {
		return
	}
	until := time.Now().Add(d) // of the connection; never stored
	controller := http.NewResponseController(c.Response())
	_ = controller.SetReadDeadline(until) // a connection that cannot is one in a test
	_ = controller.SetWriteDeadline(until.Add(writeTimeout))
}
