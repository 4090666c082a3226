package document

import (
	"fmt"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"nianbao/internal/workday"
)

// Composition is all that a document is made of.
type Composition struct {
	Facts         Facts
	Number        string
	VerifyCode    string
	IssuedOn      workday.Date
	OrderedAt     time.Time // goes into the file's dates
	PublicURL     string    // such as https://nianbao.example.cn; the QR code leads below it
	Demonstration bool
}

// maxBlockRunes bounds one block's text. Opinions and remarks are capped far
// below where they are entered; longer text is a mistake.
const maxBlockRunes = 20_000

// Compose puts the facts into the wording of their kind. Facts that lack what
// the kind must state are ErrFacts.
func Compose(in Composition) (Page, error) {
	kind := in.Facts.Kind()
	if err := checkFacts(in.Facts); err != nil {
		return Page{}, err
	}
	all, err := loadWordings()
	if err != nil {
		return Page{}, err
	}
	party := in.Facts.party()
	data := wordingData{Number: in.Number, Work: "年度报告", P: party, F: in.Facts}
	if c, ok := in.Facts.(*ConclusionFacts); ok && c.Inspection {
		data.Work = "年度检查"
	}
	c := composer{data: data, issuedOn: in.IssuedOn, blocks: []Block{
		Letterhead{Text: party.Authority}, Reference{Text: in.Number},
	}}
	for _, line := range all[kind] {
		if err := c.add(line); err != nil {
			return Page{}, fmt.Errorf("compose %s: %w", kind, err)
		}
	}
	return Page{
		Title: c.title, Authority: party.Authority, Number: in.Number,
		VerifyURL: VerifyURL(in.PublicURL, in.VerifyCode), VerifyCode: in.VerifyCode,
		IssuedAt: in.OrderedAt, Demonstration: in.Demonstration, Blocks: c.blocks,
	}, nil
}

// VerifyURL is the page at which a document can be verified by its code.
func VerifyURL(publicURL, code string) string {
	return strings.TrimRight(publicURL, "/") + "/verify/" + url.PathEscape(code)
}

// composer collects the blocks of one document.
type composer struct {
	data     wordingData
	issuedOn workday.Date
	title    string // the first one
	blocks   []Block
	skipping bool // inside a sheet that is left out
}

func (c *composer) add(line wordingLine) error {
	if c.skipping && line.directive != "sheet" {
		return nil
	}
	texts, err := line.fill(c.data)
	if err != nil {
		return err
	}
	for _, text := range texts {
		if utf8.RuneCountInString(text) > maxBlockRunes {
			return fmt.Errorf("%w: a text of more than %d characters", ErrFacts, maxBlockRunes)
		}
	}
	switch line.directive {
	case "sheet":
		if c.skipping = texts[0] == ""; !c.skipping {
			c.blocks = append(c.blocks, SheetBreak{})
		}
	case "sign":
		c.blocks = append(c.blocks, Signature{Authority: c.data.P.Authority, Date: c.issuedOn.Chinese()})
	case "remarks":
		c.remarks()
	case "row":
		c.row(texts[0], texts[1])
	case "emphasis":
		c.blocks = append(c.blocks, Emphasis{Label: texts[0], Text: texts[1]})
	case "signing":
		c.blocks = append(c.blocks, Signing{Left: texts[0], Right: texts[1], Below: texts[2]})
	case "stamp":
		c.blocks = append(c.blocks, StampField{
			Heads: strings.Split(texts[0], "，"), Cells: strings.Split(texts[1], "，"),
			SealLabel: texts[2], Date: c.issuedOn.Chinese(),
		})
	default:
		c.text(line.directive, texts[0])
	}
	return nil
}

// text adds the blocks that are nothing but text, one per line of it.
func (c *composer) text(directive, text string) {
	for _, part := range paragraphs(text) {
		switch directive {
		case "title":
			if c.title == "" {
				c.title = part
			}
			c.blocks = append(c.blocks, Title{Text: part})
		case "to":
			c.blocks = append(c.blocks, Addressee{Text: part})
		case "h":
			c.blocks = append(c.blocks, Heading{Text: part})
		case "note":
			c.blocks = append(c.blocks, Note{Text: part})
		default:
			c.blocks = append(c.blocks, Paragraph{Text: part})
		}
	}
}

// row adds a row to the table at hand, or begins one. A row without value is
// left out.
func (c *composer) row(label, value string) {
	if value == "" {
		return
	}
	value = strings.Join(paragraphs(value), "；")
	last := len(c.blocks) - 1
	if table, ok := c.blocks[last].(Table); ok {
		table.Rows = append(table.Rows, Row{label, value})
		c.blocks[last] = table
		return
	}
	c.blocks = append(c.blocks, Table{Rows: []Row{{label, value}}})
}

// remarks adds a reviewer's remarks, numbered （一）, （二） …
func (c *composer) remarks() {
	f, ok := c.data.F.(*ReturnFacts)
	if !ok {
		return
	}
	for i, r := range f.Remarks {
		text := fmt.Sprintf("（%s）", ordinal(i+1))
		if r.Label != "" {
			text += r.Label + "："
		}
		text += strings.TrimSpace(r.Text)
		if r.Basis != "" {
			text = strings.TrimRight(text, "。") + "。依据：" + strings.TrimRight(strings.TrimSpace(r.Basis), "。") + "。"
		}
		c.text("p", text)
	}
}

// paragraphs splits text at its line ends and drops blank lines.
func paragraphs(text string) []string {
	var out []string
	for _, line := range strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == '\r' }) {
		if line = strings.TrimSpace(line); line != "" {
			out = append(out, line)
		}
	}
	return out
}

var digits = [...]string{"", "一", "二", "三", "四", "五", "六", "七", "八", "九"}

// ordinal writes 1…99 as Chinese numerals, larger numbers in digits.
func ordinal(n int) string {
	switch {
	case n < 1 || n > 99:
		return fmt.Sprint(n)
	case n < 10:
		return digits[n]
	case n < 20:
		return "十" + digits[n%10]
	default:
		return digits[n/10] + "十" + digits[n%10]
	}
}
