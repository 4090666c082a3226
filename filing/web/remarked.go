package web

import (
	"errors"
	"slices"

	"github.com/labstack/echo/v4"

	"nianbao/filing"
	"nianbao/filing/form"
	"nianbao/review"
)

// readRemarked notes which sections the reviewer remarked on in the report that
// was sent back, and whether anything was changed there since.
func (p *Pages) readRemarked(c echo.Context, w *workspace) error {
	if w.obligation.Status != filing.StatusReturned || !w.obligation.SubmissionID.Valid {
		return nil
	}
	opinion, err := review.OpinionOn(requestContext(c), p.db, w.obligation.SubmissionID.UUID)
	if errors.Is(err, review.ErrNotFound) { // returned by other means than a decision
		return nil
	}
	if err != nil {
		return err
	}
	_, before, err := p.lastFiled(c, w)
	if err != nil {
		return err
	}
	w.remarked = map[*form.Section]bool{}
	for _, remark := range opinion.Remarks {
		if field, ok := w.form.Field(remark.Key); ok {
			w.remarked[field.Section] = slices.ContainsFunc(valueFields(field.Section), func(f *form.Field) bool {
				return !same(w.values[f.Key], before[f.Key])
			})
		}
	}
	return nil
}

// remarkedFirst puts the sections that were remarked on before all others.
func (l *TaskList) remarkedFirst(w *workspace) {
	if len(w.remarked) == 0 {
		return
	}
	first := TaskGroup{Title: "审查意见涉及的部分"}
	changed := map[string]bool{}
	for s, done := range w.remarked {
		changed[w.sectionPath(s)] = done
	}
	for i := range l.Groups {
		l.Groups[i].Tasks = slices.DeleteFunc(l.Groups[i].Tasks, func(t Task) bool {
			done, named := changed[t.Href]
			switch {
			case !named:
				return false
			case !done:
				t.State, t.Tone = "需修改", "bad"
			case t.Tone == "done":
				t.State = "已修改"
			}
			first.Tasks = append(first.Tasks, t)
			return true
		})
	}
	l.Groups = slices.DeleteFunc(l.Groups, func(g TaskGroup) bool { return len(g.Tasks) == 0 })
	l.Groups = slices.Insert(l.Groups, 0, first)
}
