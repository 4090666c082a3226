package main

import (
	"archive/tar"
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nianbao/internal/document"
	"nianbao/internal/postgres/pgtest"
)

// TestBackupRoundTrip goes the operator's way: a set is written from one place, refused wherever it could do harm, and
// brought back into an empty one, where everything is as it was.
func TestBackupRoundTrip(t *testing.T) {
	there := t.TempDir()
	t.Setenv("NIANBAO_DATA", there)
	t.Setenv("NIANBAO_DATABASE_URL", pgtest.Empty(t))
	register := nianbao(t, "", "sample", "organisations", "--count", "9", "--authority", "440100").stdout
	wants(t, nianbao(t, "", "authorities", "import", write(t, "a.csv", oneAuthority)), exitDone)
	wants(t, nianbao(t, "", "organisations", "import", write(t, "o.csv", register)), exitDone, "9 new")
	wants(t, nianbao(t, "", "seasons", "import", write(t, "s.yaml", oneSeason)), exitDone, "obligations: 9 new")
	attached := filepath.Join("blobs", "attachments", "019d31f5", "019d31f5-0f08-77f1-9553-a887be9d666d")
	if err := os.MkdirAll(filepath.Dir(filepath.Join(there, attached)), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(there, attached), []byte("%PDF-1.7"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := document.OwnSigner(there, "试验市民政局", wallAt); err != nil {
		t.Fatal(err)
	}
	key := read(t, filepath.Join(there, document.KeyFile))

	set := filepath.Join(t.TempDir(), "set")
	wants(t, nianbao(t, "", "backup", set), exitDone, "backed up the database, 1 blobs and the keys")
	wants(t, nianbao(t, "", "backup", set), exitFailed, "is not empty: give a new folder")
	for _, name := range []string{dumpFile, blobsFile, keysFile, manifestFile} {
		if info, err := os.Stat(filepath.Join(set, name)); err != nil || name == keysFile && info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
	wants(t, nianbao(t, "", "restore", set), exitFailed, "the database is not empty: restore into a new --data folder or an empty database")

	here := t.TempDir()
	t.Setenv("NIANBAO_DATA", here)
	t.Setenv("NIANBAO_DATABASE_URL", pgtest.Empty(t))
	wants(t, nianbao(t, "", "restore", set), exitDone, "restored the backup of "+wallAt.UTC().Format("2006-01-02T15:04:05Z"))
	if !bytes.Equal(read(t, filepath.Join(here, document.KeyFile)), key) {
		t.Error("the key is another")
	}
	if got := read(t, filepath.Join(here, attached)); string(got) != "%PDF-1.7" {
		t.Errorf("the attachment is another: %q", got)
	}
	wants(t, nianbao(t, "", "organisations", "import", write(t, "o.csv", register)), exitDone, "9 unchanged")
	wants(t, nianbao(t, "", "seasons", "import", write(t, "s.yaml", oneSeason)), exitDone, "unchanged", "obligations: 0 new")
	wants(t, nianbao(t, "", "audit", "verify"), exitDone, "events checked, in order and unchanged")
	wants(t, nianbao(t, "", "restore", set), exitFailed, "the database is not empty")
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// backupSet is a whole set of made-up files.
func backupSet(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	sums := map[string]string{}
	for _, name := range []string{dumpFile, blobsFile, keysFile} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("content of "+name), 0o600); err != nil {
			t.Fatal(err)
		}
		sum, err := fileSHA256(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		sums[name] = sum
	}
	text := `{"made_at": "2019-01-20T01:00:00Z", "blobs": 3, "sha256": {"database.dump": "` + sums[dumpFile] +
		`", "blobs.tar": "` + sums[blobsFile] + `", "keys.tar": "` + sums[keysFile] + `"}}`
	if err := os.WriteFile(filepath.Join(dir, manifestFile), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestOnlyAWholeSetIsRestored(t *testing.T) {
	if m, err := readManifest(backupSet(t)); err != nil || m.Blobs != 3 || len(m.SHA256) != 3 || m.MadeAt.Year() != 2019 {
		t.Fatalf("%+v, %v", m, err)
	}
	for _, tt := range []struct {
		name string
		harm func(dir string) error
		want string
	}{
		{"the manifest lacks", func(dir string) error { return os.Remove(filepath.Join(dir, manifestFile)) }, "is no whole backup"},
		{"the manifest is cut", func(dir string) error { return os.Truncate(filepath.Join(dir, manifestFile), 20) }, "manifest.json: "},
		{"the dump is cut", func(dir string) error { return os.Truncate(filepath.Join(dir, dumpFile), 3) },
			"database.dump is not the file that was backed up: its SHA-256 differs from the manifest"},
		{"the keys are others", func(dir string) error { return os.WriteFile(filepath.Join(dir, keysFile), []byte("x"), 0o600) },
			"keys.tar is not the file that was backed up"},
		{"the blobs lack", func(dir string) error { return os.Remove(filepath.Join(dir, blobsFile)) }, "blobs.tar"},
		{"the manifest forgets a file", func(dir string) error {
			return os.WriteFile(filepath.Join(dir, manifestFile), []byte(`{"sha256": {}}`), 0o600)
		}, "database.dump is not the file"},
	} {
		dir := backupSet(t)
		if err := tt.harm(dir); err != nil {
			t.Fatal(err)
		}
		if _, err := readManifest(dir); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
}

func TestTarRoundTrip(t *testing.T) {
	name := filepath.Join(t.TempDir(), "x.tar")
	want := map[string]string{"a": "", "documents/2018/乙.pdf": "内容", "big": strings.Repeat("x", 1<<20)}
	fill := func(w *tar.Writer) error {
		for key, content := range want {
			if err := addToTar(w, key, []byte(content)); err != nil {
				return err
			}
		}
		return nil
	}
	if err := writeTar(name, fill); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	if err := readTar(name, func(key string, content []byte) error { got[key] = string(content); return nil }); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if err := writeTar(name, fill); !errors.Is(err, os.ErrExist) {
		t.Errorf("an archive was written over: %v", err)
	}
	full := errors.New("disk full")
	if err := readTar(name, func(string, []byte) error { return full }); !errors.Is(err, full) {
		t.Errorf("a failed restore of one file: %v", err)
	}
	if err := os.Truncate(name, 1<<19); err != nil {
		t.Fatal(err)
	}
	if err := readTar(name, func(string, []byte) error { return nil }); err == nil {
		t.Error("half an archive was read as a whole one")
	}
}

// TestRestoreNeverOverwritesAKey: the key of a data folder may be the only one of its kind.
func TestRestoreNeverOverwritesAKey(t *testing.T) {
	set, data := t.TempDir(), t.TempDir()
	err := writeTar(filepath.Join(set, keysFile), func(w *tar.Writer) error { return addToTar(w, "../"+document.KeyFile, []byte("backed up")) })
	if err != nil {
		t.Fatal(err)
	}
	e := &environment{ctx: t.Context(), data: data}
	if err := e.restoreKeys(set); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(data, document.KeyFile) // a name that points elsewhere stays inside
	if got := read(t, path); string(got) != "backed up" {
		t.Errorf("restored %q", got)
	}
	if err := os.WriteFile(path, []byte("in use"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := e.restoreKeys(set); !errors.Is(err, os.ErrExist) || string(read(t, path)) != "in use" {
		t.Errorf("the key in use: %q, %v", read(t, path), err)
	}
}
