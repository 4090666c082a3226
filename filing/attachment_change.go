package filing

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/google/uuid"

	"nianbao/filing/attachment"
	"nianbao/internal/event"
	"nianbao/internal/id"
	"nianbao/internal/postgres"
	"nianbao/internal/queue"
)

// PutAttachment asks to store a file.
type PutAttachment struct {
	OrganisationID uuid.UUID
	Year           int
	Kind           attachment.Kind
	N              int    // slot from 1; 0: the lowest that is free
	Name           string // as the sender has it; cleaned before it is kept
	Content        io.Reader
	// Seen is the SHA-256 of the file that the caller knows in the slot: ErrStale if another is there. "" says that it
	// knows none, AnyFile that it knows some; nil: whatever is there.
	Seen  *string
	Actor event.Actor
}

// AnyFile stands in PutAttachment.Seen for whichever file is in the slot.
const AnyFile = "*"

// PutAttachment takes a file in: it must be whole, of a type that is taken and
// within the season's limits for its kind (*Error, *attachment.Error), and the
// report must be owed (*StateError). A file in the slot is replaced; the same
// content again changes nothing. created tells that the slot was empty.
//
// The file is taken in whole before anything is written, its place in the store
// is on record before it is there (attachment_upload), and one transaction makes
// it the report's. Cut off at any point, what is left is swept.
func (s *Service) PutAttachment(ctx context.Context, c PutAttachment) (a Attachment, created bool, err error) {
	t, rule, err := s.attachmentTarget(ctx, c.OrganisationID, c.Year, c.Kind)
	if err != nil {
		return a, false, err
	}
	if c.N < 0 || c.N > rule.MaxFiles {
		return a, false, ErrKindNotAsked
	}
	file, err := spool(c.Content, c.Kind, rule.MaxBytes)
	if err != nil {
		return a, false, err
	}
	defer func() { _ = file.Close() }()
	if c.Name, err = attachment.CleanName(c.Name, c.Kind, file.content.MediaType); err != nil {
		return a, false, err
	}
	if err := t.writeRefusal(ctx, s.db, s.db.Now()); err != nil {
		return a, false, err
	}
	a, created, err = s.keep(ctx, keeping{PutAttachment: c, target: t, rule: rule, file: file})
	if err != nil {
		return a, false, fmt.Errorf("store %s of report %d of %s: %w", c.Kind, c.Year, c.OrganisationID, err)
	}
	return a, created, nil
}

// attachmentTarget finds the obligation and what its season asks for of a kind.
func (s *Service) attachmentTarget(ctx context.Context, organisationID uuid.UUID, year int, kind attachment.Kind) (*target, AttachmentRule, error) {
	t, err := s.find(ctx, lookup{organisationID: organisationID, year: year})
	if err != nil {
		return nil, AttachmentRule{}, err
	}
	if t.planned() {
		return nil, AttachmentRule{}, t.notOpen()
	}
	rule, asked := t.season.Rules.Attachment(kind)
	if !asked {
		return nil, AttachmentRule{}, ErrKindNotAsked
	}
	return t, rule, nil
}

// keeping is a file on its way in.
type keeping struct {
	PutAttachment
	target *target
	rule   AttachmentRule
	file   *spooled
}

// errSameFile ends the transaction of a file that is there already.
var errSameFile = errors.New("the slot holds this very file")

// keep puts the file into the store and then into its slot.
func (s *Service) keep(ctx context.Context, k keeping) (a Attachment, created bool, err error) {
	newID := id.New(s.db.Now())
	key := "attachments/" + newID.String()[:8] + "/" + newID.String()
	_, err = s.db.ExecContext(ctx, `INSERT INTO attachment_upload (blob_key, started_at) VALUES ($1, $2)`, key, s.db.Now())
	if err != nil {
		return a, false, fmt.Errorf("note the upload: %w", err)
	}
	if err = k.file.store(ctx, s.blobs, key); err == nil {
		err = postgres.InTx(ctx, s.db, func(tx *postgres.Tx) error {
			a, created, err = s.takeIn(ctx, tx, k, Attachment{ID: newID, BlobKey: key})
			return err
		})
	}
	if err == nil {
		return a, created, nil
	}
	// Best effort, also for a caller that is gone: what this leaves, the sweep finds on record.
	if s.removeBlob(context.WithoutCancel(ctx), key) == nil {
		_, _ = s.db.ExecContext(context.WithoutCancel(ctx), `DELETE FROM attachment_upload WHERE blob_key = $1`, key)
	}
	if errors.Is(err, errSameFile) {
		return a, false, nil
	}
	return Attachment{}, false, err
}

// takeIn is the transaction that makes a stored file the report's. The
// obligation is held first, so that changes of its files and its submission
// come one after the other.
func (s *Service) takeIn(ctx context.Context, tx *postgres.Tx, k keeping, a Attachment) (Attachment, bool, error) {
	if err := k.target.holdOwed(ctx, tx); err != nil {
		return a, false, err
	}
	there, err := Attachments(ctx, tx, k.target.obligation.ID)
	if err != nil {
		return a, false, err
	}
	old, n, err := k.slot(there)
	if err != nil {
		return a, false, err
	}
	if old != nil && old.SHA256 == k.file.sha256 && old.Scan != ScanInfected {
		return *old, false, errSameFile
	}
	if err := claimUpload(ctx, tx, a.BlobKey); err != nil {
		return a, false, err
	}
	replaced := ""
	if old != nil {
		replaced = old.SHA256
		if err := endAttachment(ctx, tx, old.ID, "replaced"); err != nil {
			return a, false, err
		}
	}
	o := &k.target.obligation
	a.ObligationID, a.AuthorityCode, a.OrganisationID, a.ReportYear = o.ID, o.AuthorityCode, o.OrganisationID, o.ReportYear
	a.Kind, a.N, a.Name, a.Bytes, a.SHA256 = k.Kind, n, k.Name, k.file.size, k.file.sha256
	a.MediaType, a.Pages, a.CreatedAt, a.ActorName = k.file.content.MediaType, k.file.content.Pages, tx.Now(), k.Actor.Name
	a.Scan = ScanNone
	if s.scanner != nil {
		a.Scan = ScanHeld
		if err := queue.Enqueue(ctx, tx, queue.New{Kind: ScanJob, UniqueKey: a.ID.String(), Payload: scanPayload{a.ID}}); err != nil {
			return a, false, err
		}
	}
	if err := insertAttachment(ctx, tx, a, k.Actor); err != nil {
		return a, false, err
	}
	return a, old == nil, event.Append(ctx, tx, a.about(event.Event{Kind: event.AttachmentAddedKind, Actor: k.Actor,
		Data: event.AttachmentAdded{Kind: string(a.Kind), N: a.N, SHA256: a.SHA256, Bytes: a.Bytes, MediaType: a.MediaType, Replaces: replaced}}))
}

// slot finds the place for the file among those there, and which file it
// replaces; nil for none.
func (k keeping) slot(there []Attachment) (old *Attachment, n int, err error) {
	taken := map[int]*Attachment{}
	for i := range there {
		if there[i].Kind == k.Kind {
			taken[there[i].N] = &there[i]
		}
	}
	n = k.N
	if n == 0 {
		for n = 1; taken[n] != nil; n++ {
		}
	}
	if n > k.rule.MaxFiles {
		return nil, 0, &StateError{CodeAttachmentsFull, fmt.Sprintf("“%s”最多 %d 个文件，已经满了。请先删除一个，或者把几页合成一个 PDF 后再上传。",
			k.Kind.Label(), k.rule.MaxFiles)}
	}
	return taken[n], n, matches(k.Seen, taken[n])
}

// matches tells whether a slot holds what the caller has seen in it.
func matches(seen *string, there *Attachment) error {
	switch {
	case seen == nil, *seen == "" && there == nil, there != nil && (*seen == AnyFile || *seen == there.SHA256):
		return nil
	}
	return ErrStale
}

// holdOwed keeps the obligation as it is until the transaction ends; a
// *StateError if its report can no longer be worked on.
func (t *target) holdOwed(ctx context.Context, tx *postgres.Tx) error {
	o, err := lockObligation(ctx, tx, t.obligation.AuthorityCode, t.obligation.ID)
	if err != nil {
		return err
	}
	if o.Status != t.obligation.Status {
		return cannotFileOr(o.Status, o.ReportYear)
	}
	if o.CorrectionID != t.obligation.CorrectionID {
		return correctionPending(o.ReportYear)
	}
	return t.writeRefusal(ctx, tx, tx.Now()) // the day may have ended
}

// claimUpload ends an upload's time on record. One that a sweep has begun to
// drop may be gone from the store and cannot be taken.
func claimUpload(ctx context.Context, tx *postgres.Tx, key string) error {
	res, err := tx.ExecContext(ctx, `DELETE FROM attachment_upload WHERE blob_key = $1 AND dropped_at IS NULL`, key)
	if err != nil {
		return fmt.Errorf("end the upload: %w", err)
	}
	n, err := res.RowsAffected()
	if err == nil && n != 1 {
		err = errCutOff
	}
	return err
}

// endAttachment frees a file's slot.
func endAttachment(ctx context.Context, tx *postgres.Tx, id uuid.UUID, how string) error {
	res, err := tx.ExecContext(ctx, `UPDATE attachment SET ended_at = $2, ended_how = $3 WHERE id = $1 AND ended_at IS NULL`, id, tx.Now(), how)
	if err != nil {
		return fmt.Errorf("end attachment %s: %w", id, err)
	}
	n, err := res.RowsAffected()
	if err == nil && n != 1 {
		err = errChangedMeanwhile
	}
	return err
}

func insertAttachment(ctx context.Context, tx *postgres.Tx, a Attachment, actor event.Actor) error {
	stmt, err := tx.Prepared(ctx, `INSERT INTO attachment (id, obligation_id, authority_code, organisation_id, report_year, kind, n, name,
			media_type, bytes, pages, sha256, blob_key, scan, created_at, actor_kind, actor_id, actor_name)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)`)
	if err != nil {
		return fmt.Errorf("insert attachment: %w", err)
	}
	_, err = stmt.ExecContext(ctx, a.ID, a.ObligationID, a.AuthorityCode, a.OrganisationID, a.ReportYear, a.Kind, a.N, a.Name,
		a.MediaType, a.Bytes, a.Pages, a.SHA256, a.BlobKey, a.Scan, a.CreatedAt, actor.Kind, actor.ID, actor.Name)
	if err != nil {
		return fmt.Errorf("insert attachment: %w", err)
	}
	return nil
}

// about fills in what an event about the file says of its owner.
func (a *Attachment) about(e event.Event) event.Event {
	e.AuthorityCode, e.OrganisationID, e.ObligationID = a.AuthorityCode, event.Ref(a.OrganisationID), event.Ref(a.ObligationID)
	e.SubjectID, e.ReportYear = event.Ref(a.ID), a.ReportYear
	return e
}

// DeleteAttachment asks to take a file away from a report.
type DeleteAttachment struct {
	OrganisationID uuid.UUID
	Year           int
	Kind           attachment.Kind
	N              int
	Seen           *string // as for PutAttachment
	Actor          event.Actor
}

// DeleteAttachment empties a slot: ErrNoAttachment if it is empty. Submissions
// that list the file keep it. A kind that the season no longer asks for can
// still be deleted.
func (s *Service) DeleteAttachment(ctx context.Context, c DeleteAttachment) error {
	t, err := s.find(ctx, lookup{organisationID: c.OrganisationID, year: c.Year})
	if err != nil {
		return err
	}
	if t.planned() {
		return t.notOpen()
	}
	err = postgres.InTx(ctx, s.db, func(tx *postgres.Tx) error {
		there, err := Attachments(ctx, tx, t.obligation.ID)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(there, func(a Attachment) bool { return a.Kind == c.Kind && a.N == c.N }) {
			return ErrNoAttachment // before any state
		}
		if err := t.holdOwed(ctx, tx); err != nil {
			return err
		}
		a, err := AttachmentInSlot(ctx, tx, t.obligation.ID, c.Kind, c.N)
		if err != nil {
			return err
		}
		if err := matches(c.Seen, &a); err != nil {
			return err
		}
		if err := endAttachment(ctx, tx, a.ID, "deleted"); err != nil {
			return err
		}
		return event.Append(ctx, tx, a.about(event.Event{Kind: event.AttachmentRemovedKind, Actor: c.Actor,
			Data: event.AttachmentRemoved{Kind: string(a.Kind), N: a.N, SHA256: a.SHA256}}))
	})
	if err != nil {
		return fmt.Errorf("delete %s %d of report %d of %s: %w", c.Kind, c.N, c.Year, c.OrganisationID, err)
	}
	return nil
}
