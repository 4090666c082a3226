package filing

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/google/uuid"
	"gocloud.dev/blob"
	"gocloud.dev/gcerrors"

	"nianbao/filing/attachment"
	"nianbao/internal/postgres"
)

// ScanState says what a virus scanner made of a file.
type ScanState string

// The scan states. A file is held from its upload until a scanner has seen it,
// where one is set up; while it is held, and once it is infected, nobody opens it.
const (
	ScanNone     ScanState = "none" // no scanner was set up when it came
	ScanHeld     ScanState = "held"
	ScanClean    ScanState = "clean"
	ScanInfected ScanState = "infected" // its content is removed
)

// Opens tells whether a file in this state may be opened.
func (s ScanState) Opens() bool { return s == ScanNone || s == ScanClean }

// Attachment is a file of a report, in slot N of its kind.
type Attachment struct {
	ID             uuid.UUID       `db:"id"`
	ObligationID   uuid.UUID       `db:"obligation_id"`
	AuthorityCode  string          `db:"authority_code"`
	OrganisationID uuid.UUID       `db:"organisation_id"`
	ReportYear     int             `db:"report_year"`
	Kind           attachment.Kind `db:"kind"`
	N              int             `db:"n"` // from 1
	Name           string          `db:"name"`
	MediaType      string          `db:"media_type"`
	Bytes          int64           `db:"bytes"`
	Pages          int             `db:"pages"` // 1 for an image
	SHA256         string          `db:"sha256"`
	BlobKey        string          `db:"blob_key"`
	Scan           ScanState       `db:"scan"`
	CreatedAt      time.Time       `db:"created_at"`
	ActorName      string          `db:"actor_name"`
	EndedAt        sql.NullTime    `db:"ended_at"` // when another took its slot, or it was deleted
}

// Describe says what the file is: PDF，12 页，1.2 MB.
func (a *Attachment) Describe() string {
	return attachment.Describe(attachment.Content{MediaType: a.MediaType, Pages: a.Pages}, a.Bytes)
}

// The refusals about files that need no particulars.
var (
	// ErrNoAttachment says that there is no such file, or that it is not the caller's.
	ErrNoAttachment = &Error{http.StatusNotFound, "not_found", "没有找到该附件，请核对种类和序号。"}
	// ErrKindNotAsked says that the season takes no such files, or not so many.
	ErrKindNotAsked = &Error{http.StatusNotFound, "attachment_not_asked",
		"该年度不收这种附件，或者序号超过了允许的个数。请按报送要求中列出的种类和个数上传。"}
	// ErrAttachmentHeld says that the file waits for its virus scan.
	ErrAttachmentHeld = &Error{http.StatusConflict, "attachment_held", "该文件正在查毒，查完才能打开。请过几分钟再试。"}
	// ErrAttachmentInfected says that a virus was found and the file's content removed.
	ErrAttachmentInfected = &Error{http.StatusConflict, "attachment_infected", "该文件查出病毒，内容已删除。请查杀后重新上传。"}
)

// CodeAttachmentsFull is the code of the StateError for a kind whose slots are
// all taken.
const CodeAttachmentsFull = "attachments_full"

const attachmentColumns = `a.id, a.obligation_id, a.authority_code, a.organisation_id, a.report_year, a.kind, a.n, a.name,
	a.media_type, a.bytes, a.pages, a.sha256, a.blob_key, a.scan, a.created_at, a.actor_name, a.ended_at`

// Attachments are the files in force for an obligation, by kind and slot. They
// stay over a submission and a return.
func Attachments(ctx context.Context, q postgres.Queryer, obligationID uuid.UUID) ([]Attachment, error) {
	return selectAttachments(ctx, q, `SELECT `+attachmentColumns+` FROM attachment a
		WHERE a.obligation_id = $1 AND a.ended_at IS NULL ORDER BY a.kind, a.n`, obligationID)
}

// SubmissionAttachments are the files that a submission was made with, as they
// were then.
func SubmissionAttachments(ctx context.Context, q postgres.Queryer, submissionID uuid.UUID) ([]Attachment, error) {
	return selectAttachments(ctx, q, `SELECT a.id, a.obligation_id, s.authority_code, s.organisation_id, a.report_year, s.kind, s.n,
			s.name, s.media_type, s.bytes, s.pages, s.sha256, s.blob_key, s.scan, a.created_at, a.actor_name, a.ended_at
		FROM submission_attachment s JOIN attachment a ON a.id = s.attachment_id
		WHERE s.submission_id = $1 ORDER BY s.kind, s.n`, submissionID)
}

func selectAttachments(ctx context.Context, q postgres.Queryer, query string, of uuid.UUID) ([]Attachment, error) {
	stmt, err := q.Prepared(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("attachments of %s: %w", of, err)
	}
	list := []Attachment{}
	if err := stmt.SelectContext(ctx, &list, of); err != nil {
		return nil, fmt.Errorf("attachments of %s: %w", of, err)
	}
	return list, nil
}

// AttachmentInSlot finds the file in force in a slot; ErrNoAttachment.
func AttachmentInSlot(ctx context.Context, q postgres.Queryer, obligationID uuid.UUID, kind attachment.Kind, n int) (Attachment, error) {
	return oneAttachment(ctx, q, `WHERE a.obligation_id = $1 AND a.kind = $2 AND a.n = $3 AND a.ended_at IS NULL`, obligationID, kind, n)
}

// OwnAttachment finds a file of the organisation: one in force, or one that a
// submission lists; ErrNoAttachment.
func OwnAttachment(ctx context.Context, q postgres.Queryer, organisationID, id uuid.UUID) (Attachment, error) {
	return oneAttachment(ctx, q, `WHERE a.organisation_id = $1 AND a.id = $2 AND (a.ended_at IS NULL OR a.listed)`, organisationID, id)
}

// SubmittedAttachment finds a file that a submission to the authority lists; a
// draft's files are nobody's business but its owner's. ErrNoAttachment.
func SubmittedAttachment(ctx context.Context, q postgres.Queryer, authority string, id uuid.UUID) (Attachment, error) {
	return oneAttachment(ctx, q, `WHERE a.authority_code = $1 AND a.id = $2 AND a.listed`, authority, id)
}

func oneAttachment(ctx context.Context, q postgres.Queryer, where string, args ...any) (Attachment, error) {
	var a Attachment
	stmt, err := q.Prepared(ctx, `SELECT `+attachmentColumns+` FROM attachment a `+where)
	if err != nil {
		return a, fmt.Errorf("attachment: %w", err)
	}
	err = stmt.GetContext(ctx, &a, args...)
	if postgres.IsNoRows(err) {
		return a, ErrNoAttachment
	}
	if err != nil {
		return a, fmt.Errorf("attachment: %w", err)
	}
	return a, nil
}

// OpenAttachment opens a file's content, which the caller closes. A file that
// is held or infected is ErrAttachmentHeld or ErrAttachmentInfected.
func (s *Service) OpenAttachment(ctx context.Context, a Attachment) (io.ReadSeekCloser, error) {
	switch {
	case a.Scan == ScanHeld:
		return nil, ErrAttachmentHeld
	case !a.Scan.Opens():
		return nil, ErrAttachmentInfected
	}
	r, err := s.openBlob(ctx, a)
	if err != nil {
		return nil, fmt.Errorf("open attachment %s: %w", a.ID, err)
	}
	return r, nil
}

// openBlob opens what lies in the store and compares its size with the row's:
// a file that is missing or cut off there must not be served as a whole one.
func (s *Service) openBlob(ctx context.Context, a Attachment) (*blob.Reader, error) {
	r, err := s.blobs.NewReader(ctx, a.BlobKey, nil)
	if err != nil {
		return nil, fmt.Errorf("blob %s: %w", a.BlobKey, err)
	}
	if r.Size() != a.Bytes {
		_ = r.Close()
		return nil, fmt.Errorf("blob %s: %d bytes, %d were stored", a.BlobKey, r.Size(), a.Bytes)
	}
	return r, nil
}

// removeBlob removes what lies under the key; one that is gone is no error.
func (s *Service) removeBlob(ctx context.Context, key string) error {
	if err := s.blobs.Delete(ctx, key); err != nil && gcerrors.Code(err) != gcerrors.NotFound {
		return fmt.Errorf("remove blob %s: %w", key, err)
	}
	return nil
}
