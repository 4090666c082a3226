package main

import (
	"errors"
	"fmt"
	"time"

	"nianbao/internal/clock"
	"nianbao/internal/workday"
)

type jobCmd struct {
	List jobListCmd `cmd:"" help:"List the clock's jobs and their next ticks."`
	Run  jobRunCmd  `cmd:"" help:"Run one job now; what is not due does not change."`
}

// localPublicURL stands in mails that a command line run makes, unless --public-url says better.
const localPublicURL = "http://127.0.0.1:8080"

type jobListCmd struct{}

// Run prints one line a job.
func (*jobListCmd) Run(e *environment) error {
	return e.withNode(outside{PublicURL: localPublicURL}, func(n *node) error {
		for _, job := range n.driver.Jobs() {
			fmt.Fprintf(e.stdout, "%-17s next %s  %s\n", job.Name,
				job.Next.In(workday.Shanghai).Format("2006-01-02 15:04"), job.Description)
		}
		return nil
	})
}

type jobRunCmd struct {
	Name string `arg:"" help:"One of nianbao job list."`
	AsOf string `name:"as-of" placeholder:"TIME" help:"As if it were then: RFC 3339, such as 2019-04-01T00:10:00+08:00. In the future only in a demonstration."`
	outside
}

// Run runs the job and prints its summary.
func (c *jobRunCmd) Run(e *environment) error {
	if c.PublicURL == "" {
		c.PublicURL = localPublicURL
	}
	return e.withNode(c.outside, func(n *node) error {
		asOf, err := c.asOf(n)
		if err != nil {
			return err
		}
		n.db.SetClock(func() time.Time { return asOf })
		summary, err := n.driver.RunNow(e.ctx, c.Name, asOf)
		if errors.Is(err, clock.ErrUnknownJob) {
			return usagef("no job %q: see nianbao job list", c.Name)
		}
		if err != nil {
			return err
		}
		fmt.Fprintln(e.stdout, summary)
		return nil
	})
}

// asOf is the instant to run for; only a demonstration may look into the future.
func (c *jobRunCmd) asOf(n *node) (time.Time, error) {
	now := n.db.Now()
	if c.AsOf == "" {
		return now, nil
	}
	asOf, err := time.Parse(time.RFC3339, c.AsOf)
	if err != nil {
		return now, usagef("--as-of: %q is not a time such as 2019-04-01T00:10:00+08:00", c.AsOf)
	}
	if asOf.After(now) && n.demo == nil {
		return now, fmt.Errorf("--as-of %s is in the future: that works only on a demonstration's data", c.AsOf)
	}
	return asOf, nil
}

// withNode opens the database and wires everything for one piece of work.
func (e *environment) withNode(o outside, work func(n *node) error) error {
	return e.with(func(s *store) error {
		n, err := e.wire(s, o)
		if err != nil {
			return err
		}
		return errors.Join(work(n), n.Close())
	})
}
