//go:build bench

package e2e

import (
	"context"
	"database/sql"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"nianbao/filing"
	"nianbao/filing/form"
	"nianbao/internal/event"
	"nianbao/internal/postgres"
	"nianbao/internal/registry"
	"nianbao/internal/workday"
)

// benchCluster is a private PostgreSQL as the program sets it up, fully durable. It is the benchmark's for as long as
// a part lasts, so that the servers measured join it and leave it running.
type benchCluster struct {
	place
	private *postgres.Private
	db      *postgres.DB // of the program's own database, migrated
}

func newBenchCluster(t *testing.T) *benchCluster {
	t.Helper()
	c := &benchCluster{place: place{data: t.TempDir()}}
	var err error
	if c.private, err = postgres.StartPrivate(t.Context(), postgres.PrivateOptions{DataDir: c.data}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.private.Close(); err != nil {
			t.Error(err)
		}
	})
	c.db = openBench(t, c.private.URL())
	if _, err := postgres.Migrate(t.Context(), c.db); err != nil {
		t.Fatal(err)
	}
	return c
}

func openBench(t *testing.T, url string) *postgres.DB {
	t.Helper()
	db, err := postgres.Open(t.Context(), url, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// postgresProgram is the path of one of PostgreSQL's programs.
func postgresProgram(name string) string {
	programs, err := postgres.FindPrograms(0)
	if err != nil {
		return name // whoever runs it says what lacks
	}
	return programs.Path(name)
}

// url is the address of another database of the cluster.
func (c *benchCluster) url(database string) string {
	return strings.Replace(c.private.URL(), "dbname='nianbao'", "dbname='"+database+"'", 1)
}

// copyOf copies a database; nobody may be connected to the one it copies.
func (c *benchCluster) copyOf(t *testing.T, from, to string) string {
	t.Helper()
	execSQL(t, c.db, fmt.Sprintf("DROP DATABASE IF EXISTS %s WITH (FORCE)", to))
	execSQL(t, c.db, fmt.Sprintf("CREATE DATABASE %s TEMPLATE %s STRATEGY FILE_COPY", to, from))
	return c.url(to)
}

func (c *benchCluster) drop(t *testing.T, names ...string) {
	t.Helper()
	for _, name := range names {
		execSQL(t, c.db, fmt.Sprintf("DROP DATABASE IF EXISTS %s WITH (FORCE)", name))
	}
}

func execSQL(t *testing.T, db *postgres.DB, query string, args ...any) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), query, args...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

// psql runs a script on a database and throws the rows away.
func psql(t *testing.T, url, file string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), postgresProgram("psql"), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-o", "/dev/null", "-f", file, "-d", url)
	cmd.Env = environ()
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("psql -f %s: %v\n%.2000s", file, err, out)
	}
}

// Ids of the benchmark are made of a running number, in Go, in SQL and in pgbench alike.
const (
	organisationSeries = "0168a000-0000-7000-8000-"
	obligationSeries   = "0168b000-0000-7000-8000-"
	submissionSeries   = "0168c000-0000-7000-8000-"
)

func numberedID(series string, i int) string { return fmt.Sprintf("%s%012x", series, i) }

// idOf is numberedID in SQL; number is an SQL expression.
func idOf(series, number string) string {
	return fmt.Sprintf("('%s' || lpad(to_hex((%s)::bigint), 12, '0'))::uuid", series, number)
}

// season is the season of the benchmark: it has been open for a month.
type benchSeason struct {
	year       int
	opens, due workday.Date
}

func seasonAround(today workday.Date) benchSeason {
	return benchSeason{year: today.Year() - 1, opens: today.AddDays(-30), due: today.AddDays(60)}
}

// seed fills an empty database: the authority, the season, and organisations numbered from 0 in Guangzhou's mix of types.
func seed(t *testing.T, db *postgres.DB, season benchSeason, count int) []registry.Organisation {
	t.Helper()
	execSQL(t, db, `INSERT INTO authority (code, name, level, number_prefix, created_at, updated_at)
		VALUES ($1, '试验市民政局', 'city', '试民社', now(), now())`, authority)
	importBenchSeason(t, db, season)
	organisations := drawMix(t, count)
	copyOrganisations(t, db, organisations)
	return organisations
}

func importBenchSeason(t *testing.T, db *postgres.DB, season benchSeason) {
	t.Helper()
	forms, err := form.Default()
	if err != nil {
		t.Fatal(err)
	}
	service := filing.New(filing.Config{DB: db, Forms: forms, Calendar: workday.Builtin})
	file := fmt.Sprintf("authority: %q\nreport_year: %d\nregistered_by: %d-12-31\nopens_on: %s\ndue_on: %s\n",
		authority, season.year, season.year, season.opens, season.due)
	if _, err := service.ImportSeason(t.Context(), strings.NewReader(file), event.System("bench")); err != nil {
		t.Fatal(err)
	}
}

// drawMix draws valid organisations, 3,467 associations and 4,440 service organisations to 123 foundations.
func drawMix(t *testing.T, count int) []registry.Organisation {
	t.Helper()
	total := guangzhou.associations + guangzhou.services + guangzhou.foundations
	quota := map[registry.Type]int{
		registry.TypeAssociation: count * guangzhou.associations / total,
		registry.TypeFoundation:  count * guangzhou.foundations / total,
	}
	quota[registry.TypeService] = count - quota[registry.TypeAssociation] - quota[registry.TypeFoundation]
	drawn, err := registry.Sample(registry.SampleOptions{Count: min(3*quota[registry.TypeService]+3, registry.MaxSampleCount), Seed: 1, Authority: authority})
	if err != nil {
		t.Fatal(err)
	}
	taken := map[registry.Type]int{}
	organisations := make([]registry.Organisation, 0, count)
	spare := drawn[:0:0]
	for _, o := range drawn {
		if taken[o.Type] < quota[o.Type] {
			taken[o.Type]++
			organisations = append(organisations, o)
		} else {
			spare = append(spare, o)
		}
	}
	// Near the largest sample there are not enough of one type: any others will do, a register is as long as it is.
	organisations = append(organisations, spare[:count-len(organisations)]...)
	for i := range organisations {
		organisations[i].ID = uuid.MustParse(numberedID(organisationSeries, i))
	}
	return organisations
}

// copyOrganisations writes the register by COPY; the index of the names is built once, at the end.
func copyOrganisations(t *testing.T, db *postgres.DB, organisations []registry.Organisation) {
	t.Helper()
	var index string
	if err := db.GetContext(t.Context(), &index, `SELECT pg_get_indexdef('organisation_name_bigrams'::regclass)`); err != nil {
		t.Fatal(err)
	}
	execSQL(t, db, `DROP INDEX organisation_name_bigrams`)
	err := inCopy(t.Context(), db, "organisation", []string{"id", "uscc", "name", "type", "registered_on", "authority_code", "status",
		"legal_representative", "registered_capital_fen", "business_scope", "registration_no", "domicile", "district", "postcode",
		"contact_name", "contact_phone", "contact_email", "sponsor", "charity", "public_fundraising", "electronic_service",
		"created_at", "updated_at"}, func(row func(...any) error) error {
		for i := range organisations {
			o := &organisations[i]
			if err := row(o.ID, string(o.USCC), o.Name, string(o.Type), o.RegisteredOn, o.AuthorityCode, string(o.Status),
				o.LegalRepresentative, o.RegisteredCapital, o.BusinessScope, o.RegistrationNo, o.Domicile, o.District, o.Postcode,
				o.ContactName, o.ContactPhone, o.ContactEmail, o.Sponsor, o.Charity, o.PublicFundraising, o.ElectronicService,
				db.Now(), db.Now()); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	execSQL(t, db, index)
}

// inCopy streams rows into a table.
func inCopy(ctx context.Context, db *postgres.DB, table string, columns []string, fill func(row func(...any) error) error) error {
	tx, err := db.BeginTx(ctx, &sql.TxOptions{})
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after the commit it only says that there is nothing left
	stmt, err := tx.PrepareContext(ctx, "COPY "+table+" ("+strings.Join(columns, ", ")+") FROM STDIN")
	if err != nil {
		return err
	}
	defer func() { _ = stmt.Close() }() // closed already where all went well
	if err := fill(func(values ...any) error { _, err := stmt.ExecContext(ctx, values...); return err }); err != nil {
		return fmt.Errorf("copy into %s: %w", table, err)
	}
	if _, err := stmt.ExecContext(ctx); err != nil {
		return fmt.Errorf("copy into %s: %w", table, err)
	}
	if err := stmt.Close(); err != nil {
		return fmt.Errorf("copy into %s: %w", table, err)
	}
	return tx.Commit()
}

// oblige gives each organisation its obligation, numbered as the organisations are. Of every ten, late are not filed
// and overdue since yesterday, the rest have passed; 0 leaves all of them open and in time.
func oblige(t *testing.T, db *postgres.DB, season benchSeason, late int) {
	t.Helper()
	yesterday := workday.DateOf(db.Now()).AddDays(-1)
	execSQL(t, db, `INSERT INTO obligation (id, authority_code, organisation_id, season_id, report_year, type, form, status, opens_on,
			due_on, overdue_after, submissions, created_at, updated_at)
		SELECT `+idOf(obligationSeries, "o.n")+`, o.authority_code, o.id, s.season_id, s.report_year, o.type, s.form,
			CASE WHEN $3::integer = 0 OR o.n % 10 < $3::integer THEN 'open' ELSE 'passed' END, $4::date,
			CASE WHEN $3::integer = 0 THEN $5::date ELSE $6::date END,
			CASE WHEN $3::integer = 0 THEN $5::date WHEN o.n % 10 < $3::integer THEN $6::date END,
			CASE WHEN $3::integer = 0 OR o.n % 10 < $3::integer THEN 0 ELSE 1 END, $7, $7
		FROM (SELECT *, ('x' || right(id::text, 12))::bit(48)::bigint AS n FROM organisation) AS o
		JOIN season_type s ON s.authority_code = $1 AND s.report_year = $2 AND s.type = o.type`,
		authority, season.year, late, season.opens, season.due, yesterday, db.Now())
	execSQL(t, db, `VACUUM ANALYZE`)
}

// plaintext is the bearer token of a numbered organisation; it has the form of a real one.
func plaintext(i int) string { return fmt.Sprintf("nb_%043d", i) }

// giveTokens gives every organisation a filer's token, and the authority a reviewer's, numbered -1 as reviewerToken.
func giveTokens(t *testing.T, db *postgres.DB) {
	t.Helper()
	execSQL(t, db, `INSERT INTO api_token (id, token_hash, name, role, organisation_id, created_at, expires_at)
		SELECT gen_random_uuid(), sha256(convert_to('nb_' || lpad(n::text, 43, '0'), 'UTF8')), 'bench', 'filer', id, $1, $1::timestamptz + interval '1 year'
		FROM (SELECT id, ('x' || right(id::text, 12))::bit(48)::bigint AS n FROM organisation) AS o`, db.Now())
	execSQL(t, db, `INSERT INTO api_token (id, token_hash, name, role, authority_code, created_at, expires_at)
		SELECT gen_random_uuid(), sha256(convert_to($1, 'UTF8')), 'bench', 'reviewer', $2, $3, $3::timestamptz + interval '1 year'`,
		reviewerToken, authority, db.Now())
}

var reviewerToken = "nb_" + strings.Repeat("r", 43)
