package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"nianbao/internal/event"
	"nianbao/internal/registry"
	"nianbao/internal/workday"
	"nianbao/review"
	"nianbao/review/listing"
)

type calendarCmd struct {
	Import calendarImportCmd `cmd:"" help:"Import a State Council holiday notice: date,kind,festival,notice_year."`
	Due    calendarDueCmd    `cmd:"" help:"Print the last day of a window of working days."`
}

type calendarImportCmd struct {
	File string `arg:"" type:"existingfile" help:"CSV with the header date,kind,festival,notice_year; kind off or work."`
}

// Run takes the file whole or not at all, and brings every day that was provisional in line with it at once.
func (c *calendarImportCmd) Run(e *environment) error {
	return e.importFile(c.File, func(s *store, file io.Reader) error {
		actor := commandActor("calendar import")
		result, err := registry.ImportCalendar(e.ctx, s.db, file, registry.ImportOptions{Filename: c.File, Actor: actor})
		if err := e.report(c.File, tallyOf(result), err); err != nil {
			return err
		}
		if err := e.followCalendar(s, actor); err != nil {
			return fmt.Errorf("bring days in line with the calendar: %w; it is imported, the jobs of the night try again", err)
		}
		return nil
	})
}

// followCalendar corrects due days and refile days, windows of review, and times of listing, as their jobs do each night.
func (e *environment) followCalendar(s *store, actor event.Actor) (err error) {
	if s.calendar, err = registry.LoadCalendar(e.ctx, s.db); err != nil {
		return err
	}
	calendar := func() *workday.Calendar { return s.calendar }
	obligations, err := s.filing()
	if err != nil {
		return err
	}
	opened, err := obligations.OpenSeasons(e.ctx, s.db.Now())
	windows, windowsErr := review.New(review.Config{DB: s.db, Calendar: calendar}).FollowCalendar(e.ctx, actor)
	times, timesErr := listing.New(listing.Config{DB: s.db, Calendar: calendar, Log: e.log}).FollowCalendar(e.ctx, actor)
	fmt.Fprintf(e.stdout, "moved: %d due days, %d days to refile, %d review windows, %d times of listings\n",
		opened.DueChanged, opened.RefileDays, windows, times)
	return errors.Join(err, windowsErr, timesErr)
}

type calendarDueCmd struct {
	From        string `required:"" placeholder:"DATE" help:"The day the window starts; it is not counted. - reads DATE,N lines from standard input."`
	WorkingDays int    `name:"working-days" placeholder:"N" help:"Length of the window, 1 to 1000."`
}

// maxWindow bounds a window so that a slip of the hand gives an error and not a day in another century.
const maxWindow = 1000

// Run prints the last day, followed by " provisional" where no holiday notice covers it yet.
func (c *calendarDueCmd) Run(e *environment) error {
	cal, err := e.lookupCalendar()
	if err != nil {
		return err
	}
	if c.From != "-" {
		due, err := dueOf(cal, c.From, c.WorkingDays)
		if err != nil {
			return &usageError{err.Error()}
		}
		fmt.Fprintln(e.stdout, due)
		return nil
	}
	return e.dueLines(cal)
}

// dueLines answers DATE,N lines one by one.
func (e *environment) dueLines(cal *workday.Calendar) error {
	out := bufio.NewWriter(e.stdout)
	lines := bufio.NewScanner(e.stdin)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" {
			continue
		}
		from, count, found := strings.Cut(line, ",")
		days, err := strconv.Atoi(strings.TrimSpace(count))
		if !found || err != nil {
			return errors.Join(out.Flush(), fmt.Errorf("standard input, line %d: %q is not DATE,N, such as 2019-03-29,10", n, line))
		}
		due, err := dueOf(cal, strings.TrimSpace(from), days)
		if err != nil {
			return errors.Join(out.Flush(), fmt.Errorf("standard input, line %d: %w", n, err))
		}
		fmt.Fprintln(out, due)
	}
	return errors.Join(lines.Err(), out.Flush())
}

func dueOf(cal *workday.Calendar, from string, n int) (string, error) {
	day, err := workday.ParseDate(from)
	if err != nil {
		return "", fmt.Errorf("--from: %q is not a date such as 2019-03-29", from)
	}
	if n < 1 || n > maxWindow {
		return "", fmt.Errorf("--working-days: %d is not between 1 and %d", n, maxWindow)
	}
	due := cal.Due(day, n)
	if due.Provisional {
		return due.Date.String() + " provisional", nil
	}
	return due.Date.String(), nil
}

// lookupCalendar is the calendar with imported notices where a database is at hand, else the built-in one.
func (e *environment) lookupCalendar() (*workday.Calendar, error) {
	s, err := e.openIfServed()
	if err != nil {
		return nil, err
	}
	if s == nil {
		return workday.Builtin(), nil
	}
	return s.calendar, s.Close()
}
