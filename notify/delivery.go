package notify

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"nianbao/internal/id"
	"nianbao/internal/postgres"
	"nianbao/internal/queue"
)

// The queue's words for sending one delivery: a node takes only what it has the means for.
const (
	JobKind    = "delivery.send" // a mail
	SMSJobKind = "delivery.sms"  // a text message
)

// The channels of a delivery.
const (
	ChannelMail  = "mail"
	ChannelSMS   = "sms"
	ChannelInbox = "inbox"
)

// The kinds of delivery; a mail carries its own in the header Nianbao-Kind.
const (
	KindOpening    = "opening"
	KindReminder   = "reminder"
	KindDueChanged = "due_changed"
	KindReceipt    = "receipt"
	KindReturn     = "return"
	KindResult     = "result" // a decision without a conclusion document
	KindConclusion = "conclusion"
	KindNotice     = "notice"         // everything about lists and penalties
	KindRequest    = "request"        // an extension or exemption asked for (to the desk), or decided
	KindSponsor    = "sponsor"        // to the sponsor: what is sent to it; to the organisation: what comes of it
	KindSilence    = "sponsor_silent" // to the desk: a sponsor that did not answer in time
	KindWindow     = "window"         // to the desk
	KindHeld       = "document_held"  // to the desk: a document that waits for a person
	KindActivation = "activation"     // to the register's address: how an organisation's first person gets in
	KindInvitation = "invitation"
	KindReset      = "reset"
	KindAddress    = "address" // confirms a mail address
	KindAccount    = "account" // what was changed about an account
)

// message is one thing to tell one addressee; post makes a delivery a channel and recipient of it.
type message struct {
	kind         string
	key          string // what the message is about; with channel and recipient it is the unique key
	authority    string
	organisation uuid.NullUUID // none: for the authority's desk
	obligation   uuid.NullUUID
	document     uuid.NullUUID
	person       uuid.NullUUID // for the desk: whose it is, none = everybody's
	mailTo       []string
	smsTo        []string
	inbox        bool
	subject      string
	body         string
	secret       string    // stands where the body has secretMark, once it is sent
	expires      time.Time // zero: never
}

// secretMark stands in a body for the code or link, which lies beside it until it is sent.
const secretMark = "••••••"

// jobPayload is what the queue keeps of a delivery to send.
type jobPayload struct {
	DeliveryID uuid.UUID `json:"delivery_id"`
}

// post writes the deliveries that are not there yet and enqueues those that are to be sent, in tx.
func (s *Service) post(ctx context.Context, tx *postgres.Tx, messages ...message) error {
	var rows deliveryRows
	for _, m := range messages {
		if m.inbox {
			rows.add(m, ChannelInbox, "", tx.Now())
		}
		for _, to := range m.mailTo {
			rows.add(m, ChannelMail, to, tx.Now())
		}
		for _, to := range m.smsTo {
			rows.add(m, ChannelSMS, to, tx.Now())
		}
	}
	if len(rows.ids) == 0 {
		return nil
	}
	stmt, err := tx.Prepared(ctx, `
INSERT INTO delivery (id, kind, unique_key, channel, authority_code, organisation_id, obligation_id, document_id,
	person_id, recipient, subject, body, secret, expires_at, state, created_at, sent_at)
SELECT id, kind, unique_key, channel, authority_code, organisation_id, obligation_id, document_id,
	person_id, recipient, subject, body, secret, expires_at,
	CASE channel WHEN 'inbox' THEN 'delivered' ELSE 'queued' END, $15, CASE channel WHEN 'inbox' THEN $15::timestamptz END
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::uuid[], $7::uuid[], $8::uuid[],
	$9::uuid[], $10::text[], $11::text[], $12::text[], $13::text[], $14::timestamptz[])
	AS t (id, kind, unique_key, channel, authority_code, organisation_id, obligation_id, document_id,
	person_id, recipient, subject, body, secret, expires_at)
ON CONFLICT (unique_key) DO NOTHING
RETURNING id, channel`)
	if err != nil {
		return fmt.Errorf("write deliveries: %w", err)
	}
	var written []toSend
	if err := stmt.SelectContext(ctx, &written, append(rows.args(), tx.Now())...); err != nil {
		return fmt.Errorf("write %d deliveries: %w", len(rows.ids), err)
	}
	return enqueue(ctx, tx, s.holds, written...)
}

// toSend is a delivery that may have to be sent.
type toSend struct {
	ID      uuid.UUID `db:"id"`
	Channel string    `db:"channel"`
}

// enqueue has the mails and text messages among them sent, or wait where their channel is held.
func enqueue(ctx context.Context, tx *postgres.Tx, holds map[string]string, deliveries ...toSend) error {
	kinds := map[string]string{ChannelMail: JobKind, ChannelSMS: SMSJobKind}
	var jobs []queue.New
	for _, d := range deliveries {
		if kind, sent := kinds[d.Channel]; sent {
			jobs = append(jobs, queue.New{Kind: kind, UniqueKey: d.ID.String(), Payload: jobPayload{d.ID}, Held: holds[d.Channel]})
		}
	}
	return queue.Enqueue(ctx, tx, jobs...)
}

// deliveryRows holds deliveries turned round, as unnest wants them.
type deliveryRows struct {
	ids, kinds, keys, channels, authorities, recipients, subjects, bodies []string
	secrets                                                               []string
	organisations, obligations, documents, persons, expiries              []sql.NullString
}

func (r *deliveryRows) add(m message, channel, to string, now time.Time) {
	key := m.key + ":" + channel
	if to != "" {
		key += ":" + strings.ToLower(to)
	}
	r.ids, r.kinds, r.keys = append(r.ids, id.New(now).String()), append(r.kinds, m.kind), append(r.keys, key)
	r.channels, r.authorities = append(r.channels, channel), append(r.authorities, m.authority)
	r.recipients = append(r.recipients, to)
	r.subjects, r.bodies = append(r.subjects, m.subject), append(r.bodies, m.body)
	r.organisations = append(r.organisations, nullable(m.organisation))
	r.obligations = append(r.obligations, nullable(m.obligation))
	r.documents = append(r.documents, nullable(m.document))
	r.persons = append(r.persons, nullable(m.person))
	r.secrets = append(r.secrets, m.secret)
	r.expiries = append(r.expiries, sql.NullString{String: m.expires.Format(time.RFC3339Nano), Valid: !m.expires.IsZero()})
}

func (r *deliveryRows) args() []any {
	return []any{pq.Array(r.ids), pq.Array(r.kinds), pq.Array(r.keys), pq.Array(r.channels), pq.Array(r.authorities),
		pq.Array(r.organisations), pq.Array(r.obligations), pq.Array(r.documents), pq.Array(r.persons),
		pq.Array(r.recipients), pq.Array(r.subjects), pq.Array(r.bodies), pq.Array(r.secrets), pq.Array(r.expiries)}
}

func nullable(id uuid.NullUUID) sql.NullString {
	return sql.NullString{String: id.UUID.String(), Valid: id.Valid}
}

// addressee is an organisation with what a message to it needs.
type addressee struct {
	ID            uuid.UUID      `db:"id"`
	Name          string         `db:"name"`
	AuthorityCode string         `db:"authority_code"`
	Authority     string         `db:"authority"`
	ContactEmail  string         `db:"contact_email"`
	People        pq.StringArray `db:"people"`
}

// mailTo are the organisation's own people, or the register's address until it has any; none where there is neither.
func (a addressee) mailTo() []string {
	if len(a.People) > 0 {
		return slices.Compact(slices.Sorted(slices.Values(a.People)))
	}
	if a.ContactEmail != "" {
		return []string{a.ContactEmail}
	}
	return nil
}

// addressees reads organisations by id. People count once they have activated their sign-in.
func addressees(ctx context.Context, q postgres.Queryer, ids ...uuid.UUID) (map[uuid.UUID]addressee, error) {
	stmt, err := q.Prepared(ctx, `
SELECT o.id, o.name, o.authority_code, a.name AS authority, btrim(o.contact_email) AS contact_email,
	ARRAY(SELECT lower(p.email) FROM membership m JOIN person p ON p.id = m.person_id
		WHERE m.organisation_id = o.id AND m.ended_at IS NULL AND NOT m.pending AND p.disabled_at IS NULL AND p.password_hash <> '') AS people
FROM organisation o JOIN authority a ON a.code = o.authority_code
WHERE o.id = ANY ($1::uuid[])`)
	if err != nil {
		return nil, fmt.Errorf("read addressees: %w", err)
	}
	words := make([]string, len(ids))
	for i, id := range ids {
		words[i] = id.String()
	}
	var list []addressee
	if err := stmt.SelectContext(ctx, &list, pq.Array(words)); err != nil {
		return nil, fmt.Errorf("read addressees: %w", err)
	}
	byID := make(map[uuid.UUID]addressee, len(list))
	for _, a := range list {
		byID[a.ID] = a
	}
	return byID, nil
}
