package main

import (
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"nianbao/internal/document"
)

type verifyCmd struct {
	File        string `arg:"" type:"path" help:"The PDF."`
	SigningCert string `name:"signing-cert" placeholder:"FILE" help:"The authority's certificate (PEM). Default: the one in the data folder."`
}

// maxPDF bounds what is read; our documents are well under a megabyte.
const maxPDF = 64 << 20

// Run exits 0 for a genuine, unchanged document that is in force, or whose standing cannot be known offline; for
// anything else 1, saying which.
func (c *verifyCmd) Run(e *environment) error {
	info, err := os.Stat(c.File)
	if err != nil {
		return err
	}
	if info.Size() > maxPDF {
		return fmt.Errorf("%s: not_signed: larger than any document of this system", c.File)
	}
	content, err := os.ReadFile(c.File)
	if err != nil {
		return err
	}
	trusted, err := c.trusted(e)
	if err != nil {
		return err
	}
	s, err := e.openIfServed()
	if err != nil {
		return err
	}
	if s == nil {
		return c.offline(e, document.CheckSignature(content, trusted))
	}
	result, err := document.Verify(e.ctx, s.db, content, trusted)
	if err := errors.Join(err, s.Close()); err != nil {
		return err
	}
	return c.online(e, result)
}

func (c *verifyCmd) offline(e *environment, check document.Check) error {
	if check.Verdict != document.VerdictGenuine {
		return fmt.Errorf("%s: %s: %s", c.File, check.Verdict, check.Verdict.Chinese())
	}
	fmt.Fprintf(e.stdout, "%s: genuine, unchanged; whether it is in force is unknown without the database\n", c.File)
	return nil
}

func (c *verifyCmd) online(e *environment, r document.Result) error {
	if r.Verdict != document.VerdictGenuine {
		return fmt.Errorf("%s: %s: %s", c.File, r.Verdict, r.Verdict.Chinese())
	}
	if !r.InForce() {
		return fmt.Errorf("%s: %s: genuine and unchanged, but no longer in force", c.File, r.Document.Standing)
	}
	fmt.Fprintf(e.stdout, "%s: genuine, unchanged, in force: %s, %s\n", c.File, r.Document.Kind, r.Document.Number)
	return nil
}

// trusted is the certificate given, else the data folder's, else none: a served database still knows its documents.
func (c *verifyCmd) trusted(e *environment) ([]*x509.Certificate, error) {
	path := c.SigningCert
	if path == "" {
		dir, err := e.dataDir()
		if err != nil {
			return nil, err
		}
		path = filepath.Join(dir, document.CertificateFile)
	}
	certificates, err := document.LoadCertificates(path)
	if errors.Is(err, fs.ErrNotExist) && c.SigningCert == "" {
		if e.databaseURL != "" {
			return nil, nil
		}
		return nil, fmt.Errorf("no certificate to check against: give --signing-cert, or --data with %s", document.CertificateFile)
	}
	return certificates, err
}
