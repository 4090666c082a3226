package web

import (
	"fmt"
	"strings"

	"nianbao/filing/form"
	"nianbao/internal/web"
	"nianbao/internal/workday"
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
		if said, ok := r.c.Explained.To(f); ok {
			view.Answer = &web.Answer{Text: strings.Split(said.Text, "\n"), By: said.By + "，" + workday.DateOf(said.At).Chinese(), Stale: said.Stale(f)}
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
		for _, change := range d.Changes(r.c.Form) {
			out = append(out, web.Change(change))
		}
	}
	return out
}
