package web

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"nianbao/filing/form"
	"nianbao/internal/web"
	"nianbao/internal/workday"
)

// TaskList is the report's sections with how far each is.
type TaskList struct {
	Groups []TaskGroup
	Done   int
	Total  int
	Fill   int // of progressWidth
	Left   string
}

// TaskGroup is some sections under a heading.
type TaskGroup struct {
	Title string
	Tasks []Task
}

// Task is a section, or one of the last steps. Tone is "", "done" or "bad".
type Task struct {
	Text, Href, State, Tone string
	Here                    bool
}

const progressWidth = 240

// Words of a section's state.
const (
	stateEmpty    = "未填"
	stateStarted  = "填写中"
	stateDone     = "完成"
	statePrefill  = "待核对"
	stateOptional = "选填"
	stateLastYear = "与上年相同"
)

// untouched tells that a section is as a new draft would have it.
func (w *workspace) untouched(s *form.Section) bool {
	for _, f := range valueFields(s) {
		if !same(w.values[f.Key], w.prefill[f.Key]) {
			return false
		}
	}
	return true
}

// valueFields are what a section's page fills in: plain fields, tables, and the
// cells of lines.
func valueFields(s *form.Section) []*form.Field {
	var list []*form.Field
	for _, f := range s.Fields {
		if cells := f.CellFields(); len(cells) > 0 {
			list = append(list, cells...)
			continue
		}
		list = append(list, f)
	}
	return list
}

// state says how far a section is; done counts it among the finished ones.
func (w *workspace) state(s *form.Section, findings []placed) (task Task, done bool) {
	n := countOf(concerning(findings, s.Code))
	been := w.begun(s) || w.touched(s)
	switch {
	case n.missing > 0 && !been:
		task.State = stateEmpty
	case n.wrong > 0 && been:
		task.State, task.Tone = fmt.Sprintf("%d 处错误", n.wrong), "bad"
	case n.missing > 0:
		task.State = stateStarted
	case n.wrong > 0 || len(w.marks(s)) > 0:
		task.State = statePrefill
	case !been && !w.filled(s):
		task.State, done = stateOptional, true
	case w.untouched(s) && w.fromPrior(s):
		task.State, task.Tone, done = stateLastYear, "done", true
	default:
		task.State, task.Tone, done = stateDone, "done", true
	}
	return task, done
}

// filled tells that a section holds anything at all.
func (w *workspace) filled(s *form.Section) bool {
	return slices.ContainsFunc(valueFields(s), func(f *form.Field) bool { return w.values[f.Key] != nil })
}

// fromPrior tells that last year's report gave the section its answers.
func (w *workspace) fromPrior(s *form.Section) bool {
	return w.prior != nil && slices.ContainsFunc(valueFields(s), func(f *form.Field) bool {
		return f.Carry && w.prior[f.Key] != nil
	})
}

// taskList lists the sections in the form's groups, then the last steps.
func (p *Pages) taskList(w *workspace, here string) TaskList {
	list := TaskList{Left: p.dueOf(w.year).Words()}
	findings := place(w.form, w.findings)
	for _, s := range w.sections() {
		group, name, _ := sectionName(s)
		task, done := w.state(s, findings)
		task.Text, task.Href, task.Here = name, w.sectionPath(s), s.Code == here
		list.add(group, task)
		list.Total++
		if done {
			list.Done++
		}
	}
	if list.Total > 0 {
		list.Fill = progressWidth * list.Done / list.Total
	}
	list.remarkedFirst(w)
	last := Task{Text: "全面检查", Href: w.path("/check"), State: "可报送", Tone: "done", Here: here == "check"}
	if n := countOf(findings); n.wrong+n.missing > 0 {
		last.State, last.Tone = "待开始", ""
		if n.wrong > 0 && w.draft.Version > 0 {
			last.State, last.Tone = fmt.Sprintf("%d 处错误", n.wrong), "bad"
		}
	}
	list.Groups = append(list.Groups, TaskGroup{Title: "收尾", Tasks: append(w.fileTasks(here), last,
		Task{Text: "通读与报送", Href: w.path("/submit"), State: "待开始", Here: here == "submit"})})
	return list
}

// add puts a task under its group's heading. Sections of a form that stand in no
// group come under one of ours.
func (l *TaskList) add(group string, t Task) {
	if group == "" {
		group = "机构情况"
		if n := len(l.Groups); n > 0 && l.Groups[n-1].Title != group {
			group = "其他情况"
		}
	}
	if n := len(l.Groups); n == 0 || l.Groups[n-1].Title != group {
		l.Groups = append(l.Groups, TaskGroup{Title: group})
	}
	last := &l.Groups[len(l.Groups)-1]
	last.Tasks = append(last.Tasks, t)
}

// TasksPage is the task list by itself: the way in on a phone.
type TasksPage struct {
	web.Page
	Heading string
	Eyebrow string
	Due     Due
	Tasks   TaskList
	Next    Task
	Saved   Saved
	Note    string
	Print   string // address of the whole draft on one page
	// Workbook is the address at which a spreadsheet is downloaded and uploaded.
	Workbook string
}

func (p *Pages) tasks(c echo.Context) error {
	w, done, err := p.openWorkspace(c)
	if done || err != nil {
		return err
	}
	page := TasksPage{Heading: "任务清单", Eyebrow: w.title(), Due: p.dueOf(w.year), Tasks: p.taskList(w, ""), Saved: p.savedOf(w),
		Print: w.path("/print"), Workbook: w.path("/workbook")}
	if page.Page, err = p.page(c, "任务清单", w.crumbs()...); err != nil {
		return err
	}
	page.Next = page.Tasks.next()
	if n := w.unconfirmed(); n > 0 {
		page.Note = fmt.Sprintf("登记信息%s已经填好，还有 %d 项待核对。打开各部分，有变化的改，没有变化的一次确认。", priorWords(w), n)
	}
	return p.app.Render(c, http.StatusOK, "filer/tasks", page)
}

// unconfirmed counts what was filled in beforehand and nobody has confirmed yet.
func (w *workspace) unconfirmed() int {
	n := 0
	for _, s := range w.sections() {
		n += len(w.marks(s))
	}
	return n
}

func priorWords(w *workspace) string {
	if w.prior == nil {
		return ""
	}
	return fmt.Sprintf("和 %d 年度报告里可以沿用的内容", w.obligation.ReportYear-1)
}

// next is the first task that is not done.
func (l TaskList) next() Task {
	for _, g := range l.Groups {
		for _, t := range g.Tasks {
			if t.Tone != "done" {
				return t
			}
		}
	}
	return Task{}
}

// Saved says when the draft was saved, and by whom.
type Saved struct {
	At string // 14:32:08, an earlier day with its date; "" where nothing was saved yet
	By string
}

func (p *Pages) savedOf(w *workspace) Saved {
	if w.draft.Version == 0 {
		return Saved{}
	}
	at := w.draft.UpdatedAt
	if workday.DateOf(at) == p.day() {
		return Saved{At: at.In(workday.Shanghai).Format("15:04:05"), By: w.draft.UpdatedBy}
	}
	return Saved{At: stampShort(at), By: w.draft.UpdatedBy}
}
