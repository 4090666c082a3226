package account

import (
	"fmt"
	"slices"
	"strings"
)

// Right is a part of what an organisation's token may do. A call names the one
// it needs; a person needs none, since people have roles.
type Right string

// The rights of an organisation's token. Every token may read.
const (
	RightRead     Right = "read"     // obligations, drafts, reports, files, documents
	RightDraft    Right = "draft"    // fill in the draft, its files, and check it
	RightSubmit   Right = "submit"   // submit and withdraw a report
	RightRequests Right = "requests" // extensions and exemptions; statements and applications in listing matters
)

// AllRights lists the rights in the order in which pages show them.
func AllRights() []Right { return []Right{RightRead, RightDraft, RightSubmit, RightRequests} }

var rightLabels = map[Right]string{
	RightRead:     "查看",
	RightDraft:    "填写草稿",
	RightSubmit:   "报送",
	RightRequests: "申请",
}

// Label is the right's Chinese name, "" for a word that is no right.
func (r Right) Label() string { return rightLabels[r] }

// Valid says whether r is one of the rights.
func (r Right) Valid() bool { return rightLabels[r] != "" }

// Rights is a set of rights. Its zero value stands for all of them: tokens made
// by the command, and people.
type Rights uint8

// NewRights makes a set, with reading in it. An error names a word that is no right.
func NewRights(list ...Right) (Rights, error) {
	set := Rights(1)
	for _, r := range list {
		i := slices.Index(AllRights(), r)
		if i < 0 {
			return 0, fmt.Errorf("account: %q is no right of a token", r)
		}
		set |= 1 << i
	}
	return set, nil
}

// All says that nothing is left out because the set was never restricted.
func (s Rights) All() bool { return s == 0 }

// Has says whether r is in the set. A word that is no right, "" too, is only in
// the set of all: what names no right is not for restricted tokens.
func (s Rights) Has(r Right) bool {
	i := slices.Index(AllRights(), r)
	return s.All() || i >= 0 && s&(1<<i) != 0
}

// List is the set in the order of AllRights.
func (s Rights) List() []Right {
	return slices.DeleteFunc(AllRights(), func(r Right) bool { return !s.Has(r) })
}

// Label names the rights in one line of Chinese.
func (s Rights) Label() string {
	var labels []string
	for _, r := range s.List() {
		labels = append(labels, r.Label())
	}
	return strings.Join(labels, "、")
}

// words is the set as a column or an event has it: nil for all.
func (s Rights) words() []string {
	if s.All() {
		return nil
	}
	var words []string
	for _, r := range s.List() {
		words = append(words, string(r))
	}
	return words
}

// rightsOf reads what words wrote.
func rightsOf(words []string) (Rights, error) {
	if words == nil {
		return 0, nil
	}
	list := make([]Right, len(words))
	for i, w := range words {
		list[i] = Right(w)
	}
	return NewRights(list...)
}
