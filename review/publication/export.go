package publication

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"iter"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"

	"nianbao/internal/workday"
)

// exportPage is how many rows an export reads at once.
const exportPage = 1000

// rows gives a whole list, page by page, so that an export of any length needs little memory and no long transaction.
func (s *Service) rows(ctx context.Context, list List, ask Query) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		ask.Cursor = ""
		if ask.On.IsZero() {
			ask.On = workday.DateOf(s.db.Now()) // one day for all pages
		}
		for {
			page, err := s.page(ctx, list, ask, exportPage)
			if err != nil {
				yield(Row{}, err)
				return
			}
			for _, r := range page.Items {
				if !yield(r, nil) {
					return
				}
			}
			if page.Next == "" {
				return
			}
			ask.Cursor = page.Next
		}
	}
}

// heads are the columns of an exported list.
func heads(list List) []string {
	paper := "决定书文号"
	if list == SpotCheckList {
		paper = "告知书文号"
	}
	return []string{"统一社会信用代码", "名称", "类型", "登记管理机关", "报告年度", "列入事由", "依据", "列入日期", "移出日期", paper, "查验码"}
}

// cells are a row's texts in the order of heads.
func (r Row) cells() []string {
	cells := []string{r.Organisation.USCC, r.Organisation.Name, r.Organisation.Type.Label(), r.Authority.Name,
		strconv.Itoa(r.ReportYear), r.Ground.Label(), r.Basis, r.ListedOn.String(), r.EndedOn.String(), "", ""}
	if r.Document != nil {
		cells[9], cells[10] = r.Document.Number, r.Document.VerifyCode
	}
	return cells
}

// WriteCSV writes a whole list as CSV: UTF-8 with a byte order mark, which office programs need to read Chinese, and
// lines ended by CRLF (RFC 4180). Limit and Cursor are not looked at.
func (s *Service) WriteCSV(ctx context.Context, w io.Writer, list List, ask Query) error {
	if _, err := io.WriteString(w, "\ufeff"); err != nil {
		return fmt.Errorf("export %s: %w", list, err)
	}
	out := csv.NewWriter(w)
	out.UseCRLF = true
	if err := out.Write(heads(list)); err != nil {
		return fmt.Errorf("export %s: %w", list, err)
	}
	for r, err := range s.rows(ctx, list, ask) {
		if err != nil {
			return fmt.Errorf("export %s: %w", list, err)
		}
		cells := r.cells()
		for i := range cells {
			cells[i] = inert(cells[i])
		}
		if err := out.Write(cells); err != nil {
			return fmt.Errorf("export %s: %w", list, err)
		}
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return fmt.Errorf("export %s: %w", list, err)
	}
	return nil
}

// inert keeps a spreadsheet from taking a text for a formula: what begins like one gets an apostrophe (OWASP, CSV
// injection). Full-width signs count too, since some spreadsheets read them alike.
func inert(text string) string {
	if strings.IndexAny(text, "=+-@\t\r\n＝＋－＠") == 0 {
		return "'" + text
	}
	return text
}

// maxSheetRows is what a sheet holds in the format of 2007.
const maxSheetRows = 1_048_576

// WriteXLSX writes a whole list as a workbook. All cells are texts, so nothing in them is a formula. Limit and Cursor
// are not looked at. A list longer than a sheet is ErrTooManyRows.
func (s *Service) WriteXLSX(ctx context.Context, w io.Writer, list List, ask Query) (err error) {
	book := excelize.NewFile()
	defer func() {
		if closeErr := book.Close(); err == nil {
			err = closeErr
		}
	}()
	if err := s.fill(ctx, book, list, ask); err != nil {
		return fmt.Errorf("export %s: %w", list, err)
	}
	if err := book.Write(w); err != nil {
		return fmt.Errorf("export %s: %w", list, err)
	}
	return nil
}

// columnWidths are those of heads, in characters.
var columnWidths = []float64{22, 40, 16, 24, 10, 36, 44, 12, 12, 26, 18}

func (s *Service) fill(ctx context.Context, book *excelize.File, list List, ask Query) error {
	if err := book.SetSheetName("Sheet1", list.Title()); err != nil {
		return err
	}
	sheet, err := book.NewStreamWriter(list.Title())
	if err != nil {
		return err
	}
	for i, width := range columnWidths {
		if err := sheet.SetColWidth(i+1, i+1, width); err != nil {
			return err
		}
	}
	if err := sheet.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
		return err
	}
	bold, err := book.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}})
	if err != nil {
		return err
	}
	if err := setRow(sheet, 1, heads(list), excelize.RowOpts{StyleID: bold}); err != nil {
		return err
	}
	n := 1
	for r, err := range s.rows(ctx, list, ask) {
		if err != nil {
			return err
		}
		if n++; n > maxSheetRows {
			return ErrTooManyRows
		}
		if err := setRow(sheet, n, r.cells()); err != nil {
			return err
		}
	}
	return sheet.Flush()
}

func setRow(sheet *excelize.StreamWriter, n int, texts []string, opts ...excelize.RowOpts) error {
	cell, err := excelize.CoordinatesToCellName(1, n)
	if err != nil {
		return err
	}
	values := make([]any, len(texts))
	for i, t := range texts {
		values[i] = t
	}
	return sheet.SetRow(cell, values, opts...)
}
