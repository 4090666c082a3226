package web

import (
	"fmt"

	"nianbao/filing/form"
	"nianbao/internal/web"
	"nianbao/review"
)

// findings shows what the checks found, with the figures on their lines.
func (r *reader) findings() []web.Finding {
	out := make([]web.Finding, 0, len(r.c.Findings))
	for i, f := range r.c.Findings {
		view := web.Finding{
			ID: fmt.Sprintf("finding-%d", i+1), Warning: f.Severity != "error", Title: f.Message, Basis: f.Basis, Check: f.Check,
		}
		for _, key := range f.Keys {
			if len(view.Figures) == maxFigures {
				view.Text = append(view.Text, fmt.Sprintf("另涉及 %d 项。", len(f.Keys)-maxFigures))
				break
			}
			if field, ok := r.c.Form.Field(key); ok {
				if value := r.value(key, field); value != "" {
					view.Figures = append(view.Figures, web.Figure{Label: review.LabelOf(field), Value: value})
				}
			}
		}
		if len(f.Keys) > 0 {
			if href := r.linkTo(f.Keys[0]); href != "" {
				view.Links = []web.Link{{Href: href, Text: "所在行"}}
			}
		}
		out = append(out, view)
	}
	return out
}

// maxFigures is how many figures a finding shows; a sum over a whole statement names dozens.
const maxFigures = 6

// maxFigureText: longer words are read where they stand.
const maxFigureText = 40

func (r *reader) value(key string, field *form.Field) string {
	s := show(field, r.c.Values[key])
	if len([]rune(s)) > maxFigureText {
		return ""
	}
	return s
}

// differences shows what changed since the submission before.
func (r *reader) differences() []web.Change {
	out := make([]web.Change, 0, len(r.c.Differences))
	for _, d := range r.c.Differences {
		field, ok := r.c.Form.Field(d.Key)
		if !ok {
			continue
		}
		view := web.Change{
			Label: d.Label, Old: short(show(field, d.Before)), New: short(show(field, d.After)),
			Delta: delta(field, d.After, d.Before), Calculated: field.Kind.Calculated(),
		}
		if view.Old == view.New { // a table whose rows changed, or a long text far in
			view.New += "（内容有改动）"
		}
		out = append(out, view)
	}
	return out
}

// maxShort is how much of a long text the difference shows.
const maxShort = 120

func short(s string) string {
	if runes := []rune(s); len(runes) > maxShort {
		return string(runes[:maxShort]) + "…"
	}
	return s
}
