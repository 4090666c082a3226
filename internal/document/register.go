package document

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"

	"nianbao/internal/postgres"
)

// Result is what is found out about a file with the register at hand.
type Result struct {
	Check
	Document *Document // the issued document whose bytes these are; nil if there is none
}

// InForce reports whether the file is genuine and its document in force: the
// only result that verification ends well with.
func (r Result) InForce() bool {
	return r.Verdict == VerdictGenuine && r.Document != nil && r.Document.Standing == InForce
}

// Verify looks at a file's signature and looks it up among the issued
// documents. Bytes that are on record are genuine even if the certificate
// that signed them has been replaced since; a good signature on bytes that
// are not on record is VerdictUnknown.
func Verify(ctx context.Context, q postgres.Queryer, pdf []byte, trusted []*x509.Certificate) (Result, error) {
	result := Result{Check: CheckSignature(pdf, trusted)}
	document, err := BySHA256(ctx, q, result.SHA256)
	switch {
	case err == nil:
		result.Verdict, result.Document = VerdictGenuine, &document
	case !errors.Is(err, ErrNotFound):
		return Result{}, fmt.Errorf("verify: %w", err)
	case result.Verdict == VerdictGenuine:
		result.Verdict = VerdictUnknown
	}
	return result, nil
}
