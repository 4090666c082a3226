package filing

import "testing"

func TestAcceptedYears(t *testing.T) {
	w := newWorld(t, "2019-03-28", 2)
	w.importSeason()
	org, other := w.orgs[0], w.orgs[1]
	for year := range 3 {
		w.exec(`INSERT INTO accepted_report (organisation_id, report_year, form, body, accepted_at) VALUES ($1, $2, 'association-2004', '{"values": {}}', now())`,
			org.ID, 2015+year)
	}
	receipt := w.mustSubmit(org, "k")
	if _, err := w.conclude(receipt.SubmissionID, StatusPassed); err != nil {
		t.Fatal(err)
	}
	years, err := AcceptedYears(w.ctx, w.db, org.ID)
	if err != nil || len(years) != 4 || years[0].ReportYear != 2018 || years[0].Imported || !years[3].Imported || years[3].ReportYear != 2015 {
		t.Errorf("years %+v, %v", years, err)
	}
	if years, err := AcceptedYears(w.ctx, w.db, other.ID); err != nil || len(years) != 0 {
		t.Errorf("another's: %+v, %v", years, err)
	}
}
