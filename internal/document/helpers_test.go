package document_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"nianbao/internal/document"
	"nianbao/internal/document/pdf"
	"nianbao/internal/workday"
)

var issuedAt = time.Date(2019, 4, 2, 16, 20, 11, 0, workday.Shanghai)

func conclusionFacts() *document.ConclusionFacts {
	return &document.ConclusionFacts{
		Party: document.Party{Authority: "试验市民政局", Organisation: "试验市向阳𬭎社会工作服务中心", USCC: "52440100MJK00009XH",
			OrganisationType: "社会服务机构", ReportYear: 2018},
		Outcome: "pass", ReceiptNo: "试民社年收〔2019〕00231号", SubmittedOn: workday.NewDate(2019, 3, 26),
		Basis: "《民办非企业单位登记管理暂行条例》第二十三条", Stamp: true,
	}
}

func composition(facts document.Facts) document.Composition {
	return document.Composition{Facts: facts, Number: "试民社年审〔2019〕00001号", VerifyCode: "7KQM-2F9D-XW3H",
		IssuedOn: workday.NewDate(2019, 4, 2), OrderedAt: issuedAt, PublicURL: "https://nianbao.example.cn", Demonstration: true}
}

func renderer(t testing.TB) *pdf.Renderer {
	t.Helper()
	r, err := pdf.New()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// drawn is one rendered conclusion, drawn once for all tests.
var drawn = sync.OnceValues(func() (document.Rendered, error) {
	page, err := document.Compose(composition(conclusionFacts()))
	if err != nil {
		return document.Rendered{}, err
	}
	r, err := pdf.New()
	if err != nil {
		return document.Rendered{}, err
	}
	return r.Render(page)
})

func drawnConclusion(t testing.TB) document.Rendered {
	t.Helper()
	out, err := drawn()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

var rsaKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

// certificate makes one for key, signed by parent (nil: by itself).
func certificate(t testing.TB, name string, key crypto.Signer, parent *x509.Certificate, parentKey crypto.Signer) *x509.Certificate {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(1, 0, 0),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, BasicConstraintsValid: true, IsCA: parent == nil && parentKey != nil,
	}
	if parent == nil {
		parent, parentKey = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), parentKey)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

func newSigner(t testing.TB, key crypto.Signer, chain ...*x509.Certificate) *document.Signer {
	t.Helper()
	s, err := document.NewSigner(key, chain...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func sign(t testing.TB, s *document.Signer) []byte {
	t.Helper()
	signed, err := s.Sign(drawnConclusion(t), document.SignOptions{Name: "试验市民政局", Reason: "签发审查结论书", At: issuedAt})
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

func writePEM(t testing.TB, path, kind string, blocks ...[]byte) {
	t.Helper()
	var buf bytes.Buffer
	for _, b := range blocks {
		if err := pem.Encode(&buf, &pem.Block{Type: kind, Bytes: b}); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(path, buf.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

// tool runs a program of the set-up; it returns what it prints and its error.
func tool(t testing.TB, name string, args ...string) (string, error) {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Fatalf("%s is missing: run the set-up script, or apt-get install poppler-utils openssl", name)
	}
	out, err := exec.Command(name, args...).CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

func writeFile(t testing.TB, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}
