package document

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"gocloud.dev/blob"

	"nianbao/internal/event"
	"nianbao/internal/postgres"
	"nianbao/internal/queue"
)

// Issuer makes the ordered documents. Handle is the queue's handler for
// IssueJob and safe for concurrent use, on one node and on several.
type Issuer struct {
	DB            *postgres.DB
	Renderer      Renderer
	Signer        *Signer
	Blobs         *blob.Bucket
	PublicURL     string // where the QR codes lead
	Demonstration bool
}

// actor is who issues documents in the event log.
var actor = event.System("document")

// Handle composes, renders, signs and stores the document of one order. Run
// again, or on two nodes at once, it issues the document once: the PDF is put
// under its hash first, then one transaction writes the document, its event
// and what it supersedes. A text that cannot be printed, or facts that make
// no document, hold the order for a person.
func (i *Issuer) Handle(ctx context.Context, job queue.Job) error {
	var payload issuePayload
	if err := json.Unmarshal(job.Payload, &payload); err != nil {
		return queue.Permanent(fmt.Errorf("issue document: %w", err))
	}
	order, err := OrderByID(ctx, i.DB, payload.DocumentID)
	if errors.Is(err, ErrNotFound) {
		return queue.Permanent(err)
	}
	if err != nil {
		return err
	}
	if order.State == StateIssued {
		return nil
	}
	made, err := i.make(order)
	if reason, unfit := heldReason(err); unfit {
		return i.hold(ctx, order, reason)
	}
	if err != nil {
		return fmt.Errorf("issue %s: %w", order.Number, err)
	}
	if err := i.store(ctx, made); err != nil {
		return fmt.Errorf("issue %s: %w", order.Number, err)
	}
	err = postgres.InTx(ctx, i.DB, func(tx *postgres.Tx) error { return record(ctx, tx, order, made) })
	if err != nil {
		return fmt.Errorf("issue %s: %w", order.Number, err)
	}
	return nil
}

// made is a finished PDF.
type made struct {
	pdf    []byte
	sha256 string
	sheets int
}

// make turns an order into its signed PDF. It touches nothing outside.
func (i *Issuer) make(order StoredOrder) (made, error) {
	facts, err := order.Facts()
	if err != nil {
		return made{}, err
	}
	page, err := Compose(Composition{
		Facts: facts, Number: order.Number, VerifyCode: order.VerifyCode, IssuedOn: order.IssuedOn,
		OrderedAt: order.CreatedAt, PublicURL: i.PublicURL, Demonstration: i.Demonstration,
	})
	if err != nil {
		return made{}, err
	}
	drawn, err := i.Renderer.Render(page)
	if err != nil {
		return made{}, err
	}
	signed, err := i.Signer.Sign(drawn, SignOptions{Name: page.Authority, Reason: "签发" + page.Title, At: order.CreatedAt})
	if err != nil {
		return made{}, err
	}
	sum := sha256.Sum256(signed)
	return made{pdf: signed, sha256: hex.EncodeToString(sum[:]), sheets: drawn.Sheets}, nil
}

// heldReason says, in Chinese, why a person must act on err.
func heldReason(err error) (reason string, held bool) {
	var unprintable *UnprintableError
	switch {
	case errors.As(err, &unprintable):
		return unprintable.Error(), true
	case errors.Is(err, ErrFacts):
		return "文书内容不完整：" + err.Error(), true
	}
	return "", false
}

// hold records once that the order waits for a person and stops its job.
func (i *Issuer) hold(ctx context.Context, order StoredOrder, reason string) error {
	err := postgres.InTx(ctx, i.DB, func(tx *postgres.Tx) error {
		result, err := tx.ExecContext(ctx,
			`UPDATE document_order SET state = 'held', held_reason = $2 WHERE id = $1 AND state = 'ordered'`, order.ID, reason)
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			return err
		}
		return event.Append(ctx, tx, event.Event{
			Kind: event.DocumentHeldKind, Actor: actor, AuthorityCode: order.AuthorityCode,
			OrganisationID: event.Ref(order.OrganisationID), SubjectID: event.Ref(order.ID),
			Data: event.DocumentHeld{Kind: string(order.Kind), Number: order.Number, Reason: reason},
		})
	})
	if err != nil {
		return fmt.Errorf("hold %s: %w", order.Number, err)
	}
	return queue.Hold(reason)
}

// store puts the PDF under its hash. It is there already if an earlier run
// was cut off after this step.
func (i *Issuer) store(ctx context.Context, m made) error {
	key := blobKey(m.sha256)
	there, err := i.Blobs.Exists(ctx, key)
	if err != nil {
		return fmt.Errorf("blob store: %w", err)
	}
	if there {
		return nil
	}
	if err := i.Blobs.WriteAll(ctx, key, m.pdf, &blob.WriterOptions{ContentType: "application/pdf"}); err != nil {
		return fmt.Errorf("blob store: %w", err)
	}
	return nil
}

const insertDocument = `INSERT INTO document (id, kind, authority_code, organisation_id, subject_id, number, verify_code,
		issued_on, sha256, size, pages, blob_key, created_at)
	SELECT id, kind, authority_code, organisation_id, subject_id, number, verify_code, issued_on, $2, $3, $4, $5, $6
	FROM document_order WHERE id = $1`

// record writes the issued document, unless another run did so first.
func record(ctx context.Context, tx *postgres.Tx, order StoredOrder, m made) error {
	result, err := tx.ExecContext(ctx, `UPDATE document_order SET state = 'issued' WHERE id = $1 AND state <> 'issued'`, order.ID)
	if err != nil {
		return err
	}
	if n, err := result.RowsAffected(); err != nil || n == 0 {
		return err
	}
	stmt, err := tx.Prepared(ctx, insertDocument)
	if err != nil {
		return err
	}
	if _, err := stmt.ExecContext(ctx, order.ID, m.sha256, len(m.pdf), m.sheets, blobKey(m.sha256), tx.Now()); err != nil {
		return err
	}
	e, err := order.event(event.DocumentIssuedKind, actor)
	if err != nil {
		return err
	}
	e.Data = event.DocumentIssued{Kind: string(order.Kind), Number: order.Number, VerifyCode: order.VerifyCode,
		SHA256: m.sha256, IssuedOn: order.IssuedOn, About: order.SubjectID}
	if err := event.Append(ctx, tx, e); err != nil {
		return err
	}
	if order.SupersedesID.Valid {
		return Supersede(ctx, tx, order.SupersedesID.UUID, order.ID, actor)
	}
	return nil
}
