package review

import (
	"testing"

	"github.com/google/uuid"

	"nianbao/filing"
)

// acts are all that people do to a review, each by its own name.
var acts = map[string]func(w *world, id uuid.UUID, by Actor) error{
	"claim": func(w *world, id uuid.UUID, by Actor) error {
		_, err := w.svc.Claim(w.ctx, id, by)
		return err
	},
	"release": func(w *world, id uuid.UUID, by Actor) error {
		_, err := w.svc.Release(w.ctx, id, by)
		return err
	},
	"remark": func(w *world, id uuid.UUID, by Actor) error {
		return w.svc.AddRemark(w.ctx, Remarking{SubmissionID: id, Remark: Remark{Text: "请补充。"}, Actor: by})
	},
	"unremark": func(w *world, id uuid.UUID, by Actor) error {
		return w.svc.RemoveRemark(w.ctx, Remarking{SubmissionID: id, Remark: Remark{Text: "请补充。"}, Actor: by})
	},
	"pass": func(w *world, id uuid.UUID, by Actor) error {
		_, err := w.decide(id, Pass, by)
		return err
	},
	"return": func(w *world, id uuid.UUID, by Actor) error {
		_, err := w.decide(id, Return, by)
		return err
	},
	"unqualified": func(w *world, id uuid.UUID, by Actor) error {
		_, err := w.decide(id, Unqualified, by)
		return err
	},
	"confirm": func(w *world, id uuid.UUID, by Actor) error {
		_, err := w.approve(id, Confirm, by)
		return err
	},
	"send_back": func(w *world, id uuid.UUID, by Actor) error {
		_, err := w.approve(id, SendBack, by)
		return err
	},
	"reopen": func(w *world, id uuid.UUID, by Actor) error {
		_, err := w.svc.Reopen(w.ctx, Reopening{SubmissionID: id, Reason: "当事人提交了新证据。", Actor: by})
		return err
	},
}

// decisions stand for one another in the table below.
var decisions = []string{"pass", "return", "unqualified"}

// reach brings a new submission into a state; the claim, where there is one, is the first reviewer's.
var reach = map[string]func(t *testing.T, w *world, id uuid.UUID){
	"pending": func(*testing.T, *world, uuid.UUID) {},
	"claimed": func(t *testing.T, w *world, id uuid.UUID) { must(t, acts["claim"](w, id, first)) },
	"proposed": func(t *testing.T, w *world, id uuid.UUID) {
		w.fourEyes(true)
		must(t, acts["pass"](w, id, first))
		w.fourEyes(false)
	},
	"sent back": func(t *testing.T, w *world, id uuid.UUID) {
		w.fourEyes(true)
		must(t, acts["pass"](w, id, first))
		must(t, acts["send_back"](w, id, approver))
		w.fourEyes(false)
	},
	"passed":      func(t *testing.T, w *world, id uuid.UUID) { must(t, acts["pass"](w, id, first)) },
	"returned":    func(t *testing.T, w *world, id uuid.UUID) { must(t, acts["return"](w, id, first)) },
	"unqualified": func(t *testing.T, w *world, id uuid.UUID) { must(t, acts["unqualified"](w, id, first)) },
	"reopened": func(t *testing.T, w *world, id uuid.UUID) {
		must(t, acts["unqualified"](w, id, first))
		must(t, acts["reopen"](w, id, first))
	},
	"withdrawn": func(t *testing.T, w *world, id uuid.UUID) {
		must(t, w.withdraw(w.orgs[0]))
	},
}

func (w *world) fourEyes(on bool) {
	w.t.Helper()
	w.exec(`UPDATE season SET spec = jsonb_set(spec, '{four_eyes}', to_jsonb($1::boolean))`, on)
}

// wants says what each act answers in each state when the first reviewer, a second one, or an approver does it; ""
// means done.
var wants = map[string]map[string][3]string{
	"pending": {"claim": {}, "release": {"not_claimed", "not_claimed", "not_claimed"}, "remark": {}, "unremark": {}, "decide": {},
		"confirm": all("not_proposed"), "send_back": all("not_proposed"), "reopen": all("not_unqualified")},
	"claimed": {"claim": others("claimed_by_other"), "release": others("claimed_by_other"), "remark": others("claimed_by_other"),
		"unremark": others("claimed_by_other"), "decide": others("claimed_by_other"),
		"confirm": all("not_proposed"), "send_back": all("not_proposed"), "reopen": all("not_unqualified")},
	"proposed": {"claim": all("awaiting_approval"), "release": all("awaiting_approval"), "remark": all("awaiting_approval"),
		"unremark": all("awaiting_approval"), "decide": all("awaiting_approval"),
		"confirm": {"own_proposal", "", ""}, "send_back": {"own_proposal", "", ""}, "reopen": all("not_unqualified")},
	"sent back": {"claim": others("claimed_by_other"), "release": others("claimed_by_other"), "remark": others("claimed_by_other"),
		"unremark": others("claimed_by_other"), "decide": others("claimed_by_other"),
		"confirm": all("not_proposed"), "send_back": all("not_proposed"), "reopen": all("not_unqualified")},
	"passed":      decidedWants(all("not_unqualified")),
	"returned":    decidedWants(all("not_unqualified")),
	"unqualified": decidedWants([3]string{}),
	"reopened": {"claim": {}, "release": all("not_claimed"), "remark": {}, "unremark": {}, "decide": {},
		"confirm": all("not_proposed"), "send_back": all("not_proposed"), "reopen": all("not_unqualified")},
	"withdrawn": {"claim": all("withdrawn"), "release": all("withdrawn"), "remark": all("withdrawn"), "unremark": all("withdrawn"),
		"decide": all("withdrawn"), "confirm": all("not_proposed"), "send_back": all("not_proposed"), "reopen": all("not_unqualified")},
}

func all(code string) [3]string    { return [3]string{code, code, code} }
func others(code string) [3]string { return [3]string{"", code, code} }

func decidedWants(reopen [3]string) map[string][3]string {
	gone := all("already_decided")
	return map[string][3]string{"claim": gone, "release": gone, "remark": gone, "unremark": gone, "decide": gone,
		"confirm": gone, "send_back": gone, "reopen": reopen}
}

// TestEveryActInEveryState tries each act by each person on a fresh report in each state: what is refused changes
// nothing, what is done leaves an event.
func TestEveryActInEveryState(t *testing.T) {
	w := newWorld(t, "2019-03-01", 1)
	for state, answers := range wants {
		for act := range acts {
			want, ok := answers[act]
			for _, d := range decisions {
				if act == d {
					want, ok = answers["decide"]
				}
			}
			if !ok {
				t.Fatalf("the table says nothing of %s when %s", act, state)
			}
			for i, by := range []Actor{first, second, approver} {
				t.Run(state+"/"+act+"/"+by.Name, func(t *testing.T) { w.try(t, state, act, by, want[i]) })
			}
			for _, by := range []Actor{stranger, nobody} {
				t.Run(state+"/"+act+"/"+by.Name, func(t *testing.T) { w.try(t, state, act, by, "not_found") })
			}
		}
	}
}

func (w *world) try(t *testing.T, state, act string, by Actor, want string) {
	t.Helper()
	w.forget()
	id := w.submit(w.orgs[0])
	reach[state](t, w, id)
	before, events := w.review(id), w.count(`SELECT count(*) FROM event`)
	err := acts[act](w, id, by)
	wantCode(t, err, want)
	after := w.review(id)
	if err != nil {
		if after != before || w.count(`SELECT count(*) FROM event`) != events {
			t.Errorf("a refused act changed the review from %+v to %+v", before, after)
		}
		return
	}
	changes := after.Version - before.Version
	if got := w.count(`SELECT count(*) FROM event`) - events; got < changes && act != "remark" && act != "unremark" {
		t.Errorf("%d changes with %d events", changes, got)
	}
	wantOutcome(t, w, act, after)
}

// wantOutcome holds review and obligation together after an act that was done.
func wantOutcome(t *testing.T, w *world, act string, r Review) {
	t.Helper()
	type standing struct {
		state  State
		status filing.Status
	}
	want := map[string]standing{
		"pass": {Decided, filing.StatusPassed}, "return": {Decided, filing.StatusReturned},
		"unqualified": {Decided, filing.StatusUnqualified}, "confirm": {Decided, filing.StatusPassed},
	}
	expected, ok := want[act]
	if !ok {
		expected = standing{Pending, filing.StatusSubmitted}
	}
	if got := (standing{r.State, w.obligation(w.orgs[0]).Status}); got != expected {
		t.Errorf("after %s: %+v, want %+v", act, got, expected)
	}
}

// forget makes the organisation's obligation open again, as if nothing had been filed, so that the table needs one
// database only.
func (w *world) forget() {
	w.t.Helper()
	w.exec(`UPDATE obligation SET status = 'open', overdue_after = due_on, submission_id = NULL, resubmit_by = NULL`)
	w.exec(`UPDATE submission_standing SET status = 'withdrawn'`)
	w.exec(`UPDATE review SET state = 'withdrawn' WHERE state IN ('pending', 'proposed')`)
	w.exec(`UPDATE conclusion SET superseded_by = id WHERE superseded_by IS NULL`)
}

func TestWordsHaveLabels(t *testing.T) {
	for _, s := range []State{Pending, Proposed, Decided, Withdrawn} {
		if !s.Valid() || s.Label() == "" {
			t.Errorf("state %q has no label", s)
		}
	}
	if State("open").Valid() || State("").Valid() {
		t.Error("an unknown state is valid")
	}
	for _, regime := range []filing.Regime{filing.RegimeReport, filing.RegimeInspection} {
		concluded := map[filing.Status]bool{}
		for _, o := range Outcomes(regime) {
			if o.Label() == "" {
				t.Errorf("outcome %q has no label", o)
			}
			if o != Return {
				concluded[statuses[o]] = true
			}
		}
		for _, status := range regime.Conclusions() {
			if !concluded[status] {
				t.Errorf("%s: no outcome leads to %s", regime, status)
			}
		}
	}
}
