package document

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"testing"
	"time"
)

// sampleSignature signs 32 bytes with a fresh key.
func sampleSignature(t testing.TB) signature {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := selfSigned(key, "试验市民政局", time.Date(2019, 1, 1, 0, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256([]byte("文书"))
	s := signature{digest: digest[:], chain: []*x509.Certificate{cert}}
	attributes, err := s.attributes()
	if err != nil {
		t.Fatal(err)
	}
	hash := sha256.Sum256(attributes)
	if s.value, err = key.Sign(nil, hash[:], crypto.SHA256); err != nil {
		t.Fatal(err)
	}
	return s
}

func encoded(t testing.TB, s signature) []byte {
	t.Helper()
	der, err := s.encode()
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func TestSignatureSurvivesEncoding(t *testing.T) {
	s := sampleSignature(t)
	der := encoded(t, s)
	for name, data := range map[string][]byte{"alone": der, "padded": append(bytes.Clone(der), make([]byte, 100)...)} {
		got, err := decodeSignature(data)
		if err != nil || !got.valid() || !bytes.Equal(got.digest, s.digest) || !got.chain[0].Equal(s.chain[0]) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Any one changed byte, anywhere, is refused or makes the signature invalid.
func TestDecodeAcceptsOneFormOnly(t *testing.T) {
	der := encoded(t, sampleSignature(t))
	for i := range der {
		for _, flip := range []byte{1, 0x20, 0x80} {
			changed := bytes.Clone(der)
			changed[i] ^= flip
			if got, err := decodeSignature(changed); err == nil && got.valid() {
				t.Errorf("byte %d of %d changed by %02x: still valid", i, len(der), flip)
			}
		}
	}
	for name, data := range map[string][]byte{"empty": nil, "cut short": der[:len(der)-1], "followed by data": append(bytes.Clone(der), 0, 1), "zeros": make([]byte, 500)} {
		if _, err := decodeSignature(data); !errors.Is(err, errCMS) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSignatureBindsTheWholeChain(t *testing.T) {
	s, other := sampleSignature(t), sampleSignature(t)
	s.chain = append(s.chain, other.chain[0])
	if s.valid() {
		t.Error("a certificate can be added to the chain without being seen")
	}
}

func FuzzDecodeSignature(f *testing.F) {
	f.Add(encoded(f, sampleSignature(f)))
	f.Add([]byte{0x30, 0x80})
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := decodeSignature(data)
		if err != nil {
			return
		}
		again, err := s.encode()
		if err != nil || !bytes.HasPrefix(data, again) {
			t.Fatal("accepted a form that it does not write")
		}
	})
}

// minimal is the smallest file of the structure that a renderer writes.
const minimal = "%PDF-1.4\n" +
	"3 0 obj\n<</Type /Page\n/Parent 1 0 R\n/Contents 4 0 R>>\nendobj\n" +
	"1 0 obj\n<</Type /Pages\n/Kids [3 0 R ]\n/Count 1\n>>\nendobj\n" +
	"2 0 obj\n<<\n/Type /Catalog\n/Pages 1 0 R\n>>\nendobj\n" +
	"xref\n0 5\n0000000000 65535 f \n0000000070 00000 n \n0000000127 00000 n \n0000000009 00000 n \n0000000000 00000 n \n" +
	"trailer\n<<\n/Size 5\n/Root 2 0 R\n/Info 4 0 R\n>>\nstartxref\n176\n%%EOF\n"

func TestDrawnFileStructure(t *testing.T) {
	f, err := parseDrawn([]byte(minimal))
	if err != nil {
		t.Fatal(err)
	}
	if page, err := f.page(1); err != nil || page != 3 {
		t.Errorf("page 1 is object %d, %v", page, err)
	}
	if d, err := f.dictionary(2); err != nil || !bytes.Contains(d, []byte("/Catalog")) || bytes.Contains(d, []byte(">>")) {
		t.Errorf("catalogue %q, %v", d, err)
	}
	for _, n := range []int{-1, 0, 4, 5, 1 << 40} {
		if _, err := f.object(n); !errors.Is(err, errDrawn) {
			t.Errorf("object %d: %v", n, err)
		}
	}
	for _, sheet := range []int{0, 2, -1} {
		if _, err := f.page(sheet); !errors.Is(err, errDrawn) {
			t.Errorf("sheet %d: %v", sheet, err)
		}
	}
}

func TestOtherStructuresAreRefused(t *testing.T) {
	for name, change := range map[string][2]string{
		"no trailer":          {"trailer", "tractor"},
		"no root":             {"/Root", "/Boot"},
		"no info":             {"/Info", "/Data"},
		"no table":            {"xref\n0 5", "xerf\n0 5"},
		"table elsewhere":     {"startxref\n176", "startxref\n999999999"},
		"table of two parts":  {"xref\n0 5", "xref\n3 5"},
		"page tree elsewhere": {"0000000070", "0000000071"},
		"no kids":             {"/Kids", "/Fids"},
		"form already":        {"/Type /Catalog", "/AcroForm /Catalog"},
		"annotations already": {"/Parent 1 0 R", "/Annots 1 0 R"},
	} {
		data := []byte(minimal)
		if !bytes.Contains(data, []byte(change[0])) {
			t.Fatalf("%s: nothing to change", name)
		}
		s := sampleSigner(t)
		_, err := s.Sign(Rendered{PDF: bytes.Replace(data, []byte(change[0]), []byte(change[1]), 1)}, SignOptions{})
		if !errors.Is(err, errDrawn) {
			t.Errorf("%s: %v, want errDrawn", name, err)
		}
	}
	if _, err := sampleSigner(t).Sign(Rendered{PDF: []byte(minimal)}, SignOptions{}); err != nil {
		t.Errorf("the unchanged file: %v", err)
	}
}

func sampleSigner(t testing.TB) *Signer {
	t.Helper()
	s, err := OwnSigner(t.TempDir(), "x", time.Date(2019, 1, 1, 0, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func FuzzParseDrawn(f *testing.F) {
	f.Add([]byte(minimal))
	f.Add([]byte("startxref\n0\n%%EOF"))
	signer := sampleSigner(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		// Whatever is signed must keep its bytes.
		signed, err := signer.Sign(Rendered{PDF: data}, SignOptions{})
		if err == nil && !bytes.HasPrefix(signed, data) {
			t.Fatal("signing changed the file")
		}
	})
}
