package form

import (
	"fmt"
	"reflect"
)

// Difference is a field that two reports do not answer alike, with the values
// as decoded; nil: absent.
type Difference struct {
	Field         *Field
	Before, After any
}

// Differences lists the fields that differ, in the order of the form.
func (f *Form) Differences(before, after Values) []Difference {
	var list []Difference
	for _, field := range f.ValueFields() {
		key := field.FullKey()
		if a, b := before[key], after[key]; !reflect.DeepEqual(a, b) {
			list = append(list, Difference{Field: field, Before: a, After: b})
		}
	}
	return list
}

// Change is a line of a comparison as people read it: a value, or a row that
// came or went. Old and New are "" where there is nothing; never both.
type Change struct {
	Label, Old, New string // 应收款项，3 行，期末数; 变更事项，第 2 项，变更内容
	Delta           string // what a figure grew by, +1,000.00; "" for words
	Calculated      bool
}

// Changes lists what changed between two reports. Tables are compared row by
// row: a row that moved is no change, one that was changed in places is told
// by its columns.
func (f *Form) Changes(before, after Values) []Change {
	var list []Change
	for _, d := range f.Differences(before, after) {
		list = append(list, d.Changes()...)
	}
	return list
}

// Changes are the lines of one difference.
func (d Difference) Changes() []Change {
	label := d.Field.FullLabel()
	switch d.Field.Kind {
	case KindTableRow:
		before, _ := d.Before.(map[string]any)
		after, _ := d.After.(map[string]any)
		return d.Field.rowChanges(label, before, after)
	case KindTable:
		before, was := d.Before.([]map[string]any)
		after, is := d.After.([]map[string]any)
		if !was || !is || len(before)+len(after) == 0 {
			return []Change{d.Field.change(label, d.Before, d.After)}
		}
		return d.Field.tableChanges(label, before, after)
	}
	return []Change{d.Field.change(label, d.Before, d.After)}
}

// change is one value that changed.
func (f *Field) change(label string, before, after any) Change {
	c := Change{Label: label, Old: f.Show(before), New: f.Show(after), Calculated: f.Computed()}
	a, was := before.(int64)
	b, is := after.(int64)
	if (was || before == nil) && (is || after == nil) && f.Kind.Base() != KindYear {
		c.Delta = f.showInt(b - a)
		if b > a {
			c.Delta = "+" + c.Delta
		}
	}
	if c.Old == c.New { // absent and nothing, or an option that the form no longer has
		c.Old, c.New = orUnfilled(before, c.Old), orUnfilled(after, c.New)
	}
	c.Old, c.New = excerpt(c.Old, c.New)
	return c
}

func orUnfilled(value any, shown string) string {
	if value == nil {
		return "未填"
	}
	if shown == "" && value != "" {
		return fmt.Sprint(value)
	}
	if shown == "" {
		return "（空）"
	}
	return shown
}

// rowChanges are the columns of a row that changed.
func (f *Field) rowChanges(label string, before, after map[string]any) []Change {
	var list []Change
	for _, column := range f.Columns {
		if a, b := before[column.Key], after[column.Key]; !reflect.DeepEqual(a, b) {
			list = append(list, column.change(label+"，"+column.Label, a, b))
		}
	}
	return list
}

// tableChanges compares rows: those that are the same in both, in order, stand;
// between them rows are compared one with one, and what is left over came or went.
func (f *Field) tableChanges(label string, before, after []map[string]any) []Change {
	var list []Change
	a, b := 0, 0
	for _, pair := range append(commonRows(before, after), [2]int{len(before), len(after)}) {
		for ; a < pair[0] && b < pair[1]; a, b = a+1, b+1 {
			list = append(list, f.rowChanges(fmt.Sprintf("%s，第 %d 项", label, b+1), before[a], after[b])...)
		}
		for ; a < pair[0]; a++ {
			list = append(list, Change{Label: fmt.Sprintf("%s，删去原第 %d 项", label, a+1), Old: f.ShowRow(before[a])})
		}
		for ; b < pair[1]; b++ {
			list = append(list, Change{Label: fmt.Sprintf("%s，新增第 %d 项", label, b+1), New: f.ShowRow(after[b])})
		}
		a, b = pair[0]+1, pair[1]+1
	}
	return list
}

// commonRows finds a longest run of rows that stand in both tables in the same
// order, as pairs of their indexes. Rows are told apart by what they show.
func commonRows(before, after []map[string]any) [][2]int {
	same := make([][]bool, len(before))
	for i := range before {
		same[i] = make([]bool, len(after))
		for j := range after {
			same[i][j] = reflect.DeepEqual(before[i], after[j])
		}
	}
	length := make([][]int, len(before)+1) // of the longest run from here on
	length[len(before)] = make([]int, len(after)+1)
	for i := len(before) - 1; i >= 0; i-- {
		length[i] = make([]int, len(after)+1)
		for j := len(after) - 1; j >= 0; j-- {
			length[i][j] = max(length[i+1][j], length[i][j+1])
			if same[i][j] {
				length[i][j] = length[i+1][j+1] + 1
			}
		}
	}
	var pairs [][2]int
	for i, j := 0, 0; i < len(before) && j < len(after); {
		switch {
		case same[i][j]:
			pairs = append(pairs, [2]int{i, j})
			i, j = i+1, j+1
		case length[i+1][j] >= length[i][j+1]:
			i++
		default:
			j++
		}
	}
	return pairs
}

// Texts longer than maxShown characters are shown around what changed, with so
// many characters about it.
const (
	maxShown = 120
	about    = 24
)

// excerpt shortens two long texts to where they differ.
func excerpt(old, now string) (string, string) {
	a, b := []rune(old), []rune(now)
	if len(a) <= maxShown && len(b) <= maxShown {
		return old, now
	}
	head := 0
	for head < len(a) && head < len(b) && a[head] == b[head] {
		head++
	}
	tail := 0
	for tail < len(a)-head && tail < len(b)-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	return cutOut(a, head, tail), cutOut(b, head, tail)
}

// cutOut is the text without most of its first head and last tail characters.
func cutOut(text []rune, head, tail int) string {
	from, to := max(0, head-about), min(len(text), len(text)-tail+about)
	s := string(text[from:to])
	if from > 0 {
		s = "…" + s
	}
	if to < len(text) {
		s += "…"
	}
	return s
}
