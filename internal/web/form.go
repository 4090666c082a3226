package web

import (
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"
)

// Form is what a browser posted, as text, and what was wrong with it. It holds
// the body's fields only; the query never counts (Echo's own binding mixes the
// two). A page's form struct is filled from it and keeps the input as typed.
type Form struct {
	Values url.Values
	Errors []FieldError
}

// FieldError is what is wrong with one field, in Chinese.
type FieldError struct{ Field, Message string }

// ReadForm reads the body of a POST of either kind. The error is a 400 or 413.
func ReadForm(c echo.Context) (*Form, error) {
	if err := parseForm(c.Request()); err != nil {
		return nil, err
	}
	return &Form{Values: c.Request().PostForm}, nil
}

// Get is a field's text, "" if it was not sent.
func (f *Form) Get(field string) string { return f.Values.Get(field) }

// Refuse notes that a field is wrong.
func (f *Form) Refuse(field, message string) {
	f.Errors = append(f.Errors, FieldError{Field: field, Message: message})
}

// OK says that nothing was refused.
func (f *Form) OK() bool { return len(f.Errors) == 0 }

// ErrorOf is the first message about a field, "" if there is none.
func (f *Form) ErrorOf(field string) string {
	for _, e := range f.Errors {
		if e.Field == field {
			return e.Message
		}
	}
	return ""
}

// Status is what a page with this form answers: 422 if it was refused.
func (f *Form) Status() int {
	if f.OK() {
		return http.StatusOK
	}
	return http.StatusUnprocessableEntity
}

// Summary is the list of everything refused, each a link to its field, whose
// element has the id "f-" and the field's name.
func (f *Form) Summary(title string) Summary {
	s := Summary{Title: title}
	for _, e := range f.Errors {
		s.Items = append(s.Items, SummaryItem{Href: "#" + fieldID(e.Field), Text: e.Message})
	}
	return s
}

// Field makes the view of a text field with its input and its error.
func (f *Form) Field(name, label string) TextField {
	return TextField{ID: fieldID(name), Name: name, Label: label, Value: f.Get(name), Error: f.ErrorOf(name)}
}

func fieldID(name string) string { return "f-" + name }

// SeeOther answers a form that was taken: the next page by GET, so that
// reloading it sends nothing twice.
func SeeOther(c echo.Context, path string) error { return c.Redirect(http.StatusSeeOther, path) }
