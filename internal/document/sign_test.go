package document_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"nianbao/internal/document"
)

// signers has one of each kind of key and chain that can sign.
func signers(t *testing.T) map[string]struct {
	signer *document.Signer
	root   *x509.Certificate
} {
	t.Helper()
	type entry = struct {
		signer *document.Signer
		root   *x509.Certificate
	}
	own := newKey(t)
	ownCert := certificate(t, "自签", own, nil, nil)
	caKey, leafKey := newKey(t), newKey(t)
	ca := certificate(t, "根证书", caKey, nil, caKey)
	leaf := certificate(t, "试验市民政局", leafKey, ca, caKey)
	big, err := rsaKey()
	if err != nil {
		t.Fatal(err)
	}
	bigCert := certificate(t, "RSA", big, nil, nil)
	return map[string]entry{
		"ECDSA self-signed": {newSigner(t, own, ownCert), ownCert},
		"ECDSA with chain":  {newSigner(t, leafKey, leaf, ca), ca},
		"RSA self-signed":   {newSigner(t, big, bigCert), bigCert},
	}
}

func TestPopplerFindsTheSignatureValid(t *testing.T) {
	for name, s := range signers(t) {
		t.Run(name, func(t *testing.T) {
			out, err := tool(t, "pdfsig", writeFile(t, "signed.pdf", sign(t, s.signer)))
			for _, want := range []string{"Signature Validation: Signature is Valid.", "Total document signed",
				"Signature Type: ETSI.CAdES.detached", "Signing Hash Algorithm: SHA-256", "Apr 02 2019"} {
				if !strings.Contains(out, want) {
					t.Errorf("pdfsig (%v) does not say %q:\n%s", err, want, out)
				}
			}
		})
	}
}

var byteRangePattern = regexp.MustCompile(`/ByteRange \[0 (\d+) (\d+) (\d+)\]`)

// split parts a signed file into its signature and what that covers.
func split(t *testing.T, signed []byte) (cms, covered []byte) {
	t.Helper()
	m := byteRangePattern.FindSubmatch(signed)
	if m == nil {
		t.Fatal("no ByteRange")
	}
	start, _ := strconv.Atoi(string(m[1]))
	end, _ := strconv.Atoi(string(m[2]))
	cms, err := hex.DecodeString(string(signed[start+1 : end-1]))
	if err != nil {
		t.Fatal(err)
	}
	return cms, append(bytes.Clone(signed[:start]), signed[end:]...)
}

func TestOpenSSLAcceptsTheSignatureAsCAdES(t *testing.T) {
	for name, s := range signers(t) {
		t.Run(name, func(t *testing.T) {
			cms, covered := split(t, sign(t, s.signer))
			root := t.TempDir() + "/root.pem"
			writePEM(t, root, "CERTIFICATE", s.root.Raw)
			check := func(covered []byte) (string, error) {
				return tool(t, "openssl", "cms", "-verify", "-cades", "-binary", "-inform", "DER", "-purpose", "any",
					"-in", writeFile(t, "cms.der", cms), "-content", writeFile(t, "content", covered), "-CAfile", root, "-out", "/dev/null")
			}
			if out, err := check(covered); err != nil {
				t.Errorf("openssl: %v\n%s", err, out)
			}
			covered[len(covered)/2] ^= 1
			if out, err := check(covered); err == nil {
				t.Errorf("openssl accepts changed content:\n%s", out)
			}
		})
	}
}

// The drawn bytes stay as they are, and a file of two sheets stays readable.
func TestSigningIsAnIncrementalUpdate(t *testing.T) {
	key := newKey(t)
	signed := sign(t, newSigner(t, key, certificate(t, "自签", key, nil, nil)))
	if !bytes.HasPrefix(signed, drawnConclusion(t).PDF) {
		t.Error("signing changed the drawn bytes")
	}
	if grown := len(signed) - len(drawnConclusion(t).PDF); grown > 6000 {
		t.Errorf("the signature adds %d bytes", grown)
	}
	out, err := tool(t, "pdfinfo", writeFile(t, "signed.pdf", signed))
	if err != nil || !strings.Contains(out, "Pages:           2") || !strings.Contains(out, "社会组织年度报告审查结论书") {
		t.Errorf("pdfinfo: %v\n%s", err, out)
	}
}

func TestSignedFilesAreDeterministic(t *testing.T) {
	for name, s := range signers(t) {
		if !bytes.Equal(sign(t, s.signer), sign(t, s.signer)) {
			t.Errorf("%s: two signatures of the same file differ", name)
		}
	}
}

func TestUnfitKeysAreRefused(t *testing.T) {
	good, other := newKey(t), newKey(t)
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	cert := func(key crypto.Signer) *x509.Certificate { return certificate(t, "x", key, nil, nil) }
	for name, tc := range map[string]struct {
		key   crypto.Signer
		chain []*x509.Certificate
	}{
		"no certificate":       {good, nil},
		"another's":            {good, []*x509.Certificate{cert(other)}},
		"P-384":                {p384, []*x509.Certificate{cert(p384)}},
		"RSA of 1024 bits":     {small, []*x509.Certificate{cert(small)}},
		"chain in wrong order": {good, []*x509.Certificate{cert(other), cert(good)}},
	} {
		if _, err := document.NewSigner(tc.key, tc.chain...); !errors.Is(err, document.ErrSigningKey) {
			t.Errorf("%s: %v, want ErrSigningKey", name, err)
		}
	}
}

func TestOnlyDrawnFilesAreSigned(t *testing.T) {
	key := newKey(t)
	signer := newSigner(t, key, certificate(t, "x", key, nil, nil))
	signed := sign(t, signer)
	drawn := drawnConclusion(t)
	for name, data := range map[string][]byte{
		"nothing": nil, "no PDF": []byte("hello"), "signed already": signed,
		"cut short": drawn.PDF[:len(drawn.PDF)-40], "table out of place": bytes.Replace(drawn.PDF, []byte("%PDF-1.4\n"), []byte("%PDF-1.4\n\n"), 1),
	} {
		if _, err := signer.Sign(document.Rendered{PDF: data, Seal: drawn.Seal}, document.SignOptions{At: issuedAt}); err == nil {
			t.Errorf("%s: signed", name)
		}
	}
	drawn.Seal.Sheet = 9
	if _, err := signer.Sign(drawn, document.SignOptions{At: issuedAt}); err == nil {
		t.Error("signed on a sheet that is not there")
	}
}
