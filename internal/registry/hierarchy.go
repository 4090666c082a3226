package registry

import "fmt"

// placement fits the rows of a file into the stored hierarchy.
type placement struct {
	file   *authorityFile
	stored map[string]Authority
	// rows are the file's rows still in, by code.
	rows    map[string]authorityRow
	refused []Refusal
}

// place finds the rows that can stand together with what is stored. A row that
// does not fit goes, which may make others not fit, until all that is left does.
func (f *authorityFile) place(stored map[string]Authority) (accepted []authorityRow, refused []Refusal) {
	p := &placement{file: f, stored: stored, rows: make(map[string]authorityRow, len(f.good))}
	p.admit()
	for left := -1; left != len(p.rows); {
		left = len(p.rows)
		// A row that would push a stored child aside goes first: as long as it
		// counts, it puts good rows under it in the wrong.
		p.sift(p.childFault)
		p.sift(p.parentFault)
	}
	for _, row := range f.good {
		if p.in(row.Code) {
			accepted = append(accepted, row)
		}
	}
	return accepted, p.refused
}

// admit takes every row whose number prefix no other authority has: two with
// the same would give their documents the same numbers.
func (p *placement) admit() {
	holders := make(map[string]string) // prefix → code
	for _, a := range p.stored {
		holders[a.NumberPrefix] = a.Code
	}
	for _, row := range p.file.good {
		holder, taken := holders[row.NumberPrefix]
		if row.NumberPrefix != "" && taken && holder != row.Code {
			p.refused = append(p.refused, Refusal{
				Row: row.number, Field: "number_prefix", Column: p.file.prefix,
				Reason: fmt.Sprintf("“%s”已由 %s 使用，文号会重复", row.NumberPrefix, holder),
			})
			continue
		}
		holders[row.NumberPrefix] = row.Code
		p.rows[row.Code] = row
	}
}

// sift refuses every row that fault has a reason against.
func (p *placement) sift(fault func(Authority) string) {
	for _, row := range p.file.good {
		if !p.in(row.Code) {
			continue
		}
		if reason := fault(row.Authority); reason != "" {
			delete(p.rows, row.Code)
			p.refused = append(p.refused, Refusal{Row: row.number, Field: "parent", Column: p.file.parent, Reason: reason})
		}
	}
}

func (p *placement) in(code string) bool {
	_, in := p.rows[code]
	return in
}

// parentFault says why an authority cannot stand under its parent, "" if it
// can: the parent is missing or not higher.
func (p *placement) parentFault(a Authority) string {
	if a.ParentCode == "" {
		return ""
	}
	parent, known := p.stored[a.ParentCode]
	if row, inFile := p.rows[a.ParentCode]; inFile {
		parent, known = row.Authority, true
	}
	if !known {
		return fmt.Sprintf("上级 %s 不在库中，本文件也没有导入它", a.ParentCode)
	}
	if parent.Level.rank() >= a.Level.rank() {
		return fmt.Sprintf("上级 %s 是%s，应高于本机关的%s", parent.Code, parent.Level.Label(), a.Level.Label())
	}
	return ""
}

// childFault says which stored child, that no row moves, would no longer be
// lower than the authority; "" if none.
func (p *placement) childFault(a Authority) string {
	lowest := "" // the first by code, so that the reason is always the same
	for _, child := range p.stored {
		inTheWay := !p.in(child.Code) && child.ParentCode == a.Code && child.Level.rank() <= a.Level.rank()
		if inTheWay && (lowest == "" || child.Code < lowest) {
			lowest = child.Code
		}
	}
	if lowest == "" {
		return ""
	}
	return fmt.Sprintf("其下级 %s 是%s，本机关不能改为%s", lowest, p.stored[lowest].Level.Label(), a.Level.Label())
}

// withPrefixes gives the accepted rows that differ from what is stored, each
// with a number prefix: its own, the stored one, or one derived from its name
// that no other authority has.
func withPrefixes(accepted []authorityRow, stored map[string]Authority) []Authority {
	taken := make(map[string]bool)
	for _, a := range stored {
		taken[a.NumberPrefix] = true
	}
	for _, row := range accepted {
		taken[row.NumberPrefix] = true
	}
	var writes []Authority
	for _, row := range accepted {
		a, before := row.Authority, stored[row.Code]
		if a.NumberPrefix == "" {
			a.NumberPrefix = before.NumberPrefix
		}
		if a.NumberPrefix == "" {
			a.NumberPrefix = freePrefix(a, taken)
			taken[a.NumberPrefix] = true
		}
		if a.Name != before.Name || a.Level != before.Level || a.ParentCode != before.ParentCode || a.NumberPrefix != before.NumberPrefix {
			writes = append(writes, a)
		}
	}
	return writes
}

func freePrefix(a Authority, taken map[string]bool) string {
	for _, prefix := range derivedPrefixes(a.Name) {
		if !taken[prefix] {
			return prefix
		}
	}
	return "民社" + a.Code // two authorities of one name: the code tells them apart
}
