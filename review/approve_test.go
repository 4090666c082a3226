package review

import (
	"encoding/json"
	"testing"

	"github.com/google/uuid"

	"nianbao/filing"
	"nianbao/internal/event"
)

// TestFourEyes: a proposal is not a decision; it is sent back, decided again and confirmed by somebody else.
func TestFourEyes(t *testing.T) {
	w := newWorld(t, "2019-03-01", 1, "four_eyes: true")
	org := w.orgs[0]
	id := w.submit(org)
	_, err := w.svc.Decide(w.ctx, Decision{SubmissionID: id, Outcome: Unqualified, Opinion: "主要数据缺失。", Actor: first,
		Remarks: []Remark{{"bs_cash.opening", "请说明", ""}}})
	must(t, err)
	w.wantProposal(t, id)

	_, err = w.approve(id, Confirm, first)
	wantCode(t, err, "own_proposal")
	result, err := w.approve(id, SendBack, approver)
	must(t, err)
	if want := (Result{filing.StatusSubmitted, Pending}); result != want {
		t.Errorf("sent back: %+v, want %+v", result, want)
	}
	c := w.caseOf(id)
	if c.ClaimedBy.String != first.ID || c.Outcome != Unqualified || c.Opinion != "主要数据缺失。" || len(c.Remarks) != 1 {
		t.Errorf("the proposer finds claim %q, outcome %q and %d remarks", c.ClaimedBy.String, c.Outcome, len(c.Remarks))
	}
	if reason := w.lastReason(t, c); reason != "请补充依据。" {
		t.Errorf("the history tells the reason %q", reason)
	}

	result, err = w.svc.Decide(w.ctx, Decision{SubmissionID: id, Outcome: Pass, Actor: first})
	must(t, err)
	if result.State != Proposed {
		t.Errorf("decided again: %+v", result)
	}
	if _, err = w.approve(id, Confirm, approver); err != nil {
		t.Fatal(err)
	}
	r := w.review(id)
	if r.State != Decided || r.Outcome != Pass || r.DecidedName != approver.Name || r.ProposedName != first.Name || r.Opinion != "" {
		t.Errorf("confirmed: %+v", r)
	}
	wantKinds(t, w, "review.claimed", "review.proposed", "review.sent_back", "review.proposed", "review.decided", "conclusion.numbered")
}

// wantProposal wants the filer to see nothing of a proposal, and nothing to be issued for it.
func (w *world) wantProposal(t *testing.T, id uuid.UUID) {
	t.Helper()
	if r, o := w.review(id), w.obligation(w.orgs[0]); r.State != Proposed || o.Status != filing.StatusSubmitted {
		t.Errorf("the review is %s and the obligation %s", r.State, o.Status)
	}
	_, err := OpinionOn(w.ctx, w.db, id)
	wantCode(t, err, "not_found")
	if n := w.count(`SELECT count(*) FROM document_order`); n != 0 {
		t.Errorf("%d documents ordered", n)
	}
}

// lastReason reads why the approver did not confirm.
func (w *world) lastReason(t *testing.T, c Case) string {
	t.Helper()
	for i := len(c.History) - 1; i >= 0; i-- {
		if c.History[i].Kind == event.ReviewSentBackKind {
			data, err := event.Read[event.ReviewSentBack](c.History[i])
			must(t, err)
			return data.Reason
		}
	}
	return ""
}

// TestConfirmWithRemarks: what was proposed with remarks is what the filer is told.
func TestConfirmWithRemarks(t *testing.T) {
	w := newWorld(t, "2019-03-01", 1, "four_eyes: true")
	id := w.submit(w.orgs[0])
	remarks := []Remark{{"bs_cash.opening", "请核对", "依据"}, {"", "总体", ""}}
	_, err := w.svc.Decide(w.ctx, Decision{SubmissionID: id, Outcome: Return, Remarks: remarks, Actor: first})
	must(t, err)
	_, err = w.approve(id, Confirm, approver)
	must(t, err)
	got, err := OpinionOn(w.ctx, w.db, id)
	must(t, err)
	if got.Outcome != Return || len(got.Remarks) != 2 || got.Remarks[0] != remarks[0] {
		t.Errorf("the filer is told %+v", got)
	}
	if n := w.count(`SELECT count(*) FROM document_order WHERE kind = 'return_notice'`); n != 1 {
		t.Errorf("%d notices", n)
	}
}

// TestProposalOfAnotherRegime cannot be confirmed once the season was changed.
func TestProposalOfAnotherRegime(t *testing.T) {
	w := newWorld(t, "2019-03-01", 1, "four_eyes: true")
	id := w.submit(w.orgs[0])
	w.mustDecide(id, Pass, first)
	w.exec(`UPDATE season SET regime = 'annual_inspection'`)
	_, err := w.approve(id, Confirm, approver)
	wantCode(t, err, "outcome_not_allowed")
	_, err = w.approve(id, SendBack, approver)
	must(t, err)
}

// TestReopen: an unqualified report is taken up again with a reason and a window of its own.
func TestReopen(t *testing.T) {
	w := newWorld(t, "2019-03-01", 1)
	org := w.orgs[0]
	id := w.submit(org)
	w.mustDecide(id, Unqualified, first)
	w.exec(`UPDATE review SET warned_days = 1, escalated_at = now()`)
	w.at("2019-03-29")
	r, err := w.svc.Reopen(w.ctx, Reopening{SubmissionID: id, Reason: " 复核发现计算有误。\r\n", Actor: second})
	must(t, err)
	if r.State != Pending || r.ClaimedBy.Valid || r.DecidedAt.Valid || r.DecidedName != "" || r.DueOn != date("2019-04-15") {
		t.Errorf("reopened: %+v", r) // ten working days over Qingming
	}
	if o := w.obligation(org); o.Status != filing.StatusSubmitted || o.SubmissionID.UUID != id {
		t.Errorf("the obligation is %s with %v", o.Status, o.SubmissionID)
	}
	if n := w.count(`SELECT count(*) FROM review WHERE warned_days IS NULL AND escalated_at IS NULL`); n != 1 {
		t.Error("the new window counts as watched")
	}
	var data []byte
	must(t, w.db.GetContext(w.ctx, &data, `SELECT data FROM event WHERE kind = 'review.reopened'`))
	var told event.ReviewReopened
	must(t, json.Unmarshal(data, &told))
	if told.Reason != "复核发现计算有误。" {
		t.Errorf("reason %q", told.Reason)
	}
	_, err = OpinionOn(w.ctx, w.db, id)
	wantCode(t, err, "not_found")

	if result := w.mustDecide(id, Pass, first); result.Status != filing.StatusPassed {
		t.Errorf("decided again: %+v", result)
	}
	if n := w.count(`SELECT count(*) FROM conclusion`); n != 1 {
		t.Errorf("%d conclusions", n)
	}
}

// TestWithdrawal: the filer takes a report back only while nobody has begun on it.
func TestWithdrawal(t *testing.T) {
	w := newWorld(t, "2019-03-01", 1, "four_eyes: true")
	for name, c := range map[string]struct {
		before []string // acts of the first reviewer; "send_back" is the approver's
		code   string
	}{
		"untouched":             {nil, ""},
		"claimed and released":  {[]string{"claim", "release"}, ""},
		"claimed":               {[]string{"claim"}, "review_begun"},
		"remarked":              {[]string{"remark"}, "review_begun"},
		"proposed":              {[]string{"pass"}, "review_begun"},
		"sent back":             {[]string{"pass", "send_back"}, "review_begun"},
		"sent back, released":   {[]string{"pass", "send_back", "release"}, "review_begun"},
		"decided":               {[]string{"pass", "confirm"}, "already_concluded"},
		"reopened":              {[]string{"unqualified", "confirm", "reopen"}, "review_begun"},
		"reopened and released": {[]string{"unqualified", "confirm", "reopen", "claim", "release"}, "review_begun"},
	} {
		t.Run(name, func(t *testing.T) {
			w.forget()
			id := w.submit(w.orgs[0])
			for _, act := range c.before {
				by := first
				if act == "send_back" || act == "confirm" {
					by = approver
				}
				must(t, acts[act](w, id, by))
			}
			status := w.obligation(w.orgs[0]).Status
			wantCode(t, w.withdraw(w.orgs[0]), c.code)
			if c.code != "" {
				if o := w.obligation(w.orgs[0]); o.Status != status {
					t.Errorf("the obligation went from %s to %s", status, o.Status)
				}
				return
			}
			if r, o := w.review(id), w.obligation(w.orgs[0]); r.State != Withdrawn || o.Status != filing.StatusOpen {
				t.Errorf("the review is %s and the obligation %s", r.State, o.Status)
			}
		})
	}
}
