package document

import (
	"fmt"
	"time"
)

// Page is one composed official document: everything that will be seen on
// paper, in order, and nothing about where it lands. It runs over as many
// sheets as its blocks need. A Page is plain data; the same Page always
// renders to the same bytes.
type Page struct {
	Title         string    // the document's name, such as 社会组织年度报告审查结论书
	Authority     string    // the issuing authority's full name, for the head and the seal
	Number        string    // 文号, repeated in the foot of every sheet
	VerifyURL     string    // what the QR code holds
	VerifyCode    string    // the same code for people to type
	IssuedAt      time.Time // goes into the file's dates
	Demonstration bool      // the seal is a specimen, and the foot says so
	Working       bool      // a working paper of the filer's, no paper of the authority's: nothing on it is cinnabar
	Blocks        []Block
}

// Block is one piece of a Page. The types below are all there are.
type Block interface{ block() }

type (
	// Letterhead is the authority's name in cinnabar over a double rule. It
	// opens a document; a later one would open a second letter.
	Letterhead struct{ Text string }
	// Reference is the document number, set under the rule at the right.
	Reference struct{ Text string }
	// Title is the document's name, large, bold and centred.
	Title struct{ Text string }
	// Addressee is the line that names to whom it goes, without indent.
	Addressee struct{ Text string }
	// Paragraph is running text with an indent of two characters.
	Paragraph struct{ Text string }
	// Heading is a bold line that stays with what follows.
	Heading struct{ Text string }
	// Emphasis is one short statement, large and centred: the conclusion.
	Emphasis struct{ Label, Text string }
	// Table is a ruled two-column table of facts.
	Table struct{ Rows []Row }
	// Signature is the authority's name and the date, under the seal, with
	// the QR code beside them. Its lines never stand alone on a sheet.
	Signature struct{ Authority, Date string }
	// StampField is the ruled box of a register sheet into which the
	// authority's conclusion stamp is set.
	StampField struct {
		Heads     []string // column heads, as many as Cells
		Cells     []string
		SealLabel string // words in the lower half of the stamp
		Date      string
	}
	// Signing is a ruled box to be signed and sealed by hand: Left and Right
	// over rooms beside each other, Below in a row under both.
	Signing struct{ Left, Right, Below string }
	// Note is small print.
	Note struct{ Text string }
	// SheetBreak starts a new sheet.
	SheetBreak struct{}
)

// Row is one line of a Table.
type Row struct{ Label, Value string }

func (Letterhead) block() {}
func (Reference) block()  {}
func (Title) block()      {}
func (Addressee) block()  {}
func (Paragraph) block()  {}
func (Heading) block()    {}
func (Emphasis) block()   {}
func (Table) block()      {}
func (Signature) block()  {}
func (StampField) block() {}
func (Signing) block()    {}
func (Note) block()       {}
func (SheetBreak) block() {}

// Rendered is a drawn document before it is signed.
type Rendered struct {
	PDF    []byte
	Sheets int
	Seal   SealPlace // where the first seal was drawn
}

// SealPlace says where the visible signature field belongs.
type SealPlace struct {
	Sheet int        // counted from 1; 0 means that nothing was sealed
	Rect  [4]float64 // left, bottom, right, top in PDF points from the lower left corner
}

// Renderer draws a Page. It is pure: same Page, same bytes. A character that
// cannot be printed faithfully is an *UnprintableError, raised before
// anything is drawn.
type Renderer interface {
	Render(Page) (Rendered, error)
}

// UnprintableError says that a text cannot be printed as it is. A document
// that meets it is held for a person; it is never issued with a gap.
type UnprintableError struct {
	Rune   rune   // the offending character, or utf8.RuneError
	Text   string // the text in which it stands, shortened
	Reason string // Chinese, for the person who has to act
}

// Error names the character by code point and says why it cannot be printed.
func (e *UnprintableError) Error() string {
	return fmt.Sprintf("无法打印字符 U+%04X（%s）：%s", e.Rune, e.Text, e.Reason)
}
