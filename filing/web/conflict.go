package web

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"nianbao/filing/form"
	"nianbao/internal/web"
)

// ConflictPage shows what two people changed at the same time: both values,
// and which is to stay.
type ConflictPage struct {
	web.Page
	Heading string
	Other   string // who saved meanwhile
	At      string
	Action  string
	Base    string
	Back    string
	Items   []ConflictItem
	Carried []Hidden // what else was typed and is not stored yet
}

// ConflictItem is one field with both values.
type ConflictItem struct {
	ID, Label    string
	Pick         string
	Mine, Theirs string
	Hidden       []Hidden
}

// Hidden is a hidden field.
type Hidden struct{ Name, Value string }

// conflictOf is what a conflict page is made of.
type conflictOf struct {
	both    []conflict
	sent    url.Values
	input   *input
	fields  []*form.Field
	action  string
	heading string
}

// renderConflict answers 409 with both values. Everything else is saved; what
// the person typed goes along in the page, so that nothing is lost.
func (p *Pages) renderConflict(c echo.Context, w *workspace, of conflictOf) error {
	page := ConflictPage{Heading: of.heading, Action: of.action, Back: of.action, Base: w.base(of.fields),
		Other: w.draft.UpdatedBy, At: stamp(w.draft.UpdatedAt)}
	var err error
	page.Page, err = p.page(c, "内容有冲突", w.crumbs(web.Crumb{Text: of.heading, Href: of.action})...)
	if err != nil {
		return err
	}
	page.Refused = true
	page.Items = conflictItems(of.both, of.sent)
	for _, r := range of.input.refused {
		if r.Field.Parent == nil || len(r.Field.Parent.CellFields()) > 0 { // rows go with their table
			page.Carried = append(page.Carried, Hidden{Name: r.Path, Value: of.input.typed[r.Path]})
		}
	}
	return p.app.Render(c, http.StatusConflict, "filer/conflict", page)
}

// conflictItems show both values of each field.
func conflictItems(both []conflict, sent url.Values) []ConflictItem {
	var items []ConflictItem
	for _, found := range both {
		items = append(items, ConflictItem{ID: fieldID(found.field.Key), Label: labelOf(found.field),
			Pick: pickPrefix + found.field.Key, Mine: orBlank(shown(found.field, found.mine)),
			Theirs: orBlank(shown(found.field, found.theirs)), Hidden: sentOf(sent, found.field)})
	}
	return items
}

func orBlank(text string) string {
	if text == "" {
		return "（没有填）"
	}
	return text
}

// sentOf is all that was sent about a field, to be sent again.
func sentOf(sent url.Values, f *form.Field) []Hidden {
	var list []Hidden
	add := func(name string) {
		for _, value := range sent[name] {
			list = append(list, Hidden{name, value})
		}
	}
	add(f.Key)
	if len(f.Columns) == 0 {
		return list
	}
	add(rowsName(f))
	add(noneName(f))
	for _, name := range slices.Sorted(maps.Keys(sent)) {
		if strings.HasPrefix(name, f.Key+"[") || f.Kind == form.KindTableRow && strings.HasPrefix(name, f.Key+".") {
			add(name)
		}
	}
	return list
}
