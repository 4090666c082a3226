package web

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"

	"github.com/labstack/echo/v4"

	"nianbao/filing"
	"nianbao/internal/document"
	"nianbao/internal/registry"
)

// declaration gives the declaration page, filled in, to be printed, signed and
// sealed. Its SHA-256 is that of the body which the page "通读与报送" would submit
// now or, where a report stands, of what was submitted.
func (p *Pages) declaration(c echo.Context) error {
	y, err := p.readYear(c)
	if err != nil {
		return err
	}
	authority, err := registry.AuthorityByCode(requestContext(c), p.db, y.org.AuthorityCode)
	if err != nil {
		return err
	}
	facts := document.DeclarationFacts{LegalRepresentative: y.org.LegalRepresentative, PrintedAt: p.db.Now(),
		Party: document.Party{Authority: authority.Name, Organisation: y.org.Name, USCC: string(y.org.USCC),
			OrganisationType: y.org.Type.Label(), ReportYear: y.obligation.ReportYear}}
	if err := p.declareBody(c, y, &facts); err != nil {
		return err
	}
	page, err := document.ComposeDeclaration(&facts, p.app.Demo())
	if err != nil {
		return fmt.Errorf("declaration page of %s: %w", y.org.ID, err)
	}
	drawn, err := p.renderer.Render(page)
	if err != nil {
		return fmt.Errorf("declaration page of %s: %w", y.org.ID, err)
	}
	c.Response().Header().Set(echo.HeaderContentDisposition,
		fmt.Sprintf(`attachment; filename="declaration-%s-%d.pdf"`, y.org.USCC, y.obligation.ReportYear))
	return c.Blob(http.StatusOK, "application/pdf", drawn.PDF)
}

// declareBody fills in what the page says of the report itself.
func (p *Pages) declareBody(c echo.Context, y *year, facts *document.DeclarationFacts) error {
	if !y.writable() && y.obligation.SubmissionID.Valid {
		s, err := filing.SubmissionByID(requestContext(c), p.db, y.obligation.SubmissionID.UUID)
		if err != nil {
			return err
		}
		facts.SHA256, facts.ReceiptNo = s.SHA256, s.ReceiptNo
		return nil
	}
	w, err := p.workspaceOf(c, y)
	if err != nil || w.draft.Version == 0 {
		return err
	}
	body, err := w.body()
	if err != nil {
		return err
	}
	sum := sha256.Sum256(body)
	facts.SHA256 = hex.EncodeToString(sum[:])
	return nil
}
