package workbook

import (
	"fmt"
	"net/http"
)

// The codes of a CellError.
const (
	CodeCells    = "workbook_cells_refused"
	CodeConflict = "workbook_conflict"
)

// CellError refuses to apply a reading as a whole for some of its cells: 422 for
// cells that could not be read, 409 for fields that somebody else changed too.
type CellError struct {
	Cells    []Cell // with what is wrong and what to do
	conflict bool
}

func (e *CellError) Error() string { return fmt.Sprintf("%s: %d cells", e.Code(), len(e.Cells)) }

// HTTPStatus is 422 or 409.
func (e *CellError) HTTPStatus() int {
	if e.conflict {
		return http.StatusConflict
	}
	return http.StatusUnprocessableEntity
}

// Code is workbook_cells_refused or workbook_conflict.
func (e *CellError) Code() string {
	if e.conflict {
		return CodeConflict
	}
	return CodeCells
}

// Detail counts the cells.
func (e *CellError) Detail() string {
	if e.conflict {
		return fmt.Sprintf("下载工作簿以后，报告里有 %d 项又被改过，与表格里的不同，没有写入。请重新下载工作簿，核对后再上传。", len(e.Cells))
	}
	return fmt.Sprintf("表格里有 %d 格有问题，没有写入。请按提示改正后重新上传。", len(e.Cells))
}

// Refusal says why what was read cannot be stored as a whole, given how it
// compares with the draft; nil if it can.
func (r *Reading) Refusal(list []Difference) error {
	if problems := r.Problems(); len(problems) > 0 {
		return &CellError{Cells: problems}
	}
	var both []Cell
	for _, d := range list {
		if d.State == Conflict {
			c, _ := r.Find(d.Field.Key)
			c.Wrong = "下载以后报告里的这一项又被改过，与表格里的不同"
			c.Fix = "请重新下载工作簿，核对这一项后再上传。"
			both = append(both, c)
		}
	}
	if len(both) > 0 {
		return &CellError{Cells: both, conflict: true}
	}
	return nil
}
