package check

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"cel.dev/cel-go/cel"

	"nianbao/filing/form"
	"nianbao/internal/money"
	"nianbao/internal/workday"
)

// template is a message with places for figures: running text, and expressions in
// braces, {bs_cash.closing} or {row.amount - row.cash} or {size(t):number}. The
// value of a key is shown as its kind asks; a computed figure is money unless the
// braces end in :number, :percent or :text. Outside the braces $name is the label
// of a family's member.
type template struct {
	parts []part
}

type part struct {
	text    string
	program cel.Program // nil: text
	figure  *variable   // where the place is one figure and no computation
	kind    form.Kind
	field   *form.Field // for the labels of options, else nil
}

var shownAs = regexp.MustCompile(`:(money|number|percent|text|date)$`)

func (c compiler) template(src string) (*template, error) {
	t := &template{}
	for src != "" {
		text, expr, rest, err := nextPlace(src)
		if err != nil {
			return nil, err
		}
		text, err = c.bind.prose(text)
		if err != nil {
			return nil, err
		}
		if text != "" {
			t.parts = append(t.parts, part{text: text})
		}
		if expr != "" {
			p, err := c.place(expr)
			if err != nil {
				return nil, err
			}
			t.parts = append(t.parts, p)
		}
		src = rest
	}
	return t, nil
}

// nextPlace cuts a template at its first {…}; the braces of ${name} are none.
func nextPlace(src string) (text, expr, rest string, err error) {
	start := -1
	depth := 0
	for i := 0; i < len(src); i++ {
		switch {
		case src[i] == '{' && start < 0 && i > 0 && src[i-1] == '$':
			end := strings.IndexByte(src[i:], '}')
			if end < 0 {
				return "", "", "", fmt.Errorf("%q: brace is not closed", src)
			}
			i += end
		case src[i] == '{':
			if start < 0 {
				start = i
			}
			depth++
		case src[i] == '}' && start >= 0:
			if depth--; depth == 0 {
				return src[:start], strings.TrimSpace(src[start+1 : i]), src[i+1:], nil
			}
		}
	}
	if start >= 0 {
		return "", "", "", fmt.Errorf("%q: brace is not closed", src)
	}
	return src, "", "", nil
}

func (c compiler) place(src string) (part, error) {
	var kind form.Kind
	if m := shownAs.FindStringSubmatch(src); m != nil {
		kind = form.Kind(m[1])
		src = strings.TrimSuffix(src, m[0])
	}
	program, out, _, err := c.program(src)
	if err != nil {
		return part{}, err
	}
	name, err := c.bind.expression(src)
	if err != nil {
		return part{}, err
	}
	p := part{program: program, figure: c.vars[name], kind: kind}
	switch {
	case kind != "":
	case p.figure != nil:
		p.kind, p.field = p.figure.kind.Base(), p.figure.field
	case out.IsExactType(cel.IntType):
		p.kind = form.KindMoney
	default:
		p.kind = form.KindText
	}
	return p, nil
}

// render fills in the figures. A figure that is not filled is said to be so.
func (t *template) render(a *activation) string {
	var b strings.Builder
	for i := range t.parts {
		p := &t.parts[i]
		if p.program == nil {
			b.WriteString(p.text)
			continue
		}
		b.WriteString(p.show(a))
	}
	return b.String()
}

const notFilled = "（未填）"

func (p *part) show(a *activation) string {
	if p.figure != nil {
		if _, filled := a.value(p.figure); !filled {
			return notFilled
		}
	}
	out, _, err := p.program.Eval(a)
	if err != nil {
		return "（无法计算）"
	}
	return shown(out.Value(), p.kind, p.field)
}

// shown writes a value as a reader expects it.
func shown(value any, kind form.Kind, field *form.Field) string {
	switch v := value.(type) {
	case int64:
		switch kind {
		case form.KindMoney:
			return money.Fen(v).Grouped() + "元"
		case form.KindPercent:
			return hundredths(v) + "%"
		}
		if field != nil && field.Decimals == 2 {
			return hundredths(v)
		}
		return strconv.FormatInt(v, 10)
	case string:
		if field != nil {
			if label, ok := field.OptionLabel(v); ok {
				return label
			}
		}
		if kind == form.KindDate {
			if d, err := workday.ParseDate(v); err == nil {
				return d.Chinese()
			}
		}
		return v
	default:
		return fmt.Sprint(v)
	}
}

// hundredths writes a figure that is kept in hundredths, such as 70.00.
func hundredths(n int64) string {
	sign, u := "", uint64(n)
	if n < 0 {
		sign, u = "−", -u
	}
	return fmt.Sprintf("%s%d.%02d", sign, u/100, u%100)
}
