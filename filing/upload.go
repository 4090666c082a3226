package filing

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"nianbao/internal/postgres"
)

// Upload is what was read out of a workbook that a person uploaded for a report,
// until it is applied. It is not part of the draft.
type Upload struct {
	ObligationID uuid.UUID `db:"obligation_id"`
	PersonID     uuid.UUID `db:"person_id"`
	FileName     string    `db:"file_name"`
	Reading      []byte    `db:"reading"` // as package workbook encodes it
	UploadedAt   time.Time `db:"uploaded_at"`
}

// UploadAge is how long an upload waits to be applied.
const UploadAge = 24 * time.Hour

// KeepUpload stores an upload in the place of the person's earlier one for the
// report, and clears away those that nobody came back to.
func KeepUpload(ctx context.Context, db *postgres.DB, u Upload) error {
	err := postgres.InTx(ctx, db, func(tx *postgres.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM workbook_upload WHERE uploaded_at < $1`, tx.Now().Add(-UploadAge)); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO workbook_upload (obligation_id, person_id, file_name, reading, uploaded_at)
			VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (obligation_id, person_id) DO UPDATE SET file_name = excluded.file_name, reading = excluded.reading,
				uploaded_at = excluded.uploaded_at`, u.ObligationID, u.PersonID, u.FileName, u.Reading, tx.Now())
		return err
	})
	if err != nil {
		return fmt.Errorf("keep upload of %s: %w", u.ObligationID, err)
	}
	return nil
}

// UploadOf is the person's upload for the report; ErrNotFound where there is
// none, or one that is too old.
func UploadOf(ctx context.Context, db *postgres.DB, obligationID, personID uuid.UUID) (Upload, error) {
	var u Upload
	err := db.GetContext(ctx, &u, `SELECT obligation_id, person_id, file_name, reading, uploaded_at FROM workbook_upload
		WHERE obligation_id = $1 AND person_id = $2 AND uploaded_at >= $3`, obligationID, personID, db.Now().Add(-UploadAge))
	if postgres.IsNoRows(err) {
		return Upload{}, ErrNotFound
	}
	if err != nil {
		return Upload{}, fmt.Errorf("upload of %s: %w", obligationID, err)
	}
	return u, nil
}

// DropUpload removes an upload that was applied or given up; one that is not
// there is no error.
func DropUpload(ctx context.Context, db *postgres.DB, obligationID, personID uuid.UUID) error {
	_, err := db.ExecContext(ctx, `DELETE FROM workbook_upload WHERE obligation_id = $1 AND person_id = $2`, obligationID, personID)
	if err != nil {
		return fmt.Errorf("drop upload of %s: %w", obligationID, err)
	}
	return nil
}
