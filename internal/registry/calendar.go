package registry

import (
	"context"
	"fmt"
	"io"

	"github.com/lib/pq"

	"nianbao/internal/event"
	"nianbao/internal/postgres"
	"nianbao/internal/workday"
)

// LoadCalendar is the built-in calendar with the imported days over it.
func LoadCalendar(ctx context.Context, q postgres.Queryer) (*workday.Calendar, error) {
	days, err := importedDays(ctx, q)
	if err != nil {
		return nil, err
	}
	calendar, err := workday.Builtin().With(days)
	if err != nil {
		return nil, fmt.Errorf("load calendar: %w", err)
	}
	return calendar, nil
}

func importedDays(ctx context.Context, q postgres.Queryer) ([]workday.Day, error) {
	var rows []struct {
		Date       workday.Date `db:"date"`
		Kind       workday.Kind `db:"kind"`
		Festival   string       `db:"festival"`
		NoticeYear int          `db:"notice_year"`
	}
	err := q.SelectContext(ctx, &rows, `SELECT date, kind, festival, notice_year FROM calendar_day ORDER BY date`)
	if err != nil {
		return nil, fmt.Errorf("read imported calendar: %w", err)
	}
	days := make([]workday.Day, len(rows))
	for i, row := range rows {
		days[i] = workday.Day(row)
	}
	return days, nil
}

// ImportCalendar takes a calendar file (date,kind,festival,notice_year) whole
// or not at all: the first fault is a *workday.RowError. Days already imported
// or built in are replaced, others stay; so where a later notice takes a day
// back, the file must name that day with its ordinary kind.
func ImportCalendar(ctx context.Context, db *postgres.DB, r io.Reader, opts ImportOptions) (ImportResult, error) {
	days, err := workday.ParseDays(r)
	if err != nil {
		return ImportResult{}, err
	}
	result, err := applyImport(ctx, db, opts, func(run *importRun) error {
		return applyCalendar(ctx, run, days)
	})
	if err != nil {
		return ImportResult{}, fmt.Errorf("import calendar: %w", err)
	}
	return result, nil
}

func applyCalendar(ctx context.Context, run *importRun, days []workday.Day) error {
	if err := run.lock(ctx, `LOCK TABLE calendar_day IN SHARE ROW EXCLUSIVE MODE`); err != nil {
		return err
	}
	stored, err := importedDays(ctx, run.tx)
	if err != nil {
		return err
	}
	before := make(map[workday.Date]workday.Day, len(stored))
	for _, day := range stored {
		before[day.Date] = day
	}
	run.tally.Read = len(days)
	var writes []workday.Day
	for _, day := range days {
		old, exists := before[day.Date]
		switch {
		case !exists:
			run.tally.Inserted++
		case old != day:
			run.tally.Updated++
		default:
			run.tally.Unchanged++
			continue
		}
		writes = append(writes, day)
	}
	if len(writes) == 0 {
		return nil
	}
	if err := writeDays(ctx, run.tx, writes); err != nil {
		return err
	}
	return run.record(ctx, event.CalendarImportedKind, "")
}

func writeDays(ctx context.Context, tx *postgres.Tx, days []workday.Day) error {
	var dates, kinds, festivals []string
	var years []int64
	for _, day := range days {
		dates = append(dates, day.Date.String())
		kinds = append(kinds, string(day.Kind))
		festivals = append(festivals, day.Festival)
		years = append(years, int64(day.NoticeYear))
	}
	_, err := tx.ExecContext(ctx, `
		INSERT INTO calendar_day (date, kind, festival, notice_year)
		SELECT * FROM unnest($1::date[], $2::text[], $3::text[], $4::integer[])
		ON CONFLICT (date) DO UPDATE SET kind = excluded.kind, festival = excluded.festival,
			notice_year = excluded.notice_year`,
		pq.Array(dates), pq.Array(kinds), pq.Array(festivals), pq.Array(years))
	if err != nil {
		return fmt.Errorf("write %d calendar days: %w", len(days), err)
	}
	return nil
}
