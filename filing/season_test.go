package filing

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"nianbao/internal/event"
	"nianbao/internal/registry"
	"nianbao/internal/workday"
)

func (w *world) openSeasons() OpenSummary {
	w.t.Helper()
	summary, err := w.svc.OpenSeasons(w.ctx, w.db.Now())
	if err != nil {
		w.t.Fatal(err)
	}
	return summary
}

// bound lists the indices of the organisations that have an obligation in one of the statuses.
func (w *world) bound(statuses ...Status) (indices []int) {
	w.t.Helper()
	for i, org := range w.orgs {
		o, err := ObligationByYear(w.ctx, w.db, org.ID, 2018)
		if err == nil && slices.Contains(statuses, o.Status) {
			indices = append(indices, i)
		} else if err != nil && !errors.Is(err, ErrNotFound) {
			w.t.Fatal(err)
		}
	}
	return indices
}

func (w *world) wantBound(what string, want []int, statuses ...Status) {
	w.t.Helper()
	if got := w.bound(statuses...); !slices.Equal(got, want) {
		w.t.Errorf("%s: bound %v, want %v", what, got, want)
	}
}

func TestOpeningBindsWhatTheRuleSays(t *testing.T) {
	w := newWorld(t, "2019-01-10", 9)
	w.exec(`UPDATE organisation SET registered_on = '2019-01-01' WHERE id = $1`, w.orgs[0].ID)
	w.exec(`UPDATE organisation SET registered_on = '2018-12-31' WHERE id = $1`, w.orgs[3].ID)
	w.exec(`UPDATE organisation SET status = 'deregistered' WHERE id = $1`, w.orgs[1].ID)
	w.exec(`UPDATE organisation SET authority_code = '440104' WHERE id = $1`, w.orgs[4].ID)

	result := w.importSeason("types: [association, service]")
	if result.Outcome != SeasonCreated || result.Season.State != SeasonPlanned || result.Bound.Total() != 0 {
		t.Errorf("planned season: %+v", result)
	}
	w.wantBound("before the opening day", nil, Statuses()...)
	w.at("2019-01-14")
	if s := w.openSeasons(); s.Opened != 1 || s.Created != 3 || s.Seasons != 1 {
		t.Errorf("opening: %s", s)
	}
	want := []int{3, 6, 7} // not: 0 too new, 1 gone, 2 5 8 foundations, 4 elsewhere
	w.wantBound("opened", want, StatusOpen)
	o := w.obligation(w.orgs[3])
	if o.OpensOn != day("2019-01-14") || o.DueOn != day("2019-03-31") || o.OverdueAfter != o.DueOn || o.Form != "association-2004" || o.ID.Version() != 7 {
		t.Errorf("obligation %+v", o)
	}
	before := w.events()
	if s := w.openSeasons(); s.Opened != 0 || s.Total() != 0 {
		t.Errorf("opened twice: %s", s)
	}
	if again := w.importSeason("types: [service, association]"); again.Outcome != SeasonUnchanged || again.Bound.Total() != 0 {
		t.Errorf("imported twice: %+v", again)
	}
	after := w.events()
	if len(after) != len(before) || after[event.ObligationCreatedKind] != 3 || after[event.SeasonOpenedKind] != 1 || after[event.SeasonImportedKind] != 1 {
		t.Errorf("events %v, then %v", before, after)
	}
}

func TestLateAndCorrectedOrganisations(t *testing.T) {
	w := newWorld(t, "2019-01-14", 6)
	w.importSeason()
	w.wantBound("opened at import", []int{0, 1, 2, 3, 4, 5}, StatusOpen)

	w.addOrganisations(3, 77) // imported late
	w.exec(`UPDATE organisation SET registered_on = '2019-02-01' WHERE id = $1`, w.orgs[0].ID)
	w.exec(`UPDATE organisation SET registered_on = '2019-02-01' WHERE id = $1`, w.orgs[1].ID)
	w.exec(`UPDATE organisation SET status = 'deregistered' WHERE id = $1`, w.orgs[2].ID)
	w.exec(`UPDATE organisation SET status = 'revoked' WHERE id = $1`, w.orgs[3].ID)
	w.mustSubmit(w.orgs[1], "k") // filed before the correction was noticed
	w.at("2019-02-02")
	if s := w.openSeasons(); s.Created != 3 || s.Exempted != 3 {
		t.Errorf("summary: %s", s)
	}
	w.wantBound("still owed", []int{4, 5, 6, 7, 8}, StatusOpen)
	w.wantBound("exempt", []int{0, 2, 3}, StatusExempt)
	w.wantBound("a report stands", []int{1}, StatusSubmitted)
	for i, want := range map[int]string{0: "登记日期晚于2018年12月31日", 2: "注销", 3: "撤销"} {
		o := w.obligation(w.orgs[i])
		if !strings.Contains(o.ExemptReason, want) || !o.ExemptByRule || !o.OverdueAfter.IsZero() {
			t.Errorf("exempt %d: %+v", i, o)
		}
	}
	if e := w.events(); e[event.ObligationExemptedKind] != 2 || e[event.ObligationWithdrawnKind] != 1 || e[event.ObligationCreatedKind] != 9 {
		t.Errorf("events %v", e)
	}

	w.exec(`UPDATE organisation SET registered_on = '2018-02-01', status = 'active' WHERE id = ANY (ARRAY[$1, $2]::uuid[])`,
		w.orgs[0].ID, w.orgs[2].ID)
	if s := w.openSeasons(); s.Reinstated != 2 || s.Total() != 2 {
		t.Errorf("bound again: %s", s)
	}
	w.wantBound("bound again", []int{0, 2, 4, 5, 6, 7, 8}, StatusOpen)
	if s := w.openSeasons(); s.Total() != 0 {
		t.Errorf("once more: %s", s)
	}
}

func TestReturnedReportOfAnEndedOrganisationIsExempt(t *testing.T) {
	w := newWorld(t, "2019-01-14", 1)
	w.importSeason()
	receipt := w.mustSubmit(w.orgs[0], "k")
	w.exec(`UPDATE organisation SET status = 'deregistered'`)
	if s := w.openSeasons(); s.Total() != 0 {
		t.Errorf("a standing report lost its obligation: %s", s)
	}
	w.sendBack(receipt.SubmissionID, "2019-02-01")
	if s := w.openSeasons(); s.Exempted != 1 {
		t.Errorf("summary %s", s)
	}
	w.exec(`UPDATE organisation SET status = 'active'`)
	w.openSeasons()
	if o := w.obligation(w.orgs[0]); o.Status != StatusReturned || o.OverdueAfter != day("2019-03-31") {
		t.Errorf("back again: %+v", o)
	}
}

func TestGrantedExemptionStays(t *testing.T) {
	w := newWorld(t, "2019-01-14", 2)
	w.importSeason()
	o := w.obligation(w.orgs[0])
	grant := Exempt{AuthorityCode: authority, ObligationID: o.ID, Reason: " ", Actor: filer}
	_, err := w.svc.Exempt(w.ctx, grant)
	wantCode(t, err, 422, "reason_missing")
	grant.Reason, grant.AuthorityCode = "本年度筹备合并", "440104"
	_, err = w.svc.Exempt(w.ctx, grant)
	wantCode(t, err, 404, "not_found")
	grant.AuthorityCode = authority
	if got, err := w.svc.Exempt(w.ctx, grant); err != nil || got.Status != StatusExempt || got.ExemptByRule {
		t.Fatalf("exempt: %+v, %v", got, err)
	}
	if s := w.openSeasons(); s.Total() != 0 {
		t.Errorf("the job took a granted exemption back: %s", s)
	}
	_, err = w.submit(w.orgs[0], "k")
	wantCode(t, err, 409, CodeAlreadyConcluded)
	_, err = w.svc.Exempt(w.ctx, grant)
	wantCode(t, err, 409, CodeAlreadyConcluded)
}

func TestSeasonChangeIsFollowed(t *testing.T) {
	w := newWorld(t, "2019-01-14", 6)
	w.importSeason("types: [association, service]")
	extended := w.obligation(w.orgs[0])
	if _, err := w.svc.Extend(w.ctx, Extend{authority, extended.ID, day("2019-05-10"), "负责人住院", filer}); err != nil {
		t.Fatal(err)
	}
	submitted := w.mustSubmit(w.orgs[1], "k")
	passed := w.mustSubmit(w.orgs[3], "k")
	if _, err := w.conclude(passed.SubmissionID, StatusPassed); err != nil {
		t.Fatal(err)
	}
	result := w.importSeason("types: [association, service, foundation]", "due_on: 2019-04-30", "registered_by: 2019-01-05")
	if result.Outcome != SeasonChanged || result.Season.Version != 2 || result.Bound.Created != 2 || result.Bound.DueChanged != 2 {
		t.Errorf("change: %+v", result)
	}
	for _, want := range []string{"due_on: 2019-03-31 → 2019-04-30", "registered_by: 2018-12-31 → 2019-01-05"} {
		if !slices.Contains(result.Changes, want) {
			t.Errorf("changes %q lack %q", result.Changes, want)
		}
	}
	for i, want := range map[int]string{0: "2019-05-10", 1: "2019-04-30", 2: "2019-04-30", 3: "2019-03-31", 4: "2019-04-30", 5: "2019-04-30"} {
		if o := w.obligation(w.orgs[i]); o.DueOn != day(want) {
			t.Errorf("%d: due %s, want %s", i, o.DueOn, want)
		}
	}
	if o := w.sendBack(submitted.SubmissionID, "2019-02-20"); o.OverdueAfter != day("2019-04-30") {
		t.Errorf("a report under review did not get the new due day: %+v", o)
	}
	if e := w.events(); e[event.ObligationDueChangedKind] != 3 || e[event.SeasonChangedKind] != 1 {
		t.Errorf("events %v", e)
	}
	result = w.importSeason("types: [service, foundation]", "due_on: 2019-06-30", "registered_by: 2019-01-05")
	if result.Bound.Exempted != 1 { // 0 owes; 3 has passed
		t.Errorf("a type left the season: %+v", result.Bound)
	}
	// The type that left comes back in a season of its own.
	result = w.importSeason("types: [association]", "due_on: 2019-05-31")
	if result.Outcome != SeasonCreated || result.Bound.Reinstated != 1 {
		t.Errorf("season of its own: %+v", result)
	}
	if o := w.obligation(w.orgs[0]); o.SeasonID != result.Season.ID || o.Status != StatusOpen || o.DueOn != day("2019-05-31") {
		t.Errorf("reinstated: %+v", o)
	}
	_, err := w.svc.ImportSeason(w.ctx, strings.NewReader(seasonFile()), filer)
	var refused *FileError
	if !errors.As(err, &refused) || !strings.Contains(err.Error(), "more than one season") {
		t.Errorf("a file over two seasons: %v", err)
	}
}

func TestChangesThatComeTooLate(t *testing.T) {
	w := newWorld(t, "2019-01-14", 1)
	w.importSeason()
	for _, tt := range []struct{ line, want string }{
		{"opens_on: 2019-02-01", "opens_on: the season has been open since 2019-01-14"},
		{"regime: annual_inspection", "regime: the season is open as annual_report"},
		{`authority: "999999"`, "there is no authority 999999"},
	} {
		_, err := w.svc.ImportSeason(w.ctx, strings.NewReader(seasonFile(tt.line)), filer)
		var refused *FileError
		if !errors.As(err, &refused) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", tt.line, err)
		}
	}
	w.importSeason("opens_on: 2019-01-02")
	if o := w.obligation(w.orgs[0]); o.OpensOn != day("2019-01-02") {
		t.Errorf("opening day did not follow: %s", o.OpensOn)
	}
}

func TestRollAndOwnExtension(t *testing.T) {
	w := newWorld(t, "2019-01-14", 2)
	w.importSeason("due_rolls_to_working_day: true")
	o := w.obligation(w.orgs[0])
	if o.DueOn != day("2019-04-01") || o.OverdueAfter != day("2019-04-01") {
		t.Errorf("rolled due day: %+v", o)
	}
	extend := Extend{AuthorityCode: authority, ObligationID: o.ID, To: day("2019-04-01"), Reason: "x", Actor: filer}
	_, err := w.svc.Extend(w.ctx, extend)
	wantCode(t, err, 422, "extension_not_later")
	extend.To = day("2019-04-20") // a Saturday
	got, err := w.svc.Extend(w.ctx, extend)
	if err != nil || got.DueOn != day("2019-04-22") || got.ExtendedTo != day("2019-04-20") || got.ExtensionReason != "x" {
		t.Errorf("extended: %+v, %v", got, err)
	}
	if stored := w.obligation(w.orgs[0]); stored.OverdueAfter != day("2019-04-22") || stored.Version != got.Version {
		t.Errorf("stored: %+v", stored)
	}
	if s := w.openSeasons(); s.Total() != 0 {
		t.Errorf("the job changed an extended due day: %s", s)
	}
}

// TestCalendarFollows imports a notice that makes a provisional rolled day certain, then another.
func TestCalendarFollows(t *testing.T) {
	w := newWorld(t, "2093-01-14", 1)
	cal := workday.Builtin()
	w.svc.calendar = func() *workday.Calendar { return cal }
	w.importSeason("report_year: 2092", "registered_by: 2092-12-31", "opens_on: 2093-01-14", "due_on: 2093-03-29", "due_rolls_to_working_day: true")
	read := func() Obligation {
		o, err := ObligationByYear(w.ctx, w.db, w.orgs[0].ID, 2092)
		if err != nil {
			t.Fatal(err)
		}
		return o
	}
	if o := read(); !o.DueProvisional || o.DueOn != day("2093-03-30") {
		t.Fatalf("provisional: %+v", o)
	}
	var err error
	cal, err = workday.Builtin().With([]workday.Day{
		{Date: day("2093-03-30"), Kind: workday.KindOff, Festival: "元旦", NoticeYear: 2093},
	})
	if err != nil {
		t.Fatal(err)
	}
	if s := w.openSeasons(); s.DueChanged != 1 {
		t.Errorf("summary %s", s)
	}
	if o := read(); o.DueProvisional || o.DueOn != day("2093-03-31") || o.OverdueAfter != o.DueOn {
		t.Errorf("after the notice: %+v", o)
	}
}

func TestTwoNodesOpenOnce(t *testing.T) {
	w := newWorld(t, "2019-01-10", 30)
	w.importSeason()
	w.at("2019-01-14")
	var wait sync.WaitGroup
	summaries := make([]OpenSummary, 4)
	for i := range summaries {
		wait.Go(func() {
			var err error
			if summaries[i], err = w.svc.OpenSeasons(w.ctx, w.db.Now()); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	opened, created := 0, 0
	for _, s := range summaries {
		opened, created = opened+s.Opened, created+s.Created
	}
	if e := w.events(); opened != 1 || created != 30 || e[event.SeasonOpenedKind] != 1 || e[event.ObligationCreatedKind] != 30 {
		t.Errorf("opened %d times, created %d, events %v", opened, created, e)
	}
}

func TestAClosedSeasonBindsNobodyNew(t *testing.T) {
	w := newWorld(t, "2019-01-14", 1)
	w.importSeason("late_filing_until: 2019-06-30")
	w.at("2019-07-01")
	w.addOrganisations(2, 5)
	if s := w.openSeasons(); s.Created != 0 {
		t.Errorf("a season that takes no reports bound somebody: %s", s)
	}
	w.wantBound("closed", []int{0}, StatusOpen)
}

func TestListObligationsByKey(t *testing.T) {
	w := newWorld(t, "2019-01-14", 23)
	w.importSeason()
	w.mustSubmit(w.orgs[4], "k")
	seen := map[string]bool{}
	ask := ObligationQuery{AuthorityCode: authority, ReportYear: 2018, Limit: 5}
	for pages := 1; ; pages++ {
		page, err := ListObligations(w.ctx, w.db, ask)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range page.Items {
			if seen[o.ID.String()] {
				t.Errorf("%s is on two pages", o.ID)
			}
			seen[o.ID.String()] = true
		}
		if page.Next == "" {
			if pages != 5 || len(page.Items) != 3 {
				t.Errorf("%d pages, %d on the last", pages, len(page.Items))
			}
			break
		}
		ask.Cursor = page.Next
	}
	if len(seen) != 23 {
		t.Errorf("%d of 23 listed", len(seen))
	}
	for _, tt := range []struct {
		ask  ObligationQuery
		want int
	}{
		{ObligationQuery{AuthorityCode: authority, ReportYear: 2018, Status: StatusSubmitted}, 1},
		{ObligationQuery{AuthorityCode: authority, ReportYear: 2018, OverdueOn: day("2019-04-01")}, 22},
		{ObligationQuery{AuthorityCode: authority, ReportYear: 2018, OverdueOn: day("2019-03-31")}, 0},
		{ObligationQuery{AuthorityCode: "440104", ReportYear: 2018}, 0},
		{ObligationQuery{AuthorityCode: authority, ReportYear: 2017}, 0},
	} {
		if page, err := ListObligations(w.ctx, w.db, tt.ask); err != nil || len(page.Items) != tt.want || page.Next != "" {
			t.Errorf("%+v: %d items, %v", tt.ask, len(page.Items), err)
		}
	}
	for _, cursor := range []string{"x", "open~x", "paid~" + w.orgs[0].ID.String()} {
		_, err := ListObligations(w.ctx, w.db, ObligationQuery{AuthorityCode: authority, ReportYear: 2018, Cursor: cursor})
		wantCode(t, err, 400, "bad_cursor")
	}
	list, err := ObligationsOf(w.ctx, w.db, w.orgs[0].ID)
	if err != nil || len(list) != 1 || !list[0].Overdue(day("2019-04-01")) || list[0].Overdue(day("2019-03-31")) {
		t.Errorf("own obligations: %+v, %v", list, err)
	}
}

// TestOpeningIsOneStatementAType opens for many organisations; the figure is for reading with -v.
func TestOpeningIsOneStatementAType(t *testing.T) {
	w := newWorld(t, "2019-01-10", 3)
	const many = 20_000
	w.exec(`INSERT INTO organisation (id, uscc, name, type, registered_on, authority_code, status, created_at, updated_at)
		SELECT gen_random_uuid(), 'X' || n, '组织' || n, 'service', '2010-01-01', $1, 'active', now(), now() FROM generate_series(1, $2::int) n`, authority, many)
	w.importSeason()
	w.at("2019-01-14")
	started := time.Now()
	if s := w.openSeasons(); s.Created != many+3 {
		t.Errorf("created %d", s.Created)
	}
	t.Logf("opening for %d organisations: %v", many, time.Since(started))
	if n := w.count(`SELECT count(*) FROM event WHERE kind = 'obligation.created'`); n != many+3 {
		t.Errorf("%d events", n)
	}
	var form string
	if err := w.db.GetContext(w.ctx, &form, `SELECT data ->> 'form' FROM event WHERE kind = 'obligation.created' AND organisation_id = $1`,
		w.orgs[1].ID); err != nil || form != "service-2004" {
		t.Errorf("event says form %q, %v", form, err)
	}
}

func TestSeasonsAreFound(t *testing.T) {
	w := newWorld(t, "2019-01-14", 3)
	result := w.importSeason("types: [association, service]", "four_eyes: true")
	byType, err := SeasonFor(w.ctx, w.db, authority, 2018, registry.TypeService)
	if err != nil || byType.ID != result.Season.ID || !byType.Rules.FourEyes || byType.Version != 1 {
		t.Errorf("by type: %+v, %v", byType, err)
	}
	if _, err := SeasonFor(w.ctx, w.db, authority, 2018, registry.TypeFoundation); !errors.Is(err, ErrNotFound) {
		t.Errorf("no season: %v", err)
	}
	w.importSeason("types: [foundation]")
	list, err := Seasons(w.ctx, w.db, authority)
	if err != nil || len(list) != 2 {
		t.Errorf("seasons: %d, %v", len(list), err)
	}
	if got := fmt.Sprint(w.openSeasons()); !strings.HasPrefix(got, "2 seasons, 0 opened; obligations: 0 created") {
		t.Errorf("summary: %s", got)
	}
}

func TestMovingToAnotherAuthorityKeepsTheYear(t *testing.T) {
	w := newWorld(t, "2019-01-14", 2)
	w.importSeason()
	w.importSeason(`authority: "440104"`)
	w.exec(`UPDATE organisation SET authority_code = '440104' WHERE id = $1`, w.orgs[0].ID)
	if s := w.openSeasons(); s.Total() != 0 {
		t.Errorf("the move changed obligations: %s", s)
	}
	if o := w.obligation(w.orgs[0]); o.AuthorityCode != authority || o.Status != StatusOpen {
		t.Errorf("obligation %+v", o)
	}
	if r := w.mustSubmit(w.orgs[0], "k"); r.ReceiptNo != "2018-0000001" {
		t.Errorf("receipt %+v", r)
	}
}

// TestTwoImportsMakeOneSeason: two nodes that load the same new season at once must not each make one of it.
func TestTwoImportsMakeOneSeason(t *testing.T) {
	w := newWorld(t, "2019-01-14", 3)
	file := seasonFile()
	var wg sync.WaitGroup
	outcomes := make([]SeasonOutcome, 4)
	for i := range outcomes {
		wg.Go(func() {
			result, err := w.svc.ImportSeason(w.ctx, strings.NewReader(file), filer)
			if err != nil {
				t.Error(err)
			}
			outcomes[i] = result.Outcome
		})
	}
	wg.Wait()
	slices.Sort(outcomes)
	if want := []SeasonOutcome{SeasonCreated, SeasonUnchanged, SeasonUnchanged, SeasonUnchanged}; !slices.Equal(outcomes, want) {
		t.Errorf("outcomes %v, want %v", outcomes, want)
	}
	if n := w.count(`SELECT count(*) FROM season`); n != 1 {
		t.Errorf("%d seasons", n)
	}
	if n := w.events()[event.SeasonOpenedKind]; n != 1 {
		t.Errorf("opened %d times", n)
	}
}

// TestWhoIsNotBoundYetIsToldSo: the season is open already, so "it will open on" a past day would be wrong.
func TestWhoIsNotBoundYetIsToldSo(t *testing.T) {
	w := newWorld(t, "2019-02-01", 3)
	w.importSeason()
	w.addOrganisations(3, 99)
	_, err := w.svc.Draft(w.ctx, w.orgs[3].ID, 2018)
	var refused *StateError
	if !errors.As(err, &refused) || refused.Code() != CodeNotOpen || strings.Contains(refused.Detail(), "2019年1月14日") {
		t.Errorf("before it is bound: %v", err)
	}
	w.openSeasons()
	if _, err := w.svc.Draft(w.ctx, w.orgs[3].ID, 2018); err != nil {
		t.Errorf("bound: %v", err)
	}
}
