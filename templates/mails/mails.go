// Package mails holds the wording of mails and inbox messages, one text template a message. The first line is the
// subject, the rest the body. Which values a template may use is in package notify.
package mails

import "embed"

// FS holds the templates.
//
//go:embed *.txt
var FS embed.FS
