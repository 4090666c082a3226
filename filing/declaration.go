package filing

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode"

	"github.com/google/uuid"
	"golang.org/x/text/unicode/norm"

	"nianbao/internal/postgres"
)

// DeclarationVersion is the version of the text that is declared now. A text
// that was declared is never edited: a new one is added under a new version.
const DeclarationVersion = "2026-1"

// declarationTexts are the declarations (法定代表人声明) by version; %d is the report
// year. The declaration page for signing says the same.
var declarationTexts = map[string]string{
	"2026-1": "本单位及本人声明：所报送的%d年度报告由本单位编制，内容真实、准确、完整，没有虚假记载、误导性陈述或者重大遗漏；" +
		"随报告提交的附件与原件一致。本单位及本人对此承担相应的法律责任。",
}

// DeclarationText is the text of a version for a report year; "" for a version
// that there never was.
func DeclarationText(version string, year int) string {
	text, ok := declarationTexts[version]
	if !ok {
		return ""
	}
	return fmt.Sprintf(text, year)
}

// Declaration is who answers for a report, under which text. It stays with the
// submission. Who submits by a program declares on paper, if the season wants it.
type Declaration struct {
	Version             string `json:"version"`              // of the text
	Name                string `json:"name"`                 // as it was typed
	PersonID            string `json:"person_id"`            // who was signed in
	LegalRepresentative string `json:"legal_representative"` // by the register at that time
}

// ByLegalRepresentative tells that the one who declared bears the name of the
// legal representative; anybody else declares with their authority (授权).
func (d Declaration) ByLegalRepresentative() bool { return SameName(d.Name, d.LegalRepresentative) }

// SameName tells whether two names of people are the same but for blanks and
// the ways of writing a character.
func SameName(a, b string) bool {
	bare := func(s string) string {
		return strings.ToLower(strings.Map(func(r rune) rune {
			if unicode.IsSpace(r) {
				return -1
			}
			return r
		}, norm.NFKC.String(s)))
	}
	return bare(a) == bare(b)
}

// ErrNoDeclaration says that a report was submitted without one on record.
var ErrNoDeclaration = errors.New("no declaration is on record")

// SubmissionDeclaration reads under which declaration a report was submitted;
// ErrNoDeclaration, ErrNotFound.
func SubmissionDeclaration(ctx context.Context, q postgres.Queryer, id uuid.UUID) (Declaration, error) {
	var d *Declaration
	data, err := submissionJSON(ctx, q, `SELECT coalesce(declaration, 'null') FROM submission WHERE id = $1`, id)
	if err != nil {
		return Declaration{}, err
	}
	if err := json.Unmarshal(data, &d); err != nil {
		return Declaration{}, fmt.Errorf("declaration of submission %s: %w", id, err)
	}
	if d == nil {
		return Declaration{}, ErrNoDeclaration
	}
	return *d, nil
}

// declared is a declaration as it is stored, nil for none.
func (c *Submit) declared() (*string, error) {
	if c.Declaration == nil {
		return nil, nil //nolint:nilnil // none is a null column
	}
	data, err := json.Marshal(c.Declaration)
	if err != nil {
		return nil, fmt.Errorf("encode declaration: %w", err)
	}
	text := string(data)
	return &text, nil
}
