package web

import (
	"fmt"
	"strings"

	"nianbao/filing/form"
	"nianbao/internal/money"
	"nianbao/internal/web"
	"nianbao/internal/workday"
)

// trueMinus is as wide as a digit.
const trueMinus = "−"

// show writes a decoded value for people, "" where nothing is filled in.
func show(f *form.Field, v any) string {
	switch v := v.(type) {
	case int64:
		return showNumber(f, v)
	case string:
		return showText(f, v)
	case []string:
		labels := make([]string, len(v))
		for i, code := range v {
			labels[i] = optionLabel(f, code)
		}
		return strings.Join(labels, "、")
	case []map[string]any:
		return fmt.Sprintf("%d 行", len(v))
	case map[string]any:
		var parts []string
		for _, c := range f.Columns {
			if s := show(c, v[c.Key]); s != "" {
				parts = append(parts, c.Label+" "+s)
			}
		}
		return strings.Join(parts, "；")
	}
	return ""
}

func showNumber(f *form.Field, n int64) string {
	switch f.Kind.Base() {
	case form.KindMoney:
		return money.Fen(n).Grouped()
	case form.KindPercent:
		return web.Percent(n)
	case form.KindNumber:
		if f.Decimals > 0 {
			return money.Fen(n).Grouped()
		}
		return web.Count(int(n))
	}
	s, _ := f.FormatInt(n)
	return s
}

func showText(f *form.Field, s string) string {
	switch f.Kind.Base() {
	case form.KindChoice:
		return optionLabel(f, s)
	case form.KindDate:
		if d, err := workday.ParseDate(s); err == nil {
			return d.Chinese()
		}
	}
	return s
}

func optionLabel(f *form.Field, code string) string {
	if label, ok := f.OptionLabel(code); ok {
		return label
	}
	return code
}

// change says by how much a figure changed against last year: +14.2%, — for none, 新增 from nothing.
func change(now, before any) string {
	a, okNow := now.(int64)
	b, okBefore := before.(int64)
	switch {
	case !okNow || !okBefore:
		return ""
	case a == b:
		return "—"
	case b == 0:
		return "新增"
	}
	sign, d := "+", a-b
	if d < 0 {
		sign, d = trueMinus, -d
	}
	if b < 0 {
		b = -b
	}
	tenths := (2*permille*d + b) / (2 * b) // half away from zero; amounts are below 10^15 fen, so this cannot overflow
	if tenths == 0 {
		return "不足 0.1%"
	}
	return fmt.Sprintf("%s%s.%d%%", sign, web.Count(int(tenths/10)), tenths%10)
}

const permille = 1000

// changeOf is the change of a field's figure; a year is a name and has none.
func changeOf(f *form.Field, now, before any) string {
	if f.Kind == form.KindYear {
		return ""
	}
	return change(now, before)
}
