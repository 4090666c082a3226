package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"nianbao/filing"
	"nianbao/internal/document"
	"nianbao/internal/event"
	"nianbao/internal/postgres"
	"nianbao/internal/queue"
	"nianbao/internal/scan"
	"nianbao/internal/workday"
	"nianbao/notify"
)

type doctorCmd struct {
	outside
}

// Run goes through the set-up part by part, says what is wrong and what to do, and fails where something is.
func (c *doctorCmd) Run(e *environment) error {
	if c.PublicURL == "" {
		c.PublicURL = localPublicURL
	}
	s, err := e.connect(false)
	if err != nil {
		fmt.Fprintf(e.stdout, "database     WRONG  %s: %s\n", oneLine(err), c.reach(e))
		return errors.New("the database cannot be reached: nothing else was checked")
	}
	err = c.examine(e, s)
	return errors.Join(err, s.Close())
}

// reach is what to do about a database that cannot be reached.
func (c *doctorCmd) reach(e *environment) string {
	if e.databaseURL != "" {
		return "see that PostgreSQL runs there and that --database-url names it, its user and its password"
	}
	return "see postgres/postgres.log in the data folder, and that this user may write there"
}

func (c *doctorCmd) examine(e *environment, s *store) error {
	checks := []struct {
		part  string
		check func(*environment, *store) ([]string, error)
	}{
		{"database", c.database}, {"clock", c.clock}, {"calendar", c.calendar}, {"certificate", c.certificate},
		{"blob store", c.blobStore}, {"scanner", c.scan}, {"mail", c.mail}, {"background", c.background},
	}
	wrong := 0
	for _, check := range checks {
		notes, err := check.check(e, s)
		verdict := "ok"
		if err != nil {
			verdict = "WRONG  " + oneLine(err)
			wrong++
		}
		fmt.Fprintf(e.stdout, "%-12s %s\n", check.part, verdict)
		for _, note := range notes {
			fmt.Fprintf(e.stdout, "%-12s note   %s\n", "", note)
		}
		if err != nil && check.part == "database" {
			return errors.New("mend the database first: nothing else was checked")
		}
	}
	if wrong > 0 {
		return fmt.Errorf("%d of %d parts are wrong; what to do is said above", wrong, len(checks))
	}
	return nil
}

func (c *doctorCmd) database(e *environment, s *store) ([]string, error) {
	if s.private != nil { // an empty one of our own is made ready, as for every command
		if err := s.prepare(e.ctx); err != nil {
			return nil, err
		}
		return nil, s.adopt(e.ctx, e.wall)
	}
	states, err := postgres.MigrationStatus(e.ctx, s.db)
	if err != nil {
		return nil, err
	}
	for _, m := range states {
		if !m.Applied {
			return nil, fmt.Errorf("migration %s is not applied: run nianbao migrate up", m.Name)
		}
	}
	return nil, s.adopt(e.ctx, e.wall)
}

// maxClockDrift is how far the database's clock may be from this machine's before people see contradicting times.
const maxClockDrift = 2 * time.Second

func (c *doctorCmd) clock(e *environment, s *store) ([]string, error) {
	if s.demo != nil {
		return []string{"a demonstration: its clock stands at " + s.db.Now().Format("2006-01-02 15:04")}, nil
	}
	before := e.wall()
	var there time.Time
	if err := s.db.GetContext(e.ctx, &there, `SELECT clock_timestamp()`); err != nil {
		return nil, err
	}
	if drift := there.Sub(before).Abs(); drift > maxClockDrift {
		return nil, fmt.Errorf("the database's clock differs from this machine's by %s: set both by NTP", drift.Round(time.Millisecond))
	}
	return nil, nil
}

func (c *doctorCmd) calendar(_ *environment, s *store) ([]string, error) {
	today := workday.DateOf(s.db.Now())
	covered := s.calendar.CoveredThrough(today)
	switch {
	case covered < today.Year():
		return nil, fmt.Errorf("no holiday notice covers %d: import it with nianbao calendar import; until then days are provisional", today.Year())
	case covered == today.Year() && today.Month() >= time.November:
		return []string{fmt.Sprintf("holidays are known through %d only: import the next notice (published in November)", covered)}, nil
	}
	return nil, nil
}

// certificateNotice is how long before its end a certificate is spoken of.
const certificateNotice = 90 * 24 * time.Hour

func (c *doctorCmd) certificate(e *environment, s *store) ([]string, error) {
	if c.SigningKey == "" {
		dir, err := e.dataDir()
		if err != nil {
			return nil, err
		}
		info, err := os.Stat(filepath.Join(dir, document.KeyFile))
		if errors.Is(err, os.ErrNotExist) {
			return []string{"no signing key yet: the first serve makes one in " + dir}, nil
		}
		if err != nil {
			return nil, err
		}
		if info.Mode().Perm()&0o077 != 0 {
			return nil, fmt.Errorf("%s can be read by others: chmod 600 it", document.KeyFile)
		}
	}
	signer, err := e.signer(c.outside)
	if err != nil {
		return nil, err
	}
	left := signer.Certificate().NotAfter.Sub(s.db.Now())
	switch {
	case left < 0:
		return nil, fmt.Errorf("the certificate ended on %s: supply a new key and certificate", signer.Certificate().NotAfter.Format(time.DateOnly))
	case left < certificateNotice:
		return []string{"the certificate ends on " + signer.Certificate().NotAfter.Format(time.DateOnly)}, nil
	}
	return nil, nil
}

func (c *doctorCmd) blobStore(e *environment, _ *store) ([]string, error) {
	bucket, err := e.bucket(c.Blobs)
	if err != nil {
		return nil, err
	}
	accessible, err := bucket.IsAccessible(e.ctx)
	if err == nil && !accessible {
		err = errors.New("the blob store cannot be reached: check --blobs")
	}
	return nil, errors.Join(err, bucket.Close())
}

// scan asks the virus scanner what it is, and counts the files that wait for one.
func (c *doctorCmd) scan(e *environment, s *store) ([]string, error) {
	held, err := filing.HeldAttachments(e.ctx, s.db)
	if err != nil {
		return nil, err
	}
	var waiting []string
	if held > 0 {
		waiting = []string{fmt.Sprintf("%d files wait for their virus scan", held)}
	}
	if c.Clamd == "" {
		if held > 0 {
			return waiting, errors.New("no scanner is set up, and what waits for one cannot be submitted: give --clamd to serve")
		}
		return []string{"no virus scanner is set up: attachments are usable at once (--clamd)"}, nil
	}
	clamd, err := scan.NewClamd(c.Clamd)
	if err != nil {
		return nil, fmt.Errorf("--clamd: %w", err)
	}
	version, err := clamd.Version(e.ctx)
	if err != nil {
		return waiting, fmt.Errorf("%w: start clamd, or correct --clamd; until then new files are held", err)
	}
	return append(waiting, version), nil
}

func (c *doctorCmd) mail(e *environment, s *store) ([]string, error) {
	if c.SMS != "" {
		if _, err := notify.NewSMS(notify.SMSConfig{URL: c.SMS, LoopbackOnly: s.demo != nil}); err != nil {
			return nil, fmt.Errorf("--sms: %w", err)
		}
	}
	waiting, err := notify.Outbox(e.ctx, s.db, "", notify.Page{Limit: 1})
	if err != nil {
		return nil, err
	}
	if c.SMTP == "" {
		if len(waiting) == 0 {
			return []string{"no mail server is set up: mails will wait in the outbox (--smtp)"}, nil
		}
		return []string{"no mail server is set up and mails are waiting in the outbox: give --smtp to serve"}, nil
	}
	_, err = notify.NewSMTP(notify.SMTPConfig{URL: c.SMTP, From: c.MailFrom, LoopbackOnly: s.demo != nil})
	return nil, err
}

// background looks at what waits for a person: dead and held work, consumers that are stuck.
func (c *doctorCmd) background(e *environment, s *store) ([]string, error) {
	depth, err := queue.Depth(e.ctx, s.db)
	if err != nil {
		return nil, err
	}
	var notes []string
	for kind, states := range depth {
		if n := states[queue.Held]; n > 0 {
			notes = append(notes, fmt.Sprintf("%d jobs %s wait for a person", n, kind))
		}
		if n := states[queue.Dead]; n > 0 {
			err = errors.Join(err, fmt.Errorf("%d jobs %s were given up: see the log", n, kind))
		}
	}
	consumers, readErr := event.Consumers(e.ctx, s.db)
	if readErr != nil {
		return notes, errors.Join(err, readErr)
	}
	for _, consumer := range consumers {
		if consumer.FailedAt != nil {
			err = errors.Join(err, fmt.Errorf("consumer %s cannot get over event %d: %s", consumer.Name, *consumer.FailedAt, consumer.LastError))
		}
	}
	return notes, err
}
