package filing

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"nianbao/filing/form"
	"nianbao/internal/event"
	"nianbao/internal/postgres"
	"nianbao/internal/workday"
)

func TestWhatIsStoredOfASubmission(t *testing.T) {
	w := newWorld(t, "2019-03-29", 2)
	w.importSeason("review_window_working_days: 5")
	org := w.orgs[0]
	// Blanks and key order are the filer's: what is hashed and kept is what was sent, byte for byte.
	body := append([]byte(" \n\t"), w.body(org, 2018, 1)...)
	receipt, err := w.svc.Submit(w.ctx, Submit{OrganisationID: org.ID, Year: 2018, Body: body, IdempotencyKey: "k", Actor: filer})
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(body)
	if receipt.SHA256 != hex.EncodeToString(sum[:]) || receipt.ReviewDueOn.Date != day("2019-04-08") || receipt.ReviewDueOn.Provisional {
		t.Errorf("receipt %+v", receipt)
	}
	if !receipt.ReceivedAt.Equal(noon("2019-03-29")) || receipt.ReceivedAt.Location() != workday.Shanghai {
		t.Errorf("received at %s", receipt.ReceivedAt)
	}
	stored, err := SubmissionBody(w.ctx, w.db, receipt.SubmissionID)
	if err != nil || !bytes.Equal(stored, body) {
		t.Errorf("stored body differs: %v", err)
	}
	sub, err := SubmissionByID(w.ctx, w.db, receipt.SubmissionID)
	if err != nil {
		t.Fatal(err)
	}
	if sub.Kind != "report" || sub.Ordinal != 1 || sub.Form != defaultForms[org.Type] || sub.FormVersion < 1 || sub.CheckSetVersion == "" ||
		sub.ActorKind != filer.Kind || sub.ActorID != filer.ID || sub.ActorName != filer.Name || sub.OrganisationID != org.ID || sub.AuthorityCode != authority {
		t.Errorf("submission %+v", sub)
	}
	if again := sub.Receipt(); again != receipt {
		t.Errorf("receipt read back %+v, given %+v", again, receipt)
	}
	if _, err := PreviousSubmission(w.ctx, w.db, sub); !errors.Is(err, ErrNotFound) {
		t.Errorf("before the first: %v", err)
	}
	findings, err := SubmissionFindings(w.ctx, w.db, sub.ID)
	if err != nil || findings == nil || len(findings) != sub.Warnings {
		t.Errorf("%d findings, %d warnings, %v", len(findings), sub.Warnings, err)
	}
}

func TestSubmissionsThatAreNotThere(t *testing.T) {
	w := newWorld(t, "2019-03-29", 1)
	none := uuid.New()
	_, byID := SubmissionByID(w.ctx, w.db, none)
	_, body := SubmissionBody(w.ctx, w.db, none)
	_, findings := SubmissionFindings(w.ctx, w.db, none)
	_, obligation := ObligationByID(w.ctx, w.db, none)
	_, season := SeasonByID(w.ctx, w.db, none)
	_, accepted := AcceptedReport(w.ctx, w.db, w.orgs[0].ID, 2018)
	_, report := ReportOf(w.ctx, w.db, w.orgs[0].ID, 2018)
	_, draft := w.svc.Draft(w.ctx, none, 2018)
	_, decided := w.conclude(none, StatusPassed)
	for what, err := range map[string]error{"submission": byID, "body": body, "findings": findings, "obligation": obligation,
		"season": season, "accepted report": accepted, "report": report, "draft": draft, "decision": decided} {
		if !errors.Is(err, ErrNotFound) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if list, err := ObligationsOf(w.ctx, w.db, none); err != nil || list == nil || len(list) != 0 {
		t.Errorf("obligations of nobody: %v, %v", list, err)
	}
}

// TestASubmissionCannotBeChanged: the schema refuses what no code may do.
func TestASubmissionCannotBeChanged(t *testing.T) {
	w := newWorld(t, "2019-03-29", 1)
	w.importSeason()
	receipt := w.mustSubmit(w.orgs[0], "k")
	for _, statement := range []string{
		`UPDATE submission SET body = '{}' WHERE id = $1`,
		`UPDATE submission SET sha256 = repeat('0', 64) WHERE id = $1`,
		`UPDATE submission SET received_at = received_at - interval '1 day' WHERE id = $1`,
		`DELETE FROM submission WHERE id = $1`,
	} {
		if _, err := w.db.ExecContext(w.ctx, statement, receipt.SubmissionID); err == nil {
			t.Errorf("went through: %s", statement)
		}
	}
	if got := w.stored(receipt.SubmissionID); !bytes.Equal(got, w.body(w.orgs[0], 2018, 1)) {
		t.Error("the body is another")
	}
}

// TestReceiptNumbersGrowPastSevenDigits: the number widens, it never wraps.
func TestReceiptNumbersGrowPastSevenDigits(t *testing.T) {
	w := newWorld(t, "2019-03-29", 3)
	w.importSeason()
	w.mustSubmit(w.orgs[0], "k")
	w.exec(`UPDATE counter SET last = 9999998 WHERE kind = $1`, CounterReceipt)
	for i, want := range []string{"2018-9999999", "2018-10000000"} {
		if got := w.mustSubmit(w.orgs[1+i], "k").ReceiptNo; got != want {
			t.Errorf("receipt %s, want %s", got, want)
		}
	}
}

// TestAReviewThatCannotOpenTakesNothing: what the hook refuses leaves no row, no number and no used key.
func TestAReviewThatCannotOpenTakesNothing(t *testing.T) {
	w := newWorld(t, "2019-03-29", 1)
	w.importSeason()
	org, before, events := w.orgs[0], w.obligation(w.orgs[0]), w.events()
	full := errors.New("the queue is full")
	w.svc.OnSubmitted = func(ctx context.Context, tx *postgres.Tx, s Submission) error {
		if s.ReceiptNo == "" || s.ObligationID != before.ID {
			t.Errorf("the hook saw %+v", s)
		}
		return full
	}
	if _, err := w.submit(org, "k"); !errors.Is(err, full) {
		t.Fatalf("error %v", err)
	}
	if now := w.obligation(org); now.Version != before.Version || now.Status != StatusOpen || now.Submissions != 0 {
		t.Errorf("obligation %+v", now)
	}
	rows := w.count(`SELECT (SELECT count(*) FROM submission) + (SELECT count(*) FROM idempotency) + (SELECT count(*) FROM submission_standing)`)
	if got := w.events(); rows != 0 || fmt.Sprint(got) != fmt.Sprint(events) {
		t.Errorf("%d rows, events %v", rows, got)
	}
	w.svc.OnSubmitted = New(Config{}).OnSubmitted
	if r := w.mustSubmit(org, "k"); r.ReceiptNo != "2018-0000001" {
		t.Errorf("the number was lost: %s", r.ReceiptNo)
	}
}

// TestTheDayEndsWhileAReportIsExamined: the last moment is that of the transaction, not of the reading.
func TestTheDayEndsWhileAReportIsExamined(t *testing.T) {
	w := newWorld(t, "2019-01-14", 1)
	w.importSeason("late_filing_until: 2019-06-30")
	org, body := w.orgs[0], w.body(w.orgs[0], 2018, 1)
	w.clock.Set(time.Date(2019, 6, 30, 23, 59, 59, 0, workday.Shanghai))
	found, err := w.svc.find(w.ctx, lookup{organisationID: org.ID, year: 2018, key: "k", prior: true})
	if err != nil {
		t.Fatal(err)
	}
	seen, err := w.svc.examine(found, body, w.db.Now())
	if err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(2 * time.Second)
	err = postgres.InTx(w.ctx, w.db, func(tx *postgres.Tx) error {
		_, err := w.svc.take(w.ctx, tx, taking{Submit: Submit{OrganisationID: org.ID, Year: 2018, Body: body, IdempotencyKey: "k", Actor: filer},
			target: found, examined: seen})
		return err
	})
	wantCode(t, err, 409, CodeNotOpen)
	if !strings.Contains(err.Error(), "2018年度报告的补报期已于2019年6月30日结束，不再接收报告。") {
		t.Errorf("it does not say which day: %v", err)
	}
}

// TestWithoutChecksABodyIsStillRead: measurements switch the checks off, never the reading.
func TestWithoutChecksABodyIsStillRead(t *testing.T) {
	w := newWorld(t, "2019-03-29", 1)
	w.importSeason()
	w.svc.checks = nil
	submit := func(body string) (Receipt, error) {
		return w.svc.Submit(w.ctx, Submit{OrganisationID: w.orgs[0].ID, Year: 2018, Body: []byte(body), IdempotencyKey: "k", Actor: event.System("bench")})
	}
	var unreadable *form.BodyError
	if _, err := submit(`{"values": `); !errors.As(err, &unreadable) {
		t.Errorf("a broken body: %v", err)
	}
	receipt, err := submit(`{"values": {}}`)
	if err != nil {
		t.Fatal(err)
	}
	sub, err := SubmissionByID(w.ctx, w.db, receipt.SubmissionID)
	if err != nil || sub.CheckSetVersion != "" || sub.Warnings != 0 || sub.ActorKind != event.ActorSystem {
		t.Errorf("submission %+v, %v", sub, err)
	}
}
