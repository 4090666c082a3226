package workbook

import (
	"fmt"
	"strings"

	"github.com/xuri/excelize/v2"

	"nianbao/filing/form"
	"nianbao/internal/xlsx"
)

// styles are the looks of cells, by role and, where something is filled in, by kind.
type styles struct {
	of     map[role]int
	inputs map[role]map[form.Kind]int
	hours  map[role]int // numbers with decimals
}

// Number formats.
const (
	formatMoney = "#,##0.00"
	formatCount = "#,##0"
	formatDate  = "yyyy-mm-dd"
	formatText  = "@"
	formatYear  = "0"
)

const fontName = "宋体"

func (s *styles) define(file *excelize.File) error {
	s.of, s.inputs, s.hours = map[role]int{}, map[role]map[form.Kind]int{}, map[role]int{}
	border := []excelize.Border{{Type: "left", Color: "B8B4A9", Style: 1}, {Type: "right", Color: "B8B4A9", Style: 1},
		{Type: "top", Color: "B8B4A9", Style: 1}, {Type: "bottom", Color: "B8B4A9", Style: 1}}
	wrapped := &excelize.Alignment{WrapText: true, Vertical: "center"}
	plain := map[role]excelize.Style{
		roleMark:  {Font: &excelize.Font{Family: fontName, Size: 9, Color: "999999"}},
		roleTitle: {Font: &excelize.Font{Family: fontName, Size: 16, Bold: true}},
		roleNote:  {Font: &excelize.Font{Family: fontName, Size: 11}},
		roleHead: {Font: &excelize.Font{Family: fontName, Size: 11, Bold: true}, Border: border,
			Fill:      excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"E9E5DB"}},
			Alignment: &excelize.Alignment{WrapText: true, Vertical: "center", Horizontal: "center"}},
		roleLabel: {Font: &excelize.Font{Family: fontName, Size: 11}, Border: border, Alignment: wrapped},
		roleSmall: {Font: &excelize.Font{Family: fontName, Size: 10, Color: "555555"}, Border: border, Alignment: wrapped},
	}
	for role, style := range plain {
		id, err := file.NewStyle(&style)
		if err != nil {
			return fmt.Errorf("style: %w", err)
		}
		s.of[role] = id
	}
	for role, fill := range map[role]string{roleInput: "FFFBE6", roleComputed: "EDEDED"} {
		base := excelize.Style{Font: &excelize.Font{Family: fontName, Size: 11}, Border: border,
			Fill:       excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{fill}},
			Protection: &excelize.Protection{Locked: role == roleComputed}}
		if err := s.kinds(file, role, base); err != nil {
			return err
		}
	}
	return nil
}

// kinds makes the style of each kind of value.
func (s *styles) kinds(file *excelize.File, r role, base excelize.Style) error {
	s.inputs[r] = map[form.Kind]int{}
	define := func(format, horizontal string) (int, error) {
		style := base
		style.CustomNumFmt = &format
		style.Alignment = &excelize.Alignment{Horizontal: horizontal, Vertical: "center", WrapText: horizontal == "left"}
		return file.NewStyle(&style)
	}
	for kind, format := range map[form.Kind]string{form.KindMoney: formatMoney, form.KindPercent: formatMoney, form.KindNumber: formatCount,
		form.KindYear: formatYear, form.KindDate: formatDate, form.KindText: formatText} {
		side := "right"
		if kind == form.KindText || kind == form.KindDate {
			side = "left"
		}
		id, err := define(format, side)
		if err != nil {
			return fmt.Errorf("style of %s: %w", kind, err)
		}
		s.inputs[r][kind] = id
	}
	id, err := define(formatMoney, "right")
	s.hours[r] = id
	return err
}

// input is the style of a cell that holds a value.
func (s *styles) input(c cellPlan) int {
	if c.field.Decimals > 0 {
		return s.hours[c.role]
	}
	if id, ok := s.inputs[c.role][c.field.Kind.Base()]; ok {
		return id
	}
	return s.inputs[c.role][form.KindText]
}

// page sets how a sheet prints: on A4, as wide as the page, its headings repeated.
func (b *builder) page(sheet string, wide bool, headRow int) error {
	orientation := "portrait"
	if wide {
		orientation = "landscape"
	}
	return steps(
		func() error {
			const a4 = 9
			return b.file.SetPageLayout(sheet, &excelize.PageLayoutOptions{Size: new(a4), Orientation: &orientation,
				FitToWidth: new(1), FitToHeight: new(0)})
		},
		func() error { return b.file.SetSheetProps(sheet, &excelize.SheetPropsOptions{FitToPage: new(true)}) },
		func() error {
			return b.file.SetHeaderFooter(sheet, &excelize.HeaderFooterOptions{
				OddFooter: "&L " + footer(b.report.Name) + "&C " + footer(sheet) + "&R第 &P 页，共 &N 页"})
		},
		func() error {
			if headRow == 0 {
				return nil
			}
			return b.file.SetDefinedName(&excelize.DefinedName{Name: "_xlnm.Print_Titles", Scope: sheet,
				RefersTo: fmt.Sprintf("'%s'!$%d:$%d", sheet, headRow, headRow)})
		},
	)
}

// footer is a text as a footer takes it: & would begin an instruction, and the
// whole may have 255 characters.
func footer(text string) string {
	const longest = 60
	runes := []rune(text)
	return strings.ReplaceAll(string(runes[:min(len(runes), longest)]), "&", "&&")
}

// protect locks what is not to be filled in, without a password.
func (b *builder) protect(sheet string, grows bool) error {
	return b.file.ProtectSheet(sheet, &excelize.SheetProtectionOptions{FormatColumns: true, FormatRows: true,
		InsertRows: grows, SelectLockedCells: true, SelectUnlockedCells: true})
}

// choices offers a list where there are options, and says how figures and days
// are written.
func (b *builder) choices(s *sheetPlan) error {
	ranges, order := map[string][]string{}, []string{}
	for i := range s.rows {
		for _, c := range s.rows[i].cells {
			if !c.offers() {
				continue
			}
			key := b.optionRange(c.options)
			if ranges[key] == nil {
				order = append(order, key)
			}
			ranges[key] = append(ranges[key], xlsx.CellName(i+1, c.col))
		}
	}
	for _, key := range order {
		dv := excelize.NewDataValidation(true)
		dv.SetSqrefDropList(key)
		dv.SetError(excelize.DataValidationErrorStyleStop, "没有这个选项", "请从下拉选项里选择。")
		dv.Sqref = strings.Join(ranges[key], " ")
		if err := b.file.AddDataValidation(s.name, dv); err != nil {
			return err
		}
	}
	return nil
}

// optionRange is where a list of options stands; a list is written once.
func (b *builder) optionRange(labels []string) string {
	key := strings.Join(labels, "\n")
	if found, ok := b.options[key]; ok {
		return found
	}
	b.lists = append(b.lists, labels)
	column := xlsx.ColumnName(len(b.lists))
	b.options[key] = fmt.Sprintf("%s!$%s$1:$%s$%d", optionSheet, column, column, len(labels))
	return b.options[key]
}

// offers tells that the cell has options to choose from. Of several at once, as a
// table's column may ask for, a list cannot help.
func (c cellPlan) offers() bool {
	return c.role == roleInput && c.options != nil && (c.field.Kind != form.KindMultiChoice || c.options[0] == yesLabel)
}

// optionLists writes the hidden sheet of option lists.
func (b *builder) optionLists() error {
	for _, s := range b.sheets {
		for i := range s.rows {
			for _, c := range s.rows[i].cells {
				if c.offers() {
					b.optionRange(c.options)
				}
			}
		}
	}
	if len(b.lists) == 0 {
		return nil
	}
	if _, err := b.file.NewSheet(optionSheet); err != nil {
		return err
	}
	for i, list := range b.lists {
		if err := b.file.SetSheetCol(optionSheet, xlsx.CellName(1, i+1), &list); err != nil {
			return err
		}
	}
	return b.file.SetSheetVisible(optionSheet, false, true)
}
