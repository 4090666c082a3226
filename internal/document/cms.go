package document

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	encoding "encoding/asn1"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// Object identifiers of RFC 5652 (CMS), RFC 5035 (signing-certificate-v2),
// RFC 5754 (SHA-256), RFC 5758 (ECDSA) and RFC 8017 (RSA).
var (
	oidData          = encoding.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}
	oidSignedData    = encoding.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	oidContentType   = encoding.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}
	oidMessageDigest = encoding.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}
	oidSigningCert   = encoding.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 47}
	oidSHA256        = encoding.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}
	oidECDSA         = encoding.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2}
	oidRSA           = encoding.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 11}
)

var (
	contextZero = asn1.Tag(0).ContextSpecific().Constructed()
	errCMS      = errors.New("not a signature of the form written here")
)

// signature is all that differs between two signatures of the one form that
// is written here: CMS SignedData, detached, SHA-256, one signer, signed
// attributes content-type, message-digest and signing-certificate-v2. PAdES
// baseline forbids signing-time; the time stands in the PDF's /M.
type signature struct {
	digest []byte              // SHA-256 of the signed bytes
	chain  []*x509.Certificate // the signer's certificate first; all are bound by signing-certificate-v2
	value  []byte              // the signature over attributes
}

// attributes is the DER of the signed attributes, as SET OF: what is signed.
func (s signature) attributes() ([]byte, error) {
	attribute := func(oid encoding.ObjectIdentifier, value func(b *cryptobyte.Builder)) ([]byte, error) {
		var b cryptobyte.Builder
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(oid)
			b.AddASN1(asn1.SET, value)
		})
		return b.Bytes()
	}
	contentType, e1 := attribute(oidContentType, func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(oidData) })
	digest, e2 := attribute(oidMessageDigest, func(b *cryptobyte.Builder) { b.AddASN1OctetString(s.digest) })
	certs, e3 := attribute(oidSigningCert, func(b *cryptobyte.Builder) {
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) { // SigningCertificateV2
			b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) { // certs
				for _, c := range s.chain {
					hash := sha256.Sum256(c.Raw)
					b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) { b.AddASN1OctetString(hash[:]) })
				}
			})
		})
	})
	if err := errors.Join(e1, e2, e3); err != nil {
		return nil, fmt.Errorf("encode signed attributes: %w", err)
	}
	all := [][]byte{contentType, digest, certs}
	slices.SortFunc(all, bytes.Compare) // DER: SET OF is sorted
	var b cryptobyte.Builder
	b.AddASN1(asn1.SET, func(b *cryptobyte.Builder) { b.AddBytes(bytes.Join(all, nil)) })
	return b.Bytes()
}

// encode writes the whole CMS object.
func (s signature) encode() ([]byte, error) {
	attributes, err := s.attributes()
	if err != nil {
		return nil, err
	}
	attributes[0] = byte(contextZero) // IMPLICIT [0] in the SignerInfo
	algorithm, err := signatureAlgorithm(s.chain[0])
	if err != nil {
		return nil, err
	}
	sha := func(b *cryptobyte.Builder) {
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(oidSHA256) })
	}
	signerInfo := func(b *cryptobyte.Builder) {
		b.AddASN1Int64(1)
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddBytes(s.chain[0].RawIssuer)
			b.AddASN1BigInt(s.chain[0].SerialNumber)
		})
		sha(b)
		b.AddBytes(attributes)
		b.AddBytes(algorithm)
		b.AddASN1OctetString(s.value)
	}
	signedData := func(b *cryptobyte.Builder) {
		b.AddASN1Int64(1)
		b.AddASN1(asn1.SET, sha)
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(oidData) })
		b.AddASN1(contextZero, func(b *cryptobyte.Builder) {
			for _, c := range s.chain {
				b.AddBytes(c.Raw)
			}
		})
		b.AddASN1(asn1.SET, func(b *cryptobyte.Builder) { b.AddASN1(asn1.SEQUENCE, signerInfo) })
	}
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(oidSignedData)
		b.AddASN1(contextZero, func(b *cryptobyte.Builder) { b.AddASN1(asn1.SEQUENCE, signedData) })
	})
	return b.Bytes()
}

func signatureAlgorithm(cert *x509.Certificate) ([]byte, error) {
	var b cryptobyte.Builder
	switch cert.PublicKey.(type) {
	case *ecdsa.PublicKey:
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(oidECDSA) })
	case *rsa.PublicKey:
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(oidRSA)
			b.AddASN1NULL()
		})
	default:
		return nil, fmt.Errorf("sign with %T: only ECDSA and RSA keys can sign documents", cert.PublicKey)
	}
	return b.Bytes()
}

// valid reports whether the value is the signature of the chain's first
// certificate over the attributes.
func (s signature) valid() bool {
	attributes, err := s.attributes()
	if err != nil {
		return false
	}
	algorithm := x509.ECDSAWithSHA256
	if _, ok := s.chain[0].PublicKey.(*rsa.PublicKey); ok {
		algorithm = x509.SHA256WithRSA
	}
	return s.chain[0].CheckSignature(algorithm, attributes, s.value) == nil
}

// decodeSignature reads a CMS object, followed by nothing but zero bytes. It
// accepts only the very bytes that encode writes, so nothing in a genuine
// file can be changed without being seen: errCMS says that they are others.
func decodeSignature(data []byte) (signature, error) {
	var whole, content, signedData, certs, infos, info cryptobyte.String
	rest := cryptobyte.String(data)
	var version, infoVersion int64
	var value []byte
	ok := rest.ReadASN1Element(&whole, asn1.SEQUENCE)
	der := []byte(whole)
	ok = ok && whole.ReadASN1(&content, asn1.SEQUENCE) && content.SkipASN1(asn1.OBJECT_IDENTIFIER) &&
		content.ReadASN1(&signedData, contextZero) && signedData.ReadASN1(&content, asn1.SEQUENCE) &&
		content.ReadASN1Integer(&version) && content.SkipASN1(asn1.SET) && content.SkipASN1(asn1.SEQUENCE) &&
		content.ReadASN1(&certs, contextZero) && content.ReadASN1(&infos, asn1.SET) &&
		infos.ReadASN1(&info, asn1.SEQUENCE) && info.ReadASN1Integer(&infoVersion) &&
		info.SkipASN1(asn1.SEQUENCE) && info.SkipASN1(asn1.SEQUENCE)
	var attributes cryptobyte.String
	ok = ok && info.ReadASN1(&attributes, contextZero) && info.SkipASN1(asn1.SEQUENCE) &&
		info.ReadASN1Bytes(&value, asn1.OCTET_STRING)
	if !ok {
		return signature{}, errCMS
	}
	chain, err := x509.ParseCertificates(certs)
	if err != nil || len(chain) == 0 {
		return signature{}, errCMS
	}
	s := signature{digest: messageDigest(attributes), chain: chain, value: value}
	again, err := s.encode()
	if err != nil || !bytes.Equal(again, der) || len(bytes.Trim(rest, "\x00")) != 0 {
		return signature{}, errCMS
	}
	return s, nil
}

// messageDigest finds the message-digest attribute; nil if there is none.
func messageDigest(attributes cryptobyte.String) []byte {
	for !attributes.Empty() {
		var attribute, values cryptobyte.String
		var oid encoding.ObjectIdentifier
		var digest []byte
		if !attributes.ReadASN1(&attribute, asn1.SEQUENCE) || !attribute.ReadASN1ObjectIdentifier(&oid) ||
			!attribute.ReadASN1(&values, asn1.SET) {
			return nil
		}
		if oid.Equal(oidMessageDigest) && values.ReadASN1Bytes(&digest, asn1.OCTET_STRING) {
			return digest
		}
	}
	return nil
}
