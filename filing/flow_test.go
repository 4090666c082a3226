package filing

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"

	"github.com/google/uuid"

	"nianbao/internal/event"
	"nianbao/internal/postgres"
	"nianbao/internal/workday"
)

func TestReturnedAndRefiled(t *testing.T) {
	w := newWorld(t, "2019-03-28", 1)
	w.importSeason()
	org := w.orgs[0]
	first := w.mustSubmit(org, "k1")
	w.at("2019-04-10")
	o := w.sendBack(first.SubmissionID, "2019-04-24")
	if o.Status != StatusReturned || o.ResubmitBy != day("2019-04-24") || o.OverdueAfter != day("2019-04-24") {
		t.Errorf("returned: %+v", o)
	}
	draft, err := w.svc.Draft(w.ctx, org.ID, 2018)
	if err != nil || !bytes.Equal(draft.Body, w.body(org, 2018, 1)) || draft.Version != 1 {
		t.Errorf("the draft is not what was submitted: version %d, %v", draft.Version, err)
	}
	second := w.mustSubmit(org, "k2")
	if second.ReceiptNo != "2018-0000002" || second.ReviewDueOn.Date != day("2019-04-24") {
		t.Errorf("second receipt %+v", second)
	}
	report, err := ReportOf(w.ctx, w.db, org.ID, 2018)
	if err != nil || len(report.Submissions) != 2 || report.Submissions[0].Status != SubmissionReturned ||
		report.Submissions[1].Ordinal != 2 || report.Obligation.SubmissionID.UUID != second.SubmissionID {
		t.Errorf("report %+v, %v", report, err)
	}
	earlier, err := PreviousSubmission(w.ctx, w.db, report.Submissions[1])
	if err != nil || earlier.ID != first.SubmissionID {
		t.Errorf("previous: %+v, %v", earlier, err)
	}
	_, err = w.decide(ReturnSubmission, Decision{SubmissionID: first.SubmissionID, Event: event.Event{Kind: event.ReviewDecidedKind, Data: event.ReviewDecided{}}})
	wantCode(t, err, 409, CodeNotSubmitted)

	passed, err := w.conclude(second.SubmissionID, StatusPassed)
	if err != nil || passed.Status != StatusPassed || !passed.OverdueAfter.IsZero() {
		t.Fatalf("passed: %+v, %v", passed, err)
	}
	accepted, err := AcceptedReport(w.ctx, w.db, org.ID, 2018)
	if err != nil || accepted.SubmissionID.UUID != second.SubmissionID || !bytes.Equal(accepted.Body, w.body(org, 2018, 1)) {
		t.Errorf("accepted: %v", err)
	}
	_, err = w.submit(org, "k3")
	wantCode(t, err, 409, CodeAlreadyConcluded)
	if e := w.events(); e[event.ReviewDecidedKind] != 2 || e[event.SubmissionReceivedKind] != 2 {
		t.Errorf("events %v", e)
	}
}

func TestLateFilingAndItsEnd(t *testing.T) {
	w := newWorld(t, "2019-01-14", 5)
	w.importSeason("late_filing_until: 2019-06-30")
	w.at("2019-04-01")
	if o := w.obligation(w.orgs[0]); !o.Overdue(day("2019-04-01")) {
		t.Errorf("not overdue: %+v", o)
	}
	w.mustSubmit(w.orgs[0], "k")
	w.at("2019-06-25")
	returned := w.mustSubmit(w.orgs[1], "k")
	w.sendBack(returned.SubmissionID, "2019-07-09")
	extended := w.obligation(w.orgs[2])
	if _, err := w.svc.Extend(w.ctx, Extend{authority, extended.ID, day("2019-07-05"), "火灾", filer}); err != nil {
		t.Fatal(err)
	}
	w.at("2019-07-01")
	_, err := w.submit(w.orgs[3], "k")
	wantCode(t, err, 409, CodeNotOpen)
	_, err = w.svc.SaveDraft(w.ctx, SaveDraft{OrganisationID: w.orgs[3].ID, Year: 2018, Body: []byte(emptyBody), Actor: filer})
	wantCode(t, err, 409, CodeNotOpen)
	w.mustSubmit(w.orgs[1], "k2") // within the refile time
	w.mustSubmit(w.orgs[2], "k")  // within its own extension
}

func TestLateFilingEndsWhenTheNextSeasonOpens(t *testing.T) {
	w := newWorld(t, "2019-01-14", 2)
	w.importSeason()
	w.at("2020-01-13")
	w.importSeason("report_year: 2019", "registered_by: 2019-12-31", "opens_on: 2020-01-14", "due_on: 2020-03-31", "types: [association]")
	w.mustSubmit(w.orgs[0], "k")
	w.at("2020-01-14")
	w.mustSubmit(w.orgs[1], "k") // a service organisation: its next season is not known
	w.at("2019-12-01")
	_, err := w.svc.Withdraw(w.ctx, Withdraw{OrganisationID: w.orgs[0].ID, Year: 2018, Actor: filer})
	if err != nil {
		t.Fatal(err)
	}
	w.at("2020-01-14")
	_, err = w.submit(w.orgs[0], "k2")
	wantCode(t, err, 409, CodeNotOpen)
}

func TestOpeningFiguresComeFromTheAcceptedReport(t *testing.T) {
	w := newWorld(t, "2019-01-14", 1)
	w.importSeason()
	org := w.orgs[0]
	receipt := w.mustSubmit(org, "k")
	if _, err := w.conclude(receipt.SubmissionID, StatusPassed); err != nil {
		t.Fatal(err)
	}
	w.at("2020-01-14")
	w.importSeason("report_year: 2019", "registered_by: 2019-12-31", "opens_on: 2020-01-14", "due_on: 2020-03-31")
	// A sample that knows nothing of last year's closing figures contradicts them.
	findings, err := w.svc.Check(w.ctx, Check{OrganisationID: org.ID, Year: 2019, Body: w.body(org, 2019, 99)})
	if err != nil || len(findings) == 0 {
		t.Errorf("last year's report was not looked at: %v, %v", findings, err)
	}
}

func TestWithdraw(t *testing.T) {
	w := newWorld(t, "2019-03-28", 2)
	w.importSeason()
	org := w.orgs[0]
	var told []uuid.UUID
	w.svc.OnWithdrawn = func(_ context.Context, _ *postgres.Tx, id uuid.UUID) error {
		told = append(told, id)
		return nil
	}
	_, err := w.svc.Withdraw(w.ctx, Withdraw{OrganisationID: org.ID, Year: 2018, Actor: filer})
	wantCode(t, err, 409, CodeNotSubmitted)
	first := w.mustSubmit(org, "k1")
	w.at("2019-04-02")
	o, err := w.svc.Withdraw(w.ctx, Withdraw{OrganisationID: org.ID, Year: 2018, Reason: "数据有误", Actor: filer})
	if err != nil || o.Status != StatusOpen || o.SubmissionID.Valid || !o.Overdue(day("2019-04-02")) || len(told) != 1 {
		t.Errorf("withdrawn: %+v, %v", o, err)
	}
	second := w.mustSubmit(org, "k2")
	w.sendBack(second.SubmissionID, "2019-04-17")
	w.mustSubmit(org, "k3")
	o, err = w.svc.Withdraw(w.ctx, Withdraw{OrganisationID: org.ID, Year: 2018, Actor: filer})
	if err != nil || o.Status != StatusReturned || o.SubmissionID.UUID != second.SubmissionID || o.OverdueAfter != day("2019-04-17") {
		t.Errorf("withdrawn after a return: %+v, %v", o, err)
	}
	last := w.mustSubmit(org, "k4")
	report, err := ReportOf(w.ctx, w.db, org.ID, 2018)
	if err != nil {
		t.Fatal(err)
	}
	var got []SubmissionStatus
	for _, s := range report.Submissions {
		got = append(got, s.Status)
	}
	want := []SubmissionStatus{SubmissionWithdrawn, SubmissionReturned, SubmissionWithdrawn, SubmissionSubmitted}
	if len(got) != 4 || got[0] != want[0] || got[1] != want[1] || got[2] != want[2] || got[3] != want[3] {
		t.Errorf("submissions %v, want %v", got, want)
	}
	if again := w.mustSubmit(org, "k1"); again.SubmissionID != first.SubmissionID {
		t.Error("a withdrawn report's key gives another answer")
	}
	if _, err := w.conclude(last.SubmissionID, StatusUnqualified); err != nil {
		t.Fatal(err)
	}
	_, err = w.svc.Withdraw(w.ctx, Withdraw{OrganisationID: org.ID, Year: 2018, Actor: filer})
	wantCode(t, err, 409, CodeAlreadyConcluded)
}

func TestWithdrawIsRefusedByReview(t *testing.T) {
	w := newWorld(t, "2019-03-28", 1)
	w.importSeason()
	w.mustSubmit(w.orgs[0], "k1")
	claimed := &Error{http.StatusConflict, "review_begun", "审查已经开始"}
	w.svc.OnWithdrawn = func(context.Context, *postgres.Tx, uuid.UUID) error { return claimed }
	_, err := w.svc.Withdraw(w.ctx, Withdraw{OrganisationID: w.orgs[0].ID, Year: 2018, Actor: filer})
	if !errors.Is(err, claimed) || w.obligation(w.orgs[0]).Status != StatusSubmitted {
		t.Errorf("withdrawn under review: %v", err)
	}
}

func TestUnqualifiedAndReopened(t *testing.T) {
	w := newWorld(t, "2019-03-28", 1)
	w.importSeason()
	receipt := w.mustSubmit(w.orgs[0], "k1")
	reopen := Decision{SubmissionID: receipt.SubmissionID, Event: event.Event{Kind: event.ReviewReopenedKind, Data: event.ReviewReopened{Reason: "复核"}}}
	_, err := w.decide(ReopenUnqualified, reopen)
	wantCode(t, err, 409, CodeNotUnqualified)
	if _, err := w.conclude(receipt.SubmissionID, StatusQualified); err == nil || errorStatus(err) != 0 {
		t.Errorf("an inspection's word under annual_report: %v", err)
	}
	if o, err := w.conclude(receipt.SubmissionID, StatusUnqualified); err != nil || o.Status != StatusUnqualified {
		t.Fatalf("unqualified: %+v, %v", o, err)
	}
	if _, err := AcceptedReport(w.ctx, w.db, w.orgs[0].ID, 2018); !errors.Is(err, ErrNotFound) {
		t.Errorf("an unqualified report was accepted: %v", err)
	}
	o, err := w.decide(ReopenUnqualified, reopen)
	if err != nil || o.Status != StatusSubmitted {
		t.Errorf("reopened: %+v, %v", o, err)
	}
	sub, err := SubmissionByID(w.ctx, w.db, receipt.SubmissionID)
	if err != nil || sub.Status != SubmissionSubmitted {
		t.Errorf("submission after reopening: %+v, %v", sub, err)
	}
	if o, err := w.conclude(receipt.SubmissionID, StatusPassed); err != nil || o.Status != StatusPassed {
		t.Errorf("passed after all: %+v, %v", o, err)
	}
}

func TestInspectionConclusions(t *testing.T) {
	w := newWorld(t, "2019-03-28", 3)
	w.importSeason("regime: annual_inspection")
	for i, status := range []Status{StatusQualified, StatusBasicallyQualified, StatusUnqualified} {
		receipt := w.mustSubmit(w.orgs[i], "k")
		if _, err := w.conclude(receipt.SubmissionID, StatusPassed); err == nil {
			t.Error("passed under an inspection")
		}
		if o, err := w.conclude(receipt.SubmissionID, status); err != nil || o.Status != status {
			t.Errorf("%s: %+v, %v", status, o, err)
		}
		_, err := AcceptedReport(w.ctx, w.db, w.orgs[i].ID, 2018)
		if (err == nil) != status.Accepted() {
			t.Errorf("%s: accepted report: %v", status, err)
		}
	}
}

// TestDecisionsAtOnce lets many decide and withdraw one submission: exactly one act happens.
func TestDecisionsAtOnce(t *testing.T) {
	w := newWorld(t, "2019-03-28", 4)
	w.importSeason()
	for _, org := range w.orgs {
		receipt := w.mustSubmit(org, "k")
		acts := []func() error{
			func() error { _, err := w.conclude(receipt.SubmissionID, StatusPassed); return err },
			func() error { _, err := w.conclude(receipt.SubmissionID, StatusUnqualified); return err },
			func() error {
				_, err := w.decide(ReturnSubmission, Decision{SubmissionID: receipt.SubmissionID, Resubmit: workday.Due{Date: day("2019-04-11")},
					Event: event.Event{Kind: event.ReviewDecidedKind, Data: event.ReviewDecided{Outcome: "return"}}})
				return err
			},
			func() error {
				_, err := w.svc.Withdraw(w.ctx, Withdraw{OrganisationID: org.ID, Year: 2018, Actor: filer})
				return err
			},
		}
		errs := make([]error, len(acts))
		var wait sync.WaitGroup
		for i, act := range acts {
			wait.Go(func() { errs[i] = act() })
		}
		wait.Wait()
		won := 0
		for _, err := range errs {
			if err == nil {
				won++
			} else if errorStatus(err) != http.StatusConflict {
				t.Errorf("the loser got %v", err)
			}
		}
		if o := w.obligation(org); won != 1 || o.Version != 3 {
			t.Errorf("%d acts won, version %d", won, o.Version)
		}
	}
	e := w.events()
	if n := e[event.ReviewDecidedKind] + e[event.SubmissionWithdrawnKind]; n != len(w.orgs) {
		t.Errorf("%d events for %d acts", n, len(w.orgs))
	}
}

func TestMoveOutsideTheTable(t *testing.T) {
	w := newWorld(t, "2019-01-14", 1)
	w.importSeason()
	o := w.obligation(w.orgs[0])
	next := o
	next.Status = StatusPassed
	err := postgres.InTx(w.ctx, w.db, func(tx *postgres.Tx) error {
		_, err := move{act: ActConclude, previous: o, next: next}.apply(w.ctx, tx)
		return err
	})
	var forbidden *ForbiddenError
	if !errors.As(err, &forbidden) || forbidden.From != StatusOpen {
		t.Errorf("open → passed: %v", err)
	}
	if got := w.obligation(w.orgs[0]); got.Version != o.Version {
		t.Error("it was written all the same")
	}
}
