package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"nianbao/internal/registry"
	"nianbao/internal/workday"
)

type calendarCmd struct {
	Import calendarImportCmd `cmd:"" help:"Import a State Council holiday notice: date,kind,festival,notice_year."`
	Due    calendarDueCmd    `cmd:"" help:"Print the last day of a window of working days."`
}

type calendarImportCmd struct {
	File string `arg:"" type:"existingfile" help:"CSV with the header date,kind,festival,notice_year; kind off or work."`
}

// Run imports the good rows and lists the refused ones.
func (c *calendarImportCmd) Run(e *environment) error {
	file, err := os.Open(c.File)
	if err != nil {
		return err
	}
	defer file.Close()
	return e.with(func(s *store) error {
		result, err := registry.ImportCalendar(e.ctx, s.db, file, registry.ImportOptions{
			Filename: c.File, Actor: commandActor("calendar import"),
		})
		return e.report(c.File, tallyOf(result), err)
	})
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
