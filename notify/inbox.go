package notify

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"nianbao/internal/postgres"
)

// ErrNotFound is a delivery that is not there, or not the asker's.
var ErrNotFound = errors.New("no such delivery")

// Delivery is one message to one recipient by one channel, with what became of it.
type Delivery struct {
	ID             uuid.UUID     `db:"id"`
	Kind           string        `db:"kind"`
	Channel        string        `db:"channel"` // mail, sms or inbox
	AuthorityCode  string        `db:"authority_code"`
	OrganisationID uuid.NullUUID `db:"organisation_id"`
	ObligationID   uuid.NullUUID `db:"obligation_id"`
	DocumentID     uuid.NullUUID `db:"document_id"` // goes with it; may not be made yet
	PersonID       uuid.NullUUID `db:"person_id"`
	Recipient      string        `db:"recipient"`
	Subject        string        `db:"subject"`
	Body           string        `db:"body"`
	State          string        `db:"state"` // queued, sent, delivered, bounced, failed, read, dropped
	Attempts       int           `db:"attempts"`
	LastError      string        `db:"last_error"`
	CreatedAt      time.Time     `db:"created_at"`
	SentAt         *time.Time    `db:"sent_at"`
	ReadAt         *time.Time    `db:"read_at"`
	Secret         string        `db:"secret"` // the code or link that the body only marks; "" once it is sent
	ExpiresAt      *time.Time    `db:"expires_at"`
}

// Revealed is the body with its code or link, as the recipient gets it: for the recipient's eyes, and a demonstration's.
func (d Delivery) Revealed() string { return reveal(d.Body, d.Secret) }

// reveal puts a secret where the body marks one.
func reveal(body, secret string) string {
	if secret == "" {
		return body
	}
	return strings.ReplaceAll(body, secretMark, secret)
}

const deliveryColumns = `id, kind, channel, authority_code, organisation_id, obligation_id, document_id, person_id,
	recipient, subject, body, state, attempts, last_error, created_at, sent_at, read_at, secret, expires_at`

// Page asks for up to Limit deliveries, the newest first, older than the last one of the page before (zero: the first).
type Page struct {
	Before   time.Time
	BeforeID uuid.UUID
	Limit    int
}

// listDeliveries reads a page of what where selects; its parameters begin at $4.
func listDeliveries(ctx context.Context, q postgres.Queryer, where string, p Page, args ...any) ([]Delivery, error) {
	stmt, err := q.Prepared(ctx, `
SELECT `+deliveryColumns+` FROM delivery
WHERE `+where+` AND (created_at, id) < (coalesce($1::timestamptz, 'infinity'), $2::uuid)
ORDER BY created_at DESC, id DESC LIMIT $3`)
	if err != nil {
		return nil, fmt.Errorf("list deliveries: %w", err)
	}
	var before *time.Time
	if !p.Before.IsZero() {
		before = &p.Before
	}
	var list []Delivery
	if err := stmt.SelectContext(ctx, &list, append([]any{before, p.BeforeID, p.Limit}, args...)...); err != nil {
		return nil, fmt.Errorf("list deliveries: %w", err)
	}
	return list, nil
}

// InboxOf lists an organisation's messages.
func InboxOf(ctx context.Context, q postgres.Queryer, organisation uuid.UUID, p Page) ([]Delivery, error) {
	return listDeliveries(ctx, q, `organisation_id = $4 AND channel = 'inbox'`, p, organisation)
}

// DeskOf lists the messages on an authority's desk: everybody's, and those of the person.
func DeskOf(ctx context.Context, q postgres.Queryer, authority string, person uuid.UUID, p Page) ([]Delivery, error) {
	return listDeliveries(ctx, q, `authority_code = $4 AND organisation_id IS NULL AND channel = 'inbox'
	AND (person_id IS NULL OR person_id = $5)`, p, authority, person)
}

// Outbox lists an authority's mails and text messages that wait or have failed. For all authorities give "".
func Outbox(ctx context.Context, q postgres.Queryer, authority string, p Page) ([]Delivery, error) {
	return listDeliveries(ctx, q, `state IN ('queued', 'failed') AND ($4 = '' OR authority_code = $4)`, p, authority)
}

// FailedOf lists an authority's mails and text messages that will not be tried again.
func FailedOf(ctx context.Context, q postgres.Queryer, authority string, p Page) ([]Delivery, error) {
	return listDeliveries(ctx, q, `state = 'failed' AND ($4 = '' OR authority_code = $4)`, p, authority)
}

// Unread counts an organisation's messages that nobody of it has opened.
func Unread(ctx context.Context, q postgres.Queryer, organisation uuid.UUID) (int, error) {
	var n int
	err := q.GetContext(ctx, &n, `
SELECT count(*) FROM delivery WHERE organisation_id = $1 AND channel = 'inbox' AND state = 'delivered'`, organisation)
	return n, wrap("count unread messages", err)
}

// OpenMessage gives one of the organisation's messages and marks it as read; the first reading counts.
func OpenMessage(ctx context.Context, db *postgres.DB, organisation, id uuid.UUID) (Delivery, error) {
	return openMessage(ctx, db, id, `organisation_id = $3`, organisation)
}

// OpenDeskMessage gives one of the messages on an authority's desk and marks it as read.
func OpenDeskMessage(ctx context.Context, db *postgres.DB, authority string, person, id uuid.UUID) (Delivery, error) {
	return openMessage(ctx, db, id, `authority_code = $3 AND organisation_id IS NULL AND (person_id IS NULL OR person_id = $4)`,
		authority, person)
}

func openMessage(ctx context.Context, db *postgres.DB, id uuid.UUID, where string, args ...any) (Delivery, error) {
	var d Delivery
	err := postgres.InTx(ctx, db, func(tx *postgres.Tx) error {
		return tx.GetContext(tx.Context(), &d, `
UPDATE delivery SET state = 'read', read_at = coalesce(read_at, $2)
WHERE id = $1 AND channel = 'inbox' AND `+where+`
RETURNING `+deliveryColumns, append([]any{id, tx.Now()}, args...)...)
	})
	if postgres.IsNoRows(err) {
		return Delivery{}, ErrNotFound
	}
	return d, wrap("open message", err)
}

// Attempt is one try at sending a mail.
type Attempt struct {
	Attempt int       `db:"attempt"`
	At      time.Time `db:"at"`
	Result  string    `db:"result"` // sent, or the error
}

// Attempts lists the tries at a mail or text message in order.
func Attempts(ctx context.Context, q postgres.Queryer, delivery uuid.UUID) ([]Attempt, error) {
	var list []Attempt
	err := q.SelectContext(ctx, &list,
		`SELECT attempt, at, result FROM delivery_attempt WHERE delivery_id = $1 ORDER BY attempt`, delivery)
	return list, wrap("list attempts", err)
}

// Retry queues a failed mail or text message once more, at a person's word.
func Retry(ctx context.Context, db *postgres.DB, authority string, id uuid.UUID) error {
	err := postgres.InTx(ctx, db, func(tx *postgres.Tx) error {
		var found toSend
		err := tx.GetContext(tx.Context(), &found, `
UPDATE delivery SET state = 'queued' WHERE id = $1 AND authority_code = $2 AND channel <> 'inbox' AND state = 'failed'
RETURNING id, channel`, id, authority)
		if err != nil {
			return err
		}
		return enqueue(tx.Context(), tx, nil, found)
	})
	if postgres.IsNoRows(err) {
		return ErrNotFound
	}
	return wrap("queue the delivery again", err)
}

// Unreachable counts an organisation's mails since the instant given that could not be delivered, for the page that
// says so.
func Unreachable(ctx context.Context, q postgres.Queryer, organisation uuid.UUID, since time.Time) (int, error) {
	var n int
	err := q.GetContext(ctx, &n, `
SELECT count(*) FROM delivery WHERE organisation_id = $1 AND created_at >= $2 AND state IN ('failed', 'bounced')`,
		organisation, since)
	return n, wrap("count undelivered mails", err)
}
