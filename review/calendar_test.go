package review

import (
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"nianbao/filing"
	"nianbao/internal/event"
	"nianbao/internal/workday"
)

var importer = event.System("calendar import")

// The calendar of December 2019 before the notice for 2020 is in, and after. The notice takes 1 January and the days of
// the Spring Festival off, and makes Sunday 19 January a working day.
func calendars(t testing.TB) (before, after *workday.Calendar) {
	t.Helper()
	before, err := (&workday.Calendar{}).With([]workday.Day{{Date: date("2019-12-31"), Kind: workday.KindWork, NoticeYear: 2019}})
	must(t, err)
	notice := []workday.Day{{Date: date("2020-01-01"), Kind: workday.KindOff, Festival: "元旦", NoticeYear: 2020},
		{Date: date("2020-01-19"), Kind: workday.KindWork, Festival: "春节", NoticeYear: 2020}}
	for day := date("2020-01-24"); !day.After(date("2020-01-30")); day = day.AddDays(1) {
		notice = append(notice, workday.Day{Date: day, Kind: workday.KindOff, Festival: "春节", NoticeYear: 2020})
	}
	after, err = before.With(notice)
	must(t, err)
	return before, after
}

// follow runs a pass and wants it to move that many windows.
func (w *world) follow(moved int) {
	w.t.Helper()
	n, err := w.svc.FollowCalendar(w.ctx, importer)
	if err != nil || n != moved {
		w.t.Errorf("%d windows moved (%v), want %d", n, err, moved)
	}
}

func (w *world) due(id uuid.UUID) workday.Due {
	w.t.Helper()
	r := w.review(id)
	return workday.Due{Date: r.DueOn, Provisional: r.DueProvisional}
}

// shown is the last day of the review as the filer sees it.
func (w *world) shown(id uuid.UUID) workday.Due {
	w.t.Helper()
	s, err := filing.SubmissionByID(w.ctx, w.db, id)
	must(w.t, err)
	return workday.Due{Date: s.ReviewDueOn, Provisional: s.ReviewDueProvisional}
}

func TestFollowCalendar(t *testing.T) {
	before, after := calendars(t)
	tests := map[string]struct {
		received   string
		told, then workday.Due
	}{
		"ends before the new year":            {"2019-12-10", workday.Due{Date: date("2019-12-24")}, workday.Due{Date: date("2019-12-24")}},
		"over the new year, a day longer":     {"2019-12-20", workday.Due{Date: date("2020-01-03"), Provisional: true}, workday.Due{Date: date("2020-01-06")}},
		"ends on the new year's day":          {"2019-12-18", workday.Due{Date: date("2020-01-01"), Provisional: true}, workday.Due{Date: date("2020-01-02")}},
		"confirmed":                           {"2020-01-02", workday.Due{Date: date("2020-01-16"), Provisional: true}, workday.Due{Date: date("2020-01-16")}},
		"over a Sunday that is worked":        {"2020-01-08", workday.Due{Date: date("2020-01-22"), Provisional: true}, workday.Due{Date: date("2020-01-21")}},
		"over the Spring Festival, six later": {"2020-01-17", workday.Due{Date: date("2020-01-31"), Provisional: true}, workday.Due{Date: date("2020-02-06")}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, tt.received, 1)
			w.cal = before
			id := w.submit(w.orgs[0])
			if got := w.due(id); got != tt.told {
				t.Fatalf("told %v, want %v", got, tt.told)
			}
			w.follow(0) // nothing is known yet
			w.cal = after
			moved := 0
			if tt.told.Date != tt.then.Date {
				moved = 1
			}
			w.follow(moved)
			if got := w.due(id); got != tt.then {
				t.Errorf("window ends %v, want %v", got, tt.then)
			}
			if got := w.shown(id); got != tt.then {
				t.Errorf("the filer sees %v, want %v", got, tt.then)
			}
			s, err := filing.SubmissionByID(w.ctx, w.db, id)
			must(t, err)
			if got := s.Receipt().ReviewDueOn; got != tt.told {
				t.Errorf("the receipt says %v now, told %v", got, tt.told)
			}
			version := w.review(id).Version
			w.follow(0)
			if w.review(id).Version != version || w.count(`SELECT count(*) FROM event WHERE kind = 'window.moved'`) != moved {
				t.Error("a second pass changed something")
			}
		})
	}
}

// TestLateNoticeLeadsWhereAnEarlyOneDoes replays a month of filing in two worlds: one that knows the notice from the
// beginning, and one that gets it on 2 January.
func TestLateNoticeLeadsWhereAnEarlyOneDoes(t *testing.T) {
	before, after := calendars(t)
	const reports = 24
	replay := func(known *workday.Calendar) map[string]workday.Due {
		w := newWorld(t, "2019-12-16", reports)
		w.cal = known
		ids := map[string]uuid.UUID{}
		for i, org := range w.orgs {
			day := date("2019-12-16").AddDays(i)
			w.at(day.String())
			if day == date("2020-01-02") {
				w.cal = after
				_, err := w.svc.FollowCalendar(w.ctx, importer)
				must(t, err)
			}
			ids[org.Name] = w.submit(org)
		}
		ends := map[string]workday.Due{}
		for name, id := range ids {
			ends[name] = w.due(id)
			if shown := w.shown(id); shown != ends[name] {
				t.Errorf("%s: the desk has %v, the filer %v", name, ends[name], shown)
			}
		}
		return ends
	}
	if diff := cmp.Diff(replay(after), replay(before), cmp.Comparer(func(a, b workday.Due) bool { return a == b })); diff != "" {
		t.Errorf("(-known from the beginning +known late):\n%s", diff)
	}
}

func TestTwoFollowTheCalendarAtOnce(t *testing.T) {
	const reports = 12
	before, after := calendars(t)
	w := newWorld(t, "2019-12-20", reports)
	w.cal = before
	for _, org := range w.orgs {
		w.submit(org)
	}
	w.cal = after
	var group sync.WaitGroup
	moved := make([]int, 6)
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
	events := w.count(`SELECT count(*) FROM event WHERE kind = 'window.moved'`)
	right := w.count(`SELECT count(*) FROM review WHERE due_on = '2020-01-06' AND NOT due_provisional AND version = 2`)
	if total != reports || events != reports || right != reports {
		t.Errorf("%d moved, %d events, %d right, want %d of each", total, events, right, reports)
	}
}

func TestOnlyOpenWindowsFollowTheCalendar(t *testing.T) {
	before, after := calendars(t)
	w := newWorld(t, "2019-12-20", 4, "four_eyes: true")
	w.cal = before
	ids := make([]uuid.UUID, 4)
	for i := range ids {
		ids[i] = w.submit(w.orgs[i])
	}
	must(t, w.withdraw(w.orgs[1]))
	for _, i := range []int{2, 3} {
		w.mustDecide(ids[i], Pass, first)
	}
	_, err := w.approve(ids[3], Confirm, approver)
	must(t, err)
	w.cal = after
	w.follow(2)
	told := workday.Due{Date: date("2020-01-03"), Provisional: true}
	want := []workday.Due{{Date: date("2020-01-06")}, told, {Date: date("2020-01-06")}, told} // pending, withdrawn, proposed, decided
	for i, id := range ids {
		if got := w.due(id); got != want[i] {
			t.Errorf("review %d ends %v, want %v", i, got, want[i])
		}
	}
}

// TestTheWindowKeepsItsOwnRule: the season's window changed since, and the report was reopened; neither is what the
// notice may change.
func TestTheWindowKeepsItsOwnRule(t *testing.T) {
	before, after := calendars(t)
	w := newWorld(t, "2019-12-20", 3)
	w.cal = before
	kept, old, reopened := w.submit(w.orgs[0]), w.submit(w.orgs[1]), w.submit(w.orgs[2])
	w.mustDecide(reopened, Unqualified, first)
	w.at("2019-12-27")
	_, err := w.svc.Reopen(w.ctx, Reopening{SubmissionID: reopened, Reason: "补充核实。", Actor: first})
	must(t, err)
	if got := w.shown(reopened); got != (workday.Due{Date: date("2020-01-10"), Provisional: true}) {
		t.Errorf("after reopening the filer sees %v", got)
	}
	w.exec(`UPDATE season SET spec = jsonb_set(spec, '{review_window_working_days}', '12')`)
	w.exec(`UPDATE review SET window_days = NULL WHERE submission_id = $1`, old) // as the release before wrote it
	w.cal = after
	w.follow(3)
	for id, want := range map[uuid.UUID]string{kept: "2020-01-06", old: "2020-01-08", reopened: "2020-01-13"} {
		if got := w.due(id); got != (workday.Due{Date: date(want)}) || w.shown(id) != got {
			t.Errorf("ends %v, shown %v, want %s", got, w.shown(id), want)
		}
	}
}

// TestWarningsBeginAnew: what was warned of and escalated for the wrong day is so again for the right one.
func TestWarningsBeginAnew(t *testing.T) {
	before, after := calendars(t)
	w := newWorld(t, "2019-12-20", 1)
	w.cal = before
	id := w.submit(w.orgs[0]) // to 3 January
	w.watch(t, "2020-01-02")  // one day left
	w.watch(t, "2020-01-04")  // over
	w.cal = after             // to 6 January: one working day left
	if got, want := w.watch(t, "2020-01-05"), (WindowSummary{Moved: 1, Warned: 1}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if got, want := w.watch(t, "2020-01-06"), (WindowSummary{}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if got, want := w.watch(t, "2020-01-07"), (WindowSummary{Escalated: 1}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	for kind, want := range map[event.Kind]int{event.WindowWarnedKind: 2, event.WindowEscalatedKind: 2, event.WindowMovedKind: 1} {
		if n := w.count(`SELECT count(*) FROM event WHERE kind = $1 AND subject_id = $2`, kind, id); n != want {
			t.Errorf("%d events %s, want %d", n, kind, want)
		}
	}
}

func TestOneBadWindowStopsNoOther(t *testing.T) {
	before, after := calendars(t)
	w := newWorld(t, "2019-12-20", 3)
	w.cal = before
	for _, org := range w.orgs {
		w.submit(org)
	}
	bad := w.orgs[1].ID
	w.exec(`CREATE FUNCTION refuse_bad() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
		RAISE EXCEPTION 'a bad row' USING ERRCODE = 'check_violation'; END $$`)
	w.exec(`CREATE TRIGGER bad BEFORE UPDATE ON review FOR EACH ROW WHEN (OLD.organisation_id = '` + bad.String() + `') EXECUTE FUNCTION refuse_bad()`)
	w.cal = after
	n, err := w.svc.FollowCalendar(w.ctx, importer)
	if n != 2 || err == nil {
		t.Errorf("%d moved (%v), want 2 and the bad one named", n, err)
	}
	w.exec(`DROP TRIGGER bad ON review`)
	w.follow(1)
}
