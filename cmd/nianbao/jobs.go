package main

import (
	"context"
	"fmt"
	"time"

	"nianbao/filing"
	"nianbao/internal/account"
	"nianbao/internal/clock"
	"nianbao/internal/document"
	"nianbao/internal/event"
	"nianbao/internal/queue"
	"nianbao/notify"
)

// jobs is the clock's table (contract §6), in Asia/Shanghai. Each body does "what is due as of now": run twice, late or
// on two nodes it changes nothing that was not due.
func (n *node) jobs() []clock.Job {
	return []clock.Job{
		{Name: "open-seasons", Spec: "5 0 * * *",
			Description: "opens seasons whose day has come; gives obligations to whoever is bound and has none",
			Run:         runs(n, n.filing.OpenSeasons)},
		{Name: "sweep-late", Spec: "10 0 * * *",
			Description: "late filers: prior notice, spot-check list, penalty case, each once, as the season says",
			Run:         runs(n, n.listing.SweepLate)},
		{Name: "advance-listings", Spec: "20 0 * * *",
			Description: "ends matters where a report stands; lists where service is on record and the answer time is over",
			Run:         runs(n, n.listing.AdvanceListings)},
		{Name: "watch-sponsors", Spec: "25 0 * * *",
			Description: "warns sponsors 3 and 1 working days before their day, tells of those that let it pass; each once",
			Run:         runs(n, n.filing.WatchSponsors)},
		{Name: "watch-windows", Spec: "30 0 * * *",
			Description: "warns 3 and 1 working days before a review window ends, escalates when it has; each once",
			Run:         runs(n, n.review.WatchWindows)},
		{Name: "sweep-attachments", Spec: "40 3 * * *",
			Description: "removes files that nothing refers to any more: broken uploads, replaced and deleted attachments",
			Run:         runs(n, n.filing.SweepAttachments)},
		{Name: "remind", Spec: "0 8 * * *",
			Description: "reminds who owes a report, once for each reminder of the season",
			Run:         runs(n, n.notify.Remind)},
	}
}

// runs makes a job of a body; the calendar is read first, since days decide everything.
func runs[S fmt.Stringer](n *node, body func(context.Context, time.Time) (S, error)) func(context.Context, time.Time) (string, error) {
	return func(ctx context.Context, now time.Time) (string, error) {
		if err := n.readCalendar(ctx); err != nil {
			return "", err
		}
		summary, err := body(ctx, now)
		return summary.String(), err
	}
}

// consumers is who listens to which event. A consumer's name keeps its cursor: never rename one.
func (n *node) consumers() []event.Consumer {
	return []event.Consumer{
		n.notify.Consumer(), // everything that a person must hear of
	}
}

// means is what a node has to work with outside itself.
type means struct{ mail, sms, scans bool }

// handlers is the background work by kind. A node without a mail server, a gateway for text messages or a scanner leaves
// what needs it to one that has it: messages wait in the outbox, files are held.
func (n *node) handlers(issuer *document.Issuer, has means) map[string]queue.Handler {
	handlers := map[string]queue.Handler{
		document.IssueJob:     issuer.Handle,
		account.ActivationJob: n.accounts.HandleActivation,
		account.ResetJob:      n.accounts.HandleReset,
	}
	if has.scans {
		handlers[filing.ScanJob] = n.filing.HandleScan
	}
	if has.mail {
		handlers[notify.JobKind] = n.notify.Handle
	}
	if has.sms {
		handlers[notify.SMSJobKind] = n.notify.Handle
	}
	return handlers
}
