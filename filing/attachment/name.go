package attachment

import (
	"path"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// maxName is the longest name that is kept, in characters.
const maxName = 120

var errBadName = unprocessable(CodeBadFileName, "文件名中有不可见的控制字符。请改名后再上传。")

// extensions of the types that are taken; the first is the usual one.
var extensions = map[string][]string{
	TypePDF:  {".pdf"},
	TypeJPEG: {".jpg", ".jpeg"},
	TypePNG:  {".png"},
}

// CleanName makes a name fit to be shown and saved under: folders and what
// cannot be seen are dropped, it is NFC, at most 120 characters long, and ends
// as its type does. A control character, such as NUL, is an *Error: no honest
// program sends one. An empty name becomes the kind's.
func CleanName(name string, kind Kind, mediaType string) (string, error) {
	if strings.ContainsFunc(name, unicode.IsControl) {
		return "", errBadName
	}
	name = strings.ToValidUTF8(name, "")
	name = path.Base("/" + strings.ReplaceAll(name, `\`, "/"))
	name = norm.NFC.String(strings.Map(keep, name))
	name = strings.Join(strings.Fields(name), " ")
	stem, ext := name, ""
	for _, e := range extensions[mediaType] {
		if strings.EqualFold(path.Ext(name), e) {
			ext = name[len(name)-len(e):]
			stem = name[:len(name)-len(e)]
		}
	}
	if stem = strings.Trim(stem, "./ "); stem == "" {
		stem = kind.Label()
	}
	if ext == "" && len(extensions[mediaType]) > 0 {
		ext = extensions[mediaType][0]
	}
	return cut(stem, maxName-len(ext)) + ext, nil
}

// keep drops what has no face of its own or turns the order of reading round,
// and what no file system takes in a name.
func keep(r rune) rune {
	switch {
	case unicode.In(r, unicode.Cf, unicode.Co, unicode.Zl, unicode.Zp, unicode.Noncharacter_Code_Point):
		return -1
	case strings.ContainsRune(`<>:"|?*`, r):
		return '_'
	}
	return r
}

func cut(s string, most int) string {
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return strings.TrimRight(string([]rune(s)[:most]), ". ")
}
