package document

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"nianbao/internal/event"
	"nianbao/internal/postgres"
	"nianbao/internal/workday"
)

// Standing says whether an issued document is in force.
type Standing string

// The standings of a document.
const (
	InForce    Standing = "in_force"
	Superseded Standing = "superseded" // a newer document took its place
	Revoked    Standing = "revoked"
)

// Chinese is the standing's word for pages.
func (s Standing) Chinese() string {
	switch s {
	case InForce:
		return "有效"
	case Superseded:
		return "已被新文书替代"
	case Revoked:
		return "已撤销"
	}
	return "不明"
}

// ChineseFor is the standing's word for a document of the kind. Nothing takes the place of a listing decision or of a prior
// notice: their effect ends with what a later document of another kind tells of.
func (s Standing) ChineseFor(k Kind) string {
	if s == Superseded && (k == KindListingDecision || k == KindPriorNotice) {
		return "效力已终止"
	}
	return s.Chinese()
}

// Document is an issued document with its standing at the time of reading.
type Document struct {
	ID             uuid.UUID     `db:"id"`
	Kind           Kind          `db:"kind"`
	AuthorityCode  string        `db:"authority_code"`
	OrganisationID uuid.UUID     `db:"organisation_id"`
	SubjectID      uuid.UUID     `db:"subject_id"`
	Number         string        `db:"number"`
	VerifyCode     string        `db:"verify_code"`
	IssuedOn       workday.Date  `db:"issued_on"`
	SHA256         string        `db:"sha256"` // of the signed PDF, lower-case hex; its ETag
	Size           int64         `db:"size"`   // bytes
	Pages          int           `db:"pages"`
	BlobKey        string        `db:"blob_key"`
	CreatedAt      time.Time     `db:"created_at"`
	Standing       Standing      `db:"standing"`
	StandingReason string        `db:"reason"`
	SupersededBy   uuid.NullUUID `db:"superseded_by"`
}

const selectDocument = `SELECT d.id, d.kind, d.authority_code, d.organisation_id, d.subject_id, d.number, d.verify_code,
	d.issued_on, d.sha256, d.size, d.pages, d.blob_key, d.created_at, s.standing, s.reason, s.superseded_by
	FROM document d JOIN document_standing s ON s.document_id = d.id `

// ByID finds an issued document; one that is only ordered is ErrNotFound.
func ByID(ctx context.Context, q postgres.Queryer, id uuid.UUID) (Document, error) {
	return one(ctx, q, `WHERE d.id = $1`, id)
}

// ByCode finds an issued document by its verification code, in the form that
// ParseCode returns. An unknown code is ErrNotFound.
func ByCode(ctx context.Context, q postgres.Queryer, code string) (Document, error) {
	return one(ctx, q, `WHERE d.verify_code = $1`, code)
}

// BySHA256 finds an issued document by the hash of its PDF.
func BySHA256(ctx context.Context, q postgres.Queryer, sum string) (Document, error) {
	return one(ctx, q, `WHERE d.sha256 = $1 LIMIT 1`, sum)
}

func one(ctx context.Context, q postgres.Queryer, where string, arg any) (Document, error) {
	var d Document
	stmt, err := q.Prepared(ctx, selectDocument+where)
	if err != nil {
		return d, fmt.Errorf("find document %v: %w", arg, err)
	}
	if err := stmt.GetContext(ctx, &d, arg); err != nil {
		return d, fmt.Errorf("find document %v: %w", arg, orNotFound(err))
	}
	return d, nil
}

// Cursor is where a page of a list ended. The zero Cursor begins the list.
type Cursor struct {
	CreatedAt time.Time
	ID        uuid.UUID
}

// After is the cursor behind d.
func After(d Document) Cursor { return Cursor{d.CreatedAt, d.ID} }

// ListForOrganisation lists an organisation's issued documents, the newest
// first, at most limit of them from behind the cursor.
func ListForOrganisation(ctx context.Context, q postgres.Queryer, organisation uuid.UUID, from Cursor, limit int) ([]Document, error) {
	return list(ctx, q, `d.organisation_id = $1`, organisation, from, limit)
}

// ListForAuthority lists the documents that an authority issued, likewise.
func ListForAuthority(ctx context.Context, q postgres.Queryer, authority string, from Cursor, limit int) ([]Document, error) {
	return list(ctx, q, `d.authority_code = $1`, authority, from, limit)
}

func list(ctx context.Context, q postgres.Queryer, of string, owner any, from Cursor, limit int) ([]Document, error) {
	args := []any{owner, limit}
	where := `WHERE ` + of
	if !from.CreatedAt.IsZero() {
		// created_at falls while id rises, so a row comparison cannot say it; the first half is what the index starts from.
		where += ` AND d.created_at <= $3 AND (d.created_at < $3 OR d.id > $4)`
		args = append(args, from.CreatedAt, from.ID)
	}
	var out []Document
	err := q.SelectContext(ctx, &out, selectDocument+where+` ORDER BY d.created_at DESC, d.id LIMIT $2`, args...)
	if err != nil {
		return nil, fmt.Errorf("list documents of %v: %w", owner, err)
	}
	return out, nil
}

// ListForSubjects lists the issued documents about any of the subjects
// (listings, submissions, conclusions), the oldest first.
func ListForSubjects(ctx context.Context, q postgres.Queryer, subjects ...uuid.UUID) ([]Document, error) {
	ids := make([]string, len(subjects))
	for i, id := range subjects {
		ids[i] = id.String()
	}
	var out []Document
	err := q.SelectContext(ctx, &out, selectDocument+`WHERE d.subject_id = ANY ($1::uuid[]) ORDER BY d.created_at, d.id`, pq.Array(ids))
	if err != nil {
		return nil, fmt.Errorf("list documents of %d subjects: %w", len(subjects), err)
	}
	return out, nil
}

// standingChange is one move of a document's standing.
type standingChange struct {
	id     uuid.UUID
	to     Standing
	reason string
	by     uuid.NullUUID
	actor  event.Actor
}

// Revoke takes a document out of force, with the reason that the public will
// read. It holds for an ordered document too: it will be issued as revoked. A
// document that is revoked already stays so, without a second event.
func Revoke(ctx context.Context, tx *postgres.Tx, id uuid.UUID, reason string, actor event.Actor) error {
	if err := (standingChange{id: id, to: Revoked, reason: reason, actor: actor}).apply(ctx, tx); err != nil {
		return fmt.Errorf("revoke document %s: %w", id, err)
	}
	return nil
}

// Supersede says that another document took the place of id. An Order with
// SupersedesID does so by itself when its document is issued.
func Supersede(ctx context.Context, tx *postgres.Tx, id, by uuid.UUID, actor event.Actor) error {
	change := standingChange{id: id, to: Superseded, by: uuid.NullUUID{UUID: by, Valid: true}, actor: actor}
	if err := change.apply(ctx, tx); err != nil {
		return fmt.Errorf("supersede document %s: %w", id, err)
	}
	return nil
}

// apply moves the standing, forwards only: in force, superseded, revoked.
func (c standingChange) apply(ctx context.Context, tx *postgres.Tx) error {
	order, err := OrderByID(ctx, tx, c.id)
	if err != nil {
		return err
	}
	result, err := tx.ExecContext(ctx, `UPDATE document_standing
		SET standing = $2, reason = $3, superseded_by = coalesce($4, superseded_by), updated_at = $5
		WHERE document_id = $1 AND (standing = 'in_force' OR standing = 'superseded' AND $2 = 'revoked')`,
		c.id, c.to, c.reason, c.by, tx.Now())
	if err != nil {
		return err
	}
	if n, err := result.RowsAffected(); err != nil || n == 0 {
		return err
	}
	e, err := order.event(event.DocumentRevokedKind, c.actor)
	if err != nil {
		return err
	}
	e.Data = event.DocumentRevoked{Kind: string(order.Kind), Number: order.Number, Reason: c.reason}
	if c.to == Superseded {
		e.Kind = event.DocumentSupersededKind
		e.Data = event.DocumentSuperseded{Kind: string(order.Kind), Number: order.Number, SupersededBy: c.by.UUID}
	}
	return event.Append(ctx, tx, e)
}

// event begins an event about the order's document.
func (o StoredOrder) event(kind event.Kind, actor event.Actor) (event.Event, error) {
	facts, err := o.Facts()
	if err != nil {
		return event.Event{}, err
	}
	return event.Event{
		Kind: kind, Actor: actor, AuthorityCode: o.AuthorityCode, OrganisationID: event.Ref(o.OrganisationID),
		SubjectID: event.Ref(o.ID), ReportYear: facts.party().ReportYear, Basis: facts.basis(),
	}, nil
}
