package filing

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nianbao/internal/event"
	"nianbao/internal/registry"
)

func (w *world) acceptedLine(org registry.Organisation, year int, seed uint64) string {
	w.t.Helper()
	var body struct {
		Values json.RawMessage `json:"values"`
	}
	if err := json.Unmarshal(w.body(org, year, seed), &body); err != nil {
		w.t.Fatal(err)
	}
	line, err := json.Marshal(map[string]any{"uscc": org.USCC, "report_year": year, "form": defaultForms[org.Type], "values": body.Values})
	if err != nil {
		w.t.Fatal(err)
	}
	return string(line)
}

func (w *world) importAccepted(dry bool, lines ...string) ImportResult {
	w.t.Helper()
	result, err := w.svc.ImportAccepted(w.ctx, strings.NewReader(strings.Join(lines, "\n")), ImportAccepted{Actor: filer, Filename: "2017.jsonl", DryRun: dry})
	if err != nil {
		w.t.Fatal(err)
	}
	return result
}

func TestImportAccepted(t *testing.T) {
	w := newWorld(t, "2019-01-14", 6)
	good := []string{w.acceptedLine(w.orgs[0], 2017, 1), "", w.acceptedLine(w.orgs[1], 2017, 1)}
	if r := w.importAccepted(true, good...); r.Read != 2 || r.Inserted != 2 || w.count(`SELECT count(*) FROM accepted_report`) != 0 {
		t.Errorf("dry run: %+v", r)
	}
	if r := w.importAccepted(false, good...); r.Inserted != 2 || len(r.Refused) != 0 {
		t.Errorf("import: %+v", r)
	}
	if r := w.importAccepted(false, good...); r.Unchanged != 2 || r.Inserted+r.Updated != 0 {
		t.Errorf("again: %+v", r)
	}
	if r := w.importAccepted(false, w.acceptedLine(w.orgs[0], 2017, 2)); r.Updated != 1 {
		t.Errorf("changed: %+v", r)
	}
	if n := w.events()[event.ReportsImportedKind]; n != 2 {
		t.Errorf("%d events, want one for each import that changed something", n)
	}
	accepted, err := AcceptedReport(w.ctx, w.db, w.orgs[0].ID, 2017)
	if err != nil || accepted.SubmissionID.Valid || accepted.Form != "association-2004" {
		t.Errorf("stored: %+v, %v", accepted, err)
	}
}

func TestImportAcceptedRefusals(t *testing.T) {
	w := newWorld(t, "2019-01-14", 6)
	w.importSeason()
	receipt := w.mustSubmit(w.orgs[3], "k")
	if _, err := w.conclude(receipt.SubmissionID, StatusPassed); err != nil {
		t.Fatal(err)
	}
	stranger := registry.Organisation{USCC: "51440100MJK8900615", Type: registry.TypeAssociation}
	line := func(org registry.Organisation, year int, form, values string) string {
		return fmt.Sprintf(`{"uscc": %q, "report_year": %d, "form": %q, "values": %s}`, org.USCC, year, form, values)
	}
	result := w.importAccepted(false,
		w.acceptedLine(w.orgs[0], 2017, 1),
		`{"uscc": `,
		`{"uscc": "a", "report_year": 2017, "form": "x", "values": {}, "more": 1}`,
		line(registry.Organisation{}, 2017, "service-2004", "{}"),
		line(w.orgs[1], 1917, "service-2004", "{}"),
		line(w.orgs[1], 2020, "service-2004", "{}"),
		line(w.orgs[1], 2017, "service-1999", "{}"),
		w.acceptedLine(w.orgs[0], 2017, 2),
		line(w.orgs[1], 2016, "service-2004", "[]"),
		line(w.orgs[1], 2015, "service-2004", `{"no_such": 1}`),
		line(w.orgs[1], 2014, "service-2004", `{"bs_cash.opening": "1.00", "bs_cash.opening": "2.00"}`),
		line(stranger, 2017, "association-2004", "{}"),
		line(w.orgs[1], 2013, "association-2004", "{}"),
		line(w.orgs[3], 2018, "association-2004", "{}"),
		fmt.Sprintf(`{"uscc": %q, "report_year": 2012, "form": "service-2004"}`, w.orgs[1].USCC),
		w.acceptedLine(w.orgs[2], 2017, 1),
		w.acceptedLine(w.orgs[2], 2016, 1)+"}",
	)
	if result.Read != 17 || result.Inserted != 2 || result.Updated != 0 {
		t.Errorf("result %+v", result)
	}
	var got []string
	for _, r := range result.Refused {
		got = append(got, fmt.Sprintf("%d %s", r.Line, r.Field))
		if r.Reason == "" || !strings.HasPrefix(r.String(), fmt.Sprintf("第 %d 行", r.Line)) {
			t.Errorf("refusal %v", r)
		}
	}
	want := []string{"2 ", "3 ", "4 uscc", "5 report_year", "6 report_year", "7 form", "8 uscc", "9 values", "10 values.no_such",
		"11 values", "12 uscc", "13 form", "14 report_year", "15 values", "17 "}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("refused:\n%s", diff)
	}
	if accepted, err := AcceptedReport(w.ctx, w.db, w.orgs[3].ID, 2018); err != nil || accepted.SubmissionID.UUID != receipt.SubmissionID {
		t.Errorf("the report accepted here was replaced: %v", err)
	}
}

// TestImportAcceptedInBatches crosses the border between two transactions.
func TestImportAcceptedInBatches(t *testing.T) {
	w := newWorld(t, "2019-01-14", 1)
	org := w.orgs[0]
	w.exec(`INSERT INTO organisation (id, uscc, name, type, registered_on, authority_code, status, created_at, updated_at)
		SELECT gen_random_uuid(), 'X' || n, '组织' || n, $2, '2010-01-01', $1, 'active', now(), now() FROM generate_series(1, $3::int) n`,
		authority, org.Type, acceptedBatch+5)
	var lines []string
	for n := range acceptedBatch + 5 {
		lines = append(lines, fmt.Sprintf(`{"uscc": "X%d", "report_year": 2017, "form": "association-2004", "values": {}}`, n+1))
	}
	if r := w.importAccepted(false, lines...); r.Inserted != acceptedBatch+5 {
		t.Errorf("result %+v", r)
	}
}
