package main

import (
	"context"
	"errors"
	"fmt"
	"net/mail"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"gocloud.dev/blob"

	"nianbao/filing"
	"nianbao/filing/check"
	"nianbao/filing/form"
	"nianbao/internal/account"
	"nianbao/internal/clock"
	"nianbao/internal/document"
	"nianbao/internal/document/pdf"
	"nianbao/internal/event"
	"nianbao/internal/postgres"
	"nianbao/internal/queue"
	"nianbao/internal/registry"
	"nianbao/internal/scan"
	"nianbao/internal/workday"
	"nianbao/notify"
	"nianbao/review"
	"nianbao/review/listing"
	"nianbao/review/publication"
)

// outside is the settings of what lies outside the program: addresses, mail, blobs, keys.
type outside struct {
	PublicURL   string `name:"public-url" placeholder:"URL" help:"The address that people use; goes into mails and QR codes. Default: http:// and --addr."`
	SMTP        string `name:"smtp" placeholder:"URL" help:"smtp:// or smtps://user:password@host:port; STARTTLS where offered, without it only on loopback. Without it mails wait in the outbox."`
	MailFrom    string `name:"mail-from" default:"社会组织年度报告 <nianbao@localhost>" help:"Sender of mails."`
	SMS         string `name:"sms" placeholder:"URL" help:"https://user:password@host/path of a gateway for text messages; http:// on loopback only. Without it text messages wait in the outbox."`
	Blobs       string `placeholder:"URL" help:"Where documents lie: file:// or s3:// (gocloud form). Default: the data folder."`
	Clamd       string `placeholder:"URL" help:"clamd that looks through attachments: tcp://host:port or unix:///path. Without it they are usable at once."`
	SigningKey  string `name:"signing-key" placeholder:"FILE" help:"PEM or PKCS #12 key that signs documents. Default: made on first run in the data folder."`
	SigningCert string `name:"signing-cert" placeholder:"FILE" help:"Its certificate (PEM), with those above it."`
	SigningPass string `name:"signing-key-password" help:"Password of a PKCS #12 file; better given as NIANBAO_SIGNING_KEY_PASSWORD."`
}

// check refuses addresses that cannot hold, as far as that can be told without calling anybody. Mail of a demonstration
// goes to this machine only.
func (o outside) check(demo bool) error {
	if o.PublicURL != "" {
		if err := notify.CheckPublicURL(o.PublicURL); err != nil {
			return fmt.Errorf("--public-url: %w", err)
		}
	}
	if _, err := mail.ParseAddress(o.MailFrom); err != nil {
		return fmt.Errorf("--mail-from: %q is not a sender such as 年报系统 <nianbao@example.gov.cn>", o.MailFrom)
	}
	if _, err := o.scanner(); err != nil {
		return err
	}
	if o.SMTP != "" {
		if _, err := notify.NewSMTP(notify.SMTPConfig{URL: o.SMTP, From: o.MailFrom, LoopbackOnly: demo}); err != nil {
			return fmt.Errorf("--smtp: %w", err)
		}
	}
	if o.SMS != "" {
		if _, err := notify.NewSMS(notify.SMSConfig{URL: o.SMS, LoopbackOnly: demo}); err != nil {
			return fmt.Errorf("--sms: %w", err)
		}
	}
	return nil
}

// node is one running program on a database: every use case, wired.
type node struct {
	*store
	env      *environment
	forms    *form.Set
	filing   *filing.Service
	review   *review.Service
	listing  *listing.Service
	public   *publication.Service
	notify   *notify.Service
	accounts *account.Service
	blobs    *blob.Bucket
	signer   *document.Signer
	renderer document.Renderer
	worker   *queue.Worker
	events   *event.Dispatcher
	sequence *event.Sequencer
	driver   *clock.Driver

	days atomic.Pointer[workday.Calendar]
}

// wire makes the node. It opens the blob store and the signing key, and starts nothing.
func (e *environment) wire(s *store, o outside) (*node, error) {
	n := &node{store: s, env: e}
	n.days.Store(s.calendar)
	var err error
	if n.forms, err = form.Default(); err != nil {
		return nil, err
	}
	checks, err := check.Default()
	if err != nil {
		return nil, err
	}
	if n.blobs, err = e.bucket(o.Blobs); err != nil {
		return nil, err
	}
	if n.signer, err = e.signer(o); err != nil {
		return nil, errors.Join(err, n.blobs.Close())
	}
	n.review = review.New(review.Config{DB: s.db, Forms: n.forms, Calendar: n.calendarNow})
	scanner, err := o.scanner()
	if err != nil {
		return nil, errors.Join(err, n.blobs.Close())
	}
	n.filing = filing.New(filing.Config{DB: s.db, Forms: n.forms, Checks: checks, Calendar: n.calendarNow, Blobs: n.blobs, Scanner: scanner})
	n.filing.OnSubmitted, n.filing.OnWithdrawn = n.review.Open, n.review.Withdraw
	n.listing = listing.New(listing.Config{DB: s.db, Calendar: n.calendarNow})
	n.public = publication.New(publication.Config{DB: s.db})
	if err := n.wireBackground(o); err != nil {
		return nil, errors.Join(err, n.blobs.Close())
	}
	return n, nil
}

// wireBackground wires what runs beside requests: consumers of the log, queued work, the clock's jobs.
func (n *node) wireBackground(o outside) error {
	sender, err := n.sender(o)
	if err != nil {
		return err
	}
	texts, err := n.texts(o)
	if err != nil {
		return err
	}
	n.notify, err = notify.New(notify.Config{
		DB: n.db, PublicURL: o.PublicURL, Calendar: n.calendarNow, Sender: sender, Texts: texts, Attach: n.attach, Log: n.env.log,
	})
	if err != nil {
		return err
	}
	n.accounts = account.NewService(account.Config{DB: n.db, Post: n.notify.PostLetter, SMS: texts != nil})
	if n.renderer, err = pdf.New(); err != nil {
		return err
	}
	issuer := &document.Issuer{DB: n.db, Renderer: n.renderer, Signer: n.signer, Blobs: n.blobs,
		PublicURL: o.PublicURL, Demonstration: n.demo != nil}
	n.worker = queue.NewWorker(n.db, n.handlers(issuer, means{mail: sender != nil, sms: texts != nil, scans: o.Clamd != ""}), queue.Options{Log: n.env.log})
	n.events = event.NewDispatcher(n.db, n.consumers(), n.env.log)
	n.sequence = event.NewSequencer(n.db)
	n.driver, err = clock.New(n.db, n.jobs(), clock.Options{
		Log: n.env.log, Demo: n.demo, AfterTick: clock.Settle(n.settled, n.sequence.Step, n.events.Step, n.worker.Drain),
	})
	return err
}

// scanner is the virus scanner of the settings, nil where none is set up.
func (o outside) scanner() (filing.Scanner, error) {
	if o.Clamd == "" {
		return nil, nil //nolint:nilnil // no scanner is a state of its own: files are usable at once
	}
	clamd, err := scan.NewClamd(o.Clamd)
	if err != nil {
		return nil, fmt.Errorf("--clamd: %w", err)
	}
	return clamd, nil
}

// settled tells whether the log has come to rest; the queue's Drain says the same of the work.
func (n *node) settled(ctx context.Context) (bool, error) { return n.events.Settled(ctx) }

// settle does everything that follows from what was just done.
func (n *node) settle(ctx context.Context) error {
	return clock.Settle(n.settled, n.sequence.Step, n.events.Step, n.worker.Drain)(ctx)
}

// calendarNow is the calendar as it was last read.
func (n *node) calendarNow() *workday.Calendar { return n.days.Load() }

// readCalendar takes in notices that another command imported meanwhile.
func (n *node) readCalendar(ctx context.Context) error {
	cal, err := registry.LoadCalendar(ctx, n.db)
	if err != nil {
		return err
	}
	n.days.Store(cal)
	return nil
}

// sender is the mail server of the settings, nil where none is set up. A demonstration's mail never leaves the machine.
func (n *node) sender(o outside) (notify.Sender, error) {
	if o.SMTP == "" {
		return nil, nil //nolint:nilnil // no mail server is a state of its own: mails wait
	}
	return notify.NewSMTP(notify.SMTPConfig{URL: o.SMTP, From: o.MailFrom, LoopbackOnly: n.demo != nil})
}

// texts is the gateway for text messages of the settings, nil where none is set up. A demonstration's never leave the
// machine.
func (n *node) texts(o outside) (notify.TextSender, error) {
	if o.SMS == "" {
		return nil, nil //nolint:nilnil // no gateway is a state of its own: text messages wait
	}
	return notify.NewSMS(notify.SMSConfig{URL: o.SMS, LoopbackOnly: n.demo != nil})
}

// attach gives a mail the PDF that it tells of.
func (n *node) attach(ctx context.Context, id uuid.UUID) (string, []byte, error) {
	d, err := document.ByID(ctx, n.db, id)
	if errors.Is(err, document.ErrNotFound) {
		return "", nil, notify.ErrNotReady
	}
	if err != nil {
		return "", nil, err
	}
	content, err := document.Read(ctx, n.blobs, d)
	return d.Number + ".pdf", content, err
}

// signer opens the supplied signing key, or the data folder's own.
func (e *environment) signer(o outside) (*document.Signer, error) {
	if o.SigningKey != "" {
		return document.LoadSigner(o.SigningKey, o.SigningCert, o.SigningPass)
	}
	dir, err := e.dataDir()
	if err != nil {
		return nil, err
	}
	// With a database and a blob store elsewhere, the key is the first thing to lie in the folder.
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the data folder: %w", err)
	}
	return document.OwnSigner(dir, "社会组织年度报告文书签章", e.wall())
}

// bucket opens the blob store of the flag, by default the data folder's.
func (e *environment) bucket(address string) (*blob.Bucket, error) {
	if address == "" {
		dir, err := e.dataDir()
		if err != nil {
			return nil, err
		}
		address = "file://" + filepath.ToSlash(filepath.Join(dir, "blobs"))
	}
	return document.OpenBlobs(e.ctx, address)
}

// Close ends what the node opened itself; the store is its opener's.
func (n *node) Close() error { return n.blobs.Close() }

// calendarEvery is how often a serving node looks for imported notices.
const calendarEvery = time.Minute

// background runs until ctx ends: the log, the queue, the clock's jobs.
func (n *node) background(ctx context.Context) error {
	if err := n.resumeMails(ctx); err != nil {
		return err
	}
	done := make(chan error, 3)
	go func() { event.Run(ctx, n.db, n.events, 200*time.Millisecond, n.env.log); done <- nil }()
	go func() { done <- n.worker.Run(ctx) }()
	go func() { done <- n.driver.Run(ctx) }()
	go n.followCalendar(ctx)
	go n.forgetSessions(ctx)
	var err error
	for range cap(done) {
		err = errors.Join(err, <-done)
	}
	return err
}

// resumeMails lets go what waited for a mail server or a gateway for text messages.
func (n *node) resumeMails(ctx context.Context) error {
	resumed, err := n.notify.Resume(ctx)
	if err != nil {
		return fmt.Errorf("take up waiting mails: %w", err)
	}
	if resumed > 0 {
		n.env.log.Info("what waited for a mail server or a gateway goes out", "count", resumed)
	}
	return nil
}

// forgetEvery is how often sessions that are over are deleted, with the network addresses in them.
const forgetEvery = time.Hour

func (n *node) forgetSessions(ctx context.Context) {
	tick := time.NewTicker(forgetEvery)
	defer tick.Stop()
	for {
		if _, err := account.PurgeSessions(ctx, n.db); err != nil && ctx.Err() == nil {
			n.env.log.Error("delete sessions that are over", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (n *node) followCalendar(ctx context.Context) {
	tick := time.NewTicker(calendarEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if err := n.readCalendar(ctx); err != nil && ctx.Err() == nil {
				n.env.log.Error("read the calendar", "error", err)
			}
		}
	}
}

// readyToServe says why the node cannot serve now, for /readyz.
func (n *node) readyToServe(ctx context.Context) error {
	states, err := postgres.MigrationStatus(ctx, n.db)
	if err != nil {
		return err
	}
	for _, m := range states {
		if !m.Applied {
			return fmt.Errorf("migration %s is not applied", m.Name)
		}
	}
	return nil
}
