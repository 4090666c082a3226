package filing

import (
	"fmt"
	"net/http"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Limits of what people write in a filing, in characters.
const (
	MaxReason = 2000 // of a request, a correction, a decision on a request
	MaxBasis  = 500
)

// readText brings a text that a person wrote into order: NFC, lines ended by
// \n, no blanks around it; one without any visible character is "". What is too
// long, or holds what neither the database nor a document takes, is refused.
func readText(what, s string, limit int) (string, error) {
	s = lineEnds.Replace(norm.NFC.String(s))
	for _, r := range s {
		if r == utf8.RuneError || unicode.IsControl(r) && r != '\n' && r != '\t' {
			return "", &Error{http.StatusUnprocessableEntity, "bad_character",
				fmt.Sprintf("%s含有无法识别或不可见的控制字符（U+%04X），请去掉后再提交。", what, r)}
		}
	}
	if !strings.ContainsFunc(s, func(r rune) bool { return unicode.IsGraphic(r) && !unicode.IsSpace(r) }) {
		return "", nil
	}
	s = strings.TrimSpace(s)
	if utf8.RuneCountInString(s) > limit {
		return "", &Error{http.StatusUnprocessableEntity, "text_too_long", fmt.Sprintf("%s超过%d字，请精简。", what, limit)}
	}
	return s, nil
}

// readReason is readText where nothing is a refusal.
func readReason(s string) (string, error) {
	reason, err := readText("理由", s, MaxReason)
	if err == nil && reason == "" {
		err = ErrReasonMissing
	}
	return reason, err
}

var lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n")
