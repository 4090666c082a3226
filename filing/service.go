package filing

import (
	"context"

	"github.com/google/uuid"
	"gocloud.dev/blob"

	"nianbao/filing/check"
	"nianbao/filing/form"
	"nianbao/internal/postgres"
	"nianbao/internal/workday"
)

// Config is what the service works with.
type Config struct {
	DB       *postgres.DB
	Forms    *form.Set
	Checks   *check.Set               // nil: bodies are decoded but not checked (measurements only)
	Calendar func() *workday.Calendar // the calendar as it is known now
	Blobs    *blob.Bucket             // where attachments lie; nil where none are taken (measurements only)
	Scanner  Scanner                  // looks through attachments; nil: none is set up, they are usable at once
}

// Service holds the use cases of the organisation's side. The hooks are set
// once, before first use; each runs inside the use case's transaction, so it
// must do nothing outside the database.
type Service struct {
	db       *postgres.DB
	forms    *form.Set
	checks   *check.Set
	calendar func() *workday.Calendar
	blobs    *blob.Bucket
	scanner  Scanner

	// OnSubmitted opens the review of a submission that was just taken.
	OnSubmitted func(ctx context.Context, tx *postgres.Tx, s Submission) error
	// OnWithdrawn ends the review of a submission before it began; it refuses
	// with an error of its own once a reviewer has taken it up. It runs before
	// the obligation moves: a decision, too, locks the review before the
	// obligation, so the two cannot deadlock.
	OnWithdrawn func(ctx context.Context, tx *postgres.Tx, submissionID uuid.UUID) error
}

// New makes the service; its hooks do nothing until they are set.
func New(c Config) *Service {
	return &Service{
		db: c.DB, forms: c.Forms, checks: c.Checks, calendar: c.Calendar, blobs: c.Blobs, scanner: c.Scanner,
		OnSubmitted: func(context.Context, *postgres.Tx, Submission) error { return nil },
		OnWithdrawn: func(context.Context, *postgres.Tx, uuid.UUID) error { return nil },
	}
}
