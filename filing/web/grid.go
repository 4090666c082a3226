package web

import "strings"

// maxPaste bounds what is read of a pasted text: rows and cells in a row.
const (
	maxPasteRows  = 2000
	maxPasteCells = 60
)

// readGrid reads what spreadsheets put on the clipboard: rows by line breaks,
// cells by tabs; a cell with either in it stands in quotes, doubled inside.
// Blank rows are dropped, the number of each row is kept (from 1). Cells are
// trimmed. It takes any text, and stops at the limits.
func readGrid(text string) (rows []gridRow) {
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	for number := 1; text != "" && len(rows) < maxPasteRows; number++ {
		var cells []string
		cells, text = readRow(text)
		if strings.Join(cells, "") != "" {
			rows = append(rows, gridRow{number, cells})
		}
	}
	return rows
}

// gridRow is a row of a pasted text.
type gridRow struct {
	number int
	cells  []string
}

func readRow(text string) (cells []string, rest string) {
	for {
		cell, after := readCell(text)
		if len(cells) < maxPasteCells {
			cells = append(cells, strings.TrimSpace(cell))
		}
		if after == "" || after[0] == '\n' {
			return cells, strings.TrimPrefix(after, "\n")
		}
		text = after[1:] // a tab
	}
}

// readCell takes the text up to the next tab or line break.
func readCell(text string) (cell, rest string) {
	if !strings.HasPrefix(text, `"`) {
		end := strings.IndexAny(text, "\t\n")
		if end < 0 {
			return text, ""
		}
		return text[:end], text[end:]
	}
	var b strings.Builder
	for i := 1; i < len(text); i++ {
		if text[i] != '"' {
			b.WriteByte(text[i])
			continue
		}
		if i+1 < len(text) && text[i+1] == '"' {
			b.WriteByte('"')
			i++
			continue
		}
		if rest := text[i+1:]; rest == "" || rest[0] == '\t' || rest[0] == '\n' {
			return b.String(), rest
		}
		break
	}
	// No closing quote where one must be: the quote is a sign like any other.
	end := strings.IndexAny(text, "\t\n")
	if end < 0 {
		return text, ""
	}
	return text[:end], text[end:]
}
