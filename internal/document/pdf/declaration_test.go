package pdf

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nianbao/internal/document"
)

func declarations() map[string]document.DeclarationFacts {
	draft := document.DeclarationFacts{Party: party, LegalRepresentative: "林晓", SHA256: strings.Repeat("8f41c2d7905be3a6", 4), PrintedAt: orderedAt}
	first, submitted := draft, draft
	first.SHA256, first.Organisation, first.LegalRepresentative = "", longName, "欧阳𬭎"
	submitted.ReceiptNo = "2018-0000231"
	return map[string]document.DeclarationFacts{"declaration": draft, "declaration-empty": first, "declaration-submitted": submitted}
}

// A declaration page is one sheet, says what its golden text says, and carries
// neither seal nor code: it is no paper of the authority's.
func TestDeclarationPages(t *testing.T) {
	r := newRenderer(t)
	for name, facts := range declarations() {
		page, err := document.ComposeDeclaration(&facts, name == "declaration-empty")
		if err != nil {
			t.Fatal(err)
		}
		out, c, err := r.render(page)
		if err != nil {
			t.Fatal(err)
		}
		if out.Sheets != 1 || out.Seal.Sheet != 0 {
			t.Errorf("%s: %d sheets, sealed on %d", name, out.Sheets, out.Seal.Sheet)
		}
		again, err := r.Render(page)
		if err != nil || !bytes.Equal(out.PDF, again.PDF) {
			t.Errorf("%s: another time other bytes, %v", name, err)
		}
		extracted := run(t, "pdftotext", "-raw", writePDF(t, name, out.PDF), "-")
		if diff := cmp.Diff(runes(append(c.drawn, c.feet...)...), runes(extracted)); diff != "" {
			t.Errorf("%s: extracted text differs from what was drawn (-drawn +extracted):\n%s", name, diff)
		}
		golden := filepath.Join("testdata", name+".txt")
		if *update {
			if err := os.WriteFile(golden, []byte(extracted), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), extracted); diff != "" {
			t.Errorf("%s (-want +got):\n%s", golden, diff)
		}
		if strings.Contains(extracted, "核验") || strings.Contains(extracted, "查验码") {
			t.Errorf("%s looks like an official paper:\n%s", name, extracted)
		}
	}
}

func TestDeclarationWithoutItsFacts(t *testing.T) {
	for name, change := range map[string]func(*document.DeclarationFacts){
		"organisation":         func(f *document.DeclarationFacts) { f.Organisation = "" },
		"legal representative": func(f *document.DeclarationFacts) { f.LegalRepresentative = "" },
		"year":                 func(f *document.DeclarationFacts) { f.ReportYear = 0 },
	} {
		facts := declarations()["declaration"]
		change(&facts)
		if _, err := document.ComposeDeclaration(&facts, false); !errors.Is(err, document.ErrFacts) {
			t.Errorf("without %s: %v", name, err)
		}
	}
}

// It cannot be ordered: nothing of the authority's is ever made of it.
func TestDeclarationIsNoKindOfDocument(t *testing.T) {
	facts := declarations()["declaration"]
	if facts.Kind().Valid() {
		t.Error("a declaration page can be ordered")
	}
}
