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

// JobKind is the queue's word for sending one mail.
const JobKind = "delivery.send"

// The kinds of delivery; a mail carries its own in the header Nianbao-Kind.
const (
	KindOpening    = "opening"
	KindReminder   = "reminder"
	KindDueChanged = "due_changed"
	KindReceipt    = "receipt"
	KindReturn     = "return"
	KindResult     = "result" // a decision without a conclusion document
	KindConclusion = "conclusion"
	KindNotice     = "notice"        // everything about lists and penalties
	KindWindow     = "window"        // to the desk
	KindHeld       = "document_held" // to the desk: a document that waits for a person
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
	inbox        bool
	subject      string
	body         string
}

// jobPayload is what the queue keeps of a mail to send.
type jobPayload struct {
	DeliveryID uuid.UUID `json:"delivery_id"`
}

// post writes the deliveries that are not there yet and enqueues the mails among them, in tx.
func post(ctx context.Context, tx *postgres.Tx, messages ...message) error {
	var rows deliveryRows
	for _, m := range messages {
		if m.inbox {
			rows.add(m, "inbox", "", tx.Now())
		}
		for _, to := range m.mailTo {
			rows.add(m, "mail", to, tx.Now())
		}
	}
	if len(rows.ids) == 0 {
		return nil
	}
	stmt, err := tx.Prepared(ctx, `
INSERT INTO delivery (id, kind, unique_key, channel, authority_code, organisation_id, obligation_id, document_id,
	person_id, recipient, subject, body, state, created_at, sent_at)
SELECT id, kind, unique_key, channel, authority_code, organisation_id, obligation_id, document_id,
	person_id, recipient, subject, body,
	CASE channel WHEN 'inbox' THEN 'delivered' ELSE 'queued' END, $13, CASE channel WHEN 'inbox' THEN $13::timestamptz END
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::uuid[], $7::uuid[], $8::uuid[],
	$9::uuid[], $10::text[], $11::text[], $12::text[])
	AS t (id, kind, unique_key, channel, authority_code, organisation_id, obligation_id, document_id,
	person_id, recipient, subject, body)
ON CONFLICT (unique_key) DO NOTHING
RETURNING id, channel`)
	if err != nil {
		return fmt.Errorf("write deliveries: %w", err)
	}
	var written []struct {
		ID      uuid.UUID `db:"id"`
		Channel string    `db:"channel"`
	}
	if err := stmt.SelectContext(ctx, &written, append(rows.args(), tx.Now())...); err != nil {
		return fmt.Errorf("write %d deliveries: %w", len(rows.ids), err)
	}
	var mails []uuid.UUID
	for _, w := range written {
		if w.Channel == "mail" {
			mails = append(mails, w.ID)
		}
	}
	return enqueueMails(ctx, tx, mails...)
}

func enqueueMails(ctx context.Context, tx *postgres.Tx, ids ...uuid.UUID) error {
	jobs := make([]queue.New, len(ids))
	for i, id := range ids {
		jobs[i] = queue.New{Kind: JobKind, UniqueKey: id.String(), Payload: jobPayload{id}}
	}
	return queue.Enqueue(ctx, tx, jobs...)
}

// deliveryRows holds deliveries turned round, as unnest wants them.
type deliveryRows struct {
	ids, kinds, keys, channels, authorities, recipients, subjects, bodies []string
	organisations, obligations, documents, persons                        []sql.NullString
}

func (r *deliveryRows) add(m message, channel, to string, now time.Time) {
	key := m.key + ":" + channel
	if channel == "mail" {
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
}

func (r *deliveryRows) args() []any {
	return []any{pq.Array(r.ids), pq.Array(r.kinds), pq.Array(r.keys), pq.Array(r.channels), pq.Array(r.authorities),
		pq.Array(r.organisations), pq.Array(r.obligations), pq.Array(r.documents), pq.Array(r.persons),
		pq.Array(r.recipients), pq.Array(r.subjects), pq.Array(r.bodies)}
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
		WHERE m.organisation_id = o.id AND m.ended_at IS NULL AND p.disabled_at IS NULL AND p.password_hash <> '') AS people
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
