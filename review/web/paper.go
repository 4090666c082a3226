package web

import "nianbao/internal/document"

// PaperBlock is a piece of an official document as a page shows it. Kind names the block: letterhead, reference, title, to,
// p, h, emphasis, table, signature, stamp, note or break.
type PaperBlock struct {
	Kind, Text, Label string
	Rows              []document.Row
}

// paperOf turns a composed document into blocks for a page; none for a document without blocks.
func paperOf(page document.Page) []PaperBlock {
	blocks := make([]PaperBlock, 0, len(page.Blocks))
	for _, b := range page.Blocks {
		blocks = append(blocks, paperBlock(b))
	}
	return blocks
}

func paperBlock(b document.Block) PaperBlock {
	switch b := b.(type) {
	case document.Letterhead:
		return PaperBlock{Kind: "letterhead", Text: b.Text}
	case document.Reference:
		return PaperBlock{Kind: "reference", Text: b.Text}
	case document.Title:
		return PaperBlock{Kind: "title", Text: b.Text}
	case document.Addressee:
		return PaperBlock{Kind: "to", Text: b.Text}
	case document.Heading:
		return PaperBlock{Kind: "h", Text: b.Text}
	case document.Emphasis:
		return PaperBlock{Kind: "emphasis", Label: b.Label, Text: b.Text}
	case document.Table:
		return PaperBlock{Kind: "table", Rows: b.Rows}
	case document.Signature:
		return PaperBlock{Kind: "signature", Label: b.Authority, Text: b.Date}
	case document.StampField:
		rows := make([]document.Row, 0, len(b.Heads))
		for i, head := range b.Heads {
			if i < len(b.Cells) {
				rows = append(rows, document.Row{Label: head, Value: b.Cells[i]})
			}
		}
		return PaperBlock{Kind: "stamp", Label: b.SealLabel, Text: b.Date, Rows: rows}
	case document.Note:
		return PaperBlock{Kind: "note", Text: b.Text}
	case document.SheetBreak:
		return PaperBlock{Kind: "break"}
	case document.Paragraph:
		return PaperBlock{Kind: "p", Text: b.Text}
	}
	return PaperBlock{Kind: "p"}
}
