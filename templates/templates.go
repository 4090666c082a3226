// Package templates owns what people see and no program decides: the page
// templates, and the style sheets, scripts and pictures beside them.
//
// It does not render and it knows no data: internal/web parses the pages and
// serves the assets; mails, document wording and fonts lie in folders of their
// own with packages of their own. Invariants: a page is layout.html, all of
// shared/ and one file of its folder, which defines "content"; no template has
// a style attribute, an event attribute or an inline script, because the
// content security policy forbids them.
package templates

import "embed"

// FS holds layout.html, shared/*.html, one folder of pages for each side
// (account, desk, error, filer, public) and the assets under static/.
//
//go:embed layout.html */*.html static
var FS embed.FS
