package registry

import (
	"errors"
	"strings"
	"testing"
	"time"

	"nianbao/internal/event"
	"nianbao/internal/postgres"
	"nianbao/internal/postgres/pgtest"
	"nianbao/internal/workday"
)

func importCalendar(t *testing.T, db *postgres.DB, rows string, opts ImportOptions) ImportResult {
	t.Helper()
	result, err := ImportCalendar(t.Context(), db, strings.NewReader("date,kind,festival,notice_year\n"+rows), opts)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func loadCalendar(t *testing.T, db *postgres.DB) *workday.Calendar {
	t.Helper()
	calendar, err := LoadCalendar(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	return calendar
}

func TestImportCalendar(t *testing.T) {
	db := pgtest.New(t)
	newYear := workday.NewDate(2027, time.January, 1)
	if c := loadCalendar(t, db); !c.IsWorking(newYear) || !c.Provisional(newYear) {
		t.Error("2027 is known before it is imported")
	}
	result := importCalendar(t, db, "2027-01-01,off,元旦,2027\n2027-01-03,work,元旦,2027\n", tester)
	if got := countsOf(result); got != (counts{Read: 2, Inserted: 2}) {
		t.Errorf("%+v", got)
	}
	c := loadCalendar(t, db)
	if c.IsWorking(newYear) || c.Provisional(newYear) || !c.IsWorking(newYear.AddDays(2)) {
		t.Error("the imported days do not count")
	}
	due := c.Due(workday.NewDate(2026, time.December, 31), 2)
	if due != (workday.Due{Date: workday.NewDate(2027, time.January, 4)}) {
		t.Errorf("two working days from 2026-12-31 end %v", due)
	}

	// A later notice changes a day that was imported and one that is built in.
	changes := "2027-01-03,off,元旦,2027\n2026-10-10,off,国庆节,2026\n2027-01-01,off,元旦,2027\n"
	if got := countsOf(importCalendar(t, db, changes, tester)); got != (counts{Read: 3, Inserted: 1, Updated: 1, Unchanged: 1}) {
		t.Errorf("changed: %+v", got)
	}
	if c := loadCalendar(t, db); c.IsWorking(newYear.AddDays(2)) || c.IsWorking(workday.NewDate(2026, time.October, 10)) {
		t.Error("the changed days do not count")
	}
	if got := countsOf(importCalendar(t, db, changes, tester)); got != (counts{Read: 3, Unchanged: 3}) {
		t.Errorf("again: %+v", got)
	}
	if n, _ := events(t, db, event.CalendarImportedKind); n != 2 {
		t.Errorf("%d events, want one for each import that changed something", n)
	}
}

func TestImportCalendarWholeOrNotAtAll(t *testing.T) {
	db := pgtest.New(t)
	file := "date,kind,festival,notice_year\n2027-01-01,off,元旦,2027\n2027-01-32,off,元旦,2027\n"
	_, err := ImportCalendar(t.Context(), db, strings.NewReader(file), tester)
	var rowErr *workday.RowError
	if !errors.As(err, &rowErr) || rowErr.Row != 3 || rowErr.Field != "date" {
		t.Errorf("a bad row gives %v", err)
	}
	dry := tester
	dry.DryRun = true
	if got := countsOf(importCalendar(t, db, "2027-01-01,off,元旦,2027\n", dry)); got != (counts{Read: 1, Inserted: 1}) {
		t.Errorf("dry run: %+v", got)
	}
	if !loadCalendar(t, db).Provisional(workday.NewDate(2027, time.January, 1)) {
		t.Error("a day went in")
	}
}
