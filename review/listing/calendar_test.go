package listing

import (
	"sync"
	"testing"

	"nianbao/filing"
	"nianbao/internal/event"
	"nianbao/internal/workday"
)

var importer = event.System("calendar import")

// The calendar of December 2019 before the notice for 2020 is in, and after: 1 January is off, Sunday 19 January worked.
func calendars(t testing.TB) (before, after *workday.Calendar) {
	t.Helper()
	before = must[*workday.Calendar](t)((&workday.Calendar{}).With([]workday.Day{{Date: date("2019-12-31"), Kind: workday.KindWork, NoticeYear: 2019}}))
	after = must[*workday.Calendar](t)(before.With([]workday.Day{{Date: date("2020-01-01"), Kind: workday.KindOff, Festival: "元旦", NoticeYear: 2020},
		{Date: date("2020-01-19"), Kind: workday.KindWork, Festival: "春节", NoticeYear: 2020}}))
	return before, after
}

// follow runs a pass and wants it to move that many days.
func (w *world) follow(moved int) {
	w.t.Helper()
	n, err := w.svc.FollowCalendar(w.ctx, importer)
	if err != nil || n != moved {
		w.t.Errorf("%d days moved (%v), want %d", n, err, moved)
	}
}

func TestAnswerTimesFollowTheCalendar(t *testing.T) {
	tests := map[string]struct{ served, told, then string }{
		"ends before the new year":                 {"2019-12-10", "2019-12-24", "2019-12-24"},
		"over the new year, a day longer":          {"2019-12-20", "2020-01-03", "2020-01-06"},
		"confirmed":                                {"2020-01-02", "2020-01-16", "2020-01-16"},
		"a Sunday is worked: the day told is kept": {"2020-01-08", "2020-01-22", "2020-01-22"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			before, after := calendars(t)
			w := newWorld(t, 1)
			w.cal = before
			w.sweep(tt.served)
			w.follow(0)
			m := w.open(0)
			if m.StatementDueOn != date(tt.told) || m.StatementDueProvisional != (tt.told >= "2020") {
				t.Fatalf("told %s (provisional %v), want %s", m.StatementDueOn, m.StatementDueProvisional, tt.told)
			}
			w.cal = after
			moved := 0
			if tt.then != tt.told {
				moved = 1
			}
			w.follow(moved)
			m = w.open(0)
			if m.StatementDueOn != date(tt.then) || m.StatementDueProvisional {
				t.Errorf("answer by %s (provisional %v), want %s", m.StatementDueOn, m.StatementDueProvisional, tt.then)
			}
			w.follow(0)
			if again := w.open(0); again.Version != m.Version || w.events(event.ListingAnswerMovedKind) != moved {
				t.Error("a second pass changed something")
			}
		})
	}
}

// TestNobodyIsListedByAProvisionalDay: the job corrects before it lists, so the day after the wrong one lists nobody.
func TestNobodyIsListedByAProvisionalDay(t *testing.T) {
	before, after := calendars(t)
	w := newWorld(t, 2)
	w.cal = before
	w.sweep("2019-12-20") // to 3 January, as far as was known
	w.issueAll()
	w.exec(`UPDATE listing SET statement_days = NULL WHERE organisation_id = $1`, w.orgs[1].ID) // as the release before wrote it
	w.cal = after
	if got, want := w.advance("2020-01-04"), (AdvanceSummary{Moved: 2}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if got := w.advance("2020-01-06"); got != (AdvanceSummary{}) {
		t.Errorf("on the last day: %+v", got)
	}
	if got, want := w.advance("2020-01-07"), (AdvanceSummary{Listed: 2}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if s := (AdvanceSummary{Moved: 2, Listed: 1}).String(); s != "0 withdrawn, 1 listed, 2 followed the calendar" {
		t.Errorf("summary %q", s)
	}
}

// TestADayThatIsKeptOutlastsAHeldNotice: the later issue of a notice never takes from the time that was told.
func TestADayThatIsKeptOutlastsAHeldNotice(t *testing.T) {
	before, after := calendars(t)
	m := matter{Listing: Listing{ServedOn: date("2020-01-08"), StatementDueOn: before.Due(date("2020-01-08"), 10).Date, StatementDays: 10}}
	m.NoticeIssuedAt.Valid, m.NoticeIssuedAt.Time = true, noon("2020-01-09")
	m.waitForNotice(after, ruleOf(15))
	if m.StatementDueOn != date("2020-01-22") { // ten working days from the 9th, the 19th among them
		t.Errorf("answer by %s", m.StatementDueOn)
	}
	m.NoticeIssuedAt.Time = noon("2020-01-10")
	m.waitForNotice(after, ruleOf(15))
	if m.StatementDueOn != date("2020-01-23") {
		t.Errorf("answer by %s", m.StatementDueOn)
	}
}

func TestRemovalTimesFollowTheCalendar(t *testing.T) {
	before, after := calendars(t)
	w := newWorld(t, 2)
	w.cal = before
	w.sweep("2019-12-02")
	w.issueAll()
	w.advance("2019-12-17")
	for i, day := range []string{"2019-12-27", "2020-01-14"} { // to 3 January; to 21 January, one less with Sunday 19
		w.at(day)
		must[Listing](t)(w.svc.ApplyRemoval(w.ctx, Plea{ListingID: w.open(i).ID, OrganisationID: w.orgs[i].ID, Text: "已补报。", Actor: filer}))
	}
	w.follow(0)
	w.cal = after
	w.follow(2)
	w.follow(0)
	for i, want := range []string{"2020-01-06", "2020-01-20"} {
		m := must[Matter](t)(w.svc.Matter(w.ctx, Owner{AuthorityCode: authority}, w.open(i).ID))
		if len(m.Removals) != 1 || m.Removals[0].DueOn != date(want) || m.Removals[0].DueProvisional {
			t.Errorf("applications %+v, want one to decide by %s", m.Removals, want)
		}
	}
	if n := w.events(event.ListingRemovalMovedKind); n != 2 {
		t.Errorf("%d events, want 2", n)
	}
}

func TestTwoFollowTheCalendarAtOnce(t *testing.T) {
	const count = 8
	before, after := calendars(t)
	w := newWorld(t, count)
	w.cal = before
	w.sweep("2019-12-20")
	w.cal = after
	moved := make([]int, 5)
	var group sync.WaitGroup
	for i := range moved {
		group.Go(func() {
			n, err := w.svc.FollowCalendar(w.ctx, importer)
			if err != nil {
				t.Error(err)
			}
			moved[i] = n
		})
	}
	group.Wait()
	total := 0
	for _, n := range moved {
		total += n
	}
	if n := w.events(event.ListingAnswerMovedKind); total != count || n != count {
		t.Errorf("%d moved, %d events, want %d", total, n, count)
	}
}

func TestOneBadDayStopsNoOther(t *testing.T) {
	before, after := calendars(t)
	w := newWorld(t, 3)
	w.cal = before
	w.sweep("2019-12-20")
	w.exec(`ALTER TABLE listing ADD CONSTRAINT bad CHECK (organisation_id <> '` + w.orgs[1].ID.String() + `' OR statement_due_provisional)`)
	w.cal = after
	n, err := w.svc.FollowCalendar(w.ctx, importer)
	if n != 2 || err == nil {
		t.Errorf("%d moved (%v), want 2 and an error that tells of one left out", n, err)
	}
	if got, want := w.advance("2020-01-04"), (AdvanceSummary{Failed: 1}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	w.exec(`ALTER TABLE listing DROP CONSTRAINT bad`)
	w.follow(1)
}

func ruleOf(days int) filing.LateRule { return filing.LateRule{StatementWorkingDays: days} }
