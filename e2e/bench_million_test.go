//go:build bench

package e2e

import (
	"testing"

	"nianbao/internal/postgres"
	"nianbao/internal/registry"
	"nianbao/internal/workday"
)

// million is a database as large as a big province's: every organisation owes a report of last year, and filed for the
// year before, where all reports wait for their review; three in ten are on the abnormal-activity list.
type million struct {
	cluster       *benchCluster
	season        benchSeason // of the reports that are owed
	organisations []registry.Organisation
}

// ofAll is made once for all parts that use it; t is the test that ends after them.
func (p *performance) ofAll(t *testing.T) *million {
	t.Helper()
	if p.large == nil {
		p.large = newMillion(t, *benchRows)
	}
	return p.large
}

func newMillion(t *testing.T, rows int) *million {
	t.Helper()
	c := newBenchCluster(t)
	m := &million{cluster: c, season: seasonAround(workday.DateOf(c.db.Now()))}
	earlier := m.season
	earlier.year--
	m.organisations = seed(t, c.db, earlier, rows)
	obligeSubmitted(t, c.db, earlier)
	importBenchSeason(t, c.db, m.season) // opens at once and gives everybody an obligation
	giveTokens(t, c.db)
	execSQL(t, c.db, `VACUUM ANALYZE`)
	return m
}

// obligeSubmitted gives each organisation a report of the season that waits for its review, received over the last
// twenty days, and puts three in ten on the list for the year's sake.
func obligeSubmitted(t *testing.T, db *postgres.DB, season benchSeason) {
	t.Helper()
	today := workday.DateOf(db.Now())
	statements := []struct {
		sql  string
		args []any
	}{
		{`CREATE UNLOGGED TABLE bench_row AS SELECT id, authority_code, type, ('x' || right(id::text, 12))::bit(48)::bigint AS n FROM organisation`, nil},
		{`INSERT INTO obligation (id, authority_code, organisation_id, season_id, report_year, type, form, status, opens_on, due_on,
				submission_id, submissions, created_at, updated_at)
			SELECT ` + idOf(obligationSeries, "o.n+(1::bigint<<40)") + `, o.authority_code, o.id, s.season_id, s.report_year, o.type, s.form, 'submitted',
				$2::date, $3::date, ` + idOf(submissionSeries, "o.n") + `, 1, $4, $4
			FROM bench_row o JOIN season_type s ON s.authority_code = o.authority_code AND s.report_year = $1 AND s.type = o.type`,
			[]any{season.year, season.opens, season.due, db.Now()}},
		{`INSERT INTO submission (id, obligation_id, authority_code, organisation_id, report_year, ordinal, form, form_version,
				check_set_version, body, sha256, findings, receipt_no, received_at, review_due_on, review_due_provisional, actor_kind,
				actor_id, actor_name)
			SELECT ` + idOf(submissionSeries, "n") + `, ` + idOf(obligationSeries, "n+(1::bigint<<40)") + `, authority_code, id, $1::integer, 1, type || '-2004', 1,
				'bench', '{"values":{}}', repeat('0', 64), '[]', $1::integer || '-' || lpad((n+1)::text, 7, '0'),
				$2::timestamptz - (n % 1728000) * interval '1 second', $3::date - (n % 20)::integer, false, 'system', 'bench', 'bench'
			FROM bench_row`, []any{season.year, db.Now(), today.AddDays(14)}},
		{`INSERT INTO submission_standing (submission_id, obligation_id, updated_at) SELECT id, obligation_id, received_at FROM submission`, nil},
		{`INSERT INTO review (submission_id, obligation_id, authority_code, organisation_id, report_year, received_at, due_on, due_provisional)
			SELECT id, obligation_id, authority_code, organisation_id, report_year, received_at, review_due_on, false FROM submission`, nil},
		{`INSERT INTO listing (id, obligation_id, authority_code, organisation_id, report_year, ground, basis, status, notified_on, served_on,
				statement_due_on, listed_on, created_at, updated_at)
			SELECT ` + idOf(listingSeries, "n") + `, ` + idOf(obligationSeries, "n+(1::bigint<<40)") + `, authority_code, id, $1::integer, 'not_filed', 'bench', 'listed',
				$2::date - 60, $2::date - 60, $2::date - 46, $2::date - 45 + (n % 40)::integer, $3, $3
			FROM bench_row WHERE n % 10 < 3`, []any{season.year, today, db.Now()}},
		{`DROP TABLE bench_row`, nil},
	}
	for _, s := range statements {
		execSQL(t, db, s.sql, s.args...)
	}
}

const listingSeries = "0168d000-0000-7000-8000-"
