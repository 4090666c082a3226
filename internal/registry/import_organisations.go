package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/lib/pq"

	"nianbao/internal/event"
	"nianbao/internal/id"
	"nianbao/internal/postgres"
)

// importBatch rows travel to the database together: enough that round trips do
// not count, few enough that a batch stays below a megabyte.
const importBatch = 1000

// ImportOrganisations takes a register file (CSV or XLSX, see docs/register.md)
// and inserts or updates by code. Rows with a fault are refused one by one and
// the good ones go in, all in one transaction; only what differs is written, a
// column that the file lacks is left alone, and importing a file again changes
// nothing. A file that cannot be read, or whose header is wrong, is a
// *FileError.
func ImportOrganisations(ctx context.Context, db *postgres.DB, r io.Reader, opts ImportOptions) (ImportResult, error) {
	authorities, err := Authorities(ctx, db)
	if err != nil {
		return ImportResult{}, fmt.Errorf("import organisations: %w", err)
	}
	file, err := readOrganisations(r, authorities)
	if err != nil {
		return ImportResult{}, err
	}
	result, err := applyImport(ctx, db, opts, func(run *importRun) error {
		return file.apply(ctx, run)
	})
	if err != nil {
		return ImportResult{}, fmt.Errorf("import organisations: %w", err)
	}
	return result, nil
}

// organisationFile is a register file that has been read and checked.
type organisationFile struct {
	present []string // keys of the columns that the file has
	good    []Organisation
	refused []Refusal
}

// readOrganisations checks every row by itself, against the authorities and
// against the rows before it.
func readOrganisations(r io.Reader, authorities []Authority) (file *organisationFile, err error) {
	rows, err := openRows(r, organisationHeadings())
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.close()) }()
	file = &organisationFile{}
	for _, key := range rows.layout.keys {
		if key != "" {
			file.present = append(file.present, key)
		}
	}
	known := newAuthorityIndex(authorities)
	firstRow := make(map[USCC]int)
	for {
		number, cells, refusal, err := rows.next()
		if errors.Is(err, io.EOF) {
			return file, nil
		}
		if err != nil {
			return nil, err
		}
		var organisation Organisation
		if refusal == nil {
			organisation, refusal = readOrganisation(rows, number, cells, known)
		}
		if first := firstRow[organisation.USCC]; refusal == nil && first != 0 {
			refusal = rows.refuse(nil, number, "uscc", fmt.Sprintf("与第 %d 行的代码重复", first))
		}
		if refusal != nil {
			file.refused = append(file.refused, *refusal)
			continue
		}
		firstRow[organisation.USCC] = number
		file.good = append(file.good, organisation)
	}
}

// readOrganisation reads one row; every column at fault is named.
func readOrganisation(rows *rowReader, number int, cells map[string]string, known authorityIndex) (Organisation, *Refusal) {
	var o Organisation
	var refusal *Refusal
	for _, c := range columns {
		text, present := cells[c.key]
		if !present {
			continue
		}
		fault := c.set(&o, cell{text: text, sheet: rows.sheet})
		if c.key == "authority" && fault == "" {
			o.AuthorityCode, fault = known.code(o.AuthorityCode)
		}
		if fault != "" {
			refusal = rows.refuse(refusal, number, c.key, fault)
		}
	}
	if refusal == nil && o.Type != o.USCC.Type() {
		refusal = rows.refuse(nil, number, "type", fmt.Sprintf("为“%s”，但代码第2位“%c”表示“%s”",
			o.Type.Label(), o.USCC[1], o.USCC.Type().Label()))
	}
	return o, refusal
}

// apply writes the file's good rows, batch by batch, with their events.
func (f *organisationFile) apply(ctx context.Context, run *importRun) error {
	if err := run.lock(ctx, `LOCK TABLE organisation IN SHARE ROW EXCLUSIVE MODE`); err != nil {
		return err
	}
	run.tally.Read = len(f.good) + len(f.refused)
	run.tally.Refused = f.refused
	for batch := range slices.Chunk(f.good, importBatch) {
		if err := f.applyBatch(ctx, run, batch); err != nil {
			return err
		}
	}
	if run.tally.Inserted+run.tally.Updated == 0 {
		return nil // nothing happened
	}
	return run.record(ctx, event.OrganisationImportedKind, f.soleAuthority())
}

// soleAuthority is the authority of every row, "" if there are several.
func (f *organisationFile) soleAuthority() string {
	for _, o := range f.good {
		if o.AuthorityCode != f.good[0].AuthorityCode {
			return ""
		}
	}
	return f.good[0].AuthorityCode
}

// applyBatch compares rows with what is stored and writes the differences.
func (f *organisationFile) applyBatch(ctx context.Context, run *importRun, batch []Organisation) error {
	stored, err := storedByUSCC(ctx, run.tx, batch)
	if err != nil {
		return err
	}
	var inserts, updates []Organisation
	var events []event.Event
	for _, row := range batch {
		before, exists := stored[row.USCC]
		if !exists {
			row.ID = id.New(run.tx.Now())
			inserts = append(inserts, row)
			run.tally.Changed = append(run.tally.Changed, row.ID)
			continue
		}
		after := merged(&before, &row, f.present)
		keys := changedColumns(&before, &after)
		if len(keys) == 0 {
			run.tally.Unchanged++
			continue
		}
		updates = append(updates, after)
		events = append(events, changedEvent(&after, keys, run.opts.Actor))
		run.tally.Changed = append(run.tally.Changed, after.ID)
	}
	run.tally.Inserted += len(inserts)
	run.tally.Updated += len(updates)
	if err := writeOrganisations(ctx, run.tx, insertOrganisations, inserts); err != nil {
		return fmt.Errorf("insert %d organisations: %w", len(inserts), err)
	}
	if err := writeOrganisations(ctx, run.tx, updateOrganisations, updates); err != nil {
		return fmt.Errorf("update %d organisations: %w", len(updates), err)
	}
	return event.Append(ctx, run.tx, events...)
}

// changedEvent names the columns that changed, never their contents: contact
// details do not belong into a log that is kept for ever.
func changedEvent(o *Organisation, keys []string, actor event.Actor) event.Event {
	return event.Event{
		Kind: event.OrganisationChangedKind, Actor: actor, AuthorityCode: o.AuthorityCode,
		OrganisationID: event.Ref(o.ID), SubjectID: event.Ref(o.ID),
		Data: event.OrganisationChanged{Fields: keys},
	}
}

func storedByUSCC(ctx context.Context, tx *postgres.Tx, batch []Organisation) (map[USCC]Organisation, error) {
	codes := make([]string, len(batch))
	for i, o := range batch {
		codes[i] = string(o.USCC)
	}
	var rows []Organisation
	err := tx.SelectContext(ctx, &rows, selectOrganisation+` WHERE uscc = ANY($1)`, pq.Array(codes))
	if err != nil {
		return nil, fmt.Errorf("read stored organisations: %w", err)
	}
	stored := make(map[USCC]Organisation, len(rows))
	for _, o := range rows {
		stored[o.USCC] = o
	}
	return stored, nil
}

// incomingRows turns the arrays of writeOrganisations into rows of the table's
// types. $1 are ids, $2 to $21 the columns in the order of the file's header,
// $22 is the transaction's instant.
const incomingRows = `
	SELECT id, uscc, name, type, registered_on, authority_code, status, legal_representative,
		(nullif(registered_capital, '')::numeric * 100)::bigint AS registered_capital_fen,
		business_scope, registration_no, domicile, district, postcode,
		contact_name, contact_phone, contact_email, sponsor,
		charity::boolean, public_fundraising::boolean, electronic_service::boolean, $22::timestamptz AS now
	FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::date[], $6::text[], $7::text[],
		$8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[],
		$15::text[], $16::text[], $17::text[], $18::text[], $19::text[], $20::text[], $21::text[])
	AS incoming (id, uscc, name, type, registered_on, authority_code, status,
		legal_representative, registered_capital, business_scope, registration_no, domicile, district, postcode,
		contact_name, contact_phone, contact_email, sponsor, charity, public_fundraising, electronic_service)`

const insertOrganisations = `
INSERT INTO organisation (id, uscc, name, type, registered_on, authority_code, status, legal_representative,
	registered_capital_fen, business_scope, registration_no, domicile, district, postcode,
	contact_name, contact_phone, contact_email, sponsor,
	charity, public_fundraising, electronic_service, created_at, updated_at)
SELECT incoming.*, now FROM (` + incomingRows + `) AS incoming`

const updateOrganisations = `
UPDATE organisation AS o SET
	name = i.name, registered_on = i.registered_on, authority_code = i.authority_code, status = i.status,
	legal_representative = i.legal_representative, registered_capital_fen = i.registered_capital_fen,
	business_scope = i.business_scope, registration_no = i.registration_no, domicile = i.domicile,
	district = i.district, postcode = i.postcode, contact_name = i.contact_name,
	contact_phone = i.contact_phone, contact_email = i.contact_email, sponsor = i.sponsor,
	charity = i.charity, public_fundraising = i.public_fundraising, electronic_service = i.electronic_service,
	version = o.version + 1, updated_at = i.now
FROM (` + incomingRows + `) AS i
WHERE o.id = i.id`

// writeOrganisations runs one of the two statements above over rows.
func writeOrganisations(ctx context.Context, tx *postgres.Tx, statement string, rows []Organisation) error {
	if len(rows) == 0 {
		return nil
	}
	args := make([]any, 0, 1+len(columns)+1)
	array := func(text func(o *Organisation) string) {
		texts := make([]string, len(rows))
		for i := range rows {
			texts[i] = text(&rows[i])
		}
		args = append(args, pq.Array(texts))
	}
	array(func(o *Organisation) string { return o.ID.String() })
	for _, c := range columns {
		array(c.get)
	}
	prepared, err := tx.Prepared(ctx, statement)
	if err != nil {
		return err
	}
	done, err := prepared.ExecContext(ctx, append(args, tx.Now())...)
	if err != nil {
		return err
	}
	n, err := done.RowsAffected()
	if err != nil {
		return err
	}
	if n != int64(len(rows)) {
		return fmt.Errorf("%d of %d rows written", n, len(rows))
	}
	return nil
}
