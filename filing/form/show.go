package form

import (
	"strconv"
	"strings"

	"nianbao/internal/money"
	"nianbao/internal/workday"
)

// Show writes a decoded value as people read it: grouped figures without their
// unit, dates in Chinese, labels for options, a table row by row; "" where
// nothing is filled in.
func (f *Field) Show(value any) string {
	switch v := value.(type) {
	case int64:
		return f.showInt(v)
	case string:
		return f.showText(v)
	case []string:
		labels := make([]string, len(v))
		for i, code := range v {
			labels[i], _ = f.OptionLabel(code)
		}
		return strings.Join(labels, "、")
	case map[string]any:
		return f.ShowRow(v)
	case []map[string]any:
		if len(v) == 0 {
			return "无"
		}
		rows := make([]string, len(v))
		for i, row := range v {
			rows[i] = strconv.Itoa(i+1) + ". " + f.ShowRow(row)
		}
		return strings.Join(rows, "\n")
	}
	return ""
}

func (f *Field) showText(s string) string {
	switch f.Kind.Base() {
	case KindChoice:
		label, _ := f.OptionLabel(s)
		return label
	case KindDate:
		if day, err := workday.ParseDate(s); err == nil {
			return day.Chinese()
		}
	}
	return s
}

// showInt writes a number with its separators: −1,234.50; a year plain.
func (f *Field) showInt(n int64) string {
	switch {
	case f.Kind.Base() == KindYear:
		return strconv.FormatInt(n, 10)
	case f.Kind.Base() == KindNumber && f.Decimals == 0:
		whole, _, _ := strings.Cut(money.Fen(n*100).Grouped(), ".") // counts lie far below 10^16
		return whole
	}
	return money.Fen(n).Grouped()
}

// ShowRow writes a row of a table in one line, with the units.
func (f *Field) ShowRow(row map[string]any) string {
	var parts []string
	for _, column := range f.Columns {
		if text := column.Show(row[column.Key]); text != "" {
			parts = append(parts, column.Label+"："+text+column.UnitAfter())
		}
	}
	if len(parts) == 0 {
		return "（空）"
	}
	return strings.Join(parts, "；")
}

// UnitAfter is the unit as it follows a figure in running text; "" for none.
func (f *Field) UnitAfter() string {
	if f.Unit == "" || f.Unit == "%" {
		return f.Unit
	}
	return " " + f.Unit
}
