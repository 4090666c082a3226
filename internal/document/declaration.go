package document

import (
	"fmt"
	"sync"
	"time"

	"nianbao/internal/workday"
	"nianbao/templates/documents"
)

// DeclarationFacts are those of a declaration page (声明签章页): the page that the
// legal representative signs, the organisation seals, and the filer sends back
// as an attachment. It is a working paper of the filer's: it has no number, no
// seal and no signature of ours, is not stored, and cannot be ordered.
type DeclarationFacts struct {
	Party
	LegalRepresentative string
	// SHA256 is that of the report's body as it is now, or as it was submitted; "" while there is none.
	SHA256    string
	ReceiptNo string    // of the submission; "" for a draft
	PrintedAt time.Time // told on the page, and the file's date
}

// kindDeclaration names the wording. It is no Kind that can be ordered.
const kindDeclaration Kind = "declaration"

// Kind is not Valid: a declaration page is never issued.
func (f *DeclarationFacts) Kind() Kind    { return kindDeclaration }
func (f *DeclarationFacts) basis() string { return "" }
func (f *DeclarationFacts) missing() []string {
	return append(f.Party.missing(), absent(fact{"legal_representative", f.LegalRepresentative == ""},
		fact{"printed_at", f.PrintedAt.IsZero()})...)
}

// loadDeclaration reads the built-in wording once.
var loadDeclaration = sync.OnceValues(func() (wording, error) {
	all, err := readWordingFiles(documents.FS, []Kind{kindDeclaration})
	return all[kindDeclaration], err
})

// ComposeDeclaration puts the facts into the wording of the declaration page.
// Facts that lack what it must state are ErrFacts.
func ComposeDeclaration(f *DeclarationFacts, demonstration bool) (Page, error) {
	if err := checkFacts(f); err != nil {
		return Page{}, err
	}
	lines, err := loadDeclaration()
	if err != nil {
		return Page{}, err
	}
	c := composer{data: wordingData{Work: "年度报告", P: f.Party, F: f}, issuedOn: workday.DateOf(f.PrintedAt),
		blocks: []Block{}}
	for _, line := range lines {
		if err := c.add(line); err != nil {
			return Page{}, fmt.Errorf("compose declaration: %w", err)
		}
	}
	return Page{Title: c.title, Number: fmt.Sprintf("%d年度报告声明签章页（报送材料）", f.ReportYear), Authority: f.Organisation,
		IssuedAt: f.PrintedAt, Demonstration: demonstration, Working: true, Blocks: c.blocks}, nil
}
