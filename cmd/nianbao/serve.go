package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"

	"nianbao/internal/postgres"
	"nianbao/internal/web"
)

type serveCmd struct {
	Addr           string   `default:"127.0.0.1:8080" help:"Address to listen on; port 0 takes a free one."`
	Demo           bool     `help:"Serve a demonstration: made-up data, a clock that can be moved, mail only to this machine."`
	DemoData       string   `name:"demo-data" default:"city" enum:"city,none" help:"What a new demonstration holds: a city, or none."`
	Clock          string   `placeholder:"TIME" help:"Where a demonstration's clock starts, RFC 3339; the later of this and the stored time holds."`
	TrustedProxies []string `name:"trusted-proxies" placeholder:"CIDR" help:"Proxies that may name the client in X-Forwarded-For."`
	outside
}

// shutdownPatience is how long running requests may take after the signal to stop.
const shutdownPatience = 10 * time.Second

// Run serves until the process is told to stop.
func (c *serveCmd) Run(e *environment) error {
	if err := c.check(); err != nil {
		return err
	}
	listener, err := (&net.ListenConfig{}).Listen(e.ctx, "tcp", c.Addr)
	if err != nil {
		return fmt.Errorf("--addr %s: %w", c.Addr, err)
	}
	if c.PublicURL == "" {
		c.PublicURL = "http://" + listener.Addr().String()
	}
	c.PublicURL = strings.TrimSuffix(c.PublicURL, "/")
	s, err := e.connect(true)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	err = c.serve(e, s, listener)
	_ = listener.Close() // the server has closed it already where it came that far
	return errors.Join(err, s.Close())
}

// check refuses settings that cannot hold before anything is touched: a folder must not become a demonstration, nor a
// season's mails fail one by one, because of a slip of the pen.
func (c *serveCmd) check() error {
	if c.Clock != "" && !c.Demo {
		return usagef("--clock: only a demonstration's clock can be set")
	}
	if _, err := c.clockTime(); err != nil {
		return err
	}
	if _, err := c.proxies(); err != nil {
		return err
	}
	return c.outside.check(c.Demo)
}

func (c *serveCmd) serve(e *environment, s *store, listener net.Listener) error {
	if _, err := postgres.Migrate(e.ctx, s.db); err != nil {
		return err
	}
	if err := c.settleKind(e, s); err != nil {
		return err
	}
	if err := s.adopt(e.ctx, e.wall); err != nil {
		return err
	}
	if err := c.startDemoClock(e, s); err != nil {
		return err
	}
	n, err := e.wire(s, c.outside)
	if err != nil {
		return err
	}
	err = c.serveNode(e, n, listener)
	return errors.Join(err, n.Close())
}

// settleKind makes empty data a demonstration where one is asked for, and refuses to mix the two.
func (c *serveCmd) settleKind(e *environment, s *store) error {
	demo, err := isDemo(e.ctx, s.db)
	if err != nil {
		return err
	}
	switch {
	case demo && !c.Demo:
		return errors.New("this data is a demonstration: serve it with --demo, or give --data another folder")
	case demo || !c.Demo:
		return nil
	}
	var used bool
	if err := s.db.GetContext(e.ctx, &used, `SELECT EXISTS (SELECT FROM authority)`); err != nil {
		return fmt.Errorf("look for data: %w", err)
	}
	if used {
		return errors.New("this data is not a demonstration, and cannot become one: give --data another folder")
	}
	if _, err := s.db.ExecContext(e.ctx, `UPDATE instance SET demo = true`); err != nil {
		return fmt.Errorf("make the data a demonstration: %w", err)
	}
	return nil
}

// startDemoClock lets a demonstration's clock stand at --clock or later. That of a new demonstration with data starts
// when the data stands, see seedDemo.
func (c *serveCmd) startDemoClock(e *environment, s *store) error {
	if s.demo == nil {
		return nil
	}
	at, err := c.clockTime()
	if err != nil {
		return err
	}
	if c.DemoData != "none" {
		filled, err := demoFilled(e.ctx, s.db)
		if err != nil || !filled {
			return err
		}
	}
	return s.demo.Start(e.ctx, at)
}

func (c *serveCmd) clockTime() (time.Time, error) {
	if c.Clock == "" {
		return time.Time{}, nil
	}
	at, err := time.Parse(time.RFC3339, c.Clock)
	if err != nil {
		return at, usagef("--clock: %q is not a time such as 2019-01-14T09:00:00+08:00", c.Clock)
	}
	return at, nil
}

// serveNode fills a new demonstration, then listens and runs everything until the context ends.
func (c *serveCmd) serveNode(e *environment, n *node, listener net.Listener) error {
	n.notify.HoldUnsendable()
	if n.demo != nil && c.DemoData != "none" {
		at, err := c.clockTime()
		if err != nil {
			return err
		}
		if err := e.seedDemo(n, at); err != nil {
			return fmt.Errorf("fill the demonstration: %w", err)
		}
	}
	app, err := c.app(e, n)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(e.ctx)
	defer stop()
	go keepSmall(ctx)
	server := app.Server()
	failed := make(chan error, 2)
	go func() { failed <- server.Serve(listener) }()
	background := make(chan error, 1)
	go func() { background <- n.background(ctx) }()
	fmt.Fprintf(e.stdout, "listening on http://%s\n", listener.Addr())
	select {
	case <-ctx.Done():
		err = nil
	case err = <-failed:
		err = fmt.Errorf("serve: %w", err)
	case err = <-background:
		background <- nil
	}
	shutdown, cancel := context.WithTimeout(context.WithoutCancel(e.ctx), shutdownPatience)
	defer cancel()
	err = errors.Join(err, server.Shutdown(shutdown))
	stop()
	return errors.Join(err, <-background)
}

// app is the HTTP side with the whole route table.
func (c *serveCmd) app(e *environment, n *node) (*web.App, error) {
	proxies, err := c.proxies()
	if err != nil {
		return nil, err
	}
	app, err := web.New(web.Config{
		DB: n.db, Log: e.log, PublicURL: c.PublicURL, TrustedProxies: proxies, Wall: e.wall,
		Demo: n.demo != nil, Ready: n.readyToServe, Site: site(),
	})
	if err != nil {
		return nil, err
	}
	routes, err := n.routes(app)
	if err != nil {
		return nil, err
	}
	return app, app.Mount(routes)
}

// proxies are the address ranges of --trusted-proxies.
func (c *serveCmd) proxies() ([]netip.Prefix, error) {
	proxies := make([]netip.Prefix, len(c.TrustedProxies))
	for i, text := range c.TrustedProxies {
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, usagef("--trusted-proxies: %q is not an address range such as 10.0.0.0/8", text)
		}
		proxies[i] = prefix
	}
	return proxies, nil
}
