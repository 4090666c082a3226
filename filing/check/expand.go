package check

import (
	"fmt"
	"regexp"
	"strings"

	"nianbao/filing/form"
)

// standIn is $name or ${name}: what a family or a let puts there.
var standIn = regexp.MustCompile(`\$(?:\{([a-z][a-z0-9_]*)\}|([a-z][a-z0-9_]*))`)

// bindings say what each stand-in of a check stands for in one of its instances.
type bindings struct {
	text  map[string]string // in expressions and keys
	label map[string]string // in the running text of messages
}

// expression puts the stand-ins into an expression or a key.
func (b bindings) expression(src string) (string, error) { return substitute(src, b.text) }

// prose puts the labels into running text.
func (b bindings) prose(src string) (string, error) { return substitute(src, b.label) }

func substitute(src string, by map[string]string) (string, error) {
	if !strings.Contains(src, "$") {
		return src, nil
	}
	var unknown error
	out := standIn.ReplaceAllStringFunc(src, func(found string) string {
		name := strings.Trim(found, "${}")
		text, ok := by[name]
		if !ok {
			unknown = fmt.Errorf("$%s stands for nothing here", name)
		}
		return text
	})
	return out, unknown
}

// expand makes the instances of a check on one form: one for each combination of
// its families' members, in their order.
func (d *definition) expand(g *generation, f *form.Form) ([]*instance, error) {
	combinations := []bindings{{text: map[string]string{}, label: map[string]string{}}}
	for _, item := range d.Each {
		name, members := fmt.Sprint(item.Key), g.families[fmt.Sprint(item.Value)]
		var next []bindings
		for _, b := range combinations {
			for _, m := range members {
				next = append(next, b.with(name, m, f))
			}
		}
		combinations = next
	}
	instances := make([]*instance, 0, len(combinations))
	for _, b := range combinations {
		if err := d.bindLets(&b); err != nil {
			return nil, err
		}
		instances = append(instances, &instance{def: d, bind: b})
	}
	return instances, nil
}

func (b bindings) with(name string, m member, f *form.Form) bindings {
	next := bindings{text: map[string]string{}, label: map[string]string{}}
	for k, v := range b.text {
		next.text[k], next.label[k] = v, b.label[k]
	}
	next.text[name], next.label[name] = m.value, m.label
	if m.label == "" {
		if field, ok := f.Field(m.value); ok {
			next.label[name] = field.Label
		}
	}
	return next
}

// bindLets adds the named expressions, in brackets, so that they keep their value
// wherever they are put. A let may use those above it.
func (d *definition) bindLets(b *bindings) error {
	for _, item := range d.Let {
		src, err := b.expression(strings.TrimSpace(fmt.Sprint(item.Value)))
		if err != nil {
			return fmt.Errorf("let %v: %w", item.Key, err)
		}
		b.text[fmt.Sprint(item.Key)] = "(" + src + ")"
	}
	return nil
}
