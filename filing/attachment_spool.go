package filing

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"

	"gocloud.dev/blob"

	"nianbao/filing/attachment"
)

// spooled is an upload that has arrived whole, in a temporary file without a
// name: whatever happens to the program, nothing of it stays behind.
type spooled struct {
	file    *os.File
	size    int64
	sha256  string
	content attachment.Content
}

// errCutOff says that an upload ended before its end.
var errCutOff = &Error{http.StatusBadRequest, "incomplete_body", "文件没有传完，没有存下。请检查网络后重新上传。"}

// fileTooLarge refuses a file beyond the season's limit.
func fileTooLarge(kind attachment.Kind, limit int) *Error {
	return &Error{http.StatusRequestEntityTooLarge, "file_too_large",
		fmt.Sprintf("“%s”的文件不能超过 %s。请降低扫描分辨率（300 dpi 灰度即可）、压缩 PDF，或者拆成几个文件后再上传。",
			kind.Label(), attachment.Size(int64(limit)))}
}

// spool takes in an upload of at most limit bytes, computes its hash on the
// way and looks at what it is. The caller closes what it got.
func spool(r io.Reader, kind attachment.Kind, limit int) (*spooled, error) {
	file, err := os.CreateTemp("", "nianbao-attachment-*")
	if err != nil {
		return nil, fmt.Errorf("take in a file: %w", err)
	}
	s := &spooled{file: file}
	if err := os.Remove(file.Name()); err != nil {
		return nil, errors.Join(fmt.Errorf("take in a file: %w", err), s.Close())
	}
	sum := sha256.New()
	s.size, err = io.Copy(io.MultiWriter(file, sum), io.LimitReader(r, int64(limit)+1))
	var tooLong *http.MaxBytesError
	switch {
	case errors.As(err, &tooLong), err == nil && s.size > int64(limit):
		err = fileTooLarge(kind, limit)
	case errors.Is(err, context.DeadlineExceeded):
	case err != nil:
		err = errors.Join(errCutOff, err)
	default:
		s.sha256 = hex.EncodeToString(sum.Sum(nil))
		s.content, err = attachment.Inspect(file, s.size)
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// Close lets the disk have its room back.
func (s *spooled) Close() error { return s.file.Close() }

// store copies the file into the blob store. An error leaves nothing there.
func (s *spooled) store(ctx context.Context, blobs *blob.Bucket, key string) error {
	if _, err := s.file.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("store blob %s: %w", key, err)
	}
	writing, cancel := context.WithCancel(ctx)
	defer cancel()
	w, err := blobs.NewWriter(writing, key, &blob.WriterOptions{ContentType: s.content.MediaType})
	if err != nil {
		return fmt.Errorf("store blob %s: %w", key, err)
	}
	n, err := io.Copy(w, s.file)
	if err == nil && n != s.size {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		cancel() // before Close: the writer then drops what it has
		return errors.Join(fmt.Errorf("store blob %s: %w", key, err), ignoreCancelled(w.Close()))
	}
	if err := w.Close(); err != nil {
		return fmt.Errorf("store blob %s: %w", key, err)
	}
	return nil
}

func ignoreCancelled(err error) error {
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}
