package e2e

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"nianbao/internal/document"
	"nianbao/internal/postgres"
)

// atRest counts what is still under way: events that have no position yet or were not read, and jobs.
const atRest = `SELECT (SELECT count(*) FROM event e LEFT JOIN event_position p ON p.event_id = e.id WHERE p.event_id IS NULL)
	+ (SELECT count(*) FROM event_consumer WHERE position < (SELECT position FROM event_head)) + (SELECT count(*) FROM job)`

// settle lets everything come about that follows from what was done: the clock moves on until the leases of the dead
// are over, and the queue is worked.
func (l *load) settle(t *testing.T, c *cluster) {
	t.Helper()
	c.travel(t, opens.at("20:00:00"))
	l.withDatabase(t, func(db *postgres.DB) {
		err := eventually(2*time.Minute, func() error {
			var underWay int
			err := db.GetContext(t.Context(), &underWay, atRest)
			if err == nil && underWay > 0 {
				err = fmt.Errorf("%d events, readers of events and jobs are not done", underWay)
			}
			return err
		})
		if err != nil {
			var stuck []string
			_ = db.SelectContext(t.Context(), &stuck, `SELECT concat_ws(' ', kind, state, attempt, run_at, last_error) FROM job LIMIT 10`)
			t.Fatalf("%v: %q", err, stuck)
		}
	})
}

// check wants everything that was acknowledged there, once, and everything that follows from it.
func (l *load) check(t *testing.T, c *cluster) {
	t.Helper()
	l.serve(c.nodes...)
	takings := make([]*taking, 0, len(l.taken))
	for _, taken := range l.taken {
		takings = append(takings, taken)
	}
	slices.SortFunc(takings, func(a, b *taking) int { return strings.Compare(a.told.ReceiptNo, b.told.ReceiptNo) })
	for i, taken := range takings {
		if want := fmt.Sprintf("2018-%07d", i+1); taken.told.ReceiptNo != want {
			t.Fatalf("receipt number %s follows where %s should: a number was lost or given twice", taken.told.ReceiptNo, want)
		}
	}
	if err := each(len(takings), 8, func(i int) error { return l.checkTaking(t.Context(), takings[i]) }); err != nil {
		t.Error(err)
	}
	l.withDatabase(t, func(db *postgres.DB) { l.checkRows(t, db) })

	r := &replay{t: t, cluster: c, place: l.place}
	r.reviewers[0] = caller{c, l.reviewers[0].token}
	l.checkConclusions(t, r)
	events := map[string]int{}
	for _, counts := range r.publicEvents() { // wants the feed gapless
		for kind, n := range counts {
			events[kind] += n
		}
	}
	t.Logf("public events: %v", events)
	t.Log(trimmed(l.place.must(t, "audit", "verify")))
}

// outcomesTold counts the decisions of one kind.
func (l *load) outcomesTold(outcome string) int {
	n := 0
	for _, d := range l.decided {
		if d.outcome == outcome {
			n++
		}
	}
	return n
}

// checkTaking asks again with the same key, reads the body back, and compares the status with the decision.
func (l *load) checkTaking(ctx context.Context, taken *taking) error {
	again := *taken
	if err := l.submit(ctx, &again); err != nil {
		return err
	}
	if again.answer != taken.answer {
		return fmt.Errorf("%s: the same key gives another answer:\n%s\n%s", taken.key, taken.answer, again.answer)
	}
	got, err := l.insist(ctx, taken.filer.caller, http.MethodGet, "/reports/2018/submissions/"+taken.told.SubmissionID, nil)
	if err == nil {
		err = got.want(http.StatusOK, nil)
	}
	if err != nil {
		return err
	}
	if string(got.body) != string(taken.body) || sha256Hex(got.body) != taken.told.SHA256 {
		return fmt.Errorf("%s: not the body that was sent", taken.key)
	}
	status, err := l.statusOf(ctx, taken)
	if err != nil {
		return err
	}
	if want := outcomes[l.decided[taken.told.SubmissionID].outcome]; status != want {
		return fmt.Errorf("%s: submission %s is %s, decided was %s", taken.key, taken.told.SubmissionID, status, want)
	}
	return nil
}

// checkRows wants nothing half there, and nothing twice, in tables that no call shows whole.
func (l *load) checkRows(t *testing.T, db *postgres.DB) {
	t.Helper()
	checkCounts(t, db, []rowCount{
		{"reports, all of them acknowledged", `SELECT count(*) FROM submission`, len(l.taken)},
		{"numbers given for receipts", `SELECT last FROM counter WHERE kind = 'receipt'`, len(l.taken)},
		{"reports without their review", `SELECT count(*) FROM submission s LEFT JOIN review r ON r.submission_id = s.id WHERE r.submission_id IS NULL`, 0},
		{"decided reviews", `SELECT count(*) FROM review WHERE state = 'decided'`, len(l.decided)},
		{"events of reports", `SELECT count(*) FROM event WHERE kind = 'submission.received'`, len(l.taken)},
		{"events of decisions", `SELECT count(*) FROM event WHERE kind = 'review.decided'`, len(l.decided)},
		{"events without a position", `SELECT count(*) FROM event e LEFT JOIN event_position p ON p.event_id = e.id WHERE p.event_id IS NULL`, 0},
		{"conclusions", `SELECT count(*) FROM conclusion`, l.outcomesTold("pass")},
		// One that tells of an opening is dropped where the report came first.
		{"mails not sent", `SELECT count(*) FROM delivery WHERE channel = 'mail' AND state NOT IN ('sent', 'delivered') AND NOT (state = 'dropped' AND kind = 'opening')`, 0},
		{"readers of the log that are behind", `SELECT count(*) FROM event_consumer WHERE position < (SELECT position FROM event_head)`, 0},
	})
	l.checkDocumentsIssued(t, db)
}

// checkDocumentsIssued wants every document that was ordered issued, and told of once.
func (l *load) checkDocumentsIssued(t *testing.T, db *postgres.DB) {
	t.Helper()
	checkCounts(t, db, []rowCount{
		{"documents that were ordered and are not issued", `SELECT count(*) FROM document_order o LEFT JOIN document d ON d.id = o.id WHERE d.id IS NULL OR o.state <> 'issued'`, 0},
		{"events of documents less documents", `SELECT (SELECT count(*) FROM event WHERE kind = 'document.issued') - (SELECT count(*) FROM document)`, 0},
		{"jobs left", `SELECT count(*) FROM job`, 0},
	})
}

// rowCount is a number that the database must give.
type rowCount struct {
	what  string
	query string
	want  int
}

func checkCounts(t *testing.T, db *postgres.DB, counts []rowCount) {
	t.Helper()
	for _, c := range counts {
		var got int
		if err := db.GetContext(t.Context(), &got, c.query); err != nil {
			t.Fatalf("%s: %v", c.what, err)
		}
		if got != c.want {
			t.Errorf("%s: %d, want %d", c.what, got, c.want)
		}
	}
}

// checkConclusions wants one conclusion for each report that passed, numbered without a gap, each a file that is genuine
// and in force. `nianbao verify` itself looks at some of them.
func (l *load) checkConclusions(t *testing.T, r *replay) {
	t.Helper()
	var conclusions []documentAnswer
	numbers := map[string]bool{}
	for _, d := range r.documents() {
		if d.Kind == "conclusion" {
			numbers[d.Number] = true
			conclusions = append(conclusions, d)
		}
	}
	want := l.outcomesTold("pass")
	if len(conclusions) != want || len(numbers) != want {
		t.Errorf("%d conclusions with %d numbers for %d reports that passed", len(conclusions), len(numbers), want)
	}
	for i := range want {
		if number := fmt.Sprintf("试民社年审〔2019〕%05d号", i+1); !numbers[number] {
			t.Errorf("no conclusion has the number %s", number)
		}
	}
	for _, d := range conclusions[:min(verifiedByCommand, len(conclusions))] {
		if err := r.checkDocument(t.Context(), t.TempDir(), d); err != nil {
			t.Error(err)
		}
	}
	_, certificate := signingFiles(t, l.place.data)
	trusted, err := document.LoadCertificates(certificate)
	if err != nil {
		t.Fatal(err)
	}
	l.withDatabase(t, func(db *postgres.DB) {
		err := each(len(conclusions), 4, func(i int) error {
			d := conclusions[i]
			got, err := r.reviewers[0].call(t.Context(), http.MethodGet, strings.TrimPrefix(text(d.URL), "/api/v1"), nil)
			if err != nil {
				return err
			}
			found, err := document.Verify(t.Context(), db, got.body, trusted)
			if err != nil || !found.InForce() || found.SHA256 != text(d.SHA256) {
				return fmt.Errorf("conclusion %s: %+v: %w", d.Number, found.Check, err)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
}

// verifiedByCommand is how many conclusions the command itself verifies: a process for each of hundreds takes long.
const verifiedByCommand = 5
