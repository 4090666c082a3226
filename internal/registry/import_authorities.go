package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/lib/pq"

	"nianbao/internal/event"
	"nianbao/internal/postgres"
)

var authorityHeadings = []heading{
	needed("code", "代码", "机关代码", "行政区划代码"),
	needed("name", "名称", "机关名称"),
	needed("level", "级别", "层级"),
	needed("parent", "上级", "上级代码", "上级机关", "上级机关代码"),
	optional("number_prefix", "发文机关代字", "代字"),
}

var levelWords = map[string]Level{
	"ministry": LevelMinistry, "部": LevelMinistry, "部级": LevelMinistry,
	"province": LevelProvince, "省": LevelProvince, "省级": LevelProvince,
	"city": LevelCity, "市": LevelCity, "市级": LevelCity,
	"county": LevelCounty, "县": LevelCounty, "县级": LevelCounty, "区": LevelCounty, "区级": LevelCounty, "县（区）级": LevelCounty,
}

const maxPrefixRunes = 20

// ImportAuthorities takes a file of authorities (CSV or XLSX, columns code,
// name, level, parent and optionally number_prefix) and inserts or updates by
// code. Parents may stand anywhere in the file or already in the register; a
// row whose parent is missing, refused or not of a higher level is refused. An
// authority without a number prefix gets one derived from its name; a blank
// never replaces a stored one.
func ImportAuthorities(ctx context.Context, db *postgres.DB, r io.Reader, opts ImportOptions) (ImportResult, error) {
	file, err := readAuthorities(r)
	if err != nil {
		return ImportResult{}, err
	}
	result, err := applyImport(ctx, db, opts, func(run *importRun) error {
		return file.apply(ctx, run)
	})
	if err != nil {
		return ImportResult{}, fmt.Errorf("import authorities: %w", err)
	}
	return result, nil
}

// authorityFile is a file of authorities whose rows are good in themselves.
type authorityFile struct {
	read    int
	good    []authorityRow
	refused []Refusal
	parent  string // the parent column's header
	prefix  string // the number prefix column's header
}

type authorityRow struct {
	Authority
	number int
}

func readAuthorities(r io.Reader) (file *authorityFile, err error) {
	rows, err := openRows(r, authorityHeadings)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.close()) }()
	file = &authorityFile{parent: rows.layout.title("parent"), prefix: rows.layout.title("number_prefix")}
	firstRow := make(map[string]int)
	for {
		number, cells, refusal, err := rows.next()
		if errors.Is(err, io.EOF) {
			return file, nil
		}
		if err != nil {
			return nil, err
		}
		file.read++
		var authority Authority
		if refusal == nil {
			authority, refusal = readAuthority(rows, number, cells)
		}
		if first := firstRow[authority.Code]; refusal == nil && first != 0 {
			refusal = rows.refuse(nil, number, "code", fmt.Sprintf("与第 %d 行的代码重复", first))
		}
		if refusal != nil {
			file.refused = append(file.refused, *refusal)
			continue
		}
		firstRow[authority.Code] = number
		file.good = append(file.good, authorityRow{authority, number})
	}
}

// readAuthority reads one row; every column at fault is named.
func readAuthority(rows *rowReader, number int, cells map[string]string) (Authority, *Refusal) {
	var a Authority
	var refusal *Refusal
	check := func(key, fault string) {
		if fault != "" {
			refusal = rows.refuse(refusal, number, key, fault)
		}
	}
	a.Code, a.ParentCode = cells["code"], cells["parent"]
	if !isSixDigits(a.Code) {
		check("code", fmt.Sprintf("“%s”应为 6 位数字", a.Code))
	}
	name, fault := cleanText(cells["name"], maxNameRunes)
	if name == "" && fault == "" {
		fault = "不能为空"
	}
	a.Name = name
	check("name", fault)
	level, fault := word(cell{text: cells["level"]}, levelWords, "ministry、province、city 或 county（部级、省级、市级、县级）")
	a.Level = level
	check("level", fault)
	if a.ParentCode != "" && !isSixDigits(a.ParentCode) {
		check("parent", fmt.Sprintf("“%s”应为上级机关的 6 位代码，没有上级则留空", a.ParentCode))
	}
	prefix, fault := cleanText(cells["number_prefix"], maxPrefixRunes)
	a.NumberPrefix = prefix
	check("number_prefix", fault)
	return a, refusal
}

// apply fits the rows into the stored hierarchy and writes what differs.
func (f *authorityFile) apply(ctx context.Context, run *importRun) error {
	if err := run.lock(ctx, `LOCK TABLE authority IN SHARE ROW EXCLUSIVE MODE`); err != nil {
		return err
	}
	list, err := Authorities(ctx, run.tx)
	if err != nil {
		return err
	}
	stored := make(map[string]Authority, len(list))
	for _, a := range list {
		stored[a.Code] = a
	}
	accepted, refused := f.place(stored)
	writes := withPrefixes(accepted, stored)
	run.tally.Read = f.read
	run.tally.Refused = append(slices.Clone(f.refused), refused...)
	slices.SortFunc(run.tally.Refused, func(a, b Refusal) int { return a.Row - b.Row })
	for _, a := range writes {
		if _, exists := stored[a.Code]; exists {
			run.tally.Updated++
		} else {
			run.tally.Inserted++
		}
	}
	run.tally.Unchanged = len(accepted) - len(writes)
	if len(writes) == 0 {
		return nil
	}
	if err := writeAuthorities(ctx, run.tx, writes); err != nil {
		return err
	}
	return run.record(ctx, event.AuthorityImportedKind, "")
}

func writeAuthorities(ctx context.Context, tx *postgres.Tx, authorities []Authority) error {
	var codes, names, levels, parents, prefixes []string
	for _, a := range authorities {
		codes = append(codes, a.Code)
		names = append(names, a.Name)
		levels = append(levels, string(a.Level))
		parents = append(parents, a.ParentCode)
		prefixes = append(prefixes, a.NumberPrefix)
	}
	// One statement: the foreign key to parents is checked at its end.
	_, err := tx.ExecContext(ctx, `
		INSERT INTO authority (code, name, level, parent_code, number_prefix, created_at, updated_at)
		SELECT code, name, level, nullif(parent_code, ''), number_prefix, $6, $6
		FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[])
			AS incoming (code, name, level, parent_code, number_prefix)
		ON CONFLICT (code) DO UPDATE SET name = excluded.name, level = excluded.level,
			parent_code = excluded.parent_code, number_prefix = excluded.number_prefix, updated_at = excluded.updated_at`,
		pq.Array(codes), pq.Array(names), pq.Array(levels), pq.Array(parents), pq.Array(prefixes), tx.Now())
	if err != nil {
		return fmt.Errorf("write %d authorities: %w", len(authorities), err)
	}
	return nil
}
