package filing

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"nianbao/filing/check"
	"nianbao/internal/event"
	"nianbao/internal/postgres"
	"nianbao/internal/workday"
)

func TestSubmitTakesAReportOfEachType(t *testing.T) {
	w := newWorld(t, "2019-01-14", 3)
	w.importSeason()
	var hooked []Submission
	w.svc.OnSubmitted = func(_ context.Context, _ *postgres.Tx, s Submission) error {
		hooked = append(hooked, s)
		return nil
	}
	for i, org := range w.orgs {
		body := w.body(org, 2018, 1)
		receipt := w.mustSubmit(org, "first")
		sum := sha256.Sum256(body)
		if want := fmt.Sprintf("2018-%07d", i+1); receipt.ReceiptNo != want {
			t.Errorf("%s: receipt %s, want %s", org.Type, receipt.ReceiptNo, want)
		}
		if receipt.SHA256 != hex.EncodeToString(sum[:]) || !receipt.ReceivedAt.Equal(noon("2019-01-14")) ||
			receipt.ReviewDueOn != (workday.Due{Date: day("2019-01-28")}) {
			t.Errorf("%s: receipt %+v", org.Type, receipt)
		}
		stored, err := SubmissionBody(w.ctx, w.db, receipt.SubmissionID)
		if err != nil || !bytes.Equal(stored, body) {
			t.Errorf("%s: stored body differs (%v)", org.Type, err)
		}
		report, err := ReportOf(w.ctx, w.db, org.ID, 2018)
		if err != nil {
			t.Fatal(err)
		}
		o := report.Obligation
		if o.Status != StatusSubmitted || !o.OverdueAfter.IsZero() || o.SubmissionID.UUID != receipt.SubmissionID || o.Submissions != 1 {
			t.Errorf("%s: obligation %+v", org.Type, o)
		}
		if len(report.Submissions) != 1 || report.Submissions[0].Status != SubmissionSubmitted || report.Submissions[0].Receipt() != receipt {
			t.Errorf("%s: submissions %+v", org.Type, report.Submissions)
		}
		if findings, err := SubmissionFindings(w.ctx, w.db, receipt.SubmissionID); err != nil || len(findings) != hooked[i].Warnings {
			t.Errorf("%s: findings %v, %v", org.Type, findings, err)
		}
		if hooked[i].ID != receipt.SubmissionID || hooked[i].ReceiptNo != receipt.ReceiptNo || hooked[i].FormVersion < 1 || hooked[i].CheckSetVersion == "" {
			t.Errorf("%s: hook saw %+v", org.Type, hooked[i])
		}
	}
	if n := w.events()[event.SubmissionReceivedKind]; n != 3 {
		t.Errorf("%d events of receipt", n)
	}
}

func TestSubmitRefusals(t *testing.T) {
	w := newWorld(t, "2019-01-13", 6)
	w.importSeason()
	org := w.orgs[0]
	good := w.body(org, 2018, 1)
	try := func(year int, body []byte) error {
		_, err := w.svc.Submit(w.ctx, Submit{OrganisationID: org.ID, Year: year, Body: body, IdempotencyKey: "k", Actor: filer})
		return err
	}
	wantCode(t, try(2018, good), 409, CodeNotOpen)
	wantCode(t, try(2018, []byte("{")), 400, errorCode(try(2018, []byte("{"))))
	wantCode(t, try(2017, good), 404, "not_found")
	w.at("2019-01-14")
	wantCode(t, try(2018, good), 409, CodeNotOpen) // the job has not run yet
	if _, err := w.svc.OpenSeasons(w.ctx, w.db.Now()); err != nil {
		t.Fatal(err)
	}

	var checks *CheckError
	if err := try(2018, []byte(`{"values": {}}`)); !errors.As(err, &checks) || !check.HasErrors(checks.Findings) {
		t.Errorf("an empty report: %v", err)
	} else {
		wantCode(t, err, 422, "form_checks_failed")
	}
	for _, bad := range []struct {
		body   string
		status int
	}{{"{", 400}, {`{"values": {}} x`, 400}, {"\xff", 400}, {`{"values": {"a": 1, "a": 2}}`, 400},
		{strings.Repeat(" ", 2<<20) + "{}", 413}, {`{"values": ` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + "}", 400}} {
		err := try(2018, []byte(bad.body))
		if status := errorStatus(err); status != bad.status {
			t.Errorf("%.20q: status %d (%v), want %d", bad.body, status, err, bad.status)
		}
	}
	if n := w.count(`SELECT count(*) FROM idempotency`) + w.count(`SELECT count(*) FROM submission`); n != 0 {
		t.Errorf("refused calls left %d rows", n)
	}
	if err := try(2018, good); err != nil { // the key is free: only a receipt is remembered
		t.Fatal(err)
	}
	_, err := w.submit(org, "another")
	wantCode(t, err, 409, CodeAlreadySubmitted)
	for _, key := range []string{"", strings.Repeat("k", 256), "键", " k"} {
		_, err := w.submit(w.orgs[1], key)
		wantCode(t, err, 400, "bad_idempotency_key")
	}
	_, err = w.svc.Submit(w.ctx, Submit{OrganisationID: w.orgs[1].ID, Year: 2018, Body: w.body(org, 2018, 1), IdempotencyKey: "k", Actor: filer})
	if errorStatus(err) != 422 {
		t.Errorf("another organisation's report: %v", err)
	}
}

func errorStatus(err error) int {
	var refusal interface{ HTTPStatus() int }
	if errors.As(err, &refusal) {
		return refusal.HTTPStatus()
	}
	return 0
}

func errorCode(err error) string {
	var refusal interface{ Code() string }
	if errors.As(err, &refusal) {
		return refusal.Code()
	}
	return ""
}

func TestSubmitIsIdempotentByKey(t *testing.T) {
	w := newWorld(t, "2019-01-14", 3)
	w.importSeason()
	org := w.orgs[0]
	first := w.mustSubmit(org, "k")
	w.at("2019-02-14")
	if again := w.mustSubmit(org, "k"); again != first {
		t.Errorf("again: %+v, want %+v", again, first)
	}
	for _, body := range []string{"{", `{"values": {}}`, string(w.body(org, 2018, 2))} {
		_, err := w.svc.Submit(w.ctx, Submit{OrganisationID: org.ID, Year: 2018, Body: []byte(body), IdempotencyKey: "k", Actor: filer})
		wantCode(t, err, 422, "idempotency_conflict")
	}
	if _, err := w.conclude(first.SubmissionID, StatusPassed); err != nil {
		t.Fatal(err)
	}
	if again := w.mustSubmit(org, "k"); again != first {
		t.Errorf("after the conclusion: %+v", again)
	}
	if other := w.mustSubmit(w.orgs[1], "k"); other.SubmissionID == first.SubmissionID {
		t.Error("a key reaches across organisations")
	}
}

// TestSameKeyAtOnce holds the first call inside its transaction until the others wait on the key.
func TestSameKeyAtOnce(t *testing.T) {
	w := newWorld(t, "2019-01-14", 1)
	w.importSeason()
	org := w.orgs[0]
	entered, release := make(chan struct{}), make(chan struct{})
	var once sync.Once
	w.svc.OnSubmitted = func(context.Context, *postgres.Tx, Submission) error {
		once.Do(func() { close(entered); <-release })
		return nil
	}
	type answer struct {
		receipt Receipt
		err     error
	}
	call := func(body []byte) chan answer {
		ch := make(chan answer, 1)
		go func() {
			r, err := w.svc.Submit(w.ctx, Submit{OrganisationID: org.ID, Year: 2018, Body: body, IdempotencyKey: "k", Actor: filer})
			ch <- answer{r, err}
		}()
		return ch
	}
	body := w.body(org, 2018, 1)
	first := call(body)
	<-entered
	same := []chan answer{call(body), call(body)}
	other, broken := call(w.body(org, 2018, 2)), call([]byte("{"))
	for w.count(`SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`) < 4 {
		if w.ctx.Err() != nil {
			t.Fatal("the calls never waited")
		}
	}
	close(release)
	want := <-first
	if want.err != nil {
		t.Fatal(want.err)
	}
	for _, ch := range same {
		if got := <-ch; got.err != nil || got.receipt != want.receipt {
			t.Errorf("waiting call: %+v, %v", got.receipt, got.err)
		}
	}
	wantCode(t, (<-other).err, 422, "idempotency_conflict")
	wantCode(t, (<-broken).err, 422, "idempotency_conflict")
}

func TestTwoSubmitsAtOnceOneWins(t *testing.T) {
	w := newWorld(t, "2019-01-14", 8)
	w.importSeason()
	for _, org := range w.orgs {
		errs := make([]error, 4)
		bodies := make([][]byte, len(errs))
		for i := range bodies {
			bodies[i] = w.body(org, 2018, uint64(i))
		}
		var wait sync.WaitGroup
		for i := range errs {
			wait.Go(func() {
				_, errs[i] = w.svc.Submit(w.ctx, Submit{OrganisationID: org.ID, Year: 2018, Body: bodies[i],
					IdempotencyKey: fmt.Sprint("k", i), Actor: filer})
			})
		}
		wait.Wait()
		won := 0
		for _, err := range errs {
			if err == nil {
				won++
			} else {
				wantCode(t, err, 409, CodeAlreadySubmitted)
			}
		}
		if won != 1 || w.count(`SELECT count(*) FROM submission WHERE organisation_id = $1`, org.ID) != 1 {
			t.Errorf("%d of %d won", won, len(errs))
		}
	}
}

// TestReceiptsAreGapless lets 16 clients submit while a third of the transactions fail at the last moment.
func TestReceiptsAreGapless(t *testing.T) {
	w := newWorld(t, "2019-01-14", 96)
	w.importSeason()
	failure := errors.New("as if the server had died")
	var mu sync.Mutex
	random := rand.New(rand.NewPCG(1, 2))
	w.svc.OnSubmitted = func(context.Context, *postgres.Tx, Submission) error {
		mu.Lock()
		defer mu.Unlock()
		if random.IntN(3) == 0 {
			return failure
		}
		return nil
	}
	bodies := make([][]byte, len(w.orgs))
	for i, org := range w.orgs {
		bodies[i] = w.body(org, 2018, 1)
	}
	receipts := make([]string, len(w.orgs))
	var wait sync.WaitGroup
	for client := range 16 {
		wait.Go(func() {
			for i := client; i < len(w.orgs); i += 16 {
				for {
					r, err := w.svc.Submit(w.ctx, Submit{OrganisationID: w.orgs[i].ID, Year: 2018, Body: bodies[i], IdempotencyKey: "k", Actor: filer})
					if errors.Is(err, failure) {
						continue // as a client would
					}
					if err != nil {
						t.Error(err)
					}
					receipts[i] = r.ReceiptNo
					break
				}
			}
		})
	}
	wait.Wait()
	slices.Sort(receipts)
	for i, got := range receipts {
		if want := fmt.Sprintf("2018-%07d", i+1); got != want {
			t.Fatalf("receipt %d is %s, want %s", i, got, want)
		}
	}
	if n := w.events()[event.SubmissionReceivedKind]; n != len(w.orgs) {
		t.Errorf("%d events for %d submissions", n, len(w.orgs))
	}
}
