package notify

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"nianbao/internal/event"
	"nianbao/internal/postgres"
	"nianbao/internal/queue"
)

const (
	// maxAttempts is about three days of tries at the queue's pace; RFC 5321 asks for no less than four or five days of a
	// relay, but this one stands before a relay.
	maxAttempts = 80
	// documentAttempts is how often a mail waits for its document (some hours) before it goes without.
	documentAttempts = 10
)

// outgoing is a queued mail or text message with what decides whether it still should go.
type outgoing struct {
	ID             uuid.UUID     `db:"id"`
	Kind           string        `db:"kind"`
	State          string        `db:"state"`
	AuthorityCode  string        `db:"authority_code"`
	OrganisationID uuid.NullUUID `db:"organisation_id"`
	ObligationID   uuid.NullUUID `db:"obligation_id"`
	DocumentID     uuid.NullUUID `db:"document_id"`
	Recipient      string        `db:"recipient"`
	Subject        string        `db:"subject"`
	Body           string        `db:"body"`
	Attempts       int           `db:"attempts"`
	Channel        string        `db:"channel"`
	Secret         string        `db:"secret"`
	ExpiresAt      *time.Time    `db:"expires_at"`
}

// Handle is the queue's handler for JobKind and SMSJobKind: it sends one mail or text message and records what became of
// it. Without a mail server, or gateway, the job is held and the delivery stays queued; a reminder to who has filed
// meanwhile, and a code or link that is over, is dropped.
func (s *Service) Handle(ctx context.Context, job queue.Job) error {
	var p jobPayload
	if err := json.Unmarshal(job.Payload, &p); err != nil {
		return queue.Permanent(fmt.Errorf("delivery job %s: %w", job.ID, err))
	}
	out, err := s.outgoing(ctx, p.DeliveryID)
	if errors.Is(err, ErrNotFound) {
		return queue.Permanent(fmt.Errorf("delivery job %s: %w", job.ID, err))
	}
	if err != nil || out.State != "queued" {
		return err // sent by an earlier attempt, or an error of the database
	}
	if drop, err := s.outdated(ctx, out); err != nil || drop {
		return errors.Join(err, s.drop(ctx, out, drop))
	}
	send, err := s.sending(ctx, out, job.Attempt)
	if err != nil {
		return err
	}
	err = send(ctx)
	if ctx.Err() != nil && err != nil {
		return err // the program ends; this was no attempt of the delivery's
	}
	return s.record(ctx, out, err)
}

// What an operator reads of deliveries that wait in the outbox.
const (
	noMailServer = "no mail server is set up: give --smtp"
	noGateway    = "no gateway for text messages is set up: give --sms"
)

// HoldUnsendable lets the deliveries of a channel that nothing is set up for wait in the outbox from the start, instead
// of one try each. Only the program that sends may call it, before first use: another process, such as a command beside
// a server, does not know what that server has set up.
func (s *Service) HoldUnsendable() {
	s.holds = map[string]string{}
	if s.sender == nil {
		s.holds[ChannelMail] = noMailServer
	}
	if s.texts == nil {
		s.holds[ChannelSMS] = noGateway
	}
}

// sending makes everything ready; what it gives does nothing but send.
func (s *Service) sending(ctx context.Context, out outgoing, attempt int) (func(context.Context) error, error) {
	body := reveal(out.Body, out.Secret)
	if out.Channel == ChannelSMS {
		if s.texts == nil {
			return nil, queue.Hold(noGateway)
		}
		text := Text{ID: out.ID.String(), To: out.Recipient, Body: strings.TrimSpace(body)}
		return func(ctx context.Context) error { return s.texts.SendText(ctx, text) }, nil
	}
	if s.sender == nil {
		return nil, queue.Hold(noMailServer)
	}
	files, err := s.files(ctx, out, attempt)
	if err != nil {
		return nil, err
	}
	mail := Mail{ID: out.ID.String(), Kind: out.Kind, To: out.Recipient, Subject: out.Subject, Body: body, Date: s.db.Now(), Files: files}
	return func(ctx context.Context) error { return s.sender.Send(ctx, mail) }, nil
}

func (s *Service) outgoing(ctx context.Context, id uuid.UUID) (outgoing, error) {
	stmt, err := s.db.Prepared(ctx, `
SELECT id, kind, state, authority_code, organisation_id, obligation_id, document_id, recipient, subject, body, attempts,
	channel, secret, expires_at
FROM delivery WHERE id = $1`)
	if err != nil {
		return outgoing{}, fmt.Errorf("read delivery %s: %w", id, err)
	}
	var out outgoing
	err = stmt.GetContext(ctx, &out, id)
	if errors.Is(err, sql.ErrNoRows) {
		return outgoing{}, fmt.Errorf("delivery %s: %w", id, ErrNotFound)
	}
	if err != nil {
		return outgoing{}, fmt.Errorf("read delivery %s: %w", id, err)
	}
	return out, nil
}

// outdated tells whether a reminder no longer applies, or what goes with the delivery is over.
func (s *Service) outdated(ctx context.Context, out outgoing) (bool, error) {
	if out.ExpiresAt != nil && !s.db.Now().Before(*out.ExpiresAt) {
		return true, nil
	}
	if out.Kind != KindReminder && out.Kind != KindOpening {
		return false, nil
	}
	owes, err := stillOwed(ctx, s.db, out.ObligationID)
	return !owes && err == nil, err
}

func (s *Service) drop(ctx context.Context, out outgoing, drop bool) error {
	if !drop {
		return nil
	}
	_, err := s.db.ExecContext(ctx, `UPDATE delivery SET state = 'dropped', secret = '' WHERE id = $1 AND state = 'queued'`, out.ID)
	return wrap("drop delivery "+out.ID.String(), err)
}

// files are the document that goes with the mail. One that is not made yet is waited for; after documentAttempts the
// mail goes with its link alone.
func (s *Service) files(ctx context.Context, out outgoing, attempt int) ([]File, error) {
	if s.attach == nil || !out.DocumentID.Valid {
		return nil, nil
	}
	name, pdf, err := s.attach(ctx, out.DocumentID.UUID)
	if err != nil {
		if errors.Is(err, ErrNotReady) && attempt >= documentAttempts {
			return nil, nil
		}
		return nil, fmt.Errorf("document of delivery %s: %w", out.ID, err)
	}
	return []File{{Name: name, PDF: pdf}}, nil
}

// record writes the attempt and its result. A refusal for good, or the last of many attempts, ends the delivery as
// failed; any other error is returned, so that the queue tries again.
func (s *Service) record(ctx context.Context, out outgoing, sendErr error) error {
	_, permanent := errors.AsType[*PermanentError](sendErr)
	state := "sent"
	switch {
	case sendErr != nil && (permanent || out.Attempts+1 >= maxAttempts):
		state = "failed"
	case sendErr != nil:
		state = "queued"
	}
	err := postgres.InTx(ctx, s.db, func(tx *postgres.Tx) error { return out.note(tx.Context(), tx, state, sendErr) })
	if err != nil {
		return fmt.Errorf("record delivery %s: %w", out.ID, err)
	}
	if state == "queued" {
		return fmt.Errorf("delivery %s: %w", out.ID, sendErr)
	}
	return nil
}

func (out outgoing) note(ctx context.Context, tx *postgres.Tx, state string, sendErr error) error {
	result, reason := "sent", ""
	if sendErr != nil {
		reason = sendErr.Error()
		result = reason
	}
	var sentAt *time.Time
	if state == "sent" {
		now := tx.Now()
		sentAt = &now
	}
	changed, err := tx.ExecContext(ctx, `
UPDATE delivery SET state = $2, attempts = attempts + 1, last_error = $3, sent_at = $4,
	secret = CASE WHEN $2 = 'sent' THEN '' ELSE secret END
WHERE id = $1 AND state = 'queued' AND attempts = $5`, out.ID, state, reason, sentAt, out.Attempts)
	if err != nil {
		return err
	}
	if n, err := changed.RowsAffected(); err != nil || n == 0 {
		return err // another attempt at the same time has recorded its result
	}
	if _, err := tx.ExecContext(ctx, `
INSERT INTO delivery_attempt (delivery_id, attempt, at, result) VALUES ($1, $2, $3, $4)`,
		out.ID, out.Attempts+1, tx.Now(), result); err != nil {
		return err
	}
	if state == "queued" {
		return nil
	}
	kind := event.DeliverySentKind
	if state == "failed" {
		kind = event.DeliveryFailedKind
	}
	return event.Append(ctx, tx, event.Event{
		Kind: kind, Actor: event.System(JobKind), AuthorityCode: out.AuthorityCode,
		OrganisationID: out.OrganisationID, ObligationID: out.ObligationID, SubjectID: event.Ref(out.ID),
		Data: event.Delivered{Kind: out.Kind, Channel: out.Channel, Error: reason},
	})
}

// Resume lets the mails go that waited for a mail server, and the text messages that waited for a gateway, and says how
// many. A program that has either calls it when it starts.
func (s *Service) Resume(ctx context.Context) (int, error) {
	var kinds []string
	if s.sender != nil {
		kinds = append(kinds, JobKind)
	}
	if s.texts != nil {
		kinds = append(kinds, SMSJobKind)
	}
	resumed := 0
	for _, kind := range kinds {
		err := postgres.InTx(ctx, s.db, func(tx *postgres.Tx) error {
			n, err := queue.Revive(tx.Context(), tx, kind, queue.Held)
			resumed += n
			return err
		})
		if err != nil {
			return resumed, fmt.Errorf("resume waiting deliveries: %w", err)
		}
	}
	return resumed, nil
}
