package web

import (
	"fmt"
	"maps"
	"slices"

	"nianbao/filing/form"
)

// What a draft does not say is taken from the prefill until somebody types,
// changes or confirms it; such values are marked. What people did stands beside
// the draft (filing.Draft), never in it. Once a report was submitted, somebody
// answers for all of it, and nothing is filled in or marked any more.

// overlay is the draft's values with the prefill where nobody has been yet, and
// with what follows by formula.
func (w *workspace) overlay(saved form.Values) form.Values {
	values := maps.Clone(saved)
	if values == nil {
		values = form.Values{}
	}
	if !w.draft.Submitted {
		for key, value := range w.prefill {
			if _, there := values[key]; !there && !w.settled[key] {
				values[key] = value
			}
		}
	}
	return w.form.Calculate(values)
}

// mark says where a value comes from that nobody has confirmed yet, "" for any
// other.
func (w *workspace) mark(f *form.Field) form.Source {
	source := w.sources[f.Key]
	if source == "" || w.draft.Submitted || w.settled[f.Key] || f.Computed() || !same(w.values[f.Key], w.prefill[f.Key]) {
		return ""
	}
	return source
}

// marks are the fields of a section that are still to be confirmed.
func (w *workspace) marks(s *form.Section) []*form.Field {
	return slices.DeleteFunc(valueFields(s), func(f *form.Field) bool {
		return w.mark(f) == "" || !f.Applies(w.values, nil, w.context)
	})
}

// markWords is a mark as a page shows it.
func markWords(s form.Source) string {
	switch s {
	case form.FromPrior:
		return "来自上年报告"
	case form.FromRegister:
		return "来自登记信息"
	}
	return ""
}

// begun tells that a section was saved by its button, so that what it lacks may
// be held against it.
func (w *workspace) begun(s *form.Section) bool {
	return w.draft.Submitted || slices.Contains(w.draft.SavedSections, s.Code)
}

// touched tells that somebody has typed, changed or confirmed something in a
// section.
func (w *workspace) touched(s *form.Section) bool {
	return w.draft.Submitted || slices.ContainsFunc(valueFields(s), func(f *form.Field) bool { return w.settled[f.Key] })
}

// Confirm is the note on what was filled in beforehand, with the button that
// confirms it.
type Confirm struct {
	Text   string
	Button string
	Count  int
}

// confirm says what of a section is still to be confirmed; nothing is the zero
// Confirm.
func (w *workspace) confirm(s *form.Section) Confirm {
	marked := w.marks(s)
	if len(marked) == 0 {
		return Confirm{}
	}
	prior := 0
	for _, f := range marked {
		if w.mark(f) == form.FromPrior {
			prior++
		}
	}
	c := Confirm{Count: len(marked)}
	last := w.obligation.ReportYear - 1
	switch {
	case s.Kind == form.SectionBalanceSheet:
		c.Text, c.Button = fmt.Sprintf("年初数已按 %d 年度报告的期末数填好。带“上年”的数还没有核对，改动或确认后标记消失。", last), "年初数与上年一致，全部确认"
	case s.Kind == form.SectionActivities:
		c.Text, c.Button = fmt.Sprintf("上年数已按 %d 年度报告填好。带“上年”的数还没有核对，改动或确认后标记消失。", last), "上年数与上年一致，全部确认"
	case prior == len(marked):
		c.Text, c.Button = fmt.Sprintf("有 %d 项先按 %d 年度报告填好，有变化的请改。改动或确认后标记消失。", prior, last), "本部分与上年一致，全部确认"
	case prior == 0:
		c.Text, c.Button = fmt.Sprintf("有 %d 项先按登记信息填好，请核对。改动或确认后标记消失。", len(marked)), "登记信息没有变化，全部确认"
	default:
		c.Text = fmt.Sprintf("有 %d 项先按登记信息和 %d 年度报告填好，有变化的请改。改动或确认后标记消失。", len(marked), last)
		c.Button = "本部分没有变化，全部确认"
	}
	return c
}
