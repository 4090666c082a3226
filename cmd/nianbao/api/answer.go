package api

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
	openapi_types "github.com/oapi-codegen/runtime/types"

	"nianbao/filing/check"
	"nianbao/internal/registry"
	"nianbao/internal/web"
	"nianbao/internal/workday"
)

// day is a date on the wire.
func day(d workday.Date) Date { return openapi_types.Date{Time: d.Start()} }

// dayOrNull is null for the zero date.
func dayOrNull(d workday.Date) *NullableDate {
	if d.IsZero() {
		return nil
	}
	out := day(d)
	return &out
}

// dateOf is the date that was sent.
func dateOf(d openapi_types.Date) workday.Date {
	return workday.NewDate(d.Year(), d.Month(), d.Day())
}

// instant is a time on the wire, with the offset of Shanghai.
func instant(t time.Time) time.Time { return t.In(workday.Shanghai) }

// textOrNull is null for the empty string.
func textOrNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// cursorOrNull is the member next: null on the last page.
func cursorOrNull(next string) *Next { return textOrNull(next) }

func organisation(o registry.Organisation) Organisation {
	return Organisation{Uscc: string(o.USCC), Name: o.Name, Type: OrganisationType(o.Type)}
}

func findings(list []check.Finding) []Finding {
	out := make([]Finding, len(list))
	for i, f := range list {
		out[i] = Finding{Check: f.Check, Severity: FindingSeverity(f.Severity), Keys: f.Keys, Message: f.Message, Remedy: f.Remedy, Basis: f.Basis}
		if f.Keys == nil {
			out[i].Keys = []string{}
		}
	}
	return out
}

// file is an answer that is sent as it lies.
type file struct {
	tag       string // of its content, for the ETag
	mediaType string
	name      string // for saving it; "": shown, not saved
	data      []byte
}

// answerFile sends a file, or nothing where the caller has it already.
func answerFile(c echo.Context, f file) error {
	header := c.Response().Header()
	tag := `"` + f.tag + `"`
	header.Set("ETag", tag)
	header.Set("Cache-Control", "private, no-cache") // kept, but asked for again: rights and standings change
	if has(c.Request().Header.Get("If-None-Match"), tag) {
		return c.NoContent(http.StatusNotModified)
	}
	if f.name != "" {
		header.Set(echo.HeaderContentDisposition, attachment(f.name))
	}
	return c.Blob(http.StatusOK, f.mediaType, f.data)
}

// has tells whether an If-None-Match names the tag. The comparison is the weak one (RFC 9110 §13.1.2).
func has(ifNoneMatch, tag string) bool {
	for candidate := range strings.SplitSeq(ifNoneMatch, ",") {
		if candidate = strings.TrimSpace(candidate); candidate == "*" || strings.TrimPrefix(candidate, "W/") == tag {
			return true
		}
	}
	return false
}

// attachment is a Content-Disposition that saves under a name of any characters (RFC 6266).
func attachment(name string) string {
	return "attachment; filename*=UTF-8''" + strings.ReplaceAll(url.QueryEscape(name), "+", "%20")
}

// encodeCursor makes an opaque cursor of a position.
func encodeCursor(position any) (string, error) {
	text, err := json.Marshal(position)
	return base64.RawURLEncoding.EncodeToString(text), err
}

var errCursor = web.NewError(http.StatusBadRequest, "bad_cursor", "分页游标无效，请从第一页重新开始。")

// decodeCursor reads a cursor that encodeCursor made.
func decodeCursor(cursor string, position any) error {
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil || json.Unmarshal(text, position) != nil {
		return errCursor
	}
	return nil
}
