package web

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"nianbao/filing"
	"nianbao/filing/check"
	"nianbao/filing/form"
	"nianbao/internal/web"
	"nianbao/internal/workday"
)

// Names of the fields of an explanation: what is said, and what its writer saw.
func saidName(f check.Finding) string { return "said-" + filing.PlaceOf(f)[:16] }
func seenName(f check.Finding) string { return "seen-" + filing.PlaceOf(f)[:16] }

// checkedFinding is a finding on the check page: with its figures, each a link
// to its field, and the explanation of a warning as it is or as it was sent.
func (w *workspace) checkedFinding(f placed, sent *web.Form) web.Finding {
	view := w.finding(f, nil)
	if figures := w.foundFigures(f); len(figures) > 0 {
		view.Figures, view.Links = figures, nil
	}
	view.Answer = nil
	if f.Severity == check.Error {
		return view
	}
	name := saidName(f.Finding)
	view.Reason = &web.Reason{ID: "f-" + name, Name: name, SeenName: seenName(f.Finding), Error: sent.ErrorOf(name)}
	if said, ok := w.said.To(f.Finding); ok {
		view.Reason.Value, view.Reason.Seen, view.Reason.Stale = said.Text, said.Text, said.Stale(f.Finding)
		view.Reason.Said = said.By + "写于 " + stampShort(said.At)
	}
	if view.Reason.Error != "" {
		view.Reason.Value = sent.Get(name)
	}
	return view
}

// foundFigures are the values that a finding is about. A finding about very many,
// such as a sum over a statement, names none.
func (w *workspace) foundFigures(f placed) []web.Figure {
	if len(f.Keys) > maxLinks {
		return nil
	}
	var list []web.Figure
	for _, key := range f.Keys {
		field, ok := w.form.Field(key)
		if !ok {
			continue
		}
		text := shortened(field.Show(valueAt(w.values, key, field)))
		if text != "" {
			text += field.UnitAfter()
		}
		list = append(list, web.Figure{Label: labelOf(field), Value: orBlank(text), Href: w.keyHref(key, nil)})
	}
	return list
}

// valueAt finds the value of a key such as change_table[1].item.
func valueAt(values form.Values, key string, field *form.Field) any {
	table, rest, inRow := strings.Cut(key, "[")
	if !inRow {
		return values[key]
	}
	number, _, _ := strings.Cut(rest, "]")
	n, err := strconv.Atoi(number)
	rows, _ := values.Rows(table)
	if err != nil || n < 0 || n >= len(rows) {
		return nil
	}
	if field.Kind == form.KindTable { // the row as a whole
		return rows[n]
	}
	return rows[n][field.Key]
}

// maxFigure is how much of a text stands among figures, in characters.
const maxFigure = 60

func shortened(s string) string {
	if utf8.RuneCountInString(s) > maxFigure {
		return string([]rune(s)[:maxFigure]) + "…"
	}
	return s
}

// answerShown is an explanation where it is only read.
func answerShown(said filing.Explanation, f check.Finding) *web.Answer {
	return &web.Answer{Text: strings.Split(said.Text, "\n"), By: said.By + "，" + workday.DateOf(said.At).Chinese(), Stale: said.Stale(f)}
}

// saidWords tells how many warnings are explained.
func (w *workspace) saidWords() string {
	warnings, explained, stale := 0, 0, 0
	for _, f := range w.findings {
		if f.Severity == check.Error {
			continue
		}
		warnings++
		if said, ok := w.said.To(f); ok {
			explained++
			if said.Stale(f) {
				stale++
			}
		}
	}
	switch {
	case warnings == 0:
		return ""
	case stale > 0:
		return fmt.Sprintf("%d 处提示中，%d 处写了说明；其中 %d 处的提示后来变了，请核对说明。", warnings, explained, stale)
	}
	return fmt.Sprintf("%d 处提示中，%d 处写了说明。", warnings, explained)
}

// saveCheck stores explanations. What somebody else wrote meanwhile stays, and
// the page shows both; what cannot be stored stays in its field.
func (p *Pages) saveCheck(c echo.Context) error {
	w, done, err := p.openWorkspace(c)
	if done || err != nil {
		return err
	}
	sent, err := web.ReadForm(c)
	if err != nil {
		return err
	}
	answers := w.answers(sent)
	kept, err := p.filing.Explain(requestContext(c), filing.Explain{OrganisationID: w.org.ID, Year: w.obligation.ReportYear,
		Answers: answers, Actor: web.Principal(c).Actor()})
	if refused, ok := refusal(err); ok {
		p.app.AddFlash(c, web.Flash{Text: refused.Detail(), Warning: true})
		return web.SeeOther(c, w.path(""))
	}
	if err != nil {
		return err
	}
	if w.said, err = filing.ExplanationsOf(requestContext(c), p.db, w.obligation.ID); err != nil {
		return err
	}
	status := http.StatusUnprocessableEntity
	for _, f := range w.findings {
		for _, theirs := range kept {
			if theirs.Place() == filing.PlaceOf(f) {
				status = http.StatusConflict
				sent.Refuse(saidName(f), keptWords(w.said, f))
			}
		}
	}
	if !sent.OK() {
		return p.renderCheck(c, status, w, sent)
	}
	p.app.AddFlash(c, web.Flash{Text: "说明已保存。"})
	return web.SeeOther(c, w.path("/check"))
}

// keptWords tells what somebody else wrote in the place of an explanation.
func keptWords(said filing.Explanations, f check.Finding) string {
	theirs, ok := said.To(f)
	if !ok {
		return "您打开本页以后，原来的说明已被删去。再保存一次，就用您写的。"
	}
	return fmt.Sprintf("您打开本页以后，%s写了：“%s”。再保存一次，就换成您写的。", theirs.By, theirs.Text)
}

// answers are the explanations that were sent and can be stored; what cannot is
// refused at its field.
func (w *workspace) answers(sent *web.Form) []filing.Answer {
	var list []filing.Answer
	for _, f := range w.findings {
		name := saidName(f)
		if f.Severity == check.Error || !sent.Values.Has(name) {
			continue
		}
		if _, err := filing.ReadExplanation(sent.Get(name)); err != nil {
			sent.Refuse(name, err.Detail())
			continue
		}
		seen := sent.Get(seenName(f))
		seen = strings.ReplaceAll(seen, "\r\n", "\n") // a browser's line ends
		list = append(list, filing.Answer{Seen: &seen,
			Explanation: filing.Explanation{Check: f.Check, Keys: f.Keys, Message: f.Message, Text: sent.Get(name)}})
	}
	return list
}
