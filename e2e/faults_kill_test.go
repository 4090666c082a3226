package e2e

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// killServer ends a server as the kernel does when memory runs out: at once, with nothing put in order.
func killServer(t testing.TB, s *server) {
	t.Helper()
	if err := s.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-s.exited
}

// killPostgres ends the private PostgreSQL of a place in the same way; its sessions end when they notice.
func killPostgres(t testing.TB, p place) {
	t.Helper()
	if err := syscall.Kill(postmaster(t, p), syscall.SIGKILL); err != nil {
		t.Fatalf("kill PostgreSQL: %v", err)
	}
}

// killSession ends one session of the private PostgreSQL, upon which it ends all others and recovers from its log.
func killSession(t testing.TB, p place) {
	t.Helper()
	parent := postmaster(t, p)
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range stats {
		raw, err := os.ReadFile(path)
		if err != nil {
			continue // ended meanwhile
		}
		fields := strings.Fields(string(raw[bytes.LastIndexByte(raw, ')')+1:]))
		title, err := os.ReadFile(filepath.Join(filepath.Dir(path), "cmdline"))
		if err != nil || fields[1] != strconv.Itoa(parent) || !bytes.HasPrefix(title, []byte("postgres: nianbao nianbao")) {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if err != nil {
			t.Fatal(err)
		}
		if syscall.Kill(pid, syscall.SIGKILL) == nil {
			return
		}
	}
	t.Log("no session to kill: the program was reconnecting")
}

// postmaster is the process of the place's private PostgreSQL.
func postmaster(t testing.TB, p place) int {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(p.data, "postgres", "cluster", "postmaster.pid"))
	if err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(string(raw), "\n")
	pid, err := strconv.Atoi(first)
	if err != nil {
		t.Fatal(fmt.Errorf("postmaster.pid: %w", err))
	}
	return pid
}
