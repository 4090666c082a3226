package registry

import (
	"fmt"
	"net/http"
	"strings"

	"nianbao/internal/registry/sheet"
)

// heading is a column that an import file may have.
type heading struct {
	// key is the column's stable name, the English header.
	key string
	// names are the usual Chinese headers.
	names    []string
	required bool
}

// FileError refuses a whole file: nothing of it went in. Reason is Chinese.
type FileError struct {
	Row    int    // 0 where the file as a whole is meant
	Field  string // the header as the file writes it, "" where none is meant
	Reason string
}

// Error gives row, field and reason in Chinese.
func (e *FileError) Error() string {
	where := ""
	if e.Row > 0 {
		where = fmt.Sprintf("第 %d 行", e.Row)
	}
	if e.Field != "" {
		where += "“" + e.Field + "”列"
	}
	if where == "" {
		return e.Reason
	}
	return where + "：" + e.Reason
}

// HTTPStatus is 422: the file was understood as a request, not as a register.
func (e *FileError) HTTPStatus() int { return http.StatusUnprocessableEntity }

// Code is the stable word for programs.
func (e *FileError) Code() string { return "bad_file" }

// Detail is the Chinese sentence for people.
func (e *FileError) Detail() string { return e.Error() }

// layout is how a file's columns stand.
type layout struct {
	// keys are the columns' keys from left to right, "" for a blank header.
	keys []string
	// titles are the headers as the file writes them.
	titles []string
}

// readLayout takes the first row as header. Columns may stand in any order; an
// unknown, repeated or missing one refuses the file by its name.
func readLayout(row sheet.Row, headings []heading) (layout, error) {
	if row.Fault != "" {
		return layout{}, &FileError{Row: row.Number, Reason: row.Fault}
	}
	known := make(map[string]string)
	for _, h := range headings {
		known[h.key] = h.key
		for _, name := range h.names {
			known[name] = h.key
		}
	}
	l := layout{keys: make([]string, len(row.Cells)), titles: row.Cells}
	seen := make(map[string]string)
	for i, title := range row.Cells {
		name := plainTitle(title)
		if name == "" {
			continue
		}
		key, found := known[name]
		if !found {
			return layout{}, &FileError{Row: row.Number, Field: title, Reason: unknownTitleReason(name, headings)}
		}
		if first, twice := seen[key]; twice {
			return layout{}, &FileError{Row: row.Number, Field: title, Reason: fmt.Sprintf("与“%s”是同一列", first)}
		}
		seen[key] = title
		l.keys[i] = key
	}
	for _, h := range headings {
		if _, found := seen[h.key]; h.required && !found {
			return layout{}, &FileError{Row: row.Number, Reason: fmt.Sprintf("缺少必需的列“%s”%s", h.key, alsoCalled(h))}
		}
	}
	return l, nil
}

// plainTitle strips what people put around a header: blanks, a star for
// "required", the unit 元.
func plainTitle(title string) string {
	name := strings.Join(strings.Fields(strings.ToLower(title)), "")
	name = strings.Trim(name, "*＊\ufeff")
	for _, unit := range []string{"（元）", "(元)", "（单位：元）"} {
		name = strings.TrimSuffix(name, unit)
	}
	return name
}

func unknownTitleReason(name string, headings []heading) string {
	if strings.Contains(name, "万元") {
		return "金额应以元为单位，请换算后把列名中的“万元”改为“元”"
	}
	keys := make([]string, len(headings))
	for i, h := range headings {
		keys[i] = h.key
	}
	return "不认识的列，可用的列有 " + strings.Join(keys, "、") + "（也可用中文列名）"
}

func alsoCalled(h heading) string {
	if len(h.names) == 0 {
		return ""
	}
	return "（" + h.names[0] + "）"
}

// title is the header that the file gives a key, "" if it lacks the column.
func (l layout) title(key string) string {
	for i, k := range l.keys {
		if k == key {
			return l.titles[i]
		}
	}
	return ""
}

// fill puts a row's texts into cells under the keys of their columns. fault is
// Chinese and says why the row does not fit the header.
func (l layout) fill(cells map[string]string, row sheet.Row, workbook bool) (fault string) {
	if row.Fault != "" {
		return row.Fault
	}
	if len(row.Cells) < len(l.keys) && !workbook {
		return fmt.Sprintf("应有 %d 列，实有 %d 列", len(l.keys), len(row.Cells))
	}
	for _, key := range l.keys {
		if key != "" {
			cells[key] = ""
		}
	}
	for i, text := range row.Cells {
		if i < len(l.keys) && l.keys[i] != "" {
			cells[l.keys[i]] = text
		} else if text != "" {
			return fmt.Sprintf("第 %d 列没有列名却有内容", i+1)
		}
	}
	return ""
}
