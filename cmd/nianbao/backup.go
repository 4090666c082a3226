package main

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"gocloud.dev/gcerrors"

	"nianbao/internal/document"
	"nianbao/internal/event"
	"nianbao/internal/postgres"
)

// A backup is a folder of three files and its table of contents:
//
//	database.dump  pg_dump, custom format
//	blobs.tar      every document and attachment
//	keys.tar       the signing key and certificate of the data folder; keep it as safe as the key
//	manifest.json  time, counts, SHA-256 of the three
//
// The database is dumped first. A blob is stored before the row that names it and never changed, so the blobs copied
// afterwards hold everything the dump refers to: the set is consistent without stopping the service.
const (
	dumpFile     = "database.dump"
	blobsFile    = "blobs.tar"
	keysFile     = "keys.tar"
	manifestFile = "manifest.json"
)

type manifest struct {
	MadeAt time.Time         `json:"made_at"`
	Blobs  int               `json:"blobs"`
	SHA256 map[string]string `json:"sha256"` // by file
}

type backupCmd struct {
	Dir   string `arg:"" help:"A new or empty folder."`
	Blobs string `placeholder:"URL" help:"Where documents lie, as for serve; default: the data folder."`
}

// Run writes the set, the manifest last: a folder without one is no backup.
func (c *backupCmd) Run(e *environment) error {
	if err := emptyDir(c.Dir); err != nil {
		return err
	}
	return e.with(func(s *store) error {
		m := manifest{MadeAt: e.wall().UTC(), SHA256: map[string]string{}}
		if err := s.pgTool(e.ctx, "pg_dump", "--format=custom", "--no-owner", "--file="+filepath.Join(c.Dir, dumpFile)); err != nil {
			return err
		}
		var err error
		if m.Blobs, err = e.backupBlobs(c.Dir, c.Blobs); err != nil {
			return err
		}
		if err := e.backupKeys(c.Dir); err != nil {
			return err
		}
		for _, name := range []string{dumpFile, blobsFile, keysFile} {
			if m.SHA256[name], err = fileSHA256(filepath.Join(c.Dir, name)); err != nil {
				return err
			}
		}
		text, err := json.MarshalIndent(m, "", "  ")
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(c.Dir, manifestFile), append(text, '\n'), 0o600); err != nil {
			return err
		}
		fmt.Fprintf(e.stdout, "backed up the database, %d blobs and the keys to %s\n", m.Blobs, c.Dir)
		return nil
	})
}

type restoreCmd struct {
	Dir   string `arg:"" type:"existingdir" help:"A folder that backup wrote."`
	Blobs string `placeholder:"URL" help:"Where documents lie, as for serve; default: the data folder."`
}

// Run checks the whole set, then fills an empty database, an empty blob store and a data folder without keys.
func (c *restoreCmd) Run(e *environment) error {
	m, err := readManifest(c.Dir)
	if err != nil {
		return err
	}
	s, err := e.connect(false)
	if err != nil {
		return err
	}
	return errors.Join(c.restore(e, s, m), s.Close())
}

func (c *restoreCmd) restore(e *environment, s *store, m manifest) error {
	if err := e.refuseFull(s, c.Blobs); err != nil {
		return err
	}
	err := s.pgTool(e.ctx, "pg_restore", "--exit-on-error", "--single-transaction", "--no-owner", filepath.Join(c.Dir, dumpFile))
	if err != nil {
		return err
	}
	if err := postgres.InTx(e.ctx, s.db, func(tx *postgres.Tx) error { return event.AfterRestore(e.ctx, tx) }); err != nil {
		return err
	}
	blobs, err := e.restoreBlobs(c.Dir, c.Blobs)
	if err != nil {
		return err
	}
	if blobs != m.Blobs {
		return fmt.Errorf("%s holds %d blobs, the manifest says %d", blobsFile, blobs, m.Blobs)
	}
	if err := e.restoreKeys(c.Dir); err != nil {
		return err
	}
	fmt.Fprintf(e.stdout, "restored the backup of %s: the database, %d blobs and the keys\n", m.MadeAt.Format(time.RFC3339), blobs)
	return nil
}

// refuseFull refuses a target that holds anything.
func (e *environment) refuseFull(s *store, blobsURL string) error {
	var tables int
	err := s.db.GetContext(e.ctx, &tables, `SELECT count(*) FROM pg_tables WHERE schemaname = 'public'`)
	if err != nil {
		return fmt.Errorf("look into the database: %w", err)
	}
	if tables > 0 {
		return errors.New("the database is not empty: restore into a new --data folder or an empty database")
	}
	bucket, err := e.bucket(blobsURL)
	if err != nil {
		return err
	}
	_, err = bucket.List(nil).Next(e.ctx)
	if err == nil {
		err = errors.New("the blob store is not empty: restore into a new --data folder or an empty --blobs")
	} else if errors.Is(err, io.EOF) {
		err = nil
	}
	return errors.Join(err, bucket.Close())
}

// pgTool runs pg_dump or pg_restore on the store's database. A password goes by the environment, not the command line.
func (s *store) pgTool(ctx context.Context, name string, args ...string) error {
	var programs postgres.Programs
	var err error
	if s.private != nil {
		programs = s.private.Programs()
	} else if programs, err = postgres.FindPrograms(0); err != nil {
		return err
	}
	target, env := hidePassword(s.db.URL())
	cmd := exec.CommandContext(ctx, programs.Path(name), append(args, "--dbname="+target)...)
	cmd.Env = append(os.Environ(), env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", name, err, strings.TrimSpace(string(out)))
	}
	return nil
}

// hidePassword takes the password out of a database URL; other users of the machine can read command lines.
func hidePassword(databaseURL string) (string, []string) {
	u, err := url.Parse(databaseURL)
	if err != nil || u.User == nil {
		return databaseURL, nil
	}
	password, set := u.User.Password()
	if !set {
		return databaseURL, nil
	}
	u.User = url.User(u.User.Username())
	return u.String(), []string{"PGPASSWORD=" + password}
}

func (e *environment) backupBlobs(dir, blobsURL string) (int, error) {
	bucket, err := e.bucket(blobsURL)
	if err != nil {
		return 0, err
	}
	count := 0
	err = writeTar(filepath.Join(dir, blobsFile), func(w *tar.Writer) error {
		list := bucket.List(nil)
		for {
			object, err := list.Next(e.ctx)
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return err
			}
			content, err := bucket.ReadAll(e.ctx, object.Key)
			if gcerrors.Code(err) == gcerrors.NotFound {
				continue // an infected file, or one swept, that went since it was listed: nothing in force names it
			}
			if err != nil {
				return fmt.Errorf("blob %s: %w", object.Key, err)
			}
			if err := addToTar(w, object.Key, content); err != nil {
				return err
			}
			count++
		}
	})
	return count, errors.Join(err, bucket.Close())
}

func (e *environment) restoreBlobs(dir, blobsURL string) (int, error) {
	bucket, err := e.bucket(blobsURL)
	if err != nil {
		return 0, err
	}
	count := 0
	err = readTar(filepath.Join(dir, blobsFile), func(name string, content []byte) error {
		count++
		return bucket.WriteAll(e.ctx, name, content, nil)
	})
	return count, errors.Join(err, bucket.Close())
}

func (e *environment) backupKeys(dir string) error {
	data, err := e.dataDir()
	if err != nil {
		return err
	}
	return writeTar(filepath.Join(dir, keysFile), func(w *tar.Writer) error {
		for _, name := range []string{document.KeyFile, document.CertificateFile} {
			content, err := os.ReadFile(filepath.Join(data, name))
			if errors.Is(err, os.ErrNotExist) {
				continue // supplied by --signing-key, kept by whoever supplies it
			}
			if err != nil {
				return err
			}
			if err := addToTar(w, name, content); err != nil {
				return err
			}
		}
		return nil
	})
}

// restoreKeys never overwrites a key.
func (e *environment) restoreKeys(dir string) error {
	data, err := e.dataDir()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(data, 0o700); err != nil {
		return err
	}
	return readTar(filepath.Join(dir, keysFile), func(name string, content []byte) error {
		file, err := os.OpenFile(filepath.Join(data, filepath.Base(name)), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return err
		}
		_, err = file.Write(content)
		return errors.Join(err, file.Close())
	})
}

// readManifest reads the table of contents and checks every file against it.
func readManifest(dir string) (manifest, error) {
	var m manifest
	text, err := os.ReadFile(filepath.Join(dir, manifestFile))
	if err != nil {
		return m, fmt.Errorf("%s is no whole backup: %w", dir, err)
	}
	if err := json.Unmarshal(text, &m); err != nil {
		return m, fmt.Errorf("%s: %w", manifestFile, err)
	}
	for _, name := range []string{dumpFile, blobsFile, keysFile} {
		sum, err := fileSHA256(filepath.Join(dir, name))
		if err != nil {
			return m, err
		}
		if sum != m.SHA256[name] {
			return m, fmt.Errorf("%s is not the file that was backed up: its SHA-256 differs from the manifest", name)
		}
	}
	return m, nil
}

// emptyDir makes the folder, or accepts an empty one.
func emptyDir(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	if len(entries) > 0 {
		return fmt.Errorf("%s is not empty: give a new folder", dir)
	}
	return nil
}

func fileSHA256(name string) (string, error) {
	file, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer file.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, file); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

func writeTar(name string, fill func(w *tar.Writer) error) error {
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	w := tar.NewWriter(file)
	return errors.Join(fill(w), w.Close(), file.Sync(), file.Close())
}

func addToTar(w *tar.Writer, name string, content []byte) error {
	if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: int64(len(content))}); err != nil {
		return err
	}
	_, err := w.Write(content)
	return err
}

func readTar(name string, each func(name string, content []byte) error) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	r := tar.NewReader(file)
	for {
		header, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if err := each(header.Name, content); err != nil {
			return fmt.Errorf("%s: %s: %w", name, header.Name, err)
		}
	}
}
