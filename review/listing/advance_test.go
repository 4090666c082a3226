package listing

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"nianbao/filing"
	"nianbao/internal/document"
	"nianbao/internal/event"
	"nianbao/internal/postgres"
	"nianbao/internal/workday"
)

// noticed is a world whose organisations all got the prior notice on 1 April 2019; the answer time ends on 16 April,
// ten working days over Qingming (5 April).
func noticed(t testing.TB, count int, rules ...string) *world {
	t.Helper()
	w := newWorld(t, count, rules...)
	if sum := w.sweep("2019-04-01"); sum.Notified != count {
		t.Fatalf("sweep: %+v", sum)
	}
	w.issueAll()
	return w
}

func TestJudge(t *testing.T) {
	today := date("2019-04-17")
	ready := matter{Listing: Listing{Status: Notified, ServedOn: date("2019-04-01"), StatementDueOn: date("2019-04-16")},
		ObligationStatus: filing.StatusOpen, OverdueAfter: date("2019-03-31"), NoticeInForce: true}
	stands := filing.LateRule{WithdrawIfFiled: true}
	for _, c := range []struct {
		name   string
		change func(m *matter)
		late   filing.LateRule
		want   step
	}{
		{"ready", func(*matter) {}, stands, step{list: true}},
		{"last day of the answer time", func(m *matter) { m.StatementDueOn = today }, stands, step{}},
		{"no service", func(m *matter) { m.ServedOn, m.StatementDueOn = workday.Date{}, workday.Date{} }, stands, step{}},
		{"statement undecided", func(m *matter) { m.StatementOpen = true }, stands, step{}},
		{"notice not issued", func(m *matter) { m.NoticeInForce = false }, stands, step{}},
		{"listed already", func(m *matter) { m.Status = Listed }, stands, step{}},
		{"returned, still overdue", func(m *matter) { m.ObligationStatus = filing.StatusReturned }, stands, step{list: true}},
		{"returned, refile day today", func(m *matter) { m.ObligationStatus, m.OverdueAfter = filing.StatusReturned, today }, stands, step{withdraw: EndNotOverdue}},
		{"extended until today", func(m *matter) { m.OverdueAfter = today }, stands, step{withdraw: EndNotOverdue}},
		{"exempt", func(m *matter) { m.ObligationStatus, m.OverdueAfter = filing.StatusExempt, workday.Date{} }, stands, step{withdraw: EndExempt}},
		{"exempt, statement undecided", func(m *matter) {
			m.ObligationStatus, m.OverdueAfter, m.StatementOpen = filing.StatusExempt, workday.Date{}, true
		}, filing.LateRule{}, step{withdraw: EndExempt}},
	} {
		m := ready
		c.change(&m)
		if got := m.judge(today, c.late); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
	for _, status := range []filing.Status{filing.StatusSubmitted, filing.StatusPassed, filing.StatusUnqualified,
		filing.StatusQualified, filing.StatusBasicallyQualified} {
		m := ready
		m.ObligationStatus, m.OverdueAfter = status, workday.Date{}
		if got := m.judge(today, stands); got != (step{withdraw: EndReportStands}) {
			t.Errorf("%s: %+v, want it withdrawn", status, got)
		}
		if got := m.judge(today, filing.LateRule{WithdrawIfFiled: false}); got != (step{}) {
			t.Errorf("%s where a report does not end it: %+v, want it to wait", status, got)
		}
	}
}

func TestAdvanceListsTheDayAfterTheAnswerTime(t *testing.T) {
	w := noticed(t, 3)
	w.exec(`UPDATE listing SET served_on = NULL, statement_due_on = NULL WHERE organisation_id = $1`, w.orgs[2].ID)
	if sum := w.advance("2019-04-16"); sum != (AdvanceSummary{}) {
		t.Errorf("on the last day to answer: %+v", sum)
	}
	if sum := w.advance("2019-04-17"); sum != (AdvanceSummary{Listed: 2}) {
		t.Errorf("the day after: %+v", sum)
	}
	if sum := w.advance("2019-06-30"); sum != (AdvanceSummary{}) {
		t.Errorf("months later: %+v; service was never on record", sum)
	}
	l := w.open(0)
	if l.Status != Listed || l.ListedOn != date("2019-04-17") || !l.DecisionID.Valid || !l.EndedOn.IsZero() {
		t.Errorf("listing %+v", l.Listing)
	}
	order, err := document.OrderByID(w.ctx, w.db, l.DecisionID.UUID)
	if err != nil {
		t.Fatal(err)
	}
	facts, err := order.Facts()
	if err != nil {
		t.Fatal(err)
	}
	f := facts.(*document.ListingFacts)
	if f.NoticeNumber == "" || f.ServedOn != date("2019-04-01") || f.ListedOn != l.ListedOn || !f.StatementOn.IsZero() || f.Basis != l.Basis {
		t.Errorf("facts of the decision: %+v", f)
	}
	if n := w.events(event.ListingListedKind); n != 2 {
		t.Errorf("%d events of listing", n)
	}
	if n := w.count(`SELECT count(*) FROM service s JOIN document_order o ON o.id = s.document_id WHERE o.kind = 'listing_decision'`); n != 2 {
		t.Errorf("%d decisions are served, want 2", n)
	}
	page, err := document.Compose(document.Composition{Facts: facts, Number: order.Number, VerifyCode: order.VerifyCode, IssuedOn: order.IssuedOn})
	if err != nil {
		t.Fatal(err)
	}
	text := ""
	for _, b := range page.Blocks {
		if p, ok := b.(document.Paragraph); ok {
			text += p.Text
		}
	}
	for _, remedy := range []string{"六十日内依法申请行政复议", "六个月内依法向人民法院提起行政诉讼"} {
		if !strings.Contains(text, remedy) {
			t.Errorf("the decision does not say %q", remedy)
		}
	}
}

func TestAdvanceWaitsForTheNoticeItself(t *testing.T) {
	w := newWorld(t, 2)
	w.sweep("2019-04-01")
	if sum := w.advance("2019-04-17"); sum.Listed != 0 {
		t.Errorf("listed on a notice that does not stand: %+v", sum)
	}
	w.issueAll()
	w.exec(`UPDATE document_standing SET standing = 'revoked' WHERE document_id = $1`, w.open(1).NoticeID.UUID)
	if sum := w.advance("2019-04-18"); sum.Listed != 1 || w.open(1).Status != Notified {
		t.Errorf("listed on a revoked notice: %+v", sum)
	}
}

// A notice that was held for its name is issued on 10 April: the answer time of ten working days ends on 24 April.
func TestTheAnswerTimeWaitsForAHeldNotice(t *testing.T) {
	w := newWorld(t, 1)
	w.sweep("2019-04-01")
	w.issueAll()
	w.exec(`INSERT INTO document (id, kind, authority_code, organisation_id, subject_id, number, verify_code, issued_on, sha256, size, pages, blob_key, created_at)
		SELECT id, kind, authority_code, organisation_id, subject_id, number, verify_code, issued_on, repeat('0', 64), 1, 1, 'k', $2
		FROM document_order WHERE id = $1`, w.open(0).NoticeID.UUID, noon("2019-04-10"))
	w.at("2019-04-24")
	_, err := w.decide(0, OutcomeList)
	wantCode(t, err, http.StatusConflict, "answer_time_runs")
	if sum := w.advance("2019-04-24"); sum != (AdvanceSummary{}) {
		t.Errorf("on the last day: %+v", sum)
	}
	if sum := w.advance("2019-04-25"); sum != (AdvanceSummary{Listed: 1}) {
		t.Errorf("after it: %+v", sum)
	}
}

func TestAdvanceWithdraws(t *testing.T) {
	w := noticed(t, 6)
	w.at("2019-04-03")
	w.submit(0)
	w.conclude(w.submit(1), filing.StatusPassed)
	w.conclude(w.submit(2), filing.StatusUnqualified)
	w.sendBack(w.submit(3), date("2019-04-20"))
	o := w.obligation(4)
	must[filing.Obligation](t)(w.filing.Extend(w.ctx, filing.Extend{AuthorityCode: authority, ObligationID: o.ID, To: date("2019-04-30"), Reason: "疫情", Actor: reviewer}))
	o = w.obligation(5)
	must[filing.Obligation](t)(w.filing.Exempt(w.ctx, filing.Exempt{AuthorityCode: authority, ObligationID: o.ID, Reason: "停办", Actor: reviewer}))
	if sum := w.advance("2019-04-04"); sum != (AdvanceSummary{Withdrawn: 6}) {
		t.Errorf("%+v, want all six withdrawn", sum)
	}
	want := []EndReason{EndReportStands, EndReportStands, EndReportStands, EndNotOverdue, EndNotOverdue, EndExempt}
	for i := range want {
		m := w.matters(i)[0]
		if m.Status != Withdrawn || m.EndReason != want[i] || m.EndedOn != date("2019-04-04") || !m.EndDocumentID.Valid || !m.ListedOn.IsZero() {
			t.Errorf("organisation %d: %+v, want it withdrawn for %s", i, m.Listing, want[i])
		}
		order, err := document.OrderByID(w.ctx, w.db, m.EndDocumentID.UUID)
		if err != nil {
			t.Fatal(err)
		}
		if order.Kind != document.KindListingWithdrawal || order.SupersedesID != m.NoticeID {
			t.Errorf("organisation %d: document %s supersedes %v", i, order.Kind, order.SupersedesID)
		}
	}
	if n := w.events(event.ListingWithdrawnKind); n != 6 {
		t.Errorf("%d events", n)
	}
	if sum := w.advance("2019-04-05"); sum != (AdvanceSummary{}) {
		t.Errorf("again: %+v", sum)
	}
}

func TestAReportDoesNotEndTheMatterWhereTheSeasonSaysSo(t *testing.T) {
	w := noticed(t, 3, "late: {withdraw_if_filed: false}")
	w.at("2019-04-03")
	w.submit(0)
	o := w.obligation(1)
	must[filing.Obligation](t)(w.filing.Exempt(w.ctx, filing.Exempt{AuthorityCode: authority, ObligationID: o.ID, Reason: "停办", Actor: reviewer}))
	if sum := w.advance("2019-04-20"); sum != (AdvanceSummary{Withdrawn: 1, Listed: 1}) {
		t.Errorf("%+v, want the exempt one withdrawn, the late one listed, the filed one waiting", sum)
	}
	if l := w.open(0); l.Status != Notified {
		t.Errorf("the filed one is %s", l.Status)
	}
	l := must[Listing](t)(w.decide(0, OutcomeList)) // a reviewer may
	order, err := document.OrderByID(w.ctx, w.db, l.DecisionID.UUID)
	if err != nil {
		t.Fatal(err)
	}
	facts, err := order.Facts()
	if err != nil {
		t.Fatal(err)
	}
	if got := facts.(*document.ListingFacts).FiledOn; got != date("2019-04-03") {
		t.Errorf("the decision says that the report came in on %q", got)
	}
}

// Withdrawn because a report stood, returned, overdue again: a second notice, and this time the list.
func TestSecondNoticeAfterAReturn(t *testing.T) {
	w := noticed(t, 1)
	w.at("2019-04-08")
	submission := w.submit(0)
	w.advance("2019-04-09")
	if sum := w.sweep("2019-04-10"); sum != (SweepSummary{}) {
		t.Errorf("a report stands: %+v", sum)
	}
	w.at("2019-04-12")
	w.sendBack(submission, date("2019-04-26"))
	if sum := w.sweep("2019-04-26"); sum != (SweepSummary{}) {
		t.Errorf("on the refile day: %+v", sum)
	}
	if sum := w.sweep("2019-04-27"); sum != (SweepSummary{Notified: 1}) {
		t.Errorf("overdue again: %+v, want a notice and nothing else", sum)
	}
	w.issueAll()
	if got := w.statuses(); got != "notified 1, withdrawn 1" {
		t.Errorf("matters: %s", got)
	}
	// 28 April and 5 May are worked in exchange for the May holiday of 2019 (1 to 4).
	if l := w.open(0); l.StatementDueOn != date("2019-05-13") {
		t.Errorf("second answer time until %s, want 2019-05-13", l.StatementDueOn)
	}
	due := w.open(0).StatementDueOn
	if sum := w.advance(due.String()); sum != (AdvanceSummary{}) {
		t.Errorf("on the last day: %+v", sum)
	}
	if sum := w.advance(due.AddDays(1).String()); sum != (AdvanceSummary{Listed: 1}) {
		t.Errorf("after it: %+v", sum)
	}
	if sum := w.sweep(due.AddDays(2).String()); sum != (SweepSummary{}) {
		t.Errorf("listed: %+v", sum)
	}
}

func TestSecondNoticeAfterAnExtensionRanOut(t *testing.T) {
	w := noticed(t, 1)
	w.at("2019-04-03")
	o := w.obligation(0)
	must[filing.Obligation](t)(w.filing.Extend(w.ctx, filing.Extend{AuthorityCode: authority, ObligationID: o.ID, To: date("2019-04-30"), Reason: "疫情", Actor: reviewer}))
	if sum := w.advance("2019-04-04"); sum.Withdrawn != 1 {
		t.Errorf("extension: %+v", sum)
	}
	if sum := w.sweep("2019-04-30"); sum.Notified != 0 {
		t.Errorf("on the new due day: %+v", sum)
	}
	if sum := w.sweep("2019-05-01"); sum != (SweepSummary{Notified: 1}) {
		t.Errorf("after the new due day: %+v", sum)
	}
}

func TestAWithdrawnReportBringsTheNoticeBack(t *testing.T) {
	w := noticed(t, 1)
	w.at("2019-04-08")
	w.submit(0)
	w.advance("2019-04-09")
	w.at("2019-04-10")
	must[filing.Obligation](t)(w.filing.Withdraw(w.ctx, filing.Withdraw{OrganisationID: w.orgs[0].ID, Year: 2018, Reason: "有误", Actor: filer}))
	if sum := w.sweep("2019-04-11"); sum != (SweepSummary{Notified: 1}) {
		t.Errorf("%+v, want a second notice", sum)
	}
}

// A submission that has moved its obligation but not committed holds the clock up; what it commits is then seen.
func TestASubmissionBetweenPickAndListingWins(t *testing.T) {
	w := noticed(t, 2)
	w.clock.Set(at("2019-04-17", 0, 20))
	moved, commit := make(chan struct{}), make(chan struct{})
	var wait sync.WaitGroup
	wait.Go(func() {
		err := postgres.InTx(w.ctx, w.db, func(tx *postgres.Tx) error {
			_, err := tx.ExecContext(w.ctx, `UPDATE obligation SET status = 'submitted', overdue_after = NULL, version = version + 1
				WHERE organisation_id = $1`, w.orgs[0].ID)
			close(moved)
			<-commit
			return err
		})
		if err != nil {
			t.Error(err)
		}
	})
	<-moved
	result := make(chan AdvanceSummary, 1)
	go func() {
		sum, err := w.svc.AdvanceListings(w.ctx, w.clock.Now())
		if err != nil {
			t.Error(err)
		}
		result <- sum
	}()
	w.waitForLock()
	close(commit)
	wait.Wait()
	if sum := <-result; sum != (AdvanceSummary{Withdrawn: 1, Listed: 1}) {
		t.Errorf("%+v, want the one that filed withdrawn and the other listed", sum)
	}
}

// waitForLock returns once somebody waits for a lock of somebody else.
func (w *world) waitForLock() {
	w.t.Helper()
	for range 1000 {
		if w.count(`SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`) > 0 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	w.t.Error("nobody waits for a lock")
}

// Filers file through the front door while the clock lists: nobody is listed whose report was there before.
func TestSubmissionsRacingTheClock(t *testing.T) {
	const count = 60
	w := noticed(t, count)
	w.clock.Set(at("2019-04-17", 0, 20))
	var wait sync.WaitGroup
	wait.Go(func() {
		for i := range count / 2 {
			w.submit(2 * i)
		}
	})
	for range 2 {
		wait.Go(func() {
			if _, err := w.svc.AdvanceListings(w.ctx, w.clock.Now()); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	w.advance("2019-04-17")
	if n := w.count(`SELECT count(*) FROM listing WHERE status = 'notified'`); n != 0 {
		t.Errorf("%d matters were left", n)
	}
	// Whoever holds the obligation writes its event first: a listing before the submission, a withdrawal after it.
	n := w.count(`SELECT count(*) FROM event l JOIN event s ON s.obligation_id = l.obligation_id AND s.kind = 'submission.received'
		WHERE l.kind = 'listing.listed' AND l.ordinal > s.ordinal OR l.kind = 'listing.withdrawn' AND l.ordinal < s.ordinal`)
	if n != 0 {
		t.Errorf("%d were listed after their report was in, or withdrawn before", n)
	}
	if n := w.count(`SELECT count(*) FROM (SELECT obligation_id FROM event WHERE kind IN ('listing.listed', 'listing.withdrawn')
		GROUP BY obligation_id HAVING count(*) > 1) AS twice`); n != 0 {
		t.Errorf("%d matters were ended twice", n)
	}
}

func TestTwoAdvancesAtOnce(t *testing.T) {
	w := noticed(t, 200)
	w.clock.Set(at("2019-04-17", 0, 20))
	sums := make([]AdvanceSummary, 2)
	var wait sync.WaitGroup
	for i := range sums {
		wait.Go(func() {
			var err error
			if sums[i], err = w.svc.AdvanceListings(w.ctx, w.clock.Now()); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	both := sums[0]
	both.add(sums[1])
	if both != (AdvanceSummary{Listed: 200}) {
		t.Errorf("together %+v", both)
	}
	if n := w.count(`SELECT count(DISTINCT number) FROM document_order WHERE kind = 'listing_decision'`); n != 200 {
		t.Errorf("%d decisions", n)
	}
}

func TestOneBadMatterDoesNotStopTheAdvance(t *testing.T) {
	w := noticed(t, 20)
	w.exec(`UPDATE organisation SET name = '' WHERE id = $1`, w.orgs[7].ID)
	if sum := w.advance("2019-04-17"); sum != (AdvanceSummary{Listed: 19, Failed: 1}) {
		t.Errorf("%+v", sum)
	}
	w.exec(`UPDATE organisation SET name = '改正后的协会' WHERE id = $1`, w.orgs[7].ID)
	if sum := w.advance("2019-04-18"); sum != (AdvanceSummary{Listed: 1}) {
		t.Errorf("once put right: %+v", sum)
	}
}

func TestAPassStopsWithItsContext(t *testing.T) {
	w := noticed(t, 1)
	ctx, cancel := context.WithCancel(w.ctx)
	cancel()
	if _, err := w.svc.AdvanceListings(ctx, noon("2019-04-17")); !errors.Is(err, context.Canceled) {
		t.Errorf("advance: %v", err)
	}
	if _, err := w.svc.SweepLate(ctx, noon("2019-04-17")); !errors.Is(err, context.Canceled) {
		t.Errorf("sweep: %v", err)
	}
	if _, err := inBatch(ctx, w.svc, []uuid.UUID{uuid.New()}, func(*postgres.Tx, []uuid.UUID) (int, error) { return 0, nil }, func(int) {}); err == nil {
		t.Error("a batch ran under a cancelled context")
	}
}
