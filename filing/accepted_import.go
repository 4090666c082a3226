package filing

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"nianbao/filing/form"
	"nianbao/internal/event"
	"nianbao/internal/postgres"
	"nianbao/internal/registry"
	"nianbao/internal/workday"
)

const (
	acceptedBatch    = 200     // lines a transaction
	maxAcceptedLine  = 4 << 20 // a body of 2 MB with its envelope
	firstAcceptedFor = 1990
)

// ImportAccepted says how earlier years' accepted reports are imported.
type ImportAccepted struct {
	Actor    event.Actor
	Filename string // for the event; it is not opened
	DryRun   bool   // do everything, keep nothing
}

// Refusal is a line that did not go in.
type Refusal struct {
	Line   int    `json:"line"`   // from 1
	Field  string `json:"field"`  // uscc, report_year, form, values or values.KEY; "" for the line as a whole
	Reason string `json:"reason"` // Chinese
}

// String is the refusal in one Chinese line.
func (r Refusal) String() string {
	if r.Field == "" {
		return fmt.Sprintf("第 %d 行：%s", r.Line, r.Reason)
	}
	return fmt.Sprintf("第 %d 行 %s：%s", r.Line, r.Field, r.Reason)
}

// ImportResult counts lines: Read = Inserted + Updated + Unchanged + len(Refused). Blank lines are not read.
type ImportResult struct {
	Read      int       `json:"read"`
	Inserted  int       `json:"inserted"`
	Updated   int       `json:"updated"`
	Unchanged int       `json:"unchanged"`
	Refused   []Refusal `json:"refused"`
}

// acceptedLine is one line on its way in.
type acceptedLine struct {
	number     int
	USCC       string          `json:"uscc"`
	ReportYear int             `json:"report_year"`
	Form       string          `json:"form"`
	Values     json.RawMessage `json:"values"`

	organisation registry.Organisation
	body         string
}

type acceptedKey struct {
	uscc string
	year int
}

// acceptedImport carries one import.
type acceptedImport struct {
	service *Service
	options ImportAccepted
	seen    map[acceptedKey]int // line
	result  ImportResult
}

// errDryRun rolls a transaction back whose result is wanted.
var errDryRun = errors.New("dry run")

// ImportAccepted takes in accepted reports of earlier years, one JSON object a
// line (uscc, report_year, form, values). Good lines go in, the others are
// refused with line, field and reason. A report that was accepted here is never
// replaced by an imported one.
func (s *Service) ImportAccepted(ctx context.Context, r io.Reader, o ImportAccepted) (ImportResult, error) {
	in := &acceptedImport{service: s, options: o, seen: map[acceptedKey]int{}, result: ImportResult{Refused: []Refusal{}}}
	scanner := bufio.NewScanner(r)
	scanner.Buffer(make([]byte, 0, 64<<10), maxAcceptedLine)
	batch := make([]*acceptedLine, 0, acceptedBatch)
	number := 0
	for scanner.Scan() {
		number++
		raw := bytes.TrimSpace(bytes.TrimPrefix(scanner.Bytes(), []byte("\ufeff")))
		if len(raw) == 0 {
			continue
		}
		in.result.Read++
		if line := in.parse(number, raw); line != nil {
			batch = append(batch, line)
		}
		if len(batch) == acceptedBatch {
			if err := in.store(ctx, batch); err != nil {
				return in.result, fmt.Errorf("import reports up to line %d: %w", number, err)
			}
			batch = batch[:0]
		}
	}
	if errors.Is(scanner.Err(), bufio.ErrTooLong) {
		in.result.Read++
		in.refuse(number+1, "", "该行超过 4 MB，导入到此为止。")
	} else if err := scanner.Err(); err != nil {
		return in.result, fmt.Errorf("read reports after line %d: %w", number, err)
	}
	if err := in.store(ctx, batch); err != nil {
		return in.result, fmt.Errorf("import reports up to line %d: %w", number, err)
	}
	slices.SortStableFunc(in.result.Refused, func(a, b Refusal) int { return a.Line - b.Line })
	return in.result, in.appendEvent(ctx)
}

func (in *acceptedImport) refuse(line int, field, reason string) {
	in.result.Refused = append(in.result.Refused, Refusal{Line: line, Field: field, Reason: reason})
}

// parse reads a line by itself, nil if it is refused.
func (in *acceptedImport) parse(number int, raw []byte) *acceptedLine {
	line := &acceptedLine{number: number}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(line)
	if _, more := decoder.Token(); err != nil || !errors.Is(more, io.EOF) {
		in.refuse(number, "", "不是有效的 JSON 对象，应只含 uscc、report_year、form、values 四项。")
		return nil
	}
	key := acceptedKey{line.USCC, line.ReportYear}
	this := workday.DateOf(in.service.db.Now()).Year()
	f, err := in.service.forms.Form(line.Form)
	switch {
	case line.USCC == "":
		in.refuse(number, "uscc", "缺少统一社会信用代码。")
	case line.ReportYear < firstAcceptedFor || line.ReportYear > this:
		in.refuse(number, "report_year", fmt.Sprintf("报告年度应为 %d 至 %d 的整数。", firstAcceptedFor, this))
	case err != nil:
		in.refuse(number, "form", fmt.Sprintf("没有代码为“%s”的报告表。", line.Form))
	case in.seen[key] != 0:
		in.refuse(number, "uscc", fmt.Sprintf("与第 %d 行重复：同一社会组织、同一年度只能有一份报告。", in.seen[key]))
	default:
		in.seen[key] = number
		if in.decodeValues(line, f) {
			return line
		}
	}
	return nil
}

func (in *acceptedImport) decodeValues(line *acceptedLine, f *form.Form) bool {
	line.body = `{"values": ` + string(line.Values) + `}`
	_, problems, err := f.Decode([]byte(line.body), form.DefaultLimits)
	var bodyErr *form.BodyError
	switch {
	case len(line.Values) == 0:
		in.refuse(line.number, "values", "缺少报告内容。")
	case errors.As(err, &bodyErr):
		in.refuse(line.number, "values", bodyErr.Detail())
	case err != nil:
		in.refuse(line.number, "values", "报告内容无法读取。")
	case len(problems) > 0:
		reason := problems[0].Message
		if len(problems) > 1 {
			reason = fmt.Sprintf("%s（另有 %d 处问题）", reason, len(problems)-1)
		}
		in.refuse(line.number, "values."+problems[0].Key, reason)
	default:
		return true
	}
	return false
}

// store takes a batch of lines in, in one transaction.
func (in *acceptedImport) store(ctx context.Context, batch []*acceptedLine) error {
	if len(batch) == 0 {
		return nil
	}
	before := in.result
	err := postgres.InTx(ctx, in.service.db, func(tx *postgres.Tx) error {
		in.result = before // a repeated transaction counts from where it began
		in.result.Refused = before.Refused[:len(before.Refused):len(before.Refused)]
		known, err := in.identify(ctx, tx, batch)
		if err != nil {
			return err
		}
		if err := in.upsert(ctx, tx, known); err != nil {
			return err
		}
		if in.options.DryRun {
			return errDryRun
		}
		return nil
	})
	if errors.Is(err, errDryRun) {
		return nil
	}
	return err
}

// identify finds each line's organisation and drops the lines that have none or the wrong type.
func (in *acceptedImport) identify(ctx context.Context, tx *postgres.Tx, batch []*acceptedLine) ([]*acceptedLine, error) {
	codes := make([]string, len(batch))
	for i, line := range batch {
		codes[i] = line.USCC
	}
	var rows []registry.Organisation
	err := tx.SelectContext(ctx, &rows, `SELECT id, uscc, type, authority_code FROM organisation WHERE uscc = ANY ($1)`, pq.Array(codes))
	if err != nil {
		return nil, fmt.Errorf("find organisations: %w", err)
	}
	byCode := make(map[string]registry.Organisation, len(rows))
	for _, row := range rows {
		byCode[string(row.USCC)] = row
	}
	var known []*acceptedLine
	for _, line := range batch {
		org, found := byCode[line.USCC]
		f, err := in.service.forms.Form(line.Form)
		switch {
		case err != nil:
			return nil, err
		case !found:
			in.refuse(line.number, "uscc", fmt.Sprintf("登记库中没有代码为 %s 的社会组织，请先导入登记信息。", line.USCC))
		case f.Type != string(org.Type):
			in.refuse(line.number, "form", fmt.Sprintf("报告表 %s 不适用于%s。", line.Form, org.Type.Label()))
		default:
			line.organisation = org
			known = append(known, line)
		}
	}
	return known, nil
}

// upsertAcceptedSQL says for each line what became of it: ours (refused), same, updated or inserted.
const upsertAcceptedSQL = `WITH line AS (
	SELECT * FROM unnest($1::uuid[], $2::int[], $3::text[], $4::text[]) WITH ORDINALITY AS t (organisation_id, report_year, form, body, n)),
stood AS (
	SELECT l.n, a.submission_id IS NOT NULL AS ours, a.form = l.form AND a.body::text = l.body AS same
	FROM line l JOIN accepted_report a USING (organisation_id, report_year)),
stored AS (
	INSERT INTO accepted_report (organisation_id, report_year, form, body, accepted_at)
	SELECT l.organisation_id, l.report_year, l.form, l.body::json, $5 FROM line l LEFT JOIN stood s USING (n)
	WHERE s.n IS NULL OR NOT s.ours AND NOT s.same
	ON CONFLICT (organisation_id, report_year) DO UPDATE SET form = excluded.form, body = excluded.body,
		accepted_at = excluded.accepted_at WHERE accepted_report.submission_id IS NULL)
SELECT CASE WHEN s.ours THEN 'ours' WHEN s.same THEN 'same' WHEN s.n IS NOT NULL THEN 'updated' ELSE 'inserted' END
FROM line l LEFT JOIN stood s USING (n) ORDER BY l.n`

func (in *acceptedImport) upsert(ctx context.Context, tx *postgres.Tx, lines []*acceptedLine) error {
	organisations, years := make([]uuid.UUID, len(lines)), make([]int64, len(lines))
	forms, bodies := make([]string, len(lines)), make([]string, len(lines))
	for i, l := range lines {
		organisations[i], years[i], forms[i], bodies[i] = l.organisation.ID, int64(l.ReportYear), l.Form, l.body
	}
	var fates []string
	err := tx.SelectContext(ctx, &fates, upsertAcceptedSQL, pq.Array(organisations), pq.Array(years), pq.Array(forms),
		pq.Array(bodies), tx.Now())
	if err != nil {
		return fmt.Errorf("store accepted reports: %w", err)
	}
	for i, fate := range fates {
		switch fate {
		case "ours":
			in.refuse(lines[i].number, "report_year", "本系统已有该年度经审查接受的报告，不能用导入的报告替换。")
		case "same":
			in.result.Unchanged++
		case "updated":
			in.result.Updated++
		default:
			in.result.Inserted++
		}
	}
	return nil
}

func (in *acceptedImport) appendEvent(ctx context.Context) error {
	r := in.result
	if in.options.DryRun || r.Inserted+r.Updated == 0 {
		return nil
	}
	return postgres.InTx(ctx, in.service.db, func(tx *postgres.Tx) error {
		return event.Append(ctx, tx, event.Event{Kind: event.ReportsImportedKind, Actor: in.options.Actor,
			Data: event.Imported{File: in.options.Filename, Read: r.Read, Inserted: r.Inserted, Updated: r.Updated,
				Unchanged: r.Unchanged, Refused: len(r.Refused)}})
	})
}
