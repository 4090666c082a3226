package filing

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/uuid"

	"nianbao/internal/event"
	"nianbao/internal/workday"
)

// life is the model of one obligation: what it should be after the acts so far.
type life struct {
	status    Status
	due       workday.Date
	refile    workday.Date
	sent      []SubmissionStatus // of every submission, the oldest first
	ids       []uuid.UUID
	draft     []byte // what the filer would see
	refusedAs string // code of the refusal that the last act should have met, "" for none
}

// counting is the submission that counts: the latest that was not withdrawn.
func (l *life) counting() int {
	for i := len(l.sent) - 1; i >= 0; i-- {
		if l.sent[i] != SubmissionWithdrawn {
			return i
		}
	}
	return -1
}

func (l *life) move(to Status, submission SubmissionStatus) {
	l.sent[l.counting()] = submission
	l.status = to
}

// TestLivesOfReports plays random acts on a few obligations against the model: every act either does what the model
// says or is refused with the model's code, and nothing else about the obligation ever moves.
func TestLivesOfReports(t *testing.T) {
	w := newWorld(t, "2019-03-20", 3)
	w.importSeason()
	dice := rand.New(rand.NewPCG(41, 43))
	lives := make([]*life, len(w.orgs))
	bodies := make([][2][]byte, len(w.orgs))
	for i, org := range w.orgs {
		lives[i] = &life{status: StatusOpen, due: day("2019-03-31"), draft: []byte(emptyBody)}
		bodies[i] = [2][]byte{w.body(org, 2018, 1), w.body(org, 2018, 2)}
	}
	taken, decided := 0, 0
	for step := range 100 {
		i := dice.IntN(len(w.orgs))
		l, body := lives[i], bodies[i][dice.IntN(2)]
		act := []string{"submit", "submit", "withdraw", "return", "return", "pass", "unqualify", "reopen", "save", "exempt"}[dice.IntN(10)]
		if act == "exempt" && dice.IntN(12) > 0 || act == "pass" && dice.IntN(8) > 0 {
			continue // both end a life: they would leave nothing to play
		}
		if l.refusal(act) != "" && dice.IntN(4) > 0 {
			continue // most acts are those of the status
		}
		err := w.play(i, l, act, body, step)
		if l.refusedAs == "" && err != nil || l.refusedAs != "" && errorCode(err) != l.refusedAs {
			t.Fatalf("step %d: %s of %s: %v, want %q", step, act, l.status, err, l.refusedAs)
		}
		if l.refusedAs == "" {
			switch act {
			case "submit":
				taken++
			case "return", "pass", "unqualify":
				decided++
			}
		}
		w.sameLife(i, l, fmt.Sprintf("step %d, %s", step, act))
	}
	if taken < 7 || decided < 5 {
		t.Errorf("too dull: %d reports taken, %d decided", taken, decided)
	}
	e := w.events()
	if e[event.SubmissionReceivedKind] != taken || e[event.ReviewDecidedKind] != decided {
		t.Errorf("%d taken, %d decided, events %v", taken, decided, e)
	}
}

// play performs the act and moves the model.
func (w *world) play(i int, l *life, act string, body []byte, step int) error {
	org := w.orgs[i]
	l.refusedAs = l.refusal(act)
	latest := uuid.New()
	if at := l.counting(); at >= 0 {
		latest = l.ids[at]
	} else if act == "return" || act == "pass" || act == "unqualify" || act == "reopen" {
		l.refusedAs = "not_found"
	}
	decision := Decision{SubmissionID: latest, Event: event.Event{Kind: event.ReviewDecidedKind, Data: event.ReviewDecided{Outcome: act}}}
	var err error
	switch act {
	case "submit":
		var receipt Receipt
		receipt, err = w.svc.Submit(w.ctx, Submit{OrganisationID: org.ID, Year: 2018, Body: body, IdempotencyKey: fmt.Sprint("step", step), Actor: filer})
		if err == nil {
			l.status, l.sent, l.ids = StatusSubmitted, append(l.sent, SubmissionSubmitted), append(l.ids, receipt.SubmissionID)
		}
	case "save":
		if _, err = w.svc.SaveDraft(w.ctx, SaveDraft{OrganisationID: org.ID, Year: 2018, Body: body, Actor: filer}); err == nil {
			l.draft = body
		}
	case "withdraw":
		if _, err = w.svc.Withdraw(w.ctx, Withdraw{OrganisationID: org.ID, Year: 2018, Actor: filer}); err == nil {
			l.draft = w.stored(latest)
			l.move(StatusOpen, SubmissionWithdrawn)
			if l.counting() >= 0 {
				l.status = StatusReturned
			}
		}
	case "return":
		decision.Resubmit.Date = day("2019-04-10").AddDays(step % 7)
		if _, err = w.decide(ReturnSubmission, decision); err == nil {
			l.refile, l.draft = decision.Resubmit.Date, w.stored(latest)
			l.move(StatusReturned, SubmissionReturned)
		}
	case "pass", "unqualify":
		decision.Status = map[string]Status{"pass": StatusPassed, "unqualify": StatusUnqualified}[act]
		if _, err = w.decide(ConcludeSubmission, decision); err == nil {
			l.move(decision.Status, SubmissionStatus(decision.Status))
		}
	case "reopen":
		decision.Event = event.Event{Kind: event.ReviewReopenedKind, Data: event.ReviewReopened{Reason: "复核"}}
		if _, err = w.decide(ReopenUnqualified, decision); err == nil {
			l.move(StatusSubmitted, SubmissionSubmitted)
		}
	case "exempt":
		if _, err = w.svc.Exempt(w.ctx, Exempt{authority, w.obligation(org).ID, "已停止活动", filer}); err == nil {
			l.status = StatusExempt
		}
	}
	return err
}

// refusal is the code with which the contract refuses the act in this status, "" where it is allowed.
func (l *life) refusal(act string) string {
	owed, submitted := l.status == StatusOpen || l.status == StatusReturned, l.status == StatusSubmitted
	switch act {
	case "submit", "save", "exempt":
		switch {
		case owed:
			return ""
		case submitted:
			return CodeAlreadySubmitted
		}
		return CodeAlreadyConcluded
	case "withdraw":
		switch {
		case submitted:
			return ""
		case l.status == StatusPassed || l.status == StatusUnqualified:
			return CodeAlreadyConcluded
		}
		return CodeNotSubmitted
	case "reopen":
		if l.status == StatusUnqualified {
			return ""
		}
		return CodeNotUnqualified
	}
	if submitted {
		return ""
	}
	return CodeNotSubmitted
}

func (w *world) stored(id uuid.UUID) []byte {
	w.t.Helper()
	body, err := SubmissionBody(w.ctx, w.db, id)
	if err != nil {
		w.t.Fatal(err)
	}
	return body
}

// sameLife compares what is stored with the model.
func (w *world) sameLife(i int, l *life, when string) {
	w.t.Helper()
	report, err := ReportOf(w.ctx, w.db, w.orgs[i].ID, 2018)
	if err != nil {
		w.t.Fatalf("%s: %v", when, err)
	}
	o := report.Obligation
	var after workday.Date
	switch {
	case l.status == StatusOpen, l.status == StatusReturned && l.refile.Before(l.due):
		after = l.due
	case l.status == StatusReturned:
		after = l.refile
	}
	if o.Status != l.status || o.OverdueAfter != after || o.Submissions != len(l.sent) || len(report.Submissions) != len(l.sent) {
		w.t.Fatalf("%s: %+v, want %s, overdue after %s, %d submissions", when, o, l.status, after, len(l.sent))
	}
	for n, s := range report.Submissions {
		if s.Status != l.sent[n] || s.Ordinal != n+1 || s.ID != l.ids[n] {
			w.t.Fatalf("%s: submission %d is %s (%s), want %s", when, n+1, s.Status, s.ID, l.sent[n])
		}
	}
	if at := l.counting(); o.SubmissionID.Valid != (at >= 0) || at >= 0 && o.SubmissionID.UUID != l.ids[at] {
		w.t.Fatalf("%s: submission %v counts", when, o.SubmissionID)
	}
	draft, err := w.svc.Draft(w.ctx, w.orgs[i].ID, 2018)
	if err != nil || !bytes.Equal(draft.Body, l.draft) {
		w.t.Fatalf("%s: the draft is not what the filer last wrote or sent (version %d, %v)", when, draft.Version, err)
	}
	_, err = AcceptedReport(w.ctx, w.db, w.orgs[i].ID, 2018)
	if accepted := err == nil; accepted != (l.status == StatusPassed) || err != nil && !errors.Is(err, ErrNotFound) {
		w.t.Fatalf("%s: accepted %v, status %s, %v", when, accepted, l.status, err)
	}
}
