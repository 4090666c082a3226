package postgres_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"nianbao/internal/postgres"
)

// helperVariable makes the test binary a user of the private server in the named folder, see helper.
const helperVariable = "NIANBAO_PRIVATE_HELPER"

func TestMain(m *testing.M) {
	if dir := os.Getenv(helperVariable); dir != "" {
		os.Exit(helper(dir))
	}
	os.Exit(m.Run())
}

// helper uses the private server as a command of nianbao does, until its standard input ends.
func helper(dir string) int {
	p, err := postgres.StartPrivate(context.Background(), postgres.PrivateOptions{DataDir: dir})
	if err != nil {
		fmt.Println("error:", err)
		return 1
	}
	fmt.Println("ready")
	_, _ = io.Copy(io.Discard, os.Stdin)
	if err := p.Close(); err != nil {
		fmt.Println("error:", err)
		return 1
	}
	return 0
}

// user is a running helper.
type user struct {
	cmd   *exec.Cmd
	stdin io.Closer
}

// startUser starts a helper and waits until it is ready. as, if not nil, is whom it runs as.
func startUser(t *testing.T, binary, dir string, as *syscall.Credential) *user {
	t.Helper()
	cmd := exec.Command(binary)
	cmd.Env = append(os.Environ(), helperVariable+"="+dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: as}
	cmd.Dir = "/"
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if line != "ready\n" {
		t.Fatalf("helper said %q, %v", line, err)
	}
	return &user{cmd, stdin}
}

func (u *user) end(t *testing.T) {
	t.Helper()
	_ = u.stdin.Close()
	if err := u.cmd.Wait(); err != nil {
		t.Errorf("helper ended with %v", err)
	}
}

func (u *user) kill() {
	_ = u.cmd.Process.Kill()
	_ = u.cmd.Wait()
}

func start(t *testing.T, dir string) *postgres.Private {
	t.Helper()
	p, err := postgres.StartPrivate(t.Context(), postgres.PrivateOptions{DataDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { // for tests that fail half-way
		if postmaster(dir) != 0 {
			_ = p.Close()
		}
	})
	return p
}

func stop(t *testing.T, p *postgres.Private) {
	t.Helper()
	if err := p.Close(); err != nil {
		t.Error(err)
	}
}

// postmaster is the server process of a data folder, 0 if there is none or only a zombie.
func postmaster(dir string) int {
	text, err := os.ReadFile(filepath.Join(dir, "postgres/cluster/postmaster.pid"))
	if err != nil {
		return 0
	}
	line, _, _ := strings.Cut(string(text), "\n")
	pid, _ := strconv.Atoi(line)
	if stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid)); err != nil || strings.Contains(string(stat), ") Z ") {
		return 0
	}
	return pid
}

// write stores a row and says how many there are now; the row must outlive everything that the tests do.
func write(t *testing.T, url string) (rows int) {
	t.Helper()
	db := open(t, url)
	defer db.Close()
	execute(t, db, `CREATE TABLE IF NOT EXISTS item (id bigint GENERATED ALWAYS AS IDENTITY)`)
	err := postgres.InTx(t.Context(), db, func(tx *postgres.Tx) error {
		_, err := tx.ExecContext(tx.Context(), `INSERT INTO item DEFAULT VALUES`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return count(t, db)
}

func TestPrivateStopsWithItsLastUser(t *testing.T) {
	dir := t.TempDir() // under a 0700 parent, as /root is
	begun := time.Now()
	first := start(t, dir)
	t.Logf("cold start: %v", time.Since(begun))
	second := start(t, dir)
	if first.URL() != second.URL() {
		t.Errorf("two servers: %s and %s", first.URL(), second.URL())
	}
	write(t, first.URL())
	stop(t, first)
	if n := write(t, second.URL()); n != 2 {
		t.Errorf("%d rows after the starter left", n)
	}
	stop(t, second)
	if pid := postmaster(dir); pid != 0 {
		t.Errorf("process %d runs after the last user left", pid)
	}
	begun = time.Now()
	third := start(t, dir)
	t.Logf("warm start: %v", time.Since(begun))
	if n := write(t, third.URL()); n != 3 {
		t.Errorf("%d rows after a restart", n)
	}
	stop(t, third)
}

func TestOnlyOneServe(t *testing.T) {
	dir := t.TempDir()
	if postgres.Serving(dir) {
		t.Error("an empty folder is being served")
	}
	serve := postgres.PrivateOptions{DataDir: dir, Serve: true}
	first, err := postgres.StartPrivate(t.Context(), serve)
	if err != nil {
		t.Fatal(err)
	}
	if second, err := postgres.StartPrivate(t.Context(), serve); !errors.Is(err, postgres.ErrServing) {
		t.Errorf("a second serve: %v, %v", second, err)
	}
	command := start(t, dir)
	if !postgres.Serving(dir) {
		t.Error("nobody serves")
	}
	stop(t, first)
	if postgres.Serving(dir) {
		t.Error("a command that joined counts as serve")
	}
	write(t, command.URL())
	stop(t, command)
}

func TestManyStartAtOnce(t *testing.T) {
	dir := t.TempDir()
	var wg sync.WaitGroup
	users := make([]*postgres.Private, 5)
	for i := range users {
		wg.Go(func() {
			p, err := postgres.StartPrivate(t.Context(), postgres.PrivateOptions{DataDir: dir})
			if err != nil {
				t.Error(err)
				return
			}
			users[i] = p
		})
	}
	wg.Wait()
	if t.Failed() {
		t.FailNow()
	}
	for i, p := range users {
		if n := write(t, p.URL()); n != i+1 {
			t.Errorf("user %d sees %d rows", i, n)
		}
	}
	for _, p := range users {
		wg.Go(func() { stop(t, p) })
	}
	wg.Wait()
	if pid := postmaster(dir); pid != 0 {
		t.Errorf("process %d is left", pid)
	}
}

func TestLongPathToTheData(t *testing.T) {
	dir := filepath.Join(t.TempDir(), strings.Repeat("数据/", 60), "it's here")
	first := startUser(t, os.Args[0], dir, nil)
	second := start(t, dir)
	if n := write(t, second.URL()); n != 1 {
		t.Errorf("%d rows", n)
	}
	note, err := os.ReadFile(filepath.Join(dir, "postgres/socket-folder"))
	if err != nil {
		t.Fatal(err)
	}
	first.end(t)
	write(t, second.URL())
	stop(t, second)
	if _, err := os.Stat(string(note)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket's folder %s is left: %v", note, err)
	}
	third := start(t, dir)
	if n := write(t, third.URL()); n != 3 {
		t.Errorf("%d rows", n)
	}
	stop(t, third)
}

// An ordinary user's data is theirs, also after root has used it.
func TestOrdinaryUser(t *testing.T) {
	if os.Geteuid() != 0 {
		return // all other tests here run as an ordinary user then
	}
	nobody := &syscall.Credential{Uid: 65534, Gid: 65534}
	top, err := os.MkdirTemp("", "nianbao-user-") //nolint:usetesting // t.TempDir lies under a folder that only root passes
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(top) })
	binary := filepath.Join(top, "helper")
	for _, err := range []error{os.Chown(top, 65534, 65534), copyFile(os.Args[0], binary)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	dir := filepath.Join(top, "data")
	startUser(t, binary, dir, nobody).end(t)
	root := start(t, dir)
	write(t, root.URL())
	joined := startUser(t, binary, dir, nobody)
	stop(t, root)
	joined.end(t)
	startUser(t, binary, dir, nobody).end(t)
	if pid := postmaster(dir); pid != 0 {
		t.Errorf("process %d is left", pid)
	}
}

func copyFile(from, to string) error {
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, data, 0o755)
}

func TestForeignDataIsRefusedInWords(t *testing.T) {
	tests := []struct{ name, file, content, want string }{
		{"another major", "postgres/cluster/PG_VERSION", "9\n", "apt-get install postgresql-9"},
		{"something else in the place", "postgres/cluster/letter.txt", "Dear all,", "holds no database"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, tt.file)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(tt.content), 0o600); err != nil {
				t.Fatal(err)
			}
			p, err := postgres.StartPrivate(t.Context(), postgres.PrivateOptions{DataDir: dir})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, %v", p, err)
			}
		})
	}
}

func TestBrokenConfigurationIsTold(t *testing.T) {
	dir := t.TempDir()
	stop(t, start(t, dir))
	conf := filepath.Join(dir, "postgres/cluster/postgresql.conf")
	f, err := os.OpenFile(conf, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.WriteString("no_such_setting = 1\n")
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
	if p, err := postgres.StartPrivate(t.Context(), postgres.PrivateOptions{DataDir: dir}); err == nil || !strings.Contains(err.Error(), "no_such_setting") {
		t.Errorf("got %v, %v", p, err)
	}
}

func TestSettingsSuitTheServer(t *testing.T) {
	p := start(t, t.TempDir())
	defer stop(t, p)
	db := open(t, p.URL())
	defer db.Close()
	for query, want := range map[string]string{
		`SELECT current_setting('listen_addresses')`:                          "",
		`SELECT current_setting('fsync')`:                                     "on",
		`SELECT current_setting('jit')`:                                       "off",
		`SELECT datcollate FROM pg_database WHERE datname=current_database()`: "C.UTF-8",
		`SELECT current_database()`:                                           "nianbao",
		`SELECT (current_setting('default_toast_compression') = 'lz4') = ('lz4' = ANY (enumvals)) FROM pg_settings WHERE name = 'default_toast_compression'`: "true",
	} {
		var got string
		if err := db.GetContext(t.Context(), &got, query); err != nil || got != want {
			t.Errorf("%s: %q, %v; want %q", query, got, err, want)
		}
	}
	if _, err := os.Stat(p.Programs().Path("pg_dump")); err != nil {
		t.Error(err)
	}
	var schema int64
	if _, err := postgres.Migrate(t.Context(), db); err != nil {
		t.Error(err)
	}
	if err := db.GetContext(t.Context(), &schema, `SELECT max(version_id) FROM goose_db_version`); err != nil || schema == 0 {
		t.Errorf("schema %d, %v", schema, err)
	}
}
