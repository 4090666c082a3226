package review

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/google/uuid"

	"nianbao/filing"
	"nianbao/internal/postgres"
)

// race runs n calls at once and counts their refusals by code; "" is the count of those that were done.
func race(t *testing.T, n int, call func(i int) error) map[string]int {
	t.Helper()
	start := make(chan struct{})
	errs := make([]error, n)
	var wait sync.WaitGroup
	for i := range n {
		wait.Go(func() {
			<-start
			errs[i] = call(i)
		})
	}
	close(start)
	wait.Wait()
	codes := map[string]int{}
	for _, err := range errs {
		codes[codeOf(t, err)]++
	}
	return codes
}

func TestTwoReviewersClaimAtOnce(t *testing.T) {
	w := newWorld(t, "2019-03-01", 1)
	id := w.submit(w.orgs[0])
	codes := race(t, 2, func(i int) error {
		_, err := w.svc.Claim(w.ctx, id, []Actor{first, second}[i])
		return err
	})
	if codes[""] != 1 || codes["claimed_by_other"] != 1 {
		t.Errorf("answers %v, want one done and one claimed_by_other", codes)
	}
	if n := w.count(`SELECT count(*) FROM event WHERE kind = 'review.claimed'`); n != 1 {
		t.Errorf("%d events of a claim", n)
	}
}

// TestManyDecideAtOnce lets twenty reviewers decide differently on one review.
func TestManyDecideAtOnce(t *testing.T) {
	w := newWorld(t, "2019-03-01", 1)
	id := w.submit(w.orgs[0])
	outcomes := Outcomes(filing.RegimeReport)
	codes := race(t, 20, func(i int) error {
		by := person(fmt.Sprintf("p-%d", i), fmt.Sprintf("审查员%d", i), authority)
		_, err := w.decide(id, outcomes[i%len(outcomes)], by)
		return err
	})
	if codes[""] != 1 || codes["already_decided"] != 19 {
		t.Fatalf("answers %v, want one done and nineteen already_decided", codes)
	}
	r := w.review(id)
	if want := statuses[r.Outcome]; r.Outcome != Return && w.obligation(w.orgs[0]).Status != want {
		t.Errorf("the obligation is %s after %s", w.obligation(w.orgs[0]).Status, r.Outcome)
	}
	if n := w.count(`SELECT count(*) FROM event WHERE kind = 'review.decided'`); n != 1 {
		t.Errorf("%d events of a decision", n)
	}
	if documents := w.count(`SELECT count(*) FROM document_order`); documents > 1 || r.Outcome == Unqualified && documents != 0 {
		t.Errorf("%d documents ordered for %s", documents, r.Outcome)
	}
}

// TestWithdrawalAgainstDecision lets the filer take the report back while a reviewer decides.
func TestWithdrawalAgainstDecision(t *testing.T) {
	w := newWorld(t, "2019-03-01", 6)
	for _, org := range w.orgs {
		id := w.submit(org)
		codes := race(t, 2, func(i int) error {
			if i == 0 {
				return w.withdraw(org)
			}
			_, err := w.decide(id, Pass, first)
			return err
		})
		o, r := w.obligation(org), w.review(id)
		won := r.State == Decided && o.Status == filing.StatusPassed || r.State == Withdrawn && o.Status == filing.StatusOpen
		if codes[""] != 1 || !won {
			t.Errorf("answers %v leave the review %s and the obligation %s", codes, r.State, o.Status)
		}
	}
}

func TestTwoApproversAtOnce(t *testing.T) {
	w := newWorld(t, "2019-03-01", 1, "four_eyes: true")
	id := w.submit(w.orgs[0])
	w.mustDecide(id, Pass, first)
	codes := race(t, 2, func(i int) error {
		_, err := w.approve(id, []Verdict{Confirm, SendBack}[i], []Actor{approver, second}[i])
		return err
	})
	if codes[""] != 1 || codes["already_decided"]+codes["not_proposed"] != 1 {
		t.Errorf("answers %v, want one done", codes)
	}
}

// TestConclusionNumbersAreGapless decides from several sides at once while every third decision fails at its very end.
func TestConclusionNumbersAreGapless(t *testing.T) {
	w := newWorld(t, "2019-03-01", 24)
	ids := make([]uuid.UUID, len(w.orgs))
	for i, org := range w.orgs {
		ids[i] = w.submit(org)
	}
	failure := errors.New("the power went")
	codes := race(t, len(ids), func(i int) error {
		d := Decision{SubmissionID: ids[i], Outcome: Pass, Actor: first}
		if i%3 != 0 {
			_, err := w.svc.Decide(w.ctx, d)
			return err
		}
		if err := w.failing(d, failure); !errors.Is(err, failure) {
			return fmt.Errorf("want the failure, got %w", err)
		}
		return nil
	})
	if codes[""] != len(ids) {
		t.Fatalf("answers %v", codes)
	}
	for i := 0; i < len(ids); i += 3 { // those that failed are decided now
		w.mustDecide(ids[i], Pass, second)
	}
	var numbers []string
	must(t, w.db.SelectContext(w.ctx, &numbers, `SELECT number FROM conclusion ORDER BY number`))
	want := make([]string, len(ids))
	for i := range want {
		want[i] = fmt.Sprintf("试民社年审〔2019〕%05d号", i+1)
	}
	if !slices.Equal(numbers, want) {
		t.Errorf("numbers %v", numbers)
	}
	if n := w.count(`SELECT count(*) FROM document_order o JOIN conclusion c USING (id, number) JOIN job j ON j.unique_key = o.id::text`); n != len(ids) {
		t.Errorf("%d conclusions have their order and their job, want %d", n, len(ids))
	}
}

// failing carries a decision out and rolls it back when all is written.
func (w *world) failing(d Decision, failure error) error {
	p, err := w.svc.examine(w.ctx, d)
	if err != nil {
		return err
	}
	return postgres.InTx(context.WithoutCancel(w.ctx), w.db, func(tx *postgres.Tx) (err error) {
		if p.review, err = lock(w.ctx, tx, d.SubmissionID, authority); err != nil {
			return err
		}
		if _, err := w.svc.settle(w.ctx, tx, p); err != nil {
			return err
		}
		return failure
	})
}
