package review

import (
	"sync"
	"testing"

	"github.com/google/uuid"

	"nianbao/filing"
	"nianbao/filing/form"
	"nianbao/internal/document"
	"nianbao/internal/event"
	"nianbao/internal/registry"
)

// correct files a correction of the organisation's accepted report.
func (w *world) correct(org registry.Organisation, key string) uuid.UUID {
	w.t.Helper()
	body := w.body(org, 2018, func(v form.Values) { v["contact_phone"] = "0200000" + key })
	receipt, err := w.filing.Correct(w.ctx, filing.Correct{OrganisationID: org.ID, Year: 2018, Reason: "电话填错", Body: body,
		IdempotencyKey: "correction" + key, Actor: event.Actor{Kind: event.ActorPerson, ID: "p1", Name: "张三"}})
	must(w.t, err)
	return receipt.SubmissionID
}

// TestOutcomesOfACorrection goes through what can be decided on a correction, under both regimes and both policies: the
// report and its conclusion stand unless it is accepted.
func TestOutcomesOfACorrection(t *testing.T) {
	for _, tt := range []struct {
		name, season  string
		first, second Outcome
		status        filing.Status
		issued, fresh bool // a conclusion was issued for the report; a new one supersedes it
	}{
		{"passes", "", Pass, Pass, filing.StatusPassed, true, true},
		{"returned", "", Pass, Return, filing.StatusPassed, true, false},
		{"unqualified", "", Pass, Unqualified, filing.StatusPassed, true, false},
		{"passes where nothing is issued", "conclusion: {issue_for: [], stamp: false}", Pass, Pass, filing.StatusPassed, false, false},
		{"qualified again", "regime: annual_inspection", Qualified, Qualified, filing.StatusQualified, true, true},
		{"basically qualified now", "regime: annual_inspection", Qualified, BasicallyQualified, filing.StatusBasicallyQualified, true, true},
		{"qualified now", "regime: annual_inspection", BasicallyQualified, Qualified, filing.StatusQualified, true, true},
		{"unqualified under inspection", "regime: annual_inspection", BasicallyQualified, Unqualified, filing.StatusBasicallyQualified, true, false},
		{"superseded whatever the policy", "regime: annual_inspection\nconclusion: {issue_for: [qualified], stamp: true}",
			Qualified, BasicallyQualified, filing.StatusBasicallyQualified, true, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, "2019-03-01", 1, tt.season)
			org := w.orgs[0]
			report := w.submit(org)
			w.mustDecide(report, tt.first, first)
			before := w.obligation(org)
			old, err := ConclusionOf(w.ctx, w.db, before.ID)
			if (err == nil) != tt.issued {
				t.Fatalf("conclusion of the report: %v", err)
			}
			w.at("2019-05-06")
			correction := w.correct(org, "1")
			if still, err := ConclusionOf(w.ctx, w.db, before.ID); tt.issued && (err != nil || still.ID != old.ID) {
				t.Errorf("under review %+v is in force, %v", still, err)
			}
			kase := w.caseOf(correction)
			if kase.Correction == nil || kase.Correction.Reason != "电话填错" || len(kase.Differences) != 1 || kase.Kind != filing.KindCorrection {
				t.Errorf("case: %+v, %d differences", kase.Correction, len(kase.Differences))
			}
			d := Decision{SubmissionID: correction, Outcome: tt.second, Opinion: "请核对。", Actor: second}
			if preview, err := w.svc.Preview(w.ctx, d); err != nil || (len(preview.Document.Blocks) > 0) != (tt.fresh || tt.second == Return) || !preview.ResubmitBy.Date.IsZero() {
				t.Errorf("preview %+v, %v", preview.ResubmitBy, err)
			}
			result, err := w.svc.Decide(w.ctx, d)
			must(t, err)
			after := w.obligation(org)
			if result.Status != tt.status || after.Status != tt.status || after.CorrectionID.Valid || !after.ResubmitBy.IsZero() || !after.OverdueAfter.IsZero() {
				t.Errorf("result %+v, obligation %+v", result, after)
			}
			adopted := statuses[tt.second].Accepted()
			if got := after.SubmissionID.UUID; adopted != (got == correction) || !adopted && got != report {
				t.Errorf("%s counts", got)
			}
			now, err := ConclusionOf(w.ctx, w.db, before.ID)
			if (err == nil) != tt.issued || tt.issued && (now.ID != old.ID) != tt.fresh {
				t.Errorf("conclusion in force %+v, %v", now, err)
			}
			if tt.fresh {
				facts := factsOf[document.ConclusionFacts](t, w, now.ID)
				order, err := document.OrderByID(w.ctx, w.db, now.ID)
				if err != nil || !facts.Correction || facts.Replaces != old.Number || order.SupersedesID != event.Ref(old.ID) {
					t.Errorf("facts %+v, %v", facts, err)
				}
			}
			told := w.count(`SELECT count(*) FROM event WHERE kind = 'correction.adopted' AND public`)
			if (told == 1) != adopted {
				t.Errorf("%d adoptions told", told)
			}
			if n := w.count(`SELECT count(*) FROM event WHERE kind = 'review.decided' AND public`); n != 1+told {
				t.Errorf("the public hears of %d decisions", n)
			}
		})
	}
}

func TestReturnOfACorrectionNamesNoDay(t *testing.T) {
	w := newWorld(t, "2019-03-01", 1)
	w.mustDecide(w.submit(w.orgs[0]), Pass, first)
	correction := w.correct(w.orgs[0], "1")
	_, err := w.svc.Decide(w.ctx, Decision{SubmissionID: correction, Outcome: Return, Opinion: "请附说明。", Actor: first})
	must(t, err)
	var order uuid.UUID
	must(t, w.db.GetContext(w.ctx, &order, `SELECT id FROM document_order WHERE kind = 'return_notice' AND subject_id = $1`, correction))
	if facts := factsOf[document.ReturnFacts](t, w, order); !facts.Correction || !facts.ResubmitBy.IsZero() {
		t.Errorf("facts %+v", facts)
	}
	if n := w.count(`SELECT count(*) FROM event WHERE kind = 'review.decided' AND data->>'kind' = 'correction' AND data->>'resubmit_by' IS NOT NULL`); n != 0 {
		t.Error("the event names a day to refile by")
	}
	// Corrected again, it is compared with what is accepted, not with what was sent back.
	again := w.caseOf(w.correct(w.orgs[0], "2"))
	if len(again.Differences) != 1 || len(again.Rounds) != 2 || again.Correction.CorrectsID != w.obligation(w.orgs[0]).SubmissionID.UUID {
		t.Errorf("%+v, %d rounds", again.Differences, len(again.Rounds))
	}
}

func TestCorrectionIsNeverReopened(t *testing.T) {
	w := newWorld(t, "2019-03-01", 1)
	w.mustDecide(w.submit(w.orgs[0]), Pass, first)
	correction := w.correct(w.orgs[0], "1")
	w.mustDecide(correction, Unqualified, first)
	_, err := w.svc.Reopen(w.ctx, Reopening{SubmissionID: correction, Reason: "再看", Actor: first})
	wantCode(t, err, "correction_final")
	w.correct(w.orgs[0], "2")
}

func TestCorrectionUnderFourEyes(t *testing.T) {
	w := newWorld(t, "2019-03-01", 1, "four_eyes: true")
	report := w.submit(w.orgs[0])
	w.mustDecide(report, Pass, first)
	_, err := w.approve(report, Confirm, approver)
	must(t, err)
	correction := w.correct(w.orgs[0], "1")
	if result := w.mustDecide(correction, Pass, first); result.Status != filing.StatusPassed || result.State != Proposed {
		t.Errorf("proposed: %+v", result)
	}
	if result, err := w.svc.Approve(w.ctx, Approval{SubmissionID: correction, Verdict: SendBack, Reason: "再核", Actor: approver}); err != nil || result.Status != filing.StatusPassed {
		t.Errorf("sent back: %+v, %v", result, err)
	}
	wantCode(t, w.withdraw(w.orgs[0]), "review_begun")
	w.mustDecide(correction, Pass, first)
	if result, err := w.approve(correction, Confirm, approver); err != nil || result.Status != filing.StatusPassed || result.State != Decided {
		t.Errorf("confirmed: %+v, %v", result, err)
	}
	if w.obligation(w.orgs[0]).SubmissionID.UUID != correction {
		t.Error("the correction was not adopted")
	}
}

// TestManyAtOnceOnACorrection: of two deciders and the filer who takes it back one wins, and exactly one conclusion is in
// force behind them.
func TestManyAtOnceOnACorrection(t *testing.T) {
	w := newWorld(t, "2019-03-01", 4)
	for _, org := range w.orgs {
		w.mustDecide(w.submit(org), Pass, first)
		correction := w.correct(org, "1")
		var errs [3]error
		var wait sync.WaitGroup
		wait.Go(func() { _, errs[0] = w.decide(correction, Pass, first) })
		wait.Go(func() { _, errs[1] = w.decide(correction, Unqualified, second) })
		wait.Go(func() { errs[2] = w.withdraw(org) })
		wait.Wait()
		won := 0
		for _, err := range errs {
			if err == nil {
				won++
			}
		}
		if won != 1 {
			t.Errorf("%d won: %v", won, errs)
		}
		o := w.obligation(org)
		if n := w.count(`SELECT count(*) FROM conclusion WHERE obligation_id = $1 AND superseded_by IS NULL`, o.ID); n != 1 {
			t.Errorf("%d conclusions in force", n)
		}
		if (o.SubmissionID.UUID == correction) != (errs[0] == nil) || o.CorrectionID.Valid {
			t.Errorf("passed %v: %+v", errs[0] == nil, o)
		}
	}
}
