package registry

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"nianbao/internal/event"
	"nianbao/internal/postgres"
	"nianbao/internal/postgres/pgtest"
)

var tester = ImportOptions{Actor: event.System("test"), Filename: "register.csv"}

// newRegister is a database with a made-up province, city and district.
func newRegister(t testing.TB) *postgres.DB {
	t.Helper()
	db := pgtest.New(t)
	importAuthorities(t, db, "code,name,level,parent\n"+
		"440000,试验省民政厅,province,\n440100,试验市民政局,city,440000\n440106,试验市示范区民政局,county,440100\n")
	return db
}

func importAuthorities(t testing.TB, db *postgres.DB, file string) ImportResult {
	t.Helper()
	result, err := ImportAuthorities(t.Context(), db, strings.NewReader(file), tester)
	if err != nil {
		t.Fatal(err)
	}
	checkSum(t, result)
	return result
}

func importOrganisations(t testing.TB, db *postgres.DB, file []byte, opts ImportOptions) ImportResult {
	t.Helper()
	result, err := ImportOrganisations(t.Context(), db, bytes.NewReader(file), opts)
	if err != nil {
		t.Fatal(err)
	}
	checkSum(t, result)
	return result
}

// checkSum: no row is lost between the counts.
func checkSum(t testing.TB, r ImportResult) {
	t.Helper()
	if r.Read != r.Inserted+r.Updated+r.Unchanged+len(r.Refused) {
		t.Errorf("the counts do not add up: %+v", r)
	}
}

// counts are the numbers of a result, for comparison.
type counts struct{ Read, Inserted, Updated, Unchanged, Refused int }

func countsOf(r ImportResult) counts {
	return counts{r.Read, r.Inserted, r.Updated, r.Unchanged, len(r.Refused)}
}

// refusals are the refused rows in short: row, field and reason.
func refusals(r ImportResult) []string {
	lines := make([]string, len(r.Refused))
	for i, refusal := range r.Refused {
		lines[i] = refusal.String()
	}
	return lines
}

// events counts the stored events of a kind and gives the last one's payload.
func events(t testing.TB, db *postgres.DB, kind event.Kind) (n int, last string) {
	t.Helper()
	err := db.QueryRowContext(t.Context(),
		`SELECT count(*), coalesce((array_agg(data::text ORDER BY ordinal DESC))[1], '') FROM event WHERE kind = $1`,
		string(kind)).Scan(&n, &last)
	if err != nil {
		t.Fatal(err)
	}
	return n, last
}

func countOrganisations(t testing.TB, db *postgres.DB) int {
	t.Helper()
	var n int
	if err := db.GetContext(context.Background(), &n, `SELECT count(*) FROM organisation`); err != nil {
		t.Fatal(err)
	}
	return n
}

// workbookOf writes rows as the first sheet of an XLSX file.
func workbookOf(t testing.TB, rows [][]any) []byte {
	t.Helper()
	file := excelize.NewFile()
	defer file.Close()
	for i, row := range rows {
		at, err := excelize.CoordinatesToCellName(1, i+1)
		if err != nil {
			t.Fatal(err)
		}
		if err := file.SetSheetRow("Sheet1", at, &row); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	if err := file.Write(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
