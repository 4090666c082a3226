package filing

import (
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"nianbao/internal/event"
	"nianbao/internal/registry"
	"nianbao/internal/workday"
)

// The calendar of December 2019 before the notice for 2020 is in, and after: 1 January is off, Sunday 19 January worked.
func calendars(t testing.TB) (before, after *workday.Calendar) {
	t.Helper()
	with := func(c *workday.Calendar, days ...workday.Day) *workday.Calendar {
		next, err := c.With(days)
		if err != nil {
			t.Fatal(err)
		}
		return next
	}
	before = with(&workday.Calendar{}, workday.Day{Date: day("2019-12-31"), Kind: workday.KindWork, NoticeYear: 2019})
	return before, with(before, workday.Day{Date: day("2020-01-01"), Kind: workday.KindOff, Festival: "元旦", NoticeYear: 2020},
		workday.Day{Date: day("2020-01-19"), Kind: workday.KindWork, Festival: "春节", NoticeYear: 2020})
}

// returned files the organisation's report on the day and returns it the same day, within the season's ten working days.
func (w *world) returned(org registry.Organisation, on string) uuid.UUID {
	w.t.Helper()
	w.at(on)
	id := w.mustSubmit(org, "key").SubmissionID
	n := 10
	_, err := w.decide(ReturnSubmission, Decision{SubmissionID: id, Resubmit: ResubmitBy(w.cal, w.clock.Now(), &n), ResubmitDays: n,
		Event: event.Event{Kind: event.ReviewDecidedKind, Data: event.ReviewDecided{Outcome: "return"}}})
	if err != nil {
		w.t.Fatalf("return: %v", err)
	}
	return id
}

// open runs the job and wants it to move that many refile days.
func (w *world) open(moved int) {
	w.t.Helper()
	sum, err := w.svc.OpenSeasons(w.ctx, w.clock.Now())
	if err != nil || sum.RefileDays != moved || strings.Contains(sum.String(), "followed the calendar") != (moved > 0) {
		w.t.Errorf("%s (%v), want %d refile days moved", sum, err, moved)
	}
}

func TestRefileDaysFollowTheCalendar(t *testing.T) {
	tests := map[string]struct {
		returned   string
		told, then string // then: "" where the day holds
		overdue    string
	}{
		"ends before the new year":                  {"2019-12-10", "2019-12-24", "", "2019-12-24"},
		"over the new year, a day longer":           {"2019-12-20", "2020-01-03", "2020-01-06", "2020-01-06"},
		"confirmed":                                 {"2020-01-02", "2020-01-16", "", "2020-01-16"},
		"a Sunday is worked: the day told is kept":  {"2020-01-08", "2020-01-22", "", "2020-01-22"},
		"a later due day counts, whatever the day":  {"2019-12-18", "2020-01-01", "2020-01-02", "2020-01-31"},
		"a later due day counts, also when it held": {"2020-01-03", "2020-01-17", "", "2020-01-31"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			before, after := calendars(t)
			w := newWorld(t, "2019-12-01", 1)
			w.cal = before
			w.importSeason()
			if tt.overdue == "2020-01-31" {
				w.exec(`UPDATE season SET due_on = '2020-01-31'`)
				w.open(0)
			}
			w.returned(w.orgs[0], tt.returned)
			w.open(0)
			told := w.obligation(w.orgs[0])
			if told.ResubmitBy != day(tt.told) {
				t.Fatalf("told %s, want %s", told.ResubmitBy, tt.told)
			}
			w.cal = after
			moved, then := 0, day(tt.told)
			if tt.then != "" {
				moved, then = 1, day(tt.then)
			}
			w.open(moved)
			o := w.obligation(w.orgs[0])
			if o.ResubmitBy != then || o.ResubmitProvisional || o.OverdueAfter != day(tt.overdue) {
				t.Errorf("to refile by %s (provisional %v), overdue after %s; want %s, %s",
					o.ResubmitBy, o.ResubmitProvisional, o.OverdueAfter, then, tt.overdue)
			}
			w.open(0)
			if again := w.obligation(w.orgs[0]); again.Version != o.Version || w.events()[event.ObligationRefileMovedKind] != moved {
				t.Errorf("a second pass changed something: %+v, %v", again, w.events())
			}
		})
	}
}

// TestARefileDayKeepsItsOwnRule: the season's time to refile changed since; a day that an older release wrote has only that.
func TestARefileDayKeepsItsOwnRule(t *testing.T) {
	before, after := calendars(t)
	w := newWorld(t, "2019-12-01", 3)
	w.cal = before
	w.importSeason()
	for _, org := range w.orgs {
		w.returned(org, "2019-12-20")
	}
	w.exec(`UPDATE season SET spec = jsonb_set(spec, '{resubmit_within_working_days}', '12')`)
	w.exec(`UPDATE obligation SET resubmit_days = NULL WHERE organisation_id = $1`, w.orgs[1].ID)
	if _, err := w.submit(w.orgs[2], "again"); err != nil { // refiled: nothing is owed, so nothing moves
		t.Fatal(err)
	}
	w.cal = after
	w.open(2)
	for i, want := range []string{"2020-01-06", "2020-01-08", "2020-01-03"} {
		if o := w.obligation(w.orgs[i]); o.ResubmitBy != day(want) {
			t.Errorf("organisation %d refiles by %s, want %s", i, o.ResubmitBy, want)
		}
	}
	if o := w.obligation(w.orgs[2]); !o.OverdueAfter.IsZero() {
		t.Errorf("who has refiled is overdue after %s", o.OverdueAfter)
	}
}

func TestRefileDaysFollowTheCalendarOnce(t *testing.T) {
	const count = 9
	before, after := calendars(t)
	w := newWorld(t, "2019-12-01", count)
	w.cal = before
	w.importSeason()
	for _, org := range w.orgs {
		w.returned(org, "2019-12-20")
	}
	w.cal = after
	moved := make([]int, 5)
	var group sync.WaitGroup
	for i := range moved {
		group.Go(func() {
			sum, err := w.svc.OpenSeasons(w.ctx, w.clock.Now())
			if err != nil {
				t.Error(err)
			}
			moved[i] = sum.RefileDays
		})
	}
	group.Wait()
	total := 0
	for _, n := range moved {
		total += n
	}
	if n := w.events()[event.ObligationRefileMovedKind]; total != count || n != count {
		t.Errorf("%d moved, %d events, want %d", total, n, count)
	}
}

func TestCorrected(t *testing.T) {
	for name, tt := range map[string]struct {
		told string
		now  workday.Due
		want workday.Due
	}{
		"later":                {"2020-01-03", workday.Due{Date: day("2020-01-06")}, workday.Due{Date: day("2020-01-06")}},
		"the same":             {"2020-01-03", workday.Due{Date: day("2020-01-03")}, workday.Due{Date: day("2020-01-03")}},
		"earlier is not taken": {"2020-01-03", workday.Due{Date: day("2020-01-02")}, workday.Due{Date: day("2020-01-03")}},
		"still provisional":    {"2020-01-03", workday.Due{Date: day("2020-01-02"), Provisional: true}, workday.Due{Date: day("2020-01-03"), Provisional: true}},
	} {
		if got := Corrected(day(tt.told), tt.now); got != tt.want {
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
	}
}
