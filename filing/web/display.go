package web

import (
	"strconv"
	"strings"

	"nianbao/filing/form"
	"nianbao/internal/money"
	"nianbao/internal/web"
	"nianbao/internal/workday"
)

// shown writes a decoded value as people read it; nothing filled is "".
func shown(f *form.Field, value any) string {
	switch v := value.(type) {
	case int64:
		return figure(f, v)
	case string:
		if f.Kind == form.KindChoice {
			label, _ := f.OptionLabel(v)
			return label
		}
		if day, err := workday.ParseDate(v); f.Kind == form.KindDate && err == nil {
			return day.Chinese()
		}
		return v
	case []string:
		labels := make([]string, len(v))
		for i, code := range v {
			labels[i], _ = f.OptionLabel(code)
		}
		return strings.Join(labels, "、")
	case map[string]any:
		return rowShown(f, v)
	case []map[string]any:
		rows := make([]string, len(v))
		for i, row := range v {
			rows[i] = strconv.Itoa(i+1) + ". " + rowShown(f, row)
		}
		if len(rows) == 0 {
			return "无"
		}
		return strings.Join(rows, "\n")
	}
	return ""
}

// rowShown writes a row of a table in one line.
func rowShown(f *form.Field, row map[string]any) string {
	var parts []string
	for _, column := range f.Columns {
		if text := shown(column, row[column.Key]); text != "" {
			parts = append(parts, column.Label+"："+text+unitAfter(column))
		}
	}
	if len(parts) == 0 {
		return "（空）"
	}
	return strings.Join(parts, "；")
}

// unitAfter is the unit that follows a figure in running text.
func unitAfter(f *form.Field) string {
	if f.Unit == "" {
		return ""
	}
	if f.Unit == "%" {
		return f.Unit
	}
	return " " + f.Unit
}

// figure writes a number with its separators: 1,234.50, a year plain.
func figure(f *form.Field, n int64) string {
	switch {
	case f.Kind == form.KindYear:
		return strconv.FormatInt(n, 10)
	case f.Kind.Base() == form.KindNumber && f.Decimals == 0:
		return web.Count(int(n))
	}
	return money.Fen(n).Grouped()
}

// typed writes a decoded value as a field of a page holds it.
func typed(f *form.Field, value any) string {
	switch v := value.(type) {
	case int64:
		return figure(f, v)
	case string:
		return v
	}
	return ""
}

// fieldID is the id of the element in which a value is filled in; findings and
// remarks link to it.
func fieldID(key string) string {
	return "f-" + strings.NewReplacer("[", "-", "]", "").Replace(key)
}

// sectionName is the title in its parts: group, own name, number of the paper form.
func sectionName(s *form.Section) (group, name, paper string) { return s.TitleParts() }

// labelOf names a field in full, a statement cell with its line:
// 应收款项，3 行，期末数.
func labelOf(f *form.Field) string { return f.FullLabel() }

// columnLabel is the name of the column that a cell stands in.
func columnLabel(cell *form.Field) string { return cell.ColumnLabel() }

// formulaText writes a formula for people: 20 + 30 − 33.
func formulaText(formula string) string {
	return strings.NewReplacer("+", " + ", "-", " − ").Replace(formula)
}
