package xlsx

import (
	"encoding/xml"
	"path"
	"strconv"
	"strings"
)

// relation is a line of a part's relations: which part has which role.
type relation struct{ kind, target string }

// relations reads those of a part, by id. Targets are part names.
func (p *parts) relations(of string) (map[string]relation, error) {
	folder, base := path.Split(of)
	found := map[string]relation{}
	err := p.each(partName(folder+"_rels/"+base+".rels"), func(_ *scanner, e xml.StartElement) error {
		if e.Name.Local != "Relationship" || attr(e, "TargetMode") == "External" {
			return nil
		}
		target := attr(e, "Target")
		if !strings.HasPrefix(target, "/") {
			target = folder + target
		}
		found[attr(e, "Id")] = relation{kind: path.Base(attr(e, "Type")), target: partName(target)}
		return nil
	})
	return found, err
}

// main is the name of the workbook's own part.
func (p *parts) main() (string, error) {
	roots, err := p.relations("")
	if err != nil {
		return "", err
	}
	name := "xl/workbook.xml"
	for _, r := range roots {
		if r.kind == "officeDocument" {
			name = r.target
		}
	}
	switch {
	case strings.HasSuffix(name, ".bin"):
		return "", &Error{CodeOldFormat, "是二进制工作簿（.xlsb）。请在 Excel 或 WPS 中另存为“Excel 工作簿（.xlsx）”后再上传。"}
	case p.files[name] == nil || strings.HasPrefix(name, "word/") || strings.HasPrefix(name, "ppt/"):
		return "", &Error{CodeNotWorkbook, "不是 Excel 工作簿（.xlsx）。请选择用 Excel 或 WPS 保存的 .xlsx 文件。"}
	}
	return name, nil
}

// tab is a sheet as the workbook's part lists it.
type tab struct {
	name, part string
	hidden     bool
}

// book reads all parts that matter.
func (p *parts) book() (*Book, error) {
	main, err := p.main()
	if err != nil {
		return nil, err
	}
	related, err := p.relations(main)
	if err != nil {
		return nil, err
	}
	book := &Book{}
	tabs, err := p.tabs(main, related, book)
	if err != nil {
		return nil, err
	}
	look := &looks{}
	var shared []string
	for _, r := range related {
		switch r.kind {
		case "sharedStrings":
			shared, err = p.sharedStrings(r.target)
		case "styles":
			err = look.read(p, r.target)
		}
		if err != nil {
			return nil, err
		}
	}
	for _, t := range tabs {
		sheet := &Sheet{Name: t.name, Hidden: t.hidden}
		if err := (&sheetReader{parts: p, sheet: sheet, shared: shared, looks: look}).read(t.part); err != nil {
			return nil, err
		}
		book.Sheets = append(book.Sheets, sheet)
	}
	return book, nil
}

// tabs lists the sheets in their order. Charts and the like have no cells and
// are left out.
func (p *parts) tabs(main string, related map[string]relation, book *Book) ([]tab, error) {
	var tabs []tab
	names := map[string]bool{}
	err := p.each(main, func(_ *scanner, e xml.StartElement) error {
		switch e.Name.Local {
		case "workbookPr":
			book.From1904 = flag(e, "date1904")
		case "sheet":
			r := related[relationID(e)]
			if r.kind != "worksheet" {
				return nil
			}
			if len(tabs) == p.limits.MaxSheets {
				return tooLarge("工作表太多（超过 " + strconv.Itoa(p.limits.MaxSheets) + " 张）")
			}
			t := tab{name: attr(e, "name"), part: r.target, hidden: attr(e, "state") == "hidden" || attr(e, "state") == "veryHidden"}
			if names[t.name] || p.files[t.part] == nil {
				return errDamaged
			}
			names[t.name] = true
			tabs = append(tabs, t)
		}
		return nil
	})
	if err == nil && len(tabs) == 0 {
		err = &Error{CodeNotWorkbook, "工作簿里没有工作表。请核对选择的文件。"}
	}
	return tabs, err
}

// relationID is the attribute r:id, as opposed to sheetId and a plain id.
func relationID(e xml.StartElement) string {
	for _, a := range e.Attr {
		if a.Name.Local == "id" && a.Name.Space != "" {
			return a.Value
		}
	}
	return ""
}

func (p *parts) sharedStrings(name string) ([]string, error) {
	var list []string
	err := p.each(name, func(s *scanner, e xml.StartElement) error {
		if e.Name.Local != "si" {
			return nil
		}
		if len(list) == maxShared {
			return tooLarge("文字太多")
		}
		var run textRun
		if err := s.inside(func(t xml.Token) error { run.take(t); return nil }); err != nil {
			return err
		}
		list = append(list, run.String())
		return nil
	})
	return list, err
}

// maxShared is how many different texts a workbook may have.
const maxShared = 1_000_000

// looks says how the cells of each style show a number.
type looks struct{ shown []Shown }

func (l *looks) of(style int) Shown {
	if style < 0 || style >= len(l.shown) {
		return ShownPlain
	}
	return l.shown[style]
}

// maxStyles is how many cell styles the format allows.
const maxStyles = 65_490

func (l *looks) read(p *parts, name string) error {
	custom := map[string]Shown{}
	return p.each(name, func(s *scanner, e xml.StartElement) error {
		switch e.Name.Local {
		case "numFmt":
			if len(custom) < maxStyles {
				custom[attr(e, "numFmtId")] = shownBy(attr(e, "formatCode"))
			}
		case "cellXfs":
			return s.inside(func(t xml.Token) error {
				xf, ok := t.(xml.StartElement)
				if !ok || xf.Name.Local != "xf" || len(l.shown) >= maxStyles {
					return nil
				}
				id := attr(xf, "numFmtId")
				shown, known := custom[id]
				if !known {
					shown = builtin(id)
				}
				l.shown = append(l.shown, shown)
				return nil
			})
		}
		return nil
	})
}

// builtin is how a number format shows that the format knows by its number
// (ECMA-376 part 1, 18.8.30, with the Chinese ones).
func builtin(id string) Shown {
	n, err := strconv.Atoi(id)
	switch {
	case err != nil:
		return ShownPlain
	case n == 9 || n == 10:
		return ShownPercent
	case n >= 14 && n <= 22, n >= 27 && n <= 36, n >= 45 && n <= 47, n >= 50 && n <= 58:
		return ShownDate
	}
	return ShownPlain
}

// shownBy reads a number format, such as yyyy"年"m"月"d"日" or 0.00%.
func shownBy(code string) Shown {
	code, _, _ = strings.Cut(code, ";")
	quoted, bracketed, escaped := false, false, false
	for _, r := range strings.ToLower(code) {
		switch {
		case escaped:
			escaped = false
		case r == '"':
			quoted = !quoted
		case quoted:
		case r == '[' || r == ']':
			bracketed = r == '['
		case bracketed:
		case r == '\\' || r == '_' || r == '*':
			escaped = true
		case r == '%':
			return ShownPercent
		case strings.ContainsRune("ymdhs", r):
			return ShownDate
		}
	}
	return ShownPlain
}
