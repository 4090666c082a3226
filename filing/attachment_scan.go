package filing

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/google/uuid"
	"gocloud.dev/gcerrors"

	"nianbao/filing/attachment"
	"nianbao/internal/event"
	"nianbao/internal/postgres"
	"nianbao/internal/queue"
	"nianbao/internal/scan"
)

// Scanner looks for viruses: the name of the one found, "" for a clean file.
type Scanner interface {
	Scan(ctx context.Context, file io.Reader) (virus string, err error)
}

// ScanJob is the kind of background work that scans a file.
const ScanJob = "scan_attachment"

type scanPayload struct {
	AttachmentID uuid.UUID `json:"attachment_id"`
}

// HandleScan is the queue's handler for ScanJob. A clean file becomes usable;
// an infected one loses its content at once and its owner is told. A scanner
// that cannot be reached is asked again later; until then the file is held.
func (s *Service) HandleScan(ctx context.Context, job queue.Job) error {
	var payload scanPayload
	if err := json.Unmarshal(job.Payload, &payload); err != nil {
		return queue.Permanent(fmt.Errorf("scan attachment: %w", err))
	}
	a, err := oneAttachment(ctx, s.db, `WHERE a.id = $1`, payload.AttachmentID)
	switch {
	case errors.Is(err, ErrNoAttachment):
		return queue.Permanent(fmt.Errorf("scan attachment %s: %w", payload.AttachmentID, err))
	case err != nil:
		return err
	case a.Scan == ScanInfected: // an earlier run was cut off between the two steps
		return s.dropInfected(ctx, a)
	case a.Scan != ScanHeld || a.EndedAt.Valid:
		return nil
	}
	virus, err := s.scanBlob(ctx, a)
	if err != nil {
		return err
	}
	if err := s.recordScan(ctx, a, virus); err != nil {
		return fmt.Errorf("scan attachment %s: %w", a.ID, err)
	}
	if virus == "" {
		return nil
	}
	return s.dropInfected(ctx, a)
}

func (s *Service) scanBlob(ctx context.Context, a Attachment) (virus string, err error) {
	file, err := s.openBlob(ctx, a)
	if gcerrors.Code(err) == gcerrors.NotFound {
		return "", queue.Permanent(fmt.Errorf("scan attachment %s: %w", a.ID, err))
	}
	if err != nil {
		return "", fmt.Errorf("scan attachment %s: %w", a.ID, err)
	}
	virus, err = s.scanner.Scan(ctx, file)
	err = errors.Join(err, file.Close())
	if errors.Is(err, scan.ErrTooLarge) {
		return "", queue.Hold(fmt.Sprintf("附件 %s 有 %s，超过查毒程序的上限：请调大 clamd 的 StreamMaxLength 后重新查毒", a.ID, attachment.Size(a.Bytes)))
	}
	if err != nil {
		return "", fmt.Errorf("scan attachment %s: %w", a.ID, err)
	}
	return virus, nil
}

// recordScan writes the verdict once; that of another run stands.
func (s *Service) recordScan(ctx context.Context, a Attachment, virus string) error {
	verdict, told := ScanClean, event.Event{Kind: event.AttachmentClearedKind,
		Data: event.AttachmentScanned{Kind: string(a.Kind), N: a.N, SHA256: a.SHA256}}
	if virus != "" {
		verdict, told = ScanInfected, event.Event{Kind: event.AttachmentInfectedKind,
			Data: event.AttachmentScanned{Kind: string(a.Kind), N: a.N, SHA256: a.SHA256, Virus: virus}}
	}
	told.Actor = event.System("scan")
	return postgres.InTx(ctx, s.db, func(tx *postgres.Tx) error {
		res, err := tx.ExecContext(ctx, `UPDATE attachment SET scan = $2, scanned_at = $3 WHERE id = $1 AND scan = 'held'`, a.ID, verdict, tx.Now())
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n != 1 {
			return err
		}
		return event.Append(ctx, tx, a.about(told))
	})
}

// dropInfected removes the content. Nothing lists the file: it was held until now.
func (s *Service) dropInfected(ctx context.Context, a Attachment) error {
	if err := s.removeBlob(ctx, a.BlobKey); err != nil {
		return err
	}
	return s.noteGone(ctx, a.ID)
}

// noteGone records that a file's content is no longer in the store.
func (s *Service) noteGone(ctx context.Context, id uuid.UUID) error {
	_, err := s.db.ExecContext(ctx, `UPDATE attachment SET blob_gone_at = $2 WHERE id = $1 AND blob_gone_at IS NULL AND NOT listed`, id, s.db.Now())
	if err != nil {
		return fmt.Errorf("note that the content of attachment %s is gone: %w", id, err)
	}
	return nil
}

// HeldAttachments counts the files that wait for a scanner.
func HeldAttachments(ctx context.Context, q postgres.Queryer) (int, error) {
	var n int
	if err := q.GetContext(ctx, &n, `SELECT count(*) FROM attachment WHERE scan = 'held' AND ended_at IS NULL`); err != nil {
		return 0, fmt.Errorf("count held attachments: %w", err)
	}
	return n, nil
}
