package document_test

import (
	"crypto/x509"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"software.sslmate.com/src/go-pkcs12"

	"nianbao/internal/document"
)

func TestOwnSignerIsMadeOnceAndKept(t *testing.T) {
	dir := t.TempDir()
	first, err := document.OwnSigner(dir, "试验市民政局", issuedAt)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(dir, document.KeyFile))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key's mode is %v (%v), want 0600", info.Mode(), err)
	}
	if c := first.Certificate(); c.Subject.CommonName != "试验市民政局" || c.NotBefore.After(issuedAt) || c.NotAfter.Before(issuedAt.AddDate(9, 0, 0)) {
		t.Errorf("certificate of %s from %v to %v", c.Subject, c.NotBefore, c.NotAfter)
	}
	again, err := document.OwnSigner(dir, "another name", issuedAt.AddDate(1, 0, 0))
	if err != nil {
		t.Fatal(err)
	}
	if !again.Certificate().Equal(first.Certificate()) {
		t.Error("a second start made another certificate")
	}
	trusted, err := document.LoadCertificates(filepath.Join(dir, document.CertificateFile))
	if err != nil {
		t.Fatal(err)
	}
	if got := document.CheckSignature(sign(t, again), trusted); got.Verdict != document.VerdictGenuine {
		t.Errorf("signed with the kept key: %s", got.Verdict)
	}
}

func TestOwnSignerNeverReplacesALostHalf(t *testing.T) {
	for _, lost := range []string{document.KeyFile, document.CertificateFile} {
		dir := t.TempDir()
		if _, err := document.OwnSigner(dir, "x", issuedAt); err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(filepath.Join(dir, lost)); err != nil {
			t.Fatal(err)
		}
		_, err := document.OwnSigner(dir, "x", issuedAt)
		if !errors.Is(err, document.ErrSigningKey) || !strings.Contains(err.Error(), lost) {
			t.Errorf("without %s: %v", lost, err)
		}
	}
}

func TestSuppliedKeys(t *testing.T) {
	dir := t.TempDir()
	file := func(name string) string { return filepath.Join(dir, name) }
	key := newKey(t)
	cert := certificate(t, "试验市民政局", key, nil, nil)
	big, err := rsaKey()
	if err != nil {
		t.Fatal(err)
	}
	ec, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	p12, err := pkcs12.Modern.Encode(key, cert, nil, "秘密")
	if err != nil {
		t.Fatal(err)
	}
	writePEM(t, file("cert.pem"), "CERTIFICATE", cert.Raw)
	writePEM(t, file("rsa-cert.pem"), "CERTIFICATE", certificate(t, "RSA", big, nil, nil).Raw)
	writePEM(t, file("ec.pem"), "EC PRIVATE KEY", ec)
	writePEM(t, file("pkcs8.pem"), "PRIVATE KEY", pkcs8)
	writePEM(t, file("rsa.pem"), "RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(big))
	writePEM(t, file("encrypted.pem"), "ENCRYPTED PRIVATE KEY", pkcs8)
	writePEM(t, file("broken.pem"), "PRIVATE KEY", pkcs8[:40])
	for name, data := range map[string][]byte{"key.p12": p12, "noise": []byte("no key at all")} {
		if err := os.WriteFile(file(name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, tc := range map[string]struct {
		key, cert, password string
		fault               string // "" = loads
	}{
		"EC PEM":              {"ec.pem", "cert.pem", "", ""},
		"PKCS #8 PEM":         {"pkcs8.pem", "cert.pem", "", ""},
		"RSA PEM":             {"rsa.pem", "rsa-cert.pem", "", ""},
		"PKCS #12":            {"key.p12", "", "秘密", ""},
		"wrong password":      {"key.p12", "", "geheim", "password"},
		"certificate missing": {"ec.pem", "", "", "--signing-cert"},
		"other's certificate": {"ec.pem", "rsa-cert.pem", "", "another key"},
		"key as certificate":  {"ec.pem", "ec.pem", "", "no PEM certificate"},
		"certificate as key":  {"cert.pem", "cert.pem", "", "no private key"},
		"encrypted":           {"encrypted.pem", "cert.pem", "", "PKCS #12"},
		"broken":              {"broken.pem", "cert.pem", "", "not usable"},
		"neither":             {"noise", "", "", "neither PEM nor PKCS #12"},
		"no such key":         {"nowhere", "cert.pem", "", "nowhere"},
		"no such certificate": {"ec.pem", "nowhere", "", "nowhere"},
	} {
		t.Run(name, func(t *testing.T) {
			certPath := ""
			if tc.cert != "" {
				certPath = file(tc.cert)
			}
			s, err := document.LoadSigner(file(tc.key), certPath, tc.password)
			if tc.fault == "" {
				if err != nil {
					t.Fatal(err)
				}
				if got := document.CheckSignature(sign(t, s), []*x509.Certificate{s.Certificate()}); got.Verdict != document.VerdictGenuine {
					t.Errorf("signs %s", got.Verdict)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tc.fault) {
				t.Errorf("error %v, want one that says %q", err, tc.fault)
			}
		})
	}
}
