package main

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/png"

	"nianbao/filing"
	"nianbao/filing/attachment"
	"nianbao/internal/document"
	"nianbao/internal/registry"
)

// demoFilesEvery is how many organisations there are for one that sends files: enough to be met with, few enough that
// the filling takes no longer.
const demoFilesEvery = 15

// attachAll sends the files of an organisation that has some, before it files for the first time.
func (s *seeder) attachAll(ctx context.Context, i int) error {
	org := s.orgs[i]
	if i%demoFilesEvery != 0 && org.ID != s.first(org.Type).ID {
		return nil
	}
	if err := s.attachDeclaration(ctx, org); err != nil {
		return err
	}
	if err := s.attachAudit(ctx, org); err != nil {
		return err
	}
	_, err := s.worker.Drain(ctx) // where a scanner is set up, it must have seen them before the report goes
	return err
}

// attachDraft sends a first file for the draft of the organisation with a sign-in.
func (s *seeder) attachDraft(ctx context.Context, i int) error {
	org := s.orgs[i]
	if org.ID != s.first(org.Type).ID {
		return nil
	}
	return s.attachAudit(ctx, org)
}

// attachDeclaration sends the declaration page, as if it had been printed, signed and scanned.
func (s *seeder) attachDeclaration(ctx context.Context, org registry.Organisation) error {
	authority, err := registry.AuthorityByCode(ctx, s.db, org.AuthorityCode)
	if err != nil {
		return err
	}
	page, err := document.ComposeDeclaration(&document.DeclarationFacts{LegalRepresentative: org.LegalRepresentative, PrintedAt: s.now,
		Party: document.Party{Authority: authority.Name, Organisation: org.Name, USCC: string(org.USCC),
			OrganisationType: org.Type.Label(), ReportYear: s.year}}, true)
	if err != nil {
		return err
	}
	return s.attachPage(ctx, org, attachment.Declaration, page)
}

// attachAudit sends an audit report of two pages, and a picture of its cover.
func (s *seeder) attachAudit(ctx context.Context, org registry.Organisation) error {
	page := document.Page{Title: "审计报告", Number: fmt.Sprintf("试验会审字〔%d〕第%03d号", s.year+1, len(org.Name)), Authority: "试验会计师事务所",
		IssuedAt: s.now, Demonstration: true, Working: true, Blocks: []document.Block{
			document.Title{Text: "审计报告"},
			document.Addressee{Text: org.Name + "："},
			document.Paragraph{Text: fmt.Sprintf("我们审计了后附的你单位财务报表，包括%d年12月31日的资产负债表，%d年度的业务活动表、现金流量表以及财务报表附注。", s.year, s.year)},
			document.Paragraph{Text: "我们认为，上述财务报表在所有重大方面按照《民间非营利组织会计制度》的规定编制，公允反映了你单位的财务状况、业务活动成果和现金流量。"},
			document.SheetBreak{}, document.Heading{Text: "附件：财务报表附注"},
			document.Paragraph{Text: "本附件为演示数据，内容虚构。"},
		}}
	if err := s.attachPage(ctx, org, attachment.AuditReport, page); err != nil {
		return err
	}
	var cover bytes.Buffer
	if err := png.Encode(&cover, demoCover()); err != nil {
		return err
	}
	return s.attach(ctx, org, attachment.AuditReport, "审计报告封面.png", cover.Bytes())
}

func (s *seeder) attachPage(ctx context.Context, org registry.Organisation, kind attachment.Kind, page document.Page) error {
	drawn, err := s.renderer.Render(page)
	if err != nil {
		return err
	}
	return s.attach(ctx, org, kind, fmt.Sprintf("%s%d.pdf", kind.Label(), s.year), drawn.PDF)
}

func (s *seeder) attach(ctx context.Context, org registry.Organisation, kind attachment.Kind, name string, content []byte) error {
	_, _, err := s.filing.PutAttachment(ctx, filing.PutAttachment{OrganisationID: org.ID, Year: s.year, Kind: kind, Name: name,
		Content: bytes.NewReader(content), Actor: s.filer(org)})
	return err
}

// demoCover is a made-up picture of a sheet of paper with lines of text on it.
func demoCover() image.Image {
	const w, h, margin, line = 420, 594, 48, 22
	m := image.NewGray(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			shade := color.Gray{Y: 250}
			inside := x > margin && x < w-margin && y > 2*margin && y < h-2*margin
			if inside && y%line < 7 && (x+y/line*37)%(w-margin) > margin {
				shade.Y = 120
			}
			m.SetGray(x, y, shade)
		}
	}
	return m
}
