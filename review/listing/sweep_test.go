package listing

import (
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"nianbao/internal/document"
	"nianbao/internal/event"
	"nianbao/internal/workday"
)

func TestSweepByPolicy(t *testing.T) {
	for _, c := range []struct {
		name  string
		rules []string
		want  SweepSummary // with two late organisations
	}{
		{"defaults", nil, SweepSummary{Notified: 2, SpotChecks: 2, Penalties: 2}},
		{"notice only", []string{"late: {spot_check_list: false, penalty_case: false}"}, SweepSummary{Notified: 2}},
		{"no penalty", []string{"late: {penalty_case: false}"}, SweepSummary{Notified: 2, SpotChecks: 2}},
		{"no spot check", []string{"late: {spot_check_list: false}"}, SweepSummary{Notified: 2, Penalties: 2}},
		{"at once", []string{"late: {abnormal_list: immediate}", `legal_basis: {immediate: "《某条例》第九条"}`},
			SweepSummary{Listed: 2, SpotChecks: 2, Penalties: 2}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 3, c.rules...)
			w.at("2019-03-20")
			w.submit(2)
			if sum := w.sweep("2019-03-31"); sum != (SweepSummary{}) {
				t.Errorf("on the due day: %+v", sum)
			}
			if sum := w.sweep("2019-04-01"); sum != c.want {
				t.Errorf("the day after: %+v, want %+v", sum, c.want)
			}
			if sum := w.sweep("2019-04-02"); sum != (SweepSummary{}) {
				t.Errorf("the day after that: %+v", sum)
			}
			papers := c.want.Notified + c.want.Listed + c.want.SpotChecks + c.want.Penalties
			for what, got := range map[string]int{
				"orders":         w.count(`SELECT count(*) FROM document_order`),
				"served":         w.count(`SELECT count(*) FROM service WHERE how = 'inbox' AND served_on = '2019-04-01'`),
				"served events":  w.events(event.NoticeServedKind),
				"act events":     w.events(event.ListingNotifiedKind) + w.events(event.ListingListedKind) + w.events(event.SpotCheckEnteredKind) + w.events(event.PenaltyOpenedKind),
				"documents' own": w.count(`SELECT count(DISTINCT (kind, number)) FROM document_order`),
			} {
				if got != papers {
					t.Errorf("%s: %d, want %d", what, got, papers)
				}
			}
		})
	}
}

func TestNoticeStatesItsBasisAndDays(t *testing.T) {
	w := newWorld(t, 1, `legal_basis: {abnormal_list: "《试点办法》第一条", spot_check_list: "《试点办法》第二条"}`, "late: {statement_working_days: 7}")
	w.sweep("2019-04-01")
	l := w.open(0)
	if l.Basis != "《试点办法》第一条" || l.NotifiedOn != date("2019-04-01") || l.ServedOn != date("2019-04-01") {
		t.Errorf("listing %+v", l.Listing)
	}
	// The Qingming festival takes Friday, 5 April; 2, 3, 4, 8, 9, 10, 11 are the seven working days.
	if l.StatementDueOn != date("2019-04-11") || l.StatementDueProvisional {
		t.Errorf("answer by %s, want 2019-04-11", l.StatementDueOn)
	}
	order, err := document.OrderByID(w.ctx, w.db, l.NoticeID.UUID)
	if err != nil {
		t.Fatal(err)
	}
	facts, err := order.Facts()
	if err != nil {
		t.Fatal(err)
	}
	want := &document.PriorNoticeFacts{
		Party: document.Party{Authority: "试点市民政局", Organisation: w.orgs[0].Name, USCC: string(w.orgs[0].USCC),
			OrganisationType: w.orgs[0].Type.Label(), ReportYear: 2018},
		DueOn: date("2019-03-31"), AsOf: date("2019-04-01"), StatementDays: 7, WithdrawIfFiled: true, Basis: "《试点办法》第一条",
	}
	if diff := cmp.Diff(document.Facts(want), facts, cmp.Comparer(func(a, b workday.Date) bool { return a == b })); diff != "" {
		t.Errorf("facts of the notice (-want +got):\n%s", diff)
	}
	if order.Number != "试民社列告〔2019〕00001号" {
		t.Errorf("number %s", order.Number)
	}
	spots, _, err := w.svc.SpotChecks(w.ctx, CaseQuery{Owner: Owner{AuthorityCode: authority}})
	if err != nil || len(spots) != 1 || spots[0].Basis != "《试点办法》第二条" || spots[0].Status != OnList || spots[0].EnteredOn != date("2019-04-01") {
		t.Errorf("spot checks %+v (%v)", spots, err)
	}
	cases, _, err := w.svc.PenaltyCases(w.ctx, CaseQuery{Owner: Owner{OrganisationID: event.Ref(w.orgs[0].ID)}})
	if err != nil || len(cases) != 1 || cases[0].Basis == l.Basis || cases[0].Status != PenaltyOpened || !cases[0].DocumentID.Valid {
		t.Errorf("penalty cases %+v (%v)", cases, err)
	}
}

func TestSweepServesOnlyWhoAgreed(t *testing.T) {
	w := newWorld(t, 2)
	w.exec(`UPDATE organisation SET electronic_service = false WHERE id = $1`, w.orgs[1].ID)
	w.sweep("2019-04-01")
	if l := w.open(1); !l.ServedOn.IsZero() || !l.StatementDueOn.IsZero() {
		t.Errorf("service is on record without consent: %+v", l.Listing)
	}
	if n := w.count(`SELECT count(*) FROM service WHERE organisation_id = $1`, w.orgs[1].ID); n != 0 {
		t.Errorf("%d services", n)
	}
	if l := w.open(0); l.ServedOn.IsZero() || l.Documents[0].How != ByInbox || l.Documents[0].ServedOn != l.ServedOn {
		t.Errorf("no service by inbox: %+v", l)
	}
}

func TestSweepTurnsAtMidnightInShanghai(t *testing.T) {
	w := newWorld(t, 1)
	last := at("2019-04-01", 0, 0).Add(-1)
	w.clock.Set(last)
	if sum, err := w.svc.SweepLate(w.ctx, last); err != nil || sum != (SweepSummary{}) {
		t.Errorf("in the last instant of 31 March: %+v (%v)", sum, err)
	}
	w.clock.Set(at("2019-04-01", 0, 0)) // 16:00 of 31 March in UTC
	if sum, err := w.svc.SweepLate(w.ctx, w.clock.Now().UTC()); err != nil || sum.Notified != 1 {
		t.Errorf("in the first instant of 1 April: %+v (%v)", sum, err)
	}
}

func TestSweepOfAReturnedReport(t *testing.T) {
	w := newWorld(t, 2)
	w.at("2019-03-25")
	w.sendBack(w.submit(0), date("2019-04-09"))
	w.sendBack(w.submit(1), workday.Date{})
	if sum := w.sweep("2019-04-01"); sum.Notified != 1 {
		t.Errorf("day after the due day: %+v, want only the one without a refile day", sum)
	}
	if sum := w.sweep("2019-04-09"); sum.Notified != 0 {
		t.Errorf("on the refile day: %+v", sum)
	}
	if sum := w.sweep("2019-04-10"); sum.Notified != 1 {
		t.Errorf("after the refile day: %+v", sum)
	}
	order, err := document.OrderByID(w.ctx, w.db, w.open(0).NoticeID.UUID)
	if err != nil {
		t.Fatal(err)
	}
	facts, err := order.Facts()
	if err != nil {
		t.Fatal(err)
	}
	if got := facts.(*document.PriorNoticeFacts).ReturnedOn; got != date("2019-03-25") {
		t.Errorf("the notice says that the report was returned on %q", got)
	}
}

func TestOneBadRowDoesNotStopThePass(t *testing.T) {
	w := newWorld(t, 40)
	bad := []int{0, 17, 39}
	for _, i := range bad { // a name that makes no document
		w.exec(`UPDATE organisation SET name = '' WHERE id = $1`, w.orgs[i].ID)
	}
	want := SweepSummary{Notified: 37, SpotChecks: 37, Penalties: 37, Failed: 3}
	if sum := w.sweep("2019-04-01"); sum != want {
		t.Errorf("%+v, want %+v", sum, want)
	}
	for _, i := range bad {
		w.exec(`UPDATE organisation SET name = $2 WHERE id = $1`, w.orgs[i].ID, w.orgs[i].Name)
	}
	want = SweepSummary{Notified: 3, SpotChecks: 3, Penalties: 3}
	if sum := w.sweep("2019-04-02"); sum != want {
		t.Errorf("once put right: %+v, want %+v", sum, want)
	}
	if n := w.count(`SELECT count(*) FROM counter WHERE kind = 'prior_notice' AND last = 40`); n != 1 {
		t.Error("the numbers of the notices have gaps")
	}
}

func TestASeasonThatCannotBeReadLeavesTheOthersAlone(t *testing.T) {
	w := newWorld(t, 3, "types: [association, service]")
	w.importSeason("types: [foundation]")
	w.exec(`UPDATE season SET spec = jsonb_set(spec, '{due_on}', '"31 March"') WHERE id = (SELECT season_id FROM season_type WHERE type = 'foundation')`)
	want := SweepSummary{Notified: 2, SpotChecks: 2, Penalties: 2, Failed: 1}
	if sum := w.sweep("2019-04-01"); sum != want {
		t.Errorf("%+v, want %+v", sum, want)
	}
}

func TestTwoSweepsAtOnce(t *testing.T) {
	w := newWorld(t, 300)
	w.clock.Set(at("2019-04-01", 0, 10))
	sums := make([]SweepSummary, 2)
	var wait sync.WaitGroup
	for i := range sums {
		wait.Go(func() {
			var err error
			if sums[i], err = w.svc.SweepLate(w.ctx, w.clock.Now()); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	both := sums[0]
	both.add(sums[1])
	if want := (SweepSummary{Notified: 300, SpotChecks: 300, Penalties: 300}); both != want {
		t.Errorf("together %+v, want %+v", both, want)
	}
	for table, want := range map[string]int{"listing": 300, "spot_check": 300, "penalty_case": 300, "document_order": 900, "service": 900, "job": 900} {
		if got := w.count(`SELECT count(*) FROM ` + table); got != want {
			t.Errorf("%s: %d rows, want %d", table, got, want)
		}
	}
}

// The sweep of 2,000 obligations in every state must do exactly what a model does that knows nothing of SQL.
func TestSweepEqualsAModel(t *testing.T) {
	w := newWorld(t, 2000)
	w.at("2019-03-20")
	type fate struct {
		late  bool // overdue on 1 April
		quiet bool // has a matter that settled it
	}
	fates := make([]fate, len(w.orgs))
	for i := range w.orgs {
		o := w.orgs[i].ID
		switch i % 8 {
		case 0, 1, 2:
			fates[i].late = true
		case 3:
			w.exec(`UPDATE obligation SET due_on = '2019-04-30', overdue_after = '2019-04-30' WHERE organisation_id = $1`, o)
		case 4:
			w.exec(`UPDATE obligation SET status = 'submitted', overdue_after = NULL WHERE organisation_id = $1`, o)
		case 5:
			w.exec(`UPDATE obligation SET status = 'exempt', overdue_after = NULL, exempt_reason = '停办' WHERE organisation_id = $1`, o)
		case 6:
			w.exec(`UPDATE obligation SET status = 'returned', submissions = 1, resubmit_by = '2019-04-04', overdue_after = '2019-04-04' WHERE organisation_id = $1`, o)
		case 7:
			reason := []EndReason{EndReportStands, EndNotOverdue, EndExempt, EndDecided}[i/8%4]
			fates[i] = fate{late: true, quiet: reason == EndDecided}
			w.exec(`INSERT INTO listing (id, obligation_id, authority_code, organisation_id, report_year, ground, basis, status,
				notified_on, ended_on, end_reason, created_at, updated_at)
				SELECT $2, id, authority_code, organisation_id, report_year, 'not_filed', 'b', 'withdrawn', '2019-03-01', '2019-03-02', $3, now(), now()
				FROM obligation WHERE organisation_id = $1`, o, uuid.New(), reason)
		}
	}
	var want SweepSummary
	wantNotice := map[uuid.UUID]bool{}
	for i, f := range fates {
		if f.late {
			want.SpotChecks++
			want.Penalties++
			if !f.quiet {
				want.Notified++
				wantNotice[w.orgs[i].ID] = true
			}
		}
	}
	if sum := w.sweep("2019-04-01"); sum != want {
		t.Errorf("%+v, want %+v", sum, want)
	}
	var noticed []uuid.UUID
	if err := w.db.SelectContext(w.ctx, &noticed, `SELECT organisation_id FROM listing WHERE status = 'notified'`); err != nil {
		t.Fatal(err)
	}
	got := map[uuid.UUID]bool{}
	for _, id := range noticed {
		got[id] = true
	}
	if diff := cmp.Diff(wantNotice, got); diff != "" {
		t.Errorf("who was notified (-want +got):\n%s", diff)
	}
}

// TestSweepWaitsForTheSponsor: who sent the report to its sponsor in time is not late for a sponsor's silence.
func TestSweepWaitsForTheSponsor(t *testing.T) {
	w := newWorld(t, 2)
	w.exec(`UPDATE obligation SET held_until = '2019-04-04' WHERE organisation_id = $1`, w.orgs[0].ID)
	want := SweepSummary{Notified: 1, SpotChecks: 1, Penalties: 1}
	if sum := w.sweep("2019-04-01"); sum != want {
		t.Errorf("while one is held: %+v", sum)
	}
	if sum := w.sweep("2019-04-04"); sum != (SweepSummary{}) {
		t.Errorf("on the last day of it: %+v", sum)
	}
	if sum := w.sweep("2019-04-05"); sum != want {
		t.Errorf("once it is over: %+v", sum)
	}
}
