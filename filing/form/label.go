package form

import "strings"

// TitleParts splits the section's title, such as 财务会计报告：资产负债表（会民非01表）,
// into the group that it belongs to ("" for none), its own name and the number
// of its paper form ("" where the section is no statement).
func (s *Section) TitleParts() (group, name, paper string) {
	name = s.Title
	if before, after, ok := strings.Cut(name, "："); ok {
		group, name = before, after
	}
	if s.Kind == SectionFields {
		return group, name, ""
	}
	if before, after, ok := strings.Cut(name, "（"); ok {
		name, paper = before, strings.TrimSuffix(after, "）")
	}
	return group, name, paper
}

// FullLabel names the field in full, a statement cell with its line:
// 应收款项，3 行，期末数; a column with its table.
func (f *Field) FullLabel() string {
	line := f.Parent
	if line == nil {
		return f.Label
	}
	if len(line.cells) == 0 {
		return line.Label + "，" + f.Label
	}
	if line.Line == "" {
		return line.Label + "，" + f.ColumnLabel()
	}
	return line.Label + "，" + line.Line + " 行，" + f.ColumnLabel()
}

// ColumnLabel is the name of the column that a statement cell stands in; "" for
// any other field.
func (f *Field) ColumnLabel() string {
	if f.Parent == nil {
		return ""
	}
	for i, cell := range f.Parent.cells {
		if cell == f {
			return f.Parent.Cells[i].Label
		}
	}
	return ""
}

// ConditionText says on which other answers the field is asked, such as
// “是否慈善组织”选“是”时填; "" where it is asked in any case.
func (f *Form) ConditionText(field *Field) string {
	var parts []string
	for _, need := range field.When.Needs() {
		other, ok := f.Field(need.Key)
		if need.Column && field.Parent != nil {
			other, ok = field.Parent.Column(need.Key)
		}
		if !ok {
			continue
		}
		if need.Op == ">" {
			parts = append(parts, "“"+other.Label+"”大于零")
			continue
		}
		option, _ := other.OptionLabel(need.Option)
		parts = append(parts, "“"+other.Label+"”选“"+option+"”")
	}
	if len(parts) == 0 {
		return ""
	}
	return strings.Join(parts, "、") + "时填"
}
