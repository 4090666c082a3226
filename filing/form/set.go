package form

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"sync"
)

//go:embed data/*.yaml
var embedded embed.FS

// Set is a set of forms by code.
type Set struct {
	forms map[string]*Form
	codes []string
}

// NotFoundError is a form code that no form has.
type NotFoundError struct{ FormCode string }

func (e *NotFoundError) Error() string { return fmt.Sprintf("no form %q", e.FormCode) }

// HTTPStatus is 404.
func (e *NotFoundError) HTTPStatus() int { return 404 }

// Code is the problem code.
func (e *NotFoundError) Code() string { return "not_found" }

// Detail is the sentence for the caller.
func (e *NotFoundError) Detail() string {
	return fmt.Sprintf("没有代码为“%s”的报告表，请核对代码。", e.FormCode)
}

// Default is the set that the program carries, parsed on first use. That it
// loads is pinned by a test, so an error here means a broken build.
var Default = sync.OnceValues(func() (*Set, error) {
	sub, err := fs.Sub(embedded, "data")
	if err != nil {
		return nil, fmt.Errorf("open the embedded forms: %w", err)
	}
	return Load(sub)
})

// Load reads every *.yaml file at the top of a file system as one form each. A
// file that breaks a rule of docs/forms.md is refused with its position.
func Load(fsys fs.FS) (*Set, error) {
	names, err := fs.Glob(fsys, "*.yaml")
	if err != nil {
		return nil, fmt.Errorf("list form files: %w", err)
	}
	slices.Sort(names)
	loaded := make([]*Form, len(names))
	failures := make([]error, len(names))
	var wait sync.WaitGroup
	for i, name := range names {
		wait.Go(func() {
			data, err := fs.ReadFile(fsys, name)
			if err != nil {
				failures[i] = fmt.Errorf("read form file: %w", err)
				return
			}
			loaded[i], failures[i] = Parse(path.Base(name), data)
		})
	}
	wait.Wait()
	set := &Set{forms: make(map[string]*Form, len(names))}
	for i, form := range loaded {
		if failures[i] != nil {
			return nil, failures[i]
		}
		if _, twice := set.forms[form.Code]; twice {
			return nil, fmt.Errorf("%s: form %q is defined twice", names[i], form.Code)
		}
		set.forms[form.Code] = form
		set.codes = append(set.codes, form.Code)
	}
	slices.Sort(set.codes)
	return set, nil
}

// Form finds a form by its code; the error is a *NotFoundError.
func (s *Set) Form(code string) (*Form, error) {
	form, ok := s.forms[code]
	if !ok {
		return nil, &NotFoundError{FormCode: code}
	}
	return form, nil
}

// Codes are the codes of all forms, sorted.
func (s *Set) Codes() []string { return slices.Clone(s.codes) }
