package document

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"time"
	"unicode/utf16"

	"nianbao/internal/workday"
)

// Signer seals PDFs digitally: PAdES-B-B (ETSI EN 319 142-1) by an
// incremental update that leaves the drawn file's bytes untouched. It is safe
// for concurrent use if its key is.
type Signer struct {
	key   crypto.Signer
	chain []*x509.Certificate // the signer's certificate first
}

// ErrSigningKey says that a key and certificate cannot sign documents.
var ErrSigningKey = errors.New("signing key not usable")

// NewSigner takes a key and its certificate, followed by the certificates
// that lead towards a root. The key must be ECDSA P-256 or RSA of at least
// 2048 bits, and be the one that the certificate names. The key is asked to
// sign without a source of randomness: an ECDSA key then signs as RFC 6979
// says, so that the same document always gives the same bytes.
func NewSigner(key crypto.Signer, chain ...*x509.Certificate) (*Signer, error) {
	if len(chain) == 0 {
		return nil, fmt.Errorf("%w: no certificate", ErrSigningKey)
	}
	public, ok := key.Public().(interface{ Equal(crypto.PublicKey) bool })
	if !ok || !public.Equal(chain[0].PublicKey) {
		return nil, fmt.Errorf("%w: the certificate %q belongs to another key", ErrSigningKey, chain[0].Subject)
	}
	switch public := key.Public().(type) {
	case *ecdsa.PublicKey:
		if public.Curve.Params().BitSize != 256 {
			return nil, fmt.Errorf("%w: ECDSA keys must be on P-256, not %s", ErrSigningKey, public.Curve.Params().Name)
		}
	case *rsa.PublicKey:
		if public.N.BitLen() < 2048 {
			return nil, fmt.Errorf("%w: RSA keys need 2048 bits or more, not %d", ErrSigningKey, public.N.BitLen())
		}
	default:
		return nil, fmt.Errorf("%w: %T; use ECDSA P-256 or RSA", ErrSigningKey, public)
	}
	return &Signer{key: key, chain: chain}, nil
}

// Certificate is the signer's own certificate.
func (s *Signer) Certificate() *x509.Certificate { return s.chain[0] }

// SignOptions is what a signature says besides the signature.
type SignOptions struct {
	Name   string    // who signs: the authority
	Reason string    // what for, such as 签发审查结论书
	At     time.Time // the signing time that readers show (/M), to the second
}

// Sign adds the digital seal to a drawn document: a visible signature field
// over the drawn seal, certified so that any later change shows (DocMDP 1).
func (s *Signer) Sign(drawn Rendered, opts SignOptions) ([]byte, error) {
	file, err := parseDrawn(drawn.PDF)
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	room, err := s.room()
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	u := update{file: file, offsets: map[int]int{}}
	u.out.Grow(len(drawn.PDF) + 2*room + 4096)
	u.out.Write(drawn.PDF)
	if err := u.objects(drawn.Seal, opts, room); err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	u.trailer()
	signed := u.out.Bytes()
	gap := byteRange{start: u.gapStart, end: u.gapEnd, length: len(signed)}
	copy(signed[u.rangeAt:], gap.String())
	digest := gap.digest(signed)
	value, err := s.cms(digest[:])
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	if len(value) > room {
		return nil, fmt.Errorf("sign: signature of %d bytes does not fit into %d", len(value), room)
	}
	hex.Encode(signed[u.gapStart+1:], value)
	return signed, nil
}

// cms signs digest.
func (s *Signer) cms(digest []byte) ([]byte, error) {
	sig := signature{digest: digest, chain: s.chain}
	attributes, err := sig.attributes()
	if err != nil {
		return nil, err
	}
	hash := sha256.Sum256(attributes)
	if sig.value, err = s.key.Sign(nil, hash[:], crypto.SHA256); err != nil {
		return nil, fmt.Errorf("signing key: %w", err)
	}
	return sig.encode()
}

// room is how many bytes a signature of this signer takes at most.
func (s *Signer) room() (int, error) {
	longest := 72 // ECDSA P-256, DER
	if public, ok := s.key.Public().(*rsa.PublicKey); ok {
		longest = public.Size()
	}
	sample, err := signature{digest: make([]byte, sha256.Size), chain: s.chain, value: make([]byte, longest)}.encode()
	if err != nil {
		return 0, err
	}
	const step = 256
	return (len(sample) + step - 1) / step * step, nil
}

// byteRange is what a signature covers: all of the file's first length bytes
// but the gap that holds the signature itself, from its < to its >.
type byteRange struct{ start, end, length int }

// rangeWidth is the room that a byte range takes in the file, whatever its numbers.
const rangeWidth = 40

// String writes the range as the PDF array [0 start end rest], padded to rangeWidth.
func (r byteRange) String() string {
	return fmt.Sprintf("%-*s", rangeWidth, fmt.Sprintf("[0 %d %d %d]", r.start, r.end, r.length-r.end))
}

// digest is the SHA-256 of the covered bytes of pdf.
func (r byteRange) digest(pdf []byte) [sha256.Size]byte {
	h := sha256.New()
	h.Write(pdf[:r.start])
	h.Write(pdf[r.end:r.length])
	return [sha256.Size]byte(h.Sum(nil))
}

// update writes the incremental update that holds the signature.
type update struct {
	file                      drawnFile
	out                       bytes.Buffer
	offsets                   map[int]int // object number → where it begins
	rangeAt, gapStart, gapEnd int
}

// put writes object n.
func (u *update) put(n int, body string) {
	u.offsets[n] = u.out.Len()
	fmt.Fprintf(&u.out, "%d 0 obj\n%s\nendobj\n", n, body)
}

// objects writes the changed catalogue and page, the signature field, its
// empty appearance (the seal is drawn on the page) and the signature itself.
func (u *update) objects(seal SealPlace, opts SignOptions, room int) error {
	value, field, appearance := u.file.size, u.file.size+1, u.file.size+2
	page, err := u.file.page(max(1, seal.Sheet))
	if err != nil {
		return err
	}
	catalogue, err := u.file.dictionary(u.file.root)
	if err != nil {
		return err
	}
	sheet, err := u.file.dictionary(page)
	if err != nil {
		return err
	}
	u.put(u.file.root, fmt.Sprintf("%s/AcroForm <</Fields [%d 0 R] /SigFlags 3>>\n/Perms <</DocMDP %d 0 R>>\n"+
		"/Lang (zh-CN)\n/ViewerPreferences <</DisplayDocTitle true>>\n>>", catalogue, field, value))
	u.put(page, fmt.Sprintf("%s/Annots [%d 0 R]\n>>", sheet, field))
	r := seal.Rect
	u.put(field, fmt.Sprintf("<</Type /Annot /Subtype /Widget /FT /Sig /T (Seal) /TU %s /F 132 /Rect [%.2f %.2f %.2f %.2f] "+
		"/P %d 0 R /V %d 0 R /AP <</N %d 0 R>>>>", pdfText("电子印章"), r[0], r[1], r[2], r[3], page, value, appearance))
	u.put(appearance, fmt.Sprintf("<</Type /XObject /Subtype /Form /BBox [0 0 %.2f %.2f] /Resources <<>> /Length 0>>\nstream\n\nendstream",
		r[2]-r[0], r[3]-r[1]))
	u.offsets[value] = u.out.Len()
	fmt.Fprintf(&u.out, "%d 0 obj\n<</Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached /Name %s /Reason %s /M (D:%s+08'00')\n"+
		"/Reference [<</Type /SigRef /TransformMethod /DocMDP /TransformParams <</Type /TransformParams /P 1 /V /1.2>>>>]\n/ByteRange ",
		value, pdfText(opts.Name), pdfText(opts.Reason), opts.At.In(workday.Shanghai).Format("20060102150405"))
	u.rangeAt = u.out.Len()
	fmt.Fprintf(&u.out, "%*s\n/Contents ", rangeWidth, "")
	u.gapStart = u.out.Len()
	u.out.WriteByte('<')
	u.out.Write(bytes.Repeat([]byte{'0'}, 2*room))
	u.out.WriteByte('>')
	u.gapEnd = u.out.Len()
	u.out.WriteString(">>\nendobj\n")
	return nil
}

// trailer writes the cross-reference section of the changed objects.
func (u *update) trailer() {
	start := u.out.Len()
	u.out.WriteString("xref\n")
	for n := 0; n < u.file.size+3; {
		run := 0
		for _, ok := u.offsets[n+run]; ok; _, ok = u.offsets[n+run] {
			run++
		}
		if run == 0 {
			n++
			continue
		}
		fmt.Fprintf(&u.out, "%d %d\n", n, run)
		for range run {
			fmt.Fprintf(&u.out, "%010d 00000 n \n", u.offsets[n])
			n++
		}
	}
	id := sha256.Sum256(u.file.data)
	fmt.Fprintf(&u.out, "trailer\n<</Size %d /Root %d 0 R /Info %d 0 R /Prev %d /ID [<%x><%x>]>>\nstartxref\n%d\n%%%%EOF\n",
		u.file.size+3, u.file.root, u.file.info, u.file.xref, id[:16], id[16:], start)
}

// pdfText writes s as a PDF text string: UTF-16BE in hexadecimal.
func pdfText(s string) string {
	out := []byte{0xFE, 0xFF}
	for _, u := range utf16.Encode([]rune(s)) {
		out = append(out, byte(u>>8), byte(u))
	}
	return "<" + hex.EncodeToString(out) + ">"
}
