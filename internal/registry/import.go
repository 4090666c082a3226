package registry

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/google/uuid"

	"nianbao/internal/event"
	"nianbao/internal/postgres"
	"nianbao/internal/registry/sheet"
)

// ImportOptions say how a file is imported.
type ImportOptions struct {
	// DryRun does everything and keeps nothing: the result is the one that the
	// import would have.
	DryRun bool
	// Actor goes into the events.
	Actor event.Actor
	// Filename goes into the events; it is not opened.
	Filename string
}

// Refusal is a row that did not go in.
type Refusal struct {
	// Row is the row as a spreadsheet counts it, the header being 1.
	Row int `json:"row"`
	// Field is the stable key of the first column at fault, "" where the row as a
	// whole is meant.
	Field string `json:"field"`
	// Column is that column's header as the file writes it.
	Column string `json:"column"`
	// Reason is Chinese; faults of further columns follow, each with its header.
	Reason string `json:"reason"`
}

// String is the refusal in one Chinese line.
func (r Refusal) String() string {
	switch {
	case r.Field == "":
		return fmt.Sprintf("第 %d 行：%s", r.Row, r.Reason)
	case r.Column == "" || r.Column == r.Field:
		return fmt.Sprintf("第 %d 行 %s：%s", r.Row, r.Field, r.Reason)
	}
	return fmt.Sprintf("第 %d 行 %s（%s）：%s", r.Row, r.Column, r.Field, r.Reason)
}

// ImportResult counts what became of a file's rows: Read = Inserted + Updated +
// Unchanged + len(Refused). Blank rows are not read.
type ImportResult struct {
	Read      int       `json:"read"`
	Inserted  int       `json:"inserted"`
	Updated   int       `json:"updated"`
	Unchanged int       `json:"unchanged"`
	Refused   []Refusal `json:"refused"`
	// Changed are the ids of the organisations that were inserted or updated, in
	// the file's order; none for authorities, nor after a dry run.
	Changed []uuid.UUID `json:"-"`
	DryRun  bool        `json:"dry_run"`
}

// errDryRun rolls a transaction back whose result is wanted.
var errDryRun = errors.New("dry run")

// importRun is one import in its transaction.
type importRun struct {
	tx   *postgres.Tx
	opts ImportOptions
	// tally is the result so far.
	tally ImportResult
}

// applyImport runs apply in one transaction, which a dry run rolls back. A
// retry of the transaction starts from an empty tally.
func applyImport(
	ctx context.Context, db *postgres.DB, opts ImportOptions, apply func(run *importRun) error,
) (ImportResult, error) {
	var run *importRun
	err := postgres.InTx(ctx, db, func(tx *postgres.Tx) error {
		run = &importRun{tx: tx, opts: opts, tally: ImportResult{DryRun: opts.DryRun}}
		if err := apply(run); err != nil {
			return err
		}
		if opts.DryRun {
			return errDryRun
		}
		return nil
	})
	if errors.Is(err, errDryRun) {
		run.tally.Changed = nil
		return run.tally, nil
	}
	if err != nil {
		return ImportResult{}, err
	}
	return run.tally, nil
}

// lock lets one import of the same kind run at a time: between its comparison
// with what is stored and its writing no other may write the same rows.
// Readers, and inserts that refer to the table, go on. statement is a constant.
func (r *importRun) lock(ctx context.Context, statement string) error {
	if _, err := r.tx.ExecContext(ctx, statement); err != nil {
		return fmt.Errorf("wait for other imports: %w", err)
	}
	return nil
}

// record appends the event about the import; authority is "" for several.
func (r *importRun) record(ctx context.Context, kind event.Kind, authority string) error {
	return event.Append(ctx, r.tx, event.Event{
		Kind: kind, Actor: r.opts.Actor, AuthorityCode: authority,
		Data: event.Imported{
			File: r.opts.Filename, Read: r.tally.Read, Inserted: r.tally.Inserted,
			Updated: r.tally.Updated, Unchanged: r.tally.Unchanged, Refused: len(r.tally.Refused),
		},
	})
}

// rowReader gives the rows of an import file as cells by key.
type rowReader struct {
	sheet  *sheet.Sheet
	layout layout
	cells  map[string]string // of the current row
}

// openRows reads the header. A file that cannot be read is a *FileError.
func openRows(r io.Reader, headings []heading) (*rowReader, error) {
	s, err := sheet.Open(r)
	if err != nil {
		return nil, fileError(err)
	}
	header, err := s.Next()
	if err != nil {
		return nil, errors.Join(fileError(err), s.Close())
	}
	l, err := readLayout(header, headings)
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return &rowReader{sheet: s, layout: l, cells: make(map[string]string)}, nil
}

// fileError puts the sheet's refusal of a file into the register's words.
func fileError(err error) error {
	var unreadable *sheet.FileError
	switch {
	case errors.As(err, &unreadable):
		return &FileError{Reason: unreadable.Reason}
	case errors.Is(err, io.EOF):
		return &FileError{Reason: "文件中没有表头"}
	}
	return err
}

// next is the next row's number and cells, which hold until the next call;
// refusal is set where the row cannot be read. After the last row it gives
// io.EOF.
func (r *rowReader) next() (number int, cells map[string]string, refusal *Refusal, err error) {
	row, err := r.sheet.Next()
	if errors.Is(err, io.EOF) {
		return 0, nil, nil, io.EOF
	}
	if err != nil {
		return 0, nil, nil, fileError(err)
	}
	if fault := r.layout.fill(r.cells, row, r.sheet.Workbook()); fault != "" {
		return row.Number, nil, &Refusal{Row: row.Number, Reason: fault}, nil
	}
	return row.Number, r.cells, nil, nil
}

func (r *rowReader) close() error { return r.sheet.Close() }

// refuse adds a fault to the refusal of a row, which may be nil.
func (r *rowReader) refuse(to *Refusal, row int, key, reason string) *Refusal {
	title := r.layout.title(key)
	if to != nil {
		to.Reason += "；" + title + "：" + reason
		return to
	}
	return &Refusal{Row: row, Field: key, Column: title, Reason: reason}
}
