package review

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"nianbao/internal/event"
	"nianbao/internal/workday"
)

// watch runs the job at half past midnight of the day, as the clock does.
func (w *world) watch(t testing.TB, day string) WindowSummary {
	t.Helper()
	now := date(day).Start().Add(30 * time.Minute)
	w.clock.Set(now)
	sum, err := w.svc.WatchWindows(w.ctx, now)
	must(t, err)
	return sum
}

// told lists what the watch told since position, one line each, and the new position.
func (w *world) told(t testing.TB, since int64) (lines []string, position int64) {
	t.Helper()
	lines, position = []string{}, since
	var rows []event.Stored
	must(t, w.db.SelectContext(w.ctx, &rows, `SELECT ordinal, kind, data, actor_kind, actor_id FROM event
		WHERE kind IN ('window.warned', 'window.escalated') AND ordinal > $1 ORDER BY ordinal`, since))
	for _, e := range rows {
		position = e.Ordinal
		if e.Actor() != (event.Actor{Kind: event.ActorClock, ID: "watch-windows"}) {
			t.Errorf("the actor is %+v", e.Actor())
		}
		if e.Kind == event.WindowEscalatedKind {
			data, err := event.Read[event.WindowEscalated](e)
			must(t, err)
			lines = append(lines, fmt.Sprintf("over %s %d %s", data.DueOn, data.WorkingDaysOver, data.ClaimedName))
			continue
		}
		data, err := event.Read[event.WindowWarned](e)
		must(t, err)
		lines = append(lines, fmt.Sprintf("ends %s %d %s", data.DueOn, data.WorkingDaysLeft, data.ClaimedName))
	}
	return lines, position
}

// TestWatchDayByDay runs the job on each day of two months with two holidays in them and wants each word on its day.
func TestWatchDayByDay(t *testing.T) {
	for name, c := range map[string]struct {
		submitted []string // a report each
		from, to  string
		want      map[string][]string // by day; no other day says anything
	}{
		// 5 April 2019, a Friday, is Qingming.
		"Qingming": {[]string{"2019-03-22", "2019-03-29"}, "2019-03-22", "2019-04-18", map[string][]string{
			"2019-04-02": {"ends 2019-04-08 3 "}, // 3 and 4 April, then Monday 8
			"2019-04-04": {"ends 2019-04-08 1 "},
			"2019-04-09": {"over 2019-04-08 1 "},
			"2019-04-10": {"ends 2019-04-15 3 "},
			"2019-04-12": {"ends 2019-04-15 1 "},
			"2019-04-16": {"over 2019-04-15 1 "},
		}},
		// 1 to 4 May 2019 are off; Sundays 28 April and 5 May are worked.
		"May": {[]string{"2019-04-22", "2019-04-24"}, "2019-04-22", "2019-05-12", map[string][]string{
			"2019-04-30": {"ends 2019-05-07 3 "}, // Sunday 5, Monday 6, Tuesday 7
			"2019-05-06": {"ends 2019-05-09 3 ", "ends 2019-05-07 1 "},
			"2019-05-08": {"over 2019-05-07 1 ", "ends 2019-05-09 1 "},
			"2019-05-10": {"over 2019-05-09 1 "},
		}},
		// The window ends on a Friday: it is over on Saturday, with no working day gone.
		"Friday": {[]string{"2019-03-01"}, "2019-03-01", "2019-03-20", map[string][]string{
			"2019-03-12": {"ends 2019-03-15 3 "},
			"2019-03-14": {"ends 2019-03-15 1 "},
			"2019-03-16": {"over 2019-03-15 0 "},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, c.from, len(c.submitted))
			got, position := map[string][]string{}, int64(0)
			for day := date(c.from); !day.After(date(c.to)); day = day.AddDays(1) {
				w.watch(t, day.String())
				w.watch(t, day.String()) // twice says nothing twice
				var lines []string
				if lines, position = w.told(t, position); len(lines) > 0 {
					got[day.String()] = lines
				}
				for i, submitted := range c.submitted {
					if submitted == day.String() {
						w.at(submitted)
						w.submit(w.orgs[i])
					}
				}
			}
			sortLines(got)
			sortLines(c.want)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func sortLines(days map[string][]string) {
	for _, lines := range days {
		for i := range lines {
			for j := i; j > 0 && lines[j] < lines[j-1]; j-- {
				lines[j], lines[j-1] = lines[j-1], lines[j]
			}
		}
	}
}

// TestWatchHealsMissedDays: days on which no machine ran are made up for by one word for the nearest threshold.
func TestWatchHealsMissedDays(t *testing.T) {
	w := newWorld(t, "2019-03-01", 1)
	for name, c := range map[string]struct {
		days []string // on which the job runs
		want []string
	}{
		"both warnings missed":    {[]string{"2019-03-18"}, []string{"over 2019-03-15 1 "}},
		"first missed":            {[]string{"2019-03-14", "2019-03-18"}, []string{"ends 2019-03-15 1 ", "over 2019-03-15 1 "}},
		"first a day late":        {[]string{"2019-03-13", "2019-03-14"}, []string{"ends 2019-03-15 2 ", "ends 2019-03-15 1 "}},
		"on the last day itself":  {[]string{"2019-03-15"}, []string{"ends 2019-03-15 0 "}},
		"second missed":           {[]string{"2019-03-12", "2019-03-15"}, []string{"ends 2019-03-15 3 ", "ends 2019-03-15 0 "}},
		"weeks late, then again":  {[]string{"2019-04-09", "2019-04-10"}, []string{"over 2019-03-15 16 "}},
		"Saturdays and Sundays":   {[]string{"2019-03-09", "2019-03-10", "2019-03-16", "2019-03-17"}, []string{"over 2019-03-15 0 "}},
		"long before: not a word": {[]string{"2019-03-04", "2019-03-11"}, []string{}},
	} {
		t.Run(name, func(t *testing.T) {
			w.forget()
			w.at("2019-03-01")
			w.submit(w.orgs[0])
			_, before := w.told(t, 0)
			for _, day := range c.days {
				w.watch(t, day)
			}
			got, _ := w.told(t, before)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestWatchLooksAtOpenReviewsOnly: what waits for an approver is watched too, what is decided or withdrawn is not.
func TestWatchLooksAtOpenReviewsOnly(t *testing.T) {
	w := newWorld(t, "2019-03-01", 5)
	ids := make([]uuid.UUID, len(w.orgs))
	for i, org := range w.orgs {
		ids[i] = w.submit(org)
	}
	w.mustDecide(ids[0], Pass, first)
	w.mustDecide(ids[1], Return, first)
	must(t, w.withdraw(w.orgs[2]))
	w.fourEyes(true)
	w.mustDecide(ids[3], Pass, second)
	if got, want := w.watch(t, "2019-03-14"), (WindowSummary{Warned: 2}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	got, position := w.told(t, 0)
	sortLines(map[string][]string{"": got})
	if diff := cmp.Diff([]string{"ends 2019-03-15 1 ", "ends 2019-03-15 1 王五"}, got); diff != "" {
		t.Error(diff)
	}
	w.mustDecide(ids[4], Pass, first) // a proposal, so it is still open
	if got, want := w.watch(t, "2019-03-16"), (WindowSummary{Escalated: 2}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if got, _ := w.told(t, position); len(got) != 2 {
		t.Errorf("told %v", got)
	}
}

// TestWatchAtOnce: two nodes at the same instant tell of each review once.
func TestWatchAtOnce(t *testing.T) {
	w := newWorld(t, "2019-03-01", 30)
	for _, org := range w.orgs {
		w.submit(org)
	}
	now := date("2019-03-14").Start()
	w.clock.Set(now)
	var mu sync.Mutex
	warned := 0
	codes := race(t, 4, func(int) error {
		sum, err := w.svc.WatchWindows(w.ctx, now)
		mu.Lock()
		defer mu.Unlock()
		warned += sum.Warned
		return err
	})
	if events := w.count(`SELECT count(*) FROM event WHERE kind = 'window.warned'`); codes[""] != 4 || warned != 30 || events != 30 {
		t.Errorf("answers %v, %d warned with %d events, want 30", codes, warned, events)
	}
}

// TestWatchGoesOnAfterABadRow: one review that cannot be marked stops no other.
func TestWatchGoesOnAfterABadRow(t *testing.T) {
	w := newWorld(t, "2019-03-01", 4)
	bad := w.submit(w.orgs[0])
	w.submit(w.orgs[1])
	w.at("2019-03-04")
	w.submit(w.orgs[2])
	w.exec(fmt.Sprintf(`CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
		IF NEW.subject_id = '%s' AND NEW.kind LIKE 'window%%' THEN RAISE 'spoilt'; END IF; RETURN NEW; END $$`, bad))
	w.exec(`CREATE TRIGGER spoil BEFORE INSERT ON event FOR EACH ROW EXECUTE FUNCTION spoil()`)
	now := date("2019-03-20").Start()
	w.clock.Set(now)
	sum, err := w.svc.WatchWindows(w.ctx, now)
	if err == nil || !strings.Contains(err.Error(), bad.String()) {
		t.Errorf("the error %v does not name the review %s", err, bad)
	}
	if want := (WindowSummary{Escalated: 2}); sum != want {
		t.Errorf("%+v, want %+v", sum, want)
	}
	w.exec(`DROP TRIGGER spoil ON event`)
	if got, want := w.watch(t, "2019-03-21"), (WindowSummary{Escalated: 1}); got != want {
		t.Errorf("mended: %+v, want %+v", got, want)
	}
}

// TestWatchSkipsWhatIsWorkedOn: a review that somebody holds this moment is left for the next pass, not waited for.
func TestWatchSkipsWhatIsWorkedOn(t *testing.T) {
	w := newWorld(t, "2019-03-01", 2)
	held := w.submit(w.orgs[0])
	w.submit(w.orgs[1])
	tx, err := w.db.BeginTxx(w.ctx, nil)
	must(t, err)
	_, err = tx.ExecContext(w.ctx, `SELECT FROM review WHERE submission_id = $1 FOR NO KEY UPDATE`, held)
	must(t, err)
	if got, want := w.watch(t, "2019-03-14"), (WindowSummary{Warned: 1}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	must(t, tx.Rollback())
	if got, want := w.watch(t, "2019-03-15"), (WindowSummary{Warned: 1}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// TestWatchAfterTheCalendarChanged: a last day that became a day off is warned of in time.
func TestWatchAfterTheCalendarChanged(t *testing.T) {
	w := newWorld(t, "2019-03-01", 1)
	w.submit(w.orgs[0]) // to Friday 15 March
	w.svc.calendar = func() *workday.Calendar {
		c, err := workday.Builtin().With([]workday.Day{{Date: date("2019-03-15"), Kind: workday.KindOff, Festival: "试点", NoticeYear: 2019}})
		must(t, err)
		return c
	}
	for _, day := range []string{"2019-03-10", "2019-03-11", "2019-03-12"} {
		w.watch(t, day)
	}
	got, _ := w.told(t, 0) // Sunday 10: Monday, Tuesday, Wednesday, Thursday; Monday 11: three of them
	if diff := cmp.Diff([]string{"ends 2019-03-15 3 "}, got); diff != "" {
		t.Error(diff)
	}
	if s := (WindowSummary{Warned: 2, Escalated: 3}).String(); s != "2 windows end soon, 3 are over" {
		t.Errorf("summary %q", s)
	}
	if s := (WindowSummary{Moved: 1}).String(); s != "0 windows end soon, 0 are over, 1 followed the calendar" {
		t.Errorf("summary %q", s)
	}
}
