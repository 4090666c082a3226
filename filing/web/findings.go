package web

import (
	"fmt"
	"strconv"
	"strings"

	"nianbao/filing/check"
	"nianbao/filing/form"
	"nianbao/internal/web"
)

// placed is a finding with its number on the page and where its keys stand.
type placed struct {
	check.Finding
	number   int // in the run; the element's id is made of it
	sections map[string]bool
}

func (f placed) id() string { return "w-" + strconv.Itoa(f.number) }

// ofField tells that it follows from the form itself (not filled, too long) and
// so is said at the field in a line, without figures to compare.
func (f placed) ofField() bool { return strings.HasPrefix(f.Check, "FIELD-") }

func (f placed) missing() bool { return f.Check == check.CodeRequired }

// place numbers the findings and says which sections each concerns. That a
// computed figure is missing is left out: nobody fills it in, and what it is
// computed from is missing, too.
func place(f *form.Form, findings []check.Finding) []placed {
	var list []placed
	for i, finding := range findings {
		found := placed{Finding: finding, number: i, sections: map[string]bool{}}
		computed := false
		for _, key := range finding.Keys {
			if field, ok := f.Field(key); ok {
				found.sections[field.Section.Code] = true
				computed = field.Computed()
			}
		}
		if !computed || !found.missing() {
			list = append(list, found)
		}
	}
	return list
}

// concerning are the findings about a section.
func concerning(list []placed, section string) []placed {
	var found []placed
	for _, f := range list {
		if f.sections[section] {
			found = append(found, f)
		}
	}
	return found
}

// counts sums up findings: errors of what is filled in, what is not filled in
// yet, and warnings.
type counts struct{ wrong, missing, warnings int }

func countOf(list []placed) (n counts) {
	for _, f := range list {
		switch {
		case f.Severity != check.Error:
			n.warnings++
		case f.missing():
			n.missing++
		default:
			n.wrong++
		}
	}
	return n
}

// anchor is the id of the element at which a key stands on its section's page.
func anchor(f *form.Form, key string) string {
	field, ok := f.Field(key)
	if !ok {
		return ""
	}
	switch {
	case len(field.CellFields()) > 0: // a whole line
		return rowID(field)
	case field.Parent != nil && len(field.Parent.CellFields()) > 0 && field.Computed():
		return rowID(field.Parent)
	}
	return fieldID(placeOf(field, key))
}

// placeOf is the key at which a page speaks of a key: a whole row, or a column
// without a row, belongs to its table.
func placeOf(f *form.Field, key string) string {
	switch {
	case f.Kind == form.KindTable:
		return f.Key
	case f.Parent != nil && f.Parent.Kind == form.KindTable && !strings.Contains(key, "["):
		return f.Parent.Key
	}
	return key
}

// rowID is the id of a line's row.
func rowID(line *form.Field) string { return "r-" + line.Key }

// maxLinks is how many of a finding's figures are linked; beyond that a list of
// links says nothing.
const maxLinks = 6

// finding is how a page shows a finding. Links lead to the figures that take
// part: on this page, or on another section's.
func (w *workspace) finding(f placed, here *form.Section) web.Finding {
	view := web.Finding{ID: f.id(), Warning: f.Severity != check.Error, Title: f.Message, Remedy: f.Remedy,
		Basis: f.Basis, Check: f.Check}
	for _, key := range f.Keys {
		if field, ok := w.form.Field(key); ok && len(view.Links) < maxLinks {
			view.Links = append(view.Links, web.Link{Href: w.keyHref(key, here), Text: linkText(field, here)})
		}
	}
	if strings.HasPrefix(f.Check, "ATT-") {
		view.Links = []web.Link{{Href: w.path("/attachments"), Text: "附件"}}
	}
	if len(f.Keys) > maxLinks {
		view.Links = nil
	}
	if said, ok := w.said.To(f.Finding); ok {
		view.Answer = answerShown(said, f.Finding)
	}
	return view
}

// keyHref leads to where a key is filled in.
func (w *workspace) keyHref(key string, here *form.Section) string {
	field, ok := w.form.Field(key)
	if !ok {
		return w.path("/tasks")
	}
	if here != nil && field.Section == here {
		return "#" + anchor(w.form, key)
	}
	return w.sectionPath(field.Section) + "#" + anchor(w.form, key)
}

func (w *workspace) sectionPath(s *form.Section) string { return w.path("/sections/" + s.Code) }

// linkText names a figure shortly: a line of this page's statement by its
// number, others by their label.
func linkText(f *form.Field, here *form.Section) string {
	if line := f.Parent; line != nil && line.Line != "" && here == f.Section {
		return line.Line + " 行" + columnLabel(f)
	}
	return labelOf(f)
}

// maxSummary is how many lines the summary at the top of a page has; the rest
// is counted in a last one.
const maxSummary = 12

// summary lists findings at the top of a page.
func (w *workspace) summary(title string, list []placed, here *form.Section) web.Summary {
	s := web.Summary{Title: title}
	for _, f := range list {
		if len(s.Items) == maxSummary {
			s.Items = append(s.Items, web.SummaryItem{Text: fmt.Sprintf("另有 %d 处，在下面各项旁边写明", len(list)-maxSummary)})
			break
		}
		item := web.SummaryItem{Warning: f.Severity != check.Error, Text: strings.TrimSuffix(f.Message, "。")}
		switch {
		case f.ofField() && len(f.Keys) > 0:
			item.Href = w.keyHref(f.Keys[0], here)
		default:
			item.Href = "#" + f.id()
		}
		s.Items = append(s.Items, item)
	}
	return s
}

// countWords says how many of each: 2 处错误、1 处提示.
func countWords(n counts) string {
	var parts []string
	if n.wrong > 0 {
		parts = append(parts, fmt.Sprintf("%d 处错误", n.wrong))
	}
	if n.missing > 0 {
		parts = append(parts, fmt.Sprintf("%d 项没有填", n.missing))
	}
	if n.warnings > 0 {
		parts = append(parts, fmt.Sprintf("%d 处提示", n.warnings))
	}
	return strings.Join(parts, "、")
}
