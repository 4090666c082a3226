package review

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"nianbao/filing"
	"nianbao/filing/form"
)

// Limits of a decision's texts, in characters.
const (
	MaxOpinion     = 5000
	MaxRemark      = 2000
	MaxRemarkBasis = 500
	MaxRemarks     = 200
)

// readText brings a text that a person wrote into order: NFC, lines ended by \n as a document prints them, no blanks
// around it. One without any visible character is "". What is too long or holds control characters is refused; the
// database takes no U+0000 and a document can print none of them.
func readText(what, s string, limit int) (string, error) {
	s = lineEnds.Replace(norm.NFC.String(s))
	for _, r := range s {
		if r == utf8.RuneError || unicode.IsControl(r) && r != '\n' && r != '\t' {
			return "", badCharacter(what, r)
		}
	}
	if !strings.ContainsFunc(s, visible) {
		return "", nil
	}
	s = strings.TrimSpace(s)
	if utf8.RuneCountInString(s) > limit {
		return "", tooLong(what, limit)
	}
	return s, nil
}

var lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n")

func visible(r rune) bool { return unicode.IsGraphic(r) && !unicode.IsSpace(r) }

// readRemarks brings remarks into order and wants each to say something about a field that the form has, or about the
// report as a whole.
func readRemarks(f *form.Form, remarks []Remark) ([]Remark, error) {
	if len(remarks) > MaxRemarks {
		return nil, tooManyRemarks()
	}
	remarks = slices.Clone(remarks)
	for i := range remarks {
		if err := remarks[i].read(f); err != nil {
			return nil, badRemark(i+1, err)
		}
	}
	return remarks, nil
}

// read normalises the remark; the error is a *Error whose detail begins with what is wrong.
func (r *Remark) read(f *form.Form) (err error) {
	r.Key = strings.TrimSpace(r.Key)
	if r.Text, err = readText("内容", r.Text, MaxRemark); err != nil {
		return err
	}
	if r.Basis, err = readText("依据", r.Basis, MaxRemarkBasis); err != nil {
		return err
	}
	if r.Text == "" {
		return &Error{http.StatusUnprocessableEntity, "bad_remark", "没有内容，请填写或删除。"}
	}
	if r.Key == "" {
		return nil
	}
	if _, known := f.Field(r.Key); !known {
		return &Error{http.StatusUnprocessableEntity, "bad_remark",
			fmt.Sprintf("针对的项目“%s”不在报告表中，请核对。", clip(r.Key))}
	}
	return nil
}

// maxEcho is how much of what somebody sent a refusal repeats, in characters.
const maxEcho = 60

func clip(s string) string {
	runes := []rune(strings.ToValidUTF8(s, "�"))
	if len(runes) > maxEcho {
		return string(runes[:maxEcho]) + "…"
	}
	return string(runes)
}

// allowed refuses an outcome that a regime does not know.
func allowed(o Outcome, regime filing.Regime) error {
	outcomes := Outcomes(regime)
	if slices.Contains(outcomes, o) {
		return nil
	}
	choices := make([]string, len(outcomes))
	for i, each := range outcomes {
		choices[i] = fmt.Sprintf("%s（%s）", each.Label(), each)
	}
	return wrongOutcome(o, strings.Join(choices, "、"))
}
