package document

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/google/uuid"

	"nianbao/internal/counter"
	"nianbao/internal/id"
	"nianbao/internal/postgres"
	"nianbao/internal/queue"
	"nianbao/internal/workday"
)

// IssueJob is the kind of the queue's jobs that Issuer.Handle works.
const IssueJob = "document.issue"

// Order asks for one document. The kind is that of the facts.
type Order struct {
	ID             uuid.UUID // becomes the document's id; zero: a new one
	AuthorityCode  string
	OrganisationID uuid.UUID
	SubjectID      uuid.UUID // what it is about: conclusion, submission, listing …
	Number         string    // empty: the next of the authority, kind and year, taken last
	IssuedOn       workday.Date
	Facts          Facts
	SupersedesID   uuid.NullUUID // the document that this one takes the place of once it is issued
}

// Ordered is what is known of a document before its PDF stands.
type Ordered struct {
	ID         uuid.UUID
	Number     string
	VerifyCode string
}

// issuePayload is the payload of an IssueJob.
type issuePayload struct {
	DocumentID uuid.UUID `json:"document_id"`
}

const insertOrder = `WITH ordered AS (
		INSERT INTO document_order (id, kind, authority_code, organisation_id, subject_id, number, verify_code, issued_on,
			supersedes_id, facts, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) RETURNING id)
	INSERT INTO document_standing (document_id, updated_at) SELECT id, $11 FROM ordered`

// Place orders a document inside the caller's transaction: the PDF is made in
// the background once it commits. Facts that do not make a document are
// ErrFacts, and a number that was given out before is a unique violation of
// document_order_number.
func Place(ctx context.Context, tx *postgres.Tx, o Order) (Ordered, error) {
	if o.Facts == nil {
		return Ordered{}, fmt.Errorf("order document: %w: none", ErrFacts)
	}
	kind := o.Facts.Kind()
	if err := checkFacts(o.Facts); err != nil {
		return Ordered{}, fmt.Errorf("order %s: %w", kind, err)
	}
	facts, err := json.Marshal(o.Facts)
	if err != nil {
		return Ordered{}, fmt.Errorf("order %s: %w", kind, err)
	}
	if o.ID == uuid.Nil {
		o.ID = id.New(tx.Now())
	}
	job := queue.New{Kind: IssueJob, UniqueKey: o.ID.String(), Payload: issuePayload{o.ID}}
	if err := queue.Enqueue(ctx, tx, job); err != nil {
		return Ordered{}, fmt.Errorf("order %s: %w", kind, err)
	}
	if o.Number == "" { // last: the counter row stays locked until the commit
		if _, o.Number, err = NextNumber(ctx, tx, o.AuthorityCode, kind, o.IssuedOn.Year()); err != nil {
			return Ordered{}, fmt.Errorf("order %s: %w", kind, err)
		}
	}
	stmt, err := tx.Prepared(ctx, insertOrder)
	if err != nil {
		return Ordered{}, fmt.Errorf("order %s: %w", kind, err)
	}
	out := Ordered{ID: o.ID, Number: o.Number, VerifyCode: newCode()}
	if _, err := stmt.ExecContext(ctx, out.ID, kind, o.AuthorityCode, o.OrganisationID, o.SubjectID, out.Number,
		out.VerifyCode, o.IssuedOn, o.SupersedesID, string(facts), tx.Now()); err != nil {
		return Ordered{}, fmt.Errorf("order %s %s: %w", kind, o.Number, err)
	}
	return out, nil
}

// NextNumber gives the next gapless number of that authority, kind and year of
// issue, as a count and in words such as 试民社年审〔2019〕00001号. Others that
// number the same wait until tx ends: take it last.
func NextNumber(ctx context.Context, tx *postgres.Tx, authority string, kind Kind, year int) (seq int64, text string, err error) {
	stmt, err := tx.Prepared(ctx, `SELECT number_prefix FROM authority WHERE code = $1`)
	if err != nil {
		return 0, "", fmt.Errorf("number of %s: %w", kind, err)
	}
	var prefix string
	if err := stmt.GetContext(ctx, &prefix, authority); err != nil {
		return 0, "", fmt.Errorf("number of %s: prefix of authority %s: %w", kind, authority, err)
	}
	if seq, err = counter.Next(ctx, tx, authority, string(kind), year); err != nil {
		return 0, "", err
	}
	return seq, FormatNumber(prefix, kind, year, seq), nil
}

// OrderState says how far an order is.
type OrderState string

// The states of an order.
const (
	StateOrdered OrderState = "ordered" // the queue makes the PDF
	StateHeld    OrderState = "held"    // a person has to act; HeldReason says why
	StateIssued  OrderState = "issued"  // the document stands
)

// StoredOrder is an order as it is kept.
type StoredOrder struct {
	ID             uuid.UUID       `db:"id"`
	Kind           Kind            `db:"kind"`
	AuthorityCode  string          `db:"authority_code"`
	OrganisationID uuid.UUID       `db:"organisation_id"`
	SubjectID      uuid.UUID       `db:"subject_id"`
	Number         string          `db:"number"`
	VerifyCode     string          `db:"verify_code"`
	IssuedOn       workday.Date    `db:"issued_on"`
	SupersedesID   uuid.NullUUID   `db:"supersedes_id"`
	RawFacts       json.RawMessage `db:"facts"`
	State          OrderState      `db:"state"`
	HeldReason     string          `db:"held_reason"`
	CreatedAt      time.Time       `db:"created_at"`
}

const orderColumns = `id, kind, authority_code, organisation_id, subject_id, number, verify_code, issued_on,
	supersedes_id, facts, state, held_reason, created_at`

// Facts decodes the facts of the order.
func (o StoredOrder) Facts() (Facts, error) {
	info, ok := kinds[o.Kind]
	if !ok {
		return nil, fmt.Errorf("order %s: %w: unknown kind %q", o.ID, ErrFacts, o.Kind)
	}
	facts := info.facts()
	if err := json.Unmarshal(o.RawFacts, facts); err != nil {
		return nil, fmt.Errorf("order %s: %w: %w", o.ID, ErrFacts, err)
	}
	return facts, nil
}

// OrderByID finds an order, whether its document stands yet or not. An
// unknown one is ErrNotFound.
func OrderByID(ctx context.Context, q postgres.Queryer, id uuid.UUID) (StoredOrder, error) {
	var o StoredOrder
	stmt, err := q.Prepared(ctx, `SELECT `+orderColumns+` FROM document_order WHERE id = $1`)
	if err != nil {
		return o, fmt.Errorf("find order %s: %w", id, err)
	}
	if err := stmt.GetContext(ctx, &o, id); err != nil {
		return o, fmt.Errorf("find order %s: %w", id, orNotFound(err))
	}
	return o, nil
}

// HeldOrders lists the authority's orders that wait for a person, the oldest
// first. Once the cause is put right, reviving the queue's held IssueJobs
// makes their documents.
func HeldOrders(ctx context.Context, q postgres.Queryer, authority string, limit int) ([]StoredOrder, error) {
	var out []StoredOrder
	err := q.SelectContext(ctx, &out, `SELECT `+orderColumns+` FROM document_order
		WHERE state = 'held' AND authority_code = $1 ORDER BY created_at, id LIMIT $2`, authority, limit)
	if err != nil {
		return nil, fmt.Errorf("list held documents of %s: %w", authority, err)
	}
	return out, nil
}

// ErrNotFound says that there is no such document.
var ErrNotFound error = &notFoundError{}

// notFoundError tells the web edge how to answer.
type notFoundError struct{}

func (*notFoundError) Error() string   { return "document not found" }
func (*notFoundError) HTTPStatus() int { return http.StatusNotFound }
func (*notFoundError) Code() string    { return "not_found" }
func (*notFoundError) Detail() string  { return "没有这份文书，或者它还没有签发。" }

func orNotFound(err error) error {
	if postgres.IsNoRows(err) {
		return ErrNotFound
	}
	return err
}
