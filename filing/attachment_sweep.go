package filing

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/google/uuid"
	"gocloud.dev/blob"
)

// sweepAfter is how long a file that nothing refers to stays in the store: long
// enough for every upload in flight to end, and for a backup that dumped the
// database before to copy what the dump names. What it decides is only when;
// that nothing in use is removed hangs on rows, not on the clock.
const sweepAfter = 24 * time.Hour

// sweepBatch is how many rows one step of a pass looks at.
const sweepBatch = 500

// SweepSummary counts what one pass removed.
type SweepSummary struct {
	Uploads, Files int // cut off; replaced or deleted
	Failed         int
}

func (s SweepSummary) String() string {
	return fmt.Sprintf("%d files of broken uploads and %d replaced or deleted ones removed, %d failed", s.Uploads, s.Files, s.Failed)
}

// SweepAttachments is the body of the job sweep-attachments: it removes from the
// blob store what an upload left that was cut off, and files that were replaced
// or deleted and that no submission lists. One that fails stops no other.
func (s *Service) SweepAttachments(ctx context.Context, now time.Time) (SweepSummary, error) {
	var sum SweepSummary
	before := now.Add(-sweepAfter)
	err := errors.Join(s.sweepUploads(ctx, before, &sum), s.sweepEnded(ctx, before, &sum))
	if err != nil {
		return sum, fmt.Errorf("sweep attachments: %w", err)
	}
	return sum, nil
}

// sweepUploads marks the row before it touches the store, so that an upload
// that is still under way can no longer be taken, and deletes the row last.
func (s *Service) sweepUploads(ctx context.Context, before time.Time, sum *SweepSummary) error {
	var keys []string
	_, err := s.db.ExecContext(ctx, `UPDATE attachment_upload SET dropped_at = $2 WHERE started_at < $1 AND dropped_at IS NULL`, before, s.db.Now())
	if err == nil {
		err = s.db.SelectContext(ctx, &keys, `SELECT blob_key FROM attachment_upload WHERE dropped_at IS NOT NULL ORDER BY blob_key`)
	}
	if err != nil {
		return err
	}
	var failed error
	for _, key := range keys {
		err := s.removeAllUnder(ctx, key)
		if err == nil {
			_, err = s.db.ExecContext(ctx, `DELETE FROM attachment_upload WHERE blob_key = $1`, key)
		}
		if err != nil {
			failed = errors.Join(failed, err)
			sum.Failed++
			continue
		}
		sum.Uploads++
	}
	return failed
}

// removeAllUnder removes a blob and what a writer that was killed left beside
// it under the same beginning (a folder's store writes KEY.….tmp first).
func (s *Service) removeAllUnder(ctx context.Context, key string) error {
	list := s.blobs.List(&blob.ListOptions{Prefix: key})
	for {
		object, err := list.Next(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("list blobs under %s: %w", key, err)
		}
		if err := s.removeBlob(ctx, object.Key); err != nil {
			return err
		}
	}
}

func (s *Service) sweepEnded(ctx context.Context, before time.Time, sum *SweepSummary) error {
	var failed error
	for last := uuid.Nil; ; {
		var rows []struct {
			ID  uuid.UUID `db:"id"`
			Key string    `db:"blob_key"`
		}
		err := s.db.SelectContext(ctx, &rows, `SELECT id, blob_key FROM attachment
			WHERE ended_at < $1 AND blob_gone_at IS NULL AND NOT listed AND id > $2 ORDER BY id LIMIT $3`, before, last, sweepBatch)
		if err != nil {
			return errors.Join(failed, err)
		}
		for _, row := range rows {
			last = row.ID
			err := s.removeBlob(ctx, row.Key)
			if err == nil {
				err = s.noteGone(ctx, row.ID)
			}
			if err != nil {
				failed = errors.Join(failed, err)
				sum.Failed++
				continue
			}
			sum.Files++
		}
		if len(rows) < sweepBatch {
			return failed
		}
	}
}
