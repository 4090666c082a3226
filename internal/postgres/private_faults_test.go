package postgres_test

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/lib/pq"
	"golang.org/x/sys/unix"

	"nianbao/internal/postgres"
)

func TestPrivateOutlivesKilledUsers(t *testing.T) {
	dir := t.TempDir()
	starter := startUser(t, os.Args[0], dir, nil)
	pid := postmaster(dir)
	starter.kill()
	if postmaster(dir) != pid {
		t.Fatal("the server died with its starter")
	}
	begun := time.Now()
	adopter := startUser(t, os.Args[0], dir, nil)
	t.Logf("adopted in %v, the start of a process included", time.Since(begun))
	if postmaster(dir) != pid {
		t.Error("the running server was not adopted")
	}
	adopter.end(t)
	if pid := postmaster(dir); pid != 0 {
		t.Errorf("process %d runs after its last user ended in order", pid)
	}
}

func TestPrivateComesBackUnderItsUsers(t *testing.T) {
	dir := t.TempDir()
	starter := startUser(t, os.Args[0], dir, nil)
	p := start(t, dir)
	db := open(t, p.URL())
	execute(t, db, `CREATE TABLE item (id int)`)
	pid := postmaster(dir)
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	var acknowledged []int64
	for now, id := pid, 1; now == pid || now == 0; now, id = postmaster(dir), id+1 { // orphaned connections go on for a moment
		err := postgres.InTx(t.Context(), db, func(tx *postgres.Tx) error { return insert(tx, id) })
		if err == nil { // else it was cut off in the commit, and may be there or not
			acknowledged = append(acknowledged, int64(id))
		}
	}
	t.Logf("PostgreSQL was back %v after kill -9", time.Since(begun))
	var kept int
	if err := db.GetContext(t.Context(), &kept, `SELECT count(*) FROM item WHERE id = ANY ($1)`, pq.Array(acknowledged)); err != nil {
		t.Fatal(err)
	}
	if kept != len(acknowledged) {
		t.Errorf("%d rows are left of %d acknowledged", kept, len(acknowledged))
	}
	_ = db.Close()
	stop(t, p)
	starter.end(t)
	if pid := postmaster(dir); pid != 0 {
		t.Errorf("process %d is left", pid)
	}
}

// kill -9 of both, where the first process does not reap: this test takes its place for the processes below it.
func TestPrivateStartsBesideAZombie(t *testing.T) {
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0) }()
	dir := t.TempDir()
	starter := startUser(t, os.Args[0], dir, nil)
	pid := postmaster(dir)
	starter.kill()
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	defer func() { _, _ = syscall.Wait4(pid, nil, 0, nil) }()
	begun := time.Now()
	p := start(t, dir)
	t.Logf("start after kill -9 of both: %v", time.Since(begun))
	if err := syscall.Kill(pid, 0); err != nil {
		t.Errorf("there was no zombie to start beside: %v", err)
	}
	write(t, p.URL())
	stop(t, p)
}

// After a restart of the machine the number in postmaster.pid may be a stranger's.
func TestPrivateStartsBesideAStranger(t *testing.T) {
	dir := t.TempDir()
	p := start(t, dir)
	write(t, p.URL())
	if err := syscall.Kill(postmaster(dir), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	stop(t, p) // may be quicker or slower than the watch: both must do
	stranger := fmt.Sprintf("%d\n%s\n0\n5432\n\n\n\nready\n", os.Getpid(), dir)
	if err := os.WriteFile(filepath.Join(dir, "postgres/cluster/postmaster.pid"), []byte(stranger), 0o600); err != nil {
		t.Fatal(err)
	}
	p = start(t, dir)
	if n := write(t, p.URL()); n != 2 {
		t.Errorf("%d rows", n)
	}
	stop(t, p)
}
