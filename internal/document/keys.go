package document

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"time"

	"software.sslmate.com/src/go-pkcs12"
)

// Names of the key and certificate that are made on first run in the data folder.
const (
	KeyFile         = "signing-key.pem"  // PKCS #8, mode 0600
	CertificateFile = "signing-cert.pem" // the certificate, to be given to whoever verifies
)

// generatedYears is how long a certificate made on first run is valid.
const generatedYears = 10

// OwnSigner opens the key and certificate in the data folder, and makes them
// where there are none: an ECDSA P-256 key and a self-signed certificate in
// the given name. There is no authority behind such a certificate, so nothing
// is won by a chain: whoever verifies trusts this one certificate. A folder
// that holds only one of the two is an error; a lost key is never replaced
// silently, since the documents that it signed would look foreign.
func OwnSigner(dataDir, name string, now time.Time) (*Signer, error) {
	keyPath, certPath := filepath.Join(dataDir, KeyFile), filepath.Join(dataDir, CertificateFile)
	haveKey, err := exists(keyPath)
	if err != nil {
		return nil, err
	}
	haveCert, err := exists(certPath)
	if err != nil {
		return nil, err
	}
	switch {
	case haveKey && haveCert:
		return LoadSigner(keyPath, certPath, "")
	case haveKey:
		return nil, fmt.Errorf("%w: %s is there but %s is missing; restore it from the backup", ErrSigningKey, keyPath, certPath)
	case haveCert:
		return nil, fmt.Errorf("%w: %s is there but %s is missing; restore it from the backup", ErrSigningKey, certPath, keyPath)
	}
	if err := generate(keyPath, certPath, name, now); err != nil {
		return nil, fmt.Errorf("make the signing key: %w", err)
	}
	return LoadSigner(keyPath, certPath, "")
}

func exists(path string) (bool, error) {
	_, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// generate writes a new key and then its certificate; each file appears whole
// or not at all.
func generate(keyPath, certPath, name string, now time.Time) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	cert, err := selfSigned(key, name, now)
	if err != nil {
		return err
	}
	encoded, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	if err := writeNew(certPath, 0o644, &pem.Block{Type: "CERTIFICATE", Bytes: cert}); err != nil {
		return err
	}
	if err := writeNew(keyPath, 0o600, &pem.Block{Type: "PRIVATE KEY", Bytes: encoded}); err != nil {
		return errors.Join(err, os.Remove(certPath))
	}
	return nil
}

func selfSigned(key crypto.Signer, name string, now time.Time) ([]byte, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, err
	}
	subject := pkix.Name{CommonName: name}
	return x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: serial, Subject: subject,
		NotBefore: now.Add(-24 * time.Hour), NotAfter: now.AddDate(generatedYears, 0, 0),
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment,
		BasicConstraintsValid: true,
	}, &x509.Certificate{Subject: subject}, key.Public(), key)
}

// writeNew writes a PEM file that must not exist yet, durably.
func writeNew(path string, mode fs.FileMode, block *pem.Block) error {
	temp, err := os.CreateTemp(filepath.Dir(path), ".new-*") // mode 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(temp.Name()) }() // its link, if made, stays
	err = errors.Join(pem.Encode(temp, block), temp.Chmod(mode), temp.Sync(), temp.Close())
	if err != nil {
		return err
	}
	return os.Link(temp.Name(), path) // fails if another got there first
}

// LoadSigner opens a supplied key: a PEM key with a PEM certificate (and the
// certificates above it), or a PKCS #12 file that holds both, with certPath
// empty. Errors say which file is at fault and what was expected in it.
func LoadSigner(keyPath, certPath, password string) (*Signer, error) {
	data, err := os.ReadFile(keyPath)
	if err != nil {
		return nil, fmt.Errorf("signing key: %w", err)
	}
	block, _ := pem.Decode(data)
	if block == nil {
		return loadPKCS12(keyPath, data, password)
	}
	key, err := parseKey(data)
	if err != nil {
		return nil, fmt.Errorf("signing key %s: %w", keyPath, err)
	}
	if certPath == "" {
		return nil, fmt.Errorf("%w: %s is a PEM key; give its certificate too (--signing-cert)", ErrSigningKey, keyPath)
	}
	chain, err := LoadCertificates(certPath)
	if err != nil {
		return nil, err
	}
	signer, err := NewSigner(key, chain...)
	if err != nil {
		return nil, fmt.Errorf("signing key %s, certificate %s: %w", keyPath, certPath, err)
	}
	return signer, nil
}

func loadPKCS12(path string, data []byte, password string) (*Signer, error) {
	key, cert, above, err := pkcs12.DecodeChain(data, password)
	if errors.Is(err, pkcs12.ErrIncorrectPassword) {
		return nil, fmt.Errorf("%w: the password of %s is wrong", ErrSigningKey, path)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %s is neither PEM nor PKCS #12: %w", ErrSigningKey, path, err)
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("%w: %s holds a %T", ErrSigningKey, path, key)
	}
	s, err := NewSigner(signer, append([]*x509.Certificate{cert}, above...)...)
	if err != nil {
		return nil, fmt.Errorf("signing key %s: %w", path, err)
	}
	return s, nil
}

// parseKey reads the first private key among PEM blocks (an EC key file often
// begins with its curve's parameters).
func parseKey(data []byte) (crypto.Signer, error) {
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		var key any
		var err error
		switch block.Type {
		case "PRIVATE KEY":
			key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
		case "EC PRIVATE KEY":
			key, err = x509.ParseECPrivateKey(block.Bytes)
		case "RSA PRIVATE KEY":
			key, err = x509.ParsePKCS1PrivateKey(block.Bytes)
		case "ENCRYPTED PRIVATE KEY":
			return nil, fmt.Errorf("%w: the key is encrypted; supply it as PKCS #12 instead", ErrSigningKey)
		default:
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrSigningKey, err)
		}
		signer, ok := key.(crypto.Signer)
		if !ok {
			return nil, fmt.Errorf("%w: a %T cannot sign", ErrSigningKey, key)
		}
		return signer, nil
	}
	return nil, fmt.Errorf("%w: no private key in the file", ErrSigningKey)
}

// LoadCertificates reads all certificates of a PEM file, in order. A file
// without one is an error.
func LoadCertificates(path string) ([]*x509.Certificate, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("certificate: %w", err)
	}
	var out []*x509.Certificate
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("certificate %s: %w", path, err)
		}
		out = append(out, cert)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("certificate %s: no PEM certificate in the file", path)
	}
	return out, nil
}
