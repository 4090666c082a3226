package postgres

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// onDisk is a cluster of which there are only folders.
func onDisk(t *testing.T) *cluster {
	t.Helper()
	c := &cluster{base: t.TempDir()}
	if err := os.Mkdir(c.dataDir(), 0o700); err != nil {
		t.Fatal(err)
	}
	return c
}

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestReadPIDFile: what PostgreSQL leaves behind at any moment, also half-written, never leads to signalling process 0,
// 1 or a group.
func TestReadPIDFile(t *testing.T) {
	c := onDisk(t)
	if got, ok := c.readPIDFile(); ok {
		t.Errorf("no file: %+v", got)
	}
	for text, want := range map[string]pidFile{
		"":                                   {},
		"\n":                                 {},
		"letters\n":                          {},
		"0\n/data\n":                         {},
		"1\n/data\n":                         {},
		"-42\n/data\n":                       {},
		"42":                                 {pid: 42},
		" 42 \n/data\n0\n5432\n":             {pid: 42},
		"42\n/d\n0\n5432\n/run\n\n1\nready ": {pid: 42, status: "ready"},
		"42\n/d\n0\n5432\n/run\n\n1\nstopping\nmore": {pid: 42, status: "stopping"},
	} {
		put(t, filepath.Join(c.dataDir(), "postmaster.pid"), text)
		if got, ok := c.readPIDFile(); got != want || ok != (want.pid != 0) {
			t.Errorf("%q: %+v, %v; want %+v", text, got, ok, want)
		}
	}
}

// TestStrangersAreNotOurs: a living process with the number of a server is none, and is never told to stop.
func TestStrangersAreNotOurs(t *testing.T) {
	c := onDisk(t)
	for _, pid := range []int{os.Getpid(), os.Getppid(), 1 << 30} {
		if c.isOurs(pid) || livingPostgres(pid) {
			t.Errorf("process %d is taken for a server", pid)
		}
	}
	put(t, filepath.Join(c.dataDir(), "postmaster.pid"), "1073741824\n")
	c.socketDir = c.file("run")
	if c.running() || c.postmaster() != 0 || len(c.workers()) != 0 {
		t.Error("a server runs where none was ever started")
	}
	if err := c.stop(t.Context()); err != nil {
		t.Errorf("stopping none: %v", err)
	}
	put(t, c.file("cluster/kept"), "x")
	if err := os.Mkdir(c.socketDir, 0o700); err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(c.socketDir, ".s.PGSQL."+socketPort), "")
	if c.socketExists() {
		t.Error("a plain file is taken for a socket")
	}
	if err := c.clearLeftovers(t.Context()); err != nil {
		t.Fatal(err)
	}
	for path, kept := range map[string]bool{"cluster/postmaster.pid": false, "run/.s.PGSQL." + socketPort: false, "cluster/kept": true} {
		if _, err := os.Stat(c.file(path)); (err == nil) != kept {
			t.Errorf("%s: %v, want it kept: %v", path, err, kept)
		}
	}
}

func TestExistingMajor(t *testing.T) {
	c := onDisk(t)
	for text, want := range map[string]int{"17\n": 17, "15": 15, "": 0, "9.6\n": 0, "letter": 0} {
		put(t, filepath.Join(c.dataDir(), "PG_VERSION"), text)
		if got := c.existingMajor(); got != want {
			t.Errorf("PG_VERSION %q: %d, want %d", text, got, want)
		}
	}
}

// TestSocketFolderOfALongPath: noted, found again, replaced when it was cleaned away, removed at the end.
func TestSocketFolderOfALongPath(t *testing.T) {
	c := &cluster{base: filepath.Join(t.TempDir(), strings.Repeat("x", maxSocketPath))}
	if err := os.MkdirAll(c.base, 0o700); err != nil {
		t.Fatal(err)
	}
	choose := func() string {
		t.Helper()
		if err := c.chooseSocketDir(); err != nil {
			t.Fatal(err)
		}
		if n := len(c.socketDir) + len("/.s.PGSQL."+socketPort); n > maxSocketPath {
			t.Errorf("%s is too long for a socket by %d", c.socketDir, n-maxSocketPath)
		}
		return c.socketDir
	}
	first := choose()
	t.Cleanup(func() { _ = os.RemoveAll(c.socketDir) })
	if again := choose(); again != first {
		t.Errorf("%s, then %s: two commands would not meet", first, again)
	}
	if err := os.Remove(first); err != nil { // as a clean-up of /tmp does
		t.Fatal(err)
	}
	second := choose()
	if info, err := os.Stat(second); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder in its place: %v, %v", info, err)
	}
	if note, err := os.ReadFile(c.file("socket-folder")); err != nil || string(note) != second {
		t.Errorf("noted %q, %v; want %s", note, err, second)
	}
	c.removeSocketDir()
	for _, path := range []string{second, c.file("socket-folder")} {
		if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s is left: %v", path, err)
		}
	}
}

func TestLogIsKeptInBounds(t *testing.T) {
	c := onDisk(t)
	log, err := c.openLog()
	if err != nil {
		t.Fatal(err)
	}
	_, err = log.WriteString("FATAL:  one\nHINT:\ttwo\n")
	if err := errors.Join(err, log.Close()); err != nil {
		t.Fatal(err)
	}
	if got := c.logSince(0); got != "FATAL: one HINT: two" {
		t.Errorf("on one line: %q", got)
	}
	if got := c.logSince(1 << 20); got != "it said nothing" {
		t.Errorf("nothing new: %q", got)
	}
	if err := os.Truncate(c.file("postgres.log"), maxLogBytes+1); err != nil {
		t.Fatal(err)
	}
	if log, err = c.openLog(); err != nil {
		t.Fatal(err)
	}
	info, err := log.Stat()
	if err := errors.Join(err, log.Close()); err != nil || info.Size() != 0 {
		t.Errorf("the new log has %d bytes, %v", info.Size(), err)
	}
	if old, err := os.Stat(c.file("postgres.log.1")); err != nil || old.Size() != maxLogBytes+1 {
		t.Errorf("the log before: %v, %v", old, err)
	}
}

// TestLocksFollowNoLink: root opens them in a folder where another user may have put a link to /etc/shadow.
func TestLocksFollowNoLink(t *testing.T) {
	c := onDisk(t)
	put(t, c.file("precious"), "x")
	for _, name := range []string{"start.lock", "postgres.log"} {
		if err := os.Symlink("precious", c.file(name)); err != nil {
			t.Fatal(err)
		}
	}
	if l, err := c.openLock("start.lock"); err == nil {
		l.release()
		t.Error("a lock that is a link was opened")
	}
	if f, err := c.openLog(); err == nil {
		_ = f.Close()
		t.Error("a log that is a link was opened")
	}
}

func TestLocksShareAndExclude(t *testing.T) {
	c := onDisk(t)
	lock := func() *fileLock {
		t.Helper()
		l, err := c.openLock("users.lock")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(l.release)
		return l
	}
	first, second := lock(), lock()
	if !first.try(shared) || !second.try(shared) {
		t.Error("two users do not go together")
	}
	if second.try(exclusive) {
		t.Error("alone, although another user is there")
	}
	second.release()
	second.release() // again, harmlessly
	if !first.try(exclusive) {
		t.Error("not alone, although the other left")
	}
	if lock().try(shared) {
		t.Error("joined while somebody is alone")
	}
	(*fileLock)(nil).release()
}

// TestStartLockIsWaitedFor: for as long as the caller says, then in words.
func TestStartLockIsWaitedFor(t *testing.T) {
	c := onDisk(t)
	held, err := c.lockStart(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	if _, err := c.lockStart(ctx); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "another process") {
		t.Errorf("while it is held: %v", err)
	}
	time.AfterFunc(30*time.Millisecond, held.release)
	l, err := c.lockStart(t.Context())
	if err != nil {
		t.Fatalf("once it is free: %v", err)
	}
	l.release()
}

// TestServerEnvironment: nothing of the operator's shell changes what the cluster is.
func TestServerEnvironment(t *testing.T) {
	for name, value := range map[string]string{"PGDATA": "/elsewhere", "PGPORT": "9", "LC_ALL": "zh_CN.GBK", "LC_CTYPE": "x", "LANG": "tr_TR", "TZ": "UTC", "NIANBAO_KEPT": "yes"} {
		t.Setenv(name, value)
	}
	env := serverEnvironment()
	if !slices.Contains(env, "NIANBAO_KEPT=yes") || !slices.Contains(env, "LC_ALL=C.UTF-8") {
		t.Errorf("environment %v", env)
	}
	for _, v := range env {
		for _, bad := range []string{"PG", "LANG", "TZ=", "LC_CTYPE", "LC_ALL=zh"} {
			if strings.HasPrefix(v, bad) {
				t.Errorf("%s reaches the server", v)
			}
		}
	}
}

func TestQuoteSetting(t *testing.T) {
	for in, want := range map[string]string{"/run": `'/run'`, "it's": `'it\'s'`, `a\b c`: `'a\\b c'`, "": `''`} {
		if got := quoteSetting(in); got != want {
			t.Errorf("%q is quoted as %s, want %s", in, got, want)
		}
	}
}

// TestUnusableDataFolder is told by its path.
func TestUnusableDataFolder(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a-file")
	put(t, file, "x")
	if _, err := StartPrivate(t.Context(), PrivateOptions{DataDir: filepath.Join(file, "data")}); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("error %v, want one that names %s", err, file)
	}
	if Serving(filepath.Join(file, "data")) {
		t.Error("a folder that cannot be is being served")
	}
}

// TestSpreadHosts: what psql understands, the program does; everything else goes on as it was given.
func TestSpreadHosts(t *testing.T) {
	for in, want := range map[string]string{
		"postgres://u:p%40x@a:5433,b:5434/db?sslmode=disable": "postgres://u:p%40x@/db?host=a%2Cb&port=5433%2C5434&sslmode=disable",
		"postgres://u@a,b/db":    "postgres://u@a,b/db",
		"postgres://u@a:5432/db": "postgres://u@a:5432/db",
		"host=a,b port=1,2":      "host=a,b port=1,2",
		"://":                    "://",
	} {
		if got := spreadHosts(in); got != want {
			t.Errorf("%s becomes %s, want %s", in, got, want)
		}
	}
	s, err := newSession("postgres://u:p%40x@a:5433,b:5434/db?sslmode=disable")
	if err != nil || s.config.Host != "a" || s.config.Port != 5433 || s.config.Password != "p@x" || s.config.Database != "db" ||
		len(s.config.Multi) != 1 || s.config.Multi[0].Host != "b" || s.config.Multi[0].Port != 5434 {
		t.Errorf("settings %+v, %v", s.config, err)
	}
}
