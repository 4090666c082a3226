package web

import (
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"
)

// object is a YAML mapping in the order of the file.
type object yaml.MapSlice

func (o object) get(path ...string) any {
	var at any = o
	for _, key := range path {
		m, ok := at.(object)
		if !ok {
			return nil
		}
		at = nil
		for _, item := range m {
			if fmt.Sprint(item.Key) == key {
				at = ordered(item.Value)
			}
		}
	}
	return at
}

func (o object) object(path ...string) object { m, _ := o.get(path...).(object); return m }
func (o object) list(path ...string) []any    { l, _ := o.get(path...).([]any); return l }

// text is a scalar as text, "" for none.
func (o object) text(path ...string) string {
	switch v := o.get(path...).(type) {
	case nil, object, []any:
		return ""
	default:
		return strings.TrimSpace(strings.ReplaceAll(fmt.Sprint(v), "`", "")) // the page has its own way to mark code
	}
}

func ordered(v any) any {
	if m, ok := v.(yaml.MapSlice); ok {
		return object(m)
	}
	return v
}
