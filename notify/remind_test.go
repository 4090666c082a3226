package notify

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"nianbao/internal/event"
	"nianbao/internal/workday"
)

// reminders are the day numbers of the reminders there are, by inbox.
func (w *world) reminders() []string {
	w.t.Helper()
	out := []string{}
	if err := w.db.SelectContext(w.t.Context(), &out, `
SELECT to_char(created_at AT TIME ZONE 'Asia/Shanghai', 'MM-DD') || ' ' || split_part(unique_key, ':', 4)
FROM delivery WHERE kind = 'reminder' AND channel = 'inbox' ORDER BY created_at, unique_key`); err != nil {
		w.t.Fatal(err)
	}
	return out
}

func TestRemindersOfAWholeSeason(t *testing.T) {
	w := newWorld(t, day(1, 14, 8))
	w.organisation("甲")
	for at := day(1, 15, 8); at.Before(day(4, 5, 0)); at = at.AddDate(0, 0, 1) {
		w.clock.Set(at)
		w.remind()
		w.remind() // twice changes nothing
	}
	want := []string{"03-01 30", "03-17 14", "03-24 7", "03-28 3", "03-30 1", "03-31 0"}
	if diff := cmp.Diff(want, w.reminders()); diff != "" {
		t.Error(diff)
	}
}

func TestMissedDaysHealToTheNearestReminder(t *testing.T) {
	tests := map[string]struct {
		runs []time.Time
		want []string
	}{
		"a day late":              {[]time.Time{day(3, 2, 8), day(3, 3, 8)}, []string{"03-02 30"}},
		"from 30 to 3 days":       {[]time.Time{day(3, 28, 8), day(3, 29, 8)}, []string{"03-28 3"}},
		"two days before the end": {[]time.Time{day(3, 29, 20), day(3, 30, 8)}, []string{"03-29 3", "03-30 1"}},
		"on the last day":         {[]time.Time{day(3, 31, 23)}, []string{"03-31 0"}},
		"after it":                {[]time.Time{day(4, 1, 8)}, []string{}},
		"long before":             {[]time.Time{day(2, 20, 8)}, []string{}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, day(1, 14, 8))
			w.organisation("甲")
			for _, at := range tt.runs {
				w.clock.Set(at)
				w.remind()
			}
			if diff := cmp.Diff(tt.want, w.reminders()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestOnlyWhoOwesIsReminded(t *testing.T) {
	tests := map[string]struct {
		change string
		want   []string
	}{
		"open":      {``, []string{"03-24 7"}},
		"submitted": {`UPDATE obligation SET status = 'submitted', overdue_after = NULL`, []string{}},
		"passed":    {`UPDATE obligation SET status = 'passed', overdue_after = NULL`, []string{}},
		"exempt":    {`UPDATE obligation SET status = 'exempt', overdue_after = NULL, exempt_reason = '无'`, []string{}},
		"extended a while ago": {`UPDATE obligation SET due_on = '2019-04-07', overdue_after = '2019-04-07', updated_at = '2019-03-20 08:00+08'`,
			[]string{"03-24 14"}},
		"extended after the day of the reminder": {`UPDATE obligation SET due_on = '2019-04-06', overdue_after = '2019-04-06',
			updated_at = '2019-03-24 07:00+08'`, []string{}},
		"returned, refile day": {`UPDATE obligation SET status = 'returned', submissions = 1, resubmit_by = '2019-04-07',
			overdue_after = '2019-04-07', updated_at = '2019-03-22 08:00+08'`, []string{"03-24 14"}},
		"not open yet":          {`UPDATE obligation SET opens_on = '2019-03-25'`, []string{}},
		"opened after the day":  {`UPDATE obligation SET due_on = '2019-04-05', overdue_after = '2019-04-05', opens_on = '2019-03-24'`, []string{}},
		"no reminders at all":   {`UPDATE season SET spec = '{"reminders_days_before": null}'`, []string{}},
		"reminders of its own":  {`UPDATE season SET spec = '{"reminders_days_before": [7, 60]}'`, []string{"03-24 7"}},
		"nobody to mail, still": {`UPDATE organisation SET contact_email = ''`, []string{"03-24 7"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, day(3, 24, 8))
			w.organisation("甲")
			if tt.change != "" {
				w.exec(tt.change)
			}
			w.remind()
			if diff := cmp.Diff(tt.want, w.reminders()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestWhoFiledMeanwhileIsNotReminded: looked at once more when the mail is sent.
func TestWhoFiledMeanwhileIsNotReminded(t *testing.T) {
	w := newWorld(t, day(3, 24, 8))
	_, filed := w.organisation("甲")
	w.organisation("乙")
	w.remind()
	w.exec(`UPDATE obligation SET status = 'submitted', overdue_after = NULL WHERE id = $1`, filed)
	w.work(w.s)
	if len(w.sender.sent) != 1 || w.sender.sent[0].To != "乙@org.example" {
		t.Errorf("sent %+v", w.sender.sent)
	}
	var state string
	if err := w.db.GetContext(t.Context(), &state, `SELECT state FROM delivery WHERE obligation_id = $1 AND channel = 'mail'`, filed); err != nil || state != "dropped" {
		t.Errorf("state %q, %v", state, err)
	}
}

func TestTwoNodesRemindOnce(t *testing.T) {
	w := newWorld(t, day(3, 24, 8))
	for i := range 60 {
		w.organisation(fmt.Sprintf("组织%d", i))
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if _, err := w.s.Remind(t.Context(), w.db.Now()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	w.work(w.s)
	if n := len(w.reminders()); n != 60 {
		t.Errorf("%d reminders", n)
	}
	if len(w.sender.sent) != 60 {
		t.Errorf("%d mails", len(w.sender.sent))
	}
}

// TestOneBadRowStopsNobody: an organisation whose row cannot be told is left for the next run.
func TestOneBadRowStopsNobody(t *testing.T) {
	w := newWorld(t, day(3, 24, 8))
	_, bad := w.organisation("坏")
	w.organisation("好")
	w.exec(`ALTER TABLE delivery ADD CONSTRAINT refuse CHECK (obligation_id <> '` + bad.String() + `')`)
	sum := w.remind()
	if sum.Reminded != 1 || sum.Failed != 1 {
		t.Errorf("summary %+v", sum)
	}
	w.exec(`ALTER TABLE delivery DROP CONSTRAINT refuse`)
	if sum := w.remind(); sum.Reminded != 1 || sum.Failed != 0 {
		t.Errorf("the next run: %+v", sum)
	}
}

func TestOpening(t *testing.T) {
	w := newWorld(t, day(1, 14, 9))
	organisation, _ := w.organisation("甲")
	e := w.event(event.SeasonOpenedKind, organisation, uuid.Nil, event.SeasonOpened{DueOn: workday.NewDate(2019, 3, 31)})
	e.OrganisationID, e.ObligationID, e.SubjectID = uuid.NullUUID{}, uuid.NullUUID{}, event.Ref(w.season)
	w.happen(e)
	if diff := cmp.Diff([]string{"opening inbox delivered", "opening mail queued 甲@org.example"}, w.deliveries()); diff != "" {
		t.Error(diff)
	}
	w.clock.Set(day(1, 20, 8))
	w.organisation("乙") // bound late
	w.exec(`UPDATE obligation SET created_at = $1, updated_at = $1 WHERE organisation_id <> $2`, day(1, 19, 12), organisation)
	if sum := w.remind(); sum.Opened != 1 {
		t.Errorf("summary %+v", sum)
	}
	if sum := w.remind(); sum.Opened != 0 {
		t.Errorf("again: %+v", sum)
	}
}
