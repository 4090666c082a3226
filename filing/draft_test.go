package filing

import (
	"errors"
	"sync"
	"testing"

	"nianbao/filing/check"
)

func TestDraftVersions(t *testing.T) {
	w := newWorld(t, "2019-01-14", 2)
	w.importSeason()
	org := w.orgs[0]
	at := func(n int) *int { return &n }
	save := func(body string, ifMatch *int) (Draft, error) {
		return w.svc.SaveDraft(w.ctx, SaveDraft{OrganisationID: org.ID, Year: 2018, Body: []byte(body), IfMatch: ifMatch, Actor: filer})
	}
	empty, err := w.svc.Draft(w.ctx, org.ID, 2018)
	if err != nil || empty.Version != 0 || string(empty.Body) != emptyBody {
		t.Errorf("no draft yet: %+v, %v", empty, err)
	}
	_, err = save(emptyBody, at(1))
	wantCode(t, err, 412, "stale")
	first, err := save(" {\"values\":{}}\n", at(0))
	if err != nil || first.Version != 1 || first.UpdatedBy != filer.Name || !first.UpdatedAt.Equal(noon("2019-01-14")) {
		t.Errorf("first: %+v, %v", first, err)
	}
	_, err = save(emptyBody, at(0))
	wantCode(t, err, 412, "stale")
	second, err := save(emptyBody, at(1))
	if err != nil || second.Version != 2 {
		t.Errorf("second: %+v, %v", second, err)
	}
	_, err = save(emptyBody, at(1))
	wantCode(t, err, 412, "stale")
	if third, err := save(" {\"values\":{}}\n", nil); err != nil || third.Version != 3 {
		t.Errorf("without If-Match: %+v, %v", third, err)
	}
	if stored, err := w.svc.Draft(w.ctx, org.ID, 2018); err != nil || string(stored.Body) != " {\"values\":{}}\n" || stored.Version != 3 {
		t.Errorf("stored: %+v, %v", stored, err)
	}
}

func TestDraftSavesAtOnceOneWins(t *testing.T) {
	w := newWorld(t, "2019-01-14", 1)
	w.importSeason()
	for seen := range 3 {
		errs := make([]error, 6)
		var wait sync.WaitGroup
		for i := range errs {
			wait.Go(func() {
				_, errs[i] = w.svc.SaveDraft(w.ctx, SaveDraft{OrganisationID: w.orgs[0].ID, Year: 2018, Body: []byte(emptyBody), IfMatch: &seen, Actor: filer})
			})
		}
		wait.Wait()
		won := 0
		for _, err := range errs {
			if err == nil {
				won++
			} else if !errors.Is(err, ErrStale) {
				t.Error(err)
			}
		}
		if won != 1 {
			t.Errorf("%d of %d won at version %d", won, len(errs), seen)
		}
	}
}

func TestDraftRefusals(t *testing.T) {
	w := newWorld(t, "2019-01-13", 2)
	w.importSeason()
	org := w.orgs[0]
	save := func(year int, body string) error {
		_, err := w.svc.SaveDraft(w.ctx, SaveDraft{OrganisationID: org.ID, Year: year, Body: []byte(body), Actor: filer})
		return err
	}
	wantCode(t, save(2018, emptyBody), 409, CodeNotOpen)
	wantCode(t, save(2016, emptyBody), 404, "not_found")
	_, err := w.svc.Draft(w.ctx, org.ID, 2018)
	wantCode(t, err, 409, CodeNotOpen)
	_, err = w.svc.Check(w.ctx, Check{OrganisationID: org.ID, Year: 2018})
	wantCode(t, err, 409, CodeNotOpen)
	w.at("2019-01-14")
	w.openSeasons()

	// Nothing is saved yet: what a draft begins with is checked.
	if findings, err := w.svc.Check(w.ctx, Check{OrganisationID: org.ID, Year: 2018}); err != nil || !check.HasErrors(findings) {
		t.Errorf("checks of an unsaved draft: %d findings, %v", len(findings), err)
	}
	for body, status := range map[string]int{"": 400, "[]": 422, `{"values": []}`: 422, `{"values": {}, "x": 1}`: 422} {
		if got := errorStatus(save(2018, body)); got != status {
			t.Errorf("%q: status %d, want %d", body, got, status)
		}
	}
	var refused *CheckError
	err = save(2018, `{"values": {"no_such_key": "x", "bs_cash.opening": 12}}`)
	if !errors.As(err, &refused) || len(refused.Findings) != 2 || refused.Findings[0].Check != check.CodeUnknown {
		t.Errorf("malformed values: %v", err)
	} else {
		wantCode(t, err, 422, "malformed_draft")
	}
	if err := save(2018, `{"values": {"bs_cash.opening": "12.00"}}`); err != nil {
		t.Errorf("an incomplete draft: %v", err)
	}
	findings, err := w.svc.Check(w.ctx, Check{OrganisationID: org.ID, Year: 2018})
	if err != nil || !check.HasErrors(findings) {
		t.Errorf("checks of the draft: %d findings, %v", len(findings), err)
	}
	if findings, err := w.svc.Check(w.ctx, Check{OrganisationID: org.ID, Year: 2018, Body: w.body(org, 2018, 1)}); err != nil || findings == nil || len(findings) != 0 {
		t.Errorf("checks of a good body: %v, %v", findings, err)
	}
	receipt := w.mustSubmit(org, "k")
	wantCode(t, save(2018, emptyBody), 409, CodeAlreadySubmitted)
	if _, err := w.conclude(receipt.SubmissionID, StatusPassed); err != nil {
		t.Fatal(err)
	}
	wantCode(t, save(2018, emptyBody), 409, CodeAlreadyConcluded)
	if draft, err := w.svc.Draft(w.ctx, org.ID, 2018); err != nil || draft.Version != 1 {
		t.Errorf("the draft is gone: %+v, %v", draft, err)
	}
}

func TestYearNotBoundIsNotFound(t *testing.T) {
	w := newWorld(t, "2019-01-13", 2)
	w.exec(`UPDATE organisation SET registered_on = '2019-01-02' WHERE id = $1`, w.orgs[0].ID)
	w.importSeason("types: [association]")
	for _, org := range w.orgs { // registered too late; of a type without a season
		_, err := w.submit(org, "k")
		wantCode(t, err, 404, "not_found")
		_, err = ReportOf(w.ctx, w.db, org.ID, 2018)
		wantCode(t, err, 404, "not_found")
	}
}
