package filing

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"nianbao/internal/event"
)

func TestExtendRefusals(t *testing.T) {
	w := newWorld(t, "2019-01-14", 3)
	w.importSeason()
	o := w.obligation(w.orgs[0])
	good := Extend{AuthorityCode: authority, ObligationID: o.ID, To: day("2019-04-30"), Reason: "火灾", Actor: filer}
	for _, tt := range []struct {
		name   string
		change func(*Extend)
		status int
		code   string
	}{
		{"no reason", func(e *Extend) { e.Reason = " \t\n" }, 422, "reason_missing"},
		{"to the due day itself", func(e *Extend) { e.To = day("2019-03-31") }, 422, "extension_not_later"},
		{"to an earlier day", func(e *Extend) { e.To = day("2019-03-30") }, 422, "extension_not_later"},
		{"by another authority", func(e *Extend) { e.AuthorityCode = "440104" }, 404, "not_found"},
		{"of nothing", func(e *Extend) { e.ObligationID = uuid.New() }, 404, "not_found"},
	} {
		ask := good
		tt.change(&ask)
		_, err := w.svc.Extend(w.ctx, ask)
		if errorStatus(err) != tt.status || errorCode(err) != tt.code {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
	if got := w.obligation(w.orgs[0]); got.Version != o.Version || w.events()[event.ObligationDueChangedKind] != 0 {
		t.Errorf("a refused extension left %+v", got)
	}
	first, err := w.svc.Extend(w.ctx, good)
	if err != nil {
		t.Fatal(err)
	}
	good.To = first.DueOn
	_, err = w.svc.Extend(w.ctx, good)
	wantCode(t, err, 422, "extension_not_later")
	receipt := w.mustSubmit(w.orgs[0], "k")
	if _, err := w.conclude(receipt.SubmissionID, StatusPassed); err != nil {
		t.Fatal(err)
	}
	good.To = day("2019-05-31")
	_, err = w.svc.Extend(w.ctx, good)
	wantCode(t, err, 409, CodeAlreadyConcluded)
	if !strings.Contains(err.Error(), "该报告的状态为“合格”，不能延期。") {
		t.Errorf("it does not say why: %v", err)
	}
}

// TestExtensionUnderReviewHoldsForTheReturn: nothing is owed meanwhile, but a return falls back on the later day.
func TestExtensionUnderReviewHoldsForTheReturn(t *testing.T) {
	w := newWorld(t, "2019-03-25", 1)
	w.importSeason()
	receipt := w.mustSubmit(w.orgs[0], "k")
	o, err := w.svc.Extend(w.ctx, Extend{authority, w.obligation(w.orgs[0]).ID, day("2019-05-31"), "台风", filer})
	if err != nil || o.Status != StatusSubmitted || o.DueOn != day("2019-05-31") || !o.OverdueAfter.IsZero() {
		t.Fatalf("extended under review: %+v, %v", o, err)
	}
	if returned := w.sendBack(receipt.SubmissionID, "2019-04-10"); returned.OverdueAfter != day("2019-05-31") {
		t.Errorf("returned: overdue after %s", returned.OverdueAfter)
	}
	// The season's own day comes later still, then is taken back: the organisation keeps the later of the two.
	w.importSeason("due_on: 2019-06-30")
	if o := w.obligation(w.orgs[0]); o.DueOn != day("2019-06-30") || o.OverdueAfter != day("2019-06-30") {
		t.Errorf("season later than the extension: %+v", o)
	}
	w.importSeason()
	if o := w.obligation(w.orgs[0]); o.DueOn != day("2019-05-31") || o.ExtendedTo != day("2019-05-31") || o.ExtensionReason != "台风" {
		t.Errorf("season back: %+v", o)
	}
}

func TestExemptRefusals(t *testing.T) {
	w := newWorld(t, "2019-01-14", 4)
	w.importSeason()
	exempt := func(i int, authority, reason string) error {
		_, err := w.svc.Exempt(w.ctx, Exempt{authority, w.obligation(w.orgs[i]).ID, reason, filer})
		return err
	}
	wantCode(t, exempt(0, authority, "  "), 422, "reason_missing")
	wantCode(t, exempt(0, "440104", "已停止活动"), 404, "not_found")
	receipt := w.mustSubmit(w.orgs[1], "k")
	wantCode(t, exempt(1, authority, "已停止活动"), 409, CodeAlreadySubmitted)
	if _, err := w.conclude(receipt.SubmissionID, StatusPassed); err != nil {
		t.Fatal(err)
	}
	wantCode(t, exempt(1, authority, "已停止活动"), 409, CodeAlreadyConcluded)

	if err := exempt(0, authority, " 已停止活动 "); err != nil {
		t.Fatal(err)
	}
	o := w.obligation(w.orgs[0])
	if o.Status != StatusExempt || o.ExemptReason != "已停止活动" || o.ExemptByRule || !o.OverdueAfter.IsZero() {
		t.Errorf("exempt: %+v", o)
	}
	wantCode(t, exempt(0, authority, "再一次"), 409, CodeAlreadyConcluded)
	_, err := w.submit(w.orgs[0], "k")
	wantCode(t, err, 409, CodeAlreadyConcluded)
	if !strings.Contains(err.Error(), "已豁免，无需报送") {
		t.Errorf("an exempt organisation is told: %v", err)
	}
	_, err = w.svc.Extend(w.ctx, Extend{authority, o.ID, day("2019-04-30"), "火灾", filer})
	wantCode(t, err, 409, CodeAlreadyConcluded)
	if n := w.events()[event.ObligationExemptedKind]; n != 1 {
		t.Errorf("%d events of exemption", n)
	}
}

// TestExemptAndSubmitAtOnce: the authority frees an organisation in the moment in which it files; one of them is told.
func TestExemptAndSubmitAtOnce(t *testing.T) {
	w := newWorld(t, "2019-01-14", 6)
	w.importSeason()
	for _, org := range w.orgs {
		body, o := w.body(org, 2018, 1), w.obligation(org)
		var submitted, exempted error
		var wait sync.WaitGroup
		wait.Go(func() {
			_, submitted = w.svc.Submit(w.ctx, Submit{OrganisationID: org.ID, Year: 2018, Body: body, IdempotencyKey: "k", Actor: filer})
		})
		wait.Go(func() { _, exempted = w.svc.Exempt(w.ctx, Exempt{authority, o.ID, "已停止活动", filer}) })
		wait.Wait()
		now := w.obligation(org)
		switch {
		case submitted == nil && exempted != nil:
			wantCode(t, exempted, 409, CodeAlreadySubmitted)
			if now.Status != StatusSubmitted {
				t.Errorf("submitted, but %s", now.Status)
			}
		case exempted == nil && submitted != nil:
			wantCode(t, submitted, 409, CodeAlreadyConcluded)
			if now.Status != StatusExempt || w.count(`SELECT count(*) FROM idempotency WHERE organisation_id = $1`, org.ID) != 0 {
				t.Errorf("exempt, but %s", now.Status)
			}
		default:
			t.Errorf("both or neither: submit %v, exempt %v", submitted, exempted)
		}
	}
}

// TestExtensionAndSubmitAtOnce: neither may undo the other, whichever comes first.
func TestExtensionAndSubmitAtOnce(t *testing.T) {
	w := newWorld(t, "2019-01-14", 6)
	w.importSeason()
	for _, org := range w.orgs {
		body, o := w.body(org, 2018, 1), w.obligation(org)
		var wait sync.WaitGroup
		var errs [2]error
		wait.Go(func() {
			_, errs[0] = w.svc.Submit(w.ctx, Submit{OrganisationID: org.ID, Year: 2018, Body: body, IdempotencyKey: "k", Actor: filer})
		})
		wait.Go(func() {
			_, errs[1] = w.svc.Extend(w.ctx, Extend{authority, o.ID, day("2019-05-31"), "台风", filer})
		})
		wait.Wait()
		if err := errors.Join(errs[:]...); err != nil {
			t.Error(err)
		}
		if now := w.obligation(org); now.Status != StatusSubmitted || now.DueOn != day("2019-05-31") || !now.OverdueAfter.IsZero() || now.Version != o.Version+2 {
			t.Errorf("both took place, but: %+v", now)
		}
	}
}
